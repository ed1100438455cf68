/* muster-keeper SERVER-BINARY [serve|adopt|resume|prove STATE [TABLE FORMER]]: forks the children
 * of all sessions, waits for them, holds the file descriptors that a server must find again, and
 * starts the server whenever it is gone.
 *
 * Why a process of its own: a terminal dies with whoever holds its pty master. So the holder must
 * be too small to fail: it parses nothing, reads no pty, allocates nothing after its start (the
 * table below is all its state), and knows sessions only as numbers with fds. See keeper_proto.h.
 *
 *   server gone ─► reap it ─► (back-off) ─► fork, exec ─► HELLO, HELD…, CHILD…, READY
 *
 * A successor gets the fds only after its predecessor was reaped, since two readers on one ring
 * would corrupt it. HUP, INT, TERM and QUIT are ignored: STOP ends a keeper, or having nothing to
 * keep while the server does not want to be started again. */
#include "sessions/keeper/child.h"
#include "sessions/keeper/record.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BACKOFF_FIRST_MS 50
#define BACKOFF_MAX_MS 5000
#define BACKOFF_SERVED_MS 10
#define SHORT_LIFE_MS 1000 /* one that served is started again at once, if it lived longer */
#define PROVE_MS 3000
#define FAILS_MAX 8 /* so many in a row with nothing to keep: give up */

#define REPLAY_DONE UINT_MAX
/* The server's allocator is to keep no freed blocks by thread: up to 230 KiB each, scattered over
 * the heap, and every page with one of them stays after all sessions went. Only the environment
 * that a program starts with can say so; no child gets this one. */
#define SERVER_TUNABLES "glibc.malloc.tcache_count=0"

enum { NEWS_SPAWNED = 1, NEWS_EXITED = 2 };

struct entry {
	bool used;
	uint32_t id;
	int32_t pid; /* 0: no child */
	uint32_t flags;
	uint64_t start;
	int32_t status;
	uint8_t news; /* NEWS_*: what the server was not told */
	int error;    /* of NEWS_SPAWNED: errno, or 0 */
	int exec_fd;  /* the child reports a failed exec here; -1 once it runs */
	int fd[KEEPER_SLOTS];
};
static struct {
	struct entry e[KEEPER_ENTRIES];
	unsigned n; /* entries at and beyond n were never used */
	const char *server_path, *state;
	int sock, sigfd; /* sock -1: no server */
	pid_t server;	 /* 0: none */
	int holder;	 /* socket of one that yielded, until the next one serves; -1 */
	bool adopted, stopping, served;
	const char *former; /* after an upgrade, until the next server has the sessions that it is
			     * told of: what serves if it has not */
	unsigned told;	    /* so many with a process */
	unsigned fails;
	unsigned replay;		 /* cursor; REPLAY_DONE */
	struct keeper_rec refusal;	 /* to be said before more is heard; type 0: none */
	uint64_t started_ms, restart_ms; /* restart_ms 0: not due */
	sigset_t old_mask;
} k;

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static struct entry *
entry_find(uint32_t id)
{
	for (unsigned i = 0; i < k.n; i++)
		if (k.e[i].used && k.e[i].id == id)
			return &k.e[i];
	return NULL;
}

