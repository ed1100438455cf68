#ifndef SESSIONS_VERB_H
#define SESSIONS_VERB_H
/* The verbs of the protocol: commands.def names each with its handler. A handler is given a request
 * and answers it once, now or later (peer/request.h). */
#include "sessions/peer/request.h"
#include "sessions/life/sessions.h"

#define X(verb, handler) void handler(struct request *r);
#include "sessions/verb/commands.def"
#undef X

/* ids:[…] or id of the request; a new reference, NULL when none is given. */
json_t *request_ids(struct request *r);
/* An unknown name fails the whole request before anything is done. */
bool request_all_known(struct request *r, const json_t *ids);
/* Runs fn over the sessions that the request names (whole: not by the beginning of a name, which is
 * said of such a result in "beginning"); their results, or NULL: none was named, and the
 * request has been failed. */
typedef int (*session_fn)(struct request *r, struct session *s, struct err *e); /* -1 and *e */
json_t *each_session(struct request *r, session_fn fn);
/* From a request's args: umask and limits; env with env_over on top
 * (left alone when absent; false: not strings). */
void request_limits(const json_t *args, struct spawn_limits *l);
bool request_env(const json_t *args, struct session *s);
/* To its args, where they hold no env: that of the process that asks, which is a proxy where the user is
 * on another machine. */
void request_add_env(struct request *r);
/* One session's line of a reply about several: {id, name, ok[, error]}; error NULL: it went well. */
json_t *result_json(const char *id, const char *name, const char *error);
#endif
