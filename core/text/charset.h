#ifndef CORE_CHARSET_H
#define CORE_CHARSET_H
/* Character sets that programs select with SCS (ESC ( 0 and the like): 7-bit codes to characters.
 * Tables in charset.def. */
#include "core/base/base.h"

enum charset {
	CS_ASCII,
#define X(name, size, use, first, designators, table) CS_##name,
#include "core/text/charset.def"
#undef X
	N_CHARSETS
};

/* The set of `size` (94 or 96) characters named by a final byte and the intermediate before it (0:
 * none), or -1 where none has that name. Replacement sets are ASCII unless `national`. */
int charset_find(int size, uint8_t inter, uint8_t final, bool national);
int charset_size(enum charset set); /* 94 or 96 */
/* What code c, 0x20 to 0x7f, shows. */
uint32_t charset_map(enum charset set, uint8_t c);
/* As SCS names it, "B" or "%5": the first *len bytes of what is returned, a constant. */
const char *charset_designator(enum charset set, int *len);
#endif
