/* Databases as each released version wrote them are read by this one, and those of a version to
 * come are left as they are. */
#include "store/chunk.h"
#include "store/history.h"
#include "store/meta.h"
#include <errno.h>
#include <sqlite3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char path[512], banner[160];

static int
fresh(void **state)
{
	char cmd[1100];

	(void)state;
	banner[0] = '\0';
	snprintf(path, sizeof path, "%s/some.db", getenv("MUSTER_HOME"));
	snprintf(cmd, sizeof cmd, "rm -rf '%s'*", path);
	return system(cmd);
}

static void
sql(const char *text)
{
	char *why = NULL;
	sqlite3 *h;

	assert_int_equal(sqlite3_open(path, &h), SQLITE_OK);
	if (sqlite3_exec(h, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s", why);
	sqlite3_close(h);
}

/* The first list. */
#define META_1                                                                                  \
	"PRAGMA journal_mode=WAL;"                                                              \
	"CREATE TABLE session(num INTEGER PRIMARY KEY, id TEXT, name TEXT, profile TEXT,"       \
	" conversation TEXT, cwd TEXT, argv TEXT, tags TEXT, state TEXT, pinned INT, no_store " \
	"INT,"                                                                                  \
	" cols INT, rows INT, exit_code INT, exit_signal INT, created REAL, started REAL, "     \
	"ended REAL,"                                                                           \
	" last_output REAL, last_input REAL, footprint INT, peak INT, freed INT, mem_max INT) " \
	"STRICT;"                                                                               \
	"CREATE TABLE event(t REAL, num INT, id TEXT, name TEXT, event TEXT, detail TEXT,"      \
	" PRIMARY KEY(t, num, event)) STRICT, WITHOUT ROWID;"                                   \
	"CREATE INDEX event_of ON event(num, t);"                                               \
	"CREATE TABLE counter(one INTEGER PRIMARY KEY, next INT) STRICT;"                       \
	"INSERT INTO session VALUES(7,'00ab00cd','seven','claude','c-7','/x','[\"claude\"]','"  \
	"[\"t\"]','asleep',1,0,80,24,-1,-1,1.5,2.5,3.5,4.5,5.5,6,7,8,9);"                       \
	"INSERT INTO event VALUES(2.5,7,'00ab00cd','seven','started','{}');"                    \
	"INSERT INTO counter VALUES(1,12);"                                                     \
	"PRAGMA application_id=0x6d737431;"

/* With a line of the user's, and out of the list. */
#define META_2                                                            \
	META_1                                                            \
	"ALTER TABLE session ADD COLUMN note TEXT NOT NULL DEFAULT '';"   \
	"ALTER TABLE session ADD COLUMN archived INT NOT NULL DEFAULT 0;" \
	"UPDATE session SET note='mine', archived=1;"

/* With the time until which its account is limited. */
#define META_3 META_2 "ALTER TABLE session ADD COLUMN limited_until REAL NOT NULL DEFAULT 0;"

/* With the worktree and the runner of a session. */
#define META_4                                                              \
	META_3                                                              \
	"ALTER TABLE session ADD COLUMN worktree TEXT NOT NULL DEFAULT '';" \
	"ALTER TABLE session ADD COLUMN runner TEXT NOT NULL DEFAULT '';"

static void
check_meta(struct meta_db *m, const char *note, bool archived)
{
	struct meta_session *s;
	struct meta_event *ev;
	size_t n;

	assert_int_equal(meta_sessions(m, &s, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(s->num, 7);
	assert_string_equal(s->name, "seven");
	assert_string_equal(s->conversation, "c-7");
	assert_string_equal(s->argv_json, "[\"claude\"]");
	assert_true(s->pinned && s->last_input == 5.5 && s->mem_max == 9);
	assert_string_equal(s->note, note);
	assert_true(s->archived == archived);
	meta_sessions_free(s, n);
	ev = meta_events(m, 7, 0, 10, &n);
	assert_int_equal(n, 1);
	meta_events_free(ev, n);
	assert_int_equal(meta_next_num(m), 12);
}

static void
test_meta_1(void **state)
{
	struct meta_session s = {.num = 12, .id = "x"};
	struct meta_db *m;
	struct err e;

	(void)state;
	sql(META_1 "PRAGMA user_version=1");
	m = meta_open(path, banner, sizeof banner, &e);
	assert_string_equal(banner, "");
	check_meta(m, "", false);
	assert_int_equal(meta_put_session(m, &s), 0);
	meta_close(m);
}

static void
test_meta_2(void **state)
{
	struct meta_db *m;
	struct err e;

	(void)state;
	sql(META_2 "PRAGMA user_version=2");
	m = meta_open(path, banner, sizeof banner, &e);
	assert_string_equal(banner, "");
	check_meta(m, "mine", true);
	meta_close(m);
}

static void
test_meta_3(void **state)
{
	struct meta_session put = {.num = 13, .id = "x", .worktree = "/t", .runner = "box"}, *s;
	struct meta_db *m;
	struct err e;
	size_t n;

	(void)state;
	sql(META_3 "; PRAGMA user_version=3");
	m = meta_open(path, banner, sizeof banner, &e);
	assert_string_equal(banner, "");
	check_meta(m, "mine", true);
	assert_int_equal(meta_put_session(m, &put), 0);
	assert_int_equal(meta_sessions(m, &s, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(s[0].worktree, "");
	assert_string_equal(s[1].worktree, "/t");
	assert_string_equal(s[1].runner, "box");
	meta_sessions_free(s, n);
	meta_close(m);
}

#define POINTS(name)                                                                             \
	"CREATE TABLE " name "(sid INT, t INT, n INT, mn INT, av INT, mx INT, la INT, swmx INT," \
	" fl INT, rsla INT, rsmn INT, PRIMARY KEY(sid,t)) WITHOUT ROWID, STRICT;"
#define RAW                                                                         \
	"CREATE TABLE raw_chunk(sid INT, t0 INT, n INT, mn INT, mx INT, la INT, d " \
	"BLOB, PRIMARY KEY(sid,t0)) WITHOUT ROWID, STRICT;"

/* Two days of minutes of two sessions and their quarters, a row a point: session s has s MiB, and
 * the quarters a kilobyte more, so that it can be told which is read. */
static void
old_history(const char *versions)
{
	char text[4096];

	snprintf(text, sizeof text,
		"PRAGMA journal_mode=WAL;" RAW POINTS("m1") POINTS(
			"m15") "BEGIN;"
			       "WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM c WHERE "
			       "i<2879)"
			       " INSERT INTO m1 SELECT s, 1700000040+i*60, 4, s*1024, s*1024, "
			       "s*1024+i, s*1024, 1, 0,"
			       " 10, 9 FROM c, (SELECT 1 AS s UNION SELECT 2);"
			       "WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM c WHERE "
			       "i<191)"
			       " INSERT INTO m15 SELECT s, 1700000100+i*900, 60, s*1024+1, "
			       "s*1024+1, s*1024+1,"
			       " s*1024+1, 1, 0, 10, 9 FROM c, (SELECT 1 AS s UNION SELECT 2);"
			       "COMMIT; PRAGMA application_id=0x6d737432; %s",
		versions);
	sql(text);
}

static void
test_history_1(void **state)
{
	struct history_db *h;
	struct mem_point *p;
	struct err e;
	double step;
	size_t n;

	(void)state;
	old_history("PRAGMA user_version=1");
	for (int again = 0; again < 2; again++) {
		h = history_open(path, banner, sizeof banner, &e);
		assert_string_equal(banner, "");
		assert_false(history_in_memory(h));
		for (uint32_t s = 1; s <= 2; s++) {
			p = history_points(h, s, 1700000000, 5000, &step, &n);
			assert_int_equal(n, 2880);
			assert_true(step == 60 && p[0].t == 1700000040 && p[2879].t == 1700172780);
			assert_true(p[7].min == s << 20 && p[7].max == (s << 20) + 7 * 1024);
			assert_true(p[7].n == 4 && p[7].rss_last == 10240 && p[7].rss_min == 9216);
			free(p);
			p = history_points(h, s, 1700000000, 200, &step, &n);
			assert_true(step == 900 && n == 192);
			assert_true(p[100].last == (s << 20) + 1024);
			free(p);
		}
		history_close(h);
	}
}

/* Raw samples lay session by session. */
static void
test_history_3(void **state)
{
	static const struct mem_sample was[] = {{1700000000, 400 << 20, 300 << 20, 0, 0},
		{1700000015, 401 << 20, 300 << 20, 1 << 20, MEM_ESTIMATED}},
				       later = {1700000030, 402 << 20, 300 << 20, 0, 0};
	char text[2048], hex[200] = "";
	struct history_db *h;
	struct mem_point *p;
	struct buf b = {0};
	struct err e;
	double step;
	size_t n;

	(void)state;
	chunk_encode(&b, 1700000000000, was, 2);
	for (size_t i = 0; i < b.len; i++)
		snprintf(hex + 2 * i, 3, "%02x", ((const uint8_t *)b.data)[i]);
	buf_free(&b);
	snprintf(text, sizeof text,
		RAW "CREATE TABLE tier(k INTEGER PRIMARY KEY, d BLOB) STRICT;"
		    "CREATE TABLE journal(k INTEGER PRIMARY KEY, d BLOB) STRICT;"
		    "CREATE TABLE composition(sid INT, t INT, d BLOB, PRIMARY KEY(sid,t))"
		    " WITHOUT ROWID, STRICT;"
		    "INSERT INTO raw_chunk VALUES(5, 1700000000000, 2, 0, 0, 0, x'%s');"
		    "PRAGMA application_id=0x6d737433; PRAGMA user_version=3",
		hex);
	sql(text);
	h = history_open(path, banner, sizeof banner, &e);
	assert_string_equal(banner, "");
	history_add(h, 5, &later, 1);
	p = history_points(h, 5, 0, 100, &step, &n);
	assert_int_equal(n, 3);
	assert_true(p[0].last == 400 << 20 && p[1].last == 401 << 20 && p[1].t == 1700000015);
	free(p);
	assert_int_equal(history_delete(h, 5), 0);
	assert_null(history_points(h, 5, 0, 100, &step, &n));
	history_close(h);
}

/* The bytes of the file; malloc'ed. */
static char *
file_bytes(size_t *n)
{
	FILE *f = fopen(path, "r");
	char *b = malloc(1 << 22);

	assert_non_null(f);
	*n = fread(b, 1, 1 << 22, f);
	fclose(f);
	return b;
}

/* One more column and a later number: readable, and untouched in the end. */
static void
test_newer_meta(void **state)
{
	struct meta_session s = {.num = 8, .id = "x"};
	size_t before_n, after_n;
	char *before, *after;
	struct meta_db *m;
	struct err e;

	(void)state;
	sql(META_4 "ALTER TABLE session ADD COLUMN of_the_future INT; PRAGMA user_version=99");
	before = file_bytes(&before_n);
	m = meta_open(path, banner, sizeof banner, &e);
	assert_non_null(strstr(banner, "newer muster"));
	assert_non_null(strstr(banner, "read-only"));
	assert_false(meta_in_memory(m));
	check_meta(m, "mine", true);
	assert_int_equal(meta_put_session(m, &s), -EROFS);
	assert_int_equal(meta_delete_session(m, 7), -EROFS);
	check_meta(m, "mine", true);
	meta_close(m);
	after = file_bytes(&after_n);
	assert_int_equal(before_n, after_n);
	assert_memory_equal(before, after, before_n);
	free(before);
	free(after);
}

static void
test_newer_history(void **state)
{
	struct mem_sample sample = {1700200000, 1 << 20, 0, 0, 0};
	size_t before_n, after_n;
	char *before, *after;
	struct history_db *h;
	struct err e;

	(void)state;
	sql("CREATE TABLE other(x); INSERT INTO other VALUES(1);"
	    "PRAGMA application_id=0x6d737433; PRAGMA user_version=99");
	before = file_bytes(&before_n);
	h = history_open(path, banner, sizeof banner, &e);
	assert_non_null(strstr(banner, "newer muster"));
	history_add(h, 1, &sample, 1);
	assert_int_equal(history_flush(h), -EROFS);
	assert_int_equal(history_maintain(h, 1700200000), 0);
	history_close(h);
	after = file_bytes(&after_n);
	assert_int_equal(before_n, after_n);
	assert_memory_equal(before, after, before_n);
	free(before);
	free(after);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_meta_1, fresh),
		cmocka_unit_test_setup(test_meta_2, fresh),
		cmocka_unit_test_setup(test_meta_3, fresh),
		cmocka_unit_test_setup(test_history_1, fresh),
		cmocka_unit_test_setup(test_history_3, fresh),
		cmocka_unit_test_setup(test_newer_meta, fresh),
		cmocka_unit_test_setup(test_newer_history, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
