#ifndef SESSIONS_TRANSCRIPT_H
#define SESSIONS_TRANSCRIPT_H
/* Is a conversation on disk, so that it can be resumed? And how full is its context? The CLI's files are looked at beside the
 * loop; what was found stands in the run's care until the next look. */
#include "core/base/buf.h"
#include "sessions/life/sessions.h"

/* Looks again; then (NULL: nobody waits) is called with ctx when it is known. */
void transcript_ask(struct session *s, void (*then)(void *ctx), void *ctx);
/* Where it may be, for profile_transcript_find; nothing for one without a directory. */
void transcript_places(struct session *s, struct buf *out);
#endif
