#ifndef SESSIONS_LISTEN_H
#define SESSIONS_LISTEN_H
/* The place where clients come: the lock that says whose it is, the socket, and the accepting. */
#include "sessions/peer/peer.h"
#include "sessions/pty/keeper_link.h"

struct listener {
	struct peers *peers;
	struct keeper_link *keeper;
	uv_poll_t poll;
	int fd, lock_fd;
	int spare_fd; /* given up for a moment to tell a client that there is no fd for it */
};
/* Takes what a predecessor had, else makes it; the keeper holds both. -1 and *e when another server
 * has this place. */
int listener_open(struct listener *l, struct keeper_link *keeper, struct keeper_held *held,
	size_t n, struct err *e);
void listener_start(struct listener *l, struct peers *peers);
void listener_tick(struct listener *l); /* takes up again what a lack of fds had stopped, makes a
					   socket whose name was removed anew */
void listener_hand_over(struct listener *l); /* to a new keeper */
#endif
