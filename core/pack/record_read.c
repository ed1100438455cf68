/* Reading the packed form, whose layout stands in record.c. The bytes are foreign: every length is
 * checked against what is left, every id against what is defined. */
#include "core/pack/record.h"
#include "core/base/utf8.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define UNDICT_MAX 70000u /* more definitions than a tab has ids: not ours */

/* ---- the reader's dictionary ---- */

void
undict_free(struct undict *u)
{
	free(u->style);
	free(u->style_tab);
	free(u->link);
	free(u->link_tab);
	*u = (struct undict){0};
}

void
undict_clear(struct undict *u)
{
	u->n_style = u->n_link = 0;
}

static void
undict_add_style(struct undict *u, const struct style *s)
{
	if (u->n_style == u->cap_style) {
		u->cap_style = u->cap_style * 2 + 16;
		u->style = xrealloc(u->style, u->cap_style * sizeof(*u->style));
		u->style_tab = xrealloc(u->style_tab, u->cap_style * sizeof(*u->style_tab));
	}
	u->style_tab[u->n_style] = 0;
	u->style[u->n_style++] = *s;
}

static void
undict_add_link(struct undict *u, struct undict_link l)
{
	if (u->n_link == u->cap_link) {
		u->cap_link = u->cap_link * 2 + 16;
		u->link = xrealloc(u->link, u->cap_link * sizeof(*u->link));
		u->link_tab = xrealloc(u->link_tab, u->cap_link * sizeof(*u->link_tab));
	}
	u->link_tab[u->n_link] = 0;
	u->link[u->n_link++] = l;
}

void
undict_unmap(struct undict *u)
{
	if (u->n_style)
		memset(u->style_tab, 0, u->n_style * sizeof(*u->style_tab));
	if (u->n_link)
		memset(u->link_tab, 0, u->n_link * sizeof(*u->link_tab));
}

/* Ids of one tab mean nothing in another. */
static void
undict_bind(struct undict *u, const struct tab *t)
{
	uint64_t epoch = tab_epoch(t);

	if (u->epoch == epoch)
		return;
	u->epoch = epoch;
	undict_unmap(u);
}

static uint32_t
get_color(struct rd *in, unsigned kind)
{
	uint32_t c = kind << 24;

	if (!kind)
		return COLOR_DEFAULT;
	c |= rd_u8(in);
	if (kind & 2) {
		c |= (uint32_t)rd_u8(in) << 8;
		c |= (uint32_t)rd_u8(in) << 16;
	}
	return c;
}

static void
get_style(struct rd *in, struct undict *u)
{
	struct style s = {0};
	unsigned what = rd_u8(in);

	s.fg = get_color(in, what & 3);
	s.bg = get_color(in, what >> 2 & 3);
	s.ul = get_color(in, what >> 4 & 3);
	if (what & (64 | 128))
		s.attrs = rd_u8(in);
	if (what & 128)
		s.attrs |= (uint32_t)rd_u8(in) << 8;
	undict_add_style(u, &s);
}

static void
get_link(struct rd *in, struct undict *u)
{
	struct undict_link l;

	l.id_len = rd_len(in);
	l.id = (const char *)rd_bytes(in, l.id_len);
	l.uri_len = rd_len(in);
	l.uri = (const char *)rd_bytes(in, l.uri_len);
	if (in->bad || memchr(l.id, 0, l.id_len) || memchr(l.uri, 0, l.uri_len))
		in->bad = true; /* a table's strings end with the only NUL */
	else
		undict_add_link(u, l);
}

void
undict_read(struct rd *in, struct undict *u)
{
	uint64_t n = rd_varint(in);

	for (; n && !in->bad; n--) {
		switch (rd_u8(in)) {
		case DEF_RESET:
			undict_clear(u);
			break;
		case DEF_STYLE:
			get_style(in, u);
			break;
		case DEF_LINK:
			get_link(in, u);
			break;
		default:
			in->bad = true;
		}
		if (u->n_style > UNDICT_MAX || u->n_link > UNDICT_MAX)
			in->bad = true;
	}
}

/* ---- reading ---- */

