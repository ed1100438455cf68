#ifndef TUI_FRAME_H
#define TUI_FRAME_H
/* What every view of the application has at its foot: hints, and the last toast. */
#include "tui/app/app.h"

/* "⏎ attach  n new …" of a context from column x, as many as fit, clickable. */
void frame_hints(struct app *a, int y, int x, int w, unsigned context);
/* The same on a bar, ending before column x_end. */
void frame_hints_bar(struct app *a, int y, int x_end, int w, unsigned context);
/* The rule, the hints and the line below them (left, right; a toast takes the left one's place).
 * Returns the row of the rule: what lies above is the view's. */
int frame_footer(struct app *a, unsigned context, const char *left, const char *right);
int frame_foot(const struct app *a); /* that row */
/* The toast that is to be seen; NULL none. */
const struct toast *frame_toast(const struct app *a);
/* It as a layer, at the right end of row y: where there is no footer. */
void frame_toast_over(struct app *a, int y);
#endif
