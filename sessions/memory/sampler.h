#ifndef SESSIONS_SAMPLER_H
#define SESSIONS_SAMPLER_H
/* Footprint of every session's process tree, on worker threads, within a budget (design: tick,
 * token bucket, estimates between walks). Results arrive on the loop thread. */
#include "core/base/base.h"
#include "core/stats/growth.h"
#include "sessions/memory/footprint.h"
#include "sessions/proc/memgroup.h"
#include "sessions/proc/pressure.h"
#include "sessions/proc/proctree.h"
#include <uv.h>

struct memstat { /* of one session; absent = not known yet */
	bool known, estimated;
	uint64_t footprint, rss, swap, pss, peak; /* bytes */
	unsigned processes, strays;
	double at;		    /* wall time of the sample */
	double growth_bytes_per_h;  /* NAN: not known yet */
	enum growth_verdict growth; /* at rest */
	bool growth_while_working;  /* worth a look, never a reason to close */
	uint64_t gpu, gpu_vram;	    /* of graphics devices: all, on the device */
	struct memgroup group;	    /* of its own, if it has one */
	char tool[64];		    /* a process in the tree that is no helper: "" none */
	uint64_t cpu_ticks;	    /* of the whole tree, as it stands; falls when a process ends */
};
struct sampler;
struct sampler_ops {
	/* a sample of session num was taken, or nothing of it lives any more (loop thread) */
	void (*sampled)(void *ctx, uint32_t num, const struct memstat *m);
	/* is this process a usual helper of that session's CLI? (loop thread) */
	bool (*is_helper)(void *ctx, uint32_t num, const char *comm, const char *cmdline);
	/* seconds this session has been idle: growth counts GROWTH_SETTLE_S after (loop thread) */
	double (*idle_s)(void *ctx, uint32_t num);
	/* has it a cgroup of its own? (loop thread) */
	bool (*has_group)(void *ctx, uint32_t num);
	/* is it a daemon that several sessions use, by the rules of that session's CLI? */
	bool (*is_shared)(void *ctx, uint32_t num, const char *cmdline);
	/* ids of the sessions that ended and are still known; malloc'ed (loop thread) */
	char (*(*ended)(void *ctx, size_t *n))[12];
	/* which of them has this id; 0: none (loop thread) */
	uint32_t (*ended_num)(void *ctx, const char *id);
	pid_t reaper; /* to which orphans of sessions come; 0 none */
	void *ctx;
};
struct role_memory { /* of a session's processes beside its child */
	char role[48];
	uint64_t footprint;
	unsigned processes;
};
struct outside_process { /* of no session's tree, or of several */
	pid_t pid;
	char marker[12]; /* MUSTER_SESSION, "" none */
	char what[48];	 /* as proc_role */
	double started;	 /* wall time */
	uint64_t start;	 /* clock ticks since boot: with pid, the identity */
	uint64_t footprint;
	bool estimated, shared;
};
struct store_worker;
/* store NULL: nothing is written. */
struct sampler *sampler_new(uv_loop_t *loop, const struct sampler_ops *ops, double tick_s,
	double budget_ms_per_s, struct store_worker *store);
/* Answers who waits with NULL; memory goes once the loop has run its close callbacks. NULL ok. */
void sampler_close(struct sampler *s);
/* id: MUSTER_SESSION value that marks strays. Earlier samples come back from the store. */
void sampler_add(struct sampler *s, uint32_t num, const char *id, pid_t pid);
/* Its child is gone: what it left behind is its tree, as long as any of that lives. What sessions
 * left behind before this sampler is found without being told. Flushes its history. */
void sampler_left(struct sampler *s, uint32_t num);
void sampler_remove(struct sampler *s, uint32_t num);
void sampler_focus(struct sampler *s, uint32_t num); /* 5 s ticks for the next 10 min; 0 none */
const struct memstat *sampler_get(const struct sampler *s, uint32_t num); /* borrowed; NULL */
/* As of the last sample; borrowed. */
const struct role_memory *sampler_roles(const struct sampler *s, uint32_t num, size_t *n);
/* What the verdict on growth rests on; all zero if the session is not known. */
struct growth_numbers sampler_growth(const struct sampler *s, uint32_t num);
/* Sample one session now, with a full walk; cb on the loop thread, m NULL if it went meanwhile. */
typedef void (*sampler_cb)(void *ctx, const struct memstat *m);
void sampler_now(struct sampler *s, uint32_t num, sampler_cb cb, void *ctx);
/* The last n samples of the session, oldest first, one per step_s; for the sparkline. */
size_t sampler_recent(
	const struct sampler *s, uint32_t num, double step_s, uint64_t *out, size_t n);

/* As it was in the last minute; borrowed. Kept up while there are sessions, or any of these. */
const struct outside_process *sampler_outside(const struct sampler *s, size_t *n);
/* The processes of all other sessions, as of their last samples; ->p malloc'ed. */
struct footprint_others sampler_others(const struct sampler *s, uint32_t num);

/* The machine's processes as of the last round; those that came since are not among them. */
void sampler_processes(const struct sampler *s, struct proc_table *into);

struct pressure sampler_pressure(const struct sampler *s);
#endif
