#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "sessions/agent/last_line.h"

static void
is(const char *screen, const char *want)
{
	char out[160];
	last_line(screen, out, sizeof(out));
	assert_string_equal(out, want);
}

static void
plain_programs(void **state)
{
	(void)state;
	is("", "");
	is("\n\n   \n", "");
	is("one\ntwo  \n\n   \n", "two");
	is("  make: *** [all] Error 2\n$ ", "$");
	is("a\x1b[31mb\x07\n", "a[31mb"); /* what a terminal would obey is gone */
}

static void
prompts_are_not_news(void **state)
{
	(void)state;
	/* an input box with rules around it and a status line below */
	is("● All tests pass.\n\n✻ Worked for 3s\n\n────────\n❯ \n────────\n  mode on · esc to "
	   "stop\n",
		"✻ Worked for 3s");
	is("● Done.\n\n────────\n❯ fix the rest\n────────\n  mode on\n", "● Done.");
	/* no box: a line one types into, what it tells about itself below */
	is("• Ran 14 tests\n\n› Ask anything\n\n  model · ~/dir\n  ? for help\n", "• Ran 14 tests");
	/* a shell whose prompt is the same sign */
	is("total 12\n❯ ls\nREADME\n❯ \n", "README");
	/* nothing above but a picture */
	is("▐▛██▜▌\n▝▝  ▝▝ ~/dir\n\n❯ \n", "");
	/* a sign far above is not the prompt */
	is("❯ go\n1\n2\n3\n4\n5\n6\n7\n8\n9\n", "9");
}

static void
rules_are_not_news(void **state)
{
	(void)state;
	is("It stopped.\n──────────\n", "It stopped.");
	is("head\n╌╌╌╌╌╌\n\n", "head");
	is("- one\n- two\n-\n", "- two");
	is("│ a table's row │\n", "│ a table's row │");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_programs),
		cmocka_unit_test(prompts_are_not_news),
		cmocka_unit_test(rules_are_not_news),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
