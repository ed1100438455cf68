#ifndef SESSIONS_PROCTREE_H
#define SESSIONS_PROCTREE_H
/* Which process belongs to which session: one scan of /proc, then rules, the first that holds:
 *
 *   root    it is the session's child itself
 *   child   an ancestor belongs to the session (the nearest decides)
 *   marker  MUSTER_SESSION=<id> stands in its environment, or the mark of that id is its limit of
 *           RLIMIT_LOCKS: strays that were re-parented. The kernel asks nothing of that limit;
 *           it is inherited like an environment, but no program takes it off: what was started
 *           with an empty environment and left its parents still has it
 *   tty     it has the session's terminal, or the child's session id
 *   seen    it was in the session's tree before (same pid and start time) and its parent died
 *
 * The table is kept between scans: most processes of a machine are never asked about again.
 * A process belongs to at most one session. Processes in `skip` (server, keeper) belong to none,
 * and what hangs below them only counts by its own right. */
#include "core/base/base.h"
#include <sys/types.h>

enum { PROC_MARKER = 12 };
struct proc_node {
	pid_t pid, ppid, pgrp, session;
	int tty;
	int owner;    /* index of the root it belongs to, -1 none */
	uint64_t ino; /* of /proc/PID: another one, another process */
	uint64_t start, cpu_ticks, minor_faults, major_faults, rss_pages;
	uint64_t image; /* same for forks until one of them calls exec; 0 unknown */
	bool dead;	/* waits to be reaped: no memory, no children */
	bool again;	/* the next update is to read it again */
	unsigned char marker_reads;
	char marker[PROC_MARKER]; /* once looked for */
	const char *rule;	  /* static string, NULL while owner is -1 */
	char comm[32];
};
struct proc_table {
	struct proc_node *p; /* ascending by pid */
	size_t n;
};
struct proc_root {
	pid_t pid;	    /* 0: the child is gone, strays may live */
	const char *marker; /* borrowed; NULL: neither marker nor tty count */
};
/* Brings a table ({0} at first) up to date: processes that came, went, or have `again` set; all of
 * them if `all`. What is known of others stays as it was read. 0 or -errno. */
int proc_table_update(struct proc_table *t, bool all);
void proc_table_copy(struct proc_table *to, const struct proc_table *from);
void proc_table_free(struct proc_table *t);
uint64_t proc_start(pid_t pid); /* clock ticks since boot; 0 when gone */
/* What a session's processes are to have as their soft RLIMIT_LOCKS; 0: no id of a session. */
uint64_t proc_mark(const char *id);
struct proc_node *proc_table_find(const struct proc_table *t, pid_t pid); /* NULL */

struct proc_hints {
	/* root it belonged to at an earlier scan, -1 unknown; NULL: none is remembered */
	int (*seen)(void *ctx, const struct proc_node *p);
	void *ctx;
	pid_t skip[2]; /* 0: none */
};
void proc_table_assign(struct proc_table *t, const struct proc_root *roots, size_t n,
	const struct proc_hints *hints);
#endif
