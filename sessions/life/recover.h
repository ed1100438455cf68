#ifndef SESSIONS_RECOVER_H
#define SESSIONS_RECOVER_H
/* What a server finds when it starts: what the keeper held, what the store remembers. Where they
 * differ, the keeper is right: a process that it holds lives, one that it does not hold is lost. */
#include "sessions/pty/keeper_link.h"
#include "sessions/life/sessions.h"

/* Fills the set, arena included; takes the descriptors it can use out of held, closes none. */
unsigned recover(struct sessions *ss, struct keeper_held *held, size_t n);
/* The other way: all that lives is handed to a keeper that replaces one which died. going_on: what
 * was being started is told that it failed; else nothing is changed any more. */
void recover_hand_over(struct sessions *ss, bool going_on);
#endif
