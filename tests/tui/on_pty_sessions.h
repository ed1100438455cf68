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

static void
everything_is_put_back(struct outer *o)
{
	static const int off[] = {1000, 1002, 1003, 1004, 1006, 1049, 2004};
	for (size_t i = 0; i < ARRAY_LEN(off); i++)
		assert_false(term_mode(o->t, off[i]));
	assert_true(term_mode(o->t, 7));
	struct grid g = term_grid(o->t);
	struct key_modes m = term_key_modes(o->t);
	assert_true(g.cursor.visible);
	assert_int_equal(m.kitty_flags, 0);
	assert_int_equal(m.modify_other, 0);
	term_feed(o->t, "Q", 1); /* the pen too */
	g = term_grid(o->t);
	const struct row *r = g.row[g.cursor.row];
	assert_int_equal(cell_style(r->cells[g.cursor.col - 1]), 0);
	assert_int_equal(cell_link(r->cells[g.cursor.col - 1]), 0);
}

#define DETACH \
	"\x1c" \
	"d" /* of an attached client */

/* The keys end the program, which leaves the terminal as it was. */
__attribute__((unused)) static void
leave(struct outer *o, const char *keys)
{
	type(o, keys);
	assert_int_equal(ended(o), 0);
	everything_is_put_back(o);
	outer_free(o);
}

/* A session that echoes what it gets, one line each, and prints what the tests look for. */
__attribute__((unused)) static void
start(const char *name, const char *script)
{
	assert_int_equal(shell("%s new -d -n %s --size 80x24 -- sh -c '%s' >/dev/null", muster,
				 name, script),
		0);
}

/* How often attach has told how to get back: it lies over the last row, for a while, until the third. */
#ifndef TOLD
#define TOLD 3
#endif

static int
setup(void **state)
{
	(void)state;
	const char *bin = getenv("MUSTER_BIN");
	if (shell("mkdir -m 700 $MUSTER_HOME/state && echo %d >$MUSTER_HOME/state/told-attach",
		    TOLD) != 0)
		return -1;
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
