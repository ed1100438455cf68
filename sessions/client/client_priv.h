#ifndef SESSIONS_CLIENT_PRIV_H
#define SESSIONS_CLIENT_PRIV_H
/* Shared by client*.c. */
#include "sessions/client/client.h"
#include "sessions/client/host.h"
#include "sessions/wire/proto.h"
#include <sys/queue.h>

struct pending {
	uint32_t id;
	void (*part)(void *ctx, json_t *j); /* NULL: parts are not looked at */
	client_reply_cb cb;
	void *ctx;
	LIST_ENTRY(pending) link;
};
struct client {
	uint32_t magic;
	char host[HOST_NAME_MAX_BYTES]; /* "": this machine */
	int said;			/* by what leads there, on stderr; -1 */
	int fd;				/* -1 while the server is away */
	struct buf in, out;
	size_t out_off;
	uint32_t next_id;
	/* asynchronous use */
	uv_loop_t *loop;
	uv_poll_t *poll; /* of fd; freed when closed */
	uv_timer_t retry;
	bool started, greeted, writing, freed, lends; /* lends: the server takes terminals */
	bool stopped; /* the server left because somebody stopped it */
	unsigned tries;
	uint64_t told_ns; /* when somebody was told why there is no answer; 0 */
	char bye[160];	  /* why the server hung up last; "" it did not say */
	struct client_ops ops;
	LIST_HEAD(, pending) pending;
};
/* Why there may be no answer, as the processes are at this moment; false: nothing is known to be
 * wrong with them. It names the server when it is only busy. */
bool client_stopped(char *out, size_t cap);
#endif
