#include "sessions/lifecycle/watch.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/agent/hooks.h"
#include "sessions/agent/registry.h"
#include "sessions/closing/care.h"
#include "sessions/closing/judge.h"
#include "sessions/lifecycle/limits.h"
#include "sessions/lifecycle/wake.h"
#include "sessions/memory/footprint.h"
#include "sessions/proc/proc_read.h"
#include "sessions/life/origin.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct watch {
	struct sessions *ss;
	struct registry *registry;
	struct hooks *hooks; /* NULL: sessions go without */
};

static void
on_status(void *ctx, uint32_t num, enum activity v, const char *detail)
{
	struct watch *w = ctx;
	struct session *s = sessions_num(w->ss, num);

	if (!s || !s->run)
		return;
	activity_report(&s->run->act, SRC_REGISTRY, v, detail, os_mono_ns());
	run_evaluate(s, os_mono_ns());
}

static void
on_conversation(void *ctx, uint32_t num, const char *id)
{
	struct watch *w = ctx;
	struct session *s = sessions_num(w->ss, num);
	const struct session *other;

	if (!s || strcmp(s->conversation, id) == 0)
		return;
	log_info("session %u: conversation %s", num, id);
	snprintf(s->conversation, sizeof s->conversation, "%s", id);
	session_unsaved(s);
	if ((other = wake_other(s))) /* by --continue, or chosen in the CLI: too late to refuse */
		session_event(s, "runs-twice", json_pack("{s:s}", "with", other->name));
}

static bool
on_shared(void *ctx, uint32_t num, const char *cmdline)
{
	struct watch *w = ctx;
	struct session *s = sessions_num(w->ss, num);

	return s && profile_is_shared(s->profile, cmdline);
}

/* A hook waits until it was heard (hooks_send): one that is gone was none. */
static bool
may_speak_for(const struct sessions *ss, pid_t pid, const struct session *s)
{
	const struct session *of;
	enum origin o = origin_of(ss, pid, &of);

	return o == ORIGIN_SESSION && (!of || of == s);
}

static uint32_t
session_of_token(void *ctx, const char *token, pid_t pid)
{
	struct watch *w = ctx;

	for (struct session *s = w->ss->first; s; s = s->next) {
		unsigned differ = 0;

		if (!s->run || !s->run->hook_token[0])
			continue;
		for (size_t i = 0; i < HOOK_TOKEN_LEN; i++)
			differ |= (unsigned)(s->run->hook_token[i] ^ token[i]);
		if (!differ)
			return may_speak_for(w->ss, pid, s) ? s->num : 0;
	}
	return 0;
}

static void
on_hook(void *ctx, uint32_t num, const struct hook_report *rep)
{
	struct watch *w = ctx;
	struct session *s = sessions_num(w->ss, num);

	if (!s || !s->run)
		return;
	limits_heard(s, rep);
	if (rep->status_line)
		return;
	if (rep->background_known || rep->activity == ACT_WORKING)
		care_of(s)->background = rep->background;
	if (rep->conversation[0])
		on_conversation(w, num, rep->conversation);
	activity_report(&s->run->act, SRC_HOOK, rep->ended ? ACT_UNKNOWN : rep->activity,
		rep->detail, os_mono_ns());
	run_evaluate(s, os_mono_ns());
}

/* The status line that its user has: of the first settings file with one. NULL none. A new
 * reference. */
static json_t *
users_status_line(struct session *s)
{
	char path[1024];

	for (size_t i = 0; profile_status_line(
		     s->profile, s->cwd ? s->cwd : "/", i, judge_getenv, s, path, sizeof path);
		i++) {
		json_t *all = *path ? json_load_file(path, 0, NULL) : NULL;
		json_t *line = json_incref(json_object_get(all, "statusLine"));

		json_decref(all);
		if (json_is_string(json_object_get(line, "command")))
			return line;
		json_decref(line);
	}
	return NULL;
}

/* Its files of hooks, with the token that it has. 0, or -1. */
static int
write_hooks(struct session *s, char *settings, size_t cap)
{
	char self[PATH_MAX];
	json_t *line = users_status_line(s);
	const struct hooks_files f = {.dir = paths()->hooks,
		.num = s->num,
		.token = s->run->hook_token,
		.socket_path = paths()->hook_socket,
		.muster = self,
		.events = profile_hook_events(s->profile),
		.status_line = line};
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	struct err e = {.msg = "who this is cannot be read"};

	self[MAX(n, 0)] = 0;
	if (n > 0 && hooks_write(&f, settings, cap, &e) == 0) {
		json_decref(line);
		return 0;
	}
	json_decref(line);
	log_warn("session %u: no hooks: %s", s->num, e.msg);
	return -1;
}

