/* S of cli.md and the totals. What is not known is left out. */
#include "core/os/os.h"
#include "sessions/memory/footprint_json.h"
#include "sessions/memory/sampler.h"
#include "sessions/session/run.h"
#include "sessions/display/display.h"
#include "sessions/life/sessions.h"
#include "sessions/session/runner.h"
#include "sessions/life/worktree.h"
#include "sessions/wire/json.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SPARK_N 8
#define SPARK_STEP_S 450 /* an hour in eight */

static void
put_time(json_t *o, const char *key, double t)
{
	if (t > 0)
		obj_put_real(o, key, t);
}

static const struct session *
marked_by(const struct sessions *ss, const struct outside_process *o)
{
	const struct session *s = ss->first;

	while (s && strcmp(s->id, o->marker) != 0)
		s = s->next;
	return s;
}

/* Who uses it: the session that it is marked with, of a shared daemon all live ones of that
 * profile. */
static bool
uses(const struct session *s, const struct session *marked, const struct outside_process *o)
{
	if (!marked || (o->shared && !session_live(s)))
		return false;
	return s == marked || (o->shared && s->profile == marked->profile);
}

/* Its part of the daemons that it shares with others. */
static uint64_t
shared_bytes(const struct session *s)
{
	size_t n;
	const struct outside_process *o = sampler_outside(s->of->sampler, &n);
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		const struct session *marked = marked_by(s->of, &o[i]);
		unsigned users = 0;

		if (!o[i].shared || !uses(s, marked, &o[i]))
			continue;
		for (const struct session *x = s->of->first; x; x = x->next)
			users += uses(x, marked, &o[i]);
		sum += o[i].footprint / MAX(users, 1u);
	}
	return sum;
}

static void
put_role(json_t *list, const char *role, uint64_t footprint, unsigned processes)
{
	json_array_append_new(list, json_pack("{s:s,s:I,s:i}", "role", role, "footprint_bytes",
					    (json_int_t)footprint, "processes", (int)processes));
}

/* The child itself is what the others leave; those that are called as it is go with it. */
static void
put_roles(json_t *o, const struct session *s, const struct memstat *m)
{
	size_t n;
	const struct role_memory *r = sampler_roles(s->of->sampler, s->num, &n);
	const char *own = s->run ? profile_name(s->profile) : "";
	json_t *a = json_array();
	uint64_t others = 0;
	unsigned like = 1;

	for (size_t i = 0; i < n; i++)
		if (strcmp(r[i].role, own) == 0)
			like += r[i].processes;
		else
			others += r[i].footprint;
	if (*own)
		put_role(a, own, m->footprint - MIN(m->footprint, others), like);
	for (size_t i = 0; i < n; i++)
		if (strcmp(r[i].role, own) != 0)
			put_role(a, r[i].role, r[i].footprint, r[i].processes);
	json_object_set_new(o, "roles", a);
}

static void
put_memory(json_t *o, struct session *s)
{
	const struct memstat *m = sessions_memory(s);
	uint64_t spark[SPARK_N] = {0};
	struct census_slab slabs[SLAB_SIZES];
	json_t *a;

	if (!m || !m->known)
		return;
	obj_put_int(o, "processes", m->processes);
	obj_put_int(o, "strays", m->strays);
	obj_put_int(o, "shared_bytes", shared_bytes(s));
	obj_put_int(o, "footprint_bytes", m->footprint);
	json_object_set_new(o, "footprint_estimated", json_boolean(m->estimated));
	obj_put_int(o, "rss_bytes", m->rss);
	obj_put_int(o, "swap_bytes", m->swap);
	obj_put_int(o, "peak_bytes", m->peak);
	if (isfinite(m->growth_bytes_per_h))
		obj_put_real(o, "growth_bytes_per_h", m->growth_bytes_per_h);
	json_object_set_new(o, "growth", json_string(growth_name(m->growth)));
	json_object_set_new(o, "growth_while_working", json_boolean(m->growth_while_working));
	size_t n = sampler_recent(s->of->sampler, s->num, SPARK_STEP_S, spark, SPARK_N);
	a = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, json_integer((json_int_t)spark[i]));
	json_object_set_new(o, "spark", a);
	if (m->gpu) {
		obj_put_int(o, "gpu_bytes", m->gpu);
		obj_put_int(o, "gpu_vram_bytes", m->gpu_vram);
	}
	put_roles(o, s, m);
	n = census_slabs(s->of->census, s->num, NULL, slabs);
	if (n)
		json_object_set_new(o, "slabs", slabs_json(slabs, n));
}

