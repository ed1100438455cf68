#ifndef TUI_ATTACH_PRIV_H
#define TUI_ATTACH_PRIV_H
/* Innards of an attached session:
 *   attach.c         terminal, connection, keys to the session, painting
 *   attach_menu.c    the menu after the prefix, its actions, the stop dialog
 *   attach_paint.c   overlays: boxes, banners, toasts, selection, hits
 *   attach_scroll.c  scrollback, copying
 *   attach_find.c    find */
#include "tui/attach.h"

enum attach_mode { AT_LIVE, AT_MENU, AT_MORE, AT_DIALOG, AT_SCROLL, AT_FIND };

struct attach_place {
	uint64_t row; /* from the oldest row of history on */
	int col;
};
/* A row of text kept for copying: cell x is text[off[x]..off[x+1]). */
struct kept_row {
	uint64_t row;
	char *text;
	uint16_t *off;
	int cells;
	bool wrap; /* continues in the next row */
};
struct attach_hit {
	uint64_t row;
	int col, cells;
};

struct attach {
	uint32_t magic;
	const struct verb_ctx *ctx;
	struct attach_result *res;
	uv_loop_t *loop;
	uv_timer_t toast_timer;
	struct outer *outer;
	bool own_outer, done, known, lost;
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
	int cy, cx;	      /* copy cursor, in the view */
	bool copying, selecting, dragging;
	struct attach_place anchor, point;
	struct kept_row *kept;
	size_t n_kept, cap_kept;

	char query[128];
	struct attach_hit *hits;
	size_t n_hits, hit;
};

/* attach.c */
struct attach *attach_check(void *p);
void attach_leave(struct attach *a, enum attach_why why);
void attach_open(struct attach *a, const char *id); /* another session in the same terminal */
void attach_mode(struct attach *a, enum attach_mode mode);
void attach_say(struct attach *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
bool attach_ended(const struct attach *a); /* asleep, exited or lost */
void attach_request(struct attach *a, const char *verb, const char *done);

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
void scroll_frame(struct attach *a); /* a frame came */
void scroll_draw(struct attach *a);
void scroll_free(struct attach *a);
void scroll_to(struct attach *a, uint64_t back);

/* attach_find.c */
void find_open(struct attach *a);
void find_next(struct attach *a);
void find_previous(struct attach *a);
void find_key(struct attach *a, const struct input_event *ev);
#endif
