#ifndef TUI_VIEW_LIST_H
#define TUI_VIEW_LIST_H
/* The parts of the main screen. */
#include "core/paint/plot.h"
#include "tui/app/frame.h"

struct list_state {
	struct line_edit filter;
	bool filtering;
	bool focus_preview;	    /* keys scroll the preview */
	bool wall;		    /* tiles alone, no list */
	int tiles;		    /* so many, at most; 0: as many as there is room for */
	int tiles_shown, tile_cols; /* of the frame before: how many, in how many columns */
	struct aside {
		char id[16];
		uint64_t footprint; /* as it was when the rest was asked for */
		struct plot_sample *points;
		size_t n_points;
		struct aside_line {
			char left[40], right[40];
		} procs[16], events[24];
		int n_procs, n_events;
	} aside;
	struct {
		bool asked;  /* for programs, versions, past costs and what is wrong */
		int program; /* the button in focus: of app->programs */
		uint64_t cost
			[PROGRAMS_MAX]; /* bytes a program of this kind usually takes; 0 unknown */
		char wrong[96];		/* the first check of the server that fails; "" none */
	} first;
	struct { /* of this version of the model */
		unsigned version;
		bool known;
		struct model_sums sums;
		int name_w, project_w; /* cells the longest name and directory take */
	} sums;
};
/* HIT_ITEM of the list: an option is 16 * (place in shown) + its number; a section, a column's head. */
#define PICK_SECTION (1 << 20)
#define PICK_HEAD (2 << 20)
#define PICK_START (3 << 20) /* a button of the first run */

/* What `muster import --json` printed. */
void first_run_outside(struct app *a, const char *text, bool brought_in);
const struct model_sums *list_sums(struct app *a);
void list_forget(struct app *a); /* sums and widths are of another model now */
/* Heads and sessions in rows [y, y + h) and columns [0, w). side: something stands beside them. */
void rows_draw(struct app *a, int y, int h, int w, bool side);
int rows_width(struct app *a); /* all its columns would like */
enum theme_glyph row_glyph(const struct msess *s);
enum theme_style row_style(const struct msess *s);
/* "1 Yes  2 No", clickable; returns the columns taken. */
int options_draw(struct app *a, int y, int x, int w, size_t index);

/* Tiles of live screens in [y, y + h) x [x, x + w): those that need their user first. */
void wall_draw(struct app *a, struct list_state *st, int y, int x, int h, int w);
void wall_move(struct app *a, struct list_state *st, int dx, int dy);
/* Memory, processes and events of the selected session. */
void aside_draw(struct app *a, struct list_state *st, int y, int x, int h, int w);
void list_header(struct app *a, int w);
/* The selected session's screen with its title line in [y, y+h) x [x, x+w). */
void preview_draw(struct app *a, const struct list_state *st, int y, int x, int h, int w);
/* The dashboard of someone who has no session. */
void first_run_draw(struct app *a, struct list_state *st);
void first_run_pick(struct app *a, int program); /* starts that one of app->programs, here */
#endif
