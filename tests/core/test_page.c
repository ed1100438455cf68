/* The arena: states, ownership, exact residency, adoption by a successor, faults. */
#include "core/os/os.h"
#include "core/page/page.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define MIB (1u << 20)

static void
assert_exact(const struct arena *a)
{
	uint64_t counted, resident;

	assert_true(arena_residency(a, &counted, &resident));
	assert_int_equal(counted, resident);
	arena_check(a);
}

static void
fill(struct arena *a, page_t s, uint32_t off, uint32_t len, int c)
{
	page_touch(a, s, off, len);
	memset((char *)page_base(a, s) + off, c, len);
}

static void
test_lifo_and_states(void **st)
{
	struct arena *a = arena_new(4 * MIB);
	page_t s1 = page_get(a, 7), s2 = page_get(a, 7);
	uint32_t g = page_generation(a, s2);

	(void)st;
	assert_true(s1 && s2 && s1 != s2);
	assert_int_equal(arena_stats(a).live, 2 * PAGE_BYTES);
	assert_int_equal(arena_owner_bytes(a, 7), 2 * PAGE_BYTES);
	assert_int_equal(arena_stats(a).resident_counted, 0);
	assert_exact(a);
	fill(a, s2, 0, 1, 'x');
	fill(a, s2, 5000, 10000, 'y');
	assert_int_equal(arena_stats(a).resident_counted, 4 * OS_PAGE_BYTES);
	assert_int_equal(arena_owner_resident(a, 7), 4 * OS_PAGE_BYTES);
	assert_exact(a);
	page_put(a, s2, 7);
	assert_int_equal(arena_stats(a).cached, PAGE_BYTES);
	assert_int_equal(page_get(a, 8), s2);
	assert_int_equal(page_generation(a, s2), g + 1);
	assert_int_equal(arena_owner_bytes(a, 8), PAGE_BYTES);
	page_put(a, s2, 8);
	page_put(a, s1, 7);
	arena_trim(a);
	assert_int_equal(arena_stats(a).live, 0);
	assert_int_equal(arena_stats(a).resident_counted, 0);
	assert_exact(a);
	arena_free(a);
}

static void
test_reserve_is_small(void **st)
{
	enum { N = 60 };
	struct arena *a = arena_new(8 * MIB);
	page_t s[N];

	(void)st;
	for (int i = 0; i < N; i++) {
		s[i] = page_get(a, 1);
		fill(a, s[i], 0, PAGE_BYTES, i);
	}
	assert_int_equal(arena_stats(a).resident_counted, N * PAGE_BYTES);
	for (int i = 0; i < N; i++)
		page_put(a, s[i], 1);
	assert_true(arena_stats(a).cached <= 16 * PAGE_BYTES);
	assert_int_equal(arena_stats(a).resident_counted, arena_stats(a).cached);
	assert_exact(a);
	arena_free(a);
}

static void
test_discard(void **st)
{
	struct arena *a = arena_new(MIB);
	page_t s = page_get(a, 1);

	(void)st;
	fill(a, s, 0, PAGE_BYTES, 'z');
	page_discard(a, s, 100, 3 * OS_PAGE_BYTES); /* two whole pages of it */
	assert_int_equal(arena_stats(a).resident_counted, 14 * OS_PAGE_BYTES);
	assert_exact(a);
	assert_true(page_readable(a, s, 0, OS_PAGE_BYTES));
	assert_false(page_readable(a, s, OS_PAGE_BYTES, 1));
	assert_true(page_readable(a, s, 3 * OS_PAGE_BYTES, OS_PAGE_BYTES));
	page_touch(a, s, OS_PAGE_BYTES, 1);
	assert_int_equal(((char *)page_base(a, s))[OS_PAGE_BYTES + 7], 0);
	assert_int_equal(((char *)page_base(a, s))[0], 'z');
	assert_exact(a);
	page_put(a, s, 1);
	arena_free(a);
}

