/* The memory view: how much time it shows, its figures, what happened, layers, comparison, all. */
#include "fixture.h"
#include <sys/stat.h>
#include <unistd.h>

static struct app *
memory_of(const char *id, int cols, int rows)
{
	struct app *a = fixture_app(cols, rows, 23);
	model_select(&a->m, id);
	press(a, "m");
	return a;
}

/* n points, a minute apart, the last now; from lo to hi MiB. */
static char *
points(double lo, double hi, int n, const char *events)
{
	struct buf b = {0};
	buf_printf(&b, "{\"step_s\":60,\"points\":[");
	for (int i = 0; i < n; i++)
		buf_printf(&b,
			"%s{\"t\":%.0f,\"min\":%.0f,\"max\":%.0f,\"rss\":1e6,\"swap_max\":0}",
			i ? "," : "", NOW - 60.0 * (n - 1 - i), lo * 1048576,
			(lo + (hi - lo) * i / (n - 1)) * 1048576);
	buf_printf(&b, "],\"events\":[%s]}", events);
	return buf_cstr(&b);
}

static void
tell(struct app *a, double lo, double hi, int n, const char *events)
{
	char *json = points(lo, hi, n, events);
	answer(a, "history", json);
	free(json);
}

/* A session of twenty minutes fills the plot, whatever the span; the last label stands. */
static void
the_time_shown_is_that_of_the_data(void **state)
{
	(void)state;
	struct app *a = memory_of("b1", 100, 30);
	tell(a, 100, 1300, 21, "");
	assert_true(shows(a, "21:45"));
	assert_true(shows(a, "22:00"));
	assert_false(shows(a, "21:30"));
	assert_true(shows(a, "1.5G"));
	assert_true(shows(a, "1.0G"));
	assert_true(shows(a, "500M"));
	press(a, "- -");
	tell(a, 100, 1300, 21, "");
	assert_false(shows(a, "21:30"));
	app_free(a);
}

/* What is asleep has no process to tell of, and nothing to put to sleep. */
static void
what_sleeps_says_so(void **state)
{
	(void)state;
	struct app *a = memory_of("d1", 120, 40);
	assert_true(shows(a, "~/w/api   asleep"));
	assert_false(shows(a, "pid"));
	assert_false(shows(a, "z sleep"));
	app_free(a);
	a = memory_of("b1", 120, 40);
	assert_true(shows(a, "pid ") && shows(a, "z sleep"));
	app_free(a);
}

static void
the_verdict_is_in_words(void **state)
{
	(void)state;
	struct app *a = memory_of("b1", 100, 30);
	tell(a, 100, 1300, 21, "");
	assert_true(shows(a, "^ +410M/h, straight; memory is full in") ||
		    shows(a, "\xe2\x96\xb2 +410M/h, straight; memory is full in"));
	app_free(a);
	a = memory_of("a2", 100, 30);
	tell(a, 540, 540, 21, "");
	assert_true(shows(a, "does not grow"));
	app_free(a);
}

/* Events are told whole, at the right edge too; those at one time on two lines. */
static void
events_are_not_cut(void **state)
{
	char events[600];
	(void)state;
	snprintf(events, sizeof events,
		"{\"t\":%.0f,\"event\":\"an-event-with-a-long-name\"},"
		"{\"t\":%.0f,\"event\":\"another-one-beside-it\"},{\"t\":%.0f,\"event\":\"slept\"},"
		"{\"t\":%.0f,\"event\":\"hibernated\",\"detail\":{\"freed_bytes\":851443712}}",
		NOW - 600, NOW - 590, NOW - 5, NOW - 3);
	struct app *a = memory_of("b1", 100, 30);
	tell(a, 100, 1300, 21, events);
	assert_true(shows(a, "an-event-with-a-long-name"));
	assert_true(shows(a, "another-one-beside-it"));
	assert_true(shows(a, "slept, freed 812M"));
	assert_false(shows(a, "slept\xe2"));
	app_free(a);
}

