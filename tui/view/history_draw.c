/* What stands around the plot of the memory view: whose it is, figures, the verdict in words, the
 * processes or the layers that hold it. */
#include "core/text/width.h"
#include "tui/view/history_priv.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const shown_names[SH_COUNT] = {
	"footprint", "resident", "swapped", "by role", "by category"};

static void
cursor_line(struct app *a, const struct hist_state *st, int y, int w, const struct plot *p)
{
	char clock[16], day[16], mem[16], swapped[16], other[16];
	const char *event = "";
	int c = p->w - 1 - st->cursor;
	double t = p->t0 + (c + 0.5) * (p->t1 - p->t0) / p->w, v = p->col[c];
	double near = 2 * (p->t1 - p->t0) / MAX(p->w, 1);
	for (int i = 0; i < st->n_marks; i++)
		if (fabs(st->marks[i].t - t) <= near)
			event = st->marks[i].text;
	int x = 2 + draw_fmt(&a->d, y, 2, w - 3, TH_PLOT_CURSOR, "%s %s   %s",
			    hist_clock(day, sizeof day, t, true),
			    hist_clock(clock, sizeof clock, t, false),
			    isfinite(v) ? fmt_mem(mem, v) : "not known");
	if (p->swap && isfinite(p->swap[c]))
		x += draw_fmt(&a->d, y, x, w - x, TH_PLOT_CURSOR, "   swapped %s",
			fmt_mem(swapped, p->swap[c]));
	if (p->other && isfinite(p->other[c]))
		x += draw_fmt(&a->d, y, x, w - x, TH_PLOT_EVENT, "   other %s",
			fmt_mem(other, p->other[c]));
	draw_fmt(&a->d, y, x, w - x - 1, TH_PLOT_CURSOR, "%s%s", *event ? "   " : "", event);
}

/* "▲ +2.1G/h, straight; memory is full in 8 h": what the curve means. */
static void
verdict(struct app *a, const struct hist_state *st, const struct msess *s, int y, int x, int w)
{
	static const char *const words[] = {[GROWTH_UNKNOWN] = "too young for a verdict",
		[GROWTH_FLAT] = "does not grow",
		[GROWTH_FAST] = "straight",
		[GROWTH_SLOW] = "slow but steady",
		[GROWTH_BURST] = "in a burst"};
	struct model_sums sums = model_sums(&a->m);
	double rate = st->fleet ? sums.growth_bytes_per_h : s ? s->growth_bytes_per_h : 0;
	double left = (double)(a->m.ram_total - MIN(a->m.ram_used, a->m.ram_total));
	bool grows = st->fleet ? sums.growing : s && s->growth >= GROWTH_FAST;
	char mem[16], full[48] = "", when[16];
	const char *how = words[st->fleet ? (grows ? GROWTH_SLOW : GROWTH_FLAT)
					  : (s ? s->growth : GROWTH_UNKNOWN)];
	if (!st->fleet && (!s || !msess_live(s)))
		return;
	if (!grows) {
		draw_cut(&a->d, y, x, w - x, TH_DIM, how);
		return;
	}
	if (rate > 0 && a->m.ram_total)
		snprintf(full, sizeof full, "; memory is full in %s",
			fmt_idle(when, left / rate * 3600));
	draw_fmt(&a->d, y, x, w - x, TH_GROW, "%s +%s/h, %s%s", a->d.theme.glyph[GL_GROWTH],
		fmt_mem(mem, rate), how, full);
}

static int
figure(struct app *a, int y, int x, int w, const char *name, double v)
{
	char mem[16];
	x += draw_text(&a->d, y, x, w - x, TH_DIM, name) + 1;
	x += draw_text(&a->d, y, x, w - x, TH_STRONG, isfinite(v) ? fmt_mem(mem, v) : "-");
	return x + 3;
}

static void
figures(struct app *a, const struct hist_state *st, const struct msess *s, const struct plot *p,
	int y, int w, bool swapped)
{
	double lo = INFINITY, hi = -INFINITY;
	int x = 2;
	for (int i = 0; i < p->w; i++)
		if (isfinite(p->col[i])) {
			lo = MIN(lo, p->col[i]);
			hi = MAX(hi, p->col[i]);
		}
	double now = st->fleet ? (double)model_sums(&a->m).footprint : s ? (double)s->footprint : 0;
	x = figure(a, y, x, w, "NOW", now);
	x = figure(a, y, x, w, "MIN", lo);
	x = figure(a, y, x, w, "MAX", hi);
	if (swapped && w - x > 60) {
		int len = draw_right(&a->d, y, w - 2, 20, TH_DIM, "swapped");
		draw_text(&a->d, y, w - 4 - len, 1, TH_PLOT_SWAP_BODY, a->d.theme.glyph[GL_FULL]);
	}
	verdict(a, st, s, y, x, w - 2);
}

/* What the layers are, and how much of it each is by now. */
static void
legend(struct app *a, const struct hist_state *st, const struct plot *p, int y, int bottom, int w)
{
	const struct parts *q = &st->parts;
	double now = 0;
	char mem[16];
	for (int i = 0; i < p->w; i++)
		now = isfinite(p->col[i]) ? p->col[i] : now;
	if (!q->n)
		draw_cut(&a->d, y, 2, w - 3, TH_DIM,
			"not looked at yet: a session's parts are counted once it has run a while");
	for (int k = q->n_names; q->n && k-- > 0 && y < bottom; y++) {
		draw_text(&a->d, y, 3, 1, plot_part_style(k), plot_part_sign(a, k));
		draw_right(&a->d, y, 13, 8, TH_STRONG,
			fmt_mem(mem, now * (double)q->at[q->n - 1].share[k]));
		draw_cut(&a->d, y, 15, w - 16, TH_TEXT, q->name[k]);
	}
}

