#ifndef CORE_VT_STRING_H
#define CORE_VT_STRING_H
/* Operating system commands, and the titles that they set. */
#include "core/screen/state.h"

void term_set_title(struct term *t, const char *s);
void term_set_icon(struct term *t, const char *s);
void free_title(struct string_stack *s);
void osc_dispatch(struct term *t, char *s, size_t n);
#endif
