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
