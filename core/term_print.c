/* Printing: runs of ASCII as vectors, everything else by codepoint.
 *
 * Clusters are not collected in a buffer: whether a codepoint joins is decided by the cell left of
 * the cursor, which holds the cluster so far. So text interrupted by SGR, by the end of a read or
 * by a checkpoint gives the same cells. Marks and joiners always go to that cell; two characters
 * which only join because of what stands before (flags, emoji after ZWJ, jamo, conjuncts) do so
 * while the cursor still stands where the first one left it (chain_row, chain_col), so that a
 * program which moves about does not glue neighbours. Only after such a character (hazard) is this
 * looked at. */
#include "core/term_print.h"

#include <endian.h>
#include <string.h>

#include "core/scan.h"
#include "core/width_priv.h"

/* First column the run may not reach. */
static inline int
right_limit(const struct term *t)
{
	return t->v.col > t->v.right ? t->v.cols : t->v.right + 1;
}

void
term_index(struct term *t)
{
	struct vt *v = &t->v;
	if (v->row != v->bottom) {
		if (v->row < v->rows - 1)
			v->row++;
	} else if (v->col >= v->left && v->col <= v->right) {
		region_scroll(t, v->top, v->bottom, 1, true);
	}
}

static void
print_wrap(struct term *t)
{
	bool edge = t->v.col == t->v.cols - 1;
	t->v.pending = 0;
	if (!mode_on(t, MODE_DECAWM))
		return;
	if (edge)
		term_row(t, t->v.row)->flags |= ROW_WRAP;
	term_index(t);
	t->v.col = t->v.left;
	if (edge)
		term_row(t, t->v.row)->flags |= ROW_WRAPPED;
}

/* Cells [x, x + w) of the cursor's row are about to be overwritten. NULL when memory is out. */
static inline struct row *
put_room(struct term *t, int x, int w)
{
	struct row *r = term_row(t, t->v.row);
	pen_ready(t);
	if (unlikely(r->flags & ROW_WIDE)) {
		row_split_wide(r, x);
		row_split_wide(r, x + w);
	}
	if (unlikely(!row_open(t, &t->scr[t->v.alt], r, x)))
		return NULL;
	if (r->len < x + w)
		r->len = (uint16_t)(x + w);
	r->stamp = ++t->v.stamp;
	r->flags |= t->pen_flags;
	return r;
}

static inline void
advance(struct term *t, int w, int limit)
{
	t->v.col += w;
	if (t->v.col >= limit) {
		t->v.col = limit - 1;
		t->v.pending = 1;
	}
}

static inline void
chain_here(struct term *t)
{
	t->v.chain_row = t->v.row;
	t->v.chain_col = t->v.col | t->v.pending << 16;
}

/* The cell left of the cursor that holds text, as (row, column); false when there is none. */
static bool
left_cell(const struct term *t, int *x)
{
	const struct row *r = term_row(t, t->v.row);
	int c = t->v.pending ? t->v.col : t->v.col - 1;
	if (c < 0 || c >= r->len)
		return false;
	if ((r->cells[c] & CELL_KIND_MASK) == CELL_TAIL)
		c--;
	*x = c;
	return c >= 0 && (r->cells[c] & CELL_KIND_MASK) != CELL_HEAD && cell_content(r->cells[c]);
}

static void
put_cell(struct term *t, cell_t content, int w, int limit)
{
	int x = t->v.col;
	struct row *r = put_room(t, x, w);
	if (r) {
		r->cells[x] = t->tmpl | content | (w == 2 ? CELL_WIDE : CELL_NARROW);
		if (w == 2)
			r->cells[x + 1] = t->tmpl | CELL_TAIL;
		r->flags |= (content >= 0x80 ? ROW_NONASCII : 0) |
			    (w == 2 ? ROW_WIDE | ROW_STYLED : 0) |
			    (content & CELL_CLUSTER ? ROW_CLUSTERS | ROW_STYLED : 0);
	}
	advance(t, w, limit);
}

