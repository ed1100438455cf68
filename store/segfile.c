/* Files are opened for each call: calls are few (a batch a minute for a session that prints, one
 * for each window of history that is looked at), and two hundred sessions hold no descriptors. */
#include "store/segfile.h"
#include "store/db.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct segfile {
	char *dir;
	uint64_t end;	   /* where the next record goes */
	uint64_t unsynced; /* bytes from here on may not be on the disk yet; >= end: none */
	bool scanned;	   /* end is known */
};

struct segfile *
segfile_new(const char *dir)
{
	struct segfile *f = xcalloc(1, sizeof(*f));

	f->dir = xstrdup(dir);
	f->unsynced = UINT64_MAX;
	return f;
}

void
segfile_free(struct segfile *f)
{
	if (!f)
		return;
	free(f->dir);
	free(f);
}

static char *
path_of(const struct segfile *f, uint64_t number)
{
	return xasprintf("%s/%08llx.seg", f->dir, (unsigned long long)number);
}

/* The number in a segment file's name; false for other names. */
static bool
number_of(const char *name, uint64_t *number)
{
	char *end;

	if (strlen(name) != 12 || strcmp(name + 8, ".seg"))
		return false;
	*number = strtoull(name, &end, 16);
	return end == name + 8;
}

/* Calls each for every segment file; false when there is no directory. */
static bool
walk(const char *dir, void (*each)(void *ctx, int dirfd, const char *name, uint64_t number),
	void *ctx)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	uint64_t n;

	if (!d)
		return false;
	while ((e = readdir(d)))
		if (number_of(e->d_name, &n))
			each(ctx, dirfd(d), e->d_name, n);
	closedir(d);
	return true;
}

