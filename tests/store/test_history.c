/* history.db: what goes in comes out, in each tier; upkeep; damage; no room. */
#include "core/os/os.h"
#include "store/chunk.h"
#include "store/composition.h"
#include "store/history.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define MB 1048576ull
enum { DAY = 86400, NOW = 1700006400 };
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SLOW = 20 };
#else
enum { SLOW = 1 };
#endif
static char path[512];

static void
clean(void)
{
	char cmd[1100];

	snprintf(path, sizeof path, "%s/history.db", getenv("MUSTER_HOME"));
	snprintf(cmd, sizeof cmd, "rm -rf '%s'*", path);
	assert_int_equal(system(cmd), 0);
}

/* Another file becomes the database. */
static void
clean_but(const char *copy)
{
	char cmd[8000];

	snprintf(cmd, sizeof cmd,
		"rm -f '%s' '%s-wal' '%s-shm' && mv '%s' '%s' && mv '%s-wal' '%s-wal'", path, path,
		path, copy, path, copy, path);
	assert_int_equal(system(cmd), 0);
}

static struct history_db *
reopen(char banner[160])
{
	struct err e;
	struct history_db *h;

	banner[0] = '\0';
	h = history_open(path, banner, 160, &e);
	assert_non_null(h);
	return h;
}

static struct mem_sample
sample(double t)
{
	uint64_t mb = 400 + (uint64_t)t % 977;

	return (struct mem_sample){t, mb * MB, (mb / 2) * MB, (mb / 4) * MB, 0};
}

static bool
roomless(const char *dir)
{
	(void)dir;
	return true;
}

static bool
roomy(const char *dir)
{
	(void)dir;
	return false;
}

static void
test_chunks(void **state)
{
	struct mem_sample s[CHUNK_MAX], got[CHUNK_MAX];
	struct buf b = {0};
	uint64_t seed = 5;

	(void)state;
	for (int i = 0; i < CHUNK_MAX; i++) {
		seed = seed * 6364136223846793005u + 1;
		s[i] = (struct mem_sample){NOW + i * 15 + (double)(seed >> 60) / 8,
			(seed >> 30) & ~1023ull, (seed >> 34) & ~1023ull, (seed >> 40) & ~1023ull,
			(unsigned)(seed >> 62)};
	}
	chunk_encode(&b, NOW * 1000ll, s, CHUNK_MAX);
	assert_int_equal(chunk_decode(b.data, b.len, NOW * 1000ll, got, CHUNK_MAX), CHUNK_MAX);
	for (int i = 0; i < CHUNK_MAX; i++) {
		assert_true(got[i].t > s[i].t - 0.001 && got[i].t < s[i].t + 0.001);
		assert_int_equal(got[i].footprint, s[i].footprint);
		assert_int_equal(got[i].rss, s[i].rss);
		assert_int_equal(got[i].swap, s[i].swap);
		assert_int_equal(got[i].flags, s[i].flags);
	}
	/* cut anywhere: refused, or fewer whole samples; never more, never a crash */
	for (size_t cut = 0; cut < b.len; cut++)
		assert_true(chunk_decode(b.data, cut, 0, got, CHUNK_MAX) < CHUNK_MAX);
	for (size_t i = 0; i < 20000; i++) {
		seed = seed * 6364136223846793005u + 1;
		b.data[(seed >> 33) % b.len] = (uint8_t)(seed >> 25);
		chunk_decode(b.data, b.len, NOW * 1000ll, got, CHUNK_MAX);
	}
	assert_int_equal(chunk_decode(b.data, b.len, 0, got, 3), -1);
	buf_free(&b);
}

