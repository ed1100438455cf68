#ifndef SESSIONS_STRAYS_H
#define SESSIONS_STRAYS_H
/* What outlives a session whose program left by itself, by its exit or a crash: tools in sessions
 * of their own, servers that it started. It is shown in the row for as long as [server] strays
 * says, and ended then. What somebody leaves behind who types `exit` into a shell was meant to stay:
 * that is only shown. */
#include "sessions/closing/ends.h"

struct strays;
struct strays *strays_new(struct sessions *ss, struct ends *ends);
void strays_close(struct strays *st);
void strays_seen(struct strays *st, struct session *s); /* by a sample; it has no run */
#endif
