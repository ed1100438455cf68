/* key_paint MUSTER: what a user at the dashboard waits for: milliseconds from a key that moves the cursor to
 * the frame in which it has moved, on a pty, amid whatever the sessions of MUSTER_HOME print; and from a byte
 * to its echo by cat on a pty, in the same moments: what of it is the machine's. p50, p99, most of each. */
#include "core/os/os.h"
#include "core/term/term.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum {
	COLS = 120,
	ROWS = 40,
	KEYS = 500,
	START_MS = 20000,
	KEY_MS = 2000,
	PAUSE_MS = 23,
	NAME_BYTES = 18
};

struct board {
	int fd, bare;
	struct term *t;
};

static void
on_reply(void *ctx, const void *p, size_t n)
{
	ssize_t put = write(((struct board *)ctx)->fd, p, n);

	(void)put;
}

static bool
pump(struct board *b, int ms)
{
	struct pollfd p = {.fd = b->fd, .events = POLLIN};
	uint8_t bytes[65536];
	ssize_t n;

	if (poll(&p, 1, ms) <= 0)
		return false;
	n = read(b->fd, bytes, sizeof bytes);
	if (n > 0)
		term_feed(b->t, bytes, (size_t)n);
	return n > 0;
}

/* Which session the cursor's bar stands before; false: none. */
static bool
chosen(const struct board *b, char name[NAME_BYTES])
{
	struct buf text = {0};
	const char *bar;

	term_text(b->t, &text);
	bar = strstr(buf_cstr(&text), "\n\xe2\x96\x8c");
	snprintf(name, NAME_BYTES, "%s", bar ? bar : "");
	buf_free(&text);
	return bar != NULL;
}

/* Milliseconds until the cursor is elsewhere; KEY_MS: it did not move. */
static double
press(struct board *b, const char *key)
{
	char was[NAME_BYTES], is[NAME_BYTES];
	uint64_t from = os_mono_ns(), end = from + KEY_MS * 1000000ull;

	chosen(b, was);
	if (write(b->fd, key, 1) != 1)
		return KEY_MS;
	while (os_mono_ns() < end)
		if (pump(b, 5) && chosen(b, is) && strcmp(is, was) != 0)
			return (double)(os_mono_ns() - from) / 1e6;
	return KEY_MS;
}

static double
echo(const struct board *b)
{
	struct pollfd p = {.fd = b->bare, .events = POLLIN};
	uint64_t from = os_mono_ns();
	char c[8];

	if (write(b->bare, "x", 1) != 1 || poll(&p, 1, KEY_MS) != 1 ||
		read(b->bare, c, sizeof c) < 1)
		return KEY_MS;
	return (double)(os_mono_ns() - from) / 1e6;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
tell(double *ms, const char *end)
{
	qsort(ms, KEYS, sizeof *ms, by_size);
	printf("%.1f %.1f %.1f%s", ms[KEYS / 2], ms[KEYS * 99 / 100], ms[KEYS - 1], end);
}

static bool
measure(struct board *b)
{
	char name[NAME_BYTES];
	double ms[KEYS], bare[KEYS];
	uint64_t end = os_mono_ns() + START_MS * 1000000ull;

	while (!chosen(b, name) && os_mono_ns() < end)
		pump(b, 50);
	for (int i = 0; i < KEYS; i++) {
		uint64_t rest = os_mono_ns() + (PAUSE_MS + i % 17) * 1000000ull;

		while (os_mono_ns() < rest)
			pump(b, 1);
		bare[i] = echo(b);
		ms[i] = press(b, i / 5 % 2 ? "k" : "j");
		if (ms[i] >= KEY_MS) {
			fprintf(stderr, "a key did nothing for %d ms\n", KEY_MS);
			return false;
		}
	}
	tell(ms, " ");
	tell(bare, "\n");
	return true;
}

int
main(int argc, char **argv)
{
	struct winsize ws = {.ws_col = COLS, .ws_row = ROWS};
	struct term_config cfg = {.cols = COLS, .rows = ROWS};
	struct arena *arena = arena_new(1ull << 30);
	struct board b = {.t = term_new(arena, 1, &cfg)};
	struct termios raw = {0};
	bool ok;
	pid_t pid, cat;

	if (argc != 2)
		return 2;
	term_set_ops(b.t, &(struct term_ops){.reply = on_reply, .ctx = &b});
	cfmakeraw(&raw);
	if ((cat = forkpty(&b.bare, NULL, &raw, NULL)) == 0) {
		execlp("cat", "cat", (char *)NULL);
		_exit(127);
	}
	if ((pid = forkpty(&b.fd, NULL, NULL, &ws)) == 0) {
		setenv("TERM", "xterm-256color", 1);
		unsetenv("NO_COLOR");
		execl(argv[1], argv[1], (char *)NULL);
		_exit(127);
	}
	ok = measure(&b);
	kill(pid, SIGTERM);
	while (pump(&b, 1000))
		;
	close(b.fd);
	close(b.bare);
	waitpid(pid, NULL, 0);
	waitpid(cat, NULL, 0);
	term_free(b.t);
	arena_free(arena);
	return ok ? 0 : 1;
}
