#ifndef SESSIONS_MEMGROUP_H
#define SESSIONS_MEMGROUP_H
/* A cgroup of its own for a session's memory, where this user may make one: v2 with a delegated
 * subtree, v1 with the right to write. id: of the session. */
#include "core/base/base.h"
#include <sys/types.h>

/* Makes the cgroup, sets the limit (bytes), moves the process; false: not ours to make. */
bool memgroup_hold(const char *id, pid_t pid, uint64_t max);
/* Processes that the kernel ended in it; 0 where there is none. */
uint64_t memgroup_kills(const char *id);
void memgroup_release(const char *id); /* it stays while a stray lives in it */
#endif
