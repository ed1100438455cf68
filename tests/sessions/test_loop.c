/* The server's loop does nothing that can wait for a disk: every call it makes on files is told of, over
 * a day in the life of sessions; and with a disk that hangs, others do not notice. */
#include "tests/sessions/sick_disk.h"

#define WORK_DIR "/work-dir"
/* What the loop may do all the same, and why: "call", and a part of the path. */
static const struct {
	const char *call, *path, *why;
} may[] = {
	{"write", "/state/server.log",
		"a line is to be there when the process dies right after it"},
	{"", "/run/", "XDG_RUNTIME_DIR is in memory"},
	{"opendir", "/proc",
		"an end looks for what came of its tree, in the turn that sends the signal"},
	{"lstat", "/state/lock", "what makes this server the only one: it must know at once"},
	/* a wake is answered when its directory, its program and its transcript were looked at */
	{"access", WORK_DIR, "its directory"},
	{"open", WORK_DIR, "its program is looked for from there"},
	{"readlink", "/state/transcripts/1.from", "its transcript"},
	{"access", "/.claude/projects/", "likewise"},
	{"glob", "/.claude/projects/", "likewise"},
	{"stat", "/.claude/projects/", "likewise"},
	{"__realpath_chk", WORK_DIR, "likewise"},
	{"realpath", WORK_DIR, "likewise"},
	/* a start asks for the user's own status line, which ours is to call */
	{"fopen", "/.claude/settings", "its settings"},
};

static char agent[600], top[400];

static void
begin(const char *name)
{
	setenv("MUSTER_HOME", top, 1);
	own_home(name);
	setenv("HOME", in_home("user"), 1);
	mkdir(in_home("user"), 0700);
	snprintf(agent, sizeof(agent), "%s/tests/tools/fake_agent", getenv("MUSTER_BIN"));
	put_file(in_home("config.ini"), "[server]\nstore_after=50ms\nrest_after=200ms\nscrollback_"
					"lines=40000\n[sampling]\ntick=1s\n");
	start_with_faults();
}

static bool
in_files(void *ctx)
{
	struct stat st;

	(void)ctx;
	return stat(in_home("state/text/2/screen"), &st) == 0;
}

