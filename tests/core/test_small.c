/* What is too small for a test program of its own: base64, UTF-8 from outside, figures for people. */
#include "core/base/base64.h"
#include "core/base/utf8.h"
#include "core/text/human.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void
test_base64(void **st)
{
	static const char *const pairs[][2] = {{"", ""}, {"m", "bQ=="}, {"mu", "bXU="},
		{"mus", "bXVz"}, {"\xff\xfe\xfd?>", "//79Pz4="}};
	char out[16];
	size_t end;

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		const char *plain = pairs[i][0], *coded = pairs[i][1];
		struct buf b = {0};

		base64_put(&b, plain, strlen(plain));
		assert_string_equal(buf_cstr(&b), coded);
		assert_int_equal(
			base64_get(out, sizeof(out), coded, strlen(coded), &end), strlen(plain));
		assert_memory_equal(out, plain, strlen(plain));
		assert_int_equal(end, strcspn(coded, "="));
		buf_free(&b);
	}
	assert_int_equal(base64_get(out, 2, "bXVz", 4, NULL), 2); /* no more than there is room */
	assert_int_equal(base64_get(out, sizeof(out), "bX Vz", 5, &end), 1);
	assert_int_equal(end, 2);
}

static void
test_utf8(void **st)
{
	static const struct {
		const char *s;
		size_t n, read, next; /* bytes taken by each */
		uint32_t cp;	      /* of next */
	} cases[] = {{"a", 1, 1, 1, 'a'}, {"\xc3\xa4", 2, 2, 2, 0xe4},
		{"\xe2\x82\xac", 3, 3, 3, 0x20ac}, {"\xf0\x9f\x98\x80", 4, 4, 4, 0x1f600},
		{"\xef\xbf\xbd", 3, 3, 3, 0xfffd}, {"\xe2\x82", 2, 0, 2, 0xfffd},
		{"\xe2\x28", 2, 0, 1, 0xfffd}, {"\xc0\xaf", 2, 0, 1, 0xfffd},
		{"\xe0\x80\x80", 3, 0, 1, 0xfffd}, {"\xed\xa0\x80", 3, 0, 1, 0xfffd},
		{"\xf0\x9f\x98\x28", 4, 0, 3, 0xfffd}, {"\xf4\x90\x80\x80", 4, 0, 1, 0xfffd},
		{"\x80", 1, 0, 1, 0xfffd}, {"\xff", 1, 0, 1, 0xfffd}};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t cp = 0, same = 0;

		assert_int_equal(utf8_read(cases[i].s, cases[i].n, &same), cases[i].read);
		assert_int_equal(utf8_next(cases[i].s, cases[i].n, &cp), cases[i].next);
		assert_int_equal(cp, cases[i].cp);
		assert_int_equal(same, cases[i].read ? cp : 0);
	}
}

static void
test_human(void **st)
{
	static const struct {
		double v;
		const char *s;
	} bytes[] = {{0, "0B"}, {999, "999B"}, {1000, "1K"}, {1536, "2K"}, {999.4 * 1024, "999K"},
		{84 * 0x1p20, "84M"}, {1023 * 0x1p20, "1.0G"}, {12.34 * 0x1p30, "12.3G"},
		{120 * 0x1p30, "120G"}, {-3 * 0x1p20, "-3M"}, {2e19, "17764P"}},
	  times[] = {{-4, "0s"}, {59.9, "59s"}, {60, "1m"}, {7199, "1h"}, {86400, "1d"},
		  {2 * 86400 + 4 * 3600, "2d 4h"}, {1e300, "11562d 12h"}},
	  counts[] = {{0, "0"}, {999, "999"}, {13463, "13k"}, {999600, "1.0M"}};
	char buf[HUMAN_MAX];

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(bytes); i++)
		assert_string_equal(human_bytes(buf, bytes[i].v), bytes[i].s);
	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		assert_string_equal(human_time(buf, times[i].v), times[i].s);
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		assert_string_equal(human_count(buf, counts[i].v), counts[i].s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_base64),
		cmocka_unit_test(test_utf8), cmocka_unit_test(test_human)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
