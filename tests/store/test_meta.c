/* meta.db: sessions and events come back as they went in, numbers are never used twice, and a bad
 * file never stops anything. */
#include "store/db.h"
#include "store/meta.h"
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char path[512], banner[160];

static struct meta_db *
reopen(void)
{
	struct err e;
	struct meta_db *m;

	banner[0] = '\0';
	m = meta_open(path, banner, sizeof banner, &e);
	assert_non_null(m);
	return m;
}

static size_t
count(struct meta_db *m)
{
	size_t n;
	struct meta_session *s;

	assert_int_equal(meta_sessions(m, &s, &n), 0);
	meta_sessions_free(s, n);
	return n;
}

static int
fresh(void **state)
{
	char cmd[1100];

	(void)state;
	snprintf(path, sizeof path, "%s/meta.db", getenv("MUSTER_HOME"));
	snprintf(cmd, sizeof cmd, "rm -rf '%s'*", path);
	return system(cmd);
}

static struct meta_session
session(uint32_t num)
{
	struct meta_session s = {.num = num,
		.cwd = "/tmp/a b",
		.argv_json = "[\"x\",\"y'\"]",
		.tags_json = "[]",
		.note = "wait for\tit",
		.pinned = num & 1,
		.archived = num & 1,
		.cols = 80,
		.rows = 24,
		.exit_code = -1,
		.exit_signal = 9,
		.created = 1.5,
		.last_output = 1700000000.25,
		.footprint = 5ull << 40};

	snprintf(s.id, sizeof s.id, "id%u", num);
	snprintf(s.name, sizeof s.name, "n%u", num);
	snprintf(s.profile, sizeof s.profile, "claude");
	snprintf(s.conversation, sizeof s.conversation, "c-%u", num);
	snprintf(s.state, sizeof s.state, "asleep");
	return s;
}

static void
test_sessions(void **state)
{
	struct meta_db *m = reopen();
	struct meta_session s, *got;
	size_t n;

	(void)state;
	assert_string_equal(banner, "");
	assert_int_equal(meta_next_num(m), 1);
	for (uint32_t i = 1; i <= 3; i++) {
		s = session(i);
		assert_int_equal(meta_put_session(m, &s), 0);
	}
	snprintf(s.name, sizeof s.name, "renamed");
	assert_int_equal(meta_put_session(m, &s), 0);
	meta_close(m);
	m = reopen();
	assert_int_equal(meta_sessions(m, &got, &n), 0);
	assert_int_equal(n, 3);
	assert_string_equal(got[2].name, "renamed");
	assert_string_equal(got[0].id, "id1");
	assert_string_equal(got[0].cwd, "/tmp/a b");
	assert_string_equal(got[0].argv_json, "[\"x\",\"y'\"]");
	assert_string_equal(got[0].conversation, "c-1");
	assert_true(got[0].pinned && !got[1].pinned);
	assert_true(got[0].archived && !got[1].archived);
	assert_string_equal(got[0].note, "wait for\tit");
	assert_int_equal(got[1].exit_code, -1);
	assert_true(got[1].last_output == 1700000000.25);
	assert_true(got[1].footprint == 5ull << 40);
	meta_sessions_free(got, n);
	assert_int_equal(meta_delete_session(m, 3), 0);
	assert_int_equal(meta_next_num(m), 4); /* not 3 again */
	meta_close(m);
	m = reopen();
	assert_int_equal(meta_next_num(m), 4);
	meta_close(m);
}

static void
test_events(void **state)
{
	struct meta_db *m = reopen();
	struct meta_event ev = {.id = "id", .name = "n", .event = "started", .detail_json = "{}"},
			  *got;
	size_t n;

	(void)state;
	for (int i = 0; i < 10; i++) {
		ev.t = 1000 + i;
		ev.num = 1 + (uint32_t)(i % 2);
		assert_int_equal(meta_put_event(m, &ev), 0);
	}
	got = meta_events(m, 0, 0, 100, &n);
	assert_int_equal(n, 10);
	assert_true(got[0].t == 1000 && got[9].t == 1009);
	assert_string_equal(got[0].detail_json, "{}");
	meta_events_free(got, n);
	got = meta_events(m, 2, 1004, 2, &n); /* of one, the newest two */
	assert_int_equal(n, 2);
	assert_true(got[0].t == 1007 && got[1].t == 1009);
	meta_events_free(got, n);
	assert_int_equal(meta_delete_session(m, 2), 0);
	got = meta_events(m, 0, 0, 100, &n);
	assert_int_equal(n, 5);
	meta_events_free(got, n);
	assert_int_equal(meta_maintain(m, 1005 + 90 * 86400.0), 0);
	got = meta_events(m, 0, 0, 100, &n);
	assert_int_equal(n, 2);
	meta_events_free(got, n);
	meta_close(m);
}

