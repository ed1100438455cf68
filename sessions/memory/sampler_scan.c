/* One call of the sampler: who belongs to which session, then the walks (sampler_walk.c), then the
 * sums. The table of processes is kept between calls and most of the machine's are never read
 * again; a process that appears is read at once, all of them every five minutes. */
#include "sessions/memory/sampler_scan.h"
#include "core/os/os.h"
#include "sessions/proc/pressure.h"
#include "sessions/memory/sampler_scan_priv.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const uint64_t SECOND = 1000000000u, INODES_MOVED = 1 << 20;
static const uint64_t TABLE_AGE_S = 300, INODES_AGE_S = 600, BURST_S = 20;

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
		free(s->m[i].cmdline);
	for (size_t i = 0; i < s->n_inodes; i++)
		free(s->inodes[i].list.e);
	free(s->m);
	free(s->gone);
	free(s->inodes);
	proc_table_free(&s->table);
	s->m = NULL;
	s->gone = NULL;
	s->inodes = NULL;
	s->table_read = 0;
	s->n = s->n_gone = s->n_inodes = 0;
}

void
scan_free(struct scan *s)
{
	if (!s)
		return;
	forget_all(s);
	free(s);
}

const struct proc_table *
scan_processes(const struct scan *s)
{
	return &s->table;
}

struct scan_cost
scan_cost(const struct scan *s)
{
	struct scan_cost c = s->cost;

	c.remembered = s->table.n;
	return c;
}

uint64_t
scan_thread_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

/* ---- membership ---- */

static int
by_pid(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static struct member *
member_of(const struct scan *s, const struct proc_node *p)
{
	struct member key = {.pid = p->pid};
	struct member *m = s->n ? bsearch(&key, s->m, s->n, sizeof(key), by_pid) : NULL;

	return m && m->start == p->start ? m : NULL;
}

static int
session_at(const struct scan *s, uint32_t num)
{
	for (size_t i = 0; i < s->nv; i++)
		if (s->v[i].num == num)
			return (int)i;
	return -1;
}

static int
seen_before(void *ctx, const struct proc_node *p)
{
	const struct member *m = member_of(ctx, p);

	return m && m->num != SCAN_OUTSIDE ? session_at(ctx, m->num) : -1;
}

/* What is remembered of a process goes with it to the list that is made. */
static struct member
carried(struct scan *s, const struct proc_node *p)
{
	struct member *old = member_of(s, p), m = {0};

	if (old) {
		m = *old;
		old->cmdline = NULL;
		old->pid = 0; /* taken */
		m.met = true;
	}
	if (strcmp(m.comm, p->comm) != 0 || m.image != p->image) { /* new, or by exec */
		free(m.cmdline);
		m.cmdline = NULL;
		m.walked = m.stale = m.lazy = m.shared = false;
		m.rss_peak = 0;
	}
	m.pid = p->pid;
	m.start = p->start;
	m.image = p->image;
	m.at = p->owner;
	m.stray = strcmp(p->rule, "root") != 0 && strcmp(p->rule, "child") != 0;
	memcpy(m.marker, p->marker, sizeof(m.marker));
	m.num = s->v[p->owner].num;
	m.act = (struct activity){p->cpu_ticks, p->minor_faults, p->major_faults, p->rss_pages};
	memcpy(m.comm, p->comm, sizeof(m.comm));
	return m;
}

/* Its family hears of it when its session is due. */
static void
depart(struct scan *s, const struct member *m)
{
	if (scan_lost_one(s, m))
		return;
	s->gone = xrealloc(s->gone, (s->n_gone + 1) * sizeof(*s->gone));
	s->gone[s->n_gone++] = (struct departed){m->num, m->image};
}

static void
drop_heard(struct scan *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_gone; i++) {
		int at = session_at(s, s->gone[i].num);

		if (at >= 0 && !s->v[at].due)
			s->gone[n++] = s->gone[i];
	}
	s->n_gone = n;
}

static void
carry_over(struct scan *s)
{
	struct member *next;
	size_t n = 0;

	for (size_t i = 0; i < s->table.n; i++)
		n += s->table.p[i].owner >= 0;
	next = xcalloc(n + 1, sizeof(*next));
	n = 0;
	for (size_t i = 0; i < s->table.n; i++)
		if (s->table.p[i].owner >= 0)
			next[n++] = carried(s, &s->table.p[i]);
	for (size_t i = 0; i < s->n; i++) {
		free(s->m[i].cmdline);
		if (s->m[i].pid)
			depart(s, &s->m[i]);
	}
	free(s->m);
	s->m = next;
	s->n = n;
}

