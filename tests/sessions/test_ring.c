/* The ring: what a dead server's successor finds. A second mapping of the same memfd plays the
 * successor; nothing of the first one's memory is used. */
#include "core/os/os.h"
#include "sessions/pty/ring.h"
#include "tests/sanitized.h"
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static void
put(struct ring *r, const void *p, size_t n)
{
	const uint8_t *b = p;

	while (n) {
		size_t k = MIN(n, RING_READ);
		memcpy(ring_place(r), b, k);
		ring_commit(r, k);
		b += k;
		n -= k;
	}
}

static struct ring *
successor(struct ring *r)
{
	struct ring *s = ring_attach(dup(ring_fd(r)));

	assert_non_null(s);
	return s;
}

static void
test_bytes_survive(void **st)
{
	struct ring *r = ring_new(os_memfd("ring")), *s;
	size_t n;
	const uint8_t *p;

	(void)st;
	put(r, "hello", 5);
	s = successor(r);
	ring_free(r);
	assert_int_equal(ring_recover(s), 0);
	p = ring_bytes(s, 0, &n);
	assert_int_equal(n, 5);
	assert_memory_equal(p, "hello", 5);
	ring_free(s);
}

static void
test_uncommitted_read_is_found(void **st)
{
	struct ring *r = ring_new(os_memfd("ring")), *s;
	size_t n;

	(void)st;
	put(r, "abc", 3);
	memcpy(ring_place(r), "de\0f\0\0", 6); /* read() returned, the server died */
	s = successor(r);
	assert_int_equal(ring_recover(s), 4);
	assert_int_equal(ring_head(s), 7);
	assert_memory_equal(ring_bytes(s, 0, &n), "abcde\0f", 7);
	assert_int_equal(ring_recover(s), 0);
	ring_free(s);
	ring_free(r);
}

/* At every fill level, before and after many turns around, old bytes are never taken for output. */
static void
test_guard_is_always_clean(void **st)
{
	struct ring *r = ring_new(os_memfd("ring"));
	uint8_t junk[RING_READ];
	size_t total = 0;

	(void)st;
	memset(junk, 'x', sizeof(junk));
	for (unsigned i = 1; total < 3 * RING_DATA; i++) {
		size_t n = (i * 977) % RING_READ + 1;
		put(r, junk, n);
		total += n;
		struct ring *s = successor(r);
		assert_int_equal(ring_recover(s), 0);
		assert_int_equal(ring_head(s), total);
		ring_free(s);
	}
	ring_free(r);
}

static long
faults(void)
{
	struct rusage u;

	assert_int_equal(getrusage(RUSAGE_THREAD, &u), 0);
	return u.ru_minflt + u.ru_majflt;
}

/* A read() into the ring meets no page fault: a process that is killed in one loses what the pty
 * has given already. */
static void
test_reads_meet_no_fault(void **st)
{
	static uint8_t bytes[RING_READ];
	struct ring *r = ring_new(os_memfd("ring")), *s;
	int p[2];

	(void)st;
	if (THREADS_SANITIZED) {
		ring_free(r);
		skip();
	}
	memset(bytes, 'x', sizeof(bytes));
	assert_int_equal(pipe(p), 0);
	put(r, bytes, 100);
	s = successor(r);
	for (int i = 0; i < 200; i++) {
		struct ring *to = i & 64 ? s : r;
		uint8_t *at = ring_place(to);
		long before;

		assert_int_equal(write(p[1], bytes, sizeof(bytes)), sizeof(bytes));
		before = faults();
		assert_int_equal(read(p[0], at, RING_READ), RING_READ);
		assert_int_equal(faults(), before);
		ring_commit(to, RING_READ);
		if (i % 10 == 9) { /* at rest meanwhile */
			assert_int_equal(ring_save(to, "", 0, ring_head(to)), 0);
			ring_punch(to);
		}
	}
	close(p[0]);
	close(p[1]);
	ring_free(s);
	ring_free(r);
}

