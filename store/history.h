#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H
/* history.db: footprint over time, in tiers: raw 24 h (delta-varint chunks), 1 min 7 d, 15 min 90
 * d. Synchronous; one thread. Samples wait in RAM until history_flush writes them in one
 * transaction; readers see them at once. Queries seek per session. Sizes are kept in whole KiB. */
#include "core/base/base.h"

enum { MEM_ESTIMATED = 1, MEM_GAP = 2, MEM_RESUMED = 4, MEM_REAPED = 8 };
struct mem_sample {
	double t;		       /* Unix seconds */
	uint64_t footprint, rss, swap; /* bytes */
	unsigned flags;
};
struct mem_point {
	double t; /* start of its step; of a raw point: its time */
	uint64_t min, avg, max, last, swap_max, rss_last, rss_min;
	unsigned n, flags; /* samples in it; flags of any of them */
};
struct history_db;
/* As meta_open: corrupt files are set aside, in memory where the disk does not let us. */
struct history_db *history_open(const char *path, char *banner, size_t banner_cap, struct err *e);
void history_close(struct history_db *db); /* flushes; NULL ok */
void history_add(struct history_db *db, uint32_t num, const struct mem_sample *s, size_t n);
/* 0, or -errno: the samples stay in RAM (thinned out when they grow many) and are tried again with
 * the next flush. -ENOSPC also while the disk is nearly full: others need that room more. */
int history_flush(struct history_db *db);
/* Points since t0 in the finest tier that covers it with at most max points (coarser steps if none
 * does); *step_s its step, 0 for single samples. Ascending; malloc'ed, NULL when there are none. */
struct mem_point *history_points(
	struct history_db *db, uint32_t num, double t0, size_t max, double *step_s, size_t *n);
int history_delete(struct history_db *db, uint32_t num);
void history_trim(struct history_db *db); /* gives back what it only caches */
/* Rolls up, expires, gives pages back. Every 15 min or so. */
int history_maintain(struct history_db *db, double now);
bool history_in_memory(const struct history_db *db);
bool history_begun(const struct history_db *db); /* as meta_begun, meta_newer */
bool history_newer(const struct history_db *db);
bool history_retry(
	struct history_db *db); /* in memory: to the file, if it can be; true if on disk */
bool history_gone(const struct history_db *db); /* as meta_gone */
int history_open_again(struct history_db *db, char *banner, size_t banner_cap);
int history_set_aside(struct history_db *db, char *banner, size_t banner_cap);
/* Tests: another answer to "is the disk nearly full?". */
void history_space_fn(struct history_db *db, bool (*low)(const char *dir));
#endif
