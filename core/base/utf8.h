#ifndef CORE_UTF8_H
#define CORE_UTF8_H
/* Characters to UTF-8 and back. A terminal's input has decoders of its own: one that can stop
 * between any two bytes (vt_parser.c), and one for runs (run.c). */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_MAX 4 /* bytes a character */

/* Writes one, returns its end. A surrogate becomes U+FFFD, what is past the last character that. */
static inline __attribute__((always_inline)) uint8_t *
utf8_put(uint8_t *p, uint32_t cp)
{
	if (cp < 0x80) {
		*p++ = (uint8_t)cp;
		return p;
	}
	if (cp < 0x800) {
		*p++ = (uint8_t)(0xc0 | cp >> 6);
		*p++ = (uint8_t)(0x80 | (cp & 63));
		return p;
	}
	if (cp < 0x10000) {
		if (cp >= 0xd800 && cp < 0xe000)
			cp = 0xfffd;
		*p++ = (uint8_t)(0xe0 | cp >> 12);
	} else {
		if (cp > 0x10ffff)
			cp = 0x10ffff;
		*p++ = (uint8_t)(0xf0 | cp >> 18);
		*p++ = (uint8_t)(0x80 | (cp >> 12 & 63));
	}
	*p++ = (uint8_t)(0x80 | (cp >> 6 & 63));
	*p++ = (uint8_t)(0x80 | (cp & 63));
	return p;
}

/* Reads one of well-formed text, and moves *p past it. */
static inline uint32_t
utf8_get(const uint8_t **p)
{
	const uint8_t *s = *p;
	unsigned n = 1 + (s[0] >= 0xc0) + (s[0] >= 0xe0) + (s[0] >= 0xf0);
	uint32_t cp = n == 1 ? s[0] : s[0] & (0x7fu >> n);

	for (unsigned i = 1; i < n; i++)
		cp = cp << 6 | (s[i] & 63);
	*p = s + n;
	return cp;
}

/* How long a character is that begins with this byte; 0: none does. */
static inline unsigned
utf8_len(uint8_t first)
{
	if (first < 0x80)
		return 1;
	return first < 0xc2 || first > 0xf4 ? 0 : 2u + (first >= 0xe0) + (first >= 0xf0);
}
/* One of text from outside, n >= 1 bytes of it: bytes taken, 0 where it is not well formed. */
unsigned utf8_read(const void *s, size_t n, uint32_t *cp);
/* The same, but takes what is not well formed (>= 1 bytes) as U+FFFD. */
size_t utf8_next(const void *s, size_t n, uint32_t *cp);
#endif
