#ifndef SESSIONS_WAKE_H
#define SESSIONS_WAKE_H
/* Waking: a session that is asleep, exited or lost goes on with its conversation. Until its CLI
 * takes input, what is typed at it is kept, and typed then. */
#include "sessions/lifecycle/wake_look.h"

/* One that runs, and is stopped, goes on; false: it is none. */
bool wake_stopped(struct session *s);
/* f: what was found at a look just now. The conversation's id is kept whatever comes of it. 0, or -1
 * and *e; *how says by what ("resume", "start"). */
int wake_session(struct session *s, const struct wake_facts *f, const char **how, struct err *e);
/* Another one that runs on its conversation; NULL none. */
const struct session *wake_other(const struct session *s);
/* Does nothing else write its conversation? Two CLIs that do spoil it. -1 and *e: who. Asked before a
 * start of one that never ran, too. */
int wake_check_alone(const struct session *s, const struct wake_facts *f, struct err *e);

/* Woken, and its CLI does not take input yet: it is not at rest whatever its screen says. */
bool waking_is(const struct session *s);
uint64_t waking_since(const struct session *s); /* monotonic ns; of one that is */
/* What a person or `send` types, never the terminal's own answers. true: taken. */
bool waking_hold(struct session *s, const void *p, size_t n);
void waking_end(struct session *s); /* what was kept is dropped */
#endif
