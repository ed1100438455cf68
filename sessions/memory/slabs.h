#ifndef SESSIONS_SLABS_H
#define SESSIONS_SLABS_H
/* Slabs: large private regions of one size, as allocators take them from the kernel, that are at
 * least half full. Neighbours melt into one mapping, so a mapping of 128 MiB or more is looked at in
 * windows of that size, counted from its end: regions are handed out downwards. */
#include "sessions/proc/smaps.h"

struct slab {
	pid_t pid;
	uint64_t end, size;	 /* address after it; bytes, a power of two */
	uint64_t bytes, swapped; /* in use; of that, swapped out */
};
struct slabs {
	struct slab *s; /* malloc'ed */
	size_t n;
};
/* Adds those of a mapping (one of smaps_each). Reads /proc/PID/pagemap where it is partly full. */
void slabs_add(struct slabs *out, pid_t pid, const struct mapping *m);
/* Of all of one size together. */
struct slab_sum {
	uint64_t size, bytes, swapped;
	unsigned n, freed; /* freed: of those before, which are gone */
};
enum { SLAB_SIZES = 3 };
/* By size, the largest first, sizes of which there are none left out; how many. before NULL: not
 * known, nothing is freed. */
size_t slabs_sum(
	const struct slabs *s, const struct slabs *before, struct slab_sum out[SLAB_SIZES]);

/* How the number of one size went, from looks that lie apart. */
struct slab_trend {
	unsigned n, freed;
	int added;   /* since the first look in view */
	double in_s; /* since then; 0: this is the first */
	bool grows;  /* two or more were added over half an hour, and none was freed */
};
struct slab_look {
	double t;
	unsigned n, freed;
};
struct slab_trend slabs_trend(const struct slab_look *look, size_t n); /* ascending, n >= 1 */
/* "4 x 128M, +1 in 3 h, none freed" */
void slabs_text(const struct slab_trend *t, const char *size, char *out, size_t cap);
#endif
