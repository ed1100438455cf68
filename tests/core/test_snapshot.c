/* The same bytes give the same terminal, whether fed at once, in pieces, over a checkpoint and its
 * restoration in an adopted arena, or over parking. Streams are made from a seed: text of all
 * widths, styles, links, regions, both screens, cut sequences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "core/term/term.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef MUSTER_TORTURE
#define ROUNDS 60
#else
#define ROUNDS 300
#endif
#define OWNER 7

static uint32_t seed;
/* What killed servers left behind: a process that is killed frees nothing. */
static void *graves[ROUNDS][2];

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static const char *const pieces[] = {
	"hello world ",
	"\r\n",
	"\r\n\r\n",
	"\u6f22\u5b57\u304b\u306a",
	"e\u0301n\u0303",
	"\U0001f468\u200d\U0001f469\u200d\U0001f467",
	"\u2764\ufe0f",
	"\x1b[1;3;4:3m",
	"\x1b[0m",
	"\x1b[38;2;9;80;200m",
	"\x1b[48;5;77m",
	"\x1b[58:2::1:2:3m",
	"\x1b[K",
	"\x1b[2J",
	"\x1b[3;8r",
	"\x1b[r",
	"\x1b[5;4H",
	"\x1bM",
	"\x1b[2L",
	"\x1b[3M",
	"\x1b[4@",
	"\x1b[2P",
	"\x1b[?1049h",
	"\x1b[?1049l",
	"\x1b]8;id=a;http://example.org/x\x1b\\link",
	"\x1b]8;;\x07",
	"\x1b]0;a title\x07",
	"\x1b[22;0t",
	"\x1b[23;0t",
	"\x1b"
	"7",
	"\x1b"
	"8",
	"\x1b(0qqq\x1b(B",
	"\x1b[?6h",
	"\x1b[?6l",
	"\x1b[?7l",
	"\x1b[?7h",
	"\x1b[4h",
	"\x1b[4l",
	"\x1b[>5u",
	"\x1b[<u",
	"\x1b[?2004h",
	"\x1b[?69h\x1b[4;20s",
	"\x1b[?69l",
	"\x1b[1\"q",
	"\x1b[0\"q",
	"\x1b]133;A\x07",
	"\x1b]4;5;rgb:12/34/56\x07",
	"\x1bH\t",
	"\x1b[3g",
	"\x1b[7b",
	"\x1bP$qm\x1b\\",
	"\x1b[3 q",
	"\x1b#3",
	"\x1b[?2026h",
	"\x1b[?2026l",
	"\x1b[3J",
};

static size_t
make_stream(uint8_t *out, size_t cap)
{
	size_t n = 0;

	while (n + 300 < cap) {
		if (rnd(4) == 0) {
			uint32_t k = rnd(200);

			for (uint32_t i = 0; i < k; i++)
				out[n++] = (uint8_t)(' ' + rnd(95));
		} else if (rnd(40) == 0) {
			out[n++] = (uint8_t)rnd(256);
		} else {
			const char *s = pieces[rnd(ARRAY_LEN(pieces))];

			memcpy(out + n, s, strlen(s));
			n += strlen(s);
		}
	}
	return n;
}

static struct term *
make_term(struct arena *a)
{
	return term_new(a, OWNER,
		&(struct term_config){.cols = 20 + (int)rnd(60),
			.rows = 3 + (int)rnd(20),
			.history = {.lines = 200, .bytes = 1 << 20}});
}

static struct term *
over_checkpoint(struct arena **a, struct term *t)
{
	struct buf b = {0};
	struct rd r;
	int fd;

	term_save(t, &b);
	/* the old server dies: its memory is only reachable through the fd */
	fd = dup(arena_fd(*a));
	assert_true(fd >= 0);
	*a = arena_adopt(fd);
	assert_non_null(*a);
	r = rd_init(b.data, b.len);
	t = term_restore(*a, OWNER, &r);
	assert_non_null(t);
	arena_sweep(*a);
	term_check(t);
	arena_check(*a);
	buf_free(&b);
	return t;
}

