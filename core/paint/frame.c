/* Frames between server and client: what changed on a screen since the last frame.
 *
 *   u8      flags: FRAME_WHOLE the canvas is emptied first, FRAME_SCROLL a scroll follows
 *   varint  columns, rows, cursor row, cursor column
 *   u8      cursor: visible, blink, pending wrap, the screen is reversed, shape << 4
 *   [varint top, bottom, n << 1 | down]          rows [top, bottom) move by n
 *   varint  number of rows
 *   rows:   varint rows left out since the row before, then the packed row (core/pack/pack.h)
 *
 * The sender keeps one stamp a row: equal stamps show the same, so finding the difference costs a
 * compare a row, and a scroll shows as stamps that moved. A blank row has key 0 whatever its stamp.
 */
#include "core/paint/frame.h"
#include "core/paint/canvas_priv.h"
#include "core/pack/pack.h"
#include "core/paint/scroll.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME_WHOLE = 1, FRAME_SCROLL = 2 };
enum { CUR_VISIBLE = 1, CUR_BLINK = 2, CUR_PENDING = 4, CUR_REVERSE = 8, CUR_SHAPE_SHIFT = 4 };

struct frame_view {
	bool whole; /* the next frame has all */
	int cols, rows;
	uint64_t *keys, *next; /* rows each */
	uint32_t cur_row, cur_col;
	uint8_t cur_bits;
};

struct frame_view *
frame_view_new(void)
{
	struct frame_view *v = xcalloc(1, sizeof(*v));
	v->whole = true;
	return v;
}

void
frame_view_free(struct frame_view *v)
{
	if (!v)
		return;
	free(v->keys);
	free(v->next);
	free(v);
}

void
frame_view_reset(struct frame_view *v)
{
	v->whole = true;
}

static void
view_size(struct frame_view *v, int cols, int rows)
{
	if (v->cols == cols && v->rows == rows)
		return;
	v->cols = cols;
	v->rows = rows;
	v->keys = xrealloc(v->keys, mul_sat((size_t)rows, sizeof(*v->keys)));
	v->next = xrealloc(v->next, mul_sat((size_t)rows, sizeof(*v->next)));
	v->whole = true;
}

static uint64_t
row_key(const struct row *r)
{
	if (r->len == 0 && !(r->flags & (ROW_WRAP | ROW_WRAPPED | ROW_PROMPT_MASK)))
		return 0;
	return r->stamp ? r->stamp : UINT64_MAX;
}

static uint8_t
cursor_bits(const struct grid *g)
{
	return (uint8_t)((g->cursor.visible ? CUR_VISIBLE : 0) | (g->cursor.blink ? CUR_BLINK : 0) |
			 (g->cursor.pending_wrap ? CUR_PENDING : 0) |
			 (g->reverse ? CUR_REVERSE : 0) | g->cursor.shape << CUR_SHAPE_SHIFT);
}

static void
put_head(const struct frame_view *v, const struct scroll *s, struct buf *out)
{
	buf_putc(out, (uint8_t)((v->whole ? FRAME_WHOLE : 0) | (s->n ? FRAME_SCROLL : 0)));
	buf_varint(out, (uint64_t)v->cols);
	buf_varint(out, (uint64_t)v->rows);
	buf_varint(out, v->cur_row);
	buf_varint(out, v->cur_col);
	buf_putc(out, v->cur_bits);
	if (!s->n)
		return;
	buf_varint(out, (uint64_t)s->top);
	buf_varint(out, (uint64_t)s->bottom);
	buf_varint(out, (uint64_t)abs(s->n) << 1 | (s->n < 0));
}

