/* Totals wake a dashboard when there is something to see, not whenever a byte of memory is free. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "sessions/server/totals.h"

#define G 1073741824.0

static json_t *
totals(double footprint, double available, double swap, int level, const char *banner)
{
	return json_pack("{s:s, s:{s:f}, s:{s:f, s:f, s:f, s:f, s:i, s:f}, s:s}", "ev", "totals",
		"totals", "footprint_bytes", footprint, "pressure", "mem_total_bytes", 32 * G,
		"mem_available_bytes", available, "swap_total_bytes", 8 * G, "swap_free_bytes",
		swap, "level", level, "psi_some_avg10", available / G, "banner", banner);
}

static void
only_what_is_seen_wakes(void **state)
{
	static const struct {
		double footprint, available, swap;
		int level;
		const char *banner;
		bool alike;
	} cases[] = {
		{5e9, 20 * G, 8 * G, 0, "", true},
		{5e9, 20.1 * G, 8 * G, 0, "", true}, /* others come and go */
		{5e9, 19.9 * G, 7.9 * G, 0, "", true},
		{5e9, 20.2 * G, 8 * G, 0, "", false},
		{5e9, 20 * G, 7.8 * G, 0, "", false},
		{5e9 + 1, 20 * G, 8 * G, 0, "", false},
		{5e9, 20 * G, 8 * G, 1, "", false},
		{5e9, 20 * G, 8 * G, 0, "the disk is full", false},
	};
	(void)state;
	json_t *was = totals(5e9, 20 * G, 8 * G, 0, "");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		json_t *ev = totals(cases[i].footprint, cases[i].available, cases[i].swap,
			cases[i].level, cases[i].banner);
		assert_int_equal(totals_alike(was, ev), cases[i].alike);
		assert_false(totals_alike(NULL, ev));
		json_decref(ev);
	}
	json_decref(was);
}

static uint64_t
look(double idle_s, const char *reason, int footprint, double now)
{
	json_t *s = json_pack("{s:f,s:i,s:{s:b,s:[s]}}", "idle_s", idle_s, "footprint_bytes",
		footprint, "reap", "eligible", 0, "reasons", reason);
	uint64_t h = session_look(s, now);

	assert_true(json_object_get(s, "idle_s") && json_object_get(s, "reap"));
	json_decref(s);
	return h;
}

/* Time that goes by wakes nobody; what happens does. */
static void
sessions_look_alike(void **state)
{
	uint64_t was = look(10, "idle: 10s of 2h", 7, 1000);

	(void)state;
	assert_true(was != 0);
	assert_true(look(40, "idle: 40s of 2h", 7, 1030) == was);
	assert_true(look(40, "idle: 40s of 2h", 8, 1030) != was); /* grew */
	assert_true(look(1, "idle: 1s of 2h", 7, 1030) != was);	  /* was touched */
	assert_true(look(40, "tool: make", 7, 1030) != was);
	was = look(0, "activity: working (title)", 7, 1000);
	assert_true(look(0, "activity: working (title)", 7, 2000) == was);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_seen_wakes),
		cmocka_unit_test(sessions_look_alike),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