static void
test_full_and_faults(void **st)
{
	struct arena *a = arena_new(20 * PAGE_BYTES);
	page_t s, last = 0;
	int n = 0;

	(void)st;
	arena_fail_at(a, 3);
	assert_true(page_get(a, 1) && page_get(a, 1));
	assert_int_equal(page_get(a, 1), 0);
	for (n = 2; (s = page_get(a, 1)); n++)
		last = s;
	assert_true(n >= 16 && n <= 20);
	page_put(a, last, 1);
	assert_int_equal(page_get(a, 1), last);
	for (s = 1; s <= (page_t)n; s++)
		page_put(a, s, 1);
	assert_int_equal(arena_stats(a).live, 0);
	arena_check(a);
	arena_free(a);
}

/* A call that must abort: in a child, so that the abort can be seen. */
static bool
aborts(void (*fn)(struct arena *a, page_t s))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct arena *own = arena_new(MIB);
		page_t mine = page_get(own, 3);

		if (!freopen("/dev/null", "w", stderr))
			_exit(3);
		fn(own, mine);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void
put_wrong_owner(struct arena *a, page_t s)
{
	page_put(a, s, 4);
}
static void
put_twice(struct arena *a, page_t s)
{
	page_put(a, s, 3);
	page_put(a, s, 3);
}
static void
write_unannounced(struct arena *a, page_t s)
{
	((volatile char *)page_base(a, s))[OS_PAGE_BYTES] = 1;
	arena_check(a);
}
static void
put_right(struct arena *a, page_t s)
{
	page_put(a, s, 3);
}

/* False on a platform that cannot tell what is resident: there some tests have no oracle. */
static bool
residency_known(void)
{
	static _Alignas(OS_PAGE_BYTES) char page[OS_PAGE_BYTES];

	return os_resident_pages(page, sizeof(page)) >= 0;
}

static void
test_misuse_aborts(void **st)
{
	(void)st;
	assert_true(aborts(put_wrong_owner));
	assert_true(aborts(put_twice));
	if (residency_known())
		assert_true(aborts(write_unannounced));
	assert_false(aborts(put_right));
}

/* A child writes into its arena and is killed; the parent, holding the fd, takes over. */
static void
test_adopt_after_kill(void **st)
{
	struct arena *a = arena_new(4 * MIB), *b;
	page_t keep = page_get(a, 5), lose = page_get(a, 6), cached = page_get(a, 5);
	uint32_t g = page_generation(a, keep), g_lose = page_generation(a, lose);
	int fd = dup(arena_fd(a));

	(void)st;
	if (!residency_known()) {
		arena_free(a);
		close(fd);
		skip();
	}
	fill(a, keep, 0, 9000, 'k');
	fill(a, lose, 0, PAGE_BYTES, 'l');
	fill(a, cached, 0, PAGE_BYTES, 'c');
	page_put(a, cached, 5);
	arena_free(a); /* what a kill does: nothing is given back */

	b = arena_adopt(fd);
	assert_non_null(b);
	assert_int_equal(arena_stats(b).orphan, 2 * PAGE_BYTES);
	assert_int_equal(arena_stats(b).resident_counted, 3 * OS_PAGE_BYTES + PAGE_BYTES);
	assert_exact(b);
	assert_false(page_claim(b, keep, 5, g + 1));
	assert_false(page_claim(b, keep, 6, g));
	assert_false(page_claim(b, cached, 5, 1));
	assert_false(page_claim(b, 999999, 5, g));
	assert_true(page_claim(b, keep, 5, g));
	assert_int_equal(((char *)page_base(b, keep))[8999], 'k');
	assert_int_equal(arena_sweep(b), 1);
	assert_false(page_claim(b, lose, 6, g_lose));
	assert_int_equal(arena_stats(b).live, PAGE_BYTES);
	assert_exact(b);
	page_put(b, keep, 5);
	arena_free(b);
}

static void
test_adopt_rejects_foreign(void **st)
{
	int fd = os_memfd("not-an-arena");

	(void)st;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "hello", 5), 5);
	assert_null(arena_adopt(fd));
	fd = os_memfd("empty");
	assert_null(arena_adopt(fd));
}

