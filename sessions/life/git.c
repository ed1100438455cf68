/* git is run without a shell, asks nothing, takes no optional locks beside an agent that commits, and
 * has a time limit. A repository's file system monitor is not started: the agent could have put any
 * program there. */
#include "sessions/life/git.h"
#include "core/os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 16, LOOK_S = 20, CHECKOUT_S = 600 };
#define OUT_MAX 8192

extern char **environ;

/* Reads what it prints until it ends or the time is over. */
static void
read_all(int fd, pid_t pid, int seconds, char *out)
{
	uint64_t end = os_mono_ns() + (uint64_t)seconds * 1000000000u, now;
	struct pollfd p = {fd, POLLIN, 0};
	size_t n = 0;
	char rest[4096];
	ssize_t k = 1;

	while (k > 0) {
		if ((now = os_mono_ns()) >= end) {
			kill(pid, SIGKILL);
			break;
		}
		if (poll(&p, 1, (int)((end - now) / 1000000) + 1) <= 0)
			continue;
		k = n + 1 < OUT_MAX ? read(fd, out + n, OUT_MAX - 1 - n)
				    : read(fd, rest, sizeof rest);
		if (k > 0 && n + 1 < OUT_MAX)
			n += (size_t)k;
	}
	while (n && out[n - 1] == '\n')
		n--;
	out[n] = '\0';
}

static char **
git_environ(void)
{
	static char *const ours[] = {
		"GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C.UTF-8"};
	size_t n = 0, k = 0;
	char **v;

	while (environ[n])
		n++;
	v = xcalloc(n + ARRAY_LEN(ours) + 1, sizeof *v);
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], "GIT_", 4) != 0 && strncmp(environ[i], "LC_ALL=", 7) != 0)
			v[k++] = environ[i];
	memcpy(v + k, ours, sizeof ours);
	return v;
}

/* A process whose output (and errors) come to *fd; its pid, or -errno. */
static pid_t
start(char *const *argv, int *fd)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	char **env = git_environ();
	sigset_t all, none;
	int p[2], rc;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0) {
		free(env);
		return -errno;
	}
	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, p[1], 1);
	posix_spawn_file_actions_adddup2(&files, p[1], 2);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	rc = posix_spawnp(&pid, "git", &files, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	close(p[1]);
	free(env);
	if (rc)
		close(p[0]);
	*fd = p[0];
	return rc ? -rc : pid;
}

