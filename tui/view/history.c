/* One session's memory over time, or that of all together: what the server told of it, and the keys
 * that choose what is shown. */
#include "core/text/width.h"
#include "tui/app/dialog.h"
#include "tui/view/history_priv.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct hist_span hist_spans[] = {{600, "10m"}, {3600, "1h"}, {6 * 3600, "6h"}, {86400, "24h"},
	{7 * 86400, "7d"}, {90 * 86400, "all"}};
const size_t n_hist_spans = ARRAY_LEN(hist_spans);
#define POINTS 2000

static struct hist_state *
hist(struct app *a)
{
	return app_state(a, &view_history);
}

enum metric
hist_metric(const struct hist_state *st)
{
	return st->shown == SH_RSS ? M_RSS : st->shown == SH_SWAP ? M_SWAP : M_FOOTPRINT;
}

void
hist_range(const struct app *a, const struct hist_state *st, double *t0, double *t1)
{
	double first = st->own.n ? st->own.p[0].t : -INFINITY;
	if (st->other.n)
		first = MIN(first, st->other.p[0].t);
	*t1 = a->now - st->back_s + 1e-3;
	*t0 = *t1 - hist_spans[st->span].s;
	*t0 = MIN(MAX(*t0, first), *t1 - 60);
}

static double
field(json_t *o, const char *key, double absent)
{
	json_t *v = json_object_get(o, key);
	return json_is_number(v) ? json_number_value(v) : absent;
}

static void
clean(json_t *o, const char *key, char *out, size_t cap)
{
	const char *s = json_string_value(json_object_get(o, key));
	sanitize(out, cap, s ? s : "", s ? strlen(s) : 0);
}

/* --- what the server told --------------------------------------------------------------------- */

/* "slept, freed 812M" once that was measured, in place of the sleep that came before. */
static void
take_marks(struct hist_state *st, json_t *events)
{
	json_t *e;
	size_t i;
	char mem[16];
	st->n_marks = 0;
	json_array_foreach (events, i, e) {
		struct mark *before = st->n_marks ? &st->marks[st->n_marks - 1] : NULL;
		double freed = field(json_object_get(e, "detail"), "freed_bytes", 0);
		struct mark m = {.t = field(e, "t", 0)};
		clean(e, "event", m.text, sizeof m.text);
		if (freed > 0) {
			snprintf(m.text, sizeof m.text, "slept, freed %s", fmt_mem(mem, freed));
			if (before && !strcmp(before->text, "slept"))
				st->n_marks--;
		}
		if (m.text[0] && st->n_marks < MARKS_MAX)
			st->marks[st->n_marks++] = m;
	}
}

static void
take_points(struct series *s, json_t *reply)
{
	json_t *list = json_object_get(reply, "points"), *o;
	size_t i;
	free(s->p);
	s->n = json_array_size(list);
	s->p = xcalloc(s->n + 1, sizeof *s->p);
	json_array_foreach (list, i, o) {
		struct point *p = &s->p[i];
		p->t = field(o, "t", 0);
		p->min = field(o, "min", 0);
		p->max = field(o, "max", field(o, "last", 0));
		p->v[M_FOOTPRINT] = p->max;
		p->v[M_RSS] = field(o, "rss", NAN);
		p->v[M_SWAP] = field(o, "swap_max", 0);
	}
	s->step_s = field(reply, "step_s", 60);
}

static void
points_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct hist_state *st = hist(a);
	struct series *s = st && !strcmp(id, st->own.id)     ? &st->own
			   : st && !strcmp(id, st->other.id) ? &st->other
							     : NULL;
	if (!s || st->fleet)
		return;
	st->loading = false;
	a->dirty = true;
	st->error[0] = 0;
	if (e)
		snprintf(st->error, sizeof st->error, "%.159s", e->msg);
	take_points(s, reply);
	if (s == &st->own)
		take_marks(st, json_object_get(reply, "events"));
}

