#ifndef SESSIONS_WAKING_H
#define SESSIONS_WAKING_H
/* Sessions that were resumed and whose CLI does not take input yet: what is typed at them is kept,
 * and typed once it shows its prompt. */
#include "sessions/server/server.h"

struct wakings;
struct wakings *wakings_new(struct server *sv);
void wakings_close(struct wakings *w);
void waking_begin(struct wakings *w, struct session *s);
bool waking_is(const struct wakings *w, uint32_t num);
/* true: taken. */
bool waking_hold(struct wakings *w, uint32_t num, const void *p, size_t n);
void waking_end(struct wakings *w, uint32_t num); /* what was kept is dropped */
#endif
