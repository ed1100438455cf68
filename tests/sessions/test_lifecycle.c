/* The whole way: a real server with agents on its ptys; what may be closed, closing, waking. */
#include "tests/sessions/agents.h"

static void
reasons_of_all_kinds(void **state)
{
	json_t *j;

	(void)state;
	start("good");
	start("draft");
	start("pinned");
	start("tool");
	start("fresh");
	say("good", "hello");
	say("draft", "hello");
	say("pinned", "hello");
	say("good", "HELPER");
	must("send draft --no-enter 'not sent'");
	must("pin pinned");
	must("send tool 'TOOL sleep 600'");
	until("tool", "activity", "permission");
	until_reason("tool", "activity: permission");
	must("send tool --key 1");
	until_reason("good", "");
	until_reason("draft", "draft:");
	until_reason("pinned", "pinned:");
	until_reason("fresh", "no-conversation:");
	until_reason("tool", "tool:");
	j = ask("explain tool");
	assert_string_equal(json_string_value(json_object_get(j, "activity")), "working");
	assert_true(json_array_size(json_object_get(j, "signals")) == 6);
	json_decref(j);
	/* erasing the draft, and Enter, make it eligible again */
	must("send draft --key Enter");
	until_reason("draft", "");
	must("send draft --no-enter xy --key BSpace --key BSpace");
	run("hibernate fresh");
	assert_int_equal(exit_code, 1);
	must("unpin pinned");
	until_reason("pinned", "");
}

static double
number(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static void
reaping_frees_and_resume_brings_back(void **state)
{
	json_t *j, *o;
	double before;

	(void)state;
	start("r");
	say("r", "one");
	say("r", "two");
	say("r", "GROW 40");
	until_reason("r", "");
	j = ask("reap --yes");
	o = named(json_object_get(j, "candidates"), "r");
	before = number(o, "footprint_bytes");
	assert_true(json_is_true(json_object_get(o, "worth")));
	o = named(json_object_get(j, "done"), "r");
	assert_true(number(o, "freed_bytes") > 40e6 && number(o, "freed_bytes") < 60e6);
	assert_true(before > 0);
	assert_string_equal(json_string_value(json_object_get(o, "how")), "term");
	assert_true(json_array_size(json_object_get(j, "done")) == 1);
	json_decref(j);
	until("r", "state", "asleep");
	until_on_screen("r", "ok: two");

	/* typed while it wakes: kept until it takes input */
	must("resume");
	must("send r RECALL");
	until_on_screen("r", "turns: 2");
	run("resume r");
	assert_int_equal(exit_code, 1);
	j = ask("ls");
	o = named(json_object_get(j, "sessions"), "r");
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(o, "argv"), 1)), "--model");
	json_decref(j);
}

static void
the_conversation_is_followed_and_never_lost(void **state)
{
	json_t *j;
	char id[64], other[64], *path;

	(void)state;
	start("c");
	j = ask("ls");
	snprintf(id, sizeof id, "%s",
		json_string_value(json_object_get(
			named(json_object_get(j, "sessions"), "c"), "conversation")));
	json_decref(j);
	assert_int_equal(strlen(id), 36);
	/* no prompt was sent: asleep only by force, and the same id begins again */
	run("hibernate --force c");
	assert_int_equal(exit_code, 0);
	run("resume c");
	until("c", "activity", "idle");
	until("c", "conversation", id);
	say("c", "hello");
	say("c", "/clear");
	snprintf(other, sizeof other, "%s", id);
	other[0] = other[0] == 'f' ? 'e' : 'f';
	until("c", "conversation", other);
	until_reason("c", "no-conversation:"); /* of the one that goes on */
	say("c", "again");
	until_reason("c", "");
	run("hibernate c");
	assert_int_equal(exit_code, 0);
	/* swept meanwhile: put back before it is resumed */
	path = sh("find %s/.claude/projects -name '%s.jsonl' -print -delete", home, other);
	assert_true(strlen(path) > 10);
	free(path);
	run("resume c");
	until("c", "activity", "idle");
	must("send c RECALL");
	until_on_screen("c", "turns: 1");
}

