/* The steps are a table: how long to wait, then which signal goes to all that is left. The tree is
 * scanned when a step begins and again before it is called ended, since a dying program may leave
 * a child that nobody knew; between scans only pidfds are polled. A process is taken by pidfd and
 * its start time read again afterwards, so that no signal can reach a recycled pid.
 *
 * A scan walks all of /proc: it is made beside the loop, and what it was for is done when it is
 * through. */
#include "sessions/closing/ending.h"
#include "core/base/log.h"
#include "sessions/memory/footprint.h"
#include "sessions/memory/proctree.h"
#include "sessions/store_thread/aside.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOOK_MS 40
#define MEMBERS_MAX 1024

enum step { STEP_QUIT, STEP_STRAYS, STEP_HUP, STEP_TERM, STEP_KILL, STEP_OVER };
static const struct {
	int sig; /* sent when the step begins; 0 none */
	size_t wait_off;
	enum step next;
} steps[] = {
	[STEP_QUIT] = {0, offsetof(struct ending_times, quit_ms), STEP_HUP},
	[STEP_STRAYS] = {0, offsetof(struct ending_times, stray_ms), STEP_HUP},
	[STEP_HUP] = {SIGHUP, offsetof(struct ending_times, hup_ms), STEP_TERM},
	[STEP_TERM] = {SIGTERM, offsetof(struct ending_times, term_ms), STEP_KILL},
	[STEP_KILL] = {SIGKILL, offsetof(struct ending_times, kill_ms), STEP_OVER},
};
const struct ending_times ending_times_default = {
	.quit_ms = 10000, .stray_ms = 1000, .hup_ms = 5000, .term_ms = 5000, .kill_ms = 5000};

struct member {
	pid_t pid;
	uint64_t start;
	int fd; /* pidfd; -1 once gone */
};
struct ending {
	uv_timer_t timer;
	struct ending_times times;
	pid_t root;
	uint64_t root_start;
	char marker[64];
	struct member *m;
	size_t n;
	struct aside *aside;
	struct scan *scan; /* under way */
	enum step step;
	uint64_t step_ms; /* loop time when it began */
	enum ending_how how;
	bool root_gone;
	ending_spare_cb spare;
	ending_cb cb;
	void *ctx;
};

const char *
ending_how_name(enum ending_how how)
{
	static const char *const names[] = {"quit", "hup", "term", "kill", "not"};

	CHECK(how < ARRAY_LEN(names));
	return names[how];
}

static void
take(struct ending *e, pid_t pid, uint64_t start)
{
	int fd;

	for (size_t i = 0; i < e->n; i++)
		if (e->m[i].pid == pid && e->m[i].start == start)
			return;
	if (pid <= 1 || pid == getpid() || e->n == MEMBERS_MAX)
		return;
	if (pid != e->root && e->spare && e->spare(e->ctx, pid))
		return;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return;
	if (proc_start(pid) != start) {
		close(fd);
		return;
	}
	e->m = xrealloc(e->m, mul_sat(e->n + 1, sizeof *e->m));
	e->m[e->n++] = (struct member){.pid = pid, .start = start, .fd = fd};
}

struct scan {
	struct ending *e; /* NULL: cancelled */
	void (*then)(struct ending *e);
	pid_t root;
	uint64_t root_start;
	char marker[64];
	struct proc_info *tree;
	size_t n;
};

static void
do_scan(void *arg)
{
	struct scan *k = arg;
	bool alive = proc_start(k->root) == k->root_start;

	/* a root that is gone would have its pid's next owner scanned */
	if (alive || k->marker[0])
		k->tree = proctree(alive ? k->root : 0, k->marker[0] ? k->marker : NULL, &k->n);
}

static void
on_scanned(void *arg)
{
	struct scan *k = arg;
	struct ending *e = k->e;

	for (size_t i = 0; e && i < k->n; i++)
		take(e, k->tree[i].pid, k->tree[i].start);
	if (e) {
		e->scan = NULL;
		k->then(e);
	}
	free(k->tree);
	free(k);
}

static void
scan(struct ending *e, void (*then)(struct ending *e))
{
	struct scan *k = xcalloc(1, sizeof *k);

	CHECK(!e->scan);
	*k = (struct scan){.e = e, .then = then, .root = e->root, .root_start = e->root_start};
	memcpy(k->marker, e->marker, sizeof k->marker);
	e->scan = k;
	aside_run(e->aside, do_scan, on_scanned, k);
}

