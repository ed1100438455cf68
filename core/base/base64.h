#ifndef CORE_BASE64_H
#define CORE_BASE64_H
/* Base64, the standard alphabet. */
#include "core/base/buf.h"

/* Appends n bytes, padded with '='. */
void base64_put(struct buf *out, const void *bytes, size_t n);
/* Decodes s[0..n) up to the first byte outside the alphabet, which is s[*end] (NULL ok), or until
 * out is full: bytes written, at most cap. out may be s. */
size_t base64_get(void *out, size_t cap, const char *s, size_t n, size_t *end);
#endif
