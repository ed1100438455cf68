/* What 64 KiB of output made to hurt may cost in memory: one MiB at 80x24 at any moment, pages,
 * heap and what the process keeps for packing together, with 10,000 lines of history. What it costs
 * in time is tests/bench/bench_hostile.c's business. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include "core/term/term.h"
#include "tests/bench/hostile.h"

#ifdef MUSTER_TORTURE
#define GROWTH_MAX (2u << 20) /* blocks are a page each, whatever is in them */
#else
#define GROWTH_MAX (1u << 20)
#endif
#define PIECE 509

static size_t replied, said;

static void
on_reply(void *ctx, const void *p, size_t n)
{
	(void)ctx;
	assert_non_null(p);
	replied += n;
}

static void
on_event(void *ctx, const struct term_event *ev)
{
	(void)ctx;
	said += ev->len + ev->len2;
}

/* Bytes of the heap in use; 0 where an own allocator (a sanitizer's) stands in its place. */
static size_t
heap(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static size_t
grown(const struct arena *a, uint64_t resident, size_t heap_before)
{
	size_t pages = (size_t)(arena_stats(a).resident_counted - resident);

	return pages + (heap() > heap_before ? heap() - heap_before : 0);
}

/* The most that a terminal grew by while the bytes came, `piece` at a time, behind as many
 * other bytes. */
static size_t
peak(struct arena *a, const struct buf *bytes, size_t piece, size_t others)
{
	struct term *t = term_new(a, 1,
		&(struct term_config){.cols = HOSTILE_COLS,
			.rows = HOSTILE_ROWS,
			.history = {.lines = 10000, .bytes = 4 << 20}});
	uint64_t resident = arena_stats(a).resident_counted;
	size_t before = heap(), most = 0;

	while (others--)
		term_feed(t, "\r", 1);
	term_set_ops(t, &(struct term_ops){.reply = on_reply, .event = on_event});
	replied = said = 0;
	for (size_t at = 0; at < bytes->len; at += piece) {
		term_feed(t, bytes->data + at, MIN(piece, bytes->len - at));
		most = MAX(most, grown(a, resident, before));
	}
	term_check(t);
	term_free(t);
	pagelist_cache_drop(a); /* the next terminal pays for its own */
	arena_trim(a);
	return most;
}

static void
test_output_made_to_hurt_costs_at_most_a_mebibyte(void **state)
{
	struct arena *a = arena_new(0);
	struct buf bytes = {0};
	size_t most = 0;
	int failed = 0;

	(void)state;
	buf_reserve(&bytes, 2 * HOSTILE_BYTES);
	for (size_t i = 0; i < ARRAY_LEN(hostiles); i++) {
		size_t whole, pieces;

		hostile_fill(&hostiles[i], &bytes);
		whole = peak(a, &bytes, HOSTILE_BYTES, 0);
		pieces = peak(a, &bytes, PIECE, HOSTILE_BYTES / 2);
		if (MAX(whole, pieces) > GROWTH_MAX) {
			print_message("%s: grew by %zu bytes, by %zu in pieces\n", hostiles[i].name,
				whole, pieces);
			failed++;
		}
		/* an answer is a bounded multiple of its question, an event never more than it */
		if (replied > 20 * bytes.len)
			print_message("%s: answered %zu bytes\n", hostiles[i].name, replied);
		assert_true(replied <= 20 * bytes.len);
		assert_true(said <= bytes.len);
		most = MAX(most, MAX(whole, pieces));
	}
	assert_int_equal(failed, 0);
	assert_true(most > 65536); /* something was measured */
	buf_free(&bytes);
	arena_free(a);
}

/* Fed for so much work at a time, each terminal ends as if fed at once; no call does much more than
 * it may: one operation, which may touch the screen a few times. */
static void
test_work_is_fed_in_portions(void **state)
{
	static const char big[] = "\033#8\033[65$x\033[1;1;23;79;1;2;2$v\033[1;1;24;80;1;4$r\033['}"
				  "\033[?69h\033[2;79s\n\033[?69l\033[41m\033[2J\033[m\033[24H\n";
	const struct term_config cfg = {.cols = HOSTILE_COLS,
		.rows = HOSTILE_ROWS,
		.history = {.lines = 10000, .bytes = 4 << 20}};
	const int64_t portion = 100, most = 4 * HOSTILE_COLS * HOSTILE_ROWS;
	struct arena *a = arena_new(0);
	struct buf bytes = {0};

	(void)state;
	for (size_t i = 0; i <= ARRAY_LEN(hostiles); i++) {
		struct term *once = term_new(a, 1, &cfg), *some = term_new(a, 2, &cfg);
		size_t calls = 0;

		bytes.len = 0;
		if (i < ARRAY_LEN(hostiles)) {
			buf_reserve(&bytes, 2 * HOSTILE_BYTES);
			hostile_fill(&hostiles[i], &bytes);
			bytes.len = MIN(bytes.len, HOSTILE_BYTES / 8);
		} else {
			for (int k = 0; k < 50; k++)
				buf_puts(&bytes, big);
		}
		term_feed(once, bytes.data, bytes.len);
		for (size_t at = 0; at < bytes.len; calls++) {
			int64_t left = portion;
			size_t n = term_feed_some(some, bytes.data + at, bytes.len - at, &left);

			assert_true(n > 0);
			assert_true(left >= -most || i < ARRAY_LEN(hostiles));
			at += n;
		}
		assert_true(term_hash(once) == term_hash(some));
		assert_true(calls >= 50 * 6 || i < ARRAY_LEN(hostiles));
		term_check(some);
		term_free(once);
		term_free(some);
	}
	buf_free(&bytes);
	pagelist_cache_drop(a);
	arena_free(a);
}

enum { BIG_COLS = 500, BIG_ROWS = 200, OLD_LINES = 1000 };

static bool
old_line(void *ctx, uint64_t line, const char *text, size_t len)
{
	char want[32];

	assert_int_equal(len, snprintf(want, sizeof(want), "line %d of old", (int)line));
	assert_memory_equal(text, want, len);
	++*(int *)ctx;
	return true;
}

/* A picture painted bit by bit on a large screen, each cell of a colour of its own, and scrolled
 * away at once: its bytes were paid for long ago, and no line before it goes. */
static void
test_what_was_paid_for_stays(void **state)
{
	struct arena *a = arena_new(0);
	struct term *t = term_new(a, 1,
		&(struct term_config){.cols = BIG_COLS,
			.rows = BIG_ROWS,
			.history = {.lines = 10000, .bytes = 16 << 20}});
	struct buf out = {0};
	uint32_t rng = 1;
	int seen = 0;

	(void)state;
	for (int i = 0; i < OLD_LINES + BIG_ROWS; i++) {
		out.len = 0;
		buf_printf(&out, "line %d of old\r\n", i);
		term_feed(t, out.data, out.len);
	}
	for (int y = 0; y < BIG_ROWS; y++) {
		out.len = 0;
		buf_printf(&out, "\033[%dH", y + 1);
		for (int x = 0; x < BIG_COLS; x++) {
			rng = rng * 1664525u + 1013904223u;
			buf_printf(&out, "\033[48;2;%u;%u;%um%c", rng >> 24, rng >> 16 & 255,
				rng >> 8 & 255, 'a' + x % 26);
		}
		term_feed(t, out.data, out.len);
	}
	term_feed(t, "\033[9999S", 7);
	assert_true(pagelist_stats(term_pagelist(t)).lines >= OLD_LINES + BIG_ROWS);
	pagelist_text(term_pagelist(t), 0, OLD_LINES, old_line, &seen);
	assert_int_equal(seen, OLD_LINES);
	term_check(t);
	term_free(t);
	buf_free(&out);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_made_to_hurt_costs_at_most_a_mebibyte),
		cmocka_unit_test(test_what_was_paid_for_stays),
		cmocka_unit_test(test_work_is_fed_in_portions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