static struct entry *
entry_get(uint32_t id)
{
	struct entry *e = entry_find(id);

	for (unsigned i = 0; !e && i < KEEPER_ENTRIES; i++) {
		if (k.e[i].used)
			continue;
		e = &k.e[i];
		*e = (struct entry){.used = true, .id = id, .exec_fd = -1};
		for (int s = 0; s < KEEPER_SLOTS; s++)
			e->fd[s] = -1;
		if (i >= k.n)
			k.n = i + 1;
	}
	return e;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
entry_drop(struct entry *e)
{
	for (int s = 0; s < KEEPER_SLOTS; s++)
		close_fd(&e->fd[s]);
	close_fd(&e->exec_fd);
	e->used = false;
}

static bool
keeping(void)
{
	for (unsigned i = 0; i < k.n; i++)
		if (k.e[i].used && k.e[i].pid && !(k.e[i].flags & KEEPER_GONE))
			return true;
	return false;
}

/* To the server; false while it reads too slowly. A dead one is noticed by its reaping. */
static bool
tell(struct keeper_rec r, int fd0, int fd1)
{
	return k.sock < 0 || record_send(k.sock, r, fd0, fd1) != -EAGAIN;
}

static struct keeper_rec
about(const struct entry *e, enum keeper_type type)
{
	return (struct keeper_rec){.type = (uint16_t)type,
		.id = e->id,
		.pid = e->pid,
		.start = e->start,
		.error = e->error,
		.status = e->status,
		.flags = e->flags};
}

/* Its news tell of master and child once it has become its program, or has not: nothing else may,
 * or a server would have two masters to read. */
static bool
starting(const struct entry *e)
{
	return e->exec_fd >= 0 || e->news & NEWS_SPAWNED;
}

/* The record at the replay's cursor: HELLO, then of each entry its slots and its child, READY. */
static bool
replay_record(void)
{
	unsigned i = (k.replay - 1) / (KEEPER_SLOTS + 1), s = (k.replay - 1) % (KEEPER_SLOTS + 1);
	struct keeper_rec r = {.type = KEEPER_HELLO, .id = KEEPER_VERSION, .pid = getpid()};
	struct entry *e = i < k.n ? &k.e[i] : NULL;

	if (!k.replay)
		return tell(r, -1, -1);
	if (!e)
		return tell((struct keeper_rec){.type = KEEPER_READY}, -1, -1);
	if (!e->used || (s < KEEPER_SLOTS ? e->fd[s] < 0 : !e->pid && !starting(e)))
		return true;
	if (s == KEEPER_SLOTS) {
		r = about(e, KEEPER_CHILD);
		r.flags = starting(e) ? KEEPER_STARTING : e->flags;
		if (!tell(r, -1, -1))
			return false;
		k.told += !(r.flags & KEEPER_GONE);
		return true;
	}
	if ((s == KEEPER_MASTER || s == KEEPER_PIDFD) && starting(e))
		return true;
	r = (struct keeper_rec){.type = KEEPER_HELD, .id = e->id, .slot = (uint16_t)s};
	return tell(r, e->fd[s], -1);
}

static bool
tell_news(struct entry *e)
{
	if (e->news & NEWS_SPAWNED &&
		!tell(about(e, KEEPER_SPAWNED), e->fd[KEEPER_MASTER], e->fd[KEEPER_PIDFD]))
		return false;
	e->news &= NEWS_EXITED;
	if (e->news && !tell(about(e, KEEPER_EXITED), -1, -1))
		return false;
	e->news = 0;
	return true;
}

/* All that the server has not been told; returns whether something is left for later. */
static bool
tell_all(void)
{
	unsigned end = 1 + k.n * (KEEPER_SLOTS + 1);

	for (; k.replay <= end; k.replay++)
		if (!replay_record())
			return true;
	k.replay = REPLAY_DONE;
	if (k.refusal.type && !tell(k.refusal, -1, -1))
		return true;
	k.refusal.type = 0;
	for (unsigned i = 0; i < k.n; i++)
		if (k.e[i].used && !tell_news(&k.e[i]))
			return true;
	return false;
}

/* A new server hears the table, and of what its predecessor did not live to hear only what the
 * table does not tell. */
static void
replay(void)
{
	for (unsigned i = 0; i < k.n; i++)
		if (!starting(&k.e[i]))
			k.e[i].news = 0;
	k.refusal.type = 0;
	k.replay = 0;
	k.told = 0;
}

/* Whom to end should this keeper die now; or 0: it may leave. */
static void
tell_holder(pid_t next)
{
	int pidfd = next ? (int)syscall(SYS_pidfd_open, next, 0) : -1;

	record_send(k.holder, (struct keeper_rec){.type = KEEPER_YIELDED, .pid = next}, pidfd, -1);
	close_fd(&pidfd);
	if (!next)
		close_fd(&k.holder);
}

static void
server_start(void)
{
	int sv[2];
	char *argv[] = {"muster", "server", "run", NULL};

	k.restart_ms = 0;
	k.started_ms = now_ms();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0) {
		k.restart_ms = k.started_ms + BACKOFF_MAX_MS;
		return;
	}
	k.server = fork();
	if (k.server == 0) {
		signals_default();
		if (sv[1] == KEEPER_FD)
			fcntl(KEEPER_FD, F_SETFD, 0);
		else
			dup2(sv[1], KEEPER_FD);
		syscall(SYS_close_range, KEEPER_FD + 1, ~0u, CLOSE_RANGE_CLOEXEC);
		if (k.fails % 2 == 0) /* else what is there does not come to serve */
			execv(k.server_path, argv);
		fexecve(k.e[0].fd[KEEPER_SERVER_BINARY], argv, environ);
		execv(k.server_path, argv);
		_exit(127);
	}
	close(sv[1]);
	k.sock = sv[0];
	if (k.server < 0) {
		k.server = 0;
		close_fd(&k.sock);
		k.restart_ms = k.started_ms + BACKOFF_MAX_MS;
		return;
	}
	if (k.holder >= 0) /* before the next one knows of anything */
		tell_holder(k.server);
	replay();
}

