#ifndef SESSIONS_SERVER_PRIV_H
#define SESSIONS_SERVER_PRIV_H
/* Shared by server.c, observe.c and sampling.c. */
#include "sessions/lifecycle/lifecycle.h"
#include "sessions/server/housekeeping.h"
#include "sessions/server/listen.h"
#include "sessions/server/reload.h"
#include "sessions/server/server.h"
#include "sessions/server/upgrade.h"
#include "sessions/server/waits.h"
#include "sessions/life/sessions.h"
#include "sessions/view/view.h"

struct server {
	uv_loop_t loop;
	struct sessions sessions;
	struct lifecycle *life; /* NULL until what a predecessor left was found */
	struct peers *peers;
	struct views *views;
	struct waits waits;
	struct listener listener;
	struct housekeeping housekeeping;
	struct reload reload;
	struct upgrade upgrade;
	double started;
	uv_prepare_t prepare;	 /* the one place where output to clients leaves */
	uv_timer_t tick;	 /* 1 s, less where store_after is */
	uv_timer_t settle;	 /* SETTLE_MS after output: rules over screens, events to clients */
	uv_timer_t stop;	 /* the latest end of a stop */
	uv_timer_t keeper_retry; /* one that could not be replaced is tried again */
	unsigned keeper_tries;	 /* failed ones in a row */
	bool settling, stopping;
	bool replaced; /* another program is installed where this one was; looked at beside the loop */
	bool replaced_seen; /* what that look found; its own */
	bool replaced_looks;
	int self_pidfd;
	uint64_t ticks;
	json_t *told_totals; /* the last such event; NULL none yet */
};
extern const struct session_ops server_observes;   /* observe.c */
struct sampler *server_sampler(struct server *sv); /* sampling.c; its store is there */
/* Screens are to be settled, and clients told of what changed, within SETTLE_MS. */
void server_settle_soon(struct server *sv);
void server_try_stop(struct server *sv); /* leaves once nothing lives, when stopping */
#endif
