/* Who is not to get anything from a server, or out of it to a person's terminal: another user, a
 * hostile program of the same user in a session, hostile bytes. share/doc/security.md names the
 * rules. */
#include "tests/sessions/put_file.h"
#include "tests/sessions/run_muster.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>

/* ---- another user ---- */

static int
let_in(const char *path, const struct stat *st, int kind, struct FTW *f)
{
	(void)f;
	if (kind == FTW_D)
		return chmod(path, 0755);
	return S_ISSOCK(st->st_mode) ? chmod(path, 0777) : 0;
}

static int
lock_out(const char *path, const struct stat *st, int kind, struct FTW *f)
{
	(void)st;
	(void)f;
	return kind == FTW_D ? chmod(path, 0700) : 0;
}

/* How many files below can be read, or written to, by who this is. */
static int n_open;

static int
try_file(const char *path, const struct stat *st, int kind, struct FTW *f)
{
	static const int how[] = {O_RDONLY, O_WRONLY};

	(void)f;
	for (size_t i = 0; kind == FTW_F && S_ISREG(st->st_mode) && i < ARRAY_LEN(how); i++) {
		int fd = open(path, how[i] | O_CLOEXEC);

		if (fd >= 0)
			close(fd);
		n_open += fd >= 0;
	}
	return 0;
}

/* 0: it is not connected to, or hung up on without a word of any session. */
static int
told_by_socket(const char *path)
{
	static const char ask[] =
		"\x16\0\0\0\1\0\0\0\0\0\0\0{\"v\":1,\"versions\":[1]}"
		"\x1e\0\0\0\3\0\0\0\1\0\0\0{\"verb\":\"ls\",\"all\":true,\"x\":1}";
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), told = 0;
	struct timeval limit = {10, 0};
	char text[4096];
	ssize_t n;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0) {
		send(fd, ask, sizeof(ask) - 1, MSG_NOSIGNAL);
		while (!told && (n = recv(fd, text, sizeof(text) - 1, 0)) > 0) {
			text[n] = 0;
			told |= memmem(text, (size_t)n, "private", 7) != NULL;
		}
	}
	close(fd);
	return told;
}

/* As that user; exit code 0: all was refused. */
static int
as_another_user(pid_t server)
{
	char path[64];

	if (setgid(65534) < 0 || setuid(65534) < 0)
		return 10;
	n_open = 0;
	nftw(in_home("state"), try_file, 16, FTW_PHYS);
	if (n_open)
		return 11;
	if (told_by_socket(in_home("run/sock")))
		return 12;
	snprintf(path, sizeof(path), "/proc/%d/environ", (int)server);
	if (open(path, O_RDONLY | O_CLOEXEC) >= 0)
		return 13;
	return kill(server, SIGKILL) == 0 ? 14 : 0;
}

static void
test_another_user(void **st)
{
	pid_t server, pid;
	int status;

	(void)st;
	if (geteuid() != 0) {
		print_message("another user needs root: skipped\n");
		skip();
	}
	own_home("user");
	assert_int_equal(muster("new -d -n private -p shell -- sh -c 'echo private; exec cat'"), 0);
	until_shows("private", "private");
	server = server_pid("pid");
	assert_true(told_by_socket(in_home("run/sock"))); /* its own user */
	/* even where somebody has opened all directories and the sockets themselves */
	assert_int_equal(nftw(getenv("MUSTER_HOME"), let_in, 16, FTW_PHYS), 0);
	if ((pid = fork()) == 0)
		_exit(as_another_user(server));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(nftw(getenv("MUSTER_HOME"), lock_out, 16, FTW_PHYS), 0);
	assert_int_equal(status, 0);
	assert_int_equal(server_pid("pid"), server);
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

/* ---- a hostile program of the same user ---- */

static void
test_signals_and_debuggers(void **st)
{
	static const int polite[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGPIPE};
	pid_t server, keeper;

	(void)st;
	own_home("agent");
	assert_int_equal(muster("new -d -n s -p shell -- sh -c 'echo here; exec cat'"), 0);
	until_shows("s", "here");
	server = server_pid("pid");
	keeper = server_pid("keeper_pid");
	for (size_t i = 0; i < ARRAY_LEN(polite); i++) {
		kill(server, polite[i]);
		kill(keeper, polite[i]);
	}
	assert_int_equal(muster("send s --no-wait on"), 0);
	until_shows("s", "on");
	assert_int_equal(server_pid("pid"), server);
	assert_int_equal(server_pid("keeper_pid"), keeper);
	if (geteuid() == 0)
		print_message("a debugger of root's attaches to anything: not tried\n");
	else
		for (int i = 0; i < 2; i++) {
			assert_true(ptrace(PTRACE_SEIZE, i ? keeper : server, 0, 0) < 0);
			assert_int_equal(errno, EPERM);
		}
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

/* ---- hostile bytes ---- */

/* What a terminal would obey, or a reader be misled by, in what a verb printed. */
static const char *
harmful(const char *text)
{
	static const char *const bidi[] = {"\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac",
		"\xe2\x80\xad", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8",
		"\xe2\x81\xa9"};

	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if ((*p < 0x20 && *p != '\n' && *p != '\t') || *p == 0x7f)
			return (const char *)p;
		if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			return (const char *)p;
		for (size_t i = 0; i < ARRAY_LEN(bidi); i++)
			if (!strncmp((const char *)p, bidi[i], 3))
				return (const char *)p;
	}
	return NULL;
}

#define HOSTILE                                                                       \
	"\\033]0;title \\302\\2333m \\342\\200\\256 evil\\007\\033]52;c;aGk=\\007"    \
	"\\033P+q544e\\033\\\\\\033[21t\\033[6n\\033]2;x\\033[2J\\033\\\\\\302\\233c" \
	"\\033]8;;file:///etc/passwd\\033\\\\link\\033]8;;\\033\\\\\\033]9;note\\007" \
	"\\342\\200\\256desrever \\033_Gf=100;AAAA\\033\\\\\\016\\017\\177 done\\n"

static void
test_bytes(void **st)
{
	static const char *const verbs[] = {"ls -a", "peek %s", "peek %s --history", "explain %s",
		"history %s", "events", "footprint", "metrics", "search done", "doctor",
		"server status", "ls --json -a"};
	static const char evil[] = "n\xc2\x9b"
				   "3m\xe2\x80\xae";

	(void)st;
	own_home("bytes");
	put_file(in_home("evil.sh"), "printf '" HOSTILE "'; printf 'all%%s\\n' said; exec cat");
	/* a name with such bytes is refused, or what is dangerous in it is taken out */
	muster("new -d -n '%s' -- cat", evil);
	assert_int_equal(muster("new -d -n plain -t work -- sh '%s'", in_home("evil.sh")), 0);
	until_shows("plain", "allsaid");
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		char args[100], err[4096];
		const char *bad;

		snprintf(args, sizeof(args), verbs[i], "plain");
		muster("%s", args);
		if ((bad = harmful(out_text)))
			fail_msg("muster %s prints \\x%02x at %ld: %.60s", args,
				(unsigned char)*bad, (long)(bad - out_text), bad);
		err_text(err, sizeof(err));
		assert_null(harmful(err));
	}
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_another_user),
		cmocka_unit_test(test_signals_and_debuggers),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
