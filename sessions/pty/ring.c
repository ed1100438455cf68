/* Layout of the memfd:
 *
 *   0            struct header (one page)
 *   4096         RING_DATA bytes of output, mapped twice in a row: no read or replay ever wraps
 *   SLOT0        checkpoint slots, RING_SLOT_MAX each, sparse: only what is written takes memory
 *
 * The writer may die between any two stores. head moves after the bytes are there; a slot's record
 * is written after its bytes, its seq last; so a reader sees the old or the new state, never half.
 */
#include "sessions/pty/ring.h"
#include "core/os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define RING_MAGIC 0x4752534du /* "MSRG" */
#define RING_VERSION 1u
#define PAGE 4096u
#define SLOT_OFF(i) ((off_t)PAGE + RING_DATA + (off_t)(i)*RING_SLOT_MAX)
#define MEMFD_BYTES SLOT_OFF(2)

struct slot {
	_Atomic uint64_t seq; /* 0: never written */
	uint64_t upto, len, hash;
};
struct header {
	uint32_t magic, version, data_bytes, slot_bytes;
	_Atomic uint64_t head, effects;
	_Atomic uint64_t feed_from; /* UINT64_MAX: none */
	_Atomic uint32_t feed_n, feed_fails;
	uint64_t fail_from; /* bytes on which servers died feed_fails times */
	struct slot slot[2];
	uint32_t punched;
	_Atomic uint32_t bound; /* 0 in those of servers that had no such mark */
};
struct ring {
	int fd;
	struct header *h;
	uint8_t *data; /* 2 * RING_DATA */
};

static uint64_t
hash_bytes(const void *p, size_t n)
{
	const uint8_t *b = p;
	uint64_t h = 0x9e3779b97f4a7c15u ^ n, w;

	for (; n >= 8; n -= 8, b += 8) {
		memcpy(&w, b, 8);
		h = (h ^ w) * 0xff51afd7ed558ccdu;
		h ^= h >> 29;
	}
	for (w = 0; n; n--)
		w = w << 8 | b[n - 1];
	h = (h ^ w) * 0xc4ceb9fe1a85ec53u;
	return h ^ h >> 32;
}

static struct ring *
ring_map(int fd)
{
	struct ring *r = xcalloc(1, sizeof(*r));
	uint8_t *d;

	r->fd = fd;
	r->h = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	d = mmap(
		NULL, 2 * RING_DATA, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r->h != MAP_FAILED && d != MAP_FAILED) {
		void *a = mmap(
			d, RING_DATA, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, PAGE);
		void *b = mmap(d + RING_DATA, RING_DATA, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_FIXED, fd, PAGE);
		if (a != MAP_FAILED && b != MAP_FAILED) {
			r->data = d;
			return r;
		}
	}
	if (d != MAP_FAILED)
		munmap(d, 2 * RING_DATA);
	if (r->h != MAP_FAILED)
		munmap(r->h, PAGE);
	free(r);
	close(fd);
	return NULL;
}

struct ring *
ring_new(int take_fd)
{
	struct ring *r;

	if (take_fd < 0) {
		errno = -take_fd;
		return NULL;
	}
	if (ftruncate(take_fd, MEMFD_BYTES) < 0) {
		close(take_fd);
		return NULL;
	}
	(void)fcntl(take_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW); /* a file has none */
	if (!(r = ring_map(take_fd)))
		return NULL;
	r->h->data_bytes = RING_DATA;
	r->h->slot_bytes = RING_SLOT_MAX;
	r->h->version = RING_VERSION;
	r->h->magic = RING_MAGIC;
	r->h->feed_from = UINT64_MAX;
	return r;
}

struct ring *
ring_attach(int take_fd)
{
	struct stat st;
	struct ring *r;

	if (fstat(take_fd, &st) < 0 || st.st_size != MEMFD_BYTES) {
		close(take_fd);
		return NULL;
	}
	if (!(r = ring_map(take_fd)))
		return NULL;
	if (r->h->magic != RING_MAGIC || r->h->version != RING_VERSION ||
		r->h->data_bytes != RING_DATA || r->h->slot_bytes != RING_SLOT_MAX ||
		r->h->effects > r->h->head + RING_READ) {
		ring_free(r);
		return NULL;
	}
	return r;
}

void
ring_free(struct ring *r)
{
	if (!r)
		return;
	munmap(r->data, 2 * RING_DATA);
	munmap(r->h, PAGE);
	close(r->fd);
	free(r);
}

int
ring_fd(const struct ring *r)
{
	return r->fd;
}

void
ring_set_bound(struct ring *r, enum ring_bound to)
{
	r->h->bound = to;
}

enum ring_bound
ring_bound(const struct ring *r)
{
	return (enum ring_bound)r->h->bound;
}

uint8_t *
ring_place(struct ring *r)
{
	volatile uint8_t *p = r->data + r->h->head % RING_DATA;

	/* Both its pages are there before the read(): of a process that is killed in a fault, the
	 * kernel drops what it has taken from the pty for it. */
	p[0] = p[RING_READ - 1] = 0;
	return (uint8_t *)p;
}