char **
watch_argv(struct watch *w, struct session *s, char *const *argv)
{
	char settings[640];

	if (!*profile_hook_events(s->profile) || !w->hooks)
		return NULL;
	hooks_token(s->run->hook_token);
	return write_hooks(s, settings, sizeof settings) == 0
		       ? profile_settings_argv(s->profile, argv, settings)
		       : NULL;
}

static void
open_hooks(struct watch *w)
{
	struct hooks_ops ho = {.session_of = session_of_token, .report = on_hook, .ctx = w};
	struct err e;

	w->hooks = hooks_new(w->ss->loop, paths()->hook_socket, &ho, &e);
	if (!w->hooks)
		log_warn("%s", e.msg);
}

void
watch_mend(struct watch *w)
{
	char token[HOOK_TOKEN_LEN + 1], settings[640];

	if (!hooks_named(w->hooks)) {
		hooks_close(w->hooks);
		open_hooks(w);
	}
	for (struct session *s = w->ss->first; s; s = s->next)
		if (s->run && s->run->hook_token[0] &&
			!hooks_read_token(paths()->hooks, s->num, token))
			write_hooks(s, settings, sizeof settings);
}

/* The words of a process, as profile_of_command takes them. One free(). */
static char **
words_of_process(pid_t pid)
{
	char *line = proc_cmdline(pid), *word, *rest = line, **v;
	size_t n = 0, cap = line ? strlen(line) / 2 + 2 : 1;

	v = xcalloc(1, cap * sizeof *v + (line ? strlen(line) + 1 : 0));
	if (line) {
		rest = memcpy((char *)(v + cap), line, strlen(line) + 1);
		while ((word = strsep(&rest, " ")))
			if (*word)
				v[n++] = word;
	}
	free(line);
	return v;
}

/* A script may start a CLI: what runs in its place, or below it, tells. What somebody starts in a
 * shell is not what the session is. */
void
watch_adopt(struct watch *w, struct session *s)
{
	const struct profile *p = s->profile;
	uint64_t text_ns = s->run->act.last_text_ns;
	pid_t tree[PROC_BELOW_MAX];
	size_t n;

	if (care_of(s)->adopt_text_ns == text_ns) /* a CLI that began has drawn something */
		return;
	care_of(s)->adopt_text_ns = text_ns;
	if (profile_needs_conversation(p) || !s->run->pid || !s->argv || !s->argv[0] ||
		(profile_goes_by(p, s->argv[0]) && !s->argv[1]))
		return;
	n = proc_below(s->run->pid, tree);
	for (size_t i = 0; i < n && !profile_needs_conversation(p); i++) {
		char **argv = words_of_process(tree[i]);

		p = profile_of_command(s->of->profiles, argv);
		free(argv);
	}
	if (!profile_needs_conversation(p))
		return;
	log_info("session %u: it runs %s", s->num, profile_name(p));
	s->profile = p;
	watch_begin(w, s);
	session_unsaved(s);
}

void
watch_begin(struct watch *w, struct session *s)
{
	struct registry_subject sub = {.num = s->num,
		.pid = s->run->pid,
		.pid_start = s->run->pid_start,
		.started = s->past.started,
		.cwd = s->cwd ? s->cwd : "/"};

	if (!profile_registry_dir(s->profile, judge_getenv, s, sub.live_dir, sizeof sub.live_dir))
		sub.live_dir[0] = 0;
	if (!profile_rollout_dir(
		    s->profile, judge_getenv, s, sub.rollout_dir, sizeof sub.rollout_dir))
		sub.rollout_dir[0] = 0;
	if (!s->run->hook_token[0])
		hooks_read_token(paths()->hooks, s->num, s->run->hook_token);
	registry_add(w->registry, &sub);
}

void
watch_end(struct watch *w, struct session *s)
{
	registry_remove(w->registry, s->num);
	hooks_remove(paths()->hooks, s->num);
}

void
watch_poke(struct watch *w, struct session *s)
{
	uint64_t enter = s->run->act.last_enter_ns, now = os_mono_ns();

	registry_poke(w->registry, s->num, enter ? os_wall_s() - (double)(now - enter) / 1e9 : 0);
}

struct watch *
watch_new(struct sessions *ss)
{
	struct watch *w = xcalloc(1, sizeof *w);
	struct registry_ops ro = {.status = on_status,
		.conversation = on_conversation,
		.shared = on_shared,
		.ctx = w};

	w->ss = ss;
	w->registry = registry_new(ss->loop, &ro);
	open_hooks(w);
	return w;
}

void
watch_close(struct watch *w)
{
	registry_close(w->registry);
	hooks_close(w->hooks);
	free(w);
}
