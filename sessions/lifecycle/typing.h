#ifndef SESSIONS_TYPING_H
#define SESSIONS_TYPING_H
/* Text typed into sessions for others than the person in front of it. Each session has a queue; one
 * entry is typed at a time:
 *
 *   HELD ─► TYPED ─► ENTERED ─► AGAIN ─► done
 *
 * HELD: text waits until the CLI takes input (at rest, if --when-idle); keys go at once, a digit
 * when the question that it answers is drawn. Text is typed only into a prompt that stands there and
 * holds nothing: behind a draft it would be sent together with that. TYPED: keys, then text as a paste; CLIs join what
 * comes within a tenth of a second to one paste, so Enter waits to stand alone, and for the text to
 * be seen. ENTERED, AGAIN: done is when the CLI says that it works or asks, or when its prompt
 * holds the text no longer. Where the text still stands there, Enter once more. One that neither
 * speaks of itself nor showed the text in its prompt is taken at its Enter. An answer (a digit while
 * a question with choices stands) is pressed as a key without Enter, and done when that question is
 * gone. */
#include "core/keys/keys.h"
#include "sessions/life/sessions.h"

typedef void (*typing_cb)(void *ctx, const struct err *e); /* e NULL: typed */
struct typing {
	const char *text;	/* NULL: keys only; copied */
	const struct buf *keys; /* packed input events, typed before the text; NULL none; copied */
	bool enter, when_idle;
	bool no_wait; /* typed is enough: the turn need not be seen to begin, the question to go */
	uint64_t prompt; /* the question that it answers (activity_state.prompt_hash); 0 any */
	typing_cb done;	 /* NULL ok; called once, later or before typing_tick returns */
	void *ctx;
};
/* Behind what is queued; typing_tick types what is due. The session has a run. */
void typing_queue(struct session *s, const struct typing *t);
void typing_tick(struct session *s, uint64_t now_ns);
bool typing_waits(const struct session *s); /* something is queued */
void typing_drop(struct session *s);	    /* the session ended: all of it is refused */

/* Does its CLI take input? */
bool typing_is_ready(const struct session *s);
/* Is it at rest since what was last sent to it? (wait --for idle, send --when-idle) */
bool typing_at_rest(const struct session *s, uint64_t now_ns);
/* Did its verdict come after what was last sent? */
bool typing_answered(const struct session *s, uint64_t now_ns);
#endif
