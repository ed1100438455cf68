#include "sessions/agent/guard.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

/* dir/NUM.transcript is the content, dir/NUM.from a symbolic link that remembers the place. */
struct place {
	char content[600], from[600];
};

static struct place
place_of(const char *dir, uint32_t num)
{
	struct place p;

	snprintf(p.content, sizeof p.content, "%s/%u.transcript", dir, num);
	snprintf(p.from, sizeof p.from, "%s/%u.from", dir, num);
	return p;
}

static int
fill(int out, int in, off_t size)
{
	off_t at = 0;

	if (ioctl(out, FICLONE, in) == 0)
		return 0;
	while (at < size) {
		ssize_t n = sendfile(out, in, &at, (size_t)(size - at));

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
	}
	return 0;
}

/* With the times of the original, if it is to be known how old that is. */
static int
copy(const char *from, const char *to, bool times)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = -1, rc = 0;
	struct stat st = {0};

	if (in < 0 || fstat(in, &st) < 0)
		rc = -errno;
	if (rc == 0 && (out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0)
		rc = -errno;
	if (rc == 0)
		rc = fill(out, in, st.st_size);
	if (rc == 0 && times)
		futimens(out, (struct timespec[2]){st.st_atim, st.st_mtim});
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	if (rc < 0 && out >= 0)
		unlink(to);
	return rc;
}

static bool
has_content(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size > 0;
}

int
guard_keep(const char *dir, uint32_t num, const char *transcript)
{
	struct place p = place_of(dir, num);
	struct stat st;
	int rc;

	if (stat(transcript, &st) < 0)
		return -errno;
	if (!st.st_size) /* what is kept is more */
		return 0;
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	guard_forget(dir, num);
	rc = copy(transcript, p.content, true);
	if (rc == 0 && symlink(transcript, p.from) < 0)
		rc = -errno;
	return rc;
}

int
guard_restore(const char *dir, uint32_t num)
{
	struct place p = place_of(dir, num);
	char to[PATH_MAX], *slash;
	ssize_t n = readlink(p.from, to, sizeof to - 1);
	int rc;

	if (n < 0)
		return errno == ENOENT ? 0 : -errno;
	to[n] = 0;
	if (has_content(to) || !has_content(p.content))
		return 0;
	slash = strrchr(to, '/');
	if (slash && slash != to) {
		*slash = 0;
		mkdir(to, 0700); /* the project's own folder; its parent is the CLI's */
		*slash = '/';
	}
	unlink(to);
	rc = copy(p.content, to, false);
	return rc < 0 ? rc : 1;
}

void
guard_forget(const char *dir, uint32_t num)
{
	struct place p = place_of(dir, num);

	unlink(p.content);
	unlink(p.from);
}

double
guard_days_left(const char *dir, uint32_t num, double period_days, double now_wall)
{
	struct place p = place_of(dir, num);
	struct stat st;

	if (stat(p.content, &st) < 0)
		return 1e9;
	return period_days - (now_wall - (double)st.st_mtime) / 86400;
}
