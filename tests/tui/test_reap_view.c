/* The offer to put sessions to sleep: its buttons at any size, and a first day's word. */
#include "fixture.h"

static struct app *
offered(int cols, int rows, const char *candidates)
{
	struct app *a = fixture_app(cols, rows, 23);
	press(a, "R");
	answer(a, "reap", candidates);
	return a;
}

static void
both_buttons_at_any_size(void **state)
{
	static const int sizes[][2] = {{20, 5}, {30, 7}, {40, 10}, {100, 30}, {400, 120}};
	static const char one[] =
		"{\"candidates\":[{\"id\":\"c1\",\"name\":\"old-spike\",\"footprint_bytes\":2e9,"
		"\"eligible\":true,\"worth\":true,\"reasons\":[]}]}";
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct app *a = offered(sizes[i][0], sizes[i][1], one);
		assert_true(shows(a, "Put 1"));
		assert_true(shows(a, "No ") || shows(a, "Cancel"));
		assert_true(shows(a, "old-spike"));
		int at = -1;
		for (int k = 0; k < a->d.n_hits; k++)
			if (a->d.hits[k].kind == HIT_ACTION && a->d.hits[k].index == ACTION_REAP_GO)
				at = k;
		assert_true(at >= 0);
		click(a, a->d.hits[at].y, a->d.hits[at].x + 1);
		assert_string_equal(last_asked()->verb, "hibernate");
		app_free(a);
	}
}

/* Where nothing can sleep, when the first one can; where time alone does not do it, what does. */
static void
it_says_when_it_has_something(void **state)
{
	(void)state;
	struct app *a = offered(100, 30,
		"{\"candidates\":[{\"id\":\"c9\",\"name\":\"sql-notes\",\"footprint_bytes\":3e8,"
		"\"eligible\":false,\"worth\":true,\"reasons\":[\"idle: 1.5h of 2.0h\"]}]}");
	assert_true(shows(a, "CAN SLEEP NOW 0"));
	assert_true(shows(a, "the first one in 30 min"));
	assert_true(shows(a, "NOT NOW 1"));
	app_free(a);
	a = offered(100, 30,
		"{\"candidates\":[{\"id\":\"b1\",\"name\":\"flaky-ci\",\"footprint_bytes\":3e8,"
		"\"eligible\":false,\"worth\":true,\"reasons\":[\"activity: working\",\"idle: 1s "
		"of "
		"2.0h\"]}]}");
	assert_true(shows(a, "once one has rested long enough"));
	assert_true(shows(a, "working"));
	assert_false(shows(a, "of 2.0h"));
	app_free(a);
	a = offered(100, 30, "{\"candidates\":[]}");
	assert_true(shows(a, "no session is running"));
	app_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_buttons_at_any_size),
		cmocka_unit_test(it_says_when_it_has_something),
	};
	(void)screen_is;
	(void)detach;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
