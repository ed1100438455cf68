/* muster upgrade: another program in the place of server and keeper, under sessions that print. They
 * notice nothing, and what cannot take over changes nothing. */
#include "tests/sessions/put_file.h"
#include "tests/sessions/run_muster.h"
#include <limits.h>

#define LINES 6000

static char top[512], built[512];

static void PRINTF_LIKE(1, 2) shell(const char *fmt, ...)
{
	char all[4096];
	va_list ap;
	int n = snprintf(all, sizeof all, "cd $MUSTER_HOME && b='%s' && ", built);

	va_start(ap, fmt);
	vsnprintf(all + n, sizeof all - (size_t)n, fmt, ap);
	va_end(ap);
	if (system(all) != 0)
		fail_msg("%s", all);
}

/* The muster of that directory below the home is the one that is called from here on. */
static void
use(const char *dir)
{
	setenv("MUSTER_BIN", dir ? in_home("%s", dir) : built, 1);
}

static void
home_of(const char *name)
{
	setenv("MUSTER_HOME", top, 1);
	use(NULL);
	own_home(name);
	put_file(in_home("config.ini"), "[server]\nscrollback_lines=100000\n");
}

/* A copy of what was built, as another version. */
static void
copy_to(const char *dir, const char *version)
{
	shell("mkdir -p %s && for f in muster muster-keeper; do "
	      "sed 's/0\\.1\\.0/%s/g' \"$b/$f\" >%s/$f && chmod +x %s/$f; done",
		dir, version, dir, dir);
}

static void
start_printer(void)
{
	assert_int_equal(muster("new -d -n p -p shell --size 60x20 -- '%s/tests/tools/printer' 7 "
				"%d $MUSTER_HOME/done 41",
				 built, LINES),
		0);
}

static bool
printed(void *ctx)
{
	return access(in_home("done"), F_OK) == 0 && muster("peek p --lines 3") == 0 &&
	       strstr(out_text, ctx);
}

/* Each line once, and its end is known. */
static void
check_printer(void)
{
	char *line, *save = NULL, want[64];
	int i = 0;

	snprintf(want, sizeof want, "7 %d\n", LINES - 1);
	assert_true(until(printed, want, 30));
	assert_int_equal(muster("peek p --history"), 0);
	for (line = strtok_r(out_text, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save), i++) {
		snprintf(want, sizeof want, "7 %d", i);
		assert_string_equal(line, want);
	}
	assert_int_equal(i, LINES);
	assert_int_equal(muster("send p --key Enter"), 0);
	assert_int_equal(muster("wait p --for exit --timeout 10 --json"), 0);
	json_t *j = out_json();
	assert_int_equal(json_integer_value(json_object_get(j, "exit_code")), 41);
	json_decref(j);
}

static bool
status_says(const char *key, const char *value)
{
	json_t *j;
	const char *is;
	bool yes;

	assert_int_equal(muster("server status --json"), 0);
	j = out_json();
	is = json_string_value(json_object_get(j, key));
	yes = is && !strcmp(is, value);
	json_decref(j);
	return yes;
}

/* To another version and back, while one prints, one begins, and one ends. */
static void
test_there_and_back(void **st)
{
	pid_t keeper;

	(void)st;
	home_of("there");
	copy_to("next", "0.1.9");
	start_printer();
	keeper = server_pid("keeper_pid");
	for (int i = 0; i < 4; i++) {
		pid_t server = server_pid("pid");

		assert_int_equal(
			muster("new -d -n e%d -p shell -- sh -c 'read a; exit 5%d'", i, i), 0);
		/* the one that runs and the one that asks are of two versions */
		use(i % 2 ? NULL : "next");
		assert_int_equal(muster("ls"), 0);
		assert_int_equal(muster("upgrade"), 0);
		assert_non_null(strstr(out_text, i % 2 ? "0.1.0 serves" : "0.1.9 serves"));
		assert_true(status_says("version", i % 2 ? "0.1.0" : "0.1.9"));
		assert_true(server_pid("pid") != server);
		assert_int_equal(server_pid("keeper_pid"), keeper);
		use(i % 2 ? "next" : NULL);
		assert_int_equal(muster("send e%d --key Enter", i), 0);
		assert_int_equal(muster("wait e%d --for exit --timeout 10 --json", i), 0);
		json_t *j = out_json();
		assert_int_equal(json_integer_value(json_object_get(j, "exit_code")), 50 + i);
		json_decref(j);
	}
	check_printer();
	assert_int_equal(muster("server stop --kill-sessions"), 0);
	assert_int_equal(access(in_home("run/trial"), F_OK), -1);
}

