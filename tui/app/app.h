#ifndef TUI_APP_H
#define TUI_APP_H
/* The front end without terminal, loop and connection: input events, replies, frames and the time
 * go in; a picture and requests come out (struct app_ops). run/front.c gives it the real world, tests
 * give it a scripted one. The dashboard and an attached session are views of it. */
#include "sessions/config/config.h"
#include "tui/draw/draw.h"
#include "tui/draw/paint.h"
#include "tui/model/model.h"
#include "tui/app/pane.h"
#include "tui/app/tile.h"
#include "tui/app/toast.h"
#include "tui/app/view.h"
#define STACK_MAX 8
#define REST_S 2 /* so long the cursor rests before rows change places */
#define UNDO_MAX 64
#define PROGRAMS_MAX 32 /* profiles that are offered */

/* app_reply_cb: a reply, or what went wrong: one is NULL; both are borrowed. id: as given to
 * app_request. */
typedef void (*app_part_cb)(struct app *a, json_t *part); /* borrowed */
struct app_ops {
	/* Asks the server; cb is called once, later or at once. */
	void (*request)(
		void *ctx, const char *verb, json_t *take_args, app_reply_cb cb, const char *id);
	/* The same in parts; returns what cancel takes, 0: it has failed already. */
	uint32_t (*stream)(
		void *ctx, const char *verb, json_t *take_args, app_part_cb part, app_reply_cb cb);
	void (*cancel)(void *ctx, uint32_t request); /* neither part nor cb is called again */
	void (*quit)(void *ctx);
	void (*programs)(void *ctx, struct app *a);  /* fills a->programs */
	void (*versions)(void *ctx, struct app *a);  /* a->program_version, later; it runs them */
	void (*outside)(void *ctx, bool bring_in);   /* looks for CLIs there: first_run_outside */
	const char *(*machine)(void *ctx, size_t i); /* the i-th other one; NULL: no more */
	/* The user's editor over text (borrowed); app_edited with what it leaves. */
	void (*edit)(void *ctx, const char *text, size_t n);
	/* Whether this user is told something that is said only the first `times`; it counts. */
	bool (*tell)(void *ctx, const char *what, int times);
	/* Views of a session's screen, as in client.h. */
	uint32_t (*view_open)(void *ctx, const char *id, unsigned mode, int cols, int rows);
	void (*view_close)(void *ctx, uint32_t view);
	void (*view_resize)(void *ctx, uint32_t view, int cols, int rows);
	void (*view_scroll)(void *ctx, uint32_t view, uint64_t back);
	void (*view_input)(void *ctx, uint32_t view, const struct input_event *ev);
	/* The terminal: what is asked of its keyboard and mouse (outer.h), and words to it. */
	void (*want)(void *ctx, unsigned kitty, int mouse);
	void (*lend)(void *ctx, uint32_t view); /* to the server, if it can be spared */
	void (*copy)(void *ctx, const void *text, size_t n); /* into the clipboard */
	void (*title)(void *ctx, const char *title);
	void (*bell)(void *ctx);
	void (*notify)(void *ctx, const char *title, const char *text);
	void *ctx;
};
struct app_config {
	int cols, rows;
	bool color, ascii;
	enum ui_layout layout;
	enum ui_status status;
	enum ui_notify notify[NOTIFY_KINDS];
	unsigned attach_mode; /* how sessions are attached: of view_mode */
	bool motion;
	const char *prefix;	 /* name of the key that opens the menu of an attached session */
	const struct view *base; /* the view that stays at the bottom */
	const char *base_arg;
};
struct app {
	struct draw d;
	struct model m;
	struct app_ops ops;
	double now; /* Unix seconds */
	bool connected, dirty, repaint;
	bool frame_came;  /* of a pane: its part of the picture is to be painted */
	bool drawn;	  /* canvas holds the picture but for that */
	bool watching;	  /* the model follows the server */
	bool arrange_due; /* rows stand still while the cursor moves; they have not followed yet */
	double moved_at;
	size_t arranged_n; /* sessions when they did */
	struct {
		const struct view *v;
		void *st;
	} stack[STACK_MAX];
	int depth;
	struct input_event key, prefix; /* key: the last pressed, which runs the action */
	const struct view *key_view;	/* it was pressed there */
	unsigned ran_in;		/* C_* of the view from which the last action was run */
	char prefix_label[16];
	enum ui_layout layout;
	enum ui_status status;
	enum ui_notify notify_by[NOTIFY_KINDS];
	unsigned attach_mode;
	bool motion;	    /* what one waits for may count up */
	struct err failed;  /* code: why there is nothing to show at all */
	char lost_why[160]; /* the connection; "" unknown */
	char away[160];	    /* of a machine whose session is shown; "" none */
	LIST_HEAD(, pane) panes;
	struct arena *arena;   /* NULL until needed */
	struct canvas *canvas; /* the frame */
	struct tile tiles[TILES_MAX];
	struct pane *preview_pane; /* of the tile one looks at; NULL until there was one */
	bool looks;		   /* it was sent to looks_at */
	struct text_place looks_at;
	/* Of the frame that was drawn last: */
	struct pane *front; /* whose screen is in it */
	const struct hit_at *front_hit;
	struct {
		bool set, visible;
		int y, x;
		enum cursor_shape shape;
	} cursor;		      /* of no line of text, but of the session or for copying */
	struct preview_place preview; /* the one that is looked at */
	struct preview_place beside[TILES_MAX - 1]; /* n_beside others */
	int n_beside;
	double text_due;		/* when words change by time alone */
	uint64_t back;			/* rows the selected session's screen is scrolled back */
	char back_of[16];		/* that session */
	struct toast toasts[TOAST_LOG]; /* ring; n_toasts in all */
	unsigned n_toasts;
	char undo[UNDO_MAX][16]; /* ids hibernated last, for `u` */
	int n_undo;
	int n_sleeping; /* requests to put to sleep under way */
	bool undo_due;	/* `u` came before they were asleep: they wake as soon as they are */
	double click_at;
	int click_y, click_x;
	char home[256], cwd[512];
	char programs[PROGRAMS_MAX][32];  /* names of the profiles, for the form of a new session */
	bool program_found[PROGRAMS_MAX]; /* its command is on PATH */
	char program_version[PROGRAMS_MAX][24]; /* "" unknown */
	struct { /* what the outer terminal said it can, and looks like */
		bool known, truecolor, sync, keys, clipboard;
		bool colored; /* fg and bg are known */
		uint32_t fg, bg;
	} terminal;
	int n_programs;
	int n_outside;		/* CLIs outside muster whose conversation is known … */
	uint64_t outside_bytes; /* … and their memory */
};
/* NULL if ncurses has no description of its model terminal. */
struct app *app_new(const struct app_config *c, const struct app_ops *ops);
void app_free(struct app *a);
/* Gives back every view; what comes for one later is dropped. */
void app_close(struct app *a);
void app_resize(struct app *a, int cols, int rows);
void app_input(struct app *a, const struct input_event *ev);
/* Composes the frame into the surface, without any session's screen. */
void app_draw(struct app *a);
/* The frame as the terminal gets it, valid until the next one; false: nothing to show yet. */
bool app_paint(struct app *a, struct grid *g);
/* The pane that is the whole frame as it is; NULL: the frame is drawn. */
struct pane *app_plain(const struct app *a);
/* Seconds until the screen changes by time alone; INFINITY: never. app_clock: it is time. */
double app_next_change(struct app *a);
void app_clock(struct app *a);
/* From the server: an event of watch, the connection's state and why it went ("" unknown), what
 * belongs to a view; true: the picture changes by it. */
