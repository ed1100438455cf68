#ifndef CORE_VT_DISPATCH_H
#define CORE_VT_DISPATCH_H
/* What a parsed function does: tables by csi.def and esc.def. */
#include "core/screen/state.h"

void c0_dispatch(struct term *t, uint8_t c);
void csi_dispatch(struct term *t); /* t->v.csi */
void esc_dispatch(struct term *t, uint8_t final);
void string_dispatch(struct term *t); /* t->str, t->v.osc_kind */
void vt52_dispatch(struct term *t, uint8_t final);
void vt52_move(struct term *t, int row, int col);
#endif
