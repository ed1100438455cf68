#ifndef TUI_PLAIN_H
#define TUI_PLAIN_H
/* --plain: the dashboard as lines of text, for screen readers and dumb terminals. Nothing is
 * painted over: what changes is said in a line of its own, and commands are typed as words. */
#include "core/base/buf.h"
#include "tui/model/model.h"
#include "tui/run/front.h"

int plain_run(const struct front_options *opt, struct err *e); /* 0, or -1 and *e */

/* Its sentences, for tests. */
void plain_list(struct buf *out, const struct model *m, double now);
/* What is to be said when a session was `before` and is `s`: nothing, or one line. before NULL: it
 * was not there. */
struct plain_state {
	enum mstate state;
	enum activity act;
};
void plain_change(struct buf *out, const struct plain_state *before, const struct msess *s);
#endif
