/* See scan.h. x86-64 has SSE2 always; AVX2 is chosen at run time. Other machines use the same code
 * through the compiler's generic vectors. */
#include "core/text/scan.h"

#include <string.h>

size_t
scan_ascii_scalar(const uint8_t *p, size_t n)
{
	size_t i = 0;
	while (i < n && p[i] >= 0x20 && p[i] < 0x7f)
		i++;
	return i;
}

void
widen_ascii_scalar(cell_t *dst, const uint8_t *p, size_t n, cell_t tmpl)
{
	for (size_t i = 0; i < n; i++)
		dst[i] = p[i] | tmpl;
}

#if defined(__x86_64__)
#include <immintrin.h>

/* Signed compare: 0x80..0xff are negative, so > 0x1f leaves 0x20..0x7f. */
static size_t
scan_sse2(const uint8_t *p, size_t n)
{
	const __m128i lo = _mm_set1_epi8(0x1f), del = _mm_set1_epi8(0x7f);
	size_t i = 0;
	for (; i + 16 <= n; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(p + i));
		__m128i ok = _mm_andnot_si128(_mm_cmpeq_epi8(v, del), _mm_cmpgt_epi8(v, lo));
		unsigned bad = (unsigned)_mm_movemask_epi8(ok) ^ 0xffffu;
		if (bad)
			return i + (size_t)__builtin_ctz(bad);
	}
	return i + scan_ascii_scalar(p + i, n - i);
}

__attribute__((target("avx2"))) static size_t
scan_avx2(const uint8_t *p, size_t n)
{
	const __m256i lo = _mm256_set1_epi8(0x1f), del = _mm256_set1_epi8(0x7f);
	size_t i = 0;
	for (; i + 32 <= n; i += 32) {
		__m256i v = _mm256_loadu_si256((const __m256i *)(p + i));
		__m256i ok =
			_mm256_andnot_si256(_mm256_cmpeq_epi8(v, del), _mm256_cmpgt_epi8(v, lo));
		unsigned bad = ~(unsigned)_mm256_movemask_epi8(ok);
		if (bad)
			return i + (size_t)__builtin_ctz(bad);
	}
	return i + scan_sse2(p + i, n - i);
}

static void
widen_sse2(cell_t *dst, const uint8_t *p, size_t n, cell_t tmpl)
{
	const __m128i t = _mm_set1_epi64x((long long)tmpl), z = _mm_setzero_si128();
	size_t i = 0;
	for (; i + 8 <= n; i += 8) {
		__m128i b = _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)(p + i)), z);
		__m128i w0 = _mm_unpacklo_epi16(b, z), w1 = _mm_unpackhi_epi16(b, z);
		__m128i *d = (__m128i *)(dst + i);
		_mm_storeu_si128(d, _mm_or_si128(_mm_unpacklo_epi32(w0, z), t));
		_mm_storeu_si128(d + 1, _mm_or_si128(_mm_unpackhi_epi32(w0, z), t));
		_mm_storeu_si128(d + 2, _mm_or_si128(_mm_unpacklo_epi32(w1, z), t));
		_mm_storeu_si128(d + 3, _mm_or_si128(_mm_unpackhi_epi32(w1, z), t));
	}
	widen_ascii_scalar(dst + i, p + i, n - i, tmpl);
}

__attribute__((target("avx2"))) static inline void
widen8_avx2(cell_t *dst, const uint8_t *p, __m256i t)
{
	__m128i b = _mm_loadl_epi64((const __m128i *)p);
	__m256i *d = (__m256i *)dst;
	_mm256_storeu_si256(d, _mm256_or_si256(_mm256_cvtepu8_epi64(b), t));
	_mm256_storeu_si256(d + 1, _mm256_or_si256(_mm256_cvtepu8_epi64(_mm_srli_si128(b, 4)), t));
}

/* The last eight may have been written already. */
__attribute__((target("avx2"))) static void
widen_avx2(cell_t *dst, const uint8_t *p, size_t n, cell_t tmpl)
{
	const __m256i t = _mm256_set1_epi64x((long long)tmpl);
	if (n < 8) {
		widen_ascii_scalar(dst, p, n, tmpl);
		return;
	}
	for (size_t i = 0; i + 8 <= n; i += 8)
		widen8_avx2(dst + i, p + i, t);
	widen8_avx2(dst + n - 8, p + n - 8, t);
}

static bool
have_avx2(void)
{
	static int have = -1; /* of the machine, so the same for everybody */
	if (unlikely(have < 0))
		have = __builtin_cpu_supports("avx2") ? 1 : 0;
	return have;
}

size_t
scan_ascii(const uint8_t *p, size_t n)
{
	return have_avx2() ? scan_avx2(p, n) : scan_sse2(p, n);
}

void
widen_ascii(cell_t *dst, const uint8_t *p, size_t n, cell_t tmpl)
{
	if (have_avx2())
		widen_avx2(dst, p, n, tmpl);
	else
		widen_sse2(dst, p, n, tmpl);
}

#else
typedef uint8_t bytes16 __attribute__((vector_size(16)));

size_t
scan_ascii(const uint8_t *p, size_t n)
{
	size_t i = 0;
	for (; i + 16 <= n; i += 16) {
		bytes16 v;
		memcpy(&v, p + i, 16);
		bytes16 bad = (bytes16)((v - 0x20) > 0x5e);
		uint64_t w[2];
		memcpy(w, &bad, 16);
		if (w[0] | w[1])
			break;
	}
	return i + scan_ascii_scalar(p + i, n - i);
}

void
widen_ascii(cell_t *dst, const uint8_t *p, size_t n, cell_t tmpl)
{
	widen_ascii_scalar(dst, p, n, tmpl);
}
#endif
