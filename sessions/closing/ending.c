/* The steps are a table: how long to wait, then which signal goes to all that is left. The tree is
 * scanned when a step begins and again before it is called ended, since a dying program may leave
 * a child that nobody knew; between scans only pidfds are polled. A process is taken by pidfd and
 * its start time read again afterwards, so that no signal can reach a recycled pid. */
#include "sessions/closing/ending.h"
#include "core/base/log.h"
#include "sessions/memory/footprint.h"
#include "sessions/memory/proctree.h"
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

static void
scan(struct ending *e)
{
	bool alive = proc_start(e->root) == e->root_start;
	size_t n = 0;
	struct proc_info *tree;

	/* a root that is gone would have its pid's next owner scanned */
	if (!alive && !e->marker[0])
		return;
	tree = proctree(alive ? e->root : 0, e->marker[0] ? e->marker : NULL, &n);
	for (size_t i = 0; i < n; i++)
		take(e, tree[i].pid, tree[i].start);
	free(tree);
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
begin(struct ending *e, enum step step)
{
	bool root_only = step == STEP_QUIT;
	int sig = root_only ? e->times.quit_sig : steps[step].sig;

	e->step = step;
	e->step_ms = uv_now(e->timer.loop);
	scan(e);
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
	if (e)
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

static void
on_timer(uv_timer_t *t)
{
	struct ending *e = t->data;
	uint64_t waited = uv_now(t->loop) - e->step_ms;
	unsigned limit = *(const unsigned *)((const char *)&e->times + steps[e->step].wait_off);

	if (look(e) == 0) {
		scan(e);
		if (look(e) == 0) {
			finish(e, e->how);
			return;
		}
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
	uv_timer_init(loop, &e->timer);
	e->timer.data = e;
	uv_update_time(loop);
	begin(e, t->quit_ms ? STEP_QUIT : STEP_HUP);
	uv_timer_start(&e->timer, on_timer, LOOK_MS, LOOK_MS);
	return e;
}
