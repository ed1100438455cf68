#include "tui/view/list.h"
#include "tui/view/actions.h"
#include "core/text/width.h"
#include "tui/model/list_plan.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *title;
	enum theme_style th;
} groups[] = {
	[GR_NEEDS] = {"NEEDS YOU", TH_NEEDS},
	[GR_WORKING] = {"WORKING", TH_WORKING_HEAD},
	[GR_IDLE] = {"IDLE", TH_IDLE_HEAD},
	[GR_ASLEEP] = {"ASLEEP", TH_ASLEEP},
	[GR_ENDED] = {"ENDED", TH_ASLEEP},
};

static void
group_line(struct app *a, int y, int w, enum group g, size_t hidden, const struct model_sums *sum)
{
	char mem[16], text[96] = "";
	size_t n = a->m.first[g + 1] - a->m.first[g];
	int x = 1 + draw_text(&a->d, y, 1, w, groups[g].th, groups[g].title);
	x += 1 + draw_fmt(&a->d, y, x + 1, w - x, groups[g].th, "%zu", n);
	if (hidden)
		x += draw_fmt(&a->d, y, x + 2, w - x - 2, TH_DIM, "%zu not shown", hidden) + 2;
	x += 3;
	if (g == GR_IDLE && sum->closable) {
		int n_cut = draw_glyph(&a->d, y, x, TH_REAP_HEAD, GL_CUT);
		snprintf(text, sizeof text, " press R to put %zu to sleep and free %s",
			sum->closable, fmt_mem(mem, (double)sum->closable_bytes));
		n_cut += draw_text(&a->d, y, x + n_cut, w - x - n_cut - 1, TH_REAP, text);
		draw_hit(&a->d, HIT_ACTION, y, x, 1, n_cut, ACTION_REAP);
	} else if (g == GR_ASLEEP) {
		draw_text(&a->d, y, x, w - x - 1, TH_DIM, "Enter wakes one");
	}
}

static enum theme_glyph
state_glyph(const struct msess *s)
{
	static const enum theme_glyph by_act[] = {[ACT_UNKNOWN] = GL_REST,
		[ACT_WORKING] = GL_WORK,
		[ACT_PERMISSION] = GL_PERMISSION,
		[ACT_QUESTION] = GL_QUESTION,
		[ACT_IDLE] = GL_REST,
		[ACT_DONE] = GL_REST,
		[ACT_ERROR] = GL_FAIL};
	static const enum theme_glyph by_state[] = {[MS_STARTING] = GL_WORK,
		[MS_CLOSING] = GL_UNKNOWN,
		[MS_ASLEEP] = GL_SLEEP,
		[MS_EXITED] = GL_FAIL,
		[MS_LOST] = GL_FAIL};
	if (s->state == MS_EXITED && s->exit_code == 0)
		return GL_UNKNOWN;
	return s->state == MS_RUNNING ? by_act[s->act] : by_state[s->state];
}

static enum theme_style
state_style(const struct msess *s)
{
	static const enum theme_style by_act[] = {[ACT_UNKNOWN] = TH_IDLE,
		[ACT_WORKING] = TH_WORKING,
		[ACT_PERMISSION] = TH_NEEDS,
		[ACT_QUESTION] = TH_NEEDS,
		[ACT_IDLE] = TH_IDLE,
		[ACT_DONE] = TH_IDLE,
		[ACT_ERROR] = TH_ERROR};
	static const enum theme_style by_state[] = {[MS_STARTING] = TH_WORKING,
		[MS_CLOSING] = TH_DIM,
		[MS_ASLEEP] = TH_ASLEEP,
		[MS_EXITED] = TH_ERROR,
		[MS_LOST] = TH_ERROR};
	if (s->state == MS_EXITED && s->exit_code == 0)
		return TH_ASLEEP;
	return s->state == MS_RUNNING ? by_act[s->act] : by_state[s->state];
}

