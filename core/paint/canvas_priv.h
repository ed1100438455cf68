#ifndef CORE_CANVAS_PRIV_H
#define CORE_CANVAS_PRIV_H
/* Innards of a canvas, shared with frame.c, which writes what the server sent into one. */
#include "core/paint/canvas.h"
#include "core/page/tab.h"

#define CANVAS_COLS_MAX 4096
#define CANVAS_ROWS_MAX 1000

struct canvas {
	struct tab *tab;
	int cols, n_rows;
	cell_t *cells;	   /* n_rows * cols, behind the rows */
	struct row *store; /* the row structs themselves */
	struct row **row;  /* as shown, top first */
	uint64_t stamp;	   /* the last one given out */
	int cur_row, cur_col;
	bool cur_visible, cur_blink, cur_pending;
	bool reverse; /* what the server sent is a reversed screen */
	enum cursor_shape cur_shape;
};

/* Rows [top, bottom) move up by n (down if negative); what comes free is blank. */
void canvas_scroll(struct canvas *c, int top, int bottom, int n);
/* Throws away table entries no row names, when the tables are nearly full. */
void canvas_collect(struct canvas *c);
#endif
