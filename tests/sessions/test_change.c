/* Small changes to sessions: tags, notes, the archive. They last, and are told. */
#include "tests/sessions/run_muster.h"

/* Member `key` of session `name` in `ls -a`; NULL when there is none. A new reference. */
static json_t *
member(const char *name, const char *key)
{
	json_t *j, *s, *found = NULL;
	size_t i;

	assert_int_equal(muster("ls -a --json"), 0);
	j = out_json();
	json_array_foreach (json_object_get(j, "sessions"), i, s)
		if (!strcmp(json_string_value(json_object_get(s, "name")), name))
			found = json_incref(json_object_get(s, key));
	json_decref(j);
	return found;
}

static void
assert_member(const char *name, const char *key, const char *json)
{
	json_t *v = member(name, key);
	char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);

	if (strcmp(text ? text : "none", json) != 0)
		fail_msg("%s of %s is %s, not %s: %s", key, name, text ? text : "none", json,
			out_text);
	free(text);
	json_decref(v);
}

/* What `ls` has, without -a. */
static bool
listed(const char *name)
{
	assert_int_equal(muster("ls --json"), 0);
	return strstr(out_text, name) != NULL;
}

static bool
is_listed(void *name)
{
	return listed(name);
}

static bool
is_told(void *what)
{
	assert_int_equal(muster("events --json"), 0);
	return strstr(out_text, what) != NULL;
}

static int
begin(void **state)
{
	static unsigned n;
	char name[16];

	(void)state;
	snprintf(name, sizeof name, "home%u", n++);
	setenv("MUSTER_HOME", getenv("TEST_HOME"), 1);
	own_home(name);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	return muster("server stop --kill-sessions") == 0 ? 0 : -1;
}

static void
says(const char *why)
{
	char said[512];

	err_text(said, sizeof said);
	if (!strstr(said, why))
		fail_msg("'%s' says no '%s'", said, why);
}

static void
test_tags(void **state)
{
	(void)state;
	assert_int_equal(muster("new -d -n a -t one -t two -t three -- cat"), 0);
	assert_int_equal(muster("tag a four"), 0);
	assert_int_equal(muster("untag a two"), 0);
	assert_member("a", "tags", "[\"one\",\"three\",\"four\"]");
	assert_int_equal(muster("untag a two"), 1);
	says("a has no tag two");
	assert_int_equal(muster("tag a -- -one"), 2);
	says("does not begin with -");
	assert_int_equal(muster("untag a"), 2);
	assert_int_equal(muster("untag nobody x"), 3);
}

static void
test_note(void **state)
{
	(void)state;
	assert_int_equal(muster("new -d -n a -- cat"), 0);
	assert_member("a", "note", "none");
	assert_int_equal(muster("note a 'wait for \"him\"'"), 0);
	assert_member("a", "note", "\"wait for \\\"him\\\"\"");
	assert_true(until(is_told, "\"event\":\"noted\"", 10));
	assert_int_equal(muster("note a \"$(printf 'two\\nlines')\""), 2);
	says("a note is one line");
	assert_int_equal(muster("note a \"$(printf '%%0501d' 0)\""), 2);
	assert_int_equal(muster("note a \"$(printf '%%0500d' 0)\""), 0);
	assert_int_equal(muster("note a ''"), 0);
	assert_member("a", "note", "none");
}

static bool
server_other(void *old)
{
	pid_t pid = muster("server status --json") == 0 ? server_pid("pid") : 0;

	return pid && pid != *(pid_t *)old;
}

/* What is kept of a session outlives the server, and what ended is still told of. */
static void
test_lasts(void **state)
{
	pid_t pid;

	(void)state;
	assert_int_equal(muster("new -d -n a -- cat"), 0);
	assert_int_equal(muster("note a mine"), 0);
	assert_int_equal(muster("tag a t"), 0);
	assert_int_equal(muster("archive a"), 0);
	assert_true(until(is_told, "\"event\":\"archived\"", 10)); /* stored after the rest */
	pid = server_pid("pid");
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_true(until(server_other, &pid, 20));
	assert_member("a", "note", "\"mine\"");
	assert_member("a", "tags", "[\"t\"]");
	assert_member("a", "archived", "true");
	assert_false(listed("\"a\""));
}

static void
test_archive(void **state)
{
	(void)state;
	assert_int_equal(muster("new -d -n here -- cat"), 0);
	assert_int_equal(muster("new -d -n gone -- sh -c 'cat; sleep 1000'"), 0);
	assert_int_equal(muster("archive gone here"), 0);
	assert_false(listed("gone") || listed("here"));
	assert_member("gone", "state", "\"running\"");
	assert_int_equal(muster("unarchive here"), 0);
	assert_true(listed("here"));
	assert_false(listed("gone"));
	assert_int_equal(muster("archive nobody"), 3);
	/* one that is woken is wanted again */
	assert_int_equal(muster("archive here"), 0);
	assert_int_equal(muster("hibernate --force here"), 0);
	assert_false(listed("here"));
	assert_int_equal(muster("resume here"), 0);
	assert_true(until(is_listed, "here", 20));
}

/* It comes back by itself when it needs somebody. */
static void
test_archived_asks(void **state)
{
	(void)state;
	assert_int_equal(muster("new -d -n shy -- sh -c 'read x; printf "
				"\"\\\\033]7501;state=blocked:kind=permission\\\\007\"; cat'"),
		0);
	assert_int_equal(muster("archive shy"), 0);
	assert_false(listed("shy"));
	assert_int_equal(muster("send shy go"), 0);
	assert_true(until(is_listed, "shy", 20));
	assert_member("shy", "activity", "\"permission\"");
	assert_true(until(is_told, "\"event\":\"unarchived\"", 10));
	/* out of sight once more, while it still asks: that is its user's will */
	assert_int_equal(muster("archive shy"), 0);
	assert_false(listed("shy"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tags, begin, end),
		cmocka_unit_test_setup_teardown(test_note, begin, end),
		cmocka_unit_test_setup_teardown(test_lasts, begin, end),
		cmocka_unit_test_setup_teardown(test_archive, begin, end),
		cmocka_unit_test_setup_teardown(test_archived_asks, begin, end),
	};

	setenv("TEST_HOME", getenv("MUSTER_HOME"), 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
