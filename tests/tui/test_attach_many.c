/* Attached to a hundred times, from terminals of two sizes: each time the screen is the session's, and
 * the terminal is left as it was. A client that is killed leaves nothing in the server. */
#define TOLD 2
#include "on_pty_sessions.h"

#define TIMES 100

static struct outer *
attach(const char *name, int cols, int rows)
{
	char *argv[] = {muster, "attach", (char *)name, NULL};
	return run_on_pty(argv, cols, rows);
}

static char *
output_of(const char *fmt, const char *name)
{
	char cmd[1024];
	struct buf b = {0};
	snprintf(cmd, sizeof(cmd), fmt, muster, name);
	FILE *f = popen(cmd, "r");
	assert_non_null(f);
	for (int c; (c = fgetc(f)) != EOF;)
		buf_putc(&b, (uint8_t)c);
	assert_int_equal(pclose(f), 0);
	return buf_cstr(&b);
}

/* Lines end without blanks, and the text without empty lines. */
static void
trim(char *s)
{
	char *out = s, *end = s;
	for (char *p = s; *p; p++) {
		if (*p == '\n')
			out = end;
		*out++ = *p;
		if (*p != ' ')
			end = out;
	}
	out = end;
	while (out > s && out[-1] == '\n')
		out--;
	*out = 0;
}

/* Both say the same, at once or as soon as what is under way has come. */
static void
same_screen(struct outer *o, const char *name)
{
	for (long end = now_ms() + DEADLINE_MS;;) {
		char *here = screen_text(o), *there = output_of("%s peek %s", name);
		trim(here);
		trim(there);
		bool same = !strcmp(here, there);
		if (!same && now_ms() > end)
			fail_msg("it shows\n%s\nand is\n%s", here, there);
		free(here);
		free(there);
		if (same)
			return;
		pump(o, 20);
	}
}

static void
a_hundred_times_from_two_sizes(void **state)
{
	(void)state;
	start("many",
		"seq 1 60; printf \"\\033[31mred\\033[m \\346\\274\\242\\n\"; while read x; do "
		"stty size; done");
	for (int i = 0; i < TIMES; i++) {
		int cols = i % 2 ? 100 : 60, rows = i % 2 ? 30 : 16;
		char size[16];
		struct outer *o = attach("many", cols, rows);
		wait_shown(o, "red", true);
		if (i < 2) {
			snprintf(size, sizeof(size), "%d %d", rows, cols);
			type(o, "\r");
			wait_shown(o, size, true);
		}
		/* the first says how to get back, over the screen's last row, for a while */
		wait_shown(o, "menu", false);
		same_screen(o, "many");
		leave(o, i % 3 ? DETACH : "\x1c\x1c");
	}
	assert_int_equal(shell("grep -qx 3 $MUSTER_HOME/state/told-attach"), 0);
}

/* Two at once, of two sizes; one is killed, the other has its size, and nothing is left of it. */
static void
killed_it_leaves_nothing(void **state)
{
	(void)state;
	start("killed", "echo go; while read x; do stty size; done");
	struct outer *a = attach("killed", 90, 28), *b = attach("killed", 60, 16);
	wait_shown(a, "go", true);
	wait_shown(b, "go", true);
	type(b, "\r");
	wait_shown(b, "16 60", true);
	kill(b->pid, SIGKILL);
	waitpid(b->pid, NULL, 0);
	b->pid = 0;
	type(a, "\r");
	wait_shown(a, "28 90", true);
	assert_int_equal(shell("%s ls --json | grep -q '\"viewers\":1'", muster), 0);
	kill(a->pid, SIGKILL);
	waitpid(a->pid, NULL, 0);
	a->pid = 0;
	for (long end = now_ms() + DEADLINE_MS;
		shell("%s ls --json | grep -q '\"viewers\":0'", muster) != 0;)
		assert_true(now_ms() < end);
	outer_free(a);
	outer_free(b);
	assert_int_equal(shell("%s debug check >/dev/null", muster), 0);
	a = attach("killed", 60, 16);
	wait_shown(a, "28 90", true);
	leave(a, DETACH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hundred_times_from_two_sizes),
		cmocka_unit_test(killed_it_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
