/* Calls on files, but they may fail, take long, and be told of: see io_faults.h. What can goes to the
 * kernel by syscall(), and what this file does for itself is not counted. */
#include "tests/tools/preload/io_faults.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

struct io_faults *io_faults;

__attribute__((constructor)) static void
map_record(void)
{
	const char *path = getenv("IO_FAULTS");
	int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0) : -1;
	void *p = MAP_FAILED;

	if (fd >= 0) {
		p = mmap(NULL, sizeof(*io_faults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		syscall(SYS_close, fd);
	}
	if (p != MAP_FAILED)
		io_faults = p;
}

static bool
below(const char *path, const char *dir)
{
	return strncmp(path, dir, strlen(dir)) == 0;
}

static bool
may_be_slow(const char *call, const char *path)
{
	if (below(path, "/proc"))
		return strcmp(call, "opendir") == 0 && !path[strlen("/proc")];
	if (path[0] != '/' || below(path, "/dev/") || below(path, "/sys/") ||
		below(path, "/memfd:"))
		return false;
	return true;
}

static void
note(const char *call, const char *path)
{
	char text[sizeof(io_faults->note[0])];
	int n = io_faults->noted;

	snprintf(text, sizeof(text), "%s %.230s", call, path);
	for (int i = 0; i < n; i++)
		if (strcmp(io_faults->note[i], text) == 0)
			return;
	if (n == sizeof(io_faults->note) / sizeof(io_faults->note[0]))
		return;
	memcpy(io_faults->note[n], text, sizeof(text));
	io_faults->noted = n + 1;
}

/* Each call comes by here. */
static void
meet(const char *call, const char *path)
{
	const struct timespec ts = {0, 5000000};

	if (!io_faults)
		return;
	if (io_faults->watch && syscall(SYS_gettid) == getpid()) {
		int pid = below(path, "/proc/") ? atoi(path + 6) : 0;
		io_faults->process_looks += pid && pid == io_faults->process;
		if (may_be_slow(call, path))
			note(call, path);
	}
	if (!io_faults->hold || !io_faults->under[0] || !strstr(path, io_faults->under))
		return;
	io_faults->held++;
	while (io_faults->hold)
		syscall(SYS_nanosleep, &ts, NULL);
}

/* True when this call is to fail; errno is then set. */
static bool
fails(const char *call, const char *path, bool reading)
{
	int n;

	meet(call, path);
	if (!io_faults || !io_faults->under[0] || !strstr(path, io_faults->under) ||
		(reading && !io_faults->reads))
		return false;
	n = ++io_faults->calls;
	if (!io_faults->err || n < io_faults->from ||
		(io_faults->count && n >= io_faults->from + io_faults->count))
		return false;
	errno = io_faults->err;
	return true;
}

int
clock_gettime(clockid_t which, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, which, ts);

	if (rc == 0 && which == CLOCK_REALTIME && io_faults)
		ts->tv_sec += io_faults->wall_s;
	return rc;
}

/* False while nothing is asked for. */
static bool
fd_path(int fd, char *path, size_t cap)
{
	char link[64];
	ssize_t n;

	if (!io_faults || (!io_faults->under[0] && !io_faults->watch))
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = syscall(SYS_readlinkat, AT_FDCWD, link, path, cap - 1);
	path[n > 0 ? n : 0] = 0;
	return n > 0;
}

static bool
fd_fails(const char *call, int fd, bool reading)
{
	char path[4096];

	return fd_path(fd, path, sizeof(path)) && fails(call, path, reading);
}

static int
open_at(int dir, const char *path, int flags, mode_t mode)
{
	if (fails("open", path, (flags & O_ACCMODE) == O_RDONLY && !(flags & O_CREAT)))
		return -1;
	return (int)syscall(SYS_openat, dir, path, flags, mode);
}

#define MODE(flags)                             \
	mode_t mode = 0;                        \
	if ((flags) & (O_CREAT | O_TMPFILE)) {  \
		va_list ap;                     \
		va_start(ap, flags);            \
		mode = (mode_t)va_arg(ap, int); \
		va_end(ap);                     \
	}

