/* The list's lines: heads of columns and sections, sessions, and what they ask. */
#include "tui/view/list.h"
#include "core/text/width.h"
#include "tui/model/list_plan.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
	const char *title;
	enum theme_style th;
} groups[] = {
	[GR_NEEDS] = {"NEEDS YOU", TH_NEEDS},
	[GR_WORKING] = {"WORKING", TH_WORKING_HEAD},
	[GR_IDLE] = {"IDLE", TH_IDLE_HEAD},
	[GR_ASLEEP] = {"ASLEEP", TH_ASLEEP},
	[GR_ENDED] = {"ENDED", TH_ASLEEP},
	[GR_ARCHIVED] = {"ARCHIVED", TH_ASLEEP},
	[GR_COUNT] = {NULL, TH_STRONG},
};

/* "~/w/api", "#review", "IDLE". */
static const char *
section_title(struct app *a, const struct section *k, char *buf, size_t cap)
{
	if (k->group < GR_COUNT)
		return groups[k->group].title;
	if (a->m.by == BY_PROJECT)
		return fmt_dir(a->home, buf, cap, k->title);
	snprintf(buf, cap, "%s%s", *k->title ? "#" : "no tag", k->title);
	return buf;
}

/* What a head adds to its title: an offer, a way on, what it costs. */
static void
section_says(struct app *a, int y, int x, int w, const struct section *k)
{
	const struct model_sums *sum = list_sums(a);
	char mem[16], text[96];
	if (k->group == GR_IDLE && sum->closable && !k->folded) {
		int n_cut = draw_glyph(&a->d, y, x, TH_REAP_HEAD, GL_CUT);
		snprintf(text, sizeof text, " press R to put %zu to sleep and free %s",
			sum->closable, fmt_mem(mem, (double)sum->closable_bytes));
		n_cut += draw_text(&a->d, y, x + n_cut, w - x - n_cut - 1, TH_REAP, text);
		draw_hit(&a->d, HIT_ACTION, y, x, 1, n_cut, ACTION_REAP);
	} else if (k->group == GR_ASLEEP && !k->folded) {
		draw_text(&a->d, y, x, w - x - 1, TH_DIM, "Enter wakes one");
	} else if (k->folded || k->group == GR_COUNT) {
		double bytes = 0;
		for (size_t i = k->first; i < k->first + k->n; i++)
			bytes += msess_live(a->m.shown[i]) ? (double)a->m.shown[i]->footprint : 0;
		if (bytes > 0)
			draw_text(&a->d, y, x, w - x - 1, TH_DIM, fmt_mem(mem, bytes));
	}
}

static void
section_line(struct app *a, int y, int w, size_t index, size_t hidden)
{
	const struct section *k = &a->m.section[index];
	enum theme_style th = groups[k->group].th;
	char title[256];
	a->d.on_sel = k == model_folded(&a->m);
	if (a->d.on_sel) {
		surface_fill(a->d.s, y, 0, 1, w, " ", draw_style(&a->d, TH_SEL));
		draw_glyph(&a->d, y, 0, TH_MARK, GL_BAR);
	}
	int x = 1;
	if (k->folded)
		x += draw_glyph(&a->d, y, x, th, GL_FOLDED) + 1;
	x += draw_cut(
		&a->d, y, x, MIN(w - x - 8, 60), th, section_title(a, k, title, sizeof title));
	x += 1 + draw_fmt(&a->d, y, x + 1, w - x, th, "%zu", k->n);
	if (hidden)
		x += draw_fmt(&a->d, y, x + 2, w - x - 2, TH_DIM, "%zu not shown", hidden) + 2;
	draw_hit(&a->d, HIT_ITEM, y, 0, 1, w, PICK_SECTION + (int)index);
	section_says(a, y, x + 3, w, k);
	a->d.on_sel = false;
}

