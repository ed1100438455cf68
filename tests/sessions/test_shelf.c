/* The shelf alone: what is put there is found again, by another server too, whenever the writer
 * died; what is dropped leaves no trace. */
#include "sessions/pty/shelf.h"
#include "core/os/os.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static void
says(const struct shelf *sh, uint32_t num, enum shelf_kind kind, const char *want)
{
	struct buf b = {0};

	assert_int_equal(shelf_get(sh, num, kind, &b), want != NULL);
	assert_int_equal(shelf_has(sh, num, kind), want != NULL);
	if (want)
		assert_string_equal(buf_cstr(&b), want);
	buf_free(&b);
}

static int
put(struct shelf *sh, uint32_t num, enum shelf_kind kind, const char *text)
{
	return shelf_put(sh, num, kind, text, strlen(text));
}

/* As its successor finds it. */
static struct shelf *
after_death(struct shelf *sh)
{
	int fd = dup(shelf_fd(sh));

	shelf_free(sh);
	sh = shelf_adopt(fd);
	assert_non_null(sh);
	shelf_check(sh);
	return sh;
}

static bool
holds(const struct shelf *sh, const char *text)
{
	struct stat st;
	bool found;

	assert_int_equal(fstat(shelf_fd(sh), &st), 0);
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, shelf_fd(sh), 0);
	assert_true(p != MAP_FAILED);
	found = memmem(p, (size_t)st.st_size, text, strlen(text)) != NULL;
	munmap(p, (size_t)st.st_size);
	return found;
}

static void
test_found_again(void **st)
{
	struct shelf *sh = shelf_new(os_memfd("shelf"));

	(void)st;
	assert_int_equal(put(sh, 7, SHELF_SPEC, "spec seven"), 0);
	assert_int_equal(put(sh, 3, SHELF_SPEC, "spec three"), 0);
	assert_int_equal(put(sh, 7, SHELF_SCREEN, ""), 0);
	assert_int_equal(put(sh, 7, SHELF_SPEC, "another"), 0);
	for (int i = 0; i < 2; i++) {
		says(sh, 7, SHELF_SPEC, "another");
		says(sh, 7, SHELF_SCREEN, "");
		says(sh, 3, SHELF_SPEC, "spec three");
		says(sh, 3, SHELF_END, NULL);
		says(sh, 5, SHELF_SPEC, NULL);
		assert_int_equal(shelf_next(sh, 0), 3);
		assert_int_equal(shelf_next(sh, 3), 7);
		assert_int_equal(shelf_next(sh, 7), 0);
		sh = after_death(sh);
	}
	shelf_free(sh);
}

static void
test_dropped_leaves_no_trace(void **st)
{
	struct shelf *sh = shelf_new(os_memfd("shelf"));

	(void)st;
	put(sh, 1, SHELF_SPEC, "TOKEN=first");
	put(sh, 1, SHELF_SPEC, "TOKEN=second");
	put(sh, 2, SHELF_SPEC, "TOKEN=third");
	put(sh, 2, SHELF_END, "end");
	assert_true(holds(sh, "TOKEN=second") && !holds(sh, "TOKEN=first"));
	shelf_drop(sh, 1, SHELF_SPEC);
	shelf_drop(sh, 1, SHELF_SPEC);
	assert_false(holds(sh, "TOKEN=second"));
	sh = after_death(sh);
	says(sh, 1, SHELF_SPEC, NULL);
	says(sh, 2, SHELF_SPEC, "TOKEN=third");
	shelf_clear(sh, 2);
	assert_false(holds(sh, "TOKEN"));
	assert_int_equal(shelf_next(sh, 0), 0);
	assert_int_equal(shelf_live_bytes(sh), 0);
	shelf_free(sh);
}

/* The writer dies with the bytes written and `end` where it was; or between the end's move and the
 * old record's drop. */
static void
test_writer_dies(void **st)
{
	struct shelf *sh = shelf_new(os_memfd("shelf"));
	char before[16];
	int fd;

	(void)st;
	put(sh, 1, SHELF_SPEC, "one");
	assert_int_equal(pread(shelf_fd(sh), before, sizeof(before), 0), sizeof(before));
	put(sh, 2, SHELF_SPEC, "half written");
	assert_int_equal(pwrite(shelf_fd(sh), before, sizeof(before), 0), sizeof(before));
	sh = after_death(sh);
	says(sh, 1, SHELF_SPEC, "one");
	says(sh, 2, SHELF_SPEC, NULL);
	put(sh, 2, SHELF_SPEC, "2");
	put(sh, 3, SHELF_SPEC, "three");
	sh = after_death(sh);
	says(sh, 2, SHELF_SPEC, "2");
	says(sh, 3, SHELF_SPEC, "three");
	/* both records of a key are there: 3's becomes a second one of 2 */
	assert_int_equal(pwrite(shelf_fd(sh), &(uint32_t){2}, 4, (off_t)(4096 + 24 + 24)), 4);
	sh = after_death(sh);
	says(sh, 2, SHELF_SPEC, "three");
	says(sh, 3, SHELF_SPEC, NULL);
	shelf_free(sh);
	/* what is none */
	fd = os_memfd("junk");
	assert_int_equal(ftruncate(fd, 8192), 0);
	assert_null(shelf_adopt(fd));
	sh = shelf_new(os_memfd("shelf"));
	put(sh, 1, SHELF_SPEC, "cut short");
	fd = dup(shelf_fd(sh));
	assert_int_equal(ftruncate(fd, 4100), 0);
	shelf_free(sh);
	assert_null(shelf_adopt(fd));
}

static void
test_room_comes_back(void **st)
{
	struct shelf *sh = shelf_new(os_memfd("shelf"));
	char env[3000];
	size_t most = 0;
	int moves = 0;

	(void)st;
	memset(env, 'e', sizeof(env));
	for (uint32_t i = 1; i <= 10000; i++) {
		assert_int_equal(shelf_put(sh, i, SHELF_SPEC, env, sizeof(env)), 0);
		put(sh, i, SHELF_END, "end");
		if (i > 20)
			shelf_clear(sh, i - 20);
		moves += shelf_loose(sh) && shelf_compact(sh, os_memfd("moved"));
		most = MAX(most, shelf_file_bytes(sh));
	}
	shelf_check(sh);
	assert_true(moves > 5 && most < 2u << 20);
	sh = after_death(sh);
	assert_int_equal(shelf_next(sh, 0), 9981);
	for (uint32_t i = 9981; i <= 10000; i++)
		says(sh, i, SHELF_END, "end");
	shelf_free(sh);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found_again),
		cmocka_unit_test(test_dropped_leaves_no_trace),
		cmocka_unit_test(test_writer_dies),
		cmocka_unit_test(test_room_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
