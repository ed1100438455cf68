/* Rows into the open block. A row takes the shortest way that its flags allow: plain ASCII is
 * narrowed in place; a row whose packed text was written along with it (core/pack/prepack.h) is
 * copied; lines that never were rows are copied as they came. All else is encoded into a scratch
 * first, and this is where blocks open and close and limits are looked at: the quick ways stop at
 * the end of an OS page (fast_end) and at the row that something is due at (rows_event). */
#include "core/pagelist/pagelist.h"
#include "core/pagelist/pagelist_priv.h"
#include "core/pack/prepack.h"
#include "core/text/scan.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEAD ((uint32_t)sizeof(struct block_head))
#define FAST_SLACK 8u /* tag and length */

static void
account_row(struct pagelist *h, bool starts_line, bool wraps)
{
	h->next_line += starts_line;
	h->cont = wraps;
	h->open_rows++;
}

/* Encodes into the scratch and makes room for it: the open block's, or another one. 0, -ENOMEM, or
 * -E2BIG when not even an empty block holds it. */
static int
encode_fitting(struct pagelist *h, const struct rec_src *src, bool *starts)
{
	struct buf *record = &h->shared->record;
	struct rec_src whole = *src;
	page_t s;

	record->len = 0;
	*starts = !h->cont;
	if (h->cont && h->end == HEAD) {
		whole.tag |= REC_CUT;
		*starts = true;
	}
	rec_put(record, &whole, &h->dict);
	if (record->len <= PAGE_BYTES - h->end)
		return 0;
	h->dict.forget = true; /* what it has just defined was not written */
	if (h->end == HEAD)
		return -E2BIG;
	s = page_get(h->arena, h->owner);
	if (!s)
		return -ENOMEM;
	pagelist_close(h);
	pagelist_open_page(h, s);
	return encode_fitting(h, src, starts);
}

static int push_cells(struct pagelist *h, const struct rec_src *src);

/* A row of giant clusters or links: as two pieces, which reading joins again. */
static int
push_halves(struct pagelist *h, const struct rec_src *src)
{
	struct rec_src a = *src, b = *src;
	uint32_t half = src->n / 2;
	int r;

	CHECK(src->n > 1);
	if (half > 1 && (src->cells[half] & CELL_KIND_MASK) == CELL_TAIL)
		half--;
	a.n = half;
	a.flags |= ROW_WRAP;
	a.tag |= REC_PART;
	b.cells += half;
	b.n -= half;
	b.flags = (src->flags | ROW_WRAPPED) & ~(uint32_t)ROW_MARKS;
	b.tag &= (uint8_t)~REC_CUT;
	a.pre = b.pre = NULL;
	r = push_cells(h, &a);
	return r ? r : push_cells(h, &b);
}

static int
push_cells(struct pagelist *h, const struct rec_src *src)
{
	const struct buf *record = &h->shared->record;
	struct block *b;
	bool starts;
	int r;

	if (h->base && !h->cont &&
		(h->end + FAST_SLACK >= pagelist_block_soft(h) ||
			h->open_rows >= pagelist_block_rows(h)))
		pagelist_close(h);
	pagelist_trim(h);
	if (unlikely(h->bytes_closed > h->may_hold))
		pagelist_seal_excess(h);
	if (!h->base && pagelist_open(h) < 0)
		return -ENOMEM;
	r = encode_fitting(h, src, &starts);
	if (r == -E2BIG)
		return push_halves(h, src);
	if (r < 0)
		return r;
	b = pagelist_last(h);
	page_touch(h->arena, b->page, h->end, (uint32_t)record->len);
	memcpy(h->base + h->end, record->data, record->len);
	h->end += (uint32_t)record->len;
	b->has_wide |= (record->data[0] & REC_WIDE) != 0;
	account_row(h, starts, src->flags & ROW_WRAP);
	pagelist_set_fast_end(h);
	pagelist_set_event(h);
	return 0;
}

