/* libuv's streams take POLLHUP on a pty for the end of file and lose what a child wrote right
 * before it left; so the read()s are our own. All masters sit in one edge-triggered epoll set,
 * whose fd is the only thing the loop polls: a pty costs no system call but its read()s and writes.
 *
 *   edge ─► ready list ─► idle handle: turns of one read() each, for SLICE_NS, then the loop looks
 *   at clients again ─► … ─► read() says EAGAIN: off the list, the next edge brings it back
 *
 * What a read() brought may ask for more work than is good for a turn: then the session leaves some
 * of it, and the turns after that are for the rest.
 *
 * A pty that floods is taken out of the set while it is ready: looking at the set asks each of its
 * members that had an edge, and asking a pty waits for the kernel's worker that carries its bytes.
 *
 * There are two lists, on screen and off screen, served in alternation: what someone looks at never
 * waits behind more than one other turn, and what it prints ends the slice, so that it is painted
 * before another turn. A key comes first: until its echo is there (PTY_ECHO_NS at most) only what
 * is on screen is read. A program that floods then stands still on its full pty, which leaves a
 * core to the kernel's worker that carries the echo; the loop spins meanwhile, since being woken
 * takes longer than the echo. Who types will type again: for TYPIST_NS the loop looks for the next
 * key after each turn.
 *
 * While a pty says EIO with a live child (nobody has the other end open), it is tried again every
 * RETRY_MS. */
#include "sessions/pty/pty.h"
#include "core/base/buf.h"
#include "core/os/os.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <unistd.h>

#define PTY_MAGIC 0x50545921u
#define SLICE_NS 300000u
#define RETRY_MS 50
#define QUIET_NS 200000000u
#define LAST_NS 1000000000u
#define EVENTS 64
#define FLOOD_TURNS 8 /* so many read()s in a row that brought something */
#define TYPIST_NS 1000000000u

TAILQ_HEAD(pty_list, pty);
struct pty {
	uint32_t magic;
	struct pty_hub *hub;
	struct ring *ring;
	struct pty_ops ops;
	int fd;
	bool ready, visible, waiting; /* on a ready list; on the list of those to try again */
	bool child_gone, hung_up;
	bool behind;	  /* its output has not been worked off */
	uint64_t last_ns; /* that its output took since its child is gone */
	uint32_t edges;	  /* asked for */
	unsigned streak;  /* read()s since EAGAIN; from FLOOD_TURNS on, no edges of input come */
	uint64_t quiet_since; /* EAGAIN since; 0: it has output */
	struct buf in;	      /* input not written yet, from in_off on */
	size_t in_off;
	TAILQ_ENTRY(pty) link, wait;
};
struct pty_hub {
	uv_loop_t *loop;
	int epfd;
	uv_poll_t poll;
	uv_idle_t idle;
	uv_timer_t retry;
	struct pty_list ready[2]; /* [visible] */
	struct pty_list waiting;
	bool draining, retrying;
	struct pty *typed;	       /* its echo is waited for, until echo_end */
	uint64_t echo_end, typist_end; /* until typist_end a slice is one turn */
	unsigned turn, handles;
};

static struct pty *
pty_check(void *p)
{
	CHECK(p && ((struct pty *)p)->magic == PTY_MAGIC);
	return p;
}

static void on_idle(uv_idle_t *h);
static void on_retry(uv_timer_t *t);

static void
make_ready(struct pty *p)
{
	if (p->ready)
		return;
	p->ready = true;
	TAILQ_INSERT_TAIL(&p->hub->ready[p->visible], p, link);
	if (!p->hub->draining) {
		p->hub->draining = true;
		uv_idle_start(&p->hub->idle, on_idle);
	}
}

static void
not_ready(struct pty *p)
{
	if (p->ready)
		TAILQ_REMOVE(&p->hub->ready[p->visible], p, link);
	p->ready = false;
}

/* To be looked at again without an edge: hung up, or its child is gone. */
static void
wait_more(struct pty *p)
{
	if (p->waiting)
		return;
	p->waiting = true;
	TAILQ_INSERT_TAIL(&p->hub->waiting, p, wait);
	if (!p->hub->retrying) {
		p->hub->retrying = true;
		uv_timer_start(&p->hub->retry, on_retry, RETRY_MS, RETRY_MS);
	}
}

/* Output: not of one that floods. Room for input: only while some waits, since each byte that the
 * child takes is an edge too. What came meanwhile is said at once. */
