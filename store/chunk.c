#include "store/chunk.h"
#include <math.h>

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
	static const int64_t kib_max = INT64_MAX >> 11, t_max = INT64_MAX >> 2;
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
