/* Rectangular areas: copy, fill, erase, change attributes, checksum. */
#include "core/screen/screen.h"
#include "core/base/utf8.h"
#include "core/vt/vt_priv.h"

#include <stdlib.h>
#include <string.h>

struct rect {
	int top, left, bottom, right; /* inclusive, on the screen */
};

/* Four parameters from i; relative to the margins in origin mode. False: nothing to do. */
static bool
rect_args(const struct term *t, int i, struct rect *r)
{
	const struct vt *v = &t->v;
	bool origin = mode_on(t, MODE_DECOM);
	int top = origin ? v->top : 0, left = origin ? v->left : 0;
	int bottom = origin ? v->bottom : v->rows - 1, right = origin ? v->right : v->cols - 1;
	r->top = top + arg(t, i, 1) - 1;
	r->left = left + arg(t, i + 1, 1) - 1;
	r->bottom = MIN(top + arg(t, i + 2, bottom - top + 1) - 1, bottom);
	r->right = MIN(left + arg(t, i + 3, right - left + 1) - 1, right);
	return r->top <= r->bottom && r->left <= r->right;
}

static void
rect_split_wide(struct term *t, const struct rect *r)
{
	for (int y = r->top; y <= r->bottom; y++) {
		row_split_wide(term_row(t, y), r->left);
		row_split_wide(term_row(t, y), r->right + 1);
	}
}

/* Of wide characters that reach over an end of the piece, the half that is in it. */
static void
blank_cut_wide(struct row *r)
{
	cell_t *first = &r->cells[0], *last = &r->cells[r->len - 1];
	if ((*first & CELL_KIND_MASK) == CELL_TAIL)
		*first &= CELL_STYLE_MASK;
	if ((*last & CELL_KIND_MASK) == CELL_WIDE)
		*last &= CELL_STYLE_MASK;
}

void
csi_rect_copy(struct term *t)
{
	struct vt *v = &t->v;
	struct rect r;
	if (!rect_args(t, 0, &r))
		return;
	bool origin = mode_on(t, MODE_DECOM);
	int dy = arg(t, 5, 1) - 1 + (origin ? v->top : 0);
	int dx = arg(t, 6, 1) - 1 + (origin ? v->left : 0);
	int h = MIN(r.bottom - r.top + 1, (origin ? v->bottom + 1 : v->rows) - dy);
	int w = MIN(r.right - r.left + 1, (origin ? v->right + 1 : v->cols) - dx);
	if (h <= 0 || w <= 0)
		return;
	struct row line = {.cells = xmalloc((size_t)w * sizeof(cell_t))};
	/* towards where rows come from, so that none is written that is still to be read */
	for (int i = 0; i < h; i++) {
		int y = dy > r.top ? h - 1 - i : i;
		const struct row *s = term_row(t, r.top + y);
		line.len = (uint16_t)CLAMP((int)s->len - r.left, 0, w);
		line.flags = s->flags;
		if (line.len) {
			memcpy(line.cells, s->cells + r.left, line.len * sizeof(cell_t));
			blank_cut_wide(&line);
		}
		row_split_wide(term_row(t, dy + y), dx);
		row_split_wide(term_row(t, dy + y), dx + w);
		row_copy_cells(t, term_row(t, dy + y), dx, &line, 0, w);
	}
	free(line.cells);
}

void
csi_rect_fill(struct term *t)
{
	struct rect r;
	int ch = arg(t, 0, 0);
	if (!((ch >= 32 && ch <= 126) || (ch >= 160 && ch <= 255)) || !rect_args(t, 1, &r))
		return;
	pen_ready(t);
	rect_split_wide(t, &r);
	for (int y = r.top; y <= r.bottom; y++) {
		struct row *row = term_row(t, y);
		if (!row_open(t, &t->scr[t->v.alt], row, r.right + 1))
			continue;
		term_spend(t, r.right + 1 - r.left);
		for (int x = r.left; x <= r.right; x++)
			row->cells[x] = t->tmpl | (uint32_t)ch;
		row->flags |= t->pen_flags | (ch >= 128 ? ROW_NONASCII : 0);
		row->stamp = ++t->v.stamp;
	}
}

void
csi_rect_erase(struct term *t)
{
	struct rect r;
	if (!rect_args(t, 0, &r))
		return;
	for (int y = r.top; y <= r.bottom; y++) {
		uint32_t wrap = term_row(t, y)->flags & ROW_WRAP;
		row_erase(t, term_row(t, y), r.left, r.right + 1, false);
		term_row(t, y)->flags |= wrap;
	}
}

/* Takes characters and leaves how they looked. */
void
csi_rect_erase_selective(struct term *t)
{
	struct rect r;
	if (!rect_args(t, 0, &r))
		return;
	rect_split_wide(t, &r);
	for (int y = r.top; y <= r.bottom; y++) {
		struct row *row = term_row(t, y);
		term_spend(t, r.right + 1 - r.left);
		for (int x = r.left; x <= r.right && x < row->len; x++)
			if (t->v.protect_iso || !(row->cells[x] & CELL_PROTECTED))
				row->cells[x] &= CELL_STYLE_MASK;
		row->stamp = ++t->v.stamp;
	}
}

void
csi_rect_extent(struct term *t)
{
	int e = arg(t, 0, 0);
	if (e <= 2)
		t->v.rect_extent = (uint8_t)e;
}

