/* Checkpoint and export of a history.
 *
 *   save    version next_line rows_before rows_lost cont n entry* stamps   (integers varint)
 *   stamps  n (line, since the one before; t:u32)*                         (from version 2 on)
 *   entry   kind page generation off len crc:u32 n_lines n_rows flags raw_len [file_off]
 *   export  "muhe" version next_line rows_before cont n block*
 *   block   n_lines n_rows len bytes   (head and contents as pagelist_priv.h has them; len 0: lost)
 *
 * The blocks' lines are contiguous and end at next_line, so first lines are not written. crc covers
 * what the entry's bytes hold at the time of the save: of records (OPEN, RAW) those after the head,
 * which is written only into exports; the sum goes on where the last save stopped. */
#include "core/base/crc.h"
#include "core/pagelist/pagelist_priv.h"
#include <stdlib.h>
#include <string.h>

#define HEAD ((uint32_t)sizeof(struct block_head))
#define SAVE_VERSION 2
#define EXPORT_MAGIC 0x6568756du
#define EXPORT_VERSION 1
#define BLOCKS_MAX (1u << 20)

enum { SAVED_WIDE = 1 };

/* An open block that nothing is in is not worth a word. */
static uint32_t
blocks_held(const struct pagelist *h)
{
	return h->n_blk - (h->base && !h->open_rows);
}

static uint32_t
block_len(const struct pagelist *h, const struct block *b)
{
	return b->kind == BLOCK_OPEN ? h->end : b->len;
}

/* The crc of a block of records, continued up to its end. */
static uint32_t
records_crc(struct pagelist *h, struct block *b)
{
	uint32_t len = block_len(h, b) - HEAD;

	if (b->crc_len > len)
		b->crc_len = 0;
	if (!b->crc_len)
		b->crc = 0;
	b->crc = crc32c(b->crc, block_base(h, b) + HEAD + b->crc_len, len - b->crc_len);
	b->crc_len = len;
	return b->crc;
}

static uint32_t
saved_crc(struct pagelist *h, struct block *b)
{
	struct block_head head;

	if (b->kind == BLOCK_RAW || b->kind == BLOCK_OPEN)
		return records_crc(h, b);
	if (b->kind != BLOCK_SEALED)
		return b->crc;
	memcpy(&head, block_base(h, b), sizeof(head));
	return head.crc;
}

static void
save_block(struct pagelist *h, struct block *b, struct buf *out)
{
	bool open = b->kind == BLOCK_OPEN;

	buf_varint(out, b->kind);
	buf_varint(out, b->page);
	buf_varint(out, b->page ? page_generation(h->arena, b->page) : 0);
	buf_varint(out, b->off);
	buf_varint(out, block_len(h, b));
	buf_u32(out, saved_crc(h, b));
	buf_varint(out, open ? h->next_line - b->first_line : b->n_lines);
	buf_varint(out, open ? h->open_rows : b->n_rows);
	buf_varint(out, b->has_wide ? SAVED_WIDE : 0);
	buf_varint(out, b->raw_len);
	if (b->kind == BLOCK_FILE)
		buf_varint(out, b->file_off);
	b->saved = b->page != 0;
	if (open)
		b->saved_len = h->end;
}

void
pagelist_save(struct pagelist *h, struct buf *out)
{
	buf_varint(out, SAVE_VERSION);
	buf_varint(out, h->next_line);
	buf_varint(out, h->rows_before + h->open_rows);
	buf_varint(out, h->rows_lost);
	buf_putc(out, h->cont);
	buf_varint(out, blocks_held(h));
	for (uint32_t i = 0; i < blocks_held(h); i++)
		save_block(h, &h->blk[i], out);
	stamps_put(h, out);
	h->epoch++;
}

void
pagelist_saved(struct pagelist *h)
{
	pagelist_limbo_end(h, h->epoch);
}

/* Each line has a row at least, and a block has a line. */
static bool
counts_right(const struct block *b)
{
	return b->n_lines >= 1 && b->n_lines <= b->n_rows;
}

/* The entry as written; what is not so becomes LOST. */
static bool
load_block(struct pagelist *h, struct block *b, struct rd *in)
{
	uint64_t kind = rd_varint(in), page = rd_varint(in), gen = rd_varint(in);

	*b = (struct block){.uid = pagelist_uid(h)};
	b->off = rd_len(in);
	b->len = rd_len(in);
	b->crc = rd_u32(in);
	b->n_lines = rd_len(in);
	b->n_rows = rd_len(in);
	b->has_wide = rd_varint(in) & SAVED_WIDE;
	b->raw_len = rd_len(in);
	b->file_off = kind == BLOCK_FILE ? rd_varint(in) : 0;
	b->kind = BLOCK_LOST;
	if (in->bad || kind >= N_BLOCK_KINDS)
		return false;
	if (kind == BLOCK_FILE && counts_right(b) && b->len >= HEAD && b->len <= PAGE_BYTES)
		b->kind = BLOCK_FILE;
	if (kind > BLOCK_SEALED || !counts_right(b))
		return true;
	if (!page || page > UINT32_MAX || gen > UINT32_MAX || b->off > PAGE_BYTES ||
		b->len < HEAD || b->len > PAGE_BYTES - b->off || (kind != BLOCK_SEALED && b->off))
		return true;
	if (!page_claim(h->arena, (page_t)page, h->owner, (uint32_t)gen))
		return true;
	b->page = (page_t)page;
	b->kind = (uint8_t)kind;
	b->saved = true;
	return true;
}

