#ifndef SESSIONS_REGISTRY_H
#define SESSIONS_REGISTRY_H
/* What CLIs write about themselves: Claude's registry of live processes (status and conversation of
 * each pid) and Codex's rollouts (the conversation a process writes). Watched by fs events; a
 * process is told by pid and start time, never by which file is the newest. */
#include "sessions/agent/activity.h"
#include <sys/types.h>
#include <uv.h>

struct registry;
struct registry_ops { /* on the loop thread */
	/* v is ACT_UNKNOWN when the CLI's file went */
	void (*status)(void *ctx, uint32_t num, enum activity v, const char *detail);
	void (*conversation)(void *ctx, uint32_t num, const char *id);
	/* does this process serve all sessions of the CLI? NULL ok: none does */
	bool (*shared)(void *ctx, uint32_t num, const char *cmdline);
	void *ctx;
};
struct registry_subject {
	uint32_t num;	       /* of the session */
	pid_t pid;	       /* its child */
	uint64_t pid_start;    /* clock ticks since boot */
	double started;	       /* wall: when the child was started */
	const char *cwd;       /* copied */
	char live_dir[512];    /* registry of processes; "" the CLI has none */
	char rollout_dir[512]; /* rollouts below Y/M/D; "" none */
};
struct registry *registry_new(uv_loop_t *loop, const struct registry_ops *ops);
void registry_close(struct registry *r); /* frees itself when its handles have closed; NULL ok */
/* Starts to watch for it, and reports what is there already. */
void registry_add(struct registry *r, const struct registry_subject *s);
void registry_remove(struct registry *r, uint32_t num); /* no report */
/* Its activity changed: looks for its rollout. enter: when text was last sent to it (wall; 0
 * never). */
void registry_poke(struct registry *r, uint32_t num, double enter);
#endif
