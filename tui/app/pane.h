#ifndef TUI_PANE_H
#define TUI_PANE_H
/* A session's screen in the application: one view of the server's, the last frame of it, where it
 * is scrolled to, the matches marked on it, and text selected in it by mouse or keys.
 *
 * The dashboard's preview is one, an attached session another; each belongs to who made it, the
 * application only finds them by their view when the server says something. */
#include "core/paint/render.h"
#include "sessions/client/client.h"
#include "tui/draw/marks.h"
#include "tui/draw/select.h"
#include <sys/queue.h>

struct app;
struct pane_ops { /* each NULL ok */
	/* An event of the view that is not the pane's own affair: open, modes, title, state … */
	void (*event)(void *owner, const char *what, json_t *ev);
	void (*frame)(void *owner); /* a frame came */
	void (*back)(void *owner);  /* the server is there again; the view is not */
};
struct pane {
	uint32_t magic;
	struct app *app;
	const struct pane_ops *ops;
	void *owner;
	struct canvas *screen;
	uint32_t view;	      /* 0 none */
	unsigned mode;	      /* of view_mode */
	char id[64];	      /* the session's, or how it was called until the server says */
	bool known;	      /* screen is that of this session */
	bool holding;	      /* it was told to stay at its place while output goes on */
	bool told;	      /* back and total are what the server said since then */
	uint64_t back, total; /* rows scrolled back, of so many */
	struct marks marks;
	struct selection sel; /* while selecting */
	struct clicks clicks;
	bool selecting, dragging;
	int y, x; /* where the button went down, or the copy cursor: cell of the screen */
	struct window_at shown; /* which part of it lies where in the frame */
	LIST_ENTRY(pane) link;
};
/* ops stay the caller's and must outlive it. */
struct pane *pane_new(struct app *a, const struct pane_ops *ops, void *owner);
void pane_free(struct pane *p); /* NULL ok; closes the view */
/* A view of session id in place of the one before. */
void pane_open(struct pane *p, const char *id, unsigned mode, int cols, int rows);
void pane_close(struct pane *p);
/* Request "look" with args (taken; "view" is added). cb NULL ok. */
typedef void (*app_reply_cb)(struct app *a, json_t *reply, const struct err *e, const char *id);
void pane_look(struct pane *p, json_t *take_args, app_reply_cb cb);
void pane_hold(struct pane *p, bool on);
void pane_scroll(struct pane *p, uint64_t back);

void pane_select(struct pane *p, int y, int x, enum select_unit unit);
void pane_select_to(struct pane *p, int y, int x);
void pane_select_end(struct pane *p);
/* Copies the selection into the clipboard, says so, and ends it. */
void pane_copy(struct pane *p);
/* Drag selects, a double click a word, a triple one a line; letting go copies. keep: the place is
 * held afterwards too. False: it was none of that. */
bool pane_mouse(struct pane *p, const struct input_event *ev, bool keep);

/* The part in p->shown, marks and selection over it; now: the match one looks at, NULL none. */
void pane_paint(const struct pane *p, struct canvas *c, const struct hit_at *now);

/* From the connection: true when there is something to paint. */
bool pane_frame(struct pane *p, const void *bytes, size_t n);
bool pane_event(struct pane *p, json_t *ev);
void pane_lost(struct pane *p);

void pane_check(const struct pane *p); /* aborts */
void pane_dump(const struct pane *p, struct buf *out);
#endif
