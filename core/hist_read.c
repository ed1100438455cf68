/* Reading history: by line (struct reader), and by visual row at a width.
 *
 * Rows are counted from line lengths alone, except of lines with wide cells, which are decoded: a
 * wide character that would straddle the edge goes to the next row. A block's count is kept for one
 * width. Only blocks that a call shows are decoded. */
#include "core/hist.h"
#include "core/hist_priv.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEAD ((uint32_t)sizeof(struct block_head))
#define READER_ARENA (256ull << 20)

struct reader {
	struct arena *arena; /* of tab only: reading takes nothing from a session's arena */
	struct tab *tab;
	struct undict u;
	cell_t *cells;
	uint32_t cap;
	struct hist *h; /* NULL when free */
	uint32_t left;	/* lines */
	uint64_t id;
	bool bad, columns, last;
	bool wide_bit;			/* columns: lengths carry it */
	struct rd in;			/* records, or line lengths */
	const uint8_t *text, *text_end; /* columns */
	struct rd ext;
	uint32_t ext_gap; /* lines until the one ext is about */
};

static struct reader the_reader;

/* The gap to the next line that has an ext; far away when there is none. */
static void
next_ext(struct reader *r)
{
	uint32_t gap = rd_left(&r->ext) ? rd_len(&r->ext) : UINT32_MAX;

	r->ext_gap = gap;
}

static bool
begin_columns(struct reader *r, struct hist *h, struct block *b, const uint8_t *base)
{
	const struct window *w = window_get(h, b, base);
	struct block_head head;

	if (!w)
		return false;
	memcpy(&head, base, sizeof(head));
	r->columns = true;
	r->wide_bit = head.flags & HEAD_WIDE;
	r->in = rd_init(base + HEAD, head.lens_len);
	r->text = w->data;
	r->text_end = w->data + w->text_len;
	r->ext = rd_init(w->data + w->text_len, w->ext_len);
	next_ext(r);
	return true;
}

static bool
reader_ready(struct reader *r)
{
	if (!r->arena)
		r->arena = arena_new(READER_ARENA);
	if (r->arena && !r->tab)
		r->tab = tab_new(r->arena, 1);
	return r->tab != NULL;
}

struct tab *
reader_spare_tab(void)
{
	CHECK(!the_reader.h);
	return reader_ready(&the_reader) ? the_reader.tab : NULL;
}

struct reader *
reader_begin(struct hist *h, struct block *b)
{
	struct reader *r = &the_reader;
	const uint8_t *base;

	CHECK(!r->h);
	if (b->kind == BLOCK_LOST || !reader_ready(r))
		return NULL;
	undict_clear(&r->u);
	r->columns = r->bad = false;
	r->last = b == hist_last(h);
	r->id = b->first_line;
	r->left = b->n_lines;
	base = block_base(h, b);
	if (b->kind == BLOCK_SEALED) {
		if (!begin_columns(r, h, b, base))
			return NULL;
	} else {
		uint32_t len = b->kind == BLOCK_OPEN ? h->end : b->len;

		if (b->kind == BLOCK_OPEN)
			r->left = (uint32_t)(h->next_line - b->first_line);
		r->in = rd_init(base + HEAD, len - HEAD);
	}
	if (tab_wants_gc(r->tab))
		tab_reset(r->tab);
	r->h = h;
	return r;
}

void
reader_end(struct reader *r)
{
	if (r)
		r->h = NULL;
}

bool
reader_bad(const struct reader *r)
{
	return r->bad;
}

struct tab *
reader_tab(struct reader *r)
{
	return r->tab;
}

static bool
fail(struct reader *r)
{
	r->bad = true;
	r->left = 0;
	return false;
}

static void
need_cells(struct reader *r, uint64_t n)
{
	if (n <= r->cap)
		return;
	r->cap = (uint32_t)MIN(n + n / 2 + 512, UINT32_MAX);
	r->cells = xrealloc(r->cells, r->cap * sizeof(*r->cells));
}

