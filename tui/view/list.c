#include "tui/view/list.h"
#include "tui/view/actions.h"
#include "core/text/width.h"
#include "tui/model/list_plan.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
footer(struct app *a, const struct list_state *st, char *left, size_t cap)
{
	const struct model_sums sum = *list_sums(a);
	size_t marked = 0;
	for (size_t i = 0; i < a->m.n; i++)
		marked += a->m.all[i]->marked;
	if (marked)
		snprintf(left, cap, "%zu marked: z puts them to sleep, X ends them; esc unmarks",
			marked);
	else if (st->wall)
		snprintf(left, cap, "%d of %zu; + and - show more or fewer; w: the list",
			st->tiles_shown, sum.running);
	else if (a->m.filter[0] && !st->filtering)
		snprintf(left, cap, "%zu of %zu match \"%s\"; esc shows all", a->m.n_shown, a->m.n,
			a->m.filter);
	else if (sum.running == 0 || !a->connected) /* what runs is not known */
		snprintf(left, cap, "q quits");
	else if (sum.running == 1)
		snprintf(left, cap, "q quits; the session keeps running");
	else
		snprintf(left, cap, "q quits; all %zu sessions keep running", sum.running);
}

static void
filter_line(struct app *a, struct list_state *st)
{
	int h = surface_rows(a->d.s), w = surface_cols(a->d.s), y = h - 1;
	char note[64];
	surface_fill(a->d.s, y, 0, 1, w, " ", draw_style(&a->d, TH_TEXT));
	snprintf(note, sizeof note, "%zu of %zu   enter keeps  esc clears", a->m.n_shown, a->m.n);
	int n = w > 60 ? draw_right(&a->d, y, w - 1, w, TH_DIM, note) + 3 : 1;
	draw_text(&a->d, y, 1, 2, TH_KEY, "/ ");
	draw_line(&a->d, &st->filter, y, 3, w - 3 - n, true, "name, directory, state, text");
}

/* Beside each other: the list takes what its columns need, down to what it is not read without; the
 * rest is for the selected session's own width, from 200 columns for several of them, and from 260
 * what is known of it has a column of its own. */
static void
side_draw(struct app *a, struct list_state *st, int y, int h, int w)
{
	enum { LEAST = 77, ASIDE = 58, WALL_FROM = 200, ASIDE_FROM = 260 };
	const struct msess *s = model_selected(&a->m);
	int aside = w >= ASIDE_FROM ? ASIDE : 0, most = rows_width(a);
	int least = MIN(MAX(LEAST, w * 45 / 100), most);
	int list_w = CLAMP(w - aside - (s ? s->cols : 80) - 3, least, most);
	list_w = MIN(list_w, w - 42);
	int x = list_w + 1, tiles_w = w - x - (aside ? aside + 1 : 0);
	const char *bar = a->d.theme.glyph[GL_V];
	surface_fill(a->d.s, y, list_w, h, 1, bar, draw_style(&a->d, TH_RULE));
	rows_draw(a, y, h, list_w, true);
	if (w >= WALL_FROM && a->layout != LAYOUT_SIDE)
		wall_draw(a, st, y, x, h, tiles_w);
	else
		preview_draw(a, st, y, x, h, tiles_w);
	if (aside) {
		surface_fill(a->d.s, y, w - aside - 1, h, 1, bar, draw_style(&a->d, TH_RULE));
		aside_draw(a, st, y, w - aside, h, aside);
	}
}

static void
list_body(struct app *a, struct list_state *st, int y, int foot)
{
	int w = surface_cols(a->d.s), h = foot - y;
	enum ui_layout layout = a->layout;
	if (st->wall && a->m.n_shown > 0) {
		wall_draw(a, st, y, 0, h, w);
		return;
	}
	if (layout == LAYOUT_AUTO || layout == LAYOUT_WALL)
		layout = w >= 140 ? LAYOUT_SIDE : LAYOUT_STACKED;
	if (w < 80 || surface_rows(a->d.s) < 20 || layout == LAYOUT_LIST) {
		rows_draw(a, y, h, w, false);
		return;
	}
	if (layout == LAYOUT_SIDE) {
		side_draw(a, st, y, h, w);
		return;
	}
	/* what is asked stands in the list; the preview gives way for it */
	bool asks = w < 100;
	int most = MIN(MAX(h * 11 / 20, h - 30) + (asks ? (int)a->m.n_needs : 0), h - 5);
	int wanted = 1 + (int)(list_lines(&a->m, asks) + a->m.n_sections);
	int list_h = CLAMP(wanted, 8, most);
	rows_draw(a, y, list_h, w, false);
	preview_draw(a, st, y + list_h, 0, h - list_h, w);
}

