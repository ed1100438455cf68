#ifndef TUI_CLI_CHOICE_H
#define TUI_CLI_CHOICE_H
/* Which sessions a verb over several is about: those that are named, or those that are chosen with
 * --all, --tag, --state, --older. What cannot be undone is asked for at a terminal. */
#include "tui/cli/verb.h"

struct choice {
	bool all, yes;
	const char *tag, *state, *older;
	const char
		*apt; /* states that are meant without --state: "running closing"; NULL kept ones */
	const char
		*ask; /* what is asked before: "End"; NULL nothing. Then only whole names count */
};
/* The options of a choice, for the table of a verb. */
#define CHOICE_OPTS(c)                                                                \
	{.l = "all", .flag = &(c).all}, {.l = "tag", .value = true, .str = &(c).tag}, \
		{.l = "state", .value = true, .str = &(c).state},                     \
	{                                                                             \
		.l = "older", .value = true, .str = &(c).older                        \
	}
#define CHOICE_ASK_OPTS(c)                             \
	CHOICE_OPTS(c),                                \
	{                                              \
		.s = 'y', .l = "yes", .flag = &(c).yes \
	}
bool choice_made(const struct choice *c); /* by any of its options */
/* Arguments of the request ls; all: also those that ended or are archived. NULL as below. */
json_t *choice_list(const struct verb_ctx *ctx, const struct choice *c, bool all, int *code);
/* {ids:[…]} of the words, or of the choice. NULL: said what is wrong, *code is the exit code. */
json_t *choice_args(struct verb_ctx *ctx, const struct choice *c, char **words, int n, int *code);
/* verb_call for a verb over several; a name that is only the beginning of one is asked for. */
json_t *choice_call(struct verb_ctx *ctx, const struct choice *c, const char *verb,
	json_t *take_args, int *code);
/* Results of a reply: a line a session, failures on stderr. The exit code. */
int print_results(const struct verb_ctx *ctx, const json_t *results, const char *done);
/* A question on the terminal; false without one. */
bool user_agrees(const char *fmt, ...) PRINTF_LIKE(1, 2);
#endif
