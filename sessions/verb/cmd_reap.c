/* Requests about closing and waking: hibernate, reap, explain. Arguments and replies are
 * those of the verbs in JSON: ids (or id), force; idle (s), min (bytes), growing, yes, dry_run. */
#include "core/os/os.h"
#include "sessions/memory/footprint_json.h"
#include "sessions/memory/sampler.h"
#include "sessions/closing/closer.h"
#include "sessions/closing/judge.h"
#include "sessions/lifecycle/lifecycle.h"
#include "sessions/server/server.h"
#include "sessions/session/run.h"
#include "sessions/session/runner.h"
#include "sessions/verb/verb.h"
#include "sessions/wire/json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Several sessions closed for one request; the reply is made when the last is done. */
struct batch {
	struct closer *closer;
	struct request *r; /* NULL: the client went; the closing goes on */
	json_t *reply, *results;
	const char *key; /* where results go in the reply */
	size_t pending;
	bool only_done; /* reap: failures are not listed as done */
};

static void
batch_cancel(void *ctx)
{
	((struct batch *)ctx)->r = NULL;
}

static void
batch_finish(struct batch *b)
{
	if (b->pending)
		return;
	json_object_set_new(b->reply, b->key, b->results);
	if (b->r)
		request_reply(b->r, b->reply);
	else
		json_decref(b->reply);
	free(b);
}

static void
batch_closed(void *ctx, const struct closer_result *r)
{
	struct batch *b = ctx;
	json_t *o;

	b->pending--;
	if (r->ok || !b->only_done) {
		o = result_json(r->id, r->name, r->ok ? NULL : r->error);
		if (r->ok) {
			json_object_set_new(
				o, "freed_bytes", json_integer((json_int_t)r->freed_bytes));
			json_object_set_new(o, "how", json_string(r->how));
			json_object_set_new(o, "resume", json_sprintf("muster resume %s", r->name));
		}
		json_array_append_new(b->results, o);
	}
	batch_finish(b);
}

static struct batch *
batch_new(struct request *r, const char *key)
{
	struct batch *b = xcalloc(1, sizeof *b);

	b->closer = lifecycle_closer(server_lifecycle(request_server(r)));
	b->r = r;
	b->reply = json_pack("{s:i}", "v", 1);
	b->results = json_array();
	b->key = key;
	b->pending = 1; /* the request itself, until all are started */
	request_on_cancel(r, batch_cancel, b);
	return b;
}

static const char *
word(const json_t *j)
{
	const char *s = json_string_value(j);

	return s ? s : "";
}

static void
hibernate_one(struct batch *b, struct session *s, const struct closer_request *q)
{
	struct err e = {0};

	b->pending++;
	if (closer_start(b->closer, s, q, &e) == 0)
		return;
	b->pending--;
	json_array_append_new(b->results, result_json(s->id, s->name, e.msg));
}

void
cmd_hibernate(struct request *r)
{
	struct sessions *ss = request_sessions(r);
	struct closer_request q = {.by_hand = true, .limits = ss->config->reap, .why = "by hand"};
	json_t *ids = request_ids(r), *v;
	struct batch *b;
	struct err e;
	size_t i;

	if (!ids) {
		err_set(&e, 2, "which session? (muster ls)");
		request_fail(r, &e);
		return;
	}
	if (!request_all_known(r, ids))
		goto out;
	b = batch_new(r, "results");
	q.force = obj_true(request_args(r), "force");
	q.cb = batch_closed;
	q.ctx = b;
	json_array_foreach (ids, i, v)
		hibernate_one(b, sessions_find(ss, word(v), &e), &q);
	b->pending--;
	batch_finish(b);
out:
	json_decref(ids);
}

static json_t *
reasons_json(const struct reap_verdict *v)
{
	json_t *a = json_array();

	for (int i = 0; i < v->n; i++)
		json_array_append_new(a, json_string(v->reason[i]));
	return a;
}

static json_t *
candidate(const struct session *s, const struct reap_facts *f, const struct reap_verdict *v)
{
	json_t *o = json_pack("{s:s,s:s,s:b,s:b,s:o,s:f}", "id", s->id, "name", s->name, "eligible",
		v->eligible, "worth", v->worth, "reasons", reasons_json(v), "idle_s", f->idle_s);

	if (f->footprint_known)
		json_object_set_new(
			o, "footprint_bytes", json_integer((json_int_t)f->footprint_bytes));
	return o;
}

static void
limits_of(const json_t *args, struct reap_config *c)
{
	const json_t *idle = json_object_get(args, "idle"), *min = json_object_get(args, "min");

	if (json_is_number(idle))
		c->idle_s = json_number_value(idle);
	if (json_is_number(min))
		c->min_bytes = (uint64_t)MAX(json_number_value(min), 0.0);
}

void
cmd_reap(struct request *r)
{
	struct sessions *ss = request_sessions(r);
	const json_t *args = request_args(r);
	bool growing = obj_true(args, "growing");
	bool yes = obj_true(args, "yes") && !obj_true(args, "dry_run");
	struct closer_request q = {.limits = ss->config->reap, .why = "reap"};
	struct batch *b = batch_new(r, "done");
	json_t *candidates = json_array();
	uint64_t would_free = 0;

	limits_of(args, &q.limits);
	b->only_done = true;
	q.cb = batch_closed;
	q.ctx = b;
	for (struct session *s = ss->first; s; s = s->next) {
		struct reap_verdict v;
		struct reap_facts f;

		if (!s->run)
			continue;
		judge_facts(s, &f);
		policy_judge(&f, &q.limits, &v);
		v.worth &= !growing || f.grows;
		json_array_append_new(candidates, candidate(s, &f, &v));
		if (!v.eligible || !v.worth)
			continue;
		would_free += f.footprint_bytes;
		if (yes)
			hibernate_one(b, s, &q);
	}
	json_object_set_new(b->reply, "candidates", candidates);
	json_object_set_new(b->reply, "would_free_bytes", json_integer((json_int_t)would_free));
	b->pending--;
	batch_finish(b);
}

