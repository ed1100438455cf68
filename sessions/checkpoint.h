#ifndef SESSIONS_CHECKPOINT_H
#define SESSIONS_CHECKPOINT_H
/* What a successor needs to go on with a session's terminal: the screen (term_save) and the
 * activity signals, in a slot of the ring. */
#include "sessions/session.h"

/* Of the terminal as fed so far (ring_effects). 0 or -errno. */
int checkpoint_save(struct session *s);
/* At the start of a run or after a restart: s->term from the newest checkpoint and the ring's
 * bytes; a fresh terminal where there is none. activity: take the signals from it too. */
void checkpoint_load(struct session *s, bool activity);
#endif
