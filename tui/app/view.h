#ifndef TUI_VIEW_H
#define TUI_VIEW_H
/* A screen or dialog of the dashboard. Views stand in a stack (app.h); the top one gets the keys.
 * State is zeroed memory of `size` bytes, owned by the stack. */
#include "core/keys/keys.h"
#include "tui/app/keymap.h"

struct app;
struct buf;
struct pane;
struct view {
	const char *name;
	unsigned context;			     /* C_*: which keys mean what */
	unsigned (*before)(struct app *a, void *st); /* C_* whose keys come first now; NULL: 0 */
	bool over;    /* drawn over the view below, which stays to be seen */
	bool passing; /* it goes before an action is run from it */
	size_t size;
	void (*open)(struct app *a, void *st, const char *arg); /* arg: NULL or what it is about */
	void (*close)(struct app *a, void *st);			/* NULL ok */
	void (*draw)(struct app *a, void *st);
	/* First refusal of whatever comes, mouse, focus and releases too; true: taken. NULL ok */
	bool (*input)(struct app *a, void *st, const struct input_event *ev);
	/* First refusal of a key or paste, for views one types into; true: taken. NULL ok */
	bool (*text)(struct app *a, void *st, const struct input_event *ev);
	void (*wheel)(struct app *a, void *st, int by); /* NULL ok */
	void (*pick)(
		struct app *a, void *st, int index, bool twice); /* a click on HIT_ITEM; NULL ok */
	void (*changed)(struct app *a, void *st);		 /* the model changed; NULL ok */
	void (*resized)(struct app *a, void *st);		 /* NULL ok */
	/* Its invariants, and its state in a line; NULL: there is nothing to say. */
	void (*check)(const struct app *a, const void *st);
	void (*dump)(const void *st, struct buf *out);
	void (*edited)(struct app *a, void *st, const char *text, size_t n); /* NULL ok */
	bool (*empty)(struct app *a, void *st); /* nothing is worth showing yet; NULL ok */
	/* While it is: may the terminal be lent? NULL: no */
	bool (*lends)(struct app *a, void *st);
	/* The pane that is the whole picture as it is; NULL: draw. NULL: never */
	struct pane *(*plain)(struct app *a, void *st);
};
extern const struct view view_list, view_peek, view_history, view_reap, view_new, view_palette,
	view_line, view_search, view_attach, view_back, view_finding, view_menu;
#endif
