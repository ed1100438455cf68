#ifndef TUI_TEXT_H
#define TUI_TEXT_H
/* Pages to read. A line that begins with \1 is a heading, \2 and \3 set the first word off in
 * colour (good, bad); a tab ends the column of what follows \4, a key. */
#include "tui/app/app.h"

void app_show_text(struct app *a, const char *title, char *take_text); /* freed by it */
#endif
