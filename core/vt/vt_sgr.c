/* SGR: parameters to the pen. */
#include "core/vt/vt_sgr.h"
#include "core/screen/screen.h"

#include <string.h>

#include "core/pack/prepack.h"
#include "core/text/scan.h"
#include "core/vt/vt_params.h"
#include "core/vt/vt_priv.h"

/* Codes that only set and clear attribute bits. */
static const struct {
	uint16_t clear, set;
} simple[56] = {
	[1] = {0, ATTR_BOLD},
	[2] = {0, ATTR_FAINT},
	[3] = {0, ATTR_ITALIC},
	[4] = {ATTR_UL_MASK, UL_SINGLE << ATTR_UL_SHIFT},
	[5] = {0, ATTR_BLINK},
	[6] = {0, ATTR_BLINK},
	[7] = {0, ATTR_INVERSE},
	[8] = {0, ATTR_INVISIBLE},
	[9] = {0, ATTR_STRIKE},
	[21] = {ATTR_UL_MASK, UL_DOUBLE << ATTR_UL_SHIFT},
	[22] = {ATTR_BOLD | ATTR_FAINT, 0},
	[23] = {ATTR_ITALIC, 0},
	[24] = {ATTR_UL_MASK, 0},
	[25] = {ATTR_BLINK, 0},
	[27] = {ATTR_INVERSE, 0},
	[28] = {ATTR_INVISIBLE, 0},
	[29] = {ATTR_STRIKE, 0},
	[53] = {0, ATTR_OVERLINE},
	[55] = {ATTR_OVERLINE, 0},
};

static int
value(const struct vt_csi *c, int i)
{
	return i < c->n ? MAX(c->param[i], 0) : 0;
}

static bool
rgb(uint32_t *out, int r, int g, int b)
{
	*out = COLOR_RGB | (uint32_t)MIN(r, 255) << 16 | (uint32_t)MIN(g, 255) << 8 |
	       (uint32_t)MIN(b, 255);
	return true;
}

/* The colour behind 38, 48 or 58 at i with n sub-parameters. Returns how many parameters it took
 * beyond i; *out is left alone where there is no colour. */
static int
extended_color(const struct vt_csi *c, int i, int n, uint32_t *out)
{
	if (n) { /* colons: 5:N, 2:R:G:B or 2:SPACE:R:G:B */
		int kind = value(c, i + 1), at = i + (n >= 5 ? 3 : 2);
		if (kind == 5 && n >= 2 && value(c, i + 2) < 256)
			*out = COLOR_INDEX | (uint32_t)value(c, i + 2);
		else if (kind == 2 && n >= 4)
			rgb(out, value(c, at), value(c, at + 1), value(c, at + 2));
		return n;
	}
	int kind = value(c, i + 1);
	if (kind == 5) {
		if (i + 2 < c->n && value(c, i + 2) < 256)
			*out = COLOR_INDEX | (uint32_t)value(c, i + 2);
		return 2;
	}
	if (kind == 2) {
		if (i + 4 < c->n)
			rgb(out, value(c, i + 2), value(c, i + 3), value(c, i + 4));
		return 4;
	}
	return 1;
}

static void
plain_color(struct style *s, int code)
{
	if (code >= 30 && code <= 37)
		s->fg = COLOR_INDEX | (uint32_t)(code - 30);
	else if (code >= 40 && code <= 47)
		s->bg = COLOR_INDEX | (uint32_t)(code - 40);
	else if (code >= 90 && code <= 97)
		s->fg = COLOR_INDEX | (uint32_t)(code - 90 + 8);
	else if (code >= 100 && code <= 107)
		s->bg = COLOR_INDEX | (uint32_t)(code - 100 + 8);
	else if (code == 39)
		s->fg = COLOR_DEFAULT;
	else if (code == 49)
		s->bg = COLOR_DEFAULT;
	else if (code == 59)
		s->ul = COLOR_DEFAULT;
}

