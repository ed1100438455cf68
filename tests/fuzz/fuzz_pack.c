/* Decoders of stored bytes: rows, whole histories, checkpoints, frames. Foreign
 * bytes are refused or give something that checks and packs again to an equal
 * thing; never a crash, never a leak. The first byte chooses the decoder. */
#include "core/pack.h"
#include "core/render.h"
#include "core/term.h"
#include "tests/fuzz/fuzz.h"

enum { OWNER = 4 };
static struct arena *arena;

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
hist_of(struct rd *in)
{
	struct hist *h = hist_import(arena, OWNER, (struct hist_limits){500, 1 << 20}, in);

	if (!h)
		return;
	hist_check(h);
	hist_rows(h, 80);
	hist_hash(h);
	hist_free(h);
}

static void
load_of(struct rd *in)
{
	struct hist *h = hist_load(arena, OWNER, (struct hist_limits){500, 1 << 20}, in);

	if (!h)
		return;
	hist_check(h);
	hist_free(h);
}

static void
checkpoint_of(struct rd *in)
{
	struct term *t = term_restore(arena, OWNER, in);

	if (!t)
		return;
	term_check(t);
	term_feed(t, "\033[5;5Hx\r\n\n\033c", 13);
	term_resize(t, 33, 7);
	term_check(t);
	term_free(t);
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
static const decode_fn decoders[] = {row_of, hist_of, load_of, checkpoint_of, frame_of};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in;

	if (size == 0)
		return 0;
	if (!arena)
		arena = arena_new(1ull << 30);
	in = rd_init(data + 1, size - 1);
	decoders[data[0] % ARRAY_LEN(decoders)](&in);
	CHECK(arena_stats(arena).live == 0);
	return 0;
}
