/* Sealing: closed blocks become columns under zstd, in idle time.
 *
 *   head | lens: a varint a line | zstd(text) | zstd(ext)
 *
 * A length is in cells; if the head says HEAD_WIDE, it is cells << 1 | this line has wide cells.
 *
 * text has every line's characters in the packed form and a newline; ext has (gap:varint len:varint
 * ext) for the lines that have one, gap = lines without one before it. Apart, each column
 * compresses better than together, rows are counted without decoding, and search reads text alone.
 *
 * Which blocks are merged: the raw ones, with the sealed ones before them while those are at most
 * twice as large; so the blocks' sizes grow geometrically, a line is packed again a few times
 * only, and a session that prints a little now and then does not end with a hundred small blocks.
 * A block in a file is read back for it; its bytes there are then nobody's, and go with their file.
 */
#include "core/base/crc.h"
#include "core/pagelist/pagelist_priv.h"
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define HEAD ((uint32_t)sizeof(struct block_head))
#define SEAL_SLACK 64 /* what columns of a line or two may take more than their records */

/* What repeats itself needs no search, nor the memory for it (a seventh, with a window of 16 KiB).
 */
static const struct effort {
	int level, window_log; /* of zstd; 0: by size */
} idle = {3, 0}, at_once = {1, 14};

/* Sealing's scratch: it is a step of the loop thread, one at a time. */
struct columns {
	ZSTD_CCtx *cctx;
	struct buf lens, text, ext, out;
	struct ext_join join;
	uint32_t n_lines, n_rows, gap;
	bool has_wide;
};

static void
columns_reset(struct columns *c)
{
	c->lens.len = c->text.len = c->ext.len = 0;
	ext_join_end(&c->join, &c->out); /* what a damaged block left */
	dict_clear(&c->join.dict);
	c->out.len = 0;
	c->n_lines = c->n_rows = c->gap = 0;
	c->has_wide = false;
}

/* A burst of sealing may have grown the scratch; idle processes do not keep it. */
void
columns_drop(struct shared *sh)
{
	struct columns *c = sh->columns;

	if (!c)
		return;
	buf_free(&c->lens);
	buf_free(&c->text);
	buf_free(&c->ext);
	buf_free(&c->out);
	ext_join_free(&c->join);
	ZSTD_freeCCtx(c->cctx);
	free(c);
	sh->columns = NULL;
}

/* Lengths of one byte or two are most of what stays uncompressed: no bit is spent on width until
 * the first wide cell, which rewrites those before it. */
static void
put_length(struct columns *c, uint32_t len, bool wide)
{
	if (wide && !c->has_wide) {
		struct rd in = rd_init(c->lens.data, c->lens.len);
		struct buf all = {0};

		while (rd_left(&in))
			buf_varint(&all, rd_varint(&in) << 1);
		buf_free(&c->lens);
		c->lens = all;
		c->has_wide = true;
	}
	buf_varint(&c->lens, c->has_wide ? (uint64_t)len << 1 | wide : len);
}

static void
add_line(struct columns *c, const struct line *l)
{
	put_length(c, l->len, l->flags & ROW_WIDE);
	buf_putc(&c->text, '\n');
	c->out.len = 0;
	ext_join_end(&c->join, &c->out);
	if (c->out.len) {
		buf_varint(&c->ext, c->gap);
		buf_varint(&c->ext, c->out.len);
		buf_put(&c->ext, c->out.data, c->out.len);
		c->gap = 0;
	} else {
		c->gap++;
	}
	c->n_lines++;
}

static bool
add_block(struct columns *c, struct pagelist *h, struct block *b)
{
	struct reader *r = reader_begin(h, b);
	uint32_t before = c->n_lines;
	struct line l;
	bool ok;

	while (r && reader_packed(r, &l, &c->text, &c->join))
		add_line(c, &l);
	ok = r && !reader_bad(r) && c->n_lines - before == b->n_lines;
	reader_end(r);
	c->n_rows += b->n_rows;
	return ok;
}

static bool
deflate(struct columns *c, const struct buf *in, const struct effort *e, uint32_t *len)
{
	size_t bound = ZSTD_compressBound(in->len), n;
	struct buf *out = &c->out;

	*len = 0;
	if (!in->len)
		return true;
	if (!c->cctx && !(c->cctx = ZSTD_createCCtx()))
		return false;
	ZSTD_CCtx_setParameter(c->cctx, ZSTD_c_compressionLevel, e->level);
	ZSTD_CCtx_setParameter(c->cctx, ZSTD_c_windowLog, e->window_log);
	buf_reserve(out, bound);
	n = ZSTD_compress2(c->cctx, out->data + out->len, bound, in->data, in->len);
	if (ZSTD_isError(n))
		return false;
	*len = (uint32_t)n;
	out->len += n;
	return true;
}

