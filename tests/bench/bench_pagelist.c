/* The page list's own figures, each against its budget: memory of one session, and what a resize
 * and a look at deep history take with 50 sessions of 10,000 lines. Fails when a budget of memory
 * is passed; times are printed, since machines differ. */
#include "core/os/os.h"
#include "core/term/term.h"
#include "tests/bench/corpus.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SESSIONS 50
#define LINES 10000
#define ROUNDS 5

static bool over;
static FILE *disk;

static int
disk_read(void *ctx, uint64_t off, void *bytes, size_t len)
{
	(void)ctx;
	return pread(fileno(disk), bytes, len, (off_t)off) == (ssize_t)len ? 0 : -EIO;
}

static double
kib(const struct arena *a)
{
	return (double)arena_stats(a).resident_counted / 1024.0;
}

static void
memory(const char *what, double is, double budget)
{
	printf("  %-52s %8.1f KiB  (budget %.0f)%s\n", what, is, budget,
		is > budget ? "  OVER" : "");
	over |= is > budget;
}

static struct term *
session(struct arena *a, uint32_t num, int cols)
{
	return term_new(a, num,
		&(struct term_config){
			.cols = cols, .rows = 50, .history = {.lines = LINES, .bytes = 64 << 20}});
}

static void
print(struct term *t, unsigned lines)
{
	const struct corpus *c = corpus_find("log");
	uint64_t rng = 20;
	struct buf b = {0};

	for (unsigned n = 0; n < lines; n++)
		c->line(&b, &rng, n);
	term_feed(t, b.data, b.len);
	buf_free(&b);
}

static void
one_session(void)
{
	struct arena *a = arena_new(0);
	struct term *t = session(a, 1, 80);
	double least = kib(a);

	term_feed(t, "$ ", 2);
	memory("a session with its prompt, 80x50", kib(a), 8);
	for (int i = 0; i < 24; i++)
		term_feed(t, "a row of the usual sort\r\n", 25);
	memory("24 rows written", kib(a), 20);
	print(t, 200);
	term_park(t);
	pagelist_clear(term_pagelist(t));
	arena_trim(a);
	memory("parked, without its history", kib(a), 4);
	term_free(t);
	arena_trim(a);
	memory("closed", kib(a), MAX(least, 0.001));
	arena_free(a);
}

static double
resize_all(struct term **t, int cols)
{
	uint64_t t0 = os_mono_ns();

	for (int i = 0; i < SESSIONS; i++) {
		term_resize(t[i], cols, 50);
		pagelist_rows(term_pagelist(t[i]), cols); /* what a scroll bar asks for */
	}
	return (double)(os_mono_ns() - t0) / 1e6;
}

static void
count_row(void *ctx, const struct row *row, const struct tab *t, struct pin at)
{
	(void)row;
	(void)t;
	(void)at;
	++*(unsigned *)ctx;
}

/* One screen from the middle, out of no cache. */
static double
deep_screen(struct arena *arena, struct pagelist *h, int cols)
{
	unsigned n = 0;
	uint64_t t0;

	pagelist_rows(h, cols); /* counted when the view was opened */
	pagelist_cache_drop(arena);
	t0 = os_mono_ns();
	pagelist_read(h, cols, pagelist_rows(h, cols) / 2, 50, count_row, &n);
	CHECK(n == 50);
	return (double)(os_mono_ns() - t0) / 1e6;
}

static void
spill(struct pagelist *h)
{
	struct pagelist_spill sp;

	while (pagelist_spill_next(h, 0, &sp)) {
		long off;

		fseek(disk, 0, SEEK_END);
		off = ftell(disk);
		CHECK(off >= 0 && fwrite(sp.bytes, 1, sp.len, disk) == sp.len);
		CHECK(pagelist_spill_done(h, sp.uid, (uint64_t)off));
	}
	fflush(disk);
}

static void
report(struct arena *a, struct term **t, const char *where)
{
	static const int cols[ROUNDS] = {199, 120, 80, 160, 200};
	double best = 1e9, worst = 0, mean = 0;

	for (int i = 0; i < ROUNDS; i++) {
		double ms = resize_all(t, cols[i]);

		best = MIN(best, ms);
	}
	printf("  %-52s %8.2f ms   (budget 10)\n", where, best);
	for (int i = 0; i < SESSIONS; i++) {
		double ms = deep_screen(a, term_pagelist(t[i]), 200);

		worst = MAX(worst, ms);
		mean += ms / SESSIONS;
	}
	printf("  %-52s %8.2f ms   (budget 1; the slowest of %d took %.2f)\n",
		"  first screen from deep history, mean", mean, SESSIONS, worst);
}

int
main(void)
{
	struct arena *a = arena_new(0);
	struct pagelist_file_ops ops = {.read = disk_read};
	struct term *t[SESSIONS];

	disk = tmpfile();
	if (!disk)
		return 1;
	printf("page list\n");
	one_session();
	for (uint32_t i = 0; i < SESSIONS; i++) {
		t[i] = session(a, i + 1, 200);
		print(t[i], LINES + 50);
		pagelist_seal_all(term_pagelist(t[i]));
		pagelist_set_files(term_pagelist(t[i]), &ops);
	}
	printf("  %d sessions of %d lines at 200x50: %.1f MB sealed\n", SESSIONS, LINES,
		kib(a) * 1024 / 1e6);
	report(a, t, "resize of all, and their rows counted: in memory");
	for (int i = 0; i < SESSIONS; i++)
		spill(term_pagelist(t[i]));
	report(a, t, "resize of all, and their rows counted: in files");
	for (int i = 0; i < SESSIONS; i++)
		term_free(t[i]);
	arena_free(a);
	fclose(disk);
	return over;
}
