/* The fallback: what POSIX alone offers. CI builds it in place of this system's own file and runs
 * core's tests on it, so that a port starts from something that works. What POSIX lacks (residency)
 * is refused with -ENOSYS, which callers take as "not known". */
#include "core/os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

uint64_t
os_mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

double
os_wall_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* A shared memory object that nobody else can find: created exclusively, unlinked at once. */
int
os_memfd(const char *name)
{
	static unsigned serial;
	char path[64];

	for (int try = 0; try < 100; try++) {
		snprintf(path, sizeof path, "/%.24s-%ld-%u", name, (long)getpid(), serial++);
		int fd = shm_open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

		if (fd >= 0) {
			shm_unlink(path);
			return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -errno : fd;
		}
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

void
os_random(void *p, size_t n)
{
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	uint8_t *at = p;

	CHECK(fd >= 0);
	while (n > 0) {
		ssize_t got = read(fd, at, n);

		CHECK(got > 0 || errno == EINTR);
		if (got > 0) {
			at += got;
			n -= (size_t)got;
		}
	}
	close(fd);
}

long
os_resident_pages(const void *p, size_t len)
{
	(void)p;
	(void)len;
	return -ENOSYS;
}

void *
os_map_arena(int fd, size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

void
os_unmap(void *p, size_t len)
{
	CHECK(munmap(p, len) == 0);
}

/* Zeroes: the memory stays, the contents are as promised. */
int
os_punch(int fd, uint64_t off, uint64_t len)
{
	static const char zero[4096];

	for (uint64_t n; len > 0; off += n, len -= n) {
		n = MIN(len, sizeof(zero));
		if (pwrite(fd, zero, n, (off_t)off) != (ssize_t)n)
			return -errno;
	}
	return 0;
}

/* Without a way to ask, everything to the end may hold data. */
bool
os_next_data(int fd, uint64_t at, uint64_t *from, uint64_t *to)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || at >= (uint64_t)st.st_size)
		return false;
	*from = at;
	*to = (uint64_t)st.st_size;
	return true;
}

void
os_thread_prompt(void)
{
}

void
os_heap_setup(void)
{
}

void
os_trim_heap(void)
{
}

void
os_trim_code(void)
{
}

uint64_t
os_heap_bytes(void)
{
	return 0;
}
