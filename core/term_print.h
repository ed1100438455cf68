#ifndef CORE_TERM_PRINT_H
#define CORE_TERM_PRINT_H
/* Characters to the screen at the cursor: wrapping, clusters, wide cells, insert mode. */
#include "core/term_screen.h"

/* Text from p, as far as the quick way goes: returns where the general one has to look. */
const uint8_t *print_text(struct term *t, const uint8_t *p, const uint8_t *end);
void print_byte(struct term *t, uint8_t c); /* one of ASCII, any state */
void print_cp(struct term *t, uint32_t cp);
void print_repeat(struct term *t, int n);
/* Cursor down one row, scrolling at the region's bottom. */
void term_index(struct term *t);
#endif
