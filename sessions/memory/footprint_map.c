/* The breakdown by kind of mapping. */
#include "sessions/memory/footprint.h"
#include "sessions/proc/proc_read.h"
#include "sessions/proc/smaps.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

struct cats {
	struct mem_category *c;
	size_t n, cap;
	uint64_t *tmpfs; /* devices whose files are shared memory */
	size_t n_tmpfs;
	uint64_t *sp; /* stack pointers of the process's threads */
	size_t n_sp;
	pid_t pid;	     /* of the process that is walked */
	struct mapping last; /* of it, not added yet: the one behind may tell what it is */
	bool has_last;
	struct slabs *slabs;
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
	if (mapping_is_shm(m))
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

/* Of regions that an allocator reserves whole and opens from below: glibc's arenas are 64 MiB,
 * aligned to that, and closed from where they end up to there; Go's heap begins where nobody else's
 * does. An arena that is open as a whole looks like anybody's 64 MiB, and is not named. */
static const char *
allocator_name(const struct mapping *m, const struct mapping *behind)
{
	static const uint64_t go_heap = 0xc000000000, go_span = 1ull << 38, arena = 64u << 20;
	bool guarded = behind && behind->start == m->end && strcmp(behind->perms, "---p") == 0 &&
		       behind->ino == 0;

	if (m->ino || m->name[0])
		return NULL;
	if (m->start >= go_heap && m->end <= go_heap + go_span && m->start % (4u << 20) == 0)
		return "go heap";
	if (m->start % arena == 0 && guarded && behind->end == m->start + arena)
		return "glibc arenas";
	return NULL;
}

static void
add_category(struct cats *c, const struct mapping *m, const struct mapping *behind)
{
	uint64_t resident, swapped = m->swap_pss * 1024;
	const char *name = allocator_name(m, behind);

	if (is_gpu(m->name)) {
		cat_add(c, "gpu devices", (m->pss + m->swap_pss) * 1024, swapped);
		return;
	}
	if (is_shm(c, m) && m->ino && !mapping_deleted(m))
		return; /* a file in memory that stays when the process ends */
	/* anonymous pages of a file mapping are divided among forks only in Pss */
	if (m->ino == 0 || is_shm(c, m))
		resident = m->pss;
	else
		resident = m->shared_dirty ? MIN(m->anonymous, m->pss) : m->anonymous;
	resident = (resident - MIN(resident, m->lazy_free) + m->hugetlb) * 1024;
	if (m->hugetlb)
		name = "huge pages";
	else if (m->ino == 0)
		name = name ? name : anonymous_name(c, m, resident + swapped);
	else
		name = is_shm(c, m) ? "shared memory" : "file copy-on-write";
	cat_add(c, name, resident + swapped, swapped);
}

static void
add_last(struct cats *c, const struct mapping *behind)
{
	if (c->has_last) {
		add_category(c, &c->last, behind);
		slabs_add(c->slabs, c->pid, &c->last);
	}
	c->has_last = behind != NULL;
	if (behind)
		c->last = *behind;
}

static void
on_mapping(void *ctx, const struct mapping *m)
{
	add_last(ctx, m);
}

static int
biggest_first(const void *a, const void *b)
{
	const struct mem_category *x = a, *y = b;

	return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

void
footprint_categories(struct footprint_report *r)
{
	struct cats c = {.slabs = &r->slabs};

	read_tmpfs(&c);
	for (size_t i = 0; i < r->n_procs; i++) {
		const struct proc_info *p = &r->procs[i];

		if (p->estimated) { /* its mappings are not ours to read */
			cat_add(&c, "not readable", p->footprint, p->swap);
			continue;
		}
		read_stack_pointers(&c, p->pid);
		c.pid = p->pid;
		smaps_each(p->pid, on_mapping, &c);
		add_last(&c, NULL);
		cat_add(&c, "page tables", p->page_tables, 0);
	}
	cat_add(&c, "held, not mapped", r->extra.held, 0);
	cat_add(&c, "huge pages", r->extra.huge, 0);
	cat_add(&c, "shared memory", r->extra.swapped, r->extra.swapped);
	if (c.n)
		qsort(c.c, c.n, sizeof *c.c, biggest_first);
	free(c.tmpfs);
	free(c.sp);
	r->cats = c.c;
	r->n_cats = c.n;
}