/* Bytes of memory or swap that the arena's file holds. */
static int64_t
allocated(const struct arena *a)
{
	struct stat st;

	return fstat(arena_fd(a), &st) < 0 ? -1 : (int64_t)st.st_blocks * 512;
}

/* Of pages that are free up to the end nothing stays, not even their records, but that they were.
 */
static void
test_trim_forgets_the_end(void **st)
{
	enum { N = 3000, KEPT = 10 };
	struct arena *a = arena_new(256 * MIB);
	page_t first = page_get(a, 1), s[N];
	int64_t held = allocated(a);
	int fd = dup(arena_fd(a));

	(void)st;
	page_put(a, first, 1);
	for (int i = 0; i < N; i++)
		s[i] = page_get(a, 1);
	page_put(a, s[N - 1], 1);
	assert_int_equal(page_get(a, 1), s[N - 1]);
	assert_int_equal(page_generation(a, s[N - 1]), 2);
	for (int i = 0; i < N; i++)
		if (i != KEPT)
			page_put(a, s[i], 1);
	arena_trim(a);
	assert_int_equal(arena_stats(a).mapped, (KEPT + 1) * PAGE_BYTES);
	assert_int_equal(arena_stats(a).free, KEPT * PAGE_BYTES);
	if (residency_known())
		assert_int_equal(allocated(a), held);
	assert_false(page_claim(a, s[N - 1], 1, 2));
	assert_exact(a);
	for (int i = 0; i < N - 1; i++)
		assert_true(page_generation(a, page_get(a, 1)) > 2);
	assert_int_equal(arena_stats(a).mapped, (uint64_t)N * PAGE_BYTES);
	assert_false(page_claim(a, s[N - 1], 1, 2));
	assert_exact(a);
	for (page_t k = 1; k <= N; k++)
		page_put(a, k, 1);
	arena_trim(a);
	assert_int_equal(arena_stats(a).mapped, 0);
	assert_exact(a);
	arena_free(a);
	a = arena_adopt(fd);
	assert_non_null(a);
	assert_true(page_generation(a, page_get(a, 1)) > 3);
	arena_free(a);
}

/* Random gets, puts, touches and discards against a plain model. */
static void
test_model(void **st)
{
	enum { N = 80, STEPS = 20000 };
	struct arena *a = arena_new(16 * MIB);
	page_t held[N] = {0};
	unsigned x = 12345;
	uint64_t live = 0;

	(void)st;
	for (int i = 0; i < STEPS; i++) {
		unsigned k = (x = x * 1103515245u + 12345u) >> 8, n = k % N, op = k / N % 4;
		uint32_t off = k / 977 % PAGE_BYTES, len = MIN(k / 31 % 20000, PAGE_BYTES - off);

		if (!held[n]) {
			held[n] = page_get(a, n + 1);
			live++;
		} else if (op == 0) {
			page_put(a, held[n], n + 1);
			held[n] = 0;
			live--;
		} else if (op == 1) {
			page_discard(a, held[n], off, len);
		} else if (len) {
			fill(a, held[n], off, len, (int)op);
			assert_true(page_readable(a, held[n], off, len));
		}
		assert_int_equal(arena_stats(a).live, live * PAGE_BYTES);
		if (i % 700 == 0)
			arena_trim(a);
		if (i % 500 == 0)
			assert_exact(a);
	}
	for (unsigned n = 0; n < N; n++)
		if (held[n])
			page_put(a, held[n], n + 1);
	arena_trim(a);
	assert_int_equal(arena_stats(a).resident_counted, 0);
	assert_exact(a);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lifo_and_states),
		cmocka_unit_test(test_reserve_is_small),
		cmocka_unit_test(test_discard),
		cmocka_unit_test(test_full_and_faults),
		cmocka_unit_test(test_misuse_aborts),
		cmocka_unit_test(test_adopt_after_kill),
		cmocka_unit_test(test_adopt_rejects_foreign),
		cmocka_unit_test(test_trim_forgets_the_end),
		cmocka_unit_test(test_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
