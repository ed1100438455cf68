#ifndef TUI_HISTORY_PRIV_H
#define TUI_HISTORY_PRIV_H
/* Innards of the memory view:
 *   history.c       what the server told, and the keys
 *   history_plot.c  the plot and its axes
 *   history_draw.c  what stands around it */
#include "tui/app/frame.h"

enum metric { M_FOOTPRINT, M_RSS, M_SWAP, M_COUNT };
/* How the curve is shown: one of the metrics, or the footprint by what holds it. */
enum shown { SH_FOOTPRINT, SH_RSS, SH_SWAP, SH_ROLES, SH_CATEGORIES, SH_COUNT };
enum { PROCS_MAX = 64, MARKS_MAX = 64, PARTS_MAX = 5, COMPOSED_MAX = 512, PLOT_LEFT = 8 };

struct point {
	double t, v[M_COUNT], min, max;
};
struct series {
	char id[16];
	struct point *p; /* n, owned */
	size_t n;
	double step_s;
};
struct mark {
	double t;
	char text[48];
};
struct proc {
	long pid;
	char what[64];
	uint64_t bytes, rss, swap;
};
/* What the footprint was made of at times, by role or by category: shares of the whole, the last one
 * being all that is not named. */
struct composed {
	double t;
	float share[PARTS_MAX + 1];
};
struct parts {
	char name[PARTS_MAX + 1][32];
	int n_names;
	struct composed *at; /* n, owned; t ascends */
	size_t n;
};
struct hist_state {
	struct series own, other; /* other.id "": nothing is compared */
	bool fleet;		  /* all sessions together */
	size_t span;
	double back_s; /* how far the right edge lies in the past */
	enum shown shown;
	struct mark marks[MARKS_MAX];
	int n_marks;
	struct proc procs[PROCS_MAX];
	int n_procs;
	struct parts parts;
	int cursor; /* columns from the right edge; -1: none */
	int plot_w; /* as last drawn */
	bool loading;
	double procs_at; /* when the processes were asked for last; 0 never */
	char error[160];
};
struct hist_span {
	double s;
	const char *name;
};
extern const struct hist_span hist_spans[];
extern const size_t n_hist_spans;

/* The time shown: at most the span, and no more than there is data of. */
void hist_range(const struct app *a, const struct hist_state *st, double *t0, double *t1);
enum metric hist_metric(const struct hist_state *st);

/* What was computed for one drawing; pw columns each. */
struct plot {
	int y, h, w; /* rows y.., columns PLOT_LEFT.. */
	double t0, t1, max, step;
	double *col, *swap, *other; /* swap, other: NULL none */
};
void plot_make(struct app *a, const struct hist_state *st, struct plot *p);
void plot_free(struct plot *p);
void plot_draw(struct app *a, const struct hist_state *st, const struct plot *p);
enum theme_style plot_part_style(int part);
const char *plot_part_sign(const struct app *a, int part);
void hist_draw(struct app *a, void *st);
const char *hist_clock(char *buf, size_t cap, double t, bool day);
#endif
