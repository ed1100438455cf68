/* Requests about memory and about what happened: history, footprint, events. Each reads on another
 * thread (the store's, or a worker's) and replies when that is done; a peer that went in between
 * leaves a job whose answer nobody takes. */
#include "core/os/os.h"
#include "sessions/memory/footprint_json.h"
#include "sessions/memory/sampler.h"
#include "sessions/store_thread/store_worker.h"
#include "sessions/session/run.h"
#include "sessions/session/runner.h"
#include "sessions/verb/verb.h"
#include "sessions/wire/json.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS_DEFAULT = 2000, POINTS_MAX = 20000, EVENTS_DEFAULT = 1000, EVENTS_MAX = 20000 };
enum { OVERVIEW_POINTS = 96 };
static const double SINCE_DEFAULT_S = 86400;

static double
number_arg(struct request *r, const char *key, double absent)
{
	json_t *v = json_object_get(request_args(r), key);

	return json_is_number(v) ? json_number_value(v) : absent;
}

static json_t *
bytes(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static bool
no_store(struct request *r)
{
	struct err e = {.code = 1, .msg = "the server has no store"};

	if (!request_sessions(r)->store)
		request_fail(r, &e);
	return !request_sessions(r)->store;
}

/* A figure of the program that it runs behind would only mislead. */
static bool
unseen(struct request *r, const struct session *s)
{
	char why[100];
	struct err e;

	if (!runner_unseen(s, why, sizeof why))
		return false;
	err_set(&e, 1, "%s: %s", s->name, why);
	request_fail(r, &e);
	return true;
}

/* ---- history of one session ---- */

struct history_job {
	struct request *r; /* NULL: cancelled */
	uint32_t num;
	char id[12], name[64];
	double since, tick_s;
	size_t max;
	struct mem_point *p;
	size_t n;
	double step_s;
	struct meta_event *ev;
	size_t n_ev;
};

static void
history_cancel(void *ctx)
{
	((struct history_job *)ctx)->r = NULL;
}

static void
history_read(void *arg, struct history_db *h, struct meta_db *m)
{
	struct history_job *j = arg;

	j->p = history_points(h, j->num, j->since, j->max, &j->step_s, &j->n);
	j->ev = meta_events(m, j->num, j->since, EVENTS_DEFAULT, &j->n_ev);
}

static json_t *
flags_json(unsigned flags)
{
	static const char *const names[] = {"estimated", "gap", "resumed", "reaped"};
	json_t *a = json_array();

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (flags & (1u << i))
			json_array_append_new(a, json_string(names[i]));
	return a;
}

static json_t *
point_json(const struct mem_point *p)
{
	return json_pack("{s:f,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:i,s:o}", "t", p->t, "min",
		bytes(p->min), "avg", bytes(p->avg), "max", bytes(p->max), "last", bytes(p->last),
		"swap_max", bytes(p->swap_max), "rss", bytes(p->rss_last), "rss_last",
		bytes(p->rss_last), "rss_min", bytes(p->rss_min), "n", (int)p->n, "flags",
		flags_json(p->flags));
}

static json_t *
event_json(const struct meta_event *ev)
{
	json_t *detail = json_loads(ev->detail_json, 0, NULL);

	return json_pack("{s:i,s:f,s:s,s:s,s:s,s:o}", "v", 1, "t", ev->t, "id", ev->id, "name",
		ev->name, "event", ev->event, "detail", detail ? detail : json_object());
}

static json_t *
events_json(const struct meta_event *ev, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, event_json(&ev[i]));
	return a;
}

static void
history_done(void *arg)
{
	struct history_job *j = arg;
	json_t *points = json_array();

	for (size_t i = 0; i < j->n; i++)
		json_array_append_new(points, point_json(&j->p[i]));
	if (j->r)
		request_reply(
			j->r, json_pack("{s:i,s:s,s:s,s:f,s:o,s:o}", "v", 1, "id", j->id, "name",
				      j->name, "step_s", j->step_s > 0 ? j->step_s : j->tick_s,
				      "points", points, "events", events_json(j->ev, j->n_ev)));
	else
		json_decref(points);
	meta_events_free(j->ev, j->n_ev);
	free(j->p);
	free(j);
}

