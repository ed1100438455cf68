/* Text in runs on one row, while nothing about it is special.
 *
 * Nearly all text is appended behind what a row holds: run_append. It goes by what the next
 * character is encoded in: ASCII by sixteens, characters of three bytes by fours (one of them over
 * and over, as rules are drawn, by as many as there are), anything else one by one without a branch
 * on its length. A group is taken as far as its characters are of one width and can join nothing
 * (CP_QUICK); what joins is looked up in the memo of joins. What run_append leaves is for run_over,
 * which writes over what is there, and then for print_cp: the scalar twin of all of this.
 *
 * The packed form of the row's text is written alongside (core/pack/prepack.h). */
#include "core/screen/run.h"
#include "core/screen/print_priv.h"

#include <endian.h>
#include <string.h>

#include "core/pack/prepack.h"
#include "core/text/scan.h"

/* The state of struct vt that changes with every character lives in here meanwhile. */
struct run {
	const uint8_t *p, *end;
	struct row *r;
	int x, limit;
	uint32_t last_cp, flags;
	uint8_t last; /* GB_* of the last character */
	bool packs;   /* the thread's prepack is about this row … */
	bool kept;    /* … and complete */
};

static inline void
run_room(struct run *u, int w)
{
	if (unlikely(u->x < u->r->len)) {
		if (u->r->flags & ROW_WIDE) {
			row_split_wide(u->r, u->x);
			row_split_wide(u->r, u->x + w);
		}
		if (u->r->len >= u->x + w)
			return;
	}
	u->r->len = (uint16_t)(u->x + w);
}

static inline void
run_ascii(const struct term *t, struct run *u)
{
	size_t n = MIN((size_t)(u->end - u->p), (size_t)(u->limit - u->x));
	n = scan_ascii_near(u->p, n);
	run_room(u, (int)n);
	widen_ascii_near(u->r->cells + u->x, u->p, n, t->tmpl);
	if (u->packs && n > prepack_room())
		u->packs = u->kept = false;
	if (u->packs) {
		memcpy(prepack.end, u->p, n);
		prepack.end += n;
		prepack.item = prepack.end - 1;
	}
	u->p += n;
	u->x += (int)n;
	u->last_cp = u->p[-1];
	u->last = GB_OTHER;
}

/* Decoding by the lead byte's length, without a branch on it. */
static const struct utf8_form {
	uint32_t mask, want; /* continuation bytes, as bits of the four bytes read big-endian */
	uint32_t least;	     /* below: overlong, or (two bytes) a C1 control; all: no lead byte */
	uint8_t lead, shift;
} utf8_forms[5] = {{0, 0, UINT32_MAX, 0, 0}, {0, 0, 0, 0x7f, 18},
	{0xc00000, 0x800000, 0xa0, 0x1f, 12}, {0xc0c000, 0x808000, 0x800, 0x0f, 6},
	{0xc0c0c0, 0x808080, 0x10000, 0x07, 0}};
static const uint8_t utf8_length[32] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0,
	0, 0, 0, 0, 2, 2, 2, 2, 3, 3, 4, 0};

/* The character that the four bytes of word (big-endian) begin with; 0: not well-formed. */
static inline unsigned
word_decode(uint32_t word, uint32_t *cp)
{
	unsigned n = utf8_length[word >> 27];
	const struct utf8_form *f = &utf8_forms[n];
	*cp = ((word >> 24 & f->lead) << 18 | (word >> 4 & 0x3f000) | (word >> 2 & 0xfc0) |
		      (word & 0x3f)) >>
	      f->shift;
	return (((word & f->mask) != f->want) | (*cp < f->least)) ? 0 : n;
}

/* The character at p; 0: cut or not well-formed. */
static inline unsigned
run_decode(const uint8_t *p, const uint8_t *end, uint32_t *cp)
{
	uint32_t word = 0;
	memcpy(&word, p, MIN((size_t)(end - p), 4));
	return word_decode(be32toh(word), cp);
}

