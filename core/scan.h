#ifndef CORE_SCAN_H
#define CORE_SCAN_H
/* The two inner loops of printing, as SIMD where the machine has it. Each has a scalar twin that
 * gives the same result for every input (tests compare them). */
#include "core/cell.h"

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
#define HAVE_ASCII16 1
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
	__m128i b[2] = {_mm_unpacklo_epi8(v, z), _mm_unpackhi_epi8(v, z)};
	for (int i = 0; i < 2; i++) {
		__m128i lo = _mm_unpacklo_epi16(b[i], z), hi = _mm_unpackhi_epi16(b[i], z);
		_mm_storeu_si128(d++, _mm_or_si128(_mm_unpacklo_epi32(lo, z), t));
		_mm_storeu_si128(d++, _mm_or_si128(_mm_unpackhi_epi32(lo, z), t));
		_mm_storeu_si128(d++, _mm_or_si128(_mm_unpacklo_epi32(hi, z), t));
		_mm_storeu_si128(d++, _mm_or_si128(_mm_unpackhi_epi32(hi, z), t));
	}
}
#else
#define scan_params scan_params_scalar
#endif

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
