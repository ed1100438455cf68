/* Requests about whole sessions: list, start, end. */
#include "core/base/log.h"
#include "core/os/os.h"
#include "core/text/width.h"
#include "sessions/lifecycle/lifecycle.h"
#include "sessions/lifecycle/spawn_guard.h"
#include "sessions/lifecycle/typing.h"
#include "sessions/lifecycle/wake.h"
#include "sessions/proc/proc_read.h"
#include "sessions/peer/peer.h"
#include "sessions/server/server.h"
#include "sessions/server/waits.h"
#include "sessions/session/run.h"
#include "sessions/display/display.h"
#include "sessions/display/feed.h"
#include "sessions/verb/verb.h"
#include "sessions/wire/json.h"
#include "sessions/life/course.h"
#include "sessions/life/sessions.h"
#include "sessions/session/caller_env.h"
#include "sessions/session/runner.h"
#include "sessions/life/worktree.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define ENVIRON_MAX (256u << 10)
#define YOUNG_S 15.0
#define LAST_WORDS_S 600.0

/* Lists. */

/* Nothing has happened in it for so long: no text, no typing, not its end. */
static double
unused_s(const struct session *s)
{
	const struct session_past *past = &s->past;

	if (s->run && s->run->phase != RUN_COMING)
		return activity_idle_s(&s->run->act, os_mono_ns());
	return os_wall_s() - MAX(MAX(past->ended, past->last_output), past->last_input);
}

/* A CLI that could not begin: its last words are worth a look for a while, though it ended. */
static bool
died_young(const struct session *s)
{
	const struct session_past *p = &s->past;
	bool ended_by_us =
		p->exit_signal == SIGHUP || p->exit_signal == SIGTERM || p->exit_signal == SIGKILL;

	return s->state == SS_EXITED && (p->exit_code > 0 || p->exit_signal > 0) && !ended_by_us &&
	       profile_needs_conversation(s->profile) && p->ended - p->started < YOUNG_S &&
	       os_wall_s() - p->ended < LAST_WORDS_S;
}

static bool
listed(const struct session *s, const json_t *args)
{
	const char *tag = obj_text(args, "tag"), *state = obj_text(args, "state");

	if (state && strcmp(state, session_state_name(s->state)) &&
		(s->state != SS_RUNNING || strcmp(state, activity_name(run_activity(s)))))
		return false;
	if (tag && !session_has_tag(s, tag))
		return false;
	if (unused_s(s) < obj_num(args, "older_s", 0))
		return false;
	return state || obj_true(args, "all") ||
	       ((session_kept(s) || died_young(s)) && !s->archived);
}

static bool
state_known(const char *name)
{
	for (int i = 0; i < SS_COUNT; i++)
		if (!strcmp(name, session_state_name((enum session_state)i)))
			return true;
	for (int i = 0; i < ACT_COUNT; i++)
		if (!strcmp(name, activity_name((enum activity)i)))
			return true;
	return false;
}

static json_t *
list_json(struct request *r, const json_t *args)
{
	struct sessions *ss = request_sessions(r);
	json_t *a = json_array();

	for (struct session *s = ss->first; s; s = s->next)
		if (!args || listed(s, args))
			json_array_append_new(a, session_json(s));
	return json_pack("{s:i,s:s,s:o,s:o,s:o,s:s}", "v", 1, "host", ss->host, "sessions", a,
		"totals", sessions_totals_json(ss), "pressure", sessions_pressure_json(ss),
		"banner", server_banner(request_server(r)));
}

void
cmd_ls(struct request *r)
{
	const char *state = obj_text(request_args(r), "state");
	struct err e;

	if (state && !state_known(state)) {
		err_set(&e, 2, "no session can be %.40s (running, asleep, exited, idle, …)", state);
		request_fail(r, &e);
		return;
	}
	request_reply(r, list_json(r, request_args(r)));
}

