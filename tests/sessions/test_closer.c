/* Ending a tree of real processes, and guarding a transcript. */
#include "sessions/closing/ending.h"
#include "sessions/memory/footprint.h"
#include "sessions/proc/proctree.h"
#include "sessions/agent/guard.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARK "t3st1d"
static char dir[128];
static uv_loop_t loop;

struct outcome {
	bool done;
	enum ending_how how;
	size_t processes;
};

static void
on_ended(void *ctx, enum ending_how how, size_t processes, uint64_t left_bytes)
{
	struct outcome *o = ctx;

	assert_int_equal(left_bytes, 0);
	*o = (struct outcome){.done = true, .how = how, .processes = processes};
}

static struct ending *
start_ending(pid_t pid, uint64_t start, const char *marker, const struct ending_times *t,
	struct outcome *o)
{
	static struct proc_table table;
	struct ending_tree tree = {pid, start, marker, &table};

	return ending_start(&loop, &tree, t, NULL, on_ended, o);
}

/* Reaps children while the loop turns, as the keeper does for the server. */
static void
run_until(const bool *done)
{
	uint64_t end;

	uv_update_time(&loop);
	end = uv_now(&loop) + 60000;
	while (!*done) {
		uv_run(&loop, UV_RUN_ONCE);
		waitpid(-1, NULL, WNOHANG);
		if (uv_now(&loop) > end)
			fail_msg("not ended in a minute");
	}
	uv_run(&loop, UV_RUN_NOWAIT);
}