/* The sum of all curves, in steps of the finest one's; each tells its points evenly spread. */
static void
fleet_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct hist_state *st = hist(a);
	enum { STEPS = 400 };
	double t1 = a->now, t0 = t1, from, to;
	json_t *o;
	size_t i;
	(void)id;
	if (!st || !st->fleet)
		return;
	st->loading = false;
	a->dirty = true;
	snprintf(st->error, sizeof st->error, "%.159s", e ? e->msg : "");
	json_array_foreach (json_object_get(reply, "sessions"), i, o)
		t0 = MIN(t0, field(o, "from", t0));
	free(st->own.p);
	st->own.n = t0 < t1 ? STEPS : 0;
	st->own.p = xcalloc(STEPS, sizeof *st->own.p);
	st->own.step_s = (t1 - t0) / STEPS;
	for (size_t k = 0; k < st->own.n; k++)
		st->own.p[k] = (struct point){
			.t = t0 + (double)(k + 1) * st->own.step_s, .v = {[M_RSS] = NAN}};
	json_array_foreach (json_object_get(reply, "sessions"), i, o) {
		json_t *points = json_object_get(o, "points");
		size_t n = json_array_size(points);
		from = field(o, "from", t1);
		to = field(o, "to", t1);
		for (size_t k = 0; k < st->own.n && n; k++) {
			struct point *p = &st->own.p[k];
			double at = to > from ? (p->t - from) / (to - from) * (double)n : 0;
			bool live = json_object_get(o, "now") && at >= (double)n;
			if (at < 0 || (at >= (double)n && !live && p->t - to > st->own.step_s))
				continue;
			p->max += json_number_value(json_array_get(points, MIN((size_t)at, n - 1)));
			p->min = p->v[M_FOOTPRINT] = p->max;
		}
	}
}

static int
proc_cmp(const void *pa, const void *pb)
{
	const struct proc *a = pa, *b = pb;
	return a->bytes > b->bytes ? -1 : a->bytes < b->bytes;
}

static void
procs_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct hist_state *st = hist(a);
	json_t *o;
	size_t i;
	if (!st || e || strcmp(id, st->own.id))
		return;
	st->n_procs = 0;
	json_array_foreach (json_object_get(reply, "processes"), i, o) {
		if (st->n_procs == PROCS_MAX)
			break;
		struct proc *p = &st->procs[st->n_procs++];
		clean(o, "role", p->what, sizeof p->what);
		if (!p->what[0])
			clean(o, "comm", p->what, sizeof p->what);
		p->pid = (long)field(o, "pid", 0);
		p->bytes = (uint64_t)field(o, "footprint_bytes", 0);
		p->rss = (uint64_t)field(o, "rss_bytes", 0);
		p->swap = (uint64_t)field(o, "swap_bytes", 0);
	}
	qsort(st->procs, (size_t)st->n_procs, sizeof *st->procs, proc_cmp);
	a->dirty = true;
}

/* --- what it is made of ----------------------------------------------------------------------- */

static json_t *
parts_of(json_t *o, bool roles)
{
	return json_object_get(o, roles ? "roles" : "categories");
}

static double
part_bytes(json_t *o, bool roles)
{
	return field(o, roles ? "footprint_bytes" : "bytes", 0);
}

/* The largest of the last look have a layer of their own; the rest is one. */
static void
name_parts(struct parts *q, json_t *last, bool roles)
{
	double least[PARTS_MAX] = {0};
	json_t *o;
	size_t i;
	q->n_names = 0;
	json_array_foreach (parts_of(last, roles), i, o) {
		double v = part_bytes(o, roles);
		int k = q->n_names;
		for (; k > 0 && least[k - 1] < v; k--)
			if (k < PARTS_MAX) {
				least[k] = least[k - 1];
				memcpy(q->name[k], q->name[k - 1], sizeof q->name[k]);
			}
		if (k == PARTS_MAX || v <= 0)
			continue;
		least[k] = v;
		clean(o, roles ? "role" : "name", q->name[k], sizeof q->name[k]);
		q->n_names += q->n_names < PARTS_MAX;
	}
	snprintf(q->name[q->n_names++], sizeof q->name[0], "everything else");
}

static void
take_shares(const struct parts *q, struct composed *c, json_t *o, bool roles)
{
	double sum = 0, all = MAX(field(o, "total_bytes", 0), 1);
	json_t *part;
	size_t i;
	c->t = field(o, "t", 0);
	json_array_foreach (parts_of(o, roles), i, part) {
		char name[32];
		clean(part, roles ? "role" : "name", name, sizeof name);
		for (int k = 0; k + 1 < q->n_names; k++)
			if (!strcmp(name, q->name[k])) {
				c->share[k] += (float)(part_bytes(part, roles) / all);
				sum += part_bytes(part, roles) / all;
			}
	}
	c->share[q->n_names - 1] = (float)MAX(1 - sum, 0);
}

static void
parts_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct hist_state *st = hist(a);
	bool roles = st && st->shown == SH_ROLES;
	json_t *list = json_object_get(reply, "compositions");
	if (!st || e || strcmp(id, st->own.id) || st->shown < SH_ROLES)
		return;
	struct parts *q = &st->parts;
	size_t n = json_array_size(list), skip = n > COMPOSED_MAX ? n - COMPOSED_MAX : 0;
	free(q->at);
	*q = (struct parts){.at = xcalloc(n + 1, sizeof *q->at)};
	if (n)
		name_parts(q, json_array_get(list, n - 1), roles);
	for (size_t i = skip; i < n; i++)
		take_shares(q, &q->at[q->n++], json_array_get(list, i), roles);
	a->dirty = true;
}