static void
memory_cells(struct app *a, int y, const struct plan_columns *c, const struct msess *s)
{
	char mem[16], text[24], spark[4 * SPARK_N + 1];
	bool grows = s->growth >= GROWTH_FAST, live = msess_live(s);
	if (!live || (!s->footprint && !s->has_spark)) {
		draw_right(&a->d, y, c->mem.x + c->mem.w, c->mem.w, TH_DIM, live ? "-" : "0M");
		return;
	}
	if (msess_closable(s))
		draw_glyph(&a->d, y, c->cut.x, TH_REAP_HEAD, GL_CUT);
	snprintf(text, sizeof text, "%s%s", s->estimated ? "~" : "",
		fmt_mem(mem, (double)s->footprint));
	double g = (double)s->footprint / 1073741824;
	draw_right(&a->d, y, c->mem.x + c->mem.w, c->mem.w,
		g >= 0.995 ? TH_STRONG : (g < 0.1 ? TH_DIM : TH_TEXT), text);
	if (c->spark.w && s->has_spark) {
		bool moves = theme_spark(&a->d.theme, spark, s->spark, SPARK_N);
		draw_text(&a->d, y, c->spark.x, c->spark.w,
			grows	? TH_SPARK_GROW
			: moves ? TH_TEXT
				: TH_DIM,
			spark);
	}
	if (c->rate.w && s->has_growth) {
		fmt_rate(mem, s->growth_bytes_per_h);
		snprintf(text, sizeof text, "%s%s", grows ? a->d.theme.glyph[GL_GROWTH] : "", mem);
		draw_right(
			&a->d, y, c->rate.x + c->rate.w, c->rate.w, grows ? TH_GROW : TH_DIM, text);
	}
}

static void
name_cells(struct app *a, int y, const struct plan_columns *c, const struct msess *s, bool selected)
{
	char dir[512];
	enum theme_style th = state_style(s), name_th = TH_TEXT;
	enum group g = msess_group(s);
	if (selected || g == GR_NEEDS)
		name_th = TH_STRONG;
	else if (g >= GR_ASLEEP)
		name_th = TH_ASLEEP;
	if (selected)
		draw_glyph(&a->d, y, 0, TH_MARK, GL_BAR);
	else if (s->marked)
		draw_text(&a->d, y, 0, 1, TH_MATCH, "*");
	if (g == GR_NEEDS) { /* no palette hides what is inverse */
		if (!selected && !s->marked)
			draw_text(&a->d, y, 0, 1, TH_BADGE, " ");
		draw_glyph(&a->d, y, 1, TH_BADGE, state_glyph(s));
		if (!(s->marked && selected))
			draw_text(&a->d, y, 2, 1, TH_BADGE, " ");
	} else {
		draw_glyph(&a->d, y, 1, th, state_glyph(s));
	}
	int n = draw_cut(&a->d, y, c->name.x, c->name.w - (s->pinned ? 2 : 0), name_th, s->name);
	if (s->marked && selected)
		draw_text(&a->d, y, c->name.x - 1, 1, TH_MATCH, "*");
	if (s->pinned)
		draw_glyph(&a->d, y, c->name.x + n + 1, TH_WARN, GL_PIN);
	if (c->project.w)
		draw_cut_left(&a->d, y, c->project.x, c->project.w, TH_DIM,
			fmt_dir(a->home, dir, sizeof dir, s->cwd));
	draw_text(&a->d, y, c->state.x, c->state.w, th, msess_word(s));
}

static void
session_line(struct app *a, int y, int w, const struct plan_columns *c, size_t index)
{
	struct msess *s = a->m.shown[index];
	bool selected = !strcmp(s->id, a->m.sel);
	char idle[16];
	a->d.on_sel = selected;
	if (selected)
		surface_fill(a->d.s, y, 0, 1, w, " ", draw_style(&a->d, TH_SEL));
	name_cells(a, y, c, s, selected);
	if (msess_group(s) == GR_WORKING)
		draw_right(&a->d, y, c->idle.x + c->idle.w, c->idle.w, TH_DIM,
			a->d.theme.glyph[GL_DOT]);
	else
		draw_right(&a->d, y, c->idle.x + c->idle.w, c->idle.w,
			msess_live(s) ? TH_TEXT : TH_DIM, fmt_idle(idle, msess_idle(s, a->now)));
	memory_cells(a, y, c, s);
	if (c->wants.w) {
		bool plain = s->pinned && !*s->wants;
		draw_cut(&a->d, y, c->wants.x, c->wants.w,
			msess_group(s) == GR_NEEDS ? TH_TEXT : TH_DIM, plain ? "pinned" : s->wants);
	}
	a->d.on_sel = false;
	draw_hit(&a->d, HIT_SESSION, y, 0, 1, w, (int)index);
}

