/* What has to change on the outer terminal.
 *
 * The renderer keeps what the terminal shows as rows in its own ids (its own struct tab), because
 * the grids it is given come from different owners (a session, a dashboard) whose ids mean nothing
 * to each other. A frame goes through four steps:
 *
 *   translate  each row whose (tab, stamp) differs from the shown one becomes a struct line: one
 *              canonical form for one look, cleaned of all a child could smuggle in
 *   scroll     the rows' hashes tell whether one scroll of a range explains most of the difference
 *   rows       cells are compared left to right and the differing ones are written
 *   cursor     position, shape, visibility
 *
 * The result is at most as long as a full repaint: when a lower bound of the repaint's length does
 * not already prove it, the repaint is made too, and the shorter one is taken. */
#include "core/paint/render_priv.h"

#include "core/paint/scroll.h"
#include "core/text/width.h"
#include <stdlib.h>
#include <string.h>

#define SYNC_BEGIN "\033[?2026h"
#define SYNC_END "\033[?2026l"
/* A scroll pays when it saves this many cells: about the bytes that it costs itself. */
#define SCROLL_PAYS 24

unsigned
render_caps_bits(const struct render_caps *c)
{
	return (unsigned)(c->sync | c->truecolor << 1 | c->links << 2 | c->styled_underline << 3 |
			  c->overline << 4 | c->ascii << 5 | c->no_color << 6);
}

struct render_caps
render_caps_of(unsigned bits)
{
	return (struct render_caps){.sync = bits & 1,
		.truecolor = bits & 2,
		.links = bits & 4,
		.styled_underline = bits & 8,
		.overline = bits & 16,
		.ascii = bits & 32,
		.no_color = bits & 64};
}

struct render *
render_new(struct arena *a, uint32_t owner, const struct render_caps *caps)
{
	struct render *r = xcalloc(1, sizeof(*r));
	r->arena = a;
	r->caps = *caps;
	r->tab = tab_new(a, owner);
	render_invalidate(r);
	return r;
}

static void
free_lines(struct render *r)
{
	for (int i = 0; i < 2 * r->rows; i++)
		free(r->store[i].row.cells);
	free(r->store);
	free(r->shown);
	free(r->next);
	free(r->rowp);
	free(r->same);
	free(r->wide);
	free(r->old_keys);
	free(r->new_keys);
}

void
render_free(struct render *r)
{
	if (!r)
		return;
	free_lines(r);
	tab_free(r->tab);
	free(r);
}

void
render_invalidate(struct render *r)
{
	r->valid = false;
	r->pen.visible = r->pen.shape = -1;
}

void
render_set_caps(struct render *r, const struct render_caps *caps)
{
	r->caps = *caps;
	r->valid = false;
}

void
render_set_sync(struct render *r, bool sync)
{
	r->caps.sync = sync;
}

static void
resize(struct render *r, int cols, int rows)
{
	if (cols == r->cols && rows == r->rows)
		return;
	size_t n = (size_t)rows;
	free_lines(r);
	r->cols = cols;
	r->rows = rows;
	r->store = xcalloc(2 * n, sizeof(*r->store));
	r->shown = xcalloc(n, sizeof(struct line *));
	r->next = xcalloc(n, sizeof(struct line *));
	r->rowp = xcalloc(n, sizeof(struct row *));
	r->same = xcalloc(n, sizeof(bool));
	r->wide = xcalloc((size_t)cols, sizeof(*r->wide));
	r->old_keys = xcalloc(n, sizeof(uint64_t));
	r->new_keys = xcalloc(n, sizeof(uint64_t));
	for (size_t i = 0; i < 2 * n; i++) {
		r->store[i].row.cells = xcalloc((size_t)cols, sizeof(cell_t));
		r->store[i].row.cap = (uint16_t)cols;
		r->store[i].row.flags = ROW_STYLED | ROW_CLUSTERS | ROW_LINKS | ROW_WIDE;
	}
	for (size_t y = 0; y < n; y++) {
		r->shown[y] = &r->store[y];
		r->next[y] = &r->store[n + y];
	}
	r->valid = false;
}

/* --- translation ------------------------------------------------------------------------------ */

static uint32_t
adapt_color(const struct render *r, uint32_t c)
{
	if (r->caps.no_color)
		return COLOR_DEFAULT;
	if ((c & COLOR_RGB) && !r->caps.truecolor)
		return COLOR_INDEX | rgb_to_index(c & 0xffffff);
	return c;
}

