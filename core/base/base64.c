#include "core/base/base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
base64_put(struct buf *out, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		uint32_t v = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
			     (left > 2 ? p[i + 2] : 0);

		buf_putc(out, (uint8_t)alphabet[v >> 18]);
		buf_putc(out, (uint8_t)alphabet[v >> 12 & 63]);
		buf_putc(out, (uint8_t)(left > 1 ? alphabet[v >> 6 & 63] : '='));
		buf_putc(out, (uint8_t)(left > 2 ? alphabet[v & 63] : '='));
	}
}

static int
digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

size_t
base64_get(void *out, size_t cap, const char *s, size_t n, size_t *end)
{
	uint8_t *o = out;
	uint32_t bits = 0;
	size_t i, k = 0;
	int have = 0, d;

	for (i = 0; i < n && k < cap && (d = digit(s[i])) >= 0; i++) {
		bits = bits << 6 | (uint32_t)d;
		have += 6;
		if (have >= 8) {
			have -= 8;
			o[k++] = (uint8_t)(bits >> have);
		}
	}
	if (end)
		*end = i;
	return k;
}
