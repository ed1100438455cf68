/* What 64 KiB of output made to hurt may cost in memory: one MiB at 80x24 at any moment, slabs,
 * heap and what the process keeps for packing together, with 10,000 lines of history. What it costs
 * in time is tests/bench/bench_hostile.c's business. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <malloc.h>
#include <string.h>
#include "core/term.h"
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
	size_t slabs = (size_t)(arena_stats(a).resident_counted - resident);

	return slabs + (heap() > heap_before ? heap() - heap_before : 0);
}

/* The most that a terminal grew by while the bytes came, `piece` at a time. */
static size_t
peak(struct arena *a, const struct buf *bytes, size_t piece)
{
	struct term *t = term_new(a, 1,
		&(struct term_config){.cols = HOSTILE_COLS,
			.rows = HOSTILE_ROWS,
			.hist = {.lines = 10000, .bytes = 4 << 20}});
	uint64_t resident = arena_stats(a).resident_counted;
	size_t before = heap(), most = 0;

	term_set_ops(t, &(struct term_ops){.reply = on_reply, .event = on_event});
	replied = said = 0;
	for (size_t at = 0; at < bytes->len; at += piece) {
		term_feed(t, bytes->data + at, MIN(piece, bytes->len - at));
		most = MAX(most, grown(a, resident, before));
	}
	term_check(t);
	term_free(t);
	hist_cache_drop(); /* the next terminal pays for its own */
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
		whole = peak(a, &bytes, HOSTILE_BYTES);
		pieces = peak(a, &bytes, PIECE);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_made_to_hurt_costs_at_most_a_mebibyte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
