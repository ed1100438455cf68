#ifndef TUI_SELECT_H
#define TUI_SELECT_H
/* Selected text of a session, by mouse or keys. A place is (row counted from the oldest row of
 * history, column), so it stays on its text while the view scrolls under it. The text of every row
 * that was seen while selecting is kept: a selection can be longer than the screen, but covers only
 * what was looked at. */
#include "core/base/buf.h"
#include "core/page/cell.h"

enum select_unit { SELECT_CELLS, SELECT_WORDS, SELECT_LINES };
struct select_place {
	uint64_t row;
	int col;
};
struct kept_row;
struct selection {
	enum select_unit unit;
	struct select_place anchor, point; /* as given; whole units of them are selected */
	struct kept_row *kept;		   /* n_kept, by row */
	size_t n_kept, cap_kept;
};

/* g is what the view shows, its first row being row `top`. */
void select_start(struct selection *s, const struct grid *g, uint64_t top, int y, int x,
	enum select_unit unit);
void select_to(struct selection *s, uint64_t top, int y, int x);
/* The view scrolled, or was painted anew. */
void select_seen(struct selection *s, const struct grid *g, uint64_t top);
void select_clear(struct selection *s);		      /* gives memory back */
void select_shift(struct selection *s, int64_t rows); /* all its places move down by so many */
/* Cells [*x0, *x1) of a row of `cols` cells are selected; false: none. */
bool select_cells(const struct selection *s, uint64_t row, int cols, int *x0, int *x1);
/* What goes into the clipboard, appended to out; said: what to tell the user, "" nothing. False: it
 * was too much. */
#define SELECT_SAID 64
bool select_copy(const struct selection *s, struct buf *out, char said[SELECT_SAID]);

/* Clicks at one place within 400 ms: 1, 2, 3 …; times in ms. */
struct clicks {
	uint64_t at_ms;
	int y, x, n;
};
int clicks_count(struct clicks *c, uint64_t now_ms, int y, int x);
#endif
