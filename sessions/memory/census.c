#include "sessions/memory/census.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "core/text/human.h"
#include "sessions/store_thread/store_worker.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CENSUS_MAGIC = 0x63656e73, LOOKS = 32 };
static const double SETTLE_S = 60, GROWER_S = 3600, ROSE_S = 1800, AGE_S = 6 * 3600.0,
		    LOOK_BACK_S = 86400, TOTALS_BACK_S = 30 * 86400.0;
static const uint64_t ROSE_MIN = 64u << 20;

struct person { /* one session */
	struct person *next;
	uint32_t num;
	struct census_state state;
	struct slabs slabs; /* as of the last walk; n 0: none, or not walked yet */
	bool walked;
	struct slab_sum sum[LOOKS][SLAB_SIZES]; /* oldest first */
	double at[LOOKS];			/* wall time */
	size_t n;
};
struct total { /* of a session, whether it runs or not */
	uint32_t num;
	uint64_t bytes;
};
struct walk {
	uv_work_t req;
	struct census *of;
	struct census_who who;
	enum composition_why why;
	bool by_itself;
	census_cb cb;
	void *ctx;
	struct footprint_others others;
	struct footprint_report report;
	int rc;
};
struct census {
	unsigned magic;
	uv_loop_t *loop;
	struct sampler *sampler;
	struct store_worker *store;
	struct person *people;
	struct total *totals;
	size_t n_totals;
	unsigned walks, reads; /* under way */
	bool busy, closing;    /* busy: a walk of its own making is under way */
};

static double
mono_s(void)
{
	return (double)os_mono_ns() / 1e9;
}

static struct person *
person_of(const struct census *c, uint32_t num)
{
	for (struct person *p = c->people; p; p = p->next)
		if (p->num == num)
			return p;
	return NULL;
}

static bool
grows(const struct memstat *m)
{
	return m->growth >= GROWTH_FAST || m->growth_while_working;
}

bool
census_due(const struct census_state *s, const struct memstat *m, double now,
	enum composition_why *why)
{
	bool begins = grows(m) && !s->grows;
	double age = now - s->last;

	if (s->last <= 0) {
		*why = COMPOSED_START;
		return now - s->began >= SETTLE_S;
	}
	*why = begins ? COMPOSED_VERDICT : COMPOSED_AGE;
	if (begins || age >= (grows(m) ? GROWER_S : AGE_S))
		return true;
	*why = COMPOSED_ROSE;
	return age >= ROSE_S && m->footprint > s->last_total &&
	       m->footprint - s->last_total > MAX(ROSE_MIN, s->last_total / 10);
}

/* ---- what a walk found ---- */

static void
look_add(struct person *p, double t, const struct slab_sum *sum, size_t n)
{
	if (p->n == LOOKS) {
		memmove(p->at, p->at + 1, (LOOKS - 1) * sizeof(*p->at));
		memmove(p->sum, p->sum + 1, (LOOKS - 1) * sizeof(*p->sum));
		p->n--;
	}
	memset(p->sum[p->n], 0, sizeof(p->sum[p->n]));
	memcpy(p->sum[p->n], sum, n * sizeof(*sum));
	p->at[p->n++] = t;
}

static void
add_part(struct composition *c, enum mem_part_kind kind, const char *name, uint64_t bytes,
	uint64_t swapped, unsigned n, unsigned freed)
{
	struct mem_part p = {kind, "", bytes, swapped, n, freed};

	snprintf(p.name, sizeof(p.name), "%s", name);
	composition_add(c, &p);
}

static void
add_roles(struct composition *c, const struct footprint_report *r)
{
	for (size_t i = 0; i < r->n_procs; i++) {
		const struct proc_info *p = &r->procs[i];
		size_t k = 0;

		while (k < c->n &&
			(c->part[k].kind != PART_ROLE || strcmp(c->part[k].name, p->role) != 0))
			k++;
		if (k == c->n)
			add_part(c, PART_ROLE, p->role, p->footprint, p->swap, 1, 0);
		else {
			c->part[k].bytes += p->footprint;
			c->part[k].swapped += p->swap;
			c->part[k].n++;
		}
	}
}

static struct composition *
composition_of(const struct walk *w, const struct slab_sum *sum, size_t n_sum)
{
	const struct footprint_report *r = &w->report;
	struct composition *c = xcalloc(1, sizeof(*c));

	c->num = w->who.num;
	c->t = os_wall_s();
	c->age_s = MAX(c->t - w->who.started, 0);
	c->why = w->why;
	c->total = r->total;
	snprintf(c->version, sizeof(c->version), "%s", r->version);
	for (size_t i = 0; i < r->n_cats; i++)
		add_part(c, PART_CATEGORY, r->cats[i].name, r->cats[i].bytes, r->cats[i].swapped,
			r->cats[i].regions, 0);
	add_roles(c, r);
	for (size_t i = 0; i < n_sum; i++) {
		char name[HUMAN_MAX];

		add_part(c, PART_SLAB, human_bytes(name, (double)sum[i].size), sum[i].bytes,
			sum[i].swapped, sum[i].n, sum[i].freed);
	}
	return c;
}

