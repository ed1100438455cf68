/* The loop's half of the sampler: who is due, what became of it. A worker thread gets copies of the
 * session list and the scan (sampler_scan.c) for one call at a time; nothing is shared while it
 * runs, so nothing is locked. */
#include "sessions/memory/sampler.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/memory/memseries.h"
#include "sessions/memory/sampler_scan.h"
#include "sessions/store_thread/store_worker.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAMPLER_MAGIC = 0x5a3b1e77, RESTORE_POINTS = 4320 };
static const double FOCUS_S = 5, FOCUS_KEEP_S = 600, IDLE_TICK_S = 60, LONG_IDLE_S = 3600,
		    RATE_EVERY_S = 60, RESTORE_S = 72 * 3600.0, YOUNG_S = 60, OUTSIDE_S = 60,
		    FIRST_S = 0.5, SLACK_S = 0.25;

struct entry { /* one session */
	struct entry *next;
	uint32_t num;
	char id[12];
	pid_t pid; /* 0: gone, what it left behind is sampled */
	struct memstat m;
	struct memseries series;
	struct growth growth;
	double added, due, rated; /* monotonic seconds */
	bool force, first;
	pid_t *member; /* its processes beside the child, at the last sample */
	size_t n_members;
	struct role_memory *role;
	size_t n_roles;
};
struct waiter {
	struct waiter *next;
	uint32_t num;
	sampler_cb cb;
	void *ctx;
	uint64_t round; /* that takes its sample; 0: none has begun since it asked */
};
struct sampler {
	unsigned magic;
	uv_loop_t *loop;
	struct sampler_ops ops;
	double tick_s;
	struct store_worker *store;
	struct entry *entries;
	struct waiter *waiters;
	uint32_t focus;
	double focus_until;
	struct pressure pressure;
	struct scan *scan;
	struct proc_table processes; /* a copy of the scan's, which belongs to the worker */
	struct outside_process *outside;
	size_t n_outside;
	double outside_due; /* monotonic seconds */
	bool left;	    /* a session ended: did it leave anything? */
	uv_timer_t timer;
	uv_poll_t psi;
	int psi_fd;
	bool closing, again;
	unsigned handles;  /* not closed yet */
	unsigned restores; /* reads of the store under way */
	uint64_t round;
	/* the call under way */
	uv_work_t req;
	bool working;
	struct scan_session *v;
	struct scan_outside looked_for;
	char (*ended)[12];
	size_t nv;
	struct pressure read;
};

static double
mono_s(void)
{
	return (double)os_mono_ns() / 1e9;
}

static struct entry *
entry_of(const struct sampler *s, uint32_t num)
{
	for (struct entry *e = s->entries; e; e = e->next)
		if (e->num == num)
			return e;
	return NULL;
}

/* A session that is due within this goes with the others. */
static double
slack(const struct sampler *s)
{
	return MIN(SLACK_S, s->tick_s / 4);
}

static void
free_entry(struct entry *e)
{
	free(e->member);
	free(e->role);
	free(e);
}

/* ---- one sample ---- */

static double
interval(const struct sampler *s, const struct entry *e)
{
	if ((e->num == s->focus && mono_s() < s->focus_until) || mono_s() - e->added < YOUNG_S)
		return MIN(FOCUS_S, s->tick_s);
	if (s->pressure.level == 0 && s->ops.idle_s &&
		s->ops.idle_s(s->ops.ctx, e->num) > LONG_IDLE_S)
		return MAX(IDLE_TICK_S, s->tick_s);
	return s->tick_s;
}

static void
work(uv_work_t *req)
{
	struct sampler *s = req->data;

	s->read = pressure_read(&s->pressure);
	scan_run(s->scan, s->v, s->nv, &s->looked_for);
	for (size_t i = 0; i < s->nv; i++)
		if (s->v[i].due && s->v[i].has_group)
			s->v[i].group = memgroup_read("", s->v[i].id);
}

