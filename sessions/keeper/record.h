#ifndef SESSIONS_KEEPER_RECORD_H
#define SESSIONS_KEEPER_RECORD_H
#include "sessions/keeper/keeper_proto.h"
/* Sends one record with up to two fds (-1: none), never blocking: 0, -EAGAIN while the peer reads
 * too slowly or the kernel is short of memory, -errno once it is gone. Magic is filled in. */
int record_send(int sock, struct keeper_rec r, int fd0, int fd1);
/* One record into *r, its fds into fd[] (-1: none; the caller's to close): 1, 0 at the end,
 * -EAGAIN, -errno. What is no record of this protocol comes as type 0. */
int record_receive(int sock, struct keeper_rec *r, int fd[KEEPER_REC_FDS]);
void record_close(int fd[KEEPER_REC_FDS]);
#endif
