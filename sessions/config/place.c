#include "sessions/config/place.h"
#include "core/base/log.h"
#include "sessions/config/config.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *
lock_path(char out[600])
{
	snprintf(out, 600, "%s/lock", paths()->state);
	return out;
}

static int
open_lock(int flags)
{
	char path[600];

	return open(lock_path(path), flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int
place_take(void)
{
	/* of the open file, not of the process: the keeper hands it on */
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open_lock(O_RDWR | O_CREAT), rc;

	if (fd < 0)
		return -errno;
	if (fcntl(fd, F_OFD_SETLK, &all) == 0)
		return fd;
	rc = errno == EACCES ? -EAGAIN : -errno;
	close(fd);
	return rc;
}

bool
place_is(int fd)
{
	struct stat mine, named;
	char path[600];

	return fstat(fd, &mine) == 0 && lstat(lock_path(path), &named) == 0 &&
	       mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

/* Written over what was there: who reads meanwhile finds one or the other. */
void
place_say(int fd, const struct place *p)
{
	char text[700];
	int n = snprintf(text, sizeof text, "%d %d %" PRIu64 " %" PRIu64 " %s\n", (int)p->server,
		(int)p->keeper, p->dev, p->ino, p->socket);

	if (pwrite(fd, text, (size_t)n, 0) != n || ftruncate(fd, n) < 0)
		log_warn("the lock does not say whose it is: %s", strerror(errno));
}

void
place_read(int fd, struct place *p)
{
	char text[700], *at = text;
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	memset(p, 0, sizeof *p);
	text[MAX(n, 0)] = 0;
	p->server = (pid_t)strtol(at, &at, 10);
	p->keeper = (pid_t)strtol(at, &at, 10);
	p->dev = strtoull(at, &at, 10);
	p->ino = strtoull(at, &at, 10);
	if (*at == ' ' && at[1] == '/' && strchr(at, '\n'))
		snprintf(p->socket, sizeof p->socket, "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
}

bool
place_held(struct place *p)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open_lock(O_RDONLY);
	bool held;

	memset(p, 0, sizeof *p);
	if (fd < 0)
		return false;
	held = fcntl(fd, F_OFD_GETLK, &all) == 0 && all.l_type != F_UNLCK;
	if (held)
		place_read(fd, p);
	close(fd);
	return held;
}
