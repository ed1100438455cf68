/* The command line as scripts see it: exit codes, one-line errors, what goes to
 * which stream, and trouble of all kinds: no server, no tty, no such session,
 * no room, no permission, bad config. */
#include "core/os/os.h"
#include "store/meta.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 15000

struct result {
	int code; /* exit status, or -signal */
	char out[65536], err[8192];
	size_t n_out, n_err;
};
static struct result res;
static char muster[512];

/* Reads both streams to their end: a daemon that kept one of them would make
 * this time out. */
static void
drain(int fd_out, int fd_err, pid_t pid)
{
	struct pollfd p[2] = {{.fd = fd_out, .events = POLLIN}, {.fd = fd_err, .events = POLLIN}};
	char *const to[] = {res.out, res.err};
	size_t *const n[] = {&res.n_out, &res.n_err};
	const size_t cap[] = {sizeof res.out - 1, sizeof res.err - 1};
	uint64_t end = os_mono_ns() + DEADLINE_MS * 1000000ull;

	while (p[0].fd >= 0 || p[1].fd >= 0) {
		if (os_mono_ns() > end) {
			kill(pid, SIGKILL);
			fail_msg("no end of output: '%s' '%s'", res.out, res.err);
		}
		if (poll(p, 2, 100) <= 0)
			continue;
		for (int i = 0; i < 2; i++) {
			if (p[i].fd < 0 || !p[i].revents)
				continue;
			ssize_t got = read(p[i].fd, to[i] + *n[i], cap[i] - *n[i]);

			if (got <= 0) {
				close(p[i].fd);
				p[i].fd = -1;
			} else {
				*n[i] += (size_t)got;
			}
		}
	}
	res.out[res.n_out] = res.err[res.n_err] = 0;
}

static void
run_argv(char **argv)
{
	int out[2], err[2], status;

	memset(&res, 0, sizeof res);
	assert_int_equal(pipe(out), 0);
	assert_int_equal(pipe(err), 0);
	pid_t pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDONLY);

		dup2(null, 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		close_range(3, ~0u, 0);
		setsid();
		execv(argv[0], argv);
		_exit(127);
	}
	close(out[1]);
	close(err[1]);
	drain(out[0], err[0], pid);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	res.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* run("peek", "x", NULL) runs muster so; returns its exit code. */
static int __attribute__((sentinel)) run(const char *first, ...)
{
	char *argv[24] = {muster};
	int n = 1;
	va_list ap;

	va_start(ap, first);
	for (const char *a = first; a && n < 23; a = va_arg(ap, const char *))
		argv[n++] = (char *)a;
	va_end(ap);
	run_argv(argv);
	return res.code;
}

/* One line, "muster: …", nothing on stdout. */
static void
assert_one_line(int code)
{
	size_t n = strlen(res.err);

	if (res.code != code)
		fail_msg("exit %d, not %d: '%s' '%s'", res.code, code, res.out, res.err);
	assert_string_equal(res.out, "");
	assert_true(n > 10);
	assert_memory_equal(res.err, "muster: ", 8);
	assert_ptr_equal(strchr(res.err, '\n'), res.err + n - 1);
}

static json_t *
parse(void)
{
	json_error_t e;
	json_t *j = json_loads(res.out, 0, &e);

	if (!j)
		fail_msg("no JSON (%s): '%s' '%s'", e.text, res.out, res.err);
	assert_int_equal(json_integer_value(json_object_get(j, "v")), 1);
	return j;
}

static int
stop_server(void **state)
{
	(void)state;
	run("server", "stop", "--kill-sessions", NULL);
	return 0;
}

