#ifndef SESSIONS_NOTICE_RUN_H
#define SESSIONS_NOTICE_RUN_H
/* [notify] command: run when there is something to tell of a session that nobody is attached to.
 * It learns of it by its environment: MUSTER_NOTICE (the kind), MUSTER_NAME, MUSTER_ID and
 * MUSTER_TEXT. Nobody waits for it; what takes longer than half a minute is killed. */
#include "sessions/life/sessions.h"

void notice_look(struct session *s);  /* its activity changed; it has a run */
void notice_found(struct session *s); /* likewise, but a predecessor told of it */
void notice_grows(struct session *s);
#endif
