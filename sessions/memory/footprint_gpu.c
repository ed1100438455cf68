#include "sessions/memory/footprint_gpu.h"
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct client {
	char pdev[32];
	unsigned long long id;
};
struct gpu_look {
	struct client *seen;
	size_t n_seen;
	struct gpu_memory sum;
};
struct fdinfo { /* of one descriptor */
	struct client client;
	bool has_client;
	/* newer drivers tell what is resident, older ones only what is allocated */
	uint64_t resident[2], allocated[2]; /* on the device, in main memory */
	bool tells_resident;
};

static bool
in_main_memory(const char *region, size_t n)
{
	static const char *const names[] = {"system", "gtt", "cpu", "shared", "shmem"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (n >= strlen(names[i]) && strncmp(region, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static uint64_t
amount(const char *value)
{
	char *end;
	uint64_t n = strtoull(value, &end, 10);

	end += strspn(end, " \t");
	return n << (*end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0);
}

/* "drm-resident-vram0:	123 KiB" */
static bool
region_line(const char *line, const char *prefix, uint64_t *sums)
{
	size_t k = strlen(prefix), n;

	if (strncmp(line, prefix, k) != 0)
		return false;
	n = strcspn(line + k, ":");
	if (line[k + n])
		sums[in_main_memory(line + k, n)] += amount(line + k + n + 1);
	return true;
}

static void
read_line(struct fdinfo *f, const char *line)
{
	if (sscanf(line, "drm-pdev: %31s", f->client.pdev) == 1)
		return;
	if (sscanf(line, "drm-client-id: %llu", &f->client.id) == 1)
		f->has_client = true;
	else if (region_line(line, "drm-resident-", f->resident))
		f->tells_resident = true;
	else
		region_line(line, "drm-memory-", f->allocated);
}

static bool
seen_before(struct gpu_look *g, const struct client *c)
{
	for (size_t i = 0; i < g->n_seen; i++)
		if (g->seen[i].id == c->id && strcmp(g->seen[i].pdev, c->pdev) == 0)
			return true;
	g->seen = xrealloc(g->seen, (g->n_seen + 1) * sizeof(*g->seen));
	g->seen[g->n_seen++] = *c;
	return false;
}

static void
look_at(struct gpu_look *g, const char *path)
{
	FILE *file = fopen(path, "re");
	struct fdinfo f = {0};
	const uint64_t *sums;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		read_line(&f, line);
	if (file)
		fclose(file);
	if (!f.has_client || seen_before(g, &f.client))
		return;
	sums = f.tells_resident ? f.resident : f.allocated;
	g->sum.clients++;
	g->sum.vram_bytes += sums[0];
	g->sum.system_bytes += sums[1];
}

/* Only of descriptors that are devices of that kind: fdinfo of all would be a read each. */
static bool
is_drm(const char *proc, pid_t pid, const char *fd)
{
	char path[512], target[64];
	ssize_t n;

	snprintf(path, sizeof(path), "%.200s/%d/fd/%.20s", proc, (int)pid, fd);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	return strncmp(target, "/dev/dri/", strlen("/dev/dri/")) == 0;
}

struct gpu_memory
footprint_gpu(const char *proc, const pid_t *pid, size_t n)
{
	struct gpu_look g = {0};
	char path[512];

	for (size_t i = 0; i < n; i++) {
		DIR *d;

		snprintf(path, sizeof(path), "%.200s/%d/fd", proc, (int)pid[i]);
		d = opendir(path);
		for (struct dirent *e; d && (e = readdir(d));) {
			if (!isdigit((unsigned char)e->d_name[0]) ||
				!is_drm(proc, pid[i], e->d_name))
				continue;
			snprintf(path, sizeof(path), "%.200s/%d/fdinfo/%.20s", proc, (int)pid[i],
				e->d_name);
			look_at(&g, path);
		}
		if (d)
			closedir(d);
	}
	free(g.seen);
	return g.sum;
}
