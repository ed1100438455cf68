#ifndef SESSIONS_TOTALS_H
#define SESSIONS_TOTALS_H
/* The "totals" event: is another one worth waking every dashboard for? */
#include <jansson.h>
#include <stdbool.h>

/* Both say the same to people: equal but for free memory and swap, and these within half a percent of
 * all memory. was NULL: no. */
bool totals_alike(const json_t *was, const json_t *ev);
#endif
