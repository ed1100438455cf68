#ifndef CORE_PAGE_H
#define CORE_PAGE_H
/* The arena: one reserved range, cut into pages of 64 KiB, all alike. Everything a session's
 * terminal holds (cells of its screens, tables of styles, packed history) lies in pages of it;
 * nothing else is ever mapped for a session, so what the counters say is what the process holds.
 * (The pages of the kernel, 4 KiB each, are called OS pages.)
 *
 * The range maps a memfd (shared), so that a keeper holding the fd preserves it over the server's
 * death: the successor adopts the fd, claims the pages its checkpoints name, and frees the rest.
 *
 * State, owner and generation of each page stand in a side table, never in the page. `touched`
 * there is a mask of the 16 OS pages, of which were ever written since the page's memory was last
 * given back; callers announce the first write to an OS page by page_touch(), so counters equal
 * mincore exactly. An OS page that was not announced must not be read either: reading shared
 * memory makes it resident.
 *
 * All calls on the loop thread. Invariants (always): mapped = live + cached + free + orphan; sum
 * over owners = live; resident = OS pages touched. */
#include "core/base/base.h"
#include <stdio.h>

#define PAGE_BYTES 65536u
#define OS_PAGE_BYTES 4096u

struct arena;
typedef uint32_t page_t; /* index; 0 is never a page */

struct arena_stats { /* all in bytes */
	uint64_t reserved, mapped, live, cached, free, orphan;
	uint64_t resident_counted; /* by the touched masks */
};

/* max_bytes of address space (0: 64 GiB). NULL and errno on failure. */
struct arena *arena_new(uint64_t max_bytes);
/* The same in an empty file of memory, or -errno. Owned from here, also on failure. */
struct arena *arena_new_in(int take_fd, uint64_t max_bytes);
/* Takes over the fd of a dead process's arena: every page it had is ORPHAN until claimed. NULL if
 * the fd is no arena of a version this program reads. take_fd is owned from here, also on failure.
 */
struct arena *arena_adopt(int take_fd);
void arena_free(struct arena *a);    /* NULL ok */
int arena_fd(const struct arena *a); /* borrowed */
struct arena_stats arena_stats(const struct arena *a);
uint64_t arena_owner_bytes(const struct arena *a, uint32_t owner); /* live bytes of one owner */
/* What of them holds memory: what the owner really costs. */
uint64_t arena_owner_resident(const struct arena *a, uint32_t owner);
/* Ends adoption: every page not claimed by page_claim() goes back. Returns how many. */
unsigned arena_sweep(struct arena *a);

/* A page for `owner` (non-zero), contents undefined; 0 when the arena is full or a fault is
 * injected. */
page_t page_get(struct arena *a, uint32_t owner);
/* CHECKs that the page is live and owned by owner. Warm reserve, else decommit. */
void page_put(struct arena *a, page_t s, uint32_t owner);
/* After arena_adopt: true if page s was live, of this owner and generation; it is then live again.
 * Also true for a page that is live with that owner and generation (un-parking). */
bool page_claim(struct arena *a, page_t s, uint32_t owner, uint32_t generation);
uint32_t page_generation(const struct arena *a, page_t s);
void *page_base(const struct arena *a, page_t s);
/* Bytes [off, off+len) are about to be written. Cheap when already announced. */
void page_touch(struct arena *a, page_t s, uint32_t off, uint32_t len);
/* True if the OS pages of [off, off+len) were all announced, that is: may be read. */
bool page_readable(const struct arena *a, page_t s, uint32_t off, uint32_t len);
/* Gives the OS pages of a live page that lie wholly in [off, off+len) back while it stays live
 * (contents then read as zero, once announced again). */
void page_discard(struct arena *a, page_t s, uint32_t off, uint32_t len);

/* A place for what the users of an arena share beside its pages, NULL at first; drop (NULL ok) gets
 * what stands there when the arena is freed. */
void **arena_shared(struct arena *a, void (*drop)(void *shared));
/* Drops the warm reserve, and what it keeps of pages at its end that are free. */
void arena_trim(struct arena *a);
void arena_check(const struct arena *a); /* invariants, residency by mincore; aborts */
/* Counted and resident bytes of all pages; true if equal (OS pages in swap count as held). */
bool arena_residency(const struct arena *a, uint64_t *counted, uint64_t *resident);
void arena_dump(const struct arena *a, FILE *out);
/* Tests: the n-th page_get from here on fails once (0: never). */
void arena_fail_at(struct arena *a, unsigned n);
#ifdef MUTANT_size_reset
void page_mutate_size(struct arena *a, page_t s); /* forgets how much the page holds */
#endif
#endif