/* Applies the parameter at i; returns the index of the next one. */
static int
sgr_one(struct style *s, const struct vt_csi *c, int i)
{
	int code = value(c, i), n = 0;
	while (i + n + 1 < c->n && c->sub >> (i + n + 1) & 1)
		n++;
	if (code == 38 || code == 48 || code == 58) {
		uint32_t *out = code == 38 ? &s->fg : code == 48 ? &s->bg : &s->ul;
		return i + 1 + extended_color(c, i, n, out);
	}
	if (code == 4 && n) {
		int kind = value(c, i + 1);
		if (kind <= UL_DASHED)
			s->attrs = (s->attrs & ~(uint32_t)ATTR_UL_MASK) | (uint32_t)kind
										  << ATTR_UL_SHIFT;
	} else if (code == 0 && !n) {
		*s = (struct style){0};
	} else if (!n && code < (int)ARRAY_LEN(simple) && (simple[code].clear | simple[code].set)) {
		s->attrs = (s->attrs & ~(uint32_t)simple[code].clear) | simple[code].set;
	} else if (!n) {
		plain_color(s, code);
	}
	return i + 1 + n;
}

static void
sgr_apply(struct style *s, const struct vt_csi *c)
{
	if (!c->n)
		*s = (struct style){0};
	for (int i = 0; i < c->n;)
		i = sgr_one(s, c, i);
}

/* Programs repeat the same few sequences: the memo maps (style before, bytes) to the style after.
 * Style ids mean something for one epoch of one tab; epochs are unique, so all terminals share it.
 */
#define MEMO 2048
#define MEMO_WAYS 4 /* that may share a place */
#define MEMO_BYTES 24
struct sgr_key {
	uint64_t a, b, c; /* the bytes, zero behind them */
};
struct sgr_memo {
	_Alignas(64) struct sgr_key key; /* one cache line a look */
	uint64_t epoch;			 /* 0: unused */
	struct style style;
	uint16_t before, id, bg;
};
static struct sgr_memo memo[MEMO];

static inline uint64_t
word_at(const uint8_t *p)
{
	uint64_t w;
	memcpy(&w, p, sizeof(w));
	return w;
}

/* The first n of the MEMO_BYTES at p. */
static inline struct sgr_key
key_of(const uint8_t *p, unsigned n)
{
	static const uint8_t ones[2 * MEMO_BYTES] = {[0 ... MEMO_BYTES - 1] = 0xff};
	const uint8_t *mask = ones + MEMO_BYTES - n;
	return (struct sgr_key){word_at(p) & word_at(mask), word_at(p + 8) & word_at(mask + 8),
		word_at(p + 16) & word_at(mask + 16)};
}

/* The style before comes in last: it is known last. */
static inline unsigned
memo_at(const struct sgr_key *k, uint16_t before)
{
	uint64_t h = (k->a ^ (k->b << 21 | k->b >> 43) ^ (k->c << 42 | k->c >> 22)) *
		     0x9e3779b97f4a7c15ull;
	return (unsigned)(h >> 53 ^ before * 0x9e3779b1u >> 16) & (MEMO - 1);
}

static inline bool
memo_is(const struct sgr_memo *m, const struct sgr_key *key, uint64_t epoch, uint16_t before)
{
	return !((m->key.a ^ key->a) | (m->key.b ^ key->b) | (m->key.c ^ key->c) |
		 (m->epoch ^ epoch) | (uint64_t)(m->before ^ before));
}

/* The pen after the sequence, NULL when it is not in the memo. */
static inline const struct sgr_memo *
memo_find(const struct sgr_key *key, uint64_t epoch, uint16_t before, unsigned at)
{
	for (unsigned i = 0; i < MEMO_WAYS; i++)
		if (memo_is(&memo[at ^ i], key, epoch, before))
			return &memo[at ^ i];
	return NULL;
}

