#include "sessions/pty/keeper_link.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/config/config.h"
#include "sessions/keeper/record.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/close_range.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define HANDSHAKE_MS 5000
#define RETRY_MS 200
#define WAITING_MAX 65536 /* records for a keeper that reads nothing */

/* Said, and not taken yet: the keeper is stopped, or busy. */
struct waiting {
	struct keeper_rec r;
	int fd[2]; /* ours; -1 none */
	TAILQ_ENTRY(waiting) link;
};
struct keeper_link {
	int fd;
	int binary, self; /* the keeper's program and this one, should their paths be gone; -1 */
	pid_t pid;
	bool polling, lost, trial;
	uv_loop_t *loop;
	uv_poll_t poll;
	struct keeper_ops ops;
	TAILQ_HEAD(, waiting) waiting;
	unsigned n_waiting;
};

bool
self_binary(char *out, size_t cap)
{
	ssize_t n = readlink("/proc/self/exe", out, cap - 1);
	char *gone;

	if (n <= 0)
		return false;
	out[n] = 0;
	/* replaced while running: the file at its place is the one to start */
	if ((gone = strstr(out, " (deleted)")) && !gone[10])
		*gone = 0;
	return true;
}

bool
self_replaced(void)
{
	struct stat mine, there;
	char path[4096];

	return self_binary(path, sizeof(path)) && stat("/proc/self/exe", &mine) == 0 &&
	       stat(path, &there) == 0 &&
	       (mine.st_dev != there.st_dev || mine.st_ino != there.st_ino);
}

bool
keeper_binary(char *out, size_t cap)
{
	char *slash;

	if (!self_binary(out, cap) || !(slash = strrchr(out, '/')) ||
		(size_t)(slash - out) + sizeof("/" KEEPER_NAME) > cap)
		return false;
	memcpy(slash, "/" KEEPER_NAME, sizeof("/" KEEPER_NAME));
	return true;
}

static struct keeper_held *
held_of(struct keeper_held **held, size_t *n, uint32_t id)
{
	struct keeper_held *h;

	for (size_t i = 0; i < *n; i++)
		if ((*held)[i].id == id)
			return &(*held)[i];
	*held = xrealloc(*held, (*n + 1) * sizeof(**held));
	h = &(*held)[(*n)++];
	*h = (struct keeper_held){.id = id};
	for (int s = 0; s < KEEPER_SLOTS; s++)
		h->fd[s] = -1;
	return h;
}

static int
read_replay(struct keeper_link *l, struct keeper_held **held, size_t *n)
{
	struct keeper_rec r;
	int fd[KEEPER_REC_FDS];

	for (;;) {
		struct pollfd p = {l->fd, POLLIN, 0};
		if (poll(&p, 1, HANDSHAKE_MS) <= 0)
			return -ETIMEDOUT;
		int rc = record_receive(l->fd, &r, fd);
		if (rc == -EAGAIN)
			continue;
		if (rc <= 0)
			return rc < 0 ? rc : -EPIPE;
		if (r.type == KEEPER_HELLO)
			l->pid = r.pid;
		else if (r.type == KEEPER_TRIAL)
			l->trial = true;
		else if (r.type == KEEPER_HELD && r.slot < KEEPER_SLOTS && fd[0] >= 0) {
			struct keeper_held *h = held_of(held, n, r.id);
			if (h->fd[r.slot] < 0) {
				h->fd[r.slot] = fd[0];
				fd[0] = -1;
			}
		} else if (r.type == KEEPER_CHILD) {
			struct keeper_held *h = held_of(held, n, r.id);
			h->pid = r.pid;
			h->start = r.start;
			h->flags = r.flags;
			h->status = r.status;
		} else if (r.type == KEEPER_READY) {
			record_close(fd);
			return 0;
		}
		record_close(fd);
	}
}

