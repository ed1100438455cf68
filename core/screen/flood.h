#ifndef CORE_FLOOD_H
#define CORE_FLOOD_H
/* Many short plain lines at the bottom of the screen at once. */
#include "core/screen/screen.h"

/* Input that term_flood() is tried on: less cannot fill a screen. */
#define FLOOD_LEAST(t) (3 * (t)->v.rows)
/* Takes whole lines of plain ASCII from p, the cursor having come to the last row's begin by a line
 * feed, if they are so many that some would leave the screen again. Returns how far it came, p if
 * it did nothing; *again is then where it is worth another try. */
const uint8_t *term_flood(
	struct term *t, const uint8_t *p, const uint8_t *end, const uint8_t **again);
#endif
