#ifndef CORE_BUF_H
#define CORE_BUF_H
/* Growable byte buffer, and a bounds-checked reader over foreign bytes.
 * Integers are little-endian; varint is LEB128. The buffer owns data; {0} is a valid empty one. */
#include "core/base/base.h"

struct buf {
	uint8_t *data;
	size_t len, cap;
};
void buf_free(struct buf *b); /* back to {0} */
void buf_reserve(struct buf *b, size_t extra);
void buf_put(struct buf *b, const void *p, size_t n);
void buf_putc(struct buf *b, uint8_t c);
void buf_puts(struct buf *b, const char *s);
void buf_u16(struct buf *b, uint16_t v);
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);
void buf_varint(struct buf *b, uint64_t v);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_drop(struct buf *b, size_t n); /* the first n bytes go */
void buf_utf8(struct buf *b, uint32_t cp);
char *buf_cstr(struct buf *b); /* NUL-terminates (not counted in len); borrowed */

/* A read past the end or a bad varint sets bad and yields 0 / NULL from then on. */
struct rd {
	const uint8_t *p, *end;
	bool bad;
};
struct rd rd_init(const void *p, size_t n);
uint8_t rd_u8(struct rd *r);
uint16_t rd_u16(struct rd *r);
uint32_t rd_u32(struct rd *r);
uint64_t rd_u64(struct rd *r);
uint64_t rd_varint(struct rd *r);
const uint8_t *rd_bytes(struct rd *r, size_t n); /* borrowed; NULL when fewer are left */
size_t rd_left(const struct rd *r);
#endif