/* The keeper's: its own, or else the file that is there. */
static void
take_binaries(struct keeper_link *l, struct keeper_held *held, size_t n)
{
	char path[4096];

	l->self = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	for (size_t i = 0; i < n; i++)
		if (!held[i].id && held[i].fd[KEEPER_BINARY] >= 0) {
			l->binary = held[i].fd[KEEPER_BINARY];
			held[i].fd[KEEPER_BINARY] = -1;
			return;
		}
	if (keeper_binary(path, sizeof(path)) && (l->binary = open(path, O_PATH | O_CLOEXEC)) >= 0)
		keeper_hold(l, 0, KEEPER_BINARY, l->binary);
}

struct keeper_link *
keeper_link_open(int take_fd, struct keeper_held **held, size_t *n, struct err *e)
{
	struct keeper_link *l = xcalloc(1, sizeof(*l));
	int rc;

	*held = NULL;
	*n = 0;
	l->fd = take_fd;
	l->binary = l->self = -1;
	TAILQ_INIT(&l->waiting);
	fcntl(take_fd, F_SETFD, FD_CLOEXEC);
	if ((rc = read_replay(l, held, n)) < 0) {
		err_set(e, 4, "no keeper behind this server (%s)", strerror(-rc));
		keeper_held_free(*held, *n);
		*held = NULL;
		close(l->fd);
		free(l);
		return NULL;
	}
	take_binaries(l, *held, *n);
	return l;
}

int
keeper_held_take(struct keeper_held *h, int slot)
{
	int fd = h ? h->fd[slot] : -1;

	if (h)
		h->fd[slot] = -1;
	return fd;
}

struct keeper_held *
keeper_held_globals(struct keeper_held *h, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!h[i].id)
			return &h[i];
	return NULL;
}

void
keeper_held_free(struct keeper_held *held, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (int slot = 0; slot < KEEPER_SLOTS; slot++)
			if (held[i].fd[slot] >= 0)
				close(held[i].fd[slot]);
	free(held);
}

static void
waiting_drop(struct keeper_link *l)
{
	struct waiting *w = TAILQ_FIRST(&l->waiting);

	TAILQ_REMOVE(&l->waiting, w, link);
	l->n_waiting--;
	for (int i = 0; i < 2; i++)
		if (w->fd[i] >= 0)
			close(w->fd[i]);
	free(w);
}

/* 0: all is said; -EAGAIN; -errno. */
static int
say_waiting(struct keeper_link *l)
{
	struct waiting *w;
	int rc = 0;

	while ((w = TAILQ_FIRST(&l->waiting)) &&
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): TAILQ_REMOVE takes each one out */
		(rc = record_send(l->fd, w->r, w->fd[0], w->fd[1])) == 0)
		waiting_drop(l);
	return rc;
}

static void on_event(uv_poll_t *h, int status, int events);

static void
poll_again(struct keeper_link *l)
{
	int events = UV_READABLE | (TAILQ_EMPTY(&l->waiting) ? 0 : UV_WRITABLE);

	if (l->polling && !l->lost)
		CHECK(uv_poll_start(&l->poll, events, on_event) == 0);
}

static void
on_event(uv_poll_t *h, int status, int events)
{
	struct keeper_link *l = h->data;
	struct keeper_rec r;
	int fd[KEEPER_REC_FDS], rc;

	(void)status;
	if (events & UV_WRITABLE && say_waiting(l) == 0)
		poll_again(l);
	while ((rc = record_receive(l->fd, &r, fd)) > 0) {
		if (r.type == KEEPER_SPAWNED) {
			l->ops.spawned(l->ops.ctx, r.id, r.pid, r.start, r.error, fd[0], fd[1]);
			fd[0] = fd[1] = -1;
		} else if (r.type == KEEPER_EXITED)
			l->ops.exited(l->ops.ctx, r.id, r.pid, r.status);
		else if (r.type == KEEPER_UPGRADED)
			l->ops.upgraded(l->ops.ctx, r.error);
		record_close(fd);
	}
	if (rc == -EAGAIN)
		return;
	uv_poll_stop(&l->poll);
	log_error("keeper %d is gone", (int)l->pid);
	l->lost = true;
	while (!TAILQ_EMPTY(&l->waiting))
		waiting_drop(l);
	l->ops.lost(l->ops.ctx);
}