static void
test_usage(void **state)
{
	(void)state;
	run("frobnicate", NULL);
	assert_one_line(2);
	assert_non_null(strstr(res.err, "frobnicate"));
	run("--frobnicate", NULL);
	assert_one_line(2);
	run("ls", "--frobnicate", NULL);
	assert_one_line(2);
	assert_non_null(strstr(res.err, "muster: ls: "));
	run("--color", "purple", "version", NULL);
	assert_one_line(2);
	run("peek", NULL);
	assert_one_line(2);
	run("rename", "x", NULL);
	assert_one_line(2);
	run("new", "-d", "--size", "0x0", "--", "true", NULL);
	assert_one_line(2);
	run("new", "-d", "--size", "80", "--", "true", NULL);
	assert_one_line(2);
	run("replay", "--size", "0x0", "/dev/null", NULL);
	assert_one_line(2);
	run("wait", "x", "--for", "lunch", NULL);
	assert_one_line(2);
	run("server", "frobnicate", NULL);
	assert_one_line(2);
}

/* A word with control bytes must not reach the terminal raw. */
static void
test_hostile_words(void **state)
{
	(void)state;
	run("fr\033]0;x\007ob", NULL);
	assert_one_line(2);
	assert_null(strchr(res.err, 033));
	run("peek", "\033[31mx", NULL);
	assert_one_line(3);
	assert_null(strchr(res.err, 033));
}

static void
test_no_server(void **state)
{
	(void)state;
	run("server", "status", NULL);
	assert_one_line(4);
	run("server", "stop", NULL);
	assert_one_line(4);
}

static void
test_words(void **state)
{
	(void)state;
	assert_int_equal(run("--version", NULL), 0);
	assert_memory_equal(res.out, "muster ", 7);
	assert_int_equal(run("version", "--json", NULL), 0);
	json_decref(parse());
	assert_int_equal(run("help", NULL), 0);
	assert_non_null(strstr(res.out, "hibernate"));
	assert_int_equal(run("help", "new", NULL), 0);
	assert_non_null(strstr(res.out, "--size"));
	run("help", "nothing", NULL);
	assert_one_line(2);
	assert_int_equal(run("config", "default", NULL), 0);
	assert_non_null(strstr(res.out, "scrollback_lines"));
	assert_int_equal(run("config", "check", NULL), 0);
}

static void
test_no_session(void **state)
{
	static const char *const verbs[] = {"peek", "kill", "pin", "unpin", "explain", "hibernate",
		"resume", "forget", "attach"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		run(verbs[i], "nobody", NULL);
		assert_one_line(strcmp(verbs[i], "attach") == 0 && res.code == 1 ? 1 : 3);
	}
	run("send", "nobody", "x", NULL);
	assert_one_line(3);
	run("wait", "nobody", NULL);
	assert_one_line(3);
}

/* What a name, an id or the beginning of one stands for. */
static void
test_names(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(run("new", "-d", "-n", "ended", "--", "true", NULL), 0);
		assert_int_equal(run("wait", "ended", "--for", "exit", "--timeout", "20", NULL), 0);
	}
	assert_int_equal(run("new", "-d", "-n", "north", "--", "cat", NULL), 0);
	assert_int_equal(run("new", "-d", "-n", "nord", "--", "cat", NULL), 0);
	assert_int_equal(run("pin", "nort", NULL), 0);
	assert_int_equal(run("ls", "--json", NULL), 0);
	assert_non_null(strstr(res.out, "\"pinned\":true"));
	run("pin", "no", NULL);
	assert_one_line(3);
	assert_non_null(strstr(res.err, "names 2 sessions"));
	/* two have had this name: it stands for the one that the whole name finds */
	assert_int_equal(run("peek", "ende", NULL), 0);
	run("peek", "northern", NULL);
	assert_one_line(3);
}

/* A whole id means its session, whatever others are called. */
static void
test_name_like_id(void **state)
{
	char id[16], name[24], pin[40];

	(void)state;
	do /* a name begins with a letter */
		assert_int_equal(run("new", "-d", "--", "cat", NULL), 0);
	while (res.out[0] < 'a');
	snprintf(id, sizeof id, "%.8s", res.out);
	snprintf(name, sizeof name, "%sx", id);
	assert_int_equal(run("new", "-d", "-n", name, "--", "cat", NULL), 0);
	assert_int_equal(run("pin", "--json", id, NULL), 0);
	snprintf(pin, sizeof pin, "\"id\":\"%s\"", id);
	assert_non_null(strstr(res.out, pin));
}

