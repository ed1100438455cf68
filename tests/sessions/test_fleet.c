/* Fleets: what a file names is there once, each with its prompt, however often it is asked for. What
 * is exported is what was printed. */
#include "tests/sessions/run_muster.h"

static void
put(const char *name, const char *text)
{
	FILE *f = fopen(in_home("%s", name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
says(const char *why)
{
	char said[1024];

	err_text(said, sizeof said);
	if (!strstr(said, why))
		fail_msg("'%s' says no '%s'", said, why);
}

/* Member `key` of session `name`, as JSON text; "none". Good until the next call. */
static const char *
member(const char *name, const char *key)
{
	static char text[600];
	json_t *j, *s;
	char *dump = NULL;
	size_t i;

	assert_int_equal(muster("ls -a --json"), 0);
	j = out_json();
	json_array_foreach (json_object_get(j, "sessions"), i, s)
		if (!strcmp(json_string_value(json_object_get(s, "name")), name))
			dump = json_dumps(json_object_get(s, key), JSON_ENCODE_ANY | JSON_COMPACT);
	snprintf(text, sizeof text, "%s", dump ? dump : "none");
	free(dump);
	json_decref(j);
	return text;
}

static int
times(const char *text, const char *what)
{
	int n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

static void
test_up_down(void **state)
{
	(void)state;
	own_home("up");
	mkdir(in_home("sub"), 0700);
	put("fleet.ini", "tags = crew\nprofile = shell\nenv.HUE = 'blue'\n"
			 "command = sh -c 'echo here && exec cat'\n"
			 "[one]\nprompt = first line\n  second line\npin = yes ; a comment\n"
			 "[two]\ndirectory = sub\ntags = \"b c\" d\nmem_max = 1G\n"
			 "command = sh -c 'echo \"<$HUE> $PWD\"'\\;' cat'\nprompt_file = task\n");
	put("task", "from ; a file\n");
	assert_int_equal(muster("up $MUSTER_HOME/fleet.ini"), 0);
	assert_string_equal(out_text, "one is started\ntwo is started\n");
	until_shows("one", "second line");
	until_shows("two", "from ; a file");
	assert_non_null(strstr(out_text, "<'blue'> "));
	assert_string_equal(member("one", "tags"), "[\"crew\"]");
	assert_string_equal(member("two", "tags"), "[\"crew\",\"b c\",\"d\"]");
	assert_string_equal(member("one", "pinned"), "true");
	assert_non_null(strstr(member("two", "cwd"), "/up/sub\""));
	assert_string_equal(member("two", "mem_max_bytes"), "1073741824");
	/* again: nothing is done, nothing is typed */
	assert_int_equal(muster("up $MUSTER_HOME/fleet.ini"), 0);
	assert_string_equal(out_text, "one is running\ntwo is running\n");
	/* what cannot sleep says so, goes on, and sleeps when it must */
	assert_int_equal(muster("down $MUSTER_HOME/fleet.ini"), 1);
	says("down: one: ");
	assert_string_equal(member("one", "state"), "\"running\"");
	assert_int_equal(muster("down --force $MUSTER_HOME/fleet.ini"), 0);
	assert_string_equal(member("one", "state"), "\"asleep\"");
	assert_int_equal(muster("up --json $MUSTER_HOME/fleet.ini"), 0);
	assert_int_equal(times(out_text, "\"woken\""), 2);
	assert_int_equal(muster("down --kill $MUSTER_HOME/fleet.ini"), 0);
	assert_string_equal(member("two", "state"), "\"exited\"");
	assert_int_equal(muster("up $MUSTER_HOME/fleet.ini"), 0);
	assert_int_equal(muster("peek one --history"), 0);
	/* typed once, echoed and, unless the end came first, printed by cat */
	assert_in_range(times(out_text, "first line"), 1, 2);
	assert_in_range(times(out_text, "second line"), 1, 2);
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

static void
test_refused(void **state)
{
	static const char *const bad[][2] = {{"[x]\npin = maybe\n", "pin takes yes or no"},
		{"[x]\ncolour = 1\n", "no key colour"},
		{"[x]\nprompt_file = nowhere\n", "prompt_file takes a file"},
		{"", "names no session"}, {"[x]\npin\n", "not a section"}};

	(void)state;
	own_home("refused");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		put("bad.ini", bad[i][0]);
		assert_int_equal(muster("up $MUSTER_HOME/bad.ini"), 2);
		says(bad[i][1]);
	}
	assert_int_equal(muster("up $MUSTER_HOME/nowhere.ini"), 1);
	assert_int_equal(muster("up"), 2);
	/* of several the rest is done; a session that only has the name is left alone */
	assert_int_equal(muster("new -d -n mine -c / -- cat"), 0);
	put("mixed.ini", "command = cat\n[mine]\nprofile = shell\n[gone]\ndirectory = nowhere\n"
			 "[good]\nprofile = shell\n");
	assert_int_not_equal(muster("up $MUSTER_HOME/mixed.ini"), 0);
	says("mine: another session has this name, in /");
	assert_string_equal(member("good", "state"), "\"running\"");
	assert_string_equal(member("gone", "state"), "none");
	assert_int_equal(muster("down --kill $MUSTER_HOME/mixed.ini"), 0);
	assert_string_equal(member("mine", "state"), "\"running\"");
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

/* What is saved comes back as it was. */
static void
test_save(void **state)
{
	static const char argv[] = "[\"sh\",\"-c\",\"echo \\\"a'b\\\" ;cat\",\"x y\",\"\",\"#\"]";

	(void)state;
	own_home("save");
	mkdir(in_home("some dir"), 0700);
	assert_int_equal(
		muster("new -d -n odd -t 't; u' -c \"$MUSTER_HOME/some dir\" --pin -- sh -c "
		       "'echo \"a'\"'\"'b\" ;cat' 'x y' '' '#'"),
		0);
	assert_int_equal(muster("new -d -n left -- cat"), 0);
	assert_string_equal(member("odd", "argv"), argv);
	assert_int_equal(muster("save $MUSTER_HOME/f.ini --tag 't; u'"), 0);
	assert_int_equal(muster("save $MUSTER_HOME/f.ini"), 1); /* never over a file */
	says("File exists");
	assert_int_equal(muster("kill odd"), 0);
	assert_int_equal(muster("forget odd"), 0);
	assert_int_equal(muster("up $MUSTER_HOME/f.ini"), 0);
	assert_string_equal(out_text, "odd is started\n");
	assert_string_equal(member("odd", "argv"), argv);
	assert_string_equal(member("odd", "tags"), "[\"t; u\"]");
	assert_string_equal(member("odd", "pinned"), "true");
	assert_non_null(strstr(member("odd", "cwd"), "/save/some dir\""));
	assert_int_equal(muster("save -"), 0);
	assert_int_equal(times(out_text, "directory = "), 2);
	/* what runs it, too */
	put("config.ini", "[runner.polite]\ncommand = nice -n 1\n");
	put("g.ini",
		"[kind]\ncommand = cat\nrunner = polite\n[rude]\ncommand = cat\nrunner = none\n");
	assert_int_equal(muster("server stop --kill-sessions"), 0);
	assert_int_equal(muster("up $MUSTER_HOME/g.ini"), 2);
	says("no runner none");
	assert_string_equal(member("kind", "runner"), "\"polite\"");
	assert_int_equal(muster("save - --all"), 0);
	assert_int_equal(times(out_text, "runner = polite\n"), 1);
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

/* A CLI that takes its prompt is given it once, whatever the load; woken, it is given none. */
static void
test_prompts_once(void **state)
{
	enum { N = 8 };
	char text[4096], want[64];
	int n;

	(void)state;
	own_home("once");
	n = snprintf(text, sizeof text,
		"profile = claude\nenv.HOME = %s\ncommand = %s/tests/tools/"
		"fake_agent --model fake\n",
		getenv("MUSTER_HOME"), getenv("MUSTER_BIN"));
	for (int i = 0; i < N; i++)
		n += snprintf(
			text + n, sizeof text - (size_t)n, "[a%d]\nprompt = task %d.\n", i, i);
	put("fleet.ini", text);
	assert_int_equal(muster("up $MUSTER_HOME/fleet.ini"), 0);
	for (int i = 0; i < N; i++) {
		snprintf(want, sizeof want, "ok: task %d.", i);
		snprintf(text, sizeof text, "a%d", i);
		until_shows(text, want);
	}
	assert_int_equal(muster("up $MUSTER_HOME/fleet.ini"), 0);
	for (int i = 0; i < N; i++)
		assert_int_equal(muster("wait a%d --for idle --timeout 20", i), 0);
	assert_int_equal(muster("down $MUSTER_HOME/fleet.ini"), 0);
	assert_int_equal(muster("up $MUSTER_HOME/fleet.ini"), 0);
	for (int i = 0; i < N; i++) {
		assert_int_equal(muster("wait a%d --for ready --timeout 20", i), 0);
		assert_int_equal(muster("send a%d RECALL", i), 0);
		snprintf(text, sizeof text, "a%d", i);
		until_shows(text, "turns: 1");
		snprintf(want, sizeof want, "ok: task %d.", i);
		assert_int_equal(muster("peek a%d --history", i), 0);
		assert_int_equal(times(out_text, want), 1);
	}
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

static void
test_export(void **state)
{
	char *plain, *played = calloc(1, 1 << 16), *line, *save = NULL;
	double last = 0;
	int n = 0;

	(void)state;
	own_home("export");
	assert_int_equal(muster("new -d -n x --size 40x5 -- sh -c 'for i in $(seq 50); do printf \""
				"\\\\033[31m%%d\\\\033[0m \\303\\274\\\\n\" $i; done; cat'"),
		0);
	until_shows("x", "50");
	assert_int_equal(muster("export x"), 0);
	assert_int_equal(times(out_text, "\xc3\xbc\n"), 50);
	assert_null(strchr(out_text, 033));
	plain = strdup(out_text);
	assert_int_equal(muster("export x --ansi"), 0);
	assert_int_equal(times(out_text, "\033[0;31m"), 50);
	assert_int_equal(muster("export x --cast"), 0);
	for (line = strtok_r(out_text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		json_t *j = json_loads(line, 0, NULL);
		const char *s = json_string_value(json_array_get(j, 2));

		assert_non_null(j);
		if (!n++) {
			assert_int_equal(json_integer_value(json_object_get(j, "version")), 2);
			assert_int_equal(json_integer_value(json_object_get(j, "width")), 40);
		} else {
			assert_true(json_number_value(json_array_get(j, 0)) >= last);
			last = json_number_value(json_array_get(j, 0));
			for (; *s; s++) /* as a terminal shows it */
				if (*s == 033)
					s += strcspn(s, "m");
				else if (*s != '\r')
					played[strlen(played)] = *s;
		}
		json_decref(j);
	}
	assert_string_equal(played, plain);
	free(plain);
	free(played);
	assert_int_equal(muster("export nobody"), 3);
	assert_int_equal(muster("skill"), 0);
	assert_non_null(strstr(out_text, "What you must not do"));
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_up_down),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_save),
		cmocka_unit_test(test_prompts_once),
		cmocka_unit_test(test_export),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
