/* Small changes to sessions: tags, notes, the archive. They last, and are told. */
#include "tests/sessions/run_muster.h"
#include <pty.h>

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
	assert_true(until(is_told, "\"event\":\"unarchived\"", 10));
	/* out of sight once more, while it still asks: that is its user's will */
	assert_int_equal(muster("archive shy"), 0);
	assert_false(listed("shy"));
}

/* The names of the sessions in this state, in the order of ls. */
static void
assert_state(const char *state, const char *names)
{
	char all[256] = "";
	json_t *j, *s;
	size_t i;

	assert_int_equal(muster("ls -a --json --state %s", state), 0);
	j = out_json();
	json_array_foreach (json_object_get(j, "sessions"), i, s)
		snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? " " : "",
			json_string_value(json_object_get(s, "name")));
	json_decref(j);
	assert_string_equal(all, names);
}

static void
test_choices(void **state)
{
	static const char *const names[] = {"a", "b", "c", "d"};

	(void)state;
	assert_int_equal(muster("kill --all"), 3);
	says("no session is like that");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(
			muster("new -d -n %s -t %s -- cat", names[i], i & 1 ? "odd" : "even"), 0);
	assert_int_equal(muster("kill a --all"), 2);
	says("not both");
	assert_int_equal(muster("kill"), 2);
	assert_int_equal(muster("kill --older soon"), 2);
	assert_int_equal(muster("kill --state runing"), 2);
	assert_int_equal(muster("kill --all --older 7d"), 3);
	assert_int_equal(muster("tag --all all"), 0);
	assert_int_equal(muster("tag a b -- both"), 0);
	assert_int_equal(muster("untag --all both"), 0); /* of those that have it */
	assert_member("b", "tags", "[\"odd\",\"all\"]");
	assert_int_equal(muster("untag --all both"), 3);
	assert_int_equal(muster("pin --tag even"), 0);
	assert_member("c", "pinned", "true");
	assert_member("b", "pinned", "false");
	assert_int_equal(muster("hibernate --force --tag odd --state running"), 0);
	assert_state("asleep", "b d");
	assert_int_equal(muster("kill --tag all --tag even --json"), 0);
	assert_state("exited", "a c");
	assert_int_equal(muster("resume --all"), 0);
	assert_state("asleep", "");
	assert_state("exited", "a c"); /* only those asleep were meant */
	assert_int_equal(muster("forget --all --older 0"), 0);
	assert_state("exited", "");
	assert_int_equal(muster("kill --all"), 0);
	assert_state("exited", "b d");
}

/* `muster ARGS` on a terminal where its question is answered; its exit code. What it showed is in
 * `seen`. */
static char seen[4096];

static int
answered(const char *args, const char *answer)
{
	char cmd[700];
	size_t n = 0;
	bool told = false;
	int fd, rc;
	pid_t pid;

	snprintf(cmd, sizeof cmd, "exec '%s/muster' %s", getenv("MUSTER_BIN"), args);
	if ((pid = forkpty(&fd, NULL, NULL, NULL)) == 0) {
		execl("/bin/sh", "sh", "-c", cmd, NULL);
		_exit(127);
	}
	assert_true(pid > 0);
	for (ssize_t k; n < sizeof seen - 1 && (k = read(fd, seen + n, sizeof seen - 1 - n)) > 0;) {
		n += (size_t)k;
		seen[n] = 0;
		if (!told && strstr(seen, "[y/N]"))
			told = write(fd, answer, strlen(answer)) > 0;
	}
	assert_int_equal(waitpid(pid, &rc, 0), pid);
	close(fd);
	return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}

static void
test_asked(void **state)
{
	(void)state;
	for (int i = 1; i <= 9; i++)
		assert_int_equal(muster("new -d -n s%d -- cat", i), 0);
	assert_int_equal(answered("kill --all", "n\n"), 1);
	assert_non_null(strstr(seen, "End 9: s1, s2, s3, s4, s5, s6, s7, s8 and others? [y/N]"));
	assert_int_equal(answered("forget s9", ""), 1); /* a whole name: nothing is asked */
	assert_int_equal(muster("rename s9 last-one"), 0);
	assert_int_equal(answered("kill last", "n\n"), 3);
	assert_non_null(strstr(seen, "End last-one? [y/N]"));
	assert_state("exited", "");
	assert_int_equal(answered("kill last", "y\n"), 0);
	assert_state("exited", "last-one");
	assert_int_equal(answered("kill --all", "y\n"), 0);
	assert_int_equal(answered("forget --all --yes", ""), 0);
	assert_state("exited", "");
}

