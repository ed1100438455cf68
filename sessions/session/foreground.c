#include "sessions/session/foreground.h"
#include "sessions/pty/pty.h"
#include "sessions/session/run.h"
#include "sessions/memory/proc_read.h"
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
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

/* Is it in the midst of a read from its standard input? Where the kernel does not tell, no. */
static bool
waits_for_input(pid_t pid)
{
	char call[200], want[24];
	int n = snprintf(want, sizeof want, "%d 0x0 ", (int)SYS_read);

	return proc_read(pid, "syscall", call, sizeof call) > 0 &&
	       strncmp(call, want, (size_t)n) == 0;
}

void
foreground_look(struct session *s)
{
	struct run *r = s->run;
	char name[sizeof r->act.foreground] = "";
	pid_t front, child;

	if (s->state == SS_RUNNING && r->pty && r->pid > 0) {
		front = tcgetpgrp(pty_fd(r->pty));
		if (front > 0 && front != r->pid)
			name_of(front, name, sizeof name);
		/* jobs behind a shell's prompt are no work of the shell; behind none they are */
		else if (r->act.prompt.state == PROMPT_UNSEEN && (child = first_child(r->pid)) &&
			 !waits_for_input(child))
			name_of(child, name, sizeof name);
	}
	activity_foreground(&r->act, name);
}
