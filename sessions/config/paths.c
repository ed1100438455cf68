/* Where files live. Everything muster keeps is private, and the runtime directory may stand in a
 * world-writable place, so each directory is made 0700 and looked at with lstat: a symlink, another
 * owner or an open mode is refused, never repaired, since somebody else could have prepared it. */
#include "sessions/config/config.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CODE_UNREACHABLE 4

static struct paths the_paths;
static bool paths_ready;

const struct paths *
paths(void)
{
	CHECK(paths_ready);
	return &the_paths;
}

static int PRINTF_LIKE(4, 5) put(char *out, size_t cap, struct err *e, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(out, cap, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= cap)
		return err_set(e, CODE_UNREACHABLE,
			"the path of a directory is too long (set MUSTER_HOME to a shorter one)");
	return 0;
}

/* mkdir -p of the parents of dir, then dir itself, all 0700. */
static int
make_dirs(const char *dir, struct err *e)
{
	char part[600];

	if (strlen(dir) >= sizeof part)
		return err_set(e, CODE_UNREACHABLE, "cannot make %.80s… (%s)", dir,
			strerror(ENAMETOOLONG));
	for (size_t i = 1; dir[i - 1]; i++) {
		if (dir[i] && dir[i] != '/')
			continue;
		memcpy(part, dir, i);
		part[i] = 0;
		if (mkdir(part, 0700) < 0 && errno != EEXIST && errno != EISDIR) {
			struct stat st;
			int err = errno;

			if (stat(part, &st) == 0 && S_ISDIR(st.st_mode))
				continue; /* a read-only parent that exists */
			return err_set(e, CODE_UNREACHABLE,
				"cannot make %s (%s; set MUSTER_HOME to a directory you may write "
				"to)",
				part, strerror(err));
		}
	}
	return 0;
}

/* A directory that holds our secrets: ours alone. */
static int
check_private(const char *dir, struct err *e)
{
	struct stat st;

	if (lstat(dir, &st) < 0)
		return err_set(e, CODE_UNREACHABLE, "cannot stat %s (%s)", dir, strerror(errno));
	if (S_ISLNK(st.st_mode))
		return err_set(e, CODE_UNREACHABLE, "%s is a symbolic link (remove it)", dir);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, CODE_UNREACHABLE, "%s is not a directory (remove it)", dir);
	if (st.st_uid != geteuid())
		return err_set(e, CODE_UNREACHABLE,
			"%s belongs to another user (remove it or set MUSTER_HOME)", dir);
	if (st.st_mode & 077)
		return err_set(
			e, CODE_UNREACHABLE, "%s is open to others (chmod 700 %s)", dir, dir);
	if (access(dir, W_OK | X_OK) < 0)
		return err_set(
			e, CODE_UNREACHABLE, "cannot write to %s (%s)", dir, strerror(errno));
	return 0;
}

static int
private_dir(const char *dir, struct err *e)
{
	return make_dirs(dir, e) < 0 || check_private(dir, e) < 0 ? -1 : 0;
}

/* MUSTER_HOME itself, the directory of config.ini, is the user's: any mode but one that lets others
 * replace what is inside. */
static int
home_dir(const struct paths *p, struct err *e)
{
	char dir[512];
	struct stat st;

	snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(p->config, '/') - p->config), p->config);
	if (make_dirs(dir, e) < 0)
		return -1;
	if (stat(dir, &st) < 0)
		return err_set(e, CODE_UNREACHABLE, "cannot stat %s (%s)", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return err_set(
			e, CODE_UNREACHABLE, "%s is not a directory (set MUSTER_HOME to one)", dir);
	if (st.st_uid != geteuid())
		return err_set(e, CODE_UNREACHABLE,
			"%s belongs to another user (set MUSTER_HOME to a directory of yours)",
			dir);
	if (st.st_mode & 022)
		return err_set(e, CODE_UNREACHABLE, "%s may be written by others (chmod go-w %s)",
			dir, dir);
	return 0;
}

