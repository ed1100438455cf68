#ifndef SESSIONS_WAITS_H
#define SESSIONS_WAITS_H
/* Requests that are answered when something becomes true of a session. */
#include "sessions/peer/request.h"
#include <stdbool.h>
#include <sys/queue.h>

struct waiter {
	struct request *r;
	/* asked after each change of any session (NULL: of none in particular): true when it has
	 * replied or failed; the waiter is then freed */
	bool (*done)(struct waiter *w, struct session *changed);
	void (*free_ctx)(void *ctx);
	void *ctx;
	LIST_ENTRY(waiter) link;
};
struct waits {
	LIST_HEAD(, waiter) list;
};
void waits_add(struct waits *all, struct request *r,
	bool (*done)(struct waiter *w, struct session *changed), void (*free_ctx)(void *ctx),
	void *ctx);
void waits_check(struct waits *all, struct session *changed);
#endif
