#ifndef CORE_CP_CLASS_H
#define CORE_CP_CLASS_H
/* A codepoint's class: what printing needs to know, in one lookup. */
#include "core/base/base.h"

enum {
	CP_WIDTH = 3, /* bits 0..1: cells */
	CP_AMBIGUOUS = 1 << 2,
	CP_CONTROL = 1 << 3,
	CP_GB_SHIFT = 4, /* 4 bits: GB_* */
	CP_GB_MASK = 15,
	CP_EMOJI_BASE = 1 << 8,
	CP_PARTS = 1 << 9, /* U+200C: a linker before it does not join what is behind it */
	CP_LINKER = 1 << 10,
	CP_MODIFIER = 1 << 11,
	/* derived from the above, for the inner loop of printing: */
	CP_PLAIN = 1 << 12,  /* 1 or 2 cells, no mark */
	CP_HAZARD = 1 << 13, /* what follows may join it, beside marks */
	CP_QUICK = 1 << 14,  /* plain, as wide as the packed form takes it to be and of the
				classes GB_QUICK, among which nothing joins */
	CP_FLIP_SHIFT = 15,  /* 1: not as wide as the packed form takes it to be */
};
enum { /* Grapheme_Cluster_Break */
	GB_OTHER,
	GB_CONTROL,
	GB_EXTEND,
	GB_ZWJ,
	GB_SPACING,
	GB_PREPEND,
	GB_RI,
	GB_PICTURE,
	GB_L,
	GB_V,
	GB_T,
	GB_LV,
	GB_LVT,
	GB_CONSONANT, /* OTHER, but may join behind a linker */
};
#define GB_QUICK \
	(1u << GB_OTHER | 1u << GB_PICTURE | 1u << GB_LV | 1u << GB_LVT | 1u << GB_CONSONANT)
#define WIDTH_BLOCKS (0x200000u >> 8)		   /* as far as four bytes of UTF-8 can say */
extern const uint16_t *width_blocks[WIDTH_BLOCKS]; /* NULL: not made yet */
const uint16_t *width_block_make(unsigned block);
/* Of the basic plane, for groups of characters: QUICK, QUICK_WIDE and the GB_* of a CP_HAZARD. 0:
 * not CP_QUICK, or of a block that is not made yet. */
enum { QUICK_GB = 15, QUICK_WIDE = 16, QUICK = 32 };
extern uint8_t quick_class[0x10000];

/* Up to 0x1fffff; what is no character counts as a control. */
static inline unsigned
cp_class_any(uint32_t cp)
{
	const uint16_t *b = width_blocks[cp >> 8];
	return (likely(b) ? b : width_block_make(cp >> 8))[cp & 255];
}
static inline unsigned
cp_class(uint32_t cp)
{
	if (unlikely(cp >= 0x110000))
		cp = 0xfffd;
	return cp_class_any(cp);
}

enum { WIDTH_AMBIGUOUS_WIDE = 1, WIDTH_NARROW_EMOJI = 2 };
static inline int
class_width(unsigned cls, unsigned opts)
{
	return (int)(cls & CP_WIDTH) + (cls & CP_AMBIGUOUS && opts & WIDTH_AMBIGUOUS_WIDE);
}
/* What the packed form takes as the width of a character: never changed, whatever Unicode does. */
static inline bool
usually_wide(uint32_t cp)
{
#define WITHIN(lo, hi) (cp - (lo) <= (hi) - (lo))
	/* without a branch between ranges: texts mix them */
	return (WITHIN(0x1100u, 0x115fu) | (WITHIN(0x2e80u, 0xa4cfu) & (cp != 0x303f)) |
		       WITHIN(0xac00u, 0xd7a3u) | WITHIN(0xf900u, 0xfaffu) |
		       WITHIN(0xfe30u, 0xfe6fu) | WITHIN(0xff00u, 0xff60u) |
		       WITHIN(0xffe0u, 0xffe6u) | WITHIN(0x1f300u, 0x1faffu) |
		       WITHIN(0x20000u, 0x3fffdu)) != 0;
#undef WITHIN
}

#endif