/* What cannot be undone does not take the beginning of a name. */
static void
test_beginnings(void **state)
{
	char id[16];

	(void)state;
	assert_int_equal(muster("new -d -n build-2 -- cat"), 0);
	snprintf(id, sizeof id, "%.6s", out_text);
	assert_int_equal(muster("pin build"), 0);
	assert_int_equal(muster("kill build"), 3);
	says("build is only the beginning of build-2");
	assert_int_equal(muster("new -d -n build-3 -- cat"), 0);
	assert_int_equal(muster("kill build"), 3);
	says("build names 2 sessions");
	assert_int_equal(muster("pin build"), 3);
	assert_int_equal(muster("kill %s build-3", id), 0);
	assert_int_equal(muster("forget build-"), 3);
	assert_int_equal(muster("forget build-2 build-3"), 0);
}

/* `muster ARGS` in the background, its output in a file; until its process ends. */
static pid_t
background(const char *args, const char *file)
{
	char cmd[1400];
	pid_t pid = fork();

	if (pid == 0) {
		snprintf(cmd, sizeof cmd, "exec '%s/muster' %s >'%s' 2>&1 </dev/null",
			getenv("MUSTER_BIN"), args, in_home("%s", file));
		execl("/bin/sh", "sh", "-c", cmd, NULL);
		_exit(127);
	}
	assert_true(pid > 0);
	return pid;
}

/* How often the file in the home has the text. */
static int
times(const char *file, const char *text)
{
	static char all[1 << 16];
	FILE *f = fopen(in_home("%s", file), "r");
	int n = 0;

	if (!f)
		return 0;
	all[fread(all, 1, sizeof all - 1, f)] = 0;
	fclose(f);
	for (char *p = all; (p = strstr(p, text)); p++)
		n++;
	return n;
}

struct in_file {
	const char *file, *text;
};

static bool
is_in_file(void *ctx)
{
	struct in_file *f = ctx;

	return times(f->file, f->text) > 0;
}

static void
until_in(const char *file, const char *text)
{
	struct in_file f = {file, text};

	if (!until(is_in_file, &f, 20))
		fail_msg("no %s in %s", text, file);
}

static int
ended(pid_t pid)
{
	int rc;

	assert_int_equal(waitpid(pid, &rc, 0), pid);
	return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}

/* What happens is told as it does, once, over the death of a server too; and who follows goes when
 * it is stopped, and starts none. */
static void
test_follow(void **state)
{
	pid_t events, list, server, one;

	(void)state;
	assert_int_equal(muster("new -d -n a -- cat"), 0);
	server = server_pid("pid");
	events = background("events --follow --json", "events");
	one = background("events a --follow --since 1h", "one");
	list = background("ls -w --json", "list");
	until_in("list", "\"name\":\"a\"");
	until_in("one", "started"); /* of the past */
	/* a watcher that is only about to begin would miss the first: it is told again and again */
	do
		assert_int_equal(muster("note a first"), 0);
	while (!times("events", "\"event\":\"noted\"") && poll(NULL, 0, 50) == 0);
	assert_int_equal(kill(server, SIGKILL), 0);
	assert_true(until(server_other, &server, 20));
	assert_int_equal(muster("archive a"), 0);
	assert_int_equal(muster("new -d -n b -- cat"), 0);
	until_in("events", "\"name\":\"b\",\"event\":\"started\"");
	until_in("one", "archived");
	until_in("list", "\"name\":\"b\"");
	assert_int_equal(times("events", "\"event\":\"archived\""), 1);
	assert_int_equal(times("one", "archived"), 1);
	assert_int_equal(times("one", "started"), 1); /* not that of b */
	assert_int_equal(muster("server stop --kill-sessions"), 0);
	assert_int_equal(ended(events), 4);
	assert_int_equal(ended(one), 4);
	assert_int_equal(ended(list), 4);
	assert_int_equal(muster("server status"), 4);
	assert_int_equal(muster("new -d -n last -- cat"), 0);
}

/* Who followed is gone with its reader, though nothing happens. */
static void
test_reader_leaves(void **state)
{
	char cmd[700];
	int fd[2];
	pid_t pid;

	(void)state;
	assert_int_equal(muster("new -d -n a -- cat"), 0);
	assert_int_equal(pipe(fd), 0);
	if ((pid = fork()) == 0) {
		dup2(fd[1], 1);
		close(fd[0]);
		close(fd[1]);
		snprintf(cmd, sizeof cmd, "%s/muster", getenv("MUSTER_BIN"));
		execl(cmd, cmd, "ls", "-w", NULL);
		_exit(127);
	}
	close(fd[1]);
	assert_int_equal(read(fd[0], cmd, 10), 10); /* it has begun */
	close(fd[0]);
	ended(pid); /* the deadline is that of the whole test */
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
		cmocka_unit_test_setup_teardown(test_choices, begin, end),
		cmocka_unit_test_setup_teardown(test_beginnings, begin, end),
		cmocka_unit_test_setup_teardown(test_asked, begin, end),
		cmocka_unit_test_setup_teardown(test_follow, begin, end),
		cmocka_unit_test_setup_teardown(test_reader_leaves, begin, end),
	};

	setenv("TEST_HOME", getenv("MUSTER_HOME"), 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
