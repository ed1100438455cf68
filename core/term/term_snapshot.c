/* A terminal as bytes, and back: crash checkpoint, park, and the state hash.
 *
 *   "mTRM" u16 version  u16 0  u32 body length  u32 crc32c(body)  body
 *   body: varint sizeof(struct vt), struct vt as it stands in memory (it only grows at its end: a
 *         shorter one of an older program leaves the tail zero; a longer one is refused)
 *         limits and width options, three links of pens, strings, palette, unfinished OSC bytes
 *         per screen: u8 present, then every row packed by itself (core/pack/pack.h)
 *         the history's block list (pagelist_save)
 *
 * Ids of styles and links mean nothing outside their tab. Rows carry content, pens carry styles by
 * value; so only the links of the pens need writing beside struct vt. */
#include "core/base/crc.h"
#include "core/pack/pack.h"
#include "core/screen/screen.h"
#include "core/term/term_priv.h"
#include "core/text/cp_class.h"
#include "core/vt/vt_parser.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define SNAPSHOT_MAGIC 0x4d52546du
#define SNAPSHOT_VERSION 1
#define SNAPSHOT_HEAD 16

/* The pens whose link ids are to be written by content. */
#define N_PENS 3
static struct pen *
pen_at(struct vt *v, int i)
{
	return i == 0 ? &v->pen : &v->scr[i - 1].saved.pen;
}

static void
put_str(struct buf *out, const char *s)
{
	size_t n = s ? strlen(s) : 0;

	buf_varint(out, s ? n + 1 : 0);
	buf_put(out, s, n);
}

/* Heap string or NULL; *r goes bad on damage. */
static char *
get_str(struct rd *r)
{
	uint64_t n = rd_varint(r);
	const uint8_t *p = n ? rd_bytes(r, n - 1) : NULL;
	char *s;

	if (!p)
		return NULL;
	s = xmalloc(n);
	memcpy(s, p, n - 1);
	s[n - 1] = 0;
	return s;
}

static void
save_links(struct term *t, struct buf *out)
{
	for (int i = 0; i < N_PENS; i++) {
		uint16_t link = pen_at(&t->v, i)->link;

		buf_putc(out, link != 0);
		if (link) {
			put_str(out, tab_link_id(t->tab, link));
			put_str(out, tab_link_uri(t->tab, link));
		}
	}
}

static void
load_links(struct term *t, struct rd *r)
{
	for (int i = 0; i < N_PENS; i++) {
		char *id, *uri;

		pen_at(&t->v, i)->link = 0;
		if (!rd_u8(r))
			continue;
		id = get_str(r);
		uri = get_str(r);
		if (id && uri)
			pen_at(&t->v, i)->link = tab_link(t->tab, id, strlen(id), uri, strlen(uri));
		free(id);
		free(uri);
	}
}

static void
save_strings(struct term *t, struct buf *out)
{
	put_str(out, t->title);
	put_str(out, t->icon);
	buf_varint(out, (uint64_t)t->n_stack);
	for (int i = 0; i < t->n_stack; i++) {
		put_str(out, t->stack[i].title);
		put_str(out, t->stack[i].icon);
	}
	buf_putc(out, t->palette != NULL);
	for (int i = 0; t->palette && i < 256; i++)
		buf_u32(out, t->palette[i]);
	buf_varint(out, t->str.len);
	buf_put(out, t->str.data, t->str.len);
}

static void
load_strings(struct term *t, struct rd *r)
{
	uint64_t n;
	const uint8_t *p;

	t->title = get_str(r);
	t->icon = get_str(r);
	n = rd_varint(r);
	if (n > TITLE_STACK)
		r->bad = true;
	for (t->n_stack = 0; !r->bad && t->n_stack < (int)n; t->n_stack++) {
		t->stack[t->n_stack].title = get_str(r);
		t->stack[t->n_stack].icon = get_str(r);
	}
	if (rd_u8(r)) {
		t->palette = xcalloc(256, sizeof(*t->palette));
		for (int i = 0; i < 256; i++)
			t->palette[i] = rd_u32(r);
	}
	n = rd_varint(r);
	p = n <= STRING_MAX ? rd_bytes(r, n) : NULL;
	if (!p)
		r->bad = true;
	else
		buf_put(&t->str, p, n);
}

static void
save_screen(const struct term *t, const struct screen *s, struct buf *out)
{
	buf_putc(out, s->store != NULL);
	for (int y = 0; s->store && y < t->v.rows; y++) {
		struct row r = *s->row[y];

		r.len = (uint16_t)row_written(&r);
		pack_row(out, &r, t->tab);
	}
}

