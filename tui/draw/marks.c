#include "tui/draw/marks.h"

#include "core/page/tab.h"
#include <stdlib.h>

/* Turned round, so that the text takes the background's colour: read well on dark and on light. */
#define HIT_COLOR (COLOR_INDEX | 6)
#define HIT_NOW_COLOR (COLOR_INDEX | 3)

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

/* Cells [x0, x1) of a row get the look that `look` makes of theirs. */
static void
restyle(struct canvas *c, int y, int x0, int x1, void (*look)(struct style *s, uint32_t color),
	uint32_t color)
{
	struct grid g = canvas_grid(c);
	if (y < 0 || y >= g.rows)
		return;
	struct row *r = canvas_row(c, y);
	for (int x = MAX(x0, 0); x < MIN(x1, g.cols); x++) {
		while (r->len <= x)
			r->cells[r->len++] = 0;
		struct style s = tab_style_get(canvas_tab(c), cell_style(r->cells[x]));
		look(&s, color);
		cell_t id = tab_style(canvas_tab(c), &s);
		r->cells[x] = (r->cells[x] & ~CELL_STYLE_MASK) | id << CELL_STYLE_SHIFT;
		if (!cell_content(r->cells[x]) && (r->cells[x] & CELL_KIND_MASK) == CELL_NARROW)
			r->cells[x] |= ' ';
	}
	r->flags |= ROW_STYLED;
}

static void
look_hit(struct style *s, uint32_t color)
{
	s->fg = color;
	s->bg = COLOR_DEFAULT;
	s->attrs = (s->attrs & ~(uint32_t)(ATTR_FAINT | ATTR_INVISIBLE | ATTR_BOLD)) | ATTR_INVERSE;
}

/* Without colours: the one looked at is underlined too. */
static void
look_plain(struct style *s, uint32_t color)
{
	look_hit(s, COLOR_DEFAULT);
	if (color == HIT_NOW_COLOR)
		s->attrs |= ATTR_BOLD | UL_SINGLE << ATTR_UL_SHIFT;
}

static void
look_selected(struct style *s, uint32_t color)
{
	(void)color;
	s->attrs ^= ATTR_INVERSE;
}

void
mark_selected(struct canvas *c, int y, int x0, int x1)
{
	restyle(c, y, x0, x1, look_selected, 0);
}

void
marks_paint(const struct marks *m, struct canvas *c, const struct window_at *at,
	const struct hit_at *now, bool no_color)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct hit_mark *k = &m->at[i];
		int y = k->y - at->sy, x0 = MAX(k->x0 - at->sx, 0), x1 = MIN(k->x1 - at->sx, at->w);
		if (y >= 0 && y < at->h)
			restyle(c, at->y + y, at->x + x0, at->x + x1,
				no_color ? look_plain : look_hit,
				same(&k->of, now) ? HIT_NOW_COLOR : HIT_COLOR);
	}
}