static bool
is_outside(const struct scan *s, const struct proc_node *p)
{
	const struct member *m = member_of(s, p);

	if (m && m->shared)
		return true;
	if (p->owner >= 0 || p->dead || p->pid == getpid())
		return false;
	if (!p->marker[0])
		return s->outside->reaper && p->ppid == s->outside->reaper;
	for (size_t i = 0; i < s->outside->n_ended; i++)
		if (strcmp(s->outside->ended[i], p->marker) == 0)
			return true;
	return false;
}

/* What belongs to no session, or to several, and what hangs below it: parents mostly have the lower
 * number, and the next call finds the rest. */
static void
set_outside(struct scan *s)
{
	int at = session_at(s, SCAN_OUTSIDE);

	for (size_t i = 0; at >= 0 && i < s->table.n; i++) {
		struct proc_node *p = &s->table.p[i], *up;

		up = p->ppid > 1 ? proc_table_find(&s->table, p->ppid) : NULL;
		if (!is_outside(s, p) && !(up && up->owner == at && !p->dead))
			continue;
		p->owner = at;
		p->rule = "outside";
	}
}

static void
find_members(struct scan *s)
{
	struct proc_root *roots = xcalloc(s->nv + 1, sizeof(*roots));
	struct proc_hints h = {.seen = seen_before, .ctx = s, .skip = {getpid(), getppid()}};
	bool all = !s->table_read || s->now - s->table_read >= TABLE_AGE_S * SECOND;

	for (size_t i = 0; i < s->n; i++) {
		struct proc_node *p = proc_table_find(&s->table, s->m[i].pid);
		int at = session_at(s, s->m[i].num);

		if (p)
			p->again = at >= 0 && s->v[at].due;
	}
	for (size_t i = 0; i < s->nv; i++)
		roots[i] = (struct proc_root){
			s->v[i].pid, s->v[i].num == SCAN_OUTSIDE ? "" : s->v[i].id};
	if (proc_table_update(&s->table, all) == 0) {
		if (all)
			s->table_read = s->now;
		proc_table_assign(&s->table, roots, s->nv, &h);
		if (s->outside)
			set_outside(s);
		carry_over(s);
	}
	free(roots);
}

/* ---- inodes ---- */

static struct inodes_of *
inodes_of(struct scan *s, uint32_t num)
{
	for (size_t i = 0; i < s->n_inodes; i++)
		if (s->inodes[i].num == num)
			return &s->inodes[i];
	s->inodes = xrealloc(s->inodes, (s->n_inodes + 1) * sizeof(*s->inodes));
	s->inodes[s->n_inodes] = (struct inodes_of){.num = num};
	return &s->inodes[s->n_inodes++];
}

static bool
moved(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) > INODES_MOVED;
}

static struct gpu_memory
gpu_of(const struct scan *s, const struct proc_info *p, size_t n)
{
	pid_t *pid = xcalloc(n + 1, sizeof(*pid));
	struct gpu_memory g = {0};

	for (size_t i = 0; i < n; i++)
		pid[i] = p[i].pid;
	if (s->gpus)
		g = footprint_gpu("/proc", pid, n);
	free(pid);
	return g;
}

/* What a session holds without mapping it shows nowhere but in the machine's shared memory. So
 * its descriptors are looked at again when that moved, or what sessions map, or what it has of it
 * that is in no page table, or when a file in memory lost its name; and every ten minutes. */
static void
look_at_inodes(struct scan *s, struct scan_session *v, const struct proc_info *p, size_t n)
{
	struct inodes_of *x = inodes_of(s, v->num);
	uint64_t unmapped = 0, mapped = 0, t = scan_thread_ns();

	for (size_t i = 0; i < n; i++) {
		unmapped += p[i].shm_swapped + p[i].huge_shared;
		mapped += p[i].shm_rss;
	}
	if (x->at && !v->force && s->now - x->at < INODES_AGE_S * SECOND &&
		!moved(unmapped, x->unmapped) && !moved(mapped, x->mapped) &&
		!moved(s->machine_shm, x->machine) && !moved(s->members_shm, x->members) &&
		footprint_names_stand(&x->list))
		return;
	if (s->tokens_ns <= 0 && !v->force) {
		v->estimated = true;
		return;
	}
	free(x->list.e);
	x->list = footprint_inodes(p, n);
	x->gpu = gpu_of(s, p, n);
	x->at = s->now;
	x->unmapped = unmapped;
	x->mapped = mapped;
	x->machine = s->machine_shm;
	x->members = s->members_shm;
	s->tokens_ns -= (double)(scan_thread_ns() - t);
}

