/* open, write, pwrite, ftruncate, fsync, fdatasync, rename, mkdir and reading, but they may fail:
 * see io_faults.h. Everything goes to the kernel by syscall(), so the next object's definition is
 * never needed, and what this file does for itself is not counted. */
#include "tests/tools/preload/io_faults.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
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

/* True when this call is to fail; errno is then set. */
static bool
fails(const char *path, bool reading)
{
	int n;

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

static bool
fd_fails(int fd, bool reading)
{
	char link[64], path[4096];
	ssize_t n;

	if (!io_faults)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return false;
	path[n] = 0;
	return fails(path, reading);
}

static int
open_at(int dir, const char *path, int flags, mode_t mode)
{
	if (fails(path, (flags & O_ACCMODE) == O_RDONLY && !(flags & O_CREAT)))
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
	return fd_fails(fd, false) ? -1 : syscall(SYS_write, fd, p, n);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return fd_fails(fd, false) ? -1 : syscall(SYS_pwrite64, fd, p, n, at);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	return pwrite64(fd, p, n, at);
}

ssize_t
pread64(int fd, void *p, size_t n, off64_t at)
{
	return fd_fails(fd, true) ? -1 : syscall(SYS_pread64, fd, p, n, at);
}

ssize_t
pread(int fd, void *p, size_t n, off_t at)
{
	return pread64(fd, p, n, at);
}

int
ftruncate64(int fd, off64_t len)
{
	return fd_fails(fd, false) ? -1 : (int)syscall(SYS_ftruncate, fd, len);
}

int
ftruncate(int fd, off_t len)
{
	return ftruncate64(fd, len);
}

int
fsync(int fd)
{
	return fd_fails(fd, false) ? -1 : (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	return fd_fails(fd, false) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int
rename(const char *from, const char *to)
{
	return fails(to, false) ? -1 : (int)syscall(SYS_rename, from, to);
}

int
mkdir(const char *path, mode_t mode)
{
	return fails(path, false) ? -1 : (int)syscall(SYS_mkdir, path, mode);
}
