/* Frames: what goes in comes out, in any pieces; what is no frame is refused. */
#include "sessions/wire/proto.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void
test_json_round_trip(void **st)
{
	struct buf b = {0};
	json_t *j = json_pack("{s:s,s:i}", "verb", "ls", "n", 7), *k;
	struct frame f;
	size_t used;

	(void)st;
	assert_true(frame_json(&b, FT_REQUEST, 42, j));
	for (size_t n = 0; n < b.len; n++)
		assert_int_equal(frame_parse(b.data, n, CLIENT, &f, &used), 0);
	assert_int_equal(frame_read(&b, CLIENT, &f, &used), 1);
	assert_int_equal(used, b.len);
	assert_int_equal(f.type, FT_REQUEST);
	assert_int_equal(f.request, 42);
	k = frame_get_json(&f);
	assert_true(json_equal(j, k));
	json_decref(j);
	json_decref(k);
	buf_free(&b);
}

static void
test_two_frames_in_a_row(void **st)
{
	struct buf b = {0};
	struct frame f;
	size_t used;

	(void)st;
	frame_put(&b, FT_ACK, 1, NULL, 0);
	frame_put(&b, FT_SCROLL, 2, "12345678", 8);
	assert_int_equal(frame_read(&b, CLIENT, &f, &used), 1);
	assert_int_equal(f.len, 0);
	buf_drop(&b, used);
	assert_int_equal(frame_read(&b, CLIENT, &f, &used), 1);
	assert_int_equal(f.request, 2);
	assert_memory_equal(f.payload, "12345678", 8);
	buf_free(&b);
}

static void
test_refusals(void **st)
{
	struct buf b = {0};
	struct frame f;
	size_t used;

	(void)st;
	/* a server's frame from a client */
	frame_put(&b, FT_REPLY, 1, "{}", 2);
	assert_int_equal(frame_read(&b, CLIENT, &f, &used), -EBADMSG);
	assert_int_equal(frame_read(&b, SERVER, &f, &used), 1);
	/* a length beyond the limit is refused before the payload is there */
	b.len = 0;
	buf_u32(&b, PROTO_MAX + 1);
	buf_u16(&b, FT_REQUEST);
	buf_u16(&b, 0);
	buf_u32(&b, 1);
	assert_int_equal(frame_read(&b, CLIENT, &f, &used), -EBADMSG);
	b.len = 0;
	buf_u32(&b, PROTO_MAX);
	buf_u16(&b, FT_REQUEST);
	buf_u16(&b, 0);
	buf_u32(&b, 1);
	assert_int_equal(frame_read(&b, CLIENT, &f, &used), 0);
	/* a type that nobody sends */
	b.data[4] = 99;
	assert_int_equal(frame_read(&b, CLIENT, &f, &used), -EBADMSG);
	buf_free(&b);
}

static void
test_payloads_that_are_no_object(void **st)
{
	static const char *const bad[] = {"", "[]", "7", "{", "{\"a\":1,\"a\":2}", "{} x", "\"s\""};
	struct buf b = {0};
	struct frame f;
	size_t used;

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		b.len = 0;
		frame_put(&b, FT_REQUEST, 1, bad[i], strlen(bad[i]));
		assert_int_equal(frame_read(&b, CLIENT, &f, &used), 1);
		assert_null(frame_get_json(&f));
	}
	buf_free(&b);
}

static void
test_too_large_json_leaves_nothing(void **st)
{
	struct buf b = {0};
	char *big = calloc(1, PROTO_MAX + 16);
	json_t *j;

	(void)st;
	memset(big, 'x', PROTO_MAX + 15);
	j = json_pack("{s:s}", "t", big);
	frame_put(&b, FT_ACK, 1, NULL, 0);
	size_t before = b.len;
	assert_false(frame_json(&b, FT_REPLY, 1, j));
	assert_int_equal(b.len, before);
	json_decref(j);
	free(big);
	buf_free(&b);
}

/* Random bytes, and frames with flipped bits: never more than there is, never beyond the limit. */
static void
test_noise(void **st)
{
	unsigned seed = 1;
	uint8_t p[64];

	(void)st;
	for (int i = 0; i < 200000; i++) {
		size_t n = (size_t)rand_r(&seed) % sizeof(p), used = 0;
		struct frame f;
		for (size_t k = 0; k < n; k++)
			p[k] = (uint8_t)(rand_r(&seed) >> 8);
		if (i & 1 && n >= 8) {
			memset(p, 0, 8);
			p[0] = (uint8_t)(i % 60);
			p[4] = (uint8_t)(i % 17);
		}
		int rc = frame_parse(p, n, i & 2 ? CLIENT : SERVER, &f, &used);
		assert_true(rc == 0 || rc == 1 || rc == -EBADMSG);
		if (rc == 1) {
			assert_true(used <= n && f.len + PROTO_HEADER == used);
			assert_true(f.len <= PROTO_MAX);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_round_trip),
		cmocka_unit_test(test_two_frames_in_a_row),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_payloads_that_are_no_object),
		cmocka_unit_test(test_too_large_json_leaves_nothing),
		cmocka_unit_test(test_noise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
