#ifndef TESTS_CORE_GRID_KIT_H
#define TESTS_CORE_GRID_KIT_H
/* Random grids, and a way to say what a grid shows, for tests of frames and of the renderer. */
#include "core/base/buf.h"
#include "core/paint/canvas_priv.h"
#include "core/page/tab.h"
#include <stdlib.h>
#include <string.h>

static struct arena *arena;

static inline int
setup(void **state)
{
	return (void)state, (arena = arena_new(1ull << 30)) ? 0 : -1;
}

static inline int
teardown(void **state)
{
	return (void)state, arena_free(arena), 0;
}

struct dice {
	uint32_t s;
};

static inline uint32_t
dice_next(struct dice *d)
{
	d->s ^= d->s << 13;
	d->s ^= d->s >> 17;
	d->s ^= d->s << 5;
	return d->s;
}

static inline uint32_t
dice(struct dice *d, uint32_t n)
{
	return (dice_next(d) >> 4) % n;
}

static inline uint32_t
dice_color(struct dice *d)
{
	switch (dice(d, 4)) {
	case 0:
		return COLOR_INDEX | dice(d, 256);
	case 1:
		return COLOR_RGB | dice(d, 0x1000000);
	default:
		return COLOR_DEFAULT;
	}
}

static inline struct style
dice_style(struct dice *d)
{
	struct style s = {0};
	if (dice(d, 3) == 0)
		return s;
	s = (struct style){.fg = dice_color(d), .bg = dice_color(d)};
	s.attrs = dice(d, 4) ? 0 : dice(d, 256);
	if (dice(d, 4) == 0) {
		s.attrs |= (1 + dice(d, 5)) << ATTR_UL_SHIFT;
		s.ul = dice_color(d);
	}
	return s;
}

/* Text of one row: narrow, wide, clusters, blanks. */
static inline void
dice_row(struct dice *d, struct canvas *c, int y, int cols)
{
	static const char *const words[] = {"a", "Z", "0", "~", " ", "   ", "word", "|", "é", "中",
		"한", "e\xcc\x81", "😀", "👩‍💻", "❤️", "1️⃣", "👍🏽", "─", "✅",
		/* open to what stands behind them: */
		"\xd8\x82", "\xe1\x84\x80", "\xf0\x9f\x87\xa9", "❤\xe2\x80\x8d", "क\xe0\xa5\x8d",
		"ष"};
	static const char *const uris[] = {"https://example.org/a", "http://example.org/b?c=d"};
	struct row *r = canvas_row(c, y);
	r->len = 0;
	r->flags = 0;
	int x = 0, end = dice(d, 4) ? (int)dice(d, (uint32_t)cols + 1) : cols;
	while (x < end) {
		struct style s = dice_style(d);
		uint16_t link = 0;
		int from = x;
		if (dice(d, 8) == 0) {
			const char *uri = uris[dice(d, 2)], *id = dice(d, 2) ? "" : "k";
			link = tab_link(canvas_tab(c), id, strlen(id), uri, strlen(uri));
		}
		for (int run = 1 + (int)dice(d, 12); run && x < end; run--) {
			int n = canvas_text(c, y, x, end - x, words[dice(d, ARRAY_LEN(words))], &s);
			if (!n)
				break;
			x += n;
		}
		for (int i = from; link && i < x; i++) {
			r->cells[i] |= (cell_t)link << CELL_LINK_SHIFT;
			r->flags |= ROW_LINKS | ROW_STYLED;
		}
		if (x == from)
			break;
		if (dice(d, 3) == 0)
			x += 1 + (int)dice(d, 9);
	}
}

/* What a person sees of a cell, ids resolved; a blank with no visible style is "". */
static inline void
say_cell(struct buf *b, const struct row *r, int x, const struct tab *t)
{
	cell_t c = x < r->len ? r->cells[x] : 0, kind = c & CELL_KIND_MASK;
	uint32_t cps[CLUSTER_MAX];
	int n = kind == CELL_TAIL ? 0 : tab_cps(t, c, cps);
	struct style s = tab_style_get(t, cell_style(c));
	const char *uri = tab_link_uri(t, cell_link(c));
	bool blank = n == 0 || (n == 1 && cps[0] <= ' ');
	bool shows = s.bg ||
		     (s.attrs & (ATTR_INVERSE | ATTR_STRIKE | ATTR_OVERLINE | ATTR_UL_MASK)) ||
		     *uri;
	if (!(s.attrs & ATTR_UL_MASK))
		s.ul = 0;
	if (kind == CELL_TAIL) {
		buf_putc(b, '<');
		return;
	}
	if (blank && !shows) {
		buf_putc(b, '.');
		return;
	}
	for (int i = 0; i < n; i++)
		if (cps[i] != 0x200c) /* the renderer closes a cell with it; nobody sees it */
			buf_printf(b, "%x,", cps[i]);
	if (blank && !n)
		buf_puts(b, "20,");
	buf_printf(b, "%s%x/%x/%x/%x", kind == CELL_WIDE ? "w" : "", s.fg, s.bg, s.ul, s.attrs);
	if (*uri)
		buf_printf(b, "{%s %s}", tab_link_id(t, cell_link(c)), uri);
}

/* The whole grid as one string; free it. */
static inline char *
say_grid(const struct grid *g)
{
	struct buf b = {0};
	for (int y = 0; y < g->rows; y++) {
		for (int x = 0; x < g->cols; x++) {
			say_cell(&b, g->row[y], x, g->tab);
			buf_putc(&b, ' ');
		}
		buf_putc(&b, '\n');
	}
	buf_printf(&b, "cursor %d,%d %d %d", g->cursor.row, g->cursor.col, g->cursor.visible,
		g->cursor.visible ? (int)g->cursor.shape : 0);
	char *s = xstrdup(buf_cstr(&b));
	buf_free(&b);
	return s;
}

/* One step in the life of a screen: rows rewritten, cells changed, a range scrolled. */
static inline void
dice_step(struct dice *d, struct canvas *c)
{
	struct grid g = canvas_grid(c);
	int y, top, bottom, n;
	switch (dice(d, 5)) {
	case 0:
		for (n = 1 + (int)dice(d, 3); n; n--)
			dice_row(d, c, (int)dice(d, (uint32_t)g.rows), g.cols);
		break;
	case 1: /* a few cells */
		y = (int)dice(d, (uint32_t)g.rows);
		for (n = 1 + (int)dice(d, 4); n; n--) {
			struct style s = dice_style(d);
			int x = (int)dice(d, (uint32_t)g.cols);
			canvas_text(c, y, x, g.cols - x, dice(d, 2) ? "x" : "\xe4\xb8\xad", &s);
		}
		break;
	case 2:
	case 3: /* scroll */
		top = dice(d, 2) ? 0 : (int)dice(d, (uint32_t)g.rows);
		bottom = dice(d, 2) ? g.rows : top + (int)dice(d, (uint32_t)(g.rows - top)) + 1;
		n = (int)dice(d, (uint32_t)(bottom - top)) + 1;
		canvas_scroll(c, top, bottom, dice(d, 2) ? n : -n);
		for (; n; n--)
			dice_row(d, c, top + (int)dice(d, (uint32_t)(bottom - top)), g.cols);
		break;
	default:
		canvas_clear(c);
		for (y = 0; y < g.rows; y++)
			dice_row(d, c, y, g.cols);
		break;
	}
	canvas_set_cursor(c, (int)dice(d, (uint32_t)g.rows), (int)dice(d, (uint32_t)g.cols),
		dice(d, 3) > 0, (enum cursor_shape)dice(d, 3));
}
#endif