void
keeper_link_start(struct keeper_link *l, uv_loop_t *loop, const struct keeper_ops *ops)
{
	l->loop = loop;
	l->ops = *ops;
	CHECK(uv_poll_init(loop, &l->poll, l->fd) == 0);
	l->poll.data = l;
	l->polling = true;
	poll_again(l);
}

static void
link_free(struct keeper_link *l)
{
	while (!TAILQ_EMPTY(&l->waiting))
		waiting_drop(l);
	if (l->binary >= 0)
		close(l->binary);
	if (l->self >= 0)
		close(l->self);
	close(l->fd);
	free(l);
}

static void
on_closed(uv_handle_t *h)
{
	link_free(h->data);
}

void
keeper_link_close(struct keeper_link *l)
{
	if (l->polling)
		uv_close((uv_handle_t *)&l->poll, on_closed);
	else
		link_free(l);
}

pid_t
keeper_link_pid(const struct keeper_link *l)
{
	return l->pid;
}

/* Never waits: what the keeper does not take now it gets when it reads again. */
static int
send_rec(struct keeper_link *l, struct keeper_rec r, int fd0, int fd1)
{
	struct waiting *w;
	int fds[2] = {fd0, fd1}, rc = l->lost ? -EPIPE : say_waiting(l);

	if (rc == 0)
		rc = record_send(l->fd, r, fd0, fd1);
	if (rc != -EAGAIN || l->n_waiting == WAITING_MAX)
		return rc;
	w = xcalloc(1, sizeof(*w));
	w->r = r;
	for (int i = 0; i < 2; i++)
		w->fd[i] = fds[i] < 0 ? -1 : fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
	TAILQ_INSERT_TAIL(&l->waiting, w, link);
	l->n_waiting++;
	if ((fd0 >= 0 && w->fd[0] < 0) || (fd1 >= 0 && w->fd[1] < 0)) {
		rc = -errno;
		TAILQ_REMOVE(&l->waiting, w, link);
		TAILQ_INSERT_HEAD(&l->waiting, w, link);
		waiting_drop(l);
		return rc;
	}
	poll_again(l);
	return 0;
}

void
keeper_link_flush(struct keeper_link *l, int ms)
{
	struct pollfd p = {l->fd, POLLOUT, 0};

	while (!l->lost && say_waiting(l) == -EAGAIN && poll(&p, 1, ms) > 0)
		;
}

int
keeper_spawn(struct keeper_link *l, uint32_t id, int cols, int rows, int spec, int ring)
{
	struct keeper_rec r = {
		.type = KEEPER_SPAWN, .id = id, .cols = (uint16_t)cols, .rows = (uint16_t)rows};

	return send_rec(l, r, spec, ring);
}

int
keeper_hold(struct keeper_link *l, uint32_t id, int slot, int fd)
{
	return send_rec(l,
		(struct keeper_rec){.type = KEEPER_HOLD, .id = id, .slot = (uint16_t)slot}, fd, -1);
}

int
keeper_drop(struct keeper_link *l, uint32_t id, int slot)
{
	return send_rec(l,
		(struct keeper_rec){.type = KEEPER_DROP, .id = id, .slot = (uint16_t)slot}, -1, -1);
}

int
keeper_adopt(struct keeper_link *l, uint32_t id, pid_t pid, uint64_t start, bool gone, int status,
	int pidfd)
{
	struct keeper_rec r = {.type = KEEPER_ADOPT,
		.id = id,
		.pid = pid,
		.start = start,
		.flags = gone ? KEEPER_GONE : KEEPER_RUNNING,
		.status = status};

	return send_rec(l, r, pidfd, -1);
}

int
keeper_serving(struct keeper_link *l, unsigned sessions)
{
	if (l->self >= 0)
		keeper_hold(l, 0, KEEPER_SERVER_BINARY, l->self);
	return send_rec(l, (struct keeper_rec){.type = KEEPER_SERVING, .id = sessions}, -1, -1);
}

int
keeper_upgrade(struct keeper_link *l, int keeper, int server)
{
	return send_rec(l, (struct keeper_rec){.type = KEEPER_UPGRADE}, keeper, server);
}

