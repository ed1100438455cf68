/* Disks that fill up, turn read-only or fail, under a real server: sessions go on, the banner says
 * what is kept in memory only, every line is there once, and all is stored again by itself. Also
 * what is on the disk at all: after a reboot, of sessions not to be stored, of forgotten ones. */
#include "tests/sessions/put_file.h"
#include "tests/sessions/memory_left.h"
#include "tests/sessions/run_muster.h"
#include "tests/sessions/sick_disk.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#define CANARY "kanarienvogel"
#define STEP 2000 /* lines printed at a time */

static int printed;

static void
home_with_config(const char *name)
{
	own_home(name);
	put_file(in_home("config.ini"),
		"[server]\nstore_after=50ms\nrest_after=200ms\nscrollback_lines=40000\n");
	printed = 0;
}

/* The disk fails with err from here on; 0: it is well again. */
static void
disk_fails(int err, bool reads)
{
	snprintf(faults->under, sizeof(faults->under), "%s/state/", getenv("MUSTER_HOME"));
	faults->calls = 0;
	faults->from = 1;
	faults->count = 0;
	faults->reads = reads;
	faults->err = err;
}

/* "line N" for each pair of numbers it is told; its first line takes the place of "ready". */
static void
start_printer(void)
{
	assert_int_equal(muster("new -d -n p -p shell --size 60x20 -- sh -c 'stty -echo; printf "
				"\"ready\\r\"; "
				"while read a b; do seq -f \"line %%.0f\" $a $b; done'"),
		0);
	until_shows("p", "ready");
}

static void
print_more(int lines)
{
	char last[40];

	assert_int_equal(muster("send p '%d %d'", printed + 1, printed + lines), 0);
	printed += lines;
	snprintf(last, sizeof(last), "line %d\n", printed);
	until_shows("p", last);
}

/* Lines first..printed, each once, in order; first is whatever comes first, at most `latest`. */
static void
check_history_from(int latest)
{
	char *line, *save = NULL;
	int i;

	assert_int_equal(muster("peek p --history"), 0);
	line = strtok_r(out_text, "\n", &save);
	assert_non_null(line);
	assert_int_equal(strncmp(line, "line ", 5), 0);
	i = atoi(line + 5);
	assert_true(i >= 1 && i <= latest);
	for (; line; line = strtok_r(NULL, "\n", &save), i++) {
		char want[40];

		snprintf(want, sizeof(want), "line %d", i);
		assert_string_equal(line, want);
	}
	assert_int_equal(i, printed + 1);
}

static void
check_history(void)
{
	check_history_from(1);
}

/* The banner, which dashboards show. */
static bool
doctor_says(void *text)
{
	muster("doctor -v");
	return strstr(out_text, text) != NULL;
}

static bool
stored(void *file)
{
	struct stat st;

	return stat(in_home("state/text/%s", (char *)file), &st) == 0 && st.st_size > 0;
}

/* All that both sessions printed is in files: nothing is left to seal or to write, and the screen
 * was written last. */
static bool
all_stored(void *ctx)
{
	bool all = true;

	(void)ctx;
	if (muster("ls -a --json") != 0)
		return false;
	json_t *j = out_json(), *o;
	size_t i;

	json_array_foreach (json_object_get(j, "sessions"), i, o) {
		json_t *st = json_object_get(o, "store");
		struct stat text = {0}, screen = {0};

		all &= stat(in_home("state/text/%zu/00000000.seg", i + 1), &text) == 0 &&
		       stat(in_home("state/text/%zu/screen", i + 1), &screen) == 0 &&
		       (screen.st_mtim.tv_sec - text.st_mtim.tv_sec) * 1e9 +
				       (double)(screen.st_mtim.tv_nsec - text.st_mtim.tv_nsec) >=
			       0;
		all &= json_integer_value(json_object_get(st, "hot_bytes")) == 0 &&
		       json_integer_value(json_object_get(st, "packed_bytes")) == 0;
	}
	json_decref(j);
	return all;
}

static bool
gone(void *pid)
{
	return !lives(*(pid_t *)pid);
}

/* As a power cut leaves it: no process of muster's, only files. */
static void
reboot_machine(void)
{
	pid_t server = server_pid("pid"), keeper = server_pid("keeper_pid");

	assert_int_equal(kill(keeper, SIGSTOP), 0);
	assert_int_equal(kill(server, SIGKILL), 0);
	assert_int_equal(kill(keeper, SIGKILL), 0);
	waitpid(keeper, NULL, 0); /* if it is our child */
	assert_true(until(gone, &server, 5));
	assert_true(until(gone, &keeper, 5));
	clear_memory();
	assert_int_equal(muster("ls -a"), 0);
}

