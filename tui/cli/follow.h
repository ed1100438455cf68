#ifndef TUI_CLI_FOLLOW_H
#define TUI_CLI_FOLLOW_H
/* Verbs that go on: a connection that watches, until the reader of standard output leaves or the
 * server is gone for longer than a successor takes. Nothing is asked for while nothing happens. */
#include "tui/cli/verb.h"

struct follow;
struct follow_ops {
	/* Connected, again after a loss: "watch" has been requested, its events follow. */
	void (*begin)(void *ctx, struct follow *f);
	void (*event)(void *ctx, json_t *ev);	      /* borrowed; NULL ok */
	void (*changed)(void *ctx, struct follow *f); /* soon after events came; NULL ok */
	bool others; /* events of other machines are changes, too, and so is their coming and going */
};
int follow(struct verb_ctx *ctx, const struct follow_ops *ops, void *octx); /* exit code */
struct client *follow_client(struct follow *f);
/* The i-th of the other machines, as they stand in the configuration; false: past the end. c NULL: it is
 * away. */
struct follow_other {
	const char *host, *why;
	struct client *c;
};
bool follow_other(struct follow *f, size_t i, struct follow_other *o);
/* From a callback: nothing more is wanted; this is the exit code. */
void follow_end(struct follow *f, int code);
#endif
