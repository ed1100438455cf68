#ifndef SESSIONS_LIFECYCLE_H
#define SESSIONS_LIFECYCLE_H
/* What the server calls so that sessions are watched, judged, hibernated and woken: ties registry,
 * hooks, closer and policy to sessions. All on the loop thread. */
#include "sessions/server/server.h"

struct lifecycle;
struct lifecycle *lifecycle_new(struct server *sv);
void lifecycle_close(struct lifecycle *l); /* NULL ok; sessions stay as they are */

/* The words to execute with the CLI's settings file of ours added, one free(); NULL: as they are.
 */
char **lifecycle_argv(struct session *s, char *const *argv);
/* The session's state changed: watches it while its child runs. */
void lifecycle_state(struct session *s);
/* The record is about to be deleted with all that is stored. */
void lifecycle_forget(struct session *s);
/* The verdict on its activity changed. */
void lifecycle_activity(struct session *s);
/* What a person or `send` types (never the terminal's own answers) at a session that is waking:
 * kept, and typed once its CLI is ready. true if taken. */
bool lifecycle_hold_input(struct session *s, const void *p, size_t n);
/* Resumed, and its CLI does not take input yet: it is not at rest whatever its screen says. */
bool lifecycle_waking(const struct session *s);

/* Is this process one that serves other sessions of the CLI too? It is not ended with this one. */
bool lifecycle_shared(const struct session *s, pid_t pid);
/* Facts about a session at this moment, and the verdict over them, which is also kept in s->reap.
 */
void lifecycle_facts(struct session *s, struct reap_facts *f);
void lifecycle_judge(struct session *s, const struct reap_config *c, struct reap_verdict *v);
/* Is the transcript there? Its path in out. */
bool lifecycle_transcript(struct session *s, char *out, size_t cap);
/* May a person close it by hand? Time limits, pins and lookers are theirs to overrule; what would
 * be lost is not. NULL, or the reason against (into buf, >= 120 bytes). */
const char *lifecycle_against(const struct reap_verdict *v, char *buf);

/* Wakes an asleep, exited or lost session; the conversation's id is kept whatever comes of it. 0,
 * or -1 and *e; *how says by what ("resume" "start"). */
int lifecycle_resume(struct session *s, const char **how, struct err *e);
#endif
