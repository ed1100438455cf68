/* The renderer: what it writes, fed to a fresh terminal, shows the same; and it writes little. */
#include "core/paint/frame.h"
#include "core/paint/render.h"
#include "tests/core/grid_kit.h"

#include "core/term/term.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static const struct render_caps full = {
	.sync = true,
	.truecolor = true,
	.links = true,
	.styled_underline = true,
	.overline = true,
};

static struct term *
outer_term(int cols, int rows)
{
	struct term_config cfg = {.cols = cols, .rows = rows};
	struct term *t = term_new(arena, 9, &cfg);
	/* as tui/term/outer.c leaves a terminal: no autowrap */
	term_feed(t, "\033[?1049h\033[?7l", 13);
	return t;
}

static void
assert_same_look(struct grid want, struct grid got, const char *what)
{
	char *a = say_grid(&want), *b = say_grid(&got);
	if (strcmp(a, b)) {
		size_t i = 0;
		while (a[i] == b[i])
			i++;
		size_t from = i > 60 ? i - 60 : 0;
		fail_msg("%s: want …%.160s\n got …%.160s", what, a + from, b + from);
	}
	free(a);
	free(b);
}

static void
assert_shows(const struct term *t, const struct canvas *c, const char *what)
{
	assert_same_look(canvas_grid(c), term_grid(t), what);
}

static size_t
fresh_length(const struct canvas *c, const struct render_caps *caps)
{
	struct render *r = render_new(arena, 1, caps);
	struct grid g = canvas_grid(c);
	struct buf b = {0};
	render_frame(r, &g, &b);
	size_t n = b.len;
	buf_free(&b);
	render_free(r);
	return n;
}

static void
live(uint32_t seed, const struct render_caps *caps)
{
	struct dice d = {seed * 2654435761u};
	int cols = 2 + (int)dice(&d, 70), rows = 1 + (int)dice(&d, 24);
	struct canvas *c = canvas_new(arena, 1, cols, rows);
	struct render *r = render_new(arena, 1, caps);
	struct term *t = outer_term(cols, rows);
	for (int step = 0; step < 60; step++) {
		struct buf b = {0};
		char what[64];
		if (step)
			dice_step(&d, c);
		struct grid g = canvas_grid(c);
		render_frame(r, &g, &b);
		term_feed(t, b.data, b.len);
		snprintf(what, sizeof(what), "seed %u step %d", seed, step);
		assert_shows(t, c, what);
		assert_true(b.len <= fresh_length(c, caps));
		b.len = 0;
		render_frame(r, &g, &b);
#ifndef MUSTER_TORTURE /* tables that small are collected, and all is painted, each time */
		assert_int_equal(b.len, 0);
#endif
		buf_free(&b);
	}
	term_free(t);
	render_free(r);
	canvas_free(c);
}

static void
another_terminal_shows_the_same(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 40; seed++)
		live(seed, &full);
}

/* Two renderers take turns at one terminal: each goes on from what the other left, whatever its own
 * last frame was, and never repaints for it. */
static void
one_takes_over_from_another(void **state)
{
	(void)state;
	for (uint32_t seed = 200; seed <= 220; seed++) {
		struct dice d = {seed * 2654435761u};
		struct render *r[2] = {render_new(arena, 1, &full), render_new(arena, 2, &full)};
		struct canvas *c = canvas_new(arena, 1, 40, 12);
		struct term *t = outer_term(40, 12);
		for (int step = 0, at = 0; step < 80; step++) {
			struct buf b = {0};
			struct grid g = canvas_grid(c);
			char what[64];
			if (step % 7 == 3) {
				at = !at;
				render_adopt(r[at], &g, &b);
				term_feed(t, b.data, b.len);
				b.len = 0;
			}
			if (step % 7 != 3 && step)
				dice_step(&d, c);
			g = canvas_grid(c);
			render_frame(r[at], &g, &b);
			if (step % 7 == 3)
				assert_null(memmem(b.data, b.len, "\033[2J", 4));
			term_feed(t, b.data, b.len);
			snprintf(what, sizeof(what), "seed %u step %d", seed, step);
			assert_shows(t, c, what);
			buf_free(&b);
		}
		term_free(t);
		canvas_free(c);
		render_free(r[0]);
		render_free(r[1]);
	}
}