/* What outlives its program is worth a word beside its last one. */
static void
put_left(json_t *o, const struct session *s)
{
	const struct memstat *m = s->of->sampler ? sampler_get(s->of->sampler, s->num) : NULL;
	const char *last = s->display->last_line;
	char text[400];

	if (!m || !m->known || !m->strays)
		return;
	snprintf(text, sizeof(text), "%u stray%s%s%.300s", m->strays, m->strays > 1 ? "s" : "",
		*last ? ": " : "", last);
	obj_put_text(o, "detail", text);
}

/* -1 stands for unknown. */
static void
put_known(json_t *o, const char *key, double v)
{
	if (v >= 0)
		obj_put_real(o, key, v);
}

static void
put_psi(json_t *o, const struct psi *p)
{
	put_known(o, "psi_some_avg10", p->some_avg10);
	put_known(o, "psi_some_avg60", p->some_avg60);
	put_known(o, "psi_full_avg10", p->full_avg10);
	put_known(o, "psi_full_avg60", p->full_avg60);
}

void
session_put_memgroup(json_t *o, const struct session *s)
{
	const struct memstat *m = sessions_memory(s);

	if (!m || !m->group.there)
		return;
	obj_put_int(o, "unattributed_bytes", m->group.kernel);
	put_psi(o, &m->group.psi);
	json_object_set_new(o, "mem_events",
		json_pack("{s:I,s:I,s:I,s:I}", "high", (json_int_t)m->group.high, "max",
			(json_int_t)m->group.max, "oom", (json_int_t)m->group.oom, "oom_kill",
			(json_int_t)m->group.kills));
}

static void
put_limit(json_t *o, const struct session *s)
{
	session_put_memgroup(o, s);
	if (!s->mem_max)
		return;
	obj_put_int(o, "mem_max_bytes", s->mem_max);
	obj_put_int(o, "mem_kills", s->run->mem_kills);
	json_object_set_new(o, "mem_held", json_boolean(s->run->mem_held));
}

static void
put_reap(json_t *o, const struct session *s)
{
	json_t *reasons = json_array();

	for (int i = 0; i < s->run->reap.n; i++)
		json_array_append_new(reasons, json_string(s->run->reap.reason[i]));
	json_object_set_new(o, "reap",
		json_pack("{s:b,s:b,s:o}", "eligible", s->run->reap.eligible, "worth",
			s->run->reap.worth, "reasons", reasons));
}

static void
put_store(json_t *o, struct session *s)
{
	struct pagelist *h = term_pagelist(s->display->term);
	struct pagelist_stats st;

	st = pagelist_stats(h);
	json_object_set_new(o, "store",
		json_pack("{s:I,s:I,s:I,s:I}", "history_lines", (json_int_t)st.lines, "hot_bytes",
			(json_int_t)st.hot_bytes, "packed_bytes", (json_int_t)st.packed_bytes,
			"spilled_bytes", (json_int_t)st.spilled_bytes));
}

/* What it wants, or until when it is limited. */
static void
put_detail(json_t *o, const struct session *s)
{
	char text[sizeof s->run->act.detail];
	time_t t = (time_t)s->limited_until;
	struct tm tm;

	snprintf(text, sizeof text, "%s", s->run->act.detail);
	if (s->run->act.now == ACT_LIMITED) {
		localtime_r(&t, &tm);
		strftime(text, sizeof text,
			s->limited_until - os_wall_s() < 86400 ? "until %H:%M" : "until %a %H:%M",
			&tm);
	}
	if (*text)
		obj_put_text(o, "detail", text);
}

