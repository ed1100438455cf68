#ifndef CORE_VT_REPLY_H
#define CORE_VT_REPLY_H
/* What a device control string asks. */
#include "core/screen/state.h"

void dcs_dispatch(struct term *t, const char *s, size_t n);
#endif
