/* A process with memory of a known shape, for footprint tests. Reads commands on stdin, one a line,
 * and answers "ok" (or "err: why") once the memory is in that state, so a test needs no sleep.
 *
 *   dirty N      N MB of anonymous memory, written
 *   pageout      all of it to swap (MADV_PAGEOUT)
 *   touch N      read back the first N MB
 *   lazy         MADV_FREE of all of it
 *   aligned N    the same, at an address that 64 MB divide
 *   arena N      N MB by malloc in a thread of its own
 *   share N      N MB shared and anonymous, written
 *   memfd N      N MB written into a memfd that stays open and is not mapped
 *   mapped N     the same, through a mapping that stays
 *   partly N     the same, of which only the first MB stays mapped
 *   untouched N  a memfd written as a file, then mapped and not touched
 *   unlinked N   a file of /dev/shm, written and unlinked, held open
 *   tmpfile N    the same by O_TMPFILE
 *   hold PID     opens the memfd that another hog made
 *   huge N       N MB of huge pages, written
 *   gethuge N    N MB of huge pages that forks share, written
 *   fork         a child with the same memory that waits; answers "ok PID"
 *   cow N        each child of before writes to the first N MB
 *   storm N      a child that forks eight a time, each of them alive for N ms and writing nothing
 *   spike N      N MB written and unmapped
 *   leader       the thread that the process began with ends, another goes on
 *   setsid       the same, but in its own session, re-parented, environment empty; "ok PID"
 *   daemon       the same with the environment kept; "ok PID" */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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
#include <sys/wait.h>
#include <unistd.h>

#define MB (1024ul * 1024)
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
enum { SMALL = 64 << 10 };
enum { MEMFD = 63, KIDS_MAX = 16 }; /* where a memfd stands, for `hold` of another */
static unsigned char *mem;
static size_t mem_len;
static int kid[KIDS_MAX], n_kids;

static const char *
fill(unsigned char *p, size_t n)
{
	/* not all alike: a page of one byte could be merged or compressed to nothing */
	for (size_t i = 0; i < n; i += 64)
		p[i] = (unsigned char)(i >> 6 ^ i >> 14);
	return NULL;
}

static void
wait_forever(void)
{
	for (;;)
		pause();
}

static const char *
map(size_t n, int flags)
{
	unsigned char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return strerror(errno);
	if (!(flags & MAP_HUGETLB))
		madvise(p, n, MADV_NOHUGEPAGE);
	mem = p;
	mem_len = n;
	return fill(p, n);
}

