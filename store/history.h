#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H
/* history.db: footprint over time, in tiers: raw 24 h (delta-varint chunks), 1 min 7 d, 15 min 90
 * d. Synchronous; one thread. Queries seek per session. */
#include "core/base.h"

enum { MEM_ESTIMATED = 1, MEM_GAP = 2, MEM_RESUMED = 4, MEM_REAPED = 8 };
struct mem_sample {
	double t;		       /* Unix seconds */
	uint64_t footprint, rss, swap; /* bytes */
	unsigned flags;
};
struct mem_point {
	double t;
	uint64_t min, avg, max, last, swap_max, rss_last;
	unsigned n, flags;
};
struct history_db;
struct history_db *history_open(const char *path, char *banner, size_t banner_cap, struct err *e);
void history_close(struct history_db *db);
int history_add(struct history_db *db, uint32_t num, const struct mem_sample *s,
	size_t n); /* one transaction */
/* Points since t0 in the finest tier that covers it with at most max points; *step_s its step.
 * malloc'ed. */
struct mem_point *history_points(
	struct history_db *db, uint32_t num, double t0, size_t max, double *step_s, size_t *n);
int history_delete(struct history_db *db, uint32_t num);
int history_maintain(struct history_db *db, double now); /* roll up, expire, incremental vacuum */
#endif
