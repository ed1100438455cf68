/* What a server lives by, taken from it: the runtime directory, the lock, the state directory,
 * removed, moved, replaced. Its sessions are found again by every client, nobody calls them lost,
 * and no other server begins beside it. */
#include "tests/sessions/put_file.h"
#include "tests/sessions/run_muster.h"
#include <dirent.h>
#include <sys/socket.h>
#include <sys/un.h>

static char top[512];

struct found {
	pid_t server, keeper;
};

static struct found
who(void)
{
	return (struct found){server_pid("pid"), server_pid("keeper_pid")};
}

static void
home_of_one(const char *name)
{
	setenv("MUSTER_HOME", top, 1);
	own_home(name);
	assert_int_equal(muster("new -d -n kept -p shell -- sh -c 'echo words; exec cat'"), 0);
	until_shows("kept", "words");
}

static const char *
taken(int i)
{
	static char name[32];

	snprintf(name, sizeof name, "taken%d", i);
	return name;
}

/* back to one that was made */
static void
go_home(const char *name)
{
	char path[600];

	snprintf(path, sizeof path, "%s/%s", top, name);
	setenv("MUSTER_HOME", path, 1);
}

static const char *
state_of(const char *name)
{
	static char state[32];
	json_t *j, *s;
	size_t i;

	assert_int_equal(muster("ls -a --json"), 0);
	j = out_json();
	snprintf(state, sizeof state, "none");
	json_array_foreach (json_object_get(j, "sessions"), i, s)
		if (!strcmp(json_string_value(json_object_get(s, "name")), name))
			snprintf(state, sizeof state, "%s",
				json_string_value(json_object_get(s, "state")));
	json_decref(j);
	return state;
}

static void
shell(const char *cmd)
{
	char all[900];

	snprintf(all, sizeof all, "cd $MUSTER_HOME && { %s; }", cmd);
	if (system(all) != 0)
		fail_msg("%s", cmd);
}

static bool
exists(void *path)
{
	return access(path, F_OK) == 0;
}

static void
check_kept(struct found was)
{
	struct found is;

	assert_string_equal(state_of("kept"), "running");
	is = who();
	assert_int_equal(is.server, was.server);
	assert_int_equal(is.keeper, was.keeper);
	assert_true(until(exists, (void *)in_home("run/hook"), 10));
	assert_int_equal(muster("new -d -n more -p shell -- cat"), 0);
	assert_int_equal(muster("kill --now more"), 0);
	assert_int_equal(muster("forget more"), 0);
}

/* Each at once, before the server can have seen it; all homes side by side, for a look comes once a
 * second. */
static void
test_taken_away(void **st)
{
	static const char *const how[] = {"rm -r run", "rm -rf run state/lock", "mv run gone",
		"mv run gone && mkdir -pm 700 run", "rm run/sock && : >run/sock",
		"rm run/hook run/sock", "rm -f state/lock", "rm -rf run state || rm -rf run state",
		"mv state run .."};
	struct found was[ARRAY_LEN(how)];

	(void)st;
	for (int i = 0; i < (int)ARRAY_LEN(how); i++) {
		home_of_one(taken(i));
		was[i] = who();
	}
	for (int twice = 0; twice < 2; twice++) {
		for (int i = 0; i < (int)ARRAY_LEN(how); i++) {
			go_home(taken(i));
			shell(how[i]);
			shell("rm -rf gone ../state ../run");
			assert_string_equal(state_of("kept"), "running");
		}
		for (int i = 0; i < (int)ARRAY_LEN(how); i++) {
			go_home(taken(i));
			check_kept(was[i]);
		}
	}
	/* and it can be lost in other ways afterwards */
	for (int i = 0; i < (int)ARRAY_LEN(how); i++) {
		go_home(taken(i));
		assert_int_equal(kill(was[i].server, SIGKILL), 0);
		assert_string_equal(state_of("kept"), "running");
		assert_int_equal(server_pid("keeper_pid"), was[i].keeper);
		assert_int_equal(muster("server stop --kill-sessions"), 0);
		assert_false(lives(was[i].keeper));
	}
}

/* The databases that were removed are written anew: they know of a session even when all muster's
 * processes die. */
