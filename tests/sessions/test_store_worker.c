/* The store's thread: order, results on the loop, what survives, what happens without a disk. */
#include "core/os/os.h"
#include "sessions/store_thread/store_worker.h"
#include "store/segfile.h"
#include "tests/tools/preload/io_faults.c" /* in this process, too */
#include <errno.h>
#include <sqlite3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

enum { LIVES_MAX = 1000 };
static uv_loop_t loop;
static char dir[512], banner[STORE_BANNER];

static int
fresh(void **state)
{
	static int n;

	(void)state;
	snprintf(dir, sizeof dir, "%s/store%d", getenv("MUSTER_HOME"), n++);
	return uv_loop_init(&loop);
}

static int
done(void **state)
{
	(void)state;
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop);
}

static struct meta_session
session(uint32_t num)
{
	struct meta_session s = {.num = num, .cwd = "/", .argv_json = "[]", .tags_json = "[]"};

	snprintf(s.name, sizeof s.name, "s%u", num);
	return s;
}

struct reading {
	size_t points, events, sessions;
	bool delivered;
	long code_kib;
};

static void
read_all(void *arg, struct history_db *h, struct meta_db *m)
{
	struct reading *r = arg;
	struct meta_session *sessions;
	struct meta_event *events;
	double step;

	free(history_points(h, 1, 0, 1000, &step, &r->points));
	events = meta_events(m, 0, 0, 1000, &r->events);
	meta_events_free(events, r->events);
	meta_sessions(m, &sessions, &r->sessions);
	meta_sessions_free(sessions, r->sessions);
}

static void
delivered(void *arg)
{
	((struct reading *)arg)->delivered = true;
}

static void
tick(uv_timer_t *t)
{
	(void)t;
}

static struct reading
run(struct store_worker *w, void (*fn)(void *arg, struct history_db *h, struct meta_db *m))
{
	struct reading r = {0};
	uint64_t deadline = os_mono_ns() + 5000000000u;
	uv_timer_t t;

	/* the worker itself does not keep a loop alive */
	uv_timer_init(&loop, &t);
	uv_timer_start(&t, tick, 10, 10);
	store_run(w, fn, delivered, &r);
	while (!r.delivered && os_mono_ns() < deadline)
		uv_run(&loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&t, NULL);
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_true(r.delivered);
	return r;
}

static struct reading
reading(struct store_worker *w)
{
	return run(w, read_all);
}

static void
look_at_nothing(void *arg, struct history_db *h, struct meta_db *m)
{
	(void)arg;
	(void)h;
	(void)m;
}

/* All that was asked for before it is done. */
static void
settled(struct store_worker *w)
{
	run(w, look_at_nothing);
}

static void
used_by_sqlite(void *arg, struct history_db *h, struct meta_db *m)
{
	(void)h;
	(void)m;
	*(sqlite3_int64 *)arg = sqlite3_memory_used();
}

/* KiB of sqlite's code that this process has mapped; -1 unknown. */
static long
code_mapped(void)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	char line[512];
	bool code = false;
	long kib, sum = -1;

	while (f && fgets(line, sizeof line, f)) {
		if (strstr(line, "libsqlite3"))
			code = strstr(line, " r-xp ");
		else if (code && sscanf(line, "Rss: %ld", &kib) == 1) {
			sum = MAX(sum, 0) + kib;
			code = false;
		}
	}
	if (f)
		fclose(f);
	return sum;
}

static void
look_at_code(void *arg, struct history_db *h, struct meta_db *m)
{
	(void)h;
	(void)m;
	((struct reading *)arg)->code_kib = code_mapped();
}

/* Pages of code are given up when that is asked for, and come back with their next use. */
static void
test_trim_of_code(void **state)
{
	struct meta_session s = session(1);
	struct store_worker *w;
	long used;

	(void)state;
	if (!os_heap_bytes())
		skip(); /* a system that cannot be asked */
	mkdir(dir, 0700);
	w = store_worker_new(&loop, dir, banner);
	store_put_session(w, &s);
	assert_int_equal(reading(w).sessions, 1);
	store_trim(w, false);
	used = run(w, look_at_code).code_kib;
	assert_true(used > 100);
	store_trim(w, true);
	assert_true(run(w, look_at_code).code_kib < used / 2);
	assert_int_equal(reading(w).sessions, 1);
	store_worker_close(w);
}

/* Sessions come with samples and events, and go: what sqlite then holds after a trim is the same
 * each time, and less than before it. */
