/* S of cli.md and the totals. What is not known is left out. */
#include "core/os.h"
#include "core/width.h"
#include "sessions/sampler.h"
#include "sessions/server.h"
#include "sessions/view.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPARK_N 8
#define SPARK_STEP_S 450 /* an hour in eight */

/* Strings from outside may be anything; JSON wants UTF-8. */
static void
put_text(json_t *o, const char *key, const char *s)
{
	size_t n = strlen(s);
	json_t *j = json_string(s);

	if (!j) {
		char *clean = xmalloc(n + 1);
		sanitize(clean, n + 1, s, n);
		j = json_string(clean);
		free(clean);
	}
	json_object_set_new(o, key, j);
}

static void
put_time(json_t *o, const char *key, double t)
{
	if (t > 0)
		json_object_set_new(o, key, json_real(t));
}

static void
put_int(json_t *o, const char *key, uint64_t v)
{
	json_object_set_new(o, key, json_integer((json_int_t)v));
}

json_t *
strings_json(char *const *v, int n)
{
	json_t *a = json_array();

	for (int i = 0; n < 0 ? v && v[i] != NULL : i < n; i++) {
		json_t *s = json_string(v[i]);
		json_array_append_new(a, s ? s : json_string("?"));
	}
	return a;
}

static const struct session *
marked_by(const struct server *sv, const struct outside_process *o)
{
	const struct session *s = sv->sessions;

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
	const struct outside_process *o = sampler_outside(s->server->sampler, &n);
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		const struct session *marked = marked_by(s->server, &o[i]);
		unsigned users = 0;

		if (!o[i].shared || !uses(s, marked, &o[i]))
			continue;
		for (const struct session *x = s->server->sessions; x; x = x->next)
			users += uses(x, marked, &o[i]);
		sum += o[i].footprint / MAX(users, 1u);
	}
	return sum;
}

static void
put_memory(json_t *o, struct session *s)
{
	const struct memstat *m =
		s->server->sampler ? sampler_get(s->server->sampler, s->num) : NULL;
	uint64_t spark[SPARK_N] = {0};
	json_t *a;

	if (!m || !m->known)
		return;
	put_int(o, "processes", m->processes);
	put_int(o, "strays", m->strays);
	put_int(o, "shared_bytes", shared_bytes(s));
	put_int(o, "footprint_bytes", m->footprint);
	json_object_set_new(o, "footprint_estimated", json_boolean(m->estimated));
	put_int(o, "rss_bytes", m->rss);
	put_int(o, "swap_bytes", m->swap);
	put_int(o, "peak_bytes", m->peak);
	if (isfinite(m->growth_bytes_per_h))
		json_object_set_new(o, "growth_bytes_per_h", json_real(m->growth_bytes_per_h));
	json_object_set_new(o, "growth", json_string(growth_name(m->growth)));
	size_t n = sampler_recent(s->server->sampler, s->num, SPARK_STEP_S, spark, SPARK_N);
	a = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, json_integer((json_int_t)spark[i]));
	json_object_set_new(o, "spark", a);
}

static void
put_limit(json_t *o, const struct session *s)
{
	if (!s->mem_max)
		return;
	put_int(o, "mem_max_bytes", s->mem_max);
	json_object_set_new(o, "mem_held", json_boolean(s->mem_held));
}

static void
put_reap(json_t *o, const struct session *s)
{
	json_t *reasons = json_array();

	for (int i = 0; i < s->reap.n; i++)
		json_array_append_new(reasons, json_string(s->reap.reason[i]));
	json_object_set_new(o, "reap",
		json_pack("{s:b,s:b,s:o}", "eligible", s->reap.eligible, "worth", s->reap.worth,
			"reasons", reasons));
}

static void
put_store(json_t *o, struct session *s)
{
	struct hist *h = term_hist(s->term);
	struct hist_stats st;

	st = hist_stats(h);
	json_object_set_new(o, "store",
		json_pack("{s:I,s:I,s:I,s:I}", "history_lines", (json_int_t)st.lines, "hot_bytes",
			(json_int_t)st.hot_bytes, "packed_bytes", (json_int_t)st.packed_bytes,
			"spilled_bytes", (json_int_t)st.spilled_bytes));
}

static void
put_activity(json_t *o, struct session *s)
{
	char prompt[20];

	if (s->state != SS_RUNNING && s->state != SS_CLOSING)
		return;
	json_object_set_new(o, "activity", json_string(activity_name(s->act.now)));
	if (s->act.now != ACT_UNKNOWN)
		json_object_set_new(
			o, "activity_source", json_string(activity_source_name(s->act.source)));
	if (*s->act.detail)
		put_text(o, "detail", s->act.detail);
	json_object_set_new(o, "idle_s", json_real(activity_idle_s(&s->act, os_mono_ns())));
	snprintf(prompt, sizeof(prompt), "%016llx", (unsigned long long)s->act.prompt_hash);
	if (s->act.prompt_hash)
		json_object_set_new(o, "prompt", json_string(prompt));
}

