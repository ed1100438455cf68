#include "store/chunk.h"
#include "store/history_priv.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Collects points in ascending time into steps; step 0 keeps each apart. */
struct series {
	struct mem_point *p;
	size_t n, cap;
	double step, from;
};

static void
add(struct series *out, struct mem_point p)
{
	if (out->step > 0 ? p.t + out->step <= out->from : p.t < out->from)
		return;
	if (out->step > 0)
		p.t = floor(p.t / out->step) * out->step;
	if (out->step > 0 && out->n && out->p[out->n - 1].t >= p.t) {
		history_merge(&out->p[out->n - 1], &p);
		return;
	}
	if (out->n == out->cap)
		out->p = xrealloc(
			out->p, (out->cap = out->cap ? out->cap * 2 : 256) * sizeof *out->p);
	out->p[out->n++] = p;
}

static const struct pending *
pending_find(const struct history_db *h, uint32_t num)
{
	for (size_t i = 0; i < h->n_pend; i++)
		if (h->pend[i].num == num && h->pend[i].n)
			return &h->pend[i];
	return NULL;
}

static void
add_chunks(sqlite3_stmt *st, struct series *out)
{
	struct mem_sample s[CHUNK_MAX];

	while (sqlite3_step(st) == SQLITE_ROW) {
		long n = chunk_decode(sqlite3_column_blob(st, 1),
			(size_t)sqlite3_column_bytes(st, 1), sqlite3_column_int64(st, 0), s,
			CHUNK_MAX);

		for (long i = 0; i < n; i++) /* a damaged chunk (-1) is a gap */
			if (s[i].t >= out->from)
				add(out, history_point_of(&s[i]));
	}
	sqlite3_reset(st);
}

/* Chunks of the period before may reach into the one that it starts in. */
static void
add_raw(struct history_db *h, uint32_t num, struct series *out)
{
	sqlite3_stmt *st =
		db_stmt(&h->db, ST_RAW_GET, "SELECT t0,d FROM raw WHERE p=? AND sid=? ORDER BY t0");
	int64_t p = history_period(out->from) - 2;

	while (st && history_next_period(h, &p)) {
		sqlite3_bind_int64(st, 1, p);
		sqlite3_bind_int64(st, 2, num);
		add_chunks(st, out);
	}
}

struct tier_walk {
	struct series *out;
	double step, end; /* end of the last point */
};

static void
add_point(void *ctx, const struct mem_point *p)
{
	struct tier_walk *w = ctx;

	w->end = p->t + w->step;
	add(w->out, *p);
}

/* Points of a coarse tier from out->from (or *after) on; *after becomes the end of the last. */
static void
add_tier(struct history_db *h, enum history_tier tier, uint32_t num, struct series *out,
	double *after)
{
	double step = history_tiers[tier].step_s;
	struct tier_walk w = {out, step, *after};

	history_each(h, tier, num, MAX(floor(out->from / step) * step, *after), add_point, &w);
	*after = w.end;
}

static void
add_pending(struct history_db *h, uint32_t num, struct series *out)
{
	const struct pending *p = pending_find(h, num);

	for (size_t i = 0; p && i < p->n; i++)
		if (p->s[i].t >= out->from)
			add(out, history_point_of(&p->s[i]));
}

/* A round step that gives at most max points over the span. */
static double
round_step(double span, size_t max)
{
	static const double steps[] = {STEP_M1, 120, 300, 600, STEP_M15, 1800, 3600, 7200, 10800,
		21600, 43200, 86400, 172800, 604800};

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (span / steps[i] + 1 <= (double)max)
			return steps[i];
	return steps[ARRAY_LEN(steps) - 1] * ceil(span / steps[ARRAY_LEN(steps) - 1] / (double)max);
}

struct extent {
	double first, last;	    /* of all that is known of the session */
	double raw_first, m1_first; /* INFINITY: none */
};

static bool
find_extent(struct history_db *h, uint32_t num, struct extent *x)
{
	const struct pending *p = pending_find(h, num);
	double t;

	*x = (struct extent){INFINITY, -INFINITY, INFINITY, INFINITY};
	if (history_raw_first(h, num, &t))
		x->raw_first = t;
	if (history_edge(h, TIER_M1, num, false, &t))
		x->m1_first = t;
	if (history_edge(h, TIER_M15, num, false, &t))
		x->first = x->last = t;
	if (history_edge(h, TIER_M15, num, true, &t))
		x->last = t;
	if (history_edge(h, TIER_M1, num, true, &t))
		x->last = MAX(x->last, t + STEP_M1);
	x->first = MIN(x->first, MIN(x->raw_first, x->m1_first));
	if (p) {
		x->first = MIN(x->first, p->s[0].t);
		x->last = MAX(x->last, p->s[p->n - 1].t);
		if (isinf(x->raw_first))
			x->raw_first = p->s[0].t;
		if (isinf(x->m1_first))
			x->m1_first = p->s[0].t;
	}
	return !isinf(x->first);
}

