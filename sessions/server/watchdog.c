#include "sessions/server/watchdog.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LOOK_S 1
#define LOOK_MOST_NS 2000000000ull /* between two looks; more means that nobody could look */
#define COMPUTING 5		   /* at least one part in so many was spent computing */

bool
watchdog_look(struct watchdog *w, uint64_t turns, uint64_t now_ns, uint64_t cpu_ns)
{
	uint64_t passed = w->last_ns ? MIN(now_ns - w->last_ns, LOOK_MOST_NS) : 0;

	w->last_ns = now_ns;
	if (turns != w->turns) {
		w->turns = turns;
		w->stale_ns = 0;
		w->cpu0 = cpu_ns;
		return false;
	}
	w->stale_ns += passed;
	return w->stale_ns >= WATCHDOG_NS ||
	       (w->stale_ns >= WATCHDOG_CPU_NS && cpu_ns - w->cpu0 >= w->stale_ns / COMPUTING);
}

/* Of a process there is one loop that is watched. */
static _Atomic uint64_t loop_turns;
static clockid_t loop_clock;

static void *
run(void *arg)
{
	struct watchdog w = {0};

	(void)arg;
	for (;;) {
		struct timespec cpu;

		sleep(LOOK_S);
		if (clock_gettime(loop_clock, &cpu) == 0 &&
			watchdog_look(&w, loop_turns, os_mono_ns(),
				(uint64_t)cpu.tv_sec * 1000000000 + (uint64_t)cpu.tv_nsec))
			abort();
	}
	return NULL;
}

static void
on_check(uv_check_t *c)
{
	(void)c;
	loop_turns++;
}

void
watchdog_start(uv_loop_t *loop)
{
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
	if (pthread_create(&t, &attr, run, NULL) != 0)
		log_warn("no watchdog");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
}