static inline unsigned
hazard_of(unsigned cls)
{
	return cls & CP_HAZARD ? cls >> CP_GB_SHIFT & CP_GB_MASK : 0;
}

/* Where run_append stands: the part of struct run that changes with every character, in registers.
 */
struct at {
	const uint8_t *p;
	uint8_t *text, *item; /* of the packed form: its end, its last item */
	int x;
	const uint8_t *base; /* the last character that did not join; NULL: none yet */
	unsigned last, wide;
};

/* All characters that joined the cell `what` at once, the last time they did so: a memo of steps
 * through the memo of joins. */
#define TAIL_MAX 24
#define ITEM_MAX 40
struct tail {
	uint64_t epoch;
	uint64_t bytes[TAIL_MAX / 8], mask[TAIL_MAX / 8]; /* of the input; which of them count */
	cell_t what, becomes;
	uint32_t opts, cp; /* the first */
	uint8_t len, grow, last, item_len;
	uint8_t item[ITEM_MAX]; /* the cell's packed form */
};
#define TAILS 256 /* two may share a place */
static struct tail tails[TAILS];

#define CELL_WHAT (CELL_CONTENT_MASK | CELL_KIND_MASK | CELL_CLUSTER)

/* Families and the like begin with the same two. */
static inline struct tail *
tail_slot(cell_t what, uint32_t cp, const uint8_t *next)
{
	uint32_t word, h = (uint32_t)what * 0x9e3779b1u + cp * 0x85ebca6bu;
	memcpy(&word, next, 4);
	_Static_assert(TAILS == 1 << (32 - 24), "the hash's upper bits");
	return &tails[(h + (cp == 0x200d ? word * 0xc2b2ae35u : 0)) >> 24];
}

static inline bool
tail_is(const struct tail *e, const struct term *t, cell_t what, const uint8_t *p)
{
	uint64_t b[TAIL_MAX / 8], differ = 0;
	memcpy(b, p, TAIL_MAX);
	for (int i = 0; i < TAIL_MAX / 8; i++)
		differ |= (b[i] ^ e->bytes[i]) & e->mask[i];
	return !differ & (e->what == what) & (e->epoch == t->pen_epoch) &
	       (e->opts == t->width_opts) & (e->len != 0);
}

/* The tail at p, which begins with cp, n bytes; TAIL_MAX can be read. */
static inline const struct tail *
tail_find(const struct term *t, cell_t what, uint32_t cp, const uint8_t *p, unsigned n)
{
	const struct tail *e = tail_slot(what, cp, p + n);
	if (likely(tail_is(e, t, what, p)))
		return e;
	e = &tails[(e - tails) ^ 1];
	return tail_is(e, t, what, p) ? e : NULL;
}

enum join_result { JOIN_NOT, JOIN_DONE, JOIN_ELSEWHERE };

/* The cell left of x, which holds text; NULL: none. */
static inline cell_t *
left_of(cell_t *cells, int x)
{
	if (x == 0)
		return NULL;
	cell_t *c = cells + x - 1;
	c -= (*c & CELL_KIND_MASK) == CELL_TAIL;
	return cell_content(*c) && (*c & CELL_KIND_MASK) != CELL_HEAD ? c : NULL;
}

/* Appends one character to the cell at c if it joins and the cell does not become narrower. */
static enum join_result
join_one(struct term *t, struct run *u, struct at *a, cell_t *c, unsigned n, uint32_t cp)
{
	const struct join *j = join_find(t, *c, cp);
	unsigned was = (*c & CELL_KIND_MASK) == CELL_WIDE ? 2 : 1;
	if (!j->joins)
		return JOIN_NOT;
	if (!j->content || j->width < was)
		return JOIN_ELSEWHERE;
	cell_t keep = *c & CELL_ATTRS;
	*c = keep | j->content | (cell_t)(j->width - 1u) << 21;
	c[1] = keep | CELL_TAIL; /* or behind the text */
	a->x += j->width - (int)was;
	a->wide |= j->width - 1u;
	u->kept &= j->content & CELL_CLUSTER && a->item;
	if (u->kept)
		a->text = prepack_join(a->item, a->text, a->p, n, was == 2, j->width == 2);
	a->p += n;
	return JOIN_DONE;
}

