/* bench_hostile [ROUNDS [SEED]]: CPU time and memory that 64 KiB of output made to hurt cost at
 * 80x24, by class (tests/bench/hostile.h), worst first; then two searches for worse: bodies of
 * several classes mixed, changed a little each round, the slowest kept, and the largest. */
#include "tests/bench/hostile.h"
#include "core/term/term.h"
#include "tests/bench/corpus.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PARTS = 6, SHOWN = 12 };

struct cost {
	double ms;
	uint64_t bytes; /* of the arena, resident, and of the heap */
	const char *name;
};
/* What the search changes: classes whose starts come first and whose bodies then alternate. */
struct mix {
	uint8_t part[PARTS], times[PARTS];
	int n;
};
static struct arena *arena;
static struct buf made[ARRAY_LEN(hostiles)]; /* each class's bytes */
static size_t answered;

static void
on_reply(void *ctx, const void *p, size_t n)
{
	(void)ctx;
	(void)p;
	answered += n;
}

static double
cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static uint64_t
held(void)
{
	struct mallinfo2 m = mallinfo2();

	return arena_owner_resident(arena, 1) + m.uordblks + m.hblkhd;
}

static struct cost
measure(const struct buf *bytes, const char *name)
{
	struct term_config cfg = {.cols = HOSTILE_COLS,
		.rows = HOSTILE_ROWS,
		.history = {.lines = 10000, .bytes = 4 << 20}};
	struct term *t = term_new(arena, 1, &cfg);
	struct cost c = {.name = name};

	term_set_ops(t, &(struct term_ops){.reply = on_reply});
	uint64_t before = held();
	double from = cpu_ms();
	term_feed(t, bytes->data, bytes->len);
	c.ms = cpu_ms() - from;
	c.bytes = held() - before;
	term_free(t);
	pagelist_cache_drop(arena); /* the next terminal pays for its own */
	arena_trim(arena);
	return c;
}

static int
slower(const void *a, const void *b)
{
	double x = ((const struct cost *)a)->ms, y = ((const struct cost *)b)->ms;

	return (x < y) - (x > y);
}

static void
classes(void)
{
	struct cost cost[ARRAY_LEN(hostiles)];

	for (size_t i = 0; i < ARRAY_LEN(hostiles); i++) {
		measure(&made[i], NULL);
		cost[i] = measure(&made[i], hostiles[i].name);
	}
	qsort(cost, ARRAY_LEN(cost), sizeof *cost, slower);
	printf("%-28s %8s %10s   the slowest %d of %zu\n", "64 KiB of", "ms", "KiB held", SHOWN,
		ARRAY_LEN(cost));
	for (size_t i = 0; i < SHOWN; i++)
		printf("%-28s %8.2f %10llu\n", cost[i].name, cost[i].ms,
			(unsigned long long)cost[i].bytes / 1024);
}

static void
mix_fill(const struct mix *m, struct buf *out)
{
	size_t from[PARTS];

	out->len = 0;
	for (int i = 0; i < m->n; i++)
		buf_puts(out, hostiles[m->part[i]].once);
	memset(from, 0, sizeof from);
	for (int i = 0; out->len < HOSTILE_BYTES; i = (i + 1) % m->n) {
		const struct hostile *h = &hostiles[m->part[i]];
		size_t start = strlen(h->once), n = strlen(h->body) * m->times[i];

		n = MIN(n, HOSTILE_BYTES - start - from[i]);
		buf_put(out, made[m->part[i]].data + start + from[i], n);
		from[i] = from[i] + 2 * n < HOSTILE_BYTES - start ? from[i] + n : 0;
	}
	out->len = HOSTILE_BYTES;
}

static void
mix_change(struct mix *m, uint64_t *rng)
{
	int i;

	if (m->n < PARTS && corpus_rand(rng) % 4 == 0)
		m->n++;
	else if (m->n > 1 && corpus_rand(rng) % 6 == 0)
		m->n--;
	i = (int)(corpus_rand(rng) % (uint64_t)m->n);
	m->part[i] = (uint8_t)(corpus_rand(rng) % ARRAY_LEN(hostiles));
	m->times[i] = (uint8_t)(1 + corpus_rand(rng) % 8);
}

static double
slow(const struct cost *c)
{
	return c->ms;
}

static double
large(const struct cost *c)
{
	return (double)c->bytes;
}

static void
search(int rounds, uint64_t rng, double (*badness)(const struct cost *))
{
	struct mix best = {0};
	struct cost most = {0};
	struct buf bytes = {0};

	for (int i = 0; i < rounds; i++) {
		struct mix m = best;

		if (!m.n || i % 400 == 0) { /* a climb from elsewhere */
			m = (struct mix){.n = 1};
			mix_change(&m, &rng);
		}
		mix_change(&m, &rng);
		for (int k = 0; k < m.n; k++)
			m.times[k] = m.times[k] ? m.times[k] : 1;
		mix_fill(&m, &bytes);
		struct cost c = measure(&bytes, NULL);

		if (badness(&c) <= badness(&most))
			continue;
		c = measure(&bytes, NULL); /* another program may have run */
		if (badness(&c) > badness(&most)) {
			most = c;
			best = m;
		}
	}
	printf("worst of %d mixes: %.2f ms, %llu KiB:", rounds, most.ms,
		(unsigned long long)most.bytes / 1024);
	for (int k = 0; k < best.n; k++)
		printf(" %s x%d%s", hostiles[best.part[k]].name, best.times[k],
			k + 1 < best.n ? "," : "\n");
	buf_free(&bytes);
}

int
main(int argc, char **argv)
{
	arena = arena_new(0);
	for (size_t i = 0; i < ARRAY_LEN(hostiles); i++)
		hostile_fill(&hostiles[i], &made[i]);
	classes();
	int rounds = argc > 1 ? atoi(argv[1]) : 300;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;

	search(rounds, seed, slow);
	search(rounds, seed, large);
	for (size_t i = 0; i < ARRAY_LEN(hostiles); i++)
		buf_free(&made[i]);
	arena_free(arena);
	return 0;
}
