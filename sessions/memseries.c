#include "sessions/memseries.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct growth_point *
at(struct growth_point *ring, unsigned cap, unsigned head, unsigned i)
{
	return &ring[(head + i) % cap];
}

static void
ring_push(
	struct growth_point *ring, unsigned cap, unsigned *head, unsigned *n, struct growth_point p)
{
	if (*n == cap)
		*head = (*head + 1) % cap;
	else
		++*n;
	*at(ring, cap, *head, *n - 1) = p;
}

void
memseries_push(struct memseries *s, double t, uint64_t bytes)
{
	double floor_t = floor(t / SERIES_FLOOR_S) * SERIES_FLOOR_S;
	struct growth_point *last;

	if (s->raw_n && t <= at(s->raw, SERIES_RAW, s->raw_head, s->raw_n - 1)->t)
		return;
	ring_push(s->raw, SERIES_RAW, &s->raw_head, &s->raw_n, (struct growth_point){t, bytes});
	last = s->floors_n ? at(s->floors, SERIES_FLOORS, s->floors_head, s->floors_n - 1) : NULL;
	if (last && last->t >= floor_t)
		last->bytes = MIN(last->bytes, bytes);
	else
		ring_push(s->floors, SERIES_FLOORS, &s->floors_head, &s->floors_n,
			(struct growth_point){floor_t, bytes});
}

void
memseries_prepend(struct memseries *s, const struct growth_point *p, size_t n)
{
	struct memseries *old = xmalloc(sizeof(*old));

	memcpy(old, s, sizeof(*old));
	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < n; i++)
		if (!old->raw_n || p[i].t < at(old->raw, SERIES_RAW, old->raw_head, 0)->t)
			memseries_push(s, p[i].t, p[i].bytes);
	for (unsigned i = 0; i < old->raw_n; i++) {
		const struct growth_point *r = at(old->raw, SERIES_RAW, old->raw_head, i);

		memseries_push(s, r->t, r->bytes);
	}
	free(old);
}

/* Five-minute minima up to where the raw samples begin, then those. */
size_t
memseries_since(const struct memseries *cs, double since, struct growth_point *out)
{
	struct memseries *s = (struct memseries *)cs; /* at() serves both */
	double raw_from = s->raw_n ? at(s->raw, SERIES_RAW, s->raw_head, 0)->t : INFINITY;
	size_t n = 0;

	for (unsigned i = 0; i < s->floors_n; i++) {
		const struct growth_point *f = at(s->floors, SERIES_FLOORS, s->floors_head, i);

		if (f->t >= since && f->t + SERIES_FLOOR_S <= raw_from)
			out[n++] = *f;
	}
	for (unsigned i = 0; i < s->raw_n; i++) {
		const struct growth_point *r = at(s->raw, SERIES_RAW, s->raw_head, i);

		if (r->t >= since)
			out[n++] = *r;
	}
	return n;
}

size_t
memseries_recent(const struct memseries *s, double step_s, uint64_t *out, size_t n)
{
	struct growth_point *p;
	size_t np, i = 0, first = n;
	double end, start;
	uint64_t held = 0;

	if (s->raw_n == 0 || n == 0)
		return 0;
	p = xmalloc(sizeof(*p) * (SERIES_RAW + SERIES_FLOORS));
	np = memseries_since(s, 0, p);
	end = p[np - 1].t;
	start = end - step_s * (double)n;
	for (; i < np && p[i].t <= start; i++)
		held = p[i].bytes;
	if (held)
		first = 0;
	for (size_t k = 0; k < n; k++) {
		double to = start + step_s * (double)(k + 1);
		uint64_t top = 0;

		for (; i < np && (p[i].t <= to || k == n - 1); i++) {
			top = MAX(top, p[i].bytes);
			held = p[i].bytes;
			first = MIN(first, k);
		}
		out[k] = top ? top : held;
	}
	memmove(out, out + first, (n - first) * sizeof(*out));
	free(p);
	return n - first;
}
