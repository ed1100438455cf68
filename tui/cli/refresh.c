#include "tui/cli/refresh.h"
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { EVERY_MS = 2000, ROWS_DEFAULT = 45, ESCAPE = 27 };
static volatile sig_atomic_t stop;

static void
on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* Until q or a signal; another key draws at once. */
static bool
leave(bool keys, void (*key)(void *arg, char c), void *arg)
{
	struct pollfd p = {.fd = keys ? 0 : -1, .events = POLLIN};
	char c;

	if (poll(&p, 1, EVERY_MS) > 0) {
		if (read(0, &c, 1) != 1 || c == 'q' || c == ESCAPE)
			return true;
		if (key)
			key(arg, c);
	}
	return stop;
}

int
refresh_loop(struct verb_ctx *ctx, int (*picture)(struct verb_ctx *ctx, void *arg, int rows),
	void (*key)(void *arg, char c), void *arg)
{
	struct termios old, raw;
	bool keys = isatty(0) && tcgetattr(0, &old) == 0;
	int code;

	if (keys) {
		raw = old;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		tcsetattr(0, TCSANOW, &raw);
	}
	sigaction(SIGINT, &(struct sigaction){.sa_handler = on_signal}, NULL);
	sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_signal}, NULL);
	setvbuf(stdout, NULL, _IOFBF, 1 << 16); /* a picture is seen whole */
	fputs("\033[?1049h\033[?25l", stdout);
	do {
		struct winsize ws = {0};

		ioctl(1, TIOCGWINSZ, &ws);
		fputs("\033[H\033[J", stdout);
		code = picture(ctx, arg, ws.ws_row ? ws.ws_row : ROWS_DEFAULT);
		fflush(stdout);
	} while (code == EXIT_OK && !leave(keys, key, arg));
	fputs("\033[?25h\033[?1049l", stdout);
	fflush(stdout);
	if (keys)
		tcsetattr(0, TCSANOW, &old);
	return code;
}
