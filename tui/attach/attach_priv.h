#ifndef TUI_ATTACH_PRIV_H
#define TUI_ATTACH_PRIV_H
/* Innards of an attached session:
 *   attach.c         terminal, connection, keys to the session, painting
 *   attach_menu.c    the menu after the prefix, its actions, the stop dialog
 *   attach_paint.c   overlays: boxes, banners, toasts
 *   attach_scroll.c  looking back, selecting, copying
 *   attach_find.c    find, hits and their marks */
#include "tui/attach/attach.h"
#include "tui/term/key_names.h"
#include "tui/term/line_edit.h"
#include "tui/draw/marks.h"
#include "tui/draw/select.h"

enum attach_mode { AT_LIVE, AT_MENU, AT_MORE, AT_DIALOG, AT_SCROLL, AT_FIND };

struct attach_find {
	struct line_edit line; /* as typed; what is searched for while it is not empty */
	bool regex;
	bool from_live;		   /* it began on the live screen: Esc goes back there */
	uint32_t request;	   /* the search under way; 0 none */
	bool truncated;		   /* there are more hits than were told */
	bool placed;		   /* `at` is the hit one looks at */
	char error[256];	   /* of the pattern, or of the search; "" none */
	uint64_t from_line;	   /* hits are gone through upwards from here */
	uint64_t origin;	   /* rows back when it began */
	struct hit_at *hits, want; /* newest first; want: to be placed at, if any was */
	size_t n, cap, at;
	bool wants;
	struct marks marks;
};

struct attach {
	uint32_t magic;
	const struct verb_ctx *ctx;
	struct attach_result *res;
	uv_loop_t *loop;
	uv_timer_t toast_timer;
	struct outer *outer;
	bool own_outer, done, known, lost;
	bool own_mouse; /* the mouse selects and scrolls where the program inside asks for none */
	struct client *client;
	struct arena *arena;
	struct canvas *screen, *comp; /* the session's screen; with overlays */
	uint32_t view;
	char id[64], name[64], title[256], before[64]; /* before: the session looked at before */
	char state[16];				       /* "" until known */
	int exit_code, exit_signal, cols, rows;
	struct {
		int mouse;
		unsigned kitty;
		bool alt, alt_scroll;
	} inner;
	struct input_event prefix;
	char prefix_label[16];
	bool typing;	  /* the last input was a plain key: the terminal may be lent */
	uint32_t swallow; /* key whose release is not the session's */
	enum attach_mode mode;
	bool stop_focus; /* dialog: Stop has the focus, else Cancel */
	char toast[200];
	json_t *ls;			       /* last known list, NULL */
	void (*when_listed)(struct attach *a); /* action that waits for it */

	uint64_t back, total; /* scrolled back by, of so many rows of history */
	bool placed;	      /* total is known */
	bool holding;	      /* the server was told to stay at this place */
	int sy;	    /* the screen's first row shown, when it is higher than the terminal */
	int cy, cx; /* copy cursor, on the session's screen */
	bool copying, selecting, dragging, help;
	struct selection sel; /* while selecting */
	struct clicks clicks;
	struct attach_find find;
};

/* attach.c */
struct attach *attach_check(void *p);
void attach_leave(struct attach *a, enum attach_why why);
void attach_open(struct attach *a, const char *id); /* another session in the same terminal */
void attach_mode(struct attach *a, enum attach_mode mode);
void attach_say(struct attach *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
bool attach_ended(const struct attach *a); /* asleep, exited or lost */
void attach_request(struct attach *a, const char *verb, const char *done);
/* Asks for a place of the view (request "look", args without "view"; taken); cb NULL ok. */
void attach_look(struct attach *a, json_t *take_args, client_reply_cb cb);

/* attach_menu.c */
void menu_open(struct attach *a);
void menu_key(struct attach *a, const struct input_event *ev);
void menu_draw(struct attach *a);
void dialog_key(struct attach *a, const struct input_event *ev);
void dialog_draw(struct attach *a);
/* Sessions that want an answer, but this one. */
int attach_others_waiting(const struct attach *a, const char **first_name);

/* attach_paint.c */
void paint_compose(struct attach *a);
int paint_box(struct attach *a, int y, int x, int h, int w, const char *left, const char *right);
void paint_line(struct attach *a, int y, int x, int w, const char *text, const struct style *s);

/* attach_scroll.c */
void scroll_enter(struct attach *a, bool copy);
void scroll_leave(struct attach *a);
void scroll_by(struct attach *a, int64_t rows);
void scroll_key(struct attach *a, const struct input_event *ev);
void scroll_mouse(struct attach *a, const struct input_event *ev);
void scroll_frame(struct attach *a);				   /* a frame came */
void scroll_told(struct attach *a, uint64_t back, uint64_t total); /* where the view is */
void scroll_draw(struct attach *a);
void scroll_free(struct attach *a);
void scroll_to(struct attach *a, uint64_t back);
int scroll_focus(const struct attach *a); /* the row that is to be seen; -1 any */

/* attach_find.c */
void find_open(struct attach *a);
void find_next(struct attach *a);
void find_previous(struct attach *a);
void find_key(struct attach *a, const struct input_event *ev);
/* Looks at a place: the hit of a search elsewhere (its pattern's other hits are found as well). */
void find_at(struct attach *a, const struct text_place *at);
void find_marks(struct attach *a, json_t *ev);
void find_drop(struct attach *a); /* nothing is looked for any more */
void find_draw(struct attach *a);
const struct hit_mark *find_current(const struct attach *a); /* its first cells on screen; NULL */
/* "3 of 214", or what else is to be said of it; "" nothing. */
void find_status(const struct attach *a, char *s, size_t n);
#endif
