/* Text in runs on one row, while nothing about it is special.
 *
 * Nearly all text is appended behind what a row holds: run_append. It goes by what the next
 * character is encoded in: ASCII by sixteens, characters of three bytes by fours (one of them over
 * and over, as rules are drawn, by as many as there are), anything else one by one without a branch
 * on its length. A group is taken as far as its characters are of one width and can join nothing
 * (CP_QUICK); what joins is looked up in the memo of joins. What run_append leaves is for run_over,
 * which writes over what is there, and then for print_cp: the scalar twin of all of this.
 *
 * The packed form of the row's text is written alongside (core/prepack.h). */
#include "core/term_print_priv.h"

#include <endian.h>
#include <string.h>

#include "core/prepack.h"
#include "core/scan.h"

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

/* The character that the four bytes of word begin with; 0: not well-formed. */
static inline unsigned
append_decode(uint32_t word, uint32_t *cp)
{
	unsigned n = utf8_length[word >> 27];
	const struct utf8_form *f = &utf8_forms[n];
	*cp = ((word >> 24 & f->lead) << 18 | (word >> 4 & 0x3f000) | (word >> 2 & 0xfc0) |
		      (word & 0x3f)) >>
	      f->shift;
	return ((word & f->mask) != f->want) | (*cp < f->least) ? 0 : n;
}

/* The character at p; 0: cut or not well-formed. */
static inline unsigned
run_decode(const uint8_t *p, const uint8_t *end, uint32_t *cp)
{
	uint32_t word = 0;
	memcpy(&word, p, MIN((size_t)(end - p), 4));
	return append_decode(be32toh(word), cp);
}

enum join_result { JOIN_NOT, JOIN_DONE, JOIN_ELSEWHERE };

/* A codepoint that may join the cluster just left of x, at the end of the row's text: done here if
 * it only changes that cell or widens it by one. */
static inline enum join_result
run_join(struct term *t, struct run *u, const uint8_t *utf8, unsigned n, uint32_t cp, unsigned cls)
{
	unsigned gb = cls >> CP_GB_SHIFT & CP_GB_MASK;
	bool mark = (gb == GB_EXTEND || gb == GB_ZWJ) && !(cls & CP_MODIFIER);
	if (!may_join(u->last, cls) || (!mark && u->x == t->v.col && !chained(t)))
		return JOIN_NOT;
	if (u->x == 0 || u->x + 2 > u->limit)
		return JOIN_ELSEWHERE;
	cell_t *c = u->r->cells + u->x - 1;
	c -= (*c & CELL_KIND_MASK) == CELL_TAIL;
	unsigned was = (*c & CELL_KIND_MASK) == CELL_WIDE ? 2 : 1;
	if (!cell_content(*c) || (*c & CELL_KIND_MASK) == CELL_HEAD)
		return JOIN_ELSEWHERE;
	const struct join *j = join_find(t, *c, cp);
	if (!j->joins)
		return JOIN_NOT;
	if (!j->content || j->width < was)
		return JOIN_ELSEWHERE;
	cell_t keep = *c & (CELL_STYLE_MASK | CELL_LINK_MASK | CELL_PROTECTED);
	*c = keep | j->content | (cell_t)(j->width - 1u) << 21;
	c[1] = keep | CELL_TAIL; /* or behind the text */
	u->x += j->width - (int)was;
	u->flags |= ROW_NONASCII | ROW_CLUSTERS | ROW_STYLED | (j->width == 2 ? ROW_WIDE : 0);
	u->kept &= j->content & CELL_CLUSTER && prepack.item;
	if (u->kept)
		prepack_join(utf8, n, was == 2, j->width == 2);
	return JOIN_DONE;
}

/* Up to 16 characters of ASCII, with that much room everywhere. */
static inline unsigned
append_ascii(cell_t *c, uint8_t *text, const uint8_t *p, cell_t tmpl)
{
	widen_ascii16(c, p, tmpl);
	memcpy(text, p, 16);
	return scan_ascii16(p);
}

/* Three bytes, and likely to have others like it behind: no mark, joiner or variation selector. */
static inline bool
may_be_quad(uint32_t word)
{
	uint32_t w = be32toh(word) >> 16;
	return w >= 0xe100 && w < 0xef00 && w != 0xe280;
}

/* Characters of three bytes from p on, of which 13 bytes can be read, to cells of which eight can
 * be written: how many (up to four) are quick and as wide as the first. */
static inline unsigned
append_quad(cell_t *c, const uint8_t *p, cell_t tmpl, unsigned *quick)
{
	u32x4 cp = quad_decode(p);
	uint32_t q = (uint32_t)quick_class[cp[0]] | (uint32_t)quick_class[cp[1]] << 8 |
		     (uint32_t)quick_class[cp[2]] << 16 | (uint32_t)quick_class[cp[3]] << 24;
	uint32_t differ = (q ^ (q & 0xff) * 0x01010101u) & (QUICK | QUICK_WIDE) * 0x01010101u;
	unsigned n = differ ? (unsigned)__builtin_ctz(differ) / 8 : 4;
	if (!(q & QUICK))
		return 0;
	if (q & QUICK_WIDE)
		quad_wide(c, cp, tmpl);
	else
		quad_narrow(c, cp, tmpl);
	*quick = q >> (8 * n - 8);
	return n;
}

