/* Other machines (sessions/client/host.h, tui/cli/host.h), by a stand-in for ssh: a program that runs the rest
 * of its words with another MUSTER_HOME, as a machine of its own would, or does not answer while a file
 * says that it is off. */
#include "tests/sessions/put_file.h"
#include "tests/sessions/run_muster.h"

static const char stand_in[] =
	"#!/bin/sh\n"
	"here=${0%%/*}\n"
	"host=$1\n"
	"shift\n"
	"[ ! -e $here/$host.off ] || { echo \"no route to $host\" >&2; exit 255; }\n"
	"unset LOCAL\n"
	"MUSTER_HOME=$here/$host HOME=/ THERE=$host exec \"$@\"\n";

static int
begin(void **state)
{
	static unsigned n;
	static const char *const hosts[] = {"far", "big"};
	char name[16], config[4096];
	size_t len = 0;

	(void)state;
	setenv("MUSTER_HOME", getenv("TEST_HOME"), 1);
	snprintf(name, sizeof name, "h%u", n++);
	own_home(name);
	put_file(in_home("way"), stand_in);
	assert_int_equal(chmod(in_home("way"), 0755), 0);
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		assert_int_equal(mkdir(in_home("%s", hosts[i]), 0700), 0);
		len += (size_t)snprintf(config + len, sizeof config - len,
			"[host.%s]\nssh = %s %s\nmuster = %s/muster\n", hosts[i], in_home("way"),
			hosts[i], getenv("MUSTER_BIN"));
	}
	put_file(in_home("config.ini"), "%s", config);
	setenv("LOCAL", "yes", 1);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	unlink(in_home("far.off"));
	muster("--host far server stop --kill-sessions");
	muster("--host big server stop --kill-sessions");
	muster("server stop --kill-sessions");
	return 0;
}

static void
assert_said(const char *part)
{
	char err[4096];

	err_text(err, sizeof err);
	if (!strstr(err, part))
		fail_msg("'%s' was not said: %s", part, err);
}

/* The host of a session in `ls`; "" it is not there. */
static const char *
host_of(json_t *list, const char *name, bool *away)
{
	json_t *s;
	size_t i;

	json_array_foreach (json_object_get(list, "sessions"), i, s)
		if (!strcmp(json_string_value(json_object_get(s, "name")), name)) {
			*away = json_is_true(json_object_get(s, "away"));
			return json_string_value(json_object_get(s, "host"));
		}
	return "";
}

static void
test_one_list(void **state)
{
	bool away;
	json_t *j;

	(void)state;
	assert_int_equal(muster("new -d -n here -- cat"), 0);
	assert_int_equal(muster("new -d --host far -n api -- cat"), 0);
	assert_int_equal(muster("--host=big new -d -n db -- cat"), 0);
	assert_int_equal(muster("ls"), 0);
	assert_int_equal(strncmp(out_text, "HOST ", 5), 0);
	assert_int_equal(muster("ls --json"), 0);
	j = out_json();
	assert_string_equal(host_of(j, "api", &away), "far");
	assert_string_equal(host_of(j, "db", &away), "big");
	assert_string_not_equal(host_of(j, "here", &away), "far");
	assert_false(away);
	assert_int_equal(json_array_size(json_object_get(j, "hosts")), 2);
	json_decref(j);
	assert_int_equal(muster("ls --host far"), 0);
	assert_null(strstr(out_text, "here"));
	assert_non_null(strstr(out_text, "api"));

	/* one that is away: its rows as they were, and the others as they are */
	put_file(in_home("far.off"), "");
	assert_int_equal(muster("kill here"), 0);
	assert_int_equal(muster("ls"), 0);
	assert_said("far is away: no route to far");
	assert_non_null(strstr(out_text, "away"));
	assert_int_equal(muster("ls --json"), 0);
	j = out_json();
	assert_string_equal(host_of(j, "api", &away), "far");
	assert_true(away);
	assert_string_equal(host_of(j, "db", &away), "big");
	assert_false(away);
	assert_string_equal(host_of(j, "here", &away), "");
	json_decref(j);
	assert_int_equal(muster("peek far:api"), 4);
	assert_said("far cannot be reached: no route to far");
}