static void
test_replay_never_wraps(void **st)
{
	struct ring *r = ring_new(os_memfd("ring"));
	uint8_t *all = malloc(2 * RING_DATA);
	size_t n, len = 2 * RING_DATA - RING_READ - 17;

	(void)st;
	for (size_t i = 0; i < len; i++)
		all[i] = (uint8_t)(1 + i * 7 % 251);
	put(r, all, len);
	const uint8_t *p = ring_bytes(r, len - RING_DATA + RING_READ, &n);
	assert_non_null(p);
	assert_int_equal(n, RING_DATA - RING_READ);
	assert_memory_equal(p, all + len - n, n);
	assert_null(ring_bytes(r, len - RING_DATA + RING_READ - 1, &n));
	assert_null(ring_bytes(r, len + 1, &n));
	free(all);
	ring_free(r);
}

static void
test_checkpoint_newest_and_fallback(void **st)
{
	struct ring *r = ring_new(os_memfd("ring")), *s;
	uint64_t upto = 99;
	size_t n;
	char *p, big[20000];

	(void)st;
	assert_null(ring_load(r, &n, &upto));
	put(r, "0123456789", 10);
	memset(big, 'B', sizeof(big));
	assert_int_equal(ring_save(r, big, sizeof(big), 4), 0);
	assert_int_equal(ring_save(r, "newer", 5, 8), 0);
	s = successor(r);
	p = ring_load(s, &n, &upto);
	assert_int_equal(n, 5);
	assert_int_equal(upto, 8);
	assert_memory_equal(p, "newer", 5);
	free(p);
	/* the newer one gets damaged: the one before stands in */
	assert_int_equal(pwrite(ring_fd(r), "X", 1, 4096 + RING_DATA), 1);
	assert_int_equal(pwrite(ring_fd(r), "X", 1, 4096 + RING_DATA + (off_t)RING_SLOT_MAX), 1);
	p = ring_load(s, &n, &upto);
	assert_null(p);
	assert_int_equal(ring_save(r, big, sizeof(big), 9), 0);
	assert_int_equal(ring_save(r, "last", 4, 10), 0);
	assert_int_equal(pwrite(ring_fd(r), "X", 1, 4096 + RING_DATA + (off_t)RING_SLOT_MAX), 1);
	p = ring_load(s, &n, &upto);
	assert_non_null(p);
	assert_true(upto == 9 || upto == 10);
	free(p);
	ring_free(s);
	ring_free(r);
}

static void
test_poison_counts_deaths_on_the_same_bytes(void **st)
{
	struct ring *r = ring_new(os_memfd("ring"));
	uint64_t from;
	uint32_t n;

	(void)st;
	put(r, "abcdef", 6);
	assert_int_equal(ring_poison(r, &from, &n), 0);
	ring_feeding(r, 2, 4);
	assert_int_equal(ring_poison(r, &from, &n), 1);
	assert_int_equal(from, 2);
	assert_int_equal(n, 4);
	ring_feeding(r, 2, 4);
	assert_int_equal(ring_poison(r, &from, &n), 2);
	ring_feeding(r, 3, 3);
	assert_int_equal(ring_poison(r, &from, &n), 1);
	ring_feeding(r, 3, 3);
	ring_fed(r);
	assert_int_equal(ring_poison(r, &from, &n), 0);
	ring_free(r);
}

/* Bytes of memory that it has. */
static long
held(const struct ring *r)
{
	struct stat st;

	assert_int_equal(fstat(ring_fd(r), &st), 0);
	return (long)st.st_blocks * 512;
}

