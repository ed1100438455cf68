#ifndef SESSIONS_PEER_H
#define SESSIONS_PEER_H
/* One connected client, in the server: its socket, frames in, frames out, requests and views.
 * Everything that goes out is appended to `out` and leaves in peers_flush(), from uv_prepare. */
#include "core/buf.h"
#include "sessions/proto.h"
#include "sessions/server.h"
#include <sys/queue.h>

#define PEERS_MAX 64
#define PEER_OUT_MAX (256u << 10) /* views get no frames while more than this waits */
#define PEER_STUCK_MS 10000	  /* so long without a byte of progress: hang up */
#define PEER_FLOOD_MAX (2u << 20) /* replies that nobody reads: hang up */
#define PEER_ASKED_MAX (2u << 20) /* bytes of requests without an answer yet: more are refused */
#define ASKED_MAX (16u << 20)	  /* of all clients together */

struct view;
struct request {
	uint32_t magic;
	struct peer *peer;
	uint32_t id;
	size_t bytes; /* as it came, and this */
	json_t *args;
	void (*cancel)(void *ctx);
	void *cancel_ctx;
	void (*drain)(void *ctx); /* more parts may be made: little waits to be sent */
	void *drain_ctx;
	LIST_ENTRY(request) link;
};
struct peer {
	uint32_t magic;
	struct peer *next;
	struct server *server;
	int fd;
	int passed; /* descriptor that came with the frame to be read next; -1 */
	pid_t pid;
	uv_poll_t poll;
	struct buf in, out;
	size_t in_off, out_off;
	bool greeted, dead, writing, watching;
	uint64_t born_ns, progress_ns, heard_ns;
	size_t asked; /* bytes of its requests */
	LIST_HEAD(, request) requests;
	LIST_HEAD(, view) views;
	unsigned handles;
};

/* A connection was accepted; fd is owned from here. */
void peer_accept(struct server *sv, int fd);
/* Says why, and closes it. */
void peer_refuse(int fd, const char *why);
/* Hangs up after what can be said of why (NULL: nothing). The struct lives until the loop's next
 * turn. */
void peer_close(struct peer *p, const char *why);
/* The descriptor sent along with the frame being handled, the caller's from here; -1 none. */
int peer_take_fd(struct peer *p);
/* JSON frame to this peer. */
void peer_json(struct peer *p, unsigned type, uint32_t request, const json_t *j);
size_t peer_waiting(const struct peer *p); /* bytes not sent yet */
void peer_flush(struct peer *p);	   /* tries to send now */
void peers_flush(struct server *sv);
void peers_check(struct server *sv, uint64_t now_ns); /* handshake and progress limits */
/* To all that watch. */
void peers_event(struct server *sv, const json_t *ev);
bool peers_watching(const struct server *sv);
/* Called when the peer may take more parts of this request; NULL ends it. */
void request_on_drain(struct request *r, void (*cb)(void *ctx), void *ctx);
#endif
