#ifndef CORE_SCAN_H
#define CORE_SCAN_H
/* The inner loops of printing, as SIMD where the machine has it. Each has a scalar twin that
 * gives the same result for every input (tests compare them). */
#include <endian.h>
#include <string.h>

#include "core/page/cell.h"

/* How many of the first n bytes are printable ASCII (0x20..0x7e). */
size_t scan_ascii(const uint8_t *p, size_t n);
size_t scan_ascii_scalar(const uint8_t *p, size_t n);
/* dst[i] = p[i] | tmpl */
void widen_ascii(cell_t *dst, const uint8_t *p, size_t n, cell_t tmpl);
void widen_ascii_scalar(cell_t *dst, const uint8_t *p, size_t n, cell_t tmpl);
/* How many of the 32 bytes at p are digits, semicolons or colons, before the first that is not. */
static inline unsigned
scan_params_scalar(const uint8_t *p)
{
	unsigned i = 0;
	while (i < 32 && (uint8_t)(p[i] - 0x30) < 12)
		i++;
	return i;
}
#if defined(__x86_64__)
#include <emmintrin.h>
static inline unsigned
scan_params(const uint8_t *p)
{
	const __m128i base = _mm_set1_epi8(0x30), top = _mm_set1_epi8(11);
	__m128i a = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)p), base);
	__m128i b = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(p + 16)), base);
	unsigned ok = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(a, top), a)) |
		      (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(b, top), b)) << 16;
	return ~ok ? (unsigned)__builtin_ctz(~ok) : 32;
}
/* Sixteen at once, where that much may be read and written: how many are printable ASCII, and all
 * of them as cells. */
static inline unsigned
scan_ascii16(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)p);
	__m128i ok = _mm_andnot_si128(
		_mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)), _mm_cmpgt_epi8(v, _mm_set1_epi8(0x1f)));
	return (unsigned)__builtin_ctz(~(unsigned)_mm_movemask_epi8(ok));
}
static inline void
widen_ascii16(cell_t *dst, const uint8_t *p, cell_t tmpl)
{
	const __m128i t = _mm_set1_epi64x((long long)tmpl), z = _mm_setzero_si128();
	__m128i v = _mm_loadu_si128((const __m128i *)p), *d = (__m128i *)dst;
	__m128i a = _mm_unpacklo_epi8(v, z), b = _mm_unpackhi_epi8(v, z);
	__m128i q[4] = {_mm_unpacklo_epi16(a, z), _mm_unpackhi_epi16(a, z),
		_mm_unpacklo_epi16(b, z), _mm_unpackhi_epi16(b, z)};
	_mm_storeu_si128(d, _mm_or_si128(_mm_unpacklo_epi32(q[0], z), t));
	_mm_storeu_si128(d + 1, _mm_or_si128(_mm_unpackhi_epi32(q[0], z), t));
	_mm_storeu_si128(d + 2, _mm_or_si128(_mm_unpacklo_epi32(q[1], z), t));
	_mm_storeu_si128(d + 3, _mm_or_si128(_mm_unpackhi_epi32(q[1], z), t));
	_mm_storeu_si128(d + 4, _mm_or_si128(_mm_unpacklo_epi32(q[2], z), t));
	_mm_storeu_si128(d + 5, _mm_or_si128(_mm_unpackhi_epi32(q[2], z), t));
	_mm_storeu_si128(d + 6, _mm_or_si128(_mm_unpacklo_epi32(q[3], z), t));
	_mm_storeu_si128(d + 7, _mm_or_si128(_mm_unpackhi_epi32(q[3], z), t));
}
#else
#define scan_params scan_params_scalar
static inline unsigned
scan_ascii16(const uint8_t *p)
{
	return (unsigned)scan_ascii_scalar(p, 16);
}
static inline void
widen_ascii16(cell_t *dst, const uint8_t *p, cell_t tmpl)
{
	widen_ascii_scalar(dst, p, 16, tmpl);
}
#endif

typedef uint32_t u32x4 __attribute__((vector_size(16)));
typedef int32_t i32x4 __attribute__((vector_size(16)));
typedef uint64_t u64x2 __attribute__((vector_size(16)));
/* Two cells. (A longer memcpy may become a string instruction, which is slow to start.) */
static inline u64x2
load_pair(const cell_t *p)
{
	u64x2 v;
	memcpy(&v, p, sizeof(v));
	return v;
}
static inline void
store_pair(cell_t *p, u64x2 v)
{
	memcpy(p, &v, sizeof(v));
}