void
cmd_watch(struct request *r)
{
	request_peer(r)->watching = true;
	request_reply(r, list_json(r, NULL));
}

/* new */

void
request_limits(const json_t *args, struct spawn_limits *l)
{
	json_t *a = json_object_get(args, "limits"), *one, *mask = json_object_get(args, "umask");
	size_t i;

	l->mask = json_is_integer(mask) ? (unsigned)json_integer_value(mask) & 0777 : 022;
	l->n = 0;
	json_array_foreach (a, i, one) {
		json_int_t cur = json_integer_value(json_array_get(one, 1));
		json_int_t max = json_integer_value(json_array_get(one, 2));
		if (l->n == SPAWN_LIMITS)
			break;
		l->limit[l->n].resource = (unsigned)json_integer_value(json_array_get(one, 0));
		l->limit[l->n].cur = cur < 0 ? UINT64_MAX : (uint64_t)cur;
		l->limit[l->n++].max = max < 0 ? UINT64_MAX : (uint64_t)max;
	}
}

bool
request_env(const json_t *args, struct session *s)
{
	json_t *a = json_object_get(args, "env"), *over = json_object_get(args, "env_over"), *kv;
	char **v;
	size_t i;

	if (!json_is_array(a))
		return true;
	for (i = json_array_size(a); i-- > 0;) {
		const char *was = json_string_value(json_array_get(a, i));

		if (was && env_is_callers(was))
			json_array_remove(a, i);
	}
	json_array_foreach (over, i, kv) { /* what was asked for by name is given */
		const char *text = json_string_value(kv);
		size_t n = text ? strcspn(text, "=") : 0;

		if (!n || text[n] != '=')
			return false;
		for (size_t k = json_array_size(a); k-- > 0;) {
			const char *was = json_string_value(json_array_get(a, k));

			if (was && !strncmp(was, text, n + 1))
				json_array_remove(a, k);
		}
		json_array_append(a, kv);
	}
	if (!(v = json_words(a)))
		return false;
	free(s->env);
	s->env = v;
	return true;
}

void
request_add_env(struct request *r)
{
	json_t *args = request_args(r), *env;
	char *text;
	ssize_t n;

	if (json_object_get(args, "env"))
		return;
	text = xmalloc(ENVIRON_MAX);
	n = proc_read(request_peer(r)->pid, "environ", text, ENVIRON_MAX);
	env = json_array();
	for (ssize_t i = 0; i < n; i += (ssize_t)strlen(text + i) + 1)
		if (strchr(text + i, '='))
			json_array_append_new(env, json_string(text + i)); /* or it is no UTF-8 */
	json_object_set_new(args, "env", env);
	explicit_bzero(text, ENVIRON_MAX);
	free(text);
}

static const struct profile *
pick_profile(struct sessions *ss, const json_t *args, char *const *argv, struct err *e)
{
	const char *name = obj_text(args, "profile");
	const struct profile *p;

	if (name) {
		if (!(p = profile_find(ss->profiles, name)))
			err_set(e, 2, "no profile %.60s (muster config default lists them)", name);
		return p;
	}
	if (argv && argv[0])
		return profile_of_command(ss->profiles, argv);
	if (!(p = profile_find(ss->profiles, "claude")))
		err_set(e, 1, "no profile claude");
	return p;
}

/* ~ stands for the home of the session's user, which another machine's client does not know. NULL and *e. */
static char *
full_dir(struct session *s, const char *dir, struct err *e)
{
	const char *home = session_getenv(s, "HOME");

	dir = dir ? dir : "~";
	if (*dir == '~' && (!dir[1] || dir[1] == '/') && home && *home == '/')
		return xasprintf("%s%s", home, dir + 1);
	if (*dir == '/')
		return xstrdup(dir);
	err_set(e, 2, "the directory must be a full path");
	return NULL;
}