/* True if the record just read goes on in the one after it. */
static bool
goes_on(const struct reader *r, const struct rec *rec)
{
	return rec->tag & REC_WRAP && r->in.p < r->in.end && !(*r->in.p & REC_CUT);
}

static bool
next_records(struct reader *r, struct line *line)
{
	struct rec rec;
	uint32_t n;

	do {
		if (rec_get(&r->in, &rec) < 0 || rec.cells > SLAB_BYTES * 2)
			return fail(r);
		need_cells(r, (uint64_t)line->len + rec.cells);
		line->cells = r->cells;
		if (rec_cells(&rec, r->cells + line->len, rec.cells, &line->flags, r->tab, &r->u) <
			0)
			return fail(r);
		n = line->len + rec.cells;
		/* what only filled the edge of the row is no part of the line */
		if (rec.tag & REC_WRAP && n && (r->cells[n - 1] & CELL_KIND_MASK) == CELL_HEAD)
			n--;
		line->len = n;
	} while (goes_on(r, &rec));
	return true;
}

/* The next line's text, without its newline. */
static bool
column_text(struct reader *r, const uint8_t **p, uint32_t *n)
{
	const uint8_t *nl = memchr(r->text, '\n', (size_t)(r->text_end - r->text));

	if (!nl)
		return fail(r);
	*p = r->text;
	*n = (uint32_t)(nl - r->text);
	r->text = nl + 1;
	return true;
}

/* The next line's ext, if it has one. */
static bool
column_ext(struct reader *r, const uint8_t **p, uint32_t *n)
{
	*n = 0;
	*p = NULL;
	if (r->ext_gap) {
		r->ext_gap--;
		return true;
	}
	*n = rd_len(&r->ext);
	*p = rd_bytes(&r->ext, *n);
	if (r->ext.bad)
		return fail(r);
	next_ext(r);
	return true;
}

static bool
next_columns(struct reader *r, struct line *line)
{
	const uint8_t *text, *ext;
	uint32_t text_len, ext_len;
	uint64_t len = rd_varint(&r->in);

	len >>= r->wide_bit;
	if (r->in.bad || !column_text(r, &text, &text_len) || !column_ext(r, &ext, &ext_len))
		return fail(r);
	if (len / 2 > text_len)
		return fail(r);
	need_cells(r, len);
	line->cells = r->cells;
	line->len = (uint32_t)len;
	if (text_get(text, text_len, r->cells, line->len, line->len, &line->flags, r->tab) < 0 ||
		ext_get(ext, ext_len, r->cells, line->len, line->len, &line->flags, r->tab, &r->u) <
			0)
		return fail(r);
	return true;
}

bool
reader_next(struct reader *r, struct line *line)
{
	if (!r->left)
		return false;
	if (tab_wants_gc(r->tab))
		tab_reset(r->tab);
	*line = (struct line){.id = r->id};
	if (!(r->columns ? next_columns(r, line) : next_records(r, line)))
		return false;
	line->flags &= ~(uint32_t)(ROW_WRAPPED | ROW_WRAP);
	if (r->last && r->left == 1 && r->h->cont)
		line->flags |= ROW_WRAP;
	r->id++;
	r->left--;
	return true;
}

bool
reader_text(struct reader *r, struct buf *out)
{
	const uint8_t *p;
	uint32_t n;
	struct rec rec;

	if (!r->left)
		return false;
	if (r->columns) {
		rd_varint(&r->in);
		if (!column_text(r, &p, &n))
			return false;
		buf_put(out, p, n);
	} else {
		do {
			if (rec_get(&r->in, &rec) < 0)
				return fail(r);
			buf_put(out, rec.text, rec.text_len);
		} while (goes_on(r, &rec));
	}
	r->id++;
	r->left--;
	return true;
}

