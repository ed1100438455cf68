#ifndef SESSIONS_REQUEST_H
#define SESSIONS_REQUEST_H
/* One request of a client. Its handler replies exactly once, now or later, with reply or fail, after
 * any number of parts (follow modes). The request may outlive the call; when the peer goes, or takes
 * it back, it is cancelled: its cancel callback (NULL ok) is called and it is gone. */
#include "core/base/base.h"
#include <jansson.h>

struct pagelist;
struct peer;
struct request;
struct server;
struct session;
struct sessions;
struct views;
struct command { /* a verb of the protocol */
	const char *verb;
	void (*fn)(struct request *r);
};

json_t *request_args(struct request *r); /* borrowed: the JSON object that the client sent */
struct server *request_server(struct request *r);
struct sessions *request_sessions(struct request *r);
struct views *request_views(struct request *r);
struct peer *request_peer(struct request *r);
/* args["id"] looked up; on failure the request has been failed and NULL comes back. */
struct session *request_session(struct request *r);

void request_reply(struct request *r, json_t *take);
void request_part(struct request *r, json_t *take);
void request_fail(struct request *r, const struct err *e);
void request_on_cancel(struct request *r, void (*cb)(void *ctx), void *ctx);
/* Called when the peer may take more parts of this request; NULL ends it. */
void request_on_drain(struct request *r, void (*cb)(void *ctx), void *ctx);
/* Does the history await text from files? Then what was just read of it is to be read again: its
 * drain is called when something has come. */
bool request_awaits(struct request *r, const struct pagelist *h);
#endif
