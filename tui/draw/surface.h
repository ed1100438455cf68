#ifndef TUI_SURFACE_H
#define TUI_SURFACE_H
/* The sheet a dashboard frame is drawn on. ncurses composes it (layers, overlaps, clipping) without
 * a terminal; core/paint/render.h writes it. One surface a process, since ncurses is global.
 *
 * A frame: surface_begin, draw, surface_compose, then read cells. Coordinates are (y, x) from 0 of
 * the top layer. Text is UTF-8 and is clipped by grapheme; a wide cluster that does not fit whole
 * is left out. Style ids come from surface_style and stay valid for the surface's life. */
#include "core/base/base.h"
#include "core/base/buf.h"
#include "core/page/cell.h"

struct surface;
/* NULL if ncurses has no description of its model terminal. */
struct surface *surface_new(int cols, int rows);
void surface_free(struct surface *s); /* NULL ok */
void surface_resize(struct surface *s, int cols, int rows);
int surface_cols(const struct surface *s);
int surface_rows(const struct surface *s);

/* Interned: equal styles have one id; id 0 is the default style. */
uint16_t surface_style(struct surface *s, const struct style *st);
struct style surface_style_get(const struct surface *s, uint16_t id);

void surface_begin(struct surface *s);
/* Further drawing goes to a blank sheet of h rows, w columns laid over what is there at (y, x). */
void surface_layer(struct surface *s, int y, int x, int h, int w);
/* The i-th layer over the first sheet, in order; false when there is none. */
bool surface_layer_at(const struct surface *s, int i, int *y, int *x, int *h, int *w);
/* Returns the columns used, at most max. */
int surface_text(struct surface *s, int y, int x, int max, const char *utf8, uint16_t style);
/* Fills h rows of w columns with one narrow grapheme. */
void surface_fill(struct surface *s, int y, int x, int h, int w, const char *utf8, uint16_t style);
/* Where the caret stands in this frame; none unless called. */
void surface_caret(struct surface *s, int y, int x);
void surface_compose(struct surface *s);

/* Reading the composed frame. row_same: it is as in the frame before. */
bool surface_row_same(const struct surface *s, int y);
struct surface_cell {
	const char *text; /* the cluster, borrowed until surface_begin; "" for a blank and a tail */
	uint8_t width;	  /* 1, 2; 0: second half of a wide cluster */
	uint16_t style;
};
void surface_cell(const struct surface *s, int y, int x, struct surface_cell *out);
bool surface_caret_at(const struct surface *s, int *y, int *x);
/* Rows of text, trailing blanks off; with styles, a second block in which a letter stands for each
 * style, and a legend. For tests and for --plain. */
void surface_dump(const struct surface *s, struct buf *out, bool styles);
#endif
