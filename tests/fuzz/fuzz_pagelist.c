/* Scrollback against a naive list of lines: rows pushed, popped, sealed, pruned
 * by limits, exported and imported, with failing allocations in between. What
 * is left is always the newest part of what was pushed, and no page stays
 * behind. */
#include "core/pagelist/pagelist.h"
#include "core/text/width.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>

enum { OWNER = 3, COLS_MAX = 200, MODEL_MAX = 4096 };

/* One visual row as text; joined says that it continues the row before. */
struct line {
	char *text;
	bool wraps;
};
static struct arena *arena;
struct model {
	struct pagelist *h;
	struct tab *tab;
	struct line row[MODEL_MAX];
	size_t n;     /* rows pushed and not popped */
	bool failing; /* a row may have been lost */
	struct pagelist_limits lim;
	struct buf text; /* scratch */
};

static int
make_row(struct model *m, struct fuzz_in *in, cell_t *cells, struct buf *text)
{
	static const char *const uris[] = {"http://a.example/", "https://b.example/x?y"};
	int len = fuzz_u8(in) % COLS_MAX, n = 0;
	uint8_t kind = fuzz_u8(in);
	struct style st = {.fg = kind & 1 ? COLOR_RGB | fuzz_u8(in) : 0,
		.bg = kind & 2 ? COLOR_INDEX | fuzz_u8(in) : 0,
		.attrs = kind & 4 ? ATTR_BOLD : 0};
	cell_t dress = (cell_t)tab_style(m->tab, &st) << CELL_STYLE_SHIFT;

	if (kind & 8)
		dress |= (cell_t)tab_link(m->tab, "i", 1, uris[kind >> 7], strlen(uris[kind >> 7]))
			 << CELL_LINK_SHIFT;
	while (n < len) {
		uint8_t c = fuzz_u8(in);
		uint32_t zwj[] = {0x1f469, 0x200d, 0x1f4bb};

		if (c < 0x20 && n + 1 < len) {
			bool cluster = c & 1;
			cell_t content =
				cluster ? tab_cluster(m->tab, zwj, 3) : (cell_t)(0x65e5 + c);

			cells[n++] = content | CELL_WIDE | dress;
			cells[n++] = CELL_TAIL | dress;
			if (cluster && (content & CELL_CLUSTER))
				for (int i = 0; i < 3; i++)
					buf_utf8(text, zwj[i]);
			else
				buf_utf8(text, cell_content(content));
		} else {
			uint32_t cp = c < 0x20 ? 'x' : c < 0x7f ? c : 0x400u + c;

			cells[n++] = cp | dress;
			buf_utf8(text, cp);
		}
		if (fuzz_left(in) == 0)
			break;
	}
	return n;
}

static void
op_push(struct model *m, struct fuzz_in *in)
{
	cell_t cells[COLS_MAX];
	struct buf text = {0};
	uint8_t wrap = fuzz_u8(in);
	struct row row = {.cells = cells, .cap = COLS_MAX};

	if (m->n == MODEL_MAX)
		return;
	row.len = (uint16_t)make_row(m, in, cells, &text);
	row.flags = ROW_STYLED | ROW_CLUSTERS | ROW_LINKS | ROW_WIDE | ROW_NONASCII;
	if (wrap % 4 == 0 && row.len > 0)
		row.flags |= ROW_WRAP;
	if (m->n > 0 && m->row[m->n - 1].wraps)
		row.flags |= ROW_WRAPPED;
	pagelist_fed(m->h, PAGE_BYTES);
	int r = pagelist_push(m->h, &row, m->tab);
	if (r == 0) {
		m->row[m->n].wraps = row.flags & ROW_WRAP;
		m->row[m->n++].text = xstrdup(buf_cstr(&text));
	} else {
		CHECK(m->failing);
	}
	buf_free(&text);
}

static void
op_pop(struct model *m, struct fuzz_in *in)
{
	cell_t cells[COLS_MAX];
	struct row row = {0};

	(void)in;
	if (!pagelist_pop(m->h, &row, cells, COLS_MAX, m->tab) || m->failing)
		return;
	CHECK(m->n > 0);
	free(m->row[--m->n].text);
}

static void
op_seal(struct model *m, struct fuzz_in *in)
{
	if (fuzz_u8(in) & 1)
		pagelist_seal_all(m->h);
	else
		pagelist_seal_step(m->h);
}

