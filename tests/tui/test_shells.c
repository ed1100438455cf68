/* Completion in the shells themselves, on a pty: what Tab puts on the line is what muster offers, sessions
 * are those that fit the verb, and no server is started by it. bash is everywhere; zsh and fish where they
 * are. */
#include "on_pty_sessions.h"

static char home[400];

static const struct shell {
	const char *name, *rc; /* rc: a file below the home, with %s for the scripts' directory */
	const char *text, *command;
} shells[] = {
	{"bash", "bashrc", "source '%s/muster.bash'\nPS1='rea''dy> '\n",
		"exec bash --noprofile --rcfile \"$MUSTER_HOME/bashrc\" -i"},
	{"zsh", ".zshrc",
		"mkdir -p \"$ZDOTDIR/f\"; cp '%s/muster.zsh' \"$ZDOTDIR/f/_muster\"\n"
		"fpath=(\"$ZDOTDIR/f\" $fpath); autoload -Uz compinit; compinit -u -D\n"
		"PS1='rea''dy> '\n",
		"ZDOTDIR=$MUSTER_HOME exec zsh -d -i"},
	{"fish", "config.fish",
		"source '%s/muster.fish'\nfunction fish_prompt; echo -n rea'dy> '; end\n",
		"exec fish --no-config -C \"source '$MUSTER_HOME/config.fish'\""},
};

static struct outer *
begin(const struct shell *sh)
{
	char *argv[] = {"/bin/sh", "-c", (char *)sh->command, NULL}, path[512], dir[512];
	struct outer *o;
	FILE *f;

	snprintf(dir, sizeof dir, "%s/share/completions", getenv("MUSTER_SRC"));
	snprintf(path, sizeof path, "%s/%s", home, sh->rc);
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, sh->text, dir);
	fclose(f);
	o = run_on_pty(argv, 100, 24);
	wait_shown(o, "ready>", true);
	return o;
}

/* Of a line of its own: it is gone again afterwards. */
static void
becomes(struct outer *o, const char *typed, const char *line)
{
	type(o, "\x15");
	type(o, typed);
	wait_shown(o, line, true);
}

static void
completes(const struct shell *sh)
{
	struct outer *o;

	/* nothing runs: verbs and words are offered, and nothing runs then either */
	o = begin(sh);
	becomes(o, "muster hib\t", "ready> muster hibernate");
	becomes(o, "muster kill \tx", "ready> muster kill x");
	assert_int_equal(shell("%s server status >/dev/null 2>&1", muster), 4);

	start("walk", "exec cat");
	start("done", "exit 0");
	assert_int_equal(shell("%s wait done --for exit --timeout 20", muster), 0);
	becomes(o, "muster wait walk --for bl\t", "ready> muster wait walk --for blocked");
	becomes(o, "muster peek --hist\t", "ready> muster peek --history");
	becomes(o, "muster resume \t", "ready> muster resume done"); /* the one that can be */
	becomes(o, "muster new -c /usr/shar\t", "ready> muster new -c /usr/share/");
	becomes(o, "muster kill \t", "ready> muster kill walk"); /* the one that runs */
	type(o, "\r");
	assert_int_equal(shell("%s wait walk --for exit --timeout 20", muster), 0);
	type(o, "exit\r");
	ended(o);
	outer_free(o);
	assert_int_equal(
		shell("%s forget walk done && %s server stop --kill-sessions", muster, muster), 0);
}

static void
shells_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shells); i++)
		if (shell("command -v %s >/dev/null", shells[i].name) == 0)
			completes(&shells[i]);
		else
			print_message("no %s here\n", shells[i].name);
}

static int
begin_all(void **state)
{
	char path[1024];

	if (setup(state) < 0)
		return -1;
	snprintf(home, sizeof home, "%s", getenv("MUSTER_HOME"));
	snprintf(path, sizeof path, "%.*s:%s", (int)(strrchr(muster, '/') - muster), muster,
		getenv("PATH"));
	setenv("PATH", path, 1);
	setenv("HOME", home, 1);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(shells_complete)};

	return cmocka_run_group_tests(tests, begin_all, teardown);
}