static void
history_one(struct request *r, double since)
{
	struct session *s = request_session(r);
	struct history_job *j;

	if (!s || unseen(r, s))
		return;
	j = xcalloc(1, sizeof(*j));
	j->r = r;
	j->num = s->num;
	memcpy(j->id, s->id, sizeof(j->id));
	memcpy(j->name, s->name, sizeof(j->name));
	j->since = since;
	j->tick_s = request_sessions(r)->config->tick_s;
	j->max = (size_t)CLAMP(number_arg(r, "max", POINTS_DEFAULT), 1, POINTS_MAX);
	if (request_sessions(r)->sampler) /* its plot is looked at */
		sampler_focus(request_sessions(r)->sampler, s->num);
	request_on_cancel(r, history_cancel, j);
	store_run(request_sessions(r)->store, history_read, history_done, j);
}

/* ---- history of all ---- */

struct overview_row {
	uint32_t num;
	bool unseen; /* its samples are of the program that it runs behind */
	json_t *o;
	double growth;
	struct mem_point *p;
	size_t n;
	double step_s;
};
struct overview_job {
	struct request *r;
	double since;
	struct overview_row *row;
	size_t n;
};

static void
overview_cancel(void *ctx)
{
	((struct overview_job *)ctx)->r = NULL;
}

static void
overview_read(void *arg, struct history_db *h, struct meta_db *m)
{
	struct overview_job *j = arg;

	(void)m;
	for (size_t i = 0; i < j->n; i++)
		if (!j->row[i].unseen)
			j->row[i].p = history_points(h, j->row[i].num, j->since, OVERVIEW_POINTS,
				&j->row[i].step_s, &j->row[i].n);
}

static int
top_growers_first(const void *a, const void *b)
{
	const struct overview_row *x = a, *y = b;

	return (x->growth < y->growth) - (x->growth > y->growth);
}

/* What the points say of a session: least, most, last, and the curve for a sparkline. */
static void
add_points(struct overview_row *w)
{
	uint64_t lo = UINT64_MAX, hi = 0;
	json_t *spark = json_array();

	for (size_t i = 0; i < w->n; i++) {
		lo = MIN(lo, w->p[i].min);
		hi = MAX(hi, w->p[i].max);
		json_array_append_new(spark, bytes(w->p[i].max));
	}
	if (w->n) {
		const struct mem_point *last = &w->p[w->n - 1];

		json_object_set_new(w->o, "min", bytes(lo));
		json_object_set_new(w->o, "max", bytes(hi));
		if (!json_object_get(w->o, "now"))
			json_object_set_new(w->o, "last", bytes(last->last));
		json_object_set_new(w->o, "rss_last", bytes(last->rss_last));
		json_object_set_new(w->o, "from", json_real(w->p[0].t));
		json_object_set_new(w->o, "to", json_real(last->t));
	}
	json_object_set_new(w->o, "points", spark);
}

static void
overview_done(void *arg)
{
	struct overview_job *j = arg;
	json_t *list = json_array();

	qsort(j->row, j->n, sizeof(*j->row), top_growers_first);
	for (size_t i = 0; i < j->n; i++) {
		add_points(&j->row[i]);
		free(j->row[i].p);
		json_array_append_new(list, j->row[i].o);
	}
	if (j->r)
		request_reply(j->r,
			json_pack("{s:i,s:f,s:o}", "v", 1, "since", j->since, "sessions", list));
	else
		json_decref(list);
	free(j->row);
	free(j);
}

static void
overview_row(struct session *s, struct overview_row *w)
{
	const struct memstat *m = sessions_memory(s);

	w->num = s->num;
	w->unseen = runner_hides(s);
	w->growth = -INFINITY;
	w->o = json_pack("{s:s,s:s,s:s}", "id", s->id, "name", s->name, "state",
		session_state_name(s->state));
	if (!m || !m->known)
		return;
	json_object_set_new(w->o, "now", bytes(m->footprint));
	json_object_set_new(w->o, "rss_bytes", bytes(m->rss));
	json_object_set_new(w->o, "growth", json_string(growth_name(m->growth)));
	if (isfinite(m->growth_bytes_per_h)) {
		w->growth = m->growth_bytes_per_h;
		json_object_set_new(w->o, "growth_bytes_per_h", json_real(w->growth));
	}
}

static void
history_all(struct request *r, double since)
{
	struct sessions *ss = request_sessions(r);
	struct overview_job *j = xcalloc(1, sizeof(*j));
	size_t n = 0;

	for (struct session *s = ss->first; s; s = s->next)
		n++;
	j->r = r;
	j->since = since;
	j->row = xcalloc(n + 1, sizeof(*j->row));
	for (struct session *s = ss->first; s; s = s->next)
		overview_row(s, &j->row[j->n++]);
	request_on_cancel(r, overview_cancel, j);
	store_run(ss->store, overview_read, overview_done, j);
}

