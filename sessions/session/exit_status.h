#ifndef SESSIONS_EXIT_STATUS_H
#define SESSIONS_EXIT_STATUS_H
#include <sys/types.h>
/* How a process ended that is nobody's child here: as of waitpid, or KEEPER_NO_STATUS where the kernel
 * does not tell. Its pidfd was opened while it lived, and says that it is gone. */
int exit_status(int pidfd, pid_t pid);
#endif
