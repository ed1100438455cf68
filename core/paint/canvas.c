/* A grid with its own rows, to compose a screen into or to keep one that arrived as frames.
 *
 * Rows are plain heap memory (a canvas lives in a client, never in the server's arena budget); only
 * the tables of styles, clusters and links use the arena. Rows are reached through a vector of
 * pointers, so that a scroll moves pointers and keeps each row's stamp with its content. The stamps
 * of a canvas start at a random number: no two canvases give the same stamp to different rows, and
 * a renderer may be shown one after the other. */
#include "core/paint/canvas_priv.h"

#include "core/os/os.h"
#include "core/text/width.h"
#include <stdlib.h>
#include <string.h>

static void
rows_alloc(struct canvas *c, int cols, int rows)
{
	c->cols = cols;
	c->n_rows = rows;
	c->cells = xcalloc(mul_sat((size_t)cols, (size_t)rows), sizeof(cell_t));
	c->store = xcalloc((size_t)rows, sizeof(*c->store));
	c->row = xcalloc((size_t)rows, sizeof(*c->row));
	for (int y = 0; y < rows; y++) {
		c->store[y].cells = c->cells + (size_t)y * (size_t)cols;
		c->store[y].cap = (uint16_t)cols;
		c->store[y].stamp = ++c->stamp;
		c->row[y] = &c->store[y];
	}
}

static void
rows_free(struct canvas *c)
{
	free(c->cells);
	free(c->store);
	free(c->row);
}

struct canvas *
canvas_new(struct arena *a, uint32_t owner, int cols, int rows)
{
	struct canvas *c = xcalloc(1, sizeof(*c));
	os_random(&c->stamp, sizeof(c->stamp));
	c->tab = tab_new(a, owner);
	rows_alloc(c, CLAMP(cols, 1, CANVAS_COLS_MAX), CLAMP(rows, 1, CANVAS_ROWS_MAX));
	return c;
}

void
canvas_free(struct canvas *c)
{
	if (!c)
		return;
	rows_free(c);
	tab_free(c->tab);
	free(c);
}

static void
row_copy(struct row *to, const struct row *from)
{
	int n = MIN(from->len, to->cap);
	memcpy(to->cells, from->cells, (size_t)n * sizeof(cell_t));
	to->len = (uint16_t)n;
	to->flags = from->flags;
	if (n && n < from->len && (to->cells[n - 1] & CELL_KIND_MASK) == CELL_WIDE)
		to->cells[n - 1] = 0;
}

void
canvas_resize(struct canvas *c, int cols, int rows)
{
	cols = CLAMP(cols, 1, CANVAS_COLS_MAX);
	rows = CLAMP(rows, 1, CANVAS_ROWS_MAX);
	if (cols == c->cols && rows == c->n_rows)
		return;
	struct canvas old = *c;
	rows_alloc(c, cols, rows);
	for (int y = 0; y < MIN(rows, old.n_rows); y++)
		row_copy(c->row[y], old.row[y]);
	rows_free(&old);
	c->cur_row = MIN(c->cur_row, rows - 1);
	c->cur_col = MIN(c->cur_col, cols - 1);
}

void
canvas_collect(struct canvas *c)
{
	if (tab_wants_gc(c->tab))
		tab_gc(c->tab, c->row, c->n_rows, NULL, 0, NULL, 0);
}

void
canvas_clear(struct canvas *c)
{
	for (int y = 0; y < c->n_rows; y++) {
		c->row[y]->len = 0;
		c->row[y]->flags = 0;
		c->row[y]->stamp = ++c->stamp;
	}
	c->cur_visible = false;
	if (tab_wants_gc(c->tab))
		tab_reset(c->tab);
}

struct grid
canvas_grid(const struct canvas *c)
{
	struct grid g = {
		.cols = c->cols,
		.rows = c->n_rows,
		.row = c->row,
		.tab = c->tab,
		.reverse = c->reverse,
	};
	g.cursor.row = c->cur_row;
	g.cursor.col = c->cur_col;
	g.cursor.visible = c->cur_visible;
	g.cursor.blink = c->cur_blink;
	g.cursor.pending_wrap = c->cur_pending;
	g.cursor.shape = c->cur_shape;
	return g;
}

