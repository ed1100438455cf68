/* Programs in a session, those that left its tree too, do not reach the server that runs them, but as
 * far as its configuration lets them. */
#include "tests/sessions/put_file.h"
#include "tests/sessions/run_muster.h"

static bool
exists(void *path)
{
	return access(path, F_OK) == 0;
}

/* What the command, run by the session's shell, prints; its exit code comes last. The file is there
 * at once with all of it. */
static const char *
in_session(const char *name, const char *fmt, const char *args)
{
	static char said[4096];
	char cmd[1024], out[800];
	FILE *f;

	snprintf(out, sizeof out, "%s", in_home("said"));
	unlink(out);
	snprintf(cmd, sizeof cmd, fmt, args);
	put_file(in_home("ask.sh"),
		"export MUSTER_HOME='%s'; cd \"$MUSTER_HOME\"\n%s >said.part 2>&1\n"
		"echo \"code $?\" >>said.part; mv said.part said\n",
		getenv("MUSTER_HOME"), cmd);
	assert_int_equal(muster("send %s --no-wait 'sh %s'", name, in_home("ask.sh")), 0);
	assert_true(until(exists, out, 20));
	f = fopen(out, "r");
	said[fread(said, 1, sizeof said - 1, f)] = 0;
	fclose(f);
	return said;
}

static const char *
asks(const char *args)
{
	char how[700];

	snprintf(how, sizeof how, "'%s/muster' %%s", getenv("MUSTER_BIN"));
	return in_session("s", how, args);
}

static void
configure(const char *may)
{
	put_file(in_home("config.ini"), "[server]\nfrom_sessions=%s\n", may);
}

static bool
read_again(void *word)
{
	return strstr(asks("ls"), word) != NULL;
}

static void
test_refused_unless_allowed(void **st)
{
	static const char *const verbs[] = {"ls", "new -d -n x -p shell -- cat", "kill other",
		"send other words", "peek other", "server stop --kill-sessions", "upgrade",
		"forget other", "attach other", "doctor"};

	(void)st;
	own_home("refused");
	assert_int_equal(muster("new -d -n s -p shell -- sh"), 0);
	assert_int_equal(muster("new -d -n other -p shell -- sh -c 'echo secret; exec cat'"), 0);
	until_shows("other", "secret");
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		const char *said = asks(verbs[i]);

		if (strstr(said, "code 0") || strstr(said, "secret"))
			fail_msg("%s: %s", verbs[i], said);
	}
	assert_non_null(strstr(asks("ls"), "from_sessions"));
	assert_int_equal(muster("peek other"), 0);
	assert_null(strstr(out_text, "words"));
	configure("read");
	assert_true(until(read_again, "other", 20));
	assert_non_null(strstr(asks("peek other"), "secret"));
	assert_null(strstr(asks("send other words"), "code 0"));
	assert_null(strstr(asks("attach other"), "code 0"));
	configure("allow");
	assert_true(until(read_again, "other", 20));
	for (int i = 0; strstr(asks("kill other"), "from_sessions"); i++)
		assert_true(i < 1000); /* the file is looked at every few seconds */
	assert_non_null(strstr(asks("new -d -n x -p shell -- cat"), "code 0"));
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

static bool
other_keeper(void *old)
{
	pid_t pid = server_pid("keeper_pid");

	return pid != *(pid_t *)old && kill(pid, 0) == 0;
}

/* It leaves the tree: its parent ends, and so does the keeper that took it in. */
static void
test_out_of_the_tree(void **st)
{
	char how[700], err[512];
	const char *said;
	pid_t keeper;

	(void)st;
	setenv("MUSTER_HOME", getenv("MUSTER_HOME"), 1);
	own_home("tree");
	assert_int_equal(muster("new -d -n s -p shell -- sh"), 0);
	snprintf(how, sizeof how,
		"setsid -f sh -c \"'%s/muster' ls 2>&1; echo code \\$?\" | cat %%s",
		getenv("MUSTER_BIN"));
	said = in_session("s", how, "");
	if (!strstr(said, "from_sessions"))
		fail_msg("%s", said);
	keeper = server_pid("keeper_pid");
	assert_int_equal(kill(keeper, SIGKILL), 0);
	assert_true(until(other_keeper, &keeper, 10));
	said = in_session("s", how, "");
	assert_non_null(strstr(said, "from_sessions"));
	/* who is no session's is heard all the while */
	assert_int_equal(muster("ls"), 0);
	err_text(err, sizeof err);
	assert_string_equal(err, "");
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused_unless_allowed),
		cmocka_unit_test(test_out_of_the_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
