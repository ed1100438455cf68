/* The arena's file, which is its whole state (so that a successor can read it):
 *
 *   0            struct head: magic, version, capacity, watermark
 *   4096         struct side[capacity]: one record a page
 *   data_off     page 1, page 2, … (page 0 has a record and a range, and is never used)
 *
 *            page_get                    page_put, reserve full
 *   FREE ──────────────► LIVE ────────────────────────────────► FREE (OS pages punched out)
 *    ▲                    ▲  └── page_put ──► CACHED ── page_get ──► LIVE
 *    └── arena_sweep ── ORPHAN ── page_claim ─┘      └─ arena_trim ─► FREE
 *
 * A page's side.touched says exactly which of its OS pages hold memory, in every state; of a FREE
 * one none does. An OS page is marked before it is written, so a process that is killed in between
 * leaves a mark too many, never one too few; adoption reads the truth from the file and drops such
 * marks.
 *
 * Giving memory back takes a page number and reads everything else from the side table: there is no
 * call that takes a length, so a wrong length cannot be passed on. */
#include "core/page/page.h"
#include "core/os/os.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __has_feature
#define HAS_ASAN __has_feature(address_sanitizer)
#else
#define HAS_ASAN 0
#endif
#if HAS_ASAN || defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(p) __asan_poison_memory_region((p), PAGE_BYTES)
#define UNPOISON(p) __asan_unpoison_memory_region((p), PAGE_BYTES)
#else
#define POISON(p) ((void)(p))
#define UNPOISON(p) ((void)(p))
#endif

#define ARENA_MAGIC 0x31616e657261756dull /* "muarena1" */
#define ARENA_VERSION 1
#define ARENA_DEFAULT_BYTES (64ull << 30)
#define SIDE_OFF 4096u
#define OS_PAGES_PER_PAGE (PAGE_BYTES / OS_PAGE_BYTES)
#ifdef MUSTER_TORTURE
#define WARM_MAX 2
#else
#define WARM_MAX 16
#endif

enum { PAGE_FREE, PAGE_LIVE, PAGE_CACHED, PAGE_ORPHAN, N_PAGE_STATES };

struct head {
	uint64_t magic;
	uint32_t version, page_bytes;
	uint32_t capacity;  /* pages, page 0 included */
	uint32_t watermark; /* pages at and beyond it are not in use, nor are their records */
	uint32_t forgotten; /* the highest generation that any of theirs had */
};
struct side {
	uint32_t owner, generation;
	uint16_t touched;
	uint8_t state, pad;
	uint32_t spare;
};
_Static_assert(sizeof(struct side) == 16, "the record is part of a shared format");
_Static_assert(OS_PAGES_PER_PAGE == 16, "touched has one bit an OS page");

struct arena {
	int fd;
	uint8_t *base;
	size_t len;
	struct head *head;
	struct side *side;
	uint8_t *data; /* where page 0 would be */
	uint64_t data_off;
	uint32_t *cold; /* FREE pages below the watermark, a stack */
	uint32_t n_cold, cap_cold;
	uint32_t warm[WARM_MAX]; /* CACHED pages, a stack */
	uint32_t n_warm;
	uint32_t n_state[N_PAGE_STATES];
	uint64_t touched_pages;
	unsigned fail_at;
	void *shared;
	void (*shared_drop)(void *shared);
};