/* The whole block's bytes into c->out; false when out of memory. */
static bool
columns_finish(struct columns *c, uint64_t first_line, const struct effort *e)
{
	struct block_head head = {.magic = BLOCK_MAGIC,
		.version = BLOCK_VERSION,
		.encoding = ENC_COLUMNS,
		.flags = c->has_wide ? HEAD_WIDE : 0,
		.first_line = first_line,
		.n_lines = c->n_lines,
		.n_rows = c->n_rows,
		.lens_len = (uint32_t)c->lens.len,
		.text_raw = (uint32_t)c->text.len,
		.ext_raw = (uint32_t)c->ext.len};

	c->out.len = 0;
	buf_put(&c->out, &head, sizeof(head));
	buf_put(&c->out, c->lens.data, c->lens.len);
	if (!deflate(c, &c->text, e, &head.text_len) || !deflate(c, &c->ext, e, &head.ext_len))
		return false;
	head.len = (uint32_t)c->out.len - HEAD;
	memcpy(c->out.data, &head, sizeof(head));
	head.crc = block_crc(c->out.data, (uint32_t)c->out.len);
	memcpy(c->out.data, &head, sizeof(head));
	return true;
}

static uint32_t
target_lines(const struct pagelist *h)
{
	return (uint32_t)CLAMP(h->lim.lines / 5, SEAL_LINES / 16, SEAL_LINES);
}

static uint32_t
raw_size(const struct block *b)
{
	return block_is_sealed(b) ? b->raw_len : b->len;
}

/* Bytes to merge so that the result fits a page, by what the last merge came to. */
static uint32_t
raw_limit(const struct pagelist *h)
{
	uint64_t n =
		h->seal_permille ? (uint64_t)PAGE_BYTES * 900 / h->seal_permille : SEAL_RAW_MAX;

	return (uint32_t)MIN(n, SEAL_RAW_MAX);
}

/* The blocks to merge next: [*from, *from + return). 0 when there is nothing to do. */
static uint32_t
choose(const struct pagelist *h, uint32_t *from)
{
	uint32_t i = 0, n = 0, lines = 0, size = 0;

	while (i < h->n_blk &&
		(h->blk[i].kind != BLOCK_RAW || h->blk[i].no_seal || h->blk[i].damaged))
		i++;
	*from = i;
	for (; i < h->n_blk && h->blk[i].kind == BLOCK_RAW; i++, n++) {
		if (h->blk[i].no_seal || h->blk[i].damaged)
			break;
		if (n && (lines + h->blk[i].n_lines > target_lines(h) ||
				 size + raw_size(&h->blk[i]) > raw_limit(h)))
			break;
		lines += h->blk[i].n_lines;
		size += raw_size(&h->blk[i]);
	}
	while (n && *from) {
		const struct block *b = &h->blk[*from - 1];

		if (!block_is_sealed(b) || b->damaged || b->n_lines > 2 * lines ||
			lines + b->n_lines > target_lines(h) || size + b->raw_len > raw_limit(h))
			break;
		lines += b->n_lines;
		size += b->raw_len;
		--*from;
		n++;
	}
	return n;
}

bool
pagelist_place(struct pagelist *h, uint32_t len, bool shared, page_t *page, uint32_t *off)
{
	*off = 0;
	if (shared && h->seal_page && h->seal_used + len <= PAGE_BYTES) {
		*page = h->seal_page;
		*off = h->seal_used;
	} else {
		*page = page_get(h->arena, h->owner);
		if (!*page)
			return false;
	}
	if (shared) {
		h->seal_page = *page;
		h->seal_used = (*off + len + 7) & ~7u;
	}
	return true;
}

/* Puts c->out in the place of blk[from .. from + n). */
static bool
replace(struct pagelist *h, uint32_t from, uint32_t n, const struct columns *c)
{
	struct block nb = {.kind = BLOCK_SEALED, .len = (uint32_t)c->out.len};
	uint64_t old_bytes = 0;

	for (uint32_t i = from; i < from + n; i++)
		old_bytes += h->blk[i].len;
	nb.uid = pagelist_uid(h);
	nb.first_line = h->blk[from].first_line;
	nb.n_lines = c->n_lines;
	nb.n_rows = c->n_rows;
	nb.has_wide = c->has_wide;
	nb.raw_len = (uint32_t)(c->lens.len + c->text.len + c->ext.len);
	nb.verified = true;
	if (!pagelist_place(h, nb.len, true, &nb.page, &nb.off))
		return false;
	page_touch(h->arena, nb.page, nb.off, nb.len);
	memcpy(block_base(h, &nb), c->out.data, nb.len);
	*pagelist_insert(h, from, 0, 1) = nb;
	for (uint32_t i = 0; i < n; i++)
		pagelist_release(h, &h->blk[from + 1 + i]);
	pagelist_insert(h, from + 1, n, 0);
	h->bytes_closed += nb.len;
	h->bytes_closed -= old_bytes;
	return true;
}

