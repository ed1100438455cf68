#ifndef TESTS_TUI_ON_PTY_SESSIONS_H
#define TESTS_TUI_ON_PTY_SESSIONS_H
/* Sessions for the real program on a pty to look at. */
#include "on_pty.h"

static int
shell(const char *fmt, ...)
{
	char cmd[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	int status = system(cmd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A session that echoes what it gets, one line each, and prints what the tests look for. */
static void
start(const char *name, const char *script)
{
	assert_int_equal(shell("%s new -d -n %s --size 80x24 -- sh -c '%s' >/dev/null", muster,
				 name, script),
		0);
}

static int
setup(void **state)
{
	(void)state;
	const char *bin = getenv("MUSTER_BIN");
	arena = arena_new(1ull << 30);
	snprintf(muster, sizeof(muster), "%s/muster", bin ? bin : "build/release");
	return arena && access(muster, X_OK) == 0 ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	shell("%s server stop --kill-sessions >/dev/null 2>&1", muster);
	arena_free(arena);
	return 0;
}
#endif