static void
set_edges(struct pty *p)
{
	uint32_t want = (p->streak < FLOOD_TURNS ? EPOLLIN : 0) | (p->in.len ? EPOLLOUT : 0);
	struct epoll_event ev = {.events = want | EPOLLET, .data.ptr = p};

	if (want == p->edges)
		return;
	CHECK(epoll_ctl(p->hub->epfd, EPOLL_CTL_MOD, p->fd, &ev) == 0);
	p->edges = want;
}

/* False: p is gone. A dead child's last words are heard, but not for ever. */
static bool
work_off(struct pty *p, size_t n)
{
	uint64_t begin = os_mono_ns();

	p->behind = !p->ops.output(p->ops.ctx, n);
	if (!p->child_gone)
		return true;
	p->last_ns += os_mono_ns() - begin;
	if (!p->behind || p->last_ns < LAST_NS)
		return true;
	p->ops.ended(p->ops.ctx);
	return false;
}

/* One read(), or what the last one left. True if there was output. p may be gone after false. */
static bool
turn(struct pty *p)
{
	ssize_t n;

	if (p->behind)
		return work_off(p, 0);
	do
		n = read(p->fd, ring_place(p->ring), RING_READ);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		p->quiet_since = 0;
		p->hung_up = false;
		if (p->hub->typed == p)
			p->hub->typed = NULL;
		if (++p->streak == FLOOD_TURNS)
			set_edges(p);
		ring_commit(p->ring, (size_t)n);
		return work_off(p, (size_t)n);
	}
	p->hung_up = n == 0 || errno != EAGAIN;
	p->streak = 0;
	set_edges(p);
	not_ready(p);
	if (!p->quiet_since)
		p->quiet_since = os_mono_ns();
	if (p->child_gone && (p->hung_up || os_mono_ns() - p->quiet_since >= QUIET_NS))
		p->ops.ended(p->ops.ctx);
	else if (p->hung_up || p->child_gone)
		wait_more(p);
	return false;
}

void
pty_read_on(struct pty *p)
{
	if (!pty_check(p)->child_gone)
		turn(p);
}

/* NULL: none, for the time being. */
static struct pty *
whose_turn(struct pty_hub *h, uint64_t now)
{
	bool visible = ++h->turn & 1;

	if (now >= h->echo_end)
		h->typed = NULL;
	if (h->typed)
		visible = true;
	else if (TAILQ_EMPTY(&h->ready[visible]))
		visible = !visible;
	return TAILQ_FIRST(&h->ready[visible]);
}

static void
on_idle(uv_idle_t *idle)
{
	struct pty_hub *h = idle->data;
	uint64_t now = os_mono_ns(), end = now < h->typist_end ? now : now + SLICE_NS;
	bool shown = false;
	struct pty *p;

	while (!shown && (p = whose_turn(h, now))) {
		bool visible = p->visible;
		if (turn(p)) {
			shown = visible;
			if (p->ready) {
				TAILQ_REMOVE(&h->ready[p->visible], p, link);
				TAILQ_INSERT_TAIL(&h->ready[p->visible], p, link);
			}
		}
		if ((now = os_mono_ns()) >= end)
			break;
	}
	if (TAILQ_EMPTY(&h->ready[false]) && TAILQ_EMPTY(&h->ready[true])) {
		h->draining = false;
		uv_idle_stop(idle);
	}
}

static void
on_retry(uv_timer_t *t)
{
	struct pty_hub *hub = t->data;
	struct pty_list now;
	struct pty *p;

	TAILQ_INIT(&now);
	TAILQ_CONCAT(&now, &hub->waiting, wait);
	while ((p = TAILQ_FIRST(&now))) {
		TAILQ_REMOVE(&now, p, wait);
		p->waiting = false;
		make_ready(p); /* its turn says whether it goes on waiting */
	}
	if (TAILQ_EMPTY(&hub->waiting)) {
		hub->retrying = false;
		uv_timer_stop(t);
	}
}

