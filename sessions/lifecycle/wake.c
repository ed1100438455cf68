/* What is typed is kept until the session is ready (agent/activity.h), or it had its time. Text goes
 * in first and each Enter 150 ms later: a CLI takes text that comes together with its Enter for a
 * paste. */
#include "sessions/lifecycle/wake.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/closing/care.h"
#include "sessions/lifecycle/memlimit.h"
#include "sessions/life/course.h"
#include "sessions/session/runner.h"
#include <stdlib.h>
#include <string.h>

#define SEC 1000000000ull
#define PATIENCE_NS (30 * SEC)
#define ENTER_DELAY_NS (SEC * 3 / 20)
#define KEEP_BYTES_MAX (64u << 10)
#define LOOK_MS 50

struct waking {
	struct session *s;
	uint64_t since_ns, typed_ns;
	bool draft; /* it came up with text in its prompt: no Enter is pressed behind that */
	struct buf keys;
	uv_timer_t timer;
};

static bool
is_ready(const struct waking *w, uint64_t now)
{
	const struct session *s = w->s;

	return now - w->since_ns > PATIENCE_NS || (s->state == SS_RUNNING && s->run->act.ready_ns);
}

static void
type_some(struct waking *w, uint64_t now)
{
	struct session *s = w->s;
	size_t n = 0;

	if (w->typed_ns && now - w->typed_ns < ENTER_DELAY_NS)
		return;
	while (n < w->keys.len && w->keys.data[n] != '\r')
		n++;
	if (n || !w->draft) {
		n = MAX(n, (size_t)1);
		activity_typed(&s->run->act, w->keys.data, n, now);
		run_write(s, w->keys.data, n, NULL);
		s->run->last_send_ns = now;
	}
	buf_drop(&w->keys, MAX(n, (size_t)1));
	w->typed_ns = now;
}

static void
on_timer(uv_timer_t *t)
{
	struct waking *w = t->data;
	struct session *s = w->s;
	uint64_t now = os_mono_ns();

	if (!w->typed_ns && !is_ready(w, now))
		return;
	if (!w->typed_ns)
		w->draft = s->run->act.prompt.state == PROMPT_TEXT &&
			   profile_needs_conversation(s->profile);
	if (w->keys.len)
		type_some(w, now);
	if (w->keys.len)
		return;
	waking_end(s);
	s->of->ops->evaluated(s->of->ctx, s);
}

static void
begin(struct session *s)
{
	struct waking *w = xcalloc(1, sizeof *w);

	w->s = s;
	w->since_ns = os_mono_ns();
	uv_timer_init(s->of->loop, &w->timer);
	w->timer.data = w;
	uv_timer_start(&w->timer, on_timer, LOOK_MS, LOOK_MS);
	care_of(s)->waking = w;
}

bool
waking_is(const struct session *s)
{
	const struct care *c = care_seen(s);

	return c && c->waking;
}

uint64_t
waking_since(const struct session *s)
{
	return care_seen(s)->waking->since_ns;
}

bool
waking_hold(struct session *s, const void *p, size_t n)
{
	struct waking *w = waking_is(s) ? s->run->care->waking : NULL;

	if (!w || w->keys.len + n > KEEP_BYTES_MAX)
		return false;
	buf_put(&w->keys, p, n);
	return true;
}

static void
on_closed(uv_handle_t *h)
{
	free(h->data);
}

void
waking_end(struct session *s)
{
	struct waking *w = waking_is(s) ? s->run->care->waking : NULL;

	if (!w)
		return;
	s->run->care->waking = NULL;
	buf_free(&w->keys);
	uv_close((uv_handle_t *)&w->timer, on_closed);
}

static char **
wake_argv(struct session *s, bool transcript, const char **how)
{
	char **argv = NULL;

	*how = "resume";
	if (!profile_needs_conversation(s->profile) || transcript ||
		(runner_hides(s) && s->past.last_input > 0)) /* its transcript is not here either */
		argv = profile_resume_argv(s->profile, s->argv, s->conversation);
	if (!argv) {
		/* no prompt was ever sent: the same id begins again */
		*how = "start";
		argv = profile_start_argv(s->profile, s->argv, s->conversation);
	}
	return argv;
}

const struct session *
wake_other(const struct session *s)
{
	for (const struct session *t = s->of->first; t && *s->conversation; t = t->next)
		if (t != s && t->run && t->profile == s->profile &&
			!strcmp(t->conversation, s->conversation))
			return t;
	return NULL;
}

int
wake_check_alone(const struct session *s, const struct wake_facts *f, struct err *e)
{
	const struct session *other = wake_other(s);

	if (other)
		return err_set(e, 1, "its conversation runs in %s already (muster attach %s)",
			other->name, other->name);
	if (f->held)
		return err_set(e, 1, "its conversation is open in process %d: leave it there first",
			(int)f->held);
	return 0;
}

bool
wake_stopped(struct session *s)
{
	if (s->run && s->run->phase == RUN_ALIVE)
		run_look_stopped(s);
	if (!s->run || !s->run->stopped)
		return false;
	memlimit_continue(s);
	return true;
}

int
wake_session(struct session *s, const struct wake_facts *f, const char **how, struct err *e)
{
	char **argv;
	int rc = -1;

	if (session_live(s))
		return err_set(e, 1, "already running");
	if (wake_check_alone(s, f, e) < 0)
		return -1;
	if (s->cwd && !f->directory)
		return err_set(e, 1, "its directory %.160s no longer exists", s->cwd);
	if (s->no_store && !s->argv[0] && !*s->conversation)
		return err_set(e, 1, "its command was not stored (start it with new)");
	argv = wake_argv(s, f->transcript, how);
	if (s->runner || f->program)
		rc = course_begin(s, argv, NULL, NULL, e);
	else
		err_set(e, 1,
			strchr(argv[0], '/') ? "%.200s: not found" : "%.200s: not found on PATH",
			argv[0]);
	free(argv);
	if (rc == 0)
		begin(s);
	return rc;
}
