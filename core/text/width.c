/* Widths and grapheme rules.
 *
 * A cluster's width is the sum of its parts, at most 2; a variation selector overrides it where
 * Unicode defines the pair, and a skin tone counts only on something it can colour. So conjuncts
 * and spacing marks take what older terminals give them, and an emoji sequence takes 2. */
#include "core/text/width.h"
#include "core/text/cp_class.h"

#include <string.h>

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
width_cluster(const uint32_t *cps, int n, unsigned opts)
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
	*width = width_cluster(cps, k, 0);
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
				got = (size_t)((char *)utf8_put((uint8_t *)tmp + got, cp) - tmp);
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
