#ifndef CORE_CELL_H
#define CORE_CELL_H
/* What one screen position holds, in 8 bytes; all-zero is a blank in the default style.
 *
 *   bits  0..20  content: a codepoint (0 = never written), or a cluster index if CELL_CLUSTER
 *   bits 21..22  CELL_NARROW, CELL_WIDE (first half), CELL_TAIL (second half of a wide one),
 *                CELL_HEAD (blank at a row's end because a wide character did not fit)
 *   bit  23      CELL_CLUSTER: content indexes the tab's clusters (more than one codepoint)
 *   bits 24..39  style id, bits 40..55 link id, both of the owning struct tab; 0 = default, none
 *   bit  56      CELL_PROTECTED (DECSCA)
 *
 * A written space has content 0x20; so text keeps blank apart from space. Ids mean something only
 * together with the tab they come from. */
#include "core/base/base.h"

typedef uint64_t cell_t;

#define CELL_CONTENT_MASK 0x1fffffull
#define CELL_KIND_MASK (3ull << 21)
#define CELL_NARROW (0ull << 21)
#define CELL_WIDE (1ull << 21)
#define CELL_TAIL (2ull << 21)
#define CELL_HEAD (3ull << 21)
#define CELL_CLUSTER (1ull << 23)
#define CELL_STYLE_SHIFT 24
#define CELL_STYLE_MASK (0xffffull << CELL_STYLE_SHIFT)
#define CELL_LINK_SHIFT 40
#define CELL_LINK_MASK (0xffffull << CELL_LINK_SHIFT)
#define CELL_PROTECTED (1ull << 56)

static inline uint32_t
cell_content(cell_t c)
{
	return (uint32_t)(c & CELL_CONTENT_MASK);
}
static inline uint16_t
cell_style(cell_t c)
{
	return (uint16_t)(c >> CELL_STYLE_SHIFT);
}
static inline uint16_t
cell_link(cell_t c)
{
	return (uint16_t)(c >> CELL_LINK_SHIFT);
}

/* Colours: 0 default; COLOR_INDEX|n palette; COLOR_RGB|0xrrggbb. */
#define COLOR_DEFAULT 0u
#define COLOR_INDEX 0x01000000u
#define COLOR_RGB 0x02000000u

enum {
	ATTR_BOLD = 1 << 0,
	ATTR_FAINT = 1 << 1,
	ATTR_ITALIC = 1 << 2,
	ATTR_BLINK = 1 << 3,
	ATTR_INVERSE = 1 << 4,
	ATTR_INVISIBLE = 1 << 5,
	ATTR_STRIKE = 1 << 6,
	ATTR_OVERLINE = 1 << 7,
	ATTR_UL_SHIFT = 8, /* 3 bits: UL_* */
	ATTR_UL_MASK = 7 << 8,
};
enum { UL_NONE, UL_SINGLE, UL_DOUBLE, UL_CURLY, UL_DOTTED, UL_DASHED };

struct style {
	uint32_t fg, bg, ul; /* colours; ul = underline colour */
	uint32_t attrs;
};

/* A row of a screen. Cells at and beyond len are blanks and may not be read. cells has cap slots;
 * NULL cells with cap 0 is an empty row that holds no memory yet. */
enum {
	ROW_WRAP = 1 << 0,     /* continues on the next row (soft wrap) */
	ROW_WRAPPED = 1 << 1,  /* continues the previous row */
	ROW_STYLED = 1 << 2,   /* may hold a style, cluster, link, wide or protected cell; */
	ROW_CLUSTERS = 1 << 3, /* these five may only be false-positive */
	ROW_LINKS = 1 << 4,
	ROW_WIDE = 1 << 5, /* any cell that is not CELL_NARROW */
	ROW_PROTECTED = 1 << 6,
	ROW_NONASCII = 1 << 7, /* may hold content >= 0x80 */
	ROW_PROMPT_SHIFT = 8,  /* 2 bits: OSC 133 mark that starts here: 0 none, A, C, D */
	ROW_PROMPT_MASK = 3 << 8,
	ROW_DOUBLE_SHIFT = 10, /* 2 bits: DECDWL/DECDHL, drawn by the renderer */
	ROW_DOUBLE_MASK = 3 << 10,
};
struct row {
	cell_t *cells;
	uint16_t len, cap;
	uint32_t flags;
	uint64_t stamp;	    /* unique per content: two rows with one stamp show the same */
	uint64_t prepacked; /* where its packed text may be: core/pack/prepack.h; 0 nowhere */
};

/* A screen to look at: borrowed from its owner and valid until the owner changes. */
struct tab;
enum cursor_shape { CURSOR_BLOCK, CURSOR_UNDERLINE, CURSOR_BAR };
struct grid {
	int cols, rows;
	struct row *const *row; /* rows pointers, top first */
	const struct tab *tab;
	bool reverse; /* every cell's foreground and background are exchanged (DECSCNM) */
	struct {
		int row, col;
		bool visible, blink, pending_wrap;
		enum cursor_shape shape;
	} cursor;
};
#endif