static void
tail_make(const struct term *t, const struct at *from, const struct at *to, cell_t what, cell_t c,
	uint32_t cp, unsigned n)
{
	size_t len = (size_t)(to->p - from->p), item = (size_t)(to->text - to->item);
	if (len > TAIL_MAX || item > ITEM_MAX || from->item != to->item)
		return;
	struct tail *e = tail_slot(what, cp, from->p + n);
	tails[(e - tails) ^ 1] = *e;
	*e = (struct tail){.epoch = t->pen_epoch, .what = what, .becomes = c & CELL_WHAT};
	e->opts = t->width_opts;
	e->cp = cp;
	e->len = (uint8_t)len;
	e->grow = (uint8_t)(to->x - from->x);
	e->last = (uint8_t)to->last;
	e->item_len = (uint8_t)item;
	memcpy(e->bytes, from->p, len);
	memset(e->mask, 0xff, len);
	memcpy(e->item, to->item, item);
}

/* The character at a->p, and all behind it that do so as well, join the cell at c. */
static __attribute__((noinline)) enum join_result
run_join(struct term *t, struct run *u, struct at *a, cell_t *c, const uint8_t *end)
{
	struct at from = *a;
	cell_t what = *c & CELL_WHAT;
	uint32_t cp, first = 0;
	unsigned n, first_n = 0;
	for (; a->p < end && a->x + 2 <= u->limit; first_n = first_n ? first_n : n) {
		n = run_decode(a->p, u->end, &cp);
		unsigned cls = cp_class_any(cp);
		if (!n || cls & CP_CONTROL || !may_join((uint8_t)a->last, cls))
			break;
		enum join_result r = join_one(t, u, a, c, n, cp);
		if (r != JOIN_DONE && a->p == from.p)
			return r;
		if (r != JOIN_DONE)
			break;
		first = a->p - n == from.p ? cp : first;
		a->last = hazard_of(cls);
	}
	u->flags |= ROW_NONASCII | ROW_CLUSTERS | ROW_STYLED;
	if (a->p == from.p)
		return JOIN_ELSEWHERE;
	if (u->kept && u->end - from.p >= TAIL_MAX) /* nearer to the end none is looked for */
		tail_make(t, &from, a, what, *c, first, first_n);
	return JOIN_DONE;
}

/* A character that may join what stands left of it, at the end of the row's text: done here if it
 * changes that cell alone, or widens it by one. */
static inline enum join_result
append_join(struct term *t, struct run *u, struct at *a, uint32_t cp, unsigned cls, unsigned n,
	const uint8_t *end)
{
	unsigned gb = cls >> CP_GB_SHIFT & CP_GB_MASK;
	bool mark = (gb == GB_EXTEND || gb == GB_ZWJ) && !(cls & CP_MODIFIER);
	if (!may_join((uint8_t)a->last, cls) || (!mark && a->x == t->v.col && !chained(t)))
		return JOIN_NOT;
	cell_t *c = left_of(u->r->cells, a->x);
	if (!c || a->x + 3 > u->limit)
		return JOIN_ELSEWHERE;
	const struct tail *e =
		u->end - a->p < TAIL_MAX ? NULL : tail_find(t, *c & CELL_WHAT, cp, a->p, n);
	if (!e) {
		struct at b = *a;
		enum join_result r = run_join(t, u, &b, c, end);
		*a = b;
		return r;
	}
	cell_t keep = *c & CELL_ATTRS;
	*c = keep | e->becomes;
	c[1] = keep | CELL_TAIL; /* or behind the text */
	a->p += e->len;
	a->x += e->grow;
	a->last = e->last;
	a->wide |= (e->becomes & CELL_KIND_MASK) == CELL_WIDE;
	if (u->kept && a->item) {
		memcpy(a->item, e->item, ITEM_MAX);
		a->text = a->item + e->item_len;
	} else {
		u->kept = false;
	}
	u->flags |= ROW_NONASCII | ROW_CLUSTERS | ROW_STYLED;
	return JOIN_DONE;
}

