/* The leak gate: whatever a terminal was made to hold, its end gives all of it back, and the
 * arena's counters are the truth at every step (by mincore). The shapes are those that made a
 * terminal leak for months: output full of clusters, colours and links, a tight scrollback,
 * resizing throughout. tests/core/mutants.sh proves that the gate can fail. */
#include "core/pagelist/pagelist.h"
#include "core/page/page.h"
#include "core/term/term.h"
#include "tests/sanitized.h"
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#if defined(MUSTER_TORTURE) || SANITIZED
#define LINES 20000
#define SESSIONS 300
#define EXACT_RSS 0
#elif defined(MUSTER_DEBUG)
#define LINES 100000
#define SESSIONS 2000
#define EXACT_RSS 1
#else
#define LINES 1000000
#define SESSIONS 10000
#define EXACT_RSS 1
#endif
#define OWNER 9

static void
assert_exact(struct arena *a)
{
	uint64_t counted, resident;

	assert_true(arena_residency(a, &counted, &resident));
	assert_int_equal(counted, resident);
	arena_check(a);
}

static void
assert_nothing_left(struct arena *a)
{
	uint64_t counted, resident;

	assert_int_equal(arena_stats(a).live, 0);
	assert_int_equal(arena_owner_bytes(a, OWNER), 0);
	assert_exact(a);
	arena_trim(a);
	assert_true(arena_residency(a, &counted, &resident));
	assert_int_equal(counted, 0);
	assert_int_equal(resident, 0);
}

