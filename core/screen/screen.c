/* Rows and cells: where they live, how they scroll, how parts of them are erased or moved.
 *
 * Invariants (term_check): every pointer of screen.row is a different element of screen.store;
 * a row's cells lie in one of the screen's pages, cap is 0 or the screen's width; len <= cap;
 * a WIDE cell is followed by its TAIL, a TAIL preceded by its WIDE. */
#include "core/screen/screen.h"

#include <stdlib.h>
#include <string.h>

bool
screen_init(struct screen *s, int rows)
{
	s->n_ptrs = rows + MAX(rows, 64);
	s->store = xcalloc((size_t)rows, sizeof(*s->store));
	s->ptrs = xcalloc((size_t)s->n_ptrs, sizeof(*s->ptrs));
	s->row = s->ptrs;
	for (int y = 0; y < rows; y++)
		s->row[y] = &s->store[y];
	return true;
}

void
screen_free(struct term *t, struct screen *s)
{
	for (int i = 0; i < s->n_pages; i++)
		page_put(t->arena, s->pages[i], t->owner);
	free(s->pages);
	free(s->store);
	free(s->ptrs);
	*s = (struct screen){0};
}

static bool
row_take_cells(struct term *t, struct screen *s, struct row *r)
{
	uint32_t bytes = (uint32_t)t->v.cols * sizeof(cell_t);
	int per = (int)(PAGE_BYTES / bytes), k = s->used / per;
	if (k >= s->n_pages) {
		page_t page = page_get(t->arena, t->owner);
		if (!page)
			return false;
		s->pages = xrealloc(s->pages, (size_t)(s->n_pages + 1) * sizeof(*s->pages));
		s->pages[s->n_pages++] = page;
	}
	uint32_t off = (uint32_t)(s->used % per) * bytes;
	page_touch(t->arena, s->pages[k], off, bytes);
	r->cells = (cell_t *)((char *)page_base(t->arena, s->pages[k]) + off);
	r->cap = (uint16_t)t->v.cols;
	r->len = 0;
	s->used++;
	return true;
}

bool
row_open_slow(struct term *t, struct screen *s, struct row *r, int upto)
{
	if (!r->cells && !row_take_cells(t, s, r))
		return false;
	if (r->len < upto) {
		term_spend(t, upto - r->len);
		memset(r->cells + r->len, 0, (size_t)(upto - r->len) * sizeof(cell_t));
		r->len = (uint16_t)upto;
	}
	return true;
}

void
row_split_wide(struct row *r, int x)
{
	if (x <= 0 || x >= r->len || (r->cells[x] & CELL_KIND_MASK) != CELL_TAIL)
		return;
	r->cells[x - 1] &= CELL_STYLE_MASK;
	r->cells[x] &= CELL_STYLE_MASK;
}

/* Fills [x0, x1) with c; the row is open up to x0. */
static void
row_fill(struct row *r, int x0, int x1, cell_t c)
{
	for (int x = x0; x < x1; x++)
		r->cells[x] = c;
	r->len = (uint16_t)MAX(r->len, x1);
}

static uint32_t
blank_flags(const struct term *t)
{
	return t->blank ? ROW_STYLED : 0;
}

void
row_clear(struct term *t, struct row *r)
{
	r->len = 0;
	r->flags = 0;
	r->stamp = ++t->v.stamp;
	pen_ready(t);
	if (t->blank && row_open(t, &t->scr[t->v.alt], r, 0)) {
		term_spend(t, t->v.cols);
		row_fill(r, 0, t->v.cols, t->blank);
		r->flags = ROW_STYLED;
	}
}

static void
erase_unprotected(struct term *t, struct row *r, int x0, int x1)
{
	for (int x = x0; x < MIN(x1, (int)r->len); x++)
		if (!(r->cells[x] & CELL_PROTECTED))
			r->cells[x] = t->blank;
	if (t->blank && x1 > r->len && row_open(t, &t->scr[t->v.alt], r, x0))
		row_fill(r, MAX(x0, (int)r->len), x1, t->blank);
}

