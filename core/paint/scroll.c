#include "core/paint/scroll.h"

#include <string.h>

/* Where each key first stands in the old screen, by open addressing. */
#define TABLE 2048
struct places {
	uint64_t key[TABLE];
	int16_t row[TABLE];
};

static unsigned
slot_of(const struct places *p, uint64_t key)
{
	unsigned i = (unsigned)((key * 0x9e3779b97f4a7c15ull) >> 53);
	while (p->row[i] >= 0 && p->key[i] != key)
		i = (i + 1) % TABLE;
	return i;
}

/* The distance most changed rows agree on; 0 when there is none. */
static int
vote(const uint64_t *old, const uint64_t *next, int top, int bottom)
{
	struct places p;
	int16_t votes[2 * SCROLL_ROWS_MAX + 1];
	int best = 0, best_votes = 0;
	memset(p.row, -1, sizeof(p.row));
	memset(votes, 0, sizeof(votes));
	for (int y = top; y < bottom; y++) {
		unsigned i = old[y] ? slot_of(&p, old[y]) : 0;
		if (old[y] && p.row[i] < 0) {
			p.key[i] = old[y];
			p.row[i] = (int16_t)y;
		}
	}
	for (int y = top; y < bottom; y++) {
		if (!next[y] || next[y] == old[y])
			continue;
		unsigned i = slot_of(&p, next[y]);
		if (p.row[i] < 0)
			continue;
		int d = p.row[i] - y, v = ++votes[d + SCROLL_ROWS_MAX];
		if (v > best_votes) {
			best_votes = v;
			best = d;
		}
	}
	return best;
}

/* Keeps in *s the run of rows [from, to) (places in the new screen) moved by d if it gains more. */
static void
consider(const uint64_t *old, const uint64_t *next, int from, int to, int d, struct scroll *s)
{
	int gain = 0, lo = d > 0 ? to : from + d, hi = d > 0 ? to + d : from;
	for (int y = from; y < to; y++)
		gain += next[y] && next[y] != old[y];
	for (int y = lo; y < hi; y++)
		gain -= next[y] && next[y] == old[y];
	if (gain <= s->gain)
		return;
	*s = (struct scroll){.top = MIN(from, lo), .bottom = MAX(to, hi), .n = d, .gain = gain};
}

bool
scroll_find(const uint64_t *old, const uint64_t *next, int rows, struct scroll *s)
{
	int top = 0, bottom = rows;
	*s = (struct scroll){0};
	if (rows > SCROLL_ROWS_MAX)
		return false;
	while (top < bottom && old[top] == next[top])
		top++;
	while (bottom > top && old[bottom - 1] == next[bottom - 1])
		bottom--;
	if (bottom - top < 2)
		return false;
	int d = vote(old, next, top, bottom);
	if (!d)
		return false;
	int first = MAX(top, top - d), last = MIN(bottom, bottom - d), from = first;
	for (int y = first; y <= last; y++) {
		if (y < last && next[y] == old[y + d])
			continue;
		if (y > from)
			consider(old, next, from, y, d, s);
		from = y + 1;
	}
	return s->gain >= 1;
}

void
scroll_keys(uint64_t *keys, const struct scroll *s)
{
	uint64_t *base = keys + s->top;
	size_t h = (size_t)(s->bottom - s->top), k = (size_t)(s->n > 0 ? s->n : -s->n);
	if (s->n > 0) {
		memmove(base, base + k, (h - k) * sizeof(*base));
		memset(base + h - k, 0, k * sizeof(*base));
	} else {
		memmove(base + k, base, (h - k) * sizeof(*base));
		memset(base, 0, k * sizeof(*base));
	}
}