/* None of these gets as far as that the server would leave. */
static void
test_what_cannot_take_over(void **st)
{
	static const struct {
		const char *make, *says;
	} bad[] = {
		{"rm bad/muster-keeper", "is no program"},
		{"cp /bin/true bad/muster-keeper", "its keeper cannot take over"},
		{": >bad/muster-keeper", "its keeper cannot take over"},
		{"cp $b/tests/tools/half_muster bad/muster && echo ends >bad/how",
			"before it serves"},
		{": >bad/muster && chmod +x bad/muster", "xec format error"},
	};
	pid_t server, keeper;
	char err[600];

	(void)st;
	home_of("bad");
	start_printer();
	server = server_pid("pid");
	keeper = server_pid("keeper_pid");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char cmd[700];

		shell("rm -rf bad && mkdir bad && cp $b/muster $b/muster-keeper bad");
		shell("%s", bad[i].make);
		/* asked for by one that can ask */
		snprintf(cmd, sizeof cmd, "%s", in_home("bad/muster"));
		assert_int_equal(muster("upgrade %s", cmd), 1);
		err_text(err, sizeof err);
		if (!strstr(err, bad[i].says))
			fail_msg("%s: %s", bad[i].make, err);
		assert_int_equal(server_pid("pid"), server);
		assert_int_equal(server_pid("keeper_pid"), keeper);
	}
	assert_int_equal(muster("upgrade"), 0);
	assert_int_equal(server_pid("keeper_pid"), keeper);
	check_printer();
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

/* It proves itself, and then does not serve, or serves nobody: the one that did goes on. */
static void
test_the_former_goes_on(void **st)
{
	static const char *const how[] = {"dies", "few"};
	char program[PATH_MAX], err[600];

	(void)st;
	home_of("former");
	snprintf(err, sizeof err, "%s/muster", built);
	assert_non_null(realpath(err, program));
	start_printer();
	for (size_t i = 0; i < ARRAY_LEN(how); i++) {
		pid_t keeper = server_pid("keeper_pid");

		shell("rm -rf half && mkdir half && cp $b/muster-keeper half && "
		      "cp $b/tests/tools/half_muster half/muster && echo %s $b/muster >half/how",
			how[i]);
		assert_int_equal(muster("upgrade %s", in_home("half/muster")), 1);
		err_text(err, sizeof err);
		assert_non_null(strstr(err, "did not come to serve"));
		assert_int_equal(muster("ls"), 0);
		assert_int_equal(server_pid("keeper_pid"), keeper);
		assert_true(status_says("program", program));
		assert_true(status_says("version", "0.1.0"));
		/* and does so after a death */
		assert_int_equal(kill(server_pid("pid"), SIGKILL), 0);
		if (muster("ls") != 0) {
			err_text(err, sizeof err);
			fail_msg("%s", err);
		}
		assert_true(status_says("version", "0.1.0"));
	}
	check_printer();
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

static bool
offered(void *ctx)
{
	(void)ctx;
	return banner_has("muster upgrade");
}

/* Another one was installed where this one stands. */
static void
test_replaced_on_disk(void **st)
{
	(void)st;
	home_of("replaced");
	copy_to("bin", "0.1.0");
	copy_to("next", "0.1.9");
	use("bin");
	start_printer();
	assert_true(banner_has(""));
	shell("mv next/* bin/");
	assert_true(until(offered, NULL, 15));
	assert_true(status_says("version", "0.1.0"));
	muster("doctor -v");
	assert_non_null(strstr(out_text, "(muster upgrade)"));
	assert_non_null(strstr(out_text, "nothing is degraded"));
	assert_int_equal(muster("upgrade"), 0);
	assert_true(status_says("version", "0.1.9"));
	assert_true(banner_has(""));
	check_printer();
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_what_cannot_take_over),
		cmocka_unit_test(test_the_former_goes_on),
		cmocka_unit_test(test_replaced_on_disk),
	};

	snprintf(top, sizeof(top), "%s", getenv("MUSTER_HOME"));
	snprintf(built, sizeof(built), "%s", getenv("MUSTER_BIN"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