int open(const char *path, int flags, ...);
int open64(const char *path, int flags, ...);
int openat(int dir, const char *path, int flags, ...);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at);
ssize_t pread64(int fd, void *p, size_t n, off64_t at);
char *__realpath_chk(const char *path, char *out, size_t cap);
int ftruncate64(int fd, off64_t len);

int
open(const char *path, int flags, ...)
{
	MODE(flags)
	return open_at(AT_FDCWD, path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
	MODE(flags)
	return open_at(AT_FDCWD, path, flags, mode);
}

int
openat(int dir, const char *path, int flags, ...)
{
	MODE(flags)
	return open_at(dir, path, flags, mode);
}

int
__open_2(const char *path, int flags)
{
	return open_at(AT_FDCWD, path, flags, 0);
}

int
__open64_2(const char *path, int flags)
{
	return open_at(AT_FDCWD, path, flags, 0);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	return fd_fails(__func__, fd, false) ? -1 : syscall(SYS_write, fd, p, n);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return fd_fails(__func__, fd, false) ? -1 : syscall(SYS_pwrite64, fd, p, n, at);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	return pwrite64(fd, p, n, at);
}

ssize_t
pread64(int fd, void *p, size_t n, off64_t at)
{
	return fd_fails(__func__, fd, true) ? -1 : syscall(SYS_pread64, fd, p, n, at);
}

ssize_t
pread(int fd, void *p, size_t n, off_t at)
{
	return pread64(fd, p, n, at);
}

int
ftruncate64(int fd, off64_t len)
{
	return fd_fails(__func__, fd, false) ? -1 : (int)syscall(SYS_ftruncate, fd, len);
}

int
ftruncate(int fd, off_t len)
{
	return ftruncate64(fd, len);
}

static int
sync_of(const char *call, int fd, long nr)
{
	char path[4096];

	if (fd_path(fd, path, sizeof(path)) && io_faults->under[0] &&
		strstr(path, io_faults->under))
		io_faults->syncs++;
	return fd_fails(call, fd, false) ? -1 : (int)syscall(nr, fd);
}

int
fsync(int fd)
{
	return sync_of(__func__, fd, SYS_fsync);
}

int
fdatasync(int fd)
{
	return sync_of(__func__, fd, SYS_fdatasync);
}

int
rename(const char *from, const char *to)
{
	return fails(__func__, to, false) ? -1 : (int)syscall(SYS_rename, from, to);
}

int
mkdir(const char *path, mode_t mode)
{
	return fails(__func__, path, false) ? -1 : (int)syscall(SYS_mkdir, path, mode);
}

/* These cannot be made to fail: they are met, and handed on. */
#define HAND_ON(type, name, params, path, ...)              \
	type name params                                    \
	{                                                   \
		static _Atomic(void *) next;                \
		if (!next)                                  \
			next = dlsym(RTLD_NEXT, #name);     \
		meet(#name, path);                          \
		return ((type(*) params)next)(__VA_ARGS__); \
	}
/* clang-format off */
HAND_ON(DIR *, opendir, (const char *path), path, path)
HAND_ON(FILE *, fopen, (const char *path, const char *mode), path, path, mode)
HAND_ON(int, stat, (const char *path, struct stat *st), path, path, st)
HAND_ON(int, lstat, (const char *path, struct stat *st), path, path, st)
HAND_ON(int, access, (const char *path, int mode), path, path, mode)
HAND_ON(int, unlink, (const char *path), path, path)
HAND_ON(int, rmdir, (const char *path), path, path)
HAND_ON(int, link, (const char *from, const char *to), to, from, to)
HAND_ON(int, symlink, (const char *to, const char *path), path, to, path)
HAND_ON(ssize_t, readlink, (const char *path, char *buf, size_t cap), path, path, buf, cap)
HAND_ON(char *, realpath, (const char *path, char *out), path, path, out)
HAND_ON(char *, __realpath_chk, (const char *path, char *out, size_t cap), path, path, out, cap)
HAND_ON(int, glob, (const char *pattern, int flags, int (*bad)(const char *, int), glob_t *g), pattern,
	pattern, flags, bad, g)
/* clang-format on */

ssize_t
read(int fd, void *p, size_t n)
{
	char path[4096];

	if (fd_path(fd, path, sizeof(path)))
		meet(__func__, path);
	return syscall(SYS_read, fd, p, n);
}