static void
layers(void **state)
{
	(void)state;
	struct app *a = memory_of("b1", 100, 36);
	tell(a, 1000, 1000, 61, "");
	press(a, "Tab Tab Tab");
	assert_string_equal(last_asked()->verb, "composition");
	answer(a, "composition",
		"{\"compositions\":[{\"t\":1,\"total_bytes\":1000,\"roles\":["
		"{\"role\":\"mcp: x\",\"footprint_bytes\":250},{\"role\":\"claude\","
		"\"footprint_bytes\":700}],\"categories\":[]}]}");
	tell(a, 1331, 1331, 61, "");
	assert_true(shows(a, "by role"));
	assert_true(shows(a, "932M  claude")); /* seven tenths of what it is by now */
	assert_true(shows(a, "333M  mcp: x"));
	assert_true(shows(a, "everything else"));
	press(a, "Tab");
	assert_true(shows(a, "by category"));
	answer(a, "composition", "{\"compositions\":[]}");
	assert_true(shows(a, "not looked at yet"));
	app_free(a);
}

static void
two_sessions_and_all(void **state)
{
	(void)state;
	struct app *a = memory_of("b1", 100, 30);
	tell(a, 100, 400, 21, "");
	assert_false(shows(a, "2.0G"));
	press(a, "c");
	assert_non_null(strstr(last_asked()->args, "\"id\":\"a2\""));
	tell(a, 100, 1800, 21, "");
	assert_true(shows(a, "flaky-ci, and"));
	assert_true(shows(a, "docs-i18n"));
	assert_true(shows(a, "2.0G")); /* both have room */
	press(a, "f");
	assert_null(strstr(last_asked()->args, "\"id\""));
	char both[400];
	snprintf(both, sizeof both,
		"{\"sessions\":[{\"now\":1,\"from\":%.0f,\"to\":%.0f,\"points\":[1e9,1e9]},"
		"{\"now\":1,\"from\":%.0f,\"to\":%.0f,\"points\":[2e9,2e9,2e9]}]}",
		NOW - 3600, NOW, NOW - 1800, NOW);
	answer(a, "history", both);
	assert_true(shows(a, "all 19 sessions"));
	assert_true(shows(a, "MIN 954M"));
	assert_true(shows(a, "MAX 2.8G"));
	assert_true(shows(a, "old-spike")); /* among the largest */
	press(a, "f");
	assert_non_null(strstr(last_asked()->args, "\"id\":\"b1\""));
	app_free(a);
}

static void
export_asks_where(void **state)
{
	char dir[] = "/tmp/muster-export-XXXXXX", path[64], keys[128];
	(void)state;
	assert_non_null(mkdtemp(dir));
	struct app *a = memory_of("b1", 100, 30);
	tell(a, 100, 400, 3, "");
	press(a, "e");
	assert_true(shows(a, "flaky-ci: write to which file"));
	assert_true(shows(a, "flaky-ci-memory.csv"));
	snprintf(path, sizeof path, "%s/out.csv", dir);
	snprintf(keys, sizeof keys, "C-u '%s' Enter", path);
	press(a, keys);
	assert_true(shows(a, "wrote /tmp/muster-export-"));
	FILE *f = fopen(path, "r");
	char line[200];
	int lines = 0;
	assert_non_null(f);
	while (fgets(line, sizeof line, f))
		lines++;
	fclose(f);
	assert_int_equal(lines, 4);
	press(a, "e");
	press(a, keys); /* what is there stays */
	assert_true(shows(a, "File exists"));
	unlink(path);
	rmdir(dir);
	app_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_time_shown_is_that_of_the_data),
		cmocka_unit_test(what_sleeps_says_so),
		cmocka_unit_test(the_verdict_is_in_words),
		cmocka_unit_test(events_are_not_cut),
		cmocka_unit_test(layers),
		cmocka_unit_test(two_sessions_and_all),
		cmocka_unit_test(export_asks_where),
	};
	(void)click;
	(void)screen_is;
	(void)detach;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