/* What DECCARA and DECRARA may change: bold, underline, blink, inverse, invisible. */
static void
change_one(struct style *s, int code, bool reverse)
{
	static const struct {
		uint8_t on, off;
		uint16_t attr;
	} list[] = {{1, 22, ATTR_BOLD}, {4, 24, UL_SINGLE << ATTR_UL_SHIFT}, {5, 25, ATTR_BLINK},
		{7, 27, ATTR_INVERSE}, {8, 28, ATTR_INVISIBLE}};
	for (size_t i = 0; i < ARRAY_LEN(list); i++) {
		if (reverse) {
			if (code == list[i].on || code == 0)
				s->attrs ^= list[i].attr;
		} else if (code == list[i].on) {
			s->attrs |= list[i].attr;
		} else if (code == list[i].off || code == 0) {
			s->attrs &= ~(uint32_t)(code == 24 || (code == 0 && list[i].on == 4)
							? ATTR_UL_MASK
							: list[i].attr);
		}
	}
}

static void
change_row(struct term *t, int y, int x0, int x1, bool reverse)
{
	struct row *r = term_row(t, y);
	if (!row_open(t, &t->scr[t->v.alt], r, x1))
		return;
	term_spend(t, x1 - x0);
	cell_t from = ~0ull, to = 0; /* neighbours mostly share a style */
	if (x1 < r->len && (r->cells[x1] & CELL_KIND_MASK) == CELL_TAIL)
		x1++;
	for (int x = x0; x < x1; x++) {
		cell_t c = r->cells[x];
		/* a tail is as its other half, in the rectangle or not */
		if ((c & CELL_KIND_MASK) == CELL_TAIL) {
			r->cells[x] = (c & ~CELL_STYLE_MASK) | (r->cells[x - 1] & CELL_STYLE_MASK);
			continue;
		}
		if ((c & CELL_STYLE_MASK) != from) {
			from = c & CELL_STYLE_MASK;
			struct style s = tab_style_get(t->tab, cell_style(c));
			for (int i = 4; i < MAX((int)t->v.csi.n, 5); i++)
				change_one(&s, arg(t, i, 0), reverse);
			to = (cell_t)tab_style(t->tab, &s) << CELL_STYLE_SHIFT;
		}
		r->cells[x] = (c & ~CELL_STYLE_MASK) | to;
	}
	r->flags |= ROW_STYLED;
	r->stamp = ++t->v.stamp;
}

static void
rect_change(struct term *t, bool reverse)
{
	struct rect r;
	if (!rect_args(t, 0, &r))
		return;
	bool origin = mode_on(t, MODE_DECOM);
	bool box = t->v.rect_extent == 2; /* else a stream of text, as selected by mouse */
	int first = origin ? t->v.left : 0, last = origin ? t->v.right : t->v.cols - 1;
	for (int y = r.top; y <= r.bottom; y++) {
		int x0 = box || y == r.top ? r.left : first;
		int x1 = box || y == r.bottom ? r.right : last;
		change_row(t, y, x0, x1 + 1, reverse);
	}
}

void
csi_rect_attributes(struct term *t)
{
	rect_change(t, false);
}

void
csi_rect_reverse(struct term *t)
{
	rect_change(t, true);
}

/* What a style adds to xterm's sum of each cell that has it. */
static unsigned
style_sum(const struct term *t, uint16_t id)
{
	static const struct {
		uint16_t attr, add;
	} list[] = {{ATTR_BOLD, 0x80}, {ATTR_BLINK, 0x40}, {ATTR_INVERSE, 0x20},
		{ATTR_UL_MASK, 0x10}, {ATTR_INVISIBLE, 0x08}};
	uint16_t attrs = (uint16_t)tab_style_get(t->tab, id).attrs;
	unsigned sum = 0;
	for (size_t i = 0; i < ARRAY_LEN(list); i++)
		if (attrs & list[i].attr)
			sum += list[i].add;
	return sum;
}

static uint32_t
first_cp(const struct term *t, cell_t c)
{
	const uint8_t *text = tab_cluster_text(t->tab, c).utf8;
	return utf8_get(&text);
}

/* xterm's sum: the low byte of each character written and its attributes. Neighbours mostly share a
 * style, so it is looked up once a run: programs may ask for the whole screen's sum with four
 * bytes. */
static unsigned
cells_sum(const struct term *t, const cell_t *c, int n)
{
	unsigned sum = 0, add = 0;
	uint16_t style = 0;
	for (int i = 0; i < n; i++) {
		bool tail = (c[i] & CELL_KIND_MASK) == CELL_TAIL;
		uint32_t cp = cell_content(c[i]);
		if (!cp && !tail)
			continue;
		if (unlikely(c[i] & CELL_CLUSTER))
			cp = first_cp(t, c[i]);
		if (cell_style(c[i]) != style) {
			style = cell_style(c[i]);
			add = style ? style_sum(t, style) : 0;
		}
		sum += (tail ? 0xff : cp & 0xff) + add;
	}
	return sum;
}

static bool
written(cell_t c)
{
	return cell_content(c) || (c & CELL_KIND_MASK) == CELL_TAIL;
}

void
csi_rect_checksum(struct term *t)
{
	struct rect r;
	unsigned sum = 0;
	if (rect_args(t, 2, &r))
		for (int y = r.top; y <= r.bottom; y++) {
			const struct row *row = term_row(t, y);
			int n = MIN(r.right + 1, (int)row->len) - r.left;
			term_spend(t, MAX(n, 1));
			if (n > 0)
				sum += cells_sum(t, row->cells + r.left, n);
			/* of cells never written only the very first counts, as a blank */
			if (y == r.top && !(n > 0 && written(row->cells[r.left])))
				sum += ' ';
		}
	term_reply(t, "\033P%d!~%04X\033\\", arg(t, 0, 0), -sum & 0xffff);
}
