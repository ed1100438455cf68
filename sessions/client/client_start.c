/* Reaching a server: the socket, and starting keeper and server when nobody is there. Several
 * clients may find nobody at once: the first to lock start.lock starts, the others wait for it. */
#include "core/os/os.h"
#include "sessions/client/client_priv.h"
#include "sessions/config/config.h"
#include "sessions/config/place.h"
#include "sessions/pty/keeper_link.h"
#include "sessions/proc/proc_read.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_MS 8000
#define RETRY_MS 10
#define NAME_MS 2500

extern char **environ;

static int
connect_to(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(a.sun_path)) {
		close(fd);
		return -ENAMETOOLONG;
	}
	memcpy(a.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	err = errno;
	close(fd);
	return -err;
}

/* Where the one who has our state says that it listens, or else where we would. *held: there is
 * one. */
static int
try_connect(bool *held)
{
	struct place p;
	int fd;

	*held = place_held(&p);
	fd = *held && *p.socket ? connect_to(p.socket) : -ENOENT;
	return fd >= 0 ? fd : connect_to(paths()->socket);
}

/* What the daemons need of our environment; secrets of the caller's stay out of it. */
static bool
daemon_env(const char *kv)
{
	static const char *const keep[] = {"PATH=", "HOME=", "USER=", "LOGNAME=", "SHELL=", "LANG=",
		"LC_", "TZ=", "TMPDIR=", "XDG_",
		"MUSTER_HOME=", "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "TSAN_OPTIONS="};

	for (size_t i = 0; i < ARRAY_LEN(keep); i++)
		if (!strncmp(kv, keep[i], strlen(keep[i])))
			return true;
	return false;
}

static char **
daemon_environ(void)
{
	size_t n = 0, k = 0;
	char **v;

	while (environ[n])
		n++;
	v = xcalloc(n + 1, sizeof(*v));
	for (size_t i = 0; i < n; i++)
		if (daemon_env(environ[i]))
			v[k++] = environ[i];
	return v;
}

static void
become_keeper(int tell)
{
	char keeper[4096], self[4096], errors[600];
	pid_t pid;
	int fd;

	if (!keeper_binary(keeper, sizeof(keeper)) || !self_binary(self, sizeof(self)))
		_exit(127);
	setsid();
	if ((pid = fork()) != 0) {
		if (write(tell, &pid, sizeof(pid)) < 0)
			_exit(1);
		_exit(0);
	}
	snprintf(errors, sizeof(errors), "%s/server.err", paths()->state);
	fd = open("/dev/null", O_RDWR);
	dup2(fd, 0);
	dup2(fd, 1);
	fd = open(errors, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
	dup2(fd >= 0 ? fd : 1, 2);
	syscall(SYS_close_range, 3, ~0u, 0);
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigprocmask(SIG_SETMASK, &(sigset_t){0}, NULL);
	execve(keeper, (char *[]){KEEPER_NAME, self, "serve", (char *)paths()->state, NULL},
		daemon_environ());
	_exit(127);
}

/* A pidfd of the keeper, or -1. */
static int
spawn_keeper(void)
{
	int p[2], status;
	pid_t mid, keeper = -1;

	if (pipe2(p, O_CLOEXEC) < 0)
		return -1;
	if ((mid = fork()) == 0)
		become_keeper(p[1]);
	close(p[1]);
	if (mid > 0) {
		if (read(p[0], &keeper, sizeof(keeper)) != sizeof(keeper))
			keeper = -1;
		waitpid(mid, &status, 0);
	}
	close(p[0]);
	return keeper > 0 ? (int)syscall(SYS_pidfd_open, keeper, 0) : -1;
}

const char *
client_last_words(char *text, ssize_t n)
{
	const char *line;

	text[MAX(n, 0)] = 0;
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = 0;
	line = strrchr(text, '\n');
	line = line ? line + 1 : text;
	return strncmp(line, "muster: server: ", 16) ? line : line + 16;
}

static int
start_failed(struct err *e)
{
	char path[600], text[1024] = "";
	const char *line;
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/server.err", paths()->state);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = pread(fd, text, sizeof(text) - 1, 0);
		close(fd);
	}
	line = client_last_words(text, n);
	return err_set(e, 4, "no server could be started (%.200s)",
		*line ? line
		      : "muster-keeper is not beside muster, or its directory is not writable");
}

/* Locks start.lock once whoever starts is done: 0, or -errno when that takes longer than a start. */
static int
wait_turn(int lock)
{
	uint64_t end = os_mono_ns() + START_MS * 1000000ull;

	while (flock(lock, LOCK_EX | LOCK_NB) < 0) {
		if ((errno != EWOULDBLOCK && errno != EINTR) || os_mono_ns() >= end)
			return -errno;
		poll(NULL, 0, RETRY_MS);
	}
	return 0;
}

/* A keeper of our state, as its command line says; 0 none. Who has lost even the lock is found so. */
static pid_t
find_keeper(void)
{
	struct dirent *d;
	DIR *proc = opendir("/proc");
	pid_t found = 0;

	while (proc && !found && (d = readdir(proc))) {
		pid_t pid = (pid_t)strtol(d->d_name, NULL, 10);
		char text[2048], *end = text;
		ssize_t n;

		if (pid <= 0 || (n = proc_read(pid, "cmdline", text, sizeof(text))) <= 0 ||
			strcmp(text, KEEPER_NAME) || text[n - 1])
			continue;
		for (int i = 0; i < KEEPER_ARG_STATE && end < text + n; i++)
			end += strlen(end) + 1;
		if (end < text + n && !strcmp(end, paths()->state))
			found = pid;
	}
	if (proc)
		closedir(proc);
	return found;
}

/* As try_connect(); a server makes what was removed of its files anew within a second. */
static int
find_server(bool *held)
{
	uint64_t end = os_mono_ns() + NAME_MS * 1000000ull;
	int fd = try_connect(held);
	bool hidden = fd < 0 && !*held && find_keeper() > 0;

	while (fd < 0 && fd != -ENAMETOOLONG && (*held || hidden) && os_mono_ns() < end) {
		poll(NULL, 0, RETRY_MS);
		fd = try_connect(held);
	}
	*held |= hidden && find_keeper() > 0;
	return fd;
}

/* There is one, and it does not answer: another must not begin beside it. */
static int
unreachable(struct err *e)
{
	char why[160];

	client_stopped(why, sizeof(why));
	return err_set(e, 4, "no answer: %s", why);
}

/* Until the keeper's server can be connected to: its fd, or -1 when it gave up. */
static int
await_server(int pidfd)
{
	uint64_t end = os_mono_ns() + START_MS * 1000000ull;
	struct pollfd p = {pidfd, POLLIN, 0};
	bool held;
	int fd = -1;

	while (pidfd >= 0 && os_mono_ns() < end && (fd = try_connect(&held)) < 0)
		if (poll(&p, 1, RETRY_MS) > 0)
			return try_connect(&held);
	return fd;
}

/* Starts keeper and server unless someone else just did: the connection, or -1 and *e. */
static int
launch(struct err *e)
{
	char path[600];
	int lock, pidfd, fd;
	bool held;

	snprintf(path, sizeof(path), "%s/start.lock", paths()->state);
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0)
		return err_set(e, 4, "%s: %s", path, strerror(errno));
	if (wait_turn(lock) < 0) {
		close(lock);
		return err_set(e, 4, "%s has been locked for %d s by another start (end that one)",
			path, START_MS / 1000);
	}
	fd = find_server(&held); /* another client may have been first */
	if (fd < 0 && !held) {
		pidfd = spawn_keeper();
		fd = await_server(pidfd);
		if (pidfd >= 0)
			close(pidfd);
	}
	close(lock);
	return fd >= 0 ? fd : held ? unreachable(e) : start_failed(e);
}

