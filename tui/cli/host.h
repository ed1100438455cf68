#ifndef TUI_CLI_HOST_H
#define TUI_CLI_HOST_H
/* Verbs about other machines: box:api is the session api of [host.box]. */
#include "tui/cli/verb.h"

/* Takes the host off the words that name sessions, into ctx->host: all must be of one machine. 0, or -1
 * after the error. */
int host_words(struct verb_ctx *ctx, char **words, int n);
/* The same for one word, which is no session's name where no such host is known. */
int host_word(struct verb_ctx *ctx, char **word);
/* Is it about a machine, and not about its sessions? Then it is to be run there. */
bool host_runs(const char *verb);
int host_run(struct verb_ctx *ctx, int argc, char **argv); /* does not come back but for an error */
/* To the reply of `ls` the sessions of another machine by its own reply, and to "hosts" what is to be told
 * of it. reply NULL: it is away, and the rows are those that it gave last. whole: the list has no
 * conditions, so that such rows may stand in it. */
void host_rows(json_t *list, const char *host, json_t *reply, const char *why, bool whole);
#endif