static uint64_t
data_offset(uint64_t capacity)
{
	uint64_t end = SIDE_OFF + capacity * sizeof(struct side);

	return (end + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

static bool
arena_map(struct arena *a, uint32_t capacity)
{
	a->data_off = data_offset(capacity);
	a->len = a->data_off + (uint64_t)capacity * PAGE_BYTES;
	a->base = os_map_arena(a->fd, a->len);
	if (!a->base)
		return false;
	a->head = (struct head *)a->base;
	a->side = (struct side *)(a->base + SIDE_OFF);
	a->data = a->base + a->data_off;
	return true;
}

struct arena *
arena_new_in(int take_fd, uint64_t max_bytes)
{
	struct arena *a = xcalloc(1, sizeof(*a));
	uint64_t n = MAX((max_bytes ? max_bytes : ARENA_DEFAULT_BYTES) / PAGE_BYTES, 1) + 1;

	a->fd = take_fd;
	if (a->fd < 0) {
		errno = -a->fd;
		free(a);
		return NULL;
	}
	/* a limit on address space is no reason to fail: a smaller range serves too */
	for (; n > 16; n = n / 2 + 1) {
		uint64_t len = data_offset(n) + n * PAGE_BYTES;

		if (ftruncate(a->fd, (off_t)len) == 0 && arena_map(a, (uint32_t)n))
			break;
	}
	if (!a->base && (ftruncate(a->fd, (off_t)(data_offset(n) + n * PAGE_BYTES)) < 0 ||
				!arena_map(a, (uint32_t)n))) {
		int e = errno;

		close(a->fd);
		free(a);
		errno = e;
		return NULL;
	}
	*a->head = (struct head){.magic = ARENA_MAGIC,
		.version = ARENA_VERSION,
		.page_bytes = PAGE_BYTES,
		.capacity = (uint32_t)n,
		.watermark = 1};
	return a;
}

struct arena *
arena_new(uint64_t max_bytes)
{
	return arena_new_in(os_memfd("muster-arena"), max_bytes);
}

static uint8_t *
page_addr(const struct arena *a, page_t s)
{
	return a->data + (size_t)s * PAGE_BYTES;
}

static void
set_state(struct arena *a, page_t s, uint8_t state)
{
	a->n_state[a->side[s].state]--;
	a->n_state[state]++;
	a->side[s].state = state;
}

static void
push_cold(struct arena *a, page_t s)
{
	if (a->n_cold == a->cap_cold) {
		a->cap_cold = a->cap_cold * 2 + 64;
		a->cold = xrealloc(a->cold, a->cap_cold * sizeof(*a->cold));
	}
	a->cold[a->n_cold++] = s;
}

/* Punches out the OS pages of `mask`, run by run. */
static void
decommit(struct arena *a, page_t s, uint16_t mask)
{
	struct side *sd = &a->side[s];
	uint64_t off = a->data_off + (uint64_t)s * PAGE_BYTES;

	mask &= sd->touched;
	for (unsigned i = 0; i < OS_PAGES_PER_PAGE; i++) {
		unsigned j = i;

		while (j < OS_PAGES_PER_PAGE && mask >> j & 1)
			j++;
		if (j == i)
			continue;
#ifndef MUTANT_no_decommit
		int r = os_punch(a->fd, off + i * OS_PAGE_BYTES, (j - i) * OS_PAGE_BYTES);

		if (r < 0)
			panic(__FILE__, __LINE__, "punch: %s", strerror(-r));
#else
		(void)off;
#endif
		i = j;
	}
	a->touched_pages -= (unsigned)__builtin_popcount(mask);
	sd->touched &= (uint16_t)~mask;
}

static void
release(struct arena *a, page_t s)
{
	decommit(a, s, 0xffff);
	a->side[s].owner = 0;
	set_state(a, s, PAGE_FREE);
	push_cold(a, s);
	POISON(page_addr(a, s));
}

/* The masks as the file has them: a mark without memory goes, memory without a mark gets one. */
static void
read_touched(struct arena *a)
{
	uint64_t end = a->data_off + (uint64_t)a->head->watermark * PAGE_BYTES;
	uint64_t from, to, first = a->data_off + PAGE_BYTES, at = first; /* page 0 has none */

	for (uint32_t s = 1; s < a->head->watermark; s++)
		a->side[s].touched = 0;
	while (at < end && os_next_data(a->fd, at, &from, &to) && from < end) {
		for (uint64_t o = MAX(from, first); o < MIN(to, end); o += OS_PAGE_BYTES) {
			uint64_t d = o - a->data_off;

			a->side[d / PAGE_BYTES].touched |=
				(uint16_t)(1u << (d % PAGE_BYTES / OS_PAGE_BYTES));
			a->touched_pages++;
		}
		at = to;
	}
}

static bool
head_valid(int fd, struct head *h)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || pread(fd, h, sizeof(*h), 0) != (ssize_t)sizeof(*h))
		return false;
	return h->magic == ARENA_MAGIC && h->version == ARENA_VERSION &&
	       h->page_bytes == PAGE_BYTES && h->watermark >= 1 && h->watermark <= h->capacity &&
	       (uint64_t)st.st_size >=
		       data_offset(h->capacity) + (uint64_t)h->capacity * PAGE_BYTES;
}

