/* The real keeper binary. This program is its server: the keeper starts it as `… server run`, and
 * what that run finds and does goes to the test through a file. */
#include "sessions/pty/keeper_link.h"
#include "sessions/pty/spawn.h"
#include "core/os/os.h"
#include "sessions/pty/ring.h"
#include "tests/sessions/run_muster.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* Drives a keeper in "adopt" mode: this process is the server. */
struct world {
	uv_loop_t loop;
	struct keeper_link *l;
	uint32_t spawned_id, exited_id;
	int error, status, master, pidfd;
	pid_t pid, exited_pid;
	bool lost, upgraded;
	int n_spawned[64], n_exited[64]; /* of each id */
};

static void
on_spawned(void *ctx, uint32_t id, pid_t pid, uint64_t start, int error, int take_master,
	int take_pidfd)
{
	struct world *w = ctx;

	assert_true(error || start > 0);
	w->spawned_id = id;
	w->n_spawned[id % ARRAY_LEN(w->n_spawned)]++;
	w->pid = pid;
	w->error = error;
	w->master = take_master;
	w->pidfd = take_pidfd;
}

static void
on_exited(void *ctx, uint32_t id, pid_t pid, int status)
{
	struct world *w = ctx;

	w->exited_id = id;
	w->n_exited[id % ARRAY_LEN(w->n_exited)]++;
	w->exited_pid = pid;
	w->status = status;
}

static void
on_lost(void *ctx)
{
	((struct world *)ctx)->lost = true;
}

static void
on_upgraded(void *ctx, int error)
{
	struct world *w = ctx;

	w->upgraded = true;
	w->error = error;
}

static bool
step_until(struct world *w, bool (*cond)(struct world *w), double seconds)
{
	uint64_t end = os_mono_ns() + (uint64_t)(seconds * 1e9);

	while (!cond(w)) {
		struct pollfd p = {uv_backend_fd(&w->loop), POLLIN, 0};
		if (os_mono_ns() > end)
			return false;
		poll(&p, 1, 10);
		uv_run(&w->loop, UV_RUN_NOWAIT);
	}
	return true;
}

static bool
was_spawned(struct world *w)
{
	return w->spawned_id != 0;
}

static bool
has_exited(struct world *w)
{
	return w->exited_id != 0;
}

/* A keeper that was started to replace another; returns our end of its socket. */
static int
start_adopting(void)
{
	char path[512];
	int sv[2], small = 1;

	snprintf(path, sizeof(path), "%s/muster-keeper", getenv("MUSTER_BIN"));
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv), 0);
	/* the kernel's least: the keeper can say only a few records ahead */
	assert_int_equal(setsockopt(sv[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	if (fork() == 0) {
		dup2(sv[1], 200);
		dup2(200, KEEPER_FD);
		syscall(SYS_close_range, KEEPER_FD + 1, ~0u, 0);
		execl(path, "muster-keeper", "/nonexistent/muster", "adopt", (char *)NULL);
		_exit(127);
	}
	close(sv[1]);
	return sv[0];
}

static int
setup(void **st)
{
	struct world *w = calloc(1, sizeof(*w));
	struct keeper_ops ops = {on_spawned, on_exited, on_lost, on_upgraded, w};
	struct keeper_held *held;
	size_t n;
	struct err e;

	assert_int_equal(uv_loop_init(&w->loop), 0);
	w->l = keeper_link_open(start_adopting(), &held, &n, &e);
	assert_non_null(w->l);
	free(held);
	keeper_link_start(w->l, &w->loop, &ops);
	w->master = w->pidfd = -1;
	*st = w;
	return 0;
}

static int
teardown(void **st)
{
	struct world *w = *st;
	int pidfd = (int)syscall(SYS_pidfd_open, keeper_link_pid(w->l), 0);
	struct pollfd p = {pidfd, POLLIN, 0};
	pid_t self = fork();

	/* the keeper leaves once its server has: a short-lived child plays that server's end */
	if (self == 0)
		_exit(0);
	keeper_stop(w->l);
	keeper_adopt(w->l, 0, self, 0, false, 0, (int)syscall(SYS_pidfd_open, self, 0));
	keeper_link_close(w->l);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&w->loop), 0);
	assert_int_equal(poll(&p, 1, 5000), 1);
	waitpid(self, NULL, 0);
	free(w);
	return 0;
}

