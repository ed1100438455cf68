/* Layout of the memfd:
 *
 *   0      struct header; `end` moves once a record is there
 *   PAGE   records: struct record, then its bytes, up to a multiple of 8
 *
 * The index (session and kind → place) is in memory only and made anew by reading the records'
 * heads; of two records of one key, which a death between writing and dropping leaves, the later
 * one counts. Files are written by pwrite, not through a mapping: without memory that is an error,
 * not a signal. */
#include "sessions/pty/shelf.h"
#include "core/os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHELF_MAGIC 0x4853534du /* "MSSH" */
#define SHELF_VERSION 1u
#define START 4096u
#define RECORD_MAX (80u << 20)	      /* most bytes of one */
#define COMPACT_MIN (SHELF_SLACK / 2) /* dropped bytes that are not worth a move */

struct header {
	uint32_t magic, version;
	uint64_t end;
};
struct record {
	uint32_t num; /* 0: dropped */
	uint32_t kind;
	uint64_t len;
};
struct place {
	uint64_t key; /* num, kind */
	uint64_t off; /* of the bytes */
	size_t len;
};
struct shelf {
	int fd;
	uint64_t end;
	uint64_t live;	  /* bytes of records in the index, heads included */
	struct place *at; /* by key */
	size_t n, cap;
};

static uint64_t
key_of(uint32_t num, enum shelf_kind kind)
{
	return (uint64_t)num << 8 | kind;
}

static uint64_t
space_of(size_t len)
{
	return sizeof(struct record) + (len + 7) / 8 * 8;
}

static int
write_at(int fd, const void *bytes, size_t n, uint64_t off)
{
	const char *p = bytes;

	while (n) {
		ssize_t k = pwrite(fd, p, n, (off_t)off);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return k < 0 ? -errno : -EIO;
		p += k;
		n -= (size_t)k;
		off += (uint64_t)k;
	}
	return 0;
}

static bool
read_at(int fd, void *bytes, size_t n, uint64_t off)
{
	char *p = bytes;

	while (n) {
		ssize_t k = pread(fd, p, n, (off_t)off);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
		off += (uint64_t)k;
	}
	return true;
}

