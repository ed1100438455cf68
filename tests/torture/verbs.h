#ifndef TESTS_TORTURE_VERBS_H
#define TESTS_TORTURE_VERBS_H
/* What those that torture share: verbs of the muster in `bin` with a limit of time, and a count of
 * what is wrong. Header-only: each is one program. */
#include "core/base/buf.h"
#include "core/os/os.h"
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char bin[PATH_MAX];
static unsigned bad;

__attribute__((unused)) static void
pause_ms(unsigned ms)
{
	poll(NULL, 0, (int)ms);
}

static double
now_s(void)
{
	return (double)os_mono_ns() / 1e9;
}

static void PRINTF_LIKE(1, 2) wrong(const char *fmt, ...)
{
	va_list ap;

	bad++;
	fputs("torture: ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

/* `muster …`: exit code, or -1 after limit_s; what it printed goes into out (NULL: nowhere). */
static int
muster(struct buf *out, double limit_s, const char *fmt, ...)
{
	char args[8192], cmd[sizeof(args) + sizeof(bin) + 32];
	double end = now_s() + limit_s;
	int p[2], status;
	va_list ap;
	pid_t pid;

	va_start(ap, fmt);
	vsnprintf(args, sizeof(args), fmt, ap);
	va_end(ap);
	snprintf(cmd, sizeof(cmd), "exec '%s/muster' %s", bin, args);
	if (pipe2(p, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		return -1;
	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(p[1], 1);
		dup2(null, 2);
		execl("/bin/sh", "sh", "-c", cmd, NULL);
		_exit(127);
	}
	close(p[1]);
	for (;;) {
		struct pollfd pf = {p[0], POLLIN, 0};
		char text[65536];
		ssize_t n;

		if (poll(&pf, 1, (int)(MAX(end - now_s(), 0) * 1000)) <= 0) {
			kill(pid, SIGKILL);
			break;
		}
		if ((n = read(p[0], text, sizeof(text))) <= 0)
			break;
		if (out)
			buf_put(out, text, (size_t)n);
	}
	close(p[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

__attribute__((unused)) static json_t *
muster_json(const char *args)
{
	struct buf b = {0};
	json_t *j =
		muster(&b, 15, "%s", args) == 0 ? json_loadb((char *)b.data, b.len, 0, NULL) : NULL;

	buf_free(&b);
	return j;
}

#endif
