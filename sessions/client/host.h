#ifndef SESSIONS_HOST_H
#define SESSIONS_HOST_H
/* Other machines, [host.NAME] of the configuration: a server there is reached through a program, ssh as a
 * rule, that runs `muster proxy` there, with the protocol on its standard input and output. Passwords and
 * host keys are ssh's to ask for, so a connection it shares already (ControlMaster) is used. */
#include "core/base/base.h"

#define HOST_NAME_MAX_BYTES 32
#define HOSTS_MAX 64 /* that stand in one list */
bool host_known(const char *name);
/* Their names, as they stand in the file; how many. */
size_t host_names(char (*names)[HOST_NAME_MAX_BYTES], size_t cap);
struct host_way {
	bool tty;   /* what runs there gets a terminal */
	bool asks;  /* ssh may ask its user something */
	bool whole; /* args are one text for a shell there, not a command of muster's */
};
/* The words that run muster with these args there; one free(). NULL and *e: no such host. */
char **host_argv(const char *name, struct host_way way, char *const *args, struct err *e);
/* A connection to the server there: a non-blocking socket; not answered yet. *said: what the program says
 * on stderr, to read with host_said. -1 and *e. */
int host_socket(const char *name, bool asks, int *said, struct err *e);
/* Its last line, as a reason; "" nothing was said. Closes it. */
const char *host_said(int said, char *buf, size_t cap);
#endif
