/* What lies below the rollup: one line of /proc/PID/smaps per mapping. Used for the breakdown by
 * category, and for the memory that belongs to inodes: a swapped page of shared memory leaves no
 * entry in any page table, and a memfd that is only held open is mapped by nobody, so neither shows
 * in the sum over processes. */
#include "sessions/memory/footprint.h"
#include "sessions/memory/proc_read.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Below this much swapped shared memory a process's full smaps is not worth megabytes of text. */
enum { SHM_SWAP_WORTH = 8 << 20 };

struct mapping {
	uint64_t start, end, off, dev, ino;
	char perms[5];
	char name[96];
	uint64_t pss, anonymous, swap, swap_pss, lazy_free, hugetlb, shared_dirty; /* kB */
};
struct map_field {
	const char *key;
	size_t off;
};
#define M(key, member)                                \
	{                                             \
		key, offsetof(struct mapping, member) \
	}
static const struct map_field map_fields[] = {M("Pss:", pss), M("Anonymous:", anonymous),
	M("Swap:", swap), M("SwapPss:", swap_pss), M("LazyFree:", lazy_free),
	M("Private_Hugetlb:", hugetlb), M("Shared_Dirty:", shared_dirty)};
#undef M

/* "start-end perms off maj:min inode   name"; false for a "Key: value" line. */
static bool
parse_header(const char *line, struct mapping *m)
{
	unsigned long long start, end, off, ino;
	unsigned maj, min;
	int at = 0;

	if (sscanf(line, "%llx-%llx %4s %llx %x:%x %llu %n", &start, &end, m->perms, &off, &maj,
		    &min, &ino, &at) < 7)
		return false;
	m->start = start;
	m->end = end;
	m->off = off;
	m->ino = ino;
	m->dev = makedev(maj, min);
	m->pss = m->anonymous = m->swap = m->swap_pss = m->lazy_free = m->hugetlb = 0;
	m->shared_dirty = 0;
	proc_clean(m->name, sizeof m->name, line + at);
	m->name[strcspn(m->name, "\n?")] = '\0';
	return true;
}

static void
parse_value(const char *line, struct mapping *m)
{
	for (size_t i = 0; i < ARRAY_LEN(map_fields); i++) {
		size_t k = strlen(map_fields[i].key);

		if (strncmp(line, map_fields[i].key, k) == 0) {
			*(uint64_t *)((char *)m + map_fields[i].off) = strtoull(line + k, NULL, 10);
			return;
		}
	}
}

typedef void (*mapping_cb)(void *ctx, const struct mapping *m);

/* name: "smaps", or "maps" for addresses only. 0 or -errno. */
static int
each_mapping(pid_t pid, const char *name, mapping_cb cb, void *ctx)
{
	FILE *f = proc_open(pid, name);
	struct mapping m;
	char *line = NULL;
	size_t cap = 0;
	bool have = false;

	if (!f)
		return -errno;
	while (getline(&line, &cap, f) > 0) {
		struct mapping next;

		if (isupper((unsigned char)line[0])) {
			if (have)
				parse_value(line, &m);
		} else if (parse_header(line, &next)) {
			if (have)
				cb(ctx, &m);
			m = next;
			have = true;
		}
	}
	if (have)
		cb(ctx, &m);
	free(line);
	fclose(f);
	return 0;
}

/* ---- inodes ---- */

struct range {
	uint64_t dev, ino, from, to;
};
struct extents {
	struct shm_extent *e;
	size_t n, cap;
	struct shm_extent *mine; /* of the process being read, merged into e afterwards */
	size_t n_mine, cap_mine;
	struct range *seen; /* of the process being read: the same part mapped twice counts once */
	size_t n_seen, cap_seen;
};

static struct shm_extent *
extent(struct shm_extent **list, size_t *n, size_t *cap, uint64_t dev, uint64_t ino)
{
	for (size_t i = 0; i < *n; i++)
		if ((*list)[i].dev == dev && (*list)[i].ino == ino)
			return &(*list)[i];
	if (*n == *cap)
		*list = xrealloc(*list, (*cap = *cap ? *cap * 2 : 16) * sizeof **list);
	(*list)[*n] = (struct shm_extent){.dev = dev, .ino = ino};
	return &(*list)[(*n)++];
}

static bool
overlaps_seen(struct extents *x, const struct mapping *m)
{
	struct range r = {m->dev, m->ino, m->off, m->off + (m->end - m->start)};

	for (size_t i = 0; i < x->n_seen; i++)
		if (x->seen[i].dev == r.dev && x->seen[i].ino == r.ino && x->seen[i].from < r.to &&
			r.from < x->seen[i].to)
			return true;
	if (x->n_seen == x->cap_seen)
		x->seen = xrealloc(x->seen,
			(x->cap_seen = x->cap_seen ? x->cap_seen * 2 : 16) * sizeof *x->seen);
	x->seen[x->n_seen++] = r;
	return false;
}

