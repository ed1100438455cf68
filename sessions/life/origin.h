#ifndef SESSIONS_ORIGIN_H
#define SESSIONS_ORIGIN_H
/* Whether a process that asks for something is one of a session. */
#include "sessions/life/sessions.h"

enum origin {
	ORIGIN_OUTSIDE,
	ORIGIN_SESSION,
	ORIGIN_UNKNOWN /* it is gone, or an ancestor went under our eyes */
};
/* By its ancestors, and by the mark that its limits have (memory/proctree.h) where those are gone.
 * *s: whose; NULL when that is not known. */
enum origin origin_of(const struct sessions *ss, pid_t pid, const struct session **s);
#endif
