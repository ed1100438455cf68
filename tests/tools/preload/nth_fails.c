/* Lets the n-th call of a kind fail, or one from each place that makes such calls: nth_fails.h.
 * What this file does for itself goes to the kernel by syscall(), or is not counted. */
#include "tests/tools/preload/nth_fails.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define DEPTH 12
#define MODULES 64

static struct nth_fails *rec;
static enum nth_role role;
static struct {
	uintptr_t from, to;
	uint32_t name; /* a hash of it */
	char tail[16];
} module[MODULES];
static int n_modules;
static __thread bool inside;

static const int errors[] = {
#define NTH_ERR(name, err) err,
	NTH_KINDS(NTH_ERR)};

static uint32_t
mix(uint32_t h, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		h = (h ^ (uint8_t)(v >> (8 * i))) * 16777619u;
	return h;
}

static int
add_module(struct dl_phdr_info *i, size_t size, void *arg)
{
	const char *name = strrchr(i->dlpi_name, '/') ? strrchr(i->dlpi_name, '/') + 1 : "muster";

	(void)size;
	(void)arg;
	for (int k = 0; k < i->dlpi_phnum && n_modules < MODULES; k++) {
		const ElfW(Phdr) *p = &i->dlpi_phdr[k];

		if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
			continue;
		module[n_modules].from = i->dlpi_addr;
		module[n_modules].to = i->dlpi_addr + p->p_vaddr + p->p_memsz;
		module[n_modules].name = 2166136261u;
		for (const char *c = name; *c; c++)
			module[n_modules].name = mix(module[n_modules].name, (uint8_t)*c);
		snprintf(module[n_modules++].tail, sizeof(module[0].tail), "%s", name);
	}
	return 0;
}

__attribute__((constructor)) static void
map_record(int argc, char **argv)
{
	const char *path = getenv("NTH_FAILS"), *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argc > 0 ? argv[0] : "";
	void *frame[4];
	int fd;
	long p;

	if (!path || strncmp(name, "muster", 6) != 0)
		return;
	role = !strcmp(name, "muster-keeper")					   ? NTH_KEEPER
	       : argc > 2 && !strcmp(argv[1], "server") && !strcmp(argv[2], "run") ? NTH_SERVER
										   : NTH_CLIENT;
	inside = true;
	backtrace(frame, 4); /* it allocates the first time */
	dl_iterate_phdr(add_module, NULL);
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
	p = fd < 0 ? -1
		   : syscall(SYS_mmap, NULL, sizeof(*rec), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			     0);
	if (fd >= 0)
		syscall(SYS_close, fd);
	if (p != -1)
		rec = (struct nth_fails *)p;
	inside = false;
}

/* The same for the same calls in every run, wherever things are mapped. */
static uint32_t
place(void **frame, int n, char *text, size_t cap)
{
	uint32_t h = 2166136261u;
	size_t len = 0;

	for (int i = 2; i < n; i++) {
		uintptr_t at = (uintptr_t)frame[i];

		for (int m = 0; m < n_modules; m++)
			if (at >= module[m].from && at < module[m].to) {
				h = mix(mix(h, module[m].name), at - module[m].from);
				if (text && len < cap)
					len += (size_t)snprintf(text + len, cap - len, "%s+%#lx ",
						module[m].tail,
						(unsigned long)(at - module[m].from));
				break;
			}
	}
	return h ? h : 1;
}

/* True when it is there anew. */
static bool
note(uint32_t h)
{
	for (uint32_t i = h, tries = 0; tries < NTH_PLACES; i++, tries++) {
		uint32_t was = 0;

		if (atomic_compare_exchange_strong(&rec->seen[i % NTH_PLACES], &was, h))
			return true;
		if (was == h)
			return false;
	}
	return false;
}

static bool
its_turn(void)
{
	void *frame[DEPTH];
	int n = ++rec->calls, hits = rec->hits;
	bool yes;

	if (hits)
		yes = hits < rec->count;
	else if (rec->from)
		yes = n >= rec->from;
	else
		yes = note(place(frame, backtrace(frame, DEPTH), NULL, 0));
	if (!yes)
		return false;
	if (rec->hits++ == 0)
		place(frame, backtrace(frame, DEPTH), rec->where, sizeof(rec->where));
	return true;
}

static bool
fails(enum nth_kind kind)
{
	bool yes;

	if (!rec || inside || !rec->on || rec->kind != (int)kind || rec->role != (int)role)
		return false;
	inside = true;
	yes = its_turn();
	inside = false;
	if (yes)
		errno = errors[kind];
	return yes;
}

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);

void *
malloc(size_t n)
{
	return fails(NTH_malloc) ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return fails(NTH_malloc) ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return fails(NTH_malloc) ? NULL : __libc_realloc(p, n);
}

