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
	if (edge)
		term_row(t, t->v.row)->flags |= ROW_WRAP;
	term_index(t);
	t->v.col = t->v.left;
	t->v.pending = 0;
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
		t->v.pending = mode_on(t, MODE_DECAWM);
	}
}

static inline void
chain_here(struct term *t)
{
	t->v.chain_row = t->v.row;
	t->v.chain_col = t->v.col | t->v.pending << 16;
}

/* k > 0 printable ASCII characters, no insert mode, no charset but ASCII. */
void
print_ascii(struct term *t, const uint8_t *p, size_t n)
{
	while (n) {
		if (t->v.pending)
			print_wrap(t);
		int limit = right_limit(t), room = limit - t->v.col;
		size_t k = MIN(n, (size_t)room);
		struct row *r = put_room(t, t->v.col, (int)k);
		if (r)
			widen_ascii(r->cells + t->v.col, p, k, t->tmpl);
		advance(t, (int)k, limit);
		p += k;
		n -= k;
		if (n && !mode_on(t, MODE_DECAWM)) { /* only the last one stays, on the edge */
			p += n - 1;
			n = 1;
		}
	}
	t->v.last_cp = p[-1];
	t->v.hazard = 0;
	chain_here(t);
}

/* The cell left of the cursor that holds text, as (row, column); false when there is none. */
static bool
left_cell(const struct term *t, int *x)
{
	const struct row *r = term_row(t, t->v.row);
	int c = t->v.pending ? t->v.col : t->v.col - 1;
	if (!t->v.pending && !mode_on(t, MODE_DECAWM) && t->v.col == t->v.cols - 1 &&
		t->v.chain_col == t->v.col && t->v.chain_row == t->v.row)
		c = t->v.col; /* printed at the edge with wrapping off */
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
		r->flags |= ROW_NONASCII | (w == 2 ? ROW_WIDE | ROW_STYLED : 0) |
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

/* Appends cp to the cluster left of the cursor if it belongs there. */
static bool
print_join(struct term *t, uint32_t cp, unsigned cls)
{
	unsigned gb = cls >> CP_GB_SHIFT & CP_GB_MASK;
	bool mark = gb == GB_EXTEND || gb == GB_ZWJ;
	uint32_t cps[CLUSTER_MAX + 1];
	int x;
	if ((!mark || cls & CP_MODIFIER) && !chained(t))
		return false;
	if (!left_cell(t, &x))
		return mark && !(cls & CP_MODIFIER);
	struct row *r = term_row(t, t->v.row);
	cell_t old = r->cells[x];
	int n = tab_cps(t->tab, old, cps);
	if (!n || !cluster_joins(cps, n, cp))
		return false;
	if (n >= CLUSTER_MAX)
		return true;
	cps[n++] = cp;
	int was = (old & CELL_KIND_MASK) == CELL_WIDE ? 2 : 1;
	int w = MAX(width_cluster_opts(cps, n, t->width_opts), 1);
	if (w < was && cp != 0xfe0e)
		w = was;
	regrow(t, x, tab_cluster(t->tab, cps, n), was, w);
	return true;
}

static inline uint8_t
hazard_of(unsigned cls)
{
	unsigned gb = cls >> CP_GB_SHIFT & CP_GB_MASK;
	return gb != GB_OTHER && gb != GB_PICTURE;
}

void
print_cp(struct term *t, uint32_t cp)
{
	unsigned cls = cp_class(cp), gb = cls >> CP_GB_SHIFT & CP_GB_MASK;
	int w = class_width(cls, t->width_opts), limit;
	if (gb == GB_CONTROL && w == 0)
		return;
	if (t->v.hazard || gb == GB_EXTEND || gb == GB_ZWJ || gb == GB_SPACING) {
		if (print_join(t, cp, cls)) {
			t->v.hazard = 1;
			goto chain;
		}
	}
	if (w == 0) /* a jamo vowel or the like with nothing to join */
		w = 1;
	if (!make_room(t, w, &limit))
		return;
	put_cell(t, cp, w, limit);
	t->v.last_cp = cp;
	t->v.hazard = hazard_of(cls);
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
	t->v.single = 0;
	if (set == CS_DEC_GRAPHIC && c >= 0x5f && c <= 0x7e)
		return dec_graphics[c - 0x5f];
	if (set == CS_UK && c == '#')
		return 0xa3;
	return c;
}

/* ASCII where charsets or insert mode matter. */
void
print_slow(struct term *t, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		print_cp(t, charset_map(t, p[i]));
}

void
print_repeat(struct term *t, int n)
{
	uint32_t cp = t->v.last_cp;
	if (!cp)
		return;
	for (n = MIN(n, t->v.cols); n > 0; n--) {
		t->v.chain_col = -1;
		print_cp(t, cp);
	}
}
