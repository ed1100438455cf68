/* Scrolling: whatever window of the history is read, at whatever width, the rows are those of the
 * text that was printed, each once and in order, while the session goes on printing, and blocks
 * close, are sealed, go to files, are dropped over the limit, and the terminal is parked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "core/term/term.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef MUSTER_TORTURE
#define LINES 1500
#else
#define LINES 10000
#endif
#define LIMIT (LINES * 3 / 4)
#define LEN_MAX 320
#define NARROW 12 /* of the glyphs */

struct glyph {
	const char *text;
	int width;
};
static const struct glyph glyphs[] = {{"a", 1}, {"b", 1}, {"e", 1}, {"n", 1}, {"s", 1}, {"t", 1},
	{" ", 1}, {"0", 1}, {"7", 1}, {"-", 1}, {"\u00e9", 1}, {"e\u0301", 1}, {"\u6f22", 2},
	{"\u5b57", 2}, {"\U0001f600", 2}, {"\u2500", 1}};

static uint64_t seed;
static struct buf disk;

static unsigned
rnd(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static int
disk_read(void *ctx, uint64_t off, void *bytes, size_t len)
{
	(void)ctx;
	if (off + len > disk.len)
		return -EIO;
	memcpy(bytes, disk.data + off, len);
	return 0;
}

/* The i-th line that a session prints, by its number alone: most short, some over many rows, some
 * exactly as wide as one of the widths, some empty; long stretches without a wide character. */
static int
line_of(unsigned i, const struct glyph **out)
{
	static const unsigned exact[] = {33, 66, 80, 160, 200};
	uint64_t kept = seed;
	int n;

	seed = i * 0x9e3779b97f4a7c15u + 1;
	rnd(2);
	n = (int)(rnd(20) == 0	? 0
		  : rnd(8) == 0 ? exact[rnd(5)]
		  : rnd(6) == 0 ? rnd(LEN_MAX)
				: rnd(70));
	for (int k = 0; k < n; k++)
		out[k] = &glyphs[rnd(i / 700 % 2 || rnd(3) ? NARROW : ARRAY_LEN(glyphs))];
	if (n && out[n - 1]->text[0] == ' ')
		out[n - 1] = &glyphs[0];
	seed = kept;
	return n;
}

static void
print_line(struct term *t, unsigned i)
{
	const struct glyph *g[LEN_MAX];
	int n = line_of(i, g);
	struct buf b = {0};

	for (int k = 0; k < n; k++) {
		if ((i + (unsigned)k) % 37 == 0)
			buf_printf(&b, "\x1b[3%dm", k % 8);
		buf_puts(&b, g[k]->text);
	}
	buf_puts(&b, "\x1b[m\r\n");
	term_feed(t, b.data, b.len);
	buf_free(&b);
}

/* The visual row of a line that begins at a cell, at a width: its text, and the cell behind it.
 * False when no row begins there. */
static bool
expected(unsigned i, int cols, uint32_t cell, struct buf *text, uint32_t *end, bool *last)
{
	const struct glyph *g[LEN_MAX];
	int n = line_of(i, g), k = 0;
	uint32_t at = 0;

	do {
		int used = 0;

		text->len = 0;
		*end = at;
		while (k < n && used + g[k]->width <= cols) {
			used += g[k]->width;
			buf_puts(text, g[k++]->text);
		}
		*end = at + (uint32_t)used;
		*last = k == n;
		if (at == cell)
			return true;
		at = *end;
	} while (k < n);
	return false;
}

struct check {
	int cols;
	uint64_t next_line; /* of the history: its last line may go on on the screen */
	bool begun;
	uint64_t want_line;
	uint32_t want_cell;
	unsigned rows;
};

static void
on_row(void *ctx, const struct row *row, const struct tab *t, struct pin at)
{
	static struct buf got, want;
	struct check *c = ctx;
	uint32_t cps[CLUSTER_MAX], end;
	bool last;

	got.len = 0;
	for (int x = 0; x < row->len; x++) {
		int n = tab_cps(t, row->cells[x], cps);

		for (int i = 0; i < n; i++)
			buf_utf8(&got, cps[i]);
	}
	if (c->begun && (at.line != c->want_line || at.cell != c->want_cell))
		fail_msg("row %llu+%u where %llu+%u was due", (unsigned long long)at.line, at.cell,
			(unsigned long long)c->want_line, c->want_cell);
	if (!expected((unsigned)at.line, c->cols, at.cell, &want, &end, &last))
		fail_msg("no row of line %llu begins at %u", (unsigned long long)at.line, at.cell);
	if (at.line + 1 == c->next_line && got.len < want.len)
		want.len = got.len; /* the rest is on the screen */
	if (strcmp(buf_cstr(&got), buf_cstr(&want)) != 0)
		fail_msg("line %llu+%u at %d: [%s], not [%s]", (unsigned long long)at.line, at.cell,
			c->cols, got.data, want.data);
	c->begun = true;
	c->want_line = last ? at.line + 1 : at.line;
	c->want_cell = last ? 0 : end;
	c->rows++;
}

static void
look(struct term *t, int cols, uint64_t from, unsigned count)
{
	struct pagelist *h = term_pagelist(t);
	uint64_t rows = pagelist_rows(h, cols);
	struct check c = {.cols = cols, .next_line = pagelist_stats(h).next_line};

	pagelist_read(h, cols, from, count, on_row, &c);
	assert_int_equal(c.rows, MIN((uint64_t)count, rows > from ? rows - from : 0));
}

static void
spill(struct pagelist *h)
{
	struct pagelist_spill sp;

	while (pagelist_spill_next(h, 0, &sp)) {
		uint64_t off = disk.len;

		buf_put(&disk, sp.bytes, sp.len);
		assert_true(pagelist_spill_done(h, sp.uid, off));
	}
}

/* What goes on in the background between two looks. */
static void
meanwhile(struct arena *arena, struct term *t, unsigned *printed)
{
	struct pagelist *h = term_pagelist(t);

	switch (rnd(12)) {
	case 0:
		pagelist_seal_all(h);
		break;
	case 1:
		pagelist_seal_step(h);
		break;
	case 2:
		spill(h);
		break;
	case 3:
		term_park(t);
		break;
	case 4:
		pagelist_cache_drop(arena);
		break;
	default:
		for (unsigned n = rnd(12); n && *printed < 2 * LINES; n--)
			print_line(t, (*printed)++);
	}
}

/* From the newest row to the oldest and back, by wheel, page and jump. */
static void
scroll(struct arena *a, struct term *t, int cols, unsigned *printed)
{
	struct pagelist *h = term_pagelist(t);
	uint64_t at = pagelist_rows(h, cols);
	bool up = true;

	for (unsigned turns = 0; turns < 100000; turns++) {
		unsigned step = rnd(3) == 0 ? 3 : 24 + rnd(60);
		struct pin pin;

		look(t, cols, at, 24);
		if (up && !at)
			up = false;
		else if (!up && at + 24 >= pagelist_rows(h, cols))
			break;
		at = up ? at - MIN(at, step) : at + step;
		if (rnd(4))
			continue;
		/* what is looked at stays in view, by its line */
		pin = pagelist_pin(h, cols, at);
		assert_true(at >= pagelist_rows(h, cols) || pagelist_pin_row(h, cols, pin) == at);
		meanwhile(a, t, printed);
		at = pagelist_pin_row(h, cols, pin);
		if (at == UINT64_MAX)
			at = 0;
	}
	assert_false(up);
	look(t, cols, 0, UINT32_MAX);
	pagelist_check(h);
}

static void
scroll_all(int print_cols)
{
	static const int widths[] = {80, 200, 33};
	struct arena *a = arena_new(0);
	struct term *t = term_new(a, 3,
		&(struct term_config){.cols = print_cols,
			.rows = 24,
			.history = {.lines = LIMIT, .bytes = 1 << 26}});
	struct pagelist_file_ops ops = {.read = disk_read};
	unsigned printed = 0;

	disk.len = 0;
	pagelist_set_files(term_pagelist(t), &ops);
	while (printed < LINES)
		if (rnd(200))
			print_line(t, printed++);
		else
			meanwhile(a, t, &printed);
	for (size_t i = 0; i < ARRAY_LEN(widths); i++)
		scroll(a, t, widths[i], &printed);
	/* all kinds of storage were there */
	assert_true(pagelist_stats(term_pagelist(t)).first_line > 0);
	assert_true(pagelist_stats(term_pagelist(t)).spilled_bytes > 0);
	term_free(t);
	assert_int_equal(arena_stats(a).live, 0);
	arena_free(a);
}

static void
test_printed_at_80(void **state)
{
	(void)state;
	scroll_all(80);
}

static void
test_printed_at_200(void **state)
{
	(void)state;
	scroll_all(200);
}

static void
test_printed_at_33(void **state)
{
	(void)state;
	scroll_all(33);
}

/* Each line's time is that of the last word of it before the line, over checkpoints too; what is
 * printed over takes the later time. Of many stamps fewer are kept, never a wrong one. */
static void
test_lines_know_their_time(void **state)
{
	struct arena *a = arena_new(0);
	struct term *t = term_new(a, 3,
		&(struct term_config){
			.cols = 80, .rows = 24, .history = {.lines = 100000, .bytes = 1 << 26}});
	struct buf save = {0};
	struct rd in;

	(void)state;
	assert_int_equal(pagelist_line_time(term_pagelist(t), 0), 0);
	for (uint32_t i = 0; i < 1000; i++) {
		if (i % 10 == 0)
			term_stamp(t, 5000 + i);
		print_line(t, i);
		/* while it is on the screen, too */
		assert_int_equal(pagelist_line_time(term_pagelist(t), i), 5000 + i / 10 * 10);
	}
	term_feed(t, "\x1b[5A", 5);
	term_stamp(t, 9000);
	term_feed(t, "over\r\n", 6);
	assert_int_equal(pagelist_line_time(term_pagelist(t), 1000), 9000);
	assert_int_equal(pagelist_line_time(term_pagelist(t), 500), 5500);
	term_save(t, &save);
	pagelist_saved(term_pagelist(t));
	term_free(t);
	in = rd_init(save.data, save.len);
	t = term_restore(a, 3, &in);
	assert_non_null(t);
	assert_int_equal(pagelist_line_time(term_pagelist(t), 1000), 9000);
	assert_int_equal(pagelist_line_time(term_pagelist(t), 509), 5500);
	for (uint32_t i = 1000; i < 4000; i++) {
		term_stamp(t, 10000 + i);
		print_line(t, i);
	}
	for (uint32_t i = 1200; i < 3900; i++) {
		uint32_t at = pagelist_line_time(term_pagelist(t), i - 20);

		assert_true(at >= 5000 && at <= 10000 + i);
	}
	buf_free(&save);
	term_free(t);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_know_their_time),
		cmocka_unit_test(test_printed_at_80),
		cmocka_unit_test(test_printed_at_200),
		cmocka_unit_test(test_printed_at_33),
	};
	int bad = cmocka_run_group_tests(tests, NULL, NULL);

	buf_free(&disk);
	return bad;
}