static void
test_packed_points(void **state)
{
	struct mem_point p[96], got[96];
	struct buf b = {0};
	uint64_t seed = 9;

	(void)state;
	for (int i = 0; i < 96; i++) {
		uint64_t r[6];

		for (int k = 0; k < 6; k++)
			r[k] = (seed = seed * 6364136223846793005u + 1442695040888963407u) >> 44;
		p[i] = (struct mem_point){.t = NOW + i * 900 + (i > 50 ? 9000 : 0),
			.min = r[0] << 10,
			.avg = (r[0] + r[1] / 2) << 10,
			.last = (r[0] + r[1]) << 10,
			.max = (r[0] + r[1] + r[2]) << 10,
			.swap_max = r[3] << 10,
			.rss_last = (r[4] + r[5]) << 10,
			.rss_min = r[4] << 10,
			.n = 1 + (unsigned)i,
			.flags = (unsigned)(r[5] & 15)};
	}
	chunk_encode_points(&b, NOW, 900, p, 96);
	assert_int_equal(chunk_decode_points(b.data, b.len, NOW, 900, got, 96), 96);
	for (int i = 0; i < 96; i++) {
		assert_true(got[i].t == p[i].t);
		assert_int_equal(got[i].min, p[i].min);
		assert_int_equal(got[i].avg, p[i].avg);
		assert_int_equal(got[i].max, p[i].max);
		assert_int_equal(got[i].last, p[i].last);
		assert_int_equal(got[i].swap_max, p[i].swap_max);
		assert_int_equal(got[i].rss_last, p[i].rss_last);
		assert_int_equal(got[i].rss_min, p[i].rss_min);
		assert_int_equal(got[i].n, p[i].n);
		assert_int_equal(got[i].flags, p[i].flags);
	}
	assert_int_equal(chunk_decode_points(b.data, b.len, NOW, 900, got, 95), -1);
	for (size_t cut = 0; cut < b.len; cut++)
		assert_true(chunk_decode_points(b.data, cut, NOW, 900, got, 96) < 96);
	for (size_t i = 0; i < 20000; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		b.data[(seed >> 33) % b.len] = (uint8_t)(seed >> 25);
		chunk_decode_points(b.data, b.len, NOW, 900, got, 96);
	}
	buf_free(&b);
}

static void
test_samples_come_back(void **state)
{
	char banner[160];
	struct history_db *h;
	struct mem_point *p;
	double step;
	size_t n;

	(void)state;
	clean();
	h = reopen(banner);
	assert_string_equal(banner, "");
	for (int i = 0; i < 50; i++) {
		struct mem_sample s = sample(NOW + i * 15);

		s.flags = i == 7 ? MEM_RESUMED : 0;
		history_add(h, 3, &s, 1);
		history_add(h, 4, &s, 1);
		if (i == 19 || i == 39)
			assert_int_equal(history_flush(h), 0);
	}
	for (int round = 0; round < 2; round++) { /* the last ten from RAM, then from disk */
		p = history_points(h, 3, 0, 1000, &step, &n);
		assert_int_equal(n, 50);
		assert_true(step == 0);
		for (int i = 0; i < 50; i++) {
			struct mem_sample s = sample(NOW + i * 15);

			assert_true(p[i].t == s.t);
			assert_int_equal(p[i].last, s.footprint);
			assert_int_equal(p[i].rss_last, s.rss);
			assert_int_equal(p[i].swap_max, s.swap);
			assert_int_equal(p[i].flags, i == 7 ? MEM_RESUMED : 0);
		}
		free(p);
		p = history_points(h, 3, NOW + 30 * 15, 1000, &step, &n);
		assert_int_equal(n, 20);
		assert_true(p[0].t == NOW + 30 * 15);
		free(p);
		history_close(h);
		h = reopen(banner);
	}
	assert_null(history_points(h, 99, 0, 10, &step, &n));
	assert_null(history_points(h, 3, NOW + DAY, 10, &step, &n));
	assert_int_equal(history_delete(h, 3), 0);
	assert_null(history_points(h, 3, 0, 10, &step, &n));
	p = history_points(h, 4, 0, 10, &step, &n); /* the other's stay; coarser when it must be */
	assert_true(step == 120 && n <= 10);
	free(p);
	history_close(h);
}

static void
assert_minute(const struct mem_point *p, double t)
{
	uint64_t lo = UINT64_MAX, hi = 0, sum = 0;
	struct mem_sample s;

	for (int i = 0; i < 4; i++) {
		s = sample(t + i * 15);
		lo = MIN(lo, s.footprint);
		hi = MAX(hi, s.footprint);
		sum += s.footprint;
	}
	assert_true(p->t == t);
	assert_int_equal(p->n, 4);
	assert_int_equal(p->min, lo);
	assert_int_equal(p->max, hi);
	assert_int_equal(p->last, s.footprint);
	assert_in_range(p->avg, sum / 4 - 2048, sum / 4 + 2048);
	assert_int_equal(p->rss_last, s.rss);
}