/* Each verb does there what it does here. */
static void
test_verbs(void **state)
{
	(void)state;
	assert_int_equal(muster("new -d --host far -n api -e MORE=more -- sh -c 'echo "
				"\"[$THERE$LOCAL$MORE]\" in $PWD; exec sh'"),
		0);
	until_shows("far:api", "[farmore] in /\n");
	assert_int_equal(muster("send far:api 'echo needle'"), 0);
	until_shows("far:api", "\nneedle");
	assert_int_equal(muster("wait far:api --for idle --timeout 60"), 0);
	assert_int_equal(muster("rename far:api web"), 0);
	assert_int_equal(muster("tag far:web blue:x"), 0);
	assert_int_equal(muster("note far:web 'far:away'"), 0);
	assert_int_equal(muster("ls --host far --json"), 0);
	assert_non_null(strstr(out_text, "\"blue:x\""));
	assert_non_null(strstr(out_text, "\"far:away\""));
	assert_int_equal(muster("search --host far needle"), 0);
	assert_non_null(strstr(out_text, "needle"));
	assert_int_equal(muster("export far:web"), 0);
	assert_non_null(strstr(out_text, "needle"));
	assert_int_equal(muster("history far:web --json"), 0);
	assert_int_equal(muster("explain far:web"), 0);
	assert_int_equal(muster("reap --host far --dry-run"), 0);
	assert_non_null(strstr(out_text, "web"));
	assert_int_equal(muster("events far:web"), 0);
	assert_non_null(strstr(out_text, "started"));
	assert_int_equal(muster("doctor --host far --json"), 0);
	assert_non_null(strstr(out_text, "/far/state"));
	assert_int_equal(muster("kill far:web"), 0);
	assert_int_equal(muster("forget far:web"), 0);
	assert_int_equal(muster("peek far:web"), 3);
	assert_int_equal(muster("ls -a --json"), 0);
	assert_null(strstr(out_text, "\"web\""));

	assert_int_equal(muster("kill far:a big:b"), 2);
	assert_said("sessions of one machine at a time");
	assert_int_equal(muster("ls --host nowhere"), 2);
	assert_said("no host nowhere");
	assert_int_equal(muster("peek nowhere:x"), 3); /* a name may have a colon */
}

/* The session of a list with this name is of this machine; "here" is the one without host. */
static void
assert_of(json_t *list, const char *name, const char *host)
{
	json_t *s, *h;
	size_t i;

	json_array_foreach (list, i, s)
		if (!strcmp(json_string_value(json_object_get(s, "name")), name)) {
			h = json_object_get(s, "host");
			assert_string_equal(h ? json_string_value(h) : "here", host);
			return;
		}
	fail_msg("no %s: %s", name, out_text);
}

/* What is of all sessions is of those of all machines: for people, for scripts, and only here. */
static void
test_across(void **state)
{
	json_t *j;

	(void)state;
	assert_int_equal(muster("new -d -n here -- sh -c 'echo needle here; exec cat'"), 0);
	assert_int_equal(
		muster("new -d --host far -n api -- sh -c 'echo needle there; exec cat'"), 0);
	until_shows("here", "needle here");
	until_shows("far:api", "needle there");
	assert_int_equal(muster("search needle"), 0);
	assert_non_null(strstr(out_text, "far:api:0: needle there"));
	assert_int_equal(strncmp(out_text, "here:0: needle here\n", 20), 0);
	assert_int_equal(muster("search --json there"), 0);
	j = out_json();
	assert_string_equal(json_string_value(json_object_get(j, "host")), "far");
	assert_string_equal(json_string_value(json_object_get(j, "name")), "api");
	json_decref(j);
	assert_int_equal(muster("search --session far:api needle"), 0);
	assert_null(strstr(out_text, "needle here"));
	assert_non_null(strstr(out_text, "needle there"));
	assert_int_equal(muster("search --host here needle"), 0);
	assert_null(strstr(out_text, "needle there"));
	assert_int_equal(muster("search --regex 'a('"), 2);

	assert_int_equal(muster("history"), 0);
	assert_non_null(strstr(out_text, "\nfar:api "));
	assert_int_equal(muster("history --json"), 0);
	j = out_json();
	assert_of(json_object_get(j, "sessions"), "here", "here");
	assert_of(json_object_get(j, "sessions"), "api", "far");
	json_decref(j);

	assert_int_equal(muster("reap --dry-run"), 0);
	assert_non_null(strstr(out_text, " far:api "));
	assert_int_equal(muster("reap --json --dry-run"), 0);
	j = out_json();
	assert_of(json_object_get(j, "candidates"), "here", "here");
	assert_of(json_object_get(j, "candidates"), "api", "far");
	json_decref(j);

	put_file(in_home("far.off"), "");
	assert_int_equal(muster("search needle"), 0);
	assert_said("far is away: no route to far");
	assert_non_null(strstr(out_text, "needle here"));
	assert_int_equal(muster("reap --dry-run"), 0);
	assert_said("far is away: no route to far");
	assert_int_equal(muster("history"), 0);
	assert_null(strstr(out_text, "api"));
}