static void
put_activity(json_t *o, struct session *s)
{
	char prompt[20];

	if (!s->run || s->run->phase == RUN_COMING)
		return;
	json_object_set_new(o, "activity", json_string(activity_name(s->run->act.now)));
	if (s->run->act.now != ACT_UNKNOWN)
		json_object_set_new(o, "activity_source",
			json_string(activity_source_name(s->run->act.source)));
	put_detail(o, s);
	json_object_set_new(o, "ready", json_boolean(s->run->act.ready_ns != 0));
	json_object_set_new(o, "stopped", json_boolean(s->run->stopped));
	if (activity_blocked(s->run->act.now)) {
		json_t *options = json_array();

		for (int i = 0; i < s->run->act.options.n; i++)
			json_array_append_new(options, json_string(s->run->act.options.text[i]));
		json_object_set_new(o, "options", options);
		obj_put_real(
			o, "waiting_s", (double)(os_mono_ns() - s->run->act.now_since_ns) / 1e9);
	}
	obj_put_real(o, "idle_s", activity_idle_s(&s->run->act, os_mono_ns()));
	snprintf(prompt, sizeof(prompt), "%016llx", (unsigned long long)s->run->act.prompt_hash);
	if (s->run->act.prompt_hash)
		json_object_set_new(o, "prompt", json_string(prompt));
}

void
session_put_usage(json_t *o, const struct session *s)
{
	const struct usage *u = s->run ? &s->run->usage : NULL;
	json_t *list = json_array();

	if (s->limited_until > os_wall_s())
		obj_put_real(o, "limited_until", s->limited_until);
	if (u && u->context_tokens)
		obj_put_int(o, "context_tokens", u->context_tokens);
	for (int i = 0; u && i < u->n; i++) {
		json_t *l = json_pack(
			"{s:s,s:f}", "name", u->limit[i].name, "used_pct", u->limit[i].used_pct);

		put_time(l, "resets_at", u->limit[i].resets_at);
		json_array_append_new(list, l);
	}
	if (json_array_size(list))
		json_object_set(o, "limits", list);
	json_decref(list);
}

static void
put_runner(json_t *o, const struct session *s)
{
	char buf[32];

	obj_put_text(o, "runner", s->runner);
	if (runner_hides(s))
		obj_put_text(o, "memory_behind", runner_program(s, buf));
}

json_t *
session_json(struct session *s)
{
	json_t *o = json_object();

	json_object_set_new(o, "v", json_integer(1));
	json_object_set_new(o, "id", json_string(s->id));
	obj_put_text(o, "name", s->name);
	obj_put_text(o, "profile", profile_name(s->profile));
	obj_put_text(o, "cwd", s->cwd ? s->cwd : "");
	json_object_set_new(o, "argv", words_json(s->argv, -1));
	json_object_set_new(o, "tags", words_json(s->tags, s->n_tags));
	json_object_set_new(o, "pinned", json_boolean(s->pinned));
	json_object_set_new(o, "archived", json_boolean(s->archived));
	if (s->note)
		obj_put_text(o, "note", s->note);
	if (s->runner)
		put_runner(o, s);
	if (s->tree)
		json_object_set_new(o, "worktree", worktree_json(s));
	obj_put_text(o, "host", s->of->host);
	json_object_set_new(o, "state", json_string(session_state_name(s->state)));
	put_activity(o, s);
	session_put_usage(o, s);
	obj_put_text(o, "title", s->display->title);
	obj_put_text(o, "last_line", s->display->last_line);
	put_time(o, "created", s->past.created);
	put_time(o, "last_output", s->past.last_output);
	put_time(o, "last_input", s->past.last_input);
	put_time(o, "ended", s->past.ended);
	if (s->run && s->run->pid > 0)
		obj_put_int(o, "pid", (uint64_t)s->run->pid);
	if (*s->conversation)
		obj_put_text(o, "conversation", s->conversation);
	if (!session_live(s) && s->past.exit_code >= 0)
		obj_put_int(o, "exit_code", (uint64_t)s->past.exit_code);
	if (!session_live(s) && s->past.exit_signal > 0)
		obj_put_int(o, "exit_signal", (uint64_t)s->past.exit_signal);
	json_object_set_new(o, "size",
		json_pack("{s:i,s:i}", "cols", s->display->cols, "rows", s->display->rows));
	obj_put_int(o, "viewers", s->display->viewers);
	put_memory(o, s);
	if (s->run) {
		put_limit(o, s);
		put_reap(o, s);
	} else {
		put_left(o, s);
	}
	if (s->past.freed_bytes)
		obj_put_int(o, "freed_bytes", s->past.freed_bytes);
	put_store(o, s);
	return o;
}

