#ifndef SESSIONS_CHECKPOINT_H
#define SESSIONS_CHECKPOINT_H
/* What a successor needs to go on with a session's terminal: the screen (term_save) and the
 * activity signals, in a slot of the ring. */
#include "core/base/buf.h"
#include "sessions/session/session.h"

struct checkpoint {    /* what was loaded */
	uint64_t upto; /* it stands for all output before this place of the ring */
	uint64_t bad;  /* a server died twice on these bytes: they are left out */
	uint32_t n_bad;
};
/* Of the terminal as fed so far (ring_effects): into the ring, or onto the shelf where there is
 * none (or where one still is). 0 or -errno. */
int checkpoint_save(struct session *s);
/* The same, and appends the checkpoint to *copy. */
int checkpoint_copy(struct session *s, struct buf *copy);
/* Onto the shelf in any case: it is about to lose its ring. */
int checkpoint_shelve(struct session *s);
/* The newest one is in memory that the keeper holds, not in a file. */
bool checkpoint_in_memory(const struct session *s);
/* What is in the file is the newest one. */
void checkpoint_filed(struct session *s);
/* Makes the screen's terminal from the newest checkpoint, in the ring, on
 * the shelf or in the files; a fresh one
 * where there is none. activity: take the signals into the run, too. */
void checkpoint_load(struct session *s, bool activity, struct checkpoint *c);
struct term *checkpoint_none(struct session *s); /* a fresh one */
/* The ring's bytes since, silently as far as their effects were had. */
void checkpoint_replay(struct session *s, const struct checkpoint *c);
#endif
