/* Frames: whatever happens to a screen, the other side shows the same, and little is sent. */
#include "tests/core/grid_kit.h"

#include "core/paint/frame.h"
#include "core/pack/pack.h"
#include "core/paint/scroll.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static void
assert_same_screen(const struct canvas *a, const struct canvas *b)
{
	struct grid ga = canvas_grid(a), gb = canvas_grid(b);
	char *sa = say_grid(&ga), *sb = say_grid(&gb);
	assert_string_equal(sa, sb);
	free(sa);
	free(sb);
}

static void
random_lives_arrive_whole(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 30; seed++) {
		struct dice d = {seed * 2654435761u};
		int cols = 1 + (int)dice(&d, 60), rows = 1 + (int)dice(&d, 24);
		struct canvas *from = canvas_new(arena, 1, cols, rows),
			      *to = canvas_new(arena, 2, 80, 24);
		struct frame_view *v = frame_view_new();
		for (int step = 0; step < 60; step++) {
			struct buf b = {0};
			dice_step(&d, from);
			if (dice(&d, 20) == 0)
				canvas_resize(from, 1 + (int)dice(&d, 60), 1 + (int)dice(&d, 24));
			if (dice(&d, 20) == 0)
				frame_view_reset(v);
			struct grid g = canvas_grid(from);
			if (frame_encode(v, &g, &b))
				assert_int_equal(frame_apply(to, b.data, b.len), 0);
			assert_same_screen(from, to);
			b.len = 0;
			assert_false(frame_encode(v, &g, &b));
			assert_int_equal(b.len, 0);
			buf_free(&b);
		}
		frame_view_free(v);
		canvas_free(from);
		canvas_free(to);
	}
}

static size_t
frame_size(struct frame_view *v, const struct canvas *c)
{
	struct buf b = {0};
	struct grid g = canvas_grid(c);
	frame_encode(v, &g, &b);
	size_t n = b.len;
	buf_free(&b);
	return n;
}

static void
little_change_is_a_small_frame(void **state)
{
	(void)state;
	struct canvas *c = canvas_new(arena, 1, 120, 40);
	struct frame_view *v = frame_view_new();
	char line[64];
	for (int y = 0; y < 40; y++) {
		snprintf(line, sizeof(line), "line %d of a screen that is full of text", y);
		canvas_text(c, y, 0, 120, line, NULL);
	}
	size_t whole = frame_size(v, c);
	canvas_set_cursor(c, 3, 3, true, CURSOR_BLOCK);
	size_t cursor = frame_size(v, c);
	canvas_text(c, 5, 0, 120, "x", NULL);
	size_t row = frame_size(v, c);
	canvas_scroll(c, 0, 40, 1);
	canvas_text(c, 39, 0, 120, "one more line", NULL);
	size_t scrolled = frame_size(v, c);
	canvas_scroll(c, 2, 30, -3);
	size_t down = frame_size(v, c);
	assert_true(whole > 1500);
	assert_true(cursor <= 8);
	assert_true(row < 70);
	assert_true(scrolled < 40);
	assert_true(down < 20);
	frame_view_free(v);
	canvas_free(c);
}

static void
finds_scrolls(void **state)
{
	(void)state;
	static const struct {
		uint64_t old[10], next[10];
		struct scroll s; /* n 0: none */
	} table[] = {
		{{1, 2, 3, 4, 5, 6}, {1, 2, 3, 4, 5, 6}, {0, 0, 0, 0}},
		{{1, 2, 3, 4, 5, 6}, {2, 3, 4, 5, 6, 7}, {0, 6, 1, 5}},
		{{1, 2, 3, 4, 5, 6}, {9, 1, 2, 3, 4, 5}, {0, 6, -1, 5}},
		{{1, 2, 3, 4, 5, 6}, {1, 3, 4, 9, 5, 6}, {1, 4, 1, 2}},
		{{1, 2, 3, 4, 5, 6}, {1, 0, 2, 3, 5, 6}, {1, 4, -1, 2}},
		{{1, 2, 3, 4, 5, 6}, {11, 12, 13, 14, 15, 16}, {0, 0, 0, 0}},
		{{1, 0, 0, 0, 0, 2}, {0, 0, 0, 0, 2, 0}, {1, 6, 1, 1}},
		{{7, 7, 7, 7, 7, 8}, {7, 7, 7, 7, 8, 9}, {4, 6, 1, 1}},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct scroll s;
		bool found = scroll_find(table[i].old, table[i].next, 6, &s);
		assert_int_equal(found, table[i].s.n != 0);
		if (!found)
			continue;
		assert_int_equal(s.n, table[i].s.n);
		assert_int_equal(s.gain, table[i].s.gain);
		uint64_t keys[10];
		memcpy(keys, table[i].old, sizeof(keys));
		scroll_keys(keys, &s);
		int same = 0, before = 0;
		for (int y = 0; y < 6; y++) {
			same += keys[y] == table[i].next[y] && keys[y];
			before += table[i].old[y] == table[i].next[y] && keys[y];
		}
		assert_true(same > before);
	}
}

