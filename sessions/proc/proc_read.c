#include "sessions/proc/proc_read.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t
proc_read(pid_t pid, const char *name, char *buf, size_t cap)
{
	char path[64];
	size_t got = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	while (got < cap - 1 && (n = read(fd, buf + got, cap - 1 - got)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			n = -errno;
			close(fd);
			return n;
		}
		got += (size_t)n;
	}
	close(fd);
	buf[got] = '\0';
	return (ssize_t)got;
}

pid_t
proc_parent(pid_t pid)
{
	char buf[512], *p;
	int ppid = 0;

	/* the name may hold anything, ')' too */
	if (proc_read(pid, "stat", buf, sizeof buf) <= 0 || !(p = strrchr(buf, ')')))
		return 0;
	return sscanf(p + 1, " %*c %d", &ppid) == 1 ? ppid : 0;
}

char
proc_state(pid_t pid)
{
	char text[512], *p;

	if (proc_read(pid, "stat", text, sizeof text) <= 0 || !(p = strrchr(text, ')')) || !p[1])
		return 0;
	return p[2];
}

size_t
proc_children(pid_t pid, pid_t *out, size_t max)
{
	char path[64], text[4096];
	size_t n = 0;
	DIR *d;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof path, "task/%.20s/children", e->d_name);
		if (proc_read(pid, path, text, sizeof text) <= 0)
			continue;
		for (char *p = text; *p && n < max; p += strspn(p, " "))
			out[n++] = (pid_t)strtol(p, &p, 10);
	}
	if (d)
		closedir(d);
	return n;
}

size_t
proc_below(pid_t pid, pid_t out[PROC_BELOW_MAX])
{
	size_t n = 1;

	out[0] = pid;
	for (size_t i = 0; i < n; i++)
		n += proc_children(out[i], out + n, PROC_BELOW_MAX - n);
	return n;
}

FILE *
proc_open(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	return fopen(path, "re");
}

void
proc_clean(char *out, size_t cap, const char *in)
{
	size_t i = 0;

	for (; *in && i + 1 < cap; in++)
		out[i++] = (unsigned char)*in >= 0x20 && (unsigned char)*in < 0x7f ? *in : '?';
	out[i] = '\0';
}

static char
state(pid_t tid)
{
	char buf[512], *end;

	if (proc_read(tid, "stat", buf, sizeof buf) <= 0 || !(end = strrchr(buf, ')')))
		return 'X';
	return end[1] ? end[2] : 'X';
}

pid_t
proc_thread(pid_t pid)
{
	char path[64];
	pid_t found = pid;
	DIR *d;

	if (state(pid) != 'Z')
		return pid;
	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	d = opendir(path);
	for (struct dirent *e; d && found == pid && (e = readdir(d));) {
		pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);

		if (tid > 0 && tid != pid && !strchr("ZX", state(tid)))
			found = tid;
	}
	if (d)
		closedir(d);
	return found;
}

bool
proc_same_memory(pid_t a, pid_t b)
{
	return syscall(SYS_kcmp, a, b, KCMP_VM, 0, 0) == 0;
}
