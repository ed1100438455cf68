#ifndef SESSIONS_RING_H
#define SESSIONS_RING_H
/* The last output of a child, and checkpoints of its terminal, in a memfd that the keeper holds
 * too: what a server dies with, its successor finds.
 *
 * The pty is read straight into the ring (ring_place, then ring_commit). The RING_READ bytes behind
 * `head` are always NUL, so bytes that were read but not committed show as non-NUL there; a VT
 * ignores NUL, so a few of those at their end are no loss. Positions count bytes since the start.
 *
 * A checkpoint is opaque bytes that stand for all output before its `upto`. Rebuild = the newest
 * checkpoint + the bytes from upto to head. The bytes before effects_upto had their effects
 * (replies, bells) already: they are replayed silently. */
#include "core/base/base.h"

#define RING_DATA (256u << 10)
#define RING_READ 4096u			    /* most bytes of one read */
#define RING_CHECKPOINT (RING_DATA / 4 * 3) /* output after which a checkpoint is due */
#define RING_SLOT_MAX (64u << 20)	    /* most bytes of a checkpoint */

struct ring;
/* In an empty file of memory, or -errno. NULL and errno. */
struct ring *ring_new(int take_fd);
struct ring *ring_attach(int take_fd); /* NULL: not a ring of a version known; fd closed */
void ring_free(struct ring *r);	       /* NULL ok; the memfd lives while a keeper holds it */
int ring_fd(const struct ring *r);     /* borrowed */

uint8_t *ring_place(struct ring *r); /* RING_READ bytes of NUL to read into */
void ring_commit(struct ring *r, size_t n);
/* After attach: commits what a predecessor read but did not commit; returns how many bytes. */
size_t ring_recover(struct ring *r);
uint64_t ring_head(const struct ring *r);
/* Bytes [from, head) are there in one piece; NULL when they are gone. */
const uint8_t *ring_bytes(const struct ring *r, uint64_t from, size_t *n);
uint64_t ring_effects(const struct ring *r);
void ring_set_effects(struct ring *r, uint64_t upto);

/* Bytes [from, from + n) go through the terminal. A successor that finds one begun learns from
 * ring_poison how often a server died in it; two deaths on the same bytes: skip them. */
void ring_feeding(struct ring *r, uint64_t from, uint32_t n);
void ring_fed(struct ring *r);
uint32_t ring_poison(struct ring *r, uint64_t *from, uint32_t *n);

/* A mark for the successor, at once and for good: what the session is on its way to, or is. */
enum ring_bound { RING_STAYS, RING_SLEEPS, RING_ENDS };
void ring_set_bound(struct ring *r, enum ring_bound to);
enum ring_bound ring_bound(const struct ring *r);

/* 0, or -errno: the one before stays valid. */
int ring_save(struct ring *r, const void *p, size_t n, uint64_t upto);
/* malloc'ed; NULL when there is none. */
void *ring_load(struct ring *r, size_t *n, uint64_t *upto);
uint64_t ring_saved_upto(const struct ring *r); /* 0 when none */
/* Gives the memory of the output, and of the older checkpoint, back (all before head must be in the
 * newest one). */
void ring_punch(struct ring *r);
#endif