static void
test_calls_fail(void **state)
{
	static const struct {
		int err;
		bool reads;
		const char *says;
	} f[] = {{ENOSPC, false, "the disk is full"}, {EROFS, false, "ead-only"},
		{EIO, true, "nput/output error"}};

	(void)state;
	home_with_config("faults");
	start_with_faults();
	start_printer();
	print_more(STEP);
	assert_true(until(stored, "1/00000000.seg", 10));
	for (size_t i = 0; i < ARRAY_LEN(f); i++) {
		disk_fails(f[i].err, f[i].reads);
		print_more(STEP);
		assert_true(until(banner_has, "memory only", 10));
		assert_true(until(banner_has, (void *)f[i].says, 10));
		assert_true(doctor_says("FAIL degraded"));
		assert_int_equal(muster("new -d -n more%zu -p shell -- cat", i), 0);
		if (!f[i].reads)
			check_history();
		print_more(STEP);
		disk_fails(0, false);
		assert_true(until(banner_has, "", 20));
		assert_true(doctor_says("ok   degraded"));
		print_more(10);
		check_history();
	}
	assert_int_equal(muster("server stop --kill-sessions"), 0);
	/* and all of it is on the disk */
	assert_int_equal(muster("ls -a"), 0);
	check_history();
	assert_int_equal(muster("search 'line 4242' --json"), 0);
	assert_non_null(strstr(out_text, "\"line 4242\""));
	/* a file that is shorter than what is said to be in it */
	assert_false(doctor_says("are not there"));
	assert_int_equal(truncate(in_home("state/text/1/00000000.seg"), 4000), 0);
	assert_true(doctor_says("are not there"));
	assert_int_equal(muster("server stop"), 0);
}

/* Of a file system that only this process and its children see. */
static void
small_disk(const char *options, unsigned long flags)
{
	assert_int_equal(mount("tmpfs", in_home("state"), "tmpfs", flags, options), 0);
}

