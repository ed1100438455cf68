#ifndef SESSIONS_JUDGE_H
#define SESSIONS_JUDGE_H
/* Gathers what is known of a running session at this moment, for the verdict of agent/policy.h: may
 * it be put to sleep, and is it worth it? */
#include "sessions/session/run.h"

void judge_facts(struct session *s, struct reap_facts *f);
void judge(struct session *s, const struct reap_config *c, struct reap_verdict *v);
/* May a person put it to sleep by hand? Time limits, pins and lookers are theirs to overrule; what
 * would be lost is not. NULL, or the reason against (into buf, >= 120 bytes). */
const char *judge_against(const struct reap_verdict *v, char *buf);
/* Of the session's environment (ctx); of the server's when it has none, as after a reboot. */
const char *judge_getenv(void *ctx, const char *name);
#endif
