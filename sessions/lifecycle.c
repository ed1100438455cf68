/* Watching and judging. Every few seconds each live session is judged anew, so that lists show what
 * could be closed; in mode=auto what the policy allows is hibernated, one at a time. Waking keeps
 * what is typed until the CLI shows its prompt. */
#include "sessions/lifecycle.h"
#include "core/log.h"
#include "core/os.h"
#include "sessions/closer.h"
#include "sessions/guard.h"
#include "sessions/hooks.h"
#include "sessions/registry.h"
#include "sessions/reload.h"
#include "sessions/sampler.h"
#include "sessions/waking.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#define SEC 1000000000ull
#define JUDGE_MS 5000
#define SETTLED_MS 100
#define QUIET_NS (5 * SEC) /* of output, to agree with an idle screen */
#define SWEEP_DAYS 30.0	   /* Claude's default cleanupPeriodDays */
#define SWEEP_WARN_DAYS 5.0

struct extra { /* of a session, known only here */
	LIST_ENTRY(extra) link;
	uint32_t num;
	unsigned background; /* tasks by the last Stop hook */
	bool swept_warned;
	char refused[120]; /* last reason in mode=auto */
};
struct lifecycle {
	struct server *sv;
	struct registry *registry;
	struct hooks *hooks;
	struct wakings *waking;
	uv_timer_t judge;
	LIST_HEAD(, extra) extras;
	struct reload config;
	bool closing_one;
};

static struct extra *
extra_find(struct lifecycle *l, uint32_t num)
{
	struct extra *x;

	LIST_FOREACH(x, &l->extras, link)
	if (x->num == num)
		return x;
	return NULL;
}

static struct extra *
extra_of(struct lifecycle *l, uint32_t num)
{
	struct extra *x = extra_find(l, num);

	if (!x) {
		x = xcalloc(1, sizeof *x);
		x->num = num;
		LIST_INSERT_HEAD(&l->extras, x, link);
	}
	return x;
}

/* Environment of the session; a record without one (a lost session) has at best the server's. */
static const char *
env_of(void *ctx, const char *name)
{
	const struct session *s = ctx;

	return s->env ? session_getenv(s, name) : getenv(name);
}

bool
lifecycle_transcript(struct session *s, char *out, size_t cap)
{
	return s->cwd &&
	       profile_transcript(s->profile, s->cwd, s->conversation, env_of, s, out, cap);
}

static int
revisits_today(const struct session *s)
{
	double now = os_wall_s();
	int n = 0;

	for (size_t i = 0; i < ARRAY_LEN(s->revisit); i++)
		n += s->revisit[i] > 0 && now - s->revisit[i] < 86400;
	return n;
}

/* What runs in it beside the CLI, by whoever knows. */
static void
tool_facts(struct session *s, const struct memstat *m, struct reap_facts *f)
{
	const struct extra *x = extra_find(s->server->life, s->num);
	char *name = f->tool_name;
	size_t cap = sizeof f->tool_name;

	if (m && m->tool[0])
		snprintf(name, cap, "%s", m->tool);
	else if (s->act.children_working)
		snprintf(name, cap, "%u sub-agents work", s->act.children_working);
	else if (s->act.tool_on_screen[0])
		snprintf(name, cap, "%.63s", s->act.tool_on_screen);
	else if (x && x->background)
		snprintf(name, cap, "%u background tasks", x->background);
	f->tool_running = name[0] != 0;
}

bool
lifecycle_shared(const struct session *s, pid_t pid)
{
	char *cmdline = proc_cmdline(pid);
	bool shared = cmdline && profile_is_shared(s->profile, cmdline);

	free(cmdline);
	return shared;
}

void
lifecycle_facts(struct session *s, struct reap_facts *f)
{
	const struct memstat *m =
		s->server->sampler ? sampler_get(s->server->sampler, s->num) : NULL;
	const struct activity_signal *screen = &s->act.sig[SRC_SCREEN];
	uint64_t now = os_mono_ns();
	char path[1024];

	memset(f, 0, sizeof *f);
	f->live = s->state == SS_RUNNING;
	f->pinned = s->pinned;
	f->attached = s->viewers > 0;
	f->draft = s->act.draft_since_ns || s->act.draft_on_screen;
	tool_facts(s, m, f);
	f->needs_conversation = profile_needs_conversation(s->profile);
	f->conversation_known = s->conversation[0] || !profile_has_ids(s->profile);
	f->conversation_on_disk =
		f->needs_conversation && lifecycle_transcript(s, path, sizeof path);
	f->grows = m && m->growth != GROWTH_UNKNOWN && m->growth != GROWTH_FLAT;
	f->pressure = s->server->sampler && sampler_pressure(s->server->sampler).level >= 2;
	f->footprint_known = m && m->known;
	f->footprint_bytes = m ? m->footprint : 0;
	f->activity = s->act.now;
	f->source = s->act.source;
	f->screen_and_output_agree = screen->at_ns && activity_at_rest(screen->value) &&
				     now - s->act.last_text_ns >= QUIET_NS;
	f->idle_s = activity_idle_s(&s->act, now);
	/* the wall clock knows of a start before this server's */
	f->age_s = now > s->started_ns ? (double)(now - s->started_ns) / (double)SEC : 0;
	f->age_s = MAX(f->age_s, s->started > 0 ? os_wall_s() - s->started : 0);
	f->revisits_day = revisits_today(s);
}

