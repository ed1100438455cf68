#ifndef CORE_CANVAS_H
#define CORE_CANVAS_H
/* A grid of one's own: compose a frame into it (dashboard), or hold what the server sent. */
#include "core/page/cell.h"
#include "core/page/page.h"

struct canvas;
struct canvas *canvas_new(struct arena *a, uint32_t owner, int cols, int rows);
void canvas_free(struct canvas *c);
void canvas_resize(struct canvas *c, int cols, int rows); /* content kept where it fits */
void canvas_clear(struct canvas *c);
struct grid canvas_grid(const struct canvas *c);
struct tab *canvas_tab(struct canvas *c);
/* The row to write in place (cells has cols slots); bumps its stamp. */
struct row *canvas_row(struct canvas *c, int y);
/* The cursor in the terminal's own shape if CURSOR_BLOCK. */
void canvas_set_cursor(struct canvas *c, int row, int col, bool visible, enum cursor_shape shape);
/* UTF-8 text at (y, x) in a style, clipped to max cells by grapheme; returns cells used. */
int canvas_text(struct canvas *c, int y, int x, int max, const char *utf8, const struct style *s);
/* Copies src's rectangle (sy,sx,h,w) to (y,x); wide cells cut at an edge become blanks. */
void canvas_blit(
	struct canvas *c, int y, int x, const struct grid *src, int sy, int sx, int h, int w);
#endif
