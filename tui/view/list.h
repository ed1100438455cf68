#ifndef TUI_VIEW_LIST_H
#define TUI_VIEW_LIST_H
/* The parts of the main screen. */
#include "tui/app/frame.h"

struct list_state {
	struct line_edit filter;
	bool filtering;
	bool focus_preview; /* keys scroll the preview */
	bool checked;	    /* first run: the checks were asked for */
	char checks[6][96]; /* first character '+' or '!' */
	int n_checks;
	struct { /* of this version of the model */
		unsigned version;
		bool known;
		struct model_sums sums;
		int name_w, project_w; /* cells the longest name and directory take */
	} sums;
};
const struct model_sums *list_sums(struct app *a);
void list_header(struct app *a, int w);
/* The selected session's screen with its title line in [y, y+h) x [x, x+w). */
void preview_draw(struct app *a, const struct list_state *st, int y, int x, int h, int w);
/* The dashboard of someone who has no session. */
void first_run_draw(struct app *a, struct list_state *st);
#endif
