#ifndef TUI_MODEL_H
#define TUI_MODEL_H
/* What the dashboard knows: sessions as the server tells them, in groups and in order. No drawing,
 * no requests. Times are passed in (Unix seconds); strings of sessions are sanitised on the way in,
 * so that views may show them as they are. */
#include "core/base/base.h"
#include "core/base/buf.h"
#include "core/stats/growth.h"
#include "sessions/agent/notice.h"
#include <jansson.h>

enum group { GR_NEEDS, GR_WORKING, GR_IDLE, GR_ASLEEP, GR_ENDED, GR_ARCHIVED, GR_COUNT };
enum mstate { /* by session/state.def */
#define X(NAME, name, stored, next) MS_##NAME,
#include "sessions/session/state.def"
#undef X
	MS_COUNT
};
enum mgroup { BY_STATE, BY_PROJECT, BY_TAG, BY_COUNT };
enum msort { SORT_DEFAULT, SORT_MEM, SORT_IDLE, SORT_GROWTH, SORT_NAME, SORT_COUNT };

#define SPARK_N 8
struct msess {
	char id[16], name[64], profile[32], conversation[64];
	char *cwd, *wants, *title, *command; /* never NULL */
	enum mstate state;
	enum activity act;
	enum activity act_next; /* what a guess says since; shown when act was for GUESS_S */
	bool guessed;		/* act is by its output alone */
	double act_at;		/* when it became that */
	enum growth_verdict growth;
	double created;
	double rest_at; /* when it came to rest or was last touched; idle = now - rest_at */
	uint64_t footprint, rss, swap, peak;
	bool estimated;
	double growth_bytes_per_h;
	bool has_growth;
	bool eligible, worth;
	bool pinned, marked, archived;
	bool away;				/* its machine does not answer: as it was last */
	bool stopped;				/* by a signal */
	bool grows_with_work;			/* the growth is that of a session at work */
	double limited_until;			/* 0: it is not limited */
	uint64_t mem_max;			/* 0 none */
	long strays;				/* processes that left its tree */
	int cols, rows, exit_code, exit_signal; /* -1 unknown */
	long pid, processes;
	char prompt[32]; /* names the prompt on screen; "" none known */
	struct option {
		char key[12], label[44];
	} options[9]; /* what it offers; n_options, 0 unknown */
	int n_options;
	char *wants_next; /* what wants will say, a second after it changed last; NULL: it says so */
	double wants_at;
	uint64_t spark[SPARK_N]; /* bytes over the last hour, oldest first; 0 no sample */
	bool has_spark;
	char tags[96], note[128];
	struct notice_rate told; /* of sounds about it */
	char behind[32];	 /* the program behind which its memory cannot be seen; "" it can */
	char branch[140];	 /* of its worktree, with a star while that is not clean; "" none */
};
enum group msess_group(const struct msess *s);
bool msess_live(const struct msess *s);
bool msess_closable(const struct msess *s);    /* safe to close, and worth it */
const char *msess_word(const struct msess *s); /* "permission", "asleep" … */
double msess_idle(const struct msess *s, double now);

/* Sessions under one head, in order. */
struct section {
	char title[192];  /* of a state "" */
	enum group group; /* GR_COUNT: of a project or tag */
	size_t first, n;  /* in shown */
	bool folded;	  /* only its head is seen; for the cursor it is one line */
};

#define FOLDS_MAX 32
struct model {
	struct msess **all; /* owned */
	size_t n, cap;
	struct msess **shown; /* those that pass the filter: grouped and sorted */
	size_t n_shown;
	struct section *section; /* owned; they follow one another without a gap, none is empty */
	size_t n_sections;
	size_t n_needs; /* shown[0 .. n_needs) need their user, however the rest is grouped */
	enum mgroup by;
	struct fold {
		enum mgroup by;
		char key[192]; /* title, or the group's number */
	} folds[FOLDS_MAX];
	int n_folds;
	enum msort sort;
	char filter[128];
	bool show_ended;
	char sel[16];	  /* id of the selected session; "" none */
	bool loaded;	  /* the server has told all it has */
	unsigned version; /* another one whenever what is known of sessions changed */
	uint64_t ram_used, ram_total, swap_used;
	int pressure; /* 0 none, 1 warn, 2 urgent */
	char host[64], banner[160];
};
void model_init(struct model *m);
void model_deinit(struct model *m);
/* The reply of `ls`: replaces all. */
void model_load(struct model *m, json_t *ls, double now);
/* One session (S of the contract): added or brought up to date. Returns it. */
struct msess *model_put(struct model *m, json_t *s, double now);
/* What an "open" or "state" event of a view says of session id: its name, state, and how it ended;
 * it is added if it is not known. */
struct msess *model_told(struct model *m, const char *id, json_t *ev, double now);
void model_remove(struct model *m, const char *id);
void model_pressure(struct model *m, json_t *pressure);
void model_banner(struct model *m, json_t *o); /* its "banner"; "" when there is none */
/* Groups, filters, sorts; keeps the selection, or moves it to the neighbour of what went. To call
 * after changes and before reading shown. */
void model_arrange(struct model *m, double now);

/* Was this process started in session id? By its environment, or by the mark that stays without. */
bool inside_session(const char *id);

struct msess *model_find(const struct model *m, const char *id); /* NULL */
struct msess *model_selected(const struct model *m);		 /* NULL */
long model_index(const struct model *m, const char *id);	 /* in shown; -1 */
void model_select(struct model *m, const char *id);
void model_move(struct model *m, long by); /* clamped */
/* The section of shown[i]; NULL: there is no such place. */
struct section *model_section(const struct model *m, size_t i);
/* That of the selected session, when only its head is seen; NULL. */
struct section *model_folded(const struct model *m);
/* Of the section of shown[i]; those that need their user are not folded. */
void model_fold(struct model *m, size_t i, bool folded);
/* How its user had it: order, groups, folds; text for a file. Lines that mean nothing are skipped. */
void model_habits(const struct model *m, struct buf *out);
void model_take_habits(struct model *m, const char *text);
size_t model_archived(const struct model *m); /* how many are out of the list */

struct model_sums {
	size_t group[GR_COUNT], sessions, running, closable;
	uint64_t footprint, closable_bytes;
	double growth_bytes_per_h;
	bool growing; /* at least one session's verdict says so */
};
struct model_sums model_sums(const struct model *m);
/* The line a session shows says what is new, at most once a second; a state that is only guessed is
 * left after GUESS_S. True: one did, arrange. */
#define GUESS_S 30
bool model_settle(struct model *m, double now);
/* Seconds until some shown idle time reads differently; INFINITY when none will. */
double model_next_change(const struct model *m, double now);
void model_check(const struct model *m); /* aborts */
void model_dump(const struct model *m, struct buf *out);
#endif