static void
test_punch_only_what_a_checkpoint_covers(void **st)
{
	struct ring *r = ring_new(os_memfd("ring"));
	static char much[RING_DATA / 2];
	long full;
	size_t n;

	(void)st;
	memset(much, 'a', sizeof(much));
	put(r, much, sizeof(much));
	assert_int_equal(ring_save(r, "s", 1, sizeof(much) - 1), 0);
	full = held(r);
	ring_punch(r);
	assert_int_equal(held(r), full);
	assert_int_equal(ring_save(r, "s", 1, sizeof(much)), 0);
	ring_punch(r);
	assert_true(held(r) <= full - (long)sizeof(much) / 2);
	assert_int_equal(ring_recover(r), 0);
	put(r, much, sizeof(much)); /* what comes after is there, and can go as well */
	assert_memory_equal(ring_bytes(r, sizeof(much), &n), much, 3);
	full = held(r);
	assert_int_equal(ring_save(r, "s", 1, 2 * sizeof(much)), 0);
	ring_punch(r);
	assert_true(held(r) <= full - (long)sizeof(much) / 2);
	ring_free(r);
}

static void
test_foreign_memfd_is_refused(void **st)
{
	int fd = dup(0);

	(void)st;
	assert_null(ring_attach(fd));
	struct ring *r = ring_new(os_memfd("ring"));
	assert_int_equal(pwrite(ring_fd(r), "????", 4, 4), 4); /* a version nobody knows */
	assert_null(ring_attach(dup(ring_fd(r))));
	assert_int_equal(ring_save(r, "", (size_t)RING_SLOT_MAX + 1, 0), -EFBIG);
	ring_free(r);
}

/* The memfd is not what its header says, or is not one of ours. */
static void
test_damaged_headers(void **st)
{
	static const struct {
		off_t off;
		uint64_t value;
		size_t n;
	} t[] = {{0, 0, 4}, {8, RING_DATA / 2, 4}, {12, 1, 4},
		{24, 1ull << 40, 8}}; /* effects far beyond head */

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct ring *r = ring_new(os_memfd("ring"));

		put(r, "abc", 3);
		assert_int_equal(pwrite(ring_fd(r), &t[i].value, t[i].n, t[i].off), t[i].n);
		assert_null(ring_attach(dup(ring_fd(r))));
		ring_free(r);
	}
	struct ring *r = ring_new(os_memfd("ring"));
	assert_int_equal(ftruncate(ring_fd(r), 4096), -1); /* sealed */
	ring_free(r);
	ring_free(NULL);
}

/* There is no memory for another checkpoint: the one before stays. */
static void
test_save_that_fails(void **st)
{
	static char big[64 << 10];
	struct rlimit was, small = {4096 + RING_DATA + RING_SLOT_MAX + 100, RLIM_INFINITY};
	struct ring *r = ring_new(os_memfd("ring")), *s;
	uint64_t upto;
	size_t n;
	char *p;

	(void)st;
	put(r, "0123456789", 10);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(ring_save(r, "first", 5, 3), 0);
	assert_int_equal(ring_save(r, "second", 6, 5), 0);
	assert_int_equal(ring_save(r, "third", 5, 7), 0);
	signal(SIGXFSZ, SIG_IGN);
	small.rlim_max = was.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 3; i++) {
		/* one slot can be written, the other's end is beyond the limit */
		assert_int_equal(ring_save(r, big, sizeof(big), 9), i ? -EFBIG : 0);
		s = successor(r);
		p = ring_load(s, &n, &upto);
		assert_non_null(p);
		assert_int_equal(n, sizeof(big));
		assert_true(upto == 9 && ring_saved_upto(s) == 9);
		free(p);
		ring_free(s);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	ring_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_survive),
		cmocka_unit_test(test_uncommitted_read_is_found),
		cmocka_unit_test(test_guard_is_always_clean),
		cmocka_unit_test(test_reads_meet_no_fault),
		cmocka_unit_test(test_replay_never_wraps),
		cmocka_unit_test(test_checkpoint_newest_and_fallback),
		cmocka_unit_test(test_poison_counts_deaths_on_the_same_bytes),
		cmocka_unit_test(test_punch_only_what_a_checkpoint_covers),
		cmocka_unit_test(test_foreign_memfd_is_refused),
		cmocka_unit_test(test_damaged_headers),
		cmocka_unit_test(test_save_that_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
