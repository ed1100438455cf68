#ifndef TUI_PAINT_H
#define TUI_PAINT_H
/* From what was composed to what is sent: the sheet's cells into a canvas, a session's screen over
 * the place kept for it. */
#include "core/paint/render.h"
#include "tui/draw/marks.h"
#include "tui/draw/surface.h"

/* Where a session's live screen belongs in this frame. */
struct preview_place {
	char id[16]; /* "" none */
	int y, x, h, w;
	bool whole; /* peek: from the top; else the last rows */
	uint64_t back;
	bool looks; /* at this place of it */
	struct text_place at;
};

/* Writes the frame into c, which has the surface's size, caret included. anew: c holds another
 * picture; else the frame before, and rows that are as they were are left alone. */
void paint_surface(struct canvas *c, const struct surface *s, bool anew);
/* The part of a session's screen that fits: its last rows with something on them; whole: from the
 * top if it fits so; focus (NULL none): with that in sight. */
struct window_at paint_window(
	const struct preview_place *p, const struct grid *screen, const struct hit_mark *focus);
/* Blanks h rows of w columns. */
void paint_blank(struct canvas *c, int y, int x, int h, int w);
/* Dialogs again, over what the preview covered. */
void paint_layers(struct canvas *c, const struct surface *s);
#endif
