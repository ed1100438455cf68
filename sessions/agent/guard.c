#include "sessions/agent/guard.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = -1, rc = 0;
	struct stat st;
	off_t at = 0;

	if (in < 0 || fstat(in, &st) < 0)
		rc = -errno;
	if (rc == 0 && (out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0)
		rc = -errno;
	while (rc == 0 && at < st.st_size) {
		ssize_t n = sendfile(out, in, &at, (size_t)(st.st_size - at));

		if (n <= 0)
			rc = n < 0 ? -errno : -EIO;
	}
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	if (rc < 0 && out >= 0)
		unlink(to);
	return rc;
}

static int
link_or_copy(const char *from, const char *to)
{
	if (link(from, to) == 0)
		return 0;
	return errno == EXDEV || errno == EPERM || errno == EMLINK ? copy(from, to) : -errno;
}

int
guard_keep(const char *dir, uint32_t num, const char *transcript)
{
	struct place p = place_of(dir, num);
	int rc;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	guard_forget(dir, num);
	rc = link_or_copy(transcript, p.content);
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
	if (access(to, F_OK) == 0 || access(p.content, F_OK) < 0)
		return 0;
	slash = strrchr(to, '/');
	if (slash && slash != to) {
		*slash = 0;
		mkdir(to, 0700); /* the project's own folder; its parent is the CLI's */
		*slash = '/';
	}
	rc = link_or_copy(p.content, to);
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
