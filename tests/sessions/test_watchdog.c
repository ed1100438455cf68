/* The watchdog over a clock of ours. */
#include "sessions/server/watchdog.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define SEC 1000000000ull

static bool
look(struct watchdog *w, uint64_t turns, double waited, uint64_t now_ns, double cpu)
{
	struct loop_times is = {.turns = turns,
		.waited_ns = (uint64_t)(waited * 1e9),
		.cpu_ns = (uint64_t)(cpu * 1e9)};

	return watchdog_look(w, &is, now_ns);
}

/* Seconds of one turn until it aborts, looking once a second; 0: not within a minute. */
static unsigned
lasts(double computing, uint64_t step)
{
	struct watchdog w = {0};
	uint64_t now = 1000 * SEC;

	assert_false(look(&w, 5, 10, now, 77));
	for (unsigned s = 1; s <= 60; s++) {
		now += step;
		if (look(&w, 5, 10, now, 77 + computing * s))
			return s;
	}
	return 0;
}

static void
test_a_turn_that_does_not_end(void **st)
{
	(void)st;
	assert_int_equal(lasts(1, SEC), 5);
	/* on a busy machine it gets but a third of the time */
	assert_int_equal(lasts(0.33, SEC), 5);
	/* it computes nothing: it waits for a disk, or is not let run */
	assert_int_equal(lasts(0, SEC), 30);
	assert_int_equal(lasts(0.1, SEC), 30);
}

/* Seconds of one turn that begins `after` a look at a loop at rest, until it aborts. */
static double
lasts_after_rest(double after, double computing)
{
	struct watchdog w = {0};
	double t = 100, begins = t + after;

	assert_false(look(&w, 1, 80, (uint64_t)(97 * SEC), 7));
	assert_false(look(&w, 2, 83, (uint64_t)(t * 1e9), 7));
	assert_true(w.rests);
	for (t += WATCHDOG_REST_S; t < 200; t += w.rests ? WATCHDOG_REST_S : 1)
		if (look(&w, 3, 83 + after, (uint64_t)(t * 1e9), 7 + computing * (t - begins)))
			return t - begins;
	return 0;
}

/* A loop that only waits is looked at seldom, and a turn that does not end is seen in time all the
 * same. */
static void
test_rest_is_looked_at_seldom(void **st)
{
	struct watchdog w = {0};

	(void)st;
	for (uint64_t s = 1; s < 1000; s += w.rests ? WATCHDOG_REST_S : 1) {
		assert_false(look(&w, s / 10, (double)s * 0.99, s * SEC, 0.001 * (double)s));
		assert_true(w.rests || s == 1);
	}
	/* one that waits without end does not turn */
	for (uint64_t s = 1000; s < 2000; s += 3)
		assert_false(look(&w, 100, (double)s, s * SEC, 1));
	for (double after = 0; after < WATCHDOG_REST_S; after += 0.25) {
		double busy = lasts_after_rest(after, 1), still = lasts_after_rest(after, 0);

		assert_true(busy >= 5 && busy <= 6);
		assert_true(still >= 30 && still <= 31);
	}
	/* busy, though it waits now and then: no rest */
	w = (struct watchdog){0};
	for (uint64_t s = 1; s < 50; s++) {
		assert_false(look(&w, s * 1000, (double)s / 2, s * SEC, (double)s / 2));
		assert_false(w.rests);
	}
}

static void
test_what_was_not_lived_does_not_count(void **st)
{
	struct watchdog w = {0};

	(void)st;
	assert_false(look(&w, 1, 1, SEC, 0));
	/* stopped for an hour in the middle of a turn */
	assert_false(look(&w, 1, 1, 3600 * SEC, 0));
	assert_false(look(&w, 1, 1, 3601 * SEC, 0));
	/* in the middle of one that no look has seen before */
	w = (struct watchdog){0};
	assert_false(look(&w, 1, 1, SEC, 0));
	assert_false(look(&w, 2, 1.5, 3600 * SEC, 0.1));
	assert_false(look(&w, 2, 1.5, 3601 * SEC, 1.1));
	assert_int_equal(lasts(1, 5 * SEC), 3); /* looks at every five count two each */
}

static void
test_turns_are_all_it_wants(void **st)
{
	struct watchdog w = {0};

	(void)st;
	for (uint64_t s = 1; s < 1000; s++)
		assert_false(look(&w, s / 4, 0, s * SEC, (double)s));
	/* what was computed in other turns is not this one's */
	for (uint64_t s = 1000; s < 1029; s++)
		assert_false(look(&w, 1000, 0, s * SEC, 1000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_turn_that_does_not_end),
		cmocka_unit_test(test_rest_is_looked_at_seldom),
		cmocka_unit_test(test_what_was_not_lived_does_not_count),
		cmocka_unit_test(test_turns_are_all_it_wants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
