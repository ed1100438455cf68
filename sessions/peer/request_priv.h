#ifndef SESSIONS_REQUEST_PRIV_H
#define SESSIONS_REQUEST_PRIV_H
/* Shared by peer.c and request.c. */
#include "sessions/peer/peer.h"
#include "sessions/peer/request.h"

#define REQUEST_MAGIC 0x52455155u
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
	uint64_t
		awaits; /* no drain while sessions.texts_came is one less; 0: it waits for nothing */
	LIST_ENTRY(request) link;
};
void request_end(struct request *r); /* off its peer's list, and freed */
#endif
