#ifndef TUI_ATTACH_H
#define TUI_ATTACH_H
/* A session on the whole terminal. Every key is the session's but one: the prefix (C-\ unless
 * configured), which opens the menu.
 *
 *   read(tty) ─► decoder ─► request ─► server        no timer stands in the way:
 *   frame ─► canvas ─► render ─► one write(tty)      one wake-up each way
 *
 * While plain text is typed the terminal is lent to the server, and there is none at all
 * (sessions/view/lent.c). */
#include "tui/draw/marks.h"
#include "tui/term/outer.h"
#include "tui/verb/verb.h"

enum attach_why {
	ATTACH_LEFT,   /* by the user: back to the dashboard or the shell */
	ATTACH_MEMORY, /* … and the memory history of *id is wanted */
	ATTACH_GONE,   /* the terminal went away */
	ATTACH_ERROR,  /* never attached; *e says why */
};
struct attach_result {
	enum attach_why why;
	char id[64], name[64]; /* the session looked at last */
	struct err e;	       /* ATTACH_ERROR: e.code is the exit code */
};
/* On a terminal and loop of the caller's (a dashboard): runs the loop until the user leaves. The
 * caller must not be inside uv_run itself, sets its own outer_ops again afterwards, and paints; so
 * the terminal changes from one picture to the other without a flicker. outer NULL: a terminal of
 * its own. at NULL: the live screen. */
void attach_on(const struct verb_ctx *ctx, const char *id, uv_loop_t *loop, struct outer *outer,
	const struct text_place *at, struct attach_result *res);
/* The keys of looking back and what they do, one by one; NULL behind the last. */
const char *attach_scroll_help(size_t i, const char **keys);
#endif