/* What a session asks, and what can be answered: "1 Yes  2 Yes, always". */
static void
asks_line(struct app *a, int y, int w, size_t index)
{
	const struct msess *s = a->m.shown[index];
	int options = 0, x = 5;
	a->d.on_sel = !strcmp(s->id, a->m.sel);
	if (a->d.on_sel)
		surface_fill(a->d.s, y, 0, 1, w, " ", draw_style(&a->d, TH_SEL));
	for (int i = 0; i < s->n_options; i++)
		options += 2 + utf8_width(s->options[i].label) + 2;
	/* the question first; the options take what they need, up to half the line */
	int room = w - x - 1, text_w = MAX(room - options - 2, MIN(room, room / 2));
	x += draw_cut(&a->d, y, x, text_w, TH_NEEDS, *s->wants ? s->wants : msess_word(s)) + 2;
	draw_hit(&a->d, HIT_SESSION, y, 0, 1, w, (int)index);
	for (int i = 0; i < s->n_options && x + 3 < w; i++) {
		int n = draw_text(&a->d, y, x, w - x - 1, TH_KEY, s->options[i].key) + 1;
		n += draw_cut(&a->d, y, x + n, w - x - n - 1, TH_TEXT, s->options[i].label);
		draw_hit(&a->d, HIT_ITEM, y, x, 1, n, (int)index * 16 + i);
		x += n + 2;
	}
	a->d.on_sel = false;
}

/* Sums and widths change with the model, not with the frame. */
static struct list_state *
summed(struct app *a)
{
	struct list_state *st = app_state(a, &view_list);
	char dir[512];
	if (st->sums.known && st->sums.version == a->m.version)
		return st;
	st->sums.known = true;
	st->sums.version = a->m.version;
	st->sums.sums = model_sums(&a->m);
	st->sums.name_w = 4;
	st->sums.project_w = 7;
	for (size_t i = 0; i < a->m.n_shown; i++) {
		const struct msess *s = a->m.shown[i];
		int name = utf8_width(s->name) + (s->pinned ? 2 : 0);
		int project = utf8_width(fmt_dir(a->home, dir, sizeof dir, s->cwd));
		st->sums.name_w = MAX(st->sums.name_w, name);
		st->sums.project_w = MAX(st->sums.project_w, project);
	}
	return st;
}

const struct model_sums *
list_sums(struct app *a)
{
	return &summed(a)->sums.sums;
}

static void
column_heads(struct app *a, int y, const struct plan_columns *c)
{
	draw_text(&a->d, y, c->name.x, c->name.w, TH_HEAD, "NAME");
	draw_text(&a->d, y, c->project.x, c->project.w, TH_HEAD, "PROJECT");
	draw_text(&a->d, y, c->state.x, c->state.w, TH_HEAD, "STATE");
	draw_right(&a->d, y, c->idle.x + c->idle.w, c->idle.w, TH_HEAD, "IDLE");
	draw_right(&a->d, y, c->mem.x + c->mem.w, c->mem.w, TH_HEAD, "MEM");
	if (c->spark.w)
		draw_text(&a->d, y, c->spark.x, c->spark.w + 1, TH_HEAD, "LAST HOUR");
	if (c->rate.w)
		draw_right(&a->d, y, c->rate.x + c->rate.w, c->rate.w, TH_HEAD, "MB/H");
	draw_cut(&a->d, y, c->wants.x, c->wants.w, TH_HEAD, "WANTS / LAST LINE");
}

