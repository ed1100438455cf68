/* Putting to sleep (sessions/closing/closer.h, ends.h) without a server: a real child of the test's
 * own, whose terminal the test plays. */
#include "sessions/closing/care.h"
#include "sessions/closing/closer.h"
#include "sessions/closing/ends.h"
#include "sessions/proc/proctree.h"
#include "sessions/memory/sampler.h"
#include "tests/sessions/played.h"
#include "tests/sessions/put_file.h"
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ID "11112222-3333-4444-8555-666677778888"

static struct played p;
static struct ends *ends;
static struct closer *closer;
static struct closer_result result;
static unsigned results, trees;
static char events[200]; /* that were written, in order */
static int status;	 /* of the child, once it was reaped */

static void
tree_ended(void *ctx, struct session *s)
{
	(void)ctx;
	(void)s;
	trees++;
}

static void
on_closed(void *ctx, const struct closer_result *r)
{
	(void)ctx;
	result = *r;
	results++;
}

static void
over(void *ctx, struct session *s)
{
	(void)ctx;
	closer_over(closer, s);
	care_free(s);
}

static char **
argv(void *ctx, struct session *s, char *const *words)
{
	(void)ctx;
	(void)words;
	closer_beginning(closer, s);
	ends_beginning(ends, s);
	return NULL;
}

static void (*house_hears)(void *, struct session *, const char *, double, json_t *);

static void
event(void *ctx, struct session *s, const char *what, double t, json_t *detail)
{
	size_t n = strlen(events);

	house_hears(ctx, s, what, t, detail);
	snprintf(events + n, sizeof(events) - n, "%s ", what);
}

/* The keeper's part: true when the child was reaped, which is told. */
static bool
reaped(void)
{
	if (p.pid <= 0 || waitpid(p.pid, &status, WNOHANG) != p.pid)
		return false;
	played_leaves(&p, status);
	p.pid = 0;
	return true;
}

/* A child that waits, deaf to HUP and TERM or not, with a conversation on disk. */
static pid_t
child(bool deaf)
{
	pid_t pid;

	signal(SIGTERM, deaf ? SIG_IGN : SIG_DFL);
	signal(SIGHUP, deaf ? SIG_IGN : SIG_DFL);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	return pid;
}

static void
starts(bool deaf)
{
	char *dir = xasprintf("CLAUDE_CONFIG_DIR=%s/claude", getenv("MUSTER_HOME"));
	char *file = xasprintf("%s/projects/-/" ID ".jsonl", strchr(dir, '=') + 1);
	size_t n = strlen(dir) + 1;
	struct err e;
	pid_t pid;

	put_file(file, "{}\n");
	played_new(&p, "claude", SS_STARTING);
	snprintf(p.s->conversation, sizeof(p.s->conversation), ID);
	p.s->env = xcalloc(1, 2 * sizeof(char *) + n);
	p.s->env[0] = memcpy((char *)(p.s->env + 2), dir, n);
	free(dir);
	free(file);
	pid = child(deaf);
	assert_int_equal(course_begin(p.s, p.s->argv, NULL, NULL, &e), 0);
	played_born(&p, pid, proc_start(pid), (int)syscall(SYS_pidfd_open, pid, 0));
	sampler_add(house.ss.sampler, p.s->num, p.s->id, pid);
	played_prompt(&p, "");
	played_says(&p, "idle");
}

static int
begin(void **state)
{
	struct sampler_ops ops = {0};

	(void)state;
	results = trees = 0;
	events[0] = 0;
	house_ops.over = over;
	house_ops.argv = argv;
	house_hears = house_hears ? house_hears : house_ops.event;
	house_ops.event = event;
	house_begin();
	house.ss.sampler = sampler_new(&house.loop, &ops, 3600, 1000, NULL);
	ends = ends_new(&house.ss, tree_ended, NULL);
	closer = closer_new(&house.ss, ends);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	if (p.pid > 0)
		kill(p.pid, SIGKILL);
	if (p.pid > 0)
		UNTIL(reaped());
	UNTIL(!ends_any(ends));
	played_forget(&p);
	ends_close(ends);
	closer_free(closer);
	sampler_close(house.ss.sampler);
	return house_end();
}

static void
hibernate(void)
{
	struct closer_request q = {.by_hand = true, .why = "a test", .cb = on_closed};
	struct err e;

	q.limits = house.ss.config->reap;
	assert_int_equal(closer_start(closer, p.s, &q, &e), 0);
	assert_int_equal(closer_start(closer, p.s, &q, &e), -1); /* one at a time */
}