enum theme_glyph
row_glyph(const struct msess *s)
{
	static const enum theme_glyph by_act[] = {[ACT_UNKNOWN] = GL_REST,
		[ACT_WORKING] = GL_WORK,
		[ACT_PERMISSION] = GL_PERMISSION,
		[ACT_QUESTION] = GL_QUESTION,
		[ACT_IDLE] = GL_REST,
		[ACT_DONE] = GL_REST,
		[ACT_ERROR] = GL_FAIL,
		[ACT_LIMITED] = GL_PAUSED};
	static const enum theme_glyph by_state[] = {[MS_STARTING] = GL_WORK,
		[MS_CLOSING] = GL_UNKNOWN,
		[MS_ASLEEP] = GL_SLEEP,
		[MS_EXITED] = GL_FAIL,
		[MS_LOST] = GL_FAIL};
	if (s->state == MS_EXITED && s->exit_code == 0)
		return GL_UNKNOWN;
	if (s->state == MS_RUNNING && s->stopped)
		return GL_PAUSED;
	return s->state == MS_RUNNING ? by_act[s->act] : by_state[s->state];
}

enum theme_style
row_style(const struct msess *s)
{
	static const enum theme_style by_act[] = {[ACT_UNKNOWN] = TH_IDLE,
		[ACT_WORKING] = TH_WORKING,
		[ACT_PERMISSION] = TH_NEEDS,
		[ACT_QUESTION] = TH_NEEDS,
		[ACT_IDLE] = TH_IDLE,
		[ACT_DONE] = TH_IDLE,
		[ACT_ERROR] = TH_ERROR,
		[ACT_LIMITED] = TH_IDLE};
	static const enum theme_style by_state[] = {[MS_STARTING] = TH_WORKING,
		[MS_CLOSING] = TH_DIM,
		[MS_ASLEEP] = TH_ASLEEP,
		[MS_EXITED] = TH_ERROR,
		[MS_LOST] = TH_ERROR};
	if (s->state == MS_EXITED && s->exit_code == 0)
		return TH_ASLEEP;
	if (s->state == MS_RUNNING && (s->stopped || !strcmp(msess_word(s), "limited")))
		return TH_WARN;
	return s->state == MS_RUNNING ? by_act[s->act] : by_state[s->state];
}

/* Numbers are grey until they say something. */
static enum theme_style
memory_style(const struct msess *s)
{
	double g = (double)s->footprint / 1073741824;
	if (s->mem_max && (double)s->footprint > 0.85 * (double)s->mem_max)
		return TH_DANGER;
	return g >= 0.995 ? TH_STRONG : (g < 0.1 ? TH_DIM : TH_TEXT);
}

static void
growth_cells(struct app *a, int y, const struct plan_columns *c, const struct msess *s)
{
	char rate[16], text[24], spark[4 * SPARK_N + 1];
	bool grows = s->growth >= GROWTH_FAST && !s->grows_with_work;
	if (c->spark.w && s->has_spark) {
		theme_spark(&a->d.theme, spark, s->spark, SPARK_N);
		draw_text(&a->d, y, c->spark.x, c->spark.w, grows ? TH_SPARK_GROW : TH_DIM, spark);
	}
	if (c->rate.w && s->has_growth) {
		const char *sign = "";
		if (s->growth >= GROWTH_FAST)
			sign = a->d.theme.glyph[grows ? GL_GROWTH : GL_GROWTH_WORK];
		snprintf(text, sizeof text, "%s%s", sign, fmt_rate(rate, s->growth_bytes_per_h));
		draw_right(
			&a->d, y, c->rate.x + c->rate.w, c->rate.w, grows ? TH_GROW : TH_DIM, text);
	}
}

static void
memory_cells(struct app *a, int y, const struct plan_columns *c, const struct msess *s)
{
	char mem[16], text[24];
	bool live = msess_live(s);
	if (!live || *s->behind || (!s->footprint && !s->has_spark)) {
		draw_right(&a->d, y, c->mem.x + c->mem.w, c->mem.w, TH_DIM,
			!live	     ? "0M"
			: *s->behind ? "away"
				     : "-");
		return;
	}
	if (msess_closable(s))
		draw_glyph(&a->d, y, c->cut.x, TH_REAP_HEAD, GL_CUT);
	snprintf(text, sizeof text, "%s%s", s->estimated ? "~" : "",
		fmt_mem(mem, (double)s->footprint));
	draw_right(&a->d, y, c->mem.x + c->mem.w, c->mem.w, memory_style(s), text);
	growth_cells(a, y, c, s);
}