static bool
contents_right(struct pagelist *h, struct block *b)
{
	const uint8_t *base = block_base(h, b);
	struct block_head head;

	if (!page_readable(h->arena, b->page, b->off, b->len))
		return false;
	if (b->kind != BLOCK_SEALED) {
		b->crc_len = b->len - HEAD;
		return crc32c(0, base + HEAD, b->crc_len) == b->crc;
	}
	b->verified = true;
	return block_head_read(base, b->len, &head) && head.crc == b->crc &&
	       head.encoding == ENC_COLUMNS && head.n_lines == b->n_lines;
}

static void
count_closed(struct pagelist *h)
{
	uint64_t lines = 0;

	h->rows_closed = h->bytes_closed = 0;
	for (uint32_t i = 0; i < h->n_blk; i++)
		lines += h->blk[i].n_lines;
	for (uint32_t i = 0; i < h->n_blk; i++) {
		struct block *b = &h->blk[i];

		b->first_line = h->next_line - lines;
		lines -= b->n_lines;
		h->rows_closed += b->n_rows;
		h->bytes_closed += b->len;
	}
	h->may_hold = h->bytes_closed + HOT_GROWTH;
	h->paid = UINT64_MAX / 2; /* what its output came to is not known: the limits alone count */
}

/* Where sealing may go on: after the last block of the newest shared page. */
static void
find_seal_page(struct pagelist *h)
{
	for (uint32_t i = 0; i < h->n_blk; i++) {
		const struct block *b = &h->blk[i];

		if (b->kind != BLOCK_SEALED)
			continue;
		if (b->page != h->seal_page)
			h->seal_used = 0;
		h->seal_page = b->page;
		h->seal_used = MAX(h->seal_used, (b->off + b->len + 7) & ~7u);
	}
}

struct pagelist *
pagelist_load(struct arena *a, uint32_t owner, struct pagelist_limits lim, struct rd *in)
{
	struct pagelist *h = pagelist_new(a, owner, lim);
	uint64_t version = rd_varint(in), lines = 0, n;
	bool reopen = false;

	h->next_line = rd_varint(in);
	h->rows_before = rd_varint(in);
	h->rows_lost = rd_varint(in);
	h->cont = rd_u8(in) & 1;
	n = rd_varint(in);
	if (in->bad || version < 1 || version > SAVE_VERSION || n > BLOCKS_MAX || n > rd_left(in))
		goto bad;
	for (uint64_t i = 0; i < n; i++) {
		struct block *b = pagelist_insert(h, h->n_blk, 0, 1);

		if (!load_block(h, b, in))
			goto bad;
		lines += b->n_lines;
		reopen = b->kind == BLOCK_OPEN;
		if (b->kind == BLOCK_OPEN)
			b->kind = BLOCK_RAW;
		if (b->page && !contents_right(h, b))
			pagelist_release(h, b);
	}
	if (version >= 2)
		stamps_get(h, in);
	if (lines > h->next_line || in->bad)
		goto bad;
	count_closed(h);
	find_seal_page(h);
	if (reopen && pagelist_last(h)->kind == BLOCK_RAW) {
		uint32_t saved = pagelist_last(h)->len;

		pagelist_reopen(h);
		pagelist_last(h)->saved_len = saved;
	}
	return h;
bad:
	pagelist_free(h);
	return NULL;
}

/* ---- export ---- */

static void
export_records(struct pagelist *h, const struct block *b, struct buf *out)
{
	uint32_t len = block_len(h, b);
	struct block_head head = {.magic = BLOCK_MAGIC,
		.version = BLOCK_VERSION,
		.encoding = ENC_RECORDS,
		.flags = b->has_wide ? HEAD_WIDE : 0,
		.len = len - HEAD,
		.first_line = b->first_line,
		.n_lines = b->kind == BLOCK_OPEN ? (uint32_t)(h->next_line - b->first_line)
						 : b->n_lines,
		.n_rows = b->kind == BLOCK_OPEN ? h->open_rows : b->n_rows};
	size_t at = out->len;

	buf_put(out, &head, sizeof(head));
	buf_put(out, block_base(h, b) + HEAD, len - HEAD);
	head.crc = block_crc(out->data + at, len);
	memcpy(out->data + at, &head, sizeof(head));
}

