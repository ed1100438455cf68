/* kill -9 of the server while sessions print: every byte that the children wrote is there once, the
 * children notice nothing, exit codes are kept. And kill -9 of the keeper. */
#include "tests/sessions/run_muster.h"

#define SESSIONS 3
#define LINES 6000
#define KILLS 6

static void
config(const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/config.ini", getenv("MUSTER_HOME"));
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static bool
file_exists(void *path)
{
	return access(path, F_OK) == 0;
}

static void
start_printers(void)
{
	for (int k = 0; k < SESSIONS; k++)
		assert_int_equal(muster("new -d -n s%d -p shell --size 60x20 -- "
					"'%s/tests/tools/printer' %d %d $MUSTER_HOME/done%d 4%d",
					 k, getenv("MUSTER_BIN"), k, LINES, k, k),
			0);
}

static void
check_printed(int k)
{
	char *line, *save = NULL;
	int i = 0;

	assert_int_equal(muster("peek s%d --history", k), 0);
	for (line = strtok_r(out_text, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save), i++) {
		char want[64];
		snprintf(want, sizeof(want), "%d %d", k, i);
		assert_string_equal(line, want);
	}
	assert_int_equal(i, LINES);
}

static bool
server_answers(void *ctx)
{
	(void)ctx;
	return muster("ls") == 0;
}

static bool
all_printed(void *ctx)
{
	for (int k = 0; k < SESSIONS; k++) {
		char last[32];
		snprintf(last, sizeof(last), "%d %d\n", k, LINES - 1);
		if (muster("peek s%d --lines 3", k) != 0 || !strstr(out_text, last))
			return false;
	}
	return ctx == NULL;
}

static void
test_server_killed_under_output(void **st)
{
	char path[512];

	(void)st;
	own_home("kills");
	config("[server]\nscrollback_lines=100000\n");
	start_printers();
	for (int i = 0; i < KILLS; i++) {
		uint64_t t;
		assert_int_equal(kill(server_pid("pid"), SIGKILL), 0);
		t = os_mono_ns();
		assert_true(server_answers(NULL));
		assert_true(os_mono_ns() - t < 2000000000ull);
	}
	for (int k = 0; k < SESSIONS; k++) {
		snprintf(path, sizeof(path), "%s/done%d", getenv("MUSTER_HOME"), k);
		assert_true(until(file_exists, path, 30));
	}
	assert_true(until(all_printed, NULL, 10));
	for (int k = 0; k < SESSIONS; k++)
		check_printed(k);
	/* the children never changed hands: they end as they like */
	for (int k = 0; k < SESSIONS; k++) {
		assert_int_equal(muster("send s%d --key Enter", k), 0);
		assert_int_equal(muster("wait s%d --for exit --timeout 10 --json", k), 0);
		json_t *j = out_json();
		assert_int_equal(json_integer_value(json_object_get(j, "exit_code")), 40 + k);
		json_decref(j);
	}
	assert_int_equal(muster("server stop"), 0);
}

static bool
other_keeper(void *old)
{
	pid_t pid = server_pid("keeper_pid");

	return pid != *(pid_t *)old && kill(pid, 0) == 0;
}

static void
test_keeper_killed(void **st)
{
	pid_t keeper, server;

	(void)st;
	own_home("keeper");
	assert_int_equal(
		muster("new -d -n k -p shell -- sh -c 'while read x; do echo got-$x; done'"), 0);
	assert_int_equal(muster("send k one"), 0);
	keeper = server_pid("keeper_pid");
	server = server_pid("pid");
	assert_int_equal(kill(keeper, SIGKILL), 0);
	assert_true(until(other_keeper, &keeper, 10));
	assert_int_equal(muster("send k two"), 0);
	until_shows("k", "got-two");
	/* and the new keeper does what the old one would have done */
	assert_int_equal(server_pid("pid"), server);
	assert_int_equal(kill(server, SIGKILL), 0);
	assert_true(until(server_answers, NULL, 10));
	assert_int_equal(muster("send k three"), 0);
	until_shows("k", "got-three");
	assert_true(strstr(out_text, "got-one") && strstr(out_text, "got-two"));
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_server_killed_under_output),
		cmocka_unit_test(test_keeper_killed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
