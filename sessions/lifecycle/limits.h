#ifndef SESSIONS_LIMITS_H
#define SESSIONS_LIMITS_H
/* The account behind a session: how much of its allowances is used, and
 * what is done when a limit is over. */
#include "sessions/agent/hooks.h"
#include "sessions/session/session.h"

/* A report of its CLI told of allowances, or that its turn ended by a limit. */
void limits_heard(struct session *s, const struct hook_report *rep);
/* With [reap] after_limit=wake: one that was limited, asleep or at rest, is woken and told to go on
 * when that is over; three times at most until a turn ends well. */
void limits_go_on(struct session *s);
#endif