/* Makes room for w cells: wraps, inserts. False when the character cannot be shown at all. */
static bool
make_room(struct term *t, int w, int *limit)
{
	if (t->v.pending)
		print_wrap(t);
	*limit = right_limit(t);
	if (w == 2 && *limit - t->v.col < 2) {
		if (*limit - t->v.left < 2 || !mode_on(t, MODE_DECAWM))
			return false;
		struct row *r = put_room(t, t->v.col, 1);
		if (r) {
			r->cells[t->v.col] =
				t->blank | (*limit == t->v.cols ? CELL_HEAD : CELL_NARROW);
			r->flags |= ROW_WIDE | ROW_STYLED;
		}
		print_wrap(t);
		*limit = right_limit(t);
	}
	if (t->v.insert)
		row_insert(t, term_row(t, t->v.row), t->v.col, *limit - 1, w);
	return true;
}

/* The cluster at x has become `content`, w cells wide where it was `was`. */
static void
regrow(struct term *t, int x, cell_t content, int was, int w)
{
	struct row *r = term_row(t, t->v.row);
	cell_t keep = r->cells[x] & (CELL_STYLE_MASK | CELL_LINK_MASK | CELL_PROTECTED);
	r->stamp = ++t->v.stamp;
	r->flags |= ROW_STYLED | ROW_NONASCII | (content & CELL_CLUSTER ? ROW_CLUSTERS : 0);
	int limit = right_limit(t);
	if (w == 2 && was == 1 && x + 2 > limit) {
		if (!mode_on(t, MODE_DECAWM) || limit - t->v.left < 2) {
			r->cells[x] = keep | content;
			return;
		}
		r->cells[x] = limit == t->v.cols ? CELL_HEAD : 0;
		r->flags |= ROW_WIDE;
		t->v.col = x;
		print_wrap(t);
		put_cell(t, content, 2, right_limit(t));
		return;
	}
	r->cells[x] = keep | content | (w == 2 ? CELL_WIDE : CELL_NARROW);
	if (w == 2 && was == 1) {
		t->v.col = x + 1;
		if (t->v.insert)
			row_insert(t, r, x + 1, limit - 1, 1);
		r = put_room(t, x + 1, 1);
		if (!r)
			return;
		r->cells[x + 1] = keep | CELL_TAIL;
		r->flags |= ROW_WIDE;
		advance(t, 1, limit);
	} else if (w == 1 && was == 2) {
		r->cells[x + 1] = keep & CELL_STYLE_MASK;
		t->v.col = x + 1;
		t->v.pending = 0;
	}
}

/* Is the cursor where the last character left it? */
static bool
chained(const struct term *t)
{
	return t->v.chain_row == t->v.row && t->v.chain_col == (t->v.col | t->v.pending << 16);
}

/* What a cell's content becomes when a codepoint is appended; a memo, since a text repeats the same
 * few. Valid for one epoch of one tab (epochs are unique), so all terminals share it. */
struct join {
	uint64_t epoch;
	cell_t what;
	cell_t content; /* 0: the cell is full, the codepoint is dropped */
	uint32_t cp;
	uint8_t opts, joins, width;
};
#define JOINS 256
static struct join joins[JOINS];

static void
join_make(struct term *t, struct join *j, cell_t what, uint32_t cp)
{
	uint32_t cps[CLUSTER_MAX + 1];
	int n = tab_cps(t->tab, what, cps);
	int was = (what & CELL_KIND_MASK) == CELL_WIDE ? 2 : 1;
	*j = (struct join){.what = what, .cp = cp, .opts = (uint8_t)t->width_opts};
	j->joins = n && cluster_joins(cps, n, cp);
	if (j->joins && n < CLUSTER_MAX) {
		cps[n++] = cp;
		int w = MAX(width_cluster_opts(cps, n, t->width_opts), 1);
		j->width = (uint8_t)(w < was && cp != 0xfe0e ? was : w);
		j->content = tab_cluster(t->tab, cps, n);
	}
	/* a full table may have room again: not for the memo */
	j->epoch = j->content && !(j->content & CELL_CLUSTER) ? 0 : tab_epoch(t->tab);
}