/* git -C DIR WORD…: its exit code, or -1 and in out why it did not run. out has OUT_MAX bytes. */
static int
git(char *out, int seconds, const char *dir, ...)
{
	char *argv[WORDS_MAX + 6] = {"git", "-c", "core.fsmonitor=false", "-C", (char *)dir};
	size_t n = 5;
	int fd = -1, status;
	pid_t pid;
	va_list ap;

	va_start(ap, dir);
	while (n < ARRAY_LEN(argv) - 1 && (argv[n] = va_arg(ap, char *)))
		n++;
	va_end(ap);
	pid = start(argv, &fd);
	if (pid < 0) {
		snprintf(out, OUT_MAX, "git: %s",
			pid == -ENOENT ? "not found on PATH" : strerror(-pid));
		return -1;
	}
	read_all(fd, pid, seconds, out);
	close(fd);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The line that says what was wrong. */
static int
failed(struct err *e, const char *out)
{
	const char *line = strstr(out, "fatal: ");

	line = line ? line + 7 : out;
	return err_set(e, 1, "%.*s", (int)MIN(strcspn(line, "\n"), 200),
		*line ? line : "git did not end in time");
}

/* What one makes and reads back of the repository around a directory. */
struct around {
	char main[3072];   /* its main directory */
	char prefix[1024]; /* from its top to where one is: "" or "sub/" */
};

static int
look_around(const char *cwd, struct around *a, struct err *e)
{
	char out[OUT_MAX], *git_dir, *prefix;
	size_t n;

	if (git(out, LOOK_S, cwd, "rev-parse", "--path-format=absolute", "--git-common-dir",
		    "--show-prefix", NULL) != 0)
		return failed(e, out);
	git_dir = out;
	prefix = out + strcspn(out, "\n");
	if (*prefix)
		*prefix++ = '\0';
	n = strlen(git_dir);
	if (n > 5 && !strcmp(git_dir + n - 5, "/.git"))
		git_dir[n - 5] = '\0';
	else if (n > 4 && !strcmp(git_dir + n - 4, ".git")) /* bare */
		git_dir[n - 4] = '\0';
	if (strlen(git_dir) >= sizeof a->main || strlen(prefix) >= sizeof a->prefix)
		return err_set(e, 1, "its repository's path is too long");
	memcpy(a->main, git_dir, strlen(git_dir) + 1);
	memcpy(a->prefix, prefix, strlen(prefix) + 1);
	return 0;
}

static bool
is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Is there a checkout of its own at this place? */
static bool
is_top(const char *path)
{
	char out[OUT_MAX], real[4096];

	return is_dir(path) && realpath(path, real) &&
	       git(out, LOOK_S, path, "rev-parse", "--show-toplevel", NULL) == 0 &&
	       !strcmp(out, real);
}

static int
add(const char *cwd, const char *top, const char *branch, struct err *e)
{
	char out[OUT_MAX], ref[256];
	bool known;

	snprintf(ref, sizeof ref, "refs/heads/%s", branch);
	known = git(out, LOOK_S, cwd, "show-ref", "--verify", "--quiet", ref, NULL) == 0;
	snprintf(ref, sizeof ref, "refs/remotes/*/%s", branch);
	if (!known) /* git makes a branch that follows the remote's by itself */
		known = git(out, LOOK_S, cwd, "for-each-ref", "--count=1", ref, NULL) == 0 && *out;
	if (known ? git(out, CHECKOUT_S, cwd, "worktree", "add", top, branch, NULL) == 0
		  : git(out, CHECKOUT_S, cwd, "worktree", "add", "-b", branch, top, NULL) == 0)
		return 0;
	return failed(e, out);
}

int
git_worktree_make(const char *cwd, const char *branch, struct git_made *out, struct err *e)
{
	char said[OUT_MAX];
	struct around a;

	memset(out, 0, sizeof *out);
	if (look_around(cwd, &a, e) < 0)
		return -1;
	/* a name that git takes is no way out of the directory either */
	if (git(said, LOOK_S, cwd, "check-ref-format", "--branch", branch, NULL) != 0 ||
		strcmp(said, branch) != 0 || strlen(branch) > 120)
		return err_set(e, 2, "%.60s cannot be a branch's name", branch);
	snprintf(out->top, sizeof out->top, "%s.worktrees/%s", a.main, branch);
	if (!is_top(out->top)) {
		if (add(cwd, out->top, branch, e) < 0)
			return -1;
		out->made = true;
	}
	snprintf(out->cwd, sizeof out->cwd, "%.3200s/%.800s", out->top, a.prefix);
	if (!is_dir(out->cwd))
		memcpy(out->cwd, out->top, sizeof out->cwd);
	else if (!*a.prefix || out->cwd[strlen(out->cwd) - 1] == '/')
		out->cwd[strlen(out->cwd) - 1] = '\0';
	return 0;
}

struct git_state
git_look(const char *top)
{
	struct git_state s = {0};
	char out[OUT_MAX], own[160];

	if (!is_dir(top) || git(out, LOOK_S, top, "rev-parse", "--abbrev-ref", "HEAD", NULL) != 0 ||
		!*out)
		return s;
	snprintf(s.branch, sizeof s.branch, "%.127s", out);
	if (git(out, LOOK_S, top, "status", "--porcelain", NULL) != 0)
		return s;
	s.dirty = *out != '\0';
	snprintf(own, sizeof own, "--exclude=%s", s.branch);
	if (git(out, LOOK_S, top, "rev-list", "--count", "HEAD", "--not", own, "--branches",
		    "--remotes", NULL) != 0)
		return s;
	s.unpushed = (int)strtol(out, NULL, 10);
	s.known = true;
	return s;
}

/* Of one that is not dirty. git itself takes such files away without a word, and a .env or a database
 * of a test may be the only one of its kind. */
static int
check_ignored(const char *top, struct err *e)
{
	char out[OUT_MAX]; /* "!! NAME" each */

	if (git(out, LOOK_S, top, "status", "--porcelain", "--ignored", NULL) != 0)
		return failed(e, out);
	if (strlen(out) < 4)
		return 0;
	return err_set(e, 1, "it has files that git ignores (%.*s)",
		(int)MIN(strcspn(out + 3, "\n"), 80), out + 3);
}

int
git_worktree_remove(const char *top, struct err *e)
{
	char out[OUT_MAX];
	struct git_state s;

	if (access(top, F_OK) < 0 && errno == ENOENT)
		return 0;
	s = git_look(top);
	if (!s.known)
		return err_set(e, 1, "git cannot tell what is in it");
	if (s.dirty)
		return err_set(e, 1, "it has changes that are not committed");
	if (s.unpushed)
		return err_set(e, 1, "%d of its commits are not pushed", s.unpushed);
	if (check_ignored(top, e) < 0)
		return -1;
	if (git(out, CHECKOUT_S, top, "worktree", "remove", top, NULL) != 0)
		return failed(e, out);
	snprintf(out, sizeof out, "%s", top);
	do /* the directories above it, while they are empty */
		*strrchr(out, '/') = '\0';
	while (strchr(out, '/') && rmdir(out) == 0);
	return 0;
}
