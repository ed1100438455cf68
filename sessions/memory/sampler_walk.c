/* What a walk costs and when it is worth it. `status` is 3 µs; smaps_rollup walks the page tables,
 * 2–7 ms a GB, and holds the target's mmap lock meanwhile. So between walks a process's footprint
 * is carried on by the change of its counters, F = F_walk + (S − S_walk), which is exact for what
 * it has alone. A walk is due when S moved by more than max(8 MB, 2 %), for a process not walked
 * yet (or exec'd), after ten minutes, or after one in which it was busy; when S moved by less, but
 * enough to make an estimate of it, once the walk costs a ten-thousandth of the time since.
 *
 * What it shares moves without S, and is then marked stale until the next walk:
 *
 *   forks share pages until one writes   a fork came or went, or the family's minor faults rose
 *   shared memory, huge pages	  others came to map as much, or went
 *   merged pages (KSM)		   the machine's count moved
 *   MADV_FREE			    it ran, if it is known to do that
 *
 * A family is the processes of a session with the same image: forks that did not call exec. It is
 * walked together, and a walk counts only if no child that nobody knows shared the pages meanwhile.
 *
 * The largest change goes first, and a token bucket bounds the whole. */
#include "core/os/os.h"
#include "sessions/proc/proc_read.h"
#include "sessions/memory/sampler_scan_priv.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t SECOND = 1000000000u, MOVED_MIN = 8 << 20;
static const uint64_t WALK_AGE_S = 600, BUSY_AGE_S = 60, COSTLY_NS = 3000000, COSTLY_APART_S = 30;
static const uint64_t EXACT_MIN = 1 << 20, PAGE = 4096, BUSY_TICKS = 5, BURST_S = 20, CHEAP = 10000;
static const double MOVED_PART = 0.02;
enum { HUGE_PAGE = 2 << 20, CHILDREN_MAX = 512 };

