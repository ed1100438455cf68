#include "sessions/life/course.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/memory/sampler.h"
#include "sessions/pty/keeper_link.h"
#include "sessions/pty/pty.h"
#include "sessions/pty/ring.h"
#include "sessions/pty/shelf.h"
#include "sessions/display/display.h"
#include "sessions/life/ended.h"
#include "sessions/session/exit_status.h"
#include "sessions/display/feed.h"
#include "sessions/life/sessions.h"
#include "sessions/life/start.h"
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define WAKE_S 60.0	      /* one that said nothing for so long is as awake as it gets */
#define TURN_SESSIONS 12      /* asked of the kernel in one tick */
#define WORD_NS 2000000000ull /* the keeper has so long to tell of an end */

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Beginning. */

int
course_begin(struct session *s, char *const *argv, run_cb cb, void *ctx, struct err *e)
{
	struct run *r;

	CHECK(!s->run);
	sessions_keep_name(s);
	r = run_new(s->state);
	s->run = r;
	if (start_child(s, argv, e) < 0) {
		s->run = NULL;
		run_free(r);
		return -1;
	}
	/* from here on the keeper and the store know better what it is */
	shelf_drop(s->of->shelf, s->num, SHELF_END);
	r->on_started = cb;
	r->on_started_ctx = ctx;
	s->past.exit_code = s->past.exit_signal = -1;
	s->past.ended = 0;
	session_set_state(s, SS_STARTING);
	return 0;
}

/* How the request that began it went. s may be gone afterwards. */
static void
tell_starter(struct session *s, run_cb cb, void *ctx, const struct err *e)
{
	if (cb)
		cb(ctx, s, e);
}

/* The run leaves the session, and both know nothing of each other any more. */
static void
detach(struct session *s, enum session_state to)
{
	struct run *r = s->run;

	s->of->ops->over(s->of->ctx, s);
	CHECK(!r->care);
	s->run = NULL;
	run_free(r);
	s->past.ended = os_wall_s();
	s->past.ended_ns = os_mono_ns();
	session_set_state(s, to);
}

static void
start_failed(struct session *s, int error)
{
	struct run *r = s->run;
	run_cb cb = r->on_started;
	void *ctx = r->on_started_ctx;
	bool anew = r->from == SS_STARTING;
	enum session_state back = s->state == SS_STARTING && !anew ? r->from : SS_EXITED;
	struct err e;

	start_error(s, error, &e);
	s->past.exit_code = error == ENOENT ? 127 : 126;
	log_warn("session %u: %s", s->num, e.msg);
	detach(s, back);
	ended_shelve(s);
	if (!anew)
		session_event(s, "resume-failed", json_pack("{s:s}", "reason", e.msg));
	tell_starter(s, cb, ctx, &e);
}

/* Woken, and gone before its CLI took input: it is asleep again, and its conversation untouched. */
static bool
never_woke(const struct session *s)
{
	const struct run *r = s->run;

	return s->state == SS_RUNNING && r->from == SS_ASLEEP && !r->act.ready_ns &&
	       profile_needs_conversation(s->profile) && os_wall_s() - s->past.started < WAKE_S;
}

static void
run_over(struct session *s)
{
	bool failed = never_woke(s), sleeps = s->state == SS_SLEEPING || failed;
	json_t *how = json_object();

	CHECK(s->run->phase == RUN_DRAINING);
	if (s->past.exit_code >= 0)
		json_object_set_new(how, "code", json_integer(s->past.exit_code));
	if (s->past.exit_signal > 0)
		json_object_set_new(how, "signal", json_integer(s->past.exit_signal));
	if (s->display->ring) /* what was too much to be worked off is not tried again */
		ring_set_effects(s->display->ring, ring_head(s->display->ring));
	feed_settle(s, os_mono_ns());
	if (s->of->sampler)
		sampler_left(s->of->sampler, s->num);
	detach(s, sleeps ? SS_ASLEEP : SS_EXITED);
	ended_shelve(s);
	if (failed && *s->display->last_line)
		json_object_set_new(how, "reason", json_string(s->display->last_line));
	session_event(s, failed ? "resume-failed" : sleeps ? "slept" : "exited", how);
}

static bool
on_pty_output(void *ctx, size_t n)
{
	return feed_output(session_check(ctx), n);
}

static void
on_pty_ended(void *ctx)
{
	run_over(session_check(ctx));
}

