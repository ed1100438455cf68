#ifndef TUI_ATTACH_PRIV_H
#define TUI_ATTACH_PRIV_H
/* Innards of an attached session, by how long they live:
 *   attach.c  struct attach: while a session is on the terminal
 *   back.c    struct back: while one looks back in it, selects and copies by keys
 *   find.c    struct find, in it: while something is looked for
 *   menu.c    the menu after the prefix key; it holds nothing
 *   status.c  the line about the session and who waits; it holds nothing */
#include "tui/attach/attach.h"
#include "tui/app/frame.h"

struct attach {
	uint32_t magic;
	struct app *app;
	struct pane *pane;
	char name[64], before[64]; /* before: the session looked at before this one */
	struct {
		int mouse;
		unsigned kitty;
		bool alt, alt_scroll;
	} inner;		     /* modes of the program inside */
	bool typing;		     /* the last input was a plain key: the terminal may be lent */
	uint32_t swallow;	     /* key whose release is not the session's */
	int sy;			     /* its first row shown, when it is higher than the terminal */
	bool told;		     /* this time, the way back */
	void (*then)(struct app *a); /* action that waits for the list of sessions */
};
struct find {
	struct line_edit line; /* as typed; what is searched for while it is not empty */
	bool regex;
	bool from_live;	    /* it began on the live screen: Esc goes back there */
	bool placed;	    /* `at` is the hit one looks at */
	bool truncated;	    /* there are more hits than were told */
	bool wants;	    /* `want` is to be the one */
	uint32_t request;   /* the search under way; 0 none */
	char error[256];    /* of the pattern, or of the search; "" none */
	uint64_t from_line; /* hits are gone through upwards from here */
	uint64_t origin;    /* rows back when it began */
	struct hit_at want;
	struct hit_at *hits; /* n, newest first */
	size_t n, cap, at;
};
struct back {
	struct attach *at;
	bool copying; /* a cursor moves, at pane->y, x */
	struct find find;
};

/* attach.c */
struct attach *attach_of(struct app *a);	     /* NULL: no session is on the terminal */
void attach_open(struct attach *at, const char *id); /* another session in the same view */
const char *attach_below(const struct app *a);	     /* where leaving leads */
bool attach_reads_only(const struct app *a);

/* status.c */
enum { STATUS_MENU, STATUS_NEXT }; /* what can be clicked there */
/* The part of the terminal that is the session's: all but the row of the status line. */
struct window_at status_room(const struct app *a);
int status_row(const struct app *a); /* -1: there is none */
void status_draw(struct app *a, const struct msess *s);

/* menu.c */
/* Sessions that need an answer, in the list's order, beginning after this one; step -1: before it. */
struct msess *menu_waiting(const struct app *a, int step);

/* back.c */
struct back *back_of(struct app *a);
void back_enter(struct app *a, bool copy);
void back_leave(struct app *a); /* to the live screen */
void back_by(struct back *b, int64_t rows);
int back_focus(const struct back *b); /* the row that is to be seen; -1 the cursor's, -2 any */

/* find.c */
void find_open(struct app *a);
void find_drop(struct back *b); /* nothing is looked for any more */
const struct hit_at *find_now(const struct back *b);
/* "3 of 214", or what else is to be said of it; "" nothing. */
void find_status(const struct back *b, char *s, size_t n);
#endif
