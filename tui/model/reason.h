#ifndef TUI_REASON_H
#define TUI_REASON_H
/* Why a session may sleep or not, for people. The server's reasons ("idle: 1.9h of 2.0h") are for
 * scripts: their first word is a name, and they stay as they are. */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* idle_s: how long the session has been at rest, for "in 6 min". False: it is no reason known here;
 * out is what follows its first colon. */
bool reason_words(const char *reason, double idle_s, char *out, size_t cap);
/* Seconds until this reason alone no longer holds; INFINITY: time does not mend it. */
double reason_passes(const char *reason, double idle_s);
/* The answer of `explain` in a sentence: what the session does, and whether and when it may sleep. Names
 * and what it asks are as they came. */
void explain_words(const json_t *reply, char *out, size_t cap);
#endif
