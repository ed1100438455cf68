/* Files in memory that outlive every process: named when they are worth it, found again, this user's
 * alone, and gone with the state directory that they were of. */
#include "sessions/pty/memdir.h"
#include "core/os/os.h"
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char root[64], state[300];

/* The only directory below root, or "". */
static const char *
only(void)
{
	static char path[400];
	DIR *d = opendir(root);

	path[0] = 0;
	for (struct dirent *e; (e = readdir(d));)
		if (*e->d_name != '.') {
			assert_string_equal(path, "");
			snprintf(path, sizeof(path), "%s/%s", root, e->d_name);
		}
	closedir(d);
	return path;
}

static void
make_state(const char *name)
{
	snprintf(state, sizeof(state), "%s/%s", getenv("MUSTER_HOME"), name);
	assert_int_equal(mkdir(state, 0700), 0);
}

static void
put(struct memdir *d, const char *name, const char *text)
{
	int fd = memdir_new(d, name);

	assert_true(fd >= 0 && write(fd, text, strlen(text)) > 0);
	close(fd);
}

static bool
has(struct memdir *d, const char *name, const char *text)
{
	char is[64] = "";
	int fd = memdir_take(d, name);
	bool same = fd >= 0 && read(fd, is, sizeof(is) - 1) > 0 && !strcmp(is, text);

	if (fd >= 0)
		close(fd);
	return same;
}

static int
begin(void **st)
{
	struct memdir *d;

	(void)st;
	snprintf(root, sizeof(root), MEMDIR_ROOT "/test-XXXXXX");
	make_state("first");
	d = mkdtemp(root) ? memdir_open(root, state) : NULL;
	if (!d) {
		printf("no tmpfs with room: not tested\n");
		rmdir(root);
		exit(0);
	}
	memdir_clear(d);
	memdir_free(d);
	return 0;
}

static int
end(void **st)
{
	(void)st;
	return rmdir(root);
}

static void
test_named_when_kept(void **st)
{
	struct memdir *d = memdir_open(root, state);
	int fd;

	(void)st;
	put(d, "arena", "half");
	assert_int_equal(memdir_take(d, "arena"), -1);
	put(d, "arena", "old");
	memdir_keep(d, "arena");
	put(d, "arena", "not yet");
	memdir_free(d); /* as when the process dies */
	d = memdir_open(root, state);
	assert_true(has(d, "arena", "old"));
	fd = memdir_take(d, "arena");
	assert_true(memdir_is(d, "arena", fd));
	put(d, "arena", "new");
	memdir_keep(d, "arena");
	assert_true(has(d, "arena", "new"));
	assert_false(memdir_is(d, "arena", fd));
	close(fd);
	memdir_drop(d, "arena");
	assert_int_equal(memdir_take(d, "arena"), -1);
	assert_false(memdir_tight(d));
	memdir_clear(d);
	memdir_free(d);
	assert_string_equal(only(), "");
}

static void
test_rings(void **st)
{
	struct memdir *d = memdir_open(root, state);
	static const uint32_t num[] = {7, 123456, UINT32_MAX};
	char name[MEMDIR_NAME];
	uint32_t *found;
	size_t n;

	(void)st;
	for (int i = 0; i < 3; i++) {
		memdir_ring(name, num[i]);
		put(d, name, "x");
		memdir_keep(d, name);
	}
	put(d, "ring-8", "no name yet");
	put(d, "ring-x", "x");
	memdir_keep(d, "ring-x");
	found = memdir_rings(d, &n);
	assert_int_equal(n, 3);
	for (int i = 0; i < 3; i++)
		assert_true(found[i] == num[0] || found[i] == num[1] || found[i] == num[2]);
	free(found);
	memdir_clear(d);
	memdir_free(d);
}

static void
test_left_behind(void **st)
{
	struct memdir *d = memdir_open(root, state), *other;
	char gone[sizeof(state)];

	(void)st;
	put(d, "arena", "secret");
	memdir_keep(d, "arena");
	memdir_free(d);
	/* one whose state directory is still there is left alone */
	snprintf(gone, sizeof(gone), "%s", state);
	make_state("second");
	other = memdir_open(root, state);
	memdir_clear(other);
	memdir_free(other);
	d = memdir_open(root, gone);
	assert_true(has(d, "arena", "secret"));
	memdir_free(d);
	assert_int_equal(rmdir(gone), 0);
	other = memdir_open(root, state);
	assert_non_null(strstr(only(), "/muster-"));
	memdir_clear(other);
	memdir_free(other);
	assert_string_equal(only(), "");
}

static void
test_nobody_elses(void **st)
{
	struct memdir *d = memdir_open(root, state);
	char path[400];

	(void)st;
	snprintf(path, sizeof(path), "%s", only());
	memdir_free(d);
	assert_int_equal(chmod(path, 0755), 0);
	assert_null(memdir_open(root, state));
	assert_int_equal(chmod(path, 0700), 0);
	d = memdir_open(root, state);
	memdir_clear(d);
	memdir_free(d);
	assert_int_equal(symlink(state, path), 0);
	assert_null(memdir_open(root, state));
	assert_int_equal(unlink(path), 0);
	assert_null(memdir_open("/proc/self", state)); /* no tmpfs */
	assert_null(memdir_open(root, "/nowhere"));
}

static void
test_none(void **st)
{
	char is[8] = "";
	size_t n = 1;
	int fd = memdir_new(NULL, "arena"), copy;

	(void)st;
	assert_true(fd >= 0);
	memdir_keep(NULL, "arena");
	assert_int_equal(memdir_take(NULL, "arena"), -1);
	assert_false(memdir_is(NULL, "arena", fd) || memdir_tight(NULL));
	assert_null(memdir_rings(NULL, &n));
	assert_int_equal(n, 0);
	memdir_clear(NULL);
	memdir_free(NULL);
	/* a copy has what was there, holes and all */
	assert_int_equal(ftruncate(fd, 64 << 20), 0);
	assert_int_equal(pwrite(fd, "far", 3, 40 << 20), 3);
	copy = memory_copy(fd);
	assert_int_equal(pwrite(fd, "FAR", 3, 40 << 20), 3);
	assert_int_equal(pread(copy, is, 3, 40 << 20), 3);
	assert_string_equal(is, "far");
	struct stat a;
	assert_int_equal(fstat(copy, &a), 0);
	assert_true(a.st_size == 64 << 20 && a.st_blocks < 2 << 11);
	close(copy);
	close(fd);
	assert_int_equal(memory_copy(-1), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_named_when_kept),
		cmocka_unit_test(test_rings),
		cmocka_unit_test(test_left_behind),
		cmocka_unit_test(test_nobody_elses),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
