#ifndef SESSIONS_SERVER_PRIV_H
#define SESSIONS_SERVER_PRIV_H
/* Shared by server*.c. */
#include "sessions/keeper_link.h"
#include "sessions/server.h"

void server_link(struct server *sv, struct session *s); /* by number */
void server_store_changed(struct server *sv);
void server_take_pty(struct session *s, int take_master);
void server_child_status(struct session *s, int status);
void server_session_ended(struct session *s); /* child and pty are both done */
void server_try_stop(struct server *sv);      /* leaves once nothing lives, when stopping */
void server_on_spawned(void *ctx, uint32_t id, pid_t pid, uint64_t start, int error,
	int take_master, int take_pidfd);
void server_on_exited(void *ctx, uint32_t id, pid_t pid, int status);
/* server_start.c. The lock and the socket: -1 and *e when another server has this place. */
int server_listen(struct server *sv, struct keeper_held *held, size_t n, struct err *e);
/* What a predecessor left. Frees held. */
void server_recover(struct server *sv, struct keeper_held *held, size_t n);
#endif
