#ifndef TUI_CLI_HOST_H
#define TUI_CLI_HOST_H
/* Verbs about other machines: box:api is the session api of [host.box]. */
#include "tui/cli/verb.h"

/* Takes the host off the words that name sessions, into ctx->host: all must be of one machine. 0, or -1
 * after the error. */
int host_words(struct verb_ctx *ctx, char **words, int n);
/* Is it about a machine, and not about its sessions? Then it is to be run there. */
bool host_runs(const char *verb);
int host_run(struct verb_ctx *ctx, int argc, char **argv); /* does not come back but for an error */
/* To the reply of `ls` the sessions of the other machines, and "hosts": who is away, of whom the rows are
 * those that came last. args: of the request. */
void host_lists(const json_t *args, json_t *reply);
#endif
