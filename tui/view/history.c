/* One session's memory over time: an area plot with a cursor, figures, and the processes that hold
 * it at this moment. The part of the area that lies in swap has its own colour: that is what a
 * resident size hides. */
#include "tui/app/frame.h"
#include "core/paint/plot.h"
#include "core/text/width.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum metric { M_FOOTPRINT, M_RSS, M_SWAP, M_COUNT };
static const char *const metric_names[] = {"footprint", "resident", "swapped"};
static const struct {
	double s;
	const char *name;
} spans[] = {{600, "10m"}, {3600, "1h"}, {6 * 3600, "6h"}, {86400, "24h"}, {7 * 86400, "7d"},
	{90 * 86400, "all"}};

struct point {
	double t, v[M_COUNT], min, max;
};
struct mark {
	double t;
	char text[48];
};
struct proc {
	long pid;
	char what[64];
	uint64_t bytes, rss, swap;
};
#define PROCS_MAX 64
#define MARKS_MAX 64
struct pagelist_state {
	char id[16];
	size_t span;
	double back_s; /* how far the right edge lies in the past */
	enum metric metric;
	struct point *p;
	size_t n;
	double step_s;
	struct mark marks[MARKS_MAX];
	int n_marks;
	struct proc procs[PROCS_MAX];
	int n_procs;
	int cursor; /* columns from the right edge; -1: none */
	int plot_w; /* as last drawn */
	bool loading;
	double procs_at; /* when the processes were asked for last; 0 never */
	char error[160];
};

static struct pagelist_state *
hist(struct app *a)
{
	return app_state(a, &view_history);
}

static double
field(json_t *o, const char *key, double absent)
{
	json_t *v = json_object_get(o, key);
	return json_is_number(v) ? json_number_value(v) : absent;
}

static void
take_marks(struct pagelist_state *st, json_t *events)
{
	json_t *e;
	size_t i;
	st->n_marks = 0;
	json_array_foreach (events, i, e) {
		const char *name = json_string_value(json_object_get(e, "event"));
		if (!name || st->n_marks == MARKS_MAX)
			continue;
		struct mark *m = &st->marks[st->n_marks++];
		m->t = field(e, "t", 0);
		sanitize(m->text, sizeof m->text, name, strlen(name));
	}
}

static void
points_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct pagelist_state *st = hist(a);
	json_t *list = json_object_get(reply, "points"), *o;
	size_t i;
	if (!st || strcmp(id, st->id))
		return;
	st->loading = false;
	a->dirty = true;
	st->error[0] = 0;
	if (e)
		snprintf(st->error, sizeof st->error, "%.159s", e->msg);
	free(st->p);
	st->n = json_array_size(list);
	st->p = xcalloc(st->n + 1, sizeof *st->p);
	json_array_foreach (list, i, o) {
		struct point *p = &st->p[i];
		p->t = field(o, "t", 0);
		p->min = field(o, "min", 0);
		p->max = field(o, "max", field(o, "last", 0));
		p->v[M_FOOTPRINT] = p->max;
		p->v[M_RSS] = field(o, "rss", NAN);
		p->v[M_SWAP] = field(o, "swap_max", 0);
	}
	st->step_s = field(reply, "step_s", 60);
	take_marks(st, json_object_get(reply, "events"));
}

static int
proc_cmp(const void *pa, const void *pb)
{
	const struct proc *a = pa, *b = pb;
	return a->bytes > b->bytes ? -1 : a->bytes < b->bytes;
}

static void
procs_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct pagelist_state *st = hist(a);
	json_t *o;
	size_t i;
	if (!st || e || strcmp(id, st->id))
		return;
	st->n_procs = 0;
	json_array_foreach (json_object_get(reply, "processes"), i, o) {
		if (st->n_procs == PROCS_MAX)
			break;
		struct proc *p = &st->procs[st->n_procs++];
		const char *what = json_string_value(json_object_get(o, "role"));
		if (!what || !*what)
			what = json_string_value(json_object_get(o, "comm"));
		p->pid = (long)field(o, "pid", 0);
		p->bytes = (uint64_t)field(o, "footprint_bytes", 0);
		p->rss = (uint64_t)field(o, "rss_bytes", 0);
		p->swap = (uint64_t)field(o, "swap_bytes", 0);
		sanitize(p->what, sizeof p->what, what ? what : "", what ? strlen(what) : 0);
	}
	qsort(st->procs, (size_t)st->n_procs, sizeof *st->procs, proc_cmp);
	a->dirty = true;
}