/* A state that nothing can be in is a slip of the pen, not an empty list. */
static void
test_states(void **state)
{
	(void)state;
	assert_int_equal(run("new", "-d", "-n", "one", "--", "cat", NULL), 0);
	run("ls", "--state", "runing", NULL);
	assert_one_line(2);
	assert_int_equal(run("ls", "--state", "running", NULL), 0);
	assert_non_null(strstr(res.out, "one"));
	assert_int_equal(run("ls", "--state", "permission", NULL), 0);
	assert_string_equal(res.err, "no such session is listed (muster ls -a lists all)\n");
}

static int
times(const char *in, const char *what)
{
	int n = 0;

	for (; (in = strstr(in, what)); in += strlen(what))
		n++;
	return n;
}

/* What cannot be put to sleep or woken is named once, and nothing done is called so. */
static void
test_refusals(void **state)
{
	(void)state;
	assert_int_equal(run("new", "-d", "-n", "sleepy", "--", "cat", NULL), 0);
	assert_int_equal(run("reap", "--yes", NULL), 0);
	assert_string_equal(res.out, "nothing to put to sleep\n");
	run("resume", "sleepy", NULL);
	assert_one_line(1);
	assert_int_equal(times(res.err, "sleepy"), 1);
	assert_int_equal(run("pin", "sleepy", NULL), 0); /* why not, in words for people */
	assert_int_equal(run("hibernate", "sleepy", NULL), 1);
	assert_non_null(strstr(res.err, "hibernate: sleepy: not now: "));
	assert_int_equal(run("unpin", "sleepy", NULL), 0);
	assert_int_equal(run("hibernate", "--force", "sleepy", NULL), 0);
	run("hibernate", "--force", "sleepy", NULL);
	assert_one_line(1);
	assert_non_null(strstr(res.err, "hibernate: sleepy: already asleep"));
	assert_int_equal(run("explain", "sleepy", NULL), 0);
	assert_memory_equal(res.out, "sleepy is asleep\n", 17);
	assert_int_equal(run("forget", "sleepy", NULL), 0);
}

