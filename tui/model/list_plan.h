#ifndef TUI_LIST_PLAN_H
#define TUI_LIST_PLAN_H
/* Which lines a list of sessions has in a given height and width. Depends on the model and the
 * selection alone, so the same size always gives the same screen. */
#include "tui/model/model.h"

enum line_kind { LINE_GROUP, LINE_SESSION, LINE_ASKS, LINE_MORE, LINE_GAP };
struct plan_line {
	enum line_kind kind;
	size_t section;
	size_t index; /* LINE_SESSION, LINE_ASKS: in model.shown; LINE_MORE, LINE_GROUP: how many are hidden */
};
/* asks: each session that needs its user gets a second line, LINE_ASKS. At most h lines into out; the
 * selected session is among them, or the head it is folded under. All if they fit, with a gap between
 * sections if there is room; else every section keeps its head and gives up rows (asleep first, needs
 * you last) for a line that counts them; in a low list the head does the counting; if even that does
 * not fit, a plain cut-out around the selection. */
size_t list_lines(const struct model *m, bool asks); /* without gaps, if all fit */
size_t list_plan(const struct model *m, size_t h, bool asks, struct plan_line *out);

/* Columns: x and w of each, w 0 = not shown. */
struct plan_columns {
	struct {
		int x, w;
	} name, project, state, idle, cut, mem, spark, rate, wants;
	bool asks; /* what is asked has a line of its own */
};
/* name_w, project_w: cells the longest would like. side: something stands beside the list, and what
 * is wanted comes before project, plot and rate. */
#define W_WANTS_SIDE 30
struct plan_columns list_columns(int w, int name_w, int project_w, bool side);
#endif
