#include "sessions/peer/request.h"
#include "core/pagelist/pagelist.h"
#include "sessions/peer/request_priv.h"
#include "sessions/life/sessions.h"
#include <stdlib.h>
#include <string.h>

void
request_end(struct request *r)
{
	LIST_REMOVE(r, link);
	r->peer->asked -= r->bytes;
	json_decref(r->args);
	r->magic = 0;
	free(r);
}

json_t *
request_args(struct request *r)
{
	CHECK(r->magic == REQUEST_MAGIC);
	return r->args;
}

struct server *
request_server(struct request *r)
{
	return r->peer->of->server;
}

struct sessions *
request_sessions(struct request *r)
{
	return r->peer->of->sessions;
}

struct views *
request_views(struct request *r)
{
	return r->peer->of->views;
}

struct peer *
request_peer(struct request *r)
{
	return r->peer;
}

void
request_part(struct request *r, json_t *take)
{
	CHECK(r->magic == REQUEST_MAGIC);
	peer_json(r->peer, FT_PART, r->id, take);
	json_decref(take);
}

void
request_reply(struct request *r, json_t *take)
{
	CHECK(r->magic == REQUEST_MAGIC);
	peer_json(r->peer, FT_REPLY, r->id, take);
	json_decref(take);
	request_end(r);
}

void
request_fail(struct request *r, const struct err *e)
{
	json_t *j = json_pack("{s:i,s:i,s:s%}", "v", 1, "code", e->code ? e->code : 1, "message",
		e->msg, strlen(e->msg));

	CHECK(r->magic == REQUEST_MAGIC);
	if (!j)
		j = json_pack("{s:i,s:i,s:s}", "v", 1, "code", e->code, "message", "failed");
	peer_json(r->peer, FT_FAIL, r->id, j);
	json_decref(j);
	request_end(r);
}

void
request_on_cancel(struct request *r, void (*cb)(void *ctx), void *ctx)
{
	r->cancel = cb;
	r->cancel_ctx = ctx;
}

void
request_on_drain(struct request *r, void (*cb)(void *ctx), void *ctx)
{
	r->drain = cb;
	r->drain_ctx = ctx;
}

bool
request_awaits(struct request *r, const struct pagelist *h)
{
	if (!pagelist_awaits(h))
		return false;
	r->awaits = request_sessions(r)->texts_came + 1;
	return true;
}

struct session *
request_session(struct request *r)
{
	const char *id = json_string_value(json_object_get(r->args, "id"));
	struct err e;
	struct session *s;

	if (!id)
		err_set(&e, 2, "which session? (give an id or a name)");
	else if ((s = sessions_find(request_sessions(r), id, &e)))
		return s;
	request_fail(r, &e);
	return NULL;
}
