#ifndef SESSIONS_START_H
#define SESSIONS_START_H
/* How a child is started: its environment, and the note in its spec that a successor of this server
 * finds when the store knows nothing of the session yet. */
#include "sessions/session/session.h"

/* Asks the keeper to execute argv for the session, whose screen is made ready. 0, or -1 and *e. */
int start_child(struct session *s, char *const *argv, struct err *e);
/* Why its program could not be executed, for people: error is the errno of the child. */
void start_error(const struct session *s, int error, struct err *e);
#endif