bool
reader_skip(struct reader *r, uint32_t n)
{
	const uint8_t *p;
	uint32_t len;
	struct rec rec;

	for (; n; n--, r->id++, r->left--) {
		if (!r->left)
			return false;
		if (r->columns) {
			rd_varint(&r->in);
			if (!column_text(r, &p, &len) || !column_ext(r, &p, &len))
				return false;
			rec = (struct rec){.ext = p, .ext_len = len};
			if (rec_defs(&rec, &r->u) < 0)
				return fail(r);
			continue;
		}
		do {
			if (rec_get(&r->in, &rec) < 0 || rec_defs(&rec, &r->u) < 0)
				return fail(r);
		} while (goes_on(r, &rec));
	}
	return true;
}

/* ---- visual rows ---- */

uint32_t
line_wrap(const cell_t *cells, uint32_t len, uint32_t at, int cols)
{
	uint32_t end = at + (uint32_t)cols;

	if (end >= len)
		return len;
	if (cols > 1 && (cells[end] & CELL_KIND_MASK) == CELL_TAIL)
		end--;
	return end;
}

static uint32_t
wrapped_rows(const cell_t *cells, uint32_t len, int cols)
{
	uint32_t rows = 0, at = 0;

	do {
		at = line_wrap(cells, len, at, cols);
		rows++;
	} while (at < len);
	return rows;
}

static uint32_t
plain_rows(uint64_t len, int cols)
{
	return len ? (uint32_t)((len + (uint32_t)cols - 1) / (uint32_t)cols) : 1;
}

/* Line lengths of records: cells, and whether any of them is wide. */
static bool
record_length(struct reader *r, uint64_t *len, bool *wide)
{
	struct rec rec;

	*len = 0;
	*wide = false;
	do {
		if (rec_get(&r->in, &rec) < 0)
			return fail(r);
		*len += rec.cells;
		/* an edge filler counts as text here: wide lines are looked at in full */
		*wide |= (rec.tag & REC_WIDE) != 0 ||
			 (rec.tag & REC_WRAP && rec.text_len &&
				 rec.text[rec.text_len - 1] == TEXT_HEAD);
	} while (goes_on(r, &rec));
	return true;
}

uint32_t
reader_rows(struct reader *r, int cols)
{
	struct reader at = *r;
	struct line line;
	uint64_t len;
	bool wide;

	if (!r->left)
		return 0;
	if (r->columns) {
		len = rd_varint(&r->in);
		wide = r->wide_bit && len & 1;
		len >>= r->wide_bit;
		if (r->in.bad)
			return fail(r);
		if (!wide) {
			const uint8_t *p;
			uint32_t n;

			if (!column_text(r, &p, &n) || !column_ext(r, &p, &n))
				return 0;
		}
	} else if (!record_length(r, &len, &wide)) {
		return 0;
	}
	if (!wide) {
		r->id++;
		r->left--;
		return plain_rows(len, cols);
	}
	/* back, and decode; counting needs no styles, so missing definitions do not matter */
	r->in = at.in;
	line = (struct line){.id = r->id};
	if (r->columns) {
		const uint8_t *text, *ext;
		uint32_t text_len, ext_len;

		len = rd_varint(&r->in) >> 1;
		if (!column_text(r, &text, &text_len) || !column_ext(r, &ext, &ext_len) ||
			len / 2 > text_len)
			return fail(r);
		need_cells(r, len);
		line.cells = r->cells;
		line.len = (uint32_t)len;
		if (text_get(text, text_len, r->cells, line.len, line.len, &line.flags, r->tab) < 0)
			return fail(r);
	} else {
		struct rec rec;

		do {
			rec_get(&r->in, &rec);
			if (rec.cells > SLAB_BYTES * 2)
				return fail(r);
			need_cells(r, (uint64_t)line.len + rec.cells);
			line.cells = r->cells;
			if (text_get(rec.text, rec.text_len, r->cells + line.len, rec.cells,
				    rec.cells, &line.flags, r->tab) < 0)
				return fail(r);
			line.len += rec.cells;
			if (rec.tag & REC_WRAP && line.len &&
				(r->cells[line.len - 1] & CELL_KIND_MASK) == CELL_HEAD)
				line.len--;
		} while (goes_on(r, &rec));
	}
	r->id++;
	r->left--;
	return wrapped_rows(line.cells, line.len, cols);
}

