/* Everything the rules ask of a codepoint is one 16-bit class, looked up in blocks of 256 that are
 * filled at first use from the range tables of width_data.h: a terminal
 * meets few blocks, and a program that meets none pays nothing. The blocks are a memo of a pure
 * function, not state: a constant table in all but the time at which it is made. */
#include "core/text/cp_class.h"

#include <string.h>

struct range {
	uint32_t lo, hi;
};
#include "core/text/width_data.h"

const uint16_t *width_blocks[WIDTH_BLOCKS];

uint8_t quick_class[0x10000];

/* The ranges of a table, for codepoints that ascend. */
struct walk {
	const struct range *r, *end;
};

static bool
in_ranges(struct walk *w, uint32_t cp)
{
	while (w->r < w->end && w->r->hi < cp)
		w->r++;
	return w->r < w->end && w->r->lo <= cp;
}

/* The ranges that reach up to cp or lie behind it. */
static struct walk
walk_from(const struct range *r, size_t n, uint32_t cp)
{
	size_t lo = 0, hi = n;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (r[mid].hi < cp)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (struct walk){r + lo, r + n};
}

/* Grapheme_Cluster_Break, where it is not computed. */
static const struct {
	uint8_t gb;
	const struct range *r;
	size_t n;
} breaks[] = {
#define OF(gb, table)                       \
	{                                   \
		gb, table, ARRAY_LEN(table) \
	}
	OF(GB_CONSONANT, consonant_ranges),
	OF(GB_CONTROL, control_ranges),
	OF(GB_EXTEND, extend_ranges),
	OF(GB_SPACING, spacing_ranges),
	OF(GB_PREPEND, prepend_ranges),
	OF(GB_PICTURE, picture_ranges),
	OF(GB_L, l_ranges),
	OF(GB_V, v_ranges),
	OF(GB_T, t_ranges),
#undef OF
};
struct tables {
	struct walk wide, ambiguous, zero, emoji_base, linker, breaks[ARRAY_LEN(breaks)];
};

static struct tables
tables_from(uint32_t cp)
{
#define FROM(table) walk_from(table, ARRAY_LEN(table), cp)
	struct tables in = {.wide = FROM(wide_ranges),
		.ambiguous = FROM(ambiguous_ranges),
		.zero = FROM(zero_ranges),
		.emoji_base = FROM(emoji_base_ranges),
		.linker = FROM(linker_ranges)};
#undef FROM
	for (size_t i = 0; i < ARRAY_LEN(breaks); i++)
		in.breaks[i] = walk_from(breaks[i].r, breaks[i].n, cp);
	return in;
}

static unsigned
break_class(uint32_t cp, struct tables *in)
{
	if (cp == 0x200d)
		return GB_ZWJ;
	if (cp >= 0x1f1e6 && cp <= 0x1f1ff)
		return GB_RI;
	if (cp >= 0xac00 && cp <= 0xd7a3)
		return (cp - 0xac00) % 28 ? GB_LVT : GB_LV;
	for (size_t i = 0; i < ARRAY_LEN(breaks); i++)
		if (in_ranges(&in->breaks[i], cp))
			return breaks[i].gb;
	return GB_OTHER;
}

static unsigned
plain_width(uint32_t cp, unsigned gb, struct tables *in)
{
	bool zero = in_ranges(&in->zero, cp), wide = in_ranges(&in->wide, cp);
	if (gb == GB_RI || (cp >= 0x1f3fb && cp <= 0x1f3ff))
		return 2;
	if (cp == 0xad || gb == GB_PREPEND)
		return 1;
	if (gb == GB_V || gb == GB_T || (cp >= 0xe0000 && cp <= 0xe0fff) || cp == 0xfeff)
		return 0;
	return zero ? 0 : wide ? 2 : 1;
}

static uint16_t
make_class(uint32_t cp, struct tables *in)
{
	if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || (cp >= 0xd800 && cp < 0xe000) ||
		cp > 0x10ffff)
		return CP_CONTROL | GB_CONTROL << CP_GB_SHIFT;
	unsigned gb = break_class(cp, in), c = gb << CP_GB_SHIFT;
	c |= plain_width(cp, gb, in);
	if (in_ranges(&in->ambiguous, cp) && (c & CP_WIDTH) == 1)
		c |= CP_AMBIGUOUS;
	if (in_ranges(&in->emoji_base, cp))
		c |= CP_EMOJI_BASE;
	if (in_ranges(&in->linker, cp))
		c |= CP_LINKER;
	if (cp == 0x200c)
		c |= CP_PARTS;
	if (cp >= 0x1f3fb && cp <= 0x1f3ff)
		c |= CP_MODIFIER;
	if (c & CP_WIDTH && gb != GB_EXTEND && gb != GB_ZWJ && gb != GB_SPACING && gb != GB_CONTROL)
		c |= CP_PLAIN;
	if (gb != GB_OTHER && gb != GB_PICTURE && gb != GB_CONSONANT)
		c |= CP_HAZARD;
	unsigned flip = usually_wide(cp) != ((c & CP_WIDTH) == 2);
	if (c & CP_PLAIN && !flip && GB_QUICK >> gb & 1)
		c |= CP_QUICK;
	return (uint16_t)(c | flip << CP_FLIP_SHIFT);
}

static uint8_t
make_quick(unsigned cls)
{
	if (!(cls & CP_QUICK))
		return 0;
	return (uint8_t)(QUICK | ((cls & CP_WIDTH) == 2 ? QUICK_WIDE : 0) |
			 (cls & CP_HAZARD ? cls >> CP_GB_SHIFT & CP_GB_MASK : 0));
}

/* Blocks with one class throughout (ideographs, unassigned planes) are one and the same block: what
 * a long text touches stays within the first-level cache. */
const uint16_t *
width_block_make(unsigned block)
{
	static const uint16_t *uniform[16];
	struct tables in = tables_from(block << 8);
	uint16_t b[256];
	bool same = true;
	for (unsigned i = 0; i < 256; i++) {
		b[i] = make_class(block << 8 | i, &in);
		same &= b[i] == b[0];
	}
	for (unsigned i = 0; i < 256 && block < 256; i++)
		quick_class[block << 8 | i] = make_quick(b[i]);
	unsigned k = 0;
	while (same && k < ARRAY_LEN(uniform) && uniform[k] && uniform[k][0] != b[0])
		k++;
	if (same && k < ARRAY_LEN(uniform) && uniform[k])
		return width_blocks[block] = uniform[k];
	uint16_t *own = xmalloc(sizeof(b));
	memcpy(own, b, sizeof(b));
	if (same && k < ARRAY_LEN(uniform))
		uniform[k] = own;
	return width_blocks[block] = own;
}
