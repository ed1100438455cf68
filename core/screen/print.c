/* Printing, character by character; text in runs is in run.c.
 *
 * Clusters are not collected in a buffer: whether a codepoint joins is decided by the cell left of
 * the cursor, which holds the cluster so far. So text interrupted by SGR, by the end of a read or
 * by a checkpoint gives the same cells. Marks and joiners always go to that cell; two characters
 * which only join because of what stands before (flags, emoji after ZWJ, jamo, conjuncts) do so
 * while the cursor still stands where the first one left it (chain_row, chain_col), so that a
 * program which moves about does not glue neighbours. Only after such a character (hazard) is this
 * looked at. */
#include "core/screen/print_priv.h"

#include <endian.h>
#include <string.h>

#include "core/pack/prepack.h"
#include "core/text/width.h"

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

void
print_wrap(struct term *t)
{
	bool edge = t->v.col == t->v.cols - 1;
	t->v.pending = 0;
	if (!mode_on(t, MODE_DECAWM))
		return;
	if (edge) {
		struct row *r = term_row(t, t->v.row);
		/* the line goes on behind the last column, so that one is there, written or not */
		row_open(t, &t->scr[t->v.alt], r, t->v.cols);
		r->flags |= ROW_WRAP;
	}
	term_index(t);
	t->v.col = t->v.left;
	if (edge)
		term_row(t, t->v.row)->flags |= ROW_WRAPPED;
}

/* Of a row in double width only half its columns are seen; one character behind them is kept, out
 * of sight. Side margins know no such rows. */
int
right_limit_doubled(const struct term *t, int limit)
{
	const struct vt *v = &t->v;
	if (!(term_row(t, v->row)->flags & ROW_DOUBLE_MASK) || mode_on(t, MODE_DECLRMM))
		return limit;
	return MAX(MIN(limit, v->cols / 2), v->col + 1);
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

/* Outside the side margins nothing moves. */
static bool
inserting(const struct term *t)
{
	return t->v.insert && t->v.col >= t->v.left && t->v.col <= t->v.right;
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
		bool keep = prepack_continues(term_row(t, t->v.row), t->v.col) &&
			    *limit == t->v.cols && prepack_room();
		struct row *r = put_room(t, t->v.col, 1);
		if (r) {
			r->cells[t->v.col] =
				t->blank | (*limit == t->v.cols ? CELL_HEAD : CELL_NARROW);
			r->flags |= ROW_WIDE | ROW_STYLED;
			if (keep) {
				prepack_char(&(uint8_t){TEXT_HEAD}, 1, false);
				prepack_end(r, t->blank, false);
			}
		}
		print_wrap(t);
		*limit = right_limit(t);
	}
	if (inserting(t))
		row_insert(t, term_row(t, t->v.row), t->v.col, *limit - 1, w);
	return true;
}

/* The cluster at x has become `content`, w cells wide where it was `was`. What has no room for two
 * cells stays as it is: like a wide character it cannot be shown, and a narrow cell that elsewhere
 * would be wide could not be drawn. */
static void
regrow(struct term *t, int x, cell_t content, int was, int w)
{
	struct row *r = term_row(t, t->v.row);
	cell_t keep = r->cells[x] & (CELL_STYLE_MASK | CELL_LINK_MASK | CELL_PROTECTED);
	int limit = right_limit(t);
	bool over = w == 2 && was == 1 && x + 2 > limit;
	if (over && (!mode_on(t, MODE_DECAWM) || limit - t->v.left < 2))
		return;
	r->stamp = ++t->v.stamp;
	r->flags |= ROW_STYLED | ROW_NONASCII | (content & CELL_CLUSTER ? ROW_CLUSTERS : 0);
	if (over) {
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
		if (inserting(t))
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

struct join joins[JOINS];

void
join_make(struct term *t, struct join *j, cell_t what, uint32_t cp)
{
	uint32_t cps[CLUSTER_MAX + 1];
	int n = tab_cps(t->tab, what, cps);
	int was = (what & CELL_KIND_MASK) == CELL_WIDE ? 2 : 1;
	*j = (struct join){.what = what, .cp = cp, .opts = (uint8_t)t->width_opts};
	j->joins = n && cluster_joins(cps, n, cp);
	if (j->joins && n < CLUSTER_MAX) {
		cps[n++] = cp;
		int w = MAX(width_cluster(cps, n, t->width_opts), 1);
		j->width = (uint8_t)(w < was && cp != 0xfe0e ? was : w);
		j->content = tab_cluster(t->tab, cps, n);
	}
	/* a full table may have room again: not for the memo */
	j->epoch = j->content && !(j->content & CELL_CLUSTER) ? 0 : tab_epoch(t->tab);
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

#define B(gb) 1u << (gb)
const uint16_t join_next[16] = {[GB_PREPEND] = 0xffff,
	[GB_L] = B(GB_L) | B(GB_V) | B(GB_LV) | B(GB_LVT),
	[GB_LV] = B(GB_V) | B(GB_T),
	[GB_V] = B(GB_V) | B(GB_T),
	[GB_LVT] = B(GB_T),
	[GB_T] = B(GB_T),
	[GB_ZWJ] = B(GB_PICTURE) | B(GB_CONSONANT),
	[GB_EXTEND] = B(GB_CONSONANT),
	[GB_RI] = B(GB_RI)};
#undef B

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

static enum charset
charset_next(const struct term *t)
{
	return (enum charset)t->v.g[t->v.single ? t->v.single : t->v.gl];
}

/* One character of ASCII where charsets, insert mode or the edge matter. */
void
print_byte(struct term *t, uint8_t c)
{
	enum charset set = charset_next(t);
	if (t->v.single) {
		t->v.single = 0;
		term_derive(t);
	}
	print_cp(t, charset_map(set, c));
}

/* DEL is a character in sets of 96, else nothing. */
void
print_delete(struct term *t)
{
	if (charset_size(charset_next(t)) == 96)
		print_byte(t, 0x7f);
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
	int most = line * (cp < 0x80 ? t->v.rows : MIN(t->v.rows, REPEAT_ROWS));
	if (!cp)
		return;
	n = n <= most ? n : most + (n - most) % line;
	while (n > 0 && make_room(t, w, &limit)) {
		int x = t->v.col, k = MIN(n, (limit - x) / w);
		if (inserting(t)) /* the first has its room */
			row_insert(t, term_row(t, t->v.row), x, limit - 1, (k - 1) * w);
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
