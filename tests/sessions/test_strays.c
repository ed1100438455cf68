/* What a session's program starts ends with the session, however it hides: in a session of its own,
 * behind a double fork, without an environment, under another name, deaf to HUP and TERM, stopped.
 * What outlives a program that left by itself is shown in the row, and ended by a kill, by forget,
 * by a stop, or after a while. Nothing else is ever touched. */
#include "core/base/buf.h"
#include "sessions/proc/proctree.h"
#include "tests/sessions/sick_disk.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>

#define TREE 8 /* beside the leader */
#define LEFT 7 /* the kernel's HUP takes the plain one along with the leader */

/* ---- test_strays tree DIR WORDS…: makes such a tree, then becomes WORDS ---- */

static const char *dir;

static void
note(const char *name)
{
	char path[600];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	dprintf(fd, "%d %llu\n", (int)getpid(), (unsigned long long)proc_start(getpid()));
	close(fd);
}

static void
wait_for_ever(void)
{
	prctl(PR_SET_PDEATHSIG, 0);
	for (;;)
		pause();
}

static void
plain(void)
{
	note("plain");
}

static void
setsid_(void)
{
	setsid();
	note("setsid");
}

static void
daemon_(void)
{
	if (daemon(0, 0) == 0)
		note("daemon");
}

/* Its parent leaves before anybody could have seen it. */
static void
bare(void)
{
	char *none[] = {NULL}, self[600], *argv[] = {self, "bare", (char *)dir, NULL};
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = 0;
	if (fork() != 0)
		_exit(0);
	setsid();
	if (fork() != 0)
		_exit(0);
	execve(self, argv, none);
}

static void
renamed(void)
{
	setsid();
	prctl(PR_SET_NAME, "kworker/u8:1");
	note("renamed");
}

static void
deaf(void)
{
	static const int sig[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGPIPE, SIGUSR1};

	setsid();
	for (size_t i = 0; i < ARRAY_LEN(sig); i++)
		signal(sig[i], SIG_IGN);
	note("deaf");
}

static void
stopped(void)
{
	setsid();
	note("stopped");
	raise(SIGSTOP);
}

static volatile sig_atomic_t told;

static void
on_term(int sig)
{
	told = sig;
}

/* On TERM it leaves another one behind. */
static void
heir(void)
{
	setsid();
	signal(SIGHUP, on_term);
	signal(SIGTERM, on_term);
	note("heir");
	while (!told)
		pause();
	if (fork() != 0)
		_exit(0);
	setsid();
	note("heirs-heir");
}

static int
tree(char **words)
{
	static void (*const kinds[TREE])(void) = {
		plain, setsid_, daemon_, bare, renamed, deaf, stopped, heir};

	for (size_t i = 0; i < TREE; i++)
		if (fork() == 0) {
			kinds[i]();
			wait_for_ever();
		}
	execvp(words[0], words);
	return 127;
}

/* ---- the tests ---- */

static char self[512];

static int
noted(const char *of, pid_t pid[32], uint64_t start[32])
{
	int n = 0;
	DIR *d = opendir(of);
	char path[1100];
	unsigned long long t;
	FILE *f;

	for (struct dirent *e; d && (e = readdir(d));) {
		snprintf(path, sizeof(path), "%s/%s", of, e->d_name);
		if (*e->d_name == '.' || !(f = fopen(path, "r")))
			continue;
		if (fscanf(f, "%d %llu", &pid[n], &t) == 2)
			start[n++] = t;
		fclose(f);
	}
	if (d)
		closedir(d);
	return n;
}

static int
alive(const char *of)
{
	uint64_t start[32];
	pid_t pid[32];
	int left = 0;

	for (int i = 0, n = noted(of, pid, start); i < n; i++)
		left += proc_start(pid[i]) == start[i];
	return left;
}

static bool
all_there(void *of)
{
	return alive(of) == TREE;
}

static bool
none_there(void *of)
{
	return alive(of) == 0;
}