void
pagelist_export(struct pagelist *h, struct buf *out)
{
	buf_u32(out, EXPORT_MAGIC);
	buf_varint(out, EXPORT_VERSION);
	buf_varint(out, h->next_line);
	buf_varint(out, h->rows_before + h->open_rows);
	buf_putc(out, h->cont);
	buf_varint(out, blocks_held(h));
	for (uint32_t i = 0; i < blocks_held(h); i++) {
		struct block *b = &h->blk[i];
		bool open = b->kind == BLOCK_OPEN;
		const uint8_t *bytes = block_is_sealed(b) ? block_bytes(h, b) : NULL;

		buf_varint(out, open ? h->next_line - b->first_line : b->n_lines);
		buf_varint(out, open ? h->open_rows : b->n_rows);
		if (open || b->kind == BLOCK_RAW) {
			buf_varint(out, block_len(h, b));
			export_records(h, b, out);
		} else {
			buf_varint(out, bytes ? b->len : 0);
			buf_put(out, bytes, bytes ? b->len : 0);
		}
	}
}

/* False when out of memory; a damaged block is LOST. */
static bool
import_block(struct pagelist *h, struct rd *in)
{
	struct block *b = pagelist_insert(h, h->n_blk, 0, 1);
	struct block_head head;
	const uint8_t *p;

	*b = (struct block){.uid = pagelist_uid(h), .kind = BLOCK_LOST};
	b->n_lines = rd_len(in);
	b->n_rows = rd_len(in);
	b->len = rd_len(in);
	p = rd_bytes(in, b->len);
	if (!p || b->len > PAGE_BYTES || !block_head_read(p, b->len, &head) ||
		head.n_lines != b->n_lines || !counts_right(b)) {
		b->len = 0;
		return !in->bad;
	}
	b->has_wide = head.flags & HEAD_WIDE;
	b->verified = true;
	b->raw_len = head.lens_len + head.text_raw + head.ext_raw;
	if (!pagelist_place(h, b->len, head.encoding == ENC_COLUMNS, &b->page, &b->off)) {
		b->page = 0;
		return false;
	}
	b->kind = head.encoding == ENC_COLUMNS ? BLOCK_SEALED : BLOCK_RAW;
	page_touch(h->arena, b->page, b->off, b->len);
	memcpy(block_base(h, b), p, b->len);
	return true;
}

struct pagelist *
pagelist_import(struct arena *a, uint32_t owner, struct pagelist_limits lim, struct rd *in)
{
	struct pagelist *h = pagelist_new(a, owner, lim);
	bool ok = rd_u32(in) == EXPORT_MAGIC && rd_varint(in) == EXPORT_VERSION;
	uint64_t n, lines = 0;

	h->next_line = rd_varint(in);
	h->rows_before = rd_varint(in);
	h->cont = rd_u8(in) & 1;
	n = rd_varint(in);
	ok = ok && !in->bad && n <= BLOCKS_MAX;
	for (uint64_t i = 0; i < n && ok; i++) {
		ok = import_block(h, in);
		lines += pagelist_last(h)->n_lines;
	}
	if (!ok || lines > h->next_line) {
		pagelist_free(h);
		return NULL;
	}
	count_closed(h);
	if (h->n_blk && pagelist_last(h)->kind == BLOCK_RAW)
		pagelist_reopen(h);
	pagelist_trim(h);
	return h;
}

/* ---- hash ---- */

static uint64_t
mix(uint64_t x, uint64_t v)
{
	x = (x ^ v) * 0x9e3779b97f4a7c15ull;
	return x ^ x >> 31;
}

static uint64_t
mix_text(uint64_t x, const char *s)
{
	while (*s)
		x = mix(x, (uint8_t)*s++);
	return mix(x, 0x100);
}

/* Folds what a cell shows and means into x. */
static uint64_t
cell_hash(uint64_t x, cell_t c, const struct tab *t)
{
	struct style s = tab_style_get(t, cell_style(c));
	uint32_t cps[CLUSTER_MAX];
	int n = tab_cps(t, c, cps);

	x = mix(x, (uint64_t)n | (c & (CELL_KIND_MASK | CELL_PROTECTED)));
	for (int i = 0; i < n; i++)
		x = mix(x, cps[i]);
	if (cell_style(c))
		x = mix(mix(x, (uint64_t)s.fg << 32 | s.bg), (uint64_t)s.ul << 32 | s.attrs);
	if (cell_link(c))
		x = mix_text(
			mix_text(x, tab_link_id(t, cell_link(c))), tab_link_uri(t, cell_link(c)));
	return x;
}

uint64_t
pagelist_hash(struct pagelist *h)
{
	uint64_t x = mix(h->next_line, h->cont);

	for (uint32_t i = 0; i < h->n_blk; i++) {
		struct block *b = &h->blk[i];
		struct reader *r = b->damaged ? NULL : reader_begin(h, b);
		struct line l;

		if (!r)
			x = mix(x, b->first_line);
		while (r && reader_next(r, &l)) {
			x = mix(mix(x, l.id), l.len);
			x = mix(x, l.flags & (ROW_WRAP | ROW_MARKS));
			for (uint32_t k = 0; k < l.len; k++)
				x = cell_hash(x, l.cells[k], reader_tab(r));
		}
		reader_end(r);
	}
	return x;
}
