#ifndef TESTS_CORE_PEER_KIT_H
#define TESTS_CORE_PEER_KIT_H
/* Running terminals made by others, to compare with: programs, and an X server without a screen. */
#include "core/base/base.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define DEADLINE_MS 8000

static inline long
now_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static inline bool
installed(const char *program)
{
	char cmd[64];
	snprintf(cmd, sizeof(cmd), "command -v %s >/dev/null", program);
	return system(cmd) == 0;
}

/* Starts a program that reads and says nothing here. */
static inline pid_t
start(char *const argv[])
{
	pid_t pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execvp(argv[0], argv);
		_exit(127);
	}
	return pid;
}

/* Xvfb, and the name it chose for itself; -1 where it does not come up. */
static inline pid_t
start_display(char *display, size_t max)
{
	int fd[2];
	char number[16] = "";
	assert_int_equal(pipe(fd), 0);
	char at[8];
	snprintf(at, sizeof(at), "%d", fd[1]);
	pid_t pid = start((char *[]){
		"Xvfb", "-displayfd", at, "-nolisten", "tcp", "-screen", "0", "1200x800x24", NULL});
	close(fd[1]);
	struct pollfd p = {.fd = fd[0], .events = POLLIN};
	size_t n = 0;
	while (!strchr(number, '\n') && n < sizeof(number) - 1 && poll(&p, 1, DEADLINE_MS) == 1) {
		ssize_t got = read(fd[0], number + n, sizeof(number) - 1 - n);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	close(fd[0]);
	snprintf(display, max, ":%d", atoi(number));
	return strchr(number, '\n') ? pid : (kill(pid, SIGTERM), -1);
}
#endif