/* Of a wide character that came as one half only, which no terminal of ours writes. */
static void
blank_halves(struct row *r)
{
	for (int x = 0; x < r->len; x++) {
		cell_t kind = r->cells[x] & CELL_KIND_MASK;

		if (kind == CELL_WIDE && x + 1 < r->len &&
			(r->cells[x + 1] & CELL_KIND_MASK) == CELL_TAIL)
			x++;
		else if (kind == CELL_WIDE || kind == CELL_TAIL)
			r->cells[x] &= CELL_STYLE_MASK;
	}
}

static void
load_screen(struct term *t, struct screen *s, struct rd *r, cell_t *cells)
{
	if (!rd_u8(r))
		return;
	if (!screen_init(s, t->v.rows)) {
		r->bad = true;
		return;
	}
	for (int y = 0; !r->bad && y < t->v.rows; y++) {
		struct row got = {0}, *row = s->row[y];

		if (unpack_row(r, &got, cells, t->v.cols, t->tab) < 0 || got.len > t->v.cols) {
			r->bad = true;
			return;
		}
		row->stamp = ++t->v.stamp;
		if (got.len && !row_open(t, s, row, got.len))
			continue; /* out of pages: the row shows blank, the session goes on */
		if (got.len)
			memcpy(row->cells, cells, got.len * sizeof(*cells));
		row->flags = got.flags;
		blank_halves(row);
	}
}

/* What names the tab, and so goes when a terminal is parked. */
static void
save_screens(struct term *t, struct buf *out)
{
	save_links(t, out);
	for (int i = 0; i < 2; i++)
		save_screen(t, &t->scr[i], out);
}

static void
load_screens(struct term *t, struct rd *r)
{
	cell_t *cells = xcalloc((size_t)t->v.cols, sizeof(*cells));

	load_links(t, r);
	for (int i = 0; i < 2; i++)
		load_screen(t, &t->scr[i], r, cells);
	free(cells);
	if (!t->scr[t->v.alt].store)
		r->bad = true;
	t->pen_dirty = true;
}

/* All but history. */
static void
save_body(struct term *t, struct buf *out)
{
	buf_varint(out, sizeof(t->v));
	buf_put(out, &t->v, sizeof(t->v));
	buf_varint(out, t->limits.lines);
	buf_varint(out, t->limits.bytes);
	buf_putc(out, (uint8_t)(t->cfg.ambiguous_wide | t->cfg.narrow_emoji << 1));
	save_strings(t, out);
	save_screens(t, out);
}

void
term_save(struct term *t, struct buf *out)
{
	struct buf body = {0};

	term_wake(t);
	save_body(t, &body);
	pagelist_save(t->pagelist, &body);
	buf_u32(out, SNAPSHOT_MAGIC);
	buf_u16(out, SNAPSHOT_VERSION);
	buf_u16(out, 0);
	buf_u32(out, (uint32_t)body.len);
	buf_u32(out, crc32c(0, body.data, body.len));
	buf_put(out, body.data, body.len);
	buf_free(&body);
}

static bool
in_screen(int at, int n)
{
	return at >= 0 && at < n;
}

static bool
charsets_valid(const uint8_t g[4], uint8_t gl, uint8_t gr)
{
	for (int i = 0; i < 4; i++)
		if (g[i] >= N_CHARSETS)
			return false;
	return gl < 4 && gr < 4;
}

static bool
screen_vt_valid(const struct screen_vt *s)
{
	const struct saved_cursor *c = &s->saved;

	return s->kitty_n <= KITTY_STACK && in_screen(c->row, TERM_ROWS_MAX) &&
	       in_screen(c->col, TERM_COLS_MAX) && c->origin <= 1 && c->pending <= 1 &&
	       charsets_valid(c->g, c->gl, c->gr);
}

/* What the rest of the program takes for granted of these numbers. */
static bool
vt_valid(const struct vt *v)
{
	return v->cols >= 1 && v->cols <= TERM_COLS_MAX && v->rows >= 1 &&
	       v->rows <= TERM_ROWS_MAX && in_screen(v->row, v->rows) &&
	       in_screen(v->col, v->cols) && v->pending <= 1 && v->alt <= 1 && v->top >= 0 &&
	       v->top <= v->bottom && v->bottom < v->rows && v->left >= 0 && v->left <= v->right &&
	       v->right < v->cols && charsets_valid(v->g, v->gl, v->gr) && v->single < 4 &&
	       v->shape <= CURSOR_BAR && v->hazard <= GB_CONSONANT && v->last_cp <= 0x10ffff &&
	       v->n_pens <= PEN_STACK && v->stamp <= INT64_MAX && screen_vt_valid(&v->scr[0]) &&
	       screen_vt_valid(&v->scr[1]) && vt_parser_valid(v);
}

