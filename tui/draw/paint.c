#include "tui/draw/paint.h"
#include "core/page/tab.h"
#include <string.h>

/* keep: leaves what is there where the sheet is blank. */
static void
paint_part(struct canvas *c, const struct surface *s, int top, int left, int h, int w, bool keep)
{
	struct buf run = {0};
	for (int y = top; y < top + h; y++)
		for (int x = left; x < left + w;) {
			struct surface_cell cell;
			int from = x;
			surface_cell(s, y, x, &cell);
			uint16_t id = cell.style;
			bool blank = true;
			for (run.len = 0; x < left + w && cell.style == id;) {
				blank &= !*cell.text;
				if (cell.width)
					buf_puts(&run, *cell.text ? cell.text : " ");
				if (++x < left + w)
					surface_cell(s, y, x, &cell);
			}
			struct style st = surface_style_get(s, id);
			if (!blank || id || !keep)
				canvas_text(c, y, from, x - from, buf_cstr(&run), &st);
		}
	buf_free(&run);
}

void
paint_surface(struct canvas *c, const struct surface *s, bool anew)
{
	int cy, cx, cols = surface_cols(s);
	anew |= tab_wants_gc(canvas_tab(c)); /* rows that stay would name what is thrown away */
	if (anew)
		canvas_clear(c);
	for (int y = 0; y < surface_rows(s); y++) {
		if (!anew && surface_row_same(s, y))
			continue;
		if (!anew)
			paint_blank(c, y, 0, 1, cols);
		paint_part(c, s, y, 0, 1, cols, true);
	}
	bool caret = surface_caret_at(s, &cy, &cx);
	canvas_set_cursor(c, caret ? cy : 0, caret ? cx : 0, caret, CURSOR_BAR);
}

void
paint_blank(struct canvas *c, int y, int x, int h, int w)
{
	h = MIN(h, canvas_grid(c).rows - y);
	for (int i = 0; i < h; i++) {
		struct row *r = canvas_row(c, y + i);
		if (x < r->len)
			memset(&r->cells[x], 0, (size_t)MIN(w, r->len - x) * sizeof *r->cells);
	}
}

void
paint_layers(struct canvas *c, const struct surface *s)
{
	int y, x, h, w;
	for (int i = 0; surface_layer_at(s, i, &y, &x, &h, &w); i++)
		paint_part(c, s, y, x, h, w, false);
}

static bool
row_blank(const struct row *r)
{
	for (int x = 0; x < r->len; x++) {
		uint32_t ch = cell_content(r->cells[x]);
		if ((ch && ch != ' ') || r->cells[x] & CELL_CLUSTER)
			return false;
	}
	return true;
}

static int
first_row(const struct grid *screen, int h, bool whole)
{
	int end = screen->rows;
	if (whole && end <= h)
		return 0;
	/* a program that draws at the top leaves rows below it that say nothing */
	while (end > h && row_blank(screen->row[end - 1]))
		end--;
	return MAX(0, end - h);
}

struct window_at
paint_window(const struct preview_place *p, const struct grid *screen, const struct hit_mark *focus)
{
	struct window_at at = {.y = p->y, .x = p->x};
	if (p->w <= 0 || p->h <= 0 || !screen->rows)
		return at;
	at.sy = first_row(screen, p->h, p->whole);
	if (focus) {
		at.sy = CLAMP(focus->y - p->h / 3, 0, MAX(screen->rows - p->h, 0));
		if (focus->x1 > p->w) /* a line wider than the place: as much as shows the match */
			at.sx = MIN(focus->x1 - p->w + p->w / 4, focus->x0);
	}
	at.h = MIN(p->h, screen->rows - at.sy);
	at.w = MIN(p->w, screen->cols - at.sx);
	return at;
}
