/* Growth while idle.
 *
 * An idle CLI is never quiet: garbage collection draws saw-teeth, caches fill in steps, timers wake
 * workers. A line fitted through raw samples calls a third of such series growing. Three choices
 * keep false alarms rare:
 *
 *  floors      The minimum of a bucket is what stays after collection; peaks carry no news.
 *  remainder   One step up (a cache filled, a helper started) is no trend: what counts is what is
 *              left of the rise when its largest single step is taken away.
 *  drawdown    A series whose floor has been seen to fall by D has shown that it gives back; the
 *              remainder must be well above D before it counts as keeping what it takes. (Not the
 *              whole rise: one step on top of a saw-tooth would lift that over any drawdown. In
 *              the test's simulation this is 0.2 % false alarms instead of 1.5 %.)
 *
 * On top, three windows in a row must agree. FAST and SLOW are the same test on two scales; BURST
 * is for what cannot wait for twelve floors. */
#include "core/stats/growth.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MB 1048576.0
enum { WINDOW_MIN = 12, WINDOW_MAX = 72, HITS = 3, SLOPE_POINTS = 96, BURST_BACK = 3 };

struct rule {
	size_t window_max;
	double slope_min;      /* bytes per hour */
	double remainder_min;  /* bytes … */
	double remainder_part; /* … or this part of where the window began */
	double z_min, drawdown_factor;
};
static const struct rule rule_fast = {24, 8 * MB, 24 * MB, 0.03, 2.33, 1.5};
static const struct rule rule_slow = {WINDOW_MAX, 1 * MB, 48 * MB, 0.05, 2.33, 1.5};