static void
pick_tool(struct sampler *s, struct entry *e, const struct scan_session *v)
{
	e->m.tool[0] = '\0';
	for (size_t i = 0; i < v->n_members && s->ops.is_helper; i++)
		if (!s->ops.is_helper(
			    s->ops.ctx, e->num, v->member[i].comm, v->member[i].cmdline)) {
			snprintf(e->m.tool, sizeof(e->m.tool), "%s", v->member[i].comm);
			return;
		}
}

/* On a clock that nobody sets: the wall clock's jumps are no growth. */
static void
judge_growth(struct sampler *s, struct entry *e)
{
	double now = mono_s(), idle = s->ops.idle_s ? s->ops.idle_s(s->ops.ctx, e->num) : 0;
	struct memstat *m = &e->m;

	growth_push(&e->growth,
		&(struct growth_point){now, m->footprint, m->estimated, idle < GROWTH_SETTLE_S});
	m->growth = growth_verdict(&e->growth);
	m->growth_while_working = growth_while_working(&e->growth);
	if (e->rated == 0 || now - e->rated >= RATE_EVERY_S) {
		e->rated = now;
		m->growth_bytes_per_h = growth_rate(&e->growth);
	}
}

/* What was sampled before this server: rest began with the session's, however long ago. */
static void
judge_earlier(struct sampler *s, struct entry *e, const struct mem_point *p, size_t n)
{
	double idle = s->ops.idle_s ? s->ops.idle_s(s->ops.ctx, e->num) : 0;
	double wall = os_wall_s(), now = mono_s();

	memset(&e->growth, 0, sizeof(e->growth));
	for (size_t i = 0; i < n; i++) {
		struct growth_point g = {now - (wall - p[i].t), p[i].min,
			p[i].flags & MEM_ESTIMATED, wall - p[i].t > idle - GROWTH_SETTLE_S};

		growth_push(&e->growth, &g);
	}
	e->rated = 0;
}

static void
note_members(struct entry *e, const struct scan_session *v)
{
	e->member = xrealloc(e->member, (v->n_members + 1) * sizeof(*e->member));
	e->n_members = v->n_members;
	for (size_t i = 0; i < v->n_members; i++)
		e->member[i] = v->member[i].pid;
}

static void
note_roles(struct entry *e, const struct scan_session *v)
{
	e->role = xrealloc(e->role, (v->n_members + 1) * sizeof(*e->role));
	e->n_roles = 0;
	for (size_t i = 0; i < v->n_members; i++) {
		struct role_memory r = {.footprint = v->member[i].footprint, .processes = 1};
		size_t k = 0;

		proc_role(v->member[i].comm, v->member[i].cmdline, r.role, sizeof(r.role));
		while (k < e->n_roles && strcmp(e->role[k].role, r.role) != 0)
			k++;
		if (k == e->n_roles) {
			e->role[e->n_roles++] = r;
			continue;
		}
		e->role[k].footprint += r.footprint;
		e->role[k].processes++;
	}
}

const struct role_memory *
sampler_roles(const struct sampler *s, uint32_t num, size_t *n)
{
	const struct entry *e = entry_of(s, num);

	*n = e ? e->n_roles : 0;
	return e ? e->role : NULL;
}

static void
take(struct sampler *s, struct entry *e, const struct scan_session *v)
{
	struct memstat *m = &e->m;
	struct mem_sample sample;

	if (!v->known)
		return;
	m->known = true;
	m->estimated = v->estimated;
	m->footprint = v->footprint;
	m->rss = v->rss;
	m->swap = v->swap;
	m->pss = v->pss;
	m->peak = MAX(m->peak, v->peak);
	m->processes = v->processes;
	m->strays = e->pid ? v->strays : v->processes;
	m->cpu_ticks = v->cpu_ticks;
	m->group = v->group;
	m->gpu = v->gpu.vram_bytes + v->gpu.system_bytes;
	m->gpu_vram = v->gpu.vram_bytes;
	m->at = os_wall_s();
	pick_tool(s, e, v);
	note_members(e, v);
	note_roles(e, v);
	memseries_push(&e->series, m->at, m->footprint);
	judge_growth(s, e);
	sample = (struct mem_sample){m->at, m->footprint, m->rss, m->swap,
		(m->estimated ? MEM_ESTIMATED : 0u) | (e->first ? MEM_GAP : 0u)};
	e->first = false;
	if (s->store)
		store_put_samples(s->store, e->num, &sample, 1);
}