/* Foreign bytes: refused or applied, never a crash; the canvas stays usable. */
static void
junk_is_refused(void **state)
{
	(void)state;
	struct dice d = {99};
	struct canvas *from = canvas_new(arena, 1, 20, 6), *to = canvas_new(arena, 2, 20, 6);
	for (int round = 0; round < 3000; round++) {
		struct frame_view *v = frame_view_new();
		struct buf b = {0};
		dice_step(&d, from);
		struct grid g = canvas_grid(from);
		frame_encode(v, &g, &b);
		for (unsigned k = 1 + dice(&d, 4); k; k--)
			b.data[dice(&d, (uint32_t)b.len)] = (uint8_t)dice(&d, 256);
		size_t n = dice(&d, 2) ? b.len : dice(&d, (uint32_t)b.len + 1);
		int e = frame_apply(to, b.data, n);
		assert_true(e == 0 || e == -EBADMSG);
		struct grid got = canvas_grid(to);
		free(say_grid(&got));
		frame_view_free(v);
		buf_free(&b);
	}
	struct frame_view *v = frame_view_new();
	struct buf b = {0};
	struct grid g = canvas_grid(from);
	frame_encode(v, &g, &b);
	assert_int_equal(frame_apply(to, b.data, b.len), 0);
	assert_same_screen(from, to);
	assert_int_equal(frame_apply(to, b.data, 3), -EBADMSG);
	frame_view_free(v);
	buf_free(&b);
	canvas_free(from);
	canvas_free(to);
}

static void
blit_cuts_wide_cells(void **state)
{
	(void)state;
	struct canvas *from = canvas_new(arena, 1, 8, 1), *to = canvas_new(arena, 2, 8, 1);
	canvas_text(from, 0, 0, 8, "\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad", NULL);
	canvas_text(to, 0, 0, 8, "\xed\x95\x9c\xed\x95\x9c\xed\x95\x9c\xed\x95\x9c", NULL);
	struct grid g = canvas_grid(from);
	canvas_blit(to, 0, 3, &g, 0, 1, 1, 3); /* tail, whole, ... */
	struct grid got = canvas_grid(to);
	const struct row *r = got.row[0];
	assert_int_equal(r->cells[2], 0); /* its tail was overwritten */
	assert_int_equal(r->cells[3], 0); /* a tail without its head */
	assert_int_equal(cell_content(r->cells[4]), 0x4e2d);
	assert_true((r->cells[5] & CELL_KIND_MASK) == CELL_TAIL);
	assert_int_equal(cell_content(r->cells[6]), 0xd55c);
	assert_int_equal(canvas_text(to, 0, 7, 1, "\xe4\xb8\xad", NULL), 0);
	assert_int_equal(canvas_text(to, 0, 0, 8,
				 "a\033b\x07"
				 "c",
				 NULL),
		3);
	canvas_free(from);
	canvas_free(to);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_lives_arrive_whole),
		cmocka_unit_test(little_change_is_a_small_frame),
		cmocka_unit_test(finds_scrolls),
		cmocka_unit_test(junk_is_refused),
		cmocka_unit_test(blit_cuts_wide_cells),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