struct arena *
arena_adopt(int take_fd)
{
	struct arena *a;
	struct head h;

	if (!head_valid(take_fd, &h)) {
		close(take_fd);
		errno = EBADMSG;
		return NULL;
	}
	a = xcalloc(1, sizeof(*a));
	a->fd = take_fd;
	if (!arena_map(a, h.capacity)) {
		int e = errno;

		close(take_fd);
		free(a);
		errno = e;
		return NULL;
	}
	read_touched(a);
	for (page_t s = 1; s < a->head->watermark; s++) {
		struct side *sd = &a->side[s];
		bool held = (sd->state == PAGE_LIVE || sd->state == PAGE_ORPHAN) && sd->owner;

		a->n_state[PAGE_ORPHAN]++;
		sd->state = PAGE_ORPHAN;
		if (!held)
			release(a, s);
	}
	return a;
}

void
arena_free(struct arena *a)
{
	if (!a)
		return;
	if (a->shared)
		a->shared_drop(a->shared);
	for (page_t s = 1; s < a->head->watermark; s++)
		UNPOISON(page_addr(a, s));
	os_unmap(a->base, a->len);
	close(a->fd);
	free(a->cold);
	free(a);
}

void **
arena_shared(struct arena *a, void (*drop)(void *shared))
{
	a->shared_drop = drop;
	return &a->shared;
}

int
arena_fd(const struct arena *a)
{
	return a->fd;
}

struct arena_stats
arena_stats(const struct arena *a)
{
	return (struct arena_stats){
		.reserved = (uint64_t)(a->head->capacity - 1) * PAGE_BYTES,
		.mapped = (uint64_t)(a->head->watermark - 1) * PAGE_BYTES,
		.live = (uint64_t)a->n_state[PAGE_LIVE] * PAGE_BYTES,
		.cached = (uint64_t)a->n_state[PAGE_CACHED] * PAGE_BYTES,
		.free = (uint64_t)a->n_state[PAGE_FREE] * PAGE_BYTES,
		.orphan = (uint64_t)a->n_state[PAGE_ORPHAN] * PAGE_BYTES,
		.resident_counted = a->touched_pages * OS_PAGE_BYTES,
	};
}

uint64_t
arena_owner_bytes(const struct arena *a, uint32_t owner)
{
	uint64_t n = 0;

	for (page_t s = 1; s < a->head->watermark; s++)
		n += a->side[s].state == PAGE_LIVE && a->side[s].owner == owner;
	return n * PAGE_BYTES;
}

uint64_t
arena_owner_resident(const struct arena *a, uint32_t owner)
{
	uint64_t n = 0;

	for (page_t s = 1; s < a->head->watermark; s++)
		if (a->side[s].state == PAGE_LIVE && a->side[s].owner == owner)
			n += (unsigned)__builtin_popcount(a->side[s].touched);
	return n * OS_PAGE_BYTES;
}

unsigned
arena_sweep(struct arena *a)
{
	unsigned n = 0;

	for (page_t s = 1; s < a->head->watermark; s++) {
		if (a->side[s].state != PAGE_ORPHAN)
			continue;
		release(a, s);
		n++;
	}
	return n;
}

page_t
page_get(struct arena *a, uint32_t owner)
{
	page_t s;

	CHECK(owner);
	if (a->fail_at && --a->fail_at == 0)
		return 0;
	if (a->n_warm) {
		s = a->warm[--a->n_warm];
	} else if (a->n_cold) {
		s = a->cold[--a->n_cold];
	} else if (a->head->watermark < a->head->capacity) {
		s = a->head->watermark++;
		a->n_state[PAGE_FREE]++;
	} else {
		return 0;
	}
	/* also one whose record is forgotten must not match an old checkpoint */
	a->side[s].generation = MAX(a->side[s].generation, a->head->forgotten) + 1;
	a->side[s].owner = owner;
	set_state(a, s, PAGE_LIVE);
	UNPOISON(page_addr(a, s));
	return s;
}

