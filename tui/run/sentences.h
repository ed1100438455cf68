#ifndef TUI_SENTENCES_H
#define TUI_SENTENCES_H
/* Sessions in sentences: what --plain says of them. All append to out, whole lines. */
#include "core/base/buf.h"
#include "tui/model/model.h"

/* All that are shown, by group, numbered from 1. now: Unix seconds. */
void sentences_list(struct buf *out, const struct model *m, double now);
/* What is to be said when a session was `before` and is `s`: nothing, or one line. before NULL: it
 * was not there. */
struct was_so {
	enum mstate state;
	enum activity act;
};
void sentences_change(struct buf *out, const struct was_so *before, const struct msess *s);
#endif
