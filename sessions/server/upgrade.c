#include "sessions/server/upgrade.h"
#include "sessions/client/client.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "core/page/page.h"
#include "sessions/config/config.h"
#include "sessions/keeper/record.h"
#include "sessions/pty/keeper_link.h"
#include "sessions/pty/memdir.h"
#include "sessions/pty/ring.h"
#include "sessions/pty/shelf.h"
#include "sessions/display/display.h"
#include "sessions/session/run.h"
#include "sessions/life/sessions.h"
#include "sessions/store_thread/store_worker.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRIAL_MS 20000
#define LATE_MS 10000

struct trial_record {
	struct keeper_rec r;
	int fd; /* ours, and the trial's own copy of it; -1 none */
};

/* ---- what the trial is told ---- */

static void
say(struct upgrade *u, struct keeper_rec r, int fd)
{
	u->say = xrealloc(u->say, (u->n + 1) * sizeof(*u->say));
	u->say[u->n++] = (struct trial_record){.r = r, .fd = fd};
}

static void
say_held(struct upgrade *u, uint32_t id, int slot, int take_fd)
{
	struct keeper_rec r = {.type = KEEPER_HELD, .id = id, .slot = (uint16_t)slot};

	if (take_fd >= 0)
		say(u, r, take_fd);
}

static void
say_session(struct upgrade *u, const struct session *s)
{
	const struct run *r = s->run;
	struct keeper_rec child = {.type = KEEPER_CHILD, .id = s->num, .flags = KEEPER_RUNNING};

	if (s->display->ring)
		say_held(u, s->num, KEEPER_RING, memory_copy(ring_fd(s->display->ring)));
	if (s->spec >= 0)
		say_held(u, s->num, KEEPER_SPEC, fcntl(s->spec, F_DUPFD_CLOEXEC, 0));
	if (!r)
		return;
	if (r->phase == RUN_COMING)
		child.flags = KEEPER_STARTING;
	else if (r->phase == RUN_DRAINING)
		child.flags = KEEPER_GONE;
	child.pid = r->pid;
	child.start = r->pid_start;
	u->sessions += child.flags != KEEPER_GONE;
	if (r->pidfd >= 0)
		say_held(u, s->num, KEEPER_PIDFD, fcntl(r->pidfd, F_DUPFD_CLOEXEC, 0));
	say(u, child, -1);
}

/* Everything but the masters, the lock and the sockets: there is only one of each. */
static void
say_all(struct upgrade *u)
{
	struct sessions *ss = u->ss;

	say(u, (struct keeper_rec){.type = KEEPER_HELLO, .id = KEEPER_VERSION, .pid = getpid()},
		-1);
	say(u, (struct keeper_rec){.type = KEEPER_TRIAL}, -1);
	say_held(u, 0, KEEPER_ARENA, memory_copy(arena_fd(ss->arena)));
	say_held(u, 0, KEEPER_SHELF, memory_copy(shelf_fd(ss->shelf)));
	for (const struct session *s = ss->first; s; s = s->next)
		say_session(u, s);
	say(u, (struct keeper_rec){.type = KEEPER_READY}, -1);
}

/* ---- the trial, on a worker ---- */

static char **
trial_environ(const char *home)
{
	size_t n = 0, k = 0;
	char **v;

	while (environ[n])
		n++;
	v = xcalloc(n + 2, sizeof(*v));
	v[k++] = xasprintf("MUSTER_HOME=%s", home);
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], "MUSTER_HOME=", 12) != 0)
			v[k++] = environ[i];
	return v;
}

static void
exec_trial(int program, int sock, int err, char **env)
{
	int s = fcntl(sock, F_DUPFD, KEEPER_FD + 8), e = fcntl(err, F_DUPFD, KEEPER_FD + 8);
	int p = fcntl(program, F_DUPFD, KEEPER_FD + 8);
	const char *why;

	dup2(s, KEEPER_FD);
	dup2(e, 2);
	syscall(SYS_close_range, KEEPER_FD + 1, ~0u, CLOSE_RANGE_CLOEXEC);
	fexecve(p, (char *[]){"muster", "server", "run", NULL}, env);
	why = strerrordesc_np(errno);
	if (why && write(2, why, strlen(why)) < 0)
		_exit(126);
	_exit(127);
}

/* Until it has said what it could take over, or is gone, or the time is over. */
static bool
talk(struct upgrade *u, int sock)
{
	uint64_t end = os_mono_ns() + TRIAL_MS * 1000000ull;
	size_t at = 0;

	while (os_mono_ns() < end) {
		struct pollfd p = {sock, (short)(POLLIN | (at < u->n ? POLLOUT : 0)), 0};
		struct keeper_rec r;
		int fd[KEEPER_REC_FDS], rc;

		if (poll(&p, 1, 100) <= 0)
			continue;
		while (at < u->n && record_send(sock, u->say[at].r, u->say[at].fd, -1) == 0)
			at++;
		while ((rc = record_receive(sock, &r, fd)) > 0) {
			record_close(fd);
			u->proved = r.id;
			if (r.type == KEEPER_PROVED)
				return true;
		}
		if (rc != -EAGAIN)
			return false;
	}
	return false;
}

static void
last_words(struct upgrade *u, int fd)
{
	char text[1024];
	const char *line = client_last_words(text, read(fd, text, sizeof(text) - 1));

	snprintf(u->why, sizeof(u->why), "%.150s", *line ? line : "it ends before it serves");
}