static inline void
pen_recall(struct term *t, const struct sgr_memo *m)
{
	t->v.pen.style = m->style;
	t->style_id = m->id;
	t->bg_id = m->bg;
	pen_use(t);
}

/* A place that says nothing of this tab, else the next in turn. */
static struct sgr_memo *
memo_victim(unsigned at, uint64_t epoch)
{
	static unsigned turn;
	for (unsigned i = 0; i < MEMO_WAYS; i++)
		if (memo[at ^ i].epoch != epoch)
			return &memo[at ^ i];
	return &memo[at ^ (turn++ & (MEMO_WAYS - 1))];
}

/* Does what the n bytes at p say the long way, and notes what came of it. */
static void
sgr_learn(struct term *t, const uint8_t *p, unsigned n, unsigned at, const struct sgr_key *key)
{
	uint16_t before = t->style_id;
	csi_params(&t->v.csi, p, n);
	sgr_apply(&t->v.pen.style, &t->v.csi);
	pen_resolve(t);
	if (!t->pen_exact)
		return;
	*memo_victim(at, t->pen_epoch) = (struct sgr_memo){.key = *key,
		.epoch = t->pen_epoch,
		.style = t->v.pen.style,
		.before = before,
		.id = t->style_id,
		.bg = t->bg_id};
}

/* Short text for the cursor's row, which goes there in one piece. */
#define SPOT 240
#define SHORT 32
struct spot {
	struct row *r; /* NULL: not begun */
	unsigned n, room;
	cell_t used; /* what the cells have, ORed */
	cell_t cells[SPOT + SHORT];
};

/* False if something is special about the row, or what is to be printed there. */
static inline bool
spot_begin(struct spot *s, const struct term *t)
{
	const struct vt *v = &t->v;
	struct row *r = term_row(t, v->row);
	if (!t->plain || v->pending || v->hazard || !r->cells || v->col > r->len ||
		r->flags & ROW_WIDE || prepack_continues(r, v->col))
		return false;
	s->r = r;
	s->n = 0;
	s->room = (unsigned)MIN((v->col > v->right ? v->cols : v->right + 1) - v->col, SPOT);
	s->used = 0;
	return true;
}

static inline void
spot_end(const struct spot *s, struct term *t)
{
	struct vt *v = &t->v;
	struct row *r = s->r;
	if (!r || !s->n)
		return;
	memcpy(r->cells + v->col, s->cells, s->n * sizeof(cell_t));
	v->col += (int)s->n;
	r->len = (uint16_t)MAX((int)r->len, v->col);
	r->stamp = ++v->stamp;
	r->flags |= (s->used ? ROW_STYLED : 0) | (t->pen_flags & (ROW_LINKS | ROW_PROTECTED));
	v->chain_row = v->row;
	v->chain_col = v->col;
}

/* How many characters of SHORT are text; SHORT: that is none for here. */
static inline unsigned
short_text(const uint8_t *p)
{
	unsigned n = scan_ascii16(p);
	return n < 16 ? n : n + scan_ascii16(p + 16);
}

/* The first n of SHORT characters, before the last column. False: nothing done. */
static inline bool
spot_put(struct spot *s, const struct term *t, const uint8_t *p, unsigned n, cell_t tmpl)
{
	if ((!s->r && !spot_begin(s, t)) || s->n + n >= s->room)
		return false;
	widen_ascii16(s->cells + s->n, p, tmpl);
	if (n > 16)
		widen_ascii16(s->cells + s->n + 16, p + 16, tmpl);
	s->n += n;
	s->used |= tmpl;
	return true;
}