static void
note_end(void *ctx, int dirfd, const char *name, uint64_t number)
{
	struct segfile *f = ctx;
	struct stat st;

	if (!fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
		f->end = MAX(
			f->end, number * SEGFILE_BYTES + MIN((uint64_t)st.st_size, SEGFILE_BYTES));
}

static int
make_ready(struct segfile *f)
{
	char *up;
	int rc = 0;

	if (f->scanned)
		return 0;
	up = xstrdup(f->dir);
	*strrchr(up, '/') = 0;
	if ((mkdir(up, 0700) < 0 && errno != EEXIST) ||
		(mkdir(f->dir, 0700) < 0 && errno != EEXIST))
		rc = -errno;
	free(up);
	if (!rc && !walk(f->dir, note_end, f))
		rc = -errno;
	f->scanned = !rc;
	f->unsynced = MIN(f->unsynced, f->end);
	return rc;
}

static int
write_all(int fd, const void *bytes, size_t len, off_t at)
{
	const char *p = bytes;

	while (len) {
		ssize_t n = pwrite(fd, p, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		len -= (size_t)n;
		at += n;
	}
	return 0;
}

int
segfile_append(struct segfile *f, const void *bytes, size_t len, uint64_t *off)
{
	uint64_t at;
	char *path;
	int fd, rc;

	if (len > SEGFILE_BYTES)
		return -EFBIG;
	if ((rc = make_ready(f)) < 0)
		return rc;
	if (db_space_low(f->dir))
		return -ENOSPC;
	at = f->end;
	if (at % SEGFILE_BYTES + len > SEGFILE_BYTES)
		at += SEGFILE_BYTES - at % SEGFILE_BYTES;
	path = path_of(f, at / SEGFILE_BYTES);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	rc = fd < 0 ? -errno : write_all(fd, bytes, len, (off_t)(at % SEGFILE_BYTES));
	if (fd >= 0) {
		if (rc < 0 && ftruncate(fd, (off_t)(at % SEGFILE_BYTES)) < 0)
			f->scanned = false; /* look again where the end is */
		if (close(fd) < 0 && !rc)
			rc = -errno;
	}
	free(path);
	if (rc < 0)
		return rc;
	*off = at;
	f->unsynced = MIN(f->unsynced, at);
	f->end = at + len;
	return 0;
}

/* 0 or -errno. */
static int
sync_path(char *take_path)
{
	int fd = open(take_path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	int rc = fd < 0 ? -errno : fdatasync(fd) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	free(take_path);
	return rc;
}

int
segfile_sync_file(const struct segfile *f, const char *name)
{
	return sync_path(xasprintf("%s/%s", f->dir, name));
}

int
segfile_sync(struct segfile *f)
{
	while (f->unsynced < f->end) {
		uint64_t number = f->unsynced / SEGFILE_BYTES;
		int rc = sync_path(path_of(f, number));

		if (rc < 0 && rc != -ENOENT)
			return rc;
		f->unsynced = (number + 1) * SEGFILE_BYTES;
	}
	return 0;
}

int
segfile_read(const struct segfile *f, uint64_t off, void *bytes, size_t len)
{
	char *path = path_of(f, off / SEGFILE_BYTES), *p = bytes;
	off_t at = (off_t)(off % SEGFILE_BYTES);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), rc = fd < 0 ? -errno : 0;

	free(path);
	while (!rc && len) {
		ssize_t n = pread(fd, p, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			rc = n < 0 ? -errno : -EIO;
			break;
		}
		p += n;
		len -= (size_t)n;
		at += n;
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

static void
drop_one(void *ctx, int dirfd, const char *name, uint64_t number)
{
	if ((number + 1) * SEGFILE_BYTES <= *(const uint64_t *)ctx)
		unlinkat(dirfd, name, 0);
}

void
segfile_drop(struct segfile *f, uint64_t off)
{
	off = MIN(off, f->end); /* numbers only grow: the last file keeps the place */
	walk(f->dir, drop_one, &off);
}

int
segfile_put(struct segfile *f, const char *name, const void *bytes, size_t len, bool synced)
{
	char *tmp, *path;
	int fd, rc = make_ready(f);

	if (rc < 0)
		return rc;
	if (db_space_low(f->dir))
		return -ENOSPC;
	tmp = xasprintf("%s/%s.new", f->dir, name);
	path = xasprintf("%s/%s", f->dir, name);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	rc = fd < 0 ? -errno : write_all(fd, bytes, len, 0);
	if (!rc && synced && fdatasync(fd) < 0)
		rc = -errno;
	if (fd >= 0 && close(fd) < 0 && !rc)
		rc = -errno;
	if (!rc && rename(tmp, path) < 0)
		rc = -errno;
	if (rc < 0)
		unlink(tmp);
	free(tmp);
	free(path);
	return rc;
}

int
segfile_get(const struct segfile *f, const char *name, struct buf *out)
{
	char *path = xasprintf("%s/%s", f->dir, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	free(path);
	if (fd < 0)
		return -errno;
	do {
		buf_reserve(out, 65536);
		n = read(fd, out->data + out->len, 65536);
		out->len += n > 0 ? (size_t)n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	n = n < 0 ? -errno : 0;
	close(fd);
	return (int)n;
}

bool
segfile_holds(const char *dir, uint64_t off, size_t len)
{
	char *path = path_of(&(struct segfile){.dir = (char *)dir}, off / SEGFILE_BYTES);
	struct stat st;
	bool yes = lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		   off % SEGFILE_BYTES + len <= (uint64_t)st.st_size;

	free(path);
	return yes;
}

static bool
is_text(const char *name)
{
	return strcmp(name, SEGFILE_CARD) != 0 && strcmp(name, SEGFILE_ENDED) != 0;
}

static uint64_t
each_text(const char *dir, bool delete)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	struct stat st;
	uint64_t sum = 0;

	while (d && (e = readdir(d))) {
		if (!is_text(e->d_name) || fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
			!S_ISREG(st.st_mode))
			continue;
		sum += (uint64_t)st.st_blocks * 512;
		if (delete)
			unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d)
		closedir(d);
	return sum;
}

uint64_t
segfile_usage(const char *dir)
{
	return each_text(dir, false);
}

void
segfile_clear(const char *dir)
{
	each_text(dir, true);
}

int
segfile_delete(const char *dir)
{
	static const char *const beside[] = {SEGFILE_CARD, SEGFILE_ENDED};

	/* first: half deleted is not taken for lost */
	for (size_t i = 0; i < ARRAY_LEN(beside); i++) {
		char *path = xasprintf("%s/%s", dir, beside[i]);

		unlink(path);
		free(path);
	}
	each_text(dir, true);
	return rmdir(dir) < 0 && errno != ENOENT ? -errno : 0;
}
