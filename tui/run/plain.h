#ifndef TUI_PLAIN_H
#define TUI_PLAIN_H
/* --plain: the dashboard as lines of text, for screen readers and dumb terminals. Nothing is
 * painted over: what changes is said in a line of its own, and commands are typed as words. */
#include "core/base/buf.h"
#include "tui/model/model.h"
#include "tui/verb/verb.h"

int plain_run(const struct verb_ctx *ctx); /* exit code */

/* Its sentences, for tests. */
void plain_list(struct buf *out, const struct model *m, double now);
/* What is to be said when a session was `before` and is `s`: nothing, or one line. before NULL: it
 * was not there. */
struct plain_state {
	enum mstate state;
	enum mact act;
};
void plain_change(struct buf *out, const struct plain_state *before, const struct msess *s);
#endif
