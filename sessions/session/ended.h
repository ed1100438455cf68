#ifndef SESSIONS_ENDED_H
#define SESSIONS_ENDED_H
/* Sessions without a child. What is needed of them again goes onto the shelf (pty/shelf.h);
 * then they have neither ring nor spec nor an entry in the keeper. And ends of which the keeper
 * does not tell. */
#include "sessions/session/sessions.h"

/* At the start: take_fd is the shelf of a server before this one, -1 none. Stored sessions are in
 * the list; what the shelf knows of their ends is later than what the store does. */
void ended_recover(struct sessions *ss, int take_fd);
/* It has no child any more: everything of its run goes. Nothing happens to one that is live, or
 * while there is no memory for it: ended_tick tries again. */
void ended_shelve(struct session *s);
/* Deletes all that is kept and stored of a number. What a death of this server interrupts, its
 * successor does again: see ended_bury. */
void ended_delete(struct sessions *ss, uint32_t num);
/* At the start, once all sessions are there: those that a predecessor had forgotten go. */
void ended_bury(struct sessions *ss);
/* Once a tick: the above; children that are gone, with no word from the keeper; the shelf's room.
 */
void ended_tick(struct sessions *ss, uint64_t now_ns);
#endif
