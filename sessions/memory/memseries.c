#include "sessions/memory/memseries.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CS 100.0 /* units a second */

static struct growth_point
raw_at(const struct memseries *s, unsigned i)
{
	const struct series_point *p = &s->raw[(s->raw_head + i) % SERIES_RAW];

	return (struct growth_point){.t = s->base + p->cs / CS, .bytes = (uint64_t)p->kib << 10};
}

static void
push_raw(struct memseries *s, struct series_point p)
{
	if (s->raw_n == SERIES_RAW)
		s->raw_head = (s->raw_head + 1) % SERIES_RAW;
	else
		s->raw_n++;
	s->raw[(s->raw_head + s->raw_n - 1) % SERIES_RAW] = p;
}

static void
push_floor(struct memseries *s, int64_t bucket, uint32_t kib)
{
	uint32_t *last = &s->floor_kib[bucket % SERIES_FLOORS];

	if (s->floors_n && bucket < s->floor_end) {
		*last = MIN(*last, kib);
		return;
	}
	if (!s->floors_n || bucket - s->floor_end >= SERIES_FLOORS) {
		s->floors_n = 0;
		s->floor_end = bucket;
	}
	for (; s->floor_end <= bucket; s->floor_end++, s->floors_n += s->floors_n < SERIES_FLOORS)
		s->floor_kib[s->floor_end % SERIES_FLOORS] = UINT32_MAX;
	*last = kib;
}

void
memseries_push(struct memseries *s, double t, uint64_t bytes)
{
	struct series_point p = {.kib = (uint32_t)MIN(bytes >> 10, UINT32_MAX - 1)};

	if (s->raw_n && t - s->base > UINT32_MAX / CS)
		*s = (struct memseries){0}; /* 497 days on: what it knew is of no use */
	if (!s->raw_n)
		s->base = t;
	if (t < s->base || t < 0)
		return;
	p.cs = (uint32_t)((t - s->base) * CS + 0.5);
	if (s->raw_n && p.cs <= s->raw[(s->raw_head + s->raw_n - 1) % SERIES_RAW].cs)
		return;
	push_raw(s, p);
	push_floor(s, (int64_t)floor(t / SERIES_FLOOR_S), p.kib);
}

void
memseries_prepend(struct memseries *s, const struct growth_point *p, size_t n)
{
	struct memseries *old = xmalloc(sizeof(*old));

	memcpy(old, s, sizeof(*old));
	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < n; i++)
		if (!old->raw_n || p[i].t < raw_at(old, 0).t)
			memseries_push(s, p[i].t, p[i].bytes);
	for (unsigned i = 0; i < old->raw_n; i++)
		memseries_push(s, raw_at(old, i).t, raw_at(old, i).bytes);
	free(old);
}

/* Five-minute minima up to where the raw samples begin, then those. */
size_t
memseries_since(const struct memseries *s, double since, struct growth_point *out)
{
	double raw_from = s->raw_n ? raw_at(s, 0).t : INFINITY;
	size_t n = 0;

	for (int64_t b = s->floor_end - s->floors_n; b < s->floor_end; b++) {
		double t = (double)b * SERIES_FLOOR_S;
		uint32_t kib = s->floor_kib[b % SERIES_FLOORS];

		if (kib != UINT32_MAX && t >= since && t + SERIES_FLOOR_S <= raw_from)
			out[n++] = (struct growth_point){.t = t, .bytes = (uint64_t)kib << 10};
	}
	for (unsigned i = 0; i < s->raw_n; i++) {
		struct growth_point r = raw_at(s, i);

		if (r.t >= since)
			out[n++] = r;
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
