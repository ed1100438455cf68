#ifndef SESSIONS_ENDED_H
#define SESSIONS_ENDED_H
/* Sessions without a child. What is needed of them again goes onto the shelf (pty/shelf.h);
 * then they have neither ring nor spec nor an entry in the keeper. */
#include "sessions/session/house.h"

/* It has no child any more: everything of its run goes. Nothing happens to one that is live, or
 * while there is no memory for it: ended_tick tries again. */
void ended_shelve(struct session *s);
/* Deletes all that is kept and stored of a number. What a death of this server interrupts, its
 * successor does again (recover.h). */
void ended_delete(struct sessions *ss, uint32_t num);
/* Once a tick: the above, and the shelf's room. */
void ended_tick(struct sessions *ss);
/* The keeper holds nothing of that session any more, and its ring has no name. */
void ended_let_go(struct sessions *ss, uint32_t num);
void ended_hold_shelf(struct sessions *ss); /* the keeper holds it from here */
#endif
