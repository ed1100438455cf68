/* Widths and grapheme rules.
 *
 * Everything the rules ask of a codepoint is one 16-bit class, looked up in blocks of 256 that are
 * filled at first use from utf8proc's properties and the range tables of width_data.h: a terminal
 * meets few blocks, and a program that meets none pays nothing. The blocks are a memo of a pure
 * function, not state.
 *
 * A cluster's width is the sum of its parts, at most 2; a variation selector overrides it where
 * Unicode defines the pair, and a skin tone counts only on something it can colour. So conjuncts
 * and spacing marks take what older terminals give them, and an emoji sequence takes 2. */
#include "core/text/width.h"
#include "core/pack/pack_priv.h"
#include "core/text/width_priv.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

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

struct tables {
	struct walk wide, ambiguous, emoji_base, consonant, linker;
};

static struct tables
tables_from(uint32_t cp)
{
#define FROM(table) walk_from(table, ARRAY_LEN(table), cp)
	return (struct tables){.wide = FROM(wide_ranges),
		.ambiguous = FROM(ambiguous_ranges),
		.emoji_base = FROM(emoji_base_ranges),
		.consonant = FROM(consonant_ranges),
		.linker = FROM(linker_ranges)};
#undef FROM
}

static unsigned
break_class(const utf8proc_property_t *p)
{
	static const uint8_t map[] = {
		[UTF8PROC_BOUNDCLASS_CR] = GB_CONTROL,
		[UTF8PROC_BOUNDCLASS_LF] = GB_CONTROL,
		[UTF8PROC_BOUNDCLASS_CONTROL] = GB_CONTROL,
		[UTF8PROC_BOUNDCLASS_EXTEND] = GB_EXTEND,
		[UTF8PROC_BOUNDCLASS_L] = GB_L,
		[UTF8PROC_BOUNDCLASS_V] = GB_V,
		[UTF8PROC_BOUNDCLASS_T] = GB_T,
		[UTF8PROC_BOUNDCLASS_LV] = GB_LV,
		[UTF8PROC_BOUNDCLASS_LVT] = GB_LVT,
		[UTF8PROC_BOUNDCLASS_REGIONAL_INDICATOR] = GB_RI,
		[UTF8PROC_BOUNDCLASS_SPACINGMARK] = GB_SPACING,
		[UTF8PROC_BOUNDCLASS_PREPEND] = GB_PREPEND,
		[UTF8PROC_BOUNDCLASS_ZWJ] = GB_ZWJ,
		[UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC] = GB_PICTURE,
	};
	return p->boundclass < ARRAY_LEN(map) ? map[p->boundclass] : GB_OTHER;
}

static unsigned
plain_width(uint32_t cp, const utf8proc_property_t *p, unsigned gb, struct tables *in)
{
	if (gb == GB_RI || (cp >= 0x1f3fb && cp <= 0x1f3ff))
		return 2;
	if (cp == 0xad || gb == GB_PREPEND)
		return 1;
	if (gb == GB_V || gb == GB_T || (cp >= 0xe0000 && cp <= 0xe0fff) || cp == 0xfeff)
		return 0;
	switch (p->category) {
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_CF:
		return 0;
	default:
		return in_ranges(&in->wide, cp) ? 2 : 1;
	}
}

static uint16_t
make_class(uint32_t cp, struct tables *in)
{
	if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || (cp >= 0xd800 && cp < 0xe000) ||
		cp > 0x10ffff)
		return CP_CONTROL | GB_CONTROL << CP_GB_SHIFT;
	const utf8proc_property_t *p = utf8proc_get_property((utf8proc_int32_t)cp);
	unsigned gb = in_ranges(&in->consonant, cp) ? GB_CONSONANT : break_class(p),
		 c = gb << CP_GB_SHIFT;
	c |= plain_width(cp, p, gb, in);
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

int
width_cp(uint32_t cp)
{
	unsigned c = cp_class(cp);
	return c & CP_CONTROL ? -1 : (int)(c & CP_WIDTH);
}

/* *state: bit 0 an odd number of regional indicators, bit 1 a picture and its extenders, bit 2 a
 * ZWJ right after that, bit 3 an Indic consonant, bit 4 a linker after it. */
enum { ST_RI = 1, ST_PICT = 2, ST_PICT_ZWJ = 4, ST_CONS = 8, ST_LINK = 16, ST_BEGUN = 32 };

static int32_t
state_after(int32_t st, unsigned cls)
{
	unsigned gb = cls >> CP_GB_SHIFT & CP_GB_MASK;
	int32_t next = ST_BEGUN;
	if (gb == GB_RI)
		next |= ~st & ST_RI;
	if (gb == GB_PICTURE || (gb == GB_EXTEND && st & ST_PICT))
		next |= ST_PICT;
	if (gb == GB_ZWJ && st & ST_PICT)
		next |= ST_PICT_ZWJ;
	if (gb == GB_CONSONANT)
		next |= ST_CONS;
	else if ((gb == GB_EXTEND || gb == GB_ZWJ) && !(cls & CP_PARTS))
		next |= (st & (ST_CONS | ST_LINK)) |
			(st & ST_CONS && cls & CP_LINKER ? ST_LINK : 0);
	return next;
}