static struct side *
live_side(const struct arena *a, page_t s)
{
	CHECK(s && s < a->head->watermark);
	CHECK(a->side[s].state == PAGE_LIVE);
	return &a->side[s];
}

void
page_put(struct arena *a, page_t s, uint32_t owner)
{
	struct side *sd = live_side(a, s);

	CHECK(sd->owner == owner);
	if (a->n_warm == WARM_MAX) {
		release(a, s);
		return;
	}
	sd->owner = 0;
	set_state(a, s, PAGE_CACHED);
	a->warm[a->n_warm++] = s;
	POISON(page_addr(a, s));
}

bool
page_claim(struct arena *a, page_t s, uint32_t owner, uint32_t generation)
{
	struct side *sd;

	if (!s || s >= a->head->watermark)
		return false;
	sd = &a->side[s];
	if ((sd->state != PAGE_ORPHAN && sd->state != PAGE_LIVE) || sd->owner != owner ||
		sd->generation != generation)
		return false;
	if (sd->state == PAGE_ORPHAN)
		set_state(a, s, PAGE_LIVE);
	return true;
}

uint32_t
page_generation(const struct arena *a, page_t s)
{
	return live_side(a, s)->generation;
}

void *
page_base(const struct arena *a, page_t s)
{
	live_side(a, s);
	return page_addr(a, s);
}

static uint16_t
os_page_mask(uint32_t first, uint32_t end)
{
	return (uint16_t)((1u << end) - (1u << first));
}

void
page_touch(struct arena *a, page_t s, uint32_t off, uint32_t len)
{
	struct side *sd = live_side(a, s);
	uint16_t mask;

	if (!len)
		return;
	CHECK(off < PAGE_BYTES && len <= PAGE_BYTES - off);
	mask = os_page_mask(off / OS_PAGE_BYTES, (off + len - 1) / OS_PAGE_BYTES + 1) &
	       (uint16_t)~sd->touched;
	if (!mask)
		return;
	sd->touched |= mask;
	a->touched_pages += (unsigned)__builtin_popcount(mask);
	/* what is counted is resident: also an OS page of which only a part gets written later */
	for (unsigned i = 0; i < OS_PAGES_PER_PAGE; i++)
		if (mask >> i & 1)
			page_addr(a, s)[i * OS_PAGE_BYTES] = 0;
}

bool
page_readable(const struct arena *a, page_t s, uint32_t off, uint32_t len)
{
	uint16_t mask;

	if (off >= PAGE_BYTES || len > PAGE_BYTES - off)
		return false;
	if (!len)
		return true;
	mask = os_page_mask(off / OS_PAGE_BYTES, (off + len - 1) / OS_PAGE_BYTES + 1);
	return (live_side(a, s)->touched & mask) == mask;
}

void
page_discard(struct arena *a, page_t s, uint32_t off, uint32_t len)
{
	uint32_t first, end;

	live_side(a, s);
	CHECK(off <= PAGE_BYTES && len <= PAGE_BYTES - off);
	first = (off + OS_PAGE_BYTES - 1) / OS_PAGE_BYTES;
	end = (off + len) / OS_PAGE_BYTES;
	if (first < end)
		decommit(a, s, os_page_mask(first, end));
}

/* Where the OS pages that hold the first n records end. */
static uint64_t
side_page_end(uint32_t n)
{
	return (SIDE_OFF + n * sizeof(struct side) + OS_PAGE_BYTES - 1) / OS_PAGE_BYTES *
	       OS_PAGE_BYTES;
}

