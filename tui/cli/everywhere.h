#ifndef TUI_CLI_EVERYWHERE_H
#define TUI_CLI_EVERYWHERE_H
/* One request to this machine and to all others of the configuration. The others are asked at once; they
 * are reached while this one answers. With --host it is that machine alone, as if it were this one; with
 * --host here this one. */
#include "sessions/client/host.h"
#include "tui/cli/verb.h"

struct place {
	char host[HOST_NAME_MAX_BYTES]; /* "": this machine, or that of --host */
	json_t *reply;			/* NULL: why says why */
	char why[160];
};
struct places {
	struct place place[1 + HOSTS_MAX];
	size_t n;
};
/* host as in struct place; o borrowed. */
typedef void (*place_part_cb)(void *ctx, const char *host, json_t *o);
/* all false: only this machine, for a session of its own. take_args as for verb_call, part NULL: there
 * are none; they come as they are, unclean. Machines that do not answer, or refuse, are said
 * on stderr. NULL: this one failed, its error was printed, *code is the exit code. */
struct places *everywhere(const struct verb_ctx *ctx, const char *verb, json_t *take_args, bool all,
	place_part_cb part, void *part_ctx, int *code);
void places_free(struct places *p); /* NULL ok */
/* o is about a session of that machine: adds "host" to it; for people its name becomes far:api. */
void place_mark(const struct verb_ctx *ctx, const char *host, json_t *o);
/* The list `key` of all replies in one, marked; new reference. */
json_t *places_list(const struct verb_ctx *ctx, const struct places *p, const char *key);
#endif
