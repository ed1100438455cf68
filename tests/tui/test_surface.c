#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "tui/draw/surface.h"

static struct surface *
sheet(int cols, int rows)
{
	struct surface *s = surface_new(cols, rows);
	assert_non_null(s);
	surface_begin(s);
	return s;
}

static void
dump_is(struct surface *s, const char *want)
{
	struct buf b = {0};
	surface_compose(s);
	surface_dump(s, &b, false);
	assert_string_equal(buf_cstr(&b), want);
	buf_free(&b);
}

static void
text_is_clipped_by_grapheme(void **state)
{
	struct surface *s = sheet(8, 4);
	(void)state;
	assert_int_equal(surface_text(s, 0, 0, 99, "plain text", 0), 8);
	/* a wide one that does not fit whole is left out */
	assert_int_equal(surface_text(s, 1, 5, 99, "a日本", 0), 3);
	assert_int_equal(surface_text(s, 2, 5, 99, "ab日", 0), 2);
	/* joined and combined: one cluster each, as wide as the terminal takes it */
	assert_int_equal(surface_text(s, 3, 0, 4, "👩‍👩‍👧e\xcc\x81x!", 0), 4);
	dump_is(s, "plain te\n     a日\n     ab\n👩‍👩‍👧e\xcc\x81x\n");
	surface_free(s);
}

static void
controls_never_pass(void **state)
{
	struct surface *s = sheet(10, 1);
	(void)state;
	surface_text(s, 0, 0, 10, "a\x1b[2Jb\nc\xc2\x9b", 0);
	for (int x = 0; x < 10; x++) {
		struct surface_cell c;
		surface_compose(s);
		surface_cell(s, 0, x, &c);
		assert_true(!*c.text || (uint8_t)*c.text > 0x1f);
		assert_string_not_equal(c.text, "\xc2\x9b");
	}
	surface_free(s);
}

static void
layers_cover(void **state)
{
	struct surface *s = sheet(8, 3);
	struct style bold = {.attrs = ATTR_BOLD};
	uint16_t id = surface_style(s, &bold);
	(void)state;
	for (int y = 0; y < 3; y++)
		surface_text(s, y, 0, 8, "日日日日", 0);
	surface_layer(s, 1, 3, 1, 3);
	surface_text(s, 0, 0, 9, "x y z", id);
	/* the halves of what the layer cuts through become blanks */
	dump_is(s, "日日日日\n日 x y日\n日日日日\n");
	struct surface_cell c;
	surface_cell(s, 1, 3, &c);
	assert_int_equal(c.style, id);
	assert_int_equal(surface_style_get(s, c.style).attrs, ATTR_BOLD);
	/* the next frame starts blank */
	surface_begin(s);
	dump_is(s, "\n\n\n");
	surface_free(s);
}

static void
styles_are_interned(void **state)
{
	struct surface *s = sheet(4, 1);
	struct style a = {.fg = COLOR_RGB | 0x123456, .attrs = ATTR_ITALIC}, b = a, zero = {0};
	(void)state;
	assert_int_equal(surface_style(s, &zero), 0);
	assert_int_equal(surface_style(s, &a), surface_style(s, &b));
	b.bg = COLOR_INDEX | 7;
	assert_int_not_equal(surface_style(s, &a), surface_style(s, &b));
	/* ids beyond what ncurses calls a pair come back whole */
	uint16_t id = 0;
	for (uint32_t i = 0; i < 1000; i++) {
		struct style st = {.fg = COLOR_RGB | i};
		id = surface_style(s, &st);
	}
	surface_text(s, 0, 0, 4, "abcd", id);
	surface_compose(s);
	struct surface_cell c;
	surface_cell(s, 0, 2, &c);
	assert_int_equal(c.style, id);
	assert_int_equal(surface_style_get(s, c.style).fg, COLOR_RGB | 999);
	surface_free(s);
}

static void
sizes_come_and_go(void **state)
{
	struct surface *s = sheet(80, 24);
	(void)state;
	static const int size[][2] = {{1, 1}, {200, 60}, {3, 2}, {10, 2}};
	for (size_t i = 0; i < ARRAY_LEN(size); i++) {
		surface_resize(s, size[i][0], size[i][1]);
		surface_text(s, 0, 0, 999, "0123456789", 0);
		surface_fill(s, 1, 0, 9, 999, "─", 0);
		surface_compose(s);
		assert_int_equal(surface_cols(s), size[i][0]);
		assert_int_equal(surface_rows(s), size[i][1]);
	}
	dump_is(s, "0123456789\n──────────\n");
	int y, x;
	assert_false(surface_caret_at(s, &y, &x));
	surface_caret(s, 1, 4);
	assert_true(surface_caret_at(s, &y, &x));
	assert_int_equal(x, 4);
	surface_free(s);
}

static void
handler(int sig)
{
	(void)sig;
}

/* ncurses would take them over where nobody had yet */
static void
signals_stay(void **state)
{
	static const int sig[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
	struct sigaction before[4], after;
	(void)state;
	signal(SIGTERM, handler);
	for (size_t i = 0; i < ARRAY_LEN(sig); i++)
		sigaction(sig[i], NULL, &before[i]);
	struct surface *s = sheet(10, 2);
	for (size_t i = 0; i < ARRAY_LEN(sig); i++) {
		sigaction(sig[i], NULL, &after);
		assert_ptr_equal(before[i].sa_handler, after.sa_handler);
	}
	surface_free(s);
	signal(SIGTERM, SIG_DFL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_clipped_by_grapheme),
		cmocka_unit_test(controls_never_pass),
		cmocka_unit_test(layers_cover),
		cmocka_unit_test(styles_are_interned),
		cmocka_unit_test(sizes_come_and_go),
		cmocka_unit_test(signals_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