static void
end(void)
{
	faults->watch = faults->hold = 0;
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

static bool
is_allowed(const char *note)
{
	for (size_t i = 0; i < ARRAY_LEN(may); i++)
		if (strncmp(note, may[i].call, strlen(may[i].call)) == 0 &&
			strstr(note, may[i].path))
			return true;
	return false;
}

static bool
has_slept(void *ctx)
{
	(void)ctx;
	return muster("ls -a") == 0 && strstr(out_text, "asleep");
}

/* An agent that works, sleeps, wakes, is killed and deleted; a shell with text in files that is read
 * again; and what people ask for meanwhile. */
static void
test_nothing_on_the_loop_waits(void **state)
{
	int bad = 0;

	(void)state;
	begin("watch");
	faults->watch = 1;
	assert_int_equal(mkdir(in_home("work-dir"), 0700), 0);
	assert_int_equal(
		muster("new -d -n a -p claude -c \"$MUSTER_HOME/work-dir\" -- '%s' --model fake",
			agent),
		0);
	until_shows("a", "fake");
	assert_int_equal(muster("send a hello"), 0);
	until_shows("a", "ok: hello");
	assert_int_equal(muster("new -d -n p -p shell -- sh -c 'seq 1 30000; cat'"), 0);
	until_shows("p", "30000");
	assert_true(until(in_files, NULL, 15));
	assert_int_equal(muster("search 1234"), 0);
	assert_non_null(strstr(out_text, "12345"));
	assert_int_equal(muster("peek p --history"), 0);
	assert_non_null(strstr(out_text, "\n2\n3\n"));
	muster("doctor");
	assert_int_equal(muster("reap"), 0);
	assert_int_equal(muster("hibernate a --force"), 0);
	assert_true(until(has_slept, NULL, 15));
	assert_int_equal(muster("resume a"), 0);
	until_shows("a", "fake");
	assert_int_equal(muster("rename a b"), 0);
	assert_int_equal(muster("kill b p --now"), 0);
	assert_int_equal(muster("forget b p"), 0);
	assert_int_equal(muster("ls -a"), 0);
	for (int i = 0; i < MIN(faults->noted, (int)ARRAY_LEN(faults->note)); i++) {
		if (is_allowed(faults->note[i]))
			continue;
		print_error("on the loop: %s\n", faults->note[i]);
		bad++;
	}
	assert_int_equal(bad, 0);
	end();
}

static bool
exists(void *name)
{
	struct stat st;

	return stat(in_home("%s", (const char *)name), &st) == 0;
}

static bool
hangs_or_done(void *ctx)
{
	(void)ctx;
	return faults->held > 0 || exists("done");
}

/* Reads old text while the disk hangs, and is served meanwhile. False: it came all the same, for what
 * was being written was still in memory. */
static bool
read_hangs(void *n)
{
	char cmd[1500];
	bool hung;

	unlink(in_home("done"));
	faults->held = 0;
	faults->hold = 1;
	snprintf(cmd, sizeof(cmd), "('%s/muster' peek p --history >'%s'; >'%s') </dev/null &",
		getenv("MUSTER_BIN"), in_home("peeked"), in_home("done"));
	assert_int_equal(system(cmd), 0);
	assert_true(until(hangs_or_done, NULL, 15));
	assert_int_equal(muster("send q hello%d", ++*(int *)n), 0);
	snprintf(cmd, sizeof(cmd), "hello%d\nhello%d", *(int *)n, *(int *)n);
	until_shows("q", cmd);
	assert_int_equal(muster("new -d -n r%d -p shell -- sh -c 'echo begun; cat'", *(int *)n), 0);
	snprintf(cmd, sizeof(cmd), "r%d", *(int *)n);
	until_shows(cmd, "begun");
	hung = !exists("done");
	faults->hold = 0;
	assert_true(until(exists, "done", 15));
	return hung;
}

/* A disk that hangs while somebody reads old text: everyone else is served as ever, and the text
 * comes whole in the end. */
static void
test_a_hanging_disk_is_nobody_elses(void **state)
{
	char cmd[1500], *text;
	int times = 0;

	(void)state;
	begin("slow");
	assert_int_equal(muster("new -d -n q -p shell -- cat"), 0);
	assert_int_equal(muster("new -d -n p -p shell -- sh -c 'seq 1 9000; cat'"), 0);
	until_shows("p", "9000");
	assert_true(until(in_files, NULL, 15));
	snprintf(faults->under, sizeof(faults->under), "/slow/state/text/2/");
	assert_true(until(read_hangs, &times, 30));
	assert_int_equal(muster("peek p --history"), 0);
	text = strdup(out_text);
	snprintf(cmd, sizeof(cmd), "cmp -s '%s' '%s'", in_home("peeked"), in_home("out"));
	assert_int_equal(system(cmd), 0);
	assert_non_null(strstr(text, "\n2\n3\n"));
	free(text);
	end();
}

/* A session begins and is killed; nothing else of the machine is read on the loop for it. */
static bool
an_end_is_cheap(void *ctx)
{
	(void)ctx;
	assert_int_equal(muster("new -d -n p -p shell -- sh -c 'cat & cat'"), 0);
	faults->process_looks = 0;
	faults->watch = 1;
	assert_int_equal(muster("kill p --now"), 0);
	faults->watch = 0;
	assert_int_equal(muster("forget p"), 0);
	return faults->process_looks == 0;
}

/* What the sampler knows of a busy machine, which it does as soon as it has looked twice, an end need
 * not ask for: it asks after its own tree. */
static void
test_an_end_knows_the_machine(void **state)
{
	pid_t other;

	(void)state;
	begin("busy");
	if ((other = fork()) == 0)
		for (;;)
			pause();
	faults->process = other;
	assert_int_equal(muster("new -d -n q -p shell -- cat"), 0);
	assert_true(until(an_end_is_cheap, NULL, 60));
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	end();
}

static bool
is_taken(void *ctx)
{
	char cmd[600];

	(void)ctx;
	snprintf(cmd, sizeof(cmd), "grep -q 'configuration read again' '%s'",
		in_home("state/server.log"));
	return system(cmd) == 0;
}

/* Every few seconds a session is looked after; nothing else of the machine is read on the loop for
 * it. A configuration that was taken lets it happen at once. */
static void
test_looking_after_a_session_is_cheap(void **state)
{
	pid_t other;

	(void)state;
	begin("judged");
	if ((other = fork()) == 0)
		for (;;)
			pause();
	faults->process = other;
	assert_int_equal(muster("new -d -n q -- sh -c 'echo begun; cat'"), 0);
	until_shows("q", "begun");
	faults->process_looks = 0;
	faults->watch = 1;
	put_file(in_home("config.ini"), "[sampling]\ntick=1s\n");
	assert_true(until(is_taken, NULL, 20));
	assert_int_equal(muster("ls"), 0);
	assert_int_equal(muster("ls"), 0);
	assert_int_equal(faults->process_looks, 0);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_on_the_loop_waits),
		cmocka_unit_test(test_a_hanging_disk_is_nobody_elses),
		cmocka_unit_test(test_an_end_knows_the_machine),
		cmocka_unit_test(test_looking_after_a_session_is_cheap),
	};

	snprintf(top, sizeof(top), "%s", getenv("MUSTER_HOME"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
