/* The packed form. A stream is a sequence of records and nothing else; varint is LEB128:
 *
 *   record  tag n_cells:varint [REC_MB text_len:varint] [REC_EXT ext_len:varint] text ext
 *   text    one item a cell: UTF-8, or TEXT_BLANK (never written), TEXT_HEAD, TEXT_TAIL (one that
 *           follows no wide cell), or TEXT_CLUSTER, a byte 0x20 + n, n characters
 *   ext     bits [EXT_DEFS n:varint def*] [EXT_STYLES run*] [EXT_LINKS run*] [EXT_PROTECT run*]
 *   run     (length:varint id:varint), until they cover n_cells; protection: id 0 or 1
 *   def     DEF_RESET
 *         | DEF_STYLE what fg bg ul attrs
 *         | DEF_LINK id_len:varint id uri_len:varint uri
 *
 * In a text no byte below 0x20 is anything but one of the marks, so a newline can part lines. A
 * wide cell's tail is implied. Whether a character is wide follows from usually_wide(), which is
 * frozen, and TEXT_FLIP before an item turns that answer round: so the form depends on no width
 * table.
 *
 * Ids count definitions since the stream's start or the last DEF_RESET, from 1; 0 is the default
 * style, no link. A definition stands in the first record that uses it, so any prefix of a stream
 * is a stream, and cutting a record off at the end leaves a valid one (the writer then sets
 * dict.forget). A plain ASCII row is two or three bytes and its text: memcpy, narrowed.
 *
 * Readers take bytes as foreign: every length is checked against what is left. */
#include "core/pack/record.h"
#include "core/pack/prepack.h"
#include "core/base/utf8.h"
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* ---- writing ---- */

void
cells_narrow(uint8_t *out, const cell_t *cells, uint32_t n)
{
	uint32_t i = 0;

#ifdef __SSE2__
	const __m128i low = _mm_set1_epi16(0xff);

	for (; i + 8 <= n; i += 8) {
		const __m128i *p = (const __m128i *)(cells + i);
		__m128 a = _mm_castsi128_ps(_mm_loadu_si128(p));
		__m128 b = _mm_castsi128_ps(_mm_loadu_si128(p + 1));
		__m128 c = _mm_castsi128_ps(_mm_loadu_si128(p + 2));
		__m128 d = _mm_castsi128_ps(_mm_loadu_si128(p + 3));
		__m128i ab = _mm_castps_si128(_mm_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)));
		__m128i cd = _mm_castps_si128(_mm_shuffle_ps(c, d, _MM_SHUFFLE(2, 0, 2, 0)));
		/* the low 16 bits of each 32, sign-extended so that packs keeps them */
		ab = _mm_srai_epi32(_mm_slli_epi32(ab, 16), 16);
		cd = _mm_srai_epi32(_mm_slli_epi32(cd, 16), 16);
		ab = _mm_and_si128(_mm_packs_epi32(ab, cd), low);
		_mm_storel_epi64((__m128i *)(out + i), _mm_packus_epi16(ab, ab));
	}
#endif
	for (; i < n; i++)
		out[i] = (uint8_t)cells[i];
}

uint32_t
cells_flags(const cell_t *cells, uint32_t n)
{
	uint64_t or = 0, kinds = 0;
	uint32_t flags = 0;

	for (uint32_t i = 0; i < n; i++) {
		or |= cells[i];
		kinds |= 1ull << (cells[i] >> 21 & 3);
	}
	if (or &(CELL_ATTRS | CELL_KIND_MASK | CELL_CLUSTER))
		flags |= ROW_STYLED;
	if (or &CELL_CLUSTER)
		flags |= ROW_CLUSTERS | ROW_NONASCII;
	if (or &CELL_LINK_MASK)
		flags |= ROW_LINKS;
	if (kinds & ~1ull)
		flags |= ROW_WIDE;
	if (or &CELL_PROTECTED)
		flags |= ROW_PROTECTED;
	if (cell_content(or) >= 0x80)
		flags |= ROW_NONASCII;
	return flags;
}

static uint8_t *
put_cluster(uint8_t *p, cell_t c, bool wide, const struct tab *t)
{
	struct cluster_text text = tab_cluster_text(t, c);
	const uint8_t *first = text.utf8;

	if (!text.len) {
		*p++ = TEXT_BLANK;
		if (wide)
			*p++ = TEXT_TAIL;
		return p;
	}
	if (usually_wide(utf8_get(&first)) != wide)
		*p++ = TEXT_FLIP;
	*p++ = TEXT_CLUSTER;
	*p++ = (uint8_t)(CLUSTER_BASE + text.n);
	memcpy(p, text.utf8, text.len);
	return p + text.len;
}