static bool listen_to_server(void);

static void
server_gone(int status)
{
	bool wanted = !(WIFEXITED(status) && WEXITSTATUS(status) == KEEPER_EXIT_FINAL);
	uint64_t now = now_ms(), wait = 0;

	while (k.sock >= 0 && listen_to_server()) /* what it said last still counts */
		;
	close_fd(&k.sock);
	k.server = 0;
	k.adopted = false;
	k.fails = k.served ? 0 : k.fails + 1;
	if (k.former && k.fails) {
		k.server_path = k.former;
		k.former = NULL;
	}
	if (k.served && now - k.started_ms < SHORT_LIFE_MS)
		wait = BACKOFF_SERVED_MS;
	k.served = false;
	if (k.stopping || (!keeping() && (!wanted || k.fails >= FAILS_MAX)))
		exit(k.stopping ? 0 : 1);
	if (k.fails > 1) {
		wait = (uint64_t)BACKOFF_FIRST_MS << (k.fails < 8 ? k.fails - 1 : 7);
		wait = wait > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : wait;
	}
	k.restart_ms = now + wait;
	if (!wait)
		server_start();
}

static void
spawn(const struct keeper_rec *r, int spec, int ring)
{
	struct entry *e = entry_get(r->id);
	int report[2] = {-1, -1}, err;

	if (!e || e->exec_fd >= 0 || (e->pid && !(e->flags & KEEPER_GONE))) {
		close_fd(&spec);
		close_fd(&ring);
		k.refusal = (struct keeper_rec){
			.type = KEEPER_SPAWNED, .id = r->id, .error = e ? EBUSY : ENFILE};
		return;
	}
	close_fd(&e->fd[KEEPER_MASTER]);
	close_fd(&e->fd[KEEPER_PIDFD]);
	close_fd(&e->fd[KEEPER_SPEC]);
	e->fd[KEEPER_SPEC] = spec;
	if (ring >= 0) {
		close_fd(&e->fd[KEEPER_RING]);
		e->fd[KEEPER_RING] = ring;
	}
	e->pid = 0;
	e->news = 0;
	if ((e->fd[KEEPER_MASTER] = open_pty(r->cols, r->rows)) < 0 ||
		pipe2(report, O_CLOEXEC) < 0 || (e->pid = fork()) < 0) {
		err = errno;
		e->pid = 0;
		close_fd(&e->fd[KEEPER_MASTER]);
		close_fd(&report[0]);
		close_fd(&report[1]);
		e->error = err;
		e->news = NEWS_SPAWNED;
		return;
	}
	if (e->pid == 0) {
		err = child_become(e->fd[KEEPER_MASTER], spec, &report[1]);
		_exit(write(report[1], &err, sizeof(err)) == sizeof(err) ? 127 : 126);
	}
	close(report[1]);
	e->exec_fd = report[0];
	e->flags = KEEPER_STARTING;
	e->status = 0;
	e->start = start_of(e->pid);
	e->fd[KEEPER_PIDFD] = (int)syscall(SYS_pidfd_open, e->pid, 0);
}

/* The child has become its program, or has said why not. */
static void
spawn_settled(struct entry *e)
{
	int err = 0;

	if (read(e->exec_fd, &err, sizeof(err)) != sizeof(err))
		err = 0;
	close_fd(&e->exec_fd);
	e->error = err;
	e->news = NEWS_SPAWNED;
	if (err) {
		e->pid = 0; /* its end is nobody's business */
		close_fd(&e->fd[KEEPER_MASTER]);
		close_fd(&e->fd[KEEPER_PIDFD]);
		return;
	}
	e->flags = (e->flags & KEEPER_GONE) ? KEEPER_GONE : KEEPER_RUNNING;
}

static void
child_gone(struct entry *e, int status)
{
	if (e->exec_fd >= 0)
		spawn_settled(e);
	if (!e->pid)
		return;
	e->flags = KEEPER_GONE;
	e->status = status;
	e->news |= NEWS_EXITED;
}