/* Rows [y, y+h) and columns [0, w): heads and sessions. */
static void
draw_rows(struct app *a, int y, int h, int w)
{
	const struct list_state *st = summed(a);
	struct plan_columns c = list_columns(w, st->sums.name_w, st->sums.project_w);
	const struct model_sums *sum = &st->sums.sums;
	if (h > 4) {
		column_heads(a, y++, &c);
		h--;
	}
	if (h <= 0)
		return;
	struct plan_line *line = xcalloc((size_t)h, sizeof *line);
	size_t n = list_plan(&a->m, (size_t)h, !c.wants.w, line);
	for (size_t i = 0; i < n; i++, y++) {
		if (line[i].kind == LINE_GROUP)
			group_line(a, y, w, line[i].group, line[i].index, sum);
		else if (line[i].kind == LINE_SESSION)
			session_line(a, y, w, &c, line[i].index);
		else if (line[i].kind == LINE_ASKS)
			asks_line(a, y, w, line[i].index);
		else if (line[i].kind == LINE_MORE)
			draw_fmt(&a->d, y, 3, w - 4, TH_DIM, "%zu more", line[i].index);
	}
	if (a->m.n_shown == 0 && a->m.filter[0])
		draw_fmt(&a->d, y, 3, w - 4, TH_DIM, "nothing matches \"%s\" (esc shows all)",
			a->m.filter);
	free(line);
}

/* Rows the list wants: all heads, all sessions, the column heads. */
static int
rows_wanted(const struct model *m, bool asks)
{
	int n = 1 + (int)m->n_shown;
	for (int g = 0; g < GR_COUNT; g++)
		n += m->first[g + 1] > m->first[g] ? 2 : 0; /* a head and a gap */
	return asks ? n + (int)m->first[GR_NEEDS + 1] : n;
}

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

static void
list_body(struct app *a, struct list_state *st, int y, int foot)
{
	int w = surface_cols(a->d.s), h = foot - y, list_w = w;
	enum ui_layout layout = a->layout;
	if (layout == LAYOUT_AUTO)
		layout = w >= 140 ? LAYOUT_SIDE : LAYOUT_STACKED;
	if (w < 80 || surface_rows(a->d.s) < 20 || layout == LAYOUT_LIST) {
		draw_rows(a, y, h, w);
		return;
	}
	if (layout == LAYOUT_SIDE) {
		list_w = CLAMP(w * 55 / 100, 48, 112);
		surface_fill(a->d.s, y, list_w, h, 1, a->d.theme.glyph[GL_V],
			draw_style(&a->d, TH_RULE));
		draw_rows(a, y, h, list_w);
		preview_draw(a, st, y, list_w + 1, h, w - list_w - 1);
		return;
	}
	/* what is asked stands in the list; the preview gives way for it */
	int asked = w < 100 ? (int)a->m.first[GR_NEEDS + 1] : 0;
	int most = MIN(MAX(h * 11 / 20, h - 30) + asked, h - 5);
	int list_h = CLAMP(rows_wanted(&a->m, w < 100), 8, most);
	draw_rows(a, y, list_h, w);
	preview_draw(a, st, y + list_h, 0, h - list_h, w);
}

static void
list_draw(struct app *a, void *p)
{
	struct list_state *st = p;
	char left[160], right[64];
	static const char *const sorts[] = {"needs you", "memory", "idle", "growth", "name"};
	if (a->m.loaded && a->m.n_shown == 0 && !a->m.filter[0] && !st->filtering) {
		first_run_draw(a, st);
		return;
	}
	int w = surface_cols(a->d.s), y = 1;
	list_header(a, w);
	if (surface_rows(a->d.s) >= 20)
		draw_rule(&a->d, y++, 0, w);
	footer(a, st, left, sizeof left);
	snprintf(right, sizeof right, "sort: %s", sorts[a->m.sort]);
	int foot = frame_footer(a, C_LIST, left, right);
	list_body(a, st, y, foot);
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
	else
		model_move(&a->m, by);
}

/* A click on what can be answered. */
static void
list_pick(struct app *a, void *p, int index, bool twice)
{
	size_t i = (size_t)index / 16;
	(void)p;
	(void)twice;
	if (i >= a->m.n_shown || index % 16 >= a->m.shown[i]->n_options)
		return;
	model_select(&a->m, a->m.shown[i]->id);
	app_answer(a, a->m.shown[i], a->m.shown[i]->options[index % 16].key);
}

const struct view view_list = {
	.name = "list",
	.context = C_LIST,
	.size = sizeof(struct list_state),
	.draw = list_draw,
	.text = list_text,
	.wheel = list_wheel,
	.pick = list_pick,
};
