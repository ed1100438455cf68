/* The wall: live screens side by side, those that need their user first, each under a line that says
 * whose it is. No session gets another size by it: a tile shows what fits of the end of its screen. */
#include "tui/view/list.h"
#include "core/text/width.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TILE_W = 78, TILE_H = 15 }; /* a screen is read well from this size on */

/* Places in shown of those that may have a tile, in order; returns how many. out: n_shown. */
static int
candidates(const struct app *a, size_t *out)
{
	int n = 0;
	for (size_t i = 0; i < a->m.n_shown; i++) {
		const struct section *k = model_section(&a->m, i);
		if (msess_live(a->m.shown[i]) && !k->folded)
			out[n++] = i;
	}
	return n;
}

static int
find(const struct app *a, const size_t *at, int n)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(a->m.shown[at[i]]->id, a->m.sel))
			return i;
	return -1;
}

static int
tiles_most(const struct list_state *st, int h, int w)
{
	int fit = MAX(1, w / TILE_W) * MAX(1, h / TILE_H);
	return MIN(st->tiles ? st->tiles : fit, TILES_MAX - 1);
}

/* In how many columns n tiles are read best: the narrowest sees most of its screen. */
static int
columns(int n, int h, int w)
{
	int best = 1;
	double most = 0;
	for (int c = 1; c <= n; c++) {
		int rows = (n + c - 1) / c;
		double see = MIN((double)w / c / TILE_W, 1.2) * MIN((double)h / rows / TILE_H, 1.5);
		if (see > most + 0.01) {
			most = see;
			best = c;
		}
	}
	return best;
}

/* "! api-refactor  permission 4m ────────── 612M ▲" */
static void
tile_title(struct app *a, int y, int x, int w, const struct msess *s)
{
	enum group g = msess_group(s);
	enum theme_style th = row_style(s);
	char mem[16], text[24] = "", idle[16];
	bool focus = !strcmp(s->id, a->m.sel), grows = s->growth >= GROWTH_FAST;
	a->d.on_sel = focus;
	draw_rule(&a->d, y, x, w);
	if (focus)
		surface_fill(a->d.s, y, x, 1, w, " ", draw_style(&a->d, TH_SEL));
	if (s->footprint && w > 40) {
		snprintf(text, sizeof text, " %s%s ", fmt_mem(mem, (double)s->footprint),
			grows ? a->d.theme.glyph[GL_GROWTH] : "");
		w -= 1 + draw_right(&a->d, y, x + w - 1, w,
				 grows && !s->grows_with_work ? TH_GROW : TH_DIM, text);
	}
	int n = focus ? draw_glyph(&a->d, y, x, TH_MARK, GL_BAR) : 1;
	if (g == GR_NEEDS) {
		snprintf(text, sizeof text, " %s ", a->d.theme.glyph[row_glyph(s)]);
		n += draw_text(&a->d, y, x + n, w - n, TH_BADGE, text);
	} else {
		n += draw_text(&a->d, y, x + n, 1, TH_RULE, " ");
		n += draw_glyph(&a->d, y, x + n, th, row_glyph(s));
	}
	n += draw_text(&a->d, y, x + n, 1, TH_RULE, " ");
	n += draw_cut(
		&a->d, y, x + n, w - n - 1, focus || g == GR_NEEDS ? TH_STRONG : TH_TEXT, s->name);
	n += draw_text(&a->d, y, x + n, 2, TH_RULE, "  ");
	n += draw_cut(&a->d, y, x + n, w - n - 1, th, msess_word(s));
	if (g != GR_WORKING)
		n += draw_fmt(&a->d, y, x + n, w - n - 1, TH_DIM, " %s",
			fmt_idle(idle, msess_idle(s, a->now)));
	draw_text(&a->d, y, x + n, w - n, TH_RULE, " ");
	a->d.on_sel = false;
}

static void
tile_draw(struct app *a, struct list_state *st, size_t index, int y, int x, int h, int w)
{
	const struct msess *s = a->m.shown[index];
	draw_hit(&a->d, HIT_SESSION, y, x, h, w, (int)index);
	tile_title(a, y, x, w, s);
	int rows = h - 1;
	if (s->n_options && rows > 4) /* what it offers may be out of sight */
		options_draw(a, y + rows--, x + 1, w - 2, index);
	if (rows < 1)
		return;
	if (!strcmp(s->id, a->m.sel)) {
		app_preview(a, s, y + 1, x + 1, rows, w - 2)->back = a->back;
		st->focus_preview &= !st->wall;
	} else {
		app_beside(a, s, y + 1, x + 1, rows, w - 2);
	}
}

/* Which of the candidates are seen: on the wall the page of the selected one, beside the list the
 * first ones, and the selected in place of the last. Returns how many; out: their places in shown. */
static int
choose(struct app *a, struct list_state *st, int most, size_t *out)
{
	size_t *all = xcalloc(a->m.n_shown + 1, sizeof *all);
	int n = candidates(a, all), sel = find(a, all, n), from = 0, shown;
	if (st->wall && sel < 0 && n > 0) {
		model_select(&a->m, a->m.shown[all[0]]->id);
		sel = 0;
	}
	if (st->wall)
		from = sel / most * most;
	shown = MIN(most, n - from);
	for (int i = 0; i < shown; i++)
		out[i] = all[from + i];
	long at = model_index(&a->m, a->m.sel);
	if (at >= 0 && !st->wall && !model_folded(&a->m) && (sel < 0 || sel >= shown)) {
		shown = MIN(shown + 1, most);
		out[shown - 1] = (size_t)at;
	}
	free(all);
	return shown;
}

void
wall_draw(struct app *a, struct list_state *st, int y, int x, int h, int w)
{
	size_t at[TILES_MAX];
	int n = choose(a, st, tiles_most(st, h, w), at), i = 0;
	if (n == 0 || h < 2)
		return;
	int cols = columns(n, h, w), rows = (n + cols - 1) / cols;
	st->tiles_shown = n;
	st->tile_cols = cols;
	for (int r = 0; r < rows; r++) {
		int top = y + h * r / rows, bottom = y + h * (r + 1) / rows;
		int in_row = MIN(cols, n - i);
		for (int c = 0; c < in_row; c++, i++) {
			int left = x + (w + 1) * c / in_row,
			    right = x + (w + 1) * (c + 1) / in_row - 1;
			tile_draw(a, st, at[i], top, left, bottom - top, right - left);
			if (c + 1 < in_row)
				surface_fill(a->d.s, top, right, bottom - top, 1,
					a->d.theme.glyph[GL_V], draw_style(&a->d, TH_RULE));
		}
	}
}

void
wall_move(struct app *a, struct list_state *st, int dx, int dy)
{
	size_t *all = xcalloc(a->m.n_shown + 1, sizeof *all);
	int n = candidates(a, all), at = find(a, all, n);
	int to = at + dx + dy * MAX(st->tile_cols, 1);
	if (n > 0)
		model_select(&a->m, a->m.shown[all[CLAMP(to, 0, n - 1)]]->id);
	free(all);
}