static struct style
adapt_style(const struct render *r, struct style s)
{
	s.fg = adapt_color(r, s.fg);
	s.bg = adapt_color(r, s.bg);
	s.ul = adapt_color(r, s.ul);
	if (!r->caps.styled_underline) {
		s.ul = COLOR_DEFAULT;
		if (s.attrs & ATTR_UL_MASK)
			s.attrs = (s.attrs & ~(uint32_t)ATTR_UL_MASK) | UL_SINGLE << ATTR_UL_SHIFT;
	}
	if (!(s.attrs & ATTR_UL_MASK))
		s.ul = COLOR_DEFAULT;
	if (!r->caps.overline)
		s.attrs &= ~(uint32_t)ATTR_OVERLINE;
	if (r->reverse)
		s.attrs ^= ATTR_INVERSE;
	return s;
}

#define SHOWS_ON_BLANK (ATTR_INVERSE | ATTR_STRIKE | ATTR_OVERLINE | ATTR_UL_MASK)

static const struct map_style *
map_style(struct render *r, const struct tab *from, uint16_t id)
{
	struct map_style *m = &r->styles[id % MAP_STYLES];
	if (m->frame == r->frame && m->from == id)
		return m;
	struct style s = adapt_style(r, tab_style_get(from, id));
	m->frame = r->frame;
	m->from = id;
	m->to = tab_style(r->tab, &s);
	m->blank = s.bg == COLOR_DEFAULT && !(s.attrs & SHOWS_ON_BLANK);
	return m;
}

static uint16_t
map_link(struct render *r, const struct tab *from, uint16_t id)
{
	if (!r->caps.links)
		return 0;
	size_t i = id % MAP_LINKS;
	if (r->links[i].frame != r->frame || r->links[i].from != id) {
		const char *uri = tab_link_uri(from, id), *name = tab_link_id(from, id);
		r->links[i].frame = r->frame;
		r->links[i].from = id;
		r->links[i].to = !link_allowed(uri)
					 ? 0
					 : tab_link(r->tab, name, strlen(name), uri, strlen(uri));
	}
	return r->links[i].to;
}

