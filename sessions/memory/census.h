#ifndef SESSIONS_CENSUS_H
#define SESSIONS_CENSUS_H
/* What sessions' memory is made of, over time: a full walk of a session's tree when it has settled
 * after a start, with a verdict on its growth and hourly from then on, when it rose much, every six
 * hours, and before it is put to sleep. Written to the store as compositions. One walk at a time,
 * on a worker thread; everything else on the loop thread. */
#include "sessions/memory/sampler.h"
#include "store/composition.h"

struct census;
struct census_who {
	uint32_t num;
	char id[12];
	pid_t pid;
	double started; /* wall time of its run */
};
/* store NULL: nothing is written. Both are borrowed. */
struct census *census_new(uv_loop_t *loop, struct sampler *sampler, struct store_worker *store);
void census_close(struct census *c); /* its memory goes when the walk under way is done; NULL ok */
/* A sample was taken: is a walk due? */
void census_sampled(struct census *c, const struct census_who *who, const struct memstat *m);
/* A walk before it is put to sleep; cb on the loop thread, also when nothing could be
 * read, but not after census_close. */
typedef void (*census_cb)(void *ctx);
void census_now(struct census *c, const struct census_who *who, census_cb cb, void *ctx);
void census_forget(struct census *c, uint32_t num); /* its run is over; c NULL ok */
/* A session's footprint at its last walk, in a run before this one too; 0: not known. c NULL ok */
uint64_t census_total(const struct census *c, uint32_t num);

/* The slabs of a session and how they went within a day; how many sizes. */
struct census_slab {
	struct slab_sum sum;
	struct slab_trend trend;
	char text[64]; /* slabs_text */
};
/* fresh: those of a walk of the caller's; NULL: as of the last walk. c NULL: nothing is known of
 * earlier ones. */
size_t census_slabs(const struct census *c, uint32_t num, const struct slabs *fresh,
	struct census_slab out[SLAB_SIZES]);

/* When a walk is due; pure. Times are seconds of a clock that nobody sets. */
struct census_state {
	double began, last; /* of this run; last 0: none yet */
	uint64_t last_total;
	bool grows; /* by the verdict at the last sample */
};
bool census_due(const struct census_state *s, const struct memstat *m, double now,
	enum composition_why *why);
#endif