static void
forced_at_work_ends_the_whole_tree(void **state)
{
	json_t *j, *o;
	char *left;

	(void)state;
	start("d");
	say("d", "HELPER");
	must("send d 'TOOL sleep 611'");
	until("d", "activity", "permission");
	must("send d --key 1");
	until_reason("d", "tool:");
	j = ask("hibernate --force d"); /* nothing is typed at work: HUP at once */
	o = named(json_object_get(j, "results"), "d");
	assert_true(json_is_true(json_object_get(o, "ok")));
	assert_string_equal(json_string_value(json_object_get(o, "how")), "hup");
	json_decref(j);
	until("d", "state", "asleep");
	left = sh("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c 'slee[p] 611'");
	assert_string_equal(left, "0\n");
	free(left);
}

/* Why a session was not put to sleep; "" if it was. */
static char *
hibernate(const char *name)
{
	json_t *j = ask("hibernate %s", name), *o = named(json_object_get(j, "results"), name);
	const char *why = json_string_value(json_object_get(o, "error"));
	char *copy = strdup(why ? why : "");

	json_decref(j);
	return copy;
}

static void
refuses(const char *name, const char *prefix)
{
	char *why = hibernate(name);

	if (strncmp(why, prefix, strlen(prefix)) != 0)
		fail_msg("%s: refused with '%s', not '%s'", name, why, prefix);
	free(why);
}

/* Profiles whose CLI leaves only by a command typed at it. */
static void
text_in_the_prompt_is_never_sent(void **state)
{
	char *out;

	(void)state;
	start("p");
	say("p", "hello");
	until_reason("p", "");
	/* recalled by a key: nobody saw it typed */
	must("send p --key Up");
	until_on_screen("p", "\u276f\u00a0hello");
	refuses("p", "draft:");
	run("reap --yes");
	until("p", "state", "running");
	must("send p --key Enter");
	until_on_screen("p", "ok: hello");
	/* it gets there between the look and the command */
	say("p", "LATE");
	until_reason("p", "");
	refuses("p", "draft: its prompt held more than the quit command, which was taken back");
	until_on_screen("p", "\u276f\u00a0x\n");
	must("send p --key BSpace");
	until_on_screen("p", "\u276f\u00a0\n");
	out = hibernate("p");
	assert_string_equal(out, "");
	free(out);
	out = sh("grep -h exit %s/.claude/projects/*/*.jsonl", home);
	assert_string_equal(out, "");
	free(out);
}

static void
config_is_read_again(void **state)
{
	char path[200];
	FILE *f;

	(void)state;
	start("a");
	say("a", "hello");
	until_reason("a", "");
	snprintf(path, sizeof path, "%s/config.ini", home);
	f = fopen(path, "w");
	fputs("[reap]\nmode = auto\nidle = 300ms\nmin = 64K\nmin_age = 1ms\nauto_growing_only = "
	      "no\n"
	      "[sampling]\ntick = 1s\n",
		f);
	fclose(f);
	until("a", "state", "asleep");
}

/* Some at a time, so that twenty do not take minutes, and not all at once. */
static void
auto_puts_some_to_sleep_at_a_time(void **state)
{
	static const char *const names[] = {"auto1", "auto2", "auto3", "auto4", "auto5", "auto6"};
	int now = 0, most = 0, over = 0;
	char path[200], *out, *from;
	FILE *f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		start(names[i]);
		say(names[i], "LINGER");
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		until_reason(names[i], "");
	from = sh("wc -l < %s/state/server.log", home);
	from[strcspn(from, "\n")] = 0;
	snprintf(path, sizeof path, "%s/config.ini", home);
	f = fopen(path, "w");
	fputs("[reap]\nmode = auto\nidle = 300ms\nmin = 64K\nmin_age = 1ms\nauto_growing_only = "
	      "no\n[sampling]\ntick = 1s\n",
		f);
	fclose(f);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		until(names[i], "state", "asleep");
	out = sh("tail -n +%s %s/state/server.log | "
		 "grep -oh 'sleeping -> asleep\\|running -> sleeping'",
		from, home);
	for (const char *s = out; *s; s = strchr(s, '\n') + 1) {
		now += *s == 'r' ? 1 : -1;
		over += *s == 's';
		most = now > most ? now : most;
	}
	free(out);
	free(from);
	assert_int_equal(over, ARRAY_LEN(names));
	assert_in_range(most, 2, 4);
}