static int
count_lines(const char *path)
{
	FILE *f = fopen(path, "r");
	int c, n = 0;

	assert_non_null(f);
	while ((c = getc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

static int
count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static long
rss_kib(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	char line[200];
	long kib = -1;

	if (!f)
		return 0;
	while (kib < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "Rss: %ld", &kib) != 1)
			kib = -1;
	fclose(f);
	return kib;
}

/* One line of the kind: a family of emoji, a colour and a link of its own. */
static int
nasty_line(char *to, size_t size, unsigned i)
{
	static const char *const face[] = {"\360\237\221\250", "\360\237\221\251",
		"\360\237\221\247", "\360\237\221\246", "\360\237\247\221", "\360\237\220\273"};
	const char *a = face[i % 6], *b = face[i / 6 % 6], *c = face[i / 36 % 6];
	int n = snprintf(to, size,
		"\033[38;2;%u;%u;%um\033]8;;https://example.org/"
		"%u\033\\%s\342\200\215%s\342\200\215%s"
		" a\314\201\314\202%u\033]8;;\033\\ \033[48;2;%u;%u;%um%s\357\270\217 "
		"\344\270\255\346\226\207 text\033[m\r\n",
		i & 255, i >> 8 & 255, i >> 16 & 255, i, a, b, c, i, i * 7 & 255, i * 3 & 255,
		i & 255, b);

	assert_true(n > 0 && (size_t)n < size);
	return n;
}

static struct term *
new_term(struct arena *a, int cols, int rows, uint64_t lines)
{
	struct term_config cfg = {.cols = cols, .rows = rows, .history = {.lines = lines}};
	struct term *t = term_new(a, OWNER, &cfg);

	assert_non_null(t);
	return t;
}

static void
test_the_shape_that_leaked(void **st)
{
	struct arena *a = arena_new(1ull << 30);
	struct term *t = new_term(a, 100, 40, 1000);
	uint64_t top = 0;
	char line[512];

	(void)st;
	for (unsigned i = 0; i < LINES; i++) {
		term_feed(t, line, (size_t)nasty_line(line, sizeof(line), i));
		if (i % 1000 == 999)
			term_resize(
				t, 20 + (int)(i / 1000 * 37 % 180), 5 + (int)(i / 1000 * 13 % 60));
		if (i % 3000 == 0)
			pagelist_seal_step(term_pagelist(t));
		if (i % (LINES / 20) == 0) {
			assert_exact(a);
			term_check(t);
			top = MAX(top, arena_owner_resident(a, OWNER));
		}
	}
	assert_exact(a);
	/* 1,000 lines of this kind, the screen, and tables between two collections */
	assert_true(top < 8u << 20);
	term_free(t);
	assert_nothing_left(a);
	arena_free(a);
}

static void
test_many_sessions(void **st)
{
	struct arena *a = arena_new(1ull << 30);
	int maps = 0, fds = 0;
	long rss = 0;
	char line[512];

	(void)st;
	for (unsigned k = 0; k < SESSIONS; k++) {
		struct term *t = new_term(a, 80, 24, 50);
		for (unsigned i = 0; i < 30; i++)
			term_feed(t, line, (size_t)nasty_line(line, sizeof(line), k * 31 + i));
		if (k % 4 == 0)
			term_feed(t, "\033[?1049hfull screen", 18);
		term_park(t);
		assert_true(term_parked(t));
		if (k % 3) {
			term_feed(t, "more\r\n", 6);
			assert_false(term_parked(t));
		}
		term_free(t);
		assert_int_equal(arena_stats(a).live, 0);
		if (k == SESSIONS / 4) {
			maps = count_lines("/proc/self/maps");
			fds = count_fds();
			rss = rss_kib();
		}
		if (k % (SESSIONS / 10) == 0)
			assert_exact(a);
	}
	if (EXACT_RSS) {
		assert_true(rss_kib() < rss + 1024);
		assert_true(count_lines("/proc/self/maps") <= maps + 2);
	}
	assert_int_equal(count_fds(), fds);
	assert_nothing_left(a);
	arena_free(a);
}

static void
test_parked_costs_nothing(void **st)
{
	struct arena *a = arena_new(64u << 20);
	struct term *t = new_term(a, 80, 24, 1000);
	uint64_t hash;

	(void)st;
	for (int i = 0; i < 20; i++)
		term_feed(t, "$ make test: some output of it\r\n", 32);
	hash = term_hash(t);
	term_park(t);
	assert_int_equal(arena_stats(a).live, 0);
	assert_true(term_hash(t) == hash);
	term_park(t);
	for (int i = 0; i < 400; i++)
		term_feed(t, "$ make test: some output of it\r\n", 32);
	hash = term_hash(t);
	term_park(t);
	/* history is left: 380 lines of one kind, sealed, in one page */
	assert_true(arena_owner_resident(a, OWNER) <= 2 * OS_PAGE_BYTES);
	assert_true(term_hash(t) == hash);
	term_free(t);
	assert_nothing_left(a);
	arena_free(a);
}

/* Long links fill their pages long before they are many: collection is due, and room comes back. */
static void
test_long_links(void **st)
{
	struct arena *a = arena_new(64u << 20);
	struct term_config cfg = {.cols = 80, .rows = 24, .history = {.lines = 100}};
	struct term *t = term_new(a, OWNER, &cfg);
	char uri[1800], line[2000];
	struct grid g;

	(void)st;
	memset(uri, 'u', sizeof(uri));
	uri[sizeof(uri) - 1] = 0;
	for (int i = 0; i < 6000; i++) {
		int n = snprintf(line, sizeof(line),
			"\033]8;;https://h/%d/%s\033\\x\033]8;;\033\\\r\n", i, uri);

		term_feed(t, line, (size_t)n);
	}
	g = term_grid(t);
	assert_int_equal(memcmp(tab_link_uri(g.tab, cell_link(g.row[22]->cells[0])),
				 "https://h/5999/uuu", 18),
		0);
	term_free(t);
	assert_nothing_left(a);
	arena_free(a);
}

/* Memory is refused at the n-th page, for many n, all through a session's life. */
static void
test_faults(void **st)
{
	struct arena *a = arena_new(256u << 20);
	char line[512];

	(void)st;
	for (unsigned n = 1; n < 60; n++) {
		struct term_config cfg = {.cols = 120, .rows = 30, .history = {.lines = 3000}};
		struct term *t;

		arena_fail_at(a, n);
		t = term_new(a, OWNER, &cfg);
		for (unsigned i = 0; t && i < 1500; i++) {
			term_feed(t, line, (size_t)nasty_line(line, sizeof(line), n * 7919 + i));
			if (i % 300 == 299)
				term_resize(t, 60 + (int)(i % 97), 10 + (int)(i % 31));
			if (i % 500 == 499)
				pagelist_seal_all(term_pagelist(t));
			if (i % 700 == 699)
				term_park(t);
		}
		arena_fail_at(a, 0);
		if (t)
			term_check(t);
		assert_exact(a);
		term_free(t);
		assert_int_equal(arena_stats(a).live, 0);
	}
	assert_nothing_left(a);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_shape_that_leaked),
		cmocka_unit_test(test_many_sessions),
		cmocka_unit_test(test_parked_costs_nothing),
		cmocka_unit_test(test_long_links),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