bool
frame_encode(struct frame_view *v, const struct grid *g, struct buf *out)
{
	struct scroll s = {0};
	view_size(v, g->cols, g->rows);
	for (int y = 0; y < g->rows; y++)
		v->next[y] = row_key(g->row[y]);
	if (v->whole)
		memset(v->keys, 0, (size_t)v->rows * sizeof(*v->keys));
	else if (scroll_find(v->keys, v->next, v->rows, &s))
		scroll_keys(v->keys, &s);
	unsigned changed = 0;
	for (int y = 0; y < g->rows; y++)
		changed += v->keys[y] != v->next[y];
	uint8_t bits = cursor_bits(g);
	bool moved = v->cur_row != (uint32_t)g->cursor.row ||
		     v->cur_col != (uint32_t)g->cursor.col || v->cur_bits != bits;
	if (!v->whole && !s.n && !changed && !moved)
		return false;
	v->cur_row = (uint32_t)g->cursor.row;
	v->cur_col = (uint32_t)g->cursor.col;
	v->cur_bits = bits;
	put_head(v, &s, out);
	buf_varint(out, changed);
	for (int y = 0, last = -1; y < g->rows; y++) {
		if (v->keys[y] == v->next[y])
			continue;
		buf_varint(out, (uint64_t)(y - last - 1));
		pack_row(out, g->row[y], g->tab);
		last = y;
	}
	memcpy(v->keys, v->next, (size_t)v->rows * sizeof(*v->keys));
	v->whole = false;
	return true;
}

static int
apply_scroll(struct canvas *c, struct rd *in)
{
	uint64_t top = rd_varint(in), bottom = rd_varint(in), n = rd_varint(in);
	if (in->bad || bottom > (uint64_t)c->n_rows || top >= bottom || n >> 1 > bottom - top)
		return -EBADMSG;
	canvas_scroll(c, (int)top, (int)bottom, n & 1 ? -(int)(n >> 1) : (int)(n >> 1));
	return 0;
}

static int
apply_rows(struct canvas *c, struct rd *in)
{
	uint64_t n = rd_varint(in), y = 0;
	for (uint64_t i = 0; i < n; i++, y++) {
		uint64_t skip = rd_varint(in);
		if (in->bad || skip >= (uint64_t)c->n_rows || y + skip >= (uint64_t)c->n_rows)
			return -EBADMSG;
		y += skip;
		struct row *r = canvas_row(c, (int)y);
		int e = unpack_row(in, r, r->cells, c->cols, c->tab);
		r->cap = (uint16_t)c->cols;
		if (e) {
			r->len = 0;
			return e;
		}
	}
	return in->bad ? -EBADMSG : 0;
}

int
frame_apply(struct canvas *c, const void *p, size_t n)
{
	struct rd in = rd_init(p, n);
	uint8_t flags = rd_u8(&in);
	uint64_t cols = rd_varint(&in), rows = rd_varint(&in);
	uint64_t row = rd_varint(&in), col = rd_varint(&in);
	uint8_t bits = rd_u8(&in);
	bool size_ok = cols >= 1 && rows >= 1 && cols <= CANVAS_COLS_MAX && rows <= CANVAS_ROWS_MAX;
	if (in.bad || !size_ok || row >= rows || col >= cols ||
		(bits >> CUR_SHAPE_SHIFT) > CURSOR_BAR)
		return -EBADMSG;
	if (!(flags & FRAME_WHOLE) && ((int)cols != c->cols || (int)rows != c->n_rows))
		return -EBADMSG;
	canvas_resize(c, (int)cols, (int)rows);
	if (flags & FRAME_WHOLE)
		canvas_clear(c);
	canvas_collect(c);
	if (flags & FRAME_SCROLL) {
		int e = apply_scroll(c, &in);
		if (e)
			return e;
	}
	canvas_set_cursor(c, (int)row, (int)col, bits & CUR_VISIBLE, bits >> CUR_SHAPE_SHIFT);
	c->cur_blink = bits & CUR_BLINK;
	c->cur_pending = bits & CUR_PENDING;
	c->reverse = bits & CUR_REVERSE;
	return apply_rows(c, &in);
}
