#ifndef CORE_UTF8_H
#define CORE_UTF8_H
/* Characters to UTF-8 and back. What comes from outside is decoded, and doubted, in vt_parser.c and
 * pack_read.c. */
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
#endif
