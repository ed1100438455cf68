#ifndef CORE_VT_PARSER_H
#define CORE_VT_PARSER_H
#include "core/screen/state.h"

/* How many bytes were taken: n, or less when term_spend has used up what was left. */
size_t vt_parse(struct term *t, const uint8_t *p, size_t n);
/* Is the parser's part of a state that came from elsewhere within bounds? */
bool vt_parser_valid(const struct vt *v);
/* Zeroes what is left of sequences that are over: equal states then have equal bytes. */
void vt_parser_canonical(struct vt *v);
#endif
