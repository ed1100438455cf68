/* A session of another machine on this terminal: as one of here, also after the link was cut. A stand-in
 * for ssh runs the proxy with another MUSTER_HOME and says by which process. */
#include "on_pty_sessions.h"
#include <sys/stat.h>

static char home[400];

static void
put(const char *name, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", home, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	chmod(path, 0700);
}

static pid_t
link_pid(void)
{
	char path[512];
	long pid = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/link", home);
	f = fopen(path, "r");
	if (f && fscanf(f, "%ld", &pid) != 1)
		pid = 0;
	if (f)
		fclose(f);
	return (pid_t)pid;
}

static int
begin(void **state)
{
	char config[1400];

	if (setup(state) < 0)
		return -1;
	snprintf(home, sizeof home, "%s", getenv("MUSTER_HOME"));
	snprintf(config, sizeof config, "[host.far]\nssh = %s/way x\nmuster = %s\n", home, muster);
	put("way", "#!/bin/sh\nhere=${0%/*}\nshift\n[ ! -e $here/off ] || { echo the line is cut "
		   ">&2; exit 255; }\nmkdir -p -m 700 $here/far\necho $$ >$here/link\n"
		   "MUSTER_HOME=$here/far exec \"$@\"\n");
	put("config.ini", config);
	return 0;
}

static int
end(void **state)
{
	shell("rm -f '%s/off'; %s --host far server stop --kill-sessions >/dev/null 2>&1", home,
		muster);
	return teardown(state);
}

static void
attaches_there(void **state)
{
	char *argv[] = {muster, "attach", "far:api", NULL};
	struct outer *o;
	struct grid g;

	(void)state;
	assert_int_equal(shell("%s new -d --host far -n api --size 80x24 -- sh -c 'printf "
			       "\"\\033[31mred\\033[0m\\n\"; exec cat' >/dev/null",
				 muster),
		0);
	o = run_on_pty(argv, 80, 24);
	wait_shown(o, "red", true);
	type(o, "one\r");
	wait_shown(o, "one\none", true);
	g = term_grid(o->t);
	assert_int_not_equal(cell_style(g.row[0]->cells[0]), 0);

	/* cut, and away for a while; nothing of it is left when it is back */
	put("off", "");
	assert_int_equal(kill(link_pid(), SIGKILL), 0);
	wait_shown(o, "far is away, trying again", true);
	shell("rm '%s/off'", home);
	wait_shown(o, "far is away", false);
	type(o, "two\r");
	wait_shown(o, "one\none\ntwo\ntwo", true);
	leave(o, DETACH);
}

static void
says_why_not(void **state)
{
	char *argv[] = {muster, "attach", "far:api", NULL};
	struct outer *o;

	(void)state;
	put("off", "");
	o = run_on_pty(argv, 80, 24);
	assert_int_equal(ended(o), 4);
	assert_true(shows(o, "far cannot be reached: the line is cut"));
	outer_free(o);
	shell("rm '%s/off'", home);
	argv[2] = "far:nobody";
	o = run_on_pty(argv, 80, 24);
	assert_int_equal(ended(o), 3);
	outer_free(o);
}

/* Until what muster prints has the pattern. */
static void
until(struct outer *o, const char *args, const char *pattern)
{
	for (long end = now_ms() + DEADLINE_MS;
		shell("%s %s | grep -aq '%s'", muster, args, pattern) != 0; pump(o, 20))
		if (now_ms() > end)
			fail_msg("muster %s: never %s", args, pattern);
}

/* The dashboard has its sessions beside those of here. */
static void
in_the_dashboard(void **state)
{
	char *argv[] = {muster, NULL};
	struct outer *o;
	pid_t link;

	(void)state;
	start("here", "echo local text; exec cat");
	assert_int_equal(shell("%s new -d --host far -n web --size 80x24 -- sh -c 'echo remote "
			       "text; exec cat' >/dev/null",
				 muster),
		0);
	o = run_on_pty(argv, 120, 40);
	wait_shown(o, "far:web", true);
	wait_shown(o, "here", true);
	type(o, "/far:web\r"); /* alone in the list, and looked at */
	wait_shown(o, "remote text", true);
	type(o, "\r");
	wait_shown(o, "far:api", false);
	type(o, "typed there\r");
	wait_shown(o, "typed there\ntyped there", true);

	/* cut while it is attached: it comes back to the same screen */
	put("off", "");
	assert_int_equal(kill(link_pid(), SIGKILL), 0);
	wait_shown(o, "far is away, trying again", true);
	shell("rm '%s/off'", home);
	wait_shown(o, "far is away", false);
	type(o, "and on\r");
	wait_shown(o, "and on\nand on", true);
	type(o, DETACH);
	wait_shown(o, "LAST HOUR", true);
	link = link_pid();
	type(o, "cask Ann\r");
	until(o, "ls --host far --json", "\"note\":\"ask Ann\"");

	/* a command for sessions of both machines */
	type(o, "v/\x15"
		"here\r");
	wait_shown(o, "far:web", false);
	type(o, "vt");
	until(o, "ls --host far --json", "\"web\".*\"pinned\":true");
	until(o, "ls --json", "\"here\",[^}]*\"pinned\":true");
	type(o, "/\x15"
		"far:web\r");
	wait_shown(o, "far:web", true);

	/* rows of one that is away stay, and say so */
	put("off", "");
	assert_int_equal(kill(link, SIGKILL), 0);
	wait_shown(o, " away ", true);
	assert_true(shows(o, "far:web"));
	shell("rm '%s/off'", home);
	wait_shown(o, " away ", false);
	leave(o, "q");
}

/* Search and reap of the dashboard are about all machines, and a session can be begun on any. */
static void
all_machines(void **state)
{
	char *argv[] = {muster, NULL};
	struct outer *o;

	(void)state;
	start("near", "echo needle near; exec cat");
	assert_int_equal(shell("%s new -d --host far -n dist --size 80x24 -- sh -c 'echo needle "
			       "far; exec cat' >/dev/null",
				 muster),
		0);
	o = run_on_pty(argv, 120, 40);
	wait_shown(o, "far:dist", true);
	wait_shown(o, "near", true);
	type(o, "sneedle");
	wait_shown(o, "needle near", true);
	wait_shown(o, "needle far", true);
	type(o, "x");
	wait_shown(o, "needle far", false);
	type(o, "\033");
	wait_shown(o, "LAST HOUR", true);
	type(o, "Rz");
	wait_shown(o, "LAST HOUR", false);
	wait_shown(o, "far:dist", true);
	type(o, "\033");
	wait_shown(o, "LAST HOUR", true);
	type(o, "n\x15"
		"far:/\t\t");
	wait_shown(o, "on far: cd / &&", true);
	type(o, "\x15"
		"echo begun there; exec cat\x02");
	until(o, "search --host far begun", "begun there");
	leave(o, "q");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attaches_there),
		cmocka_unit_test(says_why_not),
		cmocka_unit_test(in_the_dashboard),
		cmocka_unit_test(all_machines),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