static void
without_sync_too(void **state)
{
	(void)state;
	struct render_caps caps = full;
	caps.sync = false;
	for (uint32_t seed = 100; seed <= 110; seed++)
		live(seed, &caps);
}

struct screen {
	struct canvas *c;
	struct render *r;
	struct term *t;
	struct buf b;
};

static struct screen
screen_new(int cols, int rows, const struct render_caps *caps)
{
	struct screen s = {canvas_new(arena, 1, cols, rows), render_new(arena, 1, caps),
		outer_term(cols, rows), {0}};
	return s;
}

static const char *
screen_frame(struct screen *s)
{
	struct grid g = canvas_grid(s->c);
	s->b.len = 0;
	render_frame(s->r, &g, &s->b);
	term_feed(s->t, s->b.data, s->b.len);
	return buf_cstr(&s->b);
}

static void
screen_free(struct screen *s)
{
	canvas_free(s->c);
	render_free(s->r);
	term_free(s->t);
	buf_free(&s->b);
}

static void
fill(struct canvas *c, int rows)
{
	char line[80];
	for (int y = 0; y < rows; y++) {
		snprintf(line, sizeof(line), "row %d holds some words that differ: %d %x", y,
			y * 7919, y * y);
		canvas_text(c, y, 0, 80, line, NULL);
	}
}

static void
one_key_costs_a_few_bytes(void **state)
{
	(void)state;
	struct screen s = screen_new(80, 24, &full);
	fill(s.c, 24);
	canvas_set_cursor(s.c, 23, 60, true, CURSOR_BLOCK);
	screen_frame(&s);
	canvas_text(s.c, 23, 60, 1, "k", NULL);
	canvas_set_cursor(s.c, 23, 61, true, CURSOR_BLOCK);
	assert_string_equal(screen_frame(&s), "\033[?2026hk\033[?2026l");
	canvas_set_cursor(s.c, 23, 60, true, CURSOR_BLOCK);
	assert_string_equal(screen_frame(&s), "\033[?2026h\b\033[?2026l");
	assert_string_equal(screen_frame(&s), "");
	screen_free(&s);
}

static void
scrolling_is_seen(void **state)
{
	(void)state;
	struct screen s = screen_new(80, 24, &full);
	fill(s.c, 24);
	screen_frame(&s);
	canvas_scroll(s.c, 0, 24, 1);
	canvas_text(s.c, 23, 0, 80, "at the end", NULL);
	screen_frame(&s);
	assert_true(s.b.len < 50);
	assert_non_null(strstr((char *)s.b.data, "\033[S"));
	assert_shows(s.t, s.c, "scroll");
	canvas_scroll(s.c, 2, 20, -2);
	canvas_text(s.c, 2, 0, 80, "in between", NULL);
	screen_frame(&s);
	assert_true(s.b.len < 80);
	assert_non_null(strstr((char *)s.b.data, "\033[3;20r"));
	assert_shows(s.t, s.c, "scroll down in a region");
	screen_free(&s);
}

static void
blank_tails_are_erased(void **state)
{
	(void)state;
	struct screen s = screen_new(80, 4, &full);
	fill(s.c, 4);
	screen_frame(&s);
	struct row *r = canvas_row(s.c, 1);
	r->len = 10;
	screen_frame(&s);
	assert_true(s.b.len < 32);
	assert_non_null(strstr((char *)s.b.data, "\033[K"));
	assert_shows(s.t, s.c, "tail");
	screen_free(&s);
}

/* After what terminals draw in different widths the cursor's place is said anew. */
static void
doubtful_widths_are_fenced(void **state)
{
	(void)state;
	static const char *const doubtful[] = {
		"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
		"\xe2\x9d\xa4\xef\xb8\x8f",
		"1\xef\xb8\x8f\xe2\x83\xa3",
		"\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd",
		"\xf0\x9f\xab\xa9",
	};
	for (size_t i = 0; i < ARRAY_LEN(doubtful); i++) {
		struct screen s = screen_new(40, 2, &full);
		canvas_text(s.c, 0, 0, 40, doubtful[i], NULL);
		canvas_text(s.c, 0, 2, 40, "after", NULL);
		const char *out = screen_frame(&s), *at = strstr(out, doubtful[i]);
		assert_non_null(at);
		const char *then = strstr(at, "\033[1;3H"), *after = strstr(at, "after");
		assert_true(then && after && then < after);
		/* in between at most what might have been drawn too wide is blanked */
		assert_int_equal(strspn(then + 6, " \b"), after - then - 6);
		screen_free(&s);
	}
	struct screen s = screen_new(40, 2, &full); /* but all agree on these */
	canvas_text(s.c, 0, 0, 40, "\xe4\xb8\xad\xed\x95\x9c!", NULL);
	assert_non_null(strstr(screen_frame(&s), "\xe4\xb8\xad\xed\x95\x9c!"));
	screen_free(&s);
}

