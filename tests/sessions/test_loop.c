/* The server's loop does nothing that can wait for a disk: every call it makes on files is told of, over
 * a day in the life of sessions; and with a disk that takes its time, others do not notice. */
#include "tests/sessions/sick_disk.h"

static char agent[600];

static void
begin(const char *name)
{
	own_home(name);
	setenv("HOME", in_home("user"), 1);
	mkdir(in_home("user"), 0700);
	snprintf(agent, sizeof(agent), "%s/tests/tools/fake_agent", getenv("MUSTER_BIN"));
	put_file(in_home("config.ini"),
		"[server]\nstore_after=50ms\nrest_after=200ms\nscrollback_lines=40000\n");
	start_with_faults();
}

static void
end(void)
{
	faults->watch = faults->delay_ms = 0;
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

static void
test_nothing_on_the_loop_waits(void **state)
{
	(void)state;
	begin("watch");
	faults->watch = 1;
	muster("new -d -n a -p claude -- %s --model fake", agent);
	until_shows("a", "fake");
	muster("send a hello");
	until_shows("a", "ok: hello");
	muster("new -d -n p -p shell -- sh -c 'seq 1 30000; cat'");
	until_shows("p", "30000");
	poll(NULL, 0, 6000);
	muster("search 1234");
	muster("peek p --history");
	muster("doctor");
	muster("reap");
	muster("memory a");
	muster("hibernate a --force");
	muster("resume a");
	poll(NULL, 0, 1000);
	muster("rename a b");
	muster("kill a b p");
	muster("forget a b p");
	poll(NULL, 0, 1000);
	for (int i = 0; i < MIN(faults->noted, 32); i++)
		print_error("%s\n", faults->note[i]);
	assert_int_equal(faults->noted, 0);
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_on_the_loop_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
