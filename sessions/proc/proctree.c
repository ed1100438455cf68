#include "sessions/proc/proctree.h"
#include "sessions/proc/proc_read.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char MARKER[] = "MUSTER_SESSION=";
enum { ENVIRON_MAX = 256 * 1024 };
static const uint64_t MARK = 0x4d555354ull << 32; /* "MUST", then the id */

/* "pid (comm) S ppid pgrp session tty …": comm may hold anything, so the last ')' ends it. */
static bool
parse_stat(char *s, struct proc_node *p)
{
	char *open = strchr(s, '('), *close = strrchr(s, ')'), comm[sizeof p->comm], state;
	unsigned long utime, stime, faults, major, rss, code, stack;
	unsigned long long start;
	long threads;

	if (!open || !close || close < open)
		return false;
	*close = '\0';
	if (sscanf(close + 1,
		    " %c %d %d %d %d %*d %*u %lu %*u %lu %*u %lu %lu %*d %*d %*d %*d %ld %*d %llu"
		    " %*u %lu %*u %lu %*u %lu",
		    &state, &p->ppid, &p->pgrp, &p->session, &p->tty, &faults, &major, &utime,
		    &stime, &threads, &start, &rss, &code, &stack) != 14)
		return false;
	proc_clean(comm, sizeof comm, open + 1);
	p->pid = (pid_t)strtol(s, NULL, 10);
	if (p->start != start || strcmp(p->comm, comm) != 0 || p->image != (code ^ stack)) {
		p->marker_reads = 0; /* another process, or another program by exec */
		p->marker[0] = '\0';
	}
	memcpy(p->comm, comm, sizeof comm);
	p->cpu_ticks = utime + stime;
	p->minor_faults = faults;
	p->major_faults = major;
	p->rss_pages = rss;
	p->start = start;
	p->image = stack ? code ^ stack : 0;
	/* a zombie whose other threads live is no dead one */
	p->dead = (state == 'Z' && threads < 2) || state == 'X';
	return true;
}

static bool
read_stat(pid_t pid, struct proc_node *p)
{
	char buf[1024];

	return proc_read(pid, "stat", buf, sizeof buf) > 0 && parse_stat(buf, p);
}

uint64_t
proc_start(pid_t pid)
{
	struct proc_node p = {0};

	return read_stat(pid, &p) && !p.dead ? p.start : 0;
}

