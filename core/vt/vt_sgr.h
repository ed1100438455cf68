#ifndef CORE_VT_SGR_H
#define CORE_VT_SGR_H
#include "core/screen/state.h"

/* SGR sequences and the ASCII between them, from one at p (behind ESC [) on, as far as a memo of
 * sequences and a plain row go: where it ends; NULL: what is at p is no SGR, or long, or cut. */
const uint8_t *sgr_run(struct term *t, const uint8_t *p, const uint8_t *end);
void sgr_describe(struct buf *out, const struct style *s); /* as SGR parameters, "0;1;31" */
#endif
