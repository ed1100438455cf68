/* A ring and the checkpoints in it, as a server finds them that was left by one which died at any
 * moment, or by a program with other ideas: it is no ring, or a terminal can be made of it, which
 * then goes on. Input: a byte of how much output, edits of the memory (place, value), output after
 * that. */
#include "tests/fuzz/fuzz.h"
#include "core/os/os.h"
#include "core/page/page.h"
#include "core/term/term.h"
#include "sessions/pty/ring.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOT0 (4096 + RING_DATA)
#define EDITS_MAX 24

static void
print(struct ring *r, struct term *t, const uint8_t *p, size_t n)
{
	while (n) {
		size_t k = MIN(n, (size_t)RING_READ);

		memcpy(ring_place(r), p, k);
		ring_feeding(r, ring_head(r), (uint32_t)k);
		term_feed(t, (const char *)p, k);
		ring_fed(r);
		ring_commit(r, k);
		ring_set_effects(r, ring_head(r));
		p += k;
		n -= k;
	}
}

static void
save(struct ring *r, struct term *t)
{
	struct buf b = {0};

	term_save(t, &b);
	CHECK(ring_save(r, b.data, b.len, ring_head(r)) == 0);
	pagelist_saved(term_pagelist(t));
	buf_free(&b);
}

/* One place of the header, a checkpoint's record or bytes, or the output. */
static void
edit(int fd, struct fuzz_in *in)
{
	static const off_t base[] = {0, 40, SLOT0, SLOT0 + RING_SLOT_MAX, 4096, 64, 0, 0};
	off_t at = base[fuzz_u8(in) % ARRAY_LEN(base)];
	uint8_t v, n;

	at += fuzz_u8(in) | (at >= 4096 ? (fuzz_u8(in) & 3) << 8 : 0);
	v = fuzz_u8(in);
	n = fuzz_u8(in) % 9;
	do
		CHECK(pwrite(fd, &v, 1, at++) == 1);
	while (n--);
}

static struct term *
restored(struct arena *a, struct ring *r, uint64_t *upto)
{
	size_t n;
	void *p = ring_load(r, &n, upto);
	struct rd rd = rd_init(p, p ? n : 0);
	struct term *t = p ? term_restore(a, 3, &rd) : NULL;

	free(p);
	if (!t)
		*upto = 0;
	return t;
}

/* As it is at this moment, holes and all. */
static int
copy_of(int fd)
{
	uint64_t from = 0, to, at = 0;
	int copy = os_memfd("copy");
	struct stat st;

	CHECK(copy >= 0 && fstat(fd, &st) == 0 && ftruncate(copy, st.st_size) == 0);
	while (os_next_data(fd, at, &from, &to))
		for (at = from; at < to;) {
			char block[4096];
			ssize_t n = pread(fd, block, MIN(sizeof(block), to - at), (off_t)at);

			CHECK(n > 0 && pwrite(copy, block, (size_t)n, (off_t)at) == n);
			at += (uint64_t)n;
		}
	return copy;
}

/* As a successor does. */
static void
go_on(int fd, int arena, const uint8_t *more, size_t n_more)
{
	struct term_config c = {.cols = 20, .rows = 5, .history = {.lines = 200, .bytes = 1 << 20}};
	struct arena *a = arena_adopt(arena);
	struct ring *r = ring_attach(fd);
	struct term *t;
	uint64_t from, bad;
	uint32_t n_bad;
	size_t n;

	CHECK(a);
	if (r) {
		const uint8_t *p;

		ring_poison(r, &bad, &n_bad);
		ring_recover(r);
		ring_bound(r);
		t = restored(a, r, &from);
		if (!t)
			t = term_new(a, 3, &c);
		CHECK(t);
		term_set_silent(t, true);
		if ((p = ring_bytes(r, from, &n)))
			term_feed(t, (const char *)p, n);
		term_set_silent(t, false);
		term_check(t);
		print(r, t, more, n_more);
		save(r, t);
		ring_punch(r);
		term_check(t);
		term_free(t);
		ring_free(r);
	}
	arena_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct term_config c = {.cols = 20, .rows = 5, .history = {.lines = 200, .bytes = 1 << 20}};
	struct fuzz_in in = {data, data + size};
	struct arena *a = arena_new(64 << 20);
	struct ring *r = ring_new(os_memfd("ring"));
	struct term *t;
	const uint8_t *p;
	int edits, fd, arena;
	size_t n;

	CHECK(a && r && (t = term_new(a, 3, &c)));
	p = fuzz_bytes(&in, fuzz_u8(&in), &n);
	print(r, t, p, n / 2);
	save(r, t);
	print(r, t, p + n / 2, n - n / 2);
	if (n & 1)
		save(r, t);
	fd = copy_of(ring_fd(r));
	arena = copy_of(arena_fd(a));
	ring_free(r);
	term_free(t);
	arena_free(a);
	for (edits = fuzz_u8(&in) % EDITS_MAX; edits; edits--)
		edit(fd, &in);
	go_on(fd, arena, in.p, fuzz_left(&in));
	return 0;
}
