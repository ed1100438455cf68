#include "sessions/memory/proctree.h"
#include "sessions/memory/footprint.h"
#include "sessions/memory/proc_read.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char MARKER[] = "MUSTER_SESSION=";
enum { ENVIRON_MAX = 256 * 1024 };

/* "pid (comm) S ppid pgrp session tty …": comm may hold anything, so the last ')' ends it. */
static bool
parse_stat(char *s, struct proc_node *p)
{
	char *open = strchr(s, '('), *close = strrchr(s, ')');
	unsigned long utime, stime;
	unsigned long long start;
	char state;

	if (!open || !close || close < open)
		return false;
	*close = '\0';
	proc_clean(p->comm, sizeof p->comm, open + 1);
	if (sscanf(close + 1,
		    " %c %d %d %d %d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d %*d %llu",
		    &state, &p->ppid, &p->pgrp, &p->session, &p->tty, &utime, &stime, &start) != 8)
		return false;
	p->pid = (pid_t)strtol(s, NULL, 10);
	p->cpu_ticks = utime + stime;
	p->start = start;
	p->owner = -1;
	p->rule = NULL;
	return state != 'Z' && state != 'X'; /* dead: no memory, and no children any more */
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
	struct proc_node p;

	return read_stat(pid, &p) ? p.start : 0;
}

static int
by_pid(const void *a, const void *b)
{
	const struct proc_node *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

int
proc_table_scan(struct proc_table *t)
{
	DIR *d = opendir("/proc");
	size_t cap = 0;

	memset(t, 0, sizeof *t);
	if (!d)
		return -errno;
	for (struct dirent *e; (e = readdir(d));) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		if (t->n == cap)
			t->p = xrealloc(t->p, (cap = cap ? cap * 2 : 256) * sizeof *t->p);
		if (read_stat((pid_t)strtol(e->d_name, NULL, 10), &t->p[t->n]))
			t->n++;
	}
	closedir(d);
	if (t->n)
		qsort(t->p, t->n, sizeof *t->p, by_pid);
	return 0;
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

void
proc_marker(pid_t pid, char *out, size_t cap)
{
	char *env = xmalloc(ENVIRON_MAX);
	ssize_t n = proc_read(pid, "environ", env, ENVIRON_MAX);

	out[0] = '\0';
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
		up = proc_table_find(a->t, up->ppid);
		if (up && up->owner >= 0) {
			own(p, up->owner, "child");
			return;
		}
	}
}

static void
by_marker(const struct assign *a, struct proc_node *p)
{
	char id[64];

	if (a->h && a->h->marker)
		a->h->marker(a->h->ctx, p, id, sizeof id);
	else
		proc_marker(p->pid, id, sizeof id);
	for (size_t i = 0; id[0] && i < a->n; i++)
		if (a->roots[i].marker && strcmp(a->roots[i].marker, id) == 0)
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
		if (a->t->p[i].owner < 0 && !skipped(a, a->t->p[i].pid))
			rule(a, &a->t->p[i]);
}

void
proc_table_assign(struct proc_table *t, const struct proc_root *roots, size_t n,
	const struct proc_hints *hints)
{
	struct assign a = {.t = t, .roots = roots, .n = n, .h = hints};
	bool markers = false;

	a.root_node = xcalloc(n + 1, sizeof(struct proc_node *));
	for (size_t i = 0; i < n; i++) {
		a.root_node[i] = roots[i].pid ? proc_table_find(t, roots[i].pid) : NULL;
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
