#ifndef SESSIONS_MEMGROUP_H
#define SESSIONS_MEMGROUP_H
/* A cgroup of its own for a session's memory, where this user may make one: v2 with a delegated
 * subtree, v1 with the right to write. id: of the session. */
#include "core/base/base.h"
#include "sessions/proc/pressure.h"
#include <sys/types.h>

/* root: "", or another tree with proc/self/cgroup and sys/fs/cgroup in it (tests). */
/* Makes the cgroup, sets the limit (bytes; 0 none, of version 2 only: where memory runs out, the kernel
 * and oomd then choose among sessions, not all of them with their server), moves the process; false:
 * not ours to make. */
bool memgroup_hold(const char *root, const char *id, pid_t pid, uint64_t max);
struct memgroup {
	bool there;	 /* else nothing below is known, and all of it is 0 */
	uint64_t kernel; /* bytes it holds for the processes beyond their footprints: sockets … */
	uint64_t kills;	 /* processes that the kernel ended */
	uint64_t high, max,
		oom; /* times that it was slowed, held at its limit, and out of memory */
	struct psi psi;
};
struct memgroup memgroup_read(const char *root, const char *id);
void memgroup_release(const char *root, const char *id); /* it stays while a stray lives in it */
#endif
