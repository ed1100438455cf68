#ifndef CORE_GROWTH_H
#define CORE_GROWTH_H
/* Does a session grow while it idles? Pure functions over a series; the tests hold the error rates
 * (false alarms, misses) that the design names. */
#include "core/base.h"

enum growth_verdict { GROWTH_UNKNOWN, GROWTH_FLAT, GROWTH_FAST, GROWTH_SLOW, GROWTH_BURST };
struct growth_numbers {
	double slope_bytes_per_h, z, remainder_bytes, drawdown_bytes;
	int hits, windows;
};
struct growth_point {
	double t;       /* seconds, ascending */
	uint64_t bytes; /* footprint */
};
/* pts: samples since the session came to rest plus 10 min. *nums is filled in any case. */
enum growth_verdict growth_judge(const struct growth_point *pts, size_t n, struct growth_numbers *nums);
const char *growth_name(enum growth_verdict v); /* "flat" … as in cli.md */
/* Theil–Sen slope per hour over at most max_n thinned points; for the column MB/H. */
double growth_slope(const struct growth_point *pts, size_t n);
#endif
