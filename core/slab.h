#ifndef CORE_SLAB_H
#define CORE_SLAB_H
/* The arena: one reserved range, one block size. Everything a session's terminal holds (screen
 * pages, annex tables, packed history) lives in slabs of it; nothing else is ever mapped for a
 * session, so what the counters say is what the process holds.
 *
 * The range maps a memfd (shared), so that a keeper holding the fd preserves it over the server's
 * death: the successor adopts the fd, claims the slabs its checkpoints name, and frees the rest.
 *
 * State, owner and generation of each slab live in a side table, never in slab contents. `touched`
 * is a mask of the slab's 4-KiB pages that were ever written since its last decommit; callers
 * announce the first write to a page by slab_touch(), so counters equal mincore exactly. A page
 * that was not announced must not be read either: reading shared memory makes it resident.
 *
 * All calls on the loop thread. Invariants (always): mapped = live + cached + free + orphan;
 * sum over owners = live; resident = sum of popcount(touched) pages. */
#include "core/base.h"
#include <stdio.h>

#define SLAB_BYTES 65536u
#define SLAB_PAGE 4096u

struct arena;
typedef uint32_t slab_t; /* index; 0 is never a slab */

struct arena_stats { /* all in bytes */
	uint64_t reserved, mapped, live, cached, free, orphan;
	uint64_t resident_counted; /* by the touched masks */
};

/* max_bytes of address space (0: 64 GiB). NULL and errno on failure. */
struct arena *arena_new(uint64_t max_bytes);
/* Takes over the fd of a dead process's arena: every slab it had is ORPHAN until claimed. NULL if
 * the fd is no arena of a version this program reads. take_fd is owned from here, also on failure.
 */
struct arena *arena_adopt(int take_fd);
void arena_free(struct arena *a);    /* NULL ok */
int arena_fd(const struct arena *a); /* borrowed */
struct arena_stats arena_stats(const struct arena *a);
uint64_t arena_owner_bytes(const struct arena *a, uint32_t owner); /* live bytes of one owner */
/* Pages of one owner's live slabs that hold memory, in bytes: what it really costs. */
uint64_t arena_owner_resident(const struct arena *a, uint32_t owner);
/* Ends adoption: every slab not claimed by slab_claim() goes back. Returns how many. */
unsigned arena_sweep(struct arena *a);
/* Every slab of an owner goes back, whoever held it (a parked session is forgotten). How many. */
unsigned arena_drop_owner(struct arena *a, uint32_t owner);

/* A slab for `owner` (non-zero), contents undefined; 0 when the arena is full or a fault is
 * injected. */
slab_t slab_get(struct arena *a, uint32_t owner);
/* CHECKs that the slab is live and owned by owner. Warm reserve, else decommit. */
void slab_put(struct arena *a, slab_t s, uint32_t owner);
/* After arena_adopt: true if slab s was live, of this owner and generation; it is then live again.
 * Also true for a slab that is live with that owner and generation (un-parking). */
bool slab_claim(struct arena *a, slab_t s, uint32_t owner, uint32_t generation);
uint32_t slab_generation(const struct arena *a, slab_t s);
void *slab_base(const struct arena *a, slab_t s);
/* Bytes [off, off+len) are about to be written. Cheap when already announced. */
void slab_touch(struct arena *a, slab_t s, uint32_t off, uint32_t len);
/* True if the pages of [off, off+len) were all announced, that is: may be read. */
bool slab_readable(const struct arena *a, slab_t s, uint32_t off, uint32_t len);
/* Gives the pages of a live slab that lie wholly in [off, off+len) back while it stays live
 * (contents then read as zero, once announced again). */
void slab_discard(struct arena *a, slab_t s, uint32_t off, uint32_t len);

/* Drops the warm reserve, and what it keeps of slabs at its end that are free. */
void arena_trim(struct arena *a);
void arena_check(const struct arena *a); /* invariants, residency by mincore; aborts */
/* Counted and resident bytes of all slabs; true if equal (pages in swap count as held). */
bool arena_residency(const struct arena *a, uint64_t *counted, uint64_t *resident);
void arena_dump(const struct arena *a, FILE *out);
/* Tests: the n-th slab_get from here on fails once (0: never). */
void arena_fail_at(struct arena *a, unsigned n);
#ifdef MUTANT_size_reset
void slab_mutate_size(struct arena *a, slab_t s); /* forgets how much the slab holds */
#endif
#endif
