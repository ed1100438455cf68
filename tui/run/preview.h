#ifndef TUI_PREVIEW_H
#define TUI_PREVIEW_H
/* The session's screen that the dashboard shows: a view that follows app->preview (which session,
 * how far back, or at which hit), its marks, and text selected in it by mouse. */
#include "sessions/client/client.h"
#include "tui/app/app.h"
#include "tui/draw/marks.h"
#include "tui/term/outer.h"
#include "tui/draw/select.h"

struct preview {
	struct client *client; /* these three are the owner's */
	struct app *app;
	struct outer *outer;
	struct canvas *screen; /* made by the owner; freed by deinit */
	uint32_t view;	       /* 0 none */
	char id[16];	       /* its session */
	bool known;	       /* a frame has come */
	uint64_t back, total;  /* as told, once told */
	bool told, looks;      /* looks: at `at`, as asked for */
	struct text_place at;
	struct marks marks;
	struct selection sel; /* while selecting */
	struct clicks clicks;
	bool selecting, dragging;
	int press_y, press_x;	/* where the button went down, on the session's screen */
	struct window_at shown; /* where that lies in the frame */
};
void preview_deinit(struct preview *p);
void preview_follow(struct preview *p); /* after app_draw */
void preview_paint(struct preview *p, struct canvas *c);
void preview_drop(struct preview *p); /* its view is closed */
void preview_lost(struct preview *p); /* it died with the connection; what it showed stays */
/* Of the connection; true when there is something to paint. */
bool preview_frame(struct preview *p, uint32_t view, const void *bytes, size_t n);
bool preview_event(struct preview *p, uint32_t view, json_t *ev);
void preview_mouse(struct preview *p, const struct input_event *ev, uint64_t now_ms);
#endif