/* What would go to the cell on its left, were it printed right behind, has a cell of its own when
 * the program had moved before it; drawn at once or after the rest. "|": a frame is drawn here. */
static void
neighbours_are_not_glued(void **state)
{
	(void)state;
	static const char *const programs[] = {
		/* a spacing mark behind what was never written, and behind what it cut in half */
		"\033[2G|\xe0\xa4\xbf",
		"\xef\xbf\xbd\xe0\xa4\xbf|\b\xe0\xa4\xbf",
		/* behind a letter, which changes; within a cluster and beside it */
		"k \b|\xe0\xa4\xbf|\r|m",
		"\xe0\xa4\x95\xe0\xa4\xbf|\xe0\xa4\x95 \b\xe0\xa4\xbf",
		/* behind a coloured blank, two of them; at the edge */
		"\033[44m  \b|\xe0\xb8\xb3\xe0\xb8\xb3",
		"\033[12G\b\bq \b|\xe0\xa4\x83",
		/* pictures whose joiner is the left one's; halves of a flag; parts of a syllable */
		"\xe2\x9d\xa4\xe2\x80\x8d \b|\xc2\xa9",
		"\xf0\x9f\x87\xa9 \b|\xf0\x9f\x87\xaa",
		"\xe1\x84\x80 \b|\xe1\x84\x80",
		/* behind a sign of the kind that takes in whatever follows, blanks too */
		"\xd8\x82|\033[2G|86",
		"\xd8\x82|\033[44m\033[3Gx\b\b\033[X",
		"\xd8\x82\033[3Gx\033[2G|\033[7m5",
		/* a consonant behind a linker that was left alone */
		"\xe0\xa4\x95\xe0\xa5\x8d \b|\xe0\xa4\xb7",
	};
	for (size_t i = 0; i < 2 * ARRAY_LEN(programs); i++) {
		struct term_config cfg = {.cols = 12, .rows = 2};
		struct term *child = term_new(arena, 1, &cfg);
		struct screen s = screen_new(12, 2, &full);
		const char *from = programs[i / 2], *bar;
		char what[32];
		snprintf(what, sizeof(what), "program %zu, %s", i / 2,
			i % 2 ? "drawn at once" : "in parts");
		do {
			bar = strchr(from, '|');
			term_feed(child, from, bar ? (size_t)(bar - from) : strlen(from));
			from = bar + 1;
			if (bar && i % 2)
				continue;
			struct grid g = term_grid(child);
			s.b.len = 0;
			render_frame(s.r, &g, &s.b);
			term_feed(s.t, s.b.data, s.b.len);
			assert_same_look(g, term_grid(s.t), what);
		} while (bar);
		screen_free(&s);
		term_free(child);
	}
}

/* Terminals that look at the cell on the left, however the cursor came there, are told that it
 * ends. */
static void
what_would_take_in_its_neighbour_is_closed(void **state)
{
	(void)state;
	static const char *const open[] = {"\xd8\x82", "\xf0\x9f\x87\xa9", "\xe1\x84\x80",
		"\xe2\x9d\xa4\xe2\x80\x8d", "\xe0\xa4\x95\xe0\xa5\x8d"};
	static const char *const closed[] = {"\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa", "\xea\xb0\x80",
		"e\xcc\x81", "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", "\xe0\xa4\xb7"};
	for (size_t i = 0; i < ARRAY_LEN(open) + ARRAY_LEN(closed); i++) {
		bool is_open = i < ARRAY_LEN(open);
		const char *text = is_open ? open[i] : closed[i - ARRAY_LEN(open)];
		struct screen s = screen_new(20, 1, &full);
		int w = canvas_text(s.c, 0, 2, 18, text, &(struct style){0});
		canvas_text(s.c, 0, 2 + w, 18 - w, "x", &(struct style){0});
		const char *at = strstr(screen_frame(&s), text);
		assert_non_null(at);
		assert_int_equal(!strncmp(at + strlen(text), "\xe2\x80\x8c", 3), is_open);
		assert_shows(s.t, s.c, text);
		screen_free(&s);
	}
}