static int
push_slow(struct pagelist *h, const struct row *row, const struct tab *t)
{
	uint32_t n = row->len;
	int r;

	if (!h->lim.lines) {
		h->next_line += !h->cont;
		h->cont = row->flags & ROW_WRAP;
		h->rows_before++;
		return 0;
	}
	while (!(row->flags & ROW_WRAP) && n && !row->cells[n - 1])
		n--;
	struct rec_src src = {.cells = row->cells,
		.n = n,
		.flags = row->flags,
		.tab = t,
		.pre = prepack_find(row, n)};

	DCHECK(!src.pre || prepack_right(src.pre, row, t));
	r = push_cells(h, &src);
	if (r < 0) {
		h->rows_lost++;
		h->cont = false; /* the next row cannot go on with a line that has a hole */
	}
	return r;
}

#define ROW_SLOW (ROW_HINTS | ROW_MARKS)

/* A row whose packed text is there already, in the default style. */
static int
push_prepacked(struct pagelist *h, const struct row *row, const struct tab *t)
{
	const struct prepacked *e = prepack_find(row, row->len);
	struct block *b = pagelist_last(h);
	uint8_t *p;

	if (!e || e->styled || row->flags & ROW_MARKS ||
		h->end + e->len + REC_HEAD_MAX > h->fast_end || h->open_rows + 1 >= h->rows_event)
		return push_slow(h, row, t);
	DCHECK(prepack_right(e, row, t));
	p = rec_head(h->base + h->end, e->wide ? REC_WIDE : 0, row->flags, e->cells, e->len);
	memcpy(p, e + 1, e->len);
	h->end = (uint32_t)(p + e->len - h->base);
	b->has_wide |= e->wide;
	account_row(h, !h->cont, row->flags & ROW_WRAP);
	return 0;
}

static inline uint8_t *
put_columns(uint8_t *p, uint32_t n)
{
	if (n < 0x80) {
		*p++ = (uint8_t)n;
	} else {
		*p++ = (uint8_t)(n | 0x80);
		*p++ = (uint8_t)(n >> 7); /* columns <= 4096: below 1 << 14 */
	}
	return p;
}

int
pagelist_push(struct pagelist *h, const struct row *row, const struct tab *t)
{
	uint32_t n = row->len, flags = row->flags;
	const cell_t *cells = row->cells;
	uint8_t *p;

	if (flags & ROW_NONASCII)
		return push_prepacked(h, row, t);
	if (unlikely(flags & ROW_SLOW || h->end + n + FAST_SLACK > h->fast_end ||
		     h->open_rows + 1 >= h->rows_event))
		return push_slow(h, row, t);
	_Static_assert(ROW_WRAP == (int)REC_WRAP && ROW_WRAPPED == (int)REC_WRAPPED, "same bits");
	if (!(flags & ROW_WRAP))
		while (n && !cells[n - 1])
			n--;
	p = h->base + h->end;
	*p++ = (uint8_t)(flags & (ROW_WRAP | ROW_WRAPPED));
	p = put_columns(p, n);
	if (n < 8)
		for (uint32_t i = 0; i < n; i++)
			p[i] = (uint8_t)cells[i];
	else
		cells_narrow(p, cells, n);
	h->end = (uint32_t)(p + n - h->base);
	account_row(h, !h->cont, flags & ROW_WRAP);
	return 0;
}

/* One of pagelist_push_lines() that something is to be looked at for. */
static void
push_line_slow(struct pagelist *h, const uint8_t *text, uint32_t len)
{
	struct buf *cells = &h->shared->cells;
	struct row row = {.len = (uint16_t)len};

	cells->len = 0;
	buf_reserve(cells, (len + 1) * sizeof(cell_t));
	row.cells = (cell_t *)(void *)cells->data;
	widen_ascii(row.cells, text, len, 0);
	push_slow(h, &row, NULL);
}

void
pagelist_push_lines(
	struct pagelist *h, const uint8_t *text, const struct pagelist_line *line, size_t n)
{
	for (const struct pagelist_line *l = line, *last = line + n; l < last; l++) {
		const uint8_t *from = text + l->at;
		uint32_t len = l->len;
		uint8_t *p = h->base + h->end;

		if (unlikely(h->cont || h->end + len + FAST_SLACK + 16 > h->fast_end ||
			     h->open_rows + 1 >= h->rows_event)) {
			push_line_slow(h, from, len);
			continue;
		}
		*p++ = 0;
		p = put_columns(p, len);
		if (len <= 16)
			memcpy(p, from, 16);
		else
			memcpy(p, from, len);
		h->end = (uint32_t)(p + len - h->base);
		h->next_line++;
		h->open_rows++;
	}
}
