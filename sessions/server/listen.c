#include "sessions/server/listen.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/config/config.h"
#include "sessions/life/recover.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

static int
open_spare(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* For clients: whom to look at, and where. */
static void
say_who(const struct listener *l)
{
	struct place p = l->place;

	p.server = getpid();
	p.keeper = keeper_link_pid(l->keeper);
	place_say(l->lock_fd, &p);
}

/* The lock in the state directory, in l->lock_fd: 0, or -errno and the one there was stays. */
static int
take_lock(struct listener *l)
{
	int fd = place_take();

	if (fd < 0)
		return fd;
	if (l->lock_fd >= 0)
		close(l->lock_fd);
	l->lock_fd = fd;
	say_who(l);
	return keeper_hold(l->keeper, 0, KEEPER_LOCK, fd);
}

static int
inherit_lock(struct listener *l, struct keeper_held *g, struct err *e)
{
	int rc = 0;

	if ((l->lock_fd = keeper_held_take(g, KEEPER_LOCK)) >= 0)
		place_read(l->lock_fd, &l->place);
	if (l->lock_fd < 0 || !place_is(l->lock_fd))
		rc = take_lock(l);
	else
		say_who(l);
	if (rc == 0)
		return 0;
	return err_set(e, KEEPER_EXIT_FINAL,
		rc == -EAGAIN ? "another server has %s" : "%s cannot be locked", paths()->state);
}

static bool
socket_address(struct sockaddr_un *a, const char *path)
{
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(a->sun_path))
		return false;
	memcpy(a->sun_path, path, strlen(path) + 1);
	return true;
}

/* Somebody listens under that name. */
static bool
in_use(const struct sockaddr_un *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool yes = fd >= 0 &&
		   (connect(fd, (const struct sockaddr *)a, sizeof(*a)) == 0 || errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return yes;
}

/* A new socket under that name, which nobody listens under: its fd, or -errno. */
static int
listen_at(struct listener *l, const char *path)
{
	struct sockaddr_un a;
	struct stat st;
	int fd, rc;

	if (!socket_address(&a, path))
		return -ENAMETOOLONG;
	if (in_use(&a))
		return -EADDRINUSE;
	unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && chmod(path, 0600) == 0 &&
		listen(fd, BACKLOG) == 0 && lstat(path, &st) == 0) {
		snprintf(l->place.socket, sizeof(l->place.socket), "%s", path);
		l->place.dev = st.st_dev;
		l->place.ino = st.st_ino;
		return fd;
	}
	rc = -errno;
	if (fd >= 0)
		close(fd);
	return rc;
}

/* A new socket in l->fd; one that l->fd already is keeps its number. Where the runtime directory
 * cannot be had, or another server's socket is there, it is in the state directory: the lock tells
 * clients. */
static int
put_socket(struct listener *l, struct err *e)
{
	char other[600];
	int fd = listen_at(l, paths()->socket), rc = fd;

	snprintf(other, sizeof(other), "%s/sock", paths()->state);
	if (fd < 0)
		fd = listen_at(l, other);
	if (fd >= 0 && l->fd >= 0) {
		if (dup3(fd, l->fd, O_CLOEXEC) < 0) {
			rc = -errno;
			close(fd);
			fd = -1;
		} else
			close(fd);
	} else
		l->fd = fd;
	if (fd < 0)
		return err_set(e, KEEPER_EXIT_FINAL, "%s: %s", paths()->socket, strerror(-rc));
	say_who(l);
	return keeper_hold(l->keeper, 0, KEEPER_LISTEN, l->fd) < 0 ? err_set(e, 1, "no keeper") : 0;
}

/* Without its name nobody finds the socket any more. */
static bool
has_name(const struct listener *l)
{
	struct stat st;

	return lstat(l->place.socket, &st) == 0 && st.st_dev == l->place.dev &&
	       st.st_ino == l->place.ino;
}

int
listener_open(struct listener *l, struct keeper_link *keeper, struct keeper_held *h, size_t n,
	struct err *e)
{
	struct keeper_held *g = keeper_held_globals(h, n);

	l->keeper = keeper;
	l->lock_fd = -1;
	l->spare_fd = open_spare();
	if (inherit_lock(l, g, e) < 0)
		return -1;
	l->fd = keeper_held_take(g, KEEPER_LISTEN);
	return l->fd >= 0 && has_name(l) ? 0 : put_socket(l, e);
}

static int
take_client(const struct listener *l)
{
	return accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static void
on_connection(uv_poll_t *h, int status, int events)
{
	struct listener *l = h->data;
	int fd, rc;

	(void)status;
	(void)events;
	while ((fd = take_client(l)) >= 0)
		peers_accept(l->peers, fd);
	if (errno != EMFILE && errno != ENFILE)
		return;
	/* left unaccepted it would keep the listener readable; or nobody waits: the kernel takes the
	 * fd before it looks */
	close(l->spare_fd);
	fd = take_client(l);
	rc = fd < 0 ? errno : 0;
	if (fd >= 0)
		peer_refuse(fd, "the server has no file descriptor left for another client");
	else if (rc != EAGAIN)
		uv_poll_stop(h); /* until the next tick */
	l->spare_fd = open_spare();
	if (rc != EAGAIN)
		log_error("no fd for another client");
}

void
listener_start(struct listener *l, struct peers *peers)
{
	l->peers = peers;
	CHECK(uv_poll_init(peers->loop, &l->poll, l->fd) == 0);
	l->poll.data = l;
	uv_poll_start(&l->poll, UV_READABLE, on_connection);
}

/* Someone tidied the directories up: clients must find us again, and no other server may begin. */
static void
mend(struct listener *l)
{
	static struct paths p;
	struct err e;
	int rc;

	if (paths_init(&p, &e) < 0)
		log_warn("%s", e.msg);
	if (!place_is(l->lock_fd) && (rc = take_lock(l)) < 0)
		log_error("the lock of %s is not there again: %s", paths()->state, strerror(-rc));
	if (has_name(l))
		return;
	uv_poll_stop(&l->poll);
	if (put_socket(l, &e) == 0)
		log_warn("the socket had been removed: made again, %s", l->place.socket);
	else
		log_error("%s", e.msg);
}

bool
listener_tick(struct listener *l)
{
	bool lost = !has_name(l) || !place_is(l->lock_fd);

	if (lost)
		mend(l);
	if (l->spare_fd < 0)
		l->spare_fd = open_spare();
	if (!uv_is_active((uv_handle_t *)&l->poll))
		uv_poll_start(&l->poll, UV_READABLE, on_connection);
	return lost;
}

void
listener_rest(struct listener *l)
{
	uv_poll_stop(&l->poll);
}

void
listener_leave(const struct listener *l)
{
	if (has_name(l))
		unlink(l->place.socket);
}

void
listener_hand_over(struct listener *l)
{
	say_who(l);
	keeper_hold(l->keeper, 0, KEEPER_LISTEN, l->fd);
	keeper_hold(l->keeper, 0, KEEPER_LOCK, l->lock_fd);
}