static void
sends_are_seen_to_be_taken(void **state)
{
	char *out, cmd[700];
	FILE *never;

	(void)state;
	start("numb"); /* deaf to so many that it is given up, which takes a while */
	say("numb", "DEAF 9");
	snprintf(cmd, sizeof cmd, "%s send numb never >/dev/null 2>&1", muster);
	assert_non_null(never = popen(cmd, "r"));
	start("s");
	say("s", "SLOW"); /* waits for the turn that was sent, not for the rest before it */
	out = sh("%s peek s", muster);
	assert_non_null(strstr(out, "ok: SLOW"));
	free(out);
	say("s", "DEAF 1");
	say("s", "hello"); /* Enter once more */
	until_on_screen("s", "ok: hello");
	must("send s /list"); /* no second Enter into what came in the text's place */
	out = sh("%s peek s", muster);
	assert_non_null(strstr(out, "1. first"));
	assert_null(strstr(out, "took the first"));
	free(out);
	must("send s --key Enter");
	assert_int_equal(WEXITSTATUS(pclose(never)), 1);
	out = sh("%s send numb again --no-wait 2>&1", muster); /* the first still stands there */
	assert_int_equal(exit_code, 1);
	assert_non_null(strstr(out, "text in its prompt that was not sent"));
	free(out);
}

static void
text_waits_for_a_cli_that_starts(void **state)
{
	json_t *j;
	char *out;

	(void)state;
	run("new -d -n w -c %s/work -p claude -- %s --wait-for %s/go", home, agent, home);
	assert_int_equal(exit_code, 0);
	free(sh("(%s send w early; echo sent $?) >%s/out 2>&1 &", muster, home));
	run("wait w --for ready --timeout 1");
	assert_int_equal(exit_code, 5);
	j = ask("ls");
	assert_true(json_is_false(
		json_object_get(named(json_object_get(j, "sessions"), "w"), "ready")));
	json_decref(j);
	free(sh("touch %s/go", home));
	run("wait w --for ready --timeout 15");
	assert_int_equal(exit_code, 0);
	until_on_screen("w", "ok: early");
	out = sh("cat %s/.claude/projects/*/*.jsonl | grep -c early; rm %s/go", home, home);
	assert_string_equal(out, "1\n");
	free(out);
}

/* Enter behind the text would have answered it, and the agent left. */
static void
text_waits_for_a_question_before_the_start(void **state)
{
	char *out;

	(void)state;
	run("new -d -n t -c %s/work -p claude -- %s --asks", home, agent);
	assert_int_equal(exit_code, 0);
	must("wait t --for blocked --timeout 15");
	free(sh("%s send t early >%s/out 2>&1 &", muster, home));
	out = sh("%s wait t --for ready --timeout 1", muster);
	assert_int_equal(exit_code, 5);
	free(out);
	must("send t --key 1"); /* passes the text */
	until_on_screen("t", "ok: early");
}

static void
a_digit_is_an_option_that_stands(void **state)
{
	json_t *j, *options;
	char *out;

	(void)state;
	start("q");
	must("send q 'TOOL true'");
	must("wait q --for blocked --timeout 15");
	j = ask("ls");
	options = json_object_get(named(json_object_get(j, "sessions"), "q"), "options");
	assert_int_equal(json_array_size(options), 2);
	assert_string_equal(json_string_value(json_array_get(options, 0)), "Yes");
	json_decref(j);
	out = sh("%s send q --key 8 2>&1", muster);
	assert_int_equal(exit_code, 1);
	assert_non_null(strstr(out, "no option 8: 1-2"));
	free(out);
	until("q", "activity", "permission");
	must("send q --key 1");
	until_on_screen("q", "tool finished");
}