/* Rows of a sealed block without wide cells: its lengths alone tell. */
static bool
rows_by_lengths(struct hist *h, struct block *b, int cols, uint32_t *rows)
{
	struct block_head head;
	const uint8_t *base = block_base(h, b);
	struct rd in;

	if (!b->verified && !block_head_read(base, b->len, &head))
		return false;
	b->verified = true;
	memcpy(&head, base, sizeof(head));
	in = rd_init(base + HEAD, head.lens_len);
	for (uint32_t i = 0; i < b->n_lines; i++)
		*rows += plain_rows(rd_varint(&in), cols);
	return !in.bad;
}

static void
mark_lost(struct block *b)
{
	b->damaged = true;
	b->view_ok = true;
	b->view_rows = 1;
}

static uint32_t
block_rows(struct hist *h, struct block *b, int cols)
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
	if (b->kind == BLOCK_SEALED && !b->has_wide) {
		ok = rows_by_lengths(h, b, cols, &rows);
	} else {
		r = reader_begin(h, b);
		while (r && (n = reader_rows(r, cols)))
			rows += n;
		ok = r && !reader_bad(r);
		reader_end(r);
	}
	if (!ok) {
		mark_lost(b);
		return 1;
	}
	b->view_rows = rows;
	b->view_end = h->end;
	b->view_ok = true;
	return rows;
}

static void
set_width(struct hist *h, int cols)
{
	if (h->view_cols == cols)
		return;
	h->view_cols = cols;
	for (uint32_t i = 0; i < h->n_blk; i++)
		h->blk[i].view_ok = false;
}

uint64_t
hist_rows(struct hist *h, int cols)
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
locate(struct hist *h, struct block *b, int cols, uint64_t row, uint32_t *line, uint32_t *sub)
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
	struct hist *h;
	int cols;
	uint64_t count;
	hist_row_cb cb;
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

	if (!reader_ready(&the_reader))
		return;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		cells[i] = (uint8_t)text[i];
	row.len = (uint16_t)MIN(row.len, s->cols);
	s->cb(s->ctx, &row, the_reader.tab, pin);
	s->count--;
}

/* Rows of a block from `row` on, as many as are asked for. */
static void
show_block(struct show *s, struct block *b, uint64_t row)
{
	uint32_t skip, sub;
	struct reader *r;
	struct line l;

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
					show_row(s, &l, at, end, r->tab);
				at = end;
			} while (s->count && at < l.len);
		}
	}
	if (!r || reader_bad(r)) {
		mark_lost(b);
		if (s->count)
			show_lost(s, b);
	}
	reader_end(r);
}

int
hist_read(struct hist *h, int cols, uint64_t from, uint64_t count, hist_row_cb cb, void *ctx)
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
hist_pin(struct hist *h, int cols, uint64_t row)
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
find_block(struct hist *h, uint64_t line)
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
hist_pin_row(struct hist *h, int cols, struct pin p)
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

/* ---- text ---- */

int
hist_text(struct hist *h, uint64_t from_line, uint64_t count, hist_text_cb cb, void *ctx)
{
	struct buf text = {0};
	bool more = true;

	for (uint32_t i = 0; i < h->n_blk && more && count; i++) {
		struct block *b = &h->blk[i];
		uint64_t end = i + 1 < h->n_blk ? h->blk[i + 1].first_line : h->next_line;
		uint64_t line = MAX(b->first_line, from_line);
		struct reader *r;

		if (end <= from_line || b->damaged || !(r = reader_begin(h, b)))
			continue;
		reader_skip(r, (uint32_t)(line - b->first_line));
		for (; more && count && line < end; line++, count--) {
			text.len = 0;
			if (!reader_text(r, &text))
				break;
			buf_reserve(&text, 1);
			text.len = text_plain((char *)text.data, (uint32_t)text.len);
			more = cb(ctx, line, buf_cstr(&text), text.len);
		}
		reader_end(r);
	}
	buf_free(&text);
	return 0;
}
