#ifndef SESSIONS_SERVER_H
#define SESSIONS_SERVER_H
/* The server process: one loop thread that mutates. Owns the sessions and their services, the
 * clients, and what is decided about sessions. Verbs reach what they need through it. */
#include "sessions/peer/request.h"
#include "sessions/pty/keeper_link.h"
#include <stdio.h>

struct lifecycle;
struct server;
struct waits;
/* Runs until it is stopped, as `muster server run`; returns the exit code. commands: the verbs of
 * the protocol. */
int server_run(const struct command *commands, size_t n);

struct lifecycle *server_lifecycle(struct server *sv);
struct waits *server_waits(struct server *sv);
double server_started(const struct server *sv); /* wall */
unsigned server_clients(const struct server *sv);
const char *server_trouble(const struct server *sv); /* what is degraded; "" nothing */
/* That, or else what people should know: a line for them. */
const char *server_banner(const struct server *sv);
bool server_replaced(const struct server *sv); /* another program is installed in its place */
/* For developers: every checker there is, which ends the server when something is wrong; its objects;
 * the handles of its loop. */
void server_check(struct server *sv);
void server_dump(struct server *sv, FILE *out);
void server_handles(struct server *sv, FILE *out);
/* Called with "" when the next server is about to take over, or with the reason why none does. */
typedef void (*upgrade_done)(void *ctx, const char *why);
/* program: a muster, with its keeper beside it, which is to go on in the place of this one. */
void server_upgrade(struct server *sv, const char *program, upgrade_done done, void *ctx);
/* Ends all sessions, then leaves. */
void server_stop(struct server *sv);
#endif