static char *
hook_signal(const char *name)
{
	char words[80];
	json_t *j, *o;
	char *value = NULL;
	size_t i;

	snprintf(words, sizeof words, "explain %s", name);
	j = ask(words);
	json_array_foreach (json_object_get(j, "signals"), i, o)
		if (strcmp(json_string_value(json_object_get(o, "source")), "hook") == 0)
			value = strdup(json_string_value(json_object_get(o, "value")));
	json_decref(j);
	assert_non_null(value);
	return value;
}

static void
runs_hook(const char *name, const char *key)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof path, "%s/report", home);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "echo '{\"hook_event_name\":\"StopFailure\"}' | %s hook --key %s\n", muster,
		key);
	fclose(f);
	run("send %s 'TOOL sh %s'", name, path);
	until(name, "activity", "permission");
	run("send %s --key 1", name);
	until_on_screen(name, "tool finished");
}

/* Though any program of the user can read the key of another session. */
static void
a_hook_speaks_for_its_own_session_only(void **state)
{
	char *key, *value;

	(void)state;
	start("ha");
	start("hb");
	key = sh("ls -v %s/*/hooks/*.key | tail -1 | tr -d '\\n'", home);
	assert_non_null(strstr(key, ".key"));
	runs_hook("ha", key);
	value = hook_signal("hb");
	assert_string_equal(value, "none");
	free(value);
	runs_hook("hb", key);
	value = hook_signal("hb");
	assert_string_equal(value, "error");
	free(value);
	free(key);
}

/* Which files the user has, and what is in them; not what the CLI itself writes about conversations. */
static char *
users_files(void)
{
	return sh("cd %s/user && find . \\( -path ./.claude/projects -o -path ./.claude/sessions "
		  "\\) -prune -o -printf '%%p %%y %%m %%i %%s\\n' | sort; "
		  "find . -type f ! -path './.claude/projects/*' ! -path './.claude/sessions/*' | "
		  "sort | xargs -d '\\n' sha256sum",
		home);
}

/* Whatever is done with a session, hooks and all: the files of its CLI and of its user stay as they
 * are, and none is added. */
static void
files_of_the_user_are_never_touched(void **state)
{
	static const char *const files[] = {".claude.json", ".claude/settings.json",
		".claude/settings.local.json", ".claude/CLAUDE.md", ".codex/config.toml",
		".codex/auth.json", ".gemini/settings.json", ".config/opencode/opencode.json",
		".bashrc", ".profile", "work/.claude/settings.json",
		"work/.claude/settings.local.json", "work/CLAUDE.md", "work/AGENTS.md"};
	char *before, *after, *key, *value;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		free(sh("f=%s/user/%s; mkdir -p ${f%%/*} && echo '{\"statusLine\":{\"type\":"
			"\"command\",\"command\":\"echo %zu\"}}' >$f && chmod 640 $f",
			home, files[i], i));
	free(sh("mkdir -p %s/user/.claude/projects %s/user/.claude/sessions", home, home));
	value = sh("echo %s/user", home);
	value[strcspn(value, "\n")] = 0;
	setenv("HOME", value, 1);
	free(value);
	before = users_files();
	assert_non_null(strstr(before, "work/.claude/settings.local.json"));
	run("new -d -n u -c %s/user/work -p claude -- %s --model fake", home, agent);
	assert_int_equal(exit_code, 0);
	until("u", "activity", "idle");
	say("u", "hello");
	key = sh("ls -v %s/*/hooks/*.key | tail -1 | tr -d '\n'", home);
	runs_hook("u", key);
	free(key);
	value = hook_signal("u");
	assert_string_equal(value, "error"); /* hooks are heard */
	free(value);
	say("u", "hello");
	until_reason("u", "");
	must("hibernate u");
	must("resume u");
	say("u", "hello");
	run("new -d -n u2 -c %s/user/work -p claude -- %s --model fake", home, agent);
	must("kill --now u2");
	must("kill u");
	must("forget u u2");
	after = users_files();
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* What a script runs is what the session is; what somebody starts in a shell is not. */
static void
a_script_is_known_by_what_it_runs(void **state)
{
	static const char *const ways[] = {"exec ", ""};
	char name[8];

	(void)state;
	free(sh("mkdir -p %s/bin && ln -sf %s %s/bin/claude", home, agent, home));
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof name, "z%d", i);
		free(sh("printf '#!/bin/sh\\n%s%s/bin/claude \"$@\"\\nexit 3\\n' >%s/wrap%d; "
			"chmod +x %s/wrap%d",
			ways[i], home, home, i, home, i));
		run("new -d -n %s -c %s/work -- %s/wrap%d", name, home, home, i);
		assert_int_equal(exit_code, 0);
		until(name, "profile", "claude");
		run("send %s hello", name);
		assert_int_equal(exit_code, 0);
		until_on_screen(name, "ok: hello");
	}
	run("new -d -n z2 -c %s/work -- sh", home);
	assert_int_equal(exit_code, 0);
	run("send z2 %s/bin/claude", home);
	assert_int_equal(exit_code, 0);
	until_on_screen("z2", "❯");
	until("z2", "profile", "shell");
}