static void
flush_input(struct pty *p)
{
	while (p->in_off < p->in.len) {
		ssize_t n = write(p->fd, p->in.data + p->in_off, p->in.len - p->in_off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		p->in_off += (size_t)n;
	}
	if (p->in_off == p->in.len) {
		p->in.len = p->in_off = 0;
		if (p->in.cap > 65536)
			buf_free(&p->in);
	}
	set_edges(p);
}

static void
on_edges(uv_poll_t *h, int status, int events)
{
	struct pty_hub *hub = h->data;
	struct epoll_event ev[EVENTS];
	int n;

	(void)status;
	(void)events;
	n = epoll_wait(hub->epfd, ev, EVENTS, 0);
	for (int i = 0; i < n; i++) {
		struct pty *p = pty_check(ev[i].data.ptr);
		if ((ev[i].events & EPOLLOUT) && p->in.len)
			flush_input(p);
		if (ev[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			make_ready(p);
	}
}

struct pty_hub *
pty_hub_new(uv_loop_t *loop)
{
	struct pty_hub *h = xcalloc(1, sizeof(*h));

	h->loop = loop;
	if ((h->epfd = epoll_create1(EPOLL_CLOEXEC)) < 0) {
		free(h);
		return NULL;
	}
	TAILQ_INIT(&h->ready[0]);
	TAILQ_INIT(&h->ready[1]);
	TAILQ_INIT(&h->waiting);
	CHECK(uv_poll_init(loop, &h->poll, h->epfd) == 0);
	CHECK(uv_idle_init(loop, &h->idle) == 0 && uv_timer_init(loop, &h->retry) == 0);
	h->poll.data = h->idle.data = h->retry.data = h;
	h->handles = 3;
	uv_poll_start(&h->poll, UV_READABLE, on_edges);
	return h;
}

static void
on_closed(uv_handle_t *handle)
{
	struct pty_hub *h = handle->data;

	if (--h->handles)
		return;
	close(h->epfd);
	free(h);
}

void
pty_hub_close(struct pty_hub *h)
{
	uv_close((uv_handle_t *)&h->poll, on_closed);
	uv_close((uv_handle_t *)&h->idle, on_closed);
	uv_close((uv_handle_t *)&h->retry, on_closed);
}

struct pty *
pty_new(struct pty_hub *h, int take_fd, struct ring *ring, const struct pty_ops *ops)
{
	struct pty *p = xcalloc(1, sizeof(*p));
	struct epoll_event ev = {.events = EPOLLIN | EPOLLET, .data.ptr = p};

	*p = (struct pty){.magic = PTY_MAGIC,
		.hub = h,
		.ring = ring,
		.ops = *ops,
		.fd = take_fd,
		.edges = EPOLLIN};
	if (epoll_ctl(h->epfd, EPOLL_CTL_ADD, take_fd, &ev) < 0) {
		close(take_fd);
		free(p);
		return NULL;
	}
	make_ready(p);
	return p;
}

void
pty_free(struct pty *p)
{
	if (!p)
		return;
	pty_check(p);
	not_ready(p);
	if (p->hub->typed == p)
		p->hub->typed = NULL;
	if (p->waiting)
		TAILQ_REMOVE(&p->hub->waiting, p, wait);
	/* the keeper holds the file open too: closing alone would leave it in the set */
	epoll_ctl(p->hub->epfd, EPOLL_CTL_DEL, p->fd, NULL);
	close(p->fd);
	buf_free(&p->in);
	p->magic = 0;
	free(p);
}

int
pty_fd(const struct pty *p)
{
	return p->fd;
}

void
pty_resize(struct pty *p, int cols, int rows)
{
	struct winsize ws = {.ws_col = (unsigned short)cols, .ws_row = (unsigned short)rows};

	ioctl(p->fd, TIOCSWINSZ, &ws);
}

void
pty_child_gone(struct pty *p)
{
	p->child_gone = true;
	make_ready(p);
}

void
pty_set_visible(struct pty *p, bool visible)
{
	bool was = p->ready;

	if (p->visible == visible)
		return;
	not_ready(p);
	p->visible = visible;
	if (was)
		make_ready(p);
}

void
pty_typed(struct pty *p)
{
	struct pty_hub *h = p->hub;
	uint64_t now = os_mono_ns();

	h->typed = p;
	h->echo_end = now + PTY_ECHO_NS;
	h->typist_end = now + TYPIST_NS;
}

static size_t
queued(const struct pty *p)
{
	return p->in.len - p->in_off;
}

int
pty_write(struct pty *p, const void *bytes, size_t n)
{
	const uint8_t *b = bytes;

	if (p->hung_up && p->child_gone)
		return -EIO;
	if (queued(p) + n > PTY_INPUT_MAX)
		return -ENOBUFS;
	if (!p->in.len) {
		ssize_t k = write(p->fd, b, n);
		if (k > 0) {
			b += k;
			n -= (size_t)k;
		}
	}
	if (n) {
		if (p->in_off) {
			buf_drop(&p->in, p->in_off);
			p->in_off = 0;
		}
		buf_put(&p->in, b, n);
		set_edges(p);
	}
	return 0;
}