static void
ask(struct app *a, struct pagelist_state *st)
{
	const struct msess *s = model_find(&a->m, st->id);
	st->loading = true;
	app_request(a, "history",
		json_pack("{s:s, s:f, s:i}", "id", st->id, "since", spans[st->span].s + st->back_s,
			"max", 2000),
		points_cb, st->id);
	if (s && msess_live(s) && st->procs_at == 0)
		app_request(a, "footprint", json_pack("{s:s}", "id", st->id), procs_cb, st->id);
	st->procs_at = a->now;
}

/* The shortest span that shows all there is, up to a day. */
static void
start(struct app *a, struct pagelist_state *st)
{
	const struct msess *s = model_find(&a->m, st->id);
	double age = s && s->created > 0 ? a->now - s->created : 6 * 3600;
	st->cursor = -1;
	for (st->span = 0; st->span < 3 && spans[st->span].s < age; st->span++)
		;
	ask(a, st);
}

static void
pagelist_open(struct app *a, void *p, const char *arg)
{
	struct pagelist_state *st = p;
	snprintf(st->id, sizeof st->id, "%s", arg ? arg : a->m.sel);
	start(a, st);
}

/* A sample came: the curve goes on without asking for all of it again. */
static void
pagelist_changed(struct app *a, void *p)
{
	struct pagelist_state *st = p;
	const struct msess *s = model_find(&a->m, st->id);
	const struct point *last = st->n ? &st->p[st->n - 1] : NULL;
	double v = s ? (double)s->footprint : 0;
	if (st->loading || v <= 0 || (last && (last->v[M_FOOTPRINT] == v || a->now <= last->t)))
		return;
	st->p = xrealloc(st->p, mul_sat(st->n + 2, sizeof *st->p));
	st->p[st->n++] = (struct point){a->now, {v, (double)s->rss, (double)s->swap}, v, v};
	if (a->now - st->procs_at > 10) {
		st->procs_at = a->now;
		app_request(a, "footprint", json_pack("{s:s}", "id", st->id), procs_cb, st->id);
	}
}

static void
pagelist_close(struct app *a, void *p)
{
	struct pagelist_state *st = p;
	(void)a;
	free(st->p);
}

static const char *
clock_text(char *buf, size_t cap, double t, bool day)
{
	time_t at = (time_t)t;
	struct tm tm;
	localtime_r(&at, &tm);
	strftime(buf, cap, day ? "%d %b" : "%H:%M", &tm);
	return buf;
}

/* Columns of one metric between t0 and t1; *n how many. */
static double *
columns(const struct pagelist_state *st, enum metric m, double t0, double t1, size_t n)
{
	struct plot_sample *s = xcalloc(st->n + 1, sizeof *s);
	double *col = xcalloc(n + 1, sizeof *col);
	size_t k = 0;
	for (size_t i = 0; i < st->n; i++)
		if (isfinite(st->p[i].v[m]))
			s[k++] = (struct plot_sample){st->p[i].t, st->p[i].v[m]};
	plot_columns(s, k, t0, t1, MAX(3 * st->step_s, 60), col, n);
	free(s);
	return col;
}

static void
axis_y(struct app *a, int y, int h, double max)
{
	char mem[16];
	for (int r = 0; r < h; r++)
		draw_glyph(&a->d, y + r, 7, TH_AXIS, GL_TICK_Y);
	draw_right(&a->d, y, 6, 6, TH_AXIS, fmt_mem(mem, max));
	if (h > 4)
		draw_right(&a->d, y + (h - 1) / 2, 6, 6, TH_AXIS,
			fmt_mem(mem, max * (h - (h - 1) / 2 - 0.5) / h));
	draw_right(&a->d, y + h - 1, 6, 6, TH_AXIS, "0");
}

