#ifndef SESSIONS_FOOTPRINT_H
#define SESSIONS_FOOTPRINT_H
/* Footprint of processes, from /proc. Formula: see the top of footprint.c. No loop, no state: safe
 * on any thread. All sizes are bytes; names are printable (no control bytes). */
#include "core/base/base.h"
#include "sessions/memory/footprint_gpu.h"
#include "sessions/memory/slabs.h"
#include <sys/types.h>

struct proc_info {
	pid_t pid, ppid, pgrp, session;
	uint64_t start; /* clock ticks since boot: with pid, the identity */
	char comm[32];
	char role[48];	  /* "claude", "mcp: NAME", "shell: bash" … */
	const char *rule; /* which rule put it in the tree, see proctree.h (static string) */
	uint64_t footprint, rss, pss, swap;
	uint64_t counters;    /* what `status` says of the footprint, see footprint_cheap */
	uint64_t shm_rss;     /* shared memory and huge pages resident, as status says */
	uint64_t shm_swapped; /* swapped shared memory that it maps, huge pages that it shares: */
	uint64_t huge_shared; /* both counted per inode, not in footprint */
	uint64_t lazy_free, page_tables;
	uint64_t rss_peak;  /* highest resident size of its life */
	uint64_t switches;  /* times its first thread left the processor: tells that it ran */
	bool estimated;	    /* no full walk: from the counters of `status` */
	bool twin;	    /* has the very memory of another, where it counts: here it is none */
	uint64_t cpu_ticks; /* user + system, of itself */
};
/* One process: full walk (smaps_rollup), or the fallback, which is marked estimated. Fills the four
 * sizes, shm_swapped and estimated, nothing else. 0 or -errno (gone: -ESRCH). */
int footprint_of(pid_t pid, struct proc_info *out);
/* Only the counters of `status` (3 µs): footprint = counters = RssAnon + RssShmem + VmSwap +
 * HugetlbPages + VmPTE. 0 or -errno. */
int footprint_cheap(pid_t pid, struct proc_info *out);
/* Is p of the very memory of one of these, walked or by counters? Then its sizes become none. */
bool footprint_twin(struct proc_info *p, const struct proc_info *const *others, size_t n);
/* Its tree, root first, each with a full walk; by parent walk, and with a marker also by
 * MUSTER_SESSION=marker and by tty. Returns a malloc'ed array, NULL and 0 when root is gone. */
struct proc_info *proctree(pid_t root, const char *marker, size_t *n);

struct mem_category {
	char name[40];
	uint64_t bytes;	  /* all of it, swapped part included */
	uint64_t swapped; /* of that, swapped out */
	unsigned regions;
};
/* What inodes add to the sum of a tree's processes, see footprint_inodes.h. */
struct shared_extra {
	uint64_t swapped, huge, held; /* shared memory swapped, huge pages shared, held unmapped */
	uint64_t named;		      /* to subtract: files in memory that stay */
};
/* The sum of processes' footprints with it. */
uint64_t footprint_with(uint64_t sum, const struct shared_extra *extra);
struct footprint_report {
	struct proc_info *procs; /* root first */
	size_t n_procs;
	struct mem_category *cats; /* biggest first */
	size_t n_cats;
	struct slabs slabs;
	char version[24]; /* of the root's program; "" unknown */
	uint64_t total, rss, pss;
	struct shared_extra extra;
	uint64_t swap; /* private and shared */
	bool estimated;
	struct gpu_memory gpu;
};
/* Fills cats and slabs from its processes, by kind of mapping. */
void footprint_categories(struct footprint_report *r);
/* Processes of other trees, which may have the same inodes. */
struct footprint_others {
	struct footprint_other {
		pid_t pid;
		uint32_t tree; /* its processes stand side by side */
	} * p;
	size_t n;
};
/* All of the above for one tree. others NULL: it is alone. 0 or -errno. */
int footprint_report(pid_t root, const char *marker, const struct footprint_others *others,
	struct footprint_report *out);
void footprint_report_free(struct footprint_report *r);

char *proc_cmdline(pid_t pid); /* malloc'ed, spaces between; NULL when gone or a kernel thread */
/* What a process is, from its name and command line: "mcp: github", "language server: gopls",
 * "shell: bash", else the program's own name ("node x/claude.js" is "claude"). */
void proc_role(const char *comm, const char *cmdline, char *out, size_t cap);
#endif
