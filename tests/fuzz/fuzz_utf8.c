/* Text from outside: decoding covers every byte once, the sanitiser's output is
 * clean and stable. */
#include "core/text/width.h"
#include "tests/fuzz/fuzz.h"

static void
check_clean(const char *s, size_t n)
{
	for (size_t i = 0, took; i < n; i += took) {
		uint32_t cp;

		took = utf8_next(s + i, n - i, &cp);
		CHECK(took >= 1 && i + took <= n);
		CHECK(cp >= 0x20 && !(cp >= 0x7f && cp < 0xa0));
		CHECK(!(cp >= 0x202a && cp <= 0x202e) && !(cp >= 0x2066 && cp <= 0x2069));
		CHECK(cp != 0x200b && cp != 0x200e && cp != 0x200f && cp != 0xfeff);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data;
	char out[300], again[300];
	int32_t state = 0;
	uint32_t prev = 0;
	int w;

	for (size_t i = 0, took; i < size; i += took) {
		took = utf8_grapheme(s + i, size - i, &w);
		CHECK(took >= 1 && i + took <= size && w >= 0 && w <= 2);
	}
	for (size_t i = 0, took; i < size; i += took) {
		uint32_t cp;

		took = utf8_next(s + i, size - i, &cp);
		CHECK(took >= 1 && i + took <= size && cp <= 0x10ffff &&
			!(cp >= 0xd800 && cp < 0xe000));
		CHECK(width_cp(cp) >= -1 && width_cp(cp) <= 2);
		grapheme_joins(prev, cp, &state);
		prev = cp;
	}
	size_t max = size ? 1 + data[0] : 1;
	size_t n = sanitize(out, max, s, size);
	CHECK(n < max && out[n] == 0 && strlen(out) == n);
	check_clean(out, n);
	CHECK(sanitize(again, sizeof again, out, n) == n && memcmp(out, again, n) == 0);
	return 0;
}