json_t *
session_json(struct session *s)
{
	json_t *o = json_object();

	json_object_set_new(o, "v", json_integer(1));
	json_object_set_new(o, "id", json_string(s->id));
	put_text(o, "name", s->name);
	if (s->profile)
		put_text(o, "profile", profile_name(s->profile));
	put_text(o, "cwd", s->cwd ? s->cwd : "");
	json_object_set_new(o, "argv", strings_json(s->argv, -1));
	json_object_set_new(o, "tags", strings_json(s->tags, s->n_tags));
	json_object_set_new(o, "pinned", json_boolean(s->pinned));
	put_text(o, "host", s->server->host);
	json_object_set_new(o, "state", json_string(session_state_name(s->state)));
	put_activity(o, s);
	put_text(o, "title", s->title);
	put_text(o, "last_line", s->last_line);
	put_time(o, "created", s->created);
	put_time(o, "last_output", s->last_output);
	put_time(o, "last_input", s->last_input);
	put_time(o, "ended", s->ended);
	if (s->pid > 0 && session_live(s))
		put_int(o, "pid", (uint64_t)s->pid);
	if (*s->conversation)
		put_text(o, "conversation", s->conversation);
	if (!session_live(s) && s->exit_code >= 0)
		put_int(o, "exit_code", (uint64_t)s->exit_code);
	if (!session_live(s) && s->exit_signal > 0)
		put_int(o, "exit_signal", (uint64_t)s->exit_signal);
	json_object_set_new(o, "size", json_pack("{s:i,s:i}", "cols", s->cols, "rows", s->rows));
	put_int(o, "viewers", s->viewers);
	if (session_live(s)) {
		put_memory(o, s);
		put_limit(o, s);
		put_reap(o, s);
	}
	if (s->freed_bytes)
		put_int(o, "freed_bytes", s->freed_bytes);
	put_store(o, s);
	return o;
}

static json_t *
outside_json(struct server *sv, uint64_t *sum)
{
	size_t n = 0;
	const struct outside_process *o = sv->sampler ? sampler_outside(sv->sampler, &n) : NULL;
	json_t *list = json_array();
	double now = os_wall_s();

	for (size_t i = 0; i < n; i++) {
		json_t *users = json_array();
		const struct session *marked = marked_by(sv, &o[i]);

		for (struct session *s = sv->sessions; s; s = s->next)
			if (uses(s, marked, &o[i]))
				json_array_append_new(users, json_string(s->name));
		*sum += o[i].footprint;
		json_array_append_new(list,
			json_pack("{s:i,s:s,s:I,s:b,s:b,s:f,s:o}", "pid", (int)o[i].pid, "what",
				o[i].what, "footprint_bytes", (json_int_t)o[i].footprint,
				"estimated", o[i].estimated, "shared", o[i].shared, "age_s",
				MAX(now - o[i].started, 0.0), "sessions", users));
	}
	return list;
}

json_t *
server_totals_json(struct server *sv)
{
	uint64_t footprint = 0, rss = 0, out = 0;
	int running = 0, asleep = 0;
	json_t *outside = outside_json(sv, &out);

	for (struct session *s = sv->sessions; s; s = s->next) {
		const struct memstat *m =
			sv->sampler && session_live(s) ? sampler_get(sv->sampler, s->num) : NULL;
		running += session_live(s);
		asleep += s->state == SS_ASLEEP;
		if (m && m->known) {
			footprint += m->footprint;
			rss += m->rss;
		}
	}
	return json_pack("{s:I,s:I,s:i,s:i,s:I,s:o}", "footprint_bytes", (json_int_t)footprint,
		"rss_bytes", (json_int_t)rss, "running", running, "asleep", asleep, "outside_bytes",
		(json_int_t)out, "outside", outside);
}

/* -1 stands for unknown. */
static void
put_known(json_t *o, const char *key, double v)
{
	if (v >= 0)
		json_object_set_new(o, key, json_real(v));
}

json_t *
server_pressure_json(struct server *sv)
{
	struct pressure p;
	json_t *o = json_object();

	if (!sv->sampler)
		return o;
	p = sampler_pressure(sv->sampler);
	put_int(o, "mem_total_bytes", p.mem_total);
	put_int(o, "mem_available_bytes", p.mem_available);
	put_int(o, "swap_total_bytes", p.swap_total);
	put_int(o, "swap_free_bytes", p.swap_free);
	put_known(o, "psi_some_avg10", p.psi_some_avg10);
	put_known(o, "psi_some_avg60", p.psi_some_avg60);
	put_known(o, "psi_full_avg10", p.psi_full_avg10);
	put_known(o, "psi_full_avg60", p.psi_full_avg60);
	put_known(o, "swap_in_bytes_per_s", p.swap_in_per_s);
	put_known(o, "swap_out_bytes_per_s", p.swap_out_per_s);
	put_int(o, "zswap_stored_bytes", p.zswap_stored);
	put_int(o, "zswap_used_bytes", p.zswap_used);
	put_int(o, "zram_stored_bytes", p.zram_stored);
	put_int(o, "zram_used_bytes", p.zram_used);
	put_int(o, "level", (uint64_t)p.level);
	return o;
}
