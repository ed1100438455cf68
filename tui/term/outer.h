#ifndef TUI_OUTER_H
#define TUI_OUTER_H
/* The terminal muster runs in: raw mode, alternate screen, the richest keyboard it has, its size,
 * and everything put back on the way out, a crash included.
 *
 * Painting is pulled: outer_damage() says that something changed, and ops.paint is called for the
 * frame, at once if the terminal keeps up, else when it has taken what it was sent. So a slow
 * terminal skips frames and never blocks the loop; each frame is one write.
 *
 * Opening writes the modes and the questions (DA1, ?u, DECRQM 2026, XTVERSION) in one go and does
 * not wait: frames are painted by what the environment promises until the answers come. */
#include "core/keys/keys.h"
#include "core/paint/render.h"
#include <uv.h>

struct outer;
struct outer_ops {
	/* Fills *g with the grid to show, valid until paint returns. false: nothing to show yet. */
	bool (*paint)(void *ctx, struct grid *g);
	void (*input)(void *ctx, const struct input_event *ev); /* keys, paste, mouse, focus */
	void (*resized)(void *ctx, int cols, int rows);		/* 50 ms after the last SIGWINCH */
	void (*reclaim)(void *ctx); /* lent, and needed: outer_take_back() soon */
	void (*colors)(
		void *ctx, uint32_t fg, uint32_t bg); /* its own, 0xrrggbb; again on change */
	void (*known)(void *ctx); /* it has said what it can (outer_caps, outer_can); NULL ok */
	void (*gone)(void *ctx);  /* hang-up, SIGTERM or SIGHUP: leave soon */
	void *ctx;
};
struct outer_options {
	bool ascii;	   /* --ascii */
	bool no_color;	   /* else by NO_COLOR */
	bool no_mouse;	   /* the terminal keeps wheel and selection while no program wants them */
	int in_fd, out_fd; /* both 0: the standard ones. Tests: a pty */
};

/* Size of the terminal at fd; 80x24 when it has none. */
void outer_size(int fd, int *cols, int *rows);

/* NULL and *e when the standard input or output is no terminal. */
struct outer *outer_open(uv_loop_t *loop, const struct outer_options *opt,
	const struct outer_ops *ops, struct err *e);
/* Restores the terminal and closes the handles; memory goes when the loop has run once more. */
void outer_close(struct outer *o);
void outer_damage(struct outer *o);
void outer_repaint(struct outer *o); /* forgets what is shown, then as outer_damage */

/* The terminal as it was, for a program run on it; and taken again. Between them nothing is read,
 * written or painted. */
void outer_pause(struct outer *o);
void outer_resume(struct outer *o);

/* What to ask of keyboard and mouse; sent only when it changes. Kitty flags beyond the standing
 * ones (2 events, 8 all keys, 16 text) and the mouse (0 none, 9, 1000, 1002, 1003) as the program
 * inside wants them. muster itself wants 1002, unless no_mouse. The default is nothing more. */
void outer_want(struct outer *o, unsigned kitty_flags, int mouse);
const struct render_caps *outer_caps(const struct outer *o);
/* keys: Shift+Enter and the like arrive as such. clipboard: it says that it takes OSC 52. */
void outer_can(const struct outer *o, bool *keys, bool *clipboard);

/* The terminal in another's hands (sessions/view/lent.c): nothing is read, written or painted until it
 * is back; the first need for it calls ops.reclaim. lend: the descriptor, or -1 when something
 * waits to be written, painted or decoded. */
int outer_lend(struct outer *o);
bool outer_lent(const struct outer *o);
/* shown: what it shows after `unsent`; NULL: not known, all is painted again. */
void outer_take_back(struct outer *o, const struct grid *shown, const void *unsent, size_t n_unsent,
	const void *input, size_t n_input);
void outer_keep(struct outer *o); /* it did not go away after all */

/* Text is sanitised here. */
void outer_title(struct outer *o, const char *title);
void outer_bell(struct outer *o);
void outer_notify(struct outer *o, const char *title, const char *body);
void outer_clipboard(struct outer *o, const void *text, size_t n); /* OSC 52, at most 100 KiB */
#endif
