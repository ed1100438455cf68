/* History by visual row at a width, and pins. A block's row count is kept for one width; only the
 * blocks that a call shows are decoded. */
#include "core/pagelist/pagelist.h"
#include "core/pagelist/pagelist_priv.h"
#include <stdlib.h>
#include <string.h>

#define HEAD ((uint32_t)sizeof(struct block_head))

/* Rows of a sealed block without wide cells: its lengths alone tell. */
static bool
rows_by_lengths(struct pagelist *h, struct block *b, int cols, uint32_t *rows)
{
	struct block_head head;
	const uint8_t *base = block_bytes(h, b);
	struct rd in;

	if (!base || (!b->verified && !block_head_read(base, b->len, &head)))
		return false;
	b->verified = true;
	memcpy(&head, base, sizeof(head));
	in = rd_init(base + HEAD, head.lens_len);
	for (uint32_t i = 0; i < b->n_lines; i++)
		*rows += line_rows(rd_varint(&in), cols);
	return !in.bad;
}

static void
mark_lost(const struct pagelist *h, struct block *b)
{
	block_unread(h, b);
	b->view_rows = 1;
}

static uint32_t
block_rows(struct pagelist *h, struct block *b, int cols)
{
	struct reader *r;
	uint32_t rows = 0, n;
	bool ok = true;

	if (b->kind == BLOCK_LOST || b->damaged)
		return 1;
	if (b->kind == BLOCK_OPEN && b->view_end != h->end)
		b->view_ok = false;
	if (b->view_ok)
		return b->view_rows;
	if (block_is_sealed(b) && !b->has_wide) {
		ok = rows_by_lengths(h, b, cols, &rows);
	} else {
		r = reader_begin(h, b);
		while (r && (n = reader_rows(r, cols)))
			rows += n;
		ok = r && !reader_bad(r);
		reader_end(r);
	}
	if (!ok) {
		mark_lost(h, b);
		return 1;
	}
	b->view_rows = rows;
	b->view_end = h->end;
	b->view_ok = true;
	return rows;
}

static void
set_width(struct pagelist *h, int cols)
{
	if (h->view_cols == cols)
		return;
	h->view_cols = cols;
	for (uint32_t i = 0; i < h->n_blk; i++)
		h->blk[i].view_ok = false;
}

uint64_t
pagelist_rows(struct pagelist *h, int cols)
{
	uint64_t n = 0;

	cols = MAX(cols, 1);
	set_width(h, cols);
	for (uint32_t i = 0; i < h->n_blk; i++)
		n += block_rows(h, &h->blk[i], cols);
	return n;
}

/* Where row `row` of a block lies: line index in the block, row in the line. */
static bool
locate(struct pagelist *h, struct block *b, int cols, uint64_t row, uint32_t *line, uint32_t *sub)
{
	struct reader *r = reader_begin(h, b);
	uint32_t n;

	*line = 0;
	while (r && (n = reader_rows(r, cols)) && row >= n) {
		row -= n;
		++*line;
	}
	n = r && !reader_bad(r);
	reader_end(r);
	*sub = (uint32_t)row;
	return n;
}

struct show {
	struct pagelist *h;
	int cols;
	uint64_t count;
	pagelist_row_cb cb;
	void *ctx;
	cell_t *edge; /* a row that ends in a filler, which the line does not hold */
};

static void
show_row(struct show *s, const struct line *l, uint32_t at, uint32_t end, struct tab *t)
{
	struct row row = {.cells = l->cells + at,
		.len = (uint16_t)MIN(end - at, (uint32_t)s->cols),
		.flags = l->flags & ROW_HINTS};
	struct pin pin = {.line = l->id, .cell = at};

	if (!at)
		row.flags |= l->flags & ROW_MARKS;
	else
		row.flags |= ROW_WRAPPED;
	if (end < l->len || l->flags & ROW_WRAP)
		row.flags |= ROW_WRAP;
	if (end < l->len && row.len + 1 == s->cols) {
		s->edge = xrealloc(s->edge, (size_t)s->cols * sizeof(cell_t));
		memcpy(s->edge, row.cells, row.len * sizeof(cell_t));
		s->edge[row.len++] = CELL_HEAD;
		row.cells = s->edge;
	}
	row.cap = row.len;
	s->cb(s->ctx, &row, t, pin);
	s->count--;
}

