#ifndef CORE_MODE_H
#define CORE_MODE_H
/* The DEC private modes as bit numbers of struct vt's masks. */
enum vt_mode {
#define X(number, name, initial, kind) MODE_##name,
#include "core/screen/modes.def"
#undef X
	N_VT_MODES
};
_Static_assert(N_VT_MODES <= 64, "modes fit one word");
#endif
