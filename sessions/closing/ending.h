#ifndef SESSIONS_ENDING_H
#define SESSIONS_ENDING_H
/* Ends a session's whole process tree, politely first: wait, HUP, TERM, KILL, each by pidfd to
 * every process of the tree, strays included, until none is left. Asynchronous, on a loop. */
#include "sessions/proc/proctree.h"
#include <uv.h>

struct ending_times {	   /* milliseconds; 0 of the first ones: that step is left out */
	unsigned quit_ms;  /* for the program to leave by itself */
	int quit_sig;	   /* sent to the root alone as that begins; 0 none */
	unsigned stray_ms; /* then for its helpers, once it has left */
	unsigned hup_ms, term_ms, kill_ms;
};
extern const struct ending_times ending_times_default; /* 10 s, 1 s, 5 s, 5 s, 5 s */
enum ending_how { ENDED_BY_QUIT, ENDED_BY_HUP, ENDED_BY_TERM, ENDED_BY_KILL, ENDED_NOT };
const char *ending_how_name(enum ending_how how); /* "quit" "hup" "term" "kill" "not" */

struct ending_tree {
	pid_t root;	     /* 0: gone, its strays may live */
	uint64_t root_start; /* its proc_start */
	const char *marker;  /* borrowed for the call; NULL: only the root and its descendants */
	/* the machine's processes, as they were seen last; several endings share it, and it
	 * outlives them */
	struct proc_table *table;
};
struct ending;
/* how: what ended the root; processes: how many there were in all; left_bytes: footprint of what
 * could not be ended. The ending is gone after it. */
typedef void (*ending_cb)(void *ctx, enum ending_how how, size_t processes, uint64_t left_bytes);
/* A process of the tree that is to be left alone (NULL: none). */
typedef bool (*ending_spare_cb)(void *ctx, pid_t pid);
struct ending *ending_start(uv_loop_t *loop, const struct ending_tree *tree,
	const struct ending_times *t, ending_spare_cb spare, ending_cb cb, void *ctx);
void ending_hasten(struct ending *e); /* KILL for all that is left, at once */
/* Looks for no more of the tree: what begins from here on has the same marker and is not of it. */
void ending_look_no_more(struct ending *e);
size_t ending_processes(const struct ending *e);   /* that live */
uint64_t ending_footprint(const struct ending *e); /* of all found, by the kernel's counters */
/* What its callback would be told if it ended here. */
void ending_so_far(const struct ending *e, enum ending_how *how, size_t *processes);
void ending_cancel(struct ending *e); /* no callback; NULL ok */
#endif
