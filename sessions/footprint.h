#ifndef SESSIONS_FOOTPRINT_H
#define SESSIONS_FOOTPRINT_H
/* Footprint of processes, from /proc. Formula: see the top of footprint.c. No loop, no state: safe
 * on any thread. */
#include "core/base.h"
#include <sys/types.h>

struct proc_info {
	pid_t pid, ppid, pgrp, session;
	uint64_t start; /* clock ticks since boot: with pid, the identity */
	char comm[32];
	char role[48];	  /* "claude", "mcp: NAME", "shell" … */
	const char *rule; /* which rule put it in the tree: "child" "marker" "tty" … (static) */
	uint64_t footprint, rss, pss, swap; /* bytes */
	bool estimated;
	uint64_t cpu_ticks;
};
/* One process: full walk (smaps_rollup), or the fallback. 0 or -errno (gone: -ESRCH). */
int footprint_of(pid_t pid, struct proc_info *out);
/* Its tree, root first: processes by parent walk, marker MUSTER_SESSION=id (NULL: none), tty.
 * Returns a malloc'ed array. */
struct proc_info *proctree(pid_t root, const char *marker, size_t *n);
/* Only status of each (3 µs a process): rss + swap, no walk. */
int footprint_cheap(pid_t pid, struct proc_info *out);
struct mem_category {
	char name[40];
	uint64_t bytes, swapped;
	unsigned regions;
};
/* Per-mapping breakdown; malloc'ed array, biggest first. */
struct mem_category *footprint_categories(pid_t pid, size_t *n);
/* Shared-memory part of a whole tree (ShmSwap + MemfdOnly). */
uint64_t footprint_shared_extra(const pid_t *pids, size_t n);
char *proc_cmdline(pid_t pid);	/* malloc'ed, spaces between; NULL */
uint64_t proc_start(pid_t pid); /* 0 when gone */
#endif
