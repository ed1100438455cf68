/* A process with one kind of memory, for the comparison with truth (tests/truth): memkinds KIND N
 * prints "ok" once N MB of it are there, or "err: why", and waits. What memhog can be told to do is
 * not repeated here. */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define MB (1024ul * 1024)
#define CHECK_THAT(x)                                         \
	do {                                                  \
		if (!(x)) {                                   \
			printf("err: %s\n", strerror(errno)); \
			exit(1);                              \
		}                                             \
	} while (0)
enum { FORKS = 3, PIPE_BYTES = 1 << 20, STACK_BYTES = 256 << 10 };

static void
wait_forever(void)
{
	for (;;)
		pause();
}

static unsigned char *
map(size_t n, int flags, int fd)
{
	unsigned char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, flags, fd, 0);

	CHECK_THAT(p != MAP_FAILED);
	return p;
}

static unsigned char *
anonymous(size_t n)
{
	unsigned char *p = map(n, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	madvise(p, n, MADV_NOHUGEPAGE);
	return p;
}

/* Every page another one. */
static void
fill(unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i += 64)
		*(uint64_t *)(p + i) = (uint64_t)i * 0x9e3779b97f4a7c15u;
}

static void
forks(int n)
{
	for (int i = 0; i < n; i++)
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			wait_forever();
		}
}

