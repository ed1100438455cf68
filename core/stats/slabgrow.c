#include "core/stats/slabgrow.h"
#include <stdlib.h>

static const double FULL = 0.5, APART_S = 1800;
enum { APPEARED_MIN = 2 };

static bool
is_full(const struct page_scan *s, const struct page_region *r)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->regions[mid].addr < r->addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->n && s->regions[lo].addr == r->addr && s->regions[lo].size == r->size &&
	       s->regions[lo].occupied >= FULL;
}

/* The place of a size in out, which is left as it is where there is no room. */
static struct page_growth *
class_of(uint64_t size, struct page_growth *out, size_t *n, size_t cap)
{
	for (size_t i = 0; i < *n; i++)
		if (out[i].size == size)
			return &out[i];
	if (*n == cap)
		return NULL;
	out[*n] = (struct page_growth){.size = size};
	return &out[(*n)++];
}

/* What scan k says of a region that is full in it. */
static void
count(const struct page_scan *scans, size_t n, size_t k, const struct page_region *r,
	struct page_growth *c)
{
	if (k + 1 < n) {
		c->freed += !is_full(&scans[k + 1], r);
		return;
	}
	c->count++;
	while (k > 0 && is_full(&scans[k - 1], r))
		k--;
	if (k == 0)
		return;
	c->appeared++;
	c->within_s = MAX(c->within_s, scans[n - 1].t - scans[k - 1].t);
}

static int
cmp_bytes(const void *a, const void *b)
{
	const struct page_growth *x = a, *y = b;
	double bx = (double)x->size * x->count, by = (double)y->size * y->count;

	return bx < by ? 1 : bx > by ? -1 : (x->size < y->size) - (x->size > y->size);
}

size_t
slabgrow_judge(const struct page_scan *scans, size_t n, struct page_growth *out, size_t cap)
{
	size_t classes = 0;

	for (size_t k = n; k-- > 0;) /* what is there at the end has first claim to a place */
		for (size_t i = 0; i < scans[k].n; i++) {
			const struct page_region *r = &scans[k].regions[i];
			struct page_growth *c =
				r->occupied >= FULL ? class_of(r->size, out, &classes, cap) : NULL;

			if (c)
				count(scans, n, k, r, c);
		}
	for (size_t i = 0; i < classes; i++)
		out[i].only_grows = out[i].appeared >= APPEARED_MIN && out[i].freed == 0 &&
				    scans[n - 1].t - scans[0].t >= APART_S;
	if (classes)
		qsort(out, classes, sizeof *out, cmp_bytes);
	return classes;
}