static json_t *
outside_json(struct sessions *ss, uint64_t *sum)
{
	size_t n = 0;
	const struct outside_process *o = ss->sampler ? sampler_outside(ss->sampler, &n) : NULL;
	json_t *list = json_array();
	double now = os_wall_s();

	for (size_t i = 0; i < n; i++) {
		json_t *users = json_array();
		const struct session *marked = marked_by(ss, &o[i]);
		bool used = false;

		for (struct session *s = ss->first; s; s = s->next)
			if (uses(s, marked, &o[i])) {
				json_array_append_new(users, json_string(s->name));
				used = used || session_live(s);
			}
		*sum += o[i].footprint;
		json_array_append_new(list,
			json_pack("{s:i,s:s,s:I,s:b,s:b,s:b,s:f,s:o}", "pid", (int)o[i].pid, "what",
				o[i].what, "footprint_bytes", (json_int_t)o[i].footprint,
				"estimated", o[i].estimated, "shared", o[i].shared, "orphaned",
				!used, "age_s", MAX(now - o[i].started, 0.0), "sessions", users));
	}
	return list;
}

json_t *
sessions_totals_json(struct sessions *ss)
{
	uint64_t footprint = 0, rss = 0, out = 0, freed = 0;
	int running = 0, asleep = 0;
	json_t *outside = outside_json(ss, &out);

	for (struct session *s = ss->first; s; s = s->next) {
		const struct memstat *m = sessions_memory(s);
		running += session_live(s);
		asleep += s->state == SS_ASLEEP;
		freed += s->state == SS_ASLEEP ? s->past.freed_bytes : 0;
		if (m && m->known) {
			footprint += m->footprint;
			rss += m->rss;
		}
	}
	return json_pack("{s:I,s:I,s:I,s:i,s:i,s:I,s:o}", "freed_bytes", (json_int_t)freed,
		"footprint_bytes", (json_int_t)footprint, "rss_bytes", (json_int_t)rss, "running",
		running, "asleep", asleep, "outside_bytes", (json_int_t)out, "outside", outside);
}

json_t *
sessions_pressure_json(struct sessions *ss)
{
	struct pressure p;
	json_t *o = json_object();

	if (!ss->sampler)
		return o;
	p = sampler_pressure(ss->sampler);
	obj_put_int(o, "mem_total_bytes", p.mem_total);
	obj_put_int(o, "mem_available_bytes", p.mem_available);
	obj_put_int(o, "swap_total_bytes", p.swap_total);
	obj_put_int(o, "swap_free_bytes", p.swap_free);
	put_psi(o, &p.psi);
	obj_put_int(o, "swapped_in_bytes", p.swapped_in);
	obj_put_int(o, "swapped_out_bytes", p.swapped_out);
	put_known(o, "swap_in_bytes_per_s", p.swap_in_per_s);
	put_known(o, "swap_out_bytes_per_s", p.swap_out_per_s);
	obj_put_int(o, "zswap_stored_bytes", p.zswap_stored);
	obj_put_int(o, "zswap_used_bytes", p.zswap_used);
	obj_put_int(o, "zram_stored_bytes", p.zram_stored);
	obj_put_int(o, "zram_used_bytes", p.zram_used);
	obj_put_int(o, "level", (uint64_t)p.level);
	return o;
}