static inline const struct join *
join_find(struct term *t, cell_t cell, uint32_t cp)
{
	cell_t what = cell & (CELL_CONTENT_MASK | CELL_KIND_MASK | CELL_CLUSTER);
	pen_ready(t);
	struct join *j = &joins[(what * 0x9e3779b1u + cp * 0x85ebca6bu) >> 13 & (JOINS - 1)];
	if (j->what != what || j->cp != cp || j->epoch != t->pen_epoch || j->opts != t->width_opts)
		join_make(t, j, what, cp);
	return j;
}

/* Appends cp to the cluster left of the cursor if it belongs there. */
static bool
print_join(struct term *t, uint32_t cp, unsigned cls)
{
	unsigned gb = cls >> CP_GB_SHIFT & CP_GB_MASK;
	bool mark = gb == GB_EXTEND || gb == GB_ZWJ;
	int x;
	if ((!mark || cls & CP_MODIFIER) && !chained(t))
		return false;
	if (!left_cell(t, &x))
		return mark && !(cls & CP_MODIFIER);
	cell_t old = term_row(t, t->v.row)->cells[x];
	const struct join *j = join_find(t, old, cp);
	if (j->joins && j->content)
		regrow(t, x, j->content, (old & CELL_KIND_MASK) == CELL_WIDE ? 2 : 1, j->width);
	return j->joins;
}

/* What could join behind a character of class GB_*, beside marks: a set of GB_* of the next. */
#define B(gb) 1u << (gb)
static const uint16_t join_next[16] = {[GB_PREPEND] = 0xffff,
	[GB_L] = B(GB_L) | B(GB_V) | B(GB_LV) | B(GB_LVT),
	[GB_LV] = B(GB_V) | B(GB_T),
	[GB_V] = B(GB_V) | B(GB_T),
	[GB_LVT] = B(GB_T),
	[GB_T] = B(GB_T),
	[GB_ZWJ] = B(GB_PICTURE) | B(GB_CONSONANT),
	[GB_EXTEND] = B(GB_CONSONANT),
	[GB_RI] = B(GB_RI)};
#undef B

static inline bool
may_join(uint8_t last, unsigned cls)
{
	unsigned gb = cls >> CP_GB_SHIFT & CP_GB_MASK;
	return gb == GB_EXTEND || gb == GB_ZWJ || gb == GB_SPACING || join_next[last] >> gb & 1;
}

void
print_cp(struct term *t, uint32_t cp)
{
	unsigned cls = cp_class(cp), gb = cls >> CP_GB_SHIFT & CP_GB_MASK;
	int w = class_width(cls, t->width_opts), limit;
	if (gb == GB_CONTROL && w == 0)
		return;
	if (may_join(t->v.hazard, cls) && print_join(t, cp, cls)) {
		t->v.hazard = cls & CP_HAZARD ? (uint8_t)gb : 0;
		goto chain;
	}
	if (w == 0) /* a jamo vowel or the like with nothing to join */
		w = 1;
	if (!make_room(t, w, &limit))
		return;
	put_cell(t, cp, w, limit);
	t->v.last_cp = cp;
	t->v.hazard = cls & CP_HAZARD ? (uint8_t)gb : 0;
chain:
	chain_here(t);
}

/* DEC special graphics 0x5f..0x7e. */
static const uint16_t dec_graphics[32] = {0x20, 0x25c6, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a,
	0xb0, 0xb1, 0x2424, 0x240b, 0x2518, 0x2510, 0x250c, 0x2514, 0x253c, 0x23ba, 0x23bb, 0x2500,
	0x23bc, 0x23bd, 0x251c, 0x2524, 0x2534, 0x252c, 0x2502, 0x2264, 0x2265, 0x3c0, 0x2260, 0xa3,
	0xb7};

static uint32_t
charset_map(struct term *t, uint8_t c)
{
	uint8_t set = t->v.g[t->v.single ? t->v.single : t->v.gl];
	if (t->v.single) {
		t->v.single = 0;
		term_derive(t);
	}
	if (set == CS_DEC_GRAPHIC && c >= 0x5f && c <= 0x7e)
		return dec_graphics[c - 0x5f];
	if (set == CS_UK && c == '#')
		return 0xa3;
	return c;
}

/* A run of text on one row, while nothing about it is special. The state of struct vt that changes
 * with every character lives in here meanwhile. */