static void
axis_x(struct app *a, int y, int x, int w, double t0, double t1)
{
	char text[16];
	double step = plot_time_step(t1 - t0, (size_t)MAX(2, w / 12));
	draw_glyph(&a->d, y, x - 1, TH_AXIS, GL_CORNER);
	surface_fill(a->d.s, y, x, 1, w, a->d.theme.glyph[GL_H], draw_style(&a->d, TH_AXIS));
	/* round in local time, as the clock on the wall reads */
	time_t at = (time_t)t0;
	struct tm tm;
	localtime_r(&at, &tm);
	double off = (double)tm.tm_gmtoff;
	for (double t = ceil((t0 + off) / step) * step - off; t < t1; t += step) {
		int c = (int)((t - t0) / (t1 - t0) * w);
		draw_glyph(&a->d, y, x + c, TH_AXIS, GL_TICK_X);
		clock_text(text, sizeof text, t, step >= 86400);
		if (c >= 2 && c + 4 < w)
			draw_text(&a->d, y + 1, x + c - 2, 8, TH_AXIS, text);
	}
}

/* What happened, below the time axis; what would overlap is left out. */
static void
marks_draw(
	struct app *a, const struct pagelist_state *st, int y, int x, int w, double t0, double t1)
{
	int free_from = 0;
	for (int i = 0; i < st->n_marks; i++) {
		const struct mark *m = &st->marks[i];
		int c = (int)((m->t - t0) / (t1 - t0) * w);
		if (m->t < t0 || m->t >= t1 || c < free_from)
			continue;
		int n = draw_glyph(&a->d, y, x + c, TH_PLOT_EVENT, GL_EVENT);
		n += draw_cut(&a->d, y, x + c + n, MIN(14, w - c - n), TH_DIM, m->text);
		free_from = c + n + 1;
	}
}

/* The edge is bright and the body dim: the curve is what one looks at. */
static enum theme_style
area_style(bool cursor, bool edge, bool swapped)
{
	if (cursor)
		return TH_PLOT_CURSOR;
	if (swapped)
		return edge ? TH_PLOT_SWAP : TH_PLOT_SWAP_BODY;
	return edge ? TH_PLOT : TH_PLOT_BODY;
}

static void
area(struct app *a, const struct pagelist_state *st, int y, int x, int h, int w, const double *col,
	const double *swap, double max)
{
	enum plot_style style = a->d.theme.ascii ? PLOT_ASCII : PLOT_BLOCK;
	uint32_t *out = xcalloc((size_t)h * (size_t)w, sizeof *out);
	struct buf b = {0};
	int cursor = st->cursor < 0 ? -1 : w - 1 - st->cursor;
	plot_area(col, max, (size_t)w, (size_t)h, style, out);
	for (int c = 0; c < w; c++) {
		bool edge = true, at_cursor = c == cursor;
		for (int r = 0; r < h; r++) {
			uint32_t cp = out[(size_t)r * (size_t)w + (size_t)c];
			double top = (double)(h - r) / h * max;
			bool swapped = swap && isfinite(swap[c]) && swap[c] >= top;
			if (cp == 0 || cp == ' ') {
				if (at_cursor)
					draw_glyph(&a->d, y + r, x + c, TH_PLOT_CURSOR, GL_CURSOR);
				continue;
			}
			b.len = 0;
			buf_utf8(&b, cp);
			draw_text(&a->d, y + r, x + c, 1, area_style(at_cursor, edge, swapped),
				buf_cstr(&b));
			/* a thin top alone would be hard to see */
			edge = edge && cp >= 0x2581 && cp <= 0x2583;
		}
	}
	buf_free(&b);
	free(out);
}

