#include "sessions/server/listen.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/config/config.h"
#include "sessions/session/recover.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
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

/* For clients which get no answer: whom to look at. */
static void
say_who(const struct listener *l)
{
	char text[32];
	int n = snprintf(
		text, sizeof(text), "%d %d\n", (int)getpid(), (int)keeper_link_pid(l->keeper));

	if (ftruncate(l->lock_fd, 0) < 0 || pwrite(l->lock_fd, text, (size_t)n, 0) != n)
		log_warn("the lock does not say whose it is: %s", strerror(errno));
}

static int
take_lock(struct listener *l, struct keeper_held *g, struct err *e)
{
	char path[600];

	if ((l->lock_fd = recover_take(g, KEEPER_LOCK)) >= 0) {
		say_who(l);
		return 0;
	}
	snprintf(path, sizeof(path), "%s/lock", paths()->runtime);
	l->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (l->lock_fd < 0)
		return err_set(e, KEEPER_EXIT_FINAL, "%s: %s", path, strerror(errno));
	if (flock(l->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, KEEPER_EXIT_FINAL, "another server has %s", path);
	say_who(l);
	return keeper_hold(l->keeper, 0, KEEPER_LOCK, l->lock_fd) < 0 ? err_set(e, 1, "no keeper")
								      : 0;
}

/* A new socket under its name, in l->fd; one that l->fd already is keeps its number. */
static int
put_socket(struct listener *l, struct err *e)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const char *path = paths()->socket;
	int fd;

	if (strlen(path) >= sizeof(a.sun_path))
		return err_set(e, KEEPER_EXIT_FINAL, "the path is too long for a socket: %s", path);
	memcpy(a.sun_path, path, strlen(path) + 1);
	unlink(path); /* we hold the lock: whoever made it is gone */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || chmod(path, 0600) < 0 ||
		listen(fd, BACKLOG) < 0 || (l->fd >= 0 && dup3(fd, l->fd, O_CLOEXEC) < 0)) {
		err_set(e, KEEPER_EXIT_FINAL, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (l->fd < 0)
		l->fd = fd;
	else
		close(fd);
	return keeper_hold(l->keeper, 0, KEEPER_LISTEN, l->fd) < 0 ? err_set(e, 1, "no keeper") : 0;
}

/* Without its name nobody finds the socket any more. */
static bool
has_name(void)
{
	struct stat st;

	return lstat(paths()->socket, &st) == 0 && S_ISSOCK(st.st_mode);
}

int
listener_open(struct listener *l, struct keeper_link *keeper, struct keeper_held *h, size_t n,
	struct err *e)
{
	struct keeper_held *g = recover_globals(h, n);

	l->keeper = keeper;
	l->spare_fd = open_spare();
	if (take_lock(l, g, e) < 0)
		return -1;
	l->fd = recover_take(g, KEEPER_LISTEN);
	return l->fd >= 0 && has_name() ? 0 : put_socket(l, e);
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

/* Someone tidied the directory up: clients must find us again. */
static void
name_again(struct listener *l)
{
	struct err e;

	uv_poll_stop(&l->poll);
	if (put_socket(l, &e) == 0)
		log_warn("%s had been removed: made again", paths()->socket);
}

void
listener_tick(struct listener *l)
{
	if (!has_name())
		name_again(l);
	if (l->spare_fd < 0)
		l->spare_fd = open_spare();
	if (!uv_is_active((uv_handle_t *)&l->poll))
		uv_poll_start(&l->poll, UV_READABLE, on_connection);
}

void
listener_hand_over(struct listener *l)
{
	say_who(l);
	keeper_hold(l->keeper, 0, KEEPER_LISTEN, l->fd);
	keeper_hold(l->keeper, 0, KEEPER_LOCK, l->lock_fd);
}
