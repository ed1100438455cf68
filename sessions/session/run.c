#include "sessions/session/run.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/memory/census.h"
#include "sessions/pty/pty.h"
#include "sessions/proc/foreground.h"
#include "sessions/session/house.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOLD_NS 10000000000ull
#define TOLD_MAX 20
#define CONTINUE_MS 300 /* longer than between a text and its Enter */

static const char *const phases[] = {"coming", "alive", "draining"};

struct run *
run_new(enum session_state from)
{
	struct run *r = xcalloc(1, sizeof(*r));

	r->from = from;
	r->pidfd = -1;
	activity_init(&r->act, os_mono_ns());
	return r;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

struct census_who
run_census(const struct session *s)
{
	struct census_who w = {.num = s->num, .pid = s->run->pid, .started = s->past.started};

	memcpy(w.id, s->id, sizeof(w.id));
	return w;
}

static void
on_closed(uv_handle_t *h)
{
	free(h);
}

static void
want_no_more(struct run *r)
{
	if (r->wanted)
		uv_close((uv_handle_t *)r->wanted, on_closed);
	r->wanted = NULL;
}

void
run_free(struct run *r)
{
	if (!r)
		return;
	want_no_more(r);
	pty_free(r->pty);
	close_fd(&r->pidfd);
	activity_deinit(&r->act);
	buf_free(&r->replies);
	free(r);
}

void
run_check(const struct session *s)
{
	const struct run *r = s->run;

	CHECK((r != NULL) == session_live(s));
	if (!r)
		return;
	CHECK(r->phase == RUN_COMING ? !r->pty : r->pid > 0);
	CHECK(r->phase == RUN_COMING ? s->state != SS_RUNNING : s->state != SS_STARTING);
	CHECK(r->phase != RUN_DRAINING || r->pidfd < 0);
}

void
run_dump(const struct session *s, FILE *out)
{
	const struct run *r = s->run;

	if (r)
		fprintf(out, "  run %s: pid %d (%llu), pidfd %d, pty %d, %s by %s\n",
			phases[r->phase], (int)r->pid, (unsigned long long)r->pid_start, r->pidfd,
			r->pty ? pty_fd(r->pty) : -1, activity_name(r->act.now),
			activity_source_name(r->act.source));
}

void
run_look_stopped(struct session *s)
{
	struct run *r = s->run;
	/* no signal of the terminal stops the first process on it: it waits to be continued */
	bool is = r && r->phase == RUN_ALIVE && r->pty &&
		  (foreground_stopped(pty_fd(r->pty), r->pid) ||
			  (r->act.stopped_on_screen && foreground_line_mode(pty_fd(r->pty))));

	if (!r || r->stopped == is)
		return;
	r->stopped = is;
	log_info("session %u: %s", s->num, is ? "stopped" : "continued");
	session_changed(s);
}

static void
on_wanted(uv_timer_t *t)
{
	struct session *s = session_check(t->data);

	want_no_more(s->run);
	if (s->run->pty)
		foreground_continue(pty_fd(s->run->pty), s->run->pid);
	run_look_stopped(s);
}

/* What is typed in one go it finds in one go. */
static void
want(struct session *s)
{
	struct run *r = s->run;

	if (!r->wanted) {
		r->wanted = xcalloc(1, sizeof(*r->wanted));
		uv_timer_init(s->of->loop, r->wanted);
		r->wanted->data = s;
	}
	uv_timer_start(r->wanted, on_wanted, CONTINUE_MS, 0);
}

int
run_write(struct session *s, const void *p, size_t n, struct err *e)
{
	int rc;

	if (!s->run || !s->run->pty)
		return err_set(e, 1, "%s is not running (it is %s)", s->name,
			session_state_name(s->state));
	run_look_stopped(s);
	if (s->run->stopped && s->run->mem_level < 2)
		want(s);
	if ((rc = pty_write(s->run->pty, p, n)) == -ENOBUFS)
		return err_set(e, 1, "%s is not reading its input (1 MiB queued)", s->name);
	if (rc < 0)
		return err_set(e, 1, "cannot write to %s (%s)", s->name, strerror(-rc));
	s->past.last_input = os_wall_s();
	return 0;
}

void
run_flush_replies(struct session *s)
{
	struct run *r = s->run;

	if (!r)
		return;
	if (r->replies.len && r->pty && pty_write(r->pty, r->replies.data, r->replies.len) < 0)
		log_warn("session %u does not read what it asked for", s->num);
	r->replies.len = 0;
}

enum activity
run_activity(const struct session *s)
{
	return s->run ? s->run->act.now : ACT_UNKNOWN;
}

/* A program may say something else a thousand times a second; log and events hear of some. */
static bool
may_tell(struct session *s, uint64_t now_ns)
{
	struct run *r = s->run;

	if (now_ns - r->told_ns > TOLD_NS) {
		if (r->untold)
			log_info("session %u: %u changes of its activity were not told", s->num,
				r->untold);
		r->told_ns = now_ns;
		r->told = r->untold = 0;
	}
	if (r->told++ < TOLD_MAX)
		return true;
	r->untold++;
	return false;
}

/* What works in front of a shell, asked of the kernel. */
static void
look_at_front(struct session *s)
{
	struct run *r = s->run;
	char name[sizeof r->act.foreground] = "";

	if (s->state == SS_RUNNING && r->pty)
		foreground_name(pty_fd(r->pty), r->pid, r->act.prompt.state != PROMPT_UNSEEN, name,
			sizeof name);
	activity_foreground(&r->act, name);
}

/* Its account's limit: read off the screen where it stopped by one, over when a turn ends well. */
static void
look_at_limit(struct session *s, uint64_t now_ns)
{
	struct activity_state *a = &s->run->act;
	bool said = a->source <= SRC_HOOK;
	double now = os_wall_s(), until;

	if (said && a->now == ACT_DONE) {
		session_set_limited(s, 0);
		s->limit_tries = 0;
	} else if (a->limit_text[0] && s->limited_until <= now &&
		   (a->now == ACT_ERROR || (!said && activity_at_rest(a->now)))) {
		until = usage_time(a->limit_text, now);
		if (until > 0)
			session_set_limited(s, until);
	}
	a->limited_ns =
		s->limited_until > now ? now_ns + (uint64_t)((s->limited_until - now) * 1e9) : 0;
}

bool
run_waits(const struct session *s, uint64_t now_ns)
{
	return s->run && activity_waits(&s->run->act, now_ns);
}

void
run_evaluate(struct session *s, uint64_t now_ns)
{
	const struct session_ops *ops = s->of->ops;
	struct run *r = s->run;
	enum activity was;

	if (!r)
		return;
	was = r->act.now;
	if (!profile_needs_conversation(s->profile))
		look_at_front(s);
	look_at_limit(s, now_ns);
	if (activity_evaluate(&r->act, s->profile, now_ns)) {
		bool tell = may_tell(s, now_ns);

		session_changed(s);
		if (tell)
			log_info("session %u: %s -> %s (%s)", s->num, activity_name(was),
				activity_name(r->act.now), activity_source_name(r->act.source));
		if (was != r->act.now && activity_blocked(r->act.now))
			session_archive(s, false);
		if (tell && was != r->act.now && activity_blocked(r->act.now))
			session_event(s, "asked",
				json_pack("{s:s,s:s}", "activity", activity_name(r->act.now),
					"wants", r->act.detail));
		ops->activity(s->of->ctx, s);
	}
	ops->evaluated(s->of->ctx, s);
}
