#ifndef CORE_VT_CSI_H
#define CORE_VT_CSI_H
/* Cursor moves and erasing that other functions need, too. */
#include "core/screen/state.h"

void cursor_to(struct term *t, int row, int col); /* clamped to the screen; ends pending wrap */
void cursor_address(struct term *t, int row, int col); /* honours origin mode; from 0 */
void cursor_back(struct term *t, int n);
void tab_forward(struct term *t, int n);
void cursor_save(struct term *t);
void cursor_restore(struct term *t);
void erase_display(struct term *t, int what, bool selective);
#endif