static const char *
aligned(size_t n)
{
	const size_t step = 64 * MB;
	unsigned char *p = mmap(NULL, n + step, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char *at = (unsigned char *)(((uintptr_t)p + step - 1) / step * step);

	if (p == MAP_FAILED)
		return strerror(errno);
	munmap(p, n + step);
	mem = mmap(at, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (mem == MAP_FAILED)
		return strerror(errno);
	madvise(mem, n, MADV_NOHUGEPAGE);
	mem_len = n;
	return fill(mem, n);
}

static void *
allocate(void *arg)
{
	enum { PIECE = 64 << 10 }; /* none gets a mapping of its own */
	size_t n = *(size_t *)arg / PIECE;

	for (size_t i = 0; i < n; i++) {
		unsigned char *p = malloc(PIECE - 16);

		if (p)
			fill(p, PIECE - 16);
	}
	*(size_t *)arg = 0;
	wait_forever();
	return NULL;
}

static const char *
arena(size_t n)
{
	static volatile size_t left;
	pthread_t t;

	left = n;
	if (pthread_create(&t, NULL, allocate, (void *)&left))
		return "no thread";
	while (left)
		poll(NULL, 0, 1);
	return NULL;
}

static const char *
write_all(int fd, size_t n)
{
	char block[65536];

	memset(block, 'm', sizeof block);
	for (size_t i = 0; i < n; i += sizeof block)
		if (write(fd, block, sizeof block) != (ssize_t)sizeof block)
			return strerror(errno);
	return NULL;
}

static int
memfd(void)
{
	int fd = memfd_create("held", 0);

	dup2(fd, MEMFD);
	close(fd);
	return MEMFD;
}

/* Filled through a mapping, of which `keep` bytes stay. */
static const char *
mapped_memfd(size_t n, size_t keep)
{
	int fd = memfd();
	unsigned char *p;

	if (ftruncate(fd, (off_t)n) < 0)
		return strerror(errno);
	p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return strerror(errno);
	fill(p, n);
	if (keep < n)
		munmap(p + keep, n - keep);
	mem = p;
	mem_len = keep;
	return NULL;
}

static const char *
untouched(size_t n)
{
	const char *why = write_all(memfd(), n);

	if (!why && mmap(NULL, n, PROT_READ, MAP_SHARED, MEMFD, 0) == MAP_FAILED)
		why = strerror(errno);
	return why;
}

static const char *
unlinked(size_t n)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/dev/shm/memhog.%d", (int)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		return strerror(errno);
	unlink(path);
	return write_all(fd, n);
}

/* A file with a name, mapped; the name goes when it is told "unname". */
static void
name_of(char path[64])
{
	snprintf(path, 64, "/dev/shm/memhog.%d", (int)getpid());
}

static const char *
with_name(size_t n)
{
	char path[64];
	int fd;

	name_of(path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)n) < 0)
		return strerror(errno);
	mem = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (mem == MAP_FAILED)
		return strerror(errno);
	mem_len = n;
	fill(mem, n);
	return NULL;
}

static const char *
unname(void)
{
	char path[64];

	name_of(path);
	return unlink(path) < 0 ? strerror(errno) : NULL;
}

/* Held, each too small to matter alone. */
static const char *
many_small(size_t n)
{
	const char *why = NULL;

	for (size_t i = 0; !why && i < n; i += SMALL) {
		int fd = memfd_create("small", 0);

		why = fd < 0 ? strerror(errno) : write_all(fd, SMALL);
	}
	return why;
}

/* A segment of System V's, which stays until it is removed. */
static int segment = -1;

static const char *
kept_segment(size_t n)
{
	segment = shmget(IPC_PRIVATE, n, IPC_CREAT | 0600);
	if (segment < 0)
		return strerror(errno);
	mem = shmat(segment, NULL, 0);
	mem_len = n;
	fill(mem, n);
	return NULL;
}

static const char *
remove_segment(void)
{
	return shmctl(segment, IPC_RMID, NULL) < 0 ? strerror(errno) : NULL;
}

static const char *
tmpfile_of_shm(size_t n)
{
	int fd = open("/dev/shm", O_TMPFILE | O_RDWR, 0600);

	return fd < 0 ? strerror(errno) : write_all(fd, n);
}

static const char *
hold(unsigned long pid)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%lu/fd/%d", pid, MEMFD);
	return open(path, O_RDWR) < 0 ? strerror(errno) : NULL;
}

static const char *
spike(size_t n)
{
	unsigned char *old = mem;
	size_t old_len = mem_len;
	const char *why = map(n, MAP_PRIVATE);

	if (!why)
		munmap(mem, n);
	mem = old;
	mem_len = old_len;
	return why;
}

/* Writes to as many MB as it is told, and says when it is done. */
static void
be_a_kid(int fd)
{
	size_t n;

	while (read(fd, &n, sizeof n) == sizeof n) {
		fill(mem, n);
		if (write(fd, "", 1) != 1)
			break;
	}
	wait_forever();
}

static pid_t
fork_kid(void)
{
	int s[2];
	pid_t pid;

	if (n_kids == KIDS_MAX || socketpair(AF_UNIX, SOCK_STREAM, 0, s) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		fclose(stdin);
		close(s[0]);
		be_a_kid(s[1]);
	}
	close(s[1]);
	kid[n_kids++] = s[0];
	return pid;
}

