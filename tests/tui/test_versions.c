/* Programs are asked for their version; those that hang, fail or say something else are not waited for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tui/run/output.h"
#include "tui/run/versions.h"
#include <cmocka.h>

static char got[5][24];
static int told;

static void
on_output(void *ctx, int which, const char *text)
{
	assert_ptr_equal(ctx, got);
	version_in(text, got[which], sizeof got[0]);
	told++;
}

static void
script(const char *dir, const char *name, const char *body)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\n%s\n", body);
	fclose(f);
	assert_int_equal(chmod(path, 0755), 0);
}

static void
programs_say(void **state)
{
	char dir[] = "/tmp/muster-versions.XXXXXX", path[64], cmd[128];
	uv_loop_t loop;
	(void)state;
	assert_non_null(mkdtemp(dir));
	script(dir, "one", "[ \"$1\" = --version ] && echo '2.1.4 (Claude Code)'");
	script(dir, "two", "echo nothing of that kind");
	script(dir, "four", "echo 'a1b2.3 7 v1.2.'");
	script(dir, "three", "yes 'codex-cli 0.66.0' | head -c 4000; exit 3");
	uv_loop_init(&loop);
	struct outputs *v = outputs_new(&loop, on_output, got);
	static const char *const names[] = {"one", "two", "three", "missing", "four"};
	for (int i = 0; i < 5; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		outputs_ask(v, i, (char *[]){path, "--version", NULL}, 5000);
	}
	uv_run(&loop, UV_RUN_DEFAULT); /* until all have gone */
	assert_string_equal(got[0], "2.1.4");
	assert_string_equal(got[1], "");
	assert_string_equal(got[2], "0.66.0");
	assert_string_equal(got[4], "1.2");
	assert_int_equal(told, 4); /* one is missing */
	outputs_free(v);
	snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	assert_int_equal(system(cmd), 0);
	assert_int_equal(uv_loop_close(&loop), 0);
}

/* Who leaves does not wait for one that hangs. */
static void
leaving_ends_them(void **state)
{
	uv_loop_t loop;
	(void)state;
	uv_loop_init(&loop);
	struct outputs *v = outputs_new(&loop, on_output, got);
	told = 0;
	outputs_ask(v, 0, (char *[]){"cat", "--version", NULL},
		5000); /* "--version" it says, and perhaps ends before */
	outputs_ask(v, 1, (char *[]){"yes", NULL}, 5000);
	outputs_free(v);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(told, 0);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_say),
		cmocka_unit_test(leaving_ends_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