static int
spawn_shell(struct world *w, uint32_t id, const char *script, const char *cwd)
{
	char *argv[] = {"sh", "-c", (char *)script, NULL};
	char *env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "CANARY=yes", NULL};
	struct spawn sp = {.argv = argv, .env = env, .cwd = cwd, .meta = "{}", .limits.mask = 027};
	int fd, rc;

	sp.limits.limit[0].resource = RLIMIT_NOFILE;
	sp.limits.limit[0].cur = 123;
	sp.limits.limit[0].max = 456;
	sp.limits.n = 1;
	fd = spawn_seal(&sp);
	assert_true(fd >= 0);
	w->spawned_id = w->exited_id = 0;
	rc = keeper_spawn(w->l, id, 77, 22, fd, -1);
	close(fd);
	return rc;
}

/* All output until the child's end. */
static void
read_all(struct world *w, char *out, size_t cap)
{
	size_t n = 0;

	for (;;) {
		struct pollfd p = {w->master, POLLIN, 0};
		poll(&p, 1, 3000);
		ssize_t k = read(w->master, out + n, cap - 1 - n);
		if (k <= 0)
			break;
		n += (size_t)k;
	}
	out[n] = 0;
	close(w->master);
	close(w->pidfd);
}

static void
test_child_becomes_what_the_spec_says(void **st)
{
	struct world *w = *st;
	char out[4096];

	assert_int_equal(spawn_shell(w, 5,
				 "umask; pwd; echo c=$CANARY h=$HOME; stty size; ulimit -n; "
				 "cat /proc/self/oom_score_adj; "
				 /* by no other process, for which the shell would open some */
				 "for i in 0 1 2 3 4 5 6 7 8 9 10 11 12; do "
				 "[ -e /proc/$$/fd/$i ] && printf \"$i \"; done; echo .; "
				 "tty; exit 9",
				 "/usr"),
		0);
	assert_true(step_until(w, was_spawned, 5));
	assert_int_equal(w->error, 0);
	read_all(w, out, sizeof(out));
	assert_non_null(strstr(out, "0027\r\n/usr\r\nc=yes h=\r\n22 77\r\n123\r\n500\r\n"));
	assert_non_null(strstr(out, "\r\n0 1 2 .\r\n"));
	assert_non_null(strstr(out, "/dev/pts/"));
	assert_true(step_until(w, has_exited, 5));
	assert_int_equal(w->exited_pid, w->pid);
	assert_true(WIFEXITED(w->status));
	assert_int_equal(WEXITSTATUS(w->status), 9);
	assert_int_equal(keeper_drop(w->l, 5, KEEPER_ALL_SLOTS), 0);
	assert_int_equal(
		spawn_shell(w, 5, "exec grep -E 'Sig(Blk|Ign)' /proc/self/status", "/"), 0);
	assert_true(step_until(w, was_spawned, 5));
	read_all(w, out, sizeof(out));
	assert_string_equal(out, "SigBlk:\t0000000000000000\r\nSigIgn:\t0000000000000000\r\n");
}

