#ifndef TESTS_CORPUS_H
#define TESTS_CORPUS_H
/* Terminal output by kind, made from a fixed seed: the same bytes on every machine. Used by the
 * bench, by fuzz seeds and by tests that need much realistic output. */
#include "core/base/buf.h"

struct corpus {
	const char *name, *what;
	void (*line)(struct buf *out, uint64_t *rng, unsigned n); /* appends one piece */
	bool history; /* one of the four that bytes per line are measured on */
};
extern const struct corpus corpora[];		    /* ends with name NULL */
const struct corpus *corpus_find(const char *name); /* NULL */
/* Appends whole pieces until out holds at least bytes. */
void corpus_fill(const struct corpus *c, struct buf *out, size_t bytes);
uint64_t corpus_rand(uint64_t *rng); /* splitmix64 */
#endif