/* ---- the last day of each session, in quarters ---- */

static struct quarters *
quarters_of(const struct history_db *h, uint32_t num)
{
	for (size_t i = 0; i < h->n_quarters; i++)
		if (h->quarters[i]->num == num)
			return h->quarters[i];
	return NULL;
}

void
history_quarters_drop(struct history_db *h, uint32_t num)
{
	for (size_t i = h->n_quarters; i-- > 0;)
		if (num == 0 || h->quarters[i]->num == num) {
			free(h->quarters[i]);
			h->quarters[i] = h->quarters[--h->n_quarters];
		}
	if (h->n_quarters == 0) {
		free(h->quarters);
		h->quarters = NULL;
	}
}

static void
quarters_put(struct quarters *q, struct mem_point p)
{
	p.t = floor(p.t / STEP_M15) * STEP_M15;
	if (q->n && q->p[q->n - 1].t >= p.t) {
		history_merge(&q->p[q->n - 1], &p);
		return;
	}
	if (q->n == QUARTERS) {
		memmove(q->p, q->p + 1, --q->n * sizeof(*q->p));
		q->from = q->p[0].t;
	}
	q->p[q->n++] = p;
}

void
history_quarters_add(struct history_db *h, uint32_t num, const struct mem_sample *s, size_t n)
{
	struct quarters *q = quarters_of(h, num);

	for (size_t i = 0; q && i < n; i++)
		quarters_put(q, history_point_of(&s[i]));
}

/* Keeps what was read from a time on. */
static void
quarters_keep(struct history_db *h, uint32_t num, double from, const struct series *read)
{
	struct quarters *q;

	if (read->step != STEP_M15 || read->n == 0 || read->n > QUARTERS)
		return;
	history_quarters_drop(h, num);
	q = xcalloc(1, sizeof(*q));
	q->num = num;
	q->from = from;
	q->n = read->n;
	memcpy(q->p, read->p, read->n * sizeof(*q->p));
	h->quarters = xrealloc(h->quarters, (h->n_quarters + 1) * sizeof(struct quarters *));
	h->quarters[h->n_quarters++] = q;
}

static struct mem_point *
quarters_since(struct history_db *h, uint32_t num, double t0, size_t max, double *step_s, size_t *n)
{
	const struct quarters *q = quarters_of(h, num);
	struct series out = {.from = t0};

	if (!q || t0 < q->from)
		return NULL;
	out.step = round_step(q->p[q->n - 1].t - MAX(t0, q->p[0].t), max);
	if (out.step < STEP_M15)
		return NULL;
	for (size_t i = 0; i < q->n; i++)
		if (q->p[i].t + STEP_M15 > t0)
			add(&out, q->p[i]);
	*step_s = out.step;
	*n = out.n;
	return out.p;
}

/* Raw samples come every tick; count what there would be at the default. */
enum { RAW_STEP = 15 };

struct mem_point *
history_points(struct history_db *h, uint32_t num, double t0, size_t max, double *step_s, size_t *n)
{
	struct series out = {0};
	struct extent x;
	double span, after = 0;

	*n = 0;
	*step_s = 0;
	max = MAX(max, (size_t)1);
	if ((out.p = quarters_since(h, num, t0, max, step_s, n)))
		return out.p;
	if (!find_extent(h, num, &x) || x.last < t0)
		return NULL;
	out.from = MAX(t0, x.first - STEP_M15);
	span = x.last - MAX(t0, x.first);
	/* a tier covers the span if nothing older is known elsewhere */
	if (x.raw_first <= MAX(out.from, x.first) + STEP_M15 &&
		span / RAW_STEP + 1 <= (double)max) {
		add_raw(h, num, &out);
		if (out.n > max) { /* ticks closer than the default */
			out.step = round_step(span, max);
			out.n = 0;
			add_raw(h, num, &out);
		}
		add_pending(h, num, &out);
	} else {
		out.step = round_step(span, max);
		if (out.step >= STEP_M15 && span < (QUARTERS - 2) * STEP_M15)
			out.step = STEP_M15; /* to keep; what was asked for is made of it */
		if (x.m1_first > MAX(out.from, x.first) + STEP_M15 || out.step >= STEP_M15) {
			out.step = MAX(out.step, STEP_M15);
			add_tier(h, TIER_M15, num, &out, &after);
		}
		add_tier(h, TIER_M1, num, &out, &after);
		add_pending(h, num, &out);
	}
	quarters_keep(h, num, MAX(t0, x.first - STEP_M15), &out);
	if (out.n > max) {
		free(out.p);
		return quarters_since(h, num, t0, max, step_s, n);
	}
	*step_s = out.step;
	*n = out.n;
	return out.p;
}