/* tmux and others drop a sequence that is too long for them, and the style with it. */
static void
no_sequence_is_too_long(void **state)
{
	(void)state;
	struct screen s = screen_new(20, 1, &full);
	struct style all = {.fg = COLOR_RGB | 0xc8c9ca,
		.bg = COLOR_RGB | 0xd2d3d4,
		.ul = COLOR_RGB | 0xdcddde,
		.attrs = 0xff | UL_CURLY << ATTR_UL_SHIFT};
	canvas_text(s.c, 0, 0, 20, "x", &all);
	for (const char *p = screen_frame(&s); (p = strstr(p, "\033[")); p += 2)
		assert_in_range(strcspn(p + 2, "mHJhqr"), 0, 63);
	assert_shows(s.t, s.c, "all there is of style");
	screen_free(&s);
}

static void
nothing_but_text_gets_out(void **state)
{
	(void)state;
	static const char *const uris[] = {"javascript:alert(1)", "https://x\033]0;t\007",
		"file://far.host/x", "data:text/html,x", "HTTPS://ok.example/", "file:///tmp/ok",
		"file://localhost/ok", "http://ok/"};
	struct screen s = screen_new(40, 10, &full);
	for (int i = 0; i < 8; i++) {
		struct row *r = canvas_row(s.c, i);
		uint16_t link = tab_link(canvas_tab(s.c), "i", 1, uris[i], strlen(uris[i]));
		r->cells[0] = 'L' | (cell_t)link << CELL_LINK_SHIFT;
		r->len = 1;
	}
	struct row *r = canvas_row(s.c, 9);
	const uint32_t bad[] = {0x1b, 0x9b, 0x07, 0x7f, 0xd800, 0x85};
	for (int i = 0; i < 6; i++)
		r->cells[i] = bad[i];
	uint32_t cluster[] = {'a', 0x1b, 0x301};
	r->cells[6] = tab_cluster(canvas_tab(s.c), cluster, 3);
	r->len = 7;
	const char *out = screen_frame(&s);
	assert_null(strstr(out, "javascript"));
	assert_null(strstr(out, "]0;"));
	assert_null(strstr(out, "far.host"));
	assert_null(strstr(out, "data:"));
	assert_non_null(strstr(out, "HTTPS://ok.example/"));
	assert_non_null(strstr(out, "file:///tmp/ok"));
	assert_non_null(strstr(out, "file://localhost/ok"));
	assert_non_null(strstr(out, "a\xcc\x81"));
	for (const char *p = out; *p; p++) {
		assert_true(*p != 0x07 && *p != 0x7f);
		if (*p == '\033')
			assert_true(p[1] == '[' || p[1] == ']' || p[1] == '\\');
		if (*p == '\xc2')
			assert_true((uint8_t)p[1] >= 0xa0);
	}
	screen_free(&s);
}

static void
poorer_terminals_get_what_they_have(void **state)
{
	(void)state;
	struct render_caps caps = {0};
	struct style s = {.fg = COLOR_RGB | 0xff0000,
		.bg = COLOR_RGB | 0x808080,
		.ul = COLOR_INDEX | 3,
		.attrs = ATTR_BOLD | UL_CURLY << ATTR_UL_SHIFT};
	struct screen plain = screen_new(20, 1, &caps);
	canvas_text(plain.c, 0, 0, 20, "x", &s);
	assert_non_null(strstr(screen_frame(&plain), "\033[1;4;38;5;196;48;5;244mx"));
	screen_free(&plain);
	caps.no_color = true;
	caps.ascii = true;
	struct screen bare = screen_new(20, 1, &caps);
	canvas_text(bare.c, 0, 0, 20, "\xe2\x94\x82\xe2\x97\x8f\xe4\xb8\xadz", &s);
	assert_non_null(strstr(screen_frame(&bare), "\033[1;4m|*? z"));
	screen_free(&bare);
}

