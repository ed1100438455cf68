/* What sessions' memory was made of: what goes in comes out, goes with its session and with time, and
 * costs little. */
#include "store/composition.h"
#include <math.h>
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
enum { HOUR = 3600, DAY = 86400, NOW = 1700006400 };
static char path[512];

static struct history_db *
fresh(void)
{
	char banner[160] = "", cmd[1100];
	struct err e;
	struct history_db *h;

	snprintf(path, sizeof path, "%s/composition.db", getenv("MUSTER_HOME"));
	snprintf(cmd, sizeof cmd, "rm -f '%s'*", path);
	assert_int_equal(system(cmd), 0);
	h = history_open(path, banner, sizeof banner, &e);
	assert_non_null(h);
	return h;
}

static int
put(struct history_db *h, uint32_t num, double t, const struct mem_part *p, size_t n)
{
	struct composition c = {.num = num, .t = t, .age_s = 7200, .why = COMPOSED_SLEEP};
	int rc;

	snprintf(c.version, sizeof c.version, "2.0.%u", num);
	for (size_t i = 0; i < n; i++) {
		composition_add(&c, &p[i]);
		c.total += p[i].kind == PART_CATEGORY ? p[i].bytes : 0;
	}
	rc = history_put_composition(h, &c);
	free(c.part);
	return rc;
}

static const struct mem_part parts[] = {
	{PART_CATEGORY, "heap", 300 * MB, 100 * MB, 2, 0},
	{PART_CATEGORY, "[anon:unheard of]", 3 * MB, 0, 70000, 0},
	{PART_ROLE, "mcp: github", 80 * MB, 0, 3, 0},
	{PART_ROLE, "", MB, 0, 1, 0},
	{PART_SLAB, "128M", 512 * MB, 0, 4, 1},
};

static void
test_comes_back(void **state)
{
	struct history_db *h = fresh();
	struct composition *c;
	size_t n;

	(void)state;
	assert_null(history_compositions(h, 1, 0, &n));
	assert_int_equal(put(h, 1, NOW, parts, ARRAY_LEN(parts)), 0);
	c = history_compositions(h, 1, 0, &n);
	assert_int_equal(n, 1);
	assert_true(c->num == 1 && c->t == NOW && c->age_s == 7200 && c->why == COMPOSED_SLEEP);
	assert_string_equal(c->version, "2.0.1");
	assert_true(c->total == 303 * MB);
	assert_int_equal(c->n, ARRAY_LEN(parts));
	for (size_t i = 0; i < c->n; i++) {
		assert_int_equal(c->part[i].kind, parts[i].kind);
		assert_string_equal(c->part[i].name, parts[i].name);
		assert_true(c->part[i].bytes == parts[i].bytes);
		assert_true(c->part[i].swapped == parts[i].swapped);
		assert_int_equal(c->part[i].n, parts[i].n);
		assert_int_equal(c->part[i].freed, parts[i].freed);
	}
	compositions_free(c, n);
	history_close(h);
}

static void
test_which(void **state)
{
	struct history_db *h = fresh();
	struct composition *c;
	size_t n;

	(void)state;
	for (uint32_t num = 1; num <= 3; num++)
		for (int i = 0; i < 5; i++)
			assert_int_equal(put(h, num, NOW + i * HOUR, parts, 1), 0);
	/* the last one before is what a difference is counted from */
	c = history_compositions(h, 2, NOW + 2.5 * HOUR, &n);
	assert_int_equal(n, 3);
	assert_true(c[0].num == 2 && c[0].t == NOW + 2 * HOUR && c[2].t == NOW + 4 * HOUR);
	compositions_free(c, n);
	c = history_compositions(h, 0, NOW + 3 * HOUR, &n);
	assert_int_equal(n, 6);
	assert_true(c[1].num == 1 && c[2].num == 2 && c[5].num == 3);
	compositions_free(c, n);
	assert_int_equal(history_delete(h, 2), 0);
	assert_null(history_compositions(h, 2, 0, &n));
	assert_int_equal(history_maintain(h, NOW + 2.5 * HOUR + 7 * DAY), 0);
	c = history_compositions(h, 0, 0, &n); /* of those before, one in six hours */
	assert_int_equal(n, 6);
	assert_true(c[0].t == NOW && c[1].t == NOW + 3 * HOUR && c[2].t == NOW + 4 * HOUR);
	compositions_free(c, n);
	assert_int_equal(history_maintain(h, NOW + 90.0 * DAY + 3.5 * HOUR), 0);
	c = history_compositions(h, 0, 0, &n);
	assert_int_equal(n, 2);
	assert_true(c[0].num == 1 && c[1].num == 3 && c[0].t == NOW + 4 * HOUR);
	compositions_free(c, n);
	history_close(h);
}

/* Bytes that nobody wrote are a gap. */
static void
test_damaged(void **state)
{
	static const char *const rows[] = {"X''", "X'00'", "X'0001ff'", "X'00010000070101010101'",
		"X'00010000000032'", "X'0063000000'", "X'ffffffffffffffffff'"};
	struct history_db *h = fresh();
	struct composition *c;
	char sql[200];
	sqlite3 *db;
	size_t n;

	(void)state;
	assert_int_equal(put(h, 1, NOW, parts, 2), 0);
	history_close(h);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(sql, sizeof sql, "INSERT INTO composition VALUES(1,%zu,%s)", NOW + 1 + i,
			rows[i]);
		assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	}
	sqlite3_close(db);
	h = history_open(path, sql, 160, &(struct err){0});
	c = history_compositions(h, 1, 0, &n);
	assert_int_equal(n, 1);
	compositions_free(c, n);
	history_close(h);
}

/* Ninety days of a session that grows all the time, by the hour. */
static void
test_size(void **state)
{
	struct mem_part p[16];
	struct history_db *h = fresh();
	struct stat st;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(p); i++)
		p[i] = parts[i % ARRAY_LEN(parts)];
	history_close(h);
	assert_int_equal(stat(path, &st), 0);
	h = history_open(path, (char[160]){0}, 160, &(struct err){0});
	for (int i = 0; i < 90 * 24; i++)
		assert_int_equal(put(h, 1, NOW + i * HOUR, p, ARRAY_LEN(p)), 0);
	assert_int_equal(history_maintain(h, NOW + 90.0 * DAY), 0);
	history_close(h);
	h = history_open(path, (char[160]){0}, 160, &(struct err){0});
	history_delete(h, 99); /* pages that are free are given back */
	history_close(h);
	long before = st.st_size;
	assert_int_equal(stat(path, &st), 0);
	printf("  90 days by the hour: %.0f KB\n", (double)(st.st_size - before) / 1e3);
	assert_true(st.st_size - before < 300000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comes_back),
		cmocka_unit_test(test_which),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
