#ifndef SESSIONS_FOREGROUND_H
#define SESSIONS_FOREGROUND_H
/* What runs in front of a shell, asked of the kernel: the terminal's foreground process group, and
 * the children of a program that keeps no job control, unless they wait for a line to be typed,
 * and whether such a program itself sleeps or computes. */
#include "core/base/base.h"
#include <sys/types.h>

/* Has the program stopped itself, as by Ctrl-Z with no shell around it, or what is in front of it? */
bool foreground_stopped(int pty_fd, pid_t leader);
/* Its terminal gathers lines and shows what is typed, as a shell leaves it to a program. */
bool foreground_line_mode(int pty_fd);
void foreground_continue(int pty_fd, pid_t leader);
/* name is left as it is when nothing works. at_prompt: the program shows its prompt. */
void foreground_name(int pty_fd, pid_t leader, bool at_prompt, char *name, size_t cap);
#endif
