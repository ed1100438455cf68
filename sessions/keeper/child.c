/* How a forked child becomes the program of a session: its own session and controlling terminal,
 * default signals, the caller's limits, umask, directory and environment, and no fd but 0, 1, 2.
 * Runs between fork and exec, so it maps memory and never calls malloc. */
#include "sessions/keeper/child.h"
#include "sessions/keeper/keeper_proto.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

void
signals_default(void)
{
	static const char dfl[64]; /* the kernel's struct sigaction, all zero: SIG_DFL */

	/* not through libc, which keeps two of them to itself and would leave them ignored */
	for (int s = 1; s < NSIG; s++)
		syscall(SYS_rt_sigaction, s, dfl, NULL, 8);
	sigprocmask(SIG_SETMASK, &(sigset_t){0}, NULL);
}

uint64_t
start_of(pid_t pid)
{
	char path[32], text[512], *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	p = strrchr(text, ')');
	for (int i = 0; p && i < 20; i++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p, NULL, 10) : 0;
}

/* n strings from off into v, NULL at the end; false when they leave the spec. */
static bool
spec_strings(const struct spawn_spec *s, uint32_t off, uint32_t n, char **v)
{
	char *p = (char *)s + off, *end = (char *)s + s->size;

	if (off > s->size)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		size_t room = (size_t)(end - p), len = strnlen(p, room);
		if (len == room)
			return false;
		v[i] = p;
		p += len + 1;
	}
	v[n] = NULL;
	return true;
}

static void
child_limits(const struct spawn_spec *s)
{
	for (uint32_t i = 0; i < s->n_limits && i < SPAWN_LIMITS; i++) {
		struct rlimit l = {s->limit[i].cur, s->limit[i].max};
		setrlimit((__rlimit_resource_t)s->limit[i].resource, &l);
	}
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, "500", 3) < 0)
		(void)0; /* a kernel without it: nothing lost */
	if (fd >= 0)
		close(fd);
}

int
child_become(int master, int spec_fd, int *report)
{
	struct stat st;
	struct spawn_spec *s;
	char **v, *cwd[2];
	size_t n;
	int slave;

	if (setsid() < 0 || fstat(spec_fd, &st) < 0)
		return errno;
	if ((size_t)st.st_size < sizeof(*s) || st.st_size > SPAWN_MAX)
		return EINVAL;
	s = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, spec_fd, 0);
	if (s == MAP_FAILED)
		return errno;
	if (s->magic != SPAWN_MAGIC || s->version != SPAWN_VERSION || s->size != st.st_size ||
		!s->argc || s->argc > s->size || s->envc > s->size)
		return EINVAL;
	n = ((size_t)s->argc + s->envc + 2) * sizeof(char *);
	v = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (v == MAP_FAILED)
		return errno;
	if (!spec_strings(s, s->argv_off, s->argc, v) ||
		!spec_strings(s, s->env_off, s->envc, v + s->argc + 1) ||
		!spec_strings(s, s->cwd_off, 1, cwd))
		return EINVAL;
	if ((slave = ioctl(master, TIOCGPTPEER, O_RDWR)) < 0 || ioctl(slave, TIOCSCTTY, 0) < 0)
		return errno;
	prctl(PR_SET_DUMPABLE, 1);
	child_limits(s);
	umask((mode_t)s->mask);
	if (chdir(cwd[0]) < 0)
		return errno;
	for (int fd = 0; fd < 3; fd++)
		dup2(slave, fd);
	/* the report is the only other fd to stay, until exec closes it */
	if (*report != CHILD_REPORT_FD && dup3(*report, CHILD_REPORT_FD, O_CLOEXEC) < 0)
		return errno;
	*report = CHILD_REPORT_FD;
	syscall(SYS_close_range, CHILD_REPORT_FD + 1, ~0u, 0);
	signals_default();
	environ = v + s->argc + 1;
	execvp(v[0], v);
	return errno;
}

int
open_pty(uint16_t cols, uint16_t rows)
{
	struct winsize ws = {.ws_row = rows, .ws_col = cols};
	struct termios t;
	int m = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), zero = 0;

	if (m < 0)
		return -1;
	if (ioctl(m, TIOCSPTLCK, &zero) < 0 || ioctl(m, TIOCSWINSZ, &ws) < 0 ||
		fcntl(m, F_SETFL, O_RDWR | O_NONBLOCK) < 0) {
		close(m);
		return -1;
	}
	if (tcgetattr(m, &t) == 0) {
		t.c_iflag |= IUTF8;
		tcsetattr(m, TCSANOW, &t);
	}
	return m;
}
