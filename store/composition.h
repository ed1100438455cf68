#ifndef STORE_COMPOSITION_H
#define STORE_COMPOSITION_H
/* What a session's memory was made of at some moments, in history.db: by category, by role, and its
 * slabs by size. Some 150 bytes each, kept for 90 days, after
 * the first week one in six hours. Sizes are kept in whole KiB. */
#include "store/history.h"

enum composition_why { /* what it was taken for; stored */
	COMPOSED_START,
	COMPOSED_VERDICT,
	COMPOSED_SLEEP,
	COMPOSED_ROSE,
	COMPOSED_AGE,
	COMPOSED_WHYS
};
enum mem_part_kind { PART_CATEGORY, PART_ROLE, PART_SLAB, PART_KINDS }; /* stored */
enum { PART_NAME = 48, PARTS_MAX = 200 };
struct mem_part {
	enum mem_part_kind kind;
	char name[PART_NAME];
	uint64_t bytes, swapped;
	unsigned n;	/* regions, processes, slabs */
	unsigned freed; /* of slabs: those of the composition before that are gone */
};
struct composition {
	uint32_t num;	 /* session */
	double t, age_s; /* Unix seconds; age of its run then */
	unsigned why;
	char version[24]; /* of its program, "" unknown */
	uint64_t total;
	struct mem_part *part; /* malloc'ed */
	size_t n;
};
/* At once. 0 or -errno: it is not kept. */
int history_put_composition(struct history_db *h, const struct composition *c);
/* Those since t0 and the last one before, ascending; num 0: of all sessions, one session after the
 * other. compositions_free. */
struct composition *history_compositions(struct history_db *h, uint32_t num, double t0, size_t *n);
void composition_add(struct composition *c, const struct mem_part *p); /* up to PARTS_MAX */
void compositions_free(struct composition *c, size_t n);	       /* NULL ok */
#endif
