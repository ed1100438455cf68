/* The plot of the memory view: an area under the curve, of one kind or in layers, a second curve to
 * compare with, and axes with round figures. */
#include "core/paint/plot.h"
#include "core/text/width.h"
#include "tui/view/history_priv.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Columns of one metric of a series; NAN where nothing is known. */
static double *
columns(const struct series *s, enum metric m, const struct plot *p)
{
	struct plot_sample *sample = xcalloc(s->n + 1, sizeof *sample);
	double *col = xcalloc((size_t)p->w + 1, sizeof *col);
	size_t k = 0;
	for (size_t i = 0; i < s->n; i++)
		if (isfinite(s->p[i].v[m]))
			sample[k++] = (struct plot_sample){s->p[i].t, s->p[i].v[m]};
	plot_columns(sample, k, p->t0, p->t1, MAX(3 * s->step_s, 60), col, (size_t)p->w);
	free(sample);
	return col;
}

/* The step between the figures of the axis: a round one, of which four at most reach above v. */
static double
nice_step(double v)
{
	static const double round[] = {1, 2, 2.5, 5, 10, 20, 25, 50, 100, 200, 250, 500};
	for (double unit = 1024; unit < 1e18; unit *= 1024)
		for (size_t i = 0; i < ARRAY_LEN(round); i++)
			if (4 * round[i] * unit >= v)
				return round[i] * unit;
	return v;
}

void
plot_make(struct app *a, const struct hist_state *st, struct plot *p)
{
	enum metric m = hist_metric(st);
	double top = 0;
	hist_range(a, st, &p->t0, &p->t1);
	p->col = columns(&st->own, m, p);
	p->swap = st->shown == SH_FOOTPRINT ? columns(&st->own, M_SWAP, p) : NULL;
	p->other = st->other.id[0] ? columns(&st->other, m, p) : NULL;
	for (int i = 0; i < p->w; i++) {
		top = isfinite(p->col[i]) ? MAX(top, p->col[i]) : top;
		top = p->other && isfinite(p->other[i]) ? MAX(top, p->other[i]) : top;
	}
	p->step = nice_step(MAX(top, 1));
	p->max = p->step * MAX(ceil(top / p->step - 1e-9), 1);
}

void
plot_free(struct plot *p)
{
	free(p->col);
	free(p->swap);
	free(p->other);
}

/* --- axes ------------------------------------------------------------------------------------- */

/* A figure at each step where there is room, and a quiet line of dots through the plot. */
static void
axis_y(struct app *a, const struct plot *p)
{
	char mem[16];
	int last = p->h, every = p->h >= 2 * (int)(p->max / p->step) ? 1 : 2;
	for (int r = 0; r < p->h; r++)
		draw_glyph(&a->d, p->y + r, 7, TH_AXIS, GL_TICK_Y);
	draw_right(&a->d, p->y + p->h - 1, 6, 6, TH_AXIS, p->h > 1 ? "0" : fmt_mem(mem, p->max));
	for (double v = p->step * every; v <= p->max * 1.001; v += p->step * every) {
		int r = p->h - (int)lround(v / p->max * p->h);
		if (last - r < 2 || r >= p->h - 1)
			continue;
		last = r;
		draw_right(&a->d, p->y + r, 6, 6, TH_AXIS, fmt_mem(mem, v));
		for (int c = 3; c < p->w; c += 6)
			draw_glyph(&a->d, p->y + r, PLOT_LEFT + c, TH_AXIS, GL_DOT);
	}
}

const char *
hist_clock(char *buf, size_t cap, double t, bool day)
{
	time_t at = (time_t)t;
	struct tm tm;
	localtime_r(&at, &tm);
	strftime(buf, cap, day ? "%d %b" : "%H:%M", &tm);
	return buf;
}

static void
axis_x(struct app *a, const struct plot *p)
{
	char text[16];
	int y = p->y + p->h, free_from = 0;
	double step = plot_time_step(p->t1 - p->t0, (size_t)MAX(2, p->w / 12));
	draw_glyph(&a->d, y, PLOT_LEFT - 1, TH_AXIS, GL_CORNER);
	surface_fill(
		a->d.s, y, PLOT_LEFT, 1, p->w, a->d.theme.glyph[GL_H], draw_style(&a->d, TH_AXIS));
	/* round in local time, as the clock on the wall reads */
	time_t at = (time_t)p->t0;
	struct tm tm;
	localtime_r(&at, &tm);
	double off = (double)tm.tm_gmtoff;
	for (double t = ceil((p->t0 + off) / step) * step - off; t < p->t1; t += step) {
		int c = (int)((t - p->t0) / (p->t1 - p->t0) * p->w);
		draw_glyph(&a->d, y, PLOT_LEFT + c, TH_AXIS, GL_TICK_X);
		hist_clock(text, sizeof text, t, step >= 86400);
		int n = utf8_width(text), x = CLAMP(c - 2, 0, MAX(p->w - n, 0));
		if (x < free_from)
			continue;
		draw_text(&a->d, y + 1, PLOT_LEFT + x, n, TH_AXIS, text);
		free_from = x + n + 1;
	}
}

/* What happened, below the time axis, whole: right of its mark, else left of it, on two lines; where
 * there is no room the mark alone. */