#define NOT_ALONE (CELL_KIND_MASK | CELL_CLUSTER)

/* How a character of the basic plane is written, by its block of 64: bytes in UTF-8, and whether it
 * is usually wide; nothing where the block is mixed. Text mixes lengths and widths at random, so
 * the loop below has no branch on either. The table is a function of usually_wide() alone. */
enum { SHAPE_BYTES = 3, SHAPE_WIDE = 4, SHAPE_KNOWN = 8, SHAPE_MIXED = 16 };
static uint8_t shapes[1024]; /* 0: not met yet */

static void
shape_make(uint32_t block)
{
	uint32_t cp = block << 6, last = cp | 63;
	bool wide = usually_wide(cp), mixed = cp >= 0xd800 && cp < 0xe000;

	for (uint32_t c = cp; c <= last; c++)
		mixed |= usually_wide(c) != wide;
	shapes[block] = (uint8_t)(mixed ? SHAPE_MIXED
					: SHAPE_KNOWN | (wide ? SHAPE_WIDE : 0) |
						  (1 + (cp >= 0x80) + (cp >= 0x800)));
}

/* UTF-8 of n bytes; four are written. */
static inline uint8_t *
put_shaped(uint8_t *p, uint32_t cp, unsigned n)
{
	static const uint32_t low[4] = {0, 0x7f, 0x3f, 0x3f}, high[4] = {0, 0, 0x1f00, 0x0f3f00},
			      marks[4] = {0, 0, 0xc080, 0xe08080};
	uint32_t v = (cp & low[n]) | (((cp << 2 & 0x3f00) | (cp << 4 & 0xf0000)) & high[n]);

	v = htobe32((v | marks[n]) << (32 - 8 * n));
	memcpy(p, &v, 4);
	return p + n;
}

/* The plain ASCII characters from cells on, by eights: how many. Apart from text_put(), whose loop
 * over mixed text it would only make larger. */
static __attribute__((noinline)) uint32_t
put_ascii(uint8_t *p, const cell_t *cells, uint32_t n)
{
	uint32_t i = 0;

	for (; i + 8 <= n; i += 8) {
		cell_t all = 0;

		for (uint32_t k = i; k < i + 8; k++)
			all |= (cells[k] | (cells[k] - 0x20)) & (NOT_ALONE | CELL_CONTENT_MASK);
		if (all & ~0x7full)
			break;
		for (uint32_t k = i; k < i + 8; k++)
			p[k] = (uint8_t)cells[k];
	}
	return i;
}

/* The cell at i, whatever it is; *wide: its tail is done with. */
static uint8_t *
put_item(uint8_t *p, const cell_t *cells, uint32_t i, uint32_t n, const struct tab *t, bool *wide)
{
	cell_t c = cells[i];
	uint64_t kind = c & CELL_KIND_MASK;
	uint32_t cp = cell_content(c);

	*wide = kind == CELL_WIDE && i + 1 < n && (cells[i + 1] & CELL_KIND_MASK) == CELL_TAIL;
	if (kind == CELL_TAIL || kind == CELL_HEAD) {
		*p++ = kind == CELL_TAIL ? TEXT_TAIL : TEXT_HEAD;
		return p;
	}
	if (c & CELL_CLUSTER)
		return put_cluster(p, c, *wide, t);
	if (cp < 0x20) {
		*wide = false;
		*p++ = TEXT_BLANK;
		return p;
	}
	if (usually_wide(cp) != *wide)
		*p++ = TEXT_FLIP;
	return utf8_put(p, cp);
}

void
text_put(struct buf *out, const cell_t *cells, uint32_t n, const struct tab *t)
{
	uint32_t mixed_until = 0;
	uint8_t *p;

	buf_reserve(out, (size_t)n * 5 + 8 * CLUSTER_MAX + 16);
	p = out->data + out->len;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t low =
			(uint32_t)cells[i] & (CELL_CONTENT_MASK | CELL_KIND_MASK | CELL_CLUSTER);
		unsigned shape = shapes[low >> 6 & 1023];
		/* narrow, or wide with its tail, as usual, and of the basic plane */
		unsigned is_wide = low >> 21 & 1, more = is_wide & (i + 1 < n);
		unsigned tail = (cells[i + more] & CELL_KIND_MASK) == CELL_TAIL;
		unsigned want = SHAPE_KNOWN | is_wide * SHAPE_WIDE;
		bool wide;

		if (unlikely(i >= mixed_until)) {
			uint32_t ascii = put_ascii(p, cells + i, n - i);

			mixed_until = i + ascii + (ascii ? 8 : 32);
			if (ascii) {
				p += ascii;
				i += ascii - 1;
				continue;
			}
		}
		if (likely(((low & ~(uint32_t)(CELL_WIDE | 0xffff)) == 0) &
			    ((low & 0xffff) >= 0x20) &
			    ((shape & (SHAPE_KNOWN | SHAPE_WIDE)) == want) & (tail == is_wide))) {
			p = put_shaped(p, low & 0xffff, shape & SHAPE_BYTES);
			i += is_wide;
		} else {
			if (!shape)
				shape_make(low >> 6 & 1023);
			out->len = (size_t)(p - out->data);
			if (low & CELL_CLUSTER)
				buf_reserve(out, (size_t)(n - i) * 5 + 8 * CLUSTER_MAX + 16);
			p = put_item(out->data + out->len, cells, i, n, t, &wide);
			i += wide;
		}
	}
	out->len = (size_t)(p - out->data);
}