/* The identity of the caller's own conversation and terminal is not the child's; settings are. */
static void
test_callers_marks(void **state)
{
	static const char *const marks[] = {"CLAUDECODE", "CLAUDE_CODE_CHILD_SESSION",
		"CLAUDE_CODE_SESSION_ID", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT",
		"CLAUDE_CODE_REMOTE_SESSION_ID", "CLAUDE_BG_BACKEND", "CLAUDE_ENV_FILE",
		"CODEX_SANDBOX", "CODEX_THREAD_ID", "GEMINI_CLI", "GEMINI_CLI_IDE_SERVER_PORT",
		"QWEN_CODE", "OPENCODE", "OPENCODE_PID", "CURSOR_TRACE_ID", "AI_AGENT", "ZELLIJ",
		"ZELLIJ_PANE_ID", "KITTY_LISTEN_ON", "KITTY_INSTALLATION_DIR", "KONSOLE_VERSION",
		"LC_TERMINAL", "VSCODE_GIT_IPC_HANDLE", "WARP_IS_LOCAL_SHELL_SESSION", "NVIM",
		"TMUX_TMPDIR", "GPG_TTY", "SSH_TTY", "OLDPWD"};
	static const char *const settings[] = {"CLAUDE_CONFIG_DIR", "CLAUDE_CODE_USE_BEDROCK",
		"CODEX_HOME", "OPENCODE_CONFIG", "OPENCODE_SERVER_PASSWORD",
		"GEMINI_CLI_SYSTEM_SETTINGS_PATH", "NVIM_APPNAME", "SSH_CONNECTION"};
	char line[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		setenv(marks[i], "callers-own", 1);
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		setenv(settings[i], "/callers/setting", 1);
	assert_int_equal(run("new", "-d", "-n", "marks", "--size", "200x100", "-e",
				 "NVIM=asked-for", "-e", "TERM=vt220", "--", "env", NULL),
		0);
	assert_int_equal(run("wait", "marks", "--for", "exit", "--timeout", "20", NULL), 0);
	assert_int_equal(run("peek", "marks", "--history", NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		unsetenv(marks[i]);
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		snprintf(line, sizeof(line), "%s=/callers/setting", settings[i]);
		if (!strstr(res.out, line))
			fail_msg("%s is a setting, and did not come", settings[i]);
		unsetenv(settings[i]);
	}
	assert_non_null(strstr(res.out, "MUSTER_SESSION="));
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		snprintf(line, sizeof(line), "%s=callers-own", marks[i]);
		if (strstr(res.out, line))
			fail_msg("%s is the caller's own, and came", marks[i]);
	}
	/* what is asked for by name is given */
	assert_non_null(strstr(res.out, "NVIM=asked-for"));
	assert_int_equal(times(res.out, "TERM="), 2); /* COLORTERM, TERM */
	assert_non_null(strstr(res.out, "TERM=vt220"));
}

/* Somebody who starts a server and never gets there holds nobody up for ever. */
static void
test_start_held(void **state)
{
	char path[600];
	int fd;

	(void)state;
	run("server", "start", NULL); /* makes the directories */
	run("server", "stop", NULL);
	snprintf(path, sizeof(path), "%s/state/start.lock", getenv("MUSTER_HOME"));
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	run("ls", NULL);
	close(fd);
	assert_one_line(4);
	assert_non_null(strstr(res.err, "start.lock"));
	assert_int_equal(run("server", "start", NULL), 0);
}

static void
test_no_tty(void **state)
{
	(void)state;
	run(NULL, NULL);
	assert_one_line(2);
	assert_int_equal(run("new", "-d", "-n", "t", "--", "cat", NULL), 0);
	run("attach", "t", NULL);
	assert_one_line(1);
}

/* The whole life of a session by verbs, with JSON, and the codes of wait. */
static void
test_life(void **state)
{
	json_t *j;

	(void)state;
	assert_int_equal(run("new", "-d", "--json", "-n", "life", "--", "cat", NULL), 0);
	j = parse();
	assert_string_equal(json_string_value(json_object_get(j, "name")), "life");
	assert_true(strlen(json_string_value(json_object_get(j, "id"))) > 0);
	json_decref(j);
	run("new", "-d", "-n", "life", "--", "cat", NULL);
	assert_one_line(1);
	run("new", "-d", "-n", "9lives", "--", "cat", NULL);
	assert_true(res.code == 1 || res.code == 2);
	assert_one_line(res.code);
	run("wait", "life", "--for", "exit", "--timeout", "0.2", NULL);
	assert_one_line(5);
	assert_int_equal(run("send", "life", "hello there", NULL), 0);
	for (uint64_t end = os_mono_ns() + 5000000000ull;;) {
		assert_int_equal(run("peek", "life", NULL), 0);
		if (strstr(res.out, "hello there"))
			break;
		assert_true(os_mono_ns() < end);
	}
	assert_int_equal(run("ls", "--json", NULL), 0);
	j = parse();
	json_t *s = json_array_get(json_object_get(j, "sessions"), 0);
	assert_string_equal(json_string_value(json_object_get(s, "state")), "running");
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(s, "size"), "cols")), 80);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(s, "size"), "rows")), 24);
	json_decref(j);
	run("server", "stop", NULL);
	assert_one_line(1);
	assert_int_equal(run("kill", "life", NULL), 0);
	run("wait", "life", "--for", "idle", NULL);
	assert_one_line(1);
	assert_int_equal(run("wait", "life", "--for", "exit", NULL), 0);
	assert_int_equal(run("server", "stop", NULL), 0);
	run("server", "status", NULL);
	assert_one_line(4);
}