static void
fill(struct history_db *h, uint32_t num, double from, double to, bool upkeep)
{
	for (double t = from; t < to; t += 300) {
		struct mem_sample s[20];

		for (int i = 0; i < 20; i++)
			s[i] = sample(t + i * 15);
		history_add(h, num, s, 20);
		if ((long)t % 3600 == 0)
			assert_int_equal(history_flush(h), 0);
		if (upkeep && (long)t % (DAY / 4) == 0)
			assert_int_equal(history_maintain(h, t), 0);
	}
	assert_int_equal(history_flush(h), 0);
}

static void
test_tiers(void **state)
{
	char banner[160];
	struct history_db *h;
	struct mem_point *p;
	double step, began = NOW - 10.0 * DAY;
	uint64_t lo = UINT64_MAX;
	size_t n;

	(void)state;
	clean();
	h = reopen(banner);
	fill(h, 1, began, NOW, false);
	assert_int_equal(history_maintain(h, NOW), 0);
	/* a day: by samples if there is room, else by minute */
	p = history_points(h, 1, NOW - DAY, 10000, &step, &n);
	assert_true(step == 0);
	assert_int_equal(n, DAY / 15);
	free(p);
	p = history_points(h, 1, NOW - DAY, 2000, &step, &n);
	assert_true(step == 60);
	assert_int_equal(n, DAY / 60);
	assert_minute(&p[0], NOW - DAY);
	assert_minute(&p[777], NOW - DAY + 777 * 60);
	free(p);
	/* three days: raw ones are gone */
	p = history_points(h, 1, NOW - 3 * DAY, 100000, &step, &n);
	assert_true(step == 60);
	assert_int_equal(n, 3 * DAY / 60);
	free(p);
	/* all: minutes are gone before the last seven days */
	p = history_points(h, 1, 0, 100000, &step, &n);
	assert_true(step == 900);
	assert_int_equal(n, 10 * DAY / 900);
	assert_true(p[0].t == began && p[n - 1].t == NOW - 900);
	assert_int_equal(p[0].n, 60);
	for (int i = 0; i < 60; i++)
		lo = MIN(lo, sample(began + i * 15).footprint);
	assert_int_equal(p[0].min, lo);
	free(p);
	p = history_points(h, 1, 0, 100, &step, &n);
	assert_true(n <= 100 && n > 50);
	free(p);
	/* three months later nothing is left, and upkeep takes no harm from that */
	assert_int_equal(history_maintain(h, NOW + 100.0 * DAY), 0);
	assert_null(history_points(h, 1, 0, 100, &step, &n));
	history_close(h);
}

static void
test_speed_and_size(void **state)
{
	char banner[160];
	struct history_db *h;
	uint64_t best[2] = {UINT64_MAX, UINT64_MAX};
	struct stat st;
	double step;
	size_t n;

	(void)state;
	clean();
	h = reopen(banner);
	fill(h, 1, NOW - 90.0 * DAY, NOW, true);
	assert_int_equal(history_maintain(h, NOW), 0);
	for (int i = 0; i < 20; i++) {
		uint64_t t = os_mono_ns();

		free(history_points(h, 1, NOW - DAY, 2000, &step, &n));
		best[0] = MIN(best[0], os_mono_ns() - t);
		assert_int_equal(n, DAY / 60);
		t = os_mono_ns();
		free(history_points(h, 1, 0, 10000, &step, &n));
		best[1] = MIN(best[1], os_mono_ns() - t);
		assert_int_equal(n, 90 * DAY / 900);
	}
	history_close(h);
	assert_int_equal(stat(path, &st), 0);
	printf("  24 h %.2f ms, 90 days %.2f ms; file %.2f MB\n", (double)best[0] / 1e6,
		(double)best[1] / 1e6, (double)st.st_size / 1e6);
	assert_true(
		best[0] < 10000000 && best[1] < 20000000); /* ten times the budget: busy machines */
	assert_true(st.st_size < 2000000); /* 100 of them: 200 MB at the very most */
}

