#ifndef CORE_GROWTH_H
#define CORE_GROWTH_H
/* Does a session grow while it idles? Pure functions over a series; the tests hold the error rates
 * (false alarms, misses) that the design names. Why these rules: see the top of growth.c. */
#include "core/base/base.h"

enum growth_verdict { GROWTH_UNKNOWN, GROWTH_FLAT, GROWTH_FAST, GROWTH_SLOW, GROWTH_BURST };
/* What the verdict rests on: of the window that ends the series (10-min floors; 60-min floors when
 * the verdict is SLOW). Kept for `explain`. */
struct growth_numbers {
	double slope_bytes_per_h; /* Theil–Sen over the window */
	double z;		  /* Mann–Kendall */
	double remainder_bytes;	  /* rise without its largest single step */
	double drawdown_bytes;	  /* largest fall of the floor seen in this series */
	int hits;		  /* windows in a row that met all conditions, up to 3 */
	int windows;		  /* floors in the window */
};
struct growth_point {
	double t;	/* seconds, ascending */
	uint64_t bytes; /* footprint */
};
/* pts: samples since the session came to rest plus 10 min. *nums is filled in any case. */
enum growth_verdict growth_judge(
	const struct growth_point *pts, size_t n, struct growth_numbers *nums);
const char *growth_name(enum growth_verdict v); /* "flat" … as in cli.md */
/* Theil–Sen slope per hour over thinned points, for the column MB/H; NAN below 3 points. */
double growth_slope(const struct growth_point *pts, size_t n);

/* The parts, for tests and plots. A floor is the minimum of one complete bucket of width_s, buckets
 * aligned to multiples of it. Fills out[cap] with the last ones, oldest first; returns how many. */
struct growth_floor {
	double t; /* start of the bucket */
	double bytes;
};
enum { GROWTH_FLOORS_MAX = 1024 }; /* a week of 10-min floors */
size_t growth_floors(const struct growth_point *pts, size_t n, double width_s,
	struct growth_floor *out, size_t cap);
bool growth_is_fast(const struct growth_floor *f, size_t n, struct growth_numbers *nums);
bool growth_is_slow(const struct growth_floor *f, size_t n, struct growth_numbers *nums);
bool growth_is_burst(const struct growth_floor *f, size_t n);
enum { GROWTH_BURST_WIDTH_S = 300, GROWTH_FAST_WIDTH_S = 600, GROWTH_SLOW_WIDTH_S = 3600 };
#endif
