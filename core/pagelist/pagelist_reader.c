/* One block's logical lines, in order: from records as they were pushed, or from sealed columns.
 * The PageLists of an arena have one reader, with a tab of its own in an arena of its own, so
 * reading takes nothing from a session's memory and cannot change it.
 *
 * Rows at a width are counted from line lengths alone, except of lines with wide cells, which are
 * decoded: a wide character that would straddle the edge goes to the next row. */
#include "core/pagelist/pagelist.h"
#include "core/pagelist/pagelist_priv.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEAD ((uint32_t)sizeof(struct block_head))
#define READER_ARENA (256ull << 20)
#define CELLS_MAX (2 * PAGE_BYTES) /* of a line: a wide one takes a byte at least */

struct reader {
	struct arena *arena; /* of tab only: reading takes nothing from a session's arena */
	struct tab *tab;
	struct undict u;
	cell_t *cells;
	uint32_t cap;
	struct pagelist *h; /* NULL when free */
	uint32_t left;	    /* lines */
	uint64_t id;
	bool bad, columns, last;
	bool wide_bit;			/* columns: lengths carry it */
	struct rd in;			/* records, or line lengths */
	const uint8_t *text, *text_end; /* columns */
	struct rd ext;
	uint32_t ext_gap; /* lines until the one ext is about */
};

/* The gap to the next line that has an ext; far away when there is none. */
static void
next_ext(struct reader *r)
{
	uint32_t gap = rd_left(&r->ext) ? rd_len(&r->ext) : UINT32_MAX;

	r->ext_gap = gap;
}

static bool
begin_columns(struct reader *r, struct pagelist *h, struct block *b, const uint8_t *base)
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

/* NULL when out of memory. */
static struct reader *
reader_ready(struct pagelist *h)
{
	struct reader *r = h->shared->reader;

	if (!r)
		r = h->shared->reader = xcalloc(1, sizeof(*r));
	CHECK(!r->h);
	if (!r->arena)
		r->arena = arena_new(READER_ARENA);
	if (r->arena && !r->tab)
		r->tab = tab_new(r->arena, 1);
	return r->tab ? r : NULL;
}

void
reader_drop(struct shared *sh)
{
	struct reader *r = sh->reader;

	if (!r)
		return;
	CHECK(!r->h);
	if (r->tab)
		tab_free(r->tab);
	arena_free(r->arena);
	undict_free(&r->u);
	free(r->cells);
	free(r);
	sh->reader = NULL;
}

struct tab *
reader_spare_tab(struct pagelist *h)
{
	struct reader *r = reader_ready(h);

	return r ? r->tab : NULL;
}