bool
row_protected(struct row *r)
{
	for (int x = 0; r->flags & ROW_PROTECTED && x < r->len; x++)
		if (r->cells[x] & CELL_PROTECTED)
			return true;
	r->flags &= ~(uint32_t)ROW_PROTECTED;
	return false;
}

/* Blanks [x0, x1) as they are; no wide cell reaches over the ends. */
static void
row_blank(struct term *t, struct row *r, int x0, int x1, bool keep_protected)
{
	pen_ready(t);
	r->stamp = ++t->v.stamp;
	r->flags |= blank_flags(t);
	if (x1 >= t->v.cols)
		r->flags &= ~(uint32_t)ROW_WRAP;
	term_spend(t, x1 - x0);
	if (keep_protected && row_protected(r)) {
		erase_unprotected(t, r, x0, x1);
		return;
	}
	if (!t->blank && x1 >= r->len) {
		r->len = (uint16_t)MIN((int)r->len, x0);
		return;
	}
	if (row_open(t, &t->scr[t->v.alt], r, x0))
		row_fill(r, x0, x1, t->blank);
}

void
row_erase(struct term *t, struct row *r, int x0, int x1, bool keep_protected)
{
	if (x0 >= x1)
		return;
	if (r->flags & ROW_WIDE) {
		row_split_wide(r, x0);
		row_split_wide(r, x1);
	}
	row_blank(t, r, x0, x1, keep_protected);
}

/* Whole rows */

static void
rotate_up(struct term *t, struct screen *s, int top, int bottom)
{
	struct row *r = s->row[top];
	int rows = t->v.rows;
	if (top == 0 && bottom == rows - 1) {
		if (s->row + rows == s->ptrs + s->n_ptrs) {
			memmove(s->ptrs, s->row + 1, (size_t)(rows - 1) * sizeof(*s->row));
			s->row = s->ptrs;
		} else {
			s->row++;
		}
	} else {
		memmove(s->row + top, s->row + top + 1, (size_t)(bottom - top) * sizeof(*s->row));
	}
	s->row[bottom] = r;
	row_clear(t, r);
}

void
screen_scroll_one(struct term *t)
{
	struct screen *s = &t->scr[t->v.alt];
	if (!t->v.alt) {
		term_spend(t, s->row[0]->len);
		pagelist_push(t->pagelist, s->row[0], t->tab);
	}
	rotate_up(t, s, 0, t->v.rows - 1);
}

static void
rows_scroll_up(struct term *t, int top, int bottom, int n, bool to_history)
{
	struct screen *s = &t->scr[t->v.alt];
	n = MIN(n, bottom - top + 1);
	term_spend(t, n * (bottom - top) / 8);
	to_history = to_history && top == 0 && !t->v.alt;
	for (int i = 0; i < n; i++) {
		if (to_history) {
			term_spend(t, s->row[top]->len);
			pagelist_push(t->pagelist, s->row[top], t->tab);
		}
		rotate_up(t, s, top, bottom);
	}
}

static void
rows_scroll_down(struct term *t, int top, int bottom, int n)
{
	struct screen *s = &t->scr[t->v.alt];
	n = MIN(n, bottom - top + 1);
	term_spend(t, n * (bottom - top) / 8);
	for (int i = 0; i < n; i++) {
		struct row *r = s->row[bottom];
		memmove(s->row + top + 1, s->row + top, (size_t)(bottom - top) * sizeof(*s->row));
		s->row[top] = r;
		row_clear(t, r);
	}
}

/* Cells of one row */

void
row_copy_cells(struct term *t, struct row *dst, int dx, const struct row *src, int sx, int n)
{
	int have = CLAMP((int)src->len - sx, 0, n);
	if (n <= 0 || !row_open(t, &t->scr[t->v.alt], dst, dx + n))
		return;
	term_spend(t, n);
	if (have)
		memmove(dst->cells + dx, src->cells + sx, (size_t)have * sizeof(cell_t));
	if (have < n)
		memset(dst->cells + dx + have, 0, (size_t)(n - have) * sizeof(cell_t));
	dst->flags |= src->flags & (ROW_STYLED | ROW_CLUSTERS | ROW_LINKS | ROW_WIDE |
					   ROW_PROTECTED | ROW_NONASCII);
	dst->stamp = ++t->v.stamp;
}

