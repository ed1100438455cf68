#include "sessions/closing/ends.h"
#include "core/base/log.h"
#include "sessions/session/run.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct end {
	LIST_ENTRY(end) link;
	struct ends *of;
	uint32_t num;
	char id[12];
	bool at_once;
	struct ending *ending;
	ending_cb cb; /* of who puts it to sleep; NULL */
	void *ctx;
};
struct ends {
	struct sessions *ss;
	void (*done)(void *ctx, struct session *s);
	void *ctx;
	LIST_HEAD(, end) list;
};

static const struct ending_times polite = {
	.stray_ms = 1000, .hup_ms = 5000, .term_ms = 5000, .kill_ms = 5000};
static const struct ending_times at_once = {.kill_ms = 5000};

static struct end *
find(const struct ends *e, const char *id)
{
	struct end *x;

	LIST_FOREACH (x, &e->list, link)
		if (!strcmp(x->id, id))
			return x;
	return NULL;
}

static bool
is_shared(void *ctx, pid_t pid)
{
	struct end *x = ctx;
	struct session *s = sessions_num(x->of->ss, x->num);

	return s && session_shares(s, pid);
}

static void
on_ended(void *ctx, enum ending_how how, size_t processes)
{
	struct end *x = ctx;
	struct ends *e = x->of;
	struct session *s = sessions_num(e->ss, x->num);

	if (s && s->run)
		s->run->unkillable = how == ENDED_NOT;
	log_info("session %u: %zu processes ended (%s)", x->num, processes, ending_how_name(how));
	LIST_REMOVE(x, link);
	if (x->cb)
		x->cb(x->ctx, how, processes);
	free(x);
	e->done(e->ctx, s);
}

static struct end *
begin(struct ends *e, struct session *s, const struct ending_times *t)
{
	struct end *x = xcalloc(1, sizeof(*x));

	x->of = e;
	x->num = s->num;
	memcpy(x->id, s->id, sizeof(x->id));
	/* of one that has left already only its strays are there: no pid, found by their marker */
	x->ending = ending_start(e->ss->loop, s->run ? s->run->pid : 0,
		s->run ? s->run->pid_start : UINT64_MAX, s->id, t, is_shared, on_ended, x);
	LIST_INSERT_HEAD(&e->list, x, link);
	return x;
}

/* Whoever waits for the end goes on waiting: only the signals come sooner. */
static void
hasten(struct end *x, struct session *s)
{
	ending_cancel(x->ending);
	x->at_once = true;
	x->ending = ending_start(x->of->ss->loop, s->run->pid, s->run->pid_start, s->id, &at_once,
		is_shared, on_ended, x);
}

static void
kill_tree(struct ends *e, struct session *s, bool now)
{
	struct end *x = find(e, s->id);

	if (!x)
		x = begin(e, s, now ? &at_once : &polite);
	else if (now && !x->at_once)
		hasten(x, s);
	x->at_once |= now;
	if (now)
		run_signal(s, SIGKILL);
}

void
ends_kill(struct ends *e, struct session *s, bool now)
{
	if (!session_live(s))
		return;
	s->run->unkillable = false;
	if (s->state != SS_CLOSING)
		session_set_state(s, SS_CLOSING);
	if (s->run->pid > 0)
		kill_tree(e, s, now);
}

void
ends_started(struct ends *e, struct session *s)
{
	if (s->state == SS_CLOSING)
		kill_tree(e, s, false);
}

void
ends_sleep(struct ends *e, struct session *s, const struct ending_times *t, ending_cb cb, void *ctx)
{
	struct end *x = find(e, s->id);

	CHECK((s->state == SS_SLEEPING || s->state == SS_ASLEEP) && !x);
	x = begin(e, s, t);
	x->cb = cb;
	x->ctx = ctx;
}

bool
ends_busy(const struct ends *e, const char *id)
{
	return find(e, id) != NULL;
}

bool
ends_any(const struct ends *e)
{
	return !LIST_EMPTY(&e->list);
}

struct ends *
ends_new(struct sessions *ss, void (*done)(void *ctx, struct session *s), void *ctx)
{
	struct ends *e = xcalloc(1, sizeof(*e));

	e->ss = ss;
	e->done = done;
	e->ctx = ctx;
	LIST_INIT(&e->list);
	return e;
}

void
ends_close(struct ends *e)
{
	struct end *x;

	while ((x = LIST_FIRST(&e->list))) {
		LIST_REMOVE(x, link);
		ending_cancel(x->ending);
		free(x);
	}
	free(e);
}