const uint8_t *
sgr_run(struct term *t, const uint8_t *p, const uint8_t *end)
{
	const struct sgr_memo *m = NULL; /* the pen is its, if there is one */
	const uint8_t *done = NULL;
	uint32_t last = 0; /* printed, after the last sequence */
	struct spot s;
	pen_ready(t);
	if (unlikely(!t->pen_exact))
		return NULL;
	cell_t rest = t->tmpl & ~CELL_STYLE_MASK;
	uint64_t epoch = t->pen_epoch;
	uint16_t id = t->style_id;
	s.r = NULL;
	while (end - p >= 33) { /* scan_params() and what follows */
		unsigned n = scan_params(p);
		if (n > MEMO_BYTES || p[n] != 'm')
			break;
		struct sgr_key key = key_of(p, n);
		unsigned at = memo_at(&key, id);
		const struct sgr_memo *found = memo_find(&key, epoch, id, at);
		if (unlikely(!found)) {
			if (m)
				pen_recall(t, m);
			m = NULL;
			sgr_learn(t, p, n, at, &key);
			last = 0;
			done = p + n + 1;
			break;
		}
		m = found;
		id = m->id;
		last = 0;
		done = p += n + 1;
		if (end - p < SHORT || (n = short_text(p)) == SHORT)
			break;
		if (n && !spot_put(&s, t, p, n, rest | (cell_t)id << CELL_STYLE_SHIFT))
			break;
		if (n)
			last = p[n - 1];
		done = p += n;
		if (end - p < 2 || p[0] != 033 || p[1] != '[')
			break;
		p += 2;
	}
	if (m)
		pen_recall(t, m);
	spot_end(&s, t);
	if (done)
		t->v.last_cp = last;
	return done;
}

void
csi_sgr(struct term *t)
{
	sgr_apply(&t->v.pen.style, &t->v.csi);
	t->pen_dirty = true;
}

/* XTPUSHSGR, XTPOPSGR */

void
csi_pen_push(struct term *t)
{
	struct vt *v = &t->v;
	if (v->n_pens < PEN_STACK)
		v->pens[v->n_pens++] = v->pen.style;
}

void
csi_pen_pop(struct term *t)
{
	struct vt *v = &t->v;
	if (!v->n_pens)
		return;
	v->pen.style = v->pens[--v->n_pens];
	t->pen_dirty = true;
}

static void
put_color(struct buf *out, uint32_t c, int base)
{
	unsigned n = c & 0xff;
	if (c & COLOR_RGB)
		buf_printf(out, ";%d:2::%u:%u:%u", base + 8, c >> 16 & 255, c >> 8 & 255, n);
	else if (c & COLOR_INDEX && n < 8 && base < 50)
		buf_printf(out, ";%u", (unsigned)base + n);
	else if (c & COLOR_INDEX && n < 16 && base < 50)
		buf_printf(out, ";%u", (unsigned)base + 60 + n - 8);
	else if (c & COLOR_INDEX)
		buf_printf(out, ";%d:5:%u", base + 8, n);
}

void
sgr_describe(struct buf *out, const struct style *s)
{
	static const struct {
		uint16_t attr;
		uint8_t code;
	} list[] = {{ATTR_BOLD, 1}, {ATTR_FAINT, 2}, {ATTR_ITALIC, 3}, {ATTR_BLINK, 5},
		{ATTR_INVERSE, 7}, {ATTR_INVISIBLE, 8}, {ATTR_STRIKE, 9}, {ATTR_OVERLINE, 53}};
	unsigned ul = (s->attrs & ATTR_UL_MASK) >> ATTR_UL_SHIFT;
	buf_puts(out, "0");
	for (size_t i = 0; i < ARRAY_LEN(list); i++) {
		if (list[i].code == 5 && ul == UL_SINGLE)
			buf_puts(out, ";4");
		else if (list[i].code == 5 && ul)
			buf_printf(out, ";4:%u", ul);
		if (s->attrs & list[i].attr)
			buf_printf(out, ";%d", list[i].code);
	}
	put_color(out, s->fg, 30);
	put_color(out, s->bg, 40);
	put_color(out, s->ul, 50);
}