static uint32_t
clean_cp(uint32_t cp)
{
	if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
		return ' ';
	if (cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
		return 0xfffd;
	return cp;
}

/* Content bits of a printable cell. */
static cell_t
map_content(struct render *r, const struct tab *from, cell_t in)
{
	uint32_t cps[CLUSTER_MAX] = {cell_content(in)};
	if (!(in & CELL_CLUSTER)) {
		cps[0] = clean_cp(cps[0]);
		return r->caps.ascii && cps[0] >= 0x80 ? (cell_t)ascii_for(cps[0]) : cps[0];
	}
	int n = tab_cps(from, in, cps), k = 0;
	for (int i = 0; i < n; i++) {
		uint32_t cp = clean_cp(cps[i]);
		if (cp != ' ' || i == 0)
			cps[k++] = cp;
	}
	if (k == 0)
		return ' ';
	if (r->caps.ascii)
		return (cell_t)(cps[0] < 0x80 ? cps[0] : (uint32_t)ascii_for(cps[0]));
	return tab_cluster(r->tab, cps, k);
}

/* Style and link bits in own ids; *blank as in map_style. */
static cell_t
map_ids(struct render *r, const struct tab *from, cell_t in, bool *blank)
{
	cell_t ids = 0;
	*blank = true;
	if (cell_style(in) || r->reverse) {
		const struct map_style *m = map_style(r, from, cell_style(in));
		ids |= (cell_t)m->to << CELL_STYLE_SHIFT;
		*blank = m->blank;
	}
	if (cell_link(in))
		ids |= (cell_t)map_link(r, from, cell_link(in)) << CELL_LINK_SHIFT;
	return ids;
}

static cell_t
map_cell(struct render *r, const struct tab *from, const struct row *row, int x)
{
	cell_t in = x < row->len ? row->cells[x] : 0, kind = in & CELL_KIND_MASK;
	if (!r->reverse && (in & ~(CELL_CONTENT_MASK | CELL_PROTECTED)) == 0 &&
		cell_content(in) < 0x7f)
		return cell_content(in) <= ' ' ? 0 : in & CELL_CONTENT_MASK;
	bool blank, has_tail = x + 1 < row->len && x + 1 < r->cols &&
			       (row->cells[x + 1] & CELL_KIND_MASK) == CELL_TAIL;
	cell_t ids = map_ids(r, from, in, &blank);
	if (kind == CELL_TAIL && x > 0 && (row->cells[x - 1] & CELL_KIND_MASK) == CELL_WIDE) {
		if (!r->caps.ascii)
			return CELL_TAIL | ids;
		kind = CELL_HEAD; /* a wide character became one '?' and a blank */
	}
	cell_t content = ' ';
	if (kind == CELL_NARROW || (kind == CELL_WIDE && has_tail))
		content = map_content(r, from, in);
	if (content == ' ' || content == 0)
		return blank && !(ids & CELL_LINK_MASK) ? 0 : ' ' | ids;
	return content | ids | (kind == CELL_WIDE && !r->caps.ascii ? CELL_WIDE : CELL_NARROW);
}

static uint64_t
hash_cells(const cell_t *c, int n)
{
	uint64_t h = 0x9e3779b97f4a7c15ull ^ (uint64_t)n;
	for (int i = 0; i < n; i++) {
		h = (h ^ c[i]) * 0xff51afd7ed558ccdull;
		h ^= h >> 32;
	}
	return h ? h : 1;
}

/* Drops table entries nothing shown names. Ids change, so the hashes are made anew. */
static void
collect(struct render *r)
{
	if (!tab_wants_gc(r->tab))
		return;
	for (int y = 0; y < r->rows; y++)
		r->rowp[y] = &r->shown[y]->row;
	tab_gc(r->tab, r->rowp, r->rows, &r->pen.style, 1, &r->pen.link, 1);
	for (int y = 0; y < r->rows; y++) {
		struct line *l = r->shown[y];
		l->hash = l->row.len ? hash_cells(l->row.cells, l->row.len) : 0;
	}
}

/* A row of double width: each character is followed by a blank of its style. Terminals that know
 * such rows by themselves are few, and all can show this. */
static struct row
doubled(struct render *r, const struct row *row)
{
	struct row d = {.cells = r->wide, .stamp = row->stamp};
	int n = 0;
	for (int x = 0; x < row->len && n < r->cols; x++) {
		cell_t c = row->cells[x], blank = c & CELL_STYLE_MASK;
		bool wide = (c & CELL_KIND_MASK) == CELL_WIDE && x + 1 < row->len;
		r->wide[n++] = c;
		if (wide && n < r->cols)
			r->wide[n++] = row->cells[++x];
		for (int k = wide ? 2 : 1; k && n < r->cols; k--)
			r->wide[n++] = blank;
	}
	d.len = (uint16_t)n;
	return d;
}

static void
translate(struct render *r, struct line *l, const struct row *row, const struct tab *from)
{
	struct row twice;
	if (row->flags & ROW_DOUBLE_MASK) {
		twice = doubled(r, row);
		row = &twice;
	}
	int n = r->reverse ? r->cols : MIN(row->len, r->cols), len = 0, glyphs = 0,
	    old = l->row.len;
	for (int x = 0; x < n; x++) {
		cell_t c = map_cell(r, from, row, x);
		l->row.cells[x] = c;
		if (c) {
			len = x + 1;
			glyphs++;
		}
	}
	if (old > n)
		memset(l->row.cells + n, 0, (size_t)(old - n) * sizeof(cell_t));
	l->row.len = (uint16_t)len;
	l->glyphs = glyphs;
	l->hash = len ? hash_cells(l->row.cells, len) : 0;
	l->src = from;
	l->stamp = row->stamp;
}

static void
translate_all(struct render *r, const struct grid *g)
{
	r->frame++;
	for (int y = 0; y < r->rows; y++) {
		const struct line *was = r->shown[y];
		r->same[y] = r->valid && was->src == g->tab && was->stamp == g->row[y]->stamp &&
			     was->src != NULL;
		if (!r->same[y])
			translate(r, r->next[y], g->row[y], g->tab);
	}
}

/* --- the frame -------------------------------------------------------------------------------- */

static void
swap_lines(struct line **a, struct line **b)
{
	struct line *t = *a;
	*a = *b;
	*b = t;
}

static void
copy_line(struct line *to, const struct line *from)
{
	cell_t *cells = to->row.cells;
	memcpy(cells, from->row.cells, from->row.cap * sizeof(cell_t));
	*to = *from;
	to->row.cells = cells;
}

/* Rows of the scrolled range lose their place: those found unchanged need a line of their own. */
static void
scroll_lines(struct render *r, const struct scroll *s)
{
	for (int y = s->top; y < s->bottom; y++) {
		if (r->same[y])
			copy_line(r->next[y], r->shown[y]);
		r->same[y] = false;
	}
	int h = s->bottom - s->top, k = abs(s->n);
	struct line **base = r->shown + s->top, **free_at = s->n > 0 ? base + h - k : base;
	for (int i = 0; i < h - k; i++) {
		int to = s->n > 0 ? i : h - 1 - i;
		swap_lines(&base[to], &base[s->n > 0 ? to + k : to - k]);
	}
	for (int i = 0; i < k; i++) {
		struct line *l = free_at[i];
		memset(l->row.cells, 0, l->row.cap * sizeof(cell_t));
		l->row.len = 0;
		l->hash = 0;
		l->src = NULL;
		l->glyphs = 0;
	}
}

static void
try_scroll(struct render *r, struct buf *out)
{
	struct scroll s;
	for (int y = 0; y < r->rows; y++) {
		r->old_keys[y] = r->shown[y]->hash;
		r->new_keys[y] = r->same[y] ? r->shown[y]->hash : r->next[y]->hash;
	}
	if (!scroll_find(r->old_keys, r->new_keys, r->rows, &s))
		return;
	int saved = 0;
	for (int y = s.top; y < s.bottom; y++) {
		int from = y + s.n;
		bool moved =
			from >= s.top && from < s.bottom && r->new_keys[y] == r->old_keys[from];
		if (moved && r->new_keys[y] != r->old_keys[y])
			saved += r->shown[from]->glyphs;
		else if (!moved && r->new_keys[y] == r->old_keys[y])
			saved -= r->shown[y]->glyphs;
	}
	if (saved < SCROLL_PAYS)
		return;
	emit_scroll(r, &s, out);
	scroll_lines(r, &s);
}

static bool
line_equal(const struct line *a, const struct line *b)
{
	return a->hash == b->hash && a->row.len == b->row.len &&
	       !memcmp(a->row.cells, b->row.cells, a->row.len * sizeof(cell_t));
}

static void
paint_difference(struct render *r, struct buf *out)
{
	try_scroll(r, out);
	for (int y = 0; y < r->rows; y++)
		if (!r->same[y] && !line_equal(r->shown[y], r->next[y]))
			emit_row(r, y, r->shown[y], r->next[y], out);
}

static void
paint_whole(struct render *r, const struct grid *g, struct buf *out)
{
	static const struct line blank;
	emit_reset(r, out);
	for (int y = 0; y < r->rows; y++) {
		const struct line *l = r->same[y] ? r->shown[y] : r->next[y];
		if (l->row.len)
			emit_row(r, y, &blank, l, out);
	}
	emit_cursor(r, g, out);
}

/* A repaint cannot be shorter than this. */
static size_t
whole_bound(const struct render *r)
{
	size_t n = strlen("\033[m\033[r\033[H\033[2J");
	for (int y = 0; y < r->rows; y++)
		n += (size_t)(r->same[y] ? r->shown[y]->glyphs : r->next[y]->glyphs);
	return n;
}

/* Replaces what was appended from `from` on by a whole repaint if that is shorter. */
static void
prefer_whole(
	struct render *r, const struct grid *g, struct buf *out, size_t from, struct pen before)
{
	struct buf whole = {0};
	struct pen after = r->pen;
	r->pen = before;
	paint_whole(r, g, &whole);
	if (whole.len < out->len - from) {
		out->len = from;
		buf_put(out, whole.data, whole.len);
	} else {
		r->pen = after;
	}
	buf_free(&whole);
}

/* Without ?2026 the cursor would be seen running about; typing on at its place it may be seen. */
static void
paint_hidden(struct render *r, struct buf *out)
{
	size_t begin = out->len;
	bool hide = !r->caps.sync && r->pen.visible == 1;
	if (hide)
		emit_hide(r, out);
	size_t hidden = out->len;
	paint_difference(r, out);
	size_t n = out->len - hidden;
	if (hide && (!n || !memchr(out->data + hidden, '\033', n))) {
		memmove(out->data + begin, out->data + hidden, n);
		out->len = begin + n;
		r->pen.visible = 1;
	}
}

static void
take_lines(struct render *r)
{
	for (int y = 0; y < r->rows; y++)
		if (!r->same[y])
			swap_lines(&r->shown[y], &r->next[y]);
	r->valid = true;
}

void
render_adopt(struct render *r, const struct grid *g, struct buf *out)
{
	resize(r, g->cols, g->rows);
	r->reverse = g->reverse;
	collect(r);
	translate_all(r, g);
	take_lines(r);
	emit_pen(r, out);
}

void
render_frame(struct render *r, const struct grid *g, struct buf *out)
{
	size_t start = out->len;
	resize(r, g->cols, g->rows);
	r->valid &= r->reverse == g->reverse;
	r->reverse = g->reverse;
	collect(r);
	translate_all(r, g);
	if (r->caps.sync)
		buf_puts(out, SYNC_BEGIN);
	size_t begin = out->len;
	struct pen before = r->pen;
	if (!r->valid) {
		paint_whole(r, g, out);
	} else {
		size_t bound = whole_bound(r);
		paint_hidden(r, out);
		emit_cursor(r, g, out);
		if (out->len - begin > bound)
			prefer_whole(r, g, out, begin, before);
	}
	take_lines(r);
	if (out->len == begin)
		out->len = start;
	else if (r->caps.sync)
		buf_puts(out, SYNC_END);
}
