/* A program that stops itself, with no shell around it to type `fg` into: it is said to be stopped,
 * and goes on when somebody wants it to. */
#include "sessions/proc/proc_read.h"
#include "tests/sessions/put_file.h"
#include "tests/sessions/run_muster.h"

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

static bool
is_stopped(void *name)
{
	json_t *s = row(name);
	bool yes = json_is_true(json_object_get(s, "stopped"));

	json_decref(s);
	return yes;
}

static bool
goes_on(void *name)
{
	return !is_stopped(name);
}

static pid_t
pid_of(const char *name)
{
	json_t *s = row(name);
	pid_t pid = (pid_t)json_integer_value(json_object_get(s, "pid"));

	json_decref(s);
	return pid;
}

static void
start(const char *name)
{
	char shows[30];

	/* the words behind the stop are there only if it went on; the stopped one is a group of two */
	assert_int_equal(muster("new -d -n %s -- sh -c 'read x; sleep 1000 & kill -STOP $! $$; "
				"echo back; while read x; do echo got $x; done'",
				 name),
		0);
	assert_int_equal(muster("send %s --key Enter", name), 0);
	snprintf(shows, sizeof(shows), "%s", name);
	if (!until(is_stopped, shows, 10))
		fail_msg("%s is not said to be stopped", name);
	assert_int_equal(proc_state(pid_of(name)), 'T');
}

static void
test_what_continues_it(void **st)
{
	(void)st;
	own_home("stopped");
	start("key");
	assert_int_equal(muster("ls"), 0);
	assert_non_null(strstr(out_text, "stopped"));
	assert_int_equal(muster("explain key"), 0);
	assert_non_null(strstr(out_text, "is stopped"));
	assert_int_equal(muster("send key hello"), 0);
	until_shows("key", "got hello");
	assert_false(is_stopped("key"));
	start("wake");
	assert_int_equal(muster("resume wake"), 0);
	until_shows("wake", "back");
	assert_false(is_stopped("wake"));
	assert_int_equal(muster("resume wake"), 1);
	start("end");
	assert_int_equal(muster("kill end"), 0);
	start("sleeper");
	assert_int_equal(muster("hibernate --force sleeper"), 0);
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

/* One that leads its terminal cannot be stopped from there: it says so, and is deaf. */
static void
test_one_that_only_says_so(void **st)
{
	(void)st;
	own_home("deaf");
	put_file(in_home("config.ini"), "[profile.deaf]\ncommand = sh\nconversation = "
					"no\nmatch.stopped = It is suspended\n");
	assert_int_equal(muster("new -d -n d -p deaf -- sh -c 'stty raw -echo; echo up; "
				"dd bs=1 count=1 >/dev/null 2>&1; stty sane; "
				"echo \"It is suspended\"; "
				"trap \"stty raw -echo; on=1\" CONT; sleep 1000 & "
				"while [ ! $on ]; do wait $!; done; echo back; cat'"),
		0);
	until_shows("d", "up");
	assert_false(is_stopped("d"));
	assert_int_equal(muster("send d --key z"), 0);
	assert_true(until(is_stopped, "d", 20));
	assert_int_not_equal(proc_state(pid_of("d")), 'T');
	assert_int_equal(muster("send d --key z"), 0);
	until_shows("d", "back");
	assert_true(until(goes_on, "d", 20));
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

/* Stopped for its memory, it stays so whatever is typed. */
static void
test_stopped_for_its_memory(void **st)
{
	(void)st;
	own_home("memory");
	put_file(in_home("config.ini"), "[sampling]\ntick = 200ms\nmem_action = stop\n");
	assert_int_equal(
		muster("new -d -n m --mem-max 64K -- sh -c 'read x; echo got $x; cat'"), 0);
	assert_true(until(is_stopped, "m", 60));
	assert_int_equal(muster("send m --no-enter hello"), 0);
	assert_int_equal(proc_state(pid_of("m")), 'T');
	assert_int_equal(muster("resume m"), 0);
	assert_int_not_equal(proc_state(pid_of("m")), 'T');
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_continues_it),
		cmocka_unit_test(test_one_that_only_says_so),
		cmocka_unit_test(test_stopped_for_its_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
