/* Requests that change what is stored of sessions: pin, rename, tag, untag, archive, note. With id
 * they are answered by {id, name} or fail; with ids by results, one a session. */
#include "sessions/verb/verb.h"
#include "sessions/wire/json.h"

/* What was asked for is on its way to the store before it is said to be done. */
static void
change(struct request *r, session_fn fn)
{
	struct session *s;
	struct err e;

	if (!json_is_string(json_object_get(request_args(r), "id"))) {
		json_t *results = each_session(r, fn);

		sessions_store(request_sessions(r));
		if (results)
			request_reply(r, json_pack("{s:i,s:o}", "v", 1, "results", results));
	} else if ((s = request_session(r))) {
		int rc = fn(r, s, &e);

		sessions_store(s->of);
		if (rc < 0)
			request_fail(r, &e);
		else
			request_reply(r,
				json_pack("{s:i,s:s,s:s}", "v", 1, "id", s->id, "name", s->name));
	}
}

/* A member of the request that is a string; "" when there is none. */
static const char *
text_arg(struct request *r, const char *key)
{
	const char *text = obj_text(request_args(r), key);

	return text ? text : "";
}

/* A switch of the request, on when it is not there. */
static bool
on_arg(struct request *r, const char *key)
{
	json_t *on = json_object_get(request_args(r), key);

	return !on || json_is_true(on);
}

static int
pin(struct request *r, struct session *s, struct err *e)
{
	(void)e;
	s->pinned = on_arg(r, "pinned");
	session_unsaved(s);
	return 0;
}

static int
rename_it(struct request *r, struct session *s, struct err *e)
{
	return sessions_rename(s, text_arg(r, "name"), e);
}

static int
tag(struct request *r, struct session *s, struct err *e)
{
	return session_tag(s, text_arg(r, "tag"), e);
}

static int
untag(struct request *r, struct session *s, struct err *e)
{
	return session_untag(s, text_arg(r, "tag"), e);
}

static int
archive(struct request *r, struct session *s, struct err *e)
{
	(void)e;
	session_archive(s, on_arg(r, "archived"));
	return 0;
}

static int
note(struct request *r, struct session *s, struct err *e)
{
	return session_set_note(s, text_arg(r, "note"), e);
}

void
cmd_pin(struct request *r)
{
	change(r, pin);
}

void
cmd_rename(struct request *r)
{
	change(r, rename_it);
}

void
cmd_tag(struct request *r)
{
	change(r, tag);
}

void
cmd_untag(struct request *r)
{
	change(r, untag);
}

void
cmd_archive(struct request *r)
{
	change(r, archive);
}

void
cmd_note(struct request *r)
{
	change(r, note);
}
