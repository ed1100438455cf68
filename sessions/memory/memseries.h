#ifndef SESSIONS_MEMSERIES_H
#define SESSIONS_MEMSERIES_H
/* Footprint of one session over the last days, small enough to keep in RAM for hundreds (8 KB
 * each): all samples of about the last two hours, five-minute minima of the last three days. Times
 * are kept to 10 ms, footprints to 1 KiB (up to 4 TiB): a kernel counts whole pages. */
#include "core/stats/growth.h"

enum { SERIES_RAW = 512, SERIES_FLOORS = 864, SERIES_FLOOR_S = GROWTH_FLOOR_S };
struct series_point {
	uint32_t cs; /* after memseries.base, 10 ms each */
	uint32_t kib;
};
struct memseries {
	double base;			     /* seconds */
	struct series_point raw[SERIES_RAW]; /* a ring: [raw_head] is the oldest once full */
	uint32_t floor_kib[SERIES_FLOORS];   /* bucket b at b % SERIES_FLOORS; UINT32_MAX none */
	int64_t floor_end;		     /* the bucket after the newest */
	unsigned raw_head, raw_n, floors_n;  /* buckets known, empty ones between included */
};
void memseries_push(struct memseries *s, double t, uint64_t bytes); /* t ascending; else dropped */
/* Points from an earlier run, older than all that is in here; others are dropped. */
void memseries_prepend(struct memseries *s, const struct growth_point *p, size_t n);
/* One value per step, the highest within it, oldest first and ending with the newest sample; steps
 * without a sample repeat the one before. At most n; fewer if less is known. */
size_t memseries_recent(const struct memseries *s, double step_s, uint64_t *out, size_t n);
/* The series since a time, what is old as minima; out holds SERIES_RAW + SERIES_FLOORS. */
size_t memseries_since(const struct memseries *s, double since, struct growth_point *out);
#endif