void app_event(struct app *a, json_t *ev);
void app_connection(struct app *a, bool up, const char *why);
/* The views from first to last are gone, words say why; up: their machine is there again. */
void app_link(struct app *a, uint32_t first, uint32_t last, bool up, const char *words);
bool app_frame(struct app *a, uint32_t view, const void *bytes, size_t n);
bool app_view_event(struct app *a, uint32_t view, json_t *ev);
void app_edited(struct app *a, const char *text, size_t n);
/* What the terminal looks like: muster follows it, and sessions are told. */
void app_colors(struct app *a, uint32_t fg, uint32_t bg);
void app_acked(struct app *a, uint32_t view); /* client.h: the place to lend the terminal */
void app_check(const struct app *a);	      /* aborts */
void app_dump(const struct app *a, struct buf *out);
struct pane *app_pane(struct app *a, uint32_t view); /* the one that shows it; NULL */
/* For views and actions. */
/* Here the session's screen is shown: its last rows, unless the caller says otherwise in it. */
struct preview_place *app_preview(struct app *a, const struct msess *s, int y, int x, int h, int w);
/* And here another one's, its last rows; no more than TILES_MAX - 1 a frame. */
void app_beside(struct app *a, const struct msess *s, int y, int x, int h, int w);
void app_turn(struct app *a, long rows); /* scrolls the preview, negative: back in history */
void app_push(struct app *a, const struct view *v, const char *arg);
void app_pop(struct app *a);
void *app_state(struct app *a, const struct view *v); /* of the topmost such view; NULL */
const struct view *app_top(const struct app *a);
int app_lowest(const struct app *a); /* of those drawn, in the stack: it fills the screen */
void app_request(
	struct app *a, const char *verb, json_t *take_args, app_reply_cb cb, const char *id);
void app_dead_key(struct app *a, unsigned context, const struct input_event *ev);
void app_run_action(struct app *a, enum action_id id);
void app_toast(struct app *a, bool bad, const char *fmt, ...) PRINTF_LIKE(3, 4);
void app_hint(struct app *a, const char *fmt, ...) PRINTF_LIKE(2, 3); /* has its time, later */
/* A toast that stays, and counts, until app_done(task); task (16 bytes) is also an id for a request. */
void app_doing(struct app *a, char task[16], const char *fmt, ...) PRINTF_LIKE(3, 4);
void app_done(struct app *a, const char *task);
void app_error(struct app *a, const char *verb, const struct err *e);
/* The session a command is about: the selected one, or NULL after a word about why. */
struct msess *app_subject(struct app *a);
void app_changed(struct app *a); /* the model changed */
/* What there is to tell of a session (of enum notify_kind, -1 nothing), and telling it. */
int app_notice_kind(const struct msess *s);
void app_notice(struct app *a, struct msess *s, enum notify_kind kind);
/* Ids of the marked sessions, else of the selected one, as JSON. New reference. */
json_t *app_subjects(struct app *a);
/* Follows the server's sessions from here on (request "watch"). */
void app_watch(struct app *a);
struct arena *app_arena(struct app *a);
#endif