/* A process that is killed on the way leaves records beyond the watermark, FREE ones. */
static void
lower_watermark(struct arena *a)
{
	uint32_t end = a->head->watermark, mark = end, n = 0;

	for (; mark > 1 && a->side[mark - 1].state == PAGE_FREE; mark--) {
		UNPOISON(page_addr(a, mark - 1));
		a->head->forgotten = MAX(a->head->forgotten, a->side[mark - 1].generation);
	}
	if (mark == end)
		return;
	a->head->watermark = mark;
	for (uint32_t i = 0; i < a->n_cold; i++)
		if (a->cold[i] < mark)
			a->cold[n++] = a->cold[i];
	a->n_cold = a->cap_cold = n;
	a->cold = xrealloc(a->cold, n * sizeof(*a->cold));
	a->n_state[PAGE_FREE] = n;
	if (side_page_end(mark) < side_page_end(end))
		os_punch(a->fd, side_page_end(mark), side_page_end(end) - side_page_end(mark));
}

void
arena_trim(struct arena *a)
{
	while (a->n_warm)
		release(a, a->warm[--a->n_warm]);
	lower_watermark(a);
}

bool
arena_residency(const struct arena *a, uint64_t *counted, uint64_t *resident)
{
	size_t len = (size_t)(a->head->watermark - 1) * PAGE_BYTES;
	uint64_t from, to, held = 0, at = a->data_off, end = a->data_off + PAGE_BYTES + len;
	long os_pages = len ? os_resident_pages(page_addr(a, 1), len) : 0;

	*counted = a->touched_pages * OS_PAGE_BYTES;
	/* a system that cannot say is believed */
	*resident = os_pages < 0 ? *counted : (uint64_t)os_pages * OS_PAGE_BYTES;
	if (*counted == *resident)
		return true;
	/* OS pages in swap are held though not resident: the file knows them */
	for (; at < end && os_next_data(a->fd, at, &from, &to) && from < end; at = to)
		held += MIN(to, end) - from;
	return held == *counted && *resident < held;
}

void
arena_check(const struct arena *a)
{
	uint32_t n[N_PAGE_STATES] = {0};
	uint64_t os_pages = 0, counted, resident;

	CHECK(a->head->magic == ARENA_MAGIC && a->head->watermark <= a->head->capacity);
	for (page_t s = 1; s < a->head->watermark; s++) {
		const struct side *sd = &a->side[s];

		CHECK(sd->state < N_PAGE_STATES);
		CHECK((sd->state == PAGE_LIVE || sd->state == PAGE_ORPHAN) == (sd->owner != 0));
		CHECK(sd->state != PAGE_FREE || !sd->touched);
		n[sd->state]++;
		os_pages += (unsigned)__builtin_popcount(sd->touched);
	}
	for (int i = 0; i < N_PAGE_STATES; i++)
		CHECK(n[i] == a->n_state[i]);
	CHECK(a->n_warm == n[PAGE_CACHED] && a->n_cold == n[PAGE_FREE]);
	CHECK(os_pages == a->touched_pages);
	if (!arena_residency(a, &counted, &resident))
		panic(__FILE__, __LINE__, "arena counts %llu bytes, the system holds %llu",
			(unsigned long long)counted, (unsigned long long)resident);
}

void
arena_dump(const struct arena *a, FILE *out)
{
	static const char *const name[] = {"free", "live", "cached", "orphan"};
	struct arena_stats st = arena_stats(a);

	fprintf(out, "arena mapped=%llu live=%llu cached=%llu free=%llu orphan=%llu counted=%llu\n",
		(unsigned long long)st.mapped, (unsigned long long)st.live,
		(unsigned long long)st.cached, (unsigned long long)st.free,
		(unsigned long long)st.orphan, (unsigned long long)st.resident_counted);
	for (page_t s = 1; s < a->head->watermark; s++) {
		const struct side *sd = &a->side[s];

		if (sd->state != PAGE_FREE)
			fprintf(out, "  page %u %s owner=%u generation=%u touched=%04x\n", s,
				name[sd->state], sd->owner, sd->generation, sd->touched);
	}
}

void
arena_fail_at(struct arena *a, unsigned n)
{
	a->fail_at = n;
}

#ifdef MUTANT_size_reset
void
page_mutate_size(struct arena *a, page_t s)
{
	a->touched_pages -= (unsigned)__builtin_popcount(a->side[s].touched & 0xfffe);
	a->side[s].touched &= 1;
}
#endif