static int
cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *v, size_t n)
{
	qsort(v, n, sizeof *v, cmp_double);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static double
median3(const struct growth_floor *f)
{
	double v[3] = {f[0].bytes, f[1].bytes, f[2].bytes};

	return median(v, 3);
}

/* Theil–Sen: the median of all pairwise slopes, in bytes per hour. n <= SLOPE_POINTS. */
static double
theil_sen(const struct growth_floor *f, size_t n)
{
	double s[SLOPE_POINTS * (SLOPE_POINTS - 1) / 2];
	size_t k = 0;

	for (size_t j = 1; j < n; j++)
		for (size_t i = 0; i < j; i++)
			if (f[j].t > f[i].t)
				s[k++] = (f[j].bytes - f[i].bytes) / (f[j].t - f[i].t) * 3600;
	return k ? median(s, k) : 0;
}

/* Mann–Kendall with the correction for ties. */
static double
mann_kendall(const struct growth_floor *f, size_t n)
{
	double score = 0, nn = (double)n, var = nn * (nn - 1) * (2 * nn + 5), v[WINDOW_MAX];

	for (size_t j = 1; j < n; j++)
		for (size_t i = 0; i < j; i++)
			score += (f[j].bytes > f[i].bytes) - (f[j].bytes < f[i].bytes);
	for (size_t i = 0; i < n; i++)
		v[i] = f[i].bytes;
	qsort(v, n, sizeof *v, cmp_double);
	for (size_t i = 0, j; i < n; i = j) {
		for (j = i + 1; j < n && v[j] <= v[i]; j++)
			;
		double t = (double)(j - i);

		var -= t * (t - 1) * (2 * t + 5);
	}
	if (var <= 0 || (score > -1 && score < 1))
		return 0;
	return (score > 0 ? score - 1 : score + 1) / sqrt(var / 18);
}

static double
largest_drawdown(const struct growth_floor *f, size_t n)
{
	double top = 0, worst = 0;

	for (size_t i = 0; i < n; i++) {
		top = MAX(top, f[i].bytes);
		worst = MAX(worst, top - f[i].bytes);
	}
	return worst;
}

/* One window: the last floors of f[0..n). Cheap conditions first; all numbers if nums is given. */
static bool
window_hit(
	const struct rule *r, const struct growth_floor *f, size_t n, struct growth_numbers *nums)
{
	size_t w = MIN(n, r->window_max);
	const struct growth_floor *win = f + n - w;
	double step = 0, base, rise, remainder, drawdown;
	bool hit;

	if (w < WINDOW_MIN)
		return false;
	for (size_t i = 1; i < w; i++)
		step = MAX(step, win[i].bytes - win[i - 1].bytes);
	base = median3(win);
	rise = median3(win + w - 3) - base;
	remainder = rise - step;
	drawdown = largest_drawdown(f, n);
	hit = remainder >= MAX(r->remainder_min, r->remainder_part * base) &&
	      remainder >= r->drawdown_factor * drawdown;
	if (!hit && !nums)
		return false;
	double slope = theil_sen(win, w), z = mann_kendall(win, w);

	if (nums) {
		nums->slope_bytes_per_h = slope;
		nums->z = z;
		nums->remainder_bytes = remainder;
		nums->drawdown_bytes = drawdown;
		nums->windows = (int)w;
	}
	return hit && slope >= r->slope_min && z >= r->z_min;
}

static bool
rule_met(const struct rule *r, const struct growth_floor *f, size_t n, struct growth_numbers *nums)
{
	int hits = 0;

	while (hits < HITS && n > (size_t)hits &&
		window_hit(r, f, n - (size_t)hits, hits == 0 ? nums : NULL))
		hits++;
	if (nums)
		nums->hits = hits;
	return hits == HITS;
}

bool
growth_is_fast(const struct growth_floor *f, size_t n, struct growth_numbers *nums)
{
	return rule_met(&rule_fast, f, n, nums);
}

bool
growth_is_slow(const struct growth_floor *f, size_t n, struct growth_numbers *nums)
{
	return rule_met(&rule_slow, f, n, nums);
}

/* f: 5-min floors. The last one stands clear of the lowest of the 15 min before it. */
bool
growth_is_burst(const struct growth_floor *f, size_t n)
{
	double low = INFINITY;

	if (n < 2)
		return false;
	for (size_t i = n - 1; i-- > 0 && f[n - 1].t - f[i].t <= BURST_BACK * GROWTH_BURST_WIDTH_S;)
		low = MIN(low, f[i].bytes);
	return f[n - 1].bytes >= low + MAX(256 * MB, 0.4 * low);
}

size_t
growth_floors(const struct growth_point *pts, size_t n, double width_s, struct growth_floor *out,
	size_t cap)
{
	size_t k = 0;
	double last = n ? floor(pts[n - 1].t / width_s) : 0;

	for (size_t i = 0; i < n && cap;) {
		double b = floor(pts[i].t / width_s), low = (double)pts[i].bytes;
		bool late = i == 0 && pts[0].t - b * width_s > width_s / 2;

		for (; i < n && floor(pts[i].t / width_s) <= b; i++)
			low = MIN(low, (double)pts[i].bytes);
		/* half a bucket's minimum is no minimum of the bucket */
		if (late || b >= last)
			continue;
		if (k == cap) {
			memmove(out, out + 1, (cap - 1) * sizeof *out);
			k--;
		}
		out[k++] = (struct growth_floor){b * width_s, low};
	}
	return k;
}

enum growth_verdict
growth_judge(const struct growth_point *pts, size_t n, struct growth_numbers *nums)
{
	struct growth_floor *f = xmalloc(sizeof *f * GROWTH_FLOORS_MAX);
	enum growth_verdict v = GROWTH_UNKNOWN;
	struct growth_numbers slow = {0};
	size_t k;

	memset(nums, 0, sizeof *nums);
	k = growth_floors(pts, n, GROWTH_FAST_WIDTH_S, f, GROWTH_FLOORS_MAX);
	nums->windows = (int)MIN(k, rule_fast.window_max);
	if (k >= WINDOW_MIN)
		v = growth_is_fast(f, k, nums) ? GROWTH_FAST : GROWTH_FLAT;
	if (v == GROWTH_FLAT) {
		k = growth_floors(pts, n, GROWTH_SLOW_WIDTH_S, f, GROWTH_FLOORS_MAX);
		if (growth_is_slow(f, k, &slow)) {
			v = GROWTH_SLOW;
			*nums = slow;
		}
	}
	k = growth_floors(pts, n, GROWTH_BURST_WIDTH_S, f, GROWTH_FLOORS_MAX);
	if (growth_is_burst(f, k))
		v = GROWTH_BURST;
	free(f);
	return v;
}

const char *
growth_name(enum growth_verdict v)
{
	static const char *const names[] = {"unknown", "flat", "fast", "slow", "burst"};

	return (size_t)v < ARRAY_LEN(names) ? names[v] : names[0];
}

double
growth_slope(const struct growth_point *pts, size_t n)
{
	struct growth_floor f[SLOPE_POINTS];
	size_t k = MIN(n, (size_t)SLOPE_POINTS);

	if (n < 3)
		return NAN;
	for (size_t i = 0; i < k; i++) {
		const struct growth_point *p = &pts[i * (n - 1) / (k - 1)];

		f[i] = (struct growth_floor){p->t, (double)p->bytes};
	}
	return theil_sen(f, k);
}