static void
cursor_line(struct app *a, const struct pagelist_state *st, int y, int w, double t, double v,
	double swap)
{
	char clock[16], day[16], mem[16], swapped[16];
	const char *event = NULL;
	double near = 2 * spans[st->span].s / MAX(st->plot_w, 1);
	for (int i = 0; i < st->n_marks; i++)
		if (fabs(st->marks[i].t - t) <= near)
			event = st->marks[i].text;
	clock_text(clock, sizeof clock, t, false);
	clock_text(day, sizeof day, t, true);
	if (isfinite(v))
		draw_fmt(&a->d, y, 2, w - 3, TH_PLOT_CURSOR, "%s %s   %s   swapped %s%s%s", day,
			clock, fmt_mem(mem, v), fmt_mem(swapped, isfinite(swap) ? swap : 0),
			event ? "   " : "", event ? event : "");
	else
		draw_fmt(&a->d, y, 2, w - 3, TH_PLOT_CURSOR, "%s %s   not known%s%s", day, clock,
			event ? "   " : "", event ? event : "");
}

static void
figures(struct app *a, const struct msess *s, const double *col, int n, bool swapped, int y, int w)
{
	char mem[16], rate[24];
	double lo = INFINITY, hi = 0;
	int x = 2;
	for (int i = 0; i < n; i++)
		if (isfinite(col[i])) {
			lo = MIN(lo, col[i]);
			hi = MAX(hi, col[i]);
		}
	struct {
		const char *name;
		double v;
	} f[] = {{"NOW", s ? (double)s->footprint : 0}, {"MIN", lo}, {"MAX", hi}};
	for (size_t i = 0; i < ARRAY_LEN(f); i++) {
		x += draw_text(&a->d, y, x, w - x, TH_DIM, f[i].name) + 1;
		x += draw_text(&a->d, y, x, w - x, TH_STRONG,
			isfinite(f[i].v) ? fmt_mem(mem, f[i].v) : "-");
		x += 3;
	}
	if (swapped && w - x > 60) {
		int len = draw_right(&a->d, y, w - 2, 20, TH_DIM, "swapped");
		draw_text(&a->d, y, w - 4 - len, 1, TH_PLOT_SWAP_BODY, a->d.theme.glyph[GL_FULL]);
	}
	if (!s || !s->has_growth)
		return;
	bool grows = s->growth >= GROWTH_FAST;
	x += draw_text(&a->d, y, x, w - x, TH_DIM, "SLOPE") + 1;
	x += draw_fmt(&a->d, y, x, w - x, grows ? TH_GROW : TH_STRONG, "%s%s%s MB/h",
		grows ? a->d.theme.glyph[GL_GROWTH] : "", grows ? " " : "",
		fmt_rate(rate, s->growth_bytes_per_h));
	double left = (double)(a->m.ram_total - a->m.ram_used);
	if (grows && s->growth_bytes_per_h > 0 && left > 0)
		draw_fmt(&a->d, y, x + 3, w - x - 4, TH_DIM, "at this rate the free %s last %s",
			fmt_mem(mem, left), fmt_idle(rate, left / s->growth_bytes_per_h * 3600));
}

static void
procs_draw(struct app *a, const struct pagelist_state *st, int y, int bottom, int w)
{
	char mem[16];
	if (st->n_procs == 0 || bottom - y < 2)
		return;
	draw_right(&a->d, y, 9, 8, TH_HEAD, "PID");
	draw_text(&a->d, y, 12, 20, TH_HEAD, "WHAT");
	draw_right(&a->d, y, 46, 10, TH_HEAD, "FOOTPRINT");
	draw_right(&a->d, y, 56, 9, TH_HEAD, "RESIDENT");
	draw_right(&a->d, y, 65, 8, TH_HEAD, "SWAPPED");
	y++;
	for (int i = 0; i < st->n_procs && y < bottom; i++, y++) {
		const struct proc *p = &st->procs[i];
		if (y == bottom - 1 && i + 1 < st->n_procs) {
			draw_fmt(&a->d, y, 12, w - 13, TH_DIM, "%d more", st->n_procs - i);
			return;
		}
		char pid[16];
		snprintf(pid, sizeof pid, "%ld", p->pid);
		draw_right(&a->d, y, 9, 8, TH_DIM, pid);
		draw_cut(&a->d, y, 12, 24, TH_TEXT, p->what);
		draw_right(&a->d, y, 46, 9, TH_STRONG, fmt_mem(mem, (double)p->bytes));
		draw_right(&a->d, y, 56, 9, TH_DIM, fmt_mem(mem, (double)p->rss));
		draw_right(&a->d, y, 65, 8, TH_DIM, fmt_mem(mem, (double)p->swap));
	}
}