static void
reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == k.server) {
			server_gone(status);
			continue;
		}
		for (unsigned i = 0; i < k.n; i++)
			if (k.e[i].used && k.e[i].pid == pid && !(k.e[i].flags & KEEPER_GONE)) {
				child_gone(&k.e[i], status);
				break;
			}
	}
}

static void
adopt(const struct keeper_rec *r, int pidfd)
{
	struct entry *e = entry_get(r->id);

	if (!e) {
		close_fd(&pidfd);
		return;
	}
	int slot = r->id ? KEEPER_PIDFD : KEEPER_SERVER_PIDFD;
	if (pidfd >= 0) {
		close_fd(&e->fd[slot]);
		e->fd[slot] = pidfd;
	}
	if (!r->id) {
		k.server = r->pid;
		return;
	}
	e->pid = r->pid;
	e->start = r->start;
	e->status = r->status;
	e->flags = (r->flags & KEEPER_GONE) ? KEEPER_GONE : KEEPER_RUNNING | KEEPER_ADOPTED;
}

/* ---- becoming another program ---- */

static bool
put_record(int fd, struct keeper_rec r)
{
	r.magic = KEEPER_MAGIC;
	return write(fd, &r, sizeof(r)) == sizeof(r);
}

static bool
put_fd(int table, uint32_t id, int slot, int fd)
{
	return fd < 0 ||
	       put_record(table,
		       (struct keeper_rec){
			       .type = KEEPER_HELD, .id = id, .slot = (uint16_t)slot, .pid = fd});
}

/* The whole state, in a memfd that an exec leaves open; -1. */
static int
table_write(void)
{
	int fd = memfd_create("keeper", 0);
	bool ok = put_record(fd, (struct keeper_rec){.type = KEEPER_HELLO,
					 .id = KEEPER_VERSION,
					 .pid = k.server,
					 .flags = k.adopted}) &&
		  put_fd(fd, 0, KEEPER_SLOT_SOCKET, k.sock);

	for (unsigned i = 0; i < k.n && ok; i++) {
		struct entry *e = &k.e[i];
		struct keeper_rec r = about(e, KEEPER_CHILD);

		if (!e->used)
			continue;
		r.slot = e->news;
		ok = put_record(fd, r) && put_fd(fd, e->id, KEEPER_SLOT_EXEC, e->exec_fd);
		for (int s = 0; s < KEEPER_SLOTS && ok; s++)
			ok = put_fd(fd, e->id, s, e->fd[s]);
	}
	if (ok && put_record(fd, (struct keeper_rec){.type = KEEPER_READY}) &&
		lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	close_fd(&fd);
	return -1;
}

static void
table_take(const struct keeper_rec *r)
{
	struct entry *e = entry_get(r->id);

	if (r->type == KEEPER_HELD && r->slot == KEEPER_SLOT_SOCKET)
		k.sock = r->pid;
	else if (r->type == KEEPER_HELD && e && r->slot == KEEPER_SLOT_EXEC)
		e->exec_fd = r->pid;
	else if (r->type == KEEPER_HELD && e && r->slot < KEEPER_SLOTS)
		e->fd[r->slot] = r->pid;
	else if (r->type == KEEPER_CHILD && e) {
		e->pid = r->pid;
		e->start = r->start;
		e->flags = r->flags;
		e->status = r->status;
		e->error = r->error;
		e->news = (uint8_t)r->slot;
	}
}

/* False when it is of no keeper, or not whole. */
static bool
table_read(int fd)
{
	struct keeper_rec r = {0};

	while (read(fd, &r, sizeof(r)) == sizeof(r) && r.type != KEEPER_READY) {
		if (r.type == KEEPER_HELLO) {
			k.server = r.pid;
			k.adopted = r.flags & 1;
		} else if (r.id || r.type == KEEPER_HELD)
			table_take(&r);
	}
	return r.type == KEEPER_READY && (r.magic & 0xffff0000u) == (KEEPER_MAGIC & 0xffff0000u) &&
	       k.sock >= 0;
}

static void
cloexec_all(bool on)
{
	fcntl(k.sock, F_SETFD, on ? FD_CLOEXEC : 0);
	for (unsigned i = 0; i < k.n; i++) {
		if (k.e[i].used && k.e[i].exec_fd >= 0)
			fcntl(k.e[i].exec_fd, F_SETFD, on ? FD_CLOEXEC : 0);
		for (int s = 0; s < KEEPER_SLOTS && k.e[i].used; s++)
			if (k.e[i].fd[s] >= 0)
				fcntl(k.e[i].fd[s], F_SETFD, on ? FD_CLOEXEC : 0);
	}
}

/* errno; does not come back when the program can be. */
static int
become(int program, const char *mode, int table)
{
	char fd[12];

	snprintf(fd, sizeof(fd), "%d", table);
	fexecve(program,
		(char *[]){"muster-keeper", (char *)k.server_path, (char *)mode,
			(char *)(k.state ? k.state : ""), fd, (char *)k.former, NULL},
		environ);
	return errno;
}

static unsigned
entries(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < k.n; i++)
		n += k.e[i].used;
	return n;
}

