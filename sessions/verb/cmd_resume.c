/* Waking: one session after the other, as memory allows (closing/spawn_guard.h); the reply comes when
 * the last was begun. With `wait`: when each CLI is back with its conversation, or has left again,
 * which is told with its last words. */
#include "sessions/lifecycle/spawn_guard.h"
#include "sessions/lifecycle/wake.h"
#include "sessions/display/display.h"
#include "sessions/session/run.h"
#include "sessions/verb/verb.h"
#include "sessions/wire/json.h"
#include <stdlib.h>
#include <string.h>

enum { LOOK_MS = 50 };

struct resume_job {
	struct sessions *ss;
	struct request *r; /* NULL: the client went; the waking goes on */
	json_t *args, *ids, *results, *guard;
	size_t next; /* of ids */
	bool looked; /* at the disk, for that one: */
	struct wake_facts facts;
	uv_timer_t timer;
};

static const char *
word(const json_t *j)
{
	const char *s = json_string_value(j);

	return s ? s : "";
}

/* What the last reap or hibernate put to sleep: everything asleep that ended within a minute of the
 * newest. */
static json_t *
last_reaped(struct sessions *ss)
{
	json_t *ids = json_array();
	double newest = 0;

	for (struct session *s = ss->first; s; s = s->next)
		if (s->state == SS_ASLEEP)
			newest = MAX(newest, s->past.ended);
	for (struct session *s = ss->first; s; s = s->next)
		if (s->state == SS_ASLEEP && newest - s->past.ended < 60)
			json_array_append_new(ids, json_string(s->id));
	return ids;
}

static json_t *
resume_one(struct session *s, const struct wake_facts *f)
{
	const char *how = "continue";
	struct err e = {0};
	json_t *o;

	if (!wake_stopped(s) && wake_session(s, f, &how, &e) < 0)
		return result_json(s->id, s->name, e.msg);
	o = result_json(s->id, s->name, NULL);
	json_object_set_new(o, "how", json_string(how));
	json_object_set_new(o, "resume", json_sprintf("muster attach %s", s->name));
	return o;
}

static void
job_closed(uv_handle_t *h)
{
	free(h->data);
}

/* Is it still to be seen what comes of it? */
static bool
is_coming(const struct session *s)
{
	return s->state == SS_STARTING ||
	       (s->run && waking_is(s) && profile_needs_conversation(s->profile));
}

/* It has left again. */
static void
failed(json_t *result, const struct session *s)
{
	const char *said = s->display->last_line;

	json_object_set_new(result, "ok", json_false());
	json_object_set_new(result, "error",
		*said ? json_sprintf("it ended at once: %s", said)
		      : json_sprintf("it ended at once (muster events %s)", s->name));
	json_object_del(result, "resume");
}

static bool
all_decided(struct resume_job *j)
{
	json_t *o;
	size_t i;

	json_array_foreach (j->results, i, o) {
		struct session *s = sessions_find(j->ss, obj_text(o, "id"), NULL);

		if (!s || !obj_true(o, "ok") || !profile_needs_conversation(s->profile))
			continue;
		if (is_coming(s))
			return false;
		if (!s->run)
			failed(o, s);
	}
	return true;
}

static void
finish(struct resume_job *j)
{
	json_t *reply =
		json_pack("{s:i,s:o,s:o}", "v", 1, "results", j->results, "guard", j->guard);

	if (j->r)
		request_reply(j->r, reply);
	else
		json_decref(reply);
	json_decref(j->args);
	json_decref(j->ids);
	uv_close((uv_handle_t *)&j->timer, job_closed);
}

static void on_timer(uv_timer_t *t);
static void on_looked(void *ctx, const struct wake_facts *f);

static void
look_first(struct resume_job *j, struct session *s)
{
	if (!s->env) { /* of a session that was lost: as if its caller had started it */
		request_env(j->args, s);
		request_limits(j->args, &s->limits);
	}
	wake_look(s, on_looked, j);
}

static void
wake_some(struct resume_job *j)
{
	for (; j->next < json_array_size(j->ids); j->next++, j->looked = false) {
		const char *id = word(json_array_get(j->ids, j->next));
		struct err e = {0};
		struct session *s = sessions_find(j->ss, id, &e);
		bool live = s && session_live(s);

		if (s && !live && !spawn_may_wake(j->ss, spawn_needs(j->ss, NULL, s))) {
			j->looked = false; /* it may be long until then */
			uv_timer_start(&j->timer, on_timer, LOOK_MS, 0);
			return;
		}
		if (s && !live && !j->looked) {
			look_first(j, s);
			return;
		}
		json_array_append_new(
			j->results, s ? resume_one(s, &j->facts) : result_json(id, id, e.msg));
	}
	if (obj_true(j->args, "wait") && !all_decided(j))
		uv_timer_start(&j->timer, on_timer, LOOK_MS, 0);
	else
		finish(j);
}

static void
on_looked(void *ctx, const struct wake_facts *f)
{
	struct resume_job *j = ctx;

	j->looked = true;
	j->facts = *f;
	wake_some(j);
}

static void
on_timer(uv_timer_t *t)
{
	wake_some(t->data);
}

static void
cancel(void *ctx)
{
	((struct resume_job *)ctx)->r = NULL;
}

static void
begin(struct request *r, json_t *ids)
{
	struct sessions *ss = request_sessions(r);
	struct resume_job *j = xcalloc(1, sizeof(*j));
	struct spawn_guard g = spawn_guard_look(ss, spawn_needs_all(ss, ids));

	j->ss = ss;
	j->r = r;
	j->args = json_incref(request_args(r));
	j->ids = json_incref(ids);
	j->results = json_array();
	j->guard = spawn_guard_json(&g);
	uv_timer_init(ss->loop, &j->timer);
	j->timer.data = j;
	request_on_cancel(r, cancel, j);
	wake_some(j);
}

void
cmd_resume(struct request *r)
{
	struct sessions *ss = request_sessions(r);
	json_t *ids = request_ids(r);
	struct err e = {0};

	request_add_env(r);
	if (!ids)
		ids = last_reaped(ss);
	if (!json_array_size(ids)) {
		err_set(&e, 1, "no session is asleep");
		request_fail(r, &e);
	} else if (request_all_known(r, ids)) {
		begin(r, ids);
	}
	json_decref(ids);
}
