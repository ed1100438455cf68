#include "core/stats/slabgrow.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define M (UINT64_C(1) << 20)
#define HOUR 3600.0
#define SCAN(t, r)                     \
	{                              \
		(t), (r), ARRAY_LEN(r) \
	}

/* 128 MB at address n GB; occupied. */
#define SLAB(n, full)                                \
	{                                            \
		(uint64_t)(n) << 30, 128 * M, (full) \
	}

static void
test_one_after_another(void **state)
{
	const struct page_region a[] = {SLAB(1, 1), SLAB(2, 0.9)};
	const struct page_region b[] = {SLAB(1, 1), SLAB(2, 1), SLAB(3, 0.2)};
	const struct page_region c[] = {SLAB(1, 1), SLAB(2, 1), SLAB(3, 0.9)};
	const struct page_region d[] = {SLAB(1, 1), SLAB(2, 1), SLAB(3, 1), SLAB(4, 0.6)};
	const struct page_scan scans[] = {
		SCAN(0, a), SCAN(HOUR, b), SCAN(2 * HOUR, c), SCAN(3 * HOUR, d)};
	struct page_growth g[4];

	(void)state;
	assert_int_equal(slabgrow_judge(scans, 4, g, 4), 1);
	assert_int_equal(g[0].size, 128 * M);
	assert_int_equal(g[0].count, 4);
	assert_int_equal(g[0].appeared, 2);
	assert_int_equal(g[0].freed, 0);
	assert_true(g[0].within_s == 2 * HOUR); /* the third was not full in the scan of 1 h */
	assert_true(g[0].only_grows);
	/* one more is no series */
	assert_int_equal(slabgrow_judge(scans, 3, g, 4), 1);
	assert_int_equal(g[0].appeared, 1);
	assert_false(g[0].only_grows);
}

static void
test_given_back(void **state)
{
	const struct page_region a[] = {SLAB(1, 1), SLAB(2, 1)};
	const struct page_region gone[] = {SLAB(1, 1), SLAB(3, 1), SLAB(4, 1)};
	const struct page_region empty[] = {SLAB(1, 1), SLAB(2, 0.1), SLAB(3, 1), SLAB(4, 1)};
	const struct page_region kept[] = {SLAB(1, 1), SLAB(2, 1), SLAB(3, 1), SLAB(4, 1)};
	const struct page_scan unmapped[] = {SCAN(0, a), SCAN(HOUR, gone)};
	const struct page_scan emptied[] = {SCAN(0, a), SCAN(HOUR, empty)};
	const struct page_scan filled[] = {SCAN(0, a), SCAN(HOUR, kept)};
	const struct page_scan hasty[] = {SCAN(0, a), SCAN(1700, kept)};
	const struct page_scan again[] = {SCAN(0, kept), SCAN(HOUR, gone), SCAN(2 * HOUR, kept)};
	struct page_growth g[2];

	(void)state;
	assert_int_equal(slabgrow_judge(unmapped, 2, g, 2), 1);
	assert_int_equal(g[0].freed, 1);
	assert_int_equal(g[0].appeared, 2);
	assert_false(g[0].only_grows);
	slabgrow_judge(emptied, 2, g, 2);
	assert_int_equal(g[0].freed, 1);
	assert_int_equal(g[0].count, 3);
	assert_false(g[0].only_grows);
	slabgrow_judge(filled, 2, g, 2);
	assert_true(g[0].only_grows);
	slabgrow_judge(hasty, 2, g, 2);
	assert_false(g[0].only_grows);
	slabgrow_judge(again, 3, g, 2); /* freed once, taken again */
	assert_int_equal(g[0].freed, 1);
	assert_int_equal(g[0].appeared, 1);
}

static void
test_classes(void **state)
{
	/* the same address with another size is another region */
	const struct page_region a[] = {SLAB(1, 1), {UINT64_C(5) << 30, 4 * M, 1}, SLAB(6, 0.4)};
	const struct page_region b[] = {{UINT64_C(1) << 30, 64 * M, 1},
		{UINT64_C(5) << 30, 4 * M, 1}, {UINT64_C(7) << 30, 64 * M, 1}};
	const struct page_scan scans[] = {SCAN(0, a), SCAN(HOUR, b)};
	struct page_growth g[3];

	(void)state;
	assert_int_equal(slabgrow_judge(scans, 2, g, 3), 3);
	assert_true(g[0].size == 64 * M && g[0].count == 2 && g[0].only_grows);
	assert_true(g[1].size == 4 * M && g[1].appeared == 0 && !g[1].only_grows);
	assert_true(g[2].size == 128 * M && g[2].count == 0 && g[2].freed == 1);
	/* short of room: those that are there stay */
	assert_int_equal(slabgrow_judge(scans, 2, g, 2), 2);
	assert_true(g[0].size == 64 * M && g[1].size == 4 * M);
	assert_int_equal(slabgrow_judge(scans, 0, g, 2), 0);
	assert_int_equal(slabgrow_judge(scans, 1, g, 2), 2);
	assert_true(g[0].count == 1 && g[0].appeared == 0 && !g[0].only_grows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_after_another),
		cmocka_unit_test(test_given_back),
		cmocka_unit_test(test_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
