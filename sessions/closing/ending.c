/* The steps are a table: how long to wait, then which signal goes to all that is left. The tree is
 * looked for when a step begins and again before it is called ended, since a dying program may
 * leave a child that nobody knew; what is found then gets the step's signal, too. After KILL it is
 * looked for until nothing comes any more: what forks faster than one look ends as well. Between
 * looks only pidfds are polled. A process is taken by pidfd and its start time read again
 * afterwards, so that no signal can reach a recycled pid. */
#include "sessions/closing/ending.h"
#include "core/base/log.h"
#include "sessions/memory/footprint.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOOK_MS 40
#define MEMBERS_MAX 4096
#define LOOKS_MAX 32 /* in a row */

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
	int fd; /* pidfd */
};
struct ending {
	uv_timer_t timer;
	struct ending_times times;
	pid_t root;
	uint64_t root_start;
	char marker[64];
	struct proc_table *table;
	struct member *m; /* those that live, as far as it is known */
	size_t n, n_all;
	uint64_t bytes; /* footprint of all of them, each as it was found */
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
	struct proc_info p;
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
	if (proc_start(pid) != start) { /* another one, or it waits to be reaped */
		close(fd);
		return;
	}
	e->m = xrealloc(e->m, mul_sat(e->n + 1, sizeof *e->m));
	e->m[e->n++] = (struct member){.pid = pid, .start = start, .fd = fd};
	e->n_all++;
	if (footprint_cheap(pid, &p) == 0)
		e->bytes += p.footprint;
}

static void
scan(struct ending *e)
{
	bool alive = proc_start(e->root) == e->root_start;
	struct proc_root r = {alive ? e->root : 0, e->marker[0] ? e->marker : NULL};
	/* with a marker the caller is the server: neither it nor its keeper is in any session */
	struct proc_hints h = {.skip = {r.marker ? getpid() : 0, r.marker ? getppid() : 0}};

	/* a root that is gone would have its pid's next owner scanned */
	if ((!alive && !r.marker) || proc_table_update(e->table, false) < 0)
		return;
	proc_table_assign(e->table, &r, 1, &h);
	for (size_t i = 0; i < e->table->n; i++)
		if (e->table->p[i].owner == 0)
			take(e, e->table->p[i].pid, e->table->p[i].start);
}

/* Does any live? A zombie's pidfd is readable: it holds no memory. */
static bool
look(struct ending *e)
{
	size_t left = 0;

	for (size_t i = 0; i < e->n; i++) {
		struct pollfd p = {.fd = e->m[i].fd, .events = POLLIN};

		if (poll(&p, 1, 0) == 1) {
			close(p.fd);
			e->root_gone |= e->m[i].pid == e->root;
		} else {
			e->m[left++] = e->m[i];
		}
	}
	e->n = left;
	return left > 0;
}

/* The step's signal, to those from there on. */
static void
send_from(struct ending *e, size_t from)
{
	bool root_only = e->step == STEP_QUIT;
	int sig = root_only ? e->times.quit_sig : steps[e->step].sig;

	for (size_t i = from; sig && i < e->n; i++) {
		if (root_only && e->m[i].pid != e->root)
			continue;
		syscall(SYS_pidfd_send_signal, e->m[i].fd, sig, NULL, 0);
		if (sig != SIGKILL) /* a stopped process must run to see it */
			syscall(SYS_pidfd_send_signal, e->m[i].fd, SIGCONT, NULL, 0);
	}
}

/* What came since the last look, until nothing comes. */
static void
catch_up(struct ending *e)
{
	size_t from;
	int looks = 0;

	do {
		from = e->n;
		scan(e);
		send_from(e, from);
	} while (e->n > from && e->step == STEP_KILL && ++looks < LOOKS_MAX);
}

static void
begin(struct ending *e, enum step step)
{
	int sig = step == STEP_QUIT ? e->times.quit_sig : steps[step].sig;

	e->step = step;
	e->step_ms = uv_now(e->timer.loop);
	if (sig && !e->root_gone)
		e->how = sig == SIGHUP	  ? ENDED_BY_HUP
			 : sig == SIGTERM ? ENDED_BY_TERM
					  : ENDED_BY_KILL;
	send_from(e, 0);
	catch_up(e);
	if (sig)
		log_info("ending %d: signal %d", (int)e->root, sig);
}

static void
timer_closed(uv_handle_t *h)
{
	struct ending *e = h->data;

	for (size_t i = 0; i < e->n; i++)
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

/* As it is, not as it is counted. */
static uint64_t
left_bytes(const struct ending *e)
{
	uint64_t sum = 0;
	struct proc_info p;

	for (size_t i = 0; i < e->n; i++)
		if (footprint_of(e->m[i].pid, &p) == 0)
			sum += p.footprint;
	return sum;
}

static void
finish(struct ending *e, enum ending_how how)
{
	ending_cb cb = e->cb;
	void *ctx = e->ctx;
	size_t n = e->n_all;
	uint64_t left = left_bytes(e);

	ending_cancel(e);
	cb(ctx, how, n, left);
}

static void
on_timer(uv_timer_t *t)
{
	struct ending *e = t->data;
	uint64_t waited = uv_now(t->loop) - e->step_ms;
	unsigned limit = *(const unsigned *)((const char *)&e->times + steps[e->step].wait_off);
	bool left = look(e);

	if (!left || e->step == STEP_KILL) {
		catch_up(e);
		left = look(e);
	}
	if (!left)
		finish(e, e->how);
	else if (e->step == STEP_QUIT && e->root_gone)
		begin(e, STEP_STRAYS);
	else if (waited >= limit && steps[e->step].next == STEP_OVER)
		finish(e, ENDED_NOT);
	else if (waited >= limit)
		begin(e, steps[e->step].next);
}

void
ending_hasten(struct ending *e)
{
	if (e->step != STEP_KILL)
		begin(e, STEP_KILL);
}

void
ending_look_no_more(struct ending *e)
{
	e->marker[0] = 0;
}

void
ending_so_far(const struct ending *e, enum ending_how *how, size_t *processes)
{
	*how = e->how;
	*processes = e->n_all;
}

size_t
ending_processes(const struct ending *e)
{
	return e->n;
}

uint64_t
ending_footprint(const struct ending *e)
{
	return e->bytes;
}

struct ending *
ending_start(uv_loop_t *loop, const struct ending_tree *tree, const struct ending_times *t,
	ending_spare_cb spare, ending_cb cb, void *ctx)
{
	struct ending *e = xcalloc(1, sizeof *e);

	e->times = *t;
	e->root = tree->root;
	e->root_start = tree->root ? tree->root_start : UINT64_MAX;
	e->table = tree->table;
	if (tree->marker)
		snprintf(e->marker, sizeof e->marker, "%s", tree->marker);
	e->spare = spare;
	e->cb = cb;
	e->ctx = ctx;
	e->how = ENDED_BY_QUIT;
	uv_timer_init(loop, &e->timer);
	e->timer.data = e;
	uv_update_time(loop);
	begin(e, t->quit_ms ? STEP_QUIT : t->hup_ms ? STEP_HUP : STEP_KILL);
	uv_timer_start(&e->timer, on_timer, LOOK_MS, LOOK_MS);
	return e;
}