/* The first n of 16 characters over what is there; the 16 cells behind those are read. */
static inline void
widen_ascii16_over(cell_t *dst, const uint8_t *p, size_t n, cell_t tmpl)
{
	cell_t *q = dst + n;
	u64x2 a = load_pair(q), b = load_pair(q + 2), c = load_pair(q + 4), d = load_pair(q + 6);
	u64x2 e = load_pair(q + 8), f = load_pair(q + 10), g = load_pair(q + 12),
	      h = load_pair(q + 14);
	widen_ascii16(dst, p, tmpl);
	store_pair(q, a), store_pair(q + 2, b), store_pair(q + 4, c), store_pair(q + 6, d);
	store_pair(q + 8, e), store_pair(q + 10, f), store_pair(q + 12, g), store_pair(q + 14, h);
}

/* Four characters of three bytes each, of which 13 bytes are read; 0 for one that is not well
 * formed (surrogates are for the caller to see). */
static inline u32x4
quad_decode(const uint8_t *p)
{
	uint32_t w[4];
	for (int i = 0; i < 4; i++) {
		memcpy(&w[i], p + 3 * i, 4);
		w[i] = le32toh(w[i]);
	}
	u32x4 v = {w[0], w[1], w[2], w[3]};
	u32x4 cp = (v & 0xf) << 12 | (v >> 2 & 0xfc0) | (v >> 16 & 0x3f);
	return cp & (u32x4)((v & 0xc0c0f0) == 0x8080e0) & (u32x4)((i32x4)cp > 0x7ff);
}
/* How many of the n bytes at p, n a multiple of 3, repeat the three bytes before p. */
static inline size_t
scan_repeat3(const uint8_t *p, size_t n)
{
	size_t i = 0;
	for (; i + 16 <= n; i += 16) {
		uint64_t a[2], b[2];
		memcpy(a, p + i, 16);
		memcpy(b, p + i - 3, 16);
		if ((a[0] ^ b[0]) | (a[1] ^ b[1]))
			break;
	}
	while (i < n && p[i] == p[i - 3])
		i++;
	return i / 3 * 3;
}
static inline void
fill_cells(cell_t *dst, size_t n, cell_t c)
{
	const u64x2 v = {c, c};
	size_t i = 0;
	for (; i + 2 <= n; i += 2)
		store_pair(dst + i, v);
	if (i < n)
		dst[i] = c;
}
/* They as four narrow cells, or as four wide ones with their tails. */
static inline void
quad_narrow(cell_t *dst, u32x4 cp, cell_t tmpl)
{
	const u32x4 z = {0};
	const u64x2 t = {tmpl, tmpl};
	store_pair(dst, (u64x2)__builtin_shufflevector(cp, z, 0, 4, 1, 5) | t);
	store_pair(dst + 2, (u64x2)__builtin_shufflevector(cp, z, 2, 6, 3, 7) | t);
}
static inline void
quad_wide(cell_t *dst, u32x4 cp, cell_t tmpl)
{
	const u32x4 z = {0};
	const u64x2 t = {tmpl | CELL_WIDE, tmpl | CELL_WIDE};
	const u64x2 tail = {tmpl | CELL_TAIL, tmpl | CELL_TAIL};
	u64x2 a = (u64x2)__builtin_shufflevector(cp, z, 0, 4, 1, 5) | t;
	u64x2 b = (u64x2)__builtin_shufflevector(cp, z, 2, 6, 3, 7) | t;
	store_pair(dst, __builtin_shufflevector(a, tail, 0, 2));
	store_pair(dst + 2, __builtin_shufflevector(a, tail, 1, 2));
	store_pair(dst + 4, __builtin_shufflevector(b, tail, 0, 2));
	store_pair(dst + 6, __builtin_shufflevector(b, tail, 1, 2));
}

/* The same for runs that are mostly short: the first few bytes without a call. */
static inline size_t
scan_ascii_near(const uint8_t *p, size_t n)
{
	size_t i = 0;
	for (; i < n && i < 4; i++)
		if (p[i] < 0x20 || p[i] >= 0x7f)
			return i;
	return i < n ? i + scan_ascii(p + i, n - i) : i;
}
static inline void
widen_ascii_near(cell_t *dst, const uint8_t *p, size_t n, cell_t tmpl)
{
	if (n <= 4)
		for (size_t i = 0; i < n; i++)
			dst[i] = p[i] | tmpl;
	else
		widen_ascii(dst, p, n, tmpl);
}
#endif
