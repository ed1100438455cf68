#ifndef CORE_RUN_H
#define CORE_RUN_H
/* Text in runs. */
#include "core/screen/state.h"

/* Text from p, as far as the quick way goes: returns where the general one has to look. */
const uint8_t *print_text(struct term *t, const uint8_t *p, const uint8_t *end);
#endif