/* since: seconds back, or 0 for all. */
static double
since_arg(struct request *r, double absent)
{
	double back = number_arg(r, "since", absent);

	return back > 0 ? os_wall_s() - back : 0;
}

void
cmd_history(struct request *r)
{
	double since = since_arg(r, SINCE_DEFAULT_S);

	if (no_store(r))
		return;
	if (json_object_get(request_args(r), "id"))
		history_one(r, since);
	else
		history_all(r, since);
}

/* ---- events ---- */

struct events_job {
	struct request *r;
	uint32_t num;
	char id[12];
	double since;
	size_t max;
	struct meta_event *ev;
	size_t n;
};

static void
events_cancel(void *ctx)
{
	((struct events_job *)ctx)->r = NULL;
}

static void
events_read(void *arg, struct history_db *h, struct meta_db *m)
{
	struct events_job *j = arg;

	(void)h;
	j->ev = meta_events(m, j->num, j->since, j->max, &j->n);
}

static void
events_done(void *arg)
{
	struct events_job *j = arg;
	json_t *reply;

	if (j->r) {
		reply = json_pack("{s:i,s:o}", "v", 1, "events", events_json(j->ev, j->n));
		if (j->num)
			json_object_set_new(reply, "id", json_string(j->id));
		request_reply(j->r, reply);
	}
	meta_events_free(j->ev, j->n);
	free(j);
}

void
cmd_events(struct request *r)
{
	struct session *s = NULL;
	struct events_job *j;

	if (no_store(r))
		return;
	if (json_object_get(request_args(r), "id") && !(s = request_session(r)))
		return;
	j = xcalloc(1, sizeof(*j));
	j->r = r;
	j->num = s ? s->num : 0;
	snprintf(j->id, sizeof(j->id), "%s", s ? s->id : "");
	j->since = since_arg(r, 0);
	j->max = (size_t)CLAMP(number_arg(r, "max", EVENTS_DEFAULT), 1, EVENTS_MAX);
	request_on_cancel(r, events_cancel, j);
	store_run(request_sessions(r)->store, events_read, events_done, j);
}

/* ---- footprint ---- */

struct footprint_job {
	uv_work_t req;
	struct request *r;
	uint32_t num;
	pid_t pid;
	char id[12], name[64];
	struct footprint_others others;
	struct footprint_report report;
	int rc;
};

static void
footprint_cancel(void *ctx)
{
	((struct footprint_job *)ctx)->r = NULL;
}

static void
footprint_work(uv_work_t *req)
{
	struct footprint_job *j = container_of(req, struct footprint_job, req);

	j->rc = footprint_report(j->pid, j->id, &j->others, &j->report);
}

static void
footprint_after(uv_work_t *req, int status)
{
	struct footprint_job *j = container_of(req, struct footprint_job, req);
	struct census_slab slabs[SLAB_SIZES];
	struct session *s = j->r ? sessions_num(request_sessions(j->r), j->num) : NULL;
	struct err e;
	json_t *o;

	(void)status;
	if (j->r && j->rc < 0) {
		err_set(&e, 1, "%s has no processes (see: muster history %s)", j->name, j->name);
		request_fail(j->r, &e);
	} else if (j->r) {
		o = footprint_json(&j->report);
		json_object_set_new(o, "slabs",
			slabs_json(slabs, census_slabs(request_sessions(j->r)->census, j->num,
						  &j->report.slabs, slabs)));
		json_object_set_new(o, "id", json_string(j->id));
		json_object_set_new(o, "name", json_string(j->name));
		if (s)
			session_put_memgroup(o, s);
		request_reply(j->r, o);
	}
	footprint_report_free(&j->report);
	free(j->others.p);
	free(j);
}

void
cmd_footprint(struct request *r)
{
	struct session *s = request_session(r);
	struct footprint_job *j;

	if (!s || unseen(r, s))
		return;
	j = xcalloc(1, sizeof(*j));
	j->r = r;
	j->num = s->num;
	j->pid = s->run ? s->run->pid : 0; /* what it left behind is found without it */
	memcpy(j->id, s->id, sizeof(j->id));
	memcpy(j->name, s->name, sizeof(j->name));
	if (s->of->sampler)
		j->others = sampler_others(s->of->sampler, s->num);
	request_on_cancel(r, footprint_cancel, j);
	CHECK(uv_queue_work(request_sessions(r)->loop, &j->req, footprint_work, footprint_after) ==
		0);
}
