#ifndef CORE_PRINT_H
#define CORE_PRINT_H
/* Characters to the screen at the cursor: wrapping, clusters, wide cells, insert mode. */
#include "core/screen/screen.h"

void print_byte(struct term *t, uint8_t c); /* one of ASCII, any state */
void print_delete(struct term *t);	    /* DEL, likewise */
void print_cp(struct term *t, uint32_t cp);
void print_repeat(struct term *t, int n);
int right_limit_doubled(const struct term *t, int limit);

/* First column the run may not reach. */
static inline int
right_limit(const struct term *t)
{
	int limit = t->v.col > t->v.right ? t->v.cols : t->v.right + 1;
	return likely(!t->v.doubled) ? limit : right_limit_doubled(t, limit);
}

/* Cursor down one row, scrolling at the region's bottom. */
void term_index(struct term *t);
static inline void
term_linefeed(struct term *t)
{
	t->v.pending = 0;
	if (t->v.row != t->v.bottom || !t->whole)
		term_index(t);
	else
		screen_scroll_one(t);
}
/* The commonest thing of all: one ASCII character, at or before the end of a row without wide
 * cells, not in the last column. False: nothing done. */
static inline bool
print_one(struct term *t, uint8_t c)
{
	struct vt *v = &t->v;
	struct row *r = term_row(t, v->row);
	int x = v->col;
	if (!t->plain || t->pen_dirty || !t->whole || v->hazard || v->pending || x >= v->cols - 1 ||
		r->flags & (ROW_WIDE | ROW_DOUBLE_MASK) || x > r->len || !r->cells)
		return false;
	r->cells[x] = t->tmpl | c;
	r->len = (uint16_t)MAX((int)r->len, x + 1);
	r->stamp = ++v->stamp;
	r->flags |= t->pen_flags;
	v->col = x + 1;
	v->last_cp = c;
	v->chain_row = v->row;
	v->chain_col = x + 1;
	return true;
}
#endif