/* Up to 16 characters of ASCII, with that much room everywhere. False: none. */
static inline bool
append_ascii(struct at *a, cell_t *cells, cell_t tmpl)
{
	unsigned n = scan_ascii16(a->p);
	widen_ascii16(cells + a->x, a->p, tmpl);
	memcpy(a->text, a->p, 16);
	if (!n || a->last == GB_PREPEND)
		return false;
	a->p += n;
	a->text += n;
	a->x += (int)n;
	a->item = a->text - 1;
	a->base = a->p - 1;
	a->last = 0;
	return true;
}

/* Three bytes, and likely to have others like it behind: no joiner, no variation selector. */
static inline bool
may_be_quad(uint32_t word)
{
	return word >= 0xe0000000 && word < 0xf0000000 && word >> 16 != 0xe280 &&
	       word >> 16 != 0xefb8;
}

/* The narrow character of three bytes before a->p again, as often as it stands there. */
static inline void
append_repeat(struct at *a, cell_t *cells, const uint8_t *end, int stop)
{
	size_t n = scan_repeat3(a->p, (size_t)MIN((end - a->p) / 3, stop - a->x) * 3);
	fill_cells(cells + a->x, n / 3, cells[a->x - 1]);
	memcpy(a->text, a->p, n);
	a->p += n;
	a->text += n;
	a->item = a->text - 3;
	a->x += (int)(n / 3);
}

/* Up to four characters of three bytes that are quick and as wide as the first, with room for 13
 * bytes and eight cells. False: none. */
static inline bool
append_quad(struct at *a, cell_t *cells, cell_t tmpl, const uint8_t *end, int stop)
{
	u32x4 cp = quad_decode(a->p);
	uint32_t q = (uint32_t)quick_class[cp[0]] | (uint32_t)quick_class[cp[1]] << 8 |
		     (uint32_t)quick_class[cp[2]] << 16 | (uint32_t)quick_class[cp[3]] << 24;
	uint32_t differ = (q ^ (q & 0xff) * 0x01010101u) & (QUICK | QUICK_WIDE) * 0x01010101u;
	unsigned n = differ ? (unsigned)__builtin_ctz(differ) / 8 : 4;
	if (!(q & QUICK) || join_next[a->last] & GB_QUICK)
		return false;
	memcpy(a->text, a->p, 12);
	a->p += 3 * n;
	a->text += 3 * n;
	a->item = a->text - 3;
	a->base = a->p - 3;
	a->last = q >> (8 * n - 8) & QUICK_GB;
	if (q & QUICK_WIDE) {
		quad_wide(cells + a->x, cp, tmpl);
		a->x += 2 * (int)n;
		a->wide = 1;
		return true;
	}
	quad_narrow(cells + a->x, cp, tmpl);
	a->x += (int)n;
	if (n == 4 && cells[a->x - 4] == cells[a->x - 1] && a->p < end && a->x < stop)
		append_repeat(a, cells, end, stop);
	return true;
}

/* A character that joins nothing, of n bytes. A tail is written behind it: where it is none, it
 * lies behind the text. */
