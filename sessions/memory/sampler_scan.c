/* What a walk costs and when it is worth it. `status` is 3 µs; smaps_rollup walks the page tables,
 * 2–7 ms a GB, and holds the target's mmap lock meanwhile. So between walks a process's footprint
 * is carried on by the counters' change: F = F_walk + (S − S_walk), S = RssAnon + RssShmem +
 * VmSwap. A walk is due when S moved by more than max(8 MB, 2 %), for a process not walked yet (or
 * exec'd), or after ten minutes; the largest change goes first, and a token bucket bounds the
 * whole. */
#include "sessions/memory/sampler_scan.h"
#include "core/os/os.h"
#include "sessions/memory/footprint.h"
#include "sessions/memory/proctree.h"
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const uint64_t SECOND = 1000000000u, MOVED_MIN = 8 << 20, SHM_MOVED = 8 << 20;
static const uint64_t WALK_AGE_S = 600, COSTLY_NS = 3000000, COSTLY_APART_S = 30, BURST_S = 20;
static const uint64_t SHARED_MIN = 1 << 20, EXACT_MIN = 1 << 20;
static const double MOVED_PART = 0.02;

struct known { /* one process, between calls */
	pid_t pid, ppid;
	uint64_t start;
	char comm[32];
	uint32_t num; /* session it belongs to, 0 none */
	char marker[24];
	unsigned char marker_reads;
	bool walked;
	char *cmdline;		    /* NULL until needed */
	struct proc_info walk, now; /* sizes at the last walk (now.* then), and at present */
	uint64_t s_walk, shm_walk;  /* S, and its shared part, at the last walk */
	uint64_t swap_walk;	    /* VmSwap then */
	bool stale;		    /* what it shares changed since, or it as it was walked */
	uint64_t walked_at, walk_ns;
	int64_t moved; /* |S - s_walk|, of those that want a walk; -1 does not */
	int at;	       /* index of its session in this call, -1 none */
};
struct shared { /* inodes that a session maps or holds, from its last walk */
	uint32_t num;
	struct shm_extent *e;
	size_t n;
	uint64_t at, shm_swapped;
};
struct scan {
	struct known *k; /* ascending by pid */
	size_t n;
	struct shared *shared;
	size_t n_shared;
	double tokens_ns, ns_per_s;
	uint64_t filled_at;
	struct scan_cost cost;
	uint32_t *lost; /* sessions of which a process ended since the call before */
	size_t n_lost;
	/* of the call under way */
	struct scan_session *v;
	size_t nv;
};

struct scan *
scan_new(double budget_ms_per_s)
{
	struct scan *s = xcalloc(1, sizeof(*s));

	s->ns_per_s = budget_ms_per_s * 1e6;
	s->tokens_ns = s->ns_per_s * (double)BURST_S;
	s->filled_at = os_mono_ns();
	return s;
}

/* All that it remembers of processes. */
static void
forget_all(struct scan *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->k[i].cmdline);
	for (size_t i = 0; i < s->n_shared; i++)
		free(s->shared[i].e);
	free(s->k);
	free(s->lost);
	free(s->shared);
	s->k = NULL;
	s->lost = NULL;
	s->shared = NULL;
	s->n = s->n_lost = s->n_shared = 0;
}

void
scan_free(struct scan *s)
{
	if (!s)
		return;
	forget_all(s);
	free(s);
}

struct scan_cost
scan_cost(const struct scan *s)
{
	struct scan_cost c = s->cost;

	c.remembered = s->n;
	return c;
}

static uint64_t
thread_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

/* ---- membership ---- */

