#ifndef TUI_THEME_FILE_H
#define TUI_THEME_FILE_H
/* Theme files: INI, one section, one key a role: "needs = #e5c07b bold". A colour is a number of the
 * palette (0 … 255), #rrggbb or none; then any of bold, faint, italic, inverse, underline. What a file
 * does not name is faint for dim, the terminal's own look for the rest. selection is a background. */
#include "tui/draw/theme.h"

/* name: one of share/themes, which are compiled in, or a file if it has a slash. 0, or -1 and *e. */
int theme_read(const char *name, struct theme_look role[R_COUNT], struct err *e);
#endif