static void
procs_draw(struct app *a, const struct hist_state *st, int y, int bottom, int w)
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

/* Of all together: who holds most of it. */
static void
largest(struct app *a, int y, int bottom, int w)
{
	struct msess *top[16] = {0};
	size_t n = 0, max = (size_t)CLAMP(bottom - y, 0, 16);
	char mem[16], rate[24];
	for (size_t i = 0; i < a->m.n; i++) {
		struct msess *s = a->m.all[i];
		size_t k = MIN(n, max);
		if (!msess_live(s))
			continue;
		for (; k > 0 && top[k - 1] && top[k - 1]->footprint < s->footprint; k--)
			if (k < max)
				top[k] = top[k - 1];
		if (k < max)
			top[k] = s;
		n += n < max;
	}
	for (size_t i = 0; i < n; i++, y++) {
		draw_cut(&a->d, y, 3, 24, TH_TEXT, top[i]->name);
		draw_right(&a->d, y, 38, 9, TH_STRONG, fmt_mem(mem, (double)top[i]->footprint));
		if (top[i]->has_growth && w > 60)
			draw_right(&a->d, y, 50, 11,
				top[i]->growth >= GROWTH_FAST ? TH_GROW : TH_DIM,
				fmt_rate(rate, top[i]->growth_bytes_per_h));
	}
}

static void
title(struct app *a, const struct hist_state *st, const struct msess *s)
{
	const struct msess *other = model_find(&a->m, st->other.id);
	const char *kind = shown_names[st->shown];
	char what[400] = "", dir[200];
	int w = surface_cols(a->d.s), end = w;
	if (st->fleet)
		snprintf(what, sizeof what, "all %zu sessions", model_sums(&a->m).running);
	else if (s && other)
		snprintf(what, sizeof what, "%s, and %s %s", s->name, a->d.theme.glyph[GL_WORK],
			other->name);
	else if (s && w >= 90 && !msess_live(s))
		snprintf(what, sizeof what, "%s   %s   %s", s->name,
			fmt_dir(a->home, dir, sizeof dir, s->cwd), msess_word(s));
	else if (s && w >= 90)
		snprintf(what, sizeof what, "%s   %s   pid %ld, %ld process%s", s->name,
			fmt_dir(a->home, dir, sizeof dir, s->cwd), s->pid, s->processes,
			s->processes == 1 ? "" : "es");
	else if (s)
		snprintf(what, sizeof what, "%s", s->name);
	draw_title(&a->d, kind, NULL, NULL);
	for (size_t i = n_hist_spans; i-- > 0;) {
		bool on = i == st->span;
		if (w < 66 && !on)
			continue;
		char text[16];
		snprintf(text, sizeof text, on && !a->d.theme.color ? "[%s]" : " %s ",
			hist_spans[i].name);
		end -= draw_right(&a->d, 0, end, 8, on ? TH_BUTTON_ON : TH_DIM, text);
	}
	int x = 3 + utf8_width(kind);
	draw_cut(&a->d, 0, x, end - x, TH_STRONG, what);
}

/* Rows below the plot: rule and figures, then what holds the memory. */
static int
rows_below(const struct app *a, const struct hist_state *st, int left)
{
	int parts = st->shown >= SH_ROLES ? MAX(st->parts.n_names, 1)
		    : st->fleet		  ? (int)MIN(a->m.n, 8)
		    : st->n_procs	  ? st->n_procs + 1
					  : 0;
	return left >= 20 ? 3 + MIN(parts, MAX(10, left / 4)) : left >= 9 ? 2 : 0;
}

void
hist_draw(struct app *a, void *state)
{
	struct hist_state *st = state;
	const struct msess *s = st->fleet ? NULL : model_find(&a->m, st->own.id);
	int foot = frame_footer(a, C_MEM, NULL, NULL), w = surface_cols(a->d.s);
	int y = surface_rows(a->d.s) < 12 ? 1 : 2, left = foot - y, below = rows_below(a, st, left);
	struct plot p = {.y = y, .w = MAX(1, w - PLOT_LEFT - 1)};
	bool two = left - below - 4 >= 8; /* lines for what happened */
	bool swapped = false;
	p.h = MAX(1, left - 3 - two - below);
	title(a, st, s);
	plot_make(a, st, &p);
	st->plot_w = p.w;
	st->cursor = MIN(st->cursor, p.w - 1);
	plot_draw(a, st, &p);
	for (int i = 0; p.swap && i < p.w; i++)
		swapped |= isfinite(p.swap[i]) && p.swap[i] > 0 && p.swap[i] >= p.max / p.h;
	if (st->error[0] || (st->own.n == 0 && !st->loading))
		draw_cut(&a->d, y + p.h / 2, PLOT_LEFT + 3, p.w - 4, TH_DIM,
			st->error[0] ? st->error : "no samples yet; the first come within seconds");
	int at = y + p.h + 3 + two;
	if (below >= 2) {
		draw_rule(&a->d, at, 0, w);
		if (st->cursor >= 0)
			cursor_line(a, st, at + 1, w, &p);
		else
			figures(a, st, s, &p, at + 1, w, swapped);
	}
	if (below > 3 && st->shown >= SH_ROLES)
		legend(a, st, &p, at + 3, foot, w);
	else if (below > 3 && st->fleet)
		largest(a, at + 3, foot, w);
	else if (below > 3)
		procs_draw(a, st, at + 3, foot, w);
	plot_free(&p);
}