/* explain */

static json_t *
signals_json(const struct session *s, uint64_t now)
{
	json_t *a = json_array();

	for (int i = 0; i < SRC_COUNT; i++) {
		const struct activity_signal *sig = &s->run->act.sig[i];
		enum activity_source src = (enum activity_source)i;
		json_t *o = json_pack("{s:s,s:s,s:b,s:b}", "source", activity_source_name(src),
			"value", sig->at_ns ? activity_name(sig->value) : "none", "used",
			s->run->act.source == src && sig->at_ns != 0, "fresh",
			activity_fresh(&s->run->act, src, now));

		if (sig->at_ns)
			json_object_set_new(
				o, "age_s", json_real((double)(now - MIN(now, sig->at_ns)) / 1e9));
		if (sig->detail[0])
			json_object_set_new(o, "detail", json_string(sig->detail));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *
growth_json(const struct session *s)
{
	struct sampler *sampler = s->of->sampler;
	const struct memstat *m = sessions_memory(s);
	struct census_slab slabs[SLAB_SIZES];
	struct growth_numbers n;
	size_t n_slabs;
	json_t *o;

	if (!m)
		return json_pack("{s:s,s:{}}", "verdict", "unknown", "numbers");
	n = sampler_growth(sampler, s->num);
	o = json_pack("{s:s,s:{s:b,s:s,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:i,s:i}}",
		"verdict", growth_name(m->growth), "numbers", "while_working",
		m->growth_while_working, "lacks", growth_lack_text(n.lack), "confidence",
		n.confidence, "slope_bytes_per_h", n.slope_bytes_per_h, "rise_bytes", n.rise_bytes,
		"remainder_bytes", n.remainder_bytes, "later_ratio", n.later_ratio, "before_ratio",
		n.before_ratio, "bend", n.bend, "steps", n.steps, "given_back_bytes",
		n.given_back_bytes, "hump_bytes", n.hump_bytes, "floor_bytes", n.floor_bytes,
		"span_h", n.span_h, "collections", n.collections, "floors", n.floors);
	n_slabs = census_slabs(s->of->census, s->num, NULL, slabs);
	json_object_set_new(o, "slabs", slabs_json(slabs, n_slabs));
	return o;
}

static json_t *
reap_json(struct session *s)
{
	const struct reap_config *c = &s->of->config->reap;
	struct reap_facts f;
	struct reap_verdict v;
	json_t *facts;

	judge_facts(s, &f);
	policy_judge(&f, c, &v);
	facts = json_pack("{s:b,s:b,s:b,s:b,s:b,s:b,s:b,s:b,s:b,s:f,s:f,s:f,s:i,s:I,s:I}",
		"running", f.live, "pinned", f.pinned, "attached", f.attached, "draft", f.draft,
		"tool", f.tool_running, "conversation_known", f.conversation_known,
		"conversation_on_disk", f.conversation_on_disk, "grows", f.grows, "pressure",
		f.pressure, "idle_s", f.idle_s, "idle_limit_s", policy_idle_limit(&f, c), "age_s",
		f.age_s, "revisits_day", f.revisits_day, "footprint_bytes",
		(json_int_t)f.footprint_bytes, "min_bytes", (json_int_t)c->min_bytes);
	if (!f.footprint_known)
		json_object_del(facts, "footprint_bytes");
	if (f.tool_name[0])
		json_object_set_new(facts, "tool_name", json_string(f.tool_name));
	json_object_set_new(
		facts, "prompt", json_string(prompt_state_name(s->run->act.prompt.state)));
	if (s->run->act.prompt.text[0])
		json_object_set_new(facts, "prompt_text", json_string(s->run->act.prompt.text));
	if (s->conversation[0])
		json_object_set_new(facts, "conversation", json_string(s->conversation));
	return json_pack("{s:b,s:b,s:o,s:o}", "eligible", v.eligible, "worth", v.worth, "reasons",
		reasons_json(&v), "facts", facts);
}

void
cmd_explain(struct request *r)
{
	struct session *s = request_session(r);
	uint64_t now = os_mono_ns();
	char why[100];
	json_t *o;

	if (!s)
		return;
	o = json_pack("{s:i,s:s,s:s,s:s,s:s,s:o}", "v", 1, "id", s->id, "name", s->name, "state",
		session_state_name(s->state), "activity", activity_name(run_activity(s)), "growth",
		growth_json(s));
	if (runner_unseen(s, why, sizeof why))
		obj_put_text(o, "memory_unseen", why);
	session_put_usage(o, s);
	session_put_memgroup(o, s);
	json_object_set_new(o, "signals", s->run ? signals_json(s, now) : json_array());
	if (s->run) {
		const struct activity_state *a = &s->run->act;
		obj_put_text(o, "activity_source", activity_source_name(a->source));
		obj_put_real(o, "idle_s", activity_idle_s(a, now));
		json_object_set_new(o, "stopped", json_boolean(s->run->stopped));
		json_object_set_new(o, "reap", reap_json(s));
	}
	request_reply(r, o);
}
