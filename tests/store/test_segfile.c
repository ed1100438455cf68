#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "store/segfile.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[512];

static int
setup(void **state)
{
	const char *home = getenv("MUSTER_HOME");

	(void)state;
	snprintf(dir, sizeof(dir), "%s/text/7", home ? home : "/tmp");
	segfile_delete(dir);
	return 0;
}

static void
fill(char *p, size_t n, unsigned i)
{
	for (size_t k = 0; k < n; k++)
		p[k] = (char)(k * 31 + i * 7);
}

static void
test_records_come_back_over_files_and_restarts(void **state)
{
	enum { N = 100, LEN = 150000 };
	static char in[LEN], out[LEN];
	static uint64_t off[N];
	struct segfile *f = segfile_new(dir);

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		fill(in, LEN, i);
		assert_int_equal(segfile_append(f, in, LEN - i, &off[i]), 0);
		assert_true(off[i] % SEGFILE_BYTES + LEN - i <= SEGFILE_BYTES);
		if (i % 10 == 9) { /* another process goes on */
			segfile_free(f);
			f = segfile_new(dir);
		}
	}
	assert_true(off[N - 1] > 3ull * SEGFILE_BYTES);
	for (unsigned i = 0; i < N; i++) {
		fill(in, LEN, i);
		assert_int_equal(segfile_read(f, off[i], out, LEN - i), 0);
		assert_memory_equal(in, out, LEN - i);
	}
	assert_true(segfile_usage(dir) >= 100ull * 149000);
	/* what lies before an offset goes file by file, the rest stays */
	segfile_append(f, "x", 1, &off[0]);
	segfile_drop(f, off[60]);
	assert_int_equal(segfile_read(f, off[1], out, 10), -ENOENT);
	assert_int_equal(segfile_read(f, off[60], out, 10), 0);
	segfile_drop(f, UINT64_MAX);
	assert_int_equal(segfile_append(f, "y", 1, &off[1]), 0);
	assert_int_equal(off[1], off[0] + 1);
	segfile_free(f);
	assert_int_equal(segfile_delete(dir), 0);
	assert_int_equal(access(dir, F_OK), -1);
	assert_int_equal(segfile_usage(dir), 0);
}

static void
test_small_file_is_replaced_whole(void **state)
{
	struct segfile *f = segfile_new(dir);
	struct buf b = {0};
	char path[600];
	struct stat st;

	(void)state;
	assert_int_equal(segfile_get(f, "screen", &b), -ENOENT);
	assert_int_equal(segfile_put(f, "screen", "first one", 9, true), 0);
	assert_int_equal(segfile_put(f, "screen", "second", 6, false), 0);
	assert_int_equal(segfile_get(f, "screen", &b), 0);
	assert_int_equal(b.len, 6);
	assert_memory_equal(b.data, "second", 6);
	snprintf(path, sizeof(path), "%s/screen", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	buf_free(&b);
	segfile_free(f);
}

static void
test_errors_leave_nothing_behind(void **state)
{
	struct segfile *f = segfile_new(dir);
	char *big = xcalloc(1, SEGFILE_BYTES + 1), c;
	uint64_t off = 0;

	(void)state;
	assert_int_equal(segfile_append(f, big, SEGFILE_BYTES + 1, &off), -EFBIG);
	assert_int_equal(segfile_append(f, big, SEGFILE_BYTES, &off), 0);
	assert_int_equal(segfile_read(f, off + SEGFILE_BYTES, &c, 1), -ENOENT);
	assert_int_equal(segfile_read(f, off + SEGFILE_BYTES - 1, &c, 1), 0);
	free(big);
	segfile_free(f);
	f = segfile_new("/proc/nowhere/7");
	assert_true(segfile_append(f, "x", 1, &off) < 0);
	segfile_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_records_come_back_over_files_and_restarts, setup),
		cmocka_unit_test_setup(test_small_file_is_replaced_whole, setup),
		cmocka_unit_test_setup(test_errors_leave_nothing_behind, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
