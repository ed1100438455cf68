/* Decoders of stored bytes: rows, blocks of history, whole histories, checkpoints, frames. Foreign
 * bytes are refused, or give something that checks, reads at any width, seals, and packs again to
 * an equal thing; never a crash, never a leak. The first byte chooses the decoder. Sums are made
 * right here, since behind a wrong one nothing is ever decoded. */
#include "core/base/crc.h"
#include "core/pagelist/pagelist_priv.h"
#include "core/pack/pack.h"
#include "core/paint/canvas.h"
#include "core/paint/frame.h"
#include "core/term/term.h"
#include "tests/fuzz/fuzz.h"
#include <zstd.h>

enum { OWNER = 4, BLOCKS = 3, CHECKPOINT_HEAD = 16, CHECKPOINT_CRC = 12 };
static struct arena *arena;
static const struct pagelist_limits limits = {500, 1 << 20};

static void
row_of(struct rd *in)
{
	cell_t cells[300], again[300];
	struct tab *t = tab_new(arena, OWNER);
	struct row row = {0}, row2 = {0};
	struct buf out = {0}, out2 = {0};

	while (rd_left(in) > 0 && unpack_row(in, &row, cells, 300, t) == 0) {
		CHECK(row.len <= 300);
		out.len = 0;
		pack_row(&out, &row, t);
		struct rd rd = rd_init(out.data, out.len);
		CHECK(unpack_row(&rd, &row2, again, 300, t) == 0);
		CHECK(rd_left(&rd) == 0 && row2.len == row.len);
		out2.len = 0;
		pack_row(&out2, &row2, t);
		CHECK(out.len == out2.len && memcmp(out.data, out2.data, out.len) == 0);
	}
	tab_check(t);
	tab_free(t);
	buf_free(&out);
	buf_free(&out2);
}

static void
saw_row(void *ctx, const struct row *row, const struct tab *t, struct pin at)
{
	uint32_t cps[CLUSTER_MAX];

	(void)ctx;
	(void)at;
	for (int i = 0; i < row->len; i++) {
		CHECK(tab_cps(t, row->cells[i], cps) <= CLUSTER_MAX);
		tab_style_get(t, cell_style(row->cells[i]));
		tab_link_uri(t, cell_link(row->cells[i]));
	}
}

static bool
saw_chunk(void *ctx, const struct pagelist_chunk *c)
{
	(void)ctx;
	CHECK(c->text[c->len] == 0);
	return true;
}

static bool
has_damage(const struct pagelist *h)
{
	for (uint32_t i = 0; i < h->n_blk; i++)
		if (h->blk[i].damaged || h->blk[i].kind == BLOCK_LOST)
			return true;
	return false;
}

/* A history made of foreign bytes does all that one of our own does. */
static void
use_pagelist(struct pagelist *h)
{
	struct pagelist_stats st = pagelist_stats(h);
	struct buf out = {0};
	cell_t cells[300];
	struct row row = {0};
	struct tab *t = tab_new(arena, OWNER);
	uint64_t sum, rows;

	pagelist_check(h);
	for (int cols = 1; cols < 400; cols = cols * 3 + 4) {
		rows = pagelist_rows(h, cols);
		pagelist_read(h, cols, rows > 20 ? rows - 20 : 0, MIN(rows, 20u), saw_row, NULL);
	}
	pagelist_text_chunks(h, st.first_line, st.next_line, true, saw_chunk, NULL);
	sum = pagelist_hash(h);
	pagelist_export(h, &out);
	struct rd rd = rd_init(out.data, out.len);
	struct pagelist *again =
		pagelist_import(arena, OWNER, (struct pagelist_limits){1u << 30, 0}, &rd);
	CHECK(again);
	pagelist_check(again);
	/* what cannot be read is told from what is gone only once it was read */
	if (!has_damage(h))
		CHECK(pagelist_hash(again) == sum);
	pagelist_free(again);
	pagelist_pop(h, &row, cells, 300, t);
	pagelist_seal_all(h);
	pagelist_check(h);
	pagelist_hash(h);
	tab_free(t);
	buf_free(&out);
}

static ZSTD_CCtx *zstd;

/* Appends the column, compressed; or, if raw, as if it were. Returns what it takes. */
static uint32_t
put_column(struct buf *out, const uint8_t *p, size_t n, bool raw)
{
	size_t bound = ZSTD_compressBound(n), len = n;

	if (!zstd)
		zstd = ZSTD_createCCtx();
	buf_reserve(out, bound);
	if (raw)
		memcpy(out->data + out->len, p, n);
	else
		len = n ? ZSTD_compressCCtx(zstd, out->data + out->len, bound, p, n, 1) : 0;
	out->len += len;
	return (uint32_t)len;
}