/* ---- outside ---- */

static double
wall_of_ticks(uint64_t since_boot)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return os_wall_s() - ((double)ts.tv_sec + (double)ts.tv_nsec / 1e9) +
	       (double)since_boot / (double)sysconf(_SC_CLK_TCK);
}

/* What a session that ended has left behind belongs to that one. */
static void
give_back(struct sampler *s, const struct scan_session *v)
{
	for (size_t i = 0; s->ops.ended_num && i < v->n_members; i++) {
		const struct scan_member *m = &v->member[i];
		uint32_t num =
			*m->marker && !*m->shared ? s->ops.ended_num(s->ops.ctx, m->marker) : 0;

		if (num && !entry_of(s, num)) {
			sampler_add(s, num, m->marker, 0);
			s->outside_due = 0;
		}
	}
}

static void
take_outside(struct sampler *s, const struct scan_session *v)
{
	give_back(s, v);
	s->outside = xrealloc(s->outside, (v->n_members + 1) * sizeof(*s->outside));
	s->n_outside = v->n_members;
	for (size_t i = 0; i < v->n_members; i++) {
		const struct scan_member *m = &v->member[i];
		struct outside_process *o = &s->outside[i];

		*o = (struct outside_process){.pid = m->pid,
			.started = wall_of_ticks(m->start),
			.start = m->start,
			.footprint = m->footprint,
			.estimated = m->estimated,
			.shared = *m->shared};
		snprintf(o->marker, sizeof(o->marker), "%s", m->marker);
		proc_role(m->comm, m->cmdline, o->what, sizeof(o->what));
	}
}

/* Daemons of a kind that outlives its session leave its tree with the next round. */
static void
note_shared(struct sampler *s, const struct scan_session *v)
{
	for (size_t i = 0; s->ops.is_shared && i < v->n_members; i++)
		if (s->ops.is_shared(s->ops.ctx, v->num, v->member[i].cmdline)) {
			*v->member[i].shared = true;
			s->outside_due = 0;
		}
}

const struct outside_process *
sampler_outside(const struct sampler *s, size_t *n)
{
	*n = s->n_outside;
	return s->outside;
}

/* ---- rounds ---- */

static void start_round(struct sampler *s);
static void on_timer(uv_timer_t *t);
static void arm(struct sampler *s);

/* Those whose sample belongs to a round up to this one, and those whose session is gone. */
static void
answer_waiters(struct sampler *s, uint64_t round)
{
	struct waiter **w = &s->waiters;

	while (*w) {
		struct waiter *x = *w;
		struct entry *e = entry_of(s, x->num);

		if (e && (x->round == 0 || x->round > round)) {
			w = &x->next;
			continue;
		}
		*w = x->next;
		x->cb(x->ctx, e && e->m.known ? &e->m : NULL);
		free(x);
		w = &s->waiters; /* the callback may have asked again */
	}
}

static void
free_round(struct sampler *s)
{
	for (size_t i = 0; i < s->nv; i++)
		free(s->v[i].member);
	free(s->v);
	free(s->ended);
	s->ended = NULL;
	s->v = NULL;
	s->nv = 0;
}

static void
finish(struct sampler *s)
{
	if (s->working || s->handles || s->restores)
		return;
	scan_free(s->scan);
	proc_table_free(&s->processes);
	free(s->outside);
	if (s->psi_fd >= 0)
		close(s->psi_fd);
	for (struct entry *e; (e = s->entries);) {
		s->entries = e->next;
		free_entry(e);
	}
	s->magic = 0;
	free(s);
}

/* A session ended: is anything of it outside? */
static void
look_soon(struct sampler *s)
{
	s->left = s->ops.ended != NULL;
	s->outside_due = mono_s() + FIRST_S; /* once its end is known to all */
	if (s->store)
		store_flush(s->store);
}

