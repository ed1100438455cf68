#include "sessions/pressure.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t
kib_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, 10) * 1024 : 0;
}

static size_t
slurp(const char *path, char *buf, size_t cap)
{
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(buf, 1, cap - 1, f) : 0;

	if (f)
		fclose(f);
	buf[n] = '\0';
	return n;
}

int
pressure_level(const struct pressure *p)
{
	double part = p->mem_total ? (double)p->mem_available / (double)p->mem_total : 1;

	if (part < 0.10 || p->psi_full_avg10 > 10)
		return 2;
	return part < 0.20 || p->psi_some_avg60 > 5;
}

struct pressure
pressure_read(void)
{
	struct pressure p = {.psi_some_avg10 = -1, .psi_some_avg60 = -1, .psi_full_avg10 = -1};
	char buf[4096];
	const char *full;

	if (slurp("/proc/meminfo", buf, sizeof(buf))) {
		p.mem_total = kib_after(buf, "MemTotal:");
		p.mem_available = kib_after(buf, "MemAvailable:");
		p.swap_total = kib_after(buf, "SwapTotal:");
		p.swap_free = kib_after(buf, "SwapFree:");
	}
	if (slurp("/proc/pressure/memory", buf, sizeof(buf))) {
		sscanf(buf, "some avg10=%lf avg60=%lf", &p.psi_some_avg10, &p.psi_some_avg60);
		full = strstr(buf, "full ");
		if (full)
			sscanf(full, "full avg10=%lf", &p.psi_full_avg10);
	}
	p.level = pressure_level(&p);
	return p;
}

uint64_t
pressure_shared_memory(void)
{
	char buf[4096];
	uint64_t huge;

	if (!slurp("/proc/meminfo", buf, sizeof(buf)))
		return 0;
	/* HugePages_* count pages */
	huge = kib_after(buf, "HugePages_Total:") - kib_after(buf, "HugePages_Free:");
	return kib_after(buf, "Shmem:") + huge / 1024 * kib_after(buf, "Hugepagesize:");
}

int
pressure_trigger(void)
{
	static const char what[] = "some 150000 2000000";
	int fd = open("/proc/pressure/memory", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && write(fd, what, sizeof(what)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}
