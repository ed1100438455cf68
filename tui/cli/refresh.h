#ifndef TUI_REFRESH_H
#define TUI_REFRESH_H
/* A picture on the terminal that is drawn anew. */
#include "tui/cli/verb.h"

/* Every two seconds, until q, Escape or a signal. picture: an exit code, not EXIT_OK ends it; key
 * (NULL ok) gets every other key. */
int refresh_loop(struct verb_ctx *ctx, int (*picture)(struct verb_ctx *ctx, void *arg, int rows),
	void (*key)(void *arg, char c), void *arg);
#endif
