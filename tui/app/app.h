#ifndef TUI_APP_H
#define TUI_APP_H
/* The dashboard without terminal, loop and connection: input events, replies and the time go in;
 * a drawn surface and requests come out (struct app_ops). dashboard.c gives it the real world,
 * tests give it a scripted one.
 *
 * key → action → request; reply or event → model → redraw. Actions never change the model: what is
 * seen is what the server said. */
#include "tui/draw/draw.h"
#include "tui/draw/paint.h"
#include "tui/model/model.h"
#include "tui/app/view.h"

#define STACK_MAX 8
#define TOAST_LOG 64
#define UNDO_MAX 64

/* A reply, or what went wrong: one is NULL; both are borrowed. id: as given to app_request. */
typedef void (*app_reply_cb)(struct app *a, json_t *reply, const struct err *e, const char *id);
typedef void (*app_part_cb)(struct app *a, json_t *part); /* borrowed */
struct app_ops {
	/* Asks the server; cb is called once, later or at once. */
	void (*request)(
		void *ctx, const char *verb, json_t *take_args, app_reply_cb cb, const char *id);
	/* The same in parts; returns what cancel takes, 0: it has failed already. */
	uint32_t (*stream)(
		void *ctx, const char *verb, json_t *take_args, app_part_cb part, app_reply_cb cb);
	void (*cancel)(void *ctx, uint32_t request); /* neither part nor cb is called again */
	/* Soon, from the loop: this call returns first. at NULL: the live screen. */
	void (*attach)(void *ctx, const char *id, const struct text_place *at);
	void (*quit)(void *ctx);
	void (*copy)(void *ctx, const char *text);  /* into the terminal's clipboard */
	void (*programs)(void *ctx, struct app *a); /* fills a->programs; NULL ok */
	void *ctx;
};
struct toast {
	char text[200];
	double at;
	bool bad, undo;
};
struct app {
	struct draw d;
	struct model m;
	struct app_ops ops;
	double now; /* Unix seconds */
	bool connected, dirty, repaint, leaving;
	bool mouse_shift;
	struct {
		const struct view *v;
		void *st;
	} stack[STACK_MAX];
	int depth;
	struct input_event key; /* that runs the action */
	struct preview_place preview;
	uint64_t back;			/* rows the selected session's screen is scrolled back */
	char back_of[16];		/* that session */
	struct toast toasts[TOAST_LOG]; /* ring; n_toasts in all */
	unsigned n_toasts;
	char undo[UNDO_MAX][16]; /* ids hibernated last, for `u` */
	int n_undo;
	double click_at;
	int click_y, click_x;
	char home[256], cwd[512];
	char programs[16][32];	/* names of the profiles, for the form of a new session */
	bool program_found[16]; /* its command is on PATH */
	int n_programs;
};

struct app *app_new(int cols, int rows, bool color, bool ascii, const struct app_ops *ops);
void app_free(struct app *a);
void app_resize(struct app *a, int cols, int rows);
void app_input(struct app *a, const struct input_event *ev);
/* Composes the frame into a->s, and says where the preview goes. */
void app_draw(struct app *a);
/* Seconds until the screen changes by time alone; INFINITY: never. */
double app_next_change(const struct app *a);
/* From the server: `ls`, a "session" or "gone" event of watch, the connection's state. */
void app_load(struct app *a, json_t *ls);
void app_event(struct app *a, json_t *ev);
void app_connection(struct app *a, bool up);
/* The preview is so many rows back really. */
void app_scrolled(struct app *a, uint64_t back);

/* For views and actions. */
/* Here the session's screen is shown: its last rows, unless the caller says otherwise in it. */
struct preview_place *app_preview(struct app *a, const struct msess *s, int y, int x, int h, int w);
void app_turn(struct app *a, long rows); /* scrolls the preview, negative: back in history */
void app_push(struct app *a, const struct view *v, const char *arg);
void app_pop(struct app *a);
void *app_state(struct app *a, const struct view *v); /* of the topmost such view; NULL */
const struct view *app_top(const struct app *a);
void app_request(
	struct app *a, const char *verb, json_t *take_args, app_reply_cb cb, const char *id);
void app_run_action(struct app *a, enum action_id id);
void app_toast(struct app *a, bool bad, const char *fmt, ...) PRINTF_LIKE(3, 4);
void app_error(struct app *a, const char *verb, const struct err *e);
/* The session a command is about: the selected one, or NULL after a word about why. */
struct msess *app_subject(struct app *a);
void app_changed(struct app *a); /* the model changed */
/* Ids of the marked sessions, else of the selected one, as JSON. New reference. */
json_t *app_subjects(struct app *a);
/* A question with two buttons; the left one, which has the focus, is Cancel. On yes: cb. */
void app_confirm(struct app *a, const char *title, const char *text, const char *yes,
	void (*cb)(struct app *a, const char *id), const char *id);
/* One line to type; cb gets it. */
void app_ask(struct app *a, const char *title, const char *initial,
	void (*cb)(struct app *a, const char *id, const char *text), const char *id);
/* A page of text to read. take_text is freed by it. */
void app_show_text(struct app *a, const char *title, char *take_text);
/* Reply of `hibernate`: says what came back, and makes `u` bring them back. */
void app_hibernated(struct app *a, json_t *reply, const struct err *e, const char *id);
/* Runs a palette name with the words after it; false: no such command. */
bool app_command(struct app *a, const char *line);
#endif
