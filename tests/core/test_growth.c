/* Growth verdicts against series of known truth (growth_sim.h), 400 windows of each class, 8 and 48
 * hours long, smooth and rough: samples once a minute, gaps, estimates that are wrong, a clock that
 * jumps. A quiet series fails with any verdict at any moment, a leak without one in its time. */
#include "tests/core/growth_sim.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#ifdef MUSTER_TORTURE
enum { RUNS = 12 };
#else
enum { RUNS = 400 };
#endif
enum { T0 = 1000000 };

/* ---- error rates ---- */

struct run {
	double first_h; /* first verdict; INFINITY none */
	enum growth_verdict first;
	bool at_end;
};
struct pass {
	const char *name;
	double hours, step_s;
	bool rough;
	int part; /* of RUNS: one in so many */
};
static const struct pass passes[] = {
	{"8 h", 8, 15, false, 1},
	{"48 h", 48, 60, false, 1},
	{"8 h rough", 8, 60, true, 1},
	{"48 h rough", 48, 60, true, 4},
};

/* What becomes of a sample on its way: false if it is lost. */
struct road {
	double gap_until_h, clock; /* seconds added to the time */
};

static bool
rough(struct road *r, struct growth_point *p, double h, double dt)
{
	if (uniform(0, 1) < dt / 6)
		r->gap_until_h = h + uniform(0.1, 0.6);
	if (uniform(0, 1) < dt / 12)
		r->clock += uniform(-3, 1) * 3600;
	p->t += r->clock;
	if (uniform(0, 1) < 0.5) {
		p->estimated = true;
		p->bytes = (uint64_t)((double)p->bytes * uniform(0.7, 1.5));
	}
	return h >= r->gap_until_h;
}

static struct run
run(const struct shape *s, const struct pass *pass)
{
	struct growth *g = xcalloc(1, sizeof *g);
	struct run out = {.first_h = INFINITY};
	double dt = pass->step_s / 3600;
	struct road road = {0};
	struct sim m;

	sim_start(&m, s, pass->hours, dt);
	for (int i = 0; i * dt < pass->hours; i++) {
		double h = i * dt;
		struct growth_point p = {
			.t = T0 + i * pass->step_s, .bytes = (uint64_t)sim_next(&m, h, dt)};

		if (pass->rough && !rough(&road, &p, h, dt))
			continue;
		growth_push(g, &p);
		if (i % (int)(300 / pass->step_s) == 0 && out.first < GROWTH_FAST) {
			out.first = growth_verdict(g);
			out.first_h = out.first >= GROWTH_FAST ? h : INFINITY;
		}
	}
	out.at_end = growth_verdict(g) >= GROWTH_FAST;
	free(g);
	return out;
}

struct tally {
	int n, wrong, burst;
};

/* One class in one pass: verdicts of a quiet one, misses of a leak. */
static struct tally
tally(const struct shape *s, const struct pass *pass)
{
	struct tally t = {.n = MAX(RUNS / pass->part, 1)};

	for (int i = 0; i < t.n; i++) {
		struct run r = run(s, pass);
		bool found = r.first_h <= (s->by_h > 0 ? s->by_h : pass->hours);

		t.wrong += s->truth == LEAK ? !found : r.first >= GROWTH_FAST;
		t.burst += r.first == GROWTH_BURST;
	}
	return t;
}

static void
test_error_rates(void **state)
{
	static const char *const kinds[] = {"easy", "quiet", "leak"};
	/* of all windows of the kind, in the smooth passes and in the rough ones */
	static const double bars[2][3] = {{0.005, 0.02, 0.03}, {0.005, 0.02, 0.03}};
	struct tally all[2][3] = {0};
	clock_t t0 = clock();

	(void)state;
	printf("  wrong verdicts (quiet) and misses (leak) in %%, of %d windows each\n  %-24s",
		RUNS, "");
	for (size_t k = 0; k < ARRAY_LEN(passes); k++)
		printf(" %10s", passes[k].name);
	puts("");
	for (size_t c = 0; c < ARRAY_LEN(shapes); c++) {
		const struct shape *s = &shapes[c];

		printf("  %-24s", s->name);
		for (size_t k = 0; k < ARRAY_LEN(passes); k++) {
			struct tally *sum = &all[passes[k].rough][s->truth], t;

			seed = 1000 + 10 * c + k;
			if (s->truth == LEAK && s->by_h > passes[k].hours) {
				printf(" %10s", "-");
				continue;
			}
			t = tally(s, &passes[k]);
			printf(" %10.2f", 100.0 * t.wrong / t.n);
			sum->n += t.n;
			sum->wrong += t.wrong;
			if (s->truth == LEAK && !passes[k].rough && RUNS >= 100)
				assert_true(t.wrong <= t.n * (s->by_h >= 48 ? 0.05 : 0.03));
		}
		puts("");
	}
	for (int rough_ones = 0; rough_ones < 2; rough_ones++)
		for (int kind = 0; kind < 3; kind++) {
			struct tally t = all[rough_ones][kind];
			/* the harder bar is for quiet ones together */
			if (kind == QUIET) {
				t.n += all[rough_ones][EASY].n;
				t.wrong += all[rough_ones][EASY].wrong;
			}
			printf("  %s%s: %.2f %% of %d\n", kinds[kind], rough_ones ? ", rough" : "",
				100.0 * t.wrong / t.n, t.n);
			if (RUNS >= 100)
				assert_true(t.wrong <= t.n * bars[rough_ones][kind]);
			else /* too few for a rate */
				assert_true(t.wrong <= t.n / 10);
		}
	printf("  %.1f s\n", (double)(clock() - t0) / CLOCKS_PER_SEC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error_rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