void
ring_commit(struct ring *r, size_t n)
{
	uint64_t head = r->h->head;

	CHECK(n <= RING_READ);
	if (!n)
		return;
	/* the RING_READ bytes behind head are NUL at all times, before and after the store */
	memset(r->data + (head + RING_READ) % RING_DATA, 0, n);
	r->h->punched = 0;
	atomic_store_explicit(&r->h->head, head + n, memory_order_release);
}

size_t
ring_recover(struct ring *r)
{
	const uint8_t *p = r->data + r->h->head % RING_DATA;
	size_t n = RING_READ;

	while (n && !p[n - 1])
		n--;
	ring_commit(r, n);
	return n;
}

uint64_t
ring_head(const struct ring *r)
{
	return r->h->head;
}

const uint8_t *
ring_bytes(const struct ring *r, uint64_t from, size_t *n)
{
	uint64_t head = r->h->head;

	if (from > head || head - from > RING_DATA - RING_READ)
		return NULL;
	*n = head - from;
	return r->data + from % RING_DATA;
}

uint64_t
ring_effects(const struct ring *r)
{
	return r->h->effects;
}

void
ring_set_effects(struct ring *r, uint64_t upto)
{
	atomic_store_explicit(&r->h->effects, upto, memory_order_release);
}

void
ring_feeding(struct ring *r, uint64_t from, uint32_t n)
{
	r->h->feed_n = n;
	atomic_store_explicit(&r->h->feed_from, from, memory_order_release);
}

void
ring_fed(struct ring *r)
{
	atomic_store_explicit(&r->h->feed_from, UINT64_MAX, memory_order_release);
}

uint32_t
ring_poison(struct ring *r, uint64_t *from, uint32_t *n)
{
	struct header *h = r->h;

	if (h->feed_from == UINT64_MAX || h->feed_from > h->head)
		return 0;
	h->feed_fails = h->feed_from == h->fail_from ? h->feed_fails + 1 : 1;
	h->fail_from = h->feed_from;
	*from = h->feed_from;
	*n = h->feed_n;
	ring_fed(r);
	return h->feed_fails;
}

static int
slot_newest(const struct ring *r)
{
	return r->h->slot[1].seq > r->h->slot[0].seq;
}

static int
write_all(int fd, const uint8_t *p, size_t n, off_t at)
{
	while (n) {
		ssize_t k = pwrite(fd, p, n, at);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return k < 0 ? -errno : -EIO;
		p += k;
		n -= (size_t)k;
		at += k;
	}
	return 0;
}

/* Gives back what a slot holds behind its first n bytes. */
static void
slot_shrink(struct ring *r, int i, size_t n)
{
	const struct slot *s = &r->h->slot[i];
	size_t had = (s->len + PAGE - 1) / PAGE * PAGE, has = (n + PAGE - 1) / PAGE * PAGE;

	if (had > has && s->len <= RING_SLOT_MAX)
		fallocate(r->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			SLOT_OFF(i) + (off_t)has, (off_t)(had - has));
}

int
ring_save(struct ring *r, const void *p, size_t n, uint64_t upto)
{
	int i = !slot_newest(r), rc;
	struct slot *s = &r->h->slot[i];
	uint64_t seq = r->h->slot[!i].seq + 1;

	if (n > RING_SLOT_MAX)
		return -EFBIG;
	atomic_store_explicit(&s->seq, 0, memory_order_release);
	if ((rc = write_all(r->fd, p, n, SLOT_OFF(i))) < 0)
		return rc;
	slot_shrink(r, i, n);
	s->upto = upto;
	s->len = n;
	s->hash = hash_bytes(p, n);
	atomic_store_explicit(&s->seq, seq, memory_order_release);
	return 0;
}

static void *
slot_read(struct ring *r, int i, size_t *n)
{
	struct slot *s = &r->h->slot[i];
	uint8_t *p;
	size_t got = 0;

	if (!s->seq || s->len > RING_SLOT_MAX || s->upto > r->h->head)
		return NULL;
	p = xmalloc(s->len);
	while (got < s->len) {
		ssize_t k = pread(r->fd, p + got, s->len - got, SLOT_OFF(i) + (off_t)got);
		if (k <= 0)
			break;
		got += (size_t)k;
	}
	if (got != s->len || hash_bytes(p, got) != s->hash) {
		free(p);
		return NULL;
	}
	*n = got;
	return p;
}

void *
ring_load(struct ring *r, size_t *n, uint64_t *upto)
{
	int first = slot_newest(r);

	for (int k = 0; k < 2; k++) {
		int i = k ? !first : first;
		void *p = slot_read(r, i, n);
		if (p) {
			*upto = r->h->slot[i].upto;
			return p;
		}
	}
	return NULL;
}

uint64_t
ring_saved_upto(const struct ring *r)
{
	const struct slot *s = &r->h->slot[slot_newest(r)];

	return s->seq ? s->upto : 0;
}

void
ring_punch(struct ring *r)
{
	struct slot *old = &r->h->slot[!slot_newest(r)];

	if (ring_saved_upto(r) != r->h->head)
		return;
	if (!r->h->punched &&
		fallocate(r->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, RING_DATA) == 0)
		r->h->punched = 1;
	/* the older checkpoint needs output that is not there any more */
	atomic_store_explicit(&old->seq, 0, memory_order_release);
	slot_shrink(r, !slot_newest(r), 0);
	old->len = 0;
}