static inline void
append_one(struct at *a, cell_t *cells, cell_t tmpl, uint32_t cp, unsigned cls, unsigned n)
{
	unsigned wide = (cls & CP_WIDTH) >> 1;
	cells[a->x] = tmpl | cp | (cell_t)wide << 21;
	cells[a->x + 1] = tmpl | CELL_TAIL;
	a->x += 1 + (int)wide;
	a->wide |= wide;
	a->last = hazard_of(cls);
	a->base = a->p;
	a->item = a->text;
	*a->text = TEXT_FLIP;
	a->text += cls >> CP_FLIP_SHIFT;
	memcpy(a->text, a->p, 4);
	a->text += n;
	a->p += n;
}

/* Begins a packed form if there is none, and gives up one that has no room left; where the input is
 * to stop for it. */
static const uint8_t *
run_packs(struct run *u)
{
	if (!u->packs)
		u->kept = prepack_begin(u->r);
	u->packs = true;
	if (unlikely(!prepack_room())) {
		prepack_give_up();
		u->kept = false;
	}
	return MIN(u->end - 3, u->p + prepack_room());
}

/* Text behind all there is in the row, as far as it goes; what is left at u->p is for others. */
static void
run_append(struct term *t, struct run *u)
{
	const uint8_t *end = run_packs(u);
	struct at a = {
		.p = u->p, .text = prepack.end, .item = prepack.item, .x = u->x, .last = u->last};
	cell_t *cells = u->r->cells, tmpl = t->tmpl;
	int stop = u->limit - 1;
	while (a.p < end && a.x < stop) {
		bool room = u->end - a.p >= 16 && a.x + 16 <= u->limit;
		uint32_t word, cp;
		if (*a.p < 0x80) {
			if (!room || !append_ascii(&a, cells, tmpl))
				break;
			continue;
		}
		memcpy(&word, a.p, 4);
		word = be32toh(word);
		if (may_be_quad(word) && room && append_quad(&a, cells, tmpl, end, stop))
			continue;
		unsigned n = word_decode(word, &cp), cls = cp_class_any(cp);
		unsigned near = join_next[a.last] >> (cls >> CP_GB_SHIFT & CP_GB_MASK) & 1;
		if ((n == 0) | ((cls & (CP_CONTROL | CP_PLAIN)) != CP_PLAIN) | near) {
			if (!n || cls & CP_CONTROL)
				break;
			enum join_result r = append_join(t, u, &a, cp, cls, n, end);
			if (r == JOIN_DONE)
				continue;
			if (r == JOIN_ELSEWHERE || !(cls & CP_PLAIN))
				break;
		}
		append_one(&a, cells, tmpl, cp, cls, n);
	}
	prepack.end = a.text;
	prepack.item = a.item;
	u->flags |= ROW_NONASCII | (a.wide ? ROW_WIDE | ROW_STYLED : 0);
	u->p = a.p;
	u->x = a.x;
	u->last = (uint8_t)a.last;
	if (a.base)
		run_decode(a.base, u->end, &u->last_cp);
	u->r->len = (uint16_t)MAX((int)u->r->len, a.x);
	u->r->flags |= u->flags;
}

/* The same over what is there, or at the row's end. */
static void
run_over(const struct term *t, struct run *u)
{
	uint32_t cp;
	unsigned n = run_decode(u->p, u->end, &cp);
	if (!n)
		return;
	unsigned cls = cp_class_any(cp);
	int w = class_width(cls, t->width_opts);
	if (cls & CP_CONTROL || w == 0 || may_join(u->last, cls) || u->x + w > u->limit)
		return;
	run_room(u, w);
	if (u->kept)
		prepack_char(u->p, n, usually_wide(cp) != (w == 2));
	cell_t *c = u->r->cells + u->x;
	c[0] = t->tmpl | cp;
	if (w == 2) {
		c[0] |= CELL_WIDE;
		c[1] = t->tmpl | CELL_TAIL;
	}
	u->flags |= w == 2 ? ROW_WIDE : 0;
	u->r->flags |= ROW_NONASCII | (w == 2 ? ROW_WIDE | ROW_STYLED : 0);
	u->p += n;
	u->x += w;
	u->last_cp = cp;
	u->last = cls & CP_HAZARD ? (uint8_t)(cls >> CP_GB_SHIFT & CP_GB_MASK) : 0;
}