/* The other side of prove(): the answer goes behind the table. */
static int
proof(int table)
{
	return !table_read(table) ||
	       !put_record(table, (struct keeper_rec){.type = KEEPER_PROVED, .id = entries()});
}

/* Does the program read our table? 0 or errno. */
static int
prove(int program, int table)
{
	uint64_t end = now_ms() + PROVE_MS;
	off_t size = lseek(table, 0, SEEK_END);
	struct keeper_rec r = {0};
	pid_t pid;

	lseek(table, 0, SEEK_SET);
	if ((pid = fork()) < 0)
		return errno;
	if (pid == 0)
		_exit(become(program, "prove", table) & 127);
	while (waitpid(pid, NULL, WNOHANG) == 0) {
		poll(NULL, 0, 1);
		if (now_ms() > end)
			kill(pid, SIGKILL);
	}
	if (pread(table, &r, sizeof(r), size) != sizeof(r) || r.type != KEEPER_PROVED ||
		r.id != entries())
		return ENOEXEC;
	lseek(table, 0, SEEK_SET);
	return ftruncate(table, size) < 0 ? errno : 0;
}

static void
upgrade(int keeper, int server)
{
	static char path[PATH_MAX];
	const char *was = k.server_path;
	char link[32], next[PATH_MAX];
	int err = EINVAL, table;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", server);
	if (keeper >= 0 && (n = readlink(link, next, sizeof(next) - 1)) > 0) {
		next[n] = 0;
		memcpy(path, next, (size_t)n + 1);
		k.server_path = path;
		k.former = was;
		table = table_write();
		err = table < 0 ? errno : prove(keeper, table);
		if (!err) {
			cloexec_all(false);
			err = become(keeper, "resume", table);
			cloexec_all(true);
		}
		close_fd(&table);
		k.server_path = was;
		k.former = NULL;
	}
	k.refusal = (struct keeper_rec){.type = KEEPER_UPGRADED, .error = err};
}

static bool
resume(int table)
{
	if (!table_read(table))
		return false;
	close(table);
	cloexec_all(true);
	k.started_ms = now_ms();
	k.served = true;
	k.replay = REPLAY_DONE;
	k.refusal = (struct keeper_rec){.type = KEEPER_UPGRADED};
	return true;
}

/* Of as many sessions as it was told; a new program that misses some makes room for the old one. */
static void
serving(unsigned sessions)
{
	if (k.former && sessions < k.told) {
		kill(k.server, SIGKILL);
		return;
	}
	k.served = true;
	k.former = NULL;
	if (k.holder >= 0)
		tell_holder(0);
}

static void
yield_to_next(void)
{
	close_fd(&k.holder);
	k.holder = k.sock;
	k.sock = -1;
	k.server = 0;
	k.adopted = false;
	server_start();
}

static void
handle(const struct keeper_rec *r, int fd[KEEPER_REC_FDS])
{
	struct entry *e;

	switch (r->type) {
	case KEEPER_SPAWN:
		if (fd[0] >= 0)
			spawn(r, fd[0], fd[1]);
		fd[0] = fd[1] = -1;
		break;
	case KEEPER_HOLD:
		if (r->slot < KEEPER_SLOTS && (e = entry_get(r->id))) {
			close_fd(&e->fd[r->slot]);
			e->fd[r->slot] = fd[0];
			fd[0] = -1;
		}
		break;
	case KEEPER_DROP:
		if (!(e = entry_find(r->id)))
			break;
		if (r->slot < KEEPER_SLOTS)
			close_fd(&e->fd[r->slot]);
		else if (r->slot == KEEPER_ALL_SLOTS)
			entry_drop(e);
		break;
	case KEEPER_ADOPT:
		adopt(r, fd[0]);
		fd[0] = -1;
		break;
	case KEEPER_SERVING:
		serving(r->id);
		break;
	case KEEPER_UPGRADE:
		upgrade(fd[0], fd[1]);
		break;
	case KEEPER_YIELD:
		yield_to_next();
		break;
	case KEEPER_STOP:
		k.stopping = true;
		break;
	}
	record_close(fd);
}