/* --- asking ----------------------------------------------------------------------------------- */

static void
ask_points(struct app *a, const struct hist_state *st, const char *id)
{
	app_request(a, "history",
		json_pack("{s:s, s:f, s:i}", "id", id, "since", hist_spans[st->span].s + st->back_s,
			"max", POINTS),
		points_cb, id);
}

static void
ask(struct app *a, struct hist_state *st)
{
	const struct msess *s = model_find(&a->m, st->own.id);
	double since = hist_spans[st->span].s + st->back_s;
	st->loading = true;
	if (st->fleet) {
		app_request(a, "history", json_pack("{s:f}", "since", since), fleet_cb, NULL);
		return;
	}
	ask_points(a, st, st->own.id);
	if (st->other.id[0])
		ask_points(a, st, st->other.id);
	if (st->shown >= SH_ROLES)
		app_request(a, "composition",
			json_pack("{s:s, s:f}", "id", st->own.id, "since", since), parts_cb,
			st->own.id);
	if (s && msess_live(s) && st->procs_at == 0)
		app_request(
			a, "footprint", json_pack("{s:s}", "id", st->own.id), procs_cb, st->own.id);
	st->procs_at = a->now;
}

/* The shortest span that shows all there is, up to a day. */
static void
start(struct app *a, struct hist_state *st)
{
	const struct msess *s = model_find(&a->m, st->own.id);
	double age = s && s->created > 0 ? a->now - s->created : 6 * 3600;
	st->cursor = -1;
	for (st->span = 0; st->span < 3 && hist_spans[st->span].s < age; st->span++)
		;
	ask(a, st);
}

static void
hist_open(struct app *a, void *p, const char *arg)
{
	struct hist_state *st = p;
	snprintf(st->own.id, sizeof st->own.id, "%s", arg ? arg : a->m.sel);
	start(a, st);
}

/* A sample came: the curve goes on without asking for all of it again. */
static void
hist_changed(struct app *a, void *p)
{
	struct hist_state *st = p;
	const struct msess *s = model_find(&a->m, st->own.id);
	struct series *own = &st->own;
	const struct point *last = own->n ? &own->p[own->n - 1] : NULL;
	double v = st->fleet ? (double)model_sums(&a->m).footprint : s ? (double)s->footprint : 0;
	if (st->loading || v <= 0 || (last && (last->v[M_FOOTPRINT] == v || a->now <= last->t)))
		return;
	own->p = xrealloc(own->p, mul_sat(own->n + 2, sizeof *own->p));
	own->p[own->n++] = (struct point){a->now,
		{v, s && !st->fleet ? (double)s->rss : NAN, s && !st->fleet ? (double)s->swap : 0},
		v, v};
	if (!st->fleet && a->now - st->procs_at > 10) {
		st->procs_at = a->now;
		app_request(
			a, "footprint", json_pack("{s:s}", "id", st->own.id), procs_cb, st->own.id);
	}
}

