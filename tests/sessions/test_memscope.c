/* A limit held by the user's systemd: what its manager is asked, by a busctl of the test's own. */
#include "sessions/closing/care.h"
#include "sessions/lifecycle/memscope.h"
#include "tests/sessions/played.h"
#include "tests/sessions/put_file.h"

static struct played p;
static char dir[512];

static void
put_busctl(int status)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/busctl", dir);
	put_file(path, "#!/bin/sh\necho \"$@\" >>'%s/asked'\nexit %d\n", dir, status);
	assert_int_equal(chmod(path, 0755), 0);
}

static bool
asked(char *text, size_t cap)
{
	char path[600];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/asked", dir);
	f = fopen(path, "re");
	if (!f)
		return false;
	n = fread(text, 1, cap - 1, f);
	text[n] = '\0';
	fclose(f);
	if (n == 0 || text[n - 1] != '\n') /* being written */
		return false;
	unlink(path);
	return true;
}

static int
begin(void **state)
{
	char path[1200];

	(void)state;
	house_begin();
	snprintf(dir, sizeof(dir), "%s/scope", getenv("MUSTER_HOME"));
	snprintf(path, sizeof(path), "%s/systemd/private", dir);
	put_file(path, "%s", "");
	snprintf(path, sizeof(path), "%s:%s", dir, getenv("PATH"));
	setenv("PATH", path, 1);
	setenv("XDG_RUNTIME_DIR", dir, 1);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	return house_end();
}

static void
test_asks(void **state)
{
	char text[1000] = "", want[200];

	(void)state;
	put_busctl(0);
	played_starts(&p, "shell");
	p.s->mem_max = 200u << 20;
	memscope_ask(p.s);
	UNTIL(p.s->run->mem_held);
	assert_true(asked(text, sizeof(text)));
	snprintf(want, sizeof(want), "muster-%s.scope fail 4 PIDs au 1 %d MemoryMax t 209715200",
		p.s->id, (int)p.pid);
	assert_non_null(strstr(text, "--user"));
	assert_non_null(strstr(text, want));
	played_forget(&p);
}

/* Refused, or gone meanwhile: it is watched. */
static void
test_refused(void **state)
{
	char text[1000] = "";

	(void)state;
	put_busctl(1);
	played_starts(&p, "shell");
	p.s->mem_max = 1000;
	memscope_ask(p.s);
	UNTIL(asked(text, sizeof(text)));
	for (int i = 0; i < 20; i++)
		uv_run(&house.loop, UV_RUN_NOWAIT);
	assert_false(p.s->run->mem_held);
	put_busctl(0);
	memscope_ask(p.s);
	played_forget(&p);
	UNTIL(asked(text, sizeof(text)));
	setenv("XDG_RUNTIME_DIR", "/nonexistent", 1);
	played_starts(&p, "shell");
	memscope_ask(p.s); /* no manager: nobody is asked */
	assert_false(asked(text, sizeof(text)));
	played_forget(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asks),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
