/* What the sampler costs: 100 sessions of three processes among 1,000 others, ten minutes of ticks.
 * Walks are bounded by the token bucket whatever the processes' size, so the rest (who belongs
 * where, the counters) is what has to be small. */
#include "core/os/os.h"
#include "sessions/memory/sampler_scan.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SESSIONS = 100, KIDS = 2, MIB = 40, TICKS = 40, TICK_S = 15, BUDGET_MS = 5 };
enum { OTHERS = 1000 };

static void
be_a_process(int fd, size_t mib)
{
	char *p = mmap(NULL, MAX(mib << 20, (size_t)4096), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(1);
	madvise(p, mib << 20, MADV_NOHUGEPAGE);
	memset(p, 1, mib << 20);
	if (write(fd, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static pid_t
start(int fd, int kids, size_t mib)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	setpgid(0, 0);
	for (int i = 0; i < kids; i++)
		if (fork() == 0)
			be_a_process(fd, mib);
	be_a_process(fd, mib);
	_exit(1);
}

static double
tick(struct scan *s, const pid_t *pid, uint64_t *walks, bool *estimated)
{
	static struct scan_session v[SESSIONS];
	struct scan_cost before = scan_cost(s), after;

	*estimated = false;
	for (int i = 0; i < SESSIONS; i++) {
		v[i] = (struct scan_session){.num = (uint32_t)i + 1, .pid = pid[i], .due = true};
		snprintf(v[i].id, sizeof(v[i].id), "b%d", i);
	}
	scan_run(s, v, SESSIONS, NULL);
	for (int i = 0; i < SESSIONS; i++) {
		*estimated = *estimated || v[i].estimated || v[i].processes != KIDS + 1;
		free(v[i].member);
	}
	after = scan_cost(s);
	*walks = after.walks - before.walks;
	return (double)(after.cpu_ns - before.cpu_ns) / 1e6;
}

int
main(void)
{
	struct scan *s = scan_new(BUDGET_MS);
	pid_t pid[SESSIONS], others;
	uint64_t walks;
	double ms, sum = 0, first;
	bool estimated;
	int p[2], rc = 0;
	char c;

	if (pipe(p) < 0)
		return 1;
	for (int i = 0; i < SESSIONS; i++)
		pid[i] = start(p[1], KIDS, MIB);
	others = start(p[1], OTHERS - 1, 0);
	for (int i = 0; i < SESSIONS * (KIDS + 1) + OTHERS; i++)
		rc |= read(p[0], &c, 1) != 1;
	first = tick(s, pid, &walks, &estimated);
	printf("sampler, %d sessions of %d processes of %d MiB among %d others: first tick %.1f ms "
	       "CPU, %llu walks\n",
		SESSIONS, KIDS + 1, MIB, OTHERS, first, (unsigned long long)walks);
	for (int i = 1; i < 3; i++) /* what the bucket left over */
		first += tick(s, pid, &walks, &estimated);
	for (int i = 0; i < TICKS; i++) {
		ms = tick(s, pid, &walks, &estimated);
		sum += ms;
	}
	ms = sum / TICKS;
	printf("a quiet tick: %.2f ms CPU = %.3f %% of a core at %d s; with the first walks over "
	       "ten "
	       "minutes %.3f %%%s\n",
		ms, ms / 10 / TICK_S, TICK_S, (sum + first) / 10 / (TICKS * TICK_S),
		estimated ? " (some estimated)" : "");
	for (int i = 0; i < SESSIONS; i++)
		kill(-pid[i], SIGKILL);
	kill(-others, SIGKILL);
	while (wait(NULL) > 0)
		;
	scan_free(s);
	return rc;
}
