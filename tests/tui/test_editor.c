/* The user's editor over a prompt: it has the terminal, and gives it back. */
#include "on_pty_sessions.h"
#include <sys/stat.h>

static char dir[] = "/tmp/muster-editor-XXXXXX", script[64];

/* Waits for a line, then adds two to the file it was given. */
static void
an_editor(void)
{
	assert_non_null(mkdtemp(dir));
	snprintf(script, sizeof script, "%s/edit", dir);
	FILE *f = fopen(script, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\necho here is: $(cat \"$1\")\nread x || exit 1\n"
		   "printf 'two\\nthree\\n' >>\"$1\"\n");
	fclose(f);
	assert_int_equal(chmod(script, 0700), 0);
	setenv("VISUAL", script, 1);
}

static void
the_editor_has_the_terminal(void **state)
{
	(void)state;
	char *argv[] = {muster, NULL};
	an_editor();
	struct outer *o = run_on_pty(argv, 80, 24);
	wait_shown(o, "quit", true);
	type(o, "n");
	wait_shown(o, "New session", true);
	type(o, "\t\t\tone");
	wait_shown(o, "one", true);
	type(o, "\005");
	wait_shown(o, "here is: one", true);
	assert_false(term_alt(o->t));
	assert_false(term_mode(o->t, 2004));
	type(o, "go\n");
	wait_shown(o, "three", true);
	assert_true(term_alt(o->t));
	assert_true(shows(o, "New session"));
	/* it gives up: the text is as it was, and we are still there */
	type(o, "\005");
	wait_shown(o, "here is: one two three", true);
	type(o, "\003");
	wait_shown(o, "the editor failed; the text is as it was", true);
	assert_true(shows(o, "three"));
	type(o, "\033");
	wait_shown(o, "New session", false);
	leave(o, "q");
	assert_int_equal(
		shell("rm -r %s; ! ls $MUSTER_HOME/*/prompt-* 2>/dev/null | grep -q .", dir), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_editor_has_the_terminal),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
