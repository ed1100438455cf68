/* Every few seconds each running session is judged anew, so that lists show what could be put to
 * sleep; in mode=auto what the policy allows is, a few at a time. */
#include "sessions/lifecycle/lifecycle.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/agent/guard.h"
#include "sessions/agent/hooks.h"
#include "sessions/closing/care.h"
#include "sessions/closing/judge.h"
#include "sessions/lifecycle/limits.h"
#include "sessions/lifecycle/memlimit.h"
#include "sessions/lifecycle/notice_run.h"
#include "sessions/closing/transcript.h"
#include "sessions/memory/sampler.h"
#include "sessions/closing/strays.h"
#include "sessions/lifecycle/typing.h"
#include "sessions/lifecycle/wake.h"
#include "sessions/lifecycle/watch.h"
#include "sessions/store_thread/store_worker.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JUDGE_MS 5000
#define AUTO_AT_ONCE 4
#define SWEEP_DAYS 30.0 /* Claude's default cleanupPeriodDays */
#define SWEEP_WARN_DAYS 5.0

struct lifecycle {
	struct sessions *ss;
	struct watch *watch;
	struct closer *closer;
	struct ends *ends;
	struct strays *strays;
	uv_timer_t judge;
	int closing; /* by mode=auto, at this moment */
};

/* Judging. */

static void
on_auto_closed(void *ctx, const struct closer_result *r)
{
	struct lifecycle *l = ctx;

	l->closing--;
	if (r->ok)
		lifecycle_judge_soon(l); /* the next one's turn */
	else
		log_info("auto: %s not closed: %s", r->name, r->error);
}

static void
auto_close(struct lifecycle *l, struct session *s, const struct reap_facts *f)
{
	struct closer_request q = {.limits = l->ss->config->reap, .cb = on_auto_closed, .ctx = l};

	snprintf(q.why, sizeof q.why, "auto: %s",
		f->pressure ? "memory is short"
		: f->grows  ? "it grows"
			    : "idle and large");
	l->closing += closer_start(l->closer, s, &q, NULL) == 0;
}

/* In mode=auto a session that would be worth closing and may not be is told about once a reason. */
static void
auto_refused(struct session *s, const struct reap_verdict *v)
{
	struct care *c = care_of(s);
	size_t n = strcspn(v->reason[0], ":");

	if (strncmp(c->refused, v->reason[0], n + 1) == 0)
		return;
	snprintf(c->refused, sizeof c->refused, "%s", v->reason[0]);
	session_event(s, "reap-refused", json_pack("{s:s}", "reason", v->reason[0]));
}

static void
judge_one(struct lifecycle *l, struct session *s)
{
	const struct reap_config *c = &l->ss->config->reap;
	struct reap_verdict v;
	struct reap_facts f;
	bool changed;

	judge_facts(s, &f);
	policy_judge(&f, c, &v);
	changed = v.eligible != s->run->reap.eligible || v.worth != s->run->reap.worth ||
		  v.n != s->run->reap.n;
	s->run->reap = v;
	if (changed)
		session_changed(s);
	if (c->mode != REAP_AUTO || l->closing == AUTO_AT_ONCE)
		return;
	if (policy_auto(&f, c, &v))
		auto_close(l, s, &f);
	else if (!v.eligible && (f.grows || f.pressure))
		auto_refused(s, &v);
}

static void
warn_of_sweep(struct session *s)
{
	double left;

	if (s->sweep_told)
		return;
	left = guard_days_left(paths()->transcripts, s->num, SWEEP_DAYS, os_wall_s());
	if (left > SWEEP_WARN_DAYS)
		return;
	s->sweep_told = true;
	session_event(s, "transcript-ages", json_pack("{s:f}", "days_left", left > 0 ? left : 0.0));
}

static void
on_judge(uv_timer_t *t)
{
	struct lifecycle *l = t->data;

	for (struct session *s = l->ss->first; s; s = s->next) {
		limits_go_on(s);
		if (s->state == SS_RUNNING) {
			if (!s->conversation[0] && s->run->act.last_enter_ns)
				watch_poke(l->watch, s); /* its rollout may have come late */
			watch_adopt(l->watch, s);
			judge_one(l, s);
			if (profile_needs_conversation(s->profile))
				transcript_ask(s, NULL, NULL); /* for the next time */
		} else if (s->state == SS_ASLEEP) {
			warn_of_sweep(s);
		}
	}
}

void
lifecycle_judge_soon(struct lifecycle *l)
{
	uv_timer_start(&l->judge, on_judge, 0, JUDGE_MS);
}

