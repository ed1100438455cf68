#ifndef SESSIONS_WATCHDOG_H
#define SESSIONS_WATCHDOG_H
/* Ends a server whose loop does not turn any more (by abort: the keeper starts another, which
 * leaves out the bytes it was stuck in when that happens twice). Time counts by the wall, since a
 * busy machine may give the loop little of it: after WATCHDOG_CPU_NS of a turn when the loop spent
 * a part of them computing, after WATCHDOG_NS in any case. */
#include "core/base/base.h"
#include <uv.h>

#define WATCHDOG_CPU_NS 5000000000ull
#define WATCHDOG_NS 30000000000ull

/* A loop since it began: how often it turned, how long it waited in all for something to do, what
 * its thread computed. */
struct loop_times {
	uint64_t turns, waited_ns, cpu_ns;
};
/* One turn as the watchdog sees it; {0} at first. */
struct watchdog {
	struct loop_times last; /* when it turned or waited last */
	uint64_t last_ns;	/* of the last look */
	uint64_t stale_ns;	/* of this turn: for how long */
	uint64_t seen_ns;	/* since it was first looked at */
	bool rests;		/* it only waited: the next look may be WATCHDOG_REST_S away */
};
#define WATCHDOG_REST_S 3
/* A look: true when it is time to abort. What this process itself did not live through (it was
 * stopped, the machine slept) is not counted. */
bool watchdog_look(struct watchdog *w, const struct loop_times *is, uint64_t now_ns);
/* Watches the calling thread's loop from a thread of its own. */
void watchdog_start(uv_loop_t *loop);
#endif
