#include "sessions/memory/slabs.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint64_t sizes[SLAB_SIZES] = {128u << 20, 64u << 20, 32u << 20};
/* larger mappings are reserved, not filled: their tables are not read */
static const uint64_t READ_MAX = 16ull << 30, PRESENT = 1ull << 63, SWAPPED = 1ull << 62;
enum { SLABS_MAX = 4096, GROWS_S = 1800 };

static void
add(struct slabs *out, struct slab s)
{
	if (s.bytes < s.size / 2 || out->n == SLABS_MAX)
		return;
	out->s = xrealloc(out->s, (out->n + 1) * sizeof(*out->s));
	out->s[out->n++] = s;
}

/* What a window holds; false when its table cannot be read. */
static bool
occupancy(int fd, struct slab *s)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), entry[4096];
	uint64_t at = (s->end - s->size) / page, end = s->end / page;

	s->bytes = s->swapped = 0;
	while (at < end) {
		size_t want = MIN(end - at, ARRAY_LEN(entry)) * sizeof(*entry);
		ssize_t n = pread(fd, entry, want, (off_t)(at * sizeof(*entry)));

		if (n <= 0)
			return false;
		for (size_t i = 0; i < (size_t)n / sizeof(*entry); i++) {
			s->bytes += entry[i] & (PRESENT | SWAPPED) ? page : 0;
			s->swapped += entry[i] & SWAPPED ? page : 0;
		}
		at += (size_t)n / sizeof(*entry);
	}
	return true;
}

static void
add_windows(struct slabs *out, pid_t pid, const struct mapping *m, uint64_t used, uint64_t swapped)
{
	uint64_t size = sizes[0], len = m->end - m->start;
	bool full = used >= len / 100 * 98;
	char path[40];
	int fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	if (!full && (len > READ_MAX || (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0))
		return;
	for (uint64_t end = m->end; end - m->start >= size; end -= size) {
		struct slab s = {pid, end, size, size,
			(uint64_t)((double)swapped * (double)size / (double)len)};

		if (full || occupancy(fd, &s))
			add(out, s);
	}
	if (fd >= 0)
		close(fd);
}

void
slabs_add(struct slabs *out, pid_t pid, const struct mapping *m)
{
	uint64_t len = m->end - m->start, used = (m->anonymous + m->swap) * 1024;

	if (m->ino || m->perms[0] != 'r' || m->perms[1] != 'w' || m->perms[3] != 'p' ||
		strncmp(m->name, "[stack", 6) == 0 || used < sizes[SLAB_SIZES - 1] / 2)
		return;
	if (len >= sizes[0]) {
		add_windows(out, pid, m, used, m->swap * 1024);
		return;
	}
	for (size_t i = 1; i < SLAB_SIZES; i++)
		if (len >= sizes[i]) {
			add(out, (struct slab){pid, m->end, sizes[i], used, m->swap * 1024});
			return;
		}
}

static bool
has(const struct slabs *s, const struct slab *x)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->s[i].end == x->end && s->s[i].pid == x->pid && s->s[i].size == x->size)
			return true;
	return false;
}

size_t
slabs_sum(const struct slabs *s, const struct slabs *before, struct slab_sum out[SLAB_SIZES])
{
	size_t n = 0;

	for (size_t k = 0; k < SLAB_SIZES; k++) {
		struct slab_sum sum = {.size = sizes[k]};

		for (size_t i = 0; i < s->n; i++)
			if (s->s[i].size == sizes[k]) {
				sum.n++;
				sum.bytes += s->s[i].bytes;
				sum.swapped += s->s[i].swapped;
			}
		for (size_t i = 0; before && i < before->n; i++)
			sum.freed += before->s[i].size == sizes[k] && !has(s, &before->s[i]);
		if (sum.n || sum.freed)
			out[n++] = sum;
	}
	return n;
}

struct slab_trend
slabs_trend(const struct slab_look *look, size_t n)
{
	struct slab_trend t = {.n = look[n - 1].n, .freed = 0};

	for (size_t i = 1; i < n; i++)
		t.freed += look[i].freed;
	t.added = (int)t.n - (int)look[0].n;
	t.in_s = look[n - 1].t - look[0].t;
	t.grows = t.added >= 2 && t.in_s >= GROWS_S && t.freed == 0;
	return t;
}

void
slabs_text(const struct slab_trend *t, const char *size, char *out, size_t cap)
{
	char freed[24] = "none";
	size_t n = (size_t)snprintf(out, cap, "%u x %s", t->n, size);

	if (t->in_s <= 0 || n >= cap)
		return;
	if (t->freed)
		snprintf(freed, sizeof(freed), "%u", t->freed);
	if (t->in_s < 5400)
		snprintf(out + n, cap - n, ", %+d in %.0f min, %s freed", t->added, t->in_s / 60,
			freed);
	else
		snprintf(out + n, cap - n, ", %+d in %.0f h, %s freed", t->added, t->in_s / 3600,
			freed);
}
