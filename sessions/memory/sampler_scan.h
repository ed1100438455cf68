#ifndef SESSIONS_SAMPLER_SCAN_H
#define SESSIONS_SAMPLER_SCAN_H
/* The half of the sampler that reads /proc: one call a tick, on a worker thread. It remembers every
 * process of every session between calls (last walk, its cost, marker, command line), so that most
 * ticks need only the counters of `status`. Owned by whoever runs the call; no locks. */
#include "core/base/base.h"
#include "sessions/memory/footprint_gpu.h"
#include "sessions/proc/memgroup.h"
#include "sessions/proc/proctree.h"
#include <sys/types.h>

struct scan;
struct scan *scan_new(double budget_ms_per_s);
void scan_free(struct scan *s); /* NULL ok */

struct scan_session {
	/* in */
	uint32_t num;
	char id[12];
	pid_t pid;
	bool due;	/* sample it; else only its membership is kept up */
	bool force;	/* full walks of all its processes, outside the budget */
	bool has_group; /* a cgroup of its own: the sampler reads it into `group` */
	struct memgroup group;
	/* out, for due ones */
	bool known, estimated;
	uint64_t footprint, rss, swap, pss, cpu_ticks;
	uint64_t peak; /* highest footprint since the call before, as far as the kernel tells */
	struct gpu_memory gpu;
	unsigned processes, strays; /* strays: found by marker, terminal or memory, not by parent */
	/* members other than the child itself, until the next call */
	struct scan_member *member;
	size_t n_members;
};
struct scan_member {
	pid_t pid;
	const char *comm, *cmdline, *marker; /* borrowed from the scan */
	uint64_t start, footprint;
	bool estimated;
	bool *shared; /* set: a daemon that several sessions use, outside from the next call on */
};
/* One of the list may stand for what is outside all others (num SCAN_OUTSIDE): processes marked by
 * sessions that ended, what was said to be shared, and unmarked ones that came to the reaper. */
#define SCAN_OUTSIDE UINT32_MAX
struct scan_outside {
	const char (*ended)[12]; /* ids; borrowed for the call */
	size_t n_ended;
	pid_t reaper; /* to which a session's orphans come; 0: none */
};
/* Skips the calling process and its parent (server, keeper). member arrays are malloc'ed.
 * n == 0: forgets every process. */
void scan_run(struct scan *s, struct scan_session *v, size_t n, const struct scan_outside *outside);
const struct proc_table *scan_processes(const struct scan *s); /* as of the last call; borrowed */
struct scan_cost {
	uint64_t cpu_ns;      /* of all calls */
	uint64_t walks, runs; /* full walks done */
	size_t remembered;    /* processes, at present */
};
struct scan_cost scan_cost(const struct scan *s);
#endif