static void
test_state_is_written_anew(void **st)
{
	struct found was;

	(void)st;
	home_of_one("anew");
	was = who();
	shell("rm -r state");
	assert_true(until(exists, (void *)in_home("state/meta.db"), 30));
	assert_true(until(banner_has, "meta.db was lost", 30));
	assert_string_equal(state_of("kept"), "running");
	kill(was.server, SIGSTOP); /* it would start another keeper and hand the session over */
	kill(was.keeper, SIGKILL);
	kill(was.server, SIGKILL);
	assert_string_equal(state_of("kept"), "lost");
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

/* Somebody else listens under the name: it is left to him, and who asks for us finds us. */
static void
test_name_of_another(void **st)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat mine, still;
	struct found was;

	(void)st;
	home_of_one("another");
	was = who();
	unlink(in_home("run/sock"));
	snprintf(a.sun_path, sizeof a.sun_path, "%s", in_home("run/sock"));
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(lstat(a.sun_path, &mine), 0);
	assert_true(until(exists, (void *)in_home("state/sock"), 10));
	check_kept(was);
	assert_int_equal(kill(was.server, SIGKILL), 0);
	assert_string_equal(state_of("kept"), "running");
	assert_int_equal(muster("server stop --kill-sessions"), 0);
	assert_int_equal(lstat(a.sun_path, &still), 0);
	assert_int_equal(mine.st_ino, still.st_ino);
	close(fd);
}

/* A login with another runtime directory, as after sudo or in cron, and one that went with its
 * login. */
static void
test_other_runtime_directory(void **st)
{
	char home[600], path[700];

	(void)st;
	setenv("MUSTER_HOME", top, 1);
	own_home("xdg");
	snprintf(home, sizeof home, "%s", getenv("MUSTER_HOME"));
	shell("mkdir -m 700 first second state config");
	put_file(in_home("env.sh"),
		"unset MUSTER_HOME; export XDG_STATE_HOME='%s/state' "
		"XDG_CONFIG_HOME='%s/config' HOME='%s'; exec '%s/muster' \"$@\"\n",
		home, home, home, getenv("MUSTER_BIN"));
	shell("XDG_RUNTIME_DIR=$PWD/first sh env.sh new -d -n kept -p shell -- cat >out");
	shell("XDG_RUNTIME_DIR=$PWD/second sh env.sh ls >out && grep -q ' kept ' out");
	shell("XDG_RUNTIME_DIR=$PWD/second sh env.sh doctor >out; grep -q '^ok *socket' out");
	shell("rm -r first && mkdir -m 700 first");
	shell("XDG_RUNTIME_DIR=$PWD/second sh env.sh server status --json >out");
	snprintf(path, sizeof path, "%s/first/muster/sock", home);
	assert_true(until(exists, path, 10));
	shell("XDG_RUNTIME_DIR=$PWD/first sh env.sh ls >out && grep -q ' kept ' out");
	shell("XDG_RUNTIME_DIR=$PWD/second sh env.sh server stop --kill-sessions");
	shell("if XDG_RUNTIME_DIR=$PWD/first sh env.sh server status; then false; else test $? = "
	      "4; "
	      "fi");
}

/* A server that cannot answer is no reason for another one. */
static void
test_stopped_and_out_of_sight(void **st)
{
	struct found was;
	char err[512];
	uint64_t t;

	(void)st;
	home_of_one("stopped");
	was = who();
	assert_int_equal(kill(was.server, SIGSTOP), 0);
	shell("rm -r run");
	t = os_mono_ns();
	assert_int_equal(muster("ls"), 4);
	assert_true(os_mono_ns() - t < 6000000000ull);
	err_text(err, sizeof err);
	assert_non_null(strstr(err, "is stopped: kill -CONT"));
	assert_int_equal(kill(was.server, SIGCONT), 0);
	check_kept(was);
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken_away),
		cmocka_unit_test(test_state_is_written_anew),
		cmocka_unit_test(test_name_of_another),
		cmocka_unit_test(test_other_runtime_directory),
		cmocka_unit_test(test_stopped_and_out_of_sight),
	};

	snprintf(top, sizeof(top), "%s", getenv("MUSTER_HOME"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
