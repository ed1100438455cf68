#ifndef TESTS_TUI_ON_PTY_H
#define TESTS_TUI_ON_PTY_H
/* The real program on a pty, its output read by a struct term which also answers what a terminal is
 * asked. Each test program includes this once. */
#include "core/keys/keys.h"
#include "core/paint/render.h"
#include "core/page/tab.h"
#include "core/term/term.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define DEADLINE_MS 8000

struct outer {
	int fd;
	pid_t pid;
	struct term *t;
	bool mute; /* answers no question, as a dumb pipe would */
	struct buf clipboard, title;
	int bells;
};

static struct arena *arena;
static char muster[512];

static long
now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
on_reply(void *ctx, const void *p, size_t n)
{
	struct outer *o = ctx;
	if (!o->mute)
		assert_int_equal(write(o->fd, p, n), n);
}

static void
on_event(void *ctx, const struct term_event *ev)
{
	struct outer *o = ctx;
	if (ev->type == TERM_CLIPBOARD) {
		o->clipboard.len = 0;
		buf_put(&o->clipboard, ev->text, ev->len);
	} else if (ev->type == TERM_TITLE) {
		o->title.len = 0;
		buf_put(&o->title, ev->text, ev->len);
	} else if (ev->type == TERM_BELL) {
		o->bells++;
	}
}

/* Runs argv on a pty of its own. */
static struct outer *
run_on_pty(char *const argv[], int cols, int rows)
{
	struct outer *o = xcalloc(1, sizeof(*o));
	struct winsize ws = {.ws_col = (unsigned short)cols, .ws_row = (unsigned short)rows};
	struct term_config cfg = {.cols = cols, .rows = rows};
	struct term_ops ops = {on_reply, on_event, o};
	o->t = term_new(arena, 5, &cfg);
	term_set_ops(o->t, &ops);
	o->pid = forkpty(&o->fd, NULL, NULL, &ws);
	assert_true(o->pid >= 0);
	if (o->pid == 0) {
		setenv("TERM", "xterm-256color", 1);
		unsetenv("NO_COLOR");
		execv(argv[0], argv);
		_exit(127);
	}
	fcntl(o->fd, F_SETFL, O_NONBLOCK);
	return o;
}

static bool
pump(struct outer *o, int ms)
{
	struct pollfd p = {.fd = o->fd, .events = POLLIN};
	uint8_t b[65536];
	if (poll(&p, 1, ms) <= 0)
		return true;
	ssize_t n = read(o->fd, b, sizeof(b));
	if (n > 0)
		term_feed(o->t, b, (size_t)n);
	return n > 0 || (n < 0 && errno == EAGAIN);
}

static char *
screen_text(struct outer *o)
{
	struct buf b = {0};
	term_text(o->t, &b);
	char *s = xstrdup(buf_cstr(&b));
	buf_free(&b);
	return s;
}

static bool
shows(struct outer *o, const char *text)
{
	char *s = screen_text(o);
	bool yes = strstr(s, text) != NULL;
	free(s);
	return yes;
}

static void
wait_shown(struct outer *o, const char *text, bool shown)
{
	for (long end = now_ms() + DEADLINE_MS; shows(o, text) != shown;) {
		if (now_ms() > end) {
			char *s = screen_text(o);
			fail_msg("\"%s\" %s:\n%s", text, shown ? "never came" : "stayed", s);
		}
		pump(o, 20);
	}
}

static void
type(struct outer *o, const char *bytes)
{
	size_t n = strlen(bytes);
	assert_int_equal(write(o->fd, bytes, n), n);
}

static int
ended(struct outer *o)
{
	int status = -1;
	long end = now_ms() + DEADLINE_MS;
	while (waitpid(o->pid, &status, WNOHANG) == 0) {
		assert_true(now_ms() < end);
		pump(o, 20);
	}
	while (pump(o, 0) && now_ms() < end) {
		struct pollfd p = {.fd = o->fd, .events = POLLIN};
		if (poll(&p, 1, 50) <= 0)
			break;
	}
	o->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void
outer_free(struct outer *o)
{
	if (o->pid > 0) {
		kill(o->pid, SIGKILL);
		waitpid(o->pid, NULL, 0);
	}
	close(o->fd);
	term_free(o->t);
	buf_free(&o->clipboard);
	buf_free(&o->title);
	free(o);
}
#endif