static void
test_no_program(void **state)
{
	char script[512];
	FILE *f;

	(void)state;
	run("new", "-d", "--", "/no/such/program", NULL);
	assert_one_line(1);
	assert_non_null(strstr(res.err, "/no/such/program: no such file"));
	run("new", "-d", "--", "no-such-program", NULL);
	assert_one_line(1);
	assert_non_null(strstr(res.err, "no-such-program: not found on PATH"));
	run("new", "-d", "--", "", NULL);
	assert_one_line(2);
	assert_non_null(strstr(res.err, "is empty"));
	/* what is there, and cannot be run: by what is missing */
	snprintf(script, sizeof script, "%s/script", getenv("MUSTER_HOME"));
	assert_non_null(f = fopen(script, "w"));
	fputs("#! /no/such/interpreter -x\n", f);
	fclose(f);
	assert_int_equal(chmod(script, 0755), 0);
	run("new", "-d", "--", script, NULL);
	assert_one_line(1);
	assert_non_null(strstr(res.err, "its interpreter /no/such/interpreter is missing"));
	run("new", "-d", "-c", "/no/such/directory", "--", "true", NULL);
	assert_one_line(2);
	run("new", "-d", "-p", "nosuchprofile", NULL);
	assert_one_line(2);
}

static void
with_home(const char *home, char *old, size_t cap)
{
	snprintf(old, cap, "%s", getenv("MUSTER_HOME"));
	setenv("MUSTER_HOME", home, 1);
}

static void
test_bad_home(void **state)
{
	char old[512], path[600], long_home[300];

	(void)state;
	with_home("/dev/null/home", old, sizeof old);
	run("ls", NULL);
	assert_one_line(4);
	run("server", "start", NULL);
	assert_one_line(4);
	/* A directory that others may write is refused. */
	snprintf(path, sizeof path, "%s/open", old);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, 0777), 0);
	setenv("MUSTER_HOME", path, 1);
	run("ls", NULL);
	if (res.code == 0)
		stop_server(NULL); /* its own subdirectories are private: fine as well */
	else
		assert_one_line(4);
	if (geteuid() != 0) {
		assert_int_equal(chmod(path, 0500), 0);
		run("ls", NULL);
		assert_one_line(4);
		chmod(path, 0700);
	}
	/* A path that no socket address can hold. */
	memset(long_home, 'x', sizeof long_home - 1);
	memcpy(long_home, "/tmp/", 5);
	long_home[sizeof long_home - 1] = 0;
	setenv("MUSTER_HOME", long_home, 1);
	run("ls", NULL);
	assert_one_line(4);
	rmdir(long_home);
	setenv("MUSTER_HOME", old, 1);
}