static void
store_one(void *arg, struct history_db *h, struct meta_db *m)
{
	struct composition *c = arg;
	int rc = history_put_composition(h, c);

	(void)m;
	if (rc < 0)
		log_info("what session %u is made of is not kept (%s)", c->num, strerror(-rc));
}

static void
store_one_done(void *arg)
{
	compositions_free(arg, 1);
}

static void
set_total(struct census *c, uint32_t num, uint64_t bytes)
{
	size_t i = 0;

	while (i < c->n_totals && c->totals[i].num != num)
		i++;
	if (i == c->n_totals) {
		c->totals = xrealloc(c->totals, (c->n_totals + 1) * sizeof(*c->totals));
		c->n_totals++;
	}
	c->totals[i] = (struct total){num, bytes};
}

uint64_t
census_total(const struct census *c, uint32_t num)
{
	for (size_t i = 0; c && i < c->n_totals; i++)
		if (c->totals[i].num == num)
			return c->totals[i].bytes;
	return 0;
}

static void
take(struct census *c, struct walk *w)
{
	struct person *p = person_of(c, w->who.num);
	struct slab_sum sum[SLAB_SIZES];
	struct composition *made;
	size_t n;

	if (!p)
		return;
	n = slabs_sum(&w->report.slabs, p->walked ? &p->slabs : NULL, sum);
	free(p->slabs.s);
	p->slabs = w->report.slabs;
	w->report.slabs = (struct slabs){0};
	p->walked = true;
	p->state.last = mono_s();
	p->state.last_total = w->report.total;
	set_total(c, p->num, w->report.total);
	made = composition_of(w, sum, n);
	look_add(p, made->t, sum, n);
	if (c->store)
		store_run(c->store, store_one, store_one_done, made);
	else
		compositions_free(made, 1);
}

/* ---- walks ---- */

static void
finish(struct census *c)
{
	if (!c->closing || c->walks || c->reads)
		return;
	for (struct person *p; (p = c->people);) {
		c->people = p->next;
		free(p->slabs.s);
		free(p);
	}
	c->magic = 0;
	free(c->totals);
	free(c);
}

static void
walk_work(uv_work_t *req)
{
	struct walk *w = container_of(req, struct walk, req);

	w->rc = footprint_report(w->who.pid, w->who.id, &w->others, &w->report);
}

static void
walk_after(uv_work_t *req, int status)
{
	struct walk *w = container_of(req, struct walk, req);
	struct census *c = w->of;

	(void)status;
	CHECK(c->magic == CENSUS_MAGIC);
	c->walks--;
	if (w->by_itself)
		c->busy = false;
	if (w->rc == 0 && !c->closing)
		take(c, w);
	if (w->cb && !c->closing)
		w->cb(w->ctx);
	footprint_report_free(&w->report);
	free(w->others.p);
	free(w);
	finish(c);
}

static struct walk *
walk_start(struct census *c, const struct census_who *who, enum composition_why why)
{
	struct walk *w = xcalloc(1, sizeof(*w));

	w->of = c;
	w->who = *who;
	w->why = why;
	w->others = sampler_others(c->sampler, who->num);
	c->walks++;
	CHECK(uv_queue_work(c->loop, &w->req, walk_work, walk_after) == 0);
	return w;
}

/* ---- what was before this server ---- */

struct earlier {
	struct census *of;
	uint32_t num;
	double since;
	struct composition *c;
	size_t n;
};

static void
earlier_read(void *arg, struct history_db *h, struct meta_db *m)
{
	struct earlier *e = arg;

	(void)m;
	e->c = history_compositions(h, e->num, e->since, &e->n);
}

static size_t
sums_of(const struct composition *c, struct slab_sum out[SLAB_SIZES])
{
	size_t n = 0;

	for (size_t i = 0; i < c->n && n < SLAB_SIZES; i++)
		if (c->part[i].kind == PART_SLAB)
			out[n++] = (struct slab_sum){strtoull(c->part[i].name, NULL, 10) << 20,
				c->part[i].bytes, c->part[i].swapped, c->part[i].n,
				c->part[i].freed};
	return n;
}

static void
earlier_done(void *arg)
{
	struct earlier *e = arg;
	struct census *c = e->of;
	struct person *p = person_of(c, e->num);
	struct slab_sum sum[SLAB_SIZES];

	CHECK(c->magic == CENSUS_MAGIC);
	c->reads--;
	for (size_t i = 0; p && !p->walked && !c->closing && i < e->n; i++) {
		if (e->c[i].t < e->since)
			continue;
		look_add(p, e->c[i].t, sum, sums_of(&e->c[i], sum));
		p->state.last = mono_s() - MAX(os_wall_s() - e->c[i].t, 0);
		p->state.last_total = e->c[i].total;
	}
	compositions_free(e->c, e->n);
	free(e);
	finish(c);
}

