/* kill -9 of the server while sessions print: every byte that the children wrote is there once, the
 * children notice nothing, exit codes are kept. And kill -9 of the keeper. */
#include "tests/sessions/put_file.h"
#include "tests/sessions/memory_left.h"
#include "tests/sessions/run_muster.h"

#define SESSIONS 3
#define LINES 6000
#define KILLS 6

static char top[512];

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

/* The sessions of `ls -a`, their states counted; all of them are in one list. */
static int
listed(const char *state)
{
	json_t *j, *s;
	size_t i;
	int n = 0;

	assert_int_equal(muster("ls -a --json"), 0);
	j = out_json();
	json_array_foreach (json_object_get(j, "sessions"), i, s)
		n += !strcmp(json_string_value(json_object_get(s, "state")), state);
	json_decref(j);
	return n;
}

/* Server and keeper at once: neither sees the other's end. */
static void
end_both(void)
{
	pid_t keeper = server_pid("keeper_pid"), server = server_pid("pid");

	kill(keeper, SIGSTOP);
	kill(server, SIGKILL);
	kill(keeper, SIGKILL);
}

static bool
printed(void *ctx)
{
	(void)ctx;
	return muster("peek p --lines 1") == 0 && atol(out_text) > 1000;
}

/* A server and a keeper are left by nothing but the memory that they had: all text that was read is
 * there, of what printed, of what had ended, and of what nothing is ever in a file. */
static void
test_both_killed(void **st)
{
	char dir[200], last[64] = "";
	struct stat is;

	(void)st;
	setenv("MUSTER_HOME", top, 1);
	own_home("both");
	config("[server]\nscrollback_lines=1000000\nstore_after=1h\n");
	assert_int_equal(muster("new -d -n ended -p shell -- sh -c 'seq 1 3000; echo over'"), 0);
	assert_int_equal(muster("wait ended --for exit --timeout 20"), 0);
	assert_int_equal(
		muster("new -d -n unstored --no-store -p shell -- sh -c 'seq 1 900; cat'"), 0);
	until_shows("unstored", "900");
	memory_of_home(dir, sizeof(dir));
	if (stat(dir, &is) < 0) { /* no tmpfs with room: what is in no file is lost */
		assert_int_equal(muster("server stop --kill-sessions"), 0);
		skip();
	}
	assert_int_equal(muster("new -d -n p -p shell -- sh -c 'i=0; while [ $i -lt 99999 ]; do "
				"i=$((i+1)); echo $i; done; cat'"),
		0);
	assert_true(until(printed, NULL, 20));
	snprintf(last, sizeof(last), "%s", out_text);
	end_both();
	assert_int_equal(listed("lost"), 2);
	assert_int_equal(muster("peek p --history"), 0);
	assert_non_null(strstr(out_text, last));
	char *at = out_text;
	for (long i = 1; i <= atol(last); i++, at++)
		assert_int_equal(strtol(at, &at, 10), i);
	assert_int_equal(muster("peek ended --history"), 0);
	assert_non_null(strstr(out_text, "\n2999\n3000\nover\n"));
	assert_int_equal(muster("peek unstored --history"), 0);
	assert_non_null(strstr(out_text, "899\n900\n"));
	/* and once more, with nothing printed in between */
	end_both();
	assert_int_equal(muster("peek p --history"), 0);
	assert_non_null(strstr(out_text, last));
	assert_int_equal(muster("server stop"), 0);
	assert_int_equal(stat(dir, &is), -1); /* all of it is in files */
	assert_int_equal(muster("peek p --history"), 0);
	assert_non_null(strstr(out_text, last));
	assert_int_equal(muster("server stop"), 0);
}

#define MANY 60

