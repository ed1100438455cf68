#include "core/base/utf8.h"

/* Bytes that may follow what is there of a character, by its first: its second byte is the one that
 * tells overlong forms, surrogates, and what is past the last character. */
static bool
fits(const uint8_t *p, unsigned i)
{
	uint8_t lo = 0x80, hi = 0xbf;

	if (i == 1) {
		lo = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : lo;
		hi = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : hi;
	}
	return p[i] >= lo && p[i] <= hi;
}

unsigned
utf8_read(const void *s, size_t n, uint32_t *cp)
{
	const uint8_t *p = s, *at = s;
	unsigned len = utf8_len(p[0]);

	if (!len || len > n)
		return 0;
	for (unsigned i = 1; i < len; i++)
		if (!fits(p, i))
			return 0;
	*cp = utf8_get(&at);
	return len;
}

size_t
utf8_next(const void *s, size_t n, uint32_t *cp)
{
	const uint8_t *p = s;
	unsigned len = utf8_read(s, n, cp), i = 1;

	if (len)
		return len;
	*cp = 0xfffd;
	for (len = utf8_len(p[0]); i < len && i < n && fits(p, i);)
		i++;
	return i;
}
