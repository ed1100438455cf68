/* A process with memory of a known shape, for footprint tests. Reads commands on stdin, one a line,
 * and answers "ok" (or "err: why") once the memory is in that state, so a test needs no sleep.
 *
 *   dirty N      N MB of anonymous memory, written
 *   pageout      all of it to swap (MADV_PAGEOUT)
 *   touch N      read back the first N MB
 *   lazy         MADV_FREE of all of it
 *   share N      N MB shared and anonymous, written
 *   memfd N      N MB written into a memfd that stays open and is not mapped
 *   fork         a child with the same memory that waits; answers "ok PID"
 *   setsid       the same, but in its own session, re-parented, environment empty; "ok PID"
 *   daemon       the same with the environment kept; "ok PID" */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MB (1024ul * 1024)
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
static unsigned char *mem;
static size_t mem_len;

static const char *
fill(unsigned char *p, size_t n)
{
	/* not all alike: a page of one byte could be merged or compressed to nothing */
	for (size_t i = 0; i < n; i += 64)
		p[i] = (unsigned char)(i >> 6 ^ i >> 14);
	return NULL;
}

static const char *
map(size_t n, int flags)
{
	unsigned char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return strerror(errno);
	madvise(p, n, MADV_NOHUGEPAGE);
	mem = p;
	mem_len = n;
	return fill(p, n);
}

static const char *
held_memfd(size_t n)
{
	int fd = memfd_create("held", 0);
	char block[65536];

	memset(block, 'm', sizeof block);
	for (size_t i = 0; i < n; i += sizeof block)
		if (write(fd, block, sizeof block) != (ssize_t)sizeof block)
			return strerror(errno);
	return NULL;
}

static void
wait_forever(void)
{
	for (;;)
		pause();
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

int
main(int argc, char **argv)
{
	char line[128], word[32];
	const char *why;
	unsigned sum = 0;

	if (argc > 1)
		stray(atoi(argv[1]));
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof line, stdin)) {
		unsigned long n = 0;
		pid_t pid = 0;

		if (sscanf(line, "%31s %lu", word, &n) < 1)
			continue;
		why = NULL;
		switch (word[0] << 8 | word[1]) {
		case 'd' << 8 | 'i':
			why = map(n * MB, MAP_PRIVATE);
			break;
		case 's' << 8 | 'h':
			why = map(n * MB, MAP_SHARED);
			break;
		case 'p' << 8 | 'a':
			why = advise(MADV_PAGEOUT);
			break;
		case 'l' << 8 | 'a':
			why = advise(MADV_FREE);
			break;
		case 't' << 8 | 'o':
			for (size_t i = 0; i < n * MB && i < mem_len; i += 4096)
				sum += mem[i];
			break;
		case 'm' << 8 | 'e':
			why = held_memfd(n * MB);
			break;
		case 'f' << 8 | 'o':
			pid = fork();
			if (pid == 0) {
				fclose(stdin);
				wait_forever();
			}
			break;
		case 's' << 8 | 'e':
			pid = detach(0);
			break;
		case 'd' << 8 | 'a':
			pid = detach(1);
			break;
		default:
			why = "unknown command";
		}
		if (why)
			printf("err: %s\n", why);
		else if (pid)
			printf("ok %d\n", (int)pid);
		else
			printf("ok\n");
	}
	return sum == 12345;
}
