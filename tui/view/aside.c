/* What is known of the selected session, in a column of its own on a wide screen: its memory over the
 * last hours, its processes, what happened to it. Asked for when the selection rests on it and again
 * with each sample, so that a screen at rest asks nothing. */
#include "tui/view/list.h"
#include "core/text/width.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SPAN_S (6 * 3600.0)

static struct aside *
aside_of(struct app *a, const char *id)
{
	struct list_state *st = app_state(a, &view_list);
	return st && !strcmp(st->aside.id, id) ? &st->aside : NULL;
}

static double
field(json_t *o, const char *key, double absent)
{
	json_t *v = json_object_get(o, key);
	return json_is_number(v) ? json_number_value(v) : absent;
}

static void
put_line(struct aside_line *l, const char *left, const char *right)
{
	sanitize(l->left, sizeof l->left, left, strlen(left));
	sanitize(l->right, sizeof l->right, right, strlen(right));
}

static void
points_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct aside *as = aside_of(a, id);
	json_t *list = json_object_get(reply, "points"), *o;
	size_t i;
	if (!as || e)
		return;
	free(as->points);
	as->points = xcalloc(json_array_size(list) + 1, sizeof *as->points);
	as->n_points = 0;
	json_array_foreach (list, i, o)
		as->points[as->n_points++] = (struct plot_sample){
			field(o, "t", 0), field(o, "max", field(o, "last", 0))};
	a->dirty = true;
}

static void
procs_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct aside *as = aside_of(a, id);
	json_t *o;
	size_t i;
	char mem[16];
	if (!as || e)
		return;
	as->n_procs = 0;
	json_array_foreach (json_object_get(reply, "processes"), i, o) {
		const char *what = json_string_value(json_object_get(o, "role"));
		if (!what || !*what)
			what = json_string_value(json_object_get(o, "comm"));
		if (as->n_procs < (int)ARRAY_LEN(as->procs))
			put_line(&as->procs[as->n_procs++], what ? what : "",
				fmt_mem(mem, field(o, "footprint_bytes", 0)));
	}
	a->dirty = true;
}

static void
events_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct aside *as = aside_of(a, id);
	json_t *list = json_object_get(reply, "events");
	char at[16];
	if (!as || e)
		return;
	as->n_events = 0;
	for (size_t i = json_array_size(list); i-- > 0;) { /* the latest first */
		json_t *o = json_array_get(list, i);
		const char *what = json_string_value(json_object_get(o, "event"));
		time_t t = (time_t)field(o, "t", 0);
		struct tm tm;
		localtime_r(&t, &tm);
		strftime(at, sizeof at, a->now - (double)t < 86400 ? "%H:%M" : "%d %b", &tm);
		if (as->n_events < (int)ARRAY_LEN(as->events))
			put_line(&as->events[as->n_events++], at, what ? what : "");
	}
	a->dirty = true;
}

/* Anew when another session is selected, and when its memory was measured again. */
static void
ask(struct app *a, struct aside *as, const struct msess *s)
{
	bool other = strcmp(as->id, s->id) != 0;
	if (!other && as->footprint == s->footprint)
		return;
	if (other) {
		snprintf(as->id, sizeof as->id, "%s", s->id);
		as->n_points = 0;
		as->n_procs = as->n_events = 0;
	}
	as->footprint = s->footprint;
	app_request(a, "history",
		json_pack("{s:s, s:f, s:i}", "id", s->id, "since", SPAN_S, "max", 400), points_cb,
		s->id);
	app_request(a, "events", json_pack("{s:s}", "id", s->id), events_cb, s->id);
	if (msess_live(s))
		app_request(a, "footprint", json_pack("{s:s}", "id", s->id), procs_cb, s->id);
}

static void
head(struct app *a, int y, int x, int w, const char *title, const char *note)
{
	draw_titled_rule(&a->d, y, x, w, title, note, NULL, false);
}

/* The last hours: no more of them than there are. */
static void
plot_draw(struct app *a, const struct aside *as, int y, int x, int h, int w)
{
	enum plot_style style = a->d.theme.ascii ? PLOT_ASCII : PLOT_BLOCK;
	double t0 = a->now - SPAN_S, max = 1;
	char mem[16];
	if (as->n_points)
		t0 = MAX(t0, as->points[0].t);
	int left = 7, cols = w - left - 1;
	if (cols < 10 || h < 3 || !as->n_points)
		return;
	double *col = xcalloc((size_t)cols, sizeof *col);
	uint32_t *out = xcalloc((size_t)h * (size_t)cols, sizeof *out);
	struct buf b = {0};
	plot_columns(as->points, as->n_points, t0, a->now, MAX((a->now - t0) / 20, 60), col,
		(size_t)cols);
	for (int c = 0; c < cols; c++)
		max = isfinite(col[c]) ? MAX(max, col[c]) : max;
	plot_area(col, max, (size_t)cols, (size_t)h, style, out);
	for (int r = 0; r < h; r++) {
		b.len = 0;
		for (int c = 0; c < cols; c++) {
			uint32_t cp = out[(size_t)r * (size_t)cols + (size_t)c];
			buf_utf8(&b, cp ? cp : ' ');
		}
		draw_text(&a->d, y + r, x + left, cols, TH_PLOT, buf_cstr(&b));
	}
	draw_right(&a->d, y, x + left - 1, left, TH_AXIS, fmt_mem(mem, max));
	draw_right(&a->d, y + h - 1, x + left - 1, left, TH_AXIS, "0");
	buf_free(&b);
	free(out);
	free(col);
}

static int
lines_draw(struct app *a, const struct aside_line *l, int n, int y, int bottom, int x, int w,
	bool figures)
{
	for (int i = 0; i < n && y < bottom; i++, y++) {
		if (figures) {
			int k = draw_right(&a->d, y, x + w - 1, 10, TH_TEXT, l[i].right);
			draw_cut(&a->d, y, x + 1, w - k - 4, TH_TEXT, l[i].left);
		} else {
			draw_text(&a->d, y, x + 1, 7, TH_DIM, l[i].left);
			draw_cut(&a->d, y, x + 9, w - 10, TH_TEXT, l[i].right);
		}
	}
	return y;
}

void
aside_draw(struct app *a, struct list_state *st, int y, int x, int h, int w)
{
	const struct msess *s = model_selected(&a->m);
	struct aside *as = &st->aside;
	char note[64] = "", peak[16], rate[16];
	int bottom = y + h, plot_h = MIN(h / 3, 12);
	if (!s || model_folded(&a->m))
		return;
	ask(a, as, s);
	if (s->peak && s->has_growth)
		snprintf(note, sizeof note, "peak %s  %s MB/h", fmt_mem(peak, (double)s->peak),
			fmt_rate(rate, s->growth_bytes_per_h));
	head(a, y, x, w, "Memory", note);
	plot_draw(a, as, y + 1, x, plot_h, w);
	y += plot_h + 2;
	if (as->n_procs && y + 3 < bottom) {
		snprintf(note, sizeof note, "%d", as->n_procs);
		head(a, y, x, w, "Processes", note);
		y = lines_draw(a, as->procs, as->n_procs, y + 1, y + 1 + (bottom - y) / 2, x, w,
			    true) +
		    1;
	}
	if (as->n_events && y + 2 < bottom) {
		head(a, y, x, w, "Events", "");
		lines_draw(a, as->events, as->n_events, y + 1, bottom, x, w, false);
	}
}
