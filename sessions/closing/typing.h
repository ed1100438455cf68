#ifndef SESSIONS_TYPING_H
#define SESSIONS_TYPING_H
/* Text typed into sessions for others than the person in front of it. Each session has a queue; one
 * entry is typed at a time:
 *
 *   queued ─► (at rest, if that was asked for) ─► keys, text as a paste ─► ENTER_MS ─► Enter ─► done
 *
 * CLIs join what comes within a tenth of a second to one paste, so Enter waits to stand alone. */
#include "core/keys/keys.h"
#include "sessions/session/sessions.h"

typedef void (*typing_cb)(void *ctx, const struct err *e); /* e NULL: typed */
struct typing {
	const char *text;	/* NULL: keys only; copied */
	const struct buf *keys; /* packed input events, typed before the text; NULL none; copied */
	bool enter, when_idle;
	typing_cb done; /* NULL ok; called once, later or before typing_tick returns */
	void *ctx;
};
/* Behind what is queued; typing_tick types what is due. The session has a run. */
void typing_queue(struct session *s, const struct typing *t);
void typing_tick(struct session *s, uint64_t now_ns);
bool typing_waits(const struct session *s); /* something is queued */
void typing_drop(struct session *s);	    /* the session ended: all of it is refused */
/* At once: 0, or -1 and *e. What comes while its CLI wakes is kept for it. */
int typing_events(struct session *s, const struct input_event *ev, size_t n, struct err *e);

/* Is it at rest since what was last sent to it? (wait --for idle, send --when-idle) */
bool typing_at_rest(const struct session *s, uint64_t now_ns);
/* Did its verdict come after what was last sent? */
bool typing_answered(const struct session *s, uint64_t now_ns);
#endif
