#ifndef SESSIONS_HOUSEKEEPING_H
#define SESSIONS_HOUSEKEEPING_H
/* What a server does for its memory while sessions rest: seals history, parks screens, and gives
 * back what the work itself took. In slices of a few milliseconds with pauses between, so that
 * whoever types into another session does not feel it. */
#include "sessions/life/sessions.h"

struct housekeeping {
	uv_timer_t timer;
};
void housekeeping_init(struct housekeeping *h, struct sessions *ss);
void housekeeping_tick(struct housekeeping *h); /* each second: starts it when there is work */
#endif
