#ifndef SESSIONS_FEED_H
#define SESSIONS_FEED_H
/* What goes through a session's terminal: its last screen when it is loaded, the child's output, a
 * new size; and what is made of it (checkpoints, the verdict on its activity). */
#include "sessions/session/session.h"

/* The terminal of a session that has none: from its checkpoint in the run's ring and the bytes since, else from
 * its files, else empty. activity: the run's signals, too. */
void feed_load(struct session *s, bool activity);
/* n bytes more of the child's are in the ring: a turn's worth of what waits there goes through the
 * terminal. False: more waits. */
bool feed_output(struct session *s, size_t n);
void feed_resize(struct session *s, int cols, int rows);
/* For another run: the last program's modes end, what it left goes up into history. */
void feed_begin_run(struct session *s);
/* Gives the screen's memory back; nobody may be looking. */
void feed_park(struct session *s);
/* What it says: last line, profile's rules; then the activity's verdict. */
void feed_settle(struct session *s, uint64_t now_ns);
#endif