static void
test_failures_are_told(void **st)
{
	struct world *w = *st;
	char *argv[] = {"/no/such/program", NULL};
	struct spawn sp = {.argv = argv, .cwd = "/"};
	int fd;

	assert_int_equal(spawn_shell(w, 6, "true", "/no/such/folder"), 0);
	assert_true(step_until(w, was_spawned, 5));
	assert_int_equal(w->error, ENOENT);
	assert_int_equal(w->master, -1);
	w->spawned_id = 0;
	fd = spawn_seal(&sp);
	assert_int_equal(keeper_spawn(w->l, 7, 80, 24, fd, -1), 0);
	assert_true(step_until(w, was_spawned, 5));
	assert_int_equal(w->error, ENOENT);
	/* a spec that is none */
	w->spawned_id = 0;
	close(fd);
	fd = os_memfd("junk");
	assert_int_equal(ftruncate(fd, 4096), 0);
	assert_int_equal(keeper_spawn(w->l, 8, 80, 24, fd, -1), 0);
	assert_true(step_until(w, was_spawned, 5));
	assert_int_equal(w->error, EINVAL);
	close(fd);
	assert_false(w->lost);
}

static void
test_one_child_a_session(void **st)
{
	struct world *w = *st;

	assert_int_equal(spawn_shell(w, 9, "read x", "/"), 0);
	assert_true(step_until(w, was_spawned, 5));
	int master = w->master, pidfd = w->pidfd;
	assert_int_equal(spawn_shell(w, 9, "read x", "/"), 0);
	assert_true(step_until(w, was_spawned, 5));
	assert_int_equal(w->error, EBUSY);
	assert_int_equal(syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0), 0);
	assert_true(step_until(w, has_exited, 5));
	assert_true(WIFSIGNALED(w->status) && WTERMSIG(w->status) == SIGKILL);
	close(master);
	close(pidfd);
	assert_int_equal(keeper_drop(w->l, 9, KEEPER_ALL_SLOTS), 0);
}

static void
test_signals_do_not_end_it(void **st)
{
	struct world *w = *st;
	static const int sigs[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT};

	for (size_t i = 0; i < ARRAY_LEN(sigs); i++)
		assert_int_equal(kill(keeper_link_pid(w->l), sigs[i]), 0);
	assert_int_equal(spawn_shell(w, 3, "exit 0", "/"), 0);
	assert_true(step_until(w, was_spawned, 5));
	assert_true(step_until(w, has_exited, 5));
	close(w->master);
	close(w->pidfd);
	assert_false(w->lost);
}

static bool
has_upgraded(struct world *w)
{
	return w->upgraded;
}

/* It becomes another program: its child is its child yet, and so is one that is being born; what is
 * no keeper it does not become. */
static void
test_it_becomes_another(void **st)
{
	struct world *w = *st;
	int other = open("/bin/true", O_PATH | O_CLOEXEC), keeper;
	pid_t pid = keeper_link_pid(w->l);
	char path[512];

	snprintf(path, sizeof(path), "%s/muster-keeper", getenv("MUSTER_BIN"));
	keeper = open(path, O_PATH | O_CLOEXEC);
	assert_int_equal(spawn_shell(w, 9, "read x; exit 7", "/"), 0);
	assert_true(step_until(w, was_spawned, 5));
	assert_int_equal(keeper_upgrade(w->l, other, other), 0);
	assert_true(step_until(w, has_upgraded, 5));
	assert_int_equal(w->error, ENOEXEC);
	w->upgraded = false;
	w->spawned_id = 0;
	assert_int_equal(spawn_shell(w, 10, "exit 8", "/"), 0);
	assert_int_equal(keeper_upgrade(w->l, keeper, other), 0);
	assert_true(step_until(w, has_upgraded, 5));
	assert_int_equal(w->error, 0);
	assert_int_equal(kill(pid, 0), 0);
	assert_true(step_until(w, has_exited, 5));
	assert_int_equal(w->exited_id, 10);
	assert_int_equal(w->n_spawned[10], 1);
	assert_int_equal(WEXITSTATUS(w->status), 8);
	w->exited_id = 0;
	assert_int_equal(keeper_drop(w->l, 10, KEEPER_ALL_SLOTS), 0);
	close(other);
	close(keeper);
	assert_false(w->lost);
}