static void
drop(struct sampler *s, uint32_t num)
{
	struct entry **at = &s->entries, *e;

	while (*at && (*at)->num != num)
		at = &(*at)->next;
	if ((e = *at)) {
		*at = e->next;
		free_entry(e);
		look_soon(s);
	}
}

static void
tell(struct sampler *s, struct entry *e, bool lives)
{
	static const struct memstat nothing;
	uint32_t num = e->num;

	if (!e->pid && !lives) {
		drop(s, num);
		if (s->ops.sampled)
			s->ops.sampled(s->ops.ctx, num, &nothing);
	} else if (e->m.known && s->ops.sampled) {
		s->ops.sampled(s->ops.ctx, num, &e->m);
	}
}

static void
after_work(uv_work_t *req, int status)
{
	struct sampler *s = req->data;

	(void)status;
	CHECK(s->magic == SAMPLER_MAGIC);
	s->working = false;
	if (s->closing) {
		free_round(s);
		finish(s);
		return;
	}
	proc_table_copy(&s->processes, scan_processes(s->scan));
	if (s->read.level != s->pressure.level)
		log_info("memory pressure: level %d, %.0f %% available", s->read.level,
			100.0 * (double)s->read.mem_available / (double)MAX(s->read.mem_total, 1u));
	s->pressure = s->read;
	for (size_t i = 0; i < s->nv; i++) {
		struct entry *e = entry_of(s, s->v[i].num);

		if (s->v[i].num == SCAN_OUTSIDE && s->v[i].due)
			take_outside(s, &s->v[i]);
		if (!e || !s->v[i].due || e->pid != s->v[i].pid)
			continue;
		note_shared(s, &s->v[i]);
		take(s, e, &s->v[i]);
		tell(s, e, s->v[i].known);
	}
	s->again = s->again || (s->nv && !s->entries && !s->n_outside); /* the scan forgets */
	free_round(s);
	answer_waiters(s, s->round);
	if (s->again && !s->closing) {
		s->again = false;
		start_round(s);
	}
	arm(s);
}

/* Wakes when the next session is due, and not before. */
static void
arm(struct sampler *s)
{
	double next = INFINITY;

	for (struct entry *e = s->entries; e; e = e->next)
		next = MIN(next, e->due);
	if (s->n_outside || s->left)
		next = MIN(next, s->outside_due);
	if (s->closing || isinf(next))
		uv_timer_stop(&s->timer);
	else
		uv_timer_start(
			&s->timer, on_timer, (uint64_t)ceil(MAX(next - mono_s(), 0) * 1000), 0);
}

/* Due times lie on a grid, so that sessions of one interval, and of its multiples, go together. */
static double
next_due(const struct sampler *s, const struct entry *e, double now)
{
	double step = interval(s, e);

	return (floor((now + slack(s)) / step) + 1) * step;
}

/* One more of the round: what belongs to none of the others. */
static void
look_outside(struct sampler *s, double now)
{
	struct scan_session *v = &s->v[s->nv];

	s->looked_for = (struct scan_outside){.reaper = s->ops.reaper};
	if (!s->ops.ended || (!s->nv && !s->n_outside && !s->left))
		return;
	v->num = SCAN_OUTSIDE;
	v->due = now + slack(s) >= s->outside_due;
	if (v->due) {
		s->outside_due = now + OUTSIDE_S;
		s->left = false;
	}
	s->ended = s->ops.ended(s->ops.ctx, &s->looked_for.n_ended);
	s->looked_for.ended = (const char(*)[12])s->ended;
	s->nv++;
}

