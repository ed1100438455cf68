#ifndef SESSIONS_SPAWN_GUARD_H
#define SESSIONS_SPAWN_GUARD_H
/* Does one more session fit into memory? What it will need is what its like settled at: a session
 * that is woken what it had itself, a new one the median of its profile's. Advice: it refuses
 * nothing, and what a server recovers is not asked about. */
#include "sessions/proc/pressure.h"
#include "sessions/life/sessions.h"

enum spawn_verdict {
	SPAWN_OK,
	SPAWN_WARN, /* memory gets short */
	SPAWN_HOLD, /* better not before something else is asleep */
};
enum { SPAWN_SLEEPERS = 4 };
struct spawn_guard {
	enum spawn_verdict verdict;
	uint64_t needs;	    /* bytes; 0: nothing is known of its like */
	uint64_t available; /* what starting sessions will still take is off */
	/* which sessions to put to sleep first, and what that frees; none: no help, or no need */
	const struct session *sleep[SPAWN_SLEEPERS];
	size_t n_sleep;
	uint64_t would_free;
};
/* What a new session of that profile needs, or this one when it is woken (profile NULL). */
uint64_t spawn_needs(
	const struct sessions *ss, const struct profile *profile, const struct session *wake);
/* Of several that are to be woken; ids: names or ids. */
uint64_t spawn_needs_all(struct sessions *ss, const json_t *ids);
struct spawn_guard spawn_guard_look(const struct sessions *ss, uint64_t needs);
json_t *spawn_guard_json(const struct spawn_guard *g); /* "guard" of cli.md */

/* A stampede of wakes goes two at a time: may another begin? It waits for those that are not ready,
 * when memory is short for long, else briefly. */
bool spawn_may_wake(const struct sessions *ss, uint64_t needs);
/* The level of pressure that a need leads to, as a verdict; pure. */
enum spawn_verdict spawn_verdict(uint64_t needs, const struct pressure *p);
#endif
