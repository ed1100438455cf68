/* history.db with SESSIONS (100) sessions and 90 days behind them, categories and roles included:
 * how long its queries take, its size, and what a day of it writes. Flushed and kept up as the
 * store's thread does it. One session in ten grows, and is walked once an hour. */
#include "core/os/os.h"
#include "store/composition.h"
#include "store/history.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAY = 86400, DAYS = 90, NOW = 1700006400, ROUNDS = 30, TICK = 15, FLUSH = 300 };
enum { MAINTAIN = 900, WALK = 6 * 3600, GROWER_WALK = 3600, GROWERS = 10, OVERVIEW_POINTS = 96 };

struct session {
	uint64_t kib, seed;
};
struct written {
	unsigned long long calls, disk;
};

static struct written
written(void)
{
	struct written w = {0};
	FILE *f = fopen("/proc/self/io", "re");
	char line[80];

	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "wchar: %llu", &w.calls);
		sscanf(line, "write_bytes: %llu", &w.disk);
	}
	if (f)
		fclose(f);
	return w;
}

static double
best_ms(struct history_db *h, uint32_t num, double t0, size_t max, size_t *n)
{
	uint64_t best = UINT64_MAX;
	double step;

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t t = os_mono_ns();

		free(history_points(h, num, t0, max, &step, n));
		t = os_mono_ns() - t;
		best = MIN(best, t);
	}
	return (double)best / 1e6;
}

/* What `muster history` reads for all of them. */
static double
overview_ms(struct history_db *h, uint32_t sessions)
{
	uint64_t best = UINT64_MAX;
	double step;
	size_t n;

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t t = os_mono_ns();

		for (uint32_t num = 1; num <= sessions; num++)
			free(history_points(h, num, NOW - DAY, OVERVIEW_POINTS, &step, &n));
		t = os_mono_ns() - t;
		best = MIN(best, t);
	}
	return (double)best / 1e6;
}

static void
walk(struct history_db *h, uint32_t num, const struct session *s, double t)
{
	static const struct mem_part parts[] = {{PART_CATEGORY, "heap", 0, 0, 12, 0},
		{PART_CATEGORY, "anonymous 16-128M", 0, 0, 4, 0},
		{PART_CATEGORY, "anonymous 1-16M", 0, 0, 40, 0},
		{PART_CATEGORY, "stack", 0, 0, 1, 0}, {PART_CATEGORY, "thread stacks", 0, 0, 16, 0},
		{PART_CATEGORY, "jit code", 0, 0, 3, 0},
		{PART_CATEGORY, "file copy-on-write", 0, 0, 30, 0},
		{PART_CATEGORY, "page tables", 0, 0, 1, 0}, {PART_ROLE, "claude", 0, 0, 1, 0},
		{PART_ROLE, "mcp: github", 0, 0, 1, 0}, {PART_ROLE, "shell: bash", 0, 0, 1, 0},
		{PART_ROLE, "language server: gopls", 0, 0, 1, 0}, {PART_SLAB, "128M", 0, 0, 3, 0}};
	struct composition c = {
		.num = num, .t = t, .age_s = t - NOW + DAYS * DAY, .version = "1.0.42"};

	c.why = COMPOSED_AGE;
	c.total = s->kib << 10;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct mem_part p = parts[i];

		p.bytes = c.total / (i + 2) / 1000 * (900 + (s->seed >> (4 * i)) % 100);
		composition_add(&c, &p);
	}
	history_put_composition(h, &c);
	free(c.part);
}

static void
sample(struct history_db *h, uint32_t num, struct session *s, double t)
{
	struct mem_sample m = {.t = t};

	s->seed = s->seed * 6364136223846793005u + 1442695040888963407u;
	s->kib = MAX(s->kib + (s->seed >> 53) - 1000, (uint64_t)100 << 10);
	m.footprint = s->kib << 10;
	m.rss = s->kib << 9;
	history_add(h, num, &m, 1);
}

static void
fill(struct history_db *h, uint32_t sessions, struct written *at, struct written *last_day)
{
	struct session *s = xcalloc(sessions, sizeof(*s));

	for (uint32_t i = 0; i < sessions; i++)
		s[i] = (struct session){400 << 10, i + 1};
	for (long t = NOW - (long)DAYS * DAY; t < NOW; t += TICK) {
		for (uint32_t i = 0; i < sessions; i++) {
			long every = i % GROWERS ? WALK : GROWER_WALK;

			sample(h, i + 1, &s[i], (double)t);
			if ((t + (long)i * TICK) % every == 0)
				walk(h, i + 1, &s[i], (double)t);
		}
		if (t % FLUSH == 0)
			history_flush(h);
		if (t % MAINTAIN == 0)
			history_maintain(h, (double)t);
		if (t == NOW - DAY)
			*at = written();
	}
	*last_day = written();
	history_flush(h);
	history_maintain(h, NOW);
	free(s);
}

int
main(int argc, char **argv)
{
	char dir[] = "/tmp/muster-bench-history.XXXXXX", path[64], side[80], banner[160] = "";
	uint32_t sessions = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100;
	struct written from = {0}, to = {0};
	struct history_db *h;
	struct stat st = {0};
	struct err e;
	size_t n;
	double ms;

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/history.db", dir);
	h = history_open(path, banner, sizeof(banner), &e);
	if (!h)
		return 1;
	fill(h, sessions, &from, &to);
	printf("history of %u sessions over %d days; a day writes %.1f MB (%.1f MB asked for)\n",
		sessions, DAYS, (double)(to.disk - from.disk) / 1e6,
		(double)(to.calls - from.calls) / 1e6);
	ms = best_ms(h, 1, NOW - DAY, 10000, &n);
	printf("one session: 24 h in %zu samples %.2f ms", n, ms);
	ms = best_ms(h, 1, NOW - DAY, 2000, &n);
	printf(", in %zu minutes %.2f ms", n, ms);
	ms = best_ms(h, 1, 0, 10000, &n);
	printf("; 90 days in %zu quarters %.2f ms\n", n, ms);
	printf("overview of all: %.2f ms", overview_ms(h, sessions));
	history_close(h);
	stat(path, &st);
	printf("; %.1f MB on disk\n", (double)st.st_size / 1e6);
	unlink(path);
	snprintf(side, sizeof(side), "%s/reserve", dir);
	unlink(side);
	return rmdir(dir) < 0;
}
