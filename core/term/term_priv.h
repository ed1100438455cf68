#ifndef CORE_TERM_PRIV_H
#define CORE_TERM_PRIV_H
/* Shared by the files of a terminal as a whole. */
#include "core/screen/state.h"
#include "core/term/term.h"

/* Allocates without screens: term_snapshot.c fills what term_new would. */
struct term *term_alloc(struct arena *a, uint32_t owner, const struct term_config *cfg);
void term_unpark(struct term *t);
/* First thing in every public call that looks at the screens or the tab. */
static inline void
term_wake(const struct term *t)
{
	if (unlikely(t->parked.len))
		term_unpark((struct term *)t);
}
#endif