static json_t *
row(const char *name)
{
	json_t *j, *s, *found = NULL;
	size_t i;

	assert_int_equal(muster("ls -a --json"), 0);
	j = out_json();
	json_array_foreach (json_object_get(j, "sessions"), i, s)
		if (!strcmp(json_string_value(json_object_get(s, "name")), name))
			found = json_incref(s);
	json_decref(j);
	assert_non_null(found);
	return found;
}

static json_int_t
number(const char *name, const char *key)
{
	json_t *s = row(name);
	json_int_t n = json_is_integer(json_object_get(s, key))
			       ? json_integer_value(json_object_get(s, key))
			       : -1;

	json_decref(s);
	return n;
}

/* A session NAME with such a tree, whose leader is WORDS; where its members are noted. */
static const char *
start(const char *name, const char *words)
{
	const char *of = in_home("tree-%s", name);

	assert_int_equal(mkdir(of, 0700), 0);
	assert_int_equal(muster("new -d -n %s -- '%s' tree '%s' %s", name, self, of, words), 0);
	if (!until(all_there, (void *)of, 20))
		fail_msg("%s: only %d of its tree live", name, alive(of));
	return of;
}

static void
begin(const char *home, const char *config)
{
	char config_text[200];

	own_home(home);
	snprintf(config_text, sizeof(config_text), "[server]\nstrays = %s\n[sampling]\ntick = 1s\n",
		config);
	put_file(in_home("config.ini"), config_text);
	assert_int_equal(muster("server start"), 0);
}

static void
test_kill_ends_the_whole_tree(void **st)
{
	static const char *const ways[] = {"kill", "kill --now"};
	char near[600];

	(void)st;
	begin("kill", "0");
	/* of another session, and of none */
	snprintf(near, sizeof(near), "%s", start("near", "sleep 1000"));
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		const char *of = start(i ? "b" : "a", "sleep 1000");
		uint64_t t = os_mono_ns();

		assert_int_equal(muster("%s %s --json", ways[i], i ? "b" : "a"), 0);
		if (alive(of))
			fail_msg("%s: %d of its tree live", ways[i], alive(of));
		assert_true(os_mono_ns() - t < (i ? 3000000000ull : 15000000000ull));
		json_t *j = out_json();
		json_t *r = json_array_get(json_object_get(j, "results"), 0);
		assert_true(json_integer_value(json_object_get(r, "freed_bytes")) > 0);
		json_decref(j);
		assert_true(all_there(near));
	}
	assert_int_equal(muster("server stop --kill-sessions"), 0);
	assert_int_equal(alive(near), 0);
}

static bool
row_has(void *want) /* "NAME strays" */
{
	char name[40];
	int n;

	return sscanf(want, "%39s %d", name, &n) == 2 && number(name, "strays") == n;
}

/* Their memory comes with a look of the sampler. */
static bool
all_are_measured(void *name)
{
	return number(name, "processes") == LEFT && number(name, "footprint_bytes") > 0;
}

static bool
has_ended(void *name)
{
	return number(name, "exit_signal") >= 0 || number(name, "exit_code") >= 0;
}

static bool
row_is_empty(void *name)
{
	return number(name, "strays") < 0;
}

/* Killed, and by exit: the rest is in the row until somebody ends it. */
static void
test_what_is_left_is_shown_and_ended(void **st)
{
	char of[4][600], line[100];

	(void)st;
	begin("left", "0");
	for (int i = 0; i < 4; i++) {
		char name[8] = {'l', (char)('0' + i), 0};

		snprintf(of[i], sizeof(of[i]), "%s",
			start(name, i % 2 ? "sh -c 'read x; kill -SEGV $$'"
					  : "sh -c 'read x; exit 3'"));
		assert_int_equal(muster("send %s --key Enter", name), 0);
		snprintf(line, sizeof(line), "%s %d", name, LEFT);
		if (!until(row_has, line, 10))
			fail_msg("%s: %d strays", name, (int)number(name, "strays"));
		assert_true(until(all_are_measured, name, 20));
		/* they were left before it ended */
		if (!until(has_ended, name, 20))
			fail_msg("%s: how it ended is not said", name);
		assert_int_equal(
			number(name, i % 2 ? "exit_signal" : "exit_code"), i % 2 ? SIGSEGV : 3);
	}
	assert_int_equal(muster("ls -a"), 0);
	assert_non_null(strstr(out_text, "7 strays"));
	assert_int_equal(muster("kill --now l0"), 0);
	assert_int_equal(alive(of[0]), 0);
	assert_true(until(row_is_empty, "l0", 10));
	assert_int_equal(muster("kill l0"), 1);
	/* a server that knows nothing of them finds them */
	kill(server_pid("pid"), SIGKILL);
	assert_true(until(row_has, "l1 7", 20));
	assert_true(until(row_has, "l2 7", 20));
	assert_int_equal(muster("forget l1"), 0);
	assert_true(until(none_there, of[1], 10));
	assert_int_equal(alive(of[2]), LEFT);
	assert_int_equal(muster("server stop"), 0);
	assert_int_equal(alive(of[2]), 0);
	assert_int_equal(alive(of[3]), 0);
}