/* Samples all that are due or forced; a round under way is followed by another. */
static void
start_round(struct sampler *s)
{
	double now = mono_s();
	size_t n = 0;

	if (s->working) {
		s->again = true;
		return;
	}
	for (struct entry *e = s->entries; e; e = e->next)
		n++;
	s->v = xcalloc(n + 2, sizeof(*s->v));
	for (struct entry *e = s->entries; e; e = e->next) {
		struct scan_session *v = &s->v[s->nv++];

		v->num = e->num;
		memcpy(v->id, e->id, sizeof(v->id));
		v->pid = e->pid;
		v->force = e->force;
		v->due = e->force || now + slack(s) >= e->due;
		if (v->due)
			e->due = next_due(s, e, now);
		v->has_group = v->due && s->ops.has_group && s->ops.has_group(s->ops.ctx, e->num);
		e->force = false;
	}
	look_outside(s, now);
	s->round++;
	for (struct waiter *w = s->waiters; w; w = w->next)
		if (w->round == 0)
			w->round = s->round;
	s->working = true;
	CHECK(uv_queue_work(s->loop, &s->req, work, after_work) == 0);
}

static void
on_timer(uv_timer_t *t)
{
	struct sampler *s = t->data;

	CHECK(s->magic == SAMPLER_MAGIC);
	if (!s->working)
		start_round(s); /* else its end arms the timer */
}

/* Tasks stall for memory: look at once, at all sessions. */
static void
on_psi(uv_poll_t *p, int status, int events)
{
	struct sampler *s = p->data;

	CHECK(s->magic == SAMPLER_MAGIC);
	if (status < 0 || !(events & UV_PRIORITIZED)) {
		uv_poll_stop(p);
		return;
	}
	if (s->working)
		return;
	for (struct entry *e = s->entries; e; e = e->next)
		e->due = 0;
	start_round(s);
	if (s->store) /* what comes next may be the kernel's killer */
		store_flush(s->store);
}

/* ---- life ---- */

struct sampler *
sampler_new(uv_loop_t *loop, const struct sampler_ops *ops, double tick_s, double budget_ms_per_s,
	struct store_worker *store)
{
	struct sampler *s = xcalloc(1, sizeof(*s));

	s->magic = SAMPLER_MAGIC;
	s->loop = loop;
	s->ops = *ops;
	s->tick_s = tick_s;
	s->store = store;
	s->scan = scan_new(budget_ms_per_s);
	s->pressure = pressure_read(NULL);
	s->req.data = s;
	uv_timer_init(loop, &s->timer);
	s->timer.data = s;
	s->handles = 1;
	uv_unref((uv_handle_t *)&s->timer);
	look_soon(s); /* what did sessions leave behind? */
	arm(s);
	s->psi_fd = pressure_trigger();
	if (s->psi_fd >= 0 && uv_poll_init(loop, &s->psi, s->psi_fd) == 0) {
		s->psi.data = s;
		s->handles = 2;
		uv_poll_start(&s->psi, UV_PRIORITIZED, on_psi);
		uv_unref((uv_handle_t *)&s->psi);
	}
	return s;
}

static void
on_closed(uv_handle_t *h)
{
	struct sampler *s = h->data;

	s->handles--;
	finish(s);
}

void
sampler_close(struct sampler *s)
{
	if (!s)
		return;
	CHECK(s->magic == SAMPLER_MAGIC);
	s->closing = true;
	s->store = NULL;
	for (struct waiter *w; (w = s->waiters);) {
		s->waiters = w->next;
		w->cb(w->ctx, NULL);
		free(w);
	}
	if (s->handles == 2)
		uv_close((uv_handle_t *)&s->psi, on_closed);
	uv_close((uv_handle_t *)&s->timer, on_closed);
}

/* ---- what was before this server ---- */

struct restore {
	struct sampler *s;
	uint32_t num;
	struct mem_point *p;
	size_t n;
};

static void
restore_read(void *arg, struct history_db *h, struct meta_db *m)
{
	struct restore *r = arg;
	double step;

	(void)m;
	r->p = history_points(h, r->num, os_wall_s() - RESTORE_S, RESTORE_POINTS, &step, &r->n);
}

static void
restore_done(void *arg)
{
	struct restore *r = arg;
	struct sampler *s = r->s;
	struct entry *e = s->closing ? NULL : entry_of(s, r->num);
	struct growth_point *g;

	CHECK(s->magic == SAMPLER_MAGIC);
	if (e && r->n) {
		g = xmalloc(sizeof(*g) * r->n);
		for (size_t i = 0; i < r->n; i++) {
			g[i] = (struct growth_point){.t = r->p[i].t, .bytes = r->p[i].min};
			e->m.peak = MAX(e->m.peak, r->p[i].max);
		}
		memseries_prepend(&e->series, g, r->n);
		judge_earlier(s, e, r->p, r->n);
		free(g);
	}
	free(r->p);
	free(r);
	s->restores--;
	if (s->closing)
		finish(s);
}