static void
marks_draw(struct app *a, const struct hist_state *st, const struct plot *p, int y, int rows)
{
	int taken[2][400] = {{0}};
	int w = MIN(p->w, 400);
	for (int i = 0; i < st->n_marks; i++) {
		const struct mark *m = &st->marks[i];
		int c = (int)((m->t - p->t0) / (p->t1 - p->t0) * p->w), n = utf8_width(m->text);
		if (m->t < p->t0 || m->t >= p->t1 || c >= w)
			continue;
		int from = c + 1 + n <= p->w ? c : c - n, row = -1;
		for (int r = 0; r < rows && row < 0 && from >= 0; r++) {
			bool room = true;
			for (int x = MAX(from - 1, 0); x <= MIN(from + n + 1, w - 1); x++)
				room &= !taken[r][x];
			row = room ? r : -1;
		}
		if (row < 0) {
			if (!taken[0][c])
				draw_glyph(&a->d, y, PLOT_LEFT + c, TH_PLOT_EVENT, GL_EVENT);
			taken[0][c] = 1;
			continue;
		}
		for (int x = from; x <= MIN(from + n, w - 1); x++)
			taken[row][x] = 1;
		draw_glyph(&a->d, y + row, PLOT_LEFT + c, TH_PLOT_EVENT, GL_EVENT);
		draw_text(
			&a->d, y + row, PLOT_LEFT + (from == c ? c + 1 : from), n, TH_DIM, m->text);
	}
}

/* --- area ------------------------------------------------------------------------------------- */

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

enum theme_style
plot_part_style(int part)
{
	static const enum theme_style style[PARTS_MAX + 1] = {
		TH_PLOT, TH_GROW, TH_OK, TH_WARN, TH_WORKING, TH_DIM};
	return style[MIN(part, PARTS_MAX)];
}

/* Without colours, layers are told apart by their letters. */
const char *
plot_part_sign(const struct app *a, int part)
{
	static const char *const letters[] = {"a", "b", "c", "d", "e", "."};
	return a->d.theme.color ? a->d.theme.glyph[GL_FULL] : letters[MIN(part, PARTS_MAX)];
}

/* The layer at a height of 0..1 of what is used at time t. */
static int
part_at(const struct parts *q, double t, double height)
{
	size_t i = 0;
	double sum = 0;
	while (i + 1 < q->n && q->at[i + 1].t <= t)
		i++;
	for (int k = 0; k < q->n_names; k++)
		if ((sum += q->n ? q->at[i].share[k] : 0) > height)
			return k;
	return MAX(q->n_names - 1, 0);
}

static void
layered_cell(struct app *a, const struct hist_state *st, const struct plot *p, int r, int c,
	const char *top, bool edge)
{
	double t = p->t0 + (c + 0.5) * (p->t1 - p->t0) / p->w;
	double height = (p->h - r - 0.5) / p->h * p->max / p->col[c];
	int part = part_at(&st->parts, t, CLAMP(height, 0, 0.999));
	bool plain = edge && a->d.theme.color; /* the top of the curve, not a whole cell */
	draw_text(&a->d, p->y + r, PLOT_LEFT + c, 1, plot_part_style(part),
		plain ? top : plot_part_sign(a, part));
}

static void
area(struct app *a, const struct hist_state *st, const struct plot *p)
{
	enum plot_style style = a->d.theme.ascii ? PLOT_ASCII : PLOT_BLOCK;
	uint32_t *out = xcalloc((size_t)p->h * (size_t)p->w, sizeof *out);
	struct buf b = {0};
	int cursor = st->cursor < 0 ? -1 : p->w - 1 - st->cursor;
	bool layers = st->shown >= SH_ROLES && st->parts.n_names > 0;
	plot_area(p->col, p->max, (size_t)p->w, (size_t)p->h, style, out);
	for (int c = 0; c < p->w; c++) {
		bool edge = true;
		for (int r = 0; r < p->h; r++) {
			uint32_t cp = out[(size_t)r * (size_t)p->w + (size_t)c];
			double top = (double)(p->h - r) / p->h * p->max;
			bool swapped = p->swap && isfinite(p->swap[c]) && p->swap[c] >= top;
			if (cp == 0 || cp == ' ') {
				if (c == cursor)
					draw_glyph(&a->d, p->y + r, PLOT_LEFT + c, TH_PLOT_CURSOR,
						GL_CURSOR);
				continue;
			}
			b.len = 0;
			buf_utf8(&b, cp);
			if (layers && c != cursor)
				layered_cell(a, st, p, r, c, buf_cstr(&b), edge);
			else
				draw_text(&a->d, p->y + r, PLOT_LEFT + c, 1,
					area_style(c == cursor, edge, swapped), buf_cstr(&b));
			/* a thin top alone would be hard to see */
			edge = edge && cp >= 0x2581 && cp <= 0x2583;
		}
	}
	buf_free(&b);
	free(out);
}

/* The other session's curve, as a line over the area. */
static void
second_curve(struct app *a, const struct plot *p)
{
	for (int c = 0; p->other && c < p->w; c++) {
		if (!isfinite(p->other[c]))
			continue;
		int r = p->h - 1 - (int)(p->other[c] / p->max * p->h);
		draw_glyph(
			&a->d, p->y + CLAMP(r, 0, p->h - 1), PLOT_LEFT + c, TH_PLOT_EVENT, GL_WORK);
	}
}

void
plot_draw(struct app *a, const struct hist_state *st, const struct plot *p)
{
	axis_y(a, p);
	area(a, st, p);
	second_curve(a, p);
	axis_x(a, p);
	marks_draw(a, st, p, p->y + p->h + 2, p->h >= 8 ? 2 : 1);
}