/* How many live; notes those that went. A zombie's pidfd is readable: it holds no memory. */
static size_t
look(struct ending *e)
{
	size_t left = 0;

	for (size_t i = 0; i < e->n; i++) {
		struct pollfd p = {.fd = e->m[i].fd, .events = POLLIN};

		if (p.fd < 0)
			continue;
		if (poll(&p, 1, 0) == 1) {
			close(p.fd);
			e->m[i].fd = -1;
			e->root_gone |= e->m[i].pid == e->root;
		} else {
			left++;
		}
	}
	return left;
}

static void
send_signal(struct ending *e)
{
	bool root_only = e->step == STEP_QUIT;
	int sig = root_only ? e->times.quit_sig : steps[e->step].sig;

	if (!sig)
		return;
	if (!e->root_gone)
		e->how = sig == SIGHUP	  ? ENDED_BY_HUP
			 : sig == SIGTERM ? ENDED_BY_TERM
					  : ENDED_BY_KILL;
	for (size_t i = 0; i < e->n; i++) {
		if (e->m[i].fd < 0 || (root_only && e->m[i].pid != e->root))
			continue;
		syscall(SYS_pidfd_send_signal, e->m[i].fd, sig, NULL, 0);
		if (sig != SIGKILL) /* a stopped process must run to see it */
			syscall(SYS_pidfd_send_signal, e->m[i].fd, SIGCONT, NULL, 0);
	}
	log_info("ending %d: signal %d", (int)e->root, sig);
}

static void
begin(struct ending *e, enum step step)
{
	e->step = step;
	e->step_ms = uv_now(e->timer.loop);
	scan(e, send_signal);
}

static void
timer_closed(uv_handle_t *h)
{
	struct ending *e = h->data;

	for (size_t i = 0; i < e->n; i++)
		if (e->m[i].fd >= 0)
			close(e->m[i].fd);
	free(e->m);
	free(e);
}

void
ending_cancel(struct ending *e)
{
	if (!e)
		return;
	if (e->scan)
		e->scan->e = NULL;
	aside_close(e->aside);
	uv_close((uv_handle_t *)&e->timer, timer_closed);
}

static void
finish(struct ending *e, enum ending_how how)
{
	ending_cb cb = e->cb;
	void *ctx = e->ctx;
	size_t n = e->n;

	ending_cancel(e);
	cb(ctx, how, n);
}

/* No process that was known lives. */
static void
finish_if_none(struct ending *e)
{
	if (look(e) == 0)
		finish(e, e->how);
}

static void
on_timer(uv_timer_t *t)
{
	struct ending *e = t->data;
	uint64_t waited = uv_now(t->loop) - e->step_ms;
	unsigned limit = *(const unsigned *)((const char *)&e->times + steps[e->step].wait_off);

	if (e->scan)
		return;
	if (look(e) == 0) {
		scan(e, finish_if_none);
		return;
	}
	if (e->step == STEP_QUIT && e->root_gone) {
		begin(e, STEP_STRAYS);
	} else if (waited >= limit) {
		if (steps[e->step].next == STEP_OVER)
			finish(e, ENDED_NOT);
		else
			begin(e, steps[e->step].next);
	}
}

struct ending *
ending_start(uv_loop_t *loop, pid_t root, uint64_t root_start, const char *marker,
	const struct ending_times *t, ending_spare_cb spare, ending_cb cb, void *ctx)
{
	struct ending *e = xcalloc(1, sizeof *e);

	e->times = *t;
	e->root = root;
	e->root_start = root_start;
	if (marker)
		snprintf(e->marker, sizeof e->marker, "%s", marker);
	e->spare = spare;
	e->cb = cb;
	e->ctx = ctx;
	e->how = ENDED_BY_QUIT;
	e->aside = aside_new(loop);
	uv_timer_init(loop, &e->timer);
	e->timer.data = e;
	uv_update_time(loop);
	begin(e, t->quit_ms ? STEP_QUIT : STEP_HUP);
	uv_timer_start(&e->timer, on_timer, LOOK_MS, LOOK_MS);
	return e;
}
