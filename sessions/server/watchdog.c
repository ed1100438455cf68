#include "sessions/server/watchdog.h"
#include "core/base/log.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define WATCHDOG_STALE_S 5

static _Atomic uint64_t turns;

static void *
watchdog(void *arg)
{
	uint64_t seen = 0, cpu_seen = 0;
	int stale = 0;

	for (;;) {
		struct timespec cpu;
		sleep(1);
		uint64_t n = turns;
		if (clock_gettime(*(clockid_t *)arg, &cpu) < 0)
			continue;
		uint64_t ms = (uint64_t)cpu.tv_sec * 1000 + (uint64_t)cpu.tv_nsec / 1000000;
		if (n != seen || ms - cpu_seen < 500)
			stale = 0;
		else if (++stale >= WATCHDOG_STALE_S)
			abort();
		seen = n;
		cpu_seen = ms;
	}
	return NULL;
}

static void
on_check(uv_check_t *c)
{
	(void)c;
	turns++;
}

void
watchdog_start(uv_loop_t *loop)
{
	static clockid_t loop_clock;
	static uv_check_t check;
	pthread_attr_t attr;
	pthread_t t;
	sigset_t all, old;

	if (pthread_getcpuclockid(pthread_self(), &loop_clock) != 0)
		return;
	uv_check_init(loop, &check);
	uv_check_start(&check, on_check);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (pthread_create(&t, &attr, watchdog, &loop_clock) != 0)
		log_warn("no watchdog");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
}