void
sampler_add(struct sampler *s, uint32_t num, const char *id, pid_t pid)
{
	struct entry *e = entry_of(s, num);
	struct restore *r;

	if (!e) {
		e = xcalloc(1, sizeof(*e));
		e->next = s->entries;
		s->entries = e;
	}
	e->num = num;
	snprintf(e->id, sizeof(e->id), "%s", id);
	e->pid = pid;
	e->first = true;
	e->added = mono_s();
	e->due = e->added + MIN(FIRST_S, s->tick_s);
	arm(s);
	e->m.growth_bytes_per_h = NAN;
	if (s->store) {
		r = xcalloc(1, sizeof(*r));
		r->s = s;
		r->num = num;
		s->restores++;
		store_run(s->store, restore_read, restore_done, r);
	}
}

void
sampler_left(struct sampler *s, uint32_t num)
{
	struct entry *e = entry_of(s, num);

	if (!e)
		return;
	e->pid = 0;
	e->m = (struct memstat){.growth_bytes_per_h = NAN};
	e->due = mono_s() + MIN(FIRST_S, s->tick_s);
	look_soon(s);
	arm(s);
}

void
sampler_remove(struct sampler *s, uint32_t num)
{
	drop(s, num);
	if (s->working)
		return;
	answer_waiters(s, 0);
	if (!s->entries && !s->closing && !s->left)
		start_round(s); /* lets the scan forget */
	arm(s);
}

void
sampler_focus(struct sampler *s, uint32_t num)
{
	struct entry *e = entry_of(s, num);

	s->focus = num;
	s->focus_until = mono_s() + FOCUS_KEEP_S;
	if (e)
		e->due = MIN(e->due, mono_s() + FOCUS_S);
	arm(s);
}

const struct memstat *
sampler_get(const struct sampler *s, uint32_t num)
{
	const struct entry *e = entry_of(s, num);

	return e ? &e->m : NULL;
}

struct growth_numbers
sampler_growth(const struct sampler *s, uint32_t num)
{
	const struct entry *e = entry_of(s, num);

	return e ? growth_numbers(&e->growth) : (struct growth_numbers){0};
}

void
sampler_now(struct sampler *s, uint32_t num, sampler_cb cb, void *ctx)
{
	struct waiter *w = xcalloc(1, sizeof(*w)), **at = &s->waiters;
	struct entry *e = entry_of(s, num);

	w->num = num;
	w->cb = cb;
	w->ctx = ctx;
	while (*at)
		at = &(*at)->next;
	*at = w;
	if (e)
		e->force = true;
	start_round(s);
}

size_t
sampler_recent(const struct sampler *s, uint32_t num, double step_s, uint64_t *out, size_t n)
{
	const struct entry *e = entry_of(s, num);

	return e ? memseries_recent(&e->series, step_s, out, n) : 0;
}

struct pressure
sampler_pressure(const struct sampler *s)
{
	return s->pressure;
}

void
sampler_processes(const struct sampler *s, struct proc_table *into)
{
	proc_table_copy(into, &s->processes);
}

struct footprint_others
sampler_others(const struct sampler *s, uint32_t num)
{
	struct footprint_others o = {0};
	size_t n = 0;

	for (struct entry *e = s->entries; e; e = e->next)
		n += 1 + e->n_members;
	o.p = xcalloc(n + 1, sizeof(*o.p));
	for (struct entry *e = s->entries; e; e = e->next) {
		if (e->num == num)
			continue;
		o.p[o.n++] = (struct footprint_other){e->pid, e->num};
		for (size_t i = 0; i < e->n_members; i++)
			o.p[o.n++] = (struct footprint_other){e->member[i], e->num};
	}
	return o;
}
