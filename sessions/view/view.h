#ifndef SESSIONS_VIEW_H
#define SESSIONS_VIEW_H
/* A client looking at a session: frames one at a time, the next when the last was painted (ACK).
 * Attached views type into the session and give it their size, unless they were opened not to;
 * previews do neither. */
#include "core/keys/keys.h"
#include "core/paint/canvas.h"
#include "core/paint/frame.h"
#include "core/text/search.h"
#include "sessions/peer/peer.h"
#include "sessions/peer/request.h"
#include "sessions/display/display.h"
#include "sessions/life/sessions.h"

#define VIEW_FRAME_NS 16666667u /* least time between frames that nobody typed for */
#define VIEW_SYNC_NS 150000000u /* longest wait for the end of a synchronized update */

struct view {
	uint32_t magic, id; /* id: the client's own number of it */
	struct peer *peer;
	struct session *session;
	struct frame_view *frames;
	bool attach, read_only;
	bool sizes; /* its size may be the session's, */
	bool away;  /* but is not while its terminal says that nobody looks there */
	bool in_flight, dirty, urgent, retitled;
	int cols, rows;
	uint64_t sent_ns, sync_ns;
	uint64_t used_ns;	       /* last input from it, or when it was opened */
	struct key_modes modes;	       /* as last told */
	uint64_t back;		       /* rows scrolled back; 0 live */
	uint64_t told_back, told_rows; /* the place as the client knows it */
	struct pin at; /* top row when scrolled back: stays put while output arrives */
	bool hold;     /* stays put at the end too: */
	bool under;    /* there the first row is the one under `at` */
	bool wants;    /* `want` rows back is where it is to be, once that can be told */
	uint64_t want;
	uint64_t awaits;	/* text was missing when sessions.texts_came was one less; 0 none */
	struct canvas *canvas;	/* composes scrolled-back screens */
	struct search *pattern; /* matches of it are told as marks; NULL none */
	char *marks;		/* as last told; NULL never */
	bool marked;		/* marks are to be compared with each frame */
	struct lent *lent;	/* the client's terminal; NULL until it was lent once */
	struct buf typed;	/* what was read from it, encoded */
	uint64_t notified_ns, copied_ns; /* last bell, last clipboard: both have a rate */
	LIST_ENTRY(view) of_all;
};
struct views {
	uv_loop_t *loop;
	LIST_HEAD(, view) list;
	uv_timer_t frames; /* the next frame that was too early */
	bool frames_due;
	uint64_t notified_ns; /* last notification passed on */
};
struct views *views_new(uv_loop_t *loop);
void cmd_view(struct request *r); /* verbs of the protocol: opens a view; moves one */
void cmd_look(struct request *r);
void views_peer_closed(struct views *all, struct peer *p);
bool views_of_peer(struct views *all, struct peer *p);			/* any? */
struct view *view_find(struct views *all, struct peer *p, uint32_t id); /* NULL */
/* Its first row, of all from the oldest of `total` rows of history on. */
uint64_t view_top(const struct view *v, struct pagelist *h, uint64_t total);
/* So many rows back, as far as there are; the client is told. */
void view_scroll(struct view *v, uint64_t back);
/* Does the history await text from files? Then the view's frame is made when something has come. */
bool view_awaits(struct view *v, const struct pagelist *h);
/* Tells which cells of what is about to be sent match the view's pattern, if that changed. */
void view_marks(struct view *v);
/* A frame of the wire that is about a view. */
void view_frame(struct views *all, struct peer *p, const struct frame *f);
/* Frames that are due, into the peers' buffers. */
void views_flush(struct views *all);

/* Bytes for the session from this view; keys: they are keys or a paste, not moves of a mouse. */
void view_types(struct view *v, const struct buf *bytes, bool keys);
/* A frame of the screen g into the peer's buffer, when it differs from the last. */
enum view_put { PUT_NOTHING, PUT_FRAME, PUT_TOO_LARGE };
enum view_put view_put_frame(struct view *v, const struct grid *g, uint64_t now);
void view_tell(struct view *v); /* what goes with a frame: modes, title, marks */

/* view_lent.c: LEND, RECLAIM; the terminal goes back with bytes that were read from it. */
void view_lend(struct view *v, const struct frame *f);
void view_give_back(struct view *v, const uint8_t *bytes, size_t n);
/* Each second: a stopped client's terminal is its shell's. */
void views_check(struct views *all);

/* The session tells its views: */
void views_output(struct views *all, struct session *s); /* the screen may have changed */
void views_resized(struct views *all, struct session *s);
void views_title(struct views *all, struct session *s);
void views_bell(struct views *all, struct session *s);
void views_modes(struct views *all, struct session *s);
void views_notify(struct views *all, struct session *s, const char *title, const char *text);
void views_clipboard(struct views *all, struct session *s, const char *text, size_t n);
void views_session_state(struct views *all, struct session *s); /* running, exited … */
void views_session_gone(struct views *all, struct session *s);	/* all its views end */
#endif