/* After a while without anybody's word; a shell that was left keeps what was put behind it. */
static void
test_what_is_left_ends_after_a_while(void **st)
{
	char of[2][600];

	(void)st;
	begin("while", "1s");
	snprintf(of[0], sizeof(of[0]), "%s", start("w", "sh -c 'read x; exit 3'"));
	assert_int_equal(muster("send w --key Enter"), 0);
	assert_true(until(none_there, of[0], 15));
	assert_true(until(row_is_empty, "w", 10));
	assert_int_equal(muster("new -d -n shell -- sh"), 0);
	snprintf(of[1], sizeof(of[1]), "%s", in_home("tree-shell"));
	assert_int_equal(mkdir(of[1], 0700), 0);
	assert_int_equal(muster("send shell \"'%s' tree '%s' true\"", self, of[1]), 0);
	assert_true(until(all_there, of[1], 20));
	assert_int_equal(muster("send shell exit"), 0);
	assert_int_equal(muster("wait shell --for exit --timeout 20"), 0);
	/* the kernel's own HUP may take some of them along */
	assert_false(until(none_there, of[1], 5));
	assert_int_equal(muster("kill --now shell"), 0);
	assert_int_equal(alive(of[1]), 0);
	assert_int_equal(muster("server stop"), 0);
}

/* It is counted in seconds that passed, whatever the wall clock is set to meanwhile, and by a server
 * that was not there at the end as well. */
static void
test_the_wall_clock_does_not_count(void **st)
{
	char of[2][600];

	(void)st;
	own_home("wall");
	put_file(in_home("config.ini"), "[server]\nstrays = 3s\n[sampling]\ntick = 1s\n");
	start_with_faults();
	for (int i = 0; i < 2; i++) {
		char name[8] = {'w', (char)('0' + i), 0};

		faults->wall_s = 7200;
		snprintf(of[i], sizeof(of[i]), "%s", start(name, "sh -c 'read x; exit 3'"));
		assert_int_equal(muster("send %s --key Enter", name), 0);
		assert_int_equal(muster("wait %s --for exit --timeout 20", name), 0);
		faults->wall_s = 0;
		if (i)
			kill(server_pid("pid"), SIGKILL);
		if (!until(none_there, of[i], 20))
			fail_msg("%d of %s live, two hours before it ended", alive(of[i]), name);
	}
	assert_int_equal(muster("server stop"), 0);
}

/* Nobody waits longer for a second, firmer word. */
static void
test_a_kill_can_be_hastened(void **st)
{
	const char *of;
	char cmd[900];
	uint64_t t;

	(void)st;
	begin("haste", "0");
	of = start("h", "sh -c 'trap \"\" HUP TERM; while :; do sleep 1; done'");
	snprintf(cmd, sizeof(cmd), "'%s/muster' kill h >/dev/null 2>&1 </dev/null &",
		getenv("MUSTER_BIN"));
	assert_int_equal(system(cmd), 0);
	until_shows("h", "");
	while (number("h", "pid") > 0) {
		json_t *s = row("h");
		bool closing = !strcmp(json_string_value(json_object_get(s, "state")), "closing");

		json_decref(s);
		if (closing)
			break;
	}
	assert_true(alive(of) > 0);
	t = os_mono_ns();
	assert_int_equal(muster("kill --now h"), 0);
	assert_true(os_mono_ns() - t < 3000000000ull);
	assert_int_equal(alive(of), 0);
	assert_int_equal(number("h", "exit_signal"), SIGKILL);
	assert_int_equal(muster("server stop"), 0);
}