static void
run_row(struct term *t, struct run *u)
{
	while (u->p < u->end && u->x < u->limit) {
		const uint8_t *was = u->p;
		if (*was < 0x80) {
			if (*was < 0x20 || *was == 0x7f || u->last == GB_PREPEND)
				return;
			run_ascii(t, u);
			continue;
		}
		if (u->x == u->r->len && !(t->width_opts & WIDTH_AMBIGUOUS_WIDE))
			run_append(t, u);
		if (u->p == was)
			run_over(t, u);
		if (u->p == was)
			return;
	}
}

/* What run_row left at p: a character that joins, wraps or is zero wide. NULL: not even that. */
static const uint8_t *
run_special(struct term *t, const uint8_t *p, const uint8_t *end)
{
	uint32_t cp;
	unsigned n = run_decode(p, end, &cp);
	if (!n || cp_class_any(cp) & CP_CONTROL)
		return NULL;
	print_cp(t, cp);
	return p + n;
}

/* ASCII by sixteens, where nothing at all is special: how many bytes. What lies behind them stays.
 */
static inline size_t
run_plain(struct term *t, const uint8_t *p, const uint8_t *end)
{
	struct vt *v = &t->v;
	struct row *r = term_row(t, v->row);
	int x = v->col, limit = right_limit(t);
	if (v->pending || v->hazard || !r->cells || x > r->len || r->flags & ROW_WIDE ||
		prepack_continues(r, x))
		return 0;
	if (end - p < 17 || x + 32 > limit)
		return 0;
	pen_ready(t);
	size_t n = scan_ascii16(p);
	if (n < 16) {
		widen_ascii16_over(r->cells + x, p, n, t->tmpl);
	} else {
		n += scan_ascii(p + 16, MIN((size_t)(end - p), (size_t)(limit - x)) - 17);
		widen_ascii(r->cells + x, p, n, t->tmpl);
	}
	x += (int)n;
	r->len = (uint16_t)MAX((int)r->len, x);
	r->stamp = ++v->stamp;
	r->flags |= t->pen_flags;
	v->col = x;
	v->last_cp = p[n - 1];
	chain_here(t);
	return n;
}

const uint8_t *
print_text(struct term *t, const uint8_t *p, const uint8_t *end)
{
	struct vt *v = &t->v;
	if (!t->plain)
		return p;
	while (p < end && (*p >= 0x80 || (*p >= 0x20 && *p < 0x7f))) {
		size_t n = *p < 0x80 ? run_plain(t, p, end) : 0;
		if (n) {
			p += n;
			continue;
		}
		if (v->pending && *p < 0x80 && v->hazard != GB_PREPEND)
			print_wrap(t);
		pen_ready(t);
		struct run u = {
			.p = p, .end = end, .x = v->col, .last_cp = v->last_cp, .last = v->hazard};
		u.r = term_row(t, v->row);
		u.limit = right_limit(t);
		u.packs = u.kept = prepack_continues(u.r, u.x);
		if (unlikely(!row_open(t, &t->scr[v->alt], u.r, u.x)))
			return p;
		if (!v->pending)
			run_row(t, &u);
		if (u.p == p) {
			if (!(u.p = run_special(t, p, end)))
				return p;
			p = u.p;
			continue;
		}
		p = u.p;
		u.r->stamp = ++v->stamp;
		u.r->flags |= t->pen_flags;
		if (u.kept)
			prepack_end(u.r, t->tmpl, u.flags & ROW_WIDE);
		v->last_cp = u.last_cp;
		v->hazard = u.last;
		v->col = u.x;
		if (u.x == u.limit) {
			v->col--;
			v->pending = 1;
		}
		chain_here(t);
	}
	return p;
}
