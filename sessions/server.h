#ifndef SESSIONS_SERVER_H
#define SESSIONS_SERVER_H
/* The server process: one loop thread that mutates. Owns sessions, clients, sampler, store, policy.
 */
#include "core/slab.h"
#include "sessions/config.h"
#include "sessions/session.h"
#include <jansson.h>
#include <uv.h>

struct keeper_link;
struct sampler;
struct store_worker;
struct peer;
struct server {
	uv_loop_t loop;
	struct config *config;
	struct profiles *profiles;
	struct arena *arena;
	struct keeper_link *keeper;
	struct sampler *sampler;
	struct lifecycle *life; /* watches, judges, closes and wakes sessions; NULL at first */
	struct store_worker *store;
	struct shelf *shelf;	   /* what ended sessions need again */
	struct session *sessions;  /* oldest first */
	struct session *newest;	   /* the last of them; NULL none */
	struct session *last_used; /* what "-" means */
	uint32_t next_num;
	struct peer *peers;
	unsigned n_peers;
	double started;
	struct pty_hub *ptys;
	uv_prepare_t prepare; /* the one place where output to clients leaves */
	uv_timer_t tick;      /* 1 s, less where store_after is */
	uv_timer_t settle;    /* SETTLE_MS after output: rules over screens, events to clients */
	uv_timer_t frames;    /* the next frame that was too early */
	uv_timer_t housekeeping;
	bool untidy; /* sessions parked or went: give back what they held when it comes to rest */
	uv_poll_t listener;
	int listen_fd, lock_fd, spare_fd;
	int self_pidfd;
	uint64_t ticks;
	json_t *told_totals;	 /* the last such event; NULL none yet */
	uv_timer_t keeper_retry; /* one that could not be replaced is tried again */
	unsigned keeper_tries;	 /* failed ones in a row */
	uint64_t stop_ns;	 /* since when it stops */
	bool stopping, settling, frames_due;
	char host[64];
	char store_banner[160];	 /* the store writes it: what of the disk is degraded */
	char text_banner[160];	 /* the recorder writes it: the same of the text files */
	char keeper_banner[160]; /* there is no keeper */
	char banner[160];	 /* what else is; shown by dashboards, as the others are */
};
/* Entry of the hidden verb `muster server run` (argv after it); returns the exit code. */
int server_main(int argc, char **argv);

/* exact name, then number, then unique prefix of an id; "-" = last used. NULL and *e (code 3). */
struct session *server_find(struct server *sv, const char *which, struct err *e);
struct session *server_session(struct server *sv, uint32_t num);

/* Spawn on an existing session record (new and resume share it): state becomes starting. The
 * child's environment is the profile's, s->env, then what muster adds. 0, or -1 and *e; a program
 * that cannot be executed shows later: the session is then exited (s->exit_code 127). */
int server_spawn(struct server *sv, struct session *s, char *const *argv, struct err *e);
/* The same, with word of how it went: cb once, later. */
int server_spawn_cb(struct server *sv, struct session *s, char *const *argv, session_cb cb,
	void *ctx, struct err *e);
/* Puts a record in the list; name made up when empty. -1 and *e when the name is taken. */
int server_add(struct server *sv, struct session *s, struct err *e);
/* Deletes all of it, stored things too. The session must not be live. */
void server_forget(struct server *sv, struct session *s);
bool session_name_valid(const char *name);
/* Something to store changed (meta.db), and clients are told. */
void server_meta_changed(struct server *sv, struct session *s);
void server_wants_settle(struct server *sv); /* output came: the settle timer is to run */
/* Waits of clients look again: called when a session's state, activity or input changed. */
void waits_check(struct server *sv, struct session *s);
/* Text queued by send: types what is due. */
void sends_tick(struct session *s, uint64_t now_ns);
void sends_drop(struct session *s, const struct err *e);
/* Bytes typed into the child: bounded queue; -1 and *e when full or not running. */
int session_write(struct session *s, const void *p, size_t n, struct err *e);
/* pidfd_send_signal to the child only; the whole tree is closer.h's business. */
int session_signal(struct session *s, int sig);

/* What is degraded and should be said; "" nothing. */
const char *server_banner(const struct server *sv);
/* Says to all clients that a session changed (dashboards repaint; waits are re-examined). */
void server_session_changed(struct server *sv, struct session *s);
/* An entry of `events`: stored, and sent to watching clients. detail is taken. */
void server_event(struct server *sv, struct session *s, const char *event, json_t *take_detail);
/* S of cli.md, with the extras of client.h. New reference. */
json_t *session_json(struct session *s);
/* n strings, or up to a NULL when n < 0; what is no UTF-8 is "?". New reference. */
json_t *strings_json(char *const *v, int n);
json_t *server_totals_json(struct server *sv);	 /* "totals" */
json_t *server_pressure_json(struct server *sv); /* "pressure" */

/* Requests. A handler replies exactly once (now or later) with reply or fail, after any number of
 * request_part calls (follow modes); the request may outlive the call and is cancelled when the
 * peer goes (cancel callback, NULL ok). */
struct request;
json_t *request_args(struct request *r); /* borrowed: the JSON object the client sent */
struct server *request_server(struct request *r);
struct peer *request_peer(struct request *r);
void request_reply(struct request *r, json_t *take);
void request_part(struct request *r, json_t *take);
void request_fail(struct request *r, const struct err *e);
void request_on_cancel(struct request *r, void (*cb)(void *ctx), void *ctx);
/* args["id"] looked up; on failure the request has been failed and NULL comes back. */
struct session *request_session(struct request *r);

typedef void (*command_fn)(struct request *r);
/* commands.def: X(verb, handler); handlers live in sessions/cmd_*.c */
#define X(verb, handler) void handler(struct request *r);
#include "sessions/commands.def"
#undef X
#endif
