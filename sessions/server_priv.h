#ifndef SESSIONS_SERVER_PRIV_H
#define SESSIONS_SERVER_PRIV_H
/* Shared by server*.c. */
#include "sessions/keeper_link.h"
#include "sessions/server.h"

void server_link(struct server *sv, struct session *s); /* at the end of the list */
void server_store_changed(struct server *sv);
/* A record of what the store does not know, from the note in its spec (NULL: none is there). */
struct session *server_from_note(struct server *sv, uint32_t num, const char *note);
void server_take_pty(struct session *s, int take_master);
void server_child_status(struct session *s, int status);
void server_session_ended(struct session *s); /* child and pty are both done */
void server_try_stop(struct server *sv);      /* leaves once nothing lives, when stopping */
void server_on_spawned(void *ctx, uint32_t id, pid_t pid, uint64_t start, int error,
	int take_master, int take_pidfd);
void server_on_exited(void *ctx, uint32_t id, pid_t pid, int status);
/* server_start.c. The lock and the socket: -1 and *e when another server has this place. */
int server_listen(struct server *sv, struct keeper_held *held, size_t n, struct err *e);
void server_say_who(const struct server *sv); /* into the lock: its pid and the keeper's */
/* What a predecessor left. Frees held. */
void server_recover(struct server *sv, struct keeper_held *held, size_t n);
#endif
