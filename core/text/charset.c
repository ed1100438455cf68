#include "core/text/charset.h"

#include <string.h>
#include <uchar.h>

static const struct {
	const char *designators;
	const char16_t *table;
	uint8_t size, n, first;
	bool national;
} sets[N_CHARSETS] = {
	[CS_ASCII] = {.designators = "B 1 2", .size = 94},
#define ALWAYS false
#define NATIONAL true
#define X(name, sz, use, from, names, chars) \
	[CS_##name] = {.designators = names, \
		.table = chars,              \
		.size = sz,                  \
		.n = ARRAY_LEN(chars) - 1,   \
		.first = from,               \
		.national = use},
#include "core/text/charset.def"
#undef X
};

/* Of "C 5" or "%5 <", the one at s: its length. */
static int
one_designator(const char *s)
{
	return (int)strcspn(s, " ");
}

static bool
named(const char *s, uint8_t inter, uint8_t final)
{
	while (*s) {
		int n = one_designator(s);
		if ((uint8_t)s[n - 1] == final && (n == 2 ? (uint8_t)s[0] : 0) == inter)
			return true;
		s += n + (s[n] == ' ');
	}
	return false;
}

int
charset_find(int size, uint8_t inter, uint8_t final, bool national)
{
	for (int i = 0; i < N_CHARSETS; i++)
		if (sets[i].size == size && named(sets[i].designators, inter, final))
			return sets[i].national && !national ? CS_ASCII : i;
	return -1;
}

int
charset_size(enum charset set)
{
	return sets[set].size;
}

uint32_t
charset_map(enum charset set, uint8_t c)
{
	const char16_t *t = sets[set].table;
	int n = sets[set].n, first = sets[set].first;
	if (first)
		return c >= first && c - first < n ? t[c - first] : c;
	for (int i = 0; i < n; i += 2)
		if (t[i] == c)
			return t[i + 1];
	return c;
}

const char *
charset_designator(enum charset set, int *len)
{
	*len = one_designator(sets[set].designators);
	return sets[set].designators;
}
