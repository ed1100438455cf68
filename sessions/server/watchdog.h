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

/* One turn as the watchdog sees it; {0} at first. */
struct watchdog {
	uint64_t turns;		 /* when last looked at */
	uint64_t last_ns;	 /* of the last look */
	uint64_t stale_ns, cpu0; /* of this turn: for how long; what the loop had computed before */
};
/* A look: true when it is time to abort. What this process itself did not live through (it was
 * stopped, the machine slept) is not counted. cpu_ns: of the loop's thread, since its start. */
bool watchdog_look(struct watchdog *w, uint64_t turns, uint64_t now_ns, uint64_t cpu_ns);
/* Watches the calling thread's loop from a thread of its own. */
void watchdog_start(uv_loop_t *loop);
#endif