static int
new_from_args(struct session *s, const json_t *a, struct err *e)
{
	struct sessions *ss = s->of;
	const char *name = obj_text(a, "name"), *limit, *runner;
	json_t *tag;
	size_t i;

	if (name && strlen(name) >= sizeof(s->name))
		return err_set(e, 2, "the name is too long (63 bytes)");
	if (name)
		snprintf(s->name, sizeof(s->name), "%s", name);
	if (json_array_size(json_object_get(a, "argv")) &&
		!(s->argv = json_words(json_object_get(a, "argv"))))
		return err_set(e, 2, "arguments must not contain NUL");
	if (!request_env(a, s))
		return err_set(e, 2, "environment must be NAME=VALUE, without NUL");
	if (!(s->cwd = full_dir(s, obj_text(a, "cwd"), e)))
		return -1;
	if (!(s->profile = pick_profile(ss, a, s->argv, e)))
		return -1;
	if (!s->argv)
		s->argv = profile_start_argv(s->profile, NULL, "");
	if (*(runner = obj_text(a, "runner") ? obj_text(a, "runner")
					     : profile_runner(s->profile))) {
		if (runner_known(ss, runner, e) < 0)
			return -1;
		s->runner = xstrdup(runner);
	}
	json_array_foreach (json_object_get(a, "tags"), i, tag)
		if (session_tag(s, json_is_string(tag) ? json_string_value(tag) : "", e) < 0)
			return -1;
	request_limits(a, &s->limits);
	if (json_is_integer(json_object_get(a, "cols"))) {
		s->display->cols =
			CLAMP((int)json_integer_value(json_object_get(a, "cols")), 1, 4096);
		s->display->rows =
			CLAMP((int)json_integer_value(json_object_get(a, "rows")), 1, 1000);
	}
	s->pinned = obj_true(a, "pin");
	s->no_store = obj_true(a, "no_store");
	s->mem_max = (uint64_t)obj_int(a, "mem_max", 0);
	limit = profile_mem_max(s->profile);
	if (!s->mem_max && *limit && !parse_size(limit, &s->mem_max))
		return err_set(e, 2, "profile %s: mem_max = %.40s is not a size such as 2G",
			profile_name(s->profile), limit);
	return 0;
}

/* What `new` with these arguments, or waking these sessions, would be told. */
void
cmd_guard(struct request *r)
{
	struct sessions *ss = request_sessions(r);
	json_t *a = request_args(r), *words = json_object_get(a, "argv"), *ids = request_ids(r);
	char **argv = json_array_size(words) ? json_words(words) : NULL;
	const struct profile *p = ids ? NULL : pick_profile(ss, a, argv, &(struct err){0});
	struct spawn_guard g =
		spawn_guard_look(ss, p ? spawn_needs(ss, p, NULL) : spawn_needs_all(ss, ids));

	request_reply(r, json_pack("{s:i,s:o}", "v", 1, "guard", spawn_guard_json(&g)));
	json_decref(ids);
	free(argv);
}

/* One on its way. It gets its number when all is known that it begins with. */
struct newcomer {
	struct request *r; /* NULL: the client left */
	struct sessions *ss;
	struct session *s;
	bool added; /* s is one of ss; until then it is ours */
	char *made; /* the worktree that was made for it; NULL none */
	json_t *guard;
};

static void
new_cancelled(void *ctx)
{
	((struct newcomer *)ctx)->r = NULL;
}

static void
new_over(struct newcomer *n, json_t *take_reply)
{
	if (n->r)
		request_reply(n->r, take_reply);
	else
		json_decref(take_reply);
	json_decref(n->guard);
	free(n->made);
	free(n);
}

/* Nothing is left of it: neither a session nor the worktree that was made. e NULL: nobody waits. */
static void
new_fails(struct newcomer *n, const struct err *e)
{
	if (n->r && e)
		request_fail(n->r, e);
	n->r = NULL;
	if (n->added && n->s->state == SS_STARTING)
		session_set_state(n->s, SS_EXITED);
	if (n->added)
		sessions_forget(n->s);
	else
		sessions_free(n->s);
	if (n->made)
		worktree_remove(n->ss, n->made, NULL, NULL);
	new_over(n, NULL);
}

