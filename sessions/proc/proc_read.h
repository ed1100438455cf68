#ifndef SESSIONS_PROC_READ_H
#define SESSIONS_PROC_READ_H
/* Small reads from /proc, shared by proctree.c and footprint*.c. */
#include "core/base/base.h"
#include <stdio.h>
#include <sys/types.h>

/* /proc/PID/NAME into buf, NUL-terminated, cut at cap - 1. Bytes read or -errno (gone: -ESRCH). */
ssize_t proc_read(pid_t pid, const char *name, char *buf, size_t cap);
pid_t proc_parent(pid_t pid); /* 0: it is gone */
char proc_state(pid_t pid);   /* as ps has it: 'R' 'S' 'D' 'T' 'Z' …; 0: it is gone */
/* Whose files tell of the process's memory: pid, or where the thread that it began with has ended,
 * a thread that lives. */
pid_t proc_thread(pid_t pid);
/* Children of all its threads, at most max; how many. */
size_t proc_children(pid_t pid, pid_t *out, size_t max);
/* It and those below it, nearest first; how many. Reads nothing of any other process. */
enum { PROC_BELOW_MAX = 256 };
size_t proc_below(pid_t pid, pid_t out[PROC_BELOW_MAX]);
/* Are they processes of one memory (CLONE_VM)? Each would tell all of it. */
bool proc_same_memory(pid_t a, pid_t b);
FILE *proc_open(pid_t pid, const char *name); /* NULL and errno */
/* Copies printable ASCII, '?' for the rest: names of processes are foreign bytes. */
void proc_clean(char *out, size_t cap, const char *in);
#endif
