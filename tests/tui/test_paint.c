/* A frame as the terminal gets it: the sheet, a session's screen in its place, dialogs over both;
 * and the sentences of --plain. */
#include "core/paint/frame.h"
#include "fixture.h"
#include <math.h>
#include "tui/app/preview.h"
#include "core/page/page.h"
#include "core/page/tab.h"
#include "tui/draw/paint.h"
#include "tui/run/sentences.h"

static void
canvas_dump(const struct canvas *c, struct buf *out)
{
	struct grid g = canvas_grid(c);
	uint32_t cps[CLUSTER_MAX];
	for (int y = 0; y < g.rows; y++) {
		size_t end = out->len;
		for (int x = 0; x < g.row[y]->len; x++) {
			cell_t cell = g.row[y]->cells[x];
			if ((cell & CELL_KIND_MASK) == CELL_TAIL)
				continue;
			int n = tab_cps(g.tab, cell, cps);
			for (int i = 0; i < n; i++)
				buf_utf8(out, cps[i]);
			if (n && cps[0] != ' ')
				end = out->len;
			else if (!n)
				buf_putc(out, ' ');
		}
		out->len = end;
		buf_putc(out, '\n');
	}
}

/* What is drawn arrives cell for cell. */
static void
sheet_arrives(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	struct arena *arena = arena_new(1 << 24);
	struct canvas *c = canvas_new(arena, 1, 100, 30);
	struct buf want = {0}, got = {0};
	static const char *const keys[] = {"", "R", "n", "Escape", "X", "Escape", "?"};
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		press(a, keys[i]);
		app_draw(a);
		want.len = got.len = 0;
		surface_dump(a->d.s, &want, false);
		paint_surface(c, a->d.s, true);
		canvas_dump(c, &got);
		assert_string_equal(buf_cstr(&got), buf_cstr(&want));
		struct grid g = canvas_grid(c);
		for (int y = 0; y < 30; y++)
			for (int x = 0; x < g.row[y]->len; x++) {
				struct surface_cell cell;
				surface_cell(a->d.s, y, x, &cell);
				struct style p = surface_style_get(a->d.s, cell.style);
				struct style q =
					tab_style_get(g.tab, cell_style(g.row[y]->cells[x]));
				assert_int_equal(p.fg, q.fg);
				assert_int_equal(p.bg, q.bg);
				assert_int_equal(p.attrs, q.attrs);
			}
	}
	buf_free(&want);
	buf_free(&got);
	canvas_free(c);
	app_free(a);
	arena_free(arena);
}

/* A frame of a session's screen, as the server sends it. */
static void
send_frame(struct app *a, struct pane *p, const struct canvas *screen)
{
	struct frame_view *v = frame_view_new();
	struct grid g = canvas_grid(screen);
	struct buf b = {0};
	assert_true(frame_encode(v, &g, &b));
	app_frame(a, p->view, b.data, b.len);
	buf_free(&b);
	frame_view_free(v);
}

static void
painted(struct app *a, struct buf *got)
{
	struct grid g;
	got->len = 0;
	assert_true(app_paint(a, &g));
	app_check(a);
	canvas_dump(a->canvas, got);
}

static void
preview_lies_in_its_place(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	struct arena *arena = arena_new(1 << 24);
	struct canvas *screen = canvas_new(arena, 2, 120, 40);
	struct buf got = {0};
	for (int y = 0; y < 20; y++) {
		char line[32];
		snprintf(line, sizeof line, "row %d 日本", y);
		canvas_text(screen, y, 0, 120, line, NULL);
	}
	painted(a, &got);
	send_frame(a, a->preview_pane, screen);
	painted(a, &got);
	/* its last rows with something on them, at the bottom of the place */
	assert_non_null(strstr(buf_cstr(&got), "\n row 19 日本\n"));
	assert_null(strstr(buf_cstr(&got), "row 3 "));
	assert_non_null(strstr(buf_cstr(&got), "docs-i18n"));
	press(a, "X"); /* the question lies over both */
	painted(a, &got);
	assert_non_null(strstr(buf_cstr(&got), "Cancel"));
	assert_non_null(strstr(buf_cstr(&got), "\n row 19 日本"));
	press(a, "Escape Space");
	app_draw(a);
	assert_true(a->preview.whole);
	struct grid g = canvas_grid(screen);
	struct preview_place at = {.h = 40, .w = 100, .whole = true};
	assert_int_equal(paint_window(&at, &g, NULL).sy, 0);
	at.h = 10;
	assert_int_equal(paint_window(&at, &g, NULL).sy, 10);
	buf_free(&got);
	canvas_free(screen);
	app_free(a);
	arena_free(arena);
}