static void
totals_done(void *arg)
{
	struct earlier *e = arg;
	struct census *c = e->of;

	CHECK(c->magic == CENSUS_MAGIC);
	c->reads--;
	for (size_t i = 0; i < e->n; i++)
		if (i + 1 == e->n || e->c[i + 1].num != e->c[i].num)
			set_total(c, e->c[i].num, e->c[i].total);
	compositions_free(e->c, e->n);
	free(e);
	finish(c);
}

static struct person *
person_new(struct census *c, const struct census_who *who)
{
	struct person *p = xcalloc(1, sizeof(*p));
	struct earlier *e;

	p->num = who->num;
	p->next = c->people;
	c->people = p;
	p->state.began = mono_s() - MAX(os_wall_s() - who->started, 0);
	if (c->store) {
		e = xcalloc(1, sizeof(*e));
		e->of = c;
		e->num = who->num;
		e->since = MAX(who->started, os_wall_s() - LOOK_BACK_S); /* this run's */
		c->reads++;
		store_run(c->store, earlier_read, earlier_done, e);
	}
	return p;
}

/* ---- asked by the others ---- */

struct census *
census_new(uv_loop_t *loop, struct sampler *sampler, struct store_worker *store)
{
	struct census *c = xcalloc(1, sizeof(*c));

	c->magic = CENSUS_MAGIC;
	c->loop = loop;
	c->sampler = sampler;
	c->store = store;
	if (store) {
		struct earlier *e = xcalloc(1, sizeof(*e));

		e->of = c;
		e->since = os_wall_s() - TOTALS_BACK_S;
		c->reads++;
		store_run(store, earlier_read, totals_done, e);
	}
	return c;
}

void
census_close(struct census *c)
{
	if (!c)
		return;
	CHECK(c->magic == CENSUS_MAGIC);
	c->closing = true;
	finish(c);
}

void
census_sampled(struct census *c, const struct census_who *who, const struct memstat *m)
{
	struct person *p = person_of(c, who->num);
	enum composition_why why;
	bool due;

	if (!p)
		p = person_new(c, who);
	if (c->busy)
		return;
	due = census_due(&p->state, m, mono_s(), &why);
	p->state.grows = grows(m);
	if (!due)
		return;
	c->busy = true;
	p->state.last = mono_s(); /* also of a walk that reads nothing: it is not tried each tick */
	walk_start(c, who, why)->by_itself = true;
}

void
census_now(struct census *c, const struct census_who *who, census_cb cb, void *ctx)
{
	struct walk *w;

	if (!person_of(c, who->num))
		person_new(c, who);
	w = walk_start(c, who, COMPOSED_SLEEP);
	w->cb = cb;
	w->ctx = ctx;
}

void
census_forget(struct census *c, uint32_t num)
{
	struct person **at = c ? &c->people : NULL, *p;

	while (at && *at && (*at)->num != num)
		at = &(*at)->next;
	if (!at || !(p = *at))
		return;
	*at = p->next;
	free(p->slabs.s);
	free(p);
}

static const struct slab_sum *
sum_of(const struct slab_sum s[SLAB_SIZES], uint64_t size)
{
	for (size_t i = 0; i < SLAB_SIZES; i++)
		if (s[i].size == size)
			return &s[i];
	return NULL;
}

size_t
census_slabs(const struct census *c, uint32_t num, const struct slabs *fresh,
	struct census_slab out[SLAB_SIZES])
{
	const struct person *p = c ? person_of(c, num) : NULL;
	struct slab_sum now[SLAB_SIZES] = {0};
	size_t n_looks = p ? p->n : 0, n = 0;

	if (fresh)
		slabs_sum(fresh, p && p->walked ? &p->slabs : NULL, now);
	else if (n_looks)
		memcpy(now, p->sum[--n_looks], sizeof(now));
	for (size_t i = 0; i < SLAB_SIZES; i++) {
		struct slab_look look[LOOKS + 1];
		char size[HUMAN_MAX];

		if (!now[i].n)
			continue;
		for (size_t k = 0; k < n_looks; k++) {
			const struct slab_sum *s = sum_of(p->sum[k], now[i].size);

			look[k] = (struct slab_look){p->at[k], s ? s->n : 0, s ? s->freed : 0};
		}
		look[n_looks] = (struct slab_look){
			fresh ? os_wall_s() : p->at[n_looks], now[i].n, now[i].freed};
		out[n].sum = now[i];
		out[n].trend = slabs_trend(look, n_looks + 1);
		slabs_text(&out[n].trend, human_bytes(size, (double)now[i].size), out[n].text,
			sizeof(out[n].text));
		n++;
	}
	return n;
}