static void
test_any_cut_gives_the_same_state(void **state)
{
	static uint8_t bytes[16384];

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct arena *a = arena_new(0), *b = arena_new(0);
		struct term *whole, *cut;
		size_t n, at, stop;

		seed = (uint32_t)round * 77 + 1;
		n = make_stream(bytes, 2000 + rnd(sizeof(bytes) - 2000));
		stop = seed;
		whole = make_term(a);
		seed = (uint32_t)stop;
		cut = make_term(b);
		term_feed(whole, bytes, n);
		at = rnd((uint32_t)n);
		for (size_t i = 0; i < at;) {
			size_t k = 1 + rnd(700);

			k = MIN(k, at - i);
			term_feed(cut, bytes + i, k);
			i += k;
		}
		graves[round][0] = cut;
		graves[round][1] = b;
		cut = over_checkpoint(&b, cut);
		if (rnd(2)) {
			term_park(cut);
			assert_true(term_parked(cut));
		}
		term_feed(cut, bytes + at, n - at);
		term_check(whole);
		term_check(cut);
		if (term_hash(whole) != term_hash(cut)) {
			print_message("round %d: cut at %zu of %zu\n", round, at, n);
			term_dump(whole, stdout);
			term_dump(cut, stdout);
			fail();
		}
		term_free(whole);
		term_free(cut);
		arena_check(a);
		arena_check(b);
		assert_int_equal(arena_stats(a).live, 0);
		assert_int_equal(arena_stats(b).live, 0);
		arena_free(a);
		arena_free(b);
	}
}

static void
test_parking_gives_the_screen_back(void **state)
{
	struct arena *a = arena_new(0);
	struct term *t = term_new(a, OWNER,
		&(struct term_config){
			.cols = 120, .rows = 40, .history = {.lines = 1000, .bytes = 1 << 20}});
	uint64_t before, h;

	(void)state;
	for (int i = 0; i < 40; i++)
		term_feed(t, "\x1b[3;38;2;1;2;3mstyled text\x1b[m and plain\r\n",
			strlen("\x1b[3;38;2;1;2;3mstyled text\x1b[m and plain\r\n"));
	h = term_hash(t);
	before = arena_stats(a).resident_counted;
	assert_true(before > 16384);
	term_park(t);
	arena_trim(a);
	assert_true(arena_stats(a).resident_counted <= 4096);
	assert_true(term_parked(t));
	assert_true(term_hash(t) == h);
	assert_false(term_parked(t));
	term_check(t);
	term_free(t);
	arena_free(a);
}

/* Cells that were opened and never written are not in a packed screen: they may not matter later.
 */
static void
test_unwritten_cells_say_nothing(void **state)
{
	static const struct {
		const char *first;
		int cols, rows;
		const char *then;
		int cols2, rows2;
	} cases[] = {
		{"a\x1b[47m\x1b['}", 1, 1, "bc", 20, 6}, /* a wrap behind a blank last column */
		{"\x1b[$r", 12, 4, "", 1, 1},		 /* blank rows below the cursor */
		{"\x1b[5;9H\x1b[3@\r", 12, 8, "x", 30, 3},
		{"\x1b[1\"qe\x1b"
		 "9"
		 "9",
			1, 97, "\x1b[?2J", 1, 97}, /* a flag left over */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t hash[2];

		for (int parked = 0; parked < 2; parked++) {
			struct arena *a = arena_new(0);
			struct term *t = term_new(a, OWNER,
				&(struct term_config){.cols = 40,
					.rows = 20,
					.history = {.lines = 100, .bytes = 1 << 16}});

			term_feed(t, cases[i].first, strlen(cases[i].first));
			term_resize(t, cases[i].cols, cases[i].rows);
			if (parked)
				term_park(t);
			else
				pagelist_seal_all(term_pagelist(t)); /* as parking does */
			term_feed(t, cases[i].then, strlen(cases[i].then));
			term_resize(t, cases[i].cols2, cases[i].rows2);
			term_check(t);
			hash[parked] = term_hash(t);
			term_free(t);
			arena_free(a);
		}
		assert_true(hash[0] == hash[1]);
	}
}

static void
test_damaged_checkpoint_is_refused(void **state)
{
	struct arena *a = arena_new(0);
	struct term *t = term_new(a, OWNER,
		&(struct term_config){
			.cols = 30, .rows = 5, .history = {.lines = 100, .bytes = 1 << 16}});
	struct buf b = {0};

	(void)state;
	term_feed(t, "some text\r\nmore", 15);
	term_save(t, &b);
	for (size_t i = 0; i < b.len; i += 1 + i / 64) {
		struct rd r;

		b.data[i] ^= 0x41;
		r = rd_init(b.data, b.len);
		assert_null(term_restore(a, OWNER, &r));
		b.data[i] ^= 0x41;
		r = rd_init(b.data, i);
		assert_null(term_restore(a, OWNER, &r));
	}
	buf_free(&b);
	term_free(t);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_cut_gives_the_same_state),
		cmocka_unit_test(test_parking_gives_the_screen_back),
		cmocka_unit_test(test_unwritten_cells_say_nothing),
		cmocka_unit_test(test_damaged_checkpoint_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
