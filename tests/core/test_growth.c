/* Growth verdicts against series of known truth: twelve classes of idle memory, generated with
 * fixed seeds. Eight never leak: every verdict on them is a false alarm. Four do: a series without
 * a verdict is a miss. The bars are the error rates of the design. */
#include "core/stats/growth.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define MB 1048576.0
enum { STEP_S = 15, HOURS = 8, N8H = HOURS * 3600 / STEP_S, RUNS = 250, T0 = 1700000000 };

static uint64_t seed;

static double
uniform(double lo, double hi)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return lo + (hi - lo) * (double)(seed >> 11) / 9007199254740992.0;
}

static double
gauss(void)
{
	double s = 0;

	for (int i = 0; i < 12; i++)
		s += uniform(0, 1);
	return s - 6;
}

/* What a series is made of; all sizes in MB, times in hours. */
struct shape {
	const char *name;
	bool leaks;
	double leak_lo, leak_hi;   /* MB/h */
	double lump_lo, lump_hi;   /* the leak comes in pieces of this size; 0 smooth */
	double saw_lo, saw_hi;	   /* garbage until collected … */
	double saw_h_lo, saw_h_hi; /* … every so many hours */
	int steps;		   /* at most so many single steps up */
	double step_lo, step_hi;
	double settle; /* warm-up still to come, approached with a time constant of 20 min */
	double wander; /* mean-reverting noise of that deviation */
	double fall;   /* MB/h given back */
	double spikes; /* an hour, 50–400 MB for up to 3 min */
};
static const struct shape shapes[] = {
	{.name = "flat", .wander = 1},
	{.name = "noisy", .wander = 12},
	{.name = "short saw-tooth",
		.saw_lo = 20,
		.saw_hi = 200,
		.saw_h_lo = 0.05,
		.saw_h_hi = 0.3,
		.wander = 2},
	{.name = "long saw-tooth",
		.saw_lo = 20,
		.saw_hi = 300,
		.saw_h_lo = 0.3,
		.saw_h_hi = 1.5,
		.wander = 2},
	{.name = "step", .steps = 1, .step_lo = 5, .step_hi = 300, .wander = 2},
	{.name = "settling", .settle = 20, .wander = 2},
	{.name = "giving back", .fall = 15, .wander = 4},
	{.name = "spikes and saw-tooth",
		.saw_lo = 20,
		.saw_hi = 100,
		.saw_h_lo = 0.1,
		.saw_h_hi = 0.6,
		.spikes = 4,
		.steps = 1,
		.step_lo = 10,
		.step_hi = 100,
		.wander = 3},
	{.name = "leak", .leaks = true, .leak_lo = 15, .leak_hi = 100, .wander = 2},
	{.name = "leak under saw-tooth",
		.leaks = true,
		.leak_lo = 25,
		.leak_hi = 100,
		.saw_lo = 20,
		.saw_hi = 120,
		.saw_h_lo = 0.05,
		.saw_h_hi = 0.4,
		.wander = 2},
	{.name = "leak in lumps",
		.leaks = true,
		.leak_lo = 20,
		.leak_hi = 100,
		.lump_lo = 1,
		.lump_hi = 8,
		.wander = 2},
	{.name = "noisy leak with a step",
		.leaks = true,
		.leak_lo = 25,
		.leak_hi = 100,
		.steps = 1,
		.step_lo = 10,
		.step_hi = 80,
		.wander = 6,
		.spikes = 2},
};

