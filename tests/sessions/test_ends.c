/* The ends of sessions, whatever else ends with them: an ended session costs no descriptor, its
 * environment and text outlive the server, and none stays `running` or `closing` for ever. */
#include "core/base/buf.h"
#include "tests/sessions/put_file.h"
#include "tests/sessions/run_muster.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

static bool
answers(void *ctx)
{
	(void)ctx;
	return muster("ls") == 0;
}

static void
kill_server(void)
{
	pid_t pid = server_pid("pid");

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_true(until(answers, NULL, 10));
	assert_int_not_equal(server_pid("pid"), pid);
}

/* How many sessions are in that state; with an exit code of code, unless that is < 0. */
static int
count(const char *state, int code)
{
	json_t *j, *s;
	size_t i;
	int n = 0;

	assert_int_equal(muster("ls -a --json"), 0);
	j = out_json();
	json_array_foreach (json_object_get(j, "sessions"), i, s) {
		json_t *c = json_object_get(s, "exit_code");
		n += !strcmp(json_string_value(json_object_get(s, "state")), state) &&
		     (code < 0 || (json_is_integer(c) && json_integer_value(c) == code));
	}
	json_decref(j);
	return n;
}

/* Server and keeper have few descriptors, and more sessions than those end. */
#define FEW_FDS 64
#define MANY 50

static void
test_ended_cost_no_descriptor(void **st)
{
	char cmd[600], was[256], err[512];

	(void)st;
	own_home("many");
	put_file(in_home("config.ini"), "[server]\nstore_after=50ms\n");
	snprintf(cmd, sizeof(cmd), "ulimit -n %d; '%s/muster' server start", FEW_FDS,
		getenv("MUSTER_BIN"));
	assert_int_equal(system(cmd), 0);
	for (int i = 0; i < MANY; i++) {
		int rc = muster("new -d -n e%d -- sh -c 'echo I am %d; exit 5'", i, i);

		err_text(err, sizeof(err));
		if (rc != 0)
			fail_msg("session %d: %s", i, err);
		assert_int_equal(muster("wait e%d --for exit --timeout 20", i), 0);
	}
	assert_int_equal(count("exited", 5), MANY);
	kill_server();
	assert_int_equal(count("exited", 5), MANY);
	for (int i = 0; i < MANY; i += 17) {
		assert_int_equal(muster("peek e%d", i), 0);
		snprintf(was, sizeof(was), "I am %d\n", i);
		assert_non_null(strstr(out_text, was));
	}
	assert_int_equal(muster("doctor"), 0);
	assert_int_equal(muster("server stop"), 0);
}

/* Not stored, and asleep or exited while servers come and go: text and environment are its own. */
static void
test_environment_outlives_servers(void **st)
{
	(void)st;
	own_home("env");
	put_file(in_home("config.ini"), "[server]\nstore_after=50ms\n");
	setenv("FLAVOUR", "sweet canary", 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(muster("new -d -n v%d -p shell %s -- sh -c "
					"'seq 1 400; echo tastes $FLAVOUR; exit 4'",
					 i, i ? "--no-store" : ""),
			0);
		assert_int_equal(muster("wait v%d --for exit --timeout 20", i), 0);
	}
	setenv("FLAVOUR", "sour", 1);
	for (int i = 0; i < 3; i++)
		kill_server();
	for (int i = 0; i < 2; i++) {
		assert_int_equal(muster("peek v%d --history", i), 0);
		assert_true(!strncmp(out_text, "1\n2\n3\n", 6));
		assert_non_null(strstr(out_text, "\n399\n400\ntastes sweet canary\n"));
	}
	/* neither in files nor in the databases */
	assert_int_equal(system("! grep -rq 'FLAVOUR=' $MUSTER_HOME/state"), 0);
	unsetenv("FLAVOUR");
	assert_int_equal(muster("server stop"), 0);
}

#define FORGOTTEN 30

static bool
all_in_files(void *ctx)
{
	(void)ctx;
	return system("test $(ls $MUSTER_HOME/state/text/*/screen 2>/dev/null | wc -l) = 30") == 0;
}

static bool
no_text(void *ctx)
{
	(void)ctx;
	return system("test -z \"$(ls $MUSTER_HOME/state/text)\"") == 0;
}

