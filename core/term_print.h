#ifndef CORE_TERM_PRINT_H
#define CORE_TERM_PRINT_H
/* Characters to the screen at the cursor: wrapping, clusters, wide cells, insert mode. */
#include "core/term_screen.h"

void print_ascii(struct term *t, const uint8_t *p, size_t n); /* n > 0, only if t->plain */
void print_slow(struct term *t, const uint8_t *p, size_t n);  /* ASCII, any state */
void print_cp(struct term *t, uint32_t cp);
void print_repeat(struct term *t, int n);
/* Cursor down one row, scrolling at the region's bottom. */
void term_index(struct term *t);
#endif
