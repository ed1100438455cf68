#include "sessions/lifecycle/notice_run.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/closing/care.h"
#include "sessions/display/display.h"
#include "sessions/session/run.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUN_MS 30000
#define QUIET "quiet" /* a session tagged so is never told of */
#define VARS 4

struct notice {
	uv_process_t process;
	uv_timer_t timer;
	int closing;
};

extern char **environ;

static void
on_closed(uv_handle_t *h)
{
	struct notice *n = h->data;

	if (--n->closing == 0)
		free(n);
}

static void
end(struct notice *n)
{
	n->closing = 2;
	uv_close((uv_handle_t *)&n->process, on_closed);
	uv_close((uv_handle_t *)&n->timer, on_closed);
}

static void
on_exit_of(uv_process_t *p, int64_t status, int sig)
{
	if (status || sig)
		log_warn("the command for notices failed (%s %d)", sig ? "signal" : "exit code",
			sig ? sig : (int)status);
	end(p->data);
}

static void
on_timeout(uv_timer_t *t)
{
	struct notice *n = t->data;

	kill(-n->process.pid, SIGKILL); /* it leads a group of its own */
}

static void
spawn(struct session *s, char *const vars[VARS])
{
	char *argv[] = {"/bin/sh", "-c", s->of->config->notify_command, NULL}, **env;
	uv_process_options_t o = {
		.exit_cb = on_exit_of, .file = argv[0], .args = argv, .flags = UV_PROCESS_DETACHED};
	struct notice *n = xcalloc(1, sizeof(*n));
	size_t have = 0;
	int rc;

	while (environ[have])
		have++;
	env = xcalloc(have + VARS + 1, sizeof(*env));
	memcpy(env, vars, VARS * sizeof(*env)); /* of two of a name the first counts */
	memcpy(env + VARS, environ, have * sizeof(*env));
	o.env = env;
	n->process.data = n->timer.data = n;
	uv_timer_init(s->of->loop, &n->timer);
	rc = uv_spawn(s->of->loop, &n->process, &o);
	free(env);
	if (rc < 0) {
		log_warn("the command for notices: %s", uv_strerror(rc));
		end(n);
		return;
	}
	uv_timer_start(&n->timer, on_timeout, RUN_MS, 0);
	uv_unref((uv_handle_t *)&n->timer);
	uv_unref((uv_handle_t *)&n->process);
}

static void
tell(struct session *s, enum notify_kind kind, const char *text)
{
	char notice[40], name[100], id[40], what[160];
	char *const vars[VARS] = {notice, name, id, what};

	if (!s->of->config->notify_command[0] || s->display->viewers || session_has_tag(s, QUIET) ||
		!notice_allowed(&care_of(s)->told, (double)os_mono_ns() / 1e9))
		return;
	snprintf(notice, sizeof(notice), "MUSTER_NOTICE=%s", notify_kind_name(kind));
	snprintf(name, sizeof(name), "MUSTER_NAME=%s", s->name);
	snprintf(id, sizeof(id), "MUSTER_ID=%s", s->id);
	snprintf(what, sizeof(what), "MUSTER_TEXT=%s", text);
	spawn(s, vars);
}

void
notice_found(struct session *s)
{
	care_of(s)->notice = notice_kind(s->run->act.now) + 1;
}

void
notice_look(struct session *s)
{
	const struct activity_state *a = &s->run->act;
	int was = care_of(s)->notice, kind = notice_kind(a->now);

	notice_found(s);
	if (kind >= 0 && kind + 1 != was)
		tell(s, (enum notify_kind)kind, a->detail[0] ? a->detail : activity_name(a->now));
}

void
notice_grows(struct session *s)
{
	tell(s, NOTIFY_GROWING, "its memory grows");
}
