#ifndef CORE_VT_RESET_H
#define CORE_VT_RESET_H
#include "core/screen/state.h"

/* The state a fresh or fully reset terminal has; size and what the outer terminal told stay. */
void vt_init(struct vt *v);
void term_reset(struct term *t);      /* RIS */
void term_soft_reset(struct term *t); /* DECSTR */
#endif