static void
fill_disk(void)
{
	char block[4096] = {1};
	int fd = open(in_home("state/filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	while (write(fd, block, sizeof(block)) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

static void
small_disk_child(void **state)
{
	char err[400];

	(void)state;
	printed = 0;
	small_disk("size=8m,mode=700", 0);
	start_printer();
	print_more(STEP);
	assert_true(until(stored, "1/00000000.seg", 10));
	assert_true(banner_has(""));
	/* others fill it */
	fill_disk();
	print_more(STEP);
	assert_true(until(banner_has, "the disk is full", 10));
	assert_true(doctor_says("FAIL disk"));
	assert_true(doctor_says("FAIL degraded"));
	check_history();
	/* from the start on a full disk: new sessions, nothing lost */
	assert_int_equal(kill(server_pid("pid"), SIGKILL), 0);
	assert_true(until(answers, NULL, 10));
	assert_int_equal(muster("new -d -n other -p shell -- cat"), 0);
	print_more(STEP);
	check_history();
	assert_int_equal(unlink(in_home("state/filler")), 0);
	assert_true(until(banner_has, "", 20));
	check_history();
	reboot_machine();
	check_history();
	assert_int_equal(muster("server stop"), 0);
	/* read-only (with files open for writing a kernel refuses it): said in one line */
	small_disk("size=8m,mode=700", MS_REMOUNT | MS_RDONLY);
	assert_int_equal(muster("new -d -n third -p shell -- cat"), 4);
	err_text(err, sizeof(err));
	assert_non_null(strstr(err, "Read-only file system"));
	small_disk("size=8m,mode=700", MS_REMOUNT);
	assert_int_equal(muster("new -d -n third -p shell -- cat"), 0);
	check_history();
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

/* A mount namespace cannot be left: this program again, in one of its own. */
static int
in_own_namespace(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(small_disk_child)};

	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
		mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

static void
test_small_disks(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	home_with_config("small");
	assert_int_equal(mkdir(in_home("state"), 0700), 0);
	if ((pid = fork()) == 0) {
		execl("/proc/self/exe", "test_disk", "small", NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		print_message("only root can mount: full and read-only disks were not tried\n");
		skip();
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static bool
is_lost(void *ctx)
{
	(void)ctx;
	return muster("ls -a --json") == 0 && strstr(out_text, "\"lost\"");
}

static void
test_reboot(void **state)
{
	(void)state;
	home_with_config("reboot");
	start_printer();
	print_more(STEP);
	assert_int_equal(
		muster("new -d -n ended -p shell -- sh -c 'seq -f \"old %%.0f\" 3000'"), 0);
	assert_int_equal(muster("wait ended --for exit --timeout 10"), 0);
	assert_true(until(all_stored, NULL, 10));
	reboot_machine();
	assert_true(is_lost(NULL));
	check_history();
	assert_int_equal(muster("peek ended --history"), 0);
	assert_int_equal(strncmp(out_text, "old 1\nold 2\n", 12), 0);
	assert_int_equal(muster("search 'old 1234' --json"), 0);
	assert_non_null(strstr(out_text, "\"old 1234\""));
	/* what is forgotten leaves nothing */
	assert_int_equal(muster("forget ended"), 0);
	assert_int_equal(muster("server stop"), 0);
	assert_false(stored("2/screen"));
	assert_true(stored("1/screen"));
}

/* True when some file below the state folder holds the word. */
static bool
on_disk(const char *word)
{
	char cmd[800];

	snprintf(cmd, sizeof(cmd), "grep -rqa '%s' \"$MUSTER_HOME/state\"", word);
	return system(cmd) == 0;
}

static bool
not_on_disk(void *word)
{
	return !on_disk(word);
}

static void
test_not_stored_leaves_no_bytes(void **state)
{
	(void)state;
	home_with_config("canary");
	/* neither what it prints nor how it was started */
	assert_int_equal(muster("new -d -n p -p shell --no-store -- sh -c 'i=0; while [ $i -lt "
				"3000 ]; do echo $i " CANARY "; i=$((i+1)); done; exec cat'"),
		0);
	until_shows("p", "2999 " CANARY);
	assert_int_equal(muster("new -d -n other -p shell -- cat"), 0);
	assert_true(until(stored, "2/screen", 10)); /* all before it has been written */
	assert_false(on_disk(CANARY));
	/* while it lives, a successor knows it all the same */
	assert_int_equal(kill(server_pid("pid"), SIGKILL), 0);
	assert_true(until(answers, NULL, 10));
	assert_int_equal(muster("ls --json"), 0);
	assert_non_null(strstr(out_text, CANARY));
	until_shows("p", "2999 " CANARY);
	/* after a reboot it is a name; what it ran is not made up */
	reboot_machine();
	assert_int_equal(muster("ls -a --json"), 0);
	assert_non_null(strstr(out_text, "\"p\""));
	assert_null(strstr(out_text, CANARY));
	char err[400];

	assert_int_not_equal(muster("resume p"), 0);
	err_text(err, sizeof(err));
	assert_non_null(strstr(err, "not stored"));
	assert_int_equal(muster("server stop --kill-sessions"), 0);
	assert_false(on_disk(CANARY));
}

/* Text, command, name, events: nothing of it, while the server goes on. */
static void
test_forgotten_leaves_no_bytes(void **state)
{
	(void)state;
	home_with_config("forgotten");
	for (int i = 0; i < 3; i++)
		assert_int_equal(muster("new -d -n other%d -p shell -- cat", i), 0);
	assert_int_equal(
		muster("new -d -n n-" CANARY " -p shell -- sh -c 'i=0; while [ $i -lt 3000 "
		       "]; do echo " CANARY "; i=$((i+1)); done'"),
		0);
	assert_int_equal(muster("wait n-" CANARY " --for exit --timeout 10"), 0);
	assert_true(until(stored, "4/screen", 10));
	assert_true(on_disk(CANARY)); /* the search can find it */
	assert_int_equal(muster("forget n-" CANARY), 0);
	assert_true(until(not_on_disk, CANARY, 10));
	assert_int_equal(muster("server stop --kill-sessions"), 0);
	assert_false(on_disk(CANARY));
}

static void
test_kill_in_a_flood(void **state)
{
	char last[40];

	(void)state;
	home_with_config("flood");
	start_printer();
	printed = 150000;
	assert_int_equal(muster("send p '1 %d'", printed), 0);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(kill(server_pid("pid"), SIGKILL), 0);
		assert_true(until(answers, NULL, 10));
	}
	snprintf(last, sizeof(last), "line %d\n", printed);
	until_shows("p", last);
	check_history_from(printed - 40000 + 1);
	/* the same once it is in files, after one more kill and after a reboot */
	assert_true(until(stored, "1/screen", 10));
	assert_int_equal(kill(server_pid("pid"), SIGKILL), 0);
	assert_true(until(answers, NULL, 10));
	check_history_from(printed - 40000 + 1);
	print_more(STEP);
	assert_int_equal(muster("server stop --kill-sessions"), 0);
	assert_int_equal(muster("ls -a"), 0);
	check_history_from(printed - 40000 + 1);
	assert_int_equal(muster("server stop"), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls_fail),
		cmocka_unit_test(test_small_disks),
		cmocka_unit_test(test_reboot),
		cmocka_unit_test(test_not_stored_leaves_no_bytes),
		cmocka_unit_test(test_forgotten_leaves_no_bytes),
		cmocka_unit_test(test_kill_in_a_flood),
	};

	if (argc > 1 && !strcmp(argv[1], "small"))
		return in_own_namespace();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
