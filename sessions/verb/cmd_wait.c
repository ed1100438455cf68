/* wait: answered when a session is at rest, blocked, or over. */
#include "core/os/os.h"
#include "sessions/lifecycle/typing.h"
#include "sessions/server/server.h"
#include "sessions/server/waits.h"
#include "sessions/session/run.h"
#include "sessions/verb/verb.h"
#include "sessions/wire/json.h"
#include <stdlib.h>
#include <string.h>

/* A question is said up to a second before it is drawn. */
#define DRAWN_NS 2000000000ull

struct wait_for {
	uint32_t num;
	int what; /* index into kinds */
};

static bool
is_idle(const struct session *s, uint64_t now)
{
	return s->run && !typing_waits(s) && typing_at_rest(s, now);
}

static bool
is_blocked(const struct session *s, uint64_t now)
{
	const struct activity_state *a = s->run ? &s->run->act : NULL;

	return a && s->state == SS_RUNNING && activity_blocked(a->now) &&
	       (a->options.n || now - a->now_since_ns > DRAWN_NS) && typing_answered(s, now);
}

static bool
is_ready(const struct session *s, uint64_t now)
{
	(void)now;
	return typing_is_ready(s);
}

static bool
is_over(const struct session *s, uint64_t now)
{
	(void)now;
	return !session_live(s);
}

static const struct {
	const char *name;
	bool (*is)(const struct session *s, uint64_t now);
} kinds[] = {{"idle", is_idle}, {"ready", is_ready}, {"blocked", is_blocked}, {"exit", is_over}};

static bool
wait_done(struct waiter *w, struct session *changed)
{
	struct wait_for *f = w->ctx;
	struct session *s;
	struct err e;

	if (changed && changed->num != f->num)
		return false;
	s = sessions_num(request_sessions(w->r), f->num);
	if (s && kinds[f->what].is(s, os_mono_ns())) {
		json_t *o = json_pack("{s:i,s:s,s:s,s:s,s:s}", "v", 1, "id", s->id, "name", s->name,
			"state", session_state_name(s->state), "activity",
			activity_name(run_activity(s)));
		if (s->past.exit_code >= 0 && !session_live(s))
			json_object_set_new(o, "exit_code", json_integer(s->past.exit_code));
		request_reply(w->r, o);
		return true;
	}
	if (s && session_live(s))
		return false;
	err_set(&e, 1, "%s ended before that", s ? s->name : "the session");
	request_fail(w->r, &e);
	return true;
}

void
cmd_wait(struct request *r)
{
	const char *what = obj_text(request_args(r), "for");
	struct session *s = request_session(r);
	struct wait_for *f;
	struct err e;

	if (!s)
		return;
	for (int i = 0; i < (int)ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i].name, what ? what : "idle"))
			continue;
		f = xcalloc(1, sizeof(*f));
		*f = (struct wait_for){.num = s->num, .what = i};
		waits_add(server_waits(request_server(r)), r, wait_done, free, f);
		return;
	}
	err_set(&e, 2, "wait for idle, ready, blocked or exit, not %.40s", what);
	request_fail(r, &e);
}