/* A server that reads nothing for a while hears of each refusal, too. */
#define REFUSED 40

static bool
all_are_refused(struct world *w)
{
	return w->n_spawned[9] >= 1 + REFUSED;
}

static void
test_refusals_are_not_lost(void **st)
{
	struct world *w = *st;

	assert_int_equal(spawn_shell(w, 9, "read x", "/"), 0);
	assert_true(step_until(w, was_spawned, 5));
	int master = w->master, pidfd = w->pidfd;
	for (int i = 0; i < REFUSED; i++)
		assert_int_equal(spawn_shell(w, 9, "read x", "/"), 0);
	assert_true(step_until(w, all_are_refused, 10));
	assert_int_equal(w->error, EBUSY);
	assert_int_equal(syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0), 0);
	assert_true(step_until(w, has_exited, 5));
	close(master);
	close(pidfd);
	assert_int_equal(keeper_drop(w->l, 9, KEEPER_ALL_SLOTS), 0);
}

/* A keeper that is stopped costs its server nothing: what it is told waits, and all of it arrives.
 */
#define UNREAD 1500

static void
test_a_keeper_that_reads_nothing(void **st)
{
	struct world *w = *st;
	uint64_t t = os_mono_ns();
	char out[256];

	assert_int_equal(kill(keeper_link_pid(w->l), SIGSTOP), 0);
	for (int i = 0; i < UNREAD; i++)
		assert_int_equal(keeper_drop(w->l, 4000, 0), 0);
	assert_int_equal(spawn_shell(w, 2, "echo hello; exit 3", "/"), 0);
	assert_true(os_mono_ns() - t < 1500000000ull);
	assert_int_equal(kill(keeper_link_pid(w->l), SIGCONT), 0);
	assert_true(step_until(w, was_spawned, 10));
	assert_int_equal(w->error, 0);
	read_all(w, out, sizeof(out));
	assert_string_equal(out, "hello\r\n");
	assert_true(step_until(w, has_exited, 5));
	assert_int_equal(WEXITSTATUS(w->status), 3);
	assert_int_equal(keeper_drop(w->l, 2, KEEPER_ALL_SLOTS), 0);
}

#define MANY 30

static bool
all_have_run(void *ctx)
{
	for (int i = 1; i <= MANY; i++) {
		char path[512];
		snprintf(path, sizeof(path), "%s/ran-%d", (char *)ctx, i);
		if (access(path, F_OK) < 0)
			return false;
	}
	return true;
}

static bool
all_are_told(struct world *w)
{
	int n = 0;

	for (int i = 1; i <= MANY; i++)
		n += w->n_exited[i];
	return n >= MANY;
}

/* A server that is stopped reads nothing: children start and end meanwhile, and it hears of each
 * once, afterwards. */
static void
test_a_server_that_reads_nothing(void **st)
{
	struct world *w = *st;
	char script[600], *home = getenv("MUSTER_HOME");

	for (int i = 1; i <= MANY; i++) {
		snprintf(script, sizeof(script), ": >'%s/ran-%d'; exit %d", home, i, i);
		assert_int_equal(spawn_shell(w, (uint32_t)i, script, "/"), 0);
	}
	assert_true(until(all_have_run, home, 10));
	assert_int_equal(w->spawned_id, 0);
	assert_true(step_until(w, all_are_told, 10));
	for (int i = 1; i <= MANY; i++) {
		assert_int_equal(w->n_spawned[i], 1);
		assert_int_equal(w->n_exited[i], 1);
		assert_int_equal(keeper_drop(w->l, (uint32_t)i, KEEPER_ALL_SLOTS), 0);
	}
	assert_false(w->lost);
}