static int
by_pid(const void *a, const void *b)
{
	const struct proc_node *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

int
proc_table_update(struct proc_table *t, bool all)
{
	DIR *d = opendir("/proc");
	struct proc_table next = {0};
	size_t cap = 0;

	if (!d)
		return -errno;
	for (struct dirent *e; (e = readdir(d));) {
		struct proc_node *p;
		const struct proc_node *old;
		pid_t pid;

		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		if (next.n == cap)
			next.p = xrealloc(next.p, (cap = cap ? cap * 2 : 256) * sizeof *next.p);
		p = &next.p[next.n];
		pid = (pid_t)strtol(e->d_name, NULL, 10);
		old = proc_table_find(t, pid);
		if (old && old->ino == e->d_ino)
			*p = *old;
		else
			*p = (struct proc_node){.ino = e->d_ino, .again = true};
		next.n += (p->again || all) ? read_stat(pid, p) : 1;
		p->again = false;
	}
	closedir(d);
	if (next.n)
		qsort(next.p, next.n, sizeof *next.p, by_pid);
	proc_table_free(t);
	*t = next;
	return 0;
}

void
proc_table_copy(struct proc_table *to, const struct proc_table *from)
{
	to->p = xrealloc(to->p, mul_sat(from->n + 1, sizeof *to->p));
	to->n = from->n;
	if (from->n)
		memcpy(to->p, from->p, from->n * sizeof *to->p);
}

void
proc_table_free(struct proc_table *t)
{
	free(t->p);
	memset(t, 0, sizeof *t);
}

struct proc_node *
proc_table_find(const struct proc_table *t, pid_t pid)
{
	struct proc_node key = {.pid = pid};

	return t->n ? bsearch(&key, t->p, t->n, sizeof *t->p, by_pid) : NULL;
}

uint64_t
proc_mark(const char *id)
{
	char *end;
	unsigned long v = strtoul(id, &end, 16);

	return strlen(id) == 8 && !*end ? MARK | v : 0;
}

/* By the limit: it can be read of every process, and is there in the middle of an exec. */
static bool
limit_marker(pid_t pid, char *out, size_t cap)
{
	static const char NAME[] = "Max file locks";
	char text[4096];
	const char *at;
	uint64_t v;

	if (proc_read(pid, "limits", text, sizeof text) <= 0 || !(at = strstr(text, NAME)))
		return false;
	v = strtoull(at + sizeof NAME - 1, NULL, 10); /* "unlimited" is 0 */
	if (v >> 32 != MARK >> 32)
		return false;
	snprintf(out, cap, "%08x", (unsigned)(v & UINT32_MAX));
	return true;
}

static void
proc_marker(pid_t pid, char *out, size_t cap)
{
	char *env;
	ssize_t n;

	out[0] = '\0';
	if (limit_marker(pid, out, cap))
		return;
	env = xmalloc(ENVIRON_MAX);
	n = proc_read(pid, "environ", env, ENVIRON_MAX);
	for (ssize_t i = 0; i < n; i += (ssize_t)strlen(env + i) + 1)
		if (strncmp(env + i, MARKER, sizeof MARKER - 1) == 0) {
			snprintf(out, cap, "%s", env + i + sizeof MARKER - 1);
			break;
		}
	free(env);
}

struct assign {
	struct proc_table *t;
	const struct proc_root *roots;
	size_t n;
	const struct proc_hints *h;
	struct proc_node **root_node; /* of each root; NULL when gone */
};

static bool
skipped(const struct assign *a, pid_t pid)
{
	return a->h && pid && (pid == a->h->skip[0] || pid == a->h->skip[1]);
}

static void
own(struct proc_node *p, int owner, const char *rule)
{
	if (owner >= 0) {
		p->owner = owner;
		p->rule = rule;
	}
}

/* Inherits from the nearest ancestor that has an owner. A pid may be used again while we read, so
 * the walk is bounded. */
static void
by_parent(const struct assign *a, struct proc_node *p)
{
	struct proc_node *up = p;

	for (int depth = 0; depth < 256 && up && up->ppid > 1; depth++) {
		if (skipped(a, up->ppid) || skipped(a, up->pid))
			return;
		const struct proc_node *child = up;
		up = proc_table_find(a->t, up->ppid);
		if (up && up->start > child->start) /* it took the pid of one that is gone */
			return;
		if (up && up->owner >= 0 && !up->dead) {
			own(p, up->owner, "child");
			return;
		}
	}
}

static void
by_marker(const struct assign *a, struct proc_node *p)
{
	/* twice: in the middle of an exec the environment is empty */
	if (p->marker_reads < 2 && !p->marker[0]) {
		proc_marker(p->pid, p->marker, sizeof p->marker);
		p->marker_reads++;
	}
	for (size_t i = 0; p->marker[0] && i < a->n; i++)
		if (a->roots[i].marker && strcmp(a->roots[i].marker, p->marker) == 0)
			own(p, (int)i, "marker");
}

static void
by_tty(const struct assign *a, struct proc_node *p)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct proc_node *r = a->root_node[i];

		/* by the session that its leader holds the terminal for: the numbers of terminals
		 * are counted anew in every container */
		if (r && a->roots[i].marker && p->session == r->pid)
			own(p, (int)i, "tty");
	}
}

static void
by_memory(const struct assign *a, struct proc_node *p)
{
	if (a->h && a->h->seen)
		own(p, a->h->seen(a->h->ctx, p), "seen");
}

static void
each_unowned(const struct assign *a, void (*rule)(const struct assign *, struct proc_node *))
{
	for (size_t i = 0; i < a->t->n; i++)
		if (a->t->p[i].owner < 0 && !a->t->p[i].dead && !skipped(a, a->t->p[i].pid))
			rule(a, &a->t->p[i]);
}

void
proc_table_assign(struct proc_table *t, const struct proc_root *roots, size_t n,
	const struct proc_hints *hints)
{
	struct assign a = {.t = t, .roots = roots, .n = n, .h = hints};
	bool markers = false;

	for (size_t i = 0; i < t->n; i++) {
		t->p[i].owner = -1;
		t->p[i].rule = NULL;
	}
	a.root_node = xcalloc(n + 1, sizeof(struct proc_node *));
	for (size_t i = 0; i < n; i++) {
		a.root_node[i] = roots[i].pid ? proc_table_find(t, roots[i].pid) : NULL;
		if (a.root_node[i] && a.root_node[i]->dead)
			a.root_node[i] = NULL;
		if (a.root_node[i])
			own(a.root_node[i], (int)i, "root");
		markers = markers || roots[i].marker;
	}
	each_unowned(&a, by_parent);
	if (markers) {
		each_unowned(&a, by_marker);
		each_unowned(&a, by_tty);
		each_unowned(&a, by_parent);
	}
	each_unowned(&a, by_memory);
	each_unowned(&a, by_parent);
	free(a.root_node);
}