void
lifecycle_judge(struct session *s, const struct reap_config *c, struct reap_verdict *v)
{
	struct reap_facts f;

	lifecycle_facts(s, &f);
	policy_judge(&f, c, v);
}

const char *
lifecycle_against(const struct reap_verdict *v, char *buf)
{
	static const char *const may[] = {
		"idle:", "recent:", "revisited:", "pinned:", "attached:", "small:"};

	for (int i = 0; i < v->n; i++) {
		bool overruled = false;

		for (size_t k = 0; k < ARRAY_LEN(may); k++)
			overruled |= strncmp(v->reason[i], may[k], strlen(may[k])) == 0;
		if (!overruled) {
			snprintf(buf, 120, "%s", v->reason[i]);
			return buf;
		}
	}
	return NULL;
}

/* Registry and hooks. */

static void
on_status(void *ctx, uint32_t num, enum activity v, const char *detail)
{
	struct lifecycle *l = ctx;
	struct session *s = server_session(l->sv, num);

	if (!s || !session_live(s))
		return;
	activity_report(&s->act, SRC_REGISTRY, v, detail, os_mono_ns());
	session_evaluate(s, os_mono_ns());
}

static void
on_conversation(void *ctx, uint32_t num, const char *id)
{
	struct lifecycle *l = ctx;
	struct session *s = server_session(l->sv, num);

	if (!s || strcmp(s->conversation, id) == 0)
		return;
	log_info("session %u: conversation %s", num, id);
	snprintf(s->conversation, sizeof s->conversation, "%s", id);
	server_meta_changed(l->sv, s);
}

static bool
on_shared(void *ctx, uint32_t num, const char *cmdline)
{
	struct lifecycle *l = ctx;
	struct session *s = server_session(l->sv, num);

	return s && profile_is_shared(s->profile, cmdline);
}

static uint32_t
session_of_token(void *ctx, const char *token)
{
	struct lifecycle *l = ctx;

	for (struct session *s = l->sv->sessions; s; s = s->next) {
		unsigned differ = 0;

		if (!s->hook_token[0])
			continue;
		for (size_t i = 0; i < HOOK_TOKEN_LEN; i++)
			differ |= (unsigned)(s->hook_token[i] ^ token[i]);
		if (!differ)
			return s->num;
	}
	return 0;
}

static void
on_hook(void *ctx, uint32_t num, const struct hook_report *rep)
{
	struct lifecycle *l = ctx;
	struct session *s = server_session(l->sv, num);

	if (!s || !session_live(s))
		return;
	if (rep->background_known || rep->activity == ACT_WORKING)
		extra_of(l, num)->background = rep->background;
	if (rep->conversation[0])
		on_conversation(l, num, rep->conversation);
	activity_report(&s->act, SRC_HOOK, rep->ended ? ACT_UNKNOWN : rep->activity, rep->detail,
		os_mono_ns());
	session_evaluate(s, os_mono_ns());
}

static void
hook_dir(char *out, size_t cap)
{
	snprintf(out, cap, "%s/hooks", paths()->runtime);
}

char **
lifecycle_argv(struct session *s, char *const *argv)
{
	const char *names = profile_hook_events(s->profile);
	char dir[600], settings[640], self[PATH_MAX], **out = NULL;
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	struct err e;

	if (*names && n > 0 && s->server->life && s->server->life->hooks) {
		self[n] = 0;
		hooks_token(s->hook_token);
		hook_dir(dir, sizeof dir);
		if (hooks_write(dir, s->num, s->hook_token, paths()->hook_socket, self, names,
			    settings, sizeof settings, &e) == 0)
			out = profile_settings_argv(s->profile, argv, settings);
		else
			log_warn("session %u: no hooks: %s", s->num, e.msg);
	}
	return out;
}

