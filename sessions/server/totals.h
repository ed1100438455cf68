#ifndef SESSIONS_TOTALS_H
#define SESSIONS_TOTALS_H
/* Is another event worth waking every dashboard for? */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Both say the same to people: equal but for free memory and swap, and these within half a percent of
 * all memory. was NULL: no. */
bool totals_alike(const json_t *was, const json_t *ev);
/* Of a session as session_json() has it, at Unix time now: the same number while nothing changes but
 * what time alone makes of it. Never 0. */
uint64_t session_look(json_t *session, double now);
#endif
