#ifndef SESSIONS_KEEPER_CHILD_H
#define SESSIONS_KEEPER_CHILD_H
#include <stdint.h>
#include <sys/types.h>
/* A pty master of that size, non-blocking, UTF-8 aware; -1 and errno. */
int open_pty(uint16_t cols, uint16_t rows);
#define CHILD_REPORT_FD 3
/* In the child: becomes what the spec says. Returns, with the errno of what failed. *report: the fd
 * to say it on, kept until exec; it moves to CHILD_REPORT_FD when all others are closed. */
int child_become(int master, int spec_fd, int *report);
void signals_default(void);
uint64_t start_of(pid_t pid); /* clock ticks since boot; 0 unknown */
#endif
