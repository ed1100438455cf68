/* The watchdog over a clock of ours. */
#include "sessions/server/watchdog.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define SEC 1000000000ull

/* Seconds of one turn until it aborts, looking once a second; 0: not within a minute. */
static unsigned
lasts(double computing, uint64_t step)
{
	struct watchdog w = {0};
	uint64_t now = 1000 * SEC, cpu = 77 * SEC;

	assert_false(watchdog_look(&w, 5, now, cpu));
	for (unsigned s = 1; s <= 60; s++) {
		now += step;
		cpu += (uint64_t)(computing * 1e9);
		if (watchdog_look(&w, 5, now, cpu))
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

static void
test_what_was_not_lived_does_not_count(void **st)
{
	struct watchdog w = {0};

	(void)st;
	assert_false(watchdog_look(&w, 1, SEC, 0));
	/* stopped for an hour in the middle of a turn */
	assert_false(watchdog_look(&w, 1, 3600 * SEC, 0));
	assert_false(watchdog_look(&w, 1, 3601 * SEC, 0));
	assert_int_equal(lasts(1, 5 * SEC), 3); /* looks at every five count two each */
}

static void
test_turns_are_all_it_wants(void **st)
{
	struct watchdog w = {0};

	(void)st;
	for (uint64_t s = 1; s < 1000; s++)
		assert_false(watchdog_look(&w, s / 4, s * SEC, s * SEC));
	/* what was computed in other turns is not this one's */
	for (uint64_t s = 1000; s < 1029; s++)
		assert_false(watchdog_look(&w, 1000, s * SEC, 1000 * SEC));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_turn_that_does_not_end),
		cmocka_unit_test(test_what_was_not_lived_does_not_count),
		cmocka_unit_test(test_turns_are_all_it_wants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