/* What its output alone tells; before that the echo of what was typed counts. */
static void
until_output_says(const char *name, const char *want)
{
	uint64_t end = os_mono_ns() + DEADLINE_NS;
	char seen[100] = "";

	do {
		json_t *j = ask("explain %s", name), *all = json_object_get(j, "signals");
		const char *v = json_string_value(
			json_object_get(json_array_get(all, json_array_size(all) - 1), "detail"));

		snprintf(seen, sizeof seen, "%s", v ? v : "");
		json_decref(j);
		if (strcmp(seen, want) == 0)
			return;
		poll(NULL, 0, 30);
	} while (os_mono_ns() < end);
	fail_msg("the output of %s says '%s', not '%s'", name, seen, want);
}

static void
what_runs_in_front_of_a_shell_is_work(void **state)
{

	(void)state;
	must("new -d -n f -p shell -- sh -i");
	until("f", "activity", "idle");
	must("send f 'exec 3>&1; tail -f /dev/null'");
	until("f", "activity", "working");
	until_output_says("f", "tail");
	must("send f --key C-c");
	must("wait f --for idle --timeout 15");
	/* one without children that is silent: where the kernel tells, it is seen to sleep */
	must("new -d -n g -p shell -- sh -c 'echo begins; exec sleep 600'");
	until_on_screen("g", "begins");
	if (access("/proc/self/syscall", R_OK) == 0) {
		run("wait g --for idle --timeout 3");
		assert_int_equal(exit_code, 5);
	}
}

static int
set_up(void **state)
{
	char path[300];
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s/work", home);
	mkdir(path, 0700);
	setenv("HOME", home, 1);
	unsetenv("CLAUDE_CONFIG_DIR");
	snprintf(path, sizeof path, "%s/config.ini", home);
	f = fopen(path, "w");
	fputs("[reap]\nidle = 300ms\nmin = 64K\nmin_age = 1ms\n[sampling]\ntick = 1s\n", f);
	fclose(f);
	return 0;
}

static int
typed_quit(void **state)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof path, "%s/config.ini", home);
	assert_int_equal(set_up(state), 0);
	f = fopen(path, "a");
	assert_non_null(f);
	fputs("[profile.claude]\nend =\n", f);
	fclose(f);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	run("server stop --kill-sessions");
	return 0;
}

static void
until_server(void)
{
	uint64_t end = os_mono_ns() + DEADLINE_NS;

	do {
		run("ls");
		assert_true(os_mono_ns() < end);
	} while (exit_code);
}

static pid_t
pid_of(const char *key)
{
	json_t *j = ask("server status");
	pid_t pid = (pid_t)json_integer_value(json_object_get(j, key));

	json_decref(j);
	assert_true(pid > 1);
	return pid;
}

