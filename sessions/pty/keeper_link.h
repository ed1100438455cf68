#ifndef SESSIONS_KEEPER_LINK_H
#define SESSIONS_KEEPER_LINK_H
/* The server's end of the keeper's socket (keeper/keeper_proto.h). */
#include "sessions/keeper/keeper_proto.h"
#include "core/base/base.h"
#include <sys/types.h>
#include <uv.h>

struct keeper_link;
struct keeper_ops {
	/* error: errno of a spawn that failed, then no fds; else the fds are owned from here */
	void (*spawned)(void *ctx, uint32_t id, pid_t pid, uint64_t start, int error,
		int take_master, int take_pidfd);
	void (*exited)(
		void *ctx, uint32_t id, pid_t pid, int status); /* KEEPER_NO_STATUS: unknown */
	void (*lost)(void *ctx);		/* the keeper died: see keeper_link_replace */
	void (*upgraded)(void *ctx, int error); /* as keeper_upgrade asked; 0, or why not */
	void *ctx;
};
/* What the keeper held for a predecessor. fds are -1 where it had none, and the caller's. */
struct keeper_held {
	uint32_t id;
	int fd[KEEPER_SLOTS];
	pid_t pid; /* 0: no child */
	uint64_t start;
	uint32_t flags;
	int status;
};
/* Over fd (owned from here): reads the replay, blocking. *held is malloc'ed. NULL and *e. */
struct keeper_link *keeper_link_open(
	int take_fd, struct keeper_held **held, size_t *n, struct err *e);
/* The keeper's own entry (arena, sockets, lock); NULL none. */
struct keeper_held *keeper_held_globals(struct keeper_held *held, size_t n);
int keeper_held_take(struct keeper_held *h, int slot);	   /* the caller's from here; -1 */
void keeper_held_free(struct keeper_held *held, size_t n); /* closes what nobody took */
void keeper_link_start(struct keeper_link *l, uv_loop_t *loop, const struct keeper_ops *ops);
void keeper_link_close(struct keeper_link *l); /* before the loop ends */
pid_t keeper_link_pid(const struct keeper_link *l);
/* Starts another keeper in the place of one that was lost: from its path, or, where that is gone,
 * from the file as this server or one before it found it. The caller then hands over what lives.
 * -1 and *e: it may be tried again. */
int keeper_link_replace(struct keeper_link *l, struct err *e);

/* Requests: 0, or -errno (-EPIPE while there is no keeper). They never wait: a keeper that reads
 * nothing gets them, in their order, when it does. fds are borrowed; ring -1: the one held stays.
 */
int keeper_spawn(struct keeper_link *l, uint32_t id, int cols, int rows, int spec, int ring);
int keeper_hold(struct keeper_link *l, uint32_t id, int slot, int fd);
int keeper_drop(struct keeper_link *l, uint32_t id, int slot);
int keeper_adopt(struct keeper_link *l, uint32_t id, pid_t pid, uint64_t start, bool gone,
	int status, int pidfd);
int keeper_serving(struct keeper_link *l, unsigned sessions); /* all is taken over */
/* The keeper becomes another program, the next server is another one: upgraded() follows. */
int keeper_upgrade(struct keeper_link *l, int keeper, int server);
/* The next server is to begin; waits, holding all descriptors, until it serves: true. false: the
 * keeper died before; there is another one, to which all that lives is to be handed over. */
bool keeper_yield(struct keeper_link *l);
/* This is no server but a trial whether it could be one: what it was given are copies. It says how
 * many sessions with a process it could take over, and leaves. */
bool keeper_link_trial(const struct keeper_link *l);
int keeper_proved(struct keeper_link *l, unsigned sessions);
int keeper_stop(struct keeper_link *l);
/* Waits until the keeper has all that it was told: before leaving. At most about ms. */
void keeper_link_flush(struct keeper_link *l, int ms);

/* How a keeper is started, beside its server's path: KEEPER_NAME PATH serve|adopt STATE. */
#define KEEPER_NAME "muster-keeper"
#define KEEPER_ARG_STATE 3
/* Path of the keeper's binary, beside this program's own. */
bool keeper_binary(char *out, size_t cap);
bool self_binary(char *out, size_t cap);
bool self_replaced(void); /* another file stands in its place */
#endif
