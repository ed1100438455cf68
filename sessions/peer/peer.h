#ifndef SESSIONS_PEER_H
#define SESSIONS_PEER_H
/* One connected client, in the server: its socket, frames in, frames out, requests.
 * Everything that goes out is appended to `out` and leaves in peers_flush(), from uv_prepare. */
#include "core/base/buf.h"
#include "sessions/wire/proto.h"
#include <uv.h>
#include <sys/queue.h>

#define PEERS_MAX 64
#define PEER_OUT_MAX (256u << 10) /* views get no frames while more than this waits */
#define PEER_STUCK_MS 10000	  /* so long without a byte of progress: hang up */
#define PEER_FLOOD_MAX (2u << 20) /* replies that nobody reads: hang up */
#define PEER_ASKED_MAX (2u << 20) /* bytes of requests without an answer yet: more are refused */
#define ASKED_MAX (16u << 20)	  /* of all clients together */

struct peer;
struct request;
struct server;
struct sessions;
struct views;
struct command;
struct peer_ops {
	void (*frame)(struct views *views, struct peer *p, const struct frame *f); /* of a view */
	void (*closed)(struct views *views, struct peer *p); /* its views end */
	bool (*used)(struct views *views, struct peer *p);   /* it has a view */
};
struct peers { /* all clients; the pointers are borrowed, set before the first client comes */
	uv_loop_t *loop;
	const struct command *commands;
	size_t n_commands;
	const struct peer_ops *ops;
	struct views *views;
	struct sessions *sessions;
	struct server *server;
	struct peer *first;
	unsigned n;
	uint64_t came_ns; /* the last one that connected */
	bool stopped;	  /* for good: clients are told not to start another by themselves */
};
struct peer {
	uint32_t magic;
	struct peer *next;
	struct peers *of;
	int fd;
	int passed; /* descriptor that came with the frame to be read next; -1 */
	pid_t pid;
	bool from_session; /* a program in one, as far as is known, has connected */
	uv_poll_t poll;
	struct buf in, out;
	size_t in_off, out_off;
	bool greeted, dead, writing, watching;
	uint64_t born_ns, progress_ns, heard_ns;
	size_t asked; /* bytes of its requests */
	LIST_HEAD(, request) requests;
};

struct peers *peers_new(uv_loop_t *loop, const struct command *commands, size_t n);
/* A connection was accepted; fd is owned from here. */
void peers_accept(struct peers *all, int fd);
/* Says why, and closes it. */
void peer_refuse(int fd, const char *why);
/* The descriptor sent along with the frame being handled, the caller's from here; -1 none. */
int peer_take_fd(struct peer *p);
/* JSON frame to this peer. */
void peer_json(struct peer *p, unsigned type, uint32_t request, const json_t *j);
size_t peer_waiting(const struct peer *p); /* bytes not sent yet */
void peers_flush(struct peers *all);
void peers_check(struct peers *all, uint64_t now_ns); /* handshake and progress limits */
/* Hangs up on all. stopped: somebody wanted that no server runs. */
void peers_bye(struct peers *all, const char *why, bool stopped);
/* To all that watch. */
void peers_event(struct peers *all, const json_t *ev);
bool peers_watching(const struct peers *all);
#endif
