#ifndef STORE_HISTORY_PRIV_H
#define STORE_HISTORY_PRIV_H
/* Shared by history.c (writes, upkeep), history_journal.c, history_move.c and history_read.c. */
#include "store/db.h"
#include "store/history.h"

enum history_tier { TIER_M1, TIER_M15, TIER_COUNT };
/* A tier's points of one session are packed by span: an hour of minutes, a day of quarters. One row
 * a span, its key made of (session, tier, span), so that a session's points lie side by side. */
struct tier_shape {
	double step_s, span_s;
};
extern const struct tier_shape history_tiers[TIER_COUNT];
enum { STEP_M1 = 60, STEP_M15 = 900, SPAN_POINTS_MAX = 96 };
int64_t history_key(uint32_t num, enum history_tier tier, double t);
/* Points of a row; how many. A damaged row holds none. */
size_t history_unpack(
	int64_t key, const void *d, size_t len, struct mem_point out[SPAN_POINTS_MAX]);
struct pending { /* samples of one session that are not in the database yet */
	uint32_t num;
	struct mem_sample *s;
	size_t n, cap;
	size_t kept; /* of them, in the journal */
	unsigned stride,
		in_last; /* samples that one entry stands for; that the last one does so far */
};
enum { QUARTERS = 100 };
/* A session's last day in quarters of an hour, kept after it was asked for: a list of all sessions
 * asks for it again and again. */
struct quarters {
	uint32_t num;
	double from; /* what is before is not known here */
	size_t n;
	struct mem_point p[QUARTERS];
};
struct history_db {
	struct db db;
	struct quarters **quarters;
	size_t n_quarters;
	char dir[512];
	struct pending *pend;
	size_t n_pend;
	bool (*space_low)(const char *dir);
	bool journal_stale; /* has what is not pending any more: is to be written anew */
	double kept_up;	    /* time of the last full upkeep */
};
enum history_stmt {
	ST_JOURNAL_PUT,
	ST_JOURNAL_CLEAR,
	ST_JOURNAL_ALL,
	ST_RAW_PUT,
	ST_RAW_DEL,
	ST_RAW_PERIOD,
	ST_RAW_EXPIRE,
	ST_RAW_FIRST,
	ST_RAW_GET,
	ST_TIER_PUT,
	ST_TIER_DEL,
	ST_TIER_SID,
	ST_TIER_FIRST,
	ST_TIER_LAST,
	ST_TIER_ONE,
	ST_TIER_GET,
	ST_COMPOSITION_PUT,
	ST_COMPOSITION_GET,
	ST_COMPOSITION_ALL,
	ST_COMPOSITION_DEL,
	ST_COMPOSITION_THIN
};
/* Samples or finer points, ascending, into steps of a tier; grows out[cap] as needed. */
struct history_steps {
	struct mem_point *p;
	size_t n, cap;
	double step_s;
};

void history_add_step(void *ctx, const struct mem_point *p); /* of history_each; ctx: the steps */
/* Adds points (t at the start of their step, ascending) to what a tier holds. 0 or -errno. */
int history_put_points(struct history_db *h, uint32_t num, enum history_tier tier,
	const struct mem_point *p, size_t n);
size_t history_unpack_column(sqlite3_stmt *s, struct mem_point out[SPAN_POINTS_MAX]); /* k, d */
enum history_tier history_key_tier(int64_t key);
#define HISTORY_TIER_SQL "CREATE TABLE tier(k INTEGER PRIMARY KEY, d BLOB) STRICT;"
int history_from_rows(struct db *db); /* db_schema.from_older */
/* Samples that wait in RAM: those before a time go to the tables, the others to the journal. Within a
 * transaction; what is in it is pending until that is through. 0 or -errno. */
int history_pending_write(struct history_db *h, double until);
void history_pending_drop(struct history_db *h);
/* The journal, history_journal.c: samples of all sessions in the order in which they come, until
 * their hours are over and they go to the tables of their sessions. Both within a transaction. */
int history_journal_put(struct history_db *h); /* what is pending and not in it yet */
int history_journal_clear(struct history_db *h);
void history_journal_load(struct history_db *h); /* after opening: pending again */
/* Samples that came go to the quarters that are kept, too; num 0: of all sessions. */
void history_quarters_add(struct history_db *h, uint32_t num, const struct mem_sample *s, size_t n);
void history_quarters_drop(struct history_db *h, uint32_t num);
/* Merges a later point of the same step into *into. */
void history_merge(struct mem_point *into, const struct mem_point *p);
struct mem_point history_point_of(const struct mem_sample *s);
/* Time of a session's first sample in the raw tier; of its first or last point in another. False:
 * it has none there. */
bool history_raw_first(struct history_db *h, uint32_t num, double *t);
bool history_edge(struct history_db *h, enum history_tier tier, uint32_t num, bool last, double *t);
/* The one that a time is in; the next after *p that has raw samples. */
int64_t history_period(double t);
bool history_next_period(struct history_db *h, int64_t *p);
/* Calls cb for each point of a tier from a time on, ascending. */
void history_each(struct history_db *h, enum history_tier tier, uint32_t num, double from,
	void (*cb)(void *ctx, const struct mem_point *p), void *ctx);
/* Compositions (composition.h) before a time go; num 0: of all sessions. 0 or -errno. */
int history_expire_compositions(struct history_db *h, uint32_t num, double before);
/* Of those before a time the first of each span stays. */
int history_thin_compositions(struct history_db *h, double before, double span_s);
#endif
