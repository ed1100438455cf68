/* Widths, grapheme rules, UTF-8, the sanitiser. Where Debian's unicode-data is installed, Unicode's
 * own GraphemeBreakTest and emoji list are run as well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/text/width.h"

static void
test_codepoints(void **state)
{
	(void)state;
	static const struct {
		uint32_t cp;
		int width;
	} table[] = {{'a', 1}, {0x07, -1}, {0x9b, -1}, {0x7f, -1}, {0x301, 0}, {0x200d, 0},
		{0xfe0f, 0}, {0xad, 1}, {0x4e00, 2}, {0xac00, 2}, {0x1f600, 2}, {0x1f3fb, 2},
		{0x231a, 2}, {0x2764, 1}, {0x263a, 1}, {0x1f1e9, 2}, {0xff21, 2}, {0xff71, 1},
		{0x1100, 2}, {0x1161, 0}, {0x11a8, 0}, {0x3000, 2}, {0x2500, 1}, {0x20000, 2},
		{0x600, 1}, {0x903, 1}, {0x10ffff, 1},
		/* Unicode 17, and pictures that are not yet assigned */
		{0x1faef, 2}, {0x1fac8, 2}, {0x1f6d8, 2}, {0x1faf9, 2}, {0x1fadd, 2}};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (width_cp(table[i].cp) != table[i].width)
			fail_msg("U+%04X is %d, not %d", table[i].cp, width_cp(table[i].cp),
				table[i].width);
}

static void
test_clusters(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int clusters, width;
	} table[] = {{"abc", 3, 3}, {"e\xcc\x81", 1, 1}, {"👨‍👩‍👧", 1, 2}, {"🇩🇪", 1, 2},
		{"🇩🇪🇫", 2, 4}, {"❤️", 1, 2}, {"❤", 1, 1}, {"☔︎", 1, 1}, {"1️⃣", 1, 2},
		{"x️", 1, 1}, {"👍🏽", 1, 2}, {"☝🏽", 1, 2}, {"a🏽", 1, 1},
		{"한", 1, 2}, {"한", 1, 2}, {"क्ष", 1, 2}, {"क्‌ष", 2, 2}, {"का", 1, 2},
		{"🏳️‍🌈", 1, 2}, {"日本", 2, 4}, {"", 0, 0}, {"\xff", 1, 1},
		{"🧑🏻\xe2\x80\x8d\xf0\x9f\xab\xaf\xe2\x80\x8d🧑🏼", 1, 2},
		{"\xf0\x9f\xab\xaf\xe2\x80\x8d\xf0\x9f\xab\xbf", 1, 2}};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const char *s = table[i].text;
		int n = 0, w = 0, sum = 0;
		for (size_t left = strlen(s); left; n++) {
			size_t used = utf8_grapheme(s, left, &w);
			assert_in_range(used, 1, left);
			s += used;
			left -= used;
			sum += w;
		}
		if (n != table[i].clusters || sum != table[i].width)
			fail_msg("\"%s\": %d clusters of %d cells", table[i].text, n, sum);
		assert_int_equal(utf8_width(table[i].text), table[i].width);
	}
}

static void
test_utf8(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t used;
		uint32_t cp;
	} table[] = {{"a", 1, 'a'}, {"\xc3\xa9", 2, 0xe9}, {"\xe2\x82\xac", 3, 0x20ac},
		{"\xf0\x9f\x98\x80", 4, 0x1f600}, {"\xc0\x80", 1, 0xfffd},
		{"\xed\xa0\x80", 1, 0xfffd}, {"\xe2\x82", 2, 0xfffd}, {"\xe2(", 1, 0xfffd},
		{"\x80", 1, 0xfffd}, {"\xf4\x90\x80\x80", 1, 0xfffd}, {"\xf5", 1, 0xfffd}};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		uint32_t cp;
		assert_int_equal(
			utf8_next(table[i].bytes, strlen(table[i].bytes), &cp), table[i].used);
		assert_int_equal(cp, table[i].cp);
	}
}