static int
by_pid(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static struct known *
known_of(struct scan *s, pid_t pid)
{
	struct known key = {.pid = pid};

	return s->n ? bsearch(&key, s->k, s->n, sizeof(key), by_pid) : NULL;
}

/* The remembered processes become those of the table: same pid and start time keep what is known.
 */
static void
carry_over(struct scan *s, const struct proc_table *t)
{
	struct known *k = xcalloc(t->n + 1, sizeof(*k));

	for (size_t i = 0; i < t->n; i++) {
		const struct proc_node *p = &t->p[i];
		struct known *old = known_of(s, p->pid);

		if (old && old->start == p->start) {
			k[i] = *old;
			old->cmdline = NULL;
			old->num = 0;
		}
		if (strcmp(k[i].comm, p->comm) != 0) { /* new, or another program by exec */
			free(k[i].cmdline);
			k[i].cmdline = NULL;
			k[i].marker_reads = 0;
			k[i].walked = false;
		}
		k[i].pid = p->pid;
		k[i].ppid = p->ppid;
		k[i].start = p->start;
		memcpy(k[i].comm, p->comm, sizeof(k[i].comm));
	}
	s->n_lost = 0;
	s->lost = xrealloc(s->lost, (s->n + 1) * sizeof(*s->lost));
	for (size_t i = 0; i < s->n; i++) {
		free(s->k[i].cmdline);
		if (s->k[i].num)
			s->lost[s->n_lost++] = s->k[i].num;
	}
	free(s->k);
	s->k = k;
	s->n = t->n;
}

static void
cached_marker(void *ctx, const struct proc_node *p, char *out, size_t cap)
{
	struct known *k = known_of(ctx, p->pid);

	/* twice: in the middle of an exec the environment is empty */
	if (k->marker_reads < 2 && !k->marker[0]) {
		proc_marker(p->pid, k->marker, sizeof(k->marker));
		k->marker_reads++;
	}
	snprintf(out, cap, "%s", k->marker);
}

static int
seen_before(void *ctx, const struct proc_node *p)
{
	struct scan *s = ctx;
	const struct known *k = known_of(s, p->pid);

	for (size_t i = 0; k->num && i < s->nv; i++)
		if (s->v[i].num == k->num)
			return (int)i;
	return -1;
}

static void
find_members(struct scan *s)
{
	struct proc_root *roots = xcalloc(s->nv + 1, sizeof(*roots));
	struct proc_hints h = {.marker = cached_marker,
		.seen = seen_before,
		.ctx = s,
		.skip = {getpid(), getppid()}};
	struct proc_table t;

	for (size_t i = 0; i < s->nv; i++)
		roots[i] = (struct proc_root){s->v[i].pid, s->v[i].id};
	if (proc_table_scan(&t) == 0) {
		carry_over(s, &t);
		proc_table_assign(&t, roots, s->nv, &h);
		for (size_t i = 0; i < t.n; i++) {
			s->k[i].at = t.p[i].owner;
			s->k[i].num = t.p[i].owner < 0 ? 0 : s->v[t.p[i].owner].num;
			s->k[i].now.cpu_ticks = t.p[i].cpu_ticks;
		}
	}
	proc_table_free(&t);
	free(roots);
}

/* ---- walks ---- */

static bool
shares(const struct known *k)
{
	return k->walked && k->walk.footprint + SHARED_MIN < k->s_walk;
}

static bool
lost_one(const struct scan *s, uint32_t num)
{
	for (size_t i = 0; i < s->n_lost; i++)
		if (s->lost[i] == num)
			return true;
	return false;
}

static void
read_counters(struct scan *s, struct known *k, uint64_t now)
{
	uint64_t ticks = k->now.cpu_ticks, big;

	k->moved = -1;
	if (footprint_cheap(k->pid, &k->now) < 0) {
		k->at = -1; /* gone since */
		return;
	}
	k->now.cpu_ticks = ticks;
	if (shares(k) && lost_one(s, k->num))
		k->stale = true;
	big = MAX(MOVED_MIN, (uint64_t)((double)k->s_walk * MOVED_PART));
	if (s->v[k->at].force)
		k->moved = INT64_MAX;
	else if (!k->walked)
		k->moved = (int64_t)k->now.footprint;
	else {
		int64_t d = llabs((int64_t)k->now.footprint - (int64_t)k->s_walk);
		uint64_t age = now - k->walked_at;

		if (k->walk_ns > COSTLY_NS && age < COSTLY_APART_S * SECOND)
			return;
		if (k->stale) /* a good part of it may be counted twice, or not at all */
			k->moved = (int64_t)(k->s_walk / 2);
		else if ((uint64_t)d > big || age >= WALK_AGE_S * SECOND)
			k->moved = d;
	}
}

static void
walk(struct scan *s, struct known *k)
{
	uint64_t t = thread_ns(), ticks = k->now.cpu_ticks;
	struct proc_info before, after;

	if (footprint_cheap(k->pid, &before) < 0 || footprint_of(k->pid, &k->walk) < 0) {
		k->at = -1;
		return;
	}
	k->now = k->walk;
	k->now.cpu_ticks = ticks;
	/* of a process that grows as fast as it is read, S of before would count the growth twice,
	 * S of after not at all: it is walked again */
	if (footprint_cheap(k->pid, &after) < 0)
		after = k->walk;
	k->s_walk = after.footprint;
	k->shm_walk = after.shm_rss;
	k->swap_walk = after.swap;
	k->stale =
		(uint64_t)llabs((int64_t)after.footprint - (int64_t)before.footprint) > EXACT_MIN;
	k->walked = !k->walk.estimated;
	k->walk_ns = thread_ns() - t;
	k->walked_at = os_mono_ns();
	s->tokens_ns -= (double)k->walk_ns;
	s->cost.walks++;
}

/* A new process that shares its pages took them from its parent's footprint. */
static void
walk_parent(struct scan *s, const struct known *k)
{
	struct known *up = known_of(s, k->ppid);

	if (!up || up->at != k->at || !up->walked || !up->now.estimated)
		return;
	up->stale = true;
	if (up->walk_ns < COSTLY_NS && s->tokens_ns > 0)
		walk(s, up);
}

static int
largest_move_first(const void *a, const void *b)
{
	const struct known *x = *(struct known *const *)a, *y = *(struct known *const *)b;

	return (x->moved < y->moved) - (x->moved > y->moved);
}

static void
walk_worth_it(struct scan *s)
{
	struct known **want = xcalloc(s->n + 1, sizeof(*want));
	uint64_t now = os_mono_ns();
	size_t n = 0;

	s->tokens_ns += (double)(now - s->filled_at) / (double)SECOND * s->ns_per_s;
	s->tokens_ns = MIN(s->tokens_ns, s->ns_per_s * (double)BURST_S);
	s->filled_at = now;
	for (size_t i = 0; i < s->n; i++) {
		struct known *k = &s->k[i];

		if (k->at < 0 || !s->v[k->at].due)
			continue;
		read_counters(s, k, now);
		if (k->at >= 0 && k->moved >= 0)
			want[n++] = k;
	}
	if (n)
		qsort(want, n, sizeof(*want), largest_move_first);
	for (size_t i = 0; i < n; i++) {
		bool first = !want[i]->walked;

		if (want[i]->at < 0 || !(s->tokens_ns > 0 || s->v[want[i]->at].force))
			continue;
		walk(s, want[i]);
		if (first && shares(want[i]))
			walk_parent(s, want[i]);
	}
	free(want);
}

/* ---- sums ---- */

/* Between walks: the last walk, moved by the counters. As good as walked while they stand still.
 * Shared memory that leaves residence may be swapped, which no counter of status tells: until the
 * next walk it still counts. */
static void
carry_on(struct known *k)
{
	struct proc_info *n = &k->now;
	uint64_t held = k->shm_walk > n->shm_rss ? k->shm_walk - n->shm_rss : 0;
	int64_t d = (int64_t)(n->footprint + held) - (int64_t)k->s_walk;
	int64_t f = (int64_t)k->walk.footprint + d;

	if (!k->walked || !n->estimated) /* never walked, or just walked */
		return;
	n->footprint = (uint64_t)MAX(f, 0);
	n->estimated = k->stale || held || (uint64_t)llabs(d) > MAX(EXACT_MIN, k->s_walk / 100);
	d = (int64_t)n->swap - (int64_t)k->swap_walk; /* SwapPss, moved by VmSwap */
	n->swap = (uint64_t)MAX((int64_t)k->walk.swap + d, 0);
	n->pss = k->walk.pss;
	n->shm_swapped = k->walk.shm_swapped;
}

static struct shared *
shared_of(struct scan *s, uint32_t num)
{
	for (size_t i = 0; i < s->n_shared; i++)
		if (s->shared[i].num == num)
			return &s->shared[i];
	s->shared = xrealloc(s->shared, (s->n_shared + 1) * sizeof(*s->shared));
	s->shared[s->n_shared] = (struct shared){.num = num};
	return &s->shared[s->n_shared++];
}

/* Looks at a session's inodes again when asked, every ten minutes, or when its swapped shared
 * memory moved. */
static void
look_at_shared(struct scan *s, struct scan_session *v, const struct proc_info *p, size_t n)
{
	struct shared *sh = shared_of(s, v->num);
	uint64_t swapped = 0, t = thread_ns();

	for (size_t i = 0; i < n; i++)
		swapped += p[i].shm_swapped;
	if (sh->at && !v->force && os_mono_ns() - sh->at < WALK_AGE_S * SECOND &&
		(uint64_t)llabs((int64_t)swapped - (int64_t)sh->shm_swapped) < SHM_MOVED)
		return;
	if (sh->at && !v->force && s->tokens_ns <= 0)
		return;
	free(sh->e);
	sh->e = footprint_extents(p, n, &sh->n);
	sh->at = os_mono_ns();
	sh->shm_swapped = swapped;
	s->tokens_ns -= (double)(thread_ns() - t);
}

/* Each inode's bytes, divided by the sessions that have it; *swapped: those in swap. */
static uint64_t
shared_part(const struct scan *s, uint32_t num, uint64_t *swapped)
{
	const struct shared *mine = NULL;
	uint64_t sum = 0;

	for (size_t i = 0; i < s->n_shared; i++)
		if (s->shared[i].num == num)
			mine = &s->shared[i];
	for (size_t i = 0; mine && i < mine->n; i++) {
		unsigned users = 0;

		for (size_t j = 0; j < s->n_shared; j++)
			for (size_t k = 0; k < s->shared[j].n; k++)
				users += s->shared[j].e[k].ino == mine->e[i].ino &&
					 s->shared[j].e[k].dev == mine->e[i].dev;
		sum += mine->e[i].bytes / MAX(users, 1u);
		*swapped += mine->e[i].unmapped ? 0 : mine->e[i].bytes / MAX(users, 1u);
	}
	return sum;
}

static void
add_member(struct scan_session *v, struct known *k)
{
	if (k->pid == v->pid)
		return;
	if (!k->cmdline)
		k->cmdline = proc_cmdline(k->pid);
	v->member = xrealloc(v->member, (v->n_members + 1) * sizeof(*v->member));
	v->member[v->n_members++] = (struct scan_member){k->comm, k->cmdline ? k->cmdline : ""};
}

static void
sum_session(struct scan *s, size_t at)
{
	struct scan_session *v = &s->v[at];
	struct proc_info *p = xcalloc(s->n + 1, sizeof(*p));
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct known *k = &s->k[i];

		if (k->at != (int)at)
			continue;
		carry_on(k);
		p[n] = k->now;
		p[n++].pid = k->pid;
		v->footprint += k->now.footprint;
		v->rss += k->now.rss;
		v->swap += k->now.swap;
		v->pss += k->now.pss;
		v->cpu_ticks += k->now.cpu_ticks;
		v->processes++;
		v->estimated = v->estimated || k->now.estimated;
		v->known = true;
		add_member(v, k);
	}
	look_at_shared(s, v, p, n);
	free(p);
}

static void
drop_gone_sessions(struct scan *s)
{
	for (size_t i = 0; i < s->n_shared;) {
		bool live = false;

		for (size_t j = 0; j < s->nv; j++)
			live = live || s->v[j].num == s->shared[i].num;
		if (live) {
			i++;
			continue;
		}
		free(s->shared[i].e);
		s->shared[i] = s->shared[--s->n_shared];
	}
}

void
scan_run(struct scan *s, struct scan_session *v, size_t n)
{
	uint64_t t = thread_ns();

	if (!n) { /* of all processes of the system it remembers something: nothing asks for it */
		forget_all(s);
		return;
	}
	s->v = v;
	s->nv = n;
	find_members(s);
	walk_worth_it(s);
	drop_gone_sessions(s);
	for (size_t i = 0; i < n; i++)
		if (v[i].due)
			sum_session(s, i);
	for (size_t i = 0; i < n; i++)
		if (v[i].known)
			v[i].footprint += shared_part(s, v[i].num, &v[i].swap);
	s->v = NULL;
	s->nv = 0;
	s->cost.cpu_ns += thread_ns() - t;
	s->cost.runs++;
}