/* A child that runs fn after telling through a pipe that it is set up. */
static pid_t
child(void (*fn)(int ready), uint64_t *start)
{
	int p[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(p[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves nobody behind */
		fn(p[1]);
		_exit(0);
	}
	close(p[1]);
	assert_int_equal(read(p[0], &c, 1), 1);
	close(p[0]);
	*start = proc_start(pid);
	assert_true(*start != 0);
	return pid;
}

static void
wait_forever(int ready)
{
	(void)!write(ready, "", 1);
	close(ready);
	for (;;)
		pause();
}

static void
deaf(int ready)
{
	signal(SIGHUP, SIG_IGN);
	wait_forever(ready);
}

static void
very_deaf(int ready)
{
	signal(SIGTERM, SIG_IGN);
	deaf(ready);
}

static void
leaves_at_alarm(int ready)
{
	struct itimerval t = {.it_value = {.tv_usec = 150000}};

	setitimer(ITIMER_REAL, &t, NULL);
	wait_forever(ready);
}

/* The CLI with a tool in a session of its own, which carries the marker. */
static void
with_a_stray(int ready)
{
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setsid();
		setenv("MUSTER_SESSION", MARK, 1);
		dup2(ready, 1); /* the shell says so when it runs */
		execl("/bin/sh", "sh", "-c", "printf x; exec >&-; exec sleep 600", (char *)NULL);
		_exit(1);
	}
	close(ready);
	for (;;)
		pause();
}

static const struct ending_times quick = {
	.quit_ms = 300, .stray_ms = 80, .hup_ms = 200, .term_ms = 200, .kill_ms = 2000};

static struct outcome
end(pid_t pid, uint64_t start, const char *marker, bool quit)
{
	struct ending_times t = quick;
	struct outcome o = {0};

	if (!quit)
		t.quit_ms = 0;
	start_ending(pid, start, marker, &t, &o);
	run_until(&o.done);
	return o;
}

static void
one_that_leaves_gets_no_signal(void **state)
{
	uint64_t start;
	pid_t pid = child(leaves_at_alarm, &start);

	(void)state;
	assert_int_equal(end(pid, start, NULL, true).how, ENDED_BY_QUIT);
	assert_int_not_equal(proc_start(pid), start);
}

static void
the_gentlest_signal_that_works(void **state)
{
	/* what is obeyed has all the time that a busy machine takes for it */
	static const struct {
		void (*fn)(int);
		enum ending_how want;
		unsigned hup_ms, term_ms;
	} cases[] = {{wait_forever, ENDED_BY_HUP, 20000, 20000}, {deaf, ENDED_BY_TERM, 200, 20000},
		{very_deaf, ENDED_BY_KILL, 200, 200}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ending_times t = quick;
		struct outcome o = {0};
		uint64_t start;
		pid_t pid = child(cases[i].fn, &start);

		t.quit_ms = 0;
		t.hup_ms = cases[i].hup_ms;
		t.term_ms = cases[i].term_ms;
		start_ending(pid, start, NULL, &t, &o);
		run_until(&o.done);
		assert_int_equal(o.how, cases[i].want);
		assert_int_not_equal(proc_start(pid), start);
	}
}

/* The helpers of a CLI are left to it: only what it leaves behind is told to go. */
static void
a_signal_of_its_own_goes_to_the_root_alone(void **state)
{
	struct ending_times t = quick;
	struct outcome o = {0};
	uint64_t start;
	pid_t pid = child(with_a_stray, &start);

	(void)state;
	t.quit_sig = SIGTERM;
	t.quit_ms = 20000; /* obeyed, when a busy machine comes to it */
	start_ending(pid, start, MARK, &t, &o);
	run_until(&o.done);
	assert_int_equal(o.how, ENDED_BY_TERM);
	assert_true(o.processes >= 2);
	t.quit_ms = quick.quit_ms;
	pid = child(very_deaf, &start);
	o = (struct outcome){0};
	start_ending(pid, start, NULL, &t, &o);
	run_until(&o.done);
	assert_int_equal(o.how, ENDED_BY_KILL);
}

static void
a_stopped_one_ends_too(void **state)
{
	uint64_t start;
	pid_t pid = child(wait_forever, &start);

	(void)state;
	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(end(pid, start, NULL, false).how, ENDED_BY_HUP);
}

static void
strays_end_with_it(void **state)
{
	struct outcome o;
	uint64_t start;
	size_t n;
	pid_t pid = child(with_a_stray, &start);
	struct proc_info *left;

	(void)state;
	o = end(pid, start, MARK, false);
	assert_true(o.processes >= 2);
	left = proctree(0, MARK, &n);
	free(left);
	assert_int_equal(n, 0);
}

static void
a_recycled_pid_is_left_alone(void **state)
{
	uint64_t start;
	pid_t pid = child(wait_forever, &start);

	(void)state;
	assert_int_equal(end(pid, start + 1, NULL, false).processes, 0);
	assert_true(proc_start(pid) == start);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void
put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
a_swept_transcript_comes_back(void **state)
{
	char store[160], project[160], file[200], text[8] = "";
	FILE *f;

	(void)state;
	snprintf(store, sizeof store, "%s/guard", dir);
	snprintf(project, sizeof project, "%s/proj", dir);
	snprintf(file, sizeof file, "%s/id.jsonl", project);
	mkdir(project, 0700);
	put(file, "{}\n");
	assert_int_equal(guard_restore(store, 7), 0); /* nothing kept yet */
	assert_int_equal(guard_keep(store, 7, file), 0);
	assert_int_equal(guard_restore(store, 7), 0); /* still there */
	assert_true(guard_days_left(store, 7, 30, 0) > 30);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(project), 0);
	assert_int_equal(guard_restore(store, 7), 1);
	f = fopen(file, "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof text, f));
	fclose(f);
	assert_string_equal(text, "{}\n");
	/* emptied where it stands, even as it is put to sleep once more */
	assert_int_equal(truncate(file, 0), 0);
	assert_int_equal(guard_keep(store, 7, file), 0);
	assert_int_equal(guard_restore(store, 7), 1);
	f = fopen(file, "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof text, f));
	fclose(f);
	assert_string_equal(text, "{}\n");
	guard_forget(store, 7);
	unlink(file);
	assert_int_equal(guard_restore(store, 7), 0);
	assert_int_equal(access(file, F_OK), -1);
	snprintf(file, sizeof file, "%s/none/x", dir);
	assert_int_equal(guard_keep(store, 7, file), -ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_leaves_gets_no_signal),
		cmocka_unit_test(the_gentlest_signal_that_works),
		cmocka_unit_test(a_signal_of_its_own_goes_to_the_root_alone),
		cmocka_unit_test(a_stopped_one_ends_too),
		cmocka_unit_test(strays_end_with_it),
		cmocka_unit_test(a_recycled_pid_is_left_alone),
		cmocka_unit_test(a_swept_transcript_comes_back),
	};
	const char *home = getenv("MUSTER_HOME");
	int rc;

	snprintf(dir, sizeof dir, "%s", home ? home : "/tmp");
	uv_loop_init(&loop);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	uv_loop_close(&loop);
	return rc;
}