static void
generate(const struct shape *s, struct growth_point *p, size_t n)
{
	double base = uniform(250, 1200), leak = uniform(s->leak_lo, s->leak_hi);
	double saw = uniform(s->saw_lo, s->saw_hi), saw_h = uniform(s->saw_h_lo, s->saw_h_hi);
	double lump = uniform(s->lump_lo, s->lump_hi), hours = (double)n * STEP_S / 3600;
	double phase = uniform(0, saw_h), wander = 0, owed = 0, level = 0, spike = 0, step[8],
	       at[8];
	int spike_left = 0;

	for (int k = 0; k < s->steps; k++) {
		step[k] = uniform(s->step_lo, s->step_hi);
		at[k] = uniform(0, hours);
	}
	for (size_t i = 0; i < n; i++) {
		double h = (double)i * STEP_S / 3600, v = base;

		phase += STEP_S / 3600.0;
		if (phase > saw_h && saw_h > 0) {
			phase = 0;
			saw_h = uniform(s->saw_h_lo, s->saw_h_hi);
		}
		if (saw_h > 0)
			v += saw * phase / s->saw_h_hi;
		owed += leak * STEP_S / 3600;
		if (owed >= lump) {
			level += owed;
			owed = 0;
		}
		v += level - s->fall * h + s->settle * (1 - exp(-h * 3));
		for (int k = 0; k < s->steps; k++)
			v += h >= at[k] ? step[k] : 0;
		wander += -wander * 0.02 + gauss() * s->wander * 0.2;
		if (spike_left == 0 && uniform(0, 1) < s->spikes * STEP_S / 3600) {
			spike = uniform(50, 400);
			spike_left = (int)uniform(1, 12);
		}
		v += wander + (spike_left ? spike : 0);
		spike_left -= spike_left > 0;
		p[i] = (struct growth_point){T0 + (double)i * STEP_S, (uint64_t)(MAX(v, 10) * MB)};
	}
}

/* The verdict as it would have been asked for at each floor's end. */
static bool
ever(bool (*is)(const struct growth_floor *, size_t, struct growth_numbers *),
	const struct growth_point *p, size_t n, double width)
{
	static struct growth_floor f[GROWTH_FLOORS_MAX];
	size_t k = growth_floors(p, n, width, f, GROWTH_FLOORS_MAX);

	for (size_t i = 1; i <= k; i++)
		if (is(f, i, NULL))
			return true;
	return false;
}

static void
test_fast_error_rates(void **state)
{
	static struct growth_point p[N8H];
	int false_alarms = 0, quiet = 0, missed = 0, leaks = 0;

	(void)state;
	for (size_t c = 0; c < ARRAY_LEN(shapes); c++) {
		int yes = 0;

		seed = 1000 + c;
		for (int r = 0; r < RUNS; r++) {
			generate(&shapes[c], p, N8H);
			yes += ever(growth_is_fast, p, N8H, GROWTH_FAST_WIDTH_S);
		}
		printf("  %-24s fast in %5.1f %%\n", shapes[c].name, 100.0 * yes / RUNS);
		if (shapes[c].leaks) {
			leaks += RUNS;
			missed += RUNS - yes;
		} else {
			quiet += RUNS;
			false_alarms += yes;
		}
	}
	printf("  false alarms %.2f %%, misses %.2f %%\n", 100.0 * false_alarms / quiet,
		100.0 * missed / leaks);
	assert_true(false_alarms <= quiet * 0.004);
	assert_true(missed <= leaks * 0.021);
}

static void
test_slow_catches_the_weekly_leak(void **state)
{
	static struct growth_point p[48 * 3600 / STEP_S];
	static const struct shape leak = {.name = "3.5 MB/h",
		.leak_lo = 3.5,
		.leak_hi = 3.5,
		.saw_lo = 5,
		.saw_hi = 30,
		.saw_h_lo = 0.1,
		.saw_h_hi = 0.6,
		.wander = 2};
	int caught = 0, wrong = 0, runs = 60;

	(void)state;
	seed = 77;
	for (int r = 0; r < runs; r++) {
		generate(&leak, p, ARRAY_LEN(p));
		caught += ever(growth_is_slow, p, ARRAY_LEN(p), GROWTH_SLOW_WIDTH_S);
		generate(&shapes[r % 8], p, ARRAY_LEN(p));
		wrong += ever(growth_is_slow, p, ARRAY_LEN(p), GROWTH_SLOW_WIDTH_S);
	}
	printf("  slow: caught %d of %d, wrong %d of %d\n", caught, runs, wrong, runs);
	assert_true(caught >= runs * 0.98);
	assert_true(wrong <= runs * 0.004);
}

