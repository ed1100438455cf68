#ifndef SESSIONS_CHECKPOINT_H
#define SESSIONS_CHECKPOINT_H
/* What a successor needs to go on with a session's terminal: the screen (term_save) and the
 * activity signals, in a slot of the ring while there is a child. */
#include "sessions/session.h"

/* Of the terminal as fed up to the ring's head: into the ring, or onto the shelf where there is
 * none (or where one still is). 0 or -errno. */
int checkpoint_save(struct session *s);
/* The same, and appends the checkpoint to *copy. */
int checkpoint_copy(struct session *s, struct buf *copy);
/* Onto the shelf in any case: it is about to lose its ring. */
int checkpoint_shelve(struct session *s);
/* The newest one is in memory that the keeper holds, not in a file. */
bool checkpoint_in_memory(const struct session *s);
/* What is in the file is the newest one. */
void checkpoint_filed(struct session *s);
/* At the start of a run or after a restart: s->term from the newest checkpoint and the ring's
 * bytes; a fresh terminal where there is none. activity: take the signals from it too. */
void checkpoint_load(struct session *s, bool activity);
#endif