struct tab *
canvas_tab(struct canvas *c)
{
	return c->tab;
}

struct row *
canvas_row(struct canvas *c, int y)
{
	CHECK(y >= 0 && y < c->n_rows);
	c->row[y]->stamp = ++c->stamp;
	return c->row[y];
}

void
canvas_set_cursor(struct canvas *c, int row, int col, bool visible, enum cursor_shape shape)
{
	c->cur_row = CLAMP(row, 0, c->n_rows - 1);
	c->cur_col = CLAMP(col, 0, c->cols - 1);
	c->cur_visible = visible;
	c->cur_blink = shape == CURSOR_BLOCK;
	c->cur_pending = false;
	c->cur_shape = shape;
}

/* Cells up to x become readable blanks. */
static void
row_reach(struct row *r, int x)
{
	if (r->len >= x)
		return;
	memset(r->cells + r->len, 0, (size_t)(x - r->len) * sizeof(cell_t));
	r->len = (uint16_t)x;
}

/* Frees the cells [x, x+w) from wide characters that reach over the edges of the range. */
static void
row_open(struct row *r, int x, int w)
{
	if (x > 0 && x < r->len && (r->cells[x] & CELL_KIND_MASK) == CELL_TAIL)
		r->cells[x - 1] = 0;
	if (x + w < r->len && (r->cells[x + w] & CELL_KIND_MASK) == CELL_TAIL)
		r->cells[x + w] = 0;
}

static int
decode_cps(const char *s, size_t n, uint32_t cps[CLUSTER_MAX])
{
	int k = 0;
	for (size_t i = 0; i < n && k < CLUSTER_MAX;)
		i += utf8_next(s + i, n - i, &cps[k++]);
	return k;
}

static void
put_cluster(
	struct canvas *c, struct row *r, int x, int w, const uint32_t *cps, int n, uint16_t style)
{
	cell_t base = (cell_t)style << CELL_STYLE_SHIFT;
	row_reach(r, x);
	row_open(r, x, w);
	row_reach(r, x + w);
	r->cells[x] = base | tab_cluster(c->tab, cps, n) | (w == 2 ? CELL_WIDE : CELL_NARROW);
	if (w == 2) {
		r->cells[x + 1] = base | CELL_TAIL;
		r->flags |= ROW_WIDE;
	}
	if (style)
		r->flags |= ROW_STYLED;
	if (n > 1)
		r->flags |= ROW_CLUSTERS | ROW_STYLED | ROW_NONASCII;
	if (cps[0] >= 0x80)
		r->flags |= ROW_NONASCII | (w == 2 ? ROW_STYLED : 0);
}

int
canvas_text(struct canvas *c, int y, int x, int max, const char *utf8, const struct style *s)
{
	if (y < 0 || y >= c->n_rows || x < 0 || x >= c->cols)
		return 0;
	int used = 0, room = MIN(max, c->cols - x);
	size_t left = strlen(utf8);
	uint16_t style = s ? tab_style(c->tab, s) : 0;
	struct row *r = canvas_row(c, y);
	while (left && used < room) {
		int w;
		uint32_t cps[CLUSTER_MAX];
		size_t n = utf8_grapheme(utf8, left, &w);
		int k = decode_cps(utf8, n, cps);
		utf8 += n;
		left -= n;
		if (k <= 0 || w <= 0 || cps[0] < 0x20 || cps[0] == 0x7f)
			continue; /* nothing to see, or a control that must not reach a cell */
		if (used + w > room)
			break;
		put_cluster(c, r, x + used, w, cps, k, style);
		used += w;
	}
	return used;
}

