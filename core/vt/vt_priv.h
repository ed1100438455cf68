#ifndef CORE_VT_PRIV_H
#define CORE_VT_PRIV_H
/* The handlers of csi.def, in vt_csi.c, vt_modes.c, vt_rect.c, vt_reply.c and vt_sgr.c. */
#include "core/screen/state.h"

/* Parameter i, def where it is omitted or 0. */
static inline int
arg(const struct term *t, int i, int def)
{
	int v = i < t->v.csi.n ? t->v.csi.param[i] : -1;
	return v > 0 ? v : def;
}

#define X(cls, final, fn) void fn(struct term *t);
#define Y(cls, final, fn, a)
#include "core/vt/csi.def"
#undef X
#undef Y
#endif