static void
check_clean(const char *s)
{
	for (size_t n = strlen(s); n;) {
		uint32_t cp;
		size_t used = utf8_next(s, n, &cp);
		assert_true(cp >= 0x20 && cp != 0x7f && !(cp >= 0x80 && cp < 0xa0));
		assert_true(!(cp >= 0x200b && cp <= 0x200f) && !(cp >= 0x2028 && cp <= 0x202e));
		assert_true(!(cp >= 0x2060 && cp <= 0x206f) && cp != 0xfeff && cp != 0x61c);
		s += used;
		n -= used;
	}
}

static void
test_sanitize(void **state)
{
	(void)state;
	char out[64];
	assert_int_equal(sanitize(out, sizeof(out), "a\033[2Jb\x9b\r\n\x7f", 10), 8);
	assert_string_equal(out, "a[2Jb\xef\xbf\xbd"); /* a lone 0x9b is no UTF-8 */
	sanitize(out, sizeof(out), "x\xe2\x80\xaey\xe2\x80\x8bz", 9);
	assert_string_equal(out, "xyz");
	sanitize(out, 4, "日本", 6); /* whole characters or none */
	assert_string_equal(out, "日");
	sanitize(out, 3, "日本", 6);
	assert_string_equal(out, "");
	uint64_t seed = 1;
	for (int round = 0; round < 100000; round++) {
		char in[40];
		for (size_t i = 0; i < sizeof(in); i++) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			in[i] = (char)(seed >> (seed >> 62 ? 40 : 57));
		}
		size_t max = 1 + (size_t)(seed >> 59);
		size_t n = sanitize(out, max, in, sizeof(in));
		assert_true(n < max && strlen(out) == n);
		check_clean(out);
	}
}

/* "÷ 0020 × 0308 ÷ 0020 ÷" */
static void
break_line(const char *line)
{
	uint32_t prev = 0;
	int32_t st = 0;
	bool join = false;
	for (const char *p = line; *p && *p != '#' && *p != '\n';) {
		if (!strncmp(p, "\xc3\xb7", 2) || !strncmp(p, "\xc3\x97", 2)) {
			join = p[1] == '\x97';
			p += 2;
		} else if (*p == ' ' || *p == '\t') {
			p++;
		} else {
			char *end;
			uint32_t cp = (uint32_t)strtoul(p, &end, 16);
			if (end == p)
				return;
			/* controls never reach a cell: what joins CR to LF is not asked */
			if (prev && !(prev == 0x0d && cp == 0x0a)) {
				if (grapheme_joins(prev, cp, &st) != join)
					fail_msg("U+%04X U+%04X: %s", prev, cp, line);
			}
			prev = cp;
			p = end;
		}
	}
}

static void
test_unicode_breaks(void **state)
{
	(void)state;
	FILE *f = fopen("/usr/share/unicode/auxiliary/GraphemeBreakTest.txt", "r");
	char line[1024];
	if (!f)
		skip();
	while (fgets(line, sizeof(line), f))
		if (!strstr(line, "2701")) /* up to Unicode 16 it was Extended_Pictographic */
			break_line(line);
	fclose(f);
}

static void
test_unicode_emoji(void **state)
{
	(void)state;
	FILE *f = fopen("/usr/share/unicode/emoji/emoji-test.txt", "r");
	char line[1024];
	int n = 0;
	if (!f)
		skip();
	while (fgets(line, sizeof(line), f)) {
		uint32_t cps[32];
		int k = 0;
		char *p = line, *end;
		if (!strstr(line, "; fully-qualified") && !strstr(line, "; minimally-qualified"))
			continue;
		for (; k < 32; p = end) {
			cps[k] = (uint32_t)strtoul(p, &end, 16);
			if (end == p)
				break;
			k++;
		}
		int32_t st = 0;
		for (int i = 1; i < k; i++)
			assert_true(grapheme_joins(cps[i - 1], cps[i], &st));
		assert_int_equal(width_cluster(cps, k, 0), 2);
		n++;
	}
	fclose(f);
	assert_true(n > 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_codepoints),
		cmocka_unit_test(test_clusters), cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_sanitize), cmocka_unit_test(test_unicode_breaks),
		cmocka_unit_test(test_unicode_emoji)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
