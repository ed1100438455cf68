#ifndef TUI_PREVIEW_H
#define TUI_PREVIEW_H
/* The session's screen that the dashboard shows: a pane that follows app->preview (which session,
 * how far back, or at which hit). */
#include "tui/app/app.h"

void preview_follow(struct app *a);				 /* after app_draw */
bool preview_mouse(struct app *a, const struct input_event *ev); /* true: taken */
#endif