/* Into h->shared->columns; false when that is no block of a page at most. */
static bool
encode(struct pagelist *h, uint32_t from, uint32_t n, const struct effort *e)
{
	struct columns *c = h->shared->columns;

	if (!c)
		c = h->shared->columns = xcalloc(1, sizeof(*c));
	columns_reset(c);
	for (uint32_t i = from; i < from + n; i++) {
		if (add_block(c, h, &h->blk[i]))
			continue;
		block_unread(h, &h->blk[i]);
		h->blk[i].view_ok = false;
		return false;
	}
	if (!columns_finish(c, h->blk[from].first_line, e)) {
		h->shared->starved = true;
		return false;
	}
	h->seal_permille =
		(uint32_t)(c->out.len * 1000 / (c->lens.len + c->text.len + c->ext.len + 1));
	return c->out.len <= PAGE_BYTES;
}

/* It is no fault of these blocks that they cannot be merged. */
static bool
not_yet(const struct pagelist *h, uint32_t from, uint32_t n)
{
	if (h->shared->starved)
		return true;
	while (n && !h->blk[from].awaited) {
		from++;
		n--;
	}
	return n != 0;
}

static bool
seal(struct pagelist *h, uint32_t from, uint32_t n, const struct effort *e)
{
	uint64_t old = 0;

	while (n > 1 && !encode(h, from, n, e)) {
		if (not_yet(h, from, n))
			return false;
		if (block_is_sealed(&h->blk[from])) { /* grown too large: leave that one */
			from++;
			n--;
		} else {
			n = (n + 1) / 2;
		}
	}
	if (n == 1 && !encode(h, from, 1, e)) {
		if (not_yet(h, from, 1))
			return false;
		h->blk[from].no_seal = true;
		return true;
	}
	for (uint32_t i = from; i < from + n; i++)
		old += h->blk[i].len;
	/* a little larger is no harm: only sealed blocks go into files */
	if (h->shared->columns->out.len > old + old / 16 + SEAL_SLACK) {
		for (uint32_t i = from; i < from + n; i++)
			h->blk[i].no_seal = true;
		return true;
	}
	return replace(h, from, n, h->shared->columns);
}

bool
pagelist_seal_step(struct pagelist *h)
{
	uint32_t from, n = choose(h, &from);

	return n && seal(h, from, n, &idle);
}

void
pagelist_seal_excess(struct pagelist *h)
{
	for (uint32_t i = 0; i < h->n_blk && h->bytes_closed > h->may_hold; i++)
		if (h->blk[i].kind == BLOCK_RAW && !h->blk[i].no_seal && !h->blk[i].damaged)
			seal(h, i, 1, &at_once);
	while (h->bytes_closed > h->paid && h->blk[0].kind != BLOCK_OPEN)
		pagelist_drop_oldest(h);
	/* what cannot be made smaller is not looked at again with the next row */
	h->may_hold = MAX(h->may_hold, h->bytes_closed);
}

/* The open block's last line goes on on the screen: its rows are taken out, the block is closed,
 * and they begin the next one. False when that cannot be. */
static bool
close_before_tail(struct pagelist *h)
{
	struct tab *t = reader_spare_tab(h);
	struct row row[64];
	cell_t *cells[64] = {0};
	page_t probe;
	int n = 0;
	bool ok = false;

	h->may_hold = UINT64_MAX; /* t is the tab that sealing decodes with */

	if (!t || !(probe = page_get(h->arena, h->owner)))
		return false;
	page_put(h->arena, probe, h->owner);
	while (h->cont && n < 64) {
		cells[n] = xmalloc(4096 * sizeof(cell_t));
		if (!pagelist_pop(h, &row[n], cells[n], 4096, t))
			break;
		n++;
	}
	ok = !h->cont;
	if (ok)
		pagelist_close(h);
	while (n--)
		pagelist_push(h, &row[n], t);
	for (int i = 0; i < 64; i++)
		free(cells[i]);
	return ok;
}

/* What a flood of blocks has left behind in the heap. */
static void
shrink(struct pagelist *h)
{
	if (h->cap_blk > h->n_blk + 4) {
		h->cap_blk = h->n_blk + 4;
		h->blk = xrealloc(h->blk, h->cap_blk * sizeof(*h->blk));
	}
	free(h->pop_off);
	h->pop_off = NULL;
	h->n_pop = h->cap_pop = h->pop_end = 0;
}

void
pagelist_seal_all(struct pagelist *h)
{
	if (h->base && h->cont)
		close_before_tail(h);
	else
		pagelist_close(h);
	while (pagelist_seal_step(h))
		;
	columns_drop(h->shared);
	shrink(h);
}