/* A block whose contents are the next bytes of the input, with the head that they call for. */
static void
put_block(struct buf *out, struct fuzz_in *in, bool columns)
{
	uint8_t lines = fuzz_u8(in), odd = fuzz_u8(in);
	struct block_head head = {.magic = BLOCK_MAGIC,
		.version = BLOCK_VERSION,
		.encoding = columns ? ENC_COLUMNS : ENC_RECORDS,
		.flags = odd & 1 ? HEAD_WIDE : 0,
		.n_lines = lines,
		.n_rows = lines + (odd >> 4)};
	struct buf b = {0};
	size_t n;

	buf_put(&b, &head, sizeof head);
	if (columns) {
		const uint8_t *p = fuzz_bytes(in, fuzz_u8(in), &n);

		buf_put(&b, p, n);
		head.lens_len = (uint32_t)n;
		p = fuzz_bytes(in, fuzz_u8(in), &n);
		head.text_raw = (uint32_t)n;
		head.text_len = put_column(&b, p, n, odd & 2);
		p = fuzz_bytes(in, fuzz_u8(in), &n);
		head.ext_raw = (uint32_t)n + (odd & 8 ? 1 : 0);
		head.ext_len = put_column(&b, p, n, odd & 4);
	} else {
		const uint8_t *p = fuzz_bytes(in, fuzz_u8(in), &n);

		buf_put(&b, p, n);
	}
	head.len = (uint32_t)(b.len - sizeof head);
	memcpy(b.data, &head, sizeof head);
	head.crc = block_crc(b.data, (uint32_t)b.len);
	memcpy(b.data, &head, sizeof head);
	buf_varint(out, head.n_lines);
	buf_varint(out, head.n_rows);
	buf_varint(out, b.len);
	buf_put(out, b.data, b.len);
	buf_free(&b);
}

/* An export of a few blocks. */
static void
blocks_of(struct rd *bytes)
{
	struct fuzz_in in = {bytes->p, bytes->p + rd_left(bytes)};
	struct buf out = {0};
	uint8_t kinds = fuzz_u8(&in);

	buf_u32(&out, 0x6568756du); /* as pagelist_export begins */
	buf_varint(&out, 1);
	buf_varint(&out, 1000);
	buf_varint(&out, 1000);
	buf_putc(&out, kinds >> 7);
	buf_varint(&out, BLOCKS);
	for (int i = 0; i < BLOCKS; i++)
		put_block(&out, &in, kinds >> i & 1);
	struct rd rd = rd_init(out.data, out.len);
	struct pagelist *h = pagelist_import(arena, OWNER, limits, &rd);
	CHECK(h);
	use_pagelist(h);
	pagelist_free(h);
	buf_free(&out);
}

static void
import_of(struct rd *in)
{
	struct pagelist *h = pagelist_import(arena, OWNER, limits, in);

	if (h)
		use_pagelist(h);
	pagelist_free(h);
}

static void
load_of(struct rd *in)
{
	struct pagelist *h = pagelist_load(arena, OWNER, limits, in);

	if (h)
		use_pagelist(h);
	pagelist_free(h);
}

/* A checkpoint of our own, to be damaged. */
static void
make_checkpoint(struct buf *out)
{
	static const char bytes[] =
		"one\r\n\033[31;4mtwo \033]8;id=a;http://x/\033\\link\033]8;;\033\\\r\n\033[m"
		"\xe6\x97\xa5\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb\r\n\033]0;t\007\033[22t"
		"\033[>1u\033[?1049hfour\0337\r\nfive\033]2;unfinish";
	struct term_config cfg = {.cols = 12, .rows = 4, .history = limits};
	struct term *t = term_new(arena, OWNER, &cfg);

	term_feed(t, bytes, sizeof bytes - 1);
	term_save(t, out);
	term_free(t);
}

static void
use_term(struct term *t)
{
	static const char bytes[] = "ish\007\033[5;5Hx\r\n\n\0338\033[?1049l\033[23t\033#8\033[3;"
				    "3r\033[9S\033[#{\033[#}z\033c";

	term_check(t);
	for (size_t i = 0; i < sizeof bytes - 1; i++)
		term_feed(t, bytes + i, 1);
	term_check(t);
	term_resize(t, 33, 7);
	term_resize(t, 5, 3);
	term_hash(t);
	term_check(t);
}

/* Pairs of a place and a byte to write there; the sum is made right again. */
static void
checkpoint_of(struct rd *in)
{
	static struct buf genuine;
	struct buf b = {0};
	struct term *t;
	uint32_t crc;

	if (!genuine.len)
		make_checkpoint(&genuine);
	buf_put(&b, genuine.data, genuine.len);
	while (rd_left(in) >= 3) {
		size_t at = rd_u16(in) % (b.len - CHECKPOINT_HEAD) + CHECKPOINT_HEAD;

		b.data[at] = rd_u8(in);
	}
	crc = crc32c(0, b.data + CHECKPOINT_HEAD, b.len - CHECKPOINT_HEAD);
	for (int i = 0; i < 4; i++)
		b.data[CHECKPOINT_CRC + i] = (uint8_t)(crc >> 8 * i);
	struct rd rd = rd_init(b.data, b.len);
	t = term_restore(arena, OWNER, &rd);
	if (t)
		use_term(t);
	term_free(t);
	buf_free(&b);
}

static void
frame_of(struct rd *in)
{
	struct canvas *c = canvas_new(arena, OWNER, 40, 10);

	while (rd_left(in) > 2) {
		size_t n = rd_u16(in);

		n = MIN(n, rd_left(in));

		if (frame_apply(c, in->p, n) == 0) {
			struct grid g = canvas_grid(c);
			CHECK(g.cols >= 1 && g.rows >= 1);
		}
		rd_bytes(in, n);
	}
	canvas_free(c);
}

typedef void (*decode_fn)(struct rd *in);
static const decode_fn decoders[] = {
	row_of, blocks_of, import_of, load_of, checkpoint_of, frame_of};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in;

	if (size == 0)
		return 0;
	if (!arena)
		arena = arena_new(1ull << 28);
	in = rd_init(data + 1, size - 1);
	decoders[data[0] % ARRAY_LEN(decoders)](&in);
	CHECK(arena_stats(arena).live == 0);
	return 0;
}
