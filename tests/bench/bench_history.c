/* history.db: how long its queries take, and its size, for one session with 90 days behind it. */
#include "core/os/os.h"
#include "store/history.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAY = 86400, DAYS = 90, NOW = 1700006400, ROUNDS = 30, CHUNK = 20 };

static double
best_ms(struct history_db *h, double t0, size_t max, size_t *n)
{
	uint64_t best = UINT64_MAX;
	double step;

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t t = os_mono_ns();

		free(history_points(h, 1, t0, max, &step, n));
		t = os_mono_ns() - t;
		best = MIN(best, t);
	}
	return (double)best / 1e6;
}

static void
fill(struct history_db *h)
{
	uint64_t kib = 400 << 10, seed = 1;

	for (double t = NOW - (double)DAYS * DAY; t < NOW; t += CHUNK * 15) {
		struct mem_sample s[CHUNK];

		for (int i = 0; i < CHUNK; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			kib = MAX(kib + (seed >> 53) - 1000, (uint64_t)100 << 10);
			s[i] = (struct mem_sample){t + i * 15, kib << 10, kib << 9, 0, 0};
		}
		history_add(h, 1, s, CHUNK);
		if ((long)t % 3600 == 0)
			history_flush(h);
		if ((long)t % DAY == 0)
			history_maintain(h, t);
	}
	history_maintain(h, NOW);
}

int
main(void)
{
	char dir[] = "/tmp/muster-bench-history.XXXXXX", path[64], side[80], banner[160] = "";
	struct history_db *h;
	struct stat st = {0};
	struct err e;
	size_t n, n90;
	double raw, day, all;

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/history.db", dir);
	h = history_open(path, banner, sizeof(banner), &e);
	if (!h)
		return 1;
	fill(h);
	raw = best_ms(h, NOW - DAY, 10000, &n);
	printf("history of one session: 24 h in %zu samples %.2f ms", n, raw);
	day = best_ms(h, NOW - DAY, 2000, &n);
	printf(", in %zu minutes %.2f ms", n, day);
	all = best_ms(h, 0, 10000, &n90);
	history_close(h);
	stat(path, &st);
	printf("; 90 days in %zu quarters %.2f ms; %.2f MB on disk\n", n90, all,
		(double)st.st_size / 1e6);
	unlink(path);
	snprintf(side, sizeof(side), "%s/reserve", dir);
	unlink(side);
	return rmdir(dir) < 0;
}
