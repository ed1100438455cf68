#ifndef SESSIONS_DISPLAY_H
#define SESSIONS_DISPLAY_H
/* What is seen of a session: its terminal with the scrollback, and what lists say of it. It outlives
 * the run: the last screen and history stay readable. */
#include "core/term/term.h"
#include "sessions/session/house.h"
#include "sessions/session/session.h"

#define DISPLAY_COLS_MAX 4096
#define DISPLAY_ROWS_MAX 1000
#define SELDOM 20 /* what is done again and again on huge screens pauses so many times as long */

struct recorder;
struct ring;
struct display {
	struct term *term; /* NULL until loaded; it may be parked (core/term/term.h) */
	struct ring
		*ring; /* its copy in memory that the keeper holds, and output since; NULL once it
			    * has ended and its files have all, or it is not stored */
	struct recorder *recorder; /* NULL: not stored */
	int cols, rows;
	char title[256], last_line[256]; /* sanitised; of the screen as it was when last settled */
	unsigned lookers, viewers;	 /* clients that show it; of them attached */
	bool unsettled;			 /* output came since it was last settled */
	double stamped;			 /* wall; when the terminal was last told the time */
	uint64_t gen_settled;		 /* term_generation */
	int64_t unsaved_cells;		 /* left of the work until a checkpoint is due */
	uint64_t output_ns, looked_ns, settled_ns, sealed_ns, saved_ns;
	uint64_t save_cost_ns, settle_cost_ns; /* what the last one took: see SELDOM */
};

struct display *display_new(void);     /* 80x24, nothing loaded */
void display_free(struct display *sc); /* NULL ok; its recorder was closed */
void display_check(const struct session *s);
void display_dump(const struct session *s, FILE *out);

/* The terminal of one that is looked at: it is not parked for the next minute. */
struct term *display_term(struct session *s);
/* So many clients show it, of which `attached` are attached. */
void display_set_lookers(struct session *s, unsigned lookers, unsigned attached);
bool display_rests(const struct session *s); /* may be parked: quiet for a while, nobody looks */
/* The observers are told; n NULL where there is nothing to say. */
void display_note(struct session *s, enum screen_news what, const struct screen_note *n);
void display_watch(struct session *s); /* its terminal reports to it */
void display_colors(
	struct session *s); /* it has those of the terminal outside, if they are known */
#endif