static const char *
cow(size_t n)
{
	char c;

	n = n < mem_len ? n : mem_len;
	for (int i = 0; i < n_kids; i++)
		if (send(kid[i], &n, sizeof n, MSG_NOSIGNAL) == sizeof n &&
			read(kid[i], &c, 1) != 1)
			return "a child is gone";
	return NULL;
}

static pid_t
storm(int ms)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fclose(stdin);
	while (getppid() == parent) {
		for (int i = 0; i < 8; i++)
			if (fork() == 0) {
				poll(NULL, 0, ms);
				_exit(0);
			}
		for (int i = 0; i < 8; i++)
			wait(NULL);
	}
	_exit(0);
}

/* The stray itself reports its pid, once its environment is what it will be; its parent ends. */
static pid_t
detach(int keep_env)
{
	int p[2];
	pid_t pid = -1;
	char fd[12];

	if (pipe(p) < 0)
		return -1;
	snprintf(fd, sizeof fd, "%d", p[1]);
	if (fork() == 0) {
		setsid();
		if (fork() == 0) {
			if (keep_env)
				execl("/proc/self/exe", "memhog", fd, (char *)NULL);
			else
				execle("/proc/self/exe", "memhog", fd, (char *)NULL,
					(char *[]){NULL});
		}
		_exit(0);
	}
	close(p[1]);
	if (read(p[0], &pid, sizeof pid) != sizeof pid)
		pid = -1;
	close(p[0]);
	return pid;
}

static void
stray(int fd)
{
	pid_t me = getpid();

	if (write(fd, &me, sizeof me) != sizeof me)
		_exit(1);
	for (int i = 0; i < 64; i++)
		close(i);
	wait_forever();
}

static const char *
advise(int how)
{
	return madvise(mem, mem_len, how) < 0 ? strerror(errno) : NULL;
}

static unsigned
touch(size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n && i < mem_len; i += 4096)
		sum += mem[i];
	return sum;
}

static const char *
pass_on(void *(*run)(void *))
{
	pthread_t t;

	if (pthread_create(&t, NULL, run, NULL))
		return "no thread";
	pthread_exit(NULL);
}

enum { MAP_HUGE = MAP_PRIVATE | MAP_HUGETLB, MAP_HUGE_SHARED = MAP_SHARED | MAP_HUGETLB };
static void *commands(void *unused);

static const char *
map_mb(size_t n, int flags)
{
	return map(n * MB, flags);
}

static const char *
aligned_mb(size_t n, int unused)
{
	return (void)unused, aligned(n * MB);
}

static const char *
arena_mb(size_t n, int unused)
{
	return (void)unused, arena(n * MB);
}

static const char *
advise_all(size_t n, int how)
{
	return (void)n, advise(how);
}

static const char *
touch_mb(size_t n, int unused)
{
	return (void)unused, touch(n * MB) == 12345 ? "odd" : NULL;
}

/* A memfd as a file, through a mapping, of which only a MB stays, or as a file and mapped. */
enum { AS_FILE, ALL_MAPPED, ONE_MAPPED, UNTOUCHED };
static const char *
memfd_mb(size_t n, int how)
{
	if (how == AS_FILE)
		return write_all(memfd(), n * MB);
	if (how == UNTOUCHED)
		return untouched(n * MB);
	return mapped_memfd(n * MB, how == ALL_MAPPED ? n * MB : MB);
}

static const char *
shm_mb(size_t n, int by_name)
{
	return by_name ? unlinked(n * MB) : tmpfile_of_shm(n * MB);
}

enum { NAMED, UNNAMED, SMALL_ONES, SEGMENT, REMOVED };
static const char *
keep_mb(size_t n, int how)
{
	switch (how) {
	case NAMED:
		return with_name(n * MB);
	case UNNAMED:
		return unname();
	case SMALL_ONES:
		return many_small(n * MB);
	case SEGMENT:
		return kept_segment(n * MB);
	default:
		return remove_segment();
	}
}

static const char *
hold_of(size_t n, int unused)
{
	return (void)unused, hold(n);
}

