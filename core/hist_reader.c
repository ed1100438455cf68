/* One block's logical lines, in order: from records as they were pushed, or from sealed columns.
 * The process has one reader, with a tab of its own in an arena of its own, so reading takes
 * nothing from a session's memory and cannot change it.
 *
 * Rows at a width are counted from line lengths alone, except of lines with wide cells, which are
 * decoded: a wide character that would straddle the edge goes to the next row. */
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

void
reader_drop(void)
{
	struct reader *r = &the_reader;

	CHECK(!r->h);
	if (r->tab)
		tab_free(r->tab);
	arena_free(r->arena);
	undict_free(&r->u);
	free(r->cells);
	*r = (struct reader){0};
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
	if (!(base = block_bytes(h, b)))
		return NULL;
	if (block_is_sealed(b)) {
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

/* The next line's cells, their text only: styles would need definitions that were passed over. */
static bool
text_cells(struct reader *r, struct line *line)
{
	const uint8_t *text, *ext;
	uint32_t text_len, ext_len;
	struct rec rec;

	*line = (struct line){.id = r->id};
	if (r->columns) {
		uint64_t len = rd_varint(&r->in) >> r->wide_bit;

		if (!column_text(r, &text, &text_len) || !column_ext(r, &ext, &ext_len) ||
			len / 2 > text_len)
			return fail(r);
		need_cells(r, len);
		line->cells = r->cells;
		line->len = (uint32_t)len;
		return text_get(text, text_len, r->cells, line->len, line->len, &line->flags,
			       r->tab) == 0 ||
		       fail(r);
	}
	do {
		if (rec_get(&r->in, &rec) < 0 || rec.cells > SLAB_BYTES * 2)
			return fail(r);
		need_cells(r, (uint64_t)line->len + rec.cells);
		line->cells = r->cells;
		if (text_get(rec.text, rec.text_len, r->cells + line->len, rec.cells, rec.cells,
			    &line->flags, r->tab) < 0)
			return fail(r);
		line->len += rec.cells;
		if (rec.tag & REC_WRAP && line->len &&
			(r->cells[line->len - 1] & CELL_KIND_MASK) == CELL_HEAD)
			line->len--;
	} while (goes_on(r, &rec));
	return true;
}

uint32_t
reader_rows(struct reader *r, int cols)
{
	struct rd at = r->in;
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
	} else if (!record_length(r, &len, &wide)) {
		return 0;
	}
	if (wide) {
		r->in = at;
		if (!text_cells(r, &line))
			return 0;
	} else if (r->columns) {
		const uint8_t *p;
		uint32_t n;

		if (!column_text(r, &p, &n) || !column_ext(r, &p, &n))
			return 0;
	}
	r->id++;
	r->left--;
	return wide ? wrapped_rows(line.cells, line.len, cols) : line_rows(len, cols);
}