static bool
is_closing(void *name)
{
	json_t *s = row(name);
	bool closing = !strcmp(json_string_value(json_object_get(s, "state")), "closing");

	json_decref(s);
	return closing;
}

static bool
is_over(void *path)
{
	return access(path, F_OK) == 0;
}

/* Who asked a server that died is answered by the next one, which ends the session and says so. */
static void
test_a_kill_outlives_its_server(void **st)
{
	char cmd[3000], over[600], rc[8] = "";
	const char *of;
	FILE *f;

	(void)st;
	begin("again", "0");
	of = start("k", "sh -c 'trap \"\" HUP TERM; while :; do sleep 1; done'");
	snprintf(over, sizeof(over), "%s", in_home("rc"));
	snprintf(cmd, sizeof(cmd),
		"('%s/muster' kill k >/dev/null 2>&1 </dev/null; echo $? >'%s.new'; mv '%s.new' "
		"'%s') &",
		getenv("MUSTER_BIN"), over, over, over);
	until_shows("k", "");
	assert_int_equal(system(cmd), 0);
	assert_true(until(is_closing, "k", 20));
	kill(server_pid("pid"), SIGKILL);
	assert_true(until(is_closing, "k", 20));
	assert_int_equal(muster("kill --now k"), 0);
	assert_true(until(is_over, over, 20));
	f = fopen(over, "r");
	assert_non_null(f);
	assert_non_null(fgets(rc, sizeof(rc), f));
	fclose(f);
	assert_string_equal(rc, "0\n");
	assert_int_equal(alive(of), 0);
	assert_int_equal(muster("server stop"), 0);
}

static bool
is_logged(void *words)
{
	char cmd[900];

	snprintf(cmd, sizeof(cmd), "grep -q '%s' '%s'", (char *)words, in_home("state/server.log"));
	return system(cmd) == 0;
}

/* One that is woken while what it left behind is being ended lives on. */
static void
test_the_next_run_is_not_taken_along(void **st)
{
	char cmd[3000], over[600];
	json_int_t pid;

	(void)st;
	begin("next", "0");
	start("n", "sh -c 'read x; exit 3'");
	assert_int_equal(muster("send n --key Enter"), 0);
	assert_true(until(row_has, "n 7", 20));
	snprintf(over, sizeof(over), "%s", in_home("rc"));
	snprintf(cmd, sizeof(cmd), "('%s/muster' kill n >/dev/null 2>&1 </dev/null; : >'%s') &",
		getenv("MUSTER_BIN"), over);
	assert_int_equal(system(cmd), 0);
	assert_true(until(is_logged, "signal 1", 20));
	assert_int_equal(muster("resume n"), 0);
	pid = number("n", "pid");
	assert_true(pid > 0);
	assert_true(until(is_over, over, 30));
	assert_int_equal(number("n", "pid"), pid);
	assert_int_equal(muster("kill --now n"), 0);
	assert_int_equal(muster("server stop"), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kill_ends_the_whole_tree),
		cmocka_unit_test(test_what_is_left_is_shown_and_ended),
		cmocka_unit_test(test_what_is_left_ends_after_a_while),
		cmocka_unit_test(test_the_wall_clock_does_not_count),
		cmocka_unit_test(test_a_kill_can_be_hastened),
		cmocka_unit_test(test_a_kill_outlives_its_server),
		cmocka_unit_test(test_the_next_run_is_not_taken_along),
	};
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = 0;
	if (argc > 2)
		dir = argv[2];
	if (argc > 3 && !strcmp(argv[1], "tree"))
		return tree(argv + 3);
	if (argc == 3 && !strcmp(argv[1], "bare")) {
		note("bare");
		wait_for_ever();
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