/* True when the keeper is gone and nobody serves any more; false when the next one does. */
static bool
keeper_died(struct keeper_link *l)
{
	int fd[KEEPER_REC_FDS], next = -1, rc = 1;
	struct pollfd p = {l->fd, POLLIN, 0};
	struct keeper_rec r = {.pid = 1};

	while (r.pid && rc > 0) {
		poll(&p, 1, -1);
		while ((rc = record_receive(l->fd, &r, fd)) > 0 && r.pid)
			if (r.type == KEEPER_YIELDED && fd[0] >= 0) {
				if (next >= 0)
					close(next);
				next = fd[0];
				fd[0] = -1;
				record_close(fd);
			} else
				record_close(fd);
		if (rc == -EAGAIN)
			rc = 1;
	}
	if (rc <= 0 && next >= 0 && syscall(SYS_pidfd_send_signal, next, SIGKILL, NULL, 0) == 0)
		poll(&(struct pollfd){next, POLLIN, 0}, 1, -1);
	return rc <= 0;
}

bool
keeper_yield(struct keeper_link *l)
{
	struct err e;

	if (send_rec(l, (struct keeper_rec){.type = KEEPER_YIELD}, -1, -1) == 0) {
		keeper_link_flush(l, HANDSHAKE_MS);
		if (!keeper_died(l))
			return true;
	}
	l->lost = true;
	l->polling = false;
	while (!TAILQ_EMPTY(&l->waiting))
		waiting_drop(l);
	while (keeper_link_replace(l, &e) < 0) {
		log_error("%s", e.msg);
		poll(NULL, 0, RETRY_MS);
	}
	return false;
}

bool
keeper_link_trial(const struct keeper_link *l)
{
	return l->trial;
}

int
keeper_proved(struct keeper_link *l, unsigned sessions)
{
	return send_rec(l, (struct keeper_rec){.type = KEEPER_PROVED, .id = sessions}, -1, -1);
}

int
keeper_stop(struct keeper_link *l)
{
	return send_rec(l, (struct keeper_rec){.type = KEEPER_STOP}, -1, -1);
}

static void
exec_keeper(const struct keeper_link *l, int sock)
{
	char path[4096], self[4096],
		*argv[] = {KEEPER_NAME, self, "adopt", (char *)paths()->state, NULL};
	sigset_t none;

	if (!keeper_binary(path, sizeof(path)) || !self_binary(self, sizeof(self)))
		_exit(127);
	setsid();
	if (fork() != 0) /* so that no server is its parent */
		_exit(0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(sock, KEEPER_FD) == KEEPER_FD)
		fcntl(KEEPER_FD, F_SETFD, 0);
	syscall(SYS_close_range, KEEPER_FD + 1, ~0u, CLOSE_RANGE_CLOEXEC);
	execv(path, argv);
	fexecve(l->binary, argv, environ);
	_exit(127);
}

int
keeper_link_replace(struct keeper_link *l, struct err *e)
{
	struct keeper_held *held = NULL;
	size_t n = 0;
	int sv[2], rc, status;
	pid_t pid;

	CHECK(l->lost);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
		return err_set(e, 1, "no socket for a keeper (%s)", strerror(errno));
	if ((pid = fork()) == 0)
		exec_keeper(l, sv[1]);
	close(sv[1]);
	if (pid > 0)
		waitpid(pid, &status, 0);
	dup3(sv[0], l->fd, O_CLOEXEC); /* the same number, so that the handle goes on */
	close(sv[0]);
	if ((rc = pid < 0 ? -EAGAIN : read_replay(l, &held, &n)) < 0) {
		free(held);
		return err_set(e, 1, "no keeper could be started (%s)", strerror(-rc));
	}
	free(held);
	log_info("keeper %d took over", (int)l->pid);
	l->lost = false;
	if (l->binary >= 0)
		keeper_hold(l, 0, KEEPER_BINARY, l->binary);
	if (l->self >= 0)
		keeper_hold(l, 0, KEEPER_SERVER_BINARY, l->self);
	poll_again(l);
	return 0;
}