static uint64_t
apart(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static uint64_t
tolerance(const struct member *m)
{
	return MAX(EXACT_MIN, m->walk.counters / 100);
}

static bool
shares(const struct member *m)
{
	return m->walked && m->walk.footprint + m->walk.lazy_free + EXACT_MIN < m->walk.counters;
}

/* ---- what has changed ---- */

/* `stat` tells whether `status` is worth reading: what did not run, took no page and lost none has
 * the counters it had. */
static void
read_counters(struct scan *s, struct member *m)
{
	m->moved = -1;
	if (!m->met || m->lazy || memcmp(&m->act, &m->act_read, sizeof(m->act)) != 0) {
		if (footprint_cheap(m->pid, &m->counters) < 0) {
			m->at = -1; /* gone since */
			return;
		}
		m->act_read = m->act;
	}
	m->now = m->counters;
	s->members_shm += m->now.shm_rss;
}

/* Reasons of its own; those of its family come from judge_family. */
static void
find_stale(const struct scan *s, struct member *m)
{
	uint64_t others = s->members_shm - MIN(s->members_shm, m->now.shm_rss);

	if (!m->walked)
		return;
	m->stale = m->stale ||
		   (m->now.shm_rss > EXACT_MIN && apart(others, m->others_shm) > EXACT_MIN) ||
		   apart(s->ksm, m->ksm) > EXACT_MIN / PAGE ||
		   (m->lazy && (m->now.switches != m->walk.switches || m->act.cpu != m->cpu_walk));
}

/* How much a walk of it is wanted. */
static void
rate(const struct scan *s, struct member *m)
{
	uint64_t big = MAX(MOVED_MIN, (uint64_t)((double)m->walk.counters * MOVED_PART));
	uint64_t moved = apart(m->now.counters, m->walk.counters), age = s->now - m->walked_at;
	bool busy = m->act.cpu - MIN(m->act.cpu, m->cpu_walk) >= BUSY_TICKS;

	m->moved = -1;
	if (s->v[m->at].force)
		m->moved = INT64_MAX;
	else if (!m->walked)
		m->moved = (int64_t)m->now.counters;
	else if (m->walk_ns > COSTLY_NS && age < COSTLY_APART_S * SECOND)
		return;
	else if (m->stale) /* a good part of it may be counted twice, or not at all */
		m->moved = (int64_t)(m->walk.counters / 2);
	else if (moved > big || age >= (busy ? BUSY_AGE_S : WALK_AGE_S) * SECOND ||
		 (moved > tolerance(m) && age >= m->walk_ns * CHEAP))
		m->moved = (int64_t)moved;
}

/* ---- families ---- */

struct family { /* members of one session and image, side by side in a list */
	struct member **m;
	size_t n;
	bool unsettled; /* one came or went since the call before: a walk is not the last word */
};

static int
by_family(const void *a, const void *b)
{
	const struct member *x = *(struct member *const *)a, *y = *(struct member *const *)b;

	if (x->at != y->at)
		return (x->at > y->at) - (x->at < y->at);
	if (x->image != y->image)
		return (x->image > y->image) - (x->image < y->image);
	return (x->pid > y->pid) - (x->pid < y->pid);
}

static struct family
next_family(struct member **list, size_t n, size_t from)
{
	struct family f = {list + from, 0, false};

	while (from + f.n < n && list[from + f.n]->at == f.m[0]->at &&
		list[from + f.n]->image == f.m[0]->image)
		f.n++;
	return f;
}

bool
scan_lost_one(const struct scan *s, const struct member *m)
{
	for (size_t i = 0; i < s->n_gone; i++)
		if (s->gone[i].num == m->num && s->gone[i].image == m->image)
			return true;
	return false;
}

/* Pages that forks share pass to one of them with a fault, and back with its end. */
static void
judge_family(const struct scan *s, struct family *f)
{
	bool came = false, shared = false, went = scan_lost_one(s, f->m[0]);
	uint64_t copied = 0, most = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct member *m = f->m[i];

		came = came || !m->met;
		most = MAX(most, m->now.counters);
		if (!shares(m))
			continue;
		shared = true;
		copied += (m->act.faults - MIN(m->act.faults, m->faults_walk)) *
			  (m->walk.huge_shared ? HUGE_PAGE : PAGE);
	}
	f->unsettled = (came && f->n > 1) || (shared && went);
	for (size_t i = 0; i < f->n; i++)
		if (f->unsettled || (shared && copied > MAX(EXACT_MIN, most / 100)))
			f->m[i]->stale = true;
}

/* ---- walks ---- */

/* The children of a process, as one number; *strange if one of them is in no table. */
static uint64_t
children(const struct scan *s, pid_t pid, bool *strange)
{
	uint64_t hash = 14695981039346656037u;
	pid_t child[CHILDREN_MAX];
	size_t n = proc_children(pid, child, ARRAY_LEN(child));

	for (size_t i = 0; i < n; i++) {
		hash = (hash ^ (uint64_t)child[i]) * 1099511628211u;
		*strange = *strange || !proc_table_find(&s->table, child[i]);
	}
	return hash;
}

/* Who may share the family's pages: its children and its living members, as one number. */
static uint64_t
sharers(struct scan *s, const struct family *f, bool *strange)
{
	uint64_t sum = 0, t = scan_thread_ns();
	struct proc_info p;

	for (size_t i = 0; i < f->n; i++) {
		sum = sum * 31 + children(s, f->m[i]->pid, strange);
		if (f->m[i]->at < 0 || footprint_cheap(f->m[i]->pid, &p) < 0 || !p.counters)
			*strange = true; /* waits to be reaped at best: its pages are free */
	}
	s->tokens_ns -= (double)(scan_thread_ns() - t);
	return sum;
}