/* "name ⚑ #tag #tag" */
static void
name_text(struct app *a, int y, int x, int w, const struct msess *s, enum theme_style th)
{
	char tag[40];
	int n = draw_cut(&a->d, y, x, w - (s->pinned ? 2 : 0), th, s->name);
	if (s->pinned)
		n += draw_glyph(&a->d, y, x + n + 1, TH_WARN, GL_PIN) + 1;
	for (const char *p = s->tags; *p && n + 4 < w; p += strspn(p, " ")) {
		int len = (int)strcspn(p, " ");
		snprintf(tag, sizeof tag, "#%.*s", MIN(len, 36), p);
		n += 1 + draw_cut(&a->d, y, x + n + 1, w - n - 1, TH_TAG, tag);
		p += len;
	}
}

static void
name_cells(struct app *a, int y, const struct plan_columns *c, const struct msess *s, bool selected)
{
	char dir[512];
	enum theme_style th = row_style(s), name_th = TH_TEXT;
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
		draw_glyph(&a->d, y, 1, TH_BADGE, row_glyph(s));
		if (!(s->marked && selected))
			draw_text(&a->d, y, 2, 1, TH_BADGE, " ");
	} else {
		draw_glyph(&a->d, y, 1, th, row_glyph(s));
	}
	name_text(a, y, c->name.x, c->name.w, s, name_th);
	if (s->marked && selected)
		draw_text(&a->d, y, c->name.x - 1, 1, TH_MATCH, "*");
	if (c->project.w)
		draw_cut_left(&a->d, y, c->project.x, c->project.w, TH_DIM,
			fmt_dir(a->home, dir, sizeof dir, s->cwd));
	draw_text(&a->d, y, c->state.x, c->state.w, th, msess_word(s));
}

/* What a session wants, or the note on it: the last column. Returns buf. */
static const char *
row_says(const struct msess *s, char *buf, size_t cap)
{
	enum group g = msess_group(s);
	const char *text = *s->note && g != GR_NEEDS && g != GR_WORKING ? s->note : s->wants;
	char until[24] = "", strays[40] = "", branch[160] = "";
	if (s->limited_until > 0) {
		time_t at = (time_t)s->limited_until;
		struct tm tm;
		localtime_r(&at, &tm);
		strftime(until, sizeof until, "until %H:%M  ", &tm);
	}
	if (s->strays > 0 && g != GR_NEEDS)
		snprintf(strays, sizeof strays, "%ld stray%s  ", s->strays,
			s->strays > 1 ? "s" : "");
	if (s->pinned && !*text)
		text = "pinned";
	if (*s->branch)
		snprintf(branch, sizeof branch, "[%s] ", s->branch);
	snprintf(buf, cap, "%s%s%s%s", branch, until, strays, text);
	return buf;
}

int
options_draw(struct app *a, int y, int x, int w, size_t index)
{
	const struct msess *s = a->m.shown[index];
	int from = x;
	for (int i = 0; i < s->n_options && x + 3 < from + w; i++) {
		int end = from + w,
		    n = draw_text(&a->d, y, x, end - x, TH_KEY, s->options[i].key) + 1;
		n += draw_cut(&a->d, y, x + n, end - x - n, TH_TEXT, s->options[i].label);
		draw_hit(&a->d, HIT_ITEM, y, x, 1, n, (int)index * 16 + i);
		x += n + 2;
	}
	return x - from;
}

/* What a session asks, and what can be answered: "Bash: make  1 Yes  2 Yes, always". */
static void
asks_draw(struct app *a, int y, int x, int w, const char *asks, size_t index)
{
	const struct msess *s = a->m.shown[index];
	int options = 0, n;
	for (int i = 0; i < s->n_options; i++)
		options += 2 + utf8_width(s->options[i].label) + 2;
	/* the question first; the options take what they need, up to half the line */
	n = draw_cut(&a->d, y, x, MAX(w - options - 2, MIN(w, w / 2)), TH_NEEDS, asks) + 2;
	options_draw(a, y, x + n, w - n, index);
}