static void
running(struct session *s)
{
	struct lifecycle *l = s->server->life;
	struct registry_subject sub = {.num = s->num,
		.pid = s->pid,
		.pid_start = s->pid_start,
		.started = s->started,
		.cwd = s->cwd ? s->cwd : "/"};
	char dir[600];

	if (!profile_registry_dir(s->profile, env_of, s, sub.live_dir, sizeof sub.live_dir))
		sub.live_dir[0] = 0;
	if (!profile_rollout_dir(s->profile, env_of, s, sub.rollout_dir, sizeof sub.rollout_dir))
		sub.rollout_dir[0] = 0;
	if (!s->hook_token[0]) {
		hook_dir(dir, sizeof dir);
		hooks_read_token(dir, s->num, s->hook_token);
	}
	registry_add(l->registry, &sub);
}

static void
ended(struct session *s)
{
	struct lifecycle *l = s->server->life;
	struct extra *x = extra_find(l, s->num);
	char dir[600];

	registry_remove(l->registry, s->num);
	hook_dir(dir, sizeof dir);
	hooks_remove(dir, s->num);
	s->hook_token[0] = 0;
	memset(&s->reap, 0, sizeof s->reap);
	waking_end(l->waking, s->num);
	if (x) {
		LIST_REMOVE(x, link);
		free(x);
	}
}

void
lifecycle_state(struct session *s)
{
	if (!s->server->life)
		return;
	if (s->state == SS_RUNNING)
		running(s);
	else if (!session_live(s))
		ended(s);
}

static void
transcript_dir(char *out, size_t cap)
{
	snprintf(out, cap, "%s/transcripts", paths()->state);
}

void
lifecycle_forget(struct session *s)
{
	char dir[600];

	if (!s->server->life)
		return;
	ended(s);
	transcript_dir(dir, sizeof dir);
	guard_forget(dir, s->num);
}

void
lifecycle_activity(struct session *s)
{
	uint64_t enter = s->act.last_enter_ns, now = os_mono_ns();

	if (s->server->life)
		registry_poke(s->server->life->registry, s->num,
			enter ? os_wall_s() - (double)(now - enter) / (double)SEC : 0);
}

/* Judging. */

static void
on_auto_closed(void *ctx, const struct closer_result *r)
{
	struct lifecycle *l = ctx;

	l->closing_one = false;
	if (!r->ok)
		log_info("auto: %s not closed: %s", r->name, r->error);
}

static void
auto_close(struct lifecycle *l, struct session *s, const struct reap_facts *f)
{
	struct closer_request q = {.limits = l->sv->config->reap, .cb = on_auto_closed, .ctx = l};

	snprintf(q.why, sizeof q.why, "auto: %s",
		f->pressure ? "memory is short"
		: f->grows  ? "it grows"
			    : "idle and large");
	l->closing_one = closer_start(s, &q, NULL) == 0;
}

/* In mode=auto a session that would be worth closing and may not be is told about once a reason. */
static void
auto_refused(struct lifecycle *l, struct session *s, const struct reap_verdict *v)
{
	struct extra *x = extra_of(l, s->num);
	size_t n = strcspn(v->reason[0], ":");

	if (strncmp(x->refused, v->reason[0], n + 1) == 0)
		return;
	snprintf(x->refused, sizeof x->refused, "%s", v->reason[0]);
	server_event(l->sv, s, "reap-refused", json_pack("{s:s}", "reason", v->reason[0]));
}

static void
judge(struct lifecycle *l, struct session *s)
{
	const struct reap_config *c = &l->sv->config->reap;
	struct reap_verdict v;
	struct reap_facts f;
	bool changed;

	lifecycle_facts(s, &f);
	policy_judge(&f, c, &v);
	changed = v.eligible != s->reap.eligible || v.worth != s->reap.worth || v.n != s->reap.n;
	s->reap = v;
	if (changed)
		server_session_changed(l->sv, s);
	if (c->mode != REAP_AUTO || l->closing_one)
		return;
	if (policy_auto(&f, c, &v))
		auto_close(l, s, &f);
	else if (!v.eligible && (f.grows || f.pressure))
		auto_refused(l, s, &v);
}

static void
warn_of_sweep(struct lifecycle *l, struct session *s)
{
	struct extra *x = extra_of(l, s->num);
	char dir[600];
	double left;

	if (x->swept_warned)
		return;
	transcript_dir(dir, sizeof dir);
	left = guard_days_left(dir, s->num, SWEEP_DAYS, os_wall_s());
	if (left > SWEEP_WARN_DAYS)
		return;
	x->swept_warned = true;
	server_event(l->sv, s, "transcript-ages",
		json_pack("{s:f}", "days_left", left > 0 ? left : 0.0));
}