static bool
class_joins(unsigned prev, unsigned next, int32_t st)
{
	unsigned a = prev >> CP_GB_SHIFT & CP_GB_MASK, b = next >> CP_GB_SHIFT & CP_GB_MASK;
	if (a == GB_CONTROL || b == GB_CONTROL)
		return false;
	if (b == GB_EXTEND || b == GB_ZWJ || b == GB_SPACING || a == GB_PREPEND)
		return true;
	if (a == GB_L)
		return b == GB_L || b == GB_V || b == GB_LV || b == GB_LVT;
	if (a == GB_LV || a == GB_V)
		return b == GB_V || b == GB_T;
	if (a == GB_LVT || a == GB_T)
		return b == GB_T;
	if (b == GB_PICTURE)
		return st & ST_PICT_ZWJ;
	if (b == GB_RI)
		return st & ST_RI;
	return b == GB_CONSONANT && st & ST_LINK;
}

bool
grapheme_joins(uint32_t prev, uint32_t next, int32_t *state)
{
	unsigned a = cp_class(prev), b = cp_class(next);
	if (!(*state & ST_BEGUN))
		*state = state_after(0, a);
	bool join = class_joins(a, b, *state);
	*state = state_after(join ? *state : 0, b);
	return join;
}

static int32_t
cluster_state(const uint32_t *cps, int n)
{
	int32_t st = 0;
	for (int i = 0; i < n; i++)
		st = state_after(st, cp_class(cps[i]));
	return st;
}

bool
cluster_joins(const uint32_t *cps, int n, uint32_t next)
{
	return class_joins(cp_class(cps[n - 1]), cp_class(next), cluster_state(cps, n));
}

bool
cluster_open(const uint32_t *cps, int n)
{
	unsigned cls = cp_class(cps[n - 1]), gb = cls >> CP_GB_SHIFT & CP_GB_MASK;
	return cls & CP_HAZARD && (gb == GB_PREPEND || gb == GB_L ||
					  cluster_state(cps, n) & (ST_RI | ST_PICT_ZWJ | ST_LINK));
}

int
width_cluster_opts(const uint32_t *cps, int n, unsigned opts)
{
	int w = 0;
	for (int i = 0; i < n; i++) {
		unsigned c = cp_class(cps[i]);
		unsigned base = i ? cp_class(cps[i - 1]) : 0;
		if (i && cps[i] == 0xfe0f && base & CP_EMOJI_BASE) {
			if (!(opts & WIDTH_NARROW_EMOJI))
				w = 2;
		} else if (i == 1 && n == 2 && cps[i] == 0xfe0e && base & CP_EMOJI_BASE) {
			w = 1;
		} else if (i && c & CP_MODIFIER &&
			   (base >> CP_GB_SHIFT & CP_GB_MASK) != GB_PICTURE) {
			continue;
		} else {
			w += class_width(c, opts);
		}
	}
	return MIN(w, 2);
}

int
width_cluster(const uint32_t *cps, int n)
{
	return width_cluster_opts(cps, n, 0);
}

size_t
utf8_next(const char *s, size_t n, uint32_t *cp)
{
	const uint8_t *p = (const uint8_t *)s;
	*cp = 0xfffd;
	if (p[0] < 0x80) {
		*cp = p[0];
		return 1;
	}
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 1;
	int len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	uint32_t c = p[0] & (0x7fu >> len);
	uint8_t lo = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
	uint8_t hi = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
	for (int i = 1; i < len; i++, lo = 0x80, hi = 0xbf) {
		if ((size_t)i >= n || p[i] < lo || p[i] > hi)
			return (size_t)i;
		c = c << 6 | (p[i] & 0x3f);
	}
	*cp = c;
	return (size_t)len;
}

size_t
utf8_grapheme(const char *s, size_t n, int *width)
{
	uint32_t cps[32], cp;
	int k = 0;
	int32_t state = 0;
	size_t off = 0;
	*width = 0;
	if (!n)
		return 0;
	off = utf8_next(s, n, &cps[k++]);
	while (off < n) {
		size_t used = utf8_next(s + off, n - off, &cp);
		if (!grapheme_joins(cps[k - 1], cp, &state))
			break;
		if (k < (int)ARRAY_LEN(cps))
			cps[k++] = cp;
		else
			cps[k - 1] = cp;
		off += used;
	}
	*width = width_cluster(cps, k);
	return off;
}

int
utf8_width(const char *s)
{
	int sum = 0, w;
	for (size_t n = strlen(s); n;) {
		size_t used = utf8_grapheme(s, n, &w);
		sum += w;
		s += used;
		n -= used;
	}
	return sum;
}

/* What reorders, hides or joins text without being seen goes, also inside a cluster. */
static bool
presentable(uint32_t cp, bool inside)
{
	unsigned c = cp_class(cp);
	if (c & CP_CONTROL || (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
		(cp >= 0x2060 && cp <= 0x206f) || cp == 0x61c || cp == 0xfeff || cp >= 0xe0000)
		return false;
	return inside || class_width(c, 0) > 0;
}

size_t
sanitize(char *out, size_t max, const char *in, size_t n)
{
	size_t len = 0, room = max - 1;
	while (n) {
		int w;
		size_t used = utf8_grapheme(in, n, &w), got = 0;
		char tmp[4 * 32];
		for (size_t off = 0; off < used && got + 4 <= sizeof(tmp);) {
			uint32_t cp;
			off += utf8_next(in + off, used - off, &cp);
			if (presentable(cp, got > 0))
				got += (size_t)utf8proc_encode_char(
					(utf8proc_int32_t)cp, (utf8proc_uint8_t *)tmp + got);
		}
		if (got > room - len)
			break;
		memcpy(out + len, tmp, got);
		len += got;
		in += used;
		n -= used;
	}
	out[len] = 0;
	return len;
}