static void
test_noise_on_the_socket_is_ignored(void **st)
{
	struct world *w = *st;
	struct keeper_rec r = {.magic = KEEPER_MAGIC, .type = 999};

	/* through the link's own fd, which is the only one there is */
	int fd = -1;
	for (int i = 3; i < 256 && fd < 0; i++) {
		int type = 0;
		socklen_t len = sizeof(type);
		if (getsockopt(i, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET)
			fd = i;
	}
	assert_true(fd >= 0);
	assert_int_equal(send(fd, "short", 5, 0), 5);
	assert_int_equal(send(fd, &r, sizeof(r), 0), sizeof(r));
	r.magic = 7;
	assert_int_equal(send(fd, &r, sizeof(r), 0), sizeof(r));
	r = (struct keeper_rec){.magic = KEEPER_MAGIC, .type = KEEPER_DROP, .id = 4242, .slot = 77};
	assert_int_equal(send(fd, &r, sizeof(r), 0), sizeof(r));
	r = (struct keeper_rec){.magic = KEEPER_MAGIC, .type = KEEPER_SPAWN, .id = 4242};
	assert_int_equal(send(fd, &r, sizeof(r), 0), sizeof(r));
	assert_int_equal(spawn_shell(w, 4, "exit 1", "/"), 0);
	assert_true(step_until(w, was_spawned, 5));
	assert_int_equal(w->spawned_id, 4);
	assert_true(step_until(w, has_exited, 5));
	close(w->master);
	close(w->pidfd);
}

/* Its server died as well, before it could hand anything over: there is nothing to stay for. */
static void
test_a_keeper_that_nobody_wanted(void **st)
{
	struct keeper_held *held;
	struct keeper_link *l;
	struct pollfd p = {-1, POLLIN, 0};
	struct err e;
	size_t n;

	(void)st;
	l = keeper_link_open(start_adopting(), &held, &n, &e);
	assert_non_null(l);
	free(held);
	p.fd = (int)syscall(SYS_pidfd_open, keeper_link_pid(l), 0);
	assert_true(p.fd >= 0);
	keeper_link_close(l);
	if (poll(&p, 1, 5000) != 1) {
		syscall(SYS_pidfd_send_signal, p.fd, SIGKILL, NULL, 0);
		fail_msg("it stays");
	}
	close(p.fd);
}

/* What is no spec, or one of a program that cannot be: each is told, and hurts nobody. */
static void
test_specs_that_are_none(void **st)
{
	struct world *w = *st;
	char *argv[] = {"true", NULL}, *env[] = {"A=b", NULL};
	struct spawn sp = {.argv = argv, .env = env, .cwd = "/", .meta = "{}"};
	static const struct {
		size_t off; /* a u32 of the spec becomes */
		uint32_t value;
		int error;
	} t[] = {
		{offsetof(struct spawn_spec, magic), 0, EINVAL},
		{offsetof(struct spawn_spec, version), 99, EINVAL},
		{offsetof(struct spawn_spec, size), 1u << 30, EINVAL},
		{offsetof(struct spawn_spec, size), sizeof(struct spawn_spec), EINVAL},
		{offsetof(struct spawn_spec, argc), 0, EINVAL},
		{offsetof(struct spawn_spec, argc), 1000, EINVAL},
		{offsetof(struct spawn_spec, argc), UINT32_MAX, EINVAL},
		{offsetof(struct spawn_spec, envc), UINT32_MAX, EINVAL},
		{offsetof(struct spawn_spec, envc), 1000, EINVAL},
		{offsetof(struct spawn_spec, argv_off), UINT32_MAX, EINVAL},
		{offsetof(struct spawn_spec, env_off), UINT32_MAX, EINVAL},
		{offsetof(struct spawn_spec, cwd_off), UINT32_MAX, EINVAL},
		{offsetof(struct spawn_spec, n_limits), UINT32_MAX, 0}, /* those there are */
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		char bytes[4096];
		int spec = spawn_seal(&sp), fd = os_memfd("spec");
		ssize_t n = pread(spec, bytes, sizeof(bytes), 0);

		memcpy(bytes + t[i].off, &t[i].value, sizeof(t[i].value));
		assert_int_equal(write(fd, bytes, (size_t)n), n);
		w->spawned_id = w->exited_id = 0;
		assert_int_equal(keeper_spawn(w->l, 11, 80, 24, fd, -1), 0);
		assert_true(step_until(w, was_spawned, 5));
		if (w->error != t[i].error)
			fail_msg("spec %zu: error %d", i, w->error);
		assert_int_equal(w->master >= 0, !w->error);
		if (!w->error) {
			assert_true(step_until(w, has_exited, 5));
			close(w->master);
			close(w->pidfd);
		}
		close(fd);
		close(spec);
	}
	assert_int_equal(keeper_drop(w->l, 11, KEEPER_ALL_SLOTS), 0);
}

/* The state of a process, as ps has it; 0: there is none. */
static char
state_of_process(pid_t pid)
{
	char path[64], text[256], *p;
	FILE *f;
	size_t n = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if ((f = fopen(path, "r"))) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = 0;
	return (p = strrchr(text, ')')) ? p[2] : 0;
}

/* A server that dies while a child of its has not become its program yet: the run after it is told
 * of one master, whether the child gets there or not. */
static void
run_of_birth(struct world *w, const struct keeper_held *h, size_t n, FILE *f)
{
	bool good = !strcmp(getenv("LANG"), "good");
	int masters = 0;

	if (n < 2) { /* entry 0 alone */
		kill(getppid(), SIGSTOP);
		fprintf(f, "first %d\n", getpid());
		fclose(f);
		spawn_shell(w, 12, "exec cat", good ? "/" : "/no/such/directory");
		kill(getpid(), SIGKILL);
	}
	for (size_t i = 0; i < n; i++)
		masters += h[i].id == 12 && h[i].fd[KEEPER_MASTER] >= 0;
	step_until(w, was_spawned, 5);
	masters += w->master >= 0;
	fprintf(f, "told %d times, error %d, masters %d\n", w->n_spawned[12], w->error, masters);
	fclose(f);
	if (w->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, w->pidfd, SIGKILL, NULL, 0);
	keeper_stop(w->l);
}

static pid_t birth_keeper;

static bool
both_stand(void *ctx)
{
	FILE *f = fopen(ctx, "r");
	int pid = 0;
	bool there = f && fscanf(f, "first %d", &pid) == 1;

	if (f)
		fclose(f);
	return there && state_of_process(pid) == 'Z' && state_of_process(birth_keeper) == 'T';
}

static void
test_server_dies_at_a_birth(void **st)
{
	static const char *const how[] = {"good", "bad"},
				 *const told[] = {"told 1 times, error 0, masters 1\n",
					 "told 1 times, error 2, masters 0\n"};
	char keeper[512], self[512], report[512], text[512];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int status;
	FILE *f;

	(void)st;
	self[n] = 0;
	snprintf(keeper, sizeof(keeper), "%s/muster-keeper", getenv("MUSTER_BIN"));
	for (int i = 0; i < 2; i++) {
		snprintf(report, sizeof(report), "%s/birth-%s", getenv("MUSTER_HOME"), how[i]);
		if ((birth_keeper = fork()) == 0) {
			setenv("TMPDIR", report, 1);
			setenv("LANG", how[i], 1);
			execl(keeper, "muster-keeper", self, (char *)NULL);
			_exit(127);
		}
		assert_true(until(both_stand, report, 10));
		assert_int_equal(kill(birth_keeper, SIGCONT), 0);
		assert_int_equal(waitpid(birth_keeper, &status, 0), birth_keeper);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		f = fopen(report, "r");
		text[fread(text, 1, sizeof(text) - 1, f)] = 0;
		fclose(f);
		assert_string_equal(strchr(text, '\n') + 1, told[i]);
	}
}

/* The other way around: the keeper starts servers. Each run of fake_server appends a line to the
 * file REPORT; the first one spawns and dies, the second sees what is left and stops the keeper. */
static int
fake_server(void)
{
	struct keeper_held *held;
	struct world w = {.master = -1, .pidfd = -1};
	struct keeper_ops ops = {on_spawned, on_exited, on_lost, on_upgraded, &w};
	const char *report = getenv("TMPDIR");
	struct err e;
	size_t n;
	FILE *f = fopen(report, "a");

	w.l = keeper_link_open(KEEPER_FD, &held, &n, &e);
	if (!w.l || !f)
		return KEEPER_EXIT_FINAL;
	if (strstr(report, "birth-")) {
		uv_loop_init(&w.loop);
		keeper_link_start(w.l, &w.loop, &ops);
		run_of_birth(&w, held, n, f);
		return 0;
	}
	/* entry 0 is what every run of a server puts there */
	for (size_t i = 0; i < n; i++)
		if (!held[i].id)
			held[i] = held[--n];
	for (size_t i = 0; i < n; i++) {
		fprintf(f, "entry %u master %d ring %d spec %d pid %d flags %u\n", held[i].id,
			held[i].fd[KEEPER_MASTER] >= 0, held[i].fd[KEEPER_RING] >= 0,
			held[i].fd[KEEPER_SPEC] >= 0, held[i].pid > 0, held[i].flags);
		if (held[i].fd[KEEPER_RING] >= 0) {
			struct ring *r = ring_attach(held[i].fd[KEEPER_RING]);
			size_t len = 0;
			fprintf(f, "ring says %.5s\n", (const char *)ring_bytes(r, 0, &len));
		}
	}
	fprintf(f, "run over %zu entries\n", n);
	fclose(f);
	if (n) {
		keeper_stop(w.l);
		return 0;
	}
	uv_loop_init(&w.loop);
	keeper_link_start(w.l, &w.loop, &ops);
	struct ring *r = ring_new(os_memfd("ring"));
	memcpy(ring_place(r), "bytes", 5);
	ring_commit(r, 5);
	spawn_shell(&w, 12, "exec cat", "/");
	step_until(&w, was_spawned, 5);
	keeper_hold(w.l, 12, KEEPER_RING, ring_fd(r));
	kill(getpid(), SIGKILL);
	return 1;
}

static bool
report_done(void *ctx)
{
	char text[2048] = "";
	FILE *f = fopen(ctx, "r");

	if (f) {
		text[fread(text, 1, sizeof(text) - 1, f)] = 0;
		fclose(f);
	}
	return strstr(text, "run over 0 entries\nentry 12 master 1 ring 1 spec 1 pid 1 flags 1\n"
			    "ring says bytes\nrun over 1 entries\n") != NULL;
}

static void
test_server_is_started_again(void **st)
{
	char keeper[512], self[512], report[512];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int status;
	pid_t pid;

	(void)st;
	self[n] = 0;
	snprintf(keeper, sizeof(keeper), "%s/muster-keeper", getenv("MUSTER_BIN"));
	snprintf(report, sizeof(report), "%s/report", getenv("MUSTER_HOME"));
	if ((pid = fork()) == 0) {
		setenv("TMPDIR", report, 1);
		execl(keeper, "muster-keeper", self, (char *)NULL);
		_exit(127);
	}
	assert_true(until(report_done, report, 10));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_child_becomes_what_the_spec_says, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failures_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_child_a_session, setup, teardown),
		cmocka_unit_test_setup_teardown(test_signals_do_not_end_it, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_noise_on_the_socket_is_ignored, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_server_that_reads_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_it_becomes_another, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals_are_not_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_keeper_that_reads_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_specs_that_are_none, setup, teardown),
		cmocka_unit_test(test_a_keeper_that_nobody_wanted),
		cmocka_unit_test(test_server_is_started_again),
		cmocka_unit_test(test_server_dies_at_a_birth),
	};

	if (argc == 3 && !strcmp(argv[1], "server"))
		_exit(fake_server()); /* as it stands: what it holds is not worth freeing */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
