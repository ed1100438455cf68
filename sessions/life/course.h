#ifndef SESSIONS_COURSE_H
#define SESSIONS_COURSE_H
/* The course of a run (run.h), from the request for a child to the last of its output. */
#include "sessions/session/house.h"
#include "sessions/session/run.h"

/* Asks the keeper for a child that executes argv, in the state starting; cb (NULL ok) once, later.
 * Its environment is the profile's, s->env, then what muster adds. 0, or -1 and *e: nothing was
 * begun. A program that cannot be executed is told to cb; the session then is what it was before. */
int course_begin(struct session *s, char *const *argv, run_cb cb, void *ctx, struct err *e);
/* The keeper's word. take_*: owned from here. */
void course_spawned(struct sessions *of, uint32_t num, pid_t pid, uint64_t start, int error,
	int take_master, int take_pidfd);
void course_exited(struct sessions *of, uint32_t num, pid_t pid, int status);
/* The child was reaped with this status (KEEPER_NO_STATUS: not known how). */
void course_reaped(struct session *s, int status);
/* What could not be ended is left to itself: the session is lost. */
void course_abandon(struct session *s);
/* A pty that a predecessor had. */
void course_take_pty(struct session *s, int take_master);
/* What is asked of the kernel goes round, a few sessions a tick: a hundred in one turn of the loop
 * would be milliseconds. Once a tick; is it this session's turn in this one? */
void course_next_turn(struct sessions *ss);
bool course_turn(const struct session *s);
/* Once a tick: children that are gone, with no word from the keeper; those that stopped. */
void course_tick(struct sessions *ss, uint64_t now_ns);
#endif