/* A server that dies right after it has said so has forgotten them all the same. */
static void
test_forgotten_stays_forgotten(void **st)
{
	struct buf names = {0};
	pid_t pid;

	(void)st;
	own_home("forget");
	put_file(in_home("config.ini"), "[server]\nstore_after=50ms\n");
	for (int i = 0; i < FORGOTTEN; i++) {
		assert_int_equal(muster("new -d -n f%d -- sh -c 'echo secret %d'", i, i), 0);
		buf_printf(&names, " f%d", i);
	}
	assert_true(until(all_in_files, NULL, 20));
	pid = server_pid("pid");
	assert_int_equal(muster("forget%s", buf_cstr(&names)), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_true(until(answers, NULL, 10));
	assert_int_equal(muster("ls -a --json"), 0);
	json_t *j = out_json();
	assert_int_equal(json_array_size(json_object_get(j, "sessions")), 0);
	json_decref(j);
	assert_true(until(no_text, NULL, 10));
	buf_free(&names);
	assert_int_equal(muster("server stop"), 0);
}

/* n sessions that end together, with exit code 5, when the pipe's writer goes. */
static int
start_together(int round, int n)
{
	char fifo[600];
	int fd;

	snprintf(fifo, sizeof(fifo), "%s", in_home("gate%d", round));
	assert_int_equal(mkfifo(fifo, 0600), 0);
	fd = open(fifo, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	for (int i = 0; i < n; i++)
		assert_int_equal(muster("new -d -n r%d-%d -- sh -c 'exec <%s; echo ready; read x; "
					"exit 5'",
					 round, i, fifo),
			0);
	for (int i = 0; i < n; i++) {
		char name[32];

		snprintf(name, sizeof(name), "r%d-%d", round, i);
		until_shows(name, "ready"); /* it holds the pipe itself */
	}
	return fd;
}

#define ROUNDS 8
#define TOGETHER 5

static bool
none_live(void *ctx)
{
	(void)ctx;
	return count("running", -1) + count("closing", -1) + count("starting", -1) == 0;
}

static void
test_server_killed_as_children_end(void **st)
{
	char line[TOGETHER + 1];

	(void)st;
	own_home("ends");
	memset(line, '\n', sizeof(line));
	assert_int_equal(muster("server start"), 0);
	for (int round = 0; round < ROUNDS; round++) {
		int gate = start_together(round, TOGETHER);
		pid_t pid = server_pid("pid");
		uint64_t t = os_mono_ns(), after = (uint64_t)round * 1000000;

		assert_int_equal(write(gate, line, TOGETHER), TOGETHER);
		while (os_mono_ns() - t < after)
			;
		assert_int_equal(kill(pid, SIGKILL), 0);
		close(gate);
		assert_true(until(answers, NULL, 10));
	}
	if (!until(none_live, NULL, 15))
		fail_msg("never ended: %s", (muster("ls"), out_text));
	assert_int_equal(count("exited", 5), ROUNDS * TOGETHER);
	assert_int_equal(muster("kill r0-0"), 1);
	assert_int_equal(muster("server stop"), 0);
}

/* The keeper is stopped: nobody says how a child ended. */
static void
test_ends_without_word(void **st)
{
	struct pollfd left = {-1, POLLIN, 0};
	char err[512];
	uint64_t t;
	pid_t keeper;

	(void)st;
	own_home("word");
	assert_int_equal(muster("new -d -n a -- sleep 1000"), 0);
	assert_int_equal(muster("new -d -n b -- sleep 1000"), 0);
	keeper = server_pid("keeper_pid");
	assert_int_equal(kill(keeper, SIGSTOP), 0);
	t = os_mono_ns();
	assert_int_equal(muster("kill --now a"), 0);
	assert_true(os_mono_ns() - t < 10000000000ull);
	assert_int_equal(count("exited", -1), 1);
	t = os_mono_ns();
	assert_int_equal(muster("server stop --kill-sessions"), 1);
	assert_true(os_mono_ns() - t < 15000000000ull);
	err_text(err, sizeof(err));
	assert_non_null(strstr(err, "the keeper (process "));
	assert_int_equal(muster("ls"), 4);
	/* it has been told, and leaves when it goes on */
	left.fd = (int)syscall(SYS_pidfd_open, keeper, 0);
	assert_int_equal(kill(keeper, SIGCONT), 0);
	assert_int_equal(poll(&left, 1, 10000), 1);
	close(left.fd);
}

/* `muster …` beside us; its exit code goes to the file rc. */
static void
muster_beside(const char *args)
{
	char cmd[1200];

	unlink(in_home("rc"));
	snprintf(cmd, sizeof(cmd),
		"('%s/muster' %s >$MUSTER_HOME/out 2>$MUSTER_HOME/err </dev/null; "
		"echo $? >$MUSTER_HOME/rc.part; mv $MUSTER_HOME/rc.part $MUSTER_HOME/rc) &",
		getenv("MUSTER_BIN"), args);
	assert_int_equal(system(cmd), 0);
}

static bool
says_stopped(void *who)
{
	char err[512], want[64];

	err_text(err, sizeof(err));
	snprintf(want, sizeof(want), "the %s (process ", (const char *)who);
	return strstr(err, want) && strstr(err, "is stopped: kill -CONT");
}

static bool
went_well(void *ctx)
{
	FILE *f = fopen(in_home("rc"), "r");
	int rc = -1;

	(void)ctx;
	if (f) {
		if (fscanf(f, "%d", &rc) != 1)
			rc = -1;
		fclose(f);
	}
	return rc == 0;
}

/* Whoever stands still is named after two seconds, and the verb goes on once that one does. */
static void
test_words_when_one_is_stopped(void **st)
{
	static char *const who[] = {"server", "keeper"};
	static const char *const key[] = {"pid", "keeper_pid"},
				 *const verb[] = {"ls", "new -d -n n -- sleep 1000"};

	(void)st;
	own_home("words");
	assert_int_equal(muster("server start"), 0);
	for (int i = 0; i < 2; i++) {
		pid_t pid = server_pid(key[i]);
		uint64_t t = os_mono_ns();

		assert_int_equal(kill(pid, SIGSTOP), 0);
		muster_beside(verb[i]);
		if (!until(says_stopped, who[i], 8)) {
			kill(pid, SIGCONT);
			fail_msg("nobody says that the %s is stopped", who[i]);
		}
		assert_true(os_mono_ns() - t < 6000000000ull);
		assert_false(went_well(NULL));
		assert_int_equal(kill(pid, SIGCONT), 0);
		assert_true(until(went_well, NULL, 10));
	}
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

/* A copy of both binaries, which a test may take away. */
static void
own_binaries(void)
{
	char cmd[1200];

	snprintf(cmd, sizeof(cmd), "cp '%s/muster' '%s/muster-keeper' '%s/'", getenv("MUSTER_BIN"),
		getenv("MUSTER_BIN"), getenv("MUSTER_HOME"));
	assert_int_equal(system(cmd), 0);
}

static bool
other_keeper(void *old)
{
	pid_t pid = server_pid("keeper_pid");

	return pid != *(pid_t *)old && kill(pid, 0) == 0;
}

static bool
says_no_keeper(void *ctx)
{
	(void)ctx;
	return muster("server status") == 0 && strstr(out_text, "no keeper");
}

/* Of processes that are not its children: since 6.15. */
static bool
kernel_tells(void)
{
	struct utsname u;
	int major = 0, minor = 0;

	assert_int_equal(uname(&u), 0);
	assert_int_equal(sscanf(u.release, "%d.%d", &major, &minor), 2);
	return major > 6 || (major == 6 && minor >= 15);
}

static void
test_keeper_is_replaced_in_the_end(void **st)
{
	char cmd[800];
	pid_t keeper;

	(void)st;
	own_home("binary");
	own_binaries();
	snprintf(cmd, sizeof(cmd), "'%s/muster' new -d -n k -- sh -c 'read x; exit 7' >/dev/null",
		getenv("MUSTER_HOME"));
	assert_int_equal(system(cmd), 0);
	/* the file is gone */
	assert_int_equal(rename(in_home("muster-keeper"), in_home("away")), 0);
	keeper = server_pid("keeper_pid");
	assert_int_equal(kill(keeper, SIGKILL), 0);
	assert_true(until(other_keeper, &keeper, 10));
	/* and another server, from a file that is gone too, still knows where to find it */
	assert_int_equal(unlink(in_home("muster")), 0);
	kill_server();
	keeper = server_pid("keeper_pid");
	/* nothing can be executed, for a while */
	assert_int_equal(chmod(in_home("away"), 0600), 0);
	assert_int_equal(kill(keeper, SIGKILL), 0);
	assert_true(until(says_no_keeper, NULL, 10));
	assert_int_equal(chmod(in_home("away"), 0700), 0);
	assert_true(until(other_keeper, &keeper, 20));
	assert_false(says_no_keeper(NULL));
	kill_server();
	assert_int_equal(muster("send k --key Enter"), 0);
	assert_int_equal(muster("wait k --for exit --timeout 10"), 0);
	/* neither of the keepers that came was its parent */
	if (kernel_tells())
		assert_int_equal(count("exited", 7), 1);
	assert_int_equal(muster("server stop"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ended_cost_no_descriptor),
		cmocka_unit_test(test_environment_outlives_servers),
		cmocka_unit_test(test_forgotten_stays_forgotten),
		cmocka_unit_test(test_server_killed_as_children_end),
		cmocka_unit_test(test_ends_without_word),
		cmocka_unit_test(test_words_when_one_is_stopped),
		cmocka_unit_test(test_keeper_is_replaced_in_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
