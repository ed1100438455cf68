/* The file holds one number of fixed width, written in place: less than a sector, so a power cut
 * leaves the old or the new one, and a full disk has room for it. */
#include "store/numbers.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WIDTH = 11, NUM_MAX = INT32_MAX, BLIND = 100000 };

static int
open_numbers(const char *dir, int flags)
{
	char path[600];

	snprintf(path, sizeof path, "%s/numbers", dir);
	return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* errno says why not. */
static bool
read_next(const char *dir, uint32_t *next)
{
	char text[WIDTH + 1] = "", *end;
	int fd = open_numbers(dir, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : pread(fd, text, WIDTH, 0);
	int err = n < 0 ? errno : EIO;
	unsigned long v = strtoul(text, &end, 10);

	if (fd >= 0)
		close(fd);
	errno = err;
	if (n != WIDTH || *end != '\n' || v == 0 || v > NUM_MAX)
		return false;
	*next = (uint32_t)v;
	return true;
}

void
numbers_write(struct numbers *n)
{
	char text[WIDTH + 1];
	int fd = open_numbers(n->dir, O_WRONLY | O_CREAT);

	snprintf(text, sizeof text, "%010u\n", n->next);
	n->unwritten = fd < 0 || pwrite(fd, text, WIDTH, 0) != WIDTH;
	if (n->unwritten)
		log_warn("numbers: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

void
numbers_open(struct numbers *n, const char *dir)
{
	char path[600];
	struct dirent *e;
	DIR *d;

	memset(n, 0, sizeof *n);
	snprintf(n->dir, sizeof n->dir, "%s", dir);
	n->next = 1;
	n->known = read_next(dir, &n->next);
	n->absent = !n->known && errno == ENOENT;
	snprintf(path, sizeof path, "%s/text", dir);
	if (!(d = opendir(path)))
		return;
	while ((e = readdir(d))) {
		unsigned long v = strtoul(e->d_name, NULL, 10);

		if (v < NUM_MAX)
			n->next = MAX(n->next, (uint32_t)v + 1);
	}
	closedir(d);
}

uint32_t
numbers_blind(const struct numbers *n)
{
	uint32_t r = 0;

	if (!n->absent)
		os_random(&r, sizeof r);
	return BLIND + r % (NUM_MAX / 2);
}

uint32_t
numbers_take(struct numbers *n, uint32_t at_least)
{
	char path[600];
	uint32_t num, more;

	if (!n->known && read_next(n->dir, &more)) { /* it could not be read before */
		n->known = true;
		n->next = MAX(n->next, more);
	}
	num = MAX(n->next, at_least);
	for (;; num++) {
		snprintf(path, sizeof path, "%s/text/%u", n->dir, num);
		if (access(path, F_OK) != 0)
			break;
	}
	n->next = num + 1;
	numbers_write(n);
	return num;
}

int
numbers_sync(const char *dir)
{
	int rc = 0,
	    fds[2] = {open_numbers(dir, O_RDONLY), open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};

	for (int i = 0; i < 2; i++) {
		if (fds[i] < 0 || fsync(fds[i]) < 0)
			rc = -errno;
		if (fds[i] >= 0)
			close(fds[i]);
	}
	return rc;
}
