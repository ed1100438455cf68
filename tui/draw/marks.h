#ifndef TUI_MARKS_H
#define TUI_MARKS_H
/* Matches of a pattern on a session's screen, as its view tells them ("marks" of client.h), and how
 * marked cells look. */
#include "core/paint/canvas.h"
#include <jansson.h>

/* A match: where it begins in the session's text. */
struct hit_at {
	uint64_t line; /* logical */
	int64_t start; /* byte of it */
};
/* Where to look in a session's text, and what is marked there ("" nothing). */
struct text_place {
	struct hit_at at;
	char pattern[512];
	bool regex;
};
/* Cells [x0, x1) of the screen's row y belong to a match. */
struct hit_mark {
	int y, x0, x1;
	struct hit_at of;
};
struct marks {
	struct hit_mark *at; /* n, top first */
	size_t n;
};
void marks_take(struct marks *m, const json_t *ev);
void marks_free(struct marks *m);
/* The first cells of one match; NULL when it is not on the screen. */
const struct hit_mark *marks_find(const struct marks *m, const struct hit_at *of);
/* Where a screen lies on a canvas: its cell (sy, sx) at (y, x), h rows and w columns of it. */
struct window_at {
	int y, x, h, w, sy, sx;
};
/* Draws them over a screen that was blitted so; of `now` (NULL none) in a look of its own. */
void marks_paint(const struct marks *m, struct canvas *c, const struct window_at *at,
	const struct hit_at *now, bool no_color);
/* Turns cells [x0, x1) of a canvas row round: a selection. */
void mark_selected(struct canvas *c, int y, int x0, int x1);
#endif