static void
hist_close(struct app *a, void *p)
{
	struct hist_state *st = p;
	(void)a;
	free(st->own.p);
	free(st->other.p);
	free(st->parts.at);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void
cursor_by(struct app *a, int by)
{
	struct hist_state *st = hist(a);
	st->cursor = st->cursor < 0 ? 0 : st->cursor + by;
	st->cursor = CLAMP(st->cursor, -1, MAX(0, st->plot_w - 1));
}

void
act_mem_left(struct app *a)
{
	cursor_by(a, 1);
}

void
act_mem_right(struct app *a)
{
	cursor_by(a, -1);
}

static void
span_by(struct app *a, int by)
{
	struct hist_state *st = hist(a);
	int to = CLAMP((int)st->span + by, 0, (int)n_hist_spans - 1);
	if (to != (int)st->span) {
		st->span = (size_t)to;
		st->back_s = MIN(st->back_s, hist_spans[n_hist_spans - 1].s);
		ask(a, st);
	}
}

void
act_mem_in(struct app *a)
{
	span_by(a, -1);
}

void
act_mem_out(struct app *a)
{
	span_by(a, 1);
}

static void
pan(struct app *a, double by)
{
	struct hist_state *st = hist(a);
	double to =
		CLAMP(st->back_s + by * hist_spans[st->span].s, 0, hist_spans[n_hist_spans - 1].s);
	if (to != st->back_s) {
		st->back_s = to;
		ask(a, st);
	}
}

void
act_mem_past(struct app *a)
{
	pan(a, 0.5);
}

void
act_mem_future(struct app *a)
{
	pan(a, -0.5);
}

void
act_mem_metric(struct app *a)
{
	struct hist_state *st = hist(a);
	st->shown = (st->shown + 1) % (st->fleet ? SH_RSS : SH_COUNT);
	st->parts.n_names = 0;
	st->parts.n = 0;
	if (st->shown >= SH_ROLES)
		ask(a, st);
}

static void
forget(struct hist_state *st)
{
	st->own.n = st->other.n = 0;
	st->other.id[0] = 0;
	st->n_procs = st->n_marks = 0;
	st->procs_at = 0;
	st->parts.n = 0;
	st->parts.n_names = 0;
}

/* The next one of the list beside this one; after the last, none again. */
void
act_mem_compare(struct app *a)
{
	struct hist_state *st = hist(a);
	long i = st->other.id[0] ? model_index(&a->m, st->other.id) : -1;
	const struct msess *next = NULL;
	for (size_t k = (size_t)(i + 1); !next && k < a->m.n_shown; k++)
		if (strcmp(a->m.shown[k]->id, st->own.id) != 0 && a->m.shown[k]->footprint)
			next = a->m.shown[k];
	st->other.n = 0;
	snprintf(st->other.id, sizeof st->other.id, "%s", next && !st->fleet ? next->id : "");
	if (st->other.id[0])
		ask_points(a, st, st->other.id);
	else
		app_toast(a, st->fleet || i < 0, "%s",
			st->fleet ? "one session is compared with another (f)"
			: i < 0	  ? "there is no other session with a footprint"
				  : "compared with none");
}

void
act_mem_fleet(struct app *a)
{
	struct hist_state *st = hist(a);
	st->fleet = !st->fleet;
	forget(st);
	if (st->fleet && st->shown >= SH_RSS)
		st->shown = SH_FOOTPRINT;
	ask(a, st);
}

/* The neighbour's curve, without going back to the list. */
static void
session_by(struct app *a, long by)
{
	struct hist_state *st = hist(a);
	model_move(&a->m, by);
	if (!strcmp(st->own.id, a->m.sel) || st->fleet)
		return;
	snprintf(st->own.id, sizeof st->own.id, "%s", a->m.sel);
	forget(st);
	start(a, st);
}

void
act_mem_down(struct app *a)
{
	session_by(a, 1);
}

void
act_mem_up(struct app *a)
{
	session_by(a, -1);
}

static void
export_to(struct app *a, const char *id, const char *path)
{
	struct hist_state *st = hist(a);
	char full[800];
	(void)id;
	if (!st || !*path)
		return;
	if (path[0] == '~' && path[1] == '/')
		snprintf(full, sizeof full, "%s%s", a->home, path + 1);
	else
		snprintf(full, sizeof full, "%s%s%s", path[0] == '/' ? "" : a->cwd,
			path[0] == '/' ? "" : "/", path);
	FILE *f = fopen(full, "wxe"); /* nothing that is there is lost */
	if (!f) {
		app_toast(a, true, "cannot write %.120s (%s)", full, strerror(errno));
		return;
	}
	fprintf(f, "time,min_bytes,max_bytes,rss_bytes,swap_bytes\n");
	for (size_t i = 0; i < st->own.n; i++) {
		const struct point *p = &st->own.p[i];
		fprintf(f, "%.0f,%.0f,%.0f,", p->t, p->min, p->max);
		if (isfinite(p->v[M_RSS]))
			fprintf(f, "%.0f", p->v[M_RSS]);
		fprintf(f, ",%.0f\n", p->v[M_SWAP]);
	}
	bool bad = ferror(f);
	bad |= fclose(f) != 0;
	app_toast(a, bad, bad ? "writing %.150s failed" : "wrote %.150s", full);
}

void
act_mem_export(struct app *a)
{
	struct hist_state *st = hist(a);
	const struct msess *s = model_find(&a->m, st->own.id);
	char path[700], dir[600];
	snprintf(path, sizeof path, "%s/%s-memory.csv", fmt_dir(a->home, dir, sizeof dir, a->cwd),
		st->fleet ? "all"
		: s	  ? s->name
			  : st->own.id);
	app_ask(a, "write to which file", path, export_to, st->fleet ? "all sessions" : st->own.id);
}

static void
hist_wheel(struct app *a, void *p, int by)
{
	(void)p;
	span_by(a, by);
}

const struct view view_history = {
	.name = "history",
	.context = C_MEM,
	.size = sizeof(struct hist_state),
	.open = hist_open,
	.close = hist_close,
	.draw = hist_draw,
	.wheel = hist_wheel,
	.changed = hist_changed,
};
