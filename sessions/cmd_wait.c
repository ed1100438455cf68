/* wait: and what else is answered when a session changes. */
#include "core/os.h"
#include "sessions/cmd.h"
#include "sessions/lifecycle.h"
#include <stdlib.h>
#include <string.h>

/* A CLI takes a moment to say that it works on what was sent. Without word of it for so long, what
 * it said before still stands: a command of its own begins no turn. */
#define TAKES_NOTE_NS 3000000000ull
#define ANSWERED_NS 1000000000ull
#define TAKES_NOTE_FIRST_HAND_NS 8000000000ull
/* What was sent while it worked begins a moment after the turn before it ends. */
#define QUEUED_NS 1000000000ull
/* A question is said up to a second before it is drawn. */
#define DRAWN_NS 2000000000ull

static LIST_HEAD(, waiter) waiters = LIST_HEAD_INITIALIZER(waiters);

static void
waiter_drop(struct waiter *w)
{
	LIST_REMOVE(w, link);
	if (w->free_ctx)
		w->free_ctx(w->ctx);
	free(w);
}

static void
on_cancel(void *ctx)
{
	waiter_drop(ctx);
}

void
waiter_add(struct request *r, bool (*done)(struct waiter *w, struct session *changed),
	void (*free_ctx)(void *ctx), void *ctx)
{
	struct waiter *w = xcalloc(1, sizeof(*w));

	*w = (struct waiter){.r = r, .done = done, .free_ctx = free_ctx, .ctx = ctx};
	LIST_INSERT_HEAD(&waiters, w, link);
	request_on_cancel(r, on_cancel, w);
	if (done(w, NULL))
		waiter_drop(w);
}

void
waits_check(struct server *sv, struct session *s)
{
	struct waiter *w, *next;

	(void)sv;
	sends_tick(s, os_mono_ns());
	for (w = LIST_FIRST(&waiters); w; w = next) {
		next = LIST_NEXT(w, link);
		if (w->done(w, s))
			waiter_drop(w);
	}
}

/* Of an AI CLI: did the turn that was sent begin? Keys alone may end one (Esc),
 * or answer. */
static bool
begun(const struct session *s, uint64_t now)
{
	const struct activity_state *a = &s->act;
	uint64_t sent = s->last_turn_ns ? s->last_turn_ns : s->last_send_ns;

	if (now - MAX(sent, a->ready_ns) > TAKES_NOTE_FIRST_HAND_NS)
		return true;
	if (!s->last_turn_ns)
		return a->now_since_ns > sent;
	return a->begun_ns > sent && (!s->turn_queued || now - a->now_since_ns > QUEUED_NS);
}

/* Did its verdict come after what was last sent? Where only output tells, an answer and then quiet
 * count as well: a short answer is over before it is called working. */
static bool
fresh(const struct session *s, uint64_t now)
{
	uint64_t sent = s->last_send_ns;

	if (!sent)
		return true;
	if (profile_needs_conversation(s->profile))
		return begun(s, now);
	return s->act.now_since_ns > sent || now - sent > TAKES_NOTE_NS ||
	       (s->output_ns > sent && now - s->output_ns > ANSWERED_NS);
}

static bool
is_ready(const struct session *s, uint64_t now)
{
	(void)now;
	return s->state == SS_RUNNING && s->act.ready_ns && !lifecycle_waking(s);
}

bool
session_at_rest(const struct session *s, uint64_t now_ns)
{
	return is_ready(s, now_ns) && activity_at_rest(s->act.now) && fresh(s, now_ns);
}

struct wait_for {
	uint32_t num;
	int what; /* index into kinds */
};

static bool
is_idle(const struct session *s, uint64_t now)
{
	return !s->sends && session_at_rest(s, now);
}

static bool
is_blocked(const struct session *s, uint64_t now)
{
	bool drawn = s->act.options.n || now - s->act.now_since_ns > DRAWN_NS;

	return s->state == SS_RUNNING && activity_blocked(s->act.now) && drawn && fresh(s, now);
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
	s = server_session(request_server(w->r), f->num);
	if (s && kinds[f->what].is(s, os_mono_ns())) {
		json_t *o = json_pack("{s:i,s:s,s:s,s:s,s:s}", "v", 1, "id", s->id, "name", s->name,
			"state", session_state_name(s->state), "activity",
			activity_name(s->act.now));
		if (s->exit_code >= 0 && !session_live(s))
			json_object_set_new(o, "exit_code", json_integer(s->exit_code));
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
	const char *what = json_string_value(json_object_get(request_args(r), "for"));
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
		waiter_add(r, wait_done, free, f);
		return;
	}
	err_set(&e, 2, "wait for idle, ready, blocked or exit, not %.40s", what);
	request_fail(r, &e);
}
