#ifndef CORE_SCREEN_H
#define CORE_SCREEN_H
/* Operations on rows and cells of the active screen; coordinates are screen rows and columns, both
 * from 0; right and bottom are inclusive, x1 is exclusive. All keep wide cells whole by blanking
 * what would be left as a half. */
#include "core/screen/state.h"

bool screen_init(struct screen *s, int rows);
void screen_free(struct term *t, struct screen *s);
/* The row's cells become writable and [0, upto) initialised; false when memory is out. */
bool row_open_slow(struct term *t, struct screen *s, struct row *r, int upto);
static inline bool
row_open(struct term *t, struct screen *s, struct row *r, int upto)
{
	return likely(r->cells && r->len >= upto) || row_open_slow(t, s, r, upto);
}
void row_clear(struct term *t, struct row *r);
void pen_resolve(struct term *t); /* tmpl, blank, pen_flags from the pen */

/* The row's length without trailing cells that were never written: they say nothing, but inside a
 * line that wraps they keep its place. */
static inline int
row_written(const struct row *r)
{
	int n = r->len;
	while (n && !r->cells[n - 1] && !(r->flags & ROW_WRAP))
		n--;
	return n;
}
/* Is a cell of the row protected? The flag alone may be left over: what erasing does to the row as
 * a whole must not depend on it. */
bool row_protected(struct row *r);
/* If a wide cell straddles the border before column x, both halves become blanks. */
void row_split_wide(struct row *r, int x);
void row_erase(struct term *t, struct row *r, int x0, int x1, bool keep_protected);
/* Copies n cells, blanks where src has none; dst grows. */
void row_copy_cells(struct term *t, struct row *dst, int dx, const struct row *src, int sx, int n);
void row_insert(struct term *t, struct row *r, int x, int right, int n);
void row_delete(struct term *t, struct row *r, int x, int right, int n);
/* Between the left and right margins, or by whole rows where there are none; n > 0 up, n < 0 down.
 */
void region_scroll(struct term *t, int top, int bottom, int n, bool to_history);
/* The whole screen up by one row, the top one into history. */
void screen_scroll_one(struct term *t);
/* tmpl, blank and pen_flags from style_id, bg_id and the pen. */
static inline void
pen_use(struct term *t)
{
	const struct pen *p = &t->v.pen;
	t->blank = (cell_t)t->bg_id << CELL_STYLE_SHIFT;
	t->tmpl = (cell_t)t->style_id << CELL_STYLE_SHIFT | (cell_t)p->link << CELL_LINK_SHIFT |
		  (p->protect ? CELL_PROTECTED : 0);
	t->pen_flags = (t->tmpl ? ROW_STYLED : 0) | (p->link ? ROW_LINKS : 0) |
		       (p->protect ? ROW_PROTECTED : 0);
	t->pen_dirty = false;
}
/* Collects the tab's garbage; the rows of both screens and the pens are its roots. */
void term_gc(struct term *t);

static inline void
pen_ready(struct term *t)
{
	if (unlikely(t->pen_dirty))
		pen_resolve(t);
}
#endif