static void
test_files_are_private(void **state)
{
	static const char *const suffix[] = {"", "-wal"};
	char file[600];
	struct stat st;
	struct meta_db *m;
	struct meta_session s = session(1);

	(void)state;
	umask(0);
	m = reopen();
	meta_put_session(m, &s);
	for (size_t i = 0; i < ARRAY_LEN(suffix); i++) {
		snprintf(file, sizeof file, "%s%s", path, suffix[i]);
		assert_int_equal(stat(file, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	meta_close(m);
	umask(022);
}

/* What was acknowledged is there after kill -9, each time. */
static void
test_killed_writer(void **state)
{
	(void)state;
	for (int round = 0; round < 10; round++) {
		int p[2];
		uint32_t acked = 0, num;
		struct meta_db *m;
		pid_t pid;

		assert_int_equal(pipe(p), 0);
		pid = fork();
		if (pid == 0) {
			m = reopen();
			for (num = meta_next_num(m);; num++) {
				struct meta_session s = session(num);

				if (meta_put_session(m, &s) < 0 ||
					write(p[1], &num, sizeof num) != sizeof num)
					_exit(1);
			}
		}
		close(p[1]);
		for (int i = 0; i < 5 + round; i++)
			assert_int_equal(read(p[0], &acked, sizeof acked), sizeof acked);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		while (read(p[0], &num, sizeof num) == sizeof num)
			acked = num;
		close(p[0]);
		m = reopen();
		assert_true(count(m) >= acked && count(m) <= acked + 1);
		meta_close(m);
	}
}

static int
nothing(struct db *file, struct db *memory)
{
	(void)file;
	(void)memory;
	return 0;
}

static void
test_corrupt_and_newer(void **state)
{
	struct meta_db *m = reopen();
	struct meta_session s = session(1);
	char cmd[1200];

	(void)state;
	meta_put_session(m, &s);
	meta_close(m);
	snprintf(cmd, sizeof cmd, "printf garbage | dd of='%s' conv=notrunc 2>/dev/null", path);
	assert_int_equal(system(cmd), 0);
	m = reopen();
	assert_non_null(strstr(banner, "set aside"));
	assert_int_equal(meta_put_session(m, &s), 0);
	meta_close(m);
	snprintf(cmd, sizeof cmd, "test -f '%s' && ls '%s'.corrupt-* >/dev/null", path, path);
	assert_int_equal(system(cmd), 0);
	/* another program's database is not ours to write */
	struct db db;
	struct db_schema other = {.application_id = 0x1234, .durability = "NORMAL"};
	struct err e;

	assert_int_equal(db_open(&db, path, &other, banner, sizeof banner, &e), 0);
	assert_non_null(strstr(banner, "another program"));
	assert_true(db.in_memory);
	assert_false(db_retry_file(&db, nothing));
	db_close(&db);
	m = reopen();
	assert_int_equal(count(m), 1);
	meta_close(m);
	fresh(NULL);
	m = reopen();
	meta_put_session(m, &s);
	meta_close(m);
	snprintf(cmd, sizeof cmd, "%s", path);
	other = (struct db_schema){.application_id = 0x6d737431, .durability = "FULL"};
	assert_int_equal(db_open(&db, path, &other, banner, sizeof banner, &e), 0);
	assert_true(db.read_only); /* version 1 of the file, 0 known */
	assert_int_equal(db_exec(&db, "DELETE FROM session"), -EROFS);
	db_close(&db);
	m = reopen();
	assert_int_equal(count(m), 1);
	meta_close(m);
}

static bool
set_aside(void)
{
	char cmd[1200];

	snprintf(cmd, sizeof cmd, "ls '%s'.corrupt-* >/dev/null 2>&1", path);
	return system(cmd) == 0;
}

/* Three sessions and an event in the file. */
static void
fill(void)
{
	struct meta_event ev = {.t = 1, .num = 1, .event = "started", .detail_json = "{}"};
	struct meta_db *m = reopen();

	for (uint32_t i = 1; i <= 3; i++) {
		struct meta_session s = session(i);

		assert_int_equal(meta_put_session(m, &s), 0);
	}
	assert_int_equal(meta_put_event(m, &ev), 0);
	meta_close(m);
}

/* Another program has it: it stays, and what came meanwhile goes into it later. */
static void
test_locked(void **state)
{
	struct meta_event ev = {.t = 2, .num = 9, .event = "started", .detail_json = "{}"}, *evs;
	struct meta_db *m;
	sqlite3 *h;
	size_t n;

	(void)state;
	fill();
	assert_int_equal(sqlite3_open(path, &h), SQLITE_OK);
	assert_int_equal(sqlite3_exec(h,
				 "PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE;"
				 "SELECT count(*) FROM sqlite_schema",
				 NULL, NULL, NULL),
		SQLITE_OK);
	m = reopen();
	assert_true(meta_in_memory(m));
	assert_non_null(strstr(banner, "locked"));
	assert_false(set_aside());
	assert_int_equal(meta_put_event(m, &ev), 0);
	assert_false(meta_retry(m));
	sqlite3_close(h);
	assert_true(meta_retry(m));
	assert_int_equal(count(m), 3);
	evs = meta_events(m, 0, 0, 9, &n);
	assert_int_equal(n, 2);
	meta_events_free(evs, n);
	meta_close(m);
}

/* sqlite's allocator, but the n-th call gives nothing, and no one does while the count is 0. */
static sqlite3_mem_methods real;
static int alloc_countdown = -1;

static bool
alloc_fails(void)
{
	return alloc_countdown >= 0 && alloc_countdown-- == 0;
}

static void *
failing_malloc(int n)
{
	return alloc_fails() ? NULL : real.xMalloc(n);
}

static void *
failing_realloc(void *p, int n)
{
	return alloc_fails() ? NULL : real.xRealloc(p, n);
}

/* Before anything else uses sqlite. */
static void
hook_allocator(void)
{
	sqlite3_mem_methods m;

	assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real), SQLITE_OK);
	m = real;
	m.xMalloc = failing_malloc;
	m.xRealloc = failing_realloc;
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &m), SQLITE_OK);
}