static void
text_in_its_prompt_is_not_lost(void **state)
{
	(void)state;
	starts(false);
	played_prompt(&p, "half a thought");
	hibernate();
	UNTIL(results);
	assert_false(result.ok);
	assert_non_null(strstr(result.error, "draft:"));
	assert_string_equal(house.last_event, "hibernate-refused");
	assert_int_equal(p.s->state, SS_RUNNING);
	assert_false(reaped());
	assert_string_equal(played_got(&p), "");
}

/* Nothing is typed: the profile names a signal. */
static void
it_sleeps_by_the_signal_of_its_profile(void **state)
{
	(void)state;
	starts(false);
	hibernate();
	/* on a busy machine one turn of the loop sees the end begin and done */
	UNTIL(ends_any(ends) || trees);
	assert_int_equal(p.s->state, SS_SLEEPING);
	assert_string_equal(played_got(&p), "");
	UNTIL(reaped());
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	UNTIL(results);
	assert_string_equal(result.error, "");
	assert_true(result.ok);
	assert_string_equal(result.how, "term");
	assert_true(result.before_bytes > 0);
	assert_int_equal(p.s->state, SS_ASLEEP);
	assert_string_equal(house.last_event, "hibernated");
	assert_int_equal(trees, 1);
}

/* At once, while something is left of its tree, and before its transcript was looked at. */
static void
one_that_is_woken_at_once_has_slept(void **state)
{
	struct err e;
	pid_t pid;

	(void)state;
	starts(false);
	hibernate();
	UNTIL(reaped());
	assert_int_equal(p.s->state, SS_ASLEEP);
	assert_int_equal(results, 0);
	pid = child(true);
	assert_int_equal(course_begin(p.s, p.s->argv, NULL, NULL, &e), 0);
	played_born(&p, pid, proc_start(pid), (int)syscall(SYS_pidfd_open, pid, 0));
	UNTIL(results);
	assert_string_equal(result.error, "");
	assert_true(result.ok);
	assert_string_equal(result.how, "term");
	assert_string_equal(events, "started slept hibernated resumed ");
	assert_int_equal(p.s->state, SS_RUNNING);
}

static void
a_kill_meanwhile_wins(void **state)
{
	(void)state;
	starts(true);
	hibernate();
	UNTIL(ends_any(ends));
	ends_kill(ends, p.s, true);
	assert_int_equal(p.s->state, SS_CLOSING);
	UNTIL(reaped());
	assert_int_equal(WTERMSIG(status), SIGKILL);
	UNTIL(results);
	assert_string_equal(result.error, "it was ended instead");
	assert_int_equal(p.s->state, SS_EXITED);
	assert_int_equal(trees, 1);
}

/* Its predecessor had told it to leave. */
static void
what_a_predecessor_began_goes_on(void **state)
{
	(void)state;
	starts(true);
	session_set_state(p.s, SS_SLEEPING);
	closer_go_on(closer, p.s);
	UNTIL(ends_any(ends));
	kill(p.pid, SIGKILL); /* it leaves by itself, late */
	UNTIL(reaped());
	UNTIL(trees);
	UNTIL(!strcmp(house.last_event, "hibernated"));
	assert_int_equal(p.s->state, SS_ASLEEP);
}

/* KILL at once, as it was asked for, though there was no process yet. */
static void
kill_now_holds_for_one_that_starts(void **state)
{
	struct err e;
	pid_t pid = child(false);

	(void)state;
	played_new(&p, "claude", SS_STARTING);
	assert_int_equal(course_begin(p.s, p.s->argv, NULL, NULL, &e), 0);
	assert_true(ends_kill(ends, p.s, true));
	played_born(&p, pid, proc_start(pid), (int)syscall(SYS_pidfd_open, pid, 0));
	ends_started(ends, p.s);
	UNTIL(reaped());
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* The closer is gone when the answer to what it asked comes: nobody goes on for it. (end()) */
static void
the_server_leaves_meanwhile(void **state)
{
	(void)state;
	starts(false);
	hibernate();
	assert_int_equal(results, 0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(text_in_its_prompt_is_not_lost),
		T(it_sleeps_by_the_signal_of_its_profile),
		T(one_that_is_woken_at_once_has_slept),
		T(a_kill_meanwhile_wins),
		T(what_a_predecessor_began_goes_on),
		T(kill_now_holds_for_one_that_starts),
		T(the_server_leaves_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
