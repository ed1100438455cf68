/* Profiles: what is compiled in, command lines, files, patterns, and the user's own sections. */
#include "sessions/agent/activity.h"
#include "sessions/agent/profile.h"
#include "tests/sessions/put_file.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID "11112222-3333-4444-8555-666677778888"
static struct profiles *ps;
static char dir[128];

static const char *
joined(char **argv)
{
	static char out[512];
	size_t n = 0;

	if (!argv)
		return "(none)";
	out[0] = 0;
	for (size_t i = 0; argv[i]; i++)
		n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", i ? " " : "", argv[i]);
	free(argv);
	return out;
}

#define ARGV(...) ((char *[]){__VA_ARGS__, NULL})

static void
these_are_built_in(void **state)
{
	static const char *const names[] = {"agy", "aider", "amp", "claude", "codex", "copilot",
		"crush", "cursor-agent", "droid", "gemini", "goose", "grok", "kimi", "opencode",
		"pi", "qwen", "shell"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_non_null(profile_find(ps, names[i]));
	assert_null(profile_find(ps, "emacs"));
	assert_non_null(profile_at(ps, ARRAY_LEN(names) - 1));
	assert_null(profile_at(ps, ARRAY_LEN(names)));
	assert_false(profile_needs_conversation(profile_find(ps, "shell")));
	assert_true(profile_needs_conversation(profile_find(ps, "aider")));
	assert_string_equal(profile_quit(profile_find(ps, "codex")), "/quit");
}

static void
a_program_is_found_behind_what_starts_it(void **state)
{
	static const struct {
		char *argv[8];
		const char *profile, *start;
	} cases[] = {
		{{"/opt/x/bin/claude"}, "claude", "/opt/x/bin/claude --session-id " ID},
		{{"env", "X=1", "claude", "-p"}, "claude", "env X=1 claude --session-id " ID " -p"},
		{{"env", "-u", "X", "A=b c", "claude"}, "claude",
			"env -u X A=b c claude --session-id " ID},
		{{"nice", "-n", "5", "timeout", "1h", "gemini"}, "gemini",
			"nice -n 5 timeout 1h gemini --session-id " ID},
		{{"npx", "-y", "@anthropic-ai/claude-code"}, "claude",
			"npx -y @anthropic-ai/claude-code --session-id " ID},
		{{"node", "/usr/bin/codex", "-m", "x"}, "codex", "node /usr/bin/codex -m x"},
		{{"python3", "-m", "aider"}, "aider", "python3 -m aider"},
		{{"bash"}, "shell", "bash"},
		{{"sleep", "9"}, "shell", "sleep 9"},
		{{"env"}, "shell", "env"},
		{{"env", "X=1", "make", "claude"}, "shell", "env X=1 make claude"},
		{{"vim", "claude"}, "shell", "vim claude"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct profile *p = profile_of_command(ps, cases[i].argv);

		assert_string_equal(profile_name(p), cases[i].profile);
		assert_string_equal(joined(profile_start_argv(
					    p, cases[i].argv, profile_chooses_id(p) ? ID : "")),
			cases[i].start);
	}
	assert_string_equal(joined(profile_resume_argv(profile_find(ps, "claude"),
				    ARGV("env", "X=1", "claude", "--model", "x", "do it"), ID)),
		"env X=1 claude --model x --resume " ID);
}

static void
start_chooses_an_id_unless_told(void **state)
{
	const struct profile *p = profile_find(ps, "claude");
	char id[CONVERSATION_MAX], other[CONVERSATION_MAX];

	(void)state;
	profile_pick_conversation(p, NULL, id);
	profile_pick_conversation(p, ARGV("claude", "--model", "opus"), other);
	assert_int_equal(strlen(id), 36);
	assert_int_equal(id[14], '4');
	assert_string_not_equal(id, other);
	assert_string_equal(joined(profile_start_argv(p, NULL, ID)), "claude --session-id " ID);
	assert_string_equal(
		joined(profile_start_argv(p, ARGV("claude", "--model", "x", "fix it"), ID)),
		"claude --session-id " ID " --model x fix it");

	/* the first prompt is the last word, where no flag with many values takes it */
	assert_string_equal(
		joined(profile_prompt_argv(p, ARGV("claude", "--tools", "a", "b"), "-x y")),
		"claude --tools a b -- -x y");
	assert_null(profile_prompt_argv(p, ARGV("claude", "fix it"), "y"));
	assert_null(profile_prompt_argv(p, ARGV("claude", "mcp", "list"), "y"));
	assert_null(profile_prompt_argv(profile_find(ps, "shell"), ARGV("sh"), "y"));

	profile_pick_conversation(p, ARGV("claude", "-r", ID, "go on"), id);
	assert_string_equal(id, ID);
	assert_string_equal(
		joined(profile_start_argv(p, ARGV("claude", "-r", ID), id)), "claude -r " ID);
	profile_pick_conversation(p, ARGV("claude", "--resume", ID, "--fork-session"), id);
	assert_string_equal(id, ""); /* it will have one of its own */
	profile_pick_conversation(p, ARGV("claude", "--session-id=" ID), id);
	assert_string_equal(id, ID);
	profile_pick_conversation(p, ARGV("claude", "-c"), id);
	assert_string_equal(id, "");
	profile_pick_conversation(p, ARGV("claude", "mcp", "list"), id);
	assert_string_equal(id, "");
	/* a prompt that begins with the name of a subcommand is not one when it is a value */
	profile_pick_conversation(p, ARGV("claude", "--model", "mcp"), id);
	assert_int_equal(strlen(id), 36);

	p = profile_find(ps, "codex");
	profile_pick_conversation(p, NULL, id);
	assert_string_equal(id, "");
	profile_pick_conversation(p, ARGV("codex", "-m", "o9", "resume", ID), id);
	assert_string_equal(id, ID);
}

static void
resume_keeps_flags_and_drops_the_prompt(void **state)
{
	static const struct {
		const char *profile;
		char *argv[10];
		const char *want;
	} cases[] = {
		{"claude", {"claude"}, "claude --resume " ID},
		{"claude", {"claude", "--permission-mode", "default", "fix the bug"},
			"claude --permission-mode default --resume " ID},
		{"claude", {"claude", "--add-dir", "/a", "/b", "--model=x", "do it"},
			"claude --add-dir /a /b --model=x --resume " ID},
		{"claude", {"claude", "--resume", "99999999-old", "--verbose"},
			"claude --verbose --resume " ID},
		{"claude", {"claude", "-c", "--dangerously-skip-permissions"},
			"claude --dangerously-skip-permissions --resume " ID},
		{"claude", {"claude", "--session-id=99999999-old", "--", "--not-a-flag"},
			"claude --resume " ID},
		{"codex", {"codex", "-m", "o9", "-c", "a=b", "hello"},
			"codex -m o9 -c a=b resume " ID},
		{"codex", {"codex", "resume", "--last"}, "codex resume " ID},
		{"codex", {"codex", "--no-alt-screen", "resume", "99999999-old"},
			"codex --no-alt-screen resume " ID},
		{"gemini", {"gemini", "-m", "pro", "-i", "hi"}, "gemini -m pro --resume " ID},
		{"opencode", {"opencode", "--continue"}, "opencode --session " ID},
		{"aider", {"aider", "--model", "x"}, "aider --model x --restore-chat-history"},
		{"shell", {"bash", "-l"}, "bash -l"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct profile *p = profile_find(ps, cases[i].profile);

		assert_string_equal(
			joined(profile_resume_argv(p, (char *const *)cases[i].argv, ID)),
			cases[i].want);
	}
	assert_null(profile_resume_argv(profile_find(ps, "claude"), NULL, ""));
	assert_null(profile_resume_argv(profile_find(ps, "claude"), NULL, "../../etc/x"));
}

static void
settings_go_in_once(void **state)
{
	const struct profile *p = profile_find(ps, "claude");

	(void)state;
	assert_string_equal(joined(profile_settings_argv(p, ARGV("claude", "--model", "x"), "/f")),
		"claude --settings /f --model x");
	assert_null(profile_settings_argv(p, ARGV("claude", "--settings", "own.json"), "/f"));
	assert_null(profile_settings_argv(p, ARGV("claude", "mcp", "list"), "/f"));
	assert_null(profile_settings_argv(profile_find(ps, "codex"), ARGV("codex"), "/f"));
}

static const char *
env_of(void *ctx, const char *name)
{
	const char *const *kv = ctx;

	for (; kv[0]; kv += 2)
		if (strcmp(kv[0], name) == 0)
			return kv[1];
	return NULL;
}

/* Its path, if it is on disk. */
static bool
transcript(const struct profile *p, const char *cwd, const char *id, profile_getenv_cb get,
	void *ctx, char *out, size_t cap)
{
	struct buf places = {0};
	bool found;

	profile_transcript_places(p, cwd, id, get, ctx, &places);
	found = profile_transcript_find(&places, cwd, out, cap);
	buf_free(&places);
	return found;
}

static void
transcript_must_be_on_disk(void **state)
{
	const struct profile *p = profile_find(ps, "claude");
	const char *env[] = {"HOME", dir, NULL};
	const char *env2[] = {"HOME", "/nonexistent", "CLAUDE_CONFIG_DIR", NULL, NULL};
	char path[400], conf[200], out[400], cwd[200];

	(void)state;
	snprintf(cwd, sizeof cwd, "%s/my_pro.j", dir);
	mkdir(cwd, 0700);
	assert_false(transcript(p, cwd, ID, env_of, env, out, sizeof out));
	snprintf(path, sizeof path, "%s/.claude/projects/", dir);
	for (char *s = cwd; *s; s++)
		strncat(path, (char[]){*s == '/' || *s == '.' || *s == '_' ? '-' : *s, 0}, 2);
	strcat(path, "/" ID ".jsonl");
	put_file(path, "");
	assert_false(transcript(p, cwd, ID, env_of, env, out, sizeof out));
	put_file(path, "{}\n");
	assert_true(transcript(p, cwd, ID, env_of, env, out, sizeof out));
	assert_string_equal(out, path);
	assert_false(transcript(p, cwd, "", env_of, env, out, sizeof out));
	assert_false(transcript(p, cwd, "../" ID, env_of, env, out, sizeof out));
	assert_false(transcript(p, cwd, "????????", env_of, env, out, sizeof out));

	/* another folder of the same id, below a configuration folder with a wildcard in its name
	 */
	snprintf(conf, sizeof conf, "%s/c*nf", dir);
	env2[3] = conf;
	snprintf(path, sizeof path, "%s/cxnf/projects/-a/" ID ".jsonl", dir);
	put_file(path, "{}\n");
	assert_false(transcript(p, cwd, ID, env_of, env2, out, sizeof out));
	snprintf(path, sizeof path, "%s/projects/-moved/" ID ".jsonl", conf);
	put_file(path, "{}\n");
	assert_true(transcript(p, cwd, ID, env_of, env2, out, sizeof out));
	assert_string_equal(out, path);

	p = profile_find(ps, "codex");
	snprintf(path, sizeof path,
		"%s/.codex/sessions/2031/01/02/rollout-2031-01-02T03-04-05-" ID ".jsonl", dir);
	put_file(path, "{}\n");
	assert_true(transcript(p, cwd, ID, env_of, env, out, sizeof out));
	assert_true(profile_rollout_dir(p, env_of, env, out, sizeof out));
	assert_non_null(strstr(out, "/.codex/sessions"));
	assert_false(profile_registry_dir(p, env_of, env, out, sizeof out));
	p = profile_find(ps, "claude");
	assert_true(profile_registry_dir(p, env_of, env2, out, sizeof out));
	assert_non_null(strstr(out, "/c*nf/sessions"));
}

static const struct {
	const char *profile, *text;
	int want;
} screens[] = {
	{"claude", "noise\n Do you want to proceed?\n ❯ 1. Yes\n   2. No\n\n Esc to cancel\n",
		ACT_PERMISSION},
	{"claude", " Do you want to create a.txt?\n ❯ 1. Yes\n   3. No\n", ACT_PERMISSION},
	{"claude", "Which?\n\n❯ 1. Red\n  2. Blue\n\nEnter to select · Esc to cancel\n",
		ACT_QUESTION},
	{"claude", "* Thinking… (esc to interrupt)\n────\n❯ \n────\n", ACT_WORKING},
	{"claude", "● ok\n────\n❯ \n────\n  ? for shortcuts\n", ACT_IDLE},
	{"claude", "plain text only\n", -1},
	{"codex",
		"› 1. Yes, proceed (y)\n  2. No\n\n  Press enter to confirm or esc to "
		"cancel\n",
		ACT_PERMISSION},
	{"gemini", "✦ ok\n\n▄▄▄▄\n > half a thought\n▀▀▀▀\n ~/x\n", ACT_IDLE},
	{"gemini", "⠏ Thinking… (esc to cancel, 2s)\n▄▄▄▄\n > \n▀▀▀▀\n", ACT_WORKING},
	{"kimi",
		" ────\n  Trust this folder?\n  ↑↓ navigate · Enter select · Esc exit\n\n  "
		"/x\n\n"
		"   ❯ Trust this folder\n     Don't trust\n ────\n",
		ACT_QUESTION},
	{"kimi", " ✨ hi\n  🌒\n ╭────╮\n │ >  │\n ╰────╯\n stub  ~/x\n", ACT_WORKING},
	{"kimi", " ● on it\n  ⠋ Working… · Tip: go\n ╭────╮\n │ > x │\n ╰────╯\n", ACT_WORKING},
	{"kimi", " ✨ hi\n ● ok\n ╭────╮\n │ > x │\n ╰────╯\n stub  ~/x\n", ACT_IDLE},
	{"qwen", "  ┌────┐\n  │ Select Authentication Method │\n  │ › Studio │\n  └────┘\n",
		ACT_QUESTION},
	{"qwen", "  ✦ ok\n────\n>   Type your message\n────\n  ? for shortcuts\n", ACT_IDLE},
	{"amp", "No API key found.\nWould you like to log in to Amp? [(y)es, (n)o]:\n",
		ACT_QUESTION},
	{"copilot",
		"│ Do you trust the files in this folder? │\n│ ❯ 1. Yes │\n│   3. No (Esc) "
		"│\n"
		"│ ↑/↓ to navigate · enter to select │\n",
		ACT_QUESTION},
	{"copilot",
		" Which account?\n ❯ 1. one\n   2. two\n ↑/↓ to navigate · enter to "
		"select\n",
		ACT_QUESTION},
	{"copilot", "Please use /login to sign in\n╻▄▄▄\n┃\n╹▀▀▀\n ← open sidebar\n", ACT_IDLE},
	{"pi", " pi v0.73.1\n────\n\n────\n~/x\n0.0%/1.0M (auto)\n", ACT_IDLE},
	{"pi", " ⠧ Working...\n────\n\n────\n~/x\n0.0%\n", ACT_WORKING},
	{"agy", " Sign in with Google\n > Continue\n", ACT_QUESTION},
	{"cursor-agent", " Press any key to log in...\n", ACT_QUESTION},
	{"droid", " Do you trust this folder?\n", ACT_QUESTION},
	{"goose", " Select a provider\n", ACT_QUESTION},
	{"crush", " Choose a model\n\n enter to confirm\n", ACT_QUESTION},
	{"shell", "user@box:~$ make\nok\nuser@box:~$ \n\n\n\n", ACT_IDLE},
	{"shell", "user@box:~$ make\ncompiling", -1},
};

static void
patterns_read_the_last_rows(void **state)
{

	char far[400] = " Do you want to proceed?\n ❯ 1. Yes\n", detail[60];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(screens); i++) {
		const struct profile *p = profile_find(ps, screens[i].profile);

		assert_int_equal(profile_match_screen(p, screens[i].text, detail, sizeof detail),
			screens[i].want);
	}
	for (int i = 0; i < 25; i++)
		strcat(far, "row\n");
	assert_int_equal(
		profile_match_screen(profile_find(ps, "claude"), far, detail, sizeof detail), -1);
	assert_int_equal(profile_match_title(profile_find(ps, "codex"), "⠹ proj"), ACT_WORKING);
	assert_int_equal(
		profile_match_title(profile_find(ps, "codex"), "[ . ] Action Required | proj"),
		ACT_PERMISSION);
	assert_int_equal(profile_match_title(profile_find(ps, "codex"), "proj"), ACT_IDLE);
	assert_int_equal(
		profile_match_title(profile_find(ps, "claude"), "✳ Claude Code"), ACT_IDLE);
	assert_int_equal(
		profile_match_title(profile_find(ps, "claude"), "◐ Claude Code"), ACT_WORKING);
	assert_true(
		profile_is_helper(profile_find(ps, "claude"), "node", "node /x/mcp-server-git"));
	assert_false(
		profile_is_helper(profile_find(ps, "claude"), "bash", "/bin/bash -c sleep 100"));
	assert_false(profile_is_helper(profile_find(ps, "shell"), "sleep", "sleep 100"));
	assert_true(profile_screen_tool(profile_find(ps, "claude"),
		"❯ \n  2 shells still running\n", detail, sizeof detail));
	assert_string_equal(detail, "2 shells still running");
}

static const char *
write_config(const char *text)
{
	static char path[160];

	snprintf(path, sizeof path, "%s/config.ini", dir);
	put_file(path, text);
	return path;
}

static void
users_sections_override_and_add(void **state)
{
	struct profiles *own;
	struct err e;

	(void)state;
	own = profiles_load(
		write_config(
			"[reap]\nidle=2h\n[profile.claude]\ncommand = claude --verbose\n"
			"env.FOO = bar baz\nmatch.idle = zzz\n"
			"[profile.mine]\ncommand = mine\nquit = bye\nmatch.working = wor+king\n"),
		&e);
	assert_non_null(own);
	assert_string_equal(joined(profile_start_argv(profile_find(own, "claude"), NULL, "")),
		"claude --verbose");
	assert_string_equal(profile_env(profile_find(own, "claude"), 0), "FOO=bar baz");
	assert_null(profile_env(profile_find(own, "claude"), 1));
	assert_int_equal(profile_match_screen(profile_find(own, "claude"), "❯ ", NULL, 0), -1);
	assert_string_equal(profile_quit(profile_find(own, "mine")), "bye");
	assert_string_equal(
		profile_name(profile_of_command(own, (char *[]){"/bin/mine", NULL})), "mine");
	assert_int_equal(
		profile_match_screen(profile_find(own, "mine"), "worrrking", NULL, 0), ACT_WORKING);
	assert_false(profile_can_resume(profile_find(own, "mine")));
	profiles_free(own);

	assert_null(profiles_load(write_config("[profile.claude]\n\nmatch.idle = (\n"), &e));
	assert_non_null(strstr(e.msg, "config.ini:3: bad pattern: "));
	assert_null(profiles_load(write_config("[profile.claude]\nquti = x\n"), &e));
	assert_non_null(strstr(e.msg, "config.ini:2: unknown key quti"));
	assert_null(profiles_load(write_config("[profile.empty]\nquit = x\n"), &e));
	assert_non_null(strstr(e.msg, "has no command"));
}

static void
a_costly_pattern_ends(void **state)
{
	struct profiles *own;
	struct err e;
	char text[80000];
	clock_t begin = clock();

	(void)state;
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = 0;
	own = profiles_load(write_config("[profile.claude]\n"
					 "match.permission = (a+)+(a+)+(a+)+b$\n"
					 "match.question = [^z]*(?=z)\n"
					 "match.error = a{1,9}[^z]*z\n"),
		&e);
	assert_non_null(own);
	assert_int_equal(profile_match_screen(profile_find(own, "claude"), text, NULL, 0), -1);
	assert_true(clock() - begin < CLOCKS_PER_SEC / 2);
	profiles_free(own);
}

static int
load(void **state)
{
	struct err e;

	(void)state;
	ps = profiles_load(NULL, &e);
	return ps ? 0 : -1;
}

static int
unload(void **state)
{
	(void)state;
	profiles_free(ps);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(these_are_built_in),
		cmocka_unit_test(a_program_is_found_behind_what_starts_it),
		cmocka_unit_test(start_chooses_an_id_unless_told),
		cmocka_unit_test(resume_keeps_flags_and_drops_the_prompt),
		cmocka_unit_test(settings_go_in_once),
		cmocka_unit_test(transcript_must_be_on_disk),
		cmocka_unit_test(patterns_read_the_last_rows),
		cmocka_unit_test(users_sections_override_and_add),
		cmocka_unit_test(a_costly_pattern_ends),
	};
	const char *home = getenv("MUSTER_HOME");

	snprintf(dir, sizeof dir, "%s", home ? home : "/tmp");
	return cmocka_run_group_tests(tests, load, unload);
}
