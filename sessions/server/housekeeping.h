#ifndef SESSIONS_HOUSEKEEPING_H
#define SESSIONS_HOUSEKEEPING_H
/* What a server does for its memory while sessions rest: seals history, parks screens, and gives
 * back what the work itself took. In slices of a few milliseconds with pauses between, so that
 * whoever types into another session does not feel it. */
struct server;

void housekeeping_init(struct server *sv);
/* From the tick: starts the slices if anything is to be done. */
void housekeeping_tick(struct server *sv);
#endif
