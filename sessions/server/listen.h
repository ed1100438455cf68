#ifndef SESSIONS_LISTEN_H
#define SESSIONS_LISTEN_H
/* The place where clients come: the lock that says whose it is, the socket, and the accepting. */
#include "sessions/config/place.h"
#include "sessions/peer/peer.h"
#include "sessions/pty/keeper_link.h"

struct listener {
	struct peers *peers;
	struct keeper_link *keeper;
	uv_poll_t poll;
	struct place place;
	int fd, lock_fd;
	int spare_fd; /* given up for a moment to tell a client that there is no fd for it */
};
/* Takes what a predecessor had, else makes it; the keeper holds both. -1 and *e when another server
 * has this place. */
int listener_open(struct listener *l, struct keeper_link *keeper, struct keeper_held *held,
	size_t n, struct err *e);
void listener_start(struct listener *l, struct peers *peers);
/* Takes up again what a lack of fds had stopped; makes anew what was removed: directories, lock,
 * the socket's name; true when there was something to be made. */
bool listener_tick(struct listener *l);
void listener_rest(struct listener *l);	       /* takes no client any more */
void listener_leave(const struct listener *l); /* takes its name away */
void listener_hand_over(struct listener *l);   /* to a new keeper */
#endif
