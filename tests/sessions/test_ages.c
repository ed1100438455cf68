/* Text of ended sessions goes when it is older than store_days by the time that servers lived. A
 * clock that jumps makes nothing old. */
#include "tests/sessions/put_file.h"
#include "tests/sessions/run_muster.h"
#include <sqlite3.h>

#define DAY 86400

static bool
exists(void *file)
{
	return access(in_home("state/%s", (char *)file), F_OK) == 0;
}

static bool
is_gone(void *file)
{
	return !exists(file);
}

static void
serve(void)
{
	assert_int_equal(muster("server start"), 0);
}

static void
stop(void)
{
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

/* The list as it looks when the clock is set ahead: all in it was long ago. */
static void
clock_jumps(int days)
{
	char sql[200];
	sqlite3 *h;

	assert_int_equal(sqlite3_open(in_home("state/meta.db"), &h), SQLITE_OK);
	snprintf(sql, sizeof(sql),
		"UPDATE session SET created=created-%d, started=started-%d, ended=ended-%d,"
		" last_output=last_output-%d",
		days * DAY, days * DAY, days * DAY, days * DAY);
	assert_int_equal(sqlite3_exec(h, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(h);
}

static void
servers_live(double days)
{
	double lived = 0;
	FILE *f = fopen(in_home("state/lived"), "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lf", &lived), 1);
	fclose(f);
	put_file(in_home("state/lived"), "%.0f\n", lived + days * DAY);
}

static void
test_days(void **state)
{
	(void)state;
	own_home("ages");
	put_file(in_home("config.ini"), "[server]\nstore_after=50ms\nstore_days=30\n");
	assert_int_equal(muster("new -d -n old -p shell -- seq 300"), 0);
	assert_int_equal(muster("wait old --for exit --timeout 10"), 0);
	assert_true(until(exists, "text/1/screen", 10));
	stop();
	/* a year later by the clock on the wall: it is looked at, and stays */
	clock_jumps(365);
	serve();
	assert_true(until(exists, "text/1/ended", 10));
	stop();
	assert_true(exists("text/1/screen"));
	/* 29 days of life, and one more after another: the text goes, whose it was stays */
	servers_live(29);
	serve();
	assert_int_equal(muster("peek old --history"), 0);
	assert_non_null(strstr(out_text, "299\n300\n"));
	assert_int_equal(muster("new -d -n next -p shell -- true"), 0);
	assert_int_equal(muster("wait next --for exit --timeout 10"), 0);
	assert_true(until(exists, "text/2/screen", 10)); /* so the look is over */
	stop();
	assert_true(exists("text/1/screen"));
	servers_live(1.1);
	serve();
	assert_true(until(is_gone, "text/1/screen", 10));
	assert_true(exists("text/1/session.json"));
	assert_true(exists("text/2/screen"));
	assert_int_equal(muster("ls -a --json"), 0);
	assert_non_null(strstr(out_text, "\"old\""));
	stop();
}

/* One that was resumed is young again. */
static void
test_resumed(void **state)
{
	(void)state;
	own_home("resumed");
	put_file(in_home("config.ini"), "[server]\nstore_after=50ms\nstore_days=2\n");
	assert_int_equal(muster("new -d -n old -p shell -- true"), 0);
	assert_int_equal(muster("wait old --for exit --timeout 10"), 0);
	assert_true(until(exists, "text/1/screen", 10));
	stop();
	serve();
	assert_true(until(exists, "text/1/ended", 10));
	assert_int_equal(muster("new -d -n live -p shell -- cat"), 0);
	assert_true(until(exists, "text/2/screen", 10));
	put_file(in_home("state/text/2/ended"), "0\n");
	assert_int_equal(kill(server_pid("pid"), SIGKILL), 0);
	servers_live(30);
	assert_int_equal(muster("ls"), 0);
	assert_true(until(is_gone, "text/2/ended", 10));
	assert_true(exists("text/2/screen"));
	assert_true(until(is_gone, "text/1/screen", 10));
	stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_resumed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
