#ifndef SESSIONS_PLACE_H
#define SESSIONS_PLACE_H
/* Whose a state directory is. One server at a time has it: it holds a lock on the file `lock` there,
 * by an open file that its keeper keeps for its successor. The file says who holds it and where
 * clients find them, so that these need not have the same runtime directory, nor need it be there. */
#include "core/base/base.h"
#include <sys/types.h>

struct place {
	pid_t server, keeper; /* 0: not known */
	char socket[560];     /* where it listens; "" not known */
	uint64_t dev, ino;    /* of the name that it made there */
};
/* Makes the file if it is missing. Its fd, locked, or -errno: -EAGAIN when another one has it. */
int place_take(void);
bool place_is(int fd); /* is it the file that has the name? */
void place_say(int fd, const struct place *p);
/* What the file says; false: nobody holds it. Takes nothing, so it is in nobody's way. */
bool place_held(struct place *p);
/* What an open lock says, whoever holds it. */
void place_read(int fd, struct place *p);
#endif
