#include "store/chunk.h"
#include <math.h>

static const int64_t kib_max = INT64_MAX >> 11;
enum { STEPS_MAX = 1 << 20 };

static uint64_t
zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static int64_t
unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

struct state {
	int64_t t_ms;
	int64_t kib[3]; /* footprint, rss, swap */
};

void
chunk_encode(struct buf *out, int64_t t0_ms, const struct mem_sample *s, size_t n)
{
	struct state st = {.t_ms = t0_ms};

	for (size_t i = 0; i < n; i++) {
		int64_t t = (int64_t)llround(s[i].t * 1000);
		const int64_t v[3] = {(int64_t)(s[i].footprint >> 10), (int64_t)(s[i].rss >> 10),
			(int64_t)(s[i].swap >> 10)};

		buf_varint(out, zigzag(t - st.t_ms));
		st.t_ms = t;
		for (int k = 0; k < 3; k++) {
			buf_varint(out, zigzag(v[k] - st.kib[k]));
			st.kib[k] = v[k];
		}
		buf_varint(out, s[i].flags);
	}
}

long
chunk_decode(const void *p, size_t len, int64_t t0_ms, struct mem_sample *out, size_t max)
{
	static const int64_t t_max = INT64_MAX >> 2;
	struct rd r = rd_init(p, len);
	struct state st = {.t_ms = t0_ms};
	long n = 0;

	while (rd_left(&r) && (size_t)n < max) {
		int64_t d = unzigzag(rd_varint(&r));

		if (d > t_max || d < -t_max || st.t_ms > t_max || st.t_ms < -t_max)
			return -1;
		st.t_ms += d;
		for (int k = 0; k < 3; k++) {
			d = unzigzag(rd_varint(&r));
			if (d > kib_max || d < -kib_max || st.kib[k] + d < 0 ||
				st.kib[k] + d > kib_max)
				return -1;
			st.kib[k] += d;
		}
		out[n].t = (double)st.t_ms / 1000;
		out[n].footprint = (uint64_t)st.kib[0] << 10;
		out[n].rss = (uint64_t)st.kib[1] << 10;
		out[n].swap = (uint64_t)st.kib[2] << 10;
		out[n].flags = (unsigned)rd_varint(&r);
		if (r.bad)
			return -1;
		n++;
	}
	return rd_left(&r) ? -1 : n;
}

/* min <= avg, last <= max and rss_min <= rss_last hold by construction: differences are unsigned.
 */
void
chunk_encode_points(struct buf *out, double t0, double step, const struct mem_point *p, size_t n)
{
	int64_t last = 0, swap = 0, rss = 0, at = -1;

	for (size_t i = 0; i < n; i++) {
		int64_t k = llround((p[i].t - t0) / step), la = (int64_t)(p[i].last >> 10);
		int64_t sw = (int64_t)(p[i].swap_max >> 10), rs = (int64_t)(p[i].rss_last >> 10);
		int64_t mn = (int64_t)(p[i].min >> 10), mx = (int64_t)(p[i].max >> 10);
		int64_t av = CLAMP((int64_t)(p[i].avg >> 10), mn, mx);

		buf_varint(out, (uint64_t)(k - at - 1));
		buf_varint(out, p[i].n);
		buf_varint(out, p[i].flags);
		buf_varint(out, zigzag(la - last));
		buf_varint(out, (uint64_t)(la - mn));
		buf_varint(out, (uint64_t)(mx - la));
		buf_varint(out, (uint64_t)(av - mn));
		buf_varint(out, zigzag(sw - swap));
		buf_varint(out, zigzag(rs - rss));
		buf_varint(out, (uint64_t)(rs - (int64_t)(p[i].rss_min >> 10)));
		at = k;
		last = la;
		swap = sw;
		rss = rs;
	}
}

/* Adds a delta; false when the sum leaves what an encoder could have meant. */
static bool
move(int64_t *v, uint64_t coded)
{
	int64_t d = unzigzag(coded);

	if (d > kib_max || d < -kib_max || *v + d < 0 || *v + d > kib_max)
		return false;
	*v += d;
	return true;
}

long
chunk_decode_points(
	const void *p, size_t len, double t0, double step, struct mem_point *out, size_t max)
{
	struct rd r = rd_init(p, len);
	int64_t last = 0, swap = 0, rss = 0;
	uint64_t at = 0;
	long n = 0;

	for (; rd_left(&r) && (size_t)n < max; n++, at++) {
		struct mem_point *o = &out[n];
		uint64_t gap = rd_varint(&r), below, above, mid, rss_below;

		o->n = (unsigned)rd_varint(&r);
		o->flags = (unsigned)rd_varint(&r);
		if (gap > STEPS_MAX || (at += gap) > STEPS_MAX || !move(&last, rd_varint(&r)))
			return -1;
		below = rd_varint(&r);
		above = rd_varint(&r);
		mid = rd_varint(&r);
		if (!move(&swap, rd_varint(&r)) || !move(&rss, rd_varint(&r)))
			return -1;
		rss_below = rd_varint(&r);
		if (r.bad || below > (uint64_t)last || above > (uint64_t)kib_max ||
			mid > below + above || rss_below > (uint64_t)rss)
			return -1;
		o->t = t0 + (double)at * step;
		o->last = (uint64_t)last << 10;
		o->min = ((uint64_t)last - below) << 10;
		o->max = ((uint64_t)last + above) << 10;
		o->avg = o->min + (mid << 10);
		o->swap_max = (uint64_t)swap << 10;
		o->rss_last = (uint64_t)rss << 10;
		o->rss_min = ((uint64_t)rss - rss_below) << 10;
	}
	return rd_left(&r) ? -1 : n;
}