/* Swap counts private swapped pages and those of shared memory; SwapPss only the former. */
static void
add_swapped(void *ctx, const struct mapping *m)
{
	struct extents *x = ctx;

	if (m->ino == 0 || m->swap <= m->swap_pss || overlaps_seen(x, m))
		return;
	extent(&x->mine, &x->n_mine, &x->cap_mine, m->dev, m->ino)->bytes +=
		(m->swap - m->swap_pss) * 1024;
}

static void
swapped_of(struct extents *x, pid_t pid)
{
	x->n_mine = x->n_seen = 0;
	each_mapping(pid, "smaps", add_swapped, x);
	for (size_t i = 0; i < x->n_mine; i++) {
		struct shm_extent *e =
			extent(&x->e, &x->n, &x->cap, x->mine[i].dev, x->mine[i].ino);

		e->bytes = MAX(e->bytes, x->mine[i].bytes);
	}
}

static void
memfds_of(struct extents *x, pid_t pid)
{
	char path[64], target[64];
	struct stat st;
	DIR *d;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));) {
		ssize_t k;

		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		k = readlinkat(dirfd(d), e->d_name, target, sizeof target - 1);
		if (k < 7 || strncmp(target, "/memfd:", 7) != 0 ||
			fstatat(dirfd(d), e->d_name, &st, 0) < 0)
			continue;
		struct shm_extent *m =
			extent(&x->mine, &x->n_mine, &x->cap_mine, st.st_dev, st.st_ino);

		m->bytes = (uint64_t)st.st_blocks * 512;
		m->unmapped = true;
	}
	if (d)
		closedir(d);
}

static void
strike_mapped(void *ctx, const struct mapping *m)
{
	struct extents *x = ctx;

	for (size_t i = 0; m->ino && i < x->n_mine; i++)
		if (x->mine[i].ino == m->ino && x->mine[i].dev == m->dev)
			x->mine[i].unmapped = false;
}

struct shm_extent *
footprint_extents(const struct proc_info *p, size_t n, size_t *n_out)
{
	struct extents x = {0};

	for (size_t i = 0; i < n; i++)
		if (p[i].shm_swapped > SHM_SWAP_WORTH)
			swapped_of(&x, p[i].pid);
	x.n_mine = 0;
	for (size_t i = 0; i < n; i++)
		memfds_of(&x, p[i].pid);
	for (size_t i = 0; x.n_mine && i < n; i++)
		each_mapping(p[i].pid, "maps", strike_mapped, &x);
	for (size_t i = 0; i < x.n_mine; i++)
		if (x.mine[i].unmapped)
			*extent(&x.e, &x.n, &x.cap, x.mine[i].dev, x.mine[i].ino) = x.mine[i];
	free(x.mine);
	free(x.seen);
	*n_out = x.n;
	return x.e;
}

uint64_t
footprint_shared_extra(const struct proc_info *p, size_t n, uint64_t *swapped)
{
	size_t k;
	struct shm_extent *e = footprint_extents(p, n, &k);
	uint64_t sum = 0, out = 0;

	for (size_t i = 0; i < k; i++) {
		sum += e[i].bytes;
		out += e[i].unmapped ? 0 : e[i].bytes;
	}
	free(e);
	if (swapped)
		*swapped = out;
	return sum;
}

/* ---- categories ---- */

struct cats {
	struct mem_category *c;
	size_t n, cap;
	uint64_t *tmpfs; /* devices whose files are shared memory */
	size_t n_tmpfs;
	uint64_t *sp; /* stack pointers of the process's threads */
	size_t n_sp;
};

static void
cat_add(struct cats *c, const char *name, uint64_t bytes, uint64_t swapped)
{
	size_t i = 0;

	if (bytes == 0)
		return;
	while (i < c->n && strcmp(c->c[i].name, name) != 0)
		i++;
	if (i == c->n) {
		if (c->n == c->cap)
			c->c = xrealloc(c->c, (c->cap = c->cap ? c->cap * 2 : 16) * sizeof *c->c);
		c->c[c->n] = (struct mem_category){0};
		snprintf(c->c[c->n++].name, sizeof c->c->name, "%s", name);
	}
	c->c[i].bytes += bytes;
	c->c[i].swapped += swapped;
	c->c[i].regions++;
}

/* Files of these file systems are memory. */
static void
read_tmpfs(struct cats *c)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t cap = 0;
	unsigned maj, min;

	while (f && getline(&line, &cap, f) > 0)
		if (strstr(line, " - tmpfs ") && sscanf(line, "%*d %*d %u:%u", &maj, &min) == 2) {
			c->tmpfs = xrealloc(c->tmpfs, (c->n_tmpfs + 1) * sizeof *c->tmpfs);
			c->tmpfs[c->n_tmpfs++] = makedev(maj, min);
		}
	free(line);
	if (f)
		fclose(f);
}

