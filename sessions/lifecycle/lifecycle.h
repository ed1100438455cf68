#ifndef SESSIONS_LIFECYCLE_H
#define SESSIONS_LIFECYCLE_H
/* Sessions watched, judged, put to sleep, woken and ended: this room's modules tied together. All on
 * the loop thread. */
#include "sessions/closing/closer.h"
#include "sessions/closing/ends.h"

struct lifecycle;
struct memstat;
/* tree_ended: as `done` of ends_new. */
struct lifecycle *lifecycle_new(
	struct sessions *ss, void (*tree_ended)(void *ctx, struct session *s), void *ctx);
void lifecycle_go_on(struct lifecycle *l);	      /* once: with what a predecessor had begun */
void lifecycle_close(struct lifecycle *l);	      /* NULL ok; sessions stay as they are */
struct closer *lifecycle_closer(struct lifecycle *l); /* borrowed */
struct ends *lifecycle_ends(struct lifecycle *l);     /* borrowed */
void lifecycle_mend(struct lifecycle *l);	      /* files that were removed under it */
/* The limits changed: all are judged in this turn of the loop. */
void lifecycle_judge_soon(struct lifecycle *l);

/* What the sessions tell (session_ops). */
char **lifecycle_argv(struct lifecycle *l, struct session *s, char *const *argv);
void lifecycle_started(struct lifecycle *l, struct session *s);
void lifecycle_over(struct lifecycle *l, struct session *s);
/* A sample of it was taken; of one that ended: of what it left behind. */
void lifecycle_sampled(struct lifecycle *l, struct session *s, const struct memstat *m);
void lifecycle_activity(struct lifecycle *l, struct session *s);
void lifecycle_gone(struct session *s);
#endif