struct run {
	const uint8_t *p, *end;
	struct row *r;
	int x, limit;
	uint32_t last_cp, flags;
	uint8_t last; /* GB_* of the last character */
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
	u->p += n;
	u->x += (int)n;
	u->last_cp = u->p[-1];
	u->last = GB_OTHER;
}

/* The character at p if it is whole and well-formed; returns its bytes, else 0. */
static inline int
run_decode(const uint8_t *p, const uint8_t *end, uint32_t *cp)
{
	size_t n = (size_t)(end - p);
	if (likely(p[0] >= 0xe1 && p[0] <= 0xef && p[0] != 0xed && n >= 3)) {
		*cp = (uint32_t)(p[0] & 15) << 12 | (uint32_t)(p[1] & 63) << 6 | (p[2] & 63);
		return (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80 ? 3 : 0;
	}
	if (p[0] >= 0xc3 && p[0] <= 0xdf && n >= 2) { /* 0xc2 may be a C1 control */
		*cp = (uint32_t)(p[0] & 31) << 6 | (p[1] & 63);
		return (p[1] & 0xc0) == 0x80 ? 2 : 0;
	}
	if (p[0] == 0xf0 && n >= 4 && p[1] >= 0x90 && p[1] <= 0xbf) {
		*cp = (uint32_t)(p[1] & 63) << 12 | (uint32_t)(p[2] & 63) << 6 | (p[3] & 63);
		return (p[2] & 0xc0) == 0x80 && (p[3] & 0xc0) == 0x80 ? 4 : 0;
	}
	if (p[0] == 0xed && n >= 3 && p[1] >= 0x80 && p[1] <= 0x9f) { /* hangul, no surrogates */
		*cp = 0xd000 | (uint32_t)(p[1] & 63) << 6 | (p[2] & 63);
		return (p[2] & 0xc0) == 0x80 ? 3 : 0;
	}
	return 0;
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

/* A codepoint that may join the cluster just left of x, at the end of the row's text: done here if
 * it only changes that cell or widens it by one. */
static inline bool
run_join(struct term *t, struct run *u, uint32_t cp, unsigned cls)
{
	unsigned gb = cls >> CP_GB_SHIFT & CP_GB_MASK;
	if (!(gb == GB_EXTEND || gb == GB_ZWJ) || u->x == 0 || u->x + 2 > u->limit ||
		(cls & CP_MODIFIER && u->x == t->v.col))
		return false;
	cell_t *c = u->r->cells + u->x - 1;
	if ((*c & CELL_KIND_MASK) == CELL_TAIL)
		c--;
	if (!cell_content(*c) || (*c & CELL_KIND_MASK) == CELL_HEAD)
		return false;
	const struct join *j = join_find(t, *c, cp);
	int was = (*c & CELL_KIND_MASK) == CELL_WIDE ? 2 : 1;
	if (!j->joins || !j->content || j->width < was)
		return false;
	*c = (*c & (CELL_STYLE_MASK | CELL_LINK_MASK | CELL_PROTECTED)) | j->content |
	     (j->width == 2 ? CELL_WIDE : CELL_NARROW);
	if (j->width > was) {
		c[1] = (*c & (CELL_STYLE_MASK | CELL_LINK_MASK | CELL_PROTECTED)) | CELL_TAIL;
		u->x++;
	}
	u->flags |= ROW_NONASCII | ROW_CLUSTERS | ROW_STYLED | (j->width == 2 ? ROW_WIDE : 0);
	return true;
}

/* Up to 16 characters of ASCII, the cells behind them being free; 0: not here. */
static inline unsigned
append_ascii(cell_t *c, const uint8_t *p, const uint8_t *end, int room, cell_t tmpl)
{
#ifdef HAVE_ASCII16
	if (end - p >= 16 && room >= 16) {
		widen_ascii16(c, p, tmpl);
		return scan_ascii16(p);
	}
#else
	(void)c, (void)p, (void)end, (void)room, (void)tmpl;
#endif
	return 0;
}

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

/* Text behind all there is in the row. Takes what it can; what is left at u->p is for the general
 * way. A tail is written behind every character: where it is none, it lies behind the text. */
static void
run_append(struct term *t, struct run *u)
{
	const uint8_t *p = u->p, *end = u->end - 3;
	cell_t *cells = u->r->cells, tmpl = t->tmpl;
	uint32_t cp = u->last_cp, flags = 0;
	int x = u->x, stop = u->limit - 1;
	unsigned last = u->last;
	while (p < end && x < stop) {
		uint32_t word;
		memcpy(&word, p, 4);
		if (!(word & 0x80808080)) {
			unsigned k = append_ascii(cells + x, p, u->end, stop - x, tmpl);
			if (!k || last == GB_PREPEND)
				break;
			p += k;
			x += (int)k;
			cp = p[-1];
			last = 0;
			continue;
		}
		uint32_t next;
		unsigned n = append_decode(be32toh(word), &next), cls = cp_class_any(next);
		bool bad = (n == 0) | (cls & CP_CONTROL);
		unsigned near = join_next[last] >> (cls >> CP_GB_SHIFT & CP_GB_MASK) & 1;
		if (unlikely(bad | !(cls & CP_PLAIN) | near)) {
			if (bad)
				break;
			u->x = x;
			if (!run_join(t, u, next, cls))
				break;
			x = u->x;
			last = cls >> CP_GB_SHIFT & CP_GB_MASK;
			p += n;
			continue;
		}
		cp = next;
		unsigned wide = (cls & CP_WIDTH) >> 1;
		cells[x] = tmpl | cp | (cell_t)wide << 21;
		cells[x + 1] = tmpl | CELL_TAIL;
		x += 1 + (int)wide;
		flags |= wide;
		last = cls & CP_HAZARD ? cls >> CP_GB_SHIFT & CP_GB_MASK : 0;
		p += n;
	}
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
	int n = run_decode(u->p, u->end, &cp);
	if (!n)
		return;
	unsigned cls = cp_class(cp);
	int w = class_width(cls, t->width_opts);
	if (cls & CP_CONTROL || w == 0 || may_join(u->last, cls) || u->x + w > u->limit)
		return;
	run_room(u, w);
	cell_t *c = u->r->cells + u->x;
	c[0] = t->tmpl | cp;
	if (w == 2) {
		c[0] |= CELL_WIDE;
		c[1] = t->tmpl | CELL_TAIL;
	}
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
	uint32_t cp = *p;
	int n = *p < 0x80 ? 1 : run_decode(p, end, &cp);
	if (!n)
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

/* One character of ASCII where charsets, insert mode or the edge matter. */
void
print_byte(struct term *t, uint8_t c)
{
	print_cp(t, charset_map(t, c));
}

/* The last character again, row by row. Of more than a screenful only what leaves the cursor where
 * all of them would: the rest scrolls away as rows of the same. What costs more than ASCII does
 * stops earlier, so that no flood of REP holds a terminal up. */
#define REPEAT_ROWS 6
void
print_repeat(struct term *t, int n)
{
	uint32_t cp = t->v.last_cp;
	unsigned cls = cp_class(cp);
	int w = MAX(class_width(cls, t->width_opts), 1), limit;
	int line = MAX((t->v.right + 1 - t->v.left) / w, 1);
	int most = line * (t->v.insert ? 1 : cp < 0x80 ? t->v.rows : MIN(t->v.rows, REPEAT_ROWS));
	if (!cp)
		return;
	n = n <= most ? n : most + (n - most) % line;
	while (n > 0 && make_room(t, w, &limit)) {
		int x = t->v.col, k = t->v.insert ? 1 : MIN(n, (limit - x) / w);
		struct row *r = put_room(t, x, k * w);
		for (int i = 0; r && i < k * w; i += w) {
			r->cells[x + i] = t->tmpl | cp | (w == 2 ? CELL_WIDE : CELL_NARROW);
			if (w == 2)
				r->cells[x + i + 1] = t->tmpl | CELL_TAIL;
		}
		if (r)
			r->flags |= (cp >= 0x80 ? ROW_NONASCII : 0) |
				    (w == 2 ? ROW_WIDE | ROW_STYLED : 0);
		advance(t, k * w, limit);
		n -= k;
	}
	t->v.hazard = cls & CP_HAZARD ? cls >> CP_GB_SHIFT & CP_GB_MASK : 0;
	chain_here(t);
}
