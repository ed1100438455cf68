#ifndef SESSIONS_NOTICE_H
#define SESSIONS_NOTICE_H
/* When there is something to tell of a session, and whether it may be told. */
#include "sessions/agent/activity.h"
#include "sessions/config/config.h"

/* Of enum notify_kind; -1: nothing to tell. */
int notice_kind(enum activity a);
/* A session that asks and is answered again and again is not told of each time. */
#define NOTICES_MAX 3
#define NOTICES_S 60.0
struct notice_rate {
	double at[NOTICES_MAX]; /* the last ones; 0 none */
};
/* Fewer than NOTICES_MAX within NOTICES_S; true counts as one. now: seconds of any clock, > 0. */
bool notice_allowed(struct notice_rate *r, double now);
#endif
