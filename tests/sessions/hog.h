#ifndef TESTS_SESSIONS_HOG_H
#define TESTS_SESSIONS_HOG_H
/* tests/tools/memhog as a process whose memory is known: started, told what to do, ended. */
#include "tests/sanitized.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#if SANITIZED
#define SLACK_MB 16 /* the sanitizer's own memory in the processes looked at */
#else
#define SLACK_MB 0
#endif

struct hog {
	pid_t pid;
	FILE *in, *out;
	char marker[12]; /* MUSTER_SESSION of a marked one: of this run, others may be beside it */
};
static pid_t started[32]; /* ended after each test, passed or failed */
static size_t n_started;

static inline struct hog
hog_start(bool marked)
{
	struct hog h;
	int to[2], from[2];
	char path[512], env[64];

	snprintf(path, sizeof(path), "%s/tests/tools/memhog", getenv("MUSTER_BIN"));
	assert_int_equal(pipe(to) | pipe(from), 0);
	h.pid = fork();
	snprintf(h.marker, sizeof(h.marker), "h%d", (int)(h.pid ? h.pid : getpid()));
	if (h.pid == 0) {
		setsid();
		dup2(to[0], 0);
		dup2(from[1], 1);
		for (int i = 3; i < 64; i++)
			close(i);
		snprintf(env, sizeof(env), "MUSTER_SESSION=%s", h.marker);
		execle(path, "memhog", (char *)NULL, (char *[]){marked ? env : NULL, NULL});
		_exit(127);
	}
	started[n_started++] = h.pid;
	close(to[0]);
	close(from[1]);
	h.in = fdopen(to[1], "w");
	h.out = fdopen(from[0], "r");
	return h;
}

/* Sends a command; returns the pid it answered, 0, or -1 if the kernel refused. */
static inline pid_t
hog_do(struct hog *h, const char *cmd)
{
	char line[128] = "";
	int pid = 0;

	fprintf(h->in, "%s\n", cmd);
	fflush(h->in);
	assert_non_null(fgets(line, sizeof(line), h->out));
	if (strncmp(line, "ok", 2) != 0)
		return -1;
	if (sscanf(line, "ok %d", &pid) == 1)
		started[n_started++] = pid;
	return pid;
}

static inline void
hog_end(struct hog *h)
{
	fclose(h->in);
	fclose(h->out);
	kill(h->pid, SIGKILL);
	waitpid(h->pid, NULL, 0);
}

/* Strays come to this process, and a hog's end is no signal to it. */
static inline void
hogs_begin(void)
{
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* All that were started; strays come to a test which is their subreaper. */
static inline void
hogs_end(void)
{
	while (n_started)
		kill(started[--n_started], SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}
#endif
