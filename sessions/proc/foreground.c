#include "sessions/proc/foreground.h"
#include "sessions/proc/proc_read.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

static void
name_of(pid_t pid, char *out, size_t cap)
{
	char comm[32];

	if (proc_read(pid, "comm", comm, sizeof comm) < 0)
		snprintf(comm, sizeof comm, "something");
	comm[strcspn(comm, "\n")] = 0;
	proc_clean(out, cap, comm);
}

/* Its first child of any thread; 0 none (or the kernel keeps no such list). */
static pid_t
first_child(pid_t pid)
{
	char name[40], list[64];

	snprintf(name, sizeof name, "task/%d/children", (int)pid);
	return proc_read(pid, name, list, sizeof list) > 0 ? (pid_t)strtol(list, NULL, 10) : 0;
}

/* The call a process is in: its number and first argument. -1: it runs; -2: the kernel does not
 * tell. */
static long
call_of(pid_t pid, unsigned long *arg)
{
	char text[200];
	char *rest;
	long nr;

	*arg = 0;
	if (proc_read(pid, "syscall", text, sizeof text) <= 0)
		return -2;
	nr = strtol(text, &rest, 10);
	if (rest == text)
		return strncmp(text, "running", 7) == 0 ? -1 : -2;
	*arg = strtoul(rest, NULL, 16);
	return nr;
}

/* Is it in the midst of a read from its standard input? Where the kernel does not tell, no. */
static bool
waits_for_input(pid_t pid)
{
	unsigned long fd;

	return call_of(pid, &fd) == SYS_read && fd == 0;
}

/* Does it sleep, wait for another process, or compute? Whatever else it is in may be a wait for
 * input: event loops have many. */
static bool
is_busy(pid_t pid)
{
	static const long busy[] = {-1, SYS_clock_nanosleep, SYS_nanosleep, SYS_wait4, SYS_waitid};
	unsigned long arg;
	long nr = call_of(pid, &arg);

	for (size_t i = 0; i < ARRAY_LEN(busy); i++)
		if (nr == busy[i])
			return true;
	return false;
}

/* What works in a program that shows no prompt; 0 nothing. */
static pid_t
working(pid_t leader)
{
	pid_t child = first_child(leader);

	if (child)
		return waits_for_input(child) ? 0 : child;
	return is_busy(leader) ? leader : 0;
}

void
foreground_name(int pty_fd, pid_t leader, bool at_prompt, char *name, size_t cap)
{
	pid_t front = tcgetpgrp(pty_fd);

	/* jobs behind a shell's prompt are no work of the shell; behind none they are */
	if (front <= 0 || front == leader)
		front = at_prompt ? 0 : working(leader);
	if (front > 0)
		name_of(front, name, cap);
}

bool
foreground_stopped(int pty_fd, pid_t leader)
{
	pid_t front = tcgetpgrp(pty_fd);

	return proc_state(leader) == 'T' ||
	       (front > 0 && front != leader && proc_state(front) == 'T');
}

bool
foreground_line_mode(int pty_fd)
{
	struct termios t;

	return tcgetattr(pty_fd, &t) == 0 && (t.c_lflag & (ICANON | ECHO)) == (ICANON | ECHO);
}

void
foreground_continue(int pty_fd, pid_t leader)
{
	pid_t front = tcgetpgrp(pty_fd);

	if (front > 1)
		kill(-front, SIGCONT); /* with what stopped along with it */
	if (front != leader)
		kill(leader, SIGCONT);
}
