#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H
/* What fuzz targets share: the input as a stream that never runs dry (zeros after its end). */
#include "core/base/base.h"
#include <string.h>

struct fuzz_in {
	const uint8_t *p, *end;
};

static inline size_t
fuzz_left(const struct fuzz_in *in)
{
	return (size_t)(in->end - in->p);
}

static inline uint8_t
fuzz_u8(struct fuzz_in *in)
{
	return in->p < in->end ? *in->p++ : 0;
}

/* At most n bytes, borrowed. */
static inline const uint8_t *
fuzz_bytes(struct fuzz_in *in, size_t n, size_t *got)
{
	const uint8_t *p = in->p;

	*got = MIN(n, fuzz_left(in));
	in->p += *got;
	return p;
}

/* A size of a terminal from a byte: mostly small, since work grows with it and cases do not. */
static inline int
fuzz_cols(uint8_t v)
{
	return v < 240 ? 1 + v % 80 : 1 + (v - 239) * 12;
}

static inline int
fuzz_rows(uint8_t v)
{
	return v < 240 ? 1 + v % 24 : 1 + (v - 239) * 6;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
#endif