/* Cells are about to move between x and right, and to be cut off at `cut`. A row's end that moves
 * does not end for want of room any more. */
static void
row_cut(struct row *r, int x, int right, int cut)
{
	if (!(r->flags & ROW_WIDE))
		return;
	if (r->len && (r->cells[r->len - 1] & CELL_KIND_MASK) == CELL_HEAD)
		r->cells[r->len - 1] &= CELL_STYLE_MASK;
	row_split_wide(r, x);
	row_split_wide(r, right + 1);
	row_split_wide(r, cut);
}

void
row_insert(struct term *t, struct row *r, int x, int right, int n)
{
	n = MIN(n, right + 1 - x);
	if (n <= 0)
		return;
	row_cut(r, x, right, right + 1 - n);
	if (r->len > x)
		row_copy_cells(t, r, x + n, r, x, right + 1 - x - n);
	row_blank(t, r, x, x + n, false);
}

void
row_delete(struct term *t, struct row *r, int x, int right, int n)
{
	n = MIN(n, right + 1 - x);
	if (n <= 0)
		return;
	row_cut(r, x, right, x + n);
	if (r->len > x)
		row_copy_cells(t, r, x, r, x + n, right + 1 - x - n);
	row_blank(t, r, right + 1 - n, right + 1, false);
}

/* Rectangles between the margins */

static void
rect_scroll(struct term *t, int top, int bottom, int left, int right, int n)
{
	struct screen *s = &t->scr[t->v.alt];
	int h = bottom - top + 1, w = right - left + 1, k = MIN(n < 0 ? -n : n, h);
	term_spend(t, h);
	for (int y = top; y <= bottom; y++) {
		row_split_wide(s->row[y], left);
		row_split_wide(s->row[y], right + 1);
	}
	for (int i = 0; i < h - k; i++) {
		int y = n > 0 ? top + i : bottom - i;
		struct row *dst = s->row[y], *src = s->row[n > 0 ? y + k : y - k];
		if (dst->len > left || src->len > left)
			row_copy_cells(t, dst, left, src, left, w);
	}
	for (int i = 0; i < k; i++)
		row_erase(t, s->row[n > 0 ? bottom - i : top + i], left, right + 1, false);
}

void
region_scroll(struct term *t, int top, int bottom, int n, bool to_history)
{
	if (t->v.left > 0 || t->v.right < t->v.cols - 1)
		rect_scroll(t, top, bottom, t->v.left, t->v.right, n);
	else if (n > 0)
		rows_scroll_up(t, top, bottom, n, to_history);
	else
		rows_scroll_down(t, top, bottom, -n);
}

/* The pen */

void
pen_resolve(struct term *t)
{
	const struct style *s = &t->v.pen.style;
	struct style bg = {.bg = s->bg};
	t->pen_epoch = tab_epoch(t->tab);
	t->style_id = tab_style(t->tab, s);
	t->bg_id = s->bg ? tab_style(t->tab, &bg) : 0;
	t->pen_exact = (t->style_id || !(s->fg | s->bg | s->ul | s->attrs)) && (t->bg_id || !s->bg);
	pen_use(t);
}

/* Ids of the pens (live and saved) live in struct pen only as link; styles are re-made. */
void
term_gc(struct term *t)
{
	int rows = t->v.rows, n = 0;
	struct row **all = xmalloc((size_t)rows * 2 * sizeof(*all));
	for (int k = 0; k < 2; k++)
		for (int y = 0; t->scr[k].store && y < rows; y++)
			all[n++] = t->scr[k].row[y];
	for (int i = 0; i < n; i++)
		all[i]->prepacked = 0; /* a table may have no room for what was in the old one */
	uint16_t links[3] = {t->v.pen.link, t->v.scr[0].saved.pen.link, t->v.scr[1].saved.pen.link};
	tab_gc(t->tab, all, n, NULL, 0, links, 3);
	t->v.pen.link = links[0];
	t->v.scr[0].saved.pen.link = links[1];
	t->v.scr[1].saved.pen.link = links[2];
	t->pen_dirty = true;
	free(all);
}
