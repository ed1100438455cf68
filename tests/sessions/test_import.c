/* A CLI that runs outside muster is found with its conversation, and goes on here once it was left. */
#include "tests/sessions/run_muster.h"
#include <pty.h>

static int terminal = -1;

/* The fake agent as `claude` on a terminal of the test's own, its files below the home. */
static pid_t
start_claude(void)
{
	char path[700], cmd[1500];
	pid_t pid;

	snprintf(path, sizeof path, "%s/claude", getenv("MUSTER_HOME"));
	snprintf(
		cmd, sizeof cmd, "cp '%s/tests/tools/fake_agent' '%s'", getenv("MUSTER_BIN"), path);
	assert_int_equal(system(cmd), 0);
	if ((pid = forkpty(&terminal, NULL, NULL, NULL)) == 0) {
		setenv("HOME", getenv("MUSTER_HOME"), 1);
		unsetenv("MUSTER_SESSION");
		unsetenv("CLAUDE_CONFIG_DIR");
		snprintf(cmd, sizeof cmd, "%s:%s", getenv("MUSTER_HOME"), getenv("PATH"));
		setenv("PATH", cmd, 1);
		if (chdir(getenv("MUSTER_HOME")) == 0)
			execl(path, "claude", "--model", "fake", "--session-id",
				"11111111-2222-4333-8444-555555555555", "my task", NULL);
		_exit(127);
	}
	assert_true(pid > 0);
	return pid;
}

/* Reads its terminal until the text came. */
static void
until_said(const char *text)
{
	char seen[8192] = "";
	size_t n = 0;
	ssize_t k;

	while (!strstr(seen, text) && n < sizeof seen - 1 &&
		(k = read(terminal, seen + n, sizeof seen - 1 - n)) > 0)
		n += (size_t)k;
	assert_non_null(strstr(seen, text));
}

/* Its entry of `import --dry-run`; a new reference, NULL when there is none. */
static json_t *
found(pid_t pid)
{
	json_t *j, *o, *mine = NULL;
	size_t i;

	assert_int_equal(muster("import --dry-run --json"), 0);
	j = out_json();
	json_array_foreach (json_object_get(j, "processes"), i, o)
		if (json_integer_value(json_object_get(o, "pid")) == pid)
			mine = json_incref(o);
	json_decref(j);
	return mine;
}

/* The name of the session with this conversation. */
static void
name_of(const char *conversation, char out[64])
{
	json_t *j, *s;
	const char *c;
	size_t i;
	int n = 0;

	assert_int_equal(muster("ls --json --state asleep"), 0);
	j = out_json();
	json_array_foreach (json_object_get(j, "sessions"), i, s)
		if ((c = json_string_value(json_object_get(s, "conversation"))) &&
			!strcmp(c, conversation)) {
			snprintf(out, 64, "%s", json_string_value(json_object_get(s, "name")));
			n++;
		}
	json_decref(j);
	assert_int_equal(n, 1);
}

static void
test_import(void **state)
{
	pid_t pid = start_claude();
	char conversation[64], name[64], why[256], *resume;
	json_t *o;
	int rc;

	(void)state;
	until_said("ok: my task");
	assert_non_null(o = found(pid));
	snprintf(conversation, sizeof conversation, "%s",
		json_string_value(json_object_get(o, "conversation")));
	assert_string_equal(conversation, "11111111-2222-4333-8444-555555555555");
	assert_string_equal(json_string_value(json_object_get(o, "profile")), "claude");
	assert_string_equal(json_string_value(json_object_get(o, "cwd")), getenv("MUSTER_HOME"));
	assert_true(json_integer_value(json_object_get(o, "footprint_bytes")) > 10000);
	resume = json_dumps(json_object_get(o, "resume"), JSON_COMPACT);
	assert_string_equal(resume, "[\"claude\",\"--model\",\"fake\",\"--resume\","
				    "\"11111111-2222-4333-8444-555555555555\"]");
	free(resume);
	json_decref(o);
	assert_int_equal(muster("server status"), 4); /* to look needs no server */
	/* brought in once, and not woken beside the one that still has it */
	for (int i = 0; i < 2; i++)
		assert_int_equal(muster("import"), 0);
	name_of(conversation, name);
	assert_int_equal(muster("resume %s", name), 1);
	err_text(why, sizeof why);
	if (!strstr(why, "its conversation is open in process"))
		fail_msg("%s", why);
	assert_int_equal(kill(pid, SIGKILL), 0); /* it leaves its registry file behind */
	assert_int_equal(waitpid(pid, &rc, 0), pid);
	assert_int_equal(muster("resume %s", name), 0);
	assert_int_equal(muster("wait %s --for ready --timeout 20", name), 0);
	assert_int_equal(muster("send %s RECALL", name), 0);
	until_shows(name, "turns: 1");
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_import)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