/* The server dies in the middle of a hibernation, once with the program still there, once while
 * it ends: the session goes to sleep all the same. */
static void
a_hibernation_survives_the_server(void **state)
{
	char fifo[160], gone[400];
	pid_t server, keeper;
	FILE *f;

	(void)state;
	snprintf(fifo, sizeof fifo, "%s/fifo", home);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	for (int i = 0; i < 2; i++) {
		run("new -d -n h%d -p shell -- sh -c \"trap '' HUP; echo up; read x <%s\"", i,
			fifo);
		snprintf(gone, sizeof gone, "h%d", i);
		until_on_screen(gone, "up");
		server = pid_of("pid");
		keeper = pid_of("keeper_pid");
		free(sh("%s hibernate --force %s >/dev/null 2>&1 &", muster, gone));
		until(gone, "state", "closing");
		if (i)
			kill(keeper, SIGSTOP);
		kill(server, SIGKILL);
		if (i == 0) {
			until_server();
			until(gone, "state", "closing");
		}
		assert_non_null(f = fopen(fifo, "w"));
		fclose(f);
		if (i)
			kill(keeper, SIGCONT);
		until_server();
		until(gone, "state", "asleep");
	}
	unlink(fifo);
}

static void
refused(const char *words, const char *why)
{
	char *out = sh("%s %s 2>&1", muster, words);

	assert_int_equal(exit_code, 1);
	if (!strstr(out, why))
		fail_msg("no '%s' in: %s", why, out);
	free(out);
}

static void
what_cannot_be_woken_stays_asleep(void **state)
{
	char *path = strdup(getenv("PATH")), mine[400], *out;

	(void)state;
	free(sh("mkdir -p %s/bin %s/there && cp %s %s/bin/myagent", home, home, agent, home));
	snprintf(mine, sizeof mine, "%s/bin:%s", home, path);
	setenv("PATH", mine, 1);
	run("new -d -n w -c %s/there -p claude -- myagent --model fake", home);
	assert_int_equal(exit_code, 0);
	setenv("PATH", path, 1);
	free(path);
	until("w", "activity", "idle");
	run("hibernate --force w");
	until("w", "state", "asleep");
	free(sh("mv %s/there %s/elsewhere", home, home));
	refused("resume w", "its directory");
	until("w", "state", "asleep");
	free(sh("mv %s/elsewhere %s/there; mv %s/bin/myagent %s/bin/other", home, home, home,
		home));
	refused("resume w", "myagent: not found on PATH");
	until("w", "state", "asleep");
	/* found, but what would run it is not: only the start itself tells */
	free(sh("printf '#!/no/such/shell\\n' >%s/bin/myagent; chmod +x %s/bin/myagent", home,
		home));
	run("resume w");
	until("w", "state", "asleep");
	/* it starts, and finds that it cannot go on */
	free(sh("printf '#!/bin/sh\necho its index is broken; exit 1\n' >%s/bin/myagent", home));
	refused("resume w", "it ended at once: its index is broken");
	until("w", "state", "asleep");
	out = sh("%s events w", muster);
	assert_non_null(strstr(out, "its index is broken"));
	free(out);
	free(sh("mv %s/bin/other %s/bin/myagent", home, home));
	run("resume w");
	assert_int_equal(exit_code, 0);
	until("w", "activity", "idle");
}

static void
last_words_are_listed(void **state)
{
	char *out;

	(void)state;
	free(sh("printf '#!/bin/sh\necho no licence; exit 3\n' >%s/broken; chmod +x %s/broken",
		home, home));
	run("new -d -n young -p claude -- %s/broken", home);
	run("new -d -n shell -- %s/broken", home);
	until("young", "state", "exited");
	until("shell", "state", "exited");
	out = sh("%s ls", muster);
	assert_non_null(strstr(out, "no licence"));
	assert_non_null(strstr(out, "young"));
	assert_null(strstr(out, "shell"));
	free(out);
}

