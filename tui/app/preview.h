#ifndef TUI_PREVIEW_H
#define TUI_PREVIEW_H
/* The sessions' screens that the dashboard shows: panes that follow app->preview (which session, how
 * far back, or at which hit) and app->beside. */
#include "tui/app/app.h"

bool preview_follow(struct app *a);		  /* after app_draw; true: their places changed */
void preview_paint(struct app *a);		  /* all of them */
void preview_came(struct app *a, struct pane *p); /* a frame of a pane */
bool preview_rectangles(struct app *a);	 /* those that have a new frame; false: there is none */
double preview_due(const struct app *a); /* seconds until one may be painted; INFINITY */
bool preview_mouse(struct app *a, const struct input_event *ev); /* true: taken */
#endif