__attribute__((format(printf, 1, 2))) static int
shell(const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	return system(line);
}

/* Waits until what ls -w wrote has the text. */
static void
until_written(const char *text)
{
	uint64_t end = os_mono_ns() + 30000000000ull;

	while (shell("grep -q '%s' $MUSTER_HOME/watched", text) != 0) {
		if (os_mono_ns() > end)
			fail_msg("ls -w never wrote %s", text);
		poll(NULL, 0, 20);
	}
}

/* ls -w hears of what happens elsewhere, and of a machine's coming and going. */
static void
test_watch(void **state)
{
	(void)state;
	assert_int_equal(muster("new -d -n here -- cat"), 0);
	assert_int_equal(muster("new -d --host far -n api -- cat"), 0);
	assert_int_equal(
		shell("exec \"$MUSTER_BIN/muster\" ls -w --json >$MUSTER_HOME/watched 2>&1 & "
		      "echo $! >$MUSTER_HOME/watcher"),
		0);
	until_written("\"api\".*\"away\":false");
	assert_int_equal(muster("rename far:api another"), 0);
	until_written("\"another\"");
	put_file(in_home("far.off"), "");
	assert_int_equal(shell("MUSTER_HOME=$MUSTER_HOME/far \"$MUSTER_BIN/muster\" server stop "
			       "--kill-sessions"),
		0);
	until_written("\"another\".*\"away\":true");
	assert_int_equal(shell("kill $(cat $MUSTER_HOME/watcher)"), 0);
}

static void
test_host_verb(void **state)
{
	(void)state;
	assert_int_equal(muster("host add new someone@new.example"), 0);
	assert_int_equal(muster("host add new other"), 1);
	assert_said("new is there already");
	assert_int_equal(muster("host add 'a b' x"), 2);
	assert_int_equal(muster("host add ok -- -oProxyCommand=x"), 2);
	assert_int_equal(muster("config check"), 0);
	assert_int_equal(muster("host list"), 0);
	assert_non_null(strstr(out_text, "someone@new.example"));
	assert_int_equal(muster("host check far"), 0);
	assert_non_null(strstr(out_text, "0 running"));
	put_file(in_home("far.off"), "");
	assert_int_equal(muster("host check far big"), 1);
	assert_said("far cannot be reached: no route to far");
	assert_non_null(strstr(out_text, "big"));
}

/* What is copied runs there. */
static void
test_install(void **state)
{
	(void)state;
	put_file(in_home("way"), "#!/bin/sh\nshift\nHOME=${0%%/*}/far exec sh -c \"$*\"\n");
	assert_int_equal(muster("host install far"), 1);
	assert_said("nothing was copied");
	assert_int_equal(muster("host install far --yes"), 0);
	assert_int_equal(access(in_home("far/.local/bin/muster-keeper"), X_OK), 0);
	assert_int_equal(system("\"$MUSTER_HOME/far/.local/bin/muster\" version >/dev/null"), 0);
	put_file(in_home("way"), "#!/bin/sh\necho Other machine\n");
	assert_int_equal(muster("host install far --yes"), 1);
	assert_said("far is Other machine");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_list, begin, end),
		cmocka_unit_test_setup_teardown(test_verbs, begin, end),
		cmocka_unit_test_setup_teardown(test_across, begin, end),
		cmocka_unit_test_setup_teardown(test_watch, begin, end),
		cmocka_unit_test_setup_teardown(test_host_verb, begin, end),
		cmocka_unit_test_setup_teardown(test_install, begin, end),
	};

	setenv("TEST_HOME", getenv("MUSTER_HOME"), 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
