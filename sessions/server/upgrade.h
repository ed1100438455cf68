#ifndef SESSIONS_UPGRADE_H
#define SESSIONS_UPGRADE_H
/* Another program in the place of this server and of its keeper, with all sessions.
 *
 *   upgrade_begin ─► trial: the program starts as a server over copies of all that this one has,
 *                    and says how many sessions with a process it could take over
 *               all ─► UPGRADE: the keeper becomes the new one, by exec
 *                 ─► this server leaves, the next is the new one
 *
 * Whatever fails on the way leaves everything as it was: until the keeper's exec nothing is touched
 * but copies, and a new server that does not come to serve makes the keeper start the old one. */
#include "sessions/server/server.h"
#include <uv.h>

struct sessions;
struct trial_record;
struct upgrade {
	struct sessions *ss;
	void (*yield)(void *ctx); /* this server leaves; does not come back */
	void *ctx;
	upgrade_done done; /* NULL: none is under way */
	void *done_ctx;
	int keeper, server; /* the programs; -1 */
	uv_work_t work;
	uv_timer_t late; /* the keeper does not say that it has become another */
	/* what the trial is told, and what came of it */
	struct trial_record *say;
	size_t n;
	unsigned sessions, proved;
	char home[600];
	char why[160];
};
void upgrade_init(struct upgrade *u, struct sessions *ss, void (*yield)(void *ctx), void *ctx);
void upgrade_begin(struct upgrade *u, const char *program, upgrade_done done, void *ctx);
void upgrade_went_on(struct upgrade *u, int error); /* the keeper's answer */
#endif