static void
walk(struct scan *s, struct member *m)
{
	uint64_t t = scan_thread_ns();
	struct proc_info before, after;

	if (footprint_cheap(m->pid, &before) < 0 || footprint_of(m->pid, &m->walk) < 0) {
		m->at = -1;
		return;
	}
	/* of a process that grows as fast as it is read, S of before would count the growth twice,
	 * S of after not at all: it is walked again */
	if (footprint_cheap(m->pid, &after) < 0)
		after = m->walk;
	m->counters = after;
	m->now = m->walk;
	m->walk.counters = after.counters;
	m->walk.shm_rss = after.shm_rss;
	m->walk.switches = after.switches;
	m->walk.swap = m->walk.estimated ? after.swap : m->walk.swap;
	m->swap_walk = after.swap;
	m->stale = apart(after.counters, before.counters) > EXACT_MIN;
	m->walked = !m->walk.estimated;
	m->lazy = m->lazy || m->walk.lazy_free > EXACT_MIN;
	m->walk_ns = scan_thread_ns() - t;
	m->walked_at = os_mono_ns();
	m->cpu_walk = m->act.cpu;
	m->faults_walk = m->act.faults;
	m->others_shm = s->members_shm - MIN(s->members_shm, m->now.shm_rss);
	m->ksm = s->ksm;
	s->tokens_ns -= (double)m->walk_ns;
	s->cost.walks++;
}

static bool
walk_members(struct scan *s, const struct family *f, bool all)
{
	bool sharing = false;

	for (size_t i = 0; i < f->n; i++) {
		struct member *m = f->m[i];

		if (m->at >= 0 && (all || m->moved >= 0))
			walk(s, m);
		sharing = sharing || (m->at >= 0 && shares(m));
	}
	return sharing;
}

/* Once more the one that shares most: a fork that is being made shares pages before it is there to
 * be seen. */
static bool
stands_still(struct scan *s, const struct family *f)
{
	const struct member *most = f->m[0];
	struct proc_info again;
	uint64_t t = scan_thread_ns();
	bool same;

	for (size_t i = 1; i < f->n; i++)
		if (f->m[i]->walk.rss - f->m[i]->walk.pss > most->walk.rss - most->walk.pss)
			most = f->m[i];
	same = footprint_of(most->pid, &again) == 0 &&
	       apart(again.footprint, most->walk.footprint) <= tolerance(most);
	s->tokens_ns -= (double)(scan_thread_ns() - t);
	return same;
}

/* Those of a family that want it; all of them when they share: then the sum is only right if each
 * is walked with the same sharers. */
static void
walk_family(struct scan *s, const struct family *f)
{
	bool sharing = f->n > 1, strange = false;
	uint64_t before;

	for (size_t i = 0; i < f->n; i++)
		sharing = sharing || shares(f->m[i]);
	if (!sharing && !walk_members(s, f, false))
		return;
	before = sharers(s, f, &strange);
	if (walk_members(s, f, true) && (f->unsettled || !stands_still(s, f) ||
						sharers(s, f, &strange) != before || strange))
		for (size_t i = 0; i < f->n; i++)
			f->m[i]->stale = true;
}

static int64_t
wanted(const struct family *f)
{
	int64_t most = -1;

	for (size_t i = 0; i < f->n; i++)
		most = MAX(most, f->m[i]->moved);
	return most;
}

static int
most_wanted_first(const void *a, const void *b)
{
	int64_t x = wanted(a), y = wanted(b);

	return (x < y) - (x > y);
}

static void
fill_bucket(struct scan *s)
{
	s->tokens_ns += (double)(s->now - s->filled_at) / (double)SECOND * s->ns_per_s;
	s->tokens_ns = MIN(s->tokens_ns, s->ns_per_s * (double)BURST_S);
	s->filled_at = s->now;
}

/* A process on its way out has left its family, but its pages go one by one: as long as it is
 * about, nobody's part of what they shared is known. */
static void
mind_the_dying(struct member **due, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; due[i]->now.counters == 0 && k < n; k++)
			if (due[k]->at == due[i]->at && shares(due[k]))
				due[k]->stale = true;
}

