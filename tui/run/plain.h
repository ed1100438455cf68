#ifndef TUI_PLAIN_H
#define TUI_PLAIN_H
/* --plain: the dashboard as lines of text, for screen readers and dumb terminals. Nothing is
 * painted over: what changes is said in a line of its own, and commands are typed as words. */
#include "tui/run/front.h"

int plain_run(const struct front_options *opt, struct err *e); /* 0, or -1 and *e */
#endif
