#ifndef CORE_CRC_H
#define CORE_CRC_H
/* CRC-32C (Castagnoli; reflected 0x82f63b78, start and end inverted, as in RFC 3720). */
#include "core/base/base.h"

/* Continues from crc; start with 0. */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);
#endif
