/* Waking, for one request: two CLIs at a time, since each of them takes a processor and much of the
 * disk while it starts. With `wait`, one counts as awake when its CLI takes input with its
 * conversation, and the reason is told when it went to sleep again; without, when it was begun. */
#include "core/os/os.h"
#include "sessions/closing/wake.h"
#include "sessions/session/display.h"
#include "sessions/session/run.h"
#include "sessions/verb/verb.h"
#include "sessions/wire/json.h"
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 30
#define AT_ONCE 2
#define PATIENCE_NS 10000000000ull /* one that says nothing holds the others up no longer */

struct wakes {
	struct request *r; /* NULL: the client went; the rest is woken all the same */
	struct sessions *ss;
	json_t *args, *ids, *results;
	size_t next; /* of ids */
	bool wait;
	uv_timer_t timer;
};

static bool
is_starting(const struct session *s)
{
	return s->run && (s->state == SS_STARTING || waking_is(s)) &&
	       profile_needs_conversation(s->profile);
}

static unsigned
starting(const struct sessions *ss)
{
	unsigned n = 0;

	for (const struct session *s = ss->first; s; s = s->next)
		n += is_starting(s) &&
		     (!waking_is(s) || os_mono_ns() - waking_since(s) < PATIENCE_NS);
	return n;
}

static void
begin_one(struct wakes *w)
{
	struct session *s;
	const char *how = "";
	struct err e = {0};
	json_t *o;

	s = sessions_find(w->ss, json_string_value(json_array_get(w->ids, w->next++)), &e);
	if (!s) /* deleted while it waited for its turn */
		return;
	if (!s->env) { /* of a session that was lost: as if its caller had started it */
		request_env(w->args, s);
		request_limits(w->args, &s->limits);
	}
	if (wake_session(s, &how, &e) < 0) {
		o = result_json(s->id, s->name, e.msg);
	} else {
		o = result_json(s->id, s->name, NULL);
		json_object_set_new(o, "how", json_string(how));
		json_object_set_new(o, "resume", json_sprintf("muster attach %s", s->name));
	}
	json_array_append_new(w->results, o);
}

/* Is it still to be seen what comes of it? */
static bool
undecided(struct wakes *w, json_t *o)
{
	struct session *s = sessions_find(w->ss, obj_text(o, "id"), NULL);
	json_t *why;

	if (!obj_true(o, "ok") || !s || is_starting(s))
		return s && obj_true(o, "ok");
	if (s->run)
		return s->state == SS_STARTING;
	why = *s->display->last_line ? json_sprintf("it ended at once: %s", s->display->last_line)
				     : json_sprintf("it ended at once (muster events %s)", s->name);
	json_object_set_new(o, "ok", json_false());
	json_object_set_new(o, "error", why);
	json_object_del(o, "resume");
	return false;
}

static void
on_closed(uv_handle_t *h)
{
	free(h->data);
}

static void
on_look(uv_timer_t *t)
{
	struct wakes *w = t->data;
	bool more = false;
	json_t *o;
	size_t i;

	while (w->next < json_array_size(w->ids) && starting(w->ss) < AT_ONCE)
		begin_one(w);
	json_array_foreach (w->results, i, o)
		more |= w->wait && undecided(w, o);
	if (more || w->next < json_array_size(w->ids))
		return;
	if (w->r)
		request_reply(w->r, json_pack("{s:i,s:O}", "v", 1, "results", w->results));
	json_decref(w->args);
	json_decref(w->ids);
	json_decref(w->results);
	uv_close((uv_handle_t *)t, on_closed);
}

static void
on_cancel(void *ctx)
{
	((struct wakes *)ctx)->r = NULL;
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

void
cmd_resume(struct request *r)
{
	json_t *ids = request_ids(r);
	struct wakes *w;
	struct err e;

	if (!ids)
		ids = last_reaped(request_sessions(r));
	if (!json_array_size(ids)) {
		err_set(&e, 1, "no session is asleep");
		request_fail(r, &e);
	} else if (ids_known(r, ids)) {
		w = xcalloc(1, sizeof(*w));
		*w = (struct wakes){.r = r,
			.ss = request_sessions(r),
			.args = json_incref(request_args(r)),
			.ids = json_incref(ids),
			.results = json_array(),
			.wait = obj_true(request_args(r), "wait")};
		request_on_cancel(r, on_cancel, w);
		uv_timer_init(w->ss->loop, &w->timer);
		w->timer.data = w;
		uv_timer_start(&w->timer, on_look, 0, LOOK_MS);
	}
	json_decref(ids);
}