/* "sort: memory  by project  2 archived (a)" */
static void
order_text(const struct app *a, char *out, size_t cap)
{
	static const char *const sorts[] = {"needs you", "memory", "idle", "growth", "name"};
	static const char *const by[] = {"", "  by project", "  by tag"};
	char put_away[40] = "";
	size_t n = a->m.show_ended ? 0 : model_archived(&a->m);
	if (n)
		snprintf(put_away, sizeof put_away, "%zu archived (a)  ", n);
	snprintf(out, cap, "%ssort: %s%s", put_away, sorts[a->m.sort], by[a->m.by]);
}

static bool
first_run(const struct app *a, const struct list_state *st)
{
	return a->m.loaded && a->m.n_shown == 0 && !a->m.filter[0] && !st->filtering;
}

static void
list_draw(struct app *a, void *p)
{
	struct list_state *st = p;
	char left[160], right[80];
	if (first_run(a, st)) {
		first_run_draw(a, st);
		return;
	}
	int w = surface_cols(a->d.s), y = 1;
	list_header(a, w);
	if (surface_rows(a->d.s) >= 20)
		draw_rule(&a->d, y++, 0, w);
	list_body(a, st, y, frame_foot(a));
	footer(a, st, left, sizeof left);
	order_text(a, right, sizeof right);
	frame_footer(a, C_LIST, left, right);
	if (st->filtering)
		filter_line(a, st);
}

static bool
list_text(struct app *a, void *p, const struct input_event *ev)
{
	struct list_state *st = p;
	if (!st->filtering)
		return ev->type == INPUT_PASTE;
	if (key_is(ev, "Escape") || key_is(ev, "C-c")) {
		st->filtering = false;
		a->m.filter[0] = 0;
	} else if (key_is(ev, "Enter")) {
		st->filtering = false;
	} else if (key_is(ev, "Up") || key_is(ev, "Down")) {
		model_move(&a->m, key_is(ev, "Up") ? -1 : 1);
		return true;
	} else if (line_input(&st->filter, ev)) {
		snprintf(a->m.filter, sizeof a->m.filter, "%.*s", (int)sizeof a->m.filter - 1,
			st->filter.text);
	}
	app_changed(a);
	return true;
}

static void
list_wheel(struct app *a, void *p, int by)
{
	struct list_state *st = p;
	if (st->focus_preview)
		app_turn(a, 3L * by);
	else if (st->wall)
		wall_move(a, st, 0, by);
	else
		model_move(&a->m, by);
}

/* A click on what can be answered, on a head of a section or of a column. */
static void
list_pick(struct app *a, void *p, int index, bool twice)
{
	size_t i = (size_t)index / 16;
	(void)p;
	(void)twice;
	if (index >= PICK_START) {
		first_run_pick(a, index - PICK_START);
	} else if (index >= PICK_HEAD) {
		enum msort by = (enum msort)(index - PICK_HEAD);
		a->m.sort = a->m.sort == by ? SORT_DEFAULT : by;
		app_changed(a);
	} else if (index >= PICK_SECTION) {
		size_t k = (size_t)(index - PICK_SECTION);
		if (k < a->m.n_sections)
			model_fold(&a->m, a->m.section[k].first, !a->m.section[k].folded);
	} else if (i < a->m.n_shown && index % 16 < a->m.shown[i]->n_options) {
		model_select(&a->m, a->m.shown[i]->id);
		app_answer(a, a->m.shown[i], a->m.shown[i]->options[index % 16].key);
	}
}

static void
list_open(struct app *a, void *p, const char *arg)
{
	struct list_state *st = p;
	(void)arg;
	st->wall = a->layout == LAYOUT_WALL;
}

static unsigned
list_before(struct app *a, void *p)
{
	return first_run(a, p) ? C_FIRST : 0;
}

static void
list_close(struct app *a, void *p)
{
	struct list_state *st = p;
	(void)a;
	free(st->aside.points);
}

const struct view view_list = {
	.name = "list",
	.context = C_LIST,
	.before = list_before,
	.open = list_open,
	.size = sizeof(struct list_state),
	.close = list_close,
	.draw = list_draw,
	.text = list_text,
	.wheel = list_wheel,
	.pick = list_pick,
};
