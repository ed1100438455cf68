#ifndef STORE_CHUNK_H
#define STORE_CHUNK_H
/* A run of memory samples as a few bytes each: varint deltas of time (ms) and of footprint, rss and
 * swap (KiB), zigzag. The first sample's deltas are against t0 and 0. */
#include "core/base/buf.h"
#include "store/history.h"

enum { CHUNK_MAX = 240 };
void chunk_encode(struct buf *out, int64_t t0_ms, const struct mem_sample *s, size_t n);
/* At most max samples into out; how many, or -1 for bytes that no encoder wrote. */
long chunk_decode(const void *p, size_t len, int64_t t0_ms, struct mem_sample *out, size_t max);
/* A run of points of a tier, t ascending in whole steps from t0, with what each step holds. Sizes
 * as KiB: the last as a delta, the others against it. */
void chunk_encode_points(
	struct buf *out, double t0, double step, const struct mem_point *p, size_t n);
long chunk_decode_points(
	const void *p, size_t len, double t0, double step, struct mem_point *out, size_t max);
#endif