void
course_take_pty(struct session *s, int take_master)
{
	struct pty_ops ops = {.output = on_pty_output, .ended = on_pty_ended, .ctx = s};

	s->run->pty = pty_new(s->of->ptys, take_master, s->display->ring, &ops);
	if (s->run->pty)
		pty_set_visible(s->run->pty, s->display->lookers > 0);
}

static void
come_alive(struct session *s, pid_t pid, uint64_t start, int take_master, int take_pidfd)
{
	struct run *r = s->run;
	run_cb cb = r->on_started;
	void *ctx = r->on_started_ctx;

	shelf_clear(s->of->shelf, s->num);
	r->phase = RUN_ALIVE;
	r->pid = pid;
	r->pid_start = start;
	r->pidfd = take_pidfd;
	r->started_ns = os_mono_ns();
	r->on_started = NULL;
	s->past.started = os_wall_s();
	course_take_pty(s, take_master);
	if (s->state == SS_STARTING)
		session_set_state(s, SS_RUNNING);
	if (s->of->sampler)
		sampler_add(s->of->sampler, s->num, s->id, pid);
	session_archive(s, false);
	session_event(s, r->from == SS_STARTING ? "started" : "resumed",
		json_pack("{s:i}", "pid", (int)pid));
	s->of->ops->screen(s->of->ctx, s, SCREEN_RESIZED, NULL);
	s->of->ops->started(s->of->ctx, s);
	tell_starter(s, cb, ctx, NULL);
}

void
course_spawned(struct sessions *of, uint32_t num, pid_t pid, uint64_t start, int error,
	int take_master, int take_pidfd)
{
	struct session *s = sessions_num(of, num);

	/* one that is alive already was told with the keeper's table */
	if (!s || !s->run || s->run->phase != RUN_COMING || error || take_master < 0) {
		close_fd(&take_master);
		close_fd(&take_pidfd);
		if (s && s->run && s->run->phase == RUN_COMING)
			start_failed(s, error ? error : EIO);
		return;
	}
	come_alive(s, pid, start, take_master, take_pidfd);
}

/* Ending. */

void
course_reaped(struct session *s, int status)
{
	struct run *r = s->run;

	r->phase = RUN_DRAINING;
	if (status == KEEPER_NO_STATUS) /* a keeper that is not its parent cannot know */
		status = exit_status(r->pidfd, r->pid);
	close_fd(&r->pidfd);
	if (status != KEEPER_NO_STATUS)
		session_exit_status(s, status);
	if (r->pty)
		pty_child_gone(r->pty); /* run_over once its output was read */
	else
		run_over(s);
}

void
course_exited(struct sessions *of, uint32_t num, pid_t pid, int status)
{
	struct session *s = sessions_num(of, num);

	if (s && s->run && s->run->phase == RUN_ALIVE && s->run->pid == pid)
		course_reaped(s, status);
}

void
course_abandon(struct session *s)
{
	log_error(
		"session %u: process %d does not end and is left behind", s->num, (int)s->run->pid);
	detach(s, SS_LOST);
}

/* Its pidfd says that the child is gone. The keeper, which knows how it ended, has its time. */
static void
look_for_end(struct session *s, uint64_t now)
{
	struct run *r = s->run;
	struct pollfd p = {.fd = r ? r->pidfd : -1, .events = POLLIN};

	if (p.fd < 0 || poll(&p, 1, 0) != 1)
		return;
	if (!r->gone_ns)
		r->gone_ns = now;
	if (now - r->gone_ns < WORD_NS)
		return;
	log_warn("session %u: its child is gone, and the keeper does not say how", s->num);
	course_reaped(s, KEEPER_NO_STATUS);
}

void
course_next_turn(struct sessions *ss)
{
	uint32_t running = 0;

	for (struct session *s = ss->first; s; s = s->next)
		running += s->run != NULL;
	ss->turns = MAX((running + TURN_SESSIONS - 1) / TURN_SESSIONS, 1u);
	ss->turn = (ss->turn + 1) % ss->turns;
}

bool
course_turn(const struct session *s)
{
	return s->num % MAX(s->of->turns, 1u) == s->of->turn;
}

void
course_tick(struct sessions *ss, uint64_t now_ns)
{
	for (struct session *s = ss->first; s; s = s->next) {
		look_for_end(s, now_ns);
		if (course_turn(s))
			run_look_stopped(s);
	}
}