static int
from_home(struct paths *p, const char *home, struct err *e)
{
	char abs[480], cwd[400];

	if (home[0] == '/')
		cwd[0] = 0;
	else if (!getcwd(cwd, sizeof cwd))
		return err_set(e, CODE_UNREACHABLE,
			"no current directory (set MUSTER_HOME to a full path)");
	return put(abs, sizeof abs, e, "%s%s%s", cwd, *cwd ? "/" : "", home) < 0 ||
			       put(p->config, sizeof p->config, e, "%s/config.ini", abs) < 0 ||
			       put(p->state, sizeof p->state, e, "%s/state", abs) < 0 ||
			       put(p->runtime, sizeof p->runtime, e, "%s/run", abs) < 0
		       ? -1
		       : 0;
}

/* $name/muster/…, else $HOME/fallback/muster/…; relative values are ignored, as XDG asks. */
static int
xdg(char *out, size_t cap, const char *name, const char *fallback, const char *leaf, struct err *e)
{
	const char *v = getenv(name), *home = getenv("HOME");

	if (v && v[0] == '/')
		return put(out, cap, e, "%s/muster%s", v, leaf);
	if (!home || home[0] != '/')
		return err_set(e, CODE_UNREACHABLE, "HOME is not set (set HOME or MUSTER_HOME)");
	return put(out, cap, e, "%s/%s/muster%s", home, fallback, leaf);
}

static int
from_xdg(struct paths *p, struct err *e)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	struct stat st;

	if (xdg(p->config, sizeof p->config, "XDG_CONFIG_HOME", ".config", "/config.ini", e) < 0 ||
		xdg(p->state, sizeof p->state, "XDG_STATE_HOME", ".local/state", "", e) < 0)
		return -1;
	/* sudo and su hand on a runtime directory of somebody else, or one that is gone */
	if (run && run[0] == '/' && stat(run, &st) == 0 && S_ISDIR(st.st_mode) &&
		st.st_uid == geteuid())
		return put(p->runtime, sizeof p->runtime, e, "%s/muster", run);
	return put(p->runtime, sizeof p->runtime, e, "/tmp/muster-%u", (unsigned)geteuid());
}

static int
socket_path(char *out, size_t cap, const char *dir, const char *leaf, struct err *e)
{
	const size_t max = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;

	if (put(out, cap, e, "%s/%s", dir, leaf) < 0)
		return -1;
	if (strlen(out) > max)
		return err_set(e, CODE_UNREACHABLE,
			"the socket path has %zu bytes, the system allows %zu (set MUSTER_HOME or "
			"XDG_RUNTIME_DIR to a shorter directory)",
			strlen(out), max);
	return 0;
}

bool
path_finds(const char *path, const char *dir, const char *program)
{
	int at = dir ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : AT_FDCWD;
	bool found = false;
	char file[PATH_MAX];
	size_t len;

	if (strchr(program, '/'))
		found = faccessat(at, program, X_OK, AT_EACCESS) == 0;
	else
		for (const char *p = path ? path : "/bin:/usr/bin"; !found; p += len + 1) {
			len = strcspn(p, ":");
			int n = snprintf(file, sizeof file, "%.*s%s%s", (int)len, p, len ? "/" : "",
				program);

			found = n > 0 && (size_t)n < sizeof file &&
				faccessat(at, file, X_OK, AT_EACCESS) == 0;
			if (!p[len])
				break;
		}
	if (at >= 0)
		close(at);
	return found;
}

int
paths_init(struct paths *p, struct err *e)
{
	const char *home = getenv("MUSTER_HOME");
	bool own = home && *home;

	memset(p, 0, sizeof *p);
	if ((own ? from_home(p, home, e) : from_xdg(p, e)) < 0)
		return -1;
	/* the length first: nothing is made that cannot be used */
	if (socket_path(p->socket, sizeof p->socket, p->runtime, "sock", e) < 0 ||
		socket_path(p->hook_socket, sizeof p->hook_socket, p->runtime, "hook", e) < 0 ||
		(own && home_dir(p, e) < 0) || private_dir(p->state, e) < 0 ||
		private_dir(p->runtime, e) < 0)
		return -1;
	snprintf(p->ssh_config, sizeof p->ssh_config, "%s/ssh.conf", p->runtime);
	snprintf(p->hooks, sizeof p->hooks, "%s/hooks", p->runtime);
	snprintf(p->transcripts, sizeof p->transcripts, "%s/transcripts", p->state);
	the_paths = *p;
	paths_ready = true;
	return 0;
}

void
paths_leave(void)
{
	const struct paths *p = paths();

	unlink(p->ssh_config);
	rmdir(p->hooks);
	rmdir(p->runtime);
}