static void
title(struct app *a, const struct pagelist_state *st, const struct msess *s)
{
	char what[256] = "", dir[200];
	int w = surface_cols(a->d.s), end = w;
	if (s && w >= 90)
		snprintf(what, sizeof what, "%s   %s   pid %ld, %ld process%s", s->name,
			fmt_dir(a->home, dir, sizeof dir, s->cwd), s->pid, s->processes,
			s->processes == 1 ? "" : "es");
	else if (s)
		snprintf(what, sizeof what, "%s", s->name);
	draw_title(&a->d, metric_names[st->metric], NULL, NULL);
	for (size_t i = ARRAY_LEN(spans); i-- > 0;) {
		bool on = i == st->span;
		if (w < 66 && !on)
			continue;
		char text[16];
		snprintf(text, sizeof text, on && !a->d.theme.color ? "[%s]" : " %s ",
			spans[i].name);
		end -= draw_right(&a->d, 0, end, 8, on ? TH_BUTTON_ON : TH_DIM, text);
	}
	int x = 3 + utf8_width(metric_names[st->metric]);
	draw_cut(&a->d, 0, x, end - x, TH_STRONG, what);
}

static void
pagelist_plot(struct app *a, struct pagelist_state *st, const struct msess *s, int y, int foot)
{
	int w = surface_cols(a->d.s), x = 8, pw = MAX(1, w - x - 1), left = foot - y;
	int below = left >= 20 ? 3 + MIN(9, 2 + st->n_procs) : (left >= 9 ? 2 : 0);
	int h = MAX(1, left - 3 - below);
	double t1 = a->now - st->back_s + 1e-3, t0 = t1 - spans[st->span].s;
	double *col = columns(st, st->metric, t0, t1, (size_t)pw), *swap, max = 0;
	swap = st->metric == M_FOOTPRINT ? columns(st, M_SWAP, t0, t1, (size_t)pw) : NULL;
	for (int i = 0; i < pw; i++)
		max = isfinite(col[i]) ? MAX(max, col[i]) : max;
	bool swapped = false;
	for (int i = 0; swap && i < pw; i++)
		swapped |= isfinite(swap[i]) && swap[i] > 0 && swap[i] >= max / h;
	max = plot_nice_max(max);
	st->plot_w = pw;
	st->cursor = MIN(st->cursor, pw - 1);
	axis_y(a, y, h, max);
	area(a, st, y, x, h, pw, col, swap, max);
	axis_x(a, y + h, x, pw, t0, t1);
	marks_draw(a, st, y + h + 2, x, pw, t0, t1);
	if (st->error[0] || (st->n == 0 && !st->loading))
		draw_cut(&a->d, y + h / 2, x + 3, pw - 4, TH_DIM,
			st->error[0] ? st->error : "no samples yet; the first come within seconds");
	int at = y + h + 3;
	if (below >= 2) {
		draw_rule(&a->d, at, 0, w);
		int c = st->cursor < 0 ? -1 : pw - 1 - st->cursor;
		if (c >= 0)
			cursor_line(a, st, at + 1, w, t0 + (c + 0.5) * (t1 - t0) / pw, col[c],
				swap ? swap[c] : NAN);
		else
			figures(a, s, col, pw, swapped, at + 1, w);
	}
	if (below > 3)
		procs_draw(a, st, at + 3, foot, w);
	free(col);
	free(swap);
}

