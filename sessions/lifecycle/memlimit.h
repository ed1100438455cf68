#ifndef SESSIONS_MEMLIMIT_H
#define SESSIONS_MEMLIMIT_H
/* A limit for a session's memory. Where a cgroup can be had (memory/memgroup.h) the kernel holds
 * it. Everywhere each sample is compared with it, so that what cannot be held is told. */
#include "sessions/closing/ends.h"

struct memstat;

/* Its child lives: into a cgroup with it, if the session has a limit. */
void memlimit_begin(struct session *s);
/* A sample was taken of a session with a run: events "mem-high" at 90 % and "mem-max" at 100 %, each
 * once until it is below 85 % again, and what mem_action says. */
void memlimit_check(struct ends *e, struct session *s, const struct memstat *m);
/* All that stopped in it goes on, whoever stopped it. */
void memlimit_continue(struct session *s);
/* Its run ends: if the kernel ended it for its memory, that is told; the cgroup goes. */
void memlimit_end(struct session *s);

/* For tests: level 0, 1 (90 %) or 2 (100 %) of a footprint, after `before`. */
int memlimit_level(uint64_t footprint, uint64_t max, int before);
#endif