static void
test_without_room(void **state)
{
	char banner[160];
	struct history_db *h;
	struct mem_point *p;
	double step;
	size_t n;

	(void)state;
	clean();
	h = reopen(banner);
	history_space_fn(h, roomless);
	for (int i = 0; i < 5000; i++) {
		struct mem_sample s = sample(NOW + i * 15);

		history_add(h, 1, &s, 1);
	}
	assert_int_equal(history_flush(h), -ENOSPC);
	p = history_points(h, 1, 0, 100000, &step, &n); /* the whole time, thinner */
	assert_in_range(n, 1200, 2880);
	assert_true(p[0].t == NOW && p[n - 1].t > NOW + 4990 * 15);
	free(p);
	history_space_fn(h, roomy);
	assert_int_equal(history_flush(h), 0);
	history_close(h);
	h = reopen(banner);
	free(history_points(h, 1, 0, 100000, &step, &n));
	assert_in_range(n, 1200, 2880);
	history_close(h);
}

static void
test_damage(void **state)
{
	char banner[160], cmd[1200];
	struct history_db *h;
	struct mem_sample s = sample(NOW);
	double step;
	size_t n;
	int fd;

	(void)state;
	clean();
	for (int round = 0; round < 5; round++) {
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		for (int i = 0; i < 300; i++)
			assert_int_equal(write(fd, "this is not a database page, no ", 32), 32);
		close(fd);
		h = reopen(banner);
		assert_non_null(strstr(banner, "set aside"));
		history_add(h, 1, &s, 1);
		assert_int_equal(history_flush(h), 0);
		free(history_points(h, 1, 0, 10, &step, &n));
		assert_int_equal(n, 1);
		history_close(h);
	}
	snprintf(cmd, sizeof cmd, "test $(ls '%s'.corrupt-* | wc -l) -eq 3", path);
	assert_int_equal(system(cmd), 0);
	/* one damaged chunk: a gap, the rest stays */
	sqlite3 *raw;

	clean();
	h = reopen(banner);
	for (int i = 0; i < 3; i++) {
		s = sample(NOW + i * 15);
		history_add(h, 1, &s, 1);
		assert_int_equal(history_flush(h), 0);
		assert_int_equal(history_maintain(h, NOW + (i + 1) * 14400), 0);
	}
	history_close(h);
	assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
	snprintf(cmd, sizeof cmd, "UPDATE raw SET d=x'ffffffffffffffffffffff' WHERE t0=%lld",
		(NOW + 15) * 1000ll);
	assert_int_equal(sqlite3_exec(raw, cmd, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(raw);
	h = reopen(banner);
	free(history_points(h, 1, 0, 10, &step, &n));
	assert_int_equal(n, 2);
	history_close(h);
}

static void
test_newer_version_is_left_alone(void **state)
{
	char banner[160];
	struct history_db *h;
	struct mem_sample s = sample(NOW);
	sqlite3 *raw;
	double step;
	size_t n;

	(void)state;
	clean();
	h = reopen(banner);
	history_add(h, 1, &s, 1);
	history_close(h);
	assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
	assert_int_equal(sqlite3_exec(raw, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(raw);
	h = reopen(banner);
	assert_non_null(strstr(banner, "newer"));
	free(history_points(h, 1, 0, 10, &step, &n));
	assert_int_equal(n, 1);
	history_add(h, 1, &s, 1);
	assert_int_equal(history_flush(h), -EROFS);
	assert_int_equal(history_delete(h, 1), -EROFS);
	history_close(h);
}

static void
test_memory_then_disk(void **state)
{
	char banner[160], gone[600], file[600];
	struct history_db *h;
	struct mem_sample s = sample(NOW);
	struct err e;
	double step;
	size_t n;

	(void)state;
	clean();
	snprintf(file, sizeof file, "%s.d/history.db", path); /* the folder is not there yet */
	banner[0] = '\0';
	h = history_open(file, banner, sizeof banner, &e);
	assert_non_null(h);
	assert_non_null(strstr(banner, "memory only"));
	assert_true(history_in_memory(h));
	history_add(h, 1, &s, 1);
	assert_int_equal(history_flush(h), 0);
	assert_false(history_retry(h));
	snprintf(gone, sizeof gone, "%s.d", path);
	assert_int_equal(mkdir(gone, 0700), 0);
	assert_true(history_retry(h));
	assert_false(history_in_memory(h));
	history_close(h);
	h = history_open(file, banner, sizeof banner, &e);
	free(history_points(h, 1, 0, 10, &step, &n));
	assert_int_equal(n, 1);
	history_close(h);
}

/* Another program has the file for some minutes of an hour: it stays, and in the end has the
 * minutes of before and of meanwhile, also in one row. */
static void
test_locked_for_minutes(void **state)
{
	struct mem_sample early = sample(NOW + 30), late = sample(NOW + 600);
	struct history_db *h;
	struct mem_point *p;
	char banner[160];
	sqlite3 *other;
	double step;
	size_t n;

	(void)state;
	clean();
	h = reopen(banner);
	history_add(h, 1, &early, 1);
	history_close(h);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other,
				 "PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE;"
				 "SELECT count(*) FROM sqlite_schema",
				 NULL, NULL, NULL),
		SQLITE_OK);
	h = reopen(banner);
	assert_non_null(strstr(banner, "locked"));
	history_add(h, 1, &late, 1);
	assert_int_equal(history_flush(h), 0);
	assert_false(history_retry(h));
	sqlite3_close(other);
	assert_true(history_retry(h));
	history_close(h);
	h = reopen(banner);
	assert_string_equal(banner, "");
	p = history_points(h, 1, NOW, 100, &step, &n);
	assert_int_equal(n, 2);
	assert_true(p[0].max == early.footprint && p[1].max == late.footprint);
	free(p);
	/* the raw ones expire, the minutes stay */
	assert_int_equal(history_maintain(h, NOW + 3 * DAY), 0);
	p = history_points(h, 1, NOW, 100, &step, &n);
	assert_int_equal(n, 2);
	free(p);
	history_close(h);
}

/* Bytes that this process has given to write(). */
static uint64_t
written(void)
{
	FILE *f = fopen("/proc/self/io", "re");
	unsigned long long n = 0;
	char line[64];

	assert_non_null(f);
	while (fgets(line, sizeof line, f) && sscanf(line, "wchar: %llu", &n) != 1)
		;
	fclose(f);
	return n;
}

/* Now here, now there by up to a megabyte. */
static struct mem_sample
restless(double t)
{
	static uint64_t seed = 1, kib = 400 << 10;

	seed = seed * 6364136223846793005u + 1442695040888963407u;
	kib = MAX(kib + (seed >> 53) - 1000, (uint64_t)100 << 10);
	return (struct mem_sample){t, kib << 10, kib << 9, 0, 0};
}

static void
busy_day(struct history_db *h, uint32_t sessions, double from, bool as_it_comes)
{
	for (int t = 0; t < DAY; t += 300) {
		for (uint32_t num = 1; num <= sessions; num++) {
			struct mem_part part = {PART_CATEGORY, "heap", num * MB, 0, 1, 0};
			struct composition c = {.num = num, .t = from + t, .part = &part, .n = 1};
			struct mem_sample s[20];

			for (int i = 0; i < 20; i++)
				s[i] = restless(from + t + i * 15 + num % 15);
			history_add(h, num, s, 20);
			if (as_it_comes && (t / 300 + (int)num) % 72 == 0)
				assert_int_equal(history_put_composition(h, &c), 0);
		}
		if (as_it_comes || t % 7200 == 0)
			assert_int_equal(history_flush(h), 0);
		if (as_it_comes && t % 900 == 0)
			assert_int_equal(history_maintain(h, from + t + 300), 0);
	}
}

/* Sessions with days behind them, so that old rows go as others come: of a hundred such, 100 MB a
 * day are written at most, the log's checkpoints included. */
static void
test_little_is_written(void **state)
{
	enum { SESSIONS = 100 };
	char banner[160];
	struct history_db *h;
	uint64_t before;

	(void)state;
	clean();
	h = reopen(banner);
	history_space_fn(h, roomy);
	busy_day(h, SESSIONS, NOW - 3 * DAY, false);
	busy_day(h, SESSIONS, NOW - 2 * DAY, true);
	before = written();
	busy_day(h, SESSIONS, NOW - DAY, true);
	print_message("  %.1f MB a day\n", (double)(written() - before) / 1e6 * 100 / SESSIONS);
	assert_true((written() - before) * 100 / SESSIONS < 100000000);
	history_close(h);
}

/* A day of each of a hundred sessions in quarters, as a list shows them: read once, and then kept.
 * What was kept is what would be read. */
static void
test_overview(void **state)
{
	enum { SESSIONS = 100 };
	char banner[160];
	struct history_db *h;
	struct mem_point *p, *kept;
	uint64_t best = UINT64_MAX;
	double step, t0 = NOW - DAY;
	size_t n, n_kept;

	(void)state;
	clean();
	h = reopen(banner);
	history_space_fn(h, roomy);
	for (uint32_t num = 1; num <= SESSIONS; num++)
		for (int t = -2 * DAY; t < 0; t += 300) {
			struct mem_sample s = sample(NOW + t + num % 15);

			history_add(h, num, &s, 1);
		}
	assert_int_equal(history_flush(h), 0);
	for (int round = 0; round < 20; round++) {
		uint64_t t = os_mono_ns();

		for (uint32_t num = 1; num <= SESSIONS; num++)
			free(history_points(h, num, t0, 96, &step, &n));
		t = os_mono_ns() - t;
		best = MIN(best, t);
	}
	print_message("  overview of 100 sessions: %.2f ms\n", (double)best / 1e6);
	assert_true(best < 1000000 * SLOW);
	for (int i = 0; i < 400; i++) {
		struct mem_sample s = sample(NOW + i * 15);

		history_add(h, 7, &s, 1);
	}
	kept = history_points(h, 7, t0 + 6000, 96, &step, &n_kept);
	assert_int_equal((int)step, 1800);
	history_trim(h);
	p = history_points(h, 7, t0 + 6000, 96, &step, &n);
	assert_int_equal((int)step, 1800);
	assert_int_equal(n, n_kept);
	for (size_t i = 0; i < n; i++) {
		assert_true(p[i].t == kept[i].t && p[i].last == kept[i].last);
		assert_true(p[i].min == kept[i].min && p[i].max == kept[i].max);
	}
	free(p);
	free(kept);
	history_close(h);
}

/* The server is killed: all that was flushed is there for the next, once, and deleted where it is
 * to be deleted. */
static void
test_journal_outlives_a_crash(void **state)
{
	char banner[160], copy[600], cmd[2600];
	struct mem_sample s[400];
	struct mem_point *p;
	struct history_db *h;
	double step;
	size_t n;

	(void)state;
	clean();
	for (int i = 0; i < 400; i++)
		s[i] = sample(NOW + 1200 + i * 15);
	h = reopen(banner);
	history_space_fn(h, roomy);
	for (int i = 0; i < 400; i += 20) {
		history_add(h, 7, s + i, 20);
		history_add(h, 8, s + i, 20);
		assert_int_equal(history_flush(h), 0);
	}
	/* as a crash leaves it */
	snprintf(copy, sizeof copy, "%s.crashed", path);
	snprintf(cmd, sizeof cmd, "cp '%s' '%s' && cp '%s-wal' '%s-wal'", path, copy, path, copy);
	assert_int_equal(system(cmd), 0);
	history_close(h);
	clean_but(copy);
	h = reopen(banner);
	assert_string_equal(banner, "");
	p = history_points(h, 7, 0, 10000, &step, &n);
	assert_int_equal(n, 400);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(p[i].last, s[i].footprint);
	free(p);
	assert_int_equal(history_maintain(h, NOW + 90000), 0);
	p = history_points(h, 7, 0, 10000, &step, &n);
	assert_true(n == 400 || step > 0);
	free(p);
	assert_int_equal(history_delete(h, 7), 0);
	history_close(h);
	h = reopen(banner);
	assert_null(history_points(h, 7, 0, 10000, &step, &n));
	p = history_points(h, 8, 0, 10000, &step, &n);
	assert_true(n > 0);
	free(p);
	history_close(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_little_is_written),
		cmocka_unit_test(test_overview),
		cmocka_unit_test(test_journal_outlives_a_crash),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_packed_points),
		cmocka_unit_test(test_samples_come_back),
		cmocka_unit_test(test_tiers),
		cmocka_unit_test(test_speed_and_size),
		cmocka_unit_test(test_without_room),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_newer_version_is_left_alone),
		cmocka_unit_test(test_memory_then_disk),
		cmocka_unit_test(test_locked_for_minutes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
