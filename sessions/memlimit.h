#ifndef SESSIONS_MEMLIMIT_H
#define SESSIONS_MEMLIMIT_H
/* A limit for a session's memory. Where this user may make memory cgroups (v2 with a delegated
 * subtree, v1 with the right to write) the kernel holds it: the session's child gets a cgroup of
 * its own. Everywhere each sample is compared with it, so that what cannot be held is told. */
#include "core/base.h"
#include <sys/types.h>

enum mem_action {
	MEM_NOTICE,
	MEM_STOP,
	MEM_KILL
}; /* what a session that is watched gets at 100 % */
struct memstat;
struct session;

/* The child has started, or was found running: into its cgroup, if it has a limit. */
void memlimit_apply(struct session *s);
/* A sample was taken: events "mem-high" at 90 % and "mem-max" at 100 %, each once until it is below
 * 85 % again, and what mem_action says. */
void memlimit_check(struct session *s, const struct memstat *m);
/* The session ended: if the kernel ended it for its memory, that is told; the cgroup goes. */
void memlimit_end(struct session *s);

/* The parts, for tests. Level 0, 1 (90 %) or 2 (100 %) of a footprint, after `before`. */
int memlimit_level(uint64_t footprint, uint64_t max, int before);
/* Makes the cgroup, sets the limit, moves the process; false: not ours to make. */
bool memlimit_hold(const char *id, pid_t pid, uint64_t max);
/* Processes that the kernel ended in it; 0 where there is none. */
uint64_t memlimit_kills(const char *id);
void memlimit_release(const char *id);
#endif
