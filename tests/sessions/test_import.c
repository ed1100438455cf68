/* A CLI that runs outside muster is found with its conversation, and goes on here once it was left. */
#include "core/base/buf.h"
#include "sessions/client/client.h"
#include "tests/sessions/put_file.h"
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

/* The session's text as export prints it. */
static char *
exported(const char *name, const char *how)
{
	assert_int_equal(muster("export %s %s", name, how), 0);
	return strdup(out_text);
}

/* What export wrote becomes a session that is exported as the one it was of. */
static void
round_trip(const char *how, const char *name)
{
	char *was = exported("source", how), *is;

	assert_int_equal(system("cp \"$MUSTER_HOME/out\" \"$MUSTER_HOME/archive\""), 0);
	assert_int_equal(
		muster("import --archive '%s/archive' -n %s", getenv("MUSTER_HOME"), name), 0);
	is = exported(name, how);
	assert_string_equal(is, was);
	free(was);
	free(is);
}

/* The texts of an asciicast's events, joined. */
static char *
played(const char *cast)
{
	struct buf all = {0};
	json_t *ev, *header = json_loads(cast, JSON_DISABLE_EOF_CHECK, NULL);

	assert_int_equal(json_integer_value(json_object_get(header, "version")), 2);
	json_decref(header);
	for (cast = strchr(cast, '\n'); cast && cast[1]; cast = strchr(cast + 1, '\n')) {
		ev = json_loads(cast + 1, JSON_DISABLE_EOF_CHECK, NULL);
		assert_string_equal(json_string_value(json_array_get(ev, 1)), "o");
		buf_puts(&all, json_string_value(json_array_get(ev, 2)));
		json_decref(ev);
	}
	return buf_cstr(&all);
}

static size_t
count_all(void)
{
	json_t *j;
	size_t n;

	assert_int_equal(muster("ls -a --json"), 0);
	j = out_json();
	n = json_array_size(json_object_get(j, "sessions"));
	json_decref(j);
	return n;
}

static void
test_archive(void **state)
{
	char *was, *is, *a, *b, err[4096];
	size_t n;

	(void)state;
	assert_int_equal(
		muster("new -d -n source --size 60x10 -- sh -c 'seq -f \"line %%g\" 40; "
		       "printf \"\\033[31mred\\033[0m h\\303\\251llo \\346\\274\\242\\n\"; "
		       "printf \"%%0150d\\n\" 7; echo the end'"),
		0);
	assert_int_equal(muster("wait source --for exit --timeout 20"), 0);
	round_trip("", "plain");
	round_trip("--ansi", "looks");
	was = exported("source", "--cast");
	assert_int_equal(system("cp \"$MUSTER_HOME/out\" \"$MUSTER_HOME/archive\""), 0);
	assert_int_equal(
		muster("import --archive - -n cast <'%s/archive'", getenv("MUSTER_HOME")), 0);
	is = exported("cast", "--cast");
	a = played(was);
	b = played(is);
	assert_string_equal(a, b);
	free(a);
	free(b);
	free(was);
	free(is);
	assert_int_equal(muster("search --session plain 'line 17'"), 0);
	assert_non_null(strstr(out_text, "plain:"));

	/* it stays when server and keeper have gone, and takes no more */
	was = exported("looks", "--ansi");
	assert_int_equal(muster("server stop"), 0);
	is = exported("looks", "--ansi");
	assert_string_equal(is, was);
	free(was);
	free(is);

	/* others' recordings: any title, times since the event before, bytes of any value */
	put_file(in_home("their"),
		"{\"version\":3,\"term\":{\"cols\":60,\"rows\":10},\"title\":\"My "
		"demo: it works\"}\n# a remark\n[1.5,\"o\",\"one\\r\\n\"]\n"
		"[20,\"i\",\"key\"]\n[20,\"o\",\"t\\u0000wo\\r\\n\"]\n");
	assert_int_equal(muster("import --archive '%s'", in_home("their")), 0);
	out_text[strcspn(out_text, "\n")] = 0;
	snprintf(err, sizeof err, "%s", out_text);
	was = exported(err, "");
	assert_string_equal(was, "one\ntwo\n");
	free(was);
	was = exported(err, "--cast");
	assert_non_null(strstr(was, "\"width\":60"));
	free(was);
	assert_int_equal(system("head -c 70000 /dev/zero >\"$MUSTER_HOME/zeros\""), 0);
	assert_int_equal(muster("import --archive '%s' -n zeros", in_home("zeros")), 0);

	/* what is none leaves nothing behind */
	n = count_all();
	put_file(in_home("bad"), "{\"version\":2,\"width\":80,\"height\":24,\"title\":\"half\"}\n"
				 "[0.1,\"o\",\"x\"]\nnonsense\n");
	assert_int_equal(muster("import --archive '%s'", in_home("bad")), 1);
	err_text(err, sizeof err);
	assert_non_null(strstr(err, "no event of an asciicast"));
	assert_int_equal(muster("import --archive /nonexistent"), 1);
	assert_int_equal(muster("import --archive /"), 1);
	err_text(err, sizeof err);
	assert_non_null(strstr(err, "Is a directory"));
	assert_int_equal(muster("import --archive x --dry-run"), 2);
	assert_int_equal(count_all(), n);
	assert_int_equal(muster("server stop"), 0);
}

/* What fills a large screen over and over is taken in pieces: others have their turns between. */
static void
test_costly_archive(void **state)
{
	struct buf fills = {0};
	struct client *c;
	struct err e;
	json_t *args, *made, *reply;
	json_int_t took;

	(void)state;
	for (int i = 0; i < 20; i++)
		buf_puts(&fills, "\033[88;1;1;1000;4096$x");
	assert_int_equal(muster("server start"), 0);
	assert_non_null(c = client_connect(NULL, true, &e));
	args = json_pack("{s:b,s:s,s:s,s:i,s:i}", "exited", true, "profile", "shell", "cwd", "~",
		"cols", 4096, "rows", 1000);
	assert_non_null(made = client_call(c, "new", args, NULL, NULL, 0, &e));
	for (size_t sent = 0; sent < fills.len; sent += (size_t)took) {
		args = json_pack("{s:O,s:f,s:b,s:s}", "id", json_object_get(made, "id"), "t", 1e9,
			"done", false, "text", buf_cstr(&fills) + sent);
		assert_non_null(reply = client_call(c, "record", args, NULL, NULL, 0, &e));
		took = json_integer_value(json_object_get(reply, "took"));
		assert_true(took > 0 && took < 100); /* a few of them at a time */
		json_decref(reply);
	}
	json_decref(made);
	client_free(c);
	buf_free(&fills);
	assert_int_equal(muster("server stop"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_import),
		cmocka_unit_test(test_archive), cmocka_unit_test(test_costly_archive)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