static void
new_done(void *ctx, struct session *s, const struct err *e)
{
	struct newcomer *n = ctx;

	if (e)
		new_fails(n, e);
	else
		new_over(n, json_pack("{s:i,s:s,s:s,s:O}", "v", 1, "id", s->id, "name", s->name,
				    "guard", n->guard));
}

/* A conversation that was begun elsewhere: a session that is asleep, and goes on when it is woken. */
static void
new_asleep(struct newcomer *n)
{
	const char *id = obj_text(request_args(n->r), "conversation");
	struct session *s = n->s;
	struct err e;

	feed_load(s, false);
	if (!id || !profile_conversation_valid(id) || !profile_can_resume(s->profile)) {
		err_set(&e, 2, "nothing to resume: no conversation, or none that %s resumes",
			profile_name(s->profile));
		new_fails(n, &e);
		return;
	}
	snprintf(s->conversation, sizeof(s->conversation), "%s", id);
	s->past.ended = os_wall_s();
	session_found(s, SS_ASLEEP);
	session_unsaved(s);
	session_event(s, "imported", json_pack("{s:s}", "conversation", id));
	new_over(n, json_pack("{s:i,s:s,s:s}", "v", 1, "id", s->id, "name", s->name));
}

/* Nothing runs in it: it is there for text that comes from elsewhere (cmd_record). */
static void
new_exited(struct newcomer *n)
{
	struct session *s = n->s;

	feed_load(s, false);
	session_found(s, SS_EXITED);
	session_unsaved(s);
	new_over(n, json_pack("{s:i,s:s,s:s}", "v", 1, "id", s->id, "name", s->name));
}

static void
new_begins(struct newcomer *n)
{
	struct session *s = n->s;
	const char *prompt = obj_text(request_args(n->r), "prompt");
	struct spawn_guard guard = spawn_guard_look(n->ss, spawn_needs(n->ss, s->profile, NULL));
	char **argv = profile_start_argv(s->profile, s->argv, s->conversation);
	char **with_prompt = prompt ? profile_prompt_argv(s->profile, argv, prompt) : NULL;
	struct err e;

	n->guard = spawn_guard_json(&guard);
	if (course_begin(s, with_prompt ? with_prompt : argv, new_done, n, &e) < 0) {
		new_fails(n, &e);
	} else {
		s->of->last_used = s;
		if (with_prompt) /* a turn begins with it */
			s->run->last_send_ns = s->run->last_turn_ns = os_mono_ns();
		else if (prompt)
			typing_queue(s,
				&(struct typing){.text = prompt, .enter = true, .when_idle = true});
	}
	free(with_prompt);
	free(argv);
}

static void
new_adds(struct newcomer *n)
{
	struct err e;

	if (sessions_add(n->ss, n->s, &e) < 0) {
		new_fails(n, &e);
		return;
	}
	n->added = true;
	if (obj_true(request_args(n->r), "asleep"))
		new_asleep(n);
	else if (obj_true(request_args(n->r), "exited"))
		new_exited(n);
	else
		new_begins(n);
}

static void
on_looked(void *ctx, const struct wake_facts *f)
{
	struct newcomer *n = ctx;
	struct err e;

	if (!n->r)
		new_fails(n, NULL);
	else if (wake_check_alone(n->s, f, &e) < 0)
		new_fails(n, &e);
	else
		new_adds(n);
}

