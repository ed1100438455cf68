#ifndef TUI_COMPOSITION_H
#define TUI_COMPOSITION_H
#include "tui/cli/verb.h"

/* history --ages, --categories, --roles. Exit codes. since: seconds back, 0 all. */
int history_ages(struct verb_ctx *ctx);
int history_parts(struct verb_ctx *ctx, const char *id, double since, bool roles);
#endif