static void
pagelist_draw(struct app *a, void *p)
{
	struct pagelist_state *st = p;
	const struct msess *s = model_find(&a->m, st->id);
	int foot = frame_footer(a, C_MEM, NULL, NULL);
	title(a, st, s);
	pagelist_plot(a, st, s, surface_rows(a->d.s) < 12 ? 1 : 2, foot);
}

static void
cursor_by(struct app *a, int by)
{
	struct pagelist_state *st = hist(a);
	st->cursor = st->cursor < 0 ? 0 : st->cursor + by;
	st->cursor = CLAMP(st->cursor, -1, MAX(0, st->plot_w - 1));
}

void
act_mem_left(struct app *a)
{
	cursor_by(a, 1);
}

void
act_mem_right(struct app *a)
{
	cursor_by(a, -1);
}

static void
span_by(struct app *a, int by)
{
	struct pagelist_state *st = hist(a);
	int to = CLAMP((int)st->span + by, 0, (int)ARRAY_LEN(spans) - 1);
	if (to != (int)st->span) {
		st->span = (size_t)to;
		st->back_s = MIN(st->back_s, spans[ARRAY_LEN(spans) - 1].s);
		ask(a, st);
	}
}

void
act_mem_in(struct app *a)
{
	span_by(a, -1);
}

void
act_mem_out(struct app *a)
{
	span_by(a, 1);
}

static void
pan(struct app *a, double by)
{
	struct pagelist_state *st = hist(a);
	double to = CLAMP(st->back_s + by * spans[st->span].s, 0, spans[ARRAY_LEN(spans) - 1].s);
	if (to != st->back_s) {
		st->back_s = to;
		ask(a, st);
	}
}

void
act_mem_past(struct app *a)
{
	pan(a, 0.5);
}

void
act_mem_future(struct app *a)
{
	pan(a, -0.5);
}

void
act_mem_metric(struct app *a)
{
	struct pagelist_state *st = hist(a);
	st->metric = (st->metric + 1) % M_COUNT;
}

/* The neighbour's curve, without going back to the list. */
static void
session_by(struct app *a, long by)
{
	struct pagelist_state *st = hist(a);
	model_move(&a->m, by);
	if (!strcmp(st->id, a->m.sel))
		return;
	snprintf(st->id, sizeof st->id, "%s", a->m.sel);
	st->n = 0;
	st->n_procs = st->n_marks = 0;
	st->procs_at = 0;
	start(a, st);
}

void
act_mem_down(struct app *a)
{
	session_by(a, 1);
}

void
act_mem_up(struct app *a)
{
	session_by(a, -1);
}

void
act_mem_export(struct app *a)
{
	struct pagelist_state *st = hist(a);
	char path[700];
	snprintf(path, sizeof path, "%s/muster-%s.csv", a->cwd, st->id);
	FILE *f = fopen(path, "we");
	if (!f) {
		app_toast(a, true, "cannot write %.150s", path);
		return;
	}
	fprintf(f, "time,min_bytes,max_bytes,rss_bytes,swap_bytes\n");
	for (size_t i = 0; i < st->n; i++) {
		const struct point *p = &st->p[i];
		fprintf(f, "%.0f,%.0f,%.0f,", p->t, p->min, p->max);
		if (isfinite(p->v[M_RSS]))
			fprintf(f, "%.0f", p->v[M_RSS]);
		fprintf(f, ",%.0f\n", p->v[M_SWAP]);
	}
	bool bad = ferror(f);
	bad |= fclose(f) != 0;
	app_toast(a, bad, bad ? "writing %.150s failed" : "wrote %.150s", path);
}

static void
pagelist_wheel(struct app *a, void *p, int by)
{
	(void)p;
	span_by(a, by);
}

const struct view view_history = {
	.name = "history",
	.context = C_MEM,
	.size = sizeof(struct pagelist_state),
	.open = pagelist_open,
	.close = pagelist_close,
	.draw = pagelist_draw,
	.wheel = pagelist_wheel,
	.changed = pagelist_changed,
};