/* ---- styles and links ---- */

static uint16_t
dict_style_slow(
	struct dict *d, const struct tab *t, uint16_t id, struct buf *defs, uint32_t *n_defs)
{
	struct style s = tab_style_get(t, id);
	uint16_t found = dict_style(d, &s, defs, n_defs);

	d->memo_tab[id & 63] = id;
	d->memo_id[id & 63] = found;
	return found;
}

static uint16_t
dict_tab_link(struct dict *d, const struct tab *t, uint16_t id, struct buf *defs, uint32_t *n_defs)
{
	struct undict_link l = {.id = tab_link_id(t, id), .uri = tab_link_uri(t, id)};

	if (id == d->link_tab)
		return d->link_id;
	l.id_len = (uint32_t)strlen(l.id);
	l.uri_len = (uint32_t)strlen(l.uri);
	d->link_tab = id;
	d->link_id = dict_link(d, &l, defs, n_defs);
	return d->link_id;
}

/* End of the run of cells that agree with cells[i] in the bits of mask. */
static uint32_t
run_end(const cell_t *cells, uint32_t i, uint32_t n, cell_t mask)
{
	cell_t c = cells[i++];

	while (i + 4 <= n &&
		!(((cells[i] ^ c) | (cells[i + 1] ^ c) | (cells[i + 2] ^ c) | (cells[i + 3] ^ c)) &
			mask))
		i += 4;
	while (i < n && !((cells[i] ^ c) & mask))
		i++;
	return i;
}

static inline uint8_t *
fast_varint(uint8_t *p, uint32_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (uint8_t)(v | 0x80);
	*p++ = (uint8_t)v;
	return p;
}

/* Room for the longest run list of n cells. */
static uint8_t *
runs_room(struct buf *b, uint32_t n)
{
	buf_reserve(b, (size_t)n * 8);
	return b->data + b->len;
}

static void
put_styles(struct buf *runs, struct buf *defs, uint32_t *n_defs, const cell_t *cells, uint32_t n,
	const struct tab *t, struct dict *d)
{
	uint8_t *p = runs_room(runs, n);

	for (uint32_t i = 0, end; i < n; i = end) {
		uint16_t id = cell_style(cells[i]), k = id & 63;

		end = run_end(cells, i, n, CELL_STYLE_MASK);
		if (id)
			id = d->memo_tab[k] == id ? d->memo_id[k]
						  : dict_style_slow(d, t, id, defs, n_defs);
		p = fast_varint(p, end - i);
		p = fast_varint(p, id);
	}
	runs->len = (size_t)(p - runs->data);
}

static void
put_links(struct buf *runs, struct buf *defs, uint32_t *n_defs, const cell_t *cells, uint32_t n,
	const struct tab *t, struct dict *d)
{
	uint8_t *p = runs_room(runs, n);

	for (uint32_t i = 0, end; i < n; i = end) {
		uint16_t id = cell_link(cells[i]);

		end = run_end(cells, i, n, CELL_LINK_MASK);
		p = fast_varint(p, end - i);
		p = fast_varint(p, id ? dict_tab_link(d, t, id, defs, n_defs) : 0);
	}
	runs->len = (size_t)(p - runs->data);
}

static void
put_protect(struct buf *runs, const cell_t *cells, uint32_t n)
{
	uint8_t *p = runs_room(runs, n);

	for (uint32_t i = 0, end; i < n; i = end) {
		end = run_end(cells, i, n, CELL_PROTECTED);
		p = fast_varint(p, end - i);
		*p++ = cells[i] & CELL_PROTECTED ? 1 : 0;
	}
	runs->len = (size_t)(p - runs->data);
}

/* Scratch of the thread: definitions and runs of the row at hand. */
static _Thread_local struct buf scratch_defs, scratch_runs, scratch_ext;