/* All screens are in files, as they are since the last output. */
static bool
screens_are_kept(void *ctx)
{
	bool all = muster("ls --json") == 0;
	json_t *j = out_json(), *s;
	size_t i;

	(void)ctx;
	json_array_foreach (json_object_get(j, "sessions"), i, s) {
		const char *name = json_string_value(json_object_get(s, "name"));
		int num = *name == 'm' ? atoi(name + 1) + 1 : MANY + 1;
		struct stat st;

		all = all && stat(in_home("state/text/%d/screen", num), &st) == 0 &&
		      (double)st.st_mtim.tv_sec + (double)st.st_mtim.tv_nsec / 1e9 >
			      json_number_value(json_object_get(s, "last_output"));
	}
	all = all && json_array_size(json_object_get(j, "sessions")) == MANY + 1;
	json_decref(j);
	return all;
}

static void
end_all_at_once(void)
{
	pid_t keeper = server_pid("keeper_pid"), server = server_pid("pid");
	json_t *j, *s;
	size_t i;

	assert_int_equal(muster("ls --json"), 0);
	kill(keeper, SIGSTOP);
	kill(server, SIGKILL);
	kill(keeper, SIGKILL);
	j = out_json();
	json_array_foreach (json_object_get(j, "sessions"), i, s)
		kill((pid_t)json_integer_value(json_object_get(s, "pid")), SIGKILL);
	json_decref(j);
	clear_memory();
	assert_int_equal(system("rm -rf $MUSTER_HOME/run"), 0);
}

/* The machine lost power: no process, no runtime directory, no memory. Every session is back in the list, with
 * its text and its conversation. */
static void
test_power_is_lost(void **st)
{
	char conversation[64];
	json_t *j;

	(void)st;
	setenv("MUSTER_HOME", top, 1);
	own_home("power");
	config("[server]\nstore_after=100ms\n");
	put_file(in_home("bin/claude"), "#!/bin/sh\necho agent of mine; exec cat\n");
	assert_int_equal(chmod(in_home("bin/claude"), 0700), 0);
	for (int k = 0; k < MANY; k++)
		assert_int_equal(muster("new -d -n m%d -p shell -- sh -c 'seq %d000 %d300; echo "
					"end; exec cat'",
					 k, k, k),
			0);
	assert_int_equal(muster("new -d -n agent -- $MUSTER_HOME/bin/claude"), 0);
	until_shows("agent", "agent of mine");
	assert_true(until(screens_are_kept, NULL, 30));
	assert_int_equal(muster("ls --json"), 0);
	j = out_json();
	conversation[0] = 0;
	for (size_t i = 0; i < json_array_size(json_object_get(j, "sessions")); i++) {
		json_t *s = json_array_get(json_object_get(j, "sessions"), i);

		if (!strcmp(json_string_value(json_object_get(s, "name")), "agent"))
			snprintf(conversation, sizeof conversation, "%s",
				json_string_value(json_object_get(s, "conversation")));
	}
	json_decref(j);
	assert_true(strlen(conversation) > 8);
	end_all_at_once();
	assert_int_equal(listed("lost"), MANY + 1);
	assert_non_null(strstr(out_text, conversation));
	for (int k = 0; k < MANY; k += 13) {
		char first[32], last[32];

		assert_int_equal(muster("peek m%d --history", k), 0);
		snprintf(first, sizeof first, "%d000\n", k);
		snprintf(last, sizeof last, "\n%d300\nend\n", k);
		assert_non_null(strstr(out_text, k ? first : "0\n1\n"));
		assert_non_null(strstr(out_text, k ? last : "\n300\nend\n"));
	}
	assert_int_equal(muster("peek agent"), 0);
	assert_non_null(strstr(out_text, "agent of mine"));
	assert_int_equal(muster("server stop"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_server_killed_under_output),
		cmocka_unit_test(test_keeper_killed),
		cmocka_unit_test(test_both_killed),
		cmocka_unit_test(test_power_is_lost),
	};

	snprintf(top, sizeof(top), "%s", getenv("MUSTER_HOME"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