struct reader *
reader_begin(struct pagelist *h, struct block *b)
{
	struct reader *r = b->kind == BLOCK_LOST ? NULL : reader_ready(h);
	const uint8_t *base;

	h->shared->starved = b->kind != BLOCK_LOST && !r;
	if (!r)
		return NULL;
	undict_clear(&r->u);
	r->columns = r->bad = false;
	r->last = b == pagelist_last(h);
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

void
block_unread(const struct pagelist *h, struct block *b)
{
	b->damaged = !b->awaited && !h->shared->starved;
	b->view_ok = b->damaged;
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

/* The next record; of columns, the next line as one. *goes_on: it is not its line's last. */
static bool
next_rec(struct reader *r, struct rec *rec, bool *goes_on)
{
	uint64_t len;

	if (!r->columns) {
		if (rec_get(&r->in, rec) < 0 || rec->cells > CELLS_MAX)
			return fail(r);
		*goes_on = rec->tag & REC_WRAP && r->in.p < r->in.end && !(*r->in.p & REC_CUT);
		return true;
	}
	len = rd_varint(&r->in);
	*goes_on = false;
	*rec = (struct rec){.tag = r->wide_bit && len & 1 ? REC_WIDE : 0};
	len >>= r->wide_bit;
	if (r->in.bad || len > CELLS_MAX || !column_text(r, &rec->text, &rec->text_len) ||
		!column_ext(r, &rec->ext, &rec->ext_len))
		return fail(r);
	rec->cells = (uint32_t)len;
	return len / 2 <= rec->text_len || fail(r);
}

/* Does its last cell only fill the edge of the row? That is no part of the line. */
static bool
has_filler(const struct rec *rec)
{
	return rec->tag & REC_WRAP && rec->text_len && rec->text[rec->text_len - 1] == TEXT_HEAD;
}

static void
line_done(struct reader *r)
{
	r->id++;
	r->left--;
}

/* The next line's cells: whole, or their text only, for which no definition is needed. */
static bool
line_cells(struct reader *r, struct line *line, bool whole)
{
	struct rec rec;
	bool goes_on;

	*line = (struct line){.id = r->id};
	do {
		cell_t *at;

		if (!next_rec(r, &rec, &goes_on))
			return false;
		need_cells(r, (uint64_t)line->len + rec.cells);
		line->cells = r->cells;
		at = r->cells + line->len;
		if ((whole ? rec_cells(&rec, at, rec.cells, &line->flags, r->tab, &r->u)
			   : text_get(rec.text, rec.text_len, at, rec.cells, rec.cells,
				     &line->flags, r->tab)) < 0)
			return fail(r);
		line->len += rec.cells - has_filler(&rec);
	} while (goes_on);
	return true;
}

bool
reader_next(struct reader *r, struct line *line)
{
	if (!r->left)
		return false;
	if (tab_wants_gc(r->tab))
		tab_reset(r->tab);
	if (!line_cells(r, line, true))
		return false;
	line->flags &= ~(uint32_t)(ROW_WRAPPED | ROW_WRAP);
	if (r->last && r->left == 1 && r->h->cont)
		line->flags |= ROW_WRAP;
	line_done(r);
	return true;
}

bool
reader_packed(struct reader *r, struct line *line, struct buf *text, struct ext_join *ext)
{
	struct rec rec;
	bool goes_on;

	*line = (struct line){.id = r->id};
	if (!r->left)
		return false;
	do {
		bool filler;

		if (!next_rec(r, &rec, &goes_on) ||
			(!r->columns && memchr(rec.text, '\n', rec.text_len)))
			return fail(r);
		filler = has_filler(&rec);
		buf_put(text, rec.text, rec.text_len - filler);
		line->len += rec.cells - filler;
		line->flags |= rec.tag & REC_WIDE ? ROW_WIDE : 0;
		if (ext_join(ext, &rec, rec.cells - filler, &r->u) < 0)
			return fail(r);
	} while (goes_on);
	line_done(r);
	return true;
}

bool
reader_text(struct reader *r, struct buf *out)
{
	struct rec rec;
	bool goes_on;

	if (!r->left)
		return false;
	do {
		if (!next_rec(r, &rec, &goes_on))
			return false;
		buf_put(out, rec.text, rec.text_len);
	} while (goes_on);
	line_done(r);
	return true;
}

bool
reader_skip(struct reader *r, uint32_t n)
{
	struct rec rec;
	bool goes_on;

	for (; n; n--, line_done(r)) {
		if (!r->left)
			return false;
		do {
			if (!next_rec(r, &rec, &goes_on))
				return false;
			if (rec_defs(&rec, &r->u) < 0)
				return fail(r);
		} while (goes_on);
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

uint32_t
reader_rows(struct reader *r, int cols)
{
	struct reader before = *r;
	struct rec rec;
	struct line line;
	uint64_t len = 0;
	bool goes_on, wide = false;

	if (!r->left)
		return 0;
	do {
		if (!next_rec(r, &rec, &goes_on))
			return 0;
		len += rec.cells;
		wide |= rec.tag & REC_WIDE || has_filler(&rec);
	} while (goes_on);
	if (wide) {
		*r = before;
		if (!line_cells(r, &line, false))
			return 0;
	}
	line_done(r);
	return wide ? wrapped_rows(line.cells, line.len, cols) : line_rows(len, cols);
}
