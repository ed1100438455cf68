#ifndef CORE_SCROLL_H
#define CORE_SCROLL_H
/* Finds the one scroll that explains most of the difference between two screens, given a key a row
 * (equal keys = equal content; 0 = blank). Used for frames (keys are stamps) and for the outer
 * terminal (keys are hashes of what is shown). */
#include "core/base/base.h"

#define SCROLL_ROWS_MAX 1000

struct scroll {
	int top, bottom; /* rows [top, bottom) move … */
	int n;		 /* … up by n, or down if negative; what comes free is blank */
	int gain;	 /* rows saved, less rows disturbed; >= 1 */
};
/* False when no scroll helps. rows <= SCROLL_ROWS_MAX, else false. */
bool scroll_find(const uint64_t *old, const uint64_t *next, int rows, struct scroll *s);
/* Moves keys as the scroll moves rows; freed places become 0. */
void scroll_keys(uint64_t *keys, const struct scroll *s);
#endif