static void
show_lost(struct show *s, struct block *b)
{
	static const char text[] = "[history unavailable]";
	cell_t cells[sizeof(text) - 1];
	struct row row = {.cells = cells, .len = sizeof(text) - 1, .cap = sizeof(text) - 1};
	struct pin pin = {.line = b->first_line};

	struct tab *t = reader_spare_tab(s->h);

	if (!t)
		return;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		cells[i] = (uint8_t)text[i];
	row.len = (uint16_t)MIN(row.len, s->cols);
	s->cb(s->ctx, &row, t, pin);
	s->count--;
}

/* Rows of a block from `row` on, as many as are asked for. */
static void
show_block(struct show *s, struct block *b, uint64_t row)
{
	uint32_t skip, sub;
	struct reader *r;
	struct line l;
	bool bad;

	if (b->kind == BLOCK_LOST || b->damaged || !locate(s->h, b, s->cols, row, &skip, &sub)) {
		show_lost(s, b);
		return;
	}
	r = reader_begin(s->h, b);
	if (r && reader_skip(r, skip)) {
		while (s->count && reader_next(r, &l)) {
			uint32_t at = 0;

			do {
				uint32_t end = line_wrap(l.cells, l.len, at, s->cols);

				if (sub)
					sub--;
				else
					show_row(s, &l, at, end, reader_tab(r));
				at = end;
			} while (s->count && at < l.len);
		}
	}
	bad = !r || reader_bad(r);
	reader_end(r);
	if (bad) {
		mark_lost(s->h, b);
		if (s->count)
			show_lost(s, b);
	}
}

int
pagelist_read(
	struct pagelist *h, int cols, uint64_t from, uint64_t count, pagelist_row_cb cb, void *ctx)
{
	struct show s = {.h = h, .cols = MAX(cols, 1), .count = count, .cb = cb, .ctx = ctx};

	set_width(h, s.cols);
	for (uint32_t i = 0; i < h->n_blk && s.count; i++) {
		uint32_t n = block_rows(h, &h->blk[i], s.cols);

		if (from >= n) {
			from -= n;
			continue;
		}
		show_block(&s, &h->blk[i], from);
		from = 0;
	}
	free(s.edge);
	return 0;
}

/* ---- pins ---- */

struct pin
pagelist_pin(struct pagelist *h, int cols, uint64_t row)
{
	struct pin p = {.line = h->next_line};
	uint32_t i = 0, n, line, sub, at = 0;
	struct reader *r;
	struct line l;
	struct block *b;

	cols = MAX(cols, 1);
	set_width(h, cols);
	for (; i < h->n_blk && row >= (n = block_rows(h, &h->blk[i], cols)); i++)
		row -= n;
	if (i == h->n_blk)
		return p;
	b = &h->blk[i];
	p.line = b->first_line;
	if (b->damaged || b->kind == BLOCK_LOST || !locate(h, b, cols, row, &line, &sub))
		return p;
	p.line = b->first_line + line;
	r = sub ? reader_begin(h, b) : NULL;
	if (r && reader_skip(r, line) && reader_next(r, &l))
		while (sub--)
			at = line_wrap(l.cells, l.len, at, cols);
	p.cell = at;
	reader_end(r);
	return p;
}

/* The block that holds a line, or NULL. */
static struct block *
find_block(struct pagelist *h, uint64_t line)
{
	uint32_t lo = 0, hi = h->n_blk;

	if (!h->n_blk || line < h->blk[0].first_line || line >= h->next_line)
		return NULL;
	while (hi - lo > 1) {
		uint32_t mid = (lo + hi) / 2;

		if (h->blk[mid].first_line <= line)
			lo = mid;
		else
			hi = mid;
	}
	return &h->blk[lo];
}

uint64_t
pagelist_pin_row(struct pagelist *h, int cols, struct pin p)
{
	struct block *b = find_block(h, p.line);
	struct reader *r;
	struct line l;
	uint64_t row = 0;
	uint32_t at = 0;

	if (!b)
		return UINT64_MAX;
	cols = MAX(cols, 1);
	set_width(h, cols);
	for (struct block *k = h->blk; k < b; k++)
		row += block_rows(h, k, cols);
	if (block_rows(h, b, cols) == 1 && (b->damaged || b->kind == BLOCK_LOST))
		return row;
	r = reader_begin(h, b);
	for (uint64_t i = b->first_line; r && i < p.line; i++)
		row += reader_rows(r, cols);
	reader_end(r);
	r = p.cell ? reader_begin(h, b) : NULL;
	if (r && reader_skip(r, (uint32_t)(p.line - b->first_line)) && reader_next(r, &l))
		while ((at = line_wrap(l.cells, l.len, at, cols)) < l.len && at <= p.cell)
			row++;
	reader_end(r);
	return row;
}
