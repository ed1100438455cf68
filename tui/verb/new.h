#ifndef TUI_NEW_H
#define TUI_NEW_H
#include "tui/cli/verb.h"

/* What `new` does with its words (argv[0] = verb): the reply, or NULL and *code. *attach: it is to be
 * shown. */
json_t *new_session(struct verb_ctx *ctx, int argc, char **argv, bool *attach, int *code);
/* Says on stderr that memory is short for what was started, and what would help; nothing if it is
 * not. guard: of a reply. */
void guard_warn(const struct verb_ctx *ctx, const json_t *guard);
#endif