uint32_t
rd_len(struct rd *in)
{
	uint64_t v = rd_varint(in);

	return v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

int
rec_get(struct rd *in, struct rec *r)
{
	const uint8_t *p = in->p;

	/* the commonest record, without calls */
	if (in->end - p >= 2 && !(p[0] & (REC_EXT | REC_MB | 0x80)) && p[1] < 0x80 &&
		in->end - p - 2 >= p[1]) {
		*r = (struct rec){.tag = p[0], .cells = p[1], .text_len = p[1], .text = p + 2};
		in->p = p + 2 + p[1];
		return 0;
	}
	*r = (struct rec){.tag = rd_u8(in)};
	r->cells = rd_len(in);
	r->text_len = r->tag & REC_MB ? rd_len(in) : r->cells;
	r->ext_len = r->tag & REC_EXT ? rd_len(in) : 0;
	r->text = rd_bytes(in, r->text_len);
	r->ext = rd_bytes(in, r->ext_len);
	/* a cell takes a byte, a wide one's tail none */
	if (in->bad || r->tag & 0x80 || r->cells / 2 > r->text_len)
		return -EBADMSG;
	return 0;
}

int
rec_defs(const struct rec *r, struct undict *u)
{
	struct rd in = rd_init(r->ext, r->ext_len);

	if (!r->ext_len || !(rd_u8(&in) & EXT_DEFS))
		return 0;
	undict_read(&in, u);
	return in.bad ? -EBADMSG : 0;
}

/* A cluster's count and characters at p: bytes read, 0 when malformed. */
static uint32_t
get_cluster(const uint8_t *p, uint32_t left, cell_t *c, uint32_t *first, struct tab *t)
{
	uint32_t cps[CLUSTER_MAX], at = 1, n, k;

	if (!left || p[0] <= CLUSTER_BASE || p[0] > CLUSTER_BASE + CLUSTER_MAX)
		return 0;
	n = p[0] - CLUSTER_BASE;
	for (uint32_t i = 0; i < n; i++, at += k) {
		k = at < left ? utf8_read(p + at, left - at, &cps[i]) : 0;
		if (!k || cps[i] < 0x20)
			return 0;
	}
	*first = cps[0]; // NOLINT(clang-analyzer-core.uninitialized.Assign): n > 0
	*c = tab_cluster(t, cps, (int)n);
	return at;
}

static void
store(cell_t *cells, uint32_t i, uint32_t cap, cell_t c)
{
	if (i < cap)
		cells[i] = c;
}

/* One item that is not a printable ASCII character: bytes read, 0 when malformed. *i counts cells.
 */
static uint32_t
get_item(const uint8_t *p, uint32_t left, cell_t *cells, uint32_t *i, uint32_t cap, uint32_t *flags,
	struct tab *t)
{
	uint32_t at = 0, cp = 0, k;
	bool flip = p[0] == TEXT_FLIP;
	cell_t c;

	if (!flip && p[0] <= TEXT_TAIL) {
		store(cells, (*i)++, cap,
			p[0] == TEXT_HEAD   ? CELL_HEAD
			: p[0] == TEXT_TAIL ? CELL_TAIL
					    : 0);
		*flags |= p[0] ? ROW_STYLED | ROW_WIDE : 0;
		return 1;
	}
	at += flip;
	if (at < left && p[at] == TEXT_CLUSTER) {
		at++;
		k = get_cluster(p + at, left - at, &c, &cp, t);
		*flags |= ROW_CLUSTERS | ROW_STYLED;
	} else {
		k = at < left ? utf8_read(p + at, left - at, &cp) : 0;
		c = cp;
		if (cp < 0x20)
			return 0;
	}
	if (!k)
		return 0;
	*flags |= ROW_NONASCII;
	if (usually_wide(cp) == flip) {
		store(cells, (*i)++, cap, c);
		return at + k;
	}
	*flags |= ROW_WIDE | ROW_STYLED;
	store(cells, (*i)++, cap, c | CELL_WIDE);
	store(cells, (*i)++, cap, CELL_TAIL);
	return at + k;
}

int
text_get(const uint8_t *p, uint32_t len, cell_t *cells, uint32_t n, uint32_t cap, uint32_t *flags,
	struct tab *t)
{
	uint32_t at = 0, i = 0;

	while (at < len) {
		uint32_t k, stop = MIN(MIN(cap, n), i + (len - at));

		while (i < stop && p[at] >= 0x20 && p[at] < 0x80)
			cells[i++] = p[at++];
		if (at == len)
			break;
		if (p[at] >= 0x20 && p[at] < 0x80) { /* past cap: only counted */
			at++;
			i++;
			continue;
		}
		k = get_item(p + at, len - at, cells, &i, cap, flags, t);
		if (!k)
			return -EBADMSG;
		at += k;
	}
	return i == n ? 0 : -EBADMSG;
}

static uint16_t
style_in_tab(struct undict *u, uint32_t id, struct tab *t)
{
	if (!u->style_tab[id - 1])
		u->style_tab[id - 1] = tab_style(t, &u->style[id - 1]) + 1u;
	return (uint16_t)(u->style_tab[id - 1] - 1);
}

static uint16_t
link_in_tab(struct undict *u, uint32_t id, struct tab *t)
{
	const struct undict_link *l = &u->link[id - 1];

	if (!u->link_tab[id - 1])
		u->link_tab[id - 1] = tab_link(t, l->id, l->id_len, l->uri, l->uri_len) + 1u;
	return (uint16_t)(u->link_tab[id - 1] - 1);
}

/* One run list: ORs what the ids stand for into the cells. */
static void
get_runs(struct rd *in, uint8_t what, cell_t *cells, uint32_t n, uint32_t cap, struct tab *t,
	struct undict *u)
{
	uint32_t max = what == EXT_STYLES ? u->n_style : what == EXT_LINKS ? u->n_link : 1;

	for (uint32_t i = 0; i < n && !in->bad;) {
		uint64_t len = rd_varint(in), id = rd_varint(in);
		cell_t or = 0;

		if (!len || len > n - i || id > max) {
			in->bad = true;
			return;
		}
		if (id && what == EXT_STYLES)
			or = (cell_t)style_in_tab(u, (uint32_t)id, t) << CELL_STYLE_SHIFT;
		else if (id && what == EXT_LINKS)
			or = (cell_t)link_in_tab(u, (uint32_t)id, t) << CELL_LINK_SHIFT;
		else if (id)
			or = CELL_PROTECTED;
		for (uint32_t end = MIN(i + (uint32_t)len, cap), k = i; or &&k < end; k++)
			cells[k] |= or ;
		i += (uint32_t)len;
	}
}

static int
ext_get(const uint8_t *p, uint32_t len, cell_t *cells, uint32_t n, uint32_t cap, uint32_t *flags,
	struct tab *t, struct undict *u)
{
	struct rd in = rd_init(p, len);
	uint8_t bits;

	if (!len)
		return 0;
	bits = rd_u8(&in);
	*flags |= (uint32_t)(bits & 3) << ROW_PROMPT_SHIFT | (uint32_t)(bits >> 2 & 3)
								     << ROW_DOUBLE_SHIFT;
	if (bits & EXT_DEFS)
		undict_read(&in, u);
	undict_bind(u, t);
	if (bits & EXT_STYLES)
		get_runs(&in, EXT_STYLES, cells, n, cap, t, u);
	if (bits & EXT_LINKS)
		get_runs(&in, EXT_LINKS, cells, n, cap, t, u);
	if (bits & EXT_PROTECT)
		get_runs(&in, EXT_PROTECT, cells, n, cap, t, u);
	*flags |= bits & EXT_STYLES ? ROW_STYLED : 0;
	*flags |= bits & EXT_LINKS ? ROW_LINKS | ROW_STYLED : 0;
	*flags |= bits & EXT_PROTECT ? ROW_PROTECTED | ROW_STYLED : 0;
	return in.bad || rd_left(&in) ? -EBADMSG : 0;
}

int
rec_cells(const struct rec *r, cell_t *cells, uint32_t cap, uint32_t *flags, struct tab *t,
	struct undict *u)
{
	int e;

	*flags |= (r->tag & REC_WRAP ? ROW_WRAP : 0) | (r->tag & REC_WRAPPED ? ROW_WRAPPED : 0);
	e = text_get(r->text, r->text_len, cells, r->cells, cap, flags, t);
	if (!e)
		e = ext_get(r->ext, r->ext_len, cells, r->cells, cap, flags, t, u);
	return e;
}

/* Bytes from p on that are ordinary text or blanks, the blanks made spaces, 16 at a time. */
static uint32_t
plain_run(uint8_t *p, uint32_t len)
{
	uint32_t i = 0;

#ifdef __SSE2__
	const __m128i zero = _mm_setzero_si128(), flip = _mm_set1_epi8(TEXT_FLIP);

	for (; i + 16 <= len; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(p + i));
		__m128i blank = _mm_cmpeq_epi8(v, zero);
		__m128i mark = _mm_cmpeq_epi8(_mm_min_epu8(v, flip), v);

		if (_mm_movemask_epi8(_mm_andnot_si128(blank, mark)))
			break;
		v = _mm_or_si128(v, _mm_and_si128(blank, _mm_set1_epi8(' ')));
		_mm_storeu_si128((__m128i *)(p + i), v);
	}
#endif
	for (; i < len && (p[i] > TEXT_FLIP || p[i] == TEXT_BLANK); i++)
		if (p[i] == TEXT_BLANK)
			p[i] = ' ';
	return i;
}

uint32_t
text_plain(char *text, uint32_t len)
{
	uint8_t *s = (uint8_t *)text;
	uint32_t o = 0, i = 0, n;

	while (i < len) {
		n = plain_run(s + i, len - i);
		if (o != i)
			memmove(s + o, s + i, n);
		o += n;
		i += n;
		if (i < len) /* a mark: it goes, a cluster's count with it */
			i += s[i] == TEXT_CLUSTER ? 2 : 1;
	}
	return o;
}
