#ifndef SESSIONS_MEMSCOPE_H
#define SESSIONS_MEMSCOPE_H
/* A scope of the user's systemd for a session that runs, with a limit for its memory: where no
 * cgroup may be made by hand, and such a manager is there to be asked. */
#include "sessions/life/sessions.h"

/* Asks; once it is there, s->run->mem_held is set, if the session still runs then. */
void memscope_ask(struct session *s);
#endif
