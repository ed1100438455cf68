#include "tui/marks.h"

#include "core/tab.h"
#include <stdlib.h>

#define HIT_BG (COLOR_INDEX | 3)
#define HIT_NOW_BG (COLOR_INDEX | 11)

static int64_t
nth(const json_t *array, size_t i)
{
	return json_integer_value(json_array_get(array, i));
}

void
marks_take(struct marks *m, const json_t *ev)
{
	const json_t *at = json_object_get(ev, "at");
	m->n = json_array_size(at);
	m->at = xrealloc(m->at, (m->n + 1) * sizeof(*m->at));
	for (size_t i = 0; i < m->n; i++) {
		const json_t *k = json_array_get(at, i);
		m->at[i] = (struct hit_mark){(int)nth(k, 0), (int)nth(k, 1), (int)nth(k, 2),
			{(uint64_t)nth(k, 3), nth(k, 4)}};
	}
}

void
marks_free(struct marks *m)
{
	free(m->at);
	*m = (struct marks){0};
}

static bool
same(const struct hit_at *a, const struct hit_at *b)
{
	return b && a->line == b->line && a->start == b->start;
}

const struct hit_mark *
marks_find(const struct marks *m, const struct hit_at *of)
{
	for (size_t i = 0; i < m->n; i++)
		if (same(&m->at[i].of, of))
			return &m->at[i];
	return NULL;
}

void
marks_paint(const struct marks *m, struct canvas *c, const struct window_at *at,
	const struct hit_at *now, bool no_color)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct hit_mark *k = &m->at[i];
		bool is = same(&k->of, now);
		int y = k->y - at->sy, x0 = MAX(k->x0 - at->sx, 0), x1 = MIN(k->x1 - at->sx, at->w);
		uint32_t attrs = is ? ATTR_BOLD : 0, bg = is ? HIT_NOW_BG : HIT_BG;
		if (y < 0 || y >= at->h)
			continue;
		if (no_color)
			mark_cells(c, at->y + y, at->x + x0, at->x + x1, attrs | ATTR_INVERSE, 0);
		else
			mark_cells(c, at->y + y, at->x + x0, at->x + x1, attrs, bg);
	}
}

void
mark_cells(struct canvas *c, int y, int x0, int x1, uint32_t attrs, uint32_t bg)
{
	struct grid g = canvas_grid(c);
	if (y < 0 || y >= g.rows)
		return;
	struct row *r = canvas_row(c, y);
	for (int x = MAX(x0, 0); x < MIN(x1, g.cols); x++) {
		while (r->len <= x)
			r->cells[r->len++] = 0;
		struct style s = tab_style_get(canvas_tab(c), cell_style(r->cells[x]));
		s.attrs ^= attrs;
		if (bg) {
			s.bg = bg;
			s.fg = COLOR_INDEX | 0;
			s.attrs &= ~(uint32_t)(ATTR_FAINT | ATTR_INVERSE);
		}
		cell_t id = tab_style(canvas_tab(c), &s);
		r->cells[x] = (r->cells[x] & ~CELL_STYLE_MASK) | id << CELL_STYLE_SHIFT;
		if (!cell_content(r->cells[x]) && (r->cells[x] & CELL_KIND_MASK) == CELL_NARROW)
			r->cells[x] |= ' ';
	}
	r->flags |= ROW_STYLED;
}
