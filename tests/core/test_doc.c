/* History and screen as one text: lines keep their numbers and rows their places, wherever the
 * screen's edge cuts them. */
#include "core/look/doc.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct arena *arena;

static struct term *
make(int cols, int rows, const char *bytes)
{
	struct term_config cfg = {
		.cols = cols, .rows = rows, .history = {.lines = 1000, .bytes = 1 << 20}};
	struct term *t = term_new(arena, 7, &cfg);

	term_feed(t, bytes, strlen(bytes));
	return t;
}

static void
on_row(void *ctx, uint64_t row_abs, uint64_t line, const struct row *row, const struct tab *tab)
{
	struct buf *out = ctx;

	buf_printf(out, "%llu/%llu:", (unsigned long long)row_abs, (unsigned long long)line);
	row_bytes(row, tab, out, NULL);
	buf_putc(out, ';');
}

static void
reads(struct term *t, uint64_t from, uint64_t count, const char *want)
{
	struct doc d = doc_of(t);
	struct buf out = {0};

	doc_read(&d, from, count, on_row, &out);
	assert_string_equal(buf_cstr(&out), want);
	buf_free(&out);
}

static void
test_lines_go_on_over_the_edge(void **st)
{
	/* rows of 4: "a", "bbbbBB", "c", "ddddDDDDdd" of which the last two rows are the screen */
	struct term *t = make(4, 2, "a\r\nbbbbBB\r\nc\r\nddddDDDDdd");
	struct doc d = doc_of(t);
	struct buf out = {0};

	(void)st;
	assert_int_equal(d.above, 5);
	assert_int_equal(d.rows, 7);
	assert_int_equal(d.screen_line, 3);
	reads(t, 0, 99, "0/0:a;1/1:bbbb;2/1:BB;3/2:c;4/3:dddd;5/3:DDDD;6/3:dd;");
	reads(t, 4, 2, "4/3:dddd;5/3:DDDD;");
	reads(t, 6, 5, "6/3:dd;");
	reads(t, 7, 5, "");
	assert_int_equal(doc_line_row(&d, 1), 1);
	assert_int_equal(doc_line_row(&d, 3), 4);
	assert_true(doc_line_row(&d, 4) == UINT64_MAX);
	assert_int_equal(doc_line_begin(&d, 6, 9), 4);
	assert_int_equal(doc_line_begin(&d, 6, 1), 5);
	assert_int_equal(doc_line_begin(&d, 2, 9), 1);
	assert_int_equal(doc_line_begin(&d, 3, 9), 3);
	doc_screen_text(&d, &out);
	assert_string_equal(buf_cstr(&out), "ddddDDDDdd\n");
	buf_free(&out);
	term_free(t);
}

/* What a line of the screen is called is what it is called in the history afterwards. */
static void
test_numbers_stay(void **st)
{
	struct term *t = make(10, 4, "one\r\ntwo\r\nthree, of two rows\r\nfour");
	struct doc d = doc_of(t);
	uint64_t three = UINT64_MAX;

	(void)st;
	for (uint64_t line = d.screen_line; line < d.screen_line + 4; line++)
		if (doc_line_row(&d, line) == d.above + 1)
			three = line;
	assert_true(three != UINT64_MAX);
	term_feed(t, "\r\n5\r\n6\r\n7\r\n8\r\n9", 14);
	d = doc_of(t);
	assert_true(three < pagelist_stats(d.pagelist).next_line);
	reads(t, doc_line_row(&d, three), 2, "2/2:three, of ;3/2:two rows;");
	assert_int_equal(three, 2);
	term_free(t);
}

static void
test_cells_and_bytes(void **st)
{
	struct term *t = make(6, 2, "a\u6f22b\033[6Gz");
	struct doc d = doc_of(t);
	struct buf out = {0};
	uint32_t at[7];

	(void)st;
	row_bytes(d.screen.row[0], d.screen.tab, &out, at);
	assert_string_equal(buf_cstr(&out), "a\u6f22b z");
	assert_int_equal(at[1], 1);
	assert_int_equal(at[2], 4); /* the second half is no text of its own */
	assert_int_equal(at[3], 4);
	assert_int_equal(at[5], 6);
	assert_int_equal(at[6], 7);
	buf_free(&out);
	term_free(t);
	/* a wide character that did not fit leaves a filler, which is no text */
	t = make(3, 3, "ab\u6f22");
	d = doc_of(t);
	doc_screen_text(&d, &out);
	assert_string_equal(buf_cstr(&out), "ab\u6f22\n\n");
	buf_free(&out);
	term_free(t);
}

static void
test_alternate_screen(void **st)
{
	struct term *t = make(4, 2, "aaaabbbbcccc\033[?1049hmore");
	struct doc d = doc_of(t);

	(void)st;
	assert_int_equal(d.screen_line, pagelist_stats(d.pagelist).next_line);
	term_free(t);
}

static int
setup(void **st)
{
	(void)st;
	arena = arena_new(64u << 20);
	return arena ? 0 : -1;
}

static int
teardown(void **st)
{
	(void)st;
	arena_free(arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines_go_on_over_the_edge),
		cmocka_unit_test(test_numbers_stay), cmocka_unit_test(test_cells_and_bytes),
		cmocka_unit_test(test_alternate_screen)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