/* top: its worktree; NULL none. */
static void
new_is_read(struct newcomer *n, const char *top)
{
	json_t *a = request_args(n->r);
	struct session *s = n->s = sessions_new(n->ss, SS_STARTING);
	struct err e;

	if (new_from_args(s, a, &e) < 0) {
		new_fails(n, &e);
		return;
	}
	worktree_set(s, top);
	if (!obj_true(a, "asleep") &&
		profile_pick_conversation(s->profile, s->argv, s->conversation))
		wake_look(s, on_looked, n);
	else
		new_adds(n);
}

static void
on_tree(void *ctx, const struct git_made *made, const struct err *e)
{
	struct newcomer *n = ctx;

	if (!e && made->made)
		n->made = xstrdup(made->top);
	if (e || !n->r) {
		new_fails(n, e);
		return;
	}
	json_object_set_new(request_args(n->r), "cwd", json_string(made->cwd));
	new_is_read(n, made->top);
}

void
cmd_new(struct request *r)
{
	const char *branch = obj_text(request_args(r), "worktree");
	const char *cwd = obj_text(request_args(r), "cwd");
	struct newcomer *n = xcalloc(1, sizeof(*n));

	*n = (struct newcomer){.r = r, .ss = request_sessions(r)};
	request_on_cancel(r, new_cancelled, n);
	request_add_env(r);
	if (branch && cwd)
		worktree_make(n->ss, cwd, branch, on_tree, n);
	else
		new_is_read(n, NULL);
}

/* kill */

struct kills {
	struct request *r;
	json_t *results;
};

/* Asked again by a client whose server died before it answered: it may have done it. */
static int
kill_one(struct request *r, struct session *s, struct err *e)
{
	if (!ends_kill(lifecycle_ends(server_lifecycle(request_server(r))), s,
		    obj_true(request_args(r), "now")) &&
		!obj_true(request_args(r), "again"))
		return err_set(e, 1, "%s is not running (it is %s)", s->name,
			session_state_name(s->state));
	return 0;
}

static void
kills_free(void *ctx)
{
	struct kills *m = ctx;

	json_decref(m->results);
	free(m);
}

/* How it went. One that outlived SIGKILL is in the kernel's hands. */
static void
say_ended(struct session *s, json_t *result)
{
	struct err e;

	if (!s->run || !s->run->unkillable) {
		obj_put_int(result, "freed_bytes", s->past.freed_bytes);
		return;
	}
	err_set(&e, 1, "%s does not end: the kernel keeps process %d", s->name, (int)s->run->pid);
	json_object_set_new(result, "ok", json_false());
	json_object_set_new(result, "error", json_string(e.msg));
	json_object_set_new(result, "code", json_integer(e.code));
}

/* Of a result that went well so far, while it is there. */
static struct session *
ended_one(struct kills *m, const json_t *result)
{
	const char *id = obj_text(result, "id");

	if (!id || !obj_true(result, "ok"))
		return NULL;
	return sessions_find(request_sessions(m->r), id, NULL);
}

/* Done when none of those it ended is live any more, or can be ended. */
static bool
kills_over(struct waiter *w, struct session *changed)
{
	struct kills *m = w->ctx;
	const struct ends *ends = lifecycle_ends(server_lifecycle(request_server(m->r)));
	struct session *s;
	json_t *o;
	size_t i;

	(void)changed;
	json_array_foreach (m->results, i, o)
		if ((s = ended_one(m, o)) &&
			((session_ending(s) && !s->run->unkillable) || ends_busy(ends, s->id)))
			return false;
	json_array_foreach (m->results, i, o)
		if ((s = ended_one(m, o)))
			say_ended(s, o);
	request_reply(m->r, json_pack("{s:i,s:O}", "v", 1, "results", m->results));
	return true;
}

void
cmd_kill(struct request *r)
{
	json_t *results = each_session(r, kill_one);
	struct kills *m;

	if (!results)
		return;
	m = xcalloc(1, sizeof(*m));
	*m = (struct kills){.r = r, .results = results};
	waits_add(server_waits(request_server(r)), r, kills_over, kills_free, m);
}
