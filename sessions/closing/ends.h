#ifndef SESSIONS_ENDS_H
#define SESSIONS_ENDS_H
/* Who is being ended: one ending (ending.h) a session at most, whoever asked for it. It may outlive
 * the run, until the last stray of its tree has gone. */
#include "sessions/closing/ending.h"
#include "sessions/life/sessions.h"

struct ends;
/* done: a session's tree has ended, or gave up; it may have been forgotten meanwhile (s NULL). */
struct ends *ends_new(struct sessions *ss, void (*done)(void *ctx, struct session *s), void *ctx);
void ends_close(struct ends *e); /* no callbacks any more */

/* Kill: the state becomes closing, then HUP, 5 s, TERM, 5 s, KILL to the whole tree; now: KILL at
 * once. Of one that is just being started: as soon as its child is there (ends_started). Of one
 * that is put to sleep: it ends. Of one that has ended, or sleeps: what it left behind; false:
 * nothing of it lives. */
bool ends_kill(struct ends *e, struct session *s, bool now);
void ends_kill_all(struct ends *e); /* now, whatever lives of any session */
/* What outlived its session's own end, by its last sample: as kill, within 5 s. false: nothing. */
bool ends_strays(struct ends *e, struct session *s);
void ends_started(struct ends *e, struct session *s);
/* A next run is about to begin: what still ends of the one before must not take it along. */
void ends_beginning(struct ends *e, const struct session *s);
/* The tree of a session that is sleeping or has just fallen asleep; cb once, later. */
void ends_sleep(
	struct ends *e, struct session *s, const struct ending_times *t, ending_cb cb, void *ctx);
/* Of one that is being ended: as ending_so_far. False: none is. */
bool ends_so_far(const struct ends *e, const char *id, enum ending_how *how, size_t *processes);
bool ends_busy(const struct ends *e, const char *id); /* this session's tree has not ended yet */
bool ends_any(const struct ends *e);
#endif