static void
test_trim_after_sessions(void **state)
{
	struct store_worker *w;
	sqlite3_int64 held[3], full;

	(void)state;
	mkdir(dir, 0700);
	w = store_worker_new(&loop, dir, banner);
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < 25; i++) {
			struct meta_session s = session(round * 25 + i + 1);
			struct mem_sample m = {1700000000 + i * 15.0, i << 20, 0, 0, 0};

			store_put_session(w, &s);
			store_put_samples(w, s.num, &m, 1);
			store_put_event(w, 1700000000, s.num, "a", s.name, "started", NULL);
		}
		store_flush(w);
		reading(w);
		for (uint32_t i = 0; i < 25; i++)
			store_delete_session(w, round * 25 + i + 1);
		assert_int_equal(reading(w).sessions, 0);
		full = sqlite3_memory_used();
		store_trim(w, false);
		store_run(w, used_by_sqlite, NULL, &held[round]);
		reading(w);
		assert_true(held[round] < full);
	}
	assert_int_equal(held[1], held[2]);
	store_worker_close(w);
}

static void
test_order_and_survival(void **state)
{
	struct store_worker *w;
	struct reading r;
	struct meta_session s, *got;
	size_t n;

	(void)state;
	mkdir(dir, 0700);
	w = store_worker_new(&loop, dir, banner);
	assert_string_equal(banner, "");
	assert_int_equal(store_take_num(w, 1), 1);
	for (uint32_t i = 1; i <= 20; i++) {
		struct mem_sample m = {1700000000 + i * 15.0, i << 20, 0, 0, 0};

		s = session(i % 4 + 1);
		store_put_session(w, &s);
		store_put_event(w, i, s.num, "id", s.name, "started", NULL);
		store_put_samples(w, 1, &m, 1);
	}
	store_delete_session(w, 4);
	r = reading(w); /* after all of the above, by order */
	assert_int_equal(r.points, 20);
	assert_int_equal(r.events, 15);
	assert_int_equal(r.sessions, 3);
	store_worker_close(w);
	w = store_worker_new(&loop, dir, banner);
	got = store_load_sessions(w, &n);
	assert_int_equal(n, 3);
	assert_string_equal(got[2].name, "s3");
	meta_sessions_free(got, n);
	assert_int_equal(store_take_num(w, 1), 5);
	assert_int_equal(reading(w).points, 20);
	store_delete_session(w, 1);
	assert_int_equal(reading(w).points, 0);
	store_worker_close(w);
}

