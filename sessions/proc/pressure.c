#include "sessions/proc/pressure.h"
#include "core/os/os.h"
#include <dirent.h>
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

	if (part < 0.10 || p->psi.full_avg10 > 10)
		return 2;
	return part < 0.20 || p->psi.some_avg60 > 5;
}

static size_t
slurp_at(const char *root, const char *name, char *buf, size_t cap)
{
	char path[512];

	snprintf(path, sizeof(path), "%s%s", root, name);
	return slurp(path, buf, cap);
}

static void
read_meminfo(const char *root, struct pressure *p)
{
	char buf[4096];

	slurp_at(root, "/proc/meminfo", buf, sizeof(buf));
	p->mem_total = kib_after(buf, "MemTotal:");
	p->mem_available = kib_after(buf, "MemAvailable:");
	p->swap_total = kib_after(buf, "SwapTotal:");
	p->swap_free = kib_after(buf, "SwapFree:");
	p->zswap_used = kib_after(buf, "Zswap:");
	p->zswap_stored = kib_after(buf, "Zswapped:");
}

struct psi
psi_parse(const char *text)
{
	struct psi p = {-1, -1, -1, -1};
	const char *full = strstr(text, "full ");

	sscanf(text, "some avg10=%lf avg60=%lf", &p.some_avg10, &p.some_avg60);
	if (full)
		sscanf(full, "full avg10=%lf avg60=%lf", &p.full_avg10, &p.full_avg60);
	return p;
}

static void
read_psi(const char *root, struct pressure *p)
{
	char buf[512];

	slurp_at(root, "/proc/pressure/memory", buf, sizeof(buf));
	p->psi = psi_parse(buf);
}

/* vmstat counts pages; its lines are "name number". */
static void
read_swapping(const char *root, struct pressure *p, const struct pressure *before)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	char buf[16384];
	const char *in, *out;
	double s = before ? p->at - before->at : 0;

	p->swap_in_per_s = p->swap_out_per_s = -1;
	slurp_at(root, "/proc/vmstat", buf, sizeof(buf));
	in = strstr(buf, "\npswpin ");
	out = strstr(buf, "\npswpout ");
	if (!in || !out)
		return;
	p->swapped_in = strtoull(in + strlen("\npswpin "), NULL, 10) * page;
	p->swapped_out = strtoull(out + strlen("\npswpout "), NULL, 10) * page;
	if (!before || s <= 0 || p->swapped_in < before->swapped_in ||
		p->swapped_out < before->swapped_out)
		return;
	p->swap_in_per_s = (double)(p->swapped_in - before->swapped_in) / s;
	p->swap_out_per_s = (double)(p->swapped_out - before->swapped_out) / s;
}

/* mm_stat: bytes of data, of data compressed, of memory used … */
static void
read_zram(const char *root, struct pressure *p)
{
	char path[512], buf[256];
	unsigned long long stored, packed, used;
	DIR *d;

	snprintf(path, sizeof(path), "%s/sys/block", root);
	d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));) {
		if (strncmp(e->d_name, "zram", 4) != 0)
			continue;
		snprintf(path, sizeof(path), "/sys/block/%.32s/mm_stat", e->d_name);
		slurp_at(root, path, buf, sizeof(buf));
		if (sscanf(buf, "%llu %llu %llu", &stored, &packed, &used) == 3) {
			p->zram_stored += stored;
			p->zram_used += used;
		}
	}
	if (d)
		closedir(d);
}

struct pressure
pressure_read_at(const char *root, const struct pressure *before)
{
	struct pressure p = {.at = (double)os_mono_ns() / 1e9};

	read_meminfo(root, &p);
	read_psi(root, &p);
	read_swapping(root, &p, before);
	read_zram(root, &p);
	p.level = pressure_level(&p);
	return p;
}

struct pressure
pressure_read(const struct pressure *before)
{
	return pressure_read_at("", before);
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