/* A file of that size beside the store, gone from its directory already. */
static int
file(size_t n)
{
	char path[600], block[65536];
	int fd;

	snprintf(path, sizeof path, "%s/memkinds.%d", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp",
		(int)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	CHECK_THAT(fd >= 0);
	unlink(path);
	memset(block, 'f', sizeof block);
	for (size_t i = 0; i < n; i += sizeof block)
		CHECK_THAT(write(fd, block, sizeof block) == (ssize_t)sizeof block);
	fsync(fd);
	return fd;
}

static void
sysv(size_t n)
{
	int id = shmget(IPC_PRIVATE, n, IPC_CREAT | 0600);
	void *p;

	CHECK_THAT(id >= 0);
	p = shmat(id, NULL, 0);
	shmctl(id, IPC_RMID, NULL);
	CHECK_THAT(p != (void *)-1);
	fill(p, n);
}

static void
sysv_in_four(size_t n)
{
	sysv(n);
	forks(FORKS);
}

static void
thp(size_t n)
{
	unsigned char *p = map(n, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	madvise(p, n, MADV_HUGEPAGE);
	fill(p, n);
}

/* A file in memory with a name, which stays: removed by whoever started this. */
static void
tmpfs_named(size_t n)
{
	char name[40];
	int fd;

	snprintf(name, sizeof name, "/memkinds.%d", (int)getpid());
	fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	CHECK_THAT(fd >= 0 && ftruncate(fd, (off_t)n) == 0);
	fill(map(n, MAP_SHARED, fd), n);
}

static void
file_copied(size_t n)
{
	fill(map(n, MAP_PRIVATE, file(n)), n / 2);
}

static void
file_shared(size_t n)
{
	fill(map(n, MAP_SHARED, file(n)), n);
}

static unsigned
read_all(const unsigned char *p, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i += 4096)
		sum += p[i];
	return sum;
}

static void
file_read(size_t n)
{
	CHECK_THAT(read_all(map(n, MAP_PRIVATE, file(n)), n) > 0);
}

static void
locked(size_t n)
{
	unsigned char *p = anonymous(n);

	fill(p, n);
	CHECK_THAT(mlock(p, n) == 0);
}

static void
zero_page(size_t n)
{
	CHECK_THAT(read_all(anonymous(n), n) == 0);
}

static void
given_back(size_t n)
{
	unsigned char *p = anonymous(n);

	fill(p, n);
	CHECK_THAT(madvise(p, n, MADV_DONTNEED) == 0);
}

static void
not_dumpable(size_t n)
{
	fill(anonymous(n), n);
	prctl(PR_SET_DUMPABLE, 0);
}

static void
not_dumpable_forks(size_t n)
{
	not_dumpable(n);
	forks(FORKS);
}

/* Ended children that nobody reaps. */
static void
zombies(size_t n)
{
	fill(anonymous(n), n);
	for (int i = 0; i < 100; i++)
		if (fork() == 0)
			_exit(0);
}

static void *
deep(void *barrier)
{
	unsigned char room[STACK_BYTES - 32768];

	fill(room, sizeof room);
	pthread_barrier_wait(barrier);
	wait_forever();
	return NULL;
}

/* N MB in the stacks of threads. */
static void
threads(size_t n)
{
	static pthread_barrier_t filled;
	pthread_attr_t attr;
	pthread_t t;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_barrier_init(&filled, NULL, (unsigned)(n / STACK_BYTES) + 1);
	for (size_t i = 0; i < n / STACK_BYTES; i++)
		CHECK_THAT(pthread_create(&t, &attr, deep, &filled) == 0);
	pthread_barrier_wait(&filled);
}

static void
jit(size_t n)
{
	unsigned char *p = anonymous(n);

	CHECK_THAT(mprotect(p, n, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
	fill(p, n);
}

static void
named(size_t n)
{
	unsigned char *p = anonymous(n);

	fill(p, n);
#ifdef PR_SET_VMA
	prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p, n, "arena of a test");
#endif
}

/* Every fourth page of four times as much: page tables count, too. */
static void
holes(size_t n)
{
	unsigned char *p = anonymous(4 * n);

	for (size_t i = 0; i < 4 * n; i += 4 * 4096)
		fill(p + i, 4096);
}

/* One page each, of alternating rights so that the kernel cannot join them. */
static void
many_maps(size_t n)
{
	for (size_t i = 0; i < n / 4096; i++) {
		unsigned char *p = anonymous(4096);

		fill(p, 4096);
		if (i % 2)
			mprotect(p, 4096, PROT_READ);
	}
}

/* No process's memory at all: what sockets and pipes hold is the kernel's. */
static void
pipes(size_t n)
{
	static char block[PIPE_BYTES];
	int p[2];

	for (size_t i = 0; i < n / PIPE_BYTES; i++) {
		CHECK_THAT(pipe(p) == 0);
		fcntl(p[1], F_SETPIPE_SZ, PIPE_BYTES);
		fcntl(p[1], F_SETFL, O_NONBLOCK);
		CHECK_THAT(write(p[1], block, sizeof block) > 0);
	}
}

/* Another program with a quarter of it. */
static void
executed(size_t n)
{
	char quarter[24];

	fill(anonymous(n), n);
	snprintf(quarter, sizeof quarter, "%zu", n / MB / 4);
	execl("/proc/self/exe", "memkinds", "locked", quarter, (char *)NULL);
}

/* A fork that shares all, until its parent writes to it. */
static void
parent_writes(size_t n)
{
	unsigned char *p = anonymous(n);

	fill(p, n);
	forks(1);
	fill(p, n);
}

/* Half of a memfd that is held, copied. */
static void
memfd_copied(size_t n)
{
	int fd = memfd_create("kind", 0);
	unsigned char *p;

	CHECK_THAT(fd >= 0 && ftruncate(fd, (off_t)n) == 0);
	p = map(n, MAP_SHARED, fd);
	fill(p, n);
	munmap(p, n);
	fill(map(n, MAP_PRIVATE, fd), n / 2);
}

/* In a namespace of pids and mounts, a session of its own, its parent gone. */
static void
own_namespace(size_t n)
{
	int ready[2];
	char c;

	CHECK_THAT(pipe(ready) == 0 && unshare(CLONE_NEWPID | CLONE_NEWNS) == 0);
	if (fork() == 0) {
		setsid();
		fill(anonymous(n), n);
		CHECK_THAT(write(ready[1], "", 1) == 1);
		wait_forever();
	}
	CHECK_THAT(read(ready[0], &c, 1) == 1);
}

/* A child that is stopped, with all of it. */
static void
stopped(size_t n)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fill(anonymous(n), n);
		raise(SIGSTOP);
		wait_forever();
	}
	CHECK_THAT(pid > 0 && waitpid(pid, &status, WUNTRACED) == pid);
}

