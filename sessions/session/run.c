#include "sessions/session/run.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/memory/sampler.h"
#include "sessions/pty/keeper_link.h"
#include "sessions/pty/pty.h"
#include "sessions/pty/ring.h"
#include "sessions/pty/shelf.h"
#include "sessions/session/checkpoint.h"
#include "sessions/session/display.h"
#include "sessions/session/ended.h"
#include "sessions/session/foreground.h"
#include "sessions/session/sessions.h"
#include "sessions/session/start.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TOLD_NS 10000000000ull
#define TOLD_MAX 20

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

void
run_free(struct run *r)
{
	if (!r)
		return;
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
	CHECK(!r->pty || s->display->ring);
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

/* Beginning. */

int
run_start(struct session *s, char *const *argv, run_cb cb, void *ctx, struct err *e)
{
	struct run *r;

	CHECK(!s->run);
	r = run_new(s->state);
	s->run = r;
	if (start_child(s, argv, e) < 0) {
		s->run = NULL;
		run_free(r);
		return -1;
	}
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

static bool
on_pty_output(void *ctx, size_t n)
{
	return display_output(session_check(ctx), n);
}

static void
on_pty_ended(void *ctx)
{
	run_over(session_check(ctx));
}

void
run_take_pty(struct session *s, int take_master)
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
	run_take_pty(s, take_master);
	if (s->state == SS_STARTING)
		session_set_state(s, SS_RUNNING);
	if (s->of->sampler)
		sampler_add(s->of->sampler, s->num, s->id, pid);
	session_event(s, r->from == SS_STARTING ? "started" : "resumed",
		json_pack("{s:i}", "pid", (int)pid));
	s->of->ops->screen(s->of->ctx, s, SCREEN_RESIZED, NULL);
	s->of->ops->started(s->of->ctx, s);
	tell_starter(s, cb, ctx, NULL);
}

void
run_spawned(struct sessions *of, uint32_t num, pid_t pid, uint64_t start, int error,
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
run_reaped(struct session *s, int status)
{
	struct run *r = s->run;

	r->phase = RUN_DRAINING;
	close_fd(&r->pidfd);
	if (status != KEEPER_NO_STATUS) /* a keeper that is not its parent cannot know */
		session_exit_status(s, status);
	if (r->pty)
		pty_child_gone(r->pty); /* run_over once its output was read */
	else
		run_over(s);
}

void
run_exited(struct sessions *of, uint32_t num, pid_t pid, int status)
{
	struct session *s = sessions_num(of, num);

	if (s && s->run && s->run->phase == RUN_ALIVE && s->run->pid == pid)
		run_reaped(s, status);
}

void
run_over(struct session *s)
{
	bool sleeps = s->state == SS_SLEEPING;
	json_t *how = json_object();

	CHECK(s->run->phase == RUN_DRAINING);
	if (s->past.exit_code >= 0)
		json_object_set_new(how, "code", json_integer(s->past.exit_code));
	if (s->past.exit_signal > 0)
		json_object_set_new(how, "signal", json_integer(s->past.exit_signal));
	if (s->display->ring) /* what was too much to be worked off is not tried again */
		ring_set_effects(s->display->ring, ring_head(s->display->ring));
	display_settle(s, os_mono_ns());
	if (s->of->sampler)
		sampler_remove(s->of->sampler, s->num);
	detach(s, sleeps ? SS_ASLEEP : SS_EXITED);
	ended_shelve(s);
	session_event(s, sleeps ? "slept" : "exited", how);
}

void
run_abandon(struct session *s)
{
	log_error(
		"session %u: process %d does not end and is left behind", s->num, (int)s->run->pid);
	detach(s, SS_LOST);
}

/* While it runs. */

int
run_write(struct session *s, const void *p, size_t n, struct err *e)
{
	int rc;

	if (!s->run || !s->run->pty)
		return err_set(e, 1, "%s is not running (it is %s)", s->name,
			session_state_name(s->state));
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

int
run_signal(struct session *s, int sig)
{
	if (!s->run || s->run->pidfd < 0)
		return -ESRCH;
	return syscall(SYS_pidfd_send_signal, s->run->pidfd, sig, NULL, 0) < 0 ? -errno : 0;
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
		foreground_look(s);
	if (activity_evaluate(&r->act, s->profile, now_ns)) {
		bool tell = may_tell(s, now_ns);

		session_changed(s);
		if (tell)
			log_info("session %u: %s -> %s (%s)", s->num, activity_name(was),
				activity_name(r->act.now), activity_source_name(r->act.source));
		if (tell && was != r->act.now && activity_blocked(r->act.now))
			session_event(s, "asked",
				json_pack("{s:s,s:s}", "activity", activity_name(r->act.now),
					"wants", r->act.detail));
		if (!term_parked(s->display->term))
			checkpoint_save(s); /* the signals are in it */
		ops->activity(s->of->ctx, s);
	}
	ops->evaluated(s->of->ctx, s);
}
