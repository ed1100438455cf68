#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "core/base/buf.h"
#include <string.h>

static void
test_round_trip(void **state)
{
	static const uint64_t vals[] = {
		0, 1, 127, 128, 300, 65535, 1u << 20, UINT32_MAX, UINT64_MAX};
	struct buf b = {0};
	struct rd r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vals); i++) {
		buf_varint(&b, vals[i]);
		buf_u64(&b, vals[i]);
		buf_u16(&b, (uint16_t)vals[i]);
	}
	r = rd_init(b.data, b.len);
	for (size_t i = 0; i < ARRAY_LEN(vals); i++) {
		assert_int_equal(rd_varint(&r), vals[i]);
		assert_int_equal(rd_u64(&r), vals[i]);
		assert_int_equal(rd_u16(&r), (uint16_t)vals[i]);
	}
	assert_false(r.bad);
	assert_int_equal(rd_left(&r), 0);
	buf_free(&b);
}

static void
test_reads_past_the_end_stay_bad(void **state)
{
	uint8_t over[] = {0x80, 0x80};
	struct rd r = rd_init(over, sizeof(over));

	(void)state;
	assert_int_equal(rd_varint(&r), 0);
	assert_true(r.bad);
	r = rd_init("abc", 3);
	assert_int_equal(rd_u32(&r), 0);
	assert_true(r.bad);
	assert_null(rd_bytes(&r, 1));
	assert_int_equal(rd_left(&r), 0);
}

static void
test_utf8_and_drop(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_utf8(&b, 'a');
	buf_utf8(&b, 0xe9);
	buf_utf8(&b, 0x20ac);
	buf_utf8(&b, 0x1f600);
	assert_string_equal(buf_cstr(&b), "a\u00e9\u20ac\U0001f600");
	buf_drop(&b, 3);
	buf_printf(&b, "-%d", 7);
	assert_string_equal(buf_cstr(&b), "\u20ac\U0001f600-7");
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_reads_past_the_end_stay_bad),
		cmocka_unit_test(test_utf8_and_drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
