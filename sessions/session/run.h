#ifndef SESSIONS_RUN_H
#define SESSIONS_RUN_H
/* What exists only while a child lives: its process, its pty, its ring, what it is doing.
 *
 *   course_begin ─► coming ─► alive ─► draining ─► gone (the struct is freed)
 *
 * coming: the keeper was asked. alive: pid, pidfd and pty are there. draining: the child was
 * reaped, its last output is still being read. With the struct all of it goes: a session that
 * ended has no process, no pty, no pending input by construction. */
#include "core/base/buf.h"
#include "sessions/agent/activity.h"
#include "sessions/agent/policy.h"
#include "sessions/agent/usage.h"
#include "sessions/session/session.h"
#include <sys/types.h>
#include <uv.h>

struct pty;
struct care;
struct census_who;
enum run_phase { RUN_COMING, RUN_ALIVE, RUN_DRAINING };
typedef void (*run_cb)(void *ctx, struct session *s, const struct err *e); /* e NULL: well */
struct run {
	enum run_phase phase;
	enum session_state from; /* what it was; it is that again when it cannot be started */
	pid_t pid;		 /* 0 while coming */
	uint64_t pid_start;	 /* clock ticks since boot */
	int pidfd;		 /* -1 unless alive */
	uint64_t started_ns;
	struct pty *pty;
	struct buf replies; /* the terminal's answers while it is fed */
	struct activity_state act;
	struct usage usage;
	struct reap_verdict reap; /* as last judged */
	uint64_t gone_ns;	  /* since when its pidfd says that the child is gone; 0 */
	bool stopped;		  /* its program, by itself or by somebody: it reads nothing */
	uv_timer_t *wanted;	  /* since something was typed at it: it is continued then; NULL */
	bool kill_at_once;	  /* asked for, maybe before it had a pid */
	bool unkillable;	  /* it outlived SIGKILL: it is in the kernel's hands */
	uint64_t told_ns; /* its changes of activity are told TOLD_MAX times in TOLD_NS from here */
	unsigned told, untold;
	bool status_said; /* OSC 7501 was in the bytes just fed */
	double last_send; /* wall; what wait --for idle counts from */
	uint64_t last_send_ns;
	uint64_t last_turn_ns; /* text and its Enter were sent; 0: keys came after, or none was */
	bool turn_queued;      /* while it worked on another one */
	bool mem_group;	       /* it has a cgroup of its own */
	bool mem_held;	       /* its limit, by a cgroup; else it is watched */
	int mem_level;	       /* memlimit_level */
	uint64_t mem_kills;    /* told of */
	run_cb on_started;
	void *on_started_ctx;
	char hook_token[33];
	struct care *care; /* of closing/, which makes it with the run and frees it with its end */
};

struct run *run_new(enum session_state from);
void run_free(struct run *r); /* NULL ok */
void run_check(const struct session *s);
void run_dump(const struct session *s, FILE *out);

/* Who it is to the census of memory (memory/census.h). */
struct census_who run_census(const struct session *s);

/* Bytes typed into the child: bounded queue; -1 and *e (NULL ok) when full or not running. One that
 * stopped is continued a moment after the last of them, since somebody wants it, unless it was
 * stopped for its memory. */
int run_write(struct session *s, const void *p, size_t n, struct err *e);
void run_flush_replies(struct session *s);
void run_look_stopped(struct session *s); /* the kernel is asked, and lists are told */

/* Verdict on its activity again; the observers hear of it. Nothing without a run. */
void run_evaluate(struct session *s, uint64_t now_ns);
bool run_waits(const struct session *s, uint64_t now_ns); /* activity_waits; false without a run */
enum activity run_activity(const struct session *s);	  /* ACT_UNKNOWN without a run */
#endif