/* A blocked thread shows its stack pointer as the last but one word of `syscall`. */
static void
read_stack_pointers(struct cats *c, pid_t pid)
{
	char path[64], buf[256];
	DIR *d;

	c->n_sp = 0;
	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));) {
		pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);
		char *sp;

		if (tid <= 0 || tid == pid || proc_read(tid, "syscall", buf, sizeof buf) <= 0)
			continue;
		sp = strrchr(buf, ' ');
		if (!sp)
			continue;
		*sp = '\0';
		sp = strrchr(buf, ' ');
		if (!sp)
			continue;
		c->sp = xrealloc(c->sp, (c->n_sp + 1) * sizeof *c->sp);
		c->sp[c->n_sp++] = strtoull(sp + 1, NULL, 16);
	}
	if (d)
		closedir(d);
}

static bool
is_shm(const struct cats *c, const struct mapping *m)
{
	static const char *const prefixes[] = {
		"/memfd:", "/dev/shm/", "/SYSV", "/dev/zero", "/anon_hugepage"};

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (strncmp(m->name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	for (size_t i = 0; m->ino && i < c->n_tmpfs; i++)
		if (c->tmpfs[i] == m->dev)
			return true;
	return false;
}

static bool
is_gpu(const char *name)
{
	return strncmp(name, "/dev/dri", 8) == 0 || strncmp(name, "/dev/nvidia", 11) == 0 ||
	       strncmp(name, "/dev/kfd", 8) == 0;
}

static const char *
anonymous_name(const struct cats *c, const struct mapping *m, uint64_t bytes)
{
	if (strcmp(m->name, "[heap]") == 0)
		return "heap";
	if (strncmp(m->name, "[stack", 6) == 0)
		return "stack";
	for (size_t i = 0; i < c->n_sp; i++)
		if (c->sp[i] >= m->start && c->sp[i] < m->end)
			return "thread stacks";
	if (m->perms[2] == 'x')
		return "jit code";
	if (m->name[0] == '[')
		return m->name;
	return bytes < 1 << 20	   ? "anonymous < 1M"
	       : bytes < 16 << 20  ? "anonymous 1-16M"
	       : bytes < 128 << 20 ? "anonymous 16-128M"
				   : "anonymous > 128M";
}

static void
add_category(void *ctx, const struct mapping *m)
{
	struct cats *c = ctx;
	uint64_t resident, swapped = m->swap_pss * 1024;
	const char *name;

	if (is_gpu(m->name)) {
		cat_add(c, "gpu devices", (m->pss + m->swap_pss) * 1024, swapped);
		return;
	}
	/* anonymous pages of a file mapping are divided among forks only in Pss */
	if (m->ino == 0 || is_shm(c, m))
		resident = m->pss;
	else
		resident = m->shared_dirty ? MIN(m->anonymous, m->pss) : m->anonymous;
	resident = (resident - MIN(resident, m->lazy_free) + m->hugetlb) * 1024;
	if (m->hugetlb)
		name = "huge pages";
	else if (m->ino == 0)
		name = anonymous_name(c, m, resident + swapped);
	else
		name = is_shm(c, m) ? "shared memory" : "file copy-on-write";
	cat_add(c, name, resident + swapped, swapped);
}

static int
biggest_first(const void *a, const void *b)
{
	const struct mem_category *x = a, *y = b;

	return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

static uint64_t
page_tables(pid_t pid)
{
	char buf[4096];
	const char *at =
		proc_read(pid, "status", buf, sizeof buf) > 0 ? strstr(buf, "VmPTE:") : NULL;

	return at ? strtoull(at + 6, NULL, 10) * 1024 : 0;
}

struct mem_category *
footprint_categories(const struct proc_info *p, size_t n, size_t *n_out)
{
	struct cats c = {0};
	size_t k;
	struct shm_extent *e = footprint_extents(p, n, &k);

	read_tmpfs(&c);
	for (size_t i = 0; i < n; i++) {
		read_stack_pointers(&c, p[i].pid);
		each_mapping(p[i].pid, "smaps", add_category, &c);
		cat_add(&c, "page tables", page_tables(p[i].pid), 0);
	}
	for (size_t i = 0; i < k; i++)
		if (e[i].unmapped)
			cat_add(&c, "memfd, not mapped", e[i].bytes, 0);
		else
			cat_add(&c, "shared memory", e[i].bytes, e[i].bytes);
	if (c.n)
		qsort(c.c, c.n, sizeof *c.c, biggest_first);
	free(e);
	free(c.tmpfs);
	free(c.sp);
	*n_out = c.n;
	return c.c;
}