/* What the sessions tell. */

char **
lifecycle_argv(struct lifecycle *l, struct session *s, char *const *argv)
{
	closer_beginning(l->closer, s);
	ends_beginning(l->ends, s);
	return watch_argv(l->watch, s, argv);
}

void
lifecycle_started(struct lifecycle *l, struct session *s)
{
	memlimit_begin(s);
	watch_begin(l->watch, s);
	ends_started(l->ends, s);
}

void
lifecycle_over(struct lifecycle *l, struct session *s)
{
	memlimit_end(s);
	closer_over(l->closer, s);
	watch_end(l->watch, s);
	typing_drop(s);
	waking_end(s);
	care_free(s);
}

/* What a predecessor knew comes with the first sample, and was told by it. */
static void
tell_growth(struct session *s, const struct memstat *m)
{
	struct care *c = care_of(s);
	bool grows = m->growth >= GROWTH_FAST, first = !c->judged;

	if (!first && grows != c->grows)
		session_event(s, grows ? "grows" : "grows-no-more",
			json_pack("{s:s,s:I}", "verdict", growth_name(m->growth), "footprint_bytes",
				(json_int_t)m->footprint));
	if (!first && grows && !c->grows)
		notice_grows(s);
	if (!first && m->growth_while_working != c->grows_at_work)
		session_event(s, m->growth_while_working ? "rises-at-work" : "rises-no-more",
			json_pack("{s:I}", "footprint_bytes", (json_int_t)m->footprint));
	c->judged = true;
	c->grows = grows;
	c->grows_at_work = m->growth_while_working;
}

void
lifecycle_sampled(struct lifecycle *l, struct session *s, const struct memstat *m)
{
	if (s->run) {
		tell_growth(s, m);
		memlimit_check(l->ends, s, m);
	} else if (m->strays) {
		strays_seen(l->strays, s);
	}
}

void
lifecycle_mend(struct lifecycle *l)
{
	watch_mend(l->watch);
}

void
lifecycle_activity(struct lifecycle *l, struct session *s)
{
	notice_look(s);
	watch_adopt(l->watch, s);
	watch_poke(l->watch, s);
	if (profile_needs_conversation(s->profile))
		transcript_ask(s, NULL, NULL);
}

static void
do_forget(void *arg, struct history_db *h, struct meta_db *m)
{
	(void)h;
	(void)m;
	guard_forget(paths()->transcripts, *(uint32_t *)arg);
}

void
lifecycle_gone(struct session *s)
{
	uint32_t *num = xcalloc(1, sizeof *num);

	*num = s->num;
	store_run(s->of->store, do_forget, free, num);
}

struct closer *
lifecycle_closer(struct lifecycle *l)
{
	return l->closer;
}

struct ends *
lifecycle_ends(struct lifecycle *l)
{
	return l->ends;
}

/* Birth and end. */

/* What a predecessor began goes on. */
static void
go_on(struct lifecycle *l, struct session *s)
{
	notice_found(s);
	if (s->run->phase == RUN_ALIVE)
		memlimit_begin(s);
	if (s->run->phase != RUN_COMING)
		watch_begin(l->watch, s);
	if (s->state == SS_CLOSING)
		ends_kill(l->ends, s, false);
	else if (s->state == SS_SLEEPING)
		closer_go_on(l->closer, s);
}

struct lifecycle *
lifecycle_new(struct sessions *ss, void (*tree_ended)(void *ctx, struct session *s), void *ctx)
{
	struct lifecycle *l = xcalloc(1, sizeof *l);

	l->ss = ss;
	l->watch = watch_new(ss);
	l->ends = ends_new(ss, tree_ended, ctx);
	l->closer = closer_new(ss, l->ends);
	l->strays = strays_new(ss, l->ends);
	uv_timer_init(ss->loop, &l->judge);
	uv_unref((uv_handle_t *)&l->judge);
	l->judge.data = l;
	uv_timer_start(&l->judge, on_judge, JUDGE_MS, JUDGE_MS);
	return l;
}

void
lifecycle_go_on(struct lifecycle *l)
{
	for (struct session *s = l->ss->first, *next; s; s = next) {
		next = s->next;
		if (s->run)
			go_on(l, s);
	}
}

static void
on_closed(uv_handle_t *h)
{
	free(h->data);
}

void
lifecycle_close(struct lifecycle *l)
{
	if (!l)
		return;
	watch_close(l->watch);
	strays_close(l->strays);
	ends_close(l->ends);
	closer_free(l->closer);
	uv_close((uv_handle_t *)&l->judge, on_closed);
}