static void
op_swap(struct model *m, struct fuzz_in *in)
{
	struct buf out = {0};
	uint64_t hash = pagelist_hash(m->h);
	struct pagelist_stats st = pagelist_stats(m->h);
	/* over its limits a history may hold a block more than its copy */
	bool same = st.lines <= m->lim.lines && st.hot_bytes + st.packed_bytes <= m->lim.bytes / 2;

	(void)in;
	pagelist_export(m->h, &out);
	struct rd rd = rd_init(out.data, out.len);
	struct pagelist *other = pagelist_import(arena, OWNER + 1, m->lim, &rd);

	if (other) {
		CHECK(m->failing || !same || pagelist_hash(other) == hash);
		pagelist_check(other);
		pagelist_free(other);
	} else {
		CHECK(m->failing);
	}
	buf_free(&out);
}

static void
op_clear(struct model *m, struct fuzz_in *in)
{
	(void)in;
	pagelist_clear(m->h);
	while (m->n > 0)
		free(m->row[--m->n].text);
}

static void
op_fail(struct model *m, struct fuzz_in *in)
{
	m->failing = true;
	arena_fail_at(arena, 1 + fuzz_u8(in) % 8);
}

static void
op_check(struct model *m, struct fuzz_in *in)
{
	(void)in;
	pagelist_check(m->h);
	arena_check(arena);
}

static void
op_gc(struct model *m, struct fuzz_in *in)
{
	(void)in;
	tab_reset(m->tab);
}

static void
saw_row(void *ctx, const struct row *row, const struct tab *t, struct pin at)
{
	uint32_t cps[CLUSTER_MAX];

	(void)at;
	for (int i = 0; i < row->len; i++)
		tab_cps(t, row->cells[i], cps);
	++*(uint64_t *)ctx;
}

static void
op_read(struct model *m, struct fuzz_in *in)
{
	int cols = 1 + fuzz_u8(in);
	uint64_t rows = pagelist_rows(m->h, cols), from = rows ? fuzz_u8(in) * rows / 256 : 0,
		 seen = 0;
	uint64_t want = MIN(30u, rows - from);
	struct pin p = pagelist_pin(m->h, cols, from);

	CHECK(pagelist_read(m->h, cols, from, want, saw_row, &seen) >= 0);
	CHECK(seen == want);
	if (rows)
		CHECK(pagelist_pin_row(m->h, cols, p) == from);
}

typedef void (*op_fn)(struct model *m, struct fuzz_in *in);
static const op_fn ops[] = {op_push, op_push, op_push, op_pop, op_seal, op_swap, op_read, op_check,
	op_clear, op_fail, op_gc};

struct walk {
	struct model *m;
	size_t row; /* model row that the next line starts at */
	bool ok;
};

/* A line of the model from row at: its rows joined; returns the row after it.
 */
static size_t
model_line(struct model *m, size_t at, struct buf *out)
{
	out->len = 0;
	for (; at < m->n; at++) {
		buf_puts(out, m->row[at].text);
		if (!m->row[at].wraps)
			return at + 1;
	}
	return at;
}

static bool
saw_line(void *ctx, uint64_t line, const char *text, size_t len)
{
	struct walk *w = ctx;

	(void)line;
	w->row = model_line(w->m, w->row, &w->m->text);
	w->ok &= len == w->m->text.len && (!len || memcmp(text, w->m->text.data, len) == 0);
	return true;
}

/* What is left must be the model's end: skip as many lines as were dropped. */
static void
compare(struct model *m)
{
	struct pagelist_stats st = pagelist_stats(m->h);
	uint64_t lines = 0, left = st.next_line - st.first_line;
	struct walk w = {.m = m, .ok = true};

	for (size_t at = 0; at < m->n; lines++)
		at = model_line(m, at, &m->text);
	if (lines < left)
		left = lines;
	for (; lines > left; lines--)
		w.row = model_line(m, w.row, &m->text);
	if (w.row == 0 || !m->row[w.row - 1].wraps)
		pagelist_text(m->h, st.first_line, st.next_line - st.first_line, saw_line, &w);
	CHECK(w.ok);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model m;
	struct fuzz_in in = {data, data + size};

	if (!arena)
		arena = arena_new(1ull << 30);
	m = (struct model){.lim = {1 + fuzz_u8(&in) * 4u, 4096 + fuzz_u8(&in) * 1024u}};
	m.h = pagelist_new(arena, OWNER, m.lim);
	m.tab = tab_new(arena, OWNER);
	while (fuzz_left(&in) > 0)
		ops[fuzz_u8(&in) % ARRAY_LEN(ops)](&m, &in);
	arena_fail_at(arena, 0);
	pagelist_check(m.h);
	if (!m.failing)
		compare(&m);
	op_clear(&m, &in);
	pagelist_free(m.h);
	tab_free(m.tab);
	buf_free(&m.text);
	CHECK(arena_stats(arena).live == 0);
	return 0;
}