/* Where the text and its packed form are to stop, so that there is room. */
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

/* The narrow character of three bytes before p again, as often as it stands in the n bytes at p. */
static unsigned
append_repeat(cell_t *c, uint8_t *text, const uint8_t *p, long n)
{
	size_t len = scan_repeat3(p, (size_t)n / 3 * 3);
	fill_cells(c, len / 3, c[-1]);
	memcpy(text, p, len);
	return (unsigned)(len / 3);
}

/* Text behind all there is in the row. Takes what it can; what is left at u->p is for the general
 * way. A tail is written behind every character: where it is none, it lies behind the text. */
static void
run_append(struct term *t, struct run *u)
{
	const uint8_t *p = u->p, *end = run_packs(u);
	cell_t *cells = u->r->cells, tmpl = t->tmpl;
	uint8_t *s = prepack.end, *item = prepack.item;
	uint32_t cp = u->last_cp, flags = 0;
	int x = u->x, stop = u->limit - 1;
	unsigned last = u->last;
	while (p < end && x < stop) {
		uint32_t word;
		unsigned n, cls;
		memcpy(&word, p, 4);
		if (*p < 0x80) {
			if (u->end - p < 16 || stop - x < 16 || last == GB_PREPEND)
				break;
			n = append_ascii(cells + x, s, p, tmpl);
			if (!n)
				break;
			p += n;
			s += n;
			x += (int)n;
			item = s - 1;
			cp = p[-1];
			last = 0;
			continue;
		}
		if (may_be_quad(word) && u->end - p >= 13 && stop - x >= 8 &&
			!(join_next[last] & GB_QUICK) &&
			(n = append_quad(cells + x, p, tmpl, &cls))) {
			unsigned wide = cls / QUICK_WIDE & 1;
			memcpy(s, p, 12);
			p += 3 * n;
			s += 3 * n;
			cp = cell_content(cells[x + (int)((n - 1) << wide)]);
			x += (int)(n << wide);
			item = s - 3;
			flags |= wide;
			last = cls & QUICK_GB;
			if (!wide && n == 4 && cells[x - 4] == cells[x - 1] && p < end) {
				n = append_repeat(cells + x, s, p, MIN(end - p, 3 * (stop - x)));
				p += 3 * n;
				s += 3 * n;
				x += (int)n;
			}
			continue;
		}
		uint32_t next;
		n = append_decode(be32toh(word), &next);
		cls = cp_class_any(next);
		bool bad = (n == 0) | (cls & CP_CONTROL);
		unsigned near = join_next[last] >> (cls >> CP_GB_SHIFT & CP_GB_MASK) & 1;
		if (unlikely(bad | !(cls & CP_PLAIN) | near)) {
			if (bad)
				break;
			u->x = x;
			u->last = (uint8_t)last;
			prepack.end = s;
			prepack.item = item;
			enum join_result r = run_join(t, u, p, n, next, cls);
			if (r == JOIN_DONE) {
				s = prepack.end;
				x = u->x;
				last = cls & CP_HAZARD ? cls >> CP_GB_SHIFT & CP_GB_MASK : 0;
				p += n;
				continue;
			}
			if (r == JOIN_ELSEWHERE || !(cls & CP_PLAIN))
				break;
		}
		cp = next;
		unsigned wide = (cls & CP_WIDTH) >> 1;
		cells[x] = tmpl | cp | (cell_t)wide << 21;
		cells[x + 1] = tmpl | CELL_TAIL;
		x += 1 + (int)wide;
		flags |= wide;
		last = cls & CP_HAZARD ? cls >> CP_GB_SHIFT & CP_GB_MASK : 0;
		item = s;
		*s = TEXT_FLIP;
		s += cls >> CP_FLIP_SHIFT;
		memcpy(s, p, 4);
		s += n;
		p += n;
	}
	prepack.end = s;
	prepack.item = item;
	u->flags |= ROW_NONASCII | (flags ? ROW_WIDE | ROW_STYLED : 0);
	u->p = p;
	u->x = x;
	u->last = (uint8_t)last;
	u->last_cp = cp;
	u->r->len = (uint16_t)MAX((int)u->r->len, x);
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
	unsigned cls = cp_class(cp);
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
	if (!n || cp_class(cp) & CP_CONTROL)
		return NULL;
	print_cp(t, cp);
	return p + n;
}

const uint8_t *
print_text(struct term *t, const uint8_t *p, const uint8_t *end)
{
	struct vt *v = &t->v;
	if (!t->plain)
		return p;
	while (p < end && (*p >= 0x80 || (*p >= 0x20 && *p < 0x7f))) {
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
			v->pending = mode_on(t, MODE_DECAWM);
		}
		chain_here(t);
	}
	return p;
}