/* The first place whose key is not less. */
static size_t
find(const struct shelf *sh, uint64_t key)
{
	size_t lo = 0, hi = sh->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (sh->at[mid].key < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static const struct place *
place_of(const struct shelf *sh, uint32_t num, enum shelf_kind kind)
{
	size_t i = find(sh, key_of(num, kind));

	return i < sh->n && sh->at[i].key == key_of(num, kind) ? &sh->at[i] : NULL;
}

/* What a dropped record held is gone for good; nothing can be done where that fails. */
static void
scrub(struct shelf *sh, const struct place *p)
{
	static const char zeros[4096];

	(void)write_at(sh->fd, &(uint32_t){0}, sizeof(uint32_t), p->off - sizeof(struct record));
	for (size_t i = 0; i < p->len; i += sizeof(zeros))
		(void)write_at(sh->fd, zeros, MIN(sizeof(zeros), p->len - i), p->off + i);
	sh->live -= space_of(p->len);
}

static void
index_put(struct shelf *sh, struct place p)
{
	size_t i = find(sh, p.key);

	sh->live += space_of(p.len);
	if (i < sh->n && sh->at[i].key == p.key) {
		scrub(sh, &sh->at[i]);
		sh->at[i] = p;
		return;
	}
	if (sh->n == sh->cap) {
		sh->cap = sh->cap ? sh->cap * 2 : 64;
		sh->at = xrealloc(sh->at, mul_sat(sh->cap, sizeof(*sh->at)));
	}
	memmove(&sh->at[i + 1], &sh->at[i], (sh->n - i) * sizeof(*sh->at));
	sh->at[i] = p;
	sh->n++;
}

static int
set_end(struct shelf *sh, uint64_t end)
{
	int rc = write_at(sh->fd, &end, sizeof(end), offsetof(struct header, end));

	if (rc == 0)
		sh->end = end;
	return rc;
}

struct shelf *
shelf_new(int take_fd)
{
	struct header h = {SHELF_MAGIC, SHELF_VERSION, START};
	struct shelf *sh = xcalloc(1, sizeof(*sh));
	int rc = sh->fd = take_fd;

	sh->end = START;
	if (rc >= 0 && (rc = write_at(sh->fd, &h, sizeof(h), 0)) == 0)
		return sh;
	shelf_free(sh);
	errno = -rc;
	return NULL;
}

/* Every record up to the end, into the index; false: they do not add up. */
static bool
read_records(struct shelf *sh)
{
	uint64_t off = START;

	while (off < sh->end) {
		struct record r;
		struct place p = {.off = off + sizeof(r)};

		if (!read_at(sh->fd, &r, sizeof(r), off) || r.len > RECORD_MAX ||
			space_of(r.len) > sh->end - off)
			return false;
		p.key = key_of(r.num, (enum shelf_kind)(r.kind & 0xff));
		p.len = r.len;
		if (r.num)
			index_put(sh, p);
		off += space_of(r.len);
	}
	return true;
}

struct shelf *
shelf_adopt(int take_fd)
{
	struct shelf *sh = xcalloc(1, sizeof(*sh));
	struct header h;
	struct stat st;

	sh->fd = take_fd;
	if (fstat(take_fd, &st) == 0 && read_at(take_fd, &h, sizeof(h), 0) &&
		h.magic == SHELF_MAGIC && h.version == SHELF_VERSION && h.end >= START &&
		h.end <= MAX((uint64_t)st.st_size, START)) {
		sh->end = h.end;
		if (read_records(sh))
			return sh;
	}
	shelf_free(sh);
	return NULL;
}

void
shelf_free(struct shelf *sh)
{
	if (!sh)
		return;
	if (sh->fd >= 0)
		close(sh->fd);
	free(sh->at);
	free(sh);
}

int
shelf_fd(const struct shelf *sh)
{
	return sh->fd;
}

int
shelf_put(struct shelf *sh, uint32_t num, enum shelf_kind kind, const void *p, size_t n)
{
	struct record r = {.num = num, .kind = kind, .len = n};
	uint64_t end = sh->end + space_of(n);
	int rc;

	CHECK(num);
	if (n > RECORD_MAX)
		return -EFBIG;
	/* to its last byte, so that the file is as long as `end` says */
	if ((rc = write_at(sh->fd, &r, sizeof(r), sh->end)) < 0 ||
		(rc = write_at(sh->fd, p, n, sh->end + sizeof(r))) < 0 ||
		(rc = ftruncate(sh->fd, (off_t)end) < 0 ? -errno : 0) < 0)
		return rc;
	if ((rc = set_end(sh, end)) < 0)
		return rc;
	index_put(sh,
		(struct place){
			.key = key_of(num, kind), .off = end - space_of(n) + sizeof(r), .len = n});
	return 0;
}

bool
shelf_has(const struct shelf *sh, uint32_t num, enum shelf_kind kind)
{
	return place_of(sh, num, kind) != NULL;
}

bool
shelf_get(const struct shelf *sh, uint32_t num, enum shelf_kind kind, struct buf *out)
{
	const struct place *p = place_of(sh, num, kind);

	if (!p)
		return false;
	buf_reserve(out, p->len);
	if (!read_at(sh->fd, out->data + out->len, p->len, p->off))
		return false;
	out->len += p->len;
	return true;
}

void
shelf_drop(struct shelf *sh, uint32_t num, enum shelf_kind kind)
{
	const struct place *p = place_of(sh, num, kind);
	size_t i;

	if (!p)
		return;
	i = (size_t)(p - sh->at);
	scrub(sh, p);
	memmove(&sh->at[i], &sh->at[i + 1], (sh->n - i - 1) * sizeof(*sh->at));
	sh->n--;
}

/* The end first: a spec without one is of no session. */
void
shelf_clear(struct shelf *sh, uint32_t num)
{
	shelf_drop(sh, num, SHELF_END);
	shelf_drop(sh, num, SHELF_SCREEN);
	shelf_drop(sh, num, SHELF_SPEC);
}

uint32_t
shelf_next(const struct shelf *sh, uint32_t num)
{
	size_t i = find(sh, key_of(num, 0xff) + 1);

	return i < sh->n ? (uint32_t)(sh->at[i].key >> 8) : 0;
}

/* Copies all that is live; false: no memory, and the copy is worth nothing. */
static bool
copy_all(const struct shelf *from, struct shelf *to)
{
	struct buf b = {0};
	bool ok = true;

	for (size_t i = 0; i < from->n && ok; i++) {
		uint32_t num = (uint32_t)(from->at[i].key >> 8);
		enum shelf_kind kind = (enum shelf_kind)(from->at[i].key & 0xff);

		b.len = 0;
		ok = shelf_get(from, num, kind, &b) && shelf_put(to, num, kind, b.data, b.len) == 0;
	}
	if (b.data)
		explicit_bzero(b.data, b.cap);
	buf_free(&b);
	return ok;
}

bool
shelf_loose(const struct shelf *sh)
{
	uint64_t dropped = sh->end - START - sh->live;

	return dropped >= COMPACT_MIN && dropped >= sh->live;
}

bool
shelf_compact(struct shelf *sh, int take_fd)
{
	struct shelf *to = shelf_new(take_fd), old = *sh;

	if (!to)
		return false;
	if (!copy_all(sh, to)) {
		shelf_free(to);
		return false;
	}
	*sh = *to;
	*to = old;
	shelf_free(to);
	return true;
}

size_t
shelf_live_bytes(const struct shelf *sh)
{
	return sh->live;
}

size_t
shelf_file_bytes(const struct shelf *sh)
{
	return sh->end;
}

void
shelf_check(const struct shelf *sh)
{
	uint64_t live = 0;

	for (size_t i = 0; i < sh->n; i++) {
		struct record r;

		CHECK(!i || sh->at[i - 1].key < sh->at[i].key);
		CHECK(read_at(sh->fd, &r, sizeof(r), sh->at[i].off - sizeof(r)));
		CHECK(key_of(r.num, (enum shelf_kind)r.kind) == sh->at[i].key);
		CHECK(r.len == sh->at[i].len);
		live += space_of(r.len);
	}
	CHECK(live == sh->live && sh->end >= START + live);
}
