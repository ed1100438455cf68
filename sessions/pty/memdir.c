#include "sessions/pty/memdir.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define ROOM_BYTES (256ull << 20) /* free where one begins */
#define TIGHT_BYTES (16ull << 20)
#define OWNER "state" /* a symbolic link to the state directory */
#define COPY_BYTES (1u << 20)

struct memdir {
	int fd;
	char path[128];
};

/* Room for so many bytes more in a file system in memory; false also for any other. */
static bool
has_room(int fd, uint64_t bytes)
{
	struct statfs f;

	if (fstatfs(fd, &f) < 0 || f.f_type != TMPFS_MAGIC)
		return false;
	return !f.f_blocks || (uint64_t)f.f_bavail * (uint64_t)f.f_bsize >= bytes; /* or no limit */
}

/* The directory's fd when it is this user's alone; -1. */
static int
open_private(int root, const char *name)
{
	int fd = openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() && !(st.st_mode & 077))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static void
each(int dir, void (*fn)(void *ctx, int dir, const char *name), void *ctx)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	for (struct dirent *e; (e = readdir(d));)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			fn(ctx, dir, e->d_name);
	closedir(d);
}

static void
delete_one(void *ctx, int dir, const char *name)
{
	(void)ctx;
	unlinkat(dir, name, 0);
}

static void
name_of(char *out, size_t cap, const struct stat *state)
{
	snprintf(out, cap, "muster-%u-%llx-%llx", (unsigned)geteuid(),
		(unsigned long long)state->st_dev, (unsigned long long)state->st_ino);
}

/* Another's whose state directory is not there any more. */
static void
sweep_one(void *ctx, int root, const char *name)
{
	char mine[32], state[4096], now[80] = "";
	struct stat st;
	ssize_t n;
	int fd;

	(void)ctx;
	snprintf(mine, sizeof(mine), "muster-%u-", (unsigned)geteuid());
	if (strncmp(name, mine, strlen(mine)) != 0 || (fd = open_private(root, name)) < 0)
		return;
	if ((n = readlinkat(fd, OWNER, state, sizeof(state) - 1)) > 0) {
		state[n] = 0;
		if (stat(state, &st) == 0)
			name_of(now, sizeof(now), &st);
		else if (errno != ENOENT && errno != ENOTDIR)
			n = 0; /* it may be there */
	}
	if (n > 0 && strcmp(now, name) != 0) {
		each(fd, delete_one, NULL);
		unlinkat(root, name, AT_REMOVEDIR);
	}
	close(fd);
}

struct memdir *
memdir_open(const char *root, const char *state)
{
	int at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct memdir *d = NULL;
	struct stat st;
	char name[80];
	int fd = -1;

	if (at < 0 || stat(state, &st) < 0 || !has_room(at, 0))
		goto out;
	each(at, sweep_one, NULL);
	name_of(name, sizeof(name), &st);
	fd = open_private(at, name);
	if (fd < 0 && has_room(at, ROOM_BYTES) && mkdirat(at, name, 0700) == 0)
		fd = open_private(at, name);
	if (fd < 0)
		goto out;
	if (symlinkat(state, fd, OWNER) < 0 && errno != EEXIST) {
		close(fd);
		goto out;
	}
	d = xcalloc(1, sizeof(*d));
	d->fd = fd;
	snprintf(d->path, sizeof(d->path), "%s/%s", root, name);
out:
	if (at >= 0)
		close(at);
	return d;
}

void
memdir_free(struct memdir *d)
{
	if (!d)
		return;
	close(d->fd);
	free(d);
}

static void
unnamed(char out[MEMDIR_NAME + 4], const char *name)
{
	snprintf(out, MEMDIR_NAME + 4, "%s.new", name);
}

int
memdir_new(struct memdir *d, const char *name)
{
	char temp[MEMDIR_NAME + 4];
	int fd = -1;

	if (d) {
		unnamed(temp, name);
		unlinkat(d->fd, temp, 0);
		fd = openat(d->fd, temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	}
	return fd < 0 ? os_memfd(name) : fd;
}

void
memdir_keep(struct memdir *d, const char *name)
{
	char temp[MEMDIR_NAME + 4];

	if (!d)
		return;
	unnamed(temp, name);
	if (renameat(d->fd, temp, d->fd, name) < 0)
		memdir_drop(d, name); /* what has the name is not what is used */
}

int
memdir_take(struct memdir *d, const char *name)
{
	return d ? openat(d->fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC) : -1;
}

bool
memdir_is(struct memdir *d, const char *name, int fd)
{
	struct stat a, b;

	return d && fstat(fd, &a) == 0 && fstatat(d->fd, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

void
memdir_drop(struct memdir *d, const char *name)
{
	if (d)
		unlinkat(d->fd, name, 0);
}

void
memdir_clear(struct memdir *d)
{
	if (!d)
		return;
	each(d->fd, delete_one, NULL);
	rmdir(d->path);
}

bool
memdir_tight(const struct memdir *d)
{
	return d && !has_room(d->fd, TIGHT_BYTES);
}

void
memdir_ring(char name[MEMDIR_NAME], uint32_t num)
{
	snprintf(name, MEMDIR_NAME, "ring-%u", num);
}

struct numbers {
	uint32_t *v;
	size_t n;
};

static void
take_number(void *ctx, int dir, const char *name)
{
	struct numbers *a = ctx;
	char back[MEMDIR_NAME];
	unsigned num;

	(void)dir;
	if (sscanf(name, "ring-%u", &num) != 1 || !num)
		return;
	memdir_ring(back, num);
	if (strcmp(back, name) != 0)
		return;
	a->v = xrealloc(a->v, (a->n + 1) * sizeof(*a->v));
	a->v[a->n++] = num;
}

uint32_t *
memdir_rings(const struct memdir *d, size_t *n)
{
	struct numbers a = {0};

	if (d)
		each(d->fd, take_number, &a);
	*n = a.n;
	return a.v;
}

int
memory_copy(int fd)
{
	uint64_t from = 0, to, at = 0;
	struct stat st;
	char *block = xmalloc(COPY_BYTES);
	int copy = os_memfd("muster-copy");
	bool ok = copy >= 0 && fstat(fd, &st) == 0 && ftruncate(copy, st.st_size) == 0;

	while (ok && os_next_data(fd, at, &from, &to))
		for (at = from; ok && at < to;) {
			size_t want = MIN(to - at, (uint64_t)COPY_BYTES);
			ssize_t n = pread(fd, block, want, (off_t)at);

			ok = n > 0 && pwrite(copy, block, (size_t)n, (off_t)at) == n;
			at += (uint64_t)MAX(n, 0);
		}
	free(block);
	if (ok || copy < 0)
		return copy;
	close(copy);
	return -1;
}