/* Short of memory at any one moment: the file is as good as before. */
static void
test_no_memory(void **state)
{
	struct meta_db *m;
	struct err e;
	bool reached = true;
	int in_memory = 0;

	(void)state;
	fill();
	for (int n = 0; reached; n++) {
		struct meta_session *s, one = session(2);
		size_t k;
		int rc;

		alloc_countdown = n;
		m = meta_open(path, banner, sizeof banner, &e);
		rc = m ? meta_sessions(m, &s, &k) : 0;
		if (m && rc == 0 && !meta_in_memory(m))
			assert_int_equal(k, 3); /* all, or an error */
		if (m)
			meta_sessions_free(s, k);
		if (m)
			assert_false(db_is_corrupt(meta_put_session(m, &one)));
		reached = alloc_countdown < 0;
		alloc_countdown = -1;
		in_memory += m && meta_in_memory(m);
		meta_close(m);
		assert_false(set_aside());
		m = reopen();
		assert_string_equal(banner, "");
		assert_int_equal(count(m), 3);
		meta_close(m);
	}
	assert_true(in_memory > 0);
}

/* 200 sessions with an event each; pages of the file. */
static long
fill_many(void)
{
	struct meta_event ev = {.event = "started", .detail_json = "{}"};
	struct meta_db *m = reopen();
	struct stat st;

	for (uint32_t i = 1; i <= 200; i++) {
		struct meta_session s = session(i);

		ev.t = i;
		ev.num = i;
		assert_int_equal(meta_put_session(m, &s), 0);
		assert_int_equal(meta_put_event(m, &ev), 0);
	}
	meta_close(m);
	assert_int_equal(stat(path, &st), 0);
	return st.st_size / 4096;
}