void
scan_walk(struct scan *s)
{
	struct member **due = xcalloc(s->n + 1, sizeof(*due));
	struct family *f = xcalloc(s->n + 1, sizeof(*f));
	size_t n = 0, n_f = 0;

	fill_bucket(s);
	s->members_shm = 0;
	for (size_t i = 0; i < s->n; i++)
		if (!s->v[s->m[i].at].due)
			s->members_shm += s->m[i].now.shm_rss;
		else {
			read_counters(s, &s->m[i]);
			if (s->m[i].at >= 0)
				due[n++] = &s->m[i];
		}
	if (n)
		qsort(due, n, sizeof(*due), by_family);
	for (size_t i = 0; i < n; i += f[n_f++].n) {
		f[n_f] = next_family(due, n, i);
		for (size_t k = 0; k < f[n_f].n; k++)
			find_stale(s, f[n_f].m[k]);
		judge_family(s, &f[n_f]);
		for (size_t k = 0; k < f[n_f].n; k++)
			rate(s, f[n_f].m[k]);
	}
	if (n_f)
		qsort(f, n_f, sizeof(*f), most_wanted_first);
	for (size_t i = 0; i < n_f && wanted(&f[i]) >= 0; i++)
		if (s->tokens_ns > 0 || s->v[f[i].m[0]->at].force)
			walk_family(s, &f[i]);
	mind_the_dying(due, n);
	free(f);
	free(due);
}

/* ---- between walks ---- */

/* As good as walked while the counters stand still. Shared memory that leaves residence may be
 * swapped, which no counter of status tells: until the next walk it still counts. */
static void
carry_on(struct member *m)
{
	struct proc_info *n = &m->now;
	uint64_t held = m->walk.shm_rss > n->shm_rss ? m->walk.shm_rss - n->shm_rss : 0;
	int64_t d = (int64_t)(n->counters + held) - (int64_t)m->walk.counters;

	if (!m->walked || !n->estimated) { /* never walked, or just walked */
		n->estimated = n->estimated || m->stale;
		return;
	}
	n->footprint = (uint64_t)MAX((int64_t)m->walk.footprint + d, 0);
	n->estimated = m->stale || held || (uint64_t)llabs(d) > tolerance(m);
	d = (int64_t)n->swap - (int64_t)m->swap_walk; /* SwapPss, moved by VmSwap */
	n->swap = (uint64_t)MAX((int64_t)m->walk.swap + d, 0);
	n->pss = m->walk.pss;
	n->shm_swapped = m->walk.shm_swapped;
	n->huge_shared = m->walk.huge_shared;
}

/* Of a family that is not walked as it stands, only limits are known: it has at least the pages of
 * its largest process, and a fork that was not walked has only what it has more than the first. */
static uint64_t
family_footprint(const struct family *f)
{
	uint64_t sum = 0, most = 0, first = f->m[0]->now.counters;
	const struct proc_info **before = xcalloc(f->n, sizeof(*before));
	bool loose = false;

	for (size_t i = 0; i < f->n; i++) {
		struct member *m = f->m[i];
		uint64_t has;

		before[i] = &m->now;
		m->now.pid = m->pid;
		if (footprint_twin(&m->now, before, i))
			continue;
		has = m->now.footprint;

		if (!m->walked && i)
			has -= MIN(has, first);
		sum += has;
		most = MAX(most, m->now.counters - MIN(m->now.counters, m->walk.lazy_free));
		loose = loose || m->stale || !m->walked;
	}
	free(before);
	return loose && f->n > 1 ? MAX(sum, most) : sum;
}

uint64_t
scan_footprint(struct member **m, size_t n)
{
	uint64_t sum = 0;
	struct family f;

	for (size_t i = 0; i < n; i++)
		carry_on(m[i]);
	if (n)
		qsort(m, n, sizeof(*m), by_family);
	for (size_t i = 0; i < n; i += f.n) {
		f = next_family(m, n, i);
		sum += family_footprint(&f);
	}
	return sum;
}