/* resume comes back when the CLI takes input; and never lets two write one transcript. */
static void
awake_is_back_with_its_conversation(void **state)
{
	char id[64], *out;
	json_t *j;

	(void)state;
	free(sh("mkfifo %s/gate; printf '#!/bin/sh\nread x <%s/gate; exec %s \"$@\"\n' >%s/gated;"
		" chmod +x %s/gated",
		home, home, agent, home, home));
	run("new -d -n g -c %s/work -p claude -- %s/gated --model fake", home, home);
	assert_int_equal(exit_code, 0);
	free(sh("echo >%s/gate", home));
	until("g", "activity", "idle");
	say("g", "hello");
	until_reason("g", "");
	run("hibernate g");
	assert_int_equal(exit_code, 0);
	j = ask("ls");
	snprintf(id, sizeof id, "%s",
		json_string_value(json_object_get(
			named(json_object_get(j, "sessions"), "g"), "conversation")));
	json_decref(j);
	run("new -d -n thief -c %s/work -p claude -- %s --resume %s", home, agent, id);
	assert_int_equal(exit_code, 0);
	until("thief", "conversation", id);
	refused("resume g", "its conversation runs in thief already");
	free(sh("%s new -d -n twin -c %s/work -p claude -- %s --resume %s 2>%s/err", muster, home,
		agent, id, home));
	assert_int_equal(exit_code, 1);
	out = sh("cat %s/err; %s ls -a | grep -c twin", home, muster);
	assert_string_equal(out,
		"muster: new: its conversation runs in thief already (muster attach thief)\n0\n");
	free(out);
	run("new -d -n fork -c %s/work -p claude -- %s --resume %s --fork-session", home, agent,
		id);
	assert_int_equal(exit_code, 0); /* another one, as it seems; its CLI knows better */
	until("fork", "conversation", id);
	out = sh("%s events fork", muster);
	assert_non_null(strstr(out, "runs-twice"));
	free(out);
	run("kill --now fork");
	run("kill --now thief");
	free(sh("(%s resume g; echo $? >%s/rc) >/dev/null 2>&1 &", muster, home));
	until("g", "state", "running");
	free(sh("test -e %s/rc", home));
	assert_int_not_equal(exit_code, 0);
	free(sh("echo >%s/gate", home));
	until("g", "activity", "idle");
	for (uint64_t end = os_mono_ns() + DEADLINE_NS;; poll(NULL, 0, 30)) {
		out = sh("cat %s/rc 2>/dev/null", home);
		if (strcmp(out, "0\n") == 0 || os_mono_ns() > end)
			break;
		free(out);
	}
	assert_string_equal(out, "0\n");
	free(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(last_words_are_listed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			awake_is_back_with_its_conversation, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_hibernation_survives_the_server, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_cannot_be_woken_stays_asleep, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reasons_of_all_kinds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			reaping_frees_and_resume_brings_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_conversation_is_followed_and_never_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			forced_at_work_ends_the_whole_tree, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			text_in_the_prompt_is_never_sent, typed_quit, tear_down),
		cmocka_unit_test_setup_teardown(sends_are_seen_to_be_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			text_waits_for_a_cli_that_starts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			text_waits_for_a_question_before_the_start, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_digit_is_an_option_that_stands, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_hook_speaks_for_its_own_session_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_script_is_known_by_what_it_runs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			files_of_the_user_are_never_touched, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_runs_in_front_of_a_shell_is_work, set_up, tear_down),
		cmocka_unit_test_setup_teardown(config_is_read_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			auto_puts_some_to_sleep_at_a_time, set_up, tear_down),
	};
	const char *bin = getenv("MUSTER_BIN"), *dir = getenv("MUSTER_HOME");

	if (!bin || !dir) {
		fprintf(stderr, "test_lifecycle: MUSTER_BIN and MUSTER_HOME are not set (tests/run "
				"does)\n");
		return 1;
	}
	snprintf(muster, sizeof muster, "%s/muster", bin);
	snprintf(agent, sizeof agent, "%s/tests/tools/fake_agent", bin);
	snprintf(home, sizeof home, "%s", dir);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