static void
damage_page(long page)
{
	char junk[4096];
	FILE *f = fopen(path, "r+");

	memset(junk, 0x5a, sizeof junk);
	assert_non_null(f);
	fseek(f, page * (long)sizeof junk, SEEK_SET);
	assert_int_equal(fwrite(junk, 1, sizeof junk, f), sizeof junk);
	fclose(f);
}

/* What says whose file it is may be damaged, too: then it is not kept as somebody else's. */
static void
test_corrupt_mark(void **state)
{
	struct meta_db *m;
	FILE *f;

	(void)state;
	fill_many();
	damage_page(5);
	f = fopen(path, "r+");
	assert_non_null(f);
	fseek(f, 68, SEEK_SET); /* the application id */
	assert_int_equal(fputc('x', f), 'x');
	fclose(f);
	m = reopen();
	assert_non_null(strstr(banner, "set aside"));
	assert_true(count(m) > 100);
	meta_close(m);
}

/* Any one page is damaged: the file goes, and what lies around the damage is in the new one. */
static void
test_carried_over(void **state)
{
	long pages = fill_many();
	size_t around = 0, whole = 0;

	(void)state;
	for (long page = 0; page < pages; page++) {
		struct meta_session *got;
		struct meta_db *m;
		size_t n;

		fresh(NULL);
		fill_many();
		damage_page(page);
		m = reopen();
		if (!set_aside()) /* it shows in use */
			assert_int_equal(meta_set_aside(m, banner, sizeof banner), 0);
		assert_non_null(strstr(banner, "set aside"));
		assert_true(set_aside());
		assert_int_equal(meta_sessions(m, &got, &n), 0);
		for (size_t i = 0; i < n; i++) {
			struct meta_session want = session(got[i].num);

			assert_string_equal(got[i].conversation, want.conversation);
			assert_string_equal(got[i].argv_json, want.argv_json);
		}
		whole += n == 200;
		around += n < 200 && n > 100 && got[0].num == 1 && got[n - 1].num == 200;
		meta_sessions_free(got, n);
		meta_close(m);
	}
	print_message(
		"  of %ld pages: %zu hold no session, around %zu all others are carried over\n",
		pages, whole, around);
	assert_true(whole > 0 && around > 0);
}

/* A file that is sound stays, whoever says that it is not. */
static void
test_sound_is_not_set_aside(void **state)
{
	struct meta_db *m;

	(void)state;
	fill();
	m = reopen();
	assert_int_equal(meta_set_aside(m, banner, sizeof banner), -EIO);
	assert_false(set_aside());
	assert_int_equal(count(m), 3);
	meta_close(m);
}

static void
test_full_disk_takes_the_reserve(void **state)
{
	pid_t pid;
	int status;
	char reserve[600];

	(void)state;
	db_reserve_make(getenv("MUSTER_HOME"));
	snprintf(reserve, sizeof reserve, "%s/reserve", getenv("MUSTER_HOME"));
	if (access(reserve, F_OK) != 0) {
		print_message("  this disk is nearly full: no reserve is made, not tried\n");
		skip();
	}
	pid = fork();
	if (pid == 0) { /* a limit on file size stands for the disk: writes beyond it fail */
		struct meta_db *m = reopen();
		struct rlimit rl = {200 * 1024, 200 * 1024};
		int rc = 0;

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &rl);
		for (uint32_t i = 1; rc == 0 && i < 20000; i++) {
			struct meta_session s = session(i);

			rc = meta_put_session(m, &s);
		}
		_exit(rc < 0 && access(reserve, F_OK) != 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_sessions, fresh),
		cmocka_unit_test_setup(test_events, fresh),
		cmocka_unit_test_setup(test_files_are_private, fresh),
		cmocka_unit_test_setup(test_killed_writer, fresh),
		cmocka_unit_test_setup(test_corrupt_and_newer, fresh),
		cmocka_unit_test_setup(test_locked, fresh),
		cmocka_unit_test_setup(test_no_memory, fresh),
		cmocka_unit_test_setup(test_corrupt_mark, fresh),
		cmocka_unit_test_setup(test_carried_over, fresh),
		cmocka_unit_test_setup(test_sound_is_not_set_aside, fresh),
		cmocka_unit_test_setup(test_full_disk_takes_the_reserve, fresh),
	};

	hook_allocator();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
