#include "core/os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

int
os_memfd(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	return fd < 0 ? -errno : fd;
}

void
os_random(void *p, size_t n)
{
	CHECK(getrandom(p, n, 0) == (ssize_t)n);
}

static size_t
os_page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

long
os_resident_pages(const void *p, size_t len)
{
	size_t n = len / os_page_size();
	unsigned char *vec = xmalloc(n);
	long got = 0;

	if (mincore((void *)p, len, vec) < 0) {
		free(vec);
		return -errno;
	}
	for (size_t i = 0; i < n; i++)
		got += vec[i] & 1;
	free(vec);
	return got;
}

void *
os_map_arena(int fd, size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, len, MADV_DONTFORK);
	madvise(p, len, MADV_DONTDUMP);
	madvise(p, len, MADV_NOHUGEPAGE);
	return p;
}

void
os_unmap(void *p, size_t len)
{
	CHECK(munmap(p, len) == 0);
}

int
os_punch(int fd, uint64_t off, uint64_t len)
{
	int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

	return fallocate(fd, mode, (off_t)off, (off_t)len) < 0 ? -errno : 0;
}

bool
os_next_data(int fd, uint64_t at, uint64_t *from, uint64_t *to)
{
	off_t d = lseek(fd, (off_t)at, SEEK_DATA), h;

	if (d < 0)
		return false;
	h = lseek(fd, d, SEEK_HOLE);
	if (h < 0)
		return false;
	*from = (uint64_t)d;
	*to = (uint64_t)h;
	return true;
}

/* The scheduler's shortest slice: a woken thread with a shorter one than the running thread's may
 * take its place at once (6.12 and later; others ignore it). Needs no privilege. */
#define SLICE_NS 100000u
#define RESET_ON_FORK 1u

void
os_thread_prompt(void)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} attr = {.size = sizeof(attr), .flags = RESET_ON_FORK, .runtime = SLICE_NS};

	errno = 0;
	attr.nice = getpriority(PRIO_PROCESS, 0);
	if (errno == 0)
		syscall(SYS_sched_setattr, 0, &attr, 0);
}

void
os_heap_setup(void)
{
#ifdef __GLIBC__
	mallopt(M_ARENA_MAX, 1);
	/* fixed: left alone it grows, and big scratch then leaves holes in the heap */
	mallopt(M_MMAP_THRESHOLD, 128 << 10);
#endif
}

/* Segments without PF_W only: relocated constants are in one with it. */
static int
drop_code(struct dl_phdr_info *o, size_t size, void *arg)
{
	size_t page = *(size_t *)arg;

	(void)size;
	for (int i = 0; i < o->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &o->dlpi_phdr[i];
		uintptr_t from = (o->dlpi_addr + p->p_vaddr) & ~(page - 1);

		if (p->p_type == PT_LOAD && !(p->p_flags & PF_W))
			madvise((void *)from, o->dlpi_addr + p->p_vaddr + p->p_memsz - from,
				MADV_DONTNEED);
	}
	return 0;
}

void
os_trim_code(void)
{
	size_t page = os_page_size();

	dl_iterate_phdr(drop_code, &page);
}

void
os_trim_heap(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

uint64_t
os_heap_bytes(void)
{
#ifdef __GLIBC__
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
#else
	return 0;
#endif
}