static void
frames_start_anew_after_invalidation_and_resize(void **state)
{
	(void)state;
	struct screen s = screen_new(80, 24, &full);
	fill(s.c, 24);
	screen_frame(&s);
	term_feed(s.t, "\033[Hgarbage by someone else\033[7;31m", 33);
	render_invalidate(s.r);
	screen_frame(&s);
	assert_shows(s.t, s.c, "invalidated");
	canvas_resize(s.c, 60, 20);
	term_resize(s.t, 60, 20);
	screen_frame(&s);
	assert_shows(s.t, s.c, "resized");
	screen_free(&s);
}

/* DECDWL and DECDHL, through frames too: any terminal can show wide-set text. */
static void
rows_of_double_width_are_drawn_wide_set(void **state)
{
	(void)state;
	struct term_config cfg = {.cols = 12, .rows = 3};
	struct term *session = term_new(arena, 1, &cfg);
	struct screen s = screen_new(12, 3, &full);
	struct frame_view *view = frame_view_new();
	static const struct {
		const char *bytes, *shows;
		int row, col;
	} steps[] = {{"ab\033#6c", "a b c", 0, 6}, {"\033#5", "abc", 0, 3},
		{"\033#3\033[7m\346\227\245de", "a b c \346\227\245  d\ne", 1, 1},
		{"\033#4", "a b c \346\227\245  d\ne", 1, 2}};
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct buf b = {0}, text = {0};
		term_feed(session, steps[i].bytes, strlen(steps[i].bytes));
		struct grid g = term_grid(session);
		assert_true(frame_encode(view, &g, &b));
		assert_int_equal(frame_apply(s.c, b.data, b.len), 0);
		screen_frame(&s);
		term_text(s.t, &text);
		while (text.len && text.data[text.len - 1] == '\n')
			text.len--;
		assert_string_equal(buf_cstr(&text), steps[i].shows);
		struct grid shown = term_grid(s.t);
		assert_int_equal(shown.cursor.row, steps[i].row);
		assert_int_equal(shown.cursor.col, steps[i].col);
		buf_free(&b);
		buf_free(&text);
	}
	frame_view_free(view);
	screen_free(&s);
	term_free(session);
}

/* DECSCNM: what a program has reversed looks so on any terminal, through frames too. */
static void
a_reversed_screen_is_drawn_inverse(void **state)
{
	(void)state;
	struct term_config cfg = {.cols = 6, .rows = 2};
	struct term *session = term_new(arena, 1, &cfg);
	struct screen s = screen_new(6, 2, &full);
	struct frame_view *view = frame_view_new();
	static const char *const steps[] = {"a\033[7mb", "\033[?5h", "c", "\033[?5l"};
	static const bool reversed[] = {false, true, true, false};
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct buf b = {0};
		term_feed(session, steps[i], strlen(steps[i]));
		struct grid g = term_grid(session);
		assert_true(frame_encode(view, &g, &b));
		assert_int_equal(frame_apply(s.c, b.data, b.len), 0);
		buf_free(&b);
		screen_frame(&s);
		struct grid shown = term_grid(s.t);
		for (int x = 0; x < 6; x++) {
			const struct row *r = shown.row[x ? 0 : 1];
			cell_t c = x < r->len ? r->cells[x] : 0;
			bool inverse = tab_style_get(shown.tab, cell_style(c)).attrs & ATTR_INVERSE;
			bool own = x == 1 || (x == 2 && i >= 2);
			assert_int_equal(inverse, own != reversed[i]);
		}
	}
	frame_view_free(view);
	screen_free(&s);
	term_free(session);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_terminal_shows_the_same),
		cmocka_unit_test(one_takes_over_from_another),
		cmocka_unit_test(without_sync_too),
		cmocka_unit_test(rows_of_double_width_are_drawn_wide_set),
		cmocka_unit_test(a_reversed_screen_is_drawn_inverse),
		cmocka_unit_test(one_key_costs_a_few_bytes),
		cmocka_unit_test(scrolling_is_seen),
		cmocka_unit_test(blank_tails_are_erased),
		cmocka_unit_test(doubtful_widths_are_fenced),
		cmocka_unit_test(neighbours_are_not_glued),
		cmocka_unit_test(what_would_take_in_its_neighbour_is_closed),
		cmocka_unit_test(no_sequence_is_too_long),
		cmocka_unit_test(nothing_but_text_gets_out),
		cmocka_unit_test(poorer_terminals_get_what_they_have),
		cmocka_unit_test(frames_start_anew_after_invalidation_and_resize),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