static void
drop_gone_sessions(struct scan *s)
{
	for (size_t i = 0; i < s->n_inodes;) {
		if (session_at(s, s->inodes[i].num) >= 0) {
			i++;
			continue;
		}
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the last one's takes its place */
		free(s->inodes[i].list.e);
		s->inodes[i] = s->inodes[--s->n_inodes];
	}
}

/* Of all lists at once: what one session maps another may hold. */
static void
add_inodes(struct scan *s)
{
	const struct shm_list **all = xcalloc(s->n_inodes + 1, sizeof(*all));

	for (size_t i = 0; i < s->n_inodes; i++)
		all[i] = &s->inodes[i].list;
	for (size_t i = 0; i < s->n_inodes; i++) {
		int at = session_at(s, s->inodes[i].num);
		struct shared_extra x;

		if (at < 0 || !s->v[at].known)
			continue;
		s->v[at].gpu = s->inodes[i].gpu;
		if (!all[i]->n)
			continue;
		x = footprint_shared(all[i], all, s->n_inodes);
		s->v[at].footprint = footprint_with(s->v[at].footprint, &x);
		s->v[at].swap += x.swapped;
	}
	free(all);
}

/* ---- sums ---- */

static void
add_member(struct scan_session *v, struct member *m)
{
	if (m->pid == v->pid)
		return;
	if (!m->cmdline)
		m->cmdline = proc_cmdline(m->pid);
	v->member = xrealloc(v->member, (v->n_members + 1) * sizeof(*v->member));
	v->member[v->n_members++] = (struct scan_member){.pid = m->pid,
		.comm = m->comm,
		.cmdline = m->cmdline ? m->cmdline : "",
		.marker = m->marker,
		.start = m->start,
		.footprint = m->now.footprint,
		.estimated = m->now.estimated,
		.shared = &m->shared};
}

/* Resident at most, beyond what is resident, since the call before: memory that came and went
 * between two looks. */
static uint64_t
spike(struct member *m)
{
	uint64_t before = m->rss_peak <= m->now.rss_peak ? m->rss_peak : 0;

	m->rss_peak = m->now.rss_peak;
	return m->rss_peak > before && m->rss_peak > m->now.rss ? m->rss_peak - m->now.rss : 0;
}

static void
sum_session(struct scan *s, size_t at)
{
	struct scan_session *v = &s->v[at];
	struct proc_info *p = xcalloc(s->n + 1, sizeof(*p));
	struct member **mine = xcalloc(s->n + 1, sizeof(*mine));
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->m[i].at == (int)at)
			mine[n++] = &s->m[i];
	v->footprint = scan_footprint(mine, n);
	for (size_t i = 0; i < n; i++) {
		struct member *m = mine[i];
		uint64_t peak = spike(m);

		p[i] = m->now;
		p[i].pid = m->pid;
		v->rss += m->now.rss;
		v->swap += m->now.swap;
		v->pss += m->now.pss;
		v->cpu_ticks += m->act.cpu;
		v->processes++;
		v->strays += m->stray;
		v->estimated = v->estimated || m->now.estimated;
		/* on its way out a process has no memory left: that is no sample */
		v->known = v->known || m->now.footprint || m->now.rss;
		v->peak = MAX(v->peak, peak);
		add_member(v, m);
	}
	look_at_inodes(s, v, p, n);
	free(mine);
	free(p);
}

static uint64_t
merged_pages(void)
{
	FILE *f = fopen("/sys/kernel/mm/ksm/pages_sharing", "re");
	unsigned long long n = 0;

	if (f) {
		if (fscanf(f, "%llu", &n) != 1)
			n = 0;
		fclose(f);
	}
	return n;
}

void
scan_run(struct scan *s, struct scan_session *v, size_t n, const struct scan_outside *outside)
{
	uint64_t t = scan_thread_ns();

	if (!n) { /* of all processes of the system it remembers something: nothing asks for it */
		forget_all(s);
		return;
	}
	s->v = v;
	s->nv = n;
	s->outside = outside;
	s->now = os_mono_ns();
	s->ksm = merged_pages();
	s->machine_shm = pressure_shared_memory();
	s->gpus = access("/dev/dri", F_OK) == 0;
	find_members(s);
	scan_walk(s);
	drop_heard(s);
	drop_gone_sessions(s);
	for (size_t i = 0; i < n; i++)
		if (v[i].due)
			sum_session(s, i);
	add_inodes(s);
	for (size_t i = 0; i < n; i++)
		v[i].peak += v[i].footprint;
	s->v = NULL;
	s->nv = 0;
	s->outside = NULL;
	s->cost.cpu_ns += scan_thread_ns() - t;
	s->cost.runs++;
}
