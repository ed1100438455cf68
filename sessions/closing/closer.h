#ifndef SESSIONS_CLOSER_H
#define SESSIONS_CLOSER_H
/* Hibernates one session: measure and judge again, type the quit command, end the tree, measure
 * what came back, guard the transcript. See closer.c for the steps. */
#include "sessions/life/sessions.h"

struct closer_result {
	char id[12], name[64];
	bool ok;
	char error[200];
	uint64_t before_bytes, freed_bytes; /* footprint measured before; less what is left of it */
	uint64_t mem_available_before, mem_available_after; /* of the machine */
	const char *how;				    /* ending_how_name */
	size_t processes;
};
typedef void (*closer_cb)(void *ctx, const struct closer_result *r);
/* by_hand: judge_against decides; else the full verdict under c. force: nothing is asked, and
 * no command is typed into a prompt that holds a draft or a question. why goes into the event. cb
 * is called once, later. 0, or -1 and *e. */
struct closer_request {
	bool by_hand, force;
	struct reap_config limits;
	char why[80];
	closer_cb cb; /* NULL ok */
	void *ctx;
};
struct closer;
struct ends;
struct closer *closer_new(struct sessions *ss, struct ends *ends);
void closer_free(struct closer *c); /* no job is under way */
int closer_start(
	struct closer *c, struct session *s, const struct closer_request *q, struct err *e);
/* Its run is over. */
void closer_over(struct closer *c, const struct session *s);
/* A run of it begins: that it slept is told before, though something may be left of its tree. */
void closer_beginning(struct closer *c, struct session *s);
/* One in the state sleeping, from before this server: it goes on to asleep. */
void closer_go_on(struct closer *c, struct session *s);
#endif