static void
test_burst(void **state)
{
	static struct growth_point p[240];
	struct growth_numbers nums;
	size_t n;

	(void)state;
	for (n = 0; n < ARRAY_LEN(p); n++)
		p[n] = (struct growth_point){T0 + (double)n * STEP_S,
			(uint64_t)((n < 200 ? 500 : 500 + (n - 200) * 60.0) * MB)};
	assert_int_equal(growth_judge(p, 200, &nums), GROWTH_UNKNOWN);
	assert_int_equal(growth_judge(p, 240, &nums), GROWTH_BURST);
	/* +39 % of 700 MB is below 40 %, though above 256 MB */
	for (n = 0; n < ARRAY_LEN(p); n++)
		p[n].bytes = (uint64_t)((n < 200 ? 700 : 973) * MB);
	assert_int_equal(growth_judge(p, ARRAY_LEN(p), &nums), GROWTH_UNKNOWN);
	/* a peak between two collections is no burst */
	for (n = 0; n < ARRAY_LEN(p); n++)
		p[n].bytes = (uint64_t)((n % 10 ? 2000 : 500) * MB);
	assert_int_equal(growth_judge(p, ARRAY_LEN(p), &nums), GROWTH_UNKNOWN);
}

static void
test_judge_and_numbers(void **state)
{
	static struct growth_point p[N8H];
	struct growth_numbers nums;
	size_t n = ARRAY_LEN(p);

	(void)state;
	assert_int_equal(growth_judge(NULL, 0, &nums), GROWTH_UNKNOWN);
	assert_int_equal(nums.windows, 0);
	for (size_t i = 0; i < n; i++)
		p[i] = (struct growth_point){T0 + (double)i * STEP_S,
			(uint64_t)((400 + 30.0 * (double)i * STEP_S / 3600) * MB)};
	assert_int_equal(growth_judge(p, 200, &nums), GROWTH_UNKNOWN);
	assert_int_equal(growth_judge(p, n, &nums), GROWTH_FAST);
	assert_int_equal(nums.hits, 3);
	assert_int_equal(nums.windows, 24);
	assert_true(fabs(nums.slope_bytes_per_h / MB - 30) < 0.5);
	assert_true(nums.z > 5 && nums.drawdown_bytes < 1);
	assert_true(fabs(growth_slope(p, n) / MB - 30) < 0.1);
	assert_true(isnan(growth_slope(p, 2)));
	for (size_t i = 0; i < n; i++)
		p[i].bytes = (uint64_t)(400 * MB);
	assert_int_equal(growth_judge(p, n, &nums), GROWTH_FLAT);
	assert_int_equal(nums.hits, 0);
	assert_string_equal(growth_name(GROWTH_BURST), "burst");
	assert_string_equal(growth_name((enum growth_verdict)99), "unknown");
}

static void
test_floors(void **state)
{
	struct growth_floor f[4];
	/* buckets of 10 s: the first seen late, the last not over */
	struct growth_point p[] = {{107, 5}, {112, 9}, {115, 4}, {130, 8}, {139, 7}, {141, 1}};

	(void)state;
	assert_int_equal(growth_floors(p, ARRAY_LEN(p), 10, f, 4), 2);
	assert_true(f[0].t == 110 && f[0].bytes == 4);
	assert_true(f[1].t == 130 && f[1].bytes == 7);
	assert_int_equal(growth_floors(p, ARRAY_LEN(p), 10, f, 1), 1);
	assert_true(f[0].t == 130);
	assert_int_equal(growth_floors(p, 0, 10, f, 4), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_floors),
		cmocka_unit_test(test_judge_and_numbers),
		cmocka_unit_test(test_burst),
		cmocka_unit_test(test_fast_error_rates),
		cmocka_unit_test(test_slow_catches_the_weekly_leak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
