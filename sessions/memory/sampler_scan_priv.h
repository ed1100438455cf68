#ifndef SESSIONS_SAMPLER_SCAN_PRIV_H
#define SESSIONS_SAMPLER_SCAN_PRIV_H
/* Shared by sampler_scan.c (membership, sums) and sampler_walk.c (one process at a time). */
#include "sessions/memory/footprint_inodes.h"
#include "sessions/proc/proctree.h"
#include "sessions/memory/sampler_scan.h"

struct member { /* a process of a session, between calls */
	pid_t pid;
	uint32_t num; /* of its session */
	int at;	      /* index of its session in this call, -1 when it went meanwhile */
	uint64_t start, image;
	char comm[32];
	char *cmdline; /* NULL until needed */
	char marker[PROC_MARKER];
	bool met;		    /* at the call before, too */
	bool stray;		    /* in the tree by another rule than descent */
	bool shared;		    /* see scan_member */
	struct proc_info walk, now; /* at the last walk, and at present */
	struct proc_info counters;  /* as they were read last */
	struct activity {
		uint64_t cpu, faults, major, rss;
	} act, act_read;   /* at present; as `counters` were read */
	uint64_t rss_peak; /* as of the call before */
	bool walked;
	bool stale; /* what it shares changed since, or it did as it was walked */
	bool lazy;  /* gives memory up in a way that no counter tells (MADV_FREE) */
	/* at the last walk */
	uint64_t walked_at, walk_ns, cpu_walk, faults_walk, swap_walk, others_shm, ksm;
	int64_t moved; /* how much a walk is wanted; -1 not at all */
};
struct inodes_of { /* what a session maps or holds, from its last look */
	uint32_t num;
	struct shm_list list;
	struct gpu_memory gpu;
	uint64_t at, unmapped, mapped, machine, members; /* then: see look_at_inodes */
};
struct departed { /* a member that ended since its session was due, one of each image */
	uint32_t num;
	uint64_t image;
};
struct scan {
	struct proc_table table;
	uint64_t table_read; /* wholly, ns */
	struct member *m;    /* ascending by pid */
	size_t n;
	struct departed *gone;
	size_t n_gone;
	struct inodes_of *inodes;
	size_t n_inodes;
	double tokens_ns, ns_per_s;
	uint64_t filled_at;
	struct scan_cost cost;
	/* of the call under way */
	struct scan_session *v;
	size_t nv;
	const struct scan_outside *outside; /* NULL: not asked for */
	uint64_t now, members_shm, machine_shm, ksm;
	bool gpus; /* the machine has any */
};

uint64_t scan_thread_ns(void); /* processor time of this thread */
/* One of its family has departed. */
bool scan_lost_one(const struct scan *s, const struct member *m);
/* Reads the counters of all due members and walks those that are worth it. */
void scan_walk(struct scan *s);
/* What these members of one session have; m->now of each becomes its last walk, moved by the
 * counters. Sorts them. */
uint64_t scan_footprint(struct member **m, size_t n);
#endif