static void
on_judge(uv_timer_t *t)
{
	struct lifecycle *l = t->data;

	reload_check(&l->config, l->sv);
	for (struct session *s = l->sv->sessions; s; s = s->next) {
		if (s->state == SS_RUNNING) {
			if (!s->conversation[0] && s->act.last_enter_ns)
				lifecycle_activity(s); /* its rollout may have come late */
			judge(l, s);
		} else if (s->state == SS_ASLEEP) {
			warn_of_sweep(l, s);
		}
	}
}

/* An editor writes in steps: each puts the look off. */
static void
on_config_touched(void *ctx)
{
	struct lifecycle *l = ctx;

	uv_timer_start(&l->judge, on_judge, SETTLED_MS, JUDGE_MS);
}

/* Waking. */

bool
lifecycle_hold_input(struct session *s, const void *p, size_t n)
{
	return s->server->life && waking_hold(s->server->life->waking, s->num, p, n);
}

bool
lifecycle_waking(const struct session *s)
{
	return s->server->life && waking_is(s->server->life->waking, s->num);
}

static char **
resume_argv(struct session *s, const char **how)
{
	char dir[600], path[1024], **argv = NULL;

	transcript_dir(dir, sizeof dir);
	if (guard_restore(dir, s->num) == 1)
		log_info("session %u: its transcript had been swept and is back", s->num);
	*how = "resume";
	if (!profile_needs_conversation(s->profile) || lifecycle_transcript(s, path, sizeof path))
		argv = profile_resume_argv(s->profile, s->argv, s->conversation);
	if (!argv) {
		/* no prompt was ever sent: the same id begins again */
		*how = "start";
		argv = profile_start_argv(s->profile, s->argv, s->conversation);
	}
	return argv;
}

int
lifecycle_resume(struct session *s, const char **how, struct err *e)
{
	char **argv;
	int rc = -1;

	if (session_live(s))
		return err_set(e, 1, "%s runs already", s->name);
	if (s->cwd && access(s->cwd, X_OK) < 0)
		return err_set(e, 1, "its directory %.160s is gone", s->cwd);
	argv = resume_argv(s, how);
	if (!path_finds(session_getenv(s, "PATH"), s->cwd, argv[0])) {
		err_set(e, 1,
			strchr(argv[0], '/') ? "%.200s: not found" : "%.200s: not found on PATH",
			argv[0]);
	} else {
		s->resumed = true;
		activity_reset(&s->act, os_mono_ns());
		rc = server_spawn(s->server, s, argv, e);
	}
	free(argv);
	if (rc == 0)
		waking_begin(s->server->life->waking, s);
	return rc;
}

/* Birth and end. */

struct lifecycle *
lifecycle_new(struct server *sv)
{
	struct lifecycle *l = xcalloc(1, sizeof *l);
	struct registry_ops ro = {.status = on_status,
		.conversation = on_conversation,
		.shared = on_shared,
		.ctx = l};
	struct hooks_ops ho = {.session_of = session_of_token, .report = on_hook, .ctx = l};
	struct err e;

	l->sv = sv;
	l->registry = registry_new(&sv->loop, &ro);
	l->hooks = hooks_new(&sv->loop, paths()->hook_socket, &ho, &e);
	if (!l->hooks)
		log_warn("%s", e.msg);
	uv_timer_init(&sv->loop, &l->judge);
	l->waking = wakings_new(sv);
	uv_unref((uv_handle_t *)&l->judge);
	l->judge.data = l;
	uv_timer_start(&l->judge, on_judge, JUDGE_MS, JUDGE_MS);
	reload_init(&l->config, &sv->loop, on_config_touched, l);
	sv->life = l;
	for (struct session *s = sv->sessions; s; s = s->next)
		lifecycle_state(s);
	return l;
}

static void
judge_closed(uv_handle_t *h)
{
	free(h->data);
}

static void
watch_closed(void *ctx)
{
	struct lifecycle *l = ctx;

	uv_close((uv_handle_t *)&l->judge, judge_closed);
}

void
lifecycle_close(struct lifecycle *l)
{
	if (!l)
		return;
	wakings_close(l->waking);
	while (!LIST_EMPTY(&l->extras)) {
		struct extra *x = LIST_FIRST(&l->extras);

		LIST_REMOVE(x, link);
		free(x);
	}
	registry_close(l->registry);
	hooks_close(l->hooks);
	reload_close(&l->config, watch_closed);
}
