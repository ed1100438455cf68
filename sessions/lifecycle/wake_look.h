#ifndef SESSIONS_WAKE_LOOK_H
#define SESSIONS_WAKE_LOOK_H
/* What a wake has to know of the user's disk and of /proc: looked at beside the loop, which a slow
 * home directory must not hold. */
#include "sessions/life/sessions.h"

struct wake_facts {
	bool directory, program; /* there */
	bool transcript;	 /* there, or it had been swept and was put back */
	pid_t held; /* outside, by it the conversation is open; 0: by none that is known */
};
/* then: on the loop thread, with ctx; the session may be gone by then. */
void wake_look(struct session *s, void (*then)(void *ctx, const struct wake_facts *f), void *ctx);
#endif