static void
write_config(const char *text)
{
	assert_int_equal(run("config", "path", NULL), 0);
	res.out[strcspn(res.out, "\n")] = 0;
	FILE *f = fopen(res.out, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
test_bad_config(void **state)
{
	(void)state;
	write_config("[ui]\ntheme = nosuch\n");
	run("config", "check", NULL);
	assert_one_line(1);
	assert_non_null(strstr(res.err, "theme: no nosuch (there are dark"));
	write_config("[server]\nscrollback_lines=100\nno_such_key=1\n");
	run("config", "check", NULL);
	assert_one_line(1);
	assert_non_null(strstr(res.err, "config.ini:3"));
	/* the server goes on with what it has, and says so to people and scripts */
	assert_int_equal(run("ls", NULL), 0);
	assert_non_null(strstr(res.err, "config.ini:3"));
	assert_int_equal(run("ls", "--json", NULL), 0);
	assert_string_equal(res.err, "");
	assert_int_equal(run("doctor", NULL), 1);
	assert_non_null(strstr(res.out, "FAIL degraded"));
	stop_server(NULL);
	write_config("[reap]\nidle=soon\n");
	run("config", "check", NULL);
	assert_one_line(1);
	assert_non_null(strstr(res.err, "config.ini:2"));
	write_config("");
	assert_int_equal(run("config", "check", NULL), 0);
}

/* A small file system of this process's own; false where that is not allowed.
 */
static bool
own_tmpfs(const char *dir)
{
	/* not in a user namespace: there the server's socket belongs to nobody, and is refused */
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
		return false;
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return false;
	return mkdir(dir, 0700) == 0 && mount("tmpfs", dir, "tmpfs", 0, "size=256k,mode=700") == 0;
}

static void
fill_disk(const char *dir)
{
	char path[640], block[4096] = {1};

	snprintf(path, sizeof path, "%.600s/filler", dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	while (write(fd, block, sizeof block) > 0)
		;
	assert_int_equal(errno, ENOSPC);
	close(fd);
}

static void
full_disk_child(const char *dir)
{
	assert_int_equal(run("server", "start", NULL), 0);
	fill_disk(dir);
	assert_int_equal(
		run("new", "-d", "-n", "full", "--", "sh", "-c", "echo ready; exec cat", NULL), 0);
	for (uint64_t end = os_mono_ns() + 5000000000ull;;) {
		assert_int_equal(run("peek", "full", NULL), 0);
		if (strstr(res.out, "ready"))
			break;
		assert_true(os_mono_ns() < end);
	}
	assert_int_equal(run("ls", NULL), 0);
	assert_int_equal(run("doctor", NULL), 1);
	assert_non_null(strstr(res.out, "FAIL disk"));
	assert_int_equal(run("server", "stop", "--kill-sessions", NULL), 0);
	/* From the start on a full disk: it works, or says in one line why not. */
	run("ls", NULL);
	if (res.code != 0)
		assert_one_line(4);
	stop_server(NULL);
}

static void
test_full_disk(void **state)
{
	char old[512], dir[600];
	int status;

	(void)state;
	snprintf(old, sizeof old, "%s", getenv("MUSTER_HOME"));
	snprintf(dir, sizeof dir, "%s/small", old);
	/* A mount namespace cannot be left: a process of its own enters it. */
	pid_t pid = fork();
	if (pid == 0) {
		if (!own_tmpfs(dir))
			_exit(77);
		setenv("MUSTER_HOME", dir, 1);
		full_disk_child(dir);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Output that could not be written is a failure, whichever verb printed it. */
static void
test_lost_output(void **state)
{
	static const char *const verbs[] = {"ls", "ls --json", "ls -a", "metrics", "history",
		"explain lost", "peek lost", "peek lost --json", "search .", "events", "doctor",
		"server status", "config default", "config path", "version", "--version", "help",
		"ls --help", "footprint $$", "new -d -- true", "reap --json",
		"wait lost --for idle --json"};
	char cmd[900];

	(void)state;
	assert_int_equal(
		run("new", "-d", "-n", "lost", "--", "sh", "-c", "echo a.b; exec cat", NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		char *argv[] = {"/bin/sh", "-c", cmd, NULL};

		snprintf(cmd, sizeof cmd, "exec '%s' %s >/dev/full", muster, verbs[i]);
		run_argv(argv);
		if (res.code != 1 || !strstr(res.err, "the output cannot be written"))
			fail_msg("%s: exit %d, '%s'", verbs[i], res.code, res.err);
		snprintf(cmd, sizeof cmd, "'%s' %s | true", muster, verbs[i]);
		run_argv(argv);
		assert_string_equal(res.err, "");
	}
}

/* Names and tags that a terminal would obey or hide are refused; what is shown is clean even where
 * a name was taken from a directory or an older store. */
static void
test_hostile_names(void **state)
{
	static const char *const bad[] = {"a\xc2\x9b;1m",
		"a\xe2\x80\xae"
		"b",
		"a\xe2\x80\x8b"
		"b",
		"a\xc2\x85", "a\x1b[1m", "a\x7f"};
	static const char *const show[] = {"ls", "ls -a", "metrics", "doctor", "history", "events",
		"top", "footprint clean2", "explain abcd1234", "reap --dry-run", "search ."};
	char dir[700], cmd[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		run("new", "-d", "-n", bad[i], "--", "cat", NULL);
		assert_one_line(2);
		run("new", "-d", "-t", bad[i], "--", "cat", NULL);
		assert_one_line(2);
	}
	snprintf(dir, sizeof dir, "%s/d\xc2\x9b\xe2\x80\xae", getenv("MUSTER_HOME"));
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(run("new", "-d", "-n", "clean", "-c", dir, "--", "sh", "-c",
				 "printf '\\302\\233\\342\\200\\256.\\n'; cp /bin/cat "
				 "d\xe2\x80\xae; exec ./d\xe2\x80\xae",
				 NULL),
		0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		run("rename", "clean", bad[i], NULL);
		assert_one_line(2);
		run("tag", "clean", bad[i], NULL);
		assert_one_line(2);
	}
	/* one that an older server took */
	struct meta_session old = {.num = 900,
		.id = "abcd1234",
		.name = "o\xc2\x9b\xe2\x80\xaex",
		.state = "asleep",
		.cols = 80,
		.rows = 24,
		.argv_json = "[\"cat\"]",
		.tags_json = "[]",
		.cwd = "/"};
	struct meta_event ev = {.t = os_wall_s(),
		.num = 900,
		.id = "abcd1234",
		.event = "slept",
		.detail_json = "{}"};
	char banner[200] = "";
	struct err e;

	stop_server(NULL);
	memcpy(ev.name, old.name, sizeof ev.name);
	snprintf(cmd, sizeof cmd, "%s/state/meta.db", getenv("MUSTER_HOME"));
	struct meta_db *db = meta_open(cmd, banner, sizeof banner, &e);
	assert_non_null(db);
	assert_int_equal(meta_put_session(db, &old), 0);
	assert_int_equal(meta_put_event(db, &ev), 0);
	meta_close(db);
	assert_int_equal(run("new", "-d", "-n", "clean2", "-c", dir, "--", "cat", NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(show); i++) {
		char *argv[] = {"/bin/sh", "-c", cmd, NULL};

		snprintf(cmd, sizeof cmd, "exec '%s' %s", muster, show[i]);
		run_argv(argv);
		assert_true(res.n_out > 0);
		if (strstr(res.out, "\xc2\x9b") || strstr(res.out, "\xe2\x80\xae"))
			fail_msg("%s: raw: %s", show[i], res.out);
	}
}

/* Runs muster in a pty of the given size; sends keys once something was drawn.
 */
static int
run_in_pty(unsigned short cols, unsigned short rows, const char *keys, char *const *argv)
{
	struct winsize ws = {.ws_col = cols, .ws_row = rows};
	uint64_t end = os_mono_ns() + DEADLINE_MS * 1000000ull;
	int master, status = -1;
	bool sent = false;
	pid_t pid = forkpty(&master, NULL, NULL, &ws);

	assert_true(pid >= 0);
	if (pid == 0) {
		setenv("TERM", "xterm-256color", 1);
		execv(argv[0], argv);
		_exit(127);
	}
	memset(&res, 0, sizeof res);
	while (os_mono_ns() < end && res.n_out < sizeof res.out - 1) {
		struct pollfd p = {.fd = master, .events = POLLIN};

		if (poll(&p, 1, 200) > 0) {
			ssize_t n =
				read(master, res.out + res.n_out, sizeof res.out - 1 - res.n_out);

			if (n <= 0)
				break;
			res.n_out += (size_t)n;
		} else if (!sent && res.n_out > 0) {
			sent = true;
			assert_true(write(master, keys, strlen(keys)) > 0);
		}
	}
	if (waitpid(pid, &status, WNOHANG) == 0) {
		for (int i = 0; i < 100 && waitpid(pid, &status, WNOHANG) == 0; i++)
			poll(NULL, 0, 20);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	close(master);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void
test_zero_terminal(void **state)
{
	char *dashboard[] = {muster, NULL};
	char *create[] = {muster, "new", "-d", "-n", "zero", "--", "cat", NULL};

	(void)state;
	assert_int_equal(run_in_pty(0, 0, "q", dashboard), 0);
	assert_true(res.n_out > 100);
	assert_int_equal(run_in_pty(0, 0, "", create), 0);
	assert_int_equal(run("ls", "--json", NULL), 0);
	json_t *j = parse(), *s = json_array_get(json_object_get(j, "sessions"), 0);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(s, "size"), "cols")), 80);
	json_decref(j);
}

static void
test_doctor(void **state)
{
	(void)state;
	assert_int_equal(run("doctor", "--json", NULL), 0);
	json_t *j = parse(), *v;
	size_t i, n = 0;
	json_array_foreach (json_object_get(j, "checks"), i, v) {
		assert_true(json_is_boolean(json_object_get(v, "ok")));
		assert_true(json_is_string(json_object_get(v, "detail")));
		n += strcmp(json_string_value(json_object_get(v, "name")), "arena") == 0;
	}
	assert_int_equal(n, 1);
	json_decref(j);
	/* counters are for those who want them */
	assert_int_equal(run("doctor", NULL), 0);
	assert_null(strstr(res.out, "arena"));
	assert_non_null(strstr(res.out, "counters are right (doctor -v shows them)"));
	assert_int_equal(run("doctor", "-v", NULL), 0);
	assert_non_null(strstr(res.out, "ok   arena"));
	write_config("[nowhere]\nx=1\n");
	assert_int_equal(run("doctor", NULL), 1);
	assert_non_null(strstr(res.out, "FAIL config"));
	write_config("");
}

/* who tidies the runtime directory up does not lock himself out of his sessions */
static void
test_socket_removed(void **state)
{
	char path[600];

	(void)state;
	assert_int_equal(run("new", "-d", "-n", "kept", "--", "sleep", "100", NULL), 0);
	snprintf(path, sizeof path, "%s/run/sock", getenv("MUSTER_HOME"));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(unlink(path), 0);
		assert_int_equal(run("ls", NULL), 0);
		assert_non_null(strstr(res.out, "kept"));
	}
	assert_int_equal(run("kill", "--now", "kept", NULL), 0);
}

static int
setup(void **state)
{
	const char *bin = getenv("MUSTER_BIN");

	(void)state;
	if (!bin || !getenv("MUSTER_HOME"))
		return -1;
	snprintf(muster, sizeof muster, "%s/muster", bin);
	unsetenv("MUSTER_SESSION");
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_usage, stop_server),
		cmocka_unit_test(test_no_server),
		cmocka_unit_test(test_words),
		cmocka_unit_test_teardown(test_hostile_words, stop_server),
		cmocka_unit_test_teardown(test_no_session, stop_server),
		cmocka_unit_test_teardown(test_names, stop_server),
		cmocka_unit_test_teardown(test_name_like_id, stop_server),
		cmocka_unit_test_teardown(test_states, stop_server),
		cmocka_unit_test_teardown(test_refusals, stop_server),
		cmocka_unit_test_teardown(test_callers_marks, stop_server),
		cmocka_unit_test_teardown(test_start_held, stop_server),
		cmocka_unit_test_teardown(test_no_tty, stop_server),
		cmocka_unit_test_teardown(test_life, stop_server),
		cmocka_unit_test_teardown(test_no_program, stop_server),
		cmocka_unit_test_teardown(test_bad_home, stop_server),
		cmocka_unit_test_teardown(test_bad_config, stop_server),
		cmocka_unit_test_teardown(test_full_disk, stop_server),
		cmocka_unit_test_teardown(test_lost_output, stop_server),
		cmocka_unit_test_teardown(test_hostile_names, stop_server),
		cmocka_unit_test_teardown(test_zero_terminal, stop_server),
		cmocka_unit_test_teardown(test_doctor, stop_server),
		cmocka_unit_test_teardown(test_socket_removed, stop_server),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