/* A death after a session began to go, before its row went: the next life ends it. */
static void
test_half_deleted(void **state)
{
	struct meta_session s, *got;
	struct store_worker *w;
	char path[700], card[700];
	size_t n;
	FILE *f;

	(void)state;
	mkdir(dir, 0700);
	w = store_worker_new(&loop, dir, banner);
	for (uint32_t i = 1; i <= 2; i++) {
		s = session(i);
		snprintf(s.id, sizeof s.id, "a%u", i);
		store_put_session(w, &s);
	}
	settled(w);
	store_worker_close(w);
	snprintf(path, sizeof path, "%s/text/1.gone", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	snprintf(card, sizeof card, "%s/text/1", dir);
	assert_int_equal(access(card, F_OK), 0);
	w = store_worker_new(&loop, dir, banner);
	got = store_load_sessions(w, &n);
	assert_int_equal(n, 1);
	assert_string_equal(got[0].id, "a2");
	assert_string_equal(banner, "");
	meta_sessions_free(got, n);
	assert_int_equal(reading(w).sessions, 1);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(access(card, F_OK), -1);
	store_worker_close(w);
}

static uv_sem_t go;

static void
wait_for_go(void *arg, struct history_db *h, struct meta_db *m)
{
	(void)arg;
	(void)h;
	(void)m;
	uv_sem_wait(&go);
}

/* What waits behind a slow disk goes there together: not one sync for each row. */
static void
test_rows_that_wait(void **state)
{
	struct io_faults f = {.under = "/store"};
	struct reading r = {0};
	struct store_worker *w;

	(void)state;
	mkdir(dir, 0700);
	uv_sem_init(&go, 0);
	w = store_worker_new(&loop, dir, banner);
	settled(w);
	store_run(w, wait_for_go, delivered, &r);
	for (uint32_t i = 1; i <= 100; i++) {
		struct meta_session s = session(i);

		snprintf(s.id, sizeof s.id, "a%u", i);
		store_put_session(w, &s);
		store_put_event(w, i, i, "id", s.name, "started", NULL);
	}
	io_faults = &f;
	uv_sem_post(&go);
	r = reading(w);
	io_faults = NULL;
	assert_int_equal(r.sessions, 100);
	assert_int_equal(r.events, 100);
	assert_in_range(f.syncs, 1, 20);
	store_worker_close(w);
	uv_sem_destroy(&go);
}

static void
count_rows(void *arg, struct history_db *h, struct meta_db *m)
{
	struct meta_session *got = NULL;
	size_t *n = arg;

	(void)h;
	assert_int_equal(meta_sessions(m, &got, n), 0);
	meta_sessions_free(got, *n);
}

/* Text that waits for a slow disk is asked for first, and a death of the server then costs the text
 * at most: the row is written before it. */
static void
test_rows_wait_for_no_text(void **state)
{
	struct meta_session s = session(1);
	struct store_worker *w;
	size_t n = 0;

	(void)state;
	mkdir(dir, 0700);
	uv_sem_init(&go, 0);
	w = store_worker_new(&loop, dir, banner);
	settled(w);
	store_run(w, wait_for_go, NULL, NULL);
	store_run(w, count_rows, NULL, &n);
	store_put_session(w, &s);
	uv_sem_post(&go);
	settled(w);
	assert_int_equal(n, 1);
	store_worker_close(w);
	uv_sem_destroy(&go);
}

static void
test_no_disk_and_back(void **state)
{
	struct mem_sample m = {1700000000, 1 << 20, 0, 0, 0};
	struct meta_session s = session(7);
	struct store_worker *w;
	struct reading r;

	(void)state;
	w = store_worker_new(&loop, dir, banner); /* the folder does not exist */
	assert_non_null(strstr(banner, "memory only"));
	store_put_session(w, &s);
	store_put_event(w, 1, 7, "id", "n", "started", "{}");
	store_put_samples(w, 1, &m, 1);
	r = reading(w);
	assert_int_equal(r.sessions, 1);
	assert_int_equal(r.events, 1);
	assert_int_equal(r.points, 1);
	store_retry(w);
	assert_int_equal(reading(w).sessions, 1);
	assert_non_null(strstr(banner, "memory only"));
	mkdir(dir, 0700);
	store_flush(w);
	store_retry(w);
	r = reading(w);
	assert_string_equal(banner, "");
	store_worker_close(w);
	w = store_worker_new(&loop, dir, banner);
	r = reading(w);
	assert_int_equal(r.sessions, 1);
	assert_int_equal(r.events, 1);
	assert_int_equal(r.points, 1);
	store_worker_close(w);
}

/* sqlite calls it corrupt when a read fails: the files stay where they are, what comes meanwhile is
 * written later. */
static void
test_reads_that_fail(void **state)
{
	struct io_faults f = {.err = EIO, .from = 1, .reads = 1, .under = "/store"};
	struct store_worker *w;
	struct reading r;
	char cmd[700];

	(void)state;
	mkdir(dir, 0700);
	w = store_worker_new(&loop, dir, banner);
	for (uint32_t i = 1; i <= 40; i++) {
		struct mem_sample m = {1700000000 + i * 15.0, i << 20, 0, 0, 0};
		struct meta_session s = session(i);

		if (i == 21) { /* with nothing in its caches it has to read */
			store_flush(w);
			store_trim(w, false);
			settled(w);
			io_faults = &f;
		}
		store_put_session(w, &s);
		store_put_event(w, i, s.num, "id", s.name, "started", NULL);
		store_put_samples(w, 1, &m, 1);
		store_flush(w);
	}
	settled(w);
	assert_non_null(strstr(banner, "memory only"));
	io_faults = NULL;
	store_retry(w);
	settled(w);
	assert_string_equal(banner, "");
	store_worker_close(w);
	w = store_worker_new(&loop, dir, banner);
	r = reading(w);
	assert_int_equal(r.sessions, 40);
	assert_int_equal(r.events, 40);
	assert_int_equal(r.points, 40);
	store_worker_close(w);
	snprintf(cmd, sizeof cmd, "! ls '%s' | grep -q corrupt", dir);
	assert_int_equal(system(cmd), 0);
}

/* One life of a worker, in which calls on the disk fail; then it is well again. The number that the
 * session of this life got. */
static uint32_t
life_with_faults(struct io_faults *f)
{
	struct store_worker *w;
	struct meta_session s, *got;
	uint32_t num;
	size_t n;

	io_faults = f;
	w = store_worker_new(&loop, dir, banner);
	got = store_load_sessions(w, &n);
	meta_sessions_free(got, n);
	num = store_take_num(w, 1);
	s = session(num);
	snprintf(s.id, sizeof s.id, "a%u", num);
	store_put_session(w, &s);
	store_put_event(w, num, num, s.id, s.name, "started", NULL);
	settled(w);
	io_faults = NULL;
	store_retry(w);
	assert_int_equal(reading(w).sessions, 2);
	assert_int_equal(reading(w).events, 1);
	if (strstr(banner, "memory") || strstr(banner, "lost"))
		fail_msg("call %d, errno %d: %s", f->from, f->err, banner);
	store_delete_session(w, num);
	store_worker_close(w);
	return num;
}

/* Each call on the disk fails once, or all from it on: no file is set aside, none is given up, no
 * number is given twice. */
static void
test_every_call_fails(void **state)
{
	static const int errs[] = {EIO, EACCES, ENOSPC, EMFILE};
	struct meta_session first = session(1);
	struct store_worker *w;
	uint32_t given[LIVES_MAX];
	int lives = 0;
	char cmd[700];

	(void)state;
	mkdir(dir, 0700);
	w = store_worker_new(&loop, dir, banner);
	assert_int_equal(store_take_num(w, 1), 1);
	store_put_session(w, &first);
	store_worker_close(w);
	for (size_t i = 0; i < ARRAY_LEN(errs) * 2; i++) {
		struct io_faults f = {.err = errs[i / 2],
			.from = 1,
			.count = i % 2 ? 0 : 1,
			.reads = 1,
			.under = "/store"};

		for (bool hit = true; hit && lives < LIVES_MAX; lives++) {
			f.calls = 0;
			given[lives] = life_with_faults(&f);
			for (int k = 0; k < lives; k++)
				if (given[k] == given[lives])
					fail_msg("%u again: call %d of %d, %d at a time, errno %d",
						given[k], f.from, f.calls, f.count, f.err);
			hit = f.calls >= f.from;
			f.from += i ? 11 : 2;
		}
	}
	print_message("  %d lives\n", lives);
	snprintf(cmd, sizeof cmd, "! ls '%s' | grep -q corrupt", dir);
	assert_int_equal(system(cmd), 0);
}

static void
smash(void *arg, struct history_db *h, struct meta_db *m)
{
	char cmd[700];

	(void)arg;
	(void)h;
	(void)m;
	/* every page but the first of the file, and the log: damage that shows in use */
	snprintf(cmd, sizeof cmd,
		"cd '%s' && rm -f meta.db-wal && dd if=/dev/urandom of=meta.db bs=1024 seek=0 "
		"count=64 "
		"conv=notrunc 2>/dev/null",
		dir);
	assert_int_equal(system(cmd), 0);
}

static void
test_corrupt_in_use(void **state)
{
	struct store_worker *w;
	struct meta_session s;
	struct reading r;

	(void)state;
	mkdir(dir, 0700);
	w = store_worker_new(&loop, dir, banner);
	for (uint32_t i = 1; i <= 5; i++) {
		s = session(i);
		store_put_session(w, &s);
	}
	store_run(w, smash, NULL, NULL);
	for (uint32_t i = 1; i <= 5; i++) {
		s = session(i);
		snprintf(s.name, sizeof s.name, "again%u", i);
		store_put_session(w, &s);
	}
	r = reading(w);
	assert_int_equal(r.sessions, 5);
	store_worker_close(w);
	w = store_worker_new(&loop, dir, banner);
	assert_int_equal(
		reading(w).sessions, 5); /* whatever became of the file, all five are there */
	store_worker_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_trim_of_code, fresh, done),
		cmocka_unit_test_setup_teardown(test_trim_after_sessions, fresh, done),
		cmocka_unit_test_setup_teardown(test_order_and_survival, fresh, done),
		cmocka_unit_test_setup_teardown(test_half_deleted, fresh, done),
		cmocka_unit_test_setup_teardown(test_rows_that_wait, fresh, done),
		cmocka_unit_test_setup_teardown(test_rows_wait_for_no_text, fresh, done),
		cmocka_unit_test_setup_teardown(test_no_disk_and_back, fresh, done),
		cmocka_unit_test_setup_teardown(test_reads_that_fail, fresh, done),
		cmocka_unit_test_setup_teardown(test_every_call_fails, fresh, done),
		cmocka_unit_test_setup_teardown(test_corrupt_in_use, fresh, done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