static void
plain_sentences(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	struct buf b = {0};
	sentences_list(&b, &a->m, NOW);
	const char *text = buf_cstr(&b);
	assert_non_null(strstr(text, "23 sessions, 19 running, 10.8G in all.\n2 need you:\n"));
	assert_non_null(
		strstr(text, "2. api-refactor, permission for 4m, 612M: Bash: npm run migrate.\n"));
	assert_non_null(
		strstr(text, "old-spike, done for 2d 4h, 1.9G, grows +220 MB an hour, can sleep"));
	assert_null(strchr(text, 27));
	b.len = 0;
	struct msess *s = model_find(&a->m, "a1");
	struct was_so was = {MS_RUNNING, ACT_WORKING}, same = {MS_RUNNING, ACT_PERMISSION};
	sentences_change(&b, &was, s);
	assert_string_equal(
		buf_cstr(&b), "api-refactor needs you, permission: Bash: npm run migrate.\n");
	b.len = 0;
	sentences_change(&b, &same, s); /* nothing to say */
	assert_int_equal(b.len, 0);
	sentences_change(&b, NULL, s);
	assert_string_equal(buf_cstr(&b), "api-refactor started.\n");
	buf_free(&b);
	app_free(a);
}

/* Cell for cell with its style. */
static void
picture(struct app *a, struct buf *out)
{
	struct grid g = canvas_grid(a->canvas);
	out->len = 0;
	canvas_dump(a->canvas, out);
	for (int y = 0; y < g.rows; y++)
		for (int x = 0; x < g.row[y]->len; x++) {
			struct style st = tab_style_get(g.tab, cell_style(g.row[y]->cells[x]));
			if (st.fg != COLOR_DEFAULT || st.bg != COLOR_DEFAULT || st.attrs)
				buf_printf(out, "%d,%d %x %x %x\n", y, x, st.fg, st.bg, st.attrs);
		}
}

/* Only what changed is painted: the picture is that of one painted as a whole, whatever was before. */
static void
parts_make_the_whole(void **state)
{
	static const char *const keys[] = {"j", "j j", "k", "w", "w", "+", "-", "l", "h", "X",
		"Escape", "?", "Escape", "/ 'docs'", "Escape Escape", "b", "Space", "Escape", "R",
		"Escape", "G", "g", "v", "o", ":", "Escape", "t", "G h", "l", "j j j h"};
	static const int sizes[][2] = {{200, 50}, {100, 30}, {80, 24}, {270, 60}, {40, 10}};
	(void)state;
	struct app *a = fixture_app(200, 50, 23);
	struct arena *arena = arena_new(1 << 26);
	struct canvas *screen = canvas_new(arena, 2, 120, 40);
	struct buf got = {0}, want = {0};
	struct grid g;
	unsigned seed = 7;
	for (int i = 0; i < 600; i++) {
		char line[64];
		seed = seed * 1103515245u + 12345u;
		unsigned what = seed >> 16;
		if (what % 5 == 0) {
			json_t *o = fixture_json(&fixture[what / 5 % 19]);
			snprintf(line, sizeof line, "line %d \u65e5\u672c", i);
			json_object_set_new(o, "last_line", json_string(line));
			json_t *ev = json_pack("{s:s, s:o}", "ev", "session", "session", o);
			app_event(a, ev);
			json_decref(ev);
		} else if (what % 5 < 3) {
			struct tile *t = &a->tiles[what / 5 % TILES_MAX];
			snprintf(line, sizeof line, "screen %d \u6f22", i);
			canvas_resize(screen, 60 + i % 3 * 30, 20 + i % 2 * 20);
			canvas_text(screen, (int)(what / 5 % 20), 0, 60, line, NULL);
			if (t->pane && t->pane->view)
				send_frame(a, t->pane, screen);
		} else if (what % 17 == 0) {
			const int *to = sizes[what / 17 % ARRAY_LEN(sizes)];
			app_resize(a, to[0], to[1]);
		} else {
			press(a, keys[what / 5 % ARRAY_LEN(keys)]);
		}
		a->now += what % 3 ? 0.05 : 1.5;
		assert_true(app_paint(a, &g));
		app_check(a);
		if (preview_due(a) < INFINITY)
			continue; /* a frame that came waits for its turn */
		picture(a, &got);
		a->dirty = true;
		a->drawn = false;
		assert_true(app_paint(a, &g));
		picture(a, &want);
		if (strcmp(buf_cstr(&got), buf_cstr(&want)) != 0)
			fail_msg("step %d\n%s\nis not\n%s", i, buf_cstr(&got), buf_cstr(&want));
	}
	buf_free(&got);
	buf_free(&want);
	canvas_free(screen);
	app_free(a);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_make_the_whole),
		cmocka_unit_test(sheet_arrives),
		cmocka_unit_test(preview_lies_in_its_place),
		cmocka_unit_test(plain_sentences),
	};
	(void)click;
	(void)answer;
	(void)last_asked;
	(void)screen_is;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