static void
session_line(struct app *a, int y, int w, const struct plan_columns *c, size_t index)
{
	struct msess *s = a->m.shown[index];
	bool selected = !strcmp(s->id, a->m.sel);
	char idle[16], says[512];
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
	draw_hit(&a->d, HIT_SESSION, y, 0, 1, w, (int)index);
	row_says(s, says, sizeof says);
	if (c->wants.w && msess_group(s) != GR_NEEDS)
		draw_cut(&a->d, y, c->wants.x, c->wants.w, TH_DIM, says);
	else if (c->wants.w && !c->asks) /* else it has a line of its own */
		asks_draw(a, y, c->wants.x, c->wants.w, says, index);
	a->d.on_sel = false;
}

static void
asks_line(struct app *a, int y, int w, size_t index)
{
	const struct msess *s = a->m.shown[index];
	a->d.on_sel = !strcmp(s->id, a->m.sel);
	if (a->d.on_sel)
		surface_fill(a->d.s, y, 0, 1, w, " ", draw_style(&a->d, TH_SEL));
	draw_hit(&a->d, HIT_SESSION, y, 0, 1, w, (int)index);
	asks_draw(a, y, 5, w - 6, *s->wants ? s->wants : msess_word(s), index);
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
		int tags = *s->tags ? utf8_width(s->tags) + 2 : 0; /* " #one #two" */
		for (const char *p = s->tags; (p = strchr(p, ' ')); p++)
			tags++;
		int name = utf8_width(s->name) + (s->pinned ? 2 : 0) + MIN(tags, 20);
		int project = utf8_width(fmt_dir(a->home, dir, sizeof dir, s->cwd));
		st->sums.name_w = MAX(st->sums.name_w, name);
		st->sums.project_w = MAX(st->sums.project_w, project);
	}
	return st;
}

void
list_forget(struct app *a)
{
	struct list_state *st = app_state(a, &view_list);
	st->sums.known = false;
}

const struct model_sums *
list_sums(struct app *a)
{
	return &summed(a)->sums.sums;
}

/* A head sorts by its column when it is clicked. */
static void
column_head(struct app *a, int y, int x, int w, bool right, const char *text, enum msort sort)
{
	enum theme_style th = a->m.sort == sort ? TH_STRONG : TH_HEAD;
	if (w <= 0)
		return;
	if (right)
		draw_right(&a->d, y, x + w, w, th, text);
	else
		draw_text(&a->d, y, x, w, th, text);
	draw_hit(&a->d, HIT_ITEM, y, x, 1, w, PICK_HEAD + (int)sort);
}

static void
column_heads(struct app *a, int y, const struct plan_columns *c)
{
	column_head(a, y, c->name.x, c->name.w, false, "NAME", SORT_NAME);
	draw_text(&a->d, y, c->project.x, c->project.w, TH_HEAD, "PROJECT");
	draw_text(&a->d, y, c->state.x, c->state.w, TH_HEAD, "STATE");
	column_head(a, y, c->idle.x, c->idle.w, true, "IDLE", SORT_IDLE);
	column_head(a, y, c->mem.x, c->mem.w, true, "MEM", SORT_MEM);
	if (c->spark.w)
		draw_text(&a->d, y, c->spark.x, c->spark.w + 1, TH_HEAD, "LAST HOUR");
	column_head(a, y, c->rate.x, c->rate.w, true, "MB/H", SORT_GROWTH);
	draw_cut(&a->d, y, c->wants.x, c->wants.w, TH_HEAD, "WANTS / LAST LINE");
}

int
rows_width(struct app *a)
{
	const struct list_state *st = summed(a);
	struct plan_columns c = list_columns(400, st->sums.name_w, st->sums.project_w, true);
	return c.wants.x + W_WANTS_SIDE + 1;
}

void
rows_draw(struct app *a, int y, int h, int w, bool side)
{
	const struct list_state *st = summed(a);
	struct plan_columns c = list_columns(w, st->sums.name_w, st->sums.project_w, side);
	if (h > 4) {
		column_heads(a, y++, &c);
		h--;
	}
	if (h <= 0)
		return;
	struct plan_line *line = xcalloc((size_t)h, sizeof *line);
	size_t n = list_plan(&a->m, (size_t)h, c.asks, line);
	for (size_t i = 0; i < n; i++, y++) {
		if (line[i].kind == LINE_GROUP)
			section_line(a, y, w, line[i].section, line[i].index);
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