int
posix_memalign(void **p, size_t align, size_t n)
{
	if (fails(NTH_malloc))
		return ENOMEM;
	*p = __libc_memalign(align, n);
	return *p ? 0 : ENOMEM;
}

void *
mmap(void *at, size_t len, int prot, int flags, int fd, off_t off)
{
	return fails(NTH_mmap) ? MAP_FAILED
			       : (void *)syscall(SYS_mmap, at, len, prot, flags, fd, off);
}

void *mmap64(void *at, size_t len, int prot, int flags, int fd, off_t off);
void *
mmap64(void *at, size_t len, int prot, int flags, int fd, off_t off)
{
	return mmap(at, len, prot, flags, fd, off);
}

static int
open_at(int dir, const char *path, int flags, mode_t mode)
{
	return fails(NTH_open) ? -1 : (int)syscall(SYS_openat, dir, path, flags, mode);
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

/* What fails as its kind does, or is libc's. */
#define NTH(kind, type, bad, name, params, ...)             \
	type name params;                                   \
	type name params                                    \
	{                                                   \
		static _Atomic(void *) next;                \
		if (fails(NTH_##kind))                      \
			return bad;                         \
		if (!next)                                  \
			next = dlsym(RTLD_NEXT, #name);     \
		return ((type(*) params)next)(__VA_ARGS__); \
	}
/* clang-format off */
NTH(open, int, -1, memfd_create, (const char *name, unsigned flags), name, flags)
NTH(open, DIR *, NULL, opendir, (const char *path), path)
NTH(open, FILE *, NULL, fopen, (const char *path, const char *mode), path, mode)
NTH(open, FILE *, NULL, fopen64, (const char *path, const char *mode), path, mode)
NTH(read, ssize_t, -1, read, (int fd, void *p, size_t n), fd, p, n)
NTH(read, ssize_t, -1, readv, (int fd, const struct iovec *v, int n), fd, v, n)
NTH(read, ssize_t, -1, pread, (int fd, void *p, size_t n, off_t at), fd, p, n, at)
NTH(read, ssize_t, -1, pread64, (int fd, void *p, size_t n, off64_t at), fd, p, n, at)
NTH(read, ssize_t, -1, recv, (int fd, void *p, size_t n, int flags), fd, p, n, flags)
NTH(write, ssize_t, -1, write, (int fd, const void *p, size_t n), fd, p, n)
NTH(write, ssize_t, -1, writev, (int fd, const struct iovec *v, int n), fd, v, n)
NTH(write, ssize_t, -1, pwrite, (int fd, const void *p, size_t n, off_t at), fd, p, n, at)
NTH(write, ssize_t, -1, pwrite64, (int fd, const void *p, size_t n, off64_t at), fd, p, n, at)
NTH(write, int, -1, ftruncate, (int fd, off_t n), fd, n)
NTH(write, int, -1, ftruncate64, (int fd, off64_t n), fd, n)
NTH(write, int, -1, fallocate, (int fd, int mode, off_t at, off_t n), fd, mode, at, n)
NTH(fsync, int, -1, fsync, (int fd), fd)
NTH(fsync, int, -1, fdatasync, (int fd), fd)
NTH(fork, pid_t, -1, fork, (void))
NTH(fork, int, EAGAIN, pthread_create, (pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg),
	t, a, f, arg)
NTH(socket, int, -1, socket, (int domain, int type, int proto), domain, type, proto)
NTH(socket, int, -1, socketpair, (int domain, int type, int proto, int sv[2]), domain, type, proto, sv)
NTH(socket, int, -1, accept4, (int fd, struct sockaddr *a, socklen_t *n, int flags), fd, a, n, flags)
NTH(socket, int, -1, pipe2, (int fd[2], int flags), fd, flags)
NTH(socket, int, -1, epoll_create1, (int flags), flags)
NTH(socket, int, -1, eventfd, (unsigned n, int flags), n, flags)
NTH(sendmsg, ssize_t, -1, sendmsg, (int fd, const struct msghdr *m, int flags), fd, m, flags)
NTH(sendmsg, ssize_t, -1, recvmsg, (int fd, struct msghdr *m, int flags), fd, m, flags)
NTH(sendmsg, ssize_t, -1, send, (int fd, const void *p, size_t n, int flags), fd, p, n, flags)
NTH(sendmsg, int, -1, connect, (int fd, const struct sockaddr *a, socklen_t n), fd, a, n)
NTH(sendmsg, int, -1, bind, (int fd, const struct sockaddr *a, socklen_t n), fd, a, n)
NTH(sendmsg, int, -1, listen, (int fd, int n), fd, n)
/* clang-format on */