/* Nothing is appended when every cell is plain and flags hold no mark. */
static void
ext_put(struct buf *out, const cell_t *cells, uint32_t n, uint32_t flags, const struct tab *t,
	struct dict *d)
{
	struct buf *defs = &scratch_defs, *runs = &scratch_runs;
	uint32_t n_defs = 0;
	uint64_t or = 0;
	uint8_t bits = 0;

	for (uint32_t i = 0; i < n; i++)
		or |= cells[i];
	defs->len = runs->len = 0;
	if (or &(CELL_STYLE_MASK | CELL_LINK_MASK))
		dict_ready(d, defs, &n_defs);
	if ((or &(CELL_STYLE_MASK | CELL_LINK_MASK)) && d->epoch != tab_epoch(t)) {
		memset(d->memo_tab, 0, sizeof(d->memo_tab));
		d->link_tab = 0;
		d->epoch = tab_epoch(t);
	}
	if (or &CELL_STYLE_MASK) {
		bits |= EXT_STYLES;
		put_styles(runs, defs, &n_defs, cells, n, t, d);
	}
	if (or &CELL_LINK_MASK) {
		bits |= EXT_LINKS;
		put_links(runs, defs, &n_defs, cells, n, t, d);
	}
	if (or &CELL_PROTECTED) {
		bits |= EXT_PROTECT;
		put_protect(runs, cells, n);
	}
	if (n_defs)
		bits |= EXT_DEFS;
	bits |= (uint8_t)((flags & ROW_PROMPT_MASK) >> ROW_PROMPT_SHIFT |
			  (flags & ROW_DOUBLE_MASK) >> ROW_DOUBLE_SHIFT << 2);
	if (!bits)
		return;
	buf_putc(out, bits);
	if (n_defs)
		buf_varint(out, n_defs);
	buf_put(out, defs->data, defs->len);
	buf_put(out, runs->data, runs->len);
}

static uint8_t *
put_head(uint8_t *p, uint8_t tag, uint32_t flags, uint32_t n, uint32_t text_len, uint32_t ext_len)
{
	tag |= (flags & ROW_WRAP ? REC_WRAP : 0) | (flags & ROW_WRAPPED ? REC_WRAPPED : 0);
	*p++ = tag | (text_len != n ? REC_MB : 0) | (ext_len ? REC_EXT : 0);
	p = fast_varint(p, n);
	if (text_len != n)
		p = fast_varint(p, text_len);
	return ext_len ? fast_varint(p, ext_len) : p;
}

uint8_t *
rec_head(uint8_t *p, uint8_t tag, uint32_t flags, uint32_t n, uint32_t text_len)
{
	return put_head(p, tag, flags, n, text_len, 0);
}

/* Appends the text; true if some cell is wide. */
static bool
rec_text(struct buf *out, const struct rec_src *src, cell_t all)
{
	bool wide = false;

	if (src->pre) {
		buf_put(out, src->pre + 1, src->pre->len);
		return src->pre->wide;
	}
	if (!(src->flags & ROW_NONASCII || all & (CELL_KIND_MASK | CELL_CLUSTER))) {
		cells_narrow(out->data + out->len, src->cells, src->n);
		out->len += src->n;
		return false;
	}
	for (uint32_t i = 0; all & CELL_WIDE && i < src->n && !wide; i++)
		wide = (src->cells[i] & CELL_KIND_MASK) == CELL_WIDE;
	text_put(out, src->cells, src->n, src->tab);
	return wide;
}

void
rec_put(struct buf *out, const struct rec_src *src, struct dict *d)
{
	struct buf *ext = &scratch_ext;
	size_t at = out->len, room = 16, text_len;
	uint8_t head[16], tag = src->tag, *p;
	uint32_t n = src->n;
	cell_t all = 0;

	ext->len = 0;
	if (!src->pre && src->flags & (ROW_HINTS & ~ROW_NONASCII))
		for (uint32_t i = 0; i < n; i++)
			all |= src->cells[i];
	if ((src->pre ? src->pre->styled : (all & CELL_ATTRS) != 0) || src->flags & ROW_MARKS)
		ext_put(ext, src->cells, n, src->flags, src->tab, d);
	buf_reserve(out, room + n + 16);
	out->len += room; /* the text goes where it is likely to stay; the head is short */
	if (rec_text(out, src, all))
		tag |= REC_WIDE;
	text_len = out->len - at - room;
	p = put_head(head, tag, src->flags, n, (uint32_t)text_len, (uint32_t)ext->len);
	memcpy(out->data + at, head, (size_t)(p - head));
	memmove(out->data + at + (p - head), out->data + at + room, text_len);
	out->len = at + (size_t)(p - head) + text_len;
	buf_put(out, ext->data, ext->len);
}