/* The same page again and again, which the kernel may find out. */
static void
merged(size_t n)
{
	unsigned char *p = anonymous(n);

	memset(p, 'm', n);
	CHECK_THAT(madvise(p, n, MADV_MERGEABLE) == 0);
}

/* In the buffers of sockets: the kernel's. */
static void
sockets(size_t n)
{
	static char block[65536];
	size_t sent = 0;
	int s[2];

	while (sent < n / 2 && socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0) {
		fcntl(s[0], F_SETFL, O_NONBLOCK);
		for (ssize_t k; (k = write(s[0], block, sizeof block)) > 0;)
			sent += (size_t)k;
	}
}

/* Half of it registered as buffers with the kernel: pinned, and still the process's. */
static void
io_uring(size_t n)
{
	struct io_uring_params params = {0};
	struct iovec v = {anonymous(n / 2), n / 2};
	int fd = (int)syscall(SYS_io_uring_setup, 8, &params);

	fill(v.iov_base, v.iov_len);
	if (fd >= 0) /* where it is forbidden the memory is there all the same */
		syscall(SYS_io_uring_register, fd, IORING_REGISTER_BUFFERS, &v, 1);
}

static void
other_user(size_t n)
{
	fill(anonymous(n), n);
	CHECK_THAT(setgid(65534) == 0 && setuid(65534) == 0);
}

static int
of_same_memory(void *ready)
{
	CHECK_THAT(write(*(int *)ready, "", 1) == 1);
	wait_forever();
	return 0;
}

/* Another process, which has the very same memory. */
static void
same_memory(size_t n)
{
	static char stack[65536];
	int ready[2];
	char c;

	fill(anonymous(n), n);
	CHECK_THAT(pipe(ready) == 0);
	CHECK_THAT(clone(of_same_memory, stack + sizeof stack, CLONE_VM | SIGCHLD, &ready[1]) > 0);
	CHECK_THAT(read(ready[0], &c, 1) == 1);
}

static void *
write_again(void *p)
{
	for (;;) {
		*(volatile unsigned char *)p += 1;
		usleep(100000);
	}
	return NULL;
}

/* Threads that go on writing to what is there. */
static void
group_of_threads(size_t n)
{
	unsigned char *p = anonymous(n);
	pthread_t t;

	fill(p, n);
	for (size_t i = 0; i < 8; i++)
		CHECK_THAT(pthread_create(&t, NULL, write_again, p + i * 4096) == 0);
}

static const struct kind {
	const char *name;
	void (*make)(size_t n);
} kinds[] = {{"sysv", sysv}, {"sysv-in-four", sysv_in_four}, {"thp", thp},
	{"tmpfs-named", tmpfs_named}, {"file-copied", file_copied}, {"file-shared", file_shared},
	{"file-read", file_read}, {"locked", locked}, {"zero-page", zero_page},
	{"given-back", given_back}, {"not-dumpable", not_dumpable},
	{"not-dumpable-forks", not_dumpable_forks}, {"zombies", zombies}, {"threads", threads},
	{"jit", jit}, {"named", named}, {"holes", holes}, {"many-maps", many_maps},
	{"pipes", pipes}, {"executed", executed}, {"parent-writes", parent_writes},
	{"memfd-copied", memfd_copied}, {"own-namespace", own_namespace}, {"stopped", stopped},
	{"merged", merged}, {"sockets", sockets}, {"io-uring", io_uring},
	{"other-user", other_user}, {"same-memory", same_memory},
	{"group-of-threads", group_of_threads}};

int
main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; argc == 3 && i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(argv[1], kinds[i].name) == 0) {
			kinds[i].make(strtoul(argv[2], NULL, 10) * MB);
			puts("ok");
			wait_forever();
		}
	fputs("memkinds KIND MB\n", stderr);
	return 2;
}