static const char *
cow_mb(size_t n, int unused)
{
	return (void)unused, cow(n * MB);
}

static const char *
spike_mb(size_t n, int unused)
{
	return (void)unused, spike(n * MB);
}

static const char *
leave(size_t n, int unused)
{
	(void)unused, (void)n;
	return getpid() == gettid() ? pass_on(commands) : "it did";
}

static pid_t
storm_ms(size_t n)
{
	return storm((int)n);
}

static pid_t
fork_one(size_t n)
{
	return (void)n, fork_kid();
}

static int
be_a_twin(void *unused)
{
	(void)unused;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	wait_forever();
	return 0;
}

/* Another process, of this one's very memory. */
static pid_t
twin(size_t n)
{
	static char stack[16384];

	return (void)n, clone(be_a_twin, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL);
}

static pid_t
bare(size_t n)
{
	return (void)n, detach(0);
}

static pid_t
marked(size_t n)
{
	return (void)n, detach(1);
}

static const struct command {
	const char *word;
	const char *(*run)(size_t n, int arg);
	int arg;
	pid_t (*start)(size_t n);
} table[] = {
	{"dirty", map_mb, MAP_PRIVATE, NULL},
	{"share", map_mb, MAP_SHARED, NULL},
	{"huge", map_mb, MAP_HUGE, NULL},
	{"gethuge", map_mb, MAP_HUGE_SHARED, NULL},
	{"aligned", aligned_mb, 0, NULL},
	{"arena", arena_mb, 0, NULL},
	{"pageout", advise_all, MADV_PAGEOUT, NULL},
	{"lazy", advise_all, MADV_FREE, NULL},
	{"touch", touch_mb, 0, NULL},
	{"memfd", memfd_mb, AS_FILE, NULL},
	{"mapped", memfd_mb, ALL_MAPPED, NULL},
	{"partly", memfd_mb, ONE_MAPPED, NULL},
	{"untouched", memfd_mb, UNTOUCHED, NULL},
	{"unlinked", shm_mb, 1, NULL},
	{"tmpfile", shm_mb, 0, NULL},
	{"named", keep_mb, NAMED, NULL},
	{"unname", keep_mb, UNNAMED, NULL},
	{"small", keep_mb, SMALL_ONES, NULL},
	{"segment", keep_mb, SEGMENT, NULL},
	{"remove", keep_mb, REMOVED, NULL},
	{"hold", hold_of, 0, NULL},
	{"cow", cow_mb, 0, NULL},
	{"spike", spike_mb, 0, NULL},
	{"leader", leave, 0, NULL},
	{"fork", NULL, 0, fork_one},
	{"twin", NULL, 0, twin},
	{"storm", NULL, 0, storm_ms},
	{"setsid", NULL, 0, bare},
	{"daemon", NULL, 0, marked},
};

static const char *
obey(const char *word, size_t n, pid_t *pid)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (strcmp(table[i].word, word) != 0)
			continue;
		if (table[i].run)
			return table[i].run(n, table[i].arg);
		*pid = table[i].start(n);
		return *pid < 0 ? strerror(errno) : NULL;
	}
	return "unknown command";
}

static void *
commands(void *unused)
{
	char line[128], word[32];

	if (getpid() != gettid()) /* the thread that goes on answers when it stands alone */
		puts("ok");
	while (fgets(line, sizeof line, stdin)) {
		unsigned long n = 0;
		pid_t pid = 0;
		const char *why;

		if (sscanf(line, "%31s %lu", word, &n) < 1)
			continue;
		why = obey(word, n, &pid);
		if (why)
			printf("err: %s\n", why);
		else if (pid)
			printf("ok %d\n", (int)pid);
		else
			printf("ok\n");
	}
	return unused;
}

int
main(int argc, char **argv)
{
	if (argc > 1)
		stray(atoi(argv[1]));
	setvbuf(stdout, NULL, _IOLBF, 0);
	commands(NULL);
	return 0;
}