static void
work(uv_work_t *req)
{
	struct upgrade *u = req->data;
	char **env = trial_environ(u->home);
	int sv[2] = {-1, -1}, err[2] = {-1, -1};
	pid_t pid = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) == 0 &&
		pipe2(err, O_CLOEXEC | O_NONBLOCK) == 0 && (pid = fork()) == 0)
		exec_trial(u->server, sv[1], err[1], env);
	if (pid < 0)
		snprintf(u->why, sizeof(u->why), "%s", strerror(errno));
	else {
		close(sv[1]);
		close(err[1]);
		if (!talk(u, sv[0]))
			last_words(u, err[0]);
		else if (u->proved < u->sessions)
			snprintf(u->why, sizeof(u->why), "it finds %u of %u sessions", u->proved,
				u->sessions);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		sv[1] = err[1] = -1;
	}
	for (int i = 0; i < 2; i++) {
		if (sv[i] >= 0)
			close(sv[i]);
		if (err[i] >= 0)
			close(err[i]);
	}
	free(env[0]);
	free(env);
}

/* ---- the steps ---- */

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *f)
{
	(void)st;
	(void)kind;
	(void)f;
	return remove(path) < 0 && errno != ENOENT;
}

static void
remove_home(const struct upgrade *u)
{
	nftw(u->home, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void
say_drop(struct upgrade *u)
{
	for (size_t i = 0; i < u->n; i++)
		if (u->say[i].fd >= 0)
			close(u->say[i].fd);
	free(u->say);
	u->say = NULL;
	u->n = 0;
}

/* "" or why not. */
static void
finish(struct upgrade *u, const char *why)
{
	upgrade_done done = u->done;

	say_drop(u);
	if (u->keeper >= 0)
		close(u->keeper);
	if (u->server >= 0)
		close(u->server);
	u->keeper = u->server = -1;
	u->done = NULL;
	log_info("upgrade: %s", *why ? why : "the next server takes over");
	done(u->done_ctx, why);
}

static void
on_late(uv_timer_t *t)
{
	finish(t->data, "the keeper does not answer");
}

static void
after_work(uv_work_t *req, int status)
{
	struct upgrade *u = req->data;

	(void)status;
	remove_home(u);
	if (*u->why)
		finish(u, u->why);
	else if (keeper_upgrade(u->ss->keeper, u->keeper, u->server) < 0)
		finish(u, "there is no keeper at the moment");
	else
		uv_timer_start(&u->late, on_late, LATE_MS, 0);
}

void
upgrade_went_on(struct upgrade *u, int error)
{
	if (!uv_is_active((uv_handle_t *)&u->late))
		return; /* it was not asked */
	uv_timer_stop(&u->late);
	if (error) {
		snprintf(
			u->why, sizeof(u->why), "its keeper cannot take over: %s", strerror(error));
		finish(u, u->why);
		return;
	}
	finish(u, "");
	u->yield(u->ctx);
}

/* On the store's thread: the list of sessions as it is, for the trial to read and to bring up to
 * date. */
static void
copy_list(void *arg, struct history_db *h, struct meta_db *m)
{
	struct upgrade *u = arg;
	char path[700];

	(void)h;
	snprintf(path, sizeof(path), "%s/state/meta.db", u->home);
	if (meta_copy(m, path) < 0)
		log_warn("upgrade: the list of sessions is tried without what is stored");
}

static void
on_copied(void *arg)
{
	struct upgrade *u = arg;

	say_all(u);
	CHECK(uv_queue_work(u->ss->loop, &u->work, work, after_work) == 0);
}

static int
open_program(const char *path)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & 0111)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

void
upgrade_begin(struct upgrade *u, const char *program, upgrade_done done, void *ctx)
{
	const char *slash = strrchr(program, '/');
	char path[4096], state[700];

	if (u->done) {
		done(ctx, "another one is under way");
		return;
	}
	u->done = done;
	u->done_ctx = ctx;
	u->sessions = u->proved = 0;
	u->why[0] = 0;
	snprintf(path, sizeof(path), "%.*s/" KEEPER_NAME, (int)(slash ? slash - program : 0),
		program);
	u->server = open_program(program);
	u->keeper = open_program(path);
	if (program[0] != '/' || u->server < 0 || u->keeper < 0) {
		snprintf(u->why, sizeof(u->why), "%.120s is no program",
			program[0] != '/' || u->server < 0 ? program : path);
		finish(u, u->why);
		return;
	}
	snprintf(u->home, sizeof(u->home), "%s/trial", paths()->runtime);
	snprintf(state, sizeof(state), "%s/state", u->home);
	remove_home(u);
	if (mkdir(u->home, 0700) < 0 || mkdir(state, 0700) < 0) {
		snprintf(u->why, sizeof(u->why), "%.100s: %s", u->home, strerror(errno));
		finish(u, u->why);
		return;
	}
	store_run(u->ss->store, copy_list, on_copied, u);
}

void
upgrade_init(struct upgrade *u, struct sessions *ss, void (*yield)(void *ctx), void *ctx)
{
	*u = (struct upgrade){.ss = ss, .yield = yield, .ctx = ctx, .keeper = -1, .server = -1};
	u->work.data = u;
	uv_timer_init(ss->loop, &u->late);
	u->late.data = u;
}
