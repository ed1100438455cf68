#include "sessions/memory/footprint_inodes.h"
#include "sessions/proc/proc_read.h"
#include "sessions/proc/smaps.h"
#include <ctype.h>
#include <dirent.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Below this much a process's full smaps is not worth its text; of inodes each counts, since there may
 * be thousands. */
enum { MAPPED_WORTH = 1 << 20, HELD_WORTH = 4096, FILESYSTEMS = 16 };

struct range {
	uint64_t dev, ino, from, to;
};
struct inodes {
	struct shm_list all, mine; /* mine: of the process being read */
	pid_t pid;		   /* of it */
	struct range *seen;	   /* of it: the same part mapped twice counts once */
	size_t n_seen, cap_seen;
	struct {
		uint64_t dev;
		bool memory;
	} fs[FILESYSTEMS]; /* asked before */
	size_t n_fs;
};

static struct shm_inode *
find(const struct shm_list *l, uint64_t dev, uint64_t ino)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->e[i].dev == dev && l->e[i].ino == ino)
			return &l->e[i];
	return NULL;
}

static struct shm_inode *
entry(struct shm_list *l, uint64_t dev, uint64_t ino)
{
	struct shm_inode *e = find(l, dev, ino);

	if (e)
		return e;
	if ((l->n & (l->n - 1)) == 0) /* room doubles at powers of two */
		l->e = xrealloc(l->e, MAX(l->n * 2, (size_t)1) * sizeof(*l->e));
	l->e[l->n] = (struct shm_inode){.dev = dev, .ino = ino};
	return &l->e[l->n++];
}

static bool
overlaps_seen(struct inodes *x, const struct mapping *m)
{
	struct range r = {m->dev, m->ino, m->off, m->off + (m->end - m->start)};

	for (size_t i = 0; i < x->n_seen; i++)
		if (x->seen[i].dev == r.dev && x->seen[i].ino == r.ino && x->seen[i].from < r.to &&
			r.from < x->seen[i].to)
			return true;
	if (x->n_seen == x->cap_seen)
		x->seen = xrealloc(x->seen,
			(x->cap_seen = x->cap_seen ? x->cap_seen * 2 : 16) * sizeof(*x->seen));
	x->seen[x->n_seen++] = r;
	return false;
}

static bool
on_memory(struct inodes *x, const struct mapping *m, const char *path)
{
	struct statfs fs;

	if (major(m->dev)) /* of a disk */
		return false;
	for (size_t i = 0; i < x->n_fs; i++)
		if (x->fs[i].dev == m->dev)
			return x->fs[i].memory;
	if (statfs(path, &fs) < 0)
		return false;
	if (x->n_fs == FILESYSTEMS)
		x->n_fs = 0;
	x->fs[x->n_fs].dev = m->dev;
	x->fs[x->n_fs].memory = fs.f_type == TMPFS_MAGIC || fs.f_type == HUGETLBFS_MAGIC;
	return x->fs[x->n_fs++].memory;
}

/* Is this a segment of System V's that nobody has removed? Its inode is its number. */
static bool
kept_segment(uint64_t ino)
{
	FILE *f = fopen("/proc/sysvipc/shm", "re");
	unsigned long long id = 0;
	unsigned mode = 0;
	char line[300];
	bool kept = false;

	while (f && !kept && fgets(line, sizeof(line), f))
		kept = sscanf(line, "%*d %llu %o", &id, &mode) == 2 && id == ino &&
		       !(mode & SHM_DEST);
	if (f)
		fclose(f);
	return kept;
}

static bool
is_segment(const char *name)
{
	return strncmp(name, "/SYSV", 5) == 0;
}

static void
path_of(pid_t pid, const char *name, char out[SHM_PATH])
{
	snprintf(out, SHM_PATH, "/proc/%d/root%s", (int)pid, name);
}

/* A file with a name, on a file system that is memory: it stays. */
static bool
named_memory(struct inodes *x, const struct mapping *m)
{
	char path[SHM_PATH];

	if (m->name[0] != '/')
		return false;
	if (is_segment(m->name))
		return kept_segment(m->ino);
	path_of(x->pid, m->name, path);
	return !mapping_deleted(m) && (mapping_is_shm(m) || on_memory(x, m, path));
}

bool
footprint_names_stand(const struct shm_list *l)
{
	struct stat st;

	for (size_t i = 0; i < l->n; i++) {
		const struct shm_inode *e = &l->e[i];

		if (!e->path[0])
			continue;
		if (strstr(e->path, "/SYSV") ? !kept_segment(e->ino)
					     : stat(e->path, &st) < 0 || st.st_ino != e->ino)
			return false;
	}
	return true;
}

/* Resident pages of a shared-memory mapping that are not anonymous are the inode's; Swap counts
 * both kinds of swapped pages, SwapPss only private ones. */
