#include "sessions/server/watchdog.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LOOK_S 1
#define NS_PER_S 1000000000ull
#define AT_REST 10  /* at most one part in so many was a turn */
#define COMPUTING 5 /* at least one part in so many was spent computing */

static unsigned
look_s(const struct watchdog *w)
{
	return w->rests ? WATCHDOG_REST_S : LOOK_S;
}

/* It did not turn and did not wait: this one's time counts. */
static bool
too_long(struct watchdog *w, const struct loop_times *is, uint64_t passed)
{
	w->stale_ns += passed;
	w->seen_ns += passed;
	return w->stale_ns >= WATCHDOG_NS ||
	       (w->stale_ns >= WATCHDOG_CPU_NS &&
		       is->cpu_ns - w->last.cpu_ns >= w->seen_ns / COMPUTING);
}

bool
watchdog_look(struct watchdog *w, const struct loop_times *is, uint64_t now_ns)
{
	/* more than a second too late means that nobody could look */
	uint64_t most = (look_s(w) + 1) * NS_PER_S;
	uint64_t passed = w->last_ns ? now_ns - w->last_ns : 0;
	uint64_t waited = is->waited_ns - w->last.waited_ns, busy = passed - MIN(passed, waited);

	w->last_ns = now_ns;
	w->rests = waited > 0 && busy < passed / AT_REST;
	if (is->turns == w->last.turns && !waited)
		return too_long(w, is, MIN(passed, most));
	/* what it did not wait for may be a turn that has not ended */
	w->stale_ns = MIN(busy, WATCHDOG_REST_S * NS_PER_S);
	w->seen_ns = 0;
	w->last = *is;
	return false;
}

/* Of a process there is one loop that is watched. */
static uv_loop_t *watched;
static _Atomic uint64_t loop_turns;
static clockid_t loop_clock;

static void *
run(void *arg)
{
	struct watchdog w = {0};

	(void)arg;
	for (;;) {
		struct loop_times is;
		struct timespec cpu;

		sleep(look_s(&w));
		if (clock_gettime(loop_clock, &cpu) < 0)
			continue;
		is = (struct loop_times){.turns = loop_turns,
			.waited_ns = uv_metrics_idle_time(watched),
			.cpu_ns = (uint64_t)cpu.tv_sec * NS_PER_S + (uint64_t)cpu.tv_nsec};
		if (watchdog_look(&w, &is, os_mono_ns()))
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
	watched = loop;
	uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
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