/* One record; false when there is none. */
static bool
listen_to_server(void)
{
	struct keeper_rec r;
	int fd[KEEPER_REC_FDS], rc = record_receive(k.sock, &r, fd);

	if (rc <= 0) {
		if (rc != -EAGAIN)
			close_fd(&k.sock); /* its reaping follows */
		if (k.sock < 0 && k.adopted && !k.server)
			exit(1); /* it died with nothing handed over */
		return false;
	}
	handle(&r, fd);
	return true;
}

static void
turn(void)
{
	static struct pollfd p[KEEPER_ENTRIES + 3];
	static struct entry *of[KEEPER_ENTRIES + 3];
	struct signalfd_siginfo si[8];
	nfds_t n = 2;
	int timeout = -1;

	p[0] = (struct pollfd){k.sigfd, POLLIN, 0};
	p[1] = (struct pollfd){k.sock, tell_all() ? POLLIN | POLLOUT : POLLIN, 0};
	if (k.refusal.type)
		p[1].events = POLLOUT;
	for (unsigned i = 0; i < k.n; i++) {
		struct entry *e = &k.e[i];
		int fd = !e->used					 ? -1
			 : e->exec_fd >= 0				 ? e->exec_fd
			 : e->flags == (KEEPER_RUNNING | KEEPER_ADOPTED) ? e->fd[KEEPER_PIDFD]
			 : !e->id && k.adopted ? e->fd[KEEPER_SERVER_PIDFD]
					       : -1;
		if (fd >= 0) {
			of[n] = e;
			p[n++] = (struct pollfd){fd, POLLIN, 0};
		}
	}
	if (k.restart_ms)
		timeout = k.restart_ms > now_ms() ? (int)(k.restart_ms - now_ms()) : 0;
	if (poll(p, n, timeout) < 0)
		return;
	if (k.restart_ms && now_ms() >= k.restart_ms)
		server_start();
	for (nfds_t i = 2; i < n; i++) {
		if (!p[i].revents)
			continue;
		if (of[i]->exec_fd >= 0)
			spawn_settled(of[i]);
		else if (of[i]->id)
			child_gone(of[i], KEEPER_NO_STATUS);
		else
			server_gone(0);
	}
	if (p[1].revents & ~POLLOUT && p[1].fd == k.sock)
		listen_to_server();
	if (p[0].revents && read(k.sigfd, si, sizeof(si)) > 0)
		reap();
}

int
main(int argc, char **argv)
{
	static const int ignored[] = {
		SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU};
	struct rlimit l;
	sigset_t chld;

	if (argc < 2) {
		fprintf(stderr, "muster-keeper: started by muster, not by hand\n");
		return 2;
	}
	k.server_path = argv[1];
	k.state = argc > 3 ? argv[3] : NULL;
	k.adopted = argc > 2 && !strcmp(argv[2], "adopt");
	k.sock = k.adopted ? KEEPER_FD : -1;
	k.holder = -1;
	if (argc > 4 && !strcmp(argv[2], "prove"))
		return proof((int)strtol(argv[4], NULL, 10));
	for (unsigned i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &k.old_mask);
	k.sigfd = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NAME, "muster-keeper");
	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
	umask(077);
	setenv("GLIBC_TUNABLES", SERVER_TUNABLES, 0);
	if (chdir("/") < 0 || k.sigfd < 0)
		return 1;
	if (argc > 5 && !strcmp(argv[2], "resume")) {
		k.former = argv[5];
		if (!resume((int)strtol(argv[4], NULL, 10)))
			return 1;
	}
	close_fd(&entry_get(0)->fd[KEEPER_BINARY]);
	k.e[0].fd[KEEPER_BINARY] = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	if (k.former) {
		reap();
	} else if (k.adopted) {
		fcntl(KEEPER_FD, F_SETFD, FD_CLOEXEC);
		k.started_ms = now_ms();
		k.served = true;
		replay();
	} else
		server_start();
	for (;;)
		turn();
}
