#ifndef SESSIONS_REGISTRY_LOOK_H
#define SESSIONS_REGISTRY_LOOK_H
/* Looks at what CLIs write about themselves, and at the processes it is about. They wait for files
 * and for /proc: registry.c has them made beside the loop. In: what stands first; the rest is what
 * was found. */
#include "sessions/agent/activity.h"
#include <limits.h>
#include <sys/types.h>

/* One registry file, decoded: pure, for tests. false if it is not one. */
struct registry_record {
	pid_t pid;
	uint64_t start; /* 0: the file does not say */
	char conversation[64];
	enum activity activity;
	char detail[80];
};
bool registry_parse(const char *json, size_t n, struct registry_record *out);
/* The id in a rollout's name: rollout-<time>-<id>.jsonl. */
bool registry_rollout_id(const char *path, char out[64]);

enum { LIVE_LINE = 16, ROLLOUTS_OPEN = 8 };
struct live_file { /* <pid>.json in a registry of live processes */
	pid_t pid;
	bool gone;
	struct registry_record rec;
	struct {
		pid_t pid;
		uint64_t start;
	} line[LIVE_LINE]; /* the process, its parent and so on */
	int n_line;
};
struct live_look {
	char dir[512], name[64]; /* name "": all files of the directory */
	bool there;		 /* the directory */
	struct live_file *file;	 /* n that have something to say; free() */
	size_t n;
};
void live_look(struct live_look *l);

struct rollout_look {
	pid_t pid; /* the session's child */
	char dir[512], cwd[PATH_MAX];
	double enter, started; /* wall clock, see registry.h */
	bool by_enter;	       /* look for those that began with Enter */
	struct {
		char *cmdline, id[64]; /* cmdline: malloc'ed */
	} open[ROLLOUTS_OPEN]; /* held open by processes at or below pid; cwd is then the real path */
	size_t n_open;
	int n_began; /* with Enter, in cwd */
	char began[64];
};
void rollout_look(struct rollout_look *l);
void rollout_look_free(struct rollout_look *l); /* what was found */
bool rollout_near(double t, double enter);	/* may what began at t belong to that Enter? */
#endif