static void
add_mapping(void *ctx, const struct mapping *m)
{
	struct inodes *x = ctx;
	uint64_t resident = m->rss - MIN(m->rss, m->anonymous);
	bool named, huge = m->hugetlb | m->hugetlb_shared;
	struct shm_inode *e;

	if ((m->ino == 0 && !is_segment(m->name)) || !(resident || huge || m->swap > m->swap_pss))
		return;
	named = named_memory(x, m);
	if (!named && !huge && m->swap <= m->swap_pss && !mapping_is_shm(m) &&
		!find(&x->all, m->dev, m->ino))
		return;
	e = entry(&x->mine, m->dev, m->ino);
	e->named = named;
	if (named && strlen(m->name) < sizeof(m->name) - 1)
		path_of(x->pid, m->name, e->path);
	e->charged += (m->pss - MIN(m->pss, m->anonymous) + m->hugetlb) * 1024;
	if (overlaps_seen(x, m))
		return;
	e->mapped += (resident + m->hugetlb) * 1024;
	e->swapped += (m->swap - MIN(m->swap, m->swap_pss)) * 1024;
	e->huge += m->hugetlb_shared * 1024;
}

static void
merge(struct shm_inode *to, const struct shm_inode *e)
{
	to->blocks = MAX(to->blocks, e->blocks);
	to->charged += e->charged;
	to->mapped = MAX(to->mapped, e->mapped);
	to->swapped = MAX(to->swapped, e->swapped);
	to->huge = MAX(to->huge, e->huge);
	to->named = to->named || e->named;
	if (e->path[0])
		memcpy(to->path, e->path, sizeof(to->path));
}

static void
mapped_by(struct inodes *x, pid_t pid)
{
	x->mine.n = x->n_seen = 0;
	x->pid = pid;
	smaps_each(pid, add_mapping, x);
	for (size_t i = 0; i < x->mine.n; i++)
		merge(entry(&x->all, x->mine.e[i].dev, x->mine.e[i].ino), &x->mine.e[i]);
}

/* Is what this descriptor stands for memory without a name? */
static bool
held_memory(int dir, const char *fd, pid_t pid, struct stat *st)
{
	char target[64], path[300];
	struct statfs fs;
	ssize_t k = readlinkat(dir, fd, target, sizeof(target) - 1);

	if (k < 1 || target[0] != '/') /* sockets, pipes: most of them */
		return false;
	if (fstatat(dir, fd, st, 0) < 0 || st->st_nlink || !S_ISREG(st->st_mode) ||
		st->st_blocks * 512 < HELD_WORTH)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, fd);
	return statfs(path, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == HUGETLBFS_MAGIC);
}

static void
held_by(struct inodes *x, pid_t pid)
{
	char path[64];
	struct stat st;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));)
		if (isdigit((unsigned char)e->d_name[0]) &&
			held_memory(dirfd(d), e->d_name, pid, &st))
			entry(&x->all, st.st_dev, st.st_ino)->blocks = (uint64_t)st.st_blocks * 512;
	if (d)
		closedir(d);
}

struct shm_list
footprint_inodes(const struct proc_info *p, size_t n)
{
	struct inodes x = {0};
	uint64_t worth;

	for (size_t i = 0; i < n; i++)
		held_by(&x, proc_thread(p[i].pid));
	worth = x.all.n ? HELD_WORTH : MAPPED_WORTH;
	for (size_t i = 0; i < n; i++)
		if (p[i].shm_rss >= worth || p[i].shm_swapped >= worth || p[i].huge_shared)
			mapped_by(&x, p[i].pid);
	free(x.mine.e);
	free(x.seen);
	return x.all;
}

struct shared_extra
footprint_shared(const struct shm_list *mine, const struct shm_list *const *all, size_t n)
{
	struct shared_extra sum = {0};

	for (size_t i = 0; i < mine->n; i++) {
		struct shm_inode e = {.dev = mine->e[i].dev, .ino = mine->e[i].ino};
		uint64_t rest, swapped, huge, users = 0;

		for (size_t k = 0; k < n; k++) {
			const struct shm_inode *other = find(all[k], e.dev, e.ino);

			if (other)
				merge(&e, other);
			users += other != NULL;
		}
		if (e.named) {
			sum.named += mine->e[i].charged;
			continue;
		}
		rest = e.blocks ? e.blocks - MIN(e.blocks, MAX(e.charged, e.mapped))
				: e.swapped + e.huge;
		swapped = MIN(rest, e.swapped);
		huge = MIN(rest - swapped, e.huge);
		users = MAX(users, (uint64_t)1);
		sum.swapped += swapped / users;
		sum.huge += huge / users;
		sum.held += (rest - swapped - huge) / users;
	}
	return sum;
}
