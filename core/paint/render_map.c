/* What the outer terminal can show in place of what it cannot. */
#include "core/paint/render_priv.h"

#include <string.h>
#include <strings.h>

static unsigned
cube_level(unsigned v)
{
	return v < 48 ? 0 : v < 115 ? 1 : (v - 35) / 40;
}

static unsigned
distance(uint32_t rgb, unsigned r, unsigned g, unsigned b)
{
	int dr = (int)(rgb >> 16 & 255) - (int)r, dg = (int)(rgb >> 8 & 255) - (int)g,
	    db = (int)(rgb & 255) - (int)b;
	return (unsigned)(2 * dr * dr + 4 * dg * dg + 3 * db * db);
}

uint32_t
rgb_to_index(uint32_t rgb)
{
	static const uint8_t level[] = {0, 95, 135, 175, 215, 255};
	unsigned r = rgb >> 16 & 255, g = rgb >> 8 & 255, b = rgb & 255;
	unsigned cr = cube_level(r), cg = cube_level(g), cb = cube_level(b);
	unsigned mean = (r + g + b) / 3, step = mean < 8 ? 0 : MIN((mean - 3) / 10, 23u);
	unsigned grey = 8 + 10 * step;
	if (distance(rgb, grey, grey, grey) < distance(rgb, level[cr], level[cg], level[cb]))
		return 232 + step;
	return 16 + 36 * cr + 6 * cg + cb;
}

static const struct {
	uint32_t first, last;
	char c;
} look[] = {
	{0xa0, 0xa0, ' '},
	{0xb7, 0xb7, '.'},
	{0x2010, 0x2015, '-'},
	{0x2018, 0x201b, '\''},
	{0x201c, 0x201f, '"'},
	{0x2022, 0x2023, '*'},
	{0x2026, 0x2026, '.'},
	{0x203a, 0x203a, '>'},
	{0x2190, 0x2190, '<'},
	{0x2191, 0x2191, '^'},
	{0x2192, 0x2192, '>'},
	{0x2193, 0x2193, 'v'},
	{0x23bf, 0x23bf, '`'},
	{0x23ce, 0x23ce, '<'},
	{0x2500, 0x2501, '-'},
	{0x2502, 0x2503, '|'},
	{0x2504, 0x2505, '-'},
	{0x2506, 0x2507, '|'},
	{0x2508, 0x2509, '-'},
	{0x250a, 0x250b, '|'},
	{0x250c, 0x254b, '+'},
	{0x254c, 0x254d, '-'},
	{0x254e, 0x254f, '|'},
	{0x2550, 0x2550, '='},
	{0x2551, 0x2551, '|'},
	{0x2552, 0x2570, '+'},
	{0x2571, 0x2571, '/'},
	{0x2572, 0x2572, '\\'},
	{0x2573, 0x2573, 'X'},
	{0x2574, 0x2574, '-'},
	{0x2575, 0x2575, '|'},
	{0x2576, 0x2576, '-'},
	{0x2577, 0x2577, '|'},
	{0x2578, 0x2578, '-'},
	{0x2581, 0x2583, '_'},
	{0x2584, 0x2585, '='},
	{0x2586, 0x2588, '#'},
	{0x2589, 0x258f, '|'},
	{0x2590, 0x2590, '|'},
	{0x2591, 0x2593, '#'},
	{0x25a0, 0x25a1, '#'},
	{0x25b2, 0x25b5, '^'},
	{0x25b6, 0x25bb, '>'},
	{0x25bc, 0x25bf, 'v'},
	{0x25c0, 0x25c5, '<'},
	{0x25cb, 0x25cb, 'o'},
	{0x25cf, 0x25cf, '*'},
	{0x2691, 0x2691, 'P'},
	{0x2702, 0x2702, '%'},
	{0x2713, 0x2714, 'v'},
	{0x2717, 0x2718, 'x'},
	{0x2722, 0x273f, '*'},
	{0x276f, 0x276f, '>'},
};

char
ascii_for(uint32_t cp)
{
	size_t lo = 0, hi = ARRAY_LEN(look);
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (cp > look[mid].last)
			lo = mid + 1;
		else if (cp < look[mid].first)
			hi = mid;
		else
			return look[mid].c;
	}
	return '?';
}

bool
link_allowed(const char *uri)
{
	static const char *const schemes[] = {
		"http://", "https://", "file:///", "file://localhost/"};
	bool known = false;
	for (size_t i = 0; i < ARRAY_LEN(schemes) && !known; i++)
		known = !strncasecmp(uri, schemes[i], strlen(schemes[i]));
	for (const char *p = uri; *p && known; p++)
		known = *p > ' ' && *p < 0x7f;
	return known;
}