static void
load_body(struct term *t, struct rd *r)
{
	load_strings(t, r);
	load_screens(t, r);
	if (!r->bad)
		t->pagelist = pagelist_load(t->arena, t->owner, t->limits, r);
	if (!t->pagelist)
		r->bad = true;
}

struct term *
term_restore(struct arena *a, uint32_t owner, struct rd *in)
{
	uint32_t magic = rd_u32(in), version = rd_u16(in), zero = rd_u16(in), len = rd_u32(in);
	uint32_t crc = rd_u32(in);
	const uint8_t *p = rd_bytes(in, len);
	struct term_config cfg = {0};
	struct vt v = {0};
	struct term *t;
	struct rd r;
	uint64_t n;
	uint8_t widths;

	if (!p || magic != SNAPSHOT_MAGIC || version != SNAPSHOT_VERSION || zero ||
		crc32c(0, p, len) != crc)
		return NULL;
	r = rd_init(p, len);
	n = rd_varint(&r);
	p = n <= sizeof(v) ? rd_bytes(&r, n) : NULL;
	if (!p)
		return NULL;
	memcpy(&v, p, n);
	cfg.cols = v.cols;
	cfg.rows = v.rows;
	cfg.history.lines = rd_varint(&r);
	cfg.history.bytes = rd_varint(&r);
	widths = rd_u8(&r);
	cfg.ambiguous_wide = widths & 1;
	cfg.narrow_emoji = widths >> 1 & 1;
	if (r.bad || !vt_valid(&v))
		return NULL;
	t = term_alloc(a, owner, &cfg);
	t->tab = tab_new(a, owner);
	t->v = v;
	load_body(t, &r);
	if (r.bad || rd_left(&r)) {
		term_free(t);
		return NULL;
	}
	term_derive(t);
	return t;
}

/* A parked terminal's screens: u32 raw length, then zstd of save_screens' bytes. */
static void
parked_put(struct buf *parked, const struct buf *raw)
{
	size_t n;

	buf_u32(parked, (uint32_t)raw->len);
	buf_reserve(parked, ZSTD_compressBound(raw->len));
	n = ZSTD_compress(
		parked->data + parked->len, parked->cap - parked->len, raw->data, raw->len, 1);
	CHECK(!ZSTD_isError(n)); /* there is room; memory is all it could want for */
	parked->len += n;
	parked->cap = parked->len;
	parked->data = xrealloc(parked->data, parked->cap);
}

static struct buf
parked_get(struct buf *parked)
{
	struct rd r = rd_init(parked->data, parked->len);
	struct buf raw = {.len = rd_u32(&r)};

	raw.cap = raw.len;
	raw.data = xmalloc(raw.cap);
	CHECK(ZSTD_decompress(raw.data, raw.cap, r.p, rd_left(&r)) == raw.len);
	buf_free(parked);
	return raw;
}

void
term_park(struct term *t)
{
	struct buf raw = {0};

	if (t->parked.len)
		return;
	pagelist_seal_all(t->pagelist);
	save_screens(t, &raw);
	parked_put(&t->parked, &raw);
	buf_free(&raw);
	for (int i = 0; i < 2; i++)
		screen_free(t, &t->scr[i]);
	tab_reset(t->tab);
	t->pen_dirty = true;
}

bool
term_parked(const struct term *t)
{
	return t->parked.len != 0;
}

void
term_unpark(struct term *t)
{
	struct buf raw = parked_get(&t->parked);
	struct rd r = rd_init(raw.data, raw.len);

	load_screens(t, &r);
	CHECK(!r.bad); /* our own bytes */
	buf_free(&raw);
	term_derive(t);
}

/* Zeroes what says how the state came about rather than what it is: counters, ids of the tab, and
 * what the parser left behind of sequences that are over. */
static void
vt_canonical(struct vt *v)
{
	v->stamp = v->generation = v->bells = 0;
	for (int i = 0; i < N_PENS; i++)
		pen_at(v, i)->link = 0;
	vt_parser_canonical(v);
}

uint64_t
term_hash(struct term *t)
{
	struct vt kept;
	struct buf b = {0};
	uint64_t h;

	term_wake(t);
	kept = t->v;
	vt_canonical(&t->v);
	buf_put(&b, &t->v, sizeof(t->v));
	t->v = kept;
	save_strings(t, &b);
	save_screens(t, &b);
	h = (uint64_t)crc32c(0, b.data, b.len) << 32 | crc32c(0x9e3779b9u, b.data, b.len);
	buf_free(&b);
	return h ^ pagelist_hash(t->pagelist) * 0x9e3779b97f4a7c15u;
}