bool
client_stopped(char *out, size_t cap)
{
	static const char *const who[] = {"server", "keeper"};
	struct place p;
	pid_t pid[ARRAY_LEN(who)];

	if (!place_held(&p))
		p.keeper = find_keeper();
	pid[0] = p.server;
	pid[1] = p.keeper;
	snprintf(out, cap, "the server is busy");
	if (pid[0] > 0)
		snprintf(out, cap, "the server (process %d) is busy", (int)pid[0]);
	for (size_t i = 0; i < ARRAY_LEN(who); i++) {
		char state = pid[i] > 0 ? proc_state(pid[i]) : 0;

		if (state == 'T' || state == 't') {
			snprintf(out, cap, "the %s (process %d) is stopped: kill -CONT %d", who[i],
				(int)pid[i], (int)pid[i]);
			return true;
		}
	}
	return false;
}

int
client_socket(bool start_server, struct err *e)
{
	struct paths p;
	bool held;
	int fd;

	if (paths_init(&p, e) < 0) {
		if (e)
			e->code = 4;
		return -1;
	}
	if ((fd = find_server(&held)) >= 0)
		return fd;
	if (held)
		return unreachable(e);
	if (fd == -ENAMETOOLONG)
		return err_set(e, 4, "%.120s… is too long for a socket (use a shorter MUSTER_HOME)",
			paths()->socket);
	if (start_server)
		return launch(e);
	return err_set(e, 4, "no server is running (muster server start)");
}

static json_t *
caller_env(void)
{
	json_t *env = json_array();

	for (char **v = environ; *v; v++) {
		json_t *s = json_string(*v); /* NULL when it is not UTF-8 */
		if (s)
			json_array_append_new(env, s);
	}
	return env;
}

static json_t *
caller_limits(void)
{
	json_t *limits = json_array();

	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit l;
		if (getrlimit((__rlimit_resource_t)i, &l) == 0)
			json_array_append_new(limits,
				json_pack("[i,I,I]", i,
					l.rlim_cur == RLIM_INFINITY ? (json_int_t)-1
								    : (json_int_t)l.rlim_cur,
					l.rlim_max == RLIM_INFINITY ? (json_int_t)-1
								    : (json_int_t)l.rlim_max));
	}
	return limits;
}

void
client_add_caller(json_t *args)
{
	const char *cwd = json_string_value(json_object_get(args, "cwd"));
	char *full = cwd ? realpath(cwd, NULL) : NULL;
	mode_t mask = umask(0);

	umask(mask);
	if (full) /* what is not there the server complains of */
		json_object_set_new(args, "cwd", json_string(full));
	free(full);
	if (!json_object_get(args, "env"))
		json_object_set_new(args, "env", caller_env());
	if (!json_object_get(args, "limits"))
		json_object_set_new(args, "limits", caller_limits());
	if (!json_object_get(args, "umask"))
		json_object_set_new(args, "umask", json_integer(mask));
}