/* One cell of a foreign grid in this canvas's ids. */
static cell_t
import_cell(struct canvas *c, cell_t in, const struct tab *from)
{
	cell_t out = in & (CELL_CONTENT_MASK | CELL_KIND_MASK);
	if (in & CELL_CLUSTER) {
		uint32_t cps[CLUSTER_MAX];
		int n = tab_cps(from, in, cps);
		out = (in & CELL_KIND_MASK) | tab_cluster(c->tab, cps, n);
	}
	if (cell_style(in)) {
		struct style s = tab_style_get(from, cell_style(in));
		out |= (cell_t)tab_style(c->tab, &s) << CELL_STYLE_SHIFT;
	}
	if (cell_link(in)) {
		const char *id = tab_link_id(from, cell_link(in));
		const char *uri = tab_link_uri(from, cell_link(in));
		out |= (cell_t)tab_link(c->tab, id, strlen(id), uri, strlen(uri))
		       << CELL_LINK_SHIFT;
	}
	return out;
}

#define IDS_MASK (CELL_STYLE_MASK | CELL_LINK_MASK | CELL_CLUSTER)

static void
blit_row(struct canvas *c, int y, int x, const struct row *src, const struct tab *from, int sx,
	int w)
{
	struct row *r = canvas_row(c, y);
	cell_t last_in = 0, last_out = 0; /* neighbours mostly share style and link */
	row_reach(r, x);
	row_open(r, x, w);
	row_reach(r, x + w);
	r->flags |= src->flags & (ROW_STYLED | ROW_CLUSTERS | ROW_LINKS | ROW_WIDE | ROW_NONASCII);
	if (!x && !sx && w == c->cols) /* a whole row goes on where it went on */
		r->flags |= src->flags & (ROW_WRAP | ROW_WRAPPED);
	for (int i = 0; i < w; i++) {
		cell_t in = sx + i < src->len ? src->cells[sx + i] : 0, out;
		bool cut = (i == 0 && (in & CELL_KIND_MASK) == CELL_TAIL) ||
			   (i == w - 1 && (in & CELL_KIND_MASK) == CELL_WIDE);
		if (cut)
			in &= CELL_STYLE_MASK;
		if (!(in & IDS_MASK)) {
			out = in & (CELL_CONTENT_MASK | CELL_KIND_MASK);
		} else if (!((in | last_in) & CELL_CLUSTER) && ((in ^ last_in) & IDS_MASK) == 0) {
			out = (last_out & IDS_MASK) | (in & (CELL_CONTENT_MASK | CELL_KIND_MASK));
		} else {
			out = import_cell(c, in, from);
			last_in = in;
			last_out = out;
		}
		r->cells[x + i] = out;
	}
}

void
canvas_blit(struct canvas *c, int y, int x, const struct grid *src, int sy, int sx, int h, int w)
{
	static const struct row empty;
	w = MIN(w, c->cols - x);
	h = MIN(h, c->n_rows - y);
	if (y < 0 || x < 0 || sy < 0 || sx < 0 || w <= 0)
		return;
	for (int i = 0; i < h; i++) {
		const struct row *s = sy + i < src->rows ? src->row[sy + i] : &empty;
		blit_row(c, y + i, x, s, src->tab, sx, w);
	}
}

void
canvas_scroll(struct canvas *c, int top, int bottom, int n)
{
	struct row *gone[CANVAS_ROWS_MAX];
	int h = bottom - top, k = abs(n);
	if (k == 0 || k > h)
		return;
	struct row **base = c->row + top;
	if (n > 0) {
		memcpy(gone, base, (size_t)k * sizeof(*gone));
		memmove(base, base + k, (size_t)(h - k) * sizeof(*base));
		base += h - k;
	} else {
		memcpy(gone, base + h - k, (size_t)k * sizeof(*gone));
		memmove(base + k, base, (size_t)(h - k) * sizeof(*base));
	}
	memcpy(base, gone, (size_t)k * sizeof(*gone));
	for (int i = 0; i < k; i++) {
		base[i]->len = 0;
		base[i]->flags = 0;
		base[i]->stamp = ++c->stamp;
	}
}
