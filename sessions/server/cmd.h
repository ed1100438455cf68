#ifndef SESSIONS_CMD_H
#define SESSIONS_CMD_H
/* Shared by cmd_*.c. */
#include "sessions/server/server.h"
#include <sys/queue.h>

/* A request that is answered when something becomes true of a session. done() is asked after each
 * change of any session: true when it has replied or failed (the waiter is then freed). */
struct waiter {
	struct request *r;
	bool (*done)(struct waiter *w, struct session *changed);
	void (*free_ctx)(void *ctx);
	void *ctx;
	LIST_ENTRY(waiter) link;
};
void waiter_add(struct request *r, bool (*done)(struct waiter *w, struct session *changed),
	void (*free_ctx)(void *ctx), void *ctx);

/* Is it at rest since what was last sent to it? (wait --for idle, send --when-idle) */
bool session_at_rest(const struct session *s, uint64_t now_ns);
/* Text and Enter, typed once the session is at rest, or at once. */
void send_queue(struct session *s, const char *text, bool when_idle);
/* One session's line of a reply about several: {id, name, ok[, error]}; error NULL: it went well.
 */
json_t *session_result(const char *id, const char *name, const char *error);
bool session_has_tag(const struct session *s, const char *tag);
/* From a request's args: umask and limits; env (left alone when absent; false: not strings). */
void request_limits(const json_t *args, struct session_limits *l);
bool request_env(const json_t *args, struct session *s);
#endif
