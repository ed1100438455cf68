#ifndef SESSIONS_ENDING_H
#define SESSIONS_ENDING_H
/* Ends a session's whole process tree, politely first: wait, HUP, TERM, KILL, each by pidfd to
 * every process of the tree, strays included, until none is left. Asynchronous, on a loop. */
#include "core/base/base.h"
#include <sys/types.h>
#include <uv.h>

struct ending_times {	   /* milliseconds */
	unsigned quit_ms;  /* for the program to leave by itself; 0: HUP at once */
	int quit_sig;	   /* sent to the root alone as that begins; 0 none */
	unsigned stray_ms; /* then for its helpers, once it has left */
	unsigned hup_ms, term_ms, kill_ms;
};
extern const struct ending_times ending_times_default; /* 10 s, 1 s, 5 s, 5 s, 5 s */
enum ending_how { ENDED_BY_QUIT, ENDED_BY_HUP, ENDED_BY_TERM, ENDED_BY_KILL, ENDED_NOT };
const char *ending_how_name(enum ending_how how); /* "quit" "hup" "term" "kill" "not" */

struct ending;
/* how: what ended the root; processes: how many there were in all. The ending is gone after it. */
typedef void (*ending_cb)(void *ctx, enum ending_how how, size_t processes);
/* A process of the tree that is to be left alone (NULL: none). */
typedef bool (*ending_spare_cb)(void *ctx, pid_t pid);
/* root with its start time, and what carries MUSTER_SESSION=marker (NULL: only its descendants). */
struct ending *ending_start(uv_loop_t *loop, pid_t root, uint64_t root_start, const char *marker,
	const struct ending_times *t, ending_spare_cb spare, ending_cb cb, void *ctx);
void ending_cancel(struct ending *e); /* no callback; NULL ok */
#endif
