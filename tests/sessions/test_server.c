/* The server as a whole, through the real binary and over its socket. */
#include "sessions/wire/proto.h"
#include "tests/sessions/put_file.h"
#include "tests/sessions/run_muster.h"
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct buf in; /* heard on the last connection, and not looked at */

static int
setup(void **st)
{
	(void)st;
	own_home("server");
	put_file(in_home("config.ini"),
		"[server]\nstore_after=50ms\n"); /* it looks around as often */
	return muster("server start");
}

static bool
is_gone(void *path)
{
	return access(path, F_OK) != 0;
}

static int
teardown(void **st)
{
	(void)st;
	buf_free(&in);
	/* it leaves nothing where sockets are, which may be /tmp */
	put_file(in_home("run/ssh.conf"), "");
	return muster("server stop --kill-sessions") == 0 &&
			       until(is_gone, (void *)in_home("run"), 10)
		       ? 0
		       : -1;
}

static int
connect_raw(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/run/sock", getenv("MUSTER_HOME"));
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	in.len = 0;
	return fd;
}

static void
say_hello(int fd)
{
	struct buf b = {0};

	frame_put(&b, FT_HELLO, 0, "{\"v\":1,\"versions\":[1]}", 22);
	/* one that is refused may have been hung up on already */
	assert_true(send(fd, b.data, b.len, MSG_NOSIGNAL) != 0);
	buf_free(&b);
}

/* Until the server hangs up, or one frame of the type (0: any) is there. */
static bool
hears(int fd, unsigned type, char *text, size_t cap)
{
	struct frame f;
	size_t used;

	for (;;) {
		struct pollfd p = {fd, POLLIN, 0};
		int rc = frame_read(&in, SERVER, &f, &used);
		assert_true(rc >= 0);
		if (rc > 0) {
			bool found = !type || f.type == type;

			if (found)
				snprintf(text, cap, "%.*s", (int)f.len, (const char *)f.payload);
			buf_drop(&in, used);
			if (found)
				return true;
			continue;
		}
		if (poll(&p, 1, 3000) <= 0)
			return false;
		buf_reserve(&in, 65536);
		ssize_t n = recv(fd, in.data + in.len, 65536, 0);
		if (n <= 0)
			return false;
		in.len += (size_t)n;
	}
}

/* HELLO with this payload, then a request with a field of a time to come. */
static bool
greeted(const char *hello, unsigned type, const char *word)
{
	static const char request[] = "{\"verb\":\"ls\",\"sort_by_mood\":{\"deep\":[1]}}";
	int fd = connect_raw();
	char text[4096];
	struct buf b = {0};
	bool as_wanted;

	frame_put(&b, FT_HELLO, 0, hello, strlen(hello));
	frame_put(&b, FT_REQUEST, 1, request, sizeof(request) - 1);
	assert_true(send(fd, b.data, b.len, MSG_NOSIGNAL) != 0);
	buf_free(&b);
	as_wanted = hears(fd, type, text, sizeof(text)) && strstr(text, word);
	close(fd);
	return as_wanted;
}

/* Of two versions: what both speak is spoken, and nothing in common is said. */
static void
test_another_version_of_the_client(void **st)
{
	static const char next[] = "{\"v\":2,\"versions\":[2,1],\"client\":\"9.9\",\"mood\":[]}";

	(void)st;
	assert_int_equal(muster("server start"), 0);
	assert_true(greeted(next, FT_WELCOME, "\"version\":1"));
	assert_true(greeted(next, FT_REPLY, "sessions"));
	assert_true(greeted("{\"v\":2,\"versions\":[2]}", FT_BYE, "no protocol version in common"));
	assert_true(greeted("{}", FT_BYE, "no protocol version in common"));
	assert_true(greeted("[1]", FT_BYE, "no protocol version in common"));
}

static void
test_noise_is_hung_up_on(void **st)
{
	static const char huge[] = "\xff\xff\xff\x7f\3\0\0\0\1\0\0\0";
	static const char early[] = "\2\0\0\0\3\0\0\0\1\0\0\0{}";
	char text[512];
	int fd;

	(void)st;
	fd = connect_raw();
	assert_int_equal(send(fd, "GET / HTTP/1.0\r\n\r\n", 18, 0), 18);
	assert_true(hears(fd, FT_BYE, text, sizeof(text)));
	close(fd);
	fd = connect_raw();
	assert_int_equal(send(fd, huge, sizeof(huge) - 1, 0), sizeof(huge) - 1);
	assert_true(hears(fd, FT_BYE, text, sizeof(text)));
	close(fd);
	fd = connect_raw();
	assert_int_equal(send(fd, early, sizeof(early) - 1, 0), sizeof(early) - 1);
	assert_true(hears(fd, FT_BYE, text, sizeof(text)));
	assert_non_null(strstr(text, "HELLO"));
	close(fd);
	assert_int_equal(muster("ls"), 0);
}

static void
test_requests_that_make_no_sense(void **st)
{
	static const char *const bad[] = {"{}", "{\"verb\":7}", "{\"verb\":\"nonsense\"}",
		"{\"verb\":\"new\"}", "{\"verb\":\"new\",\"cwd\":\"/\",\"argv\":[1,2]}",
		"{\"verb\":\"new\",\"cwd\":\"/\",\"argv\":[\"true\"],\"env\":[7]}",
		"{\"verb\":\"new\",\"cwd\":\"/\",\"argv\":[\"true\"],\"name\":\"1x\"}",
		"{\"verb\":\"peek\"}", "{\"verb\":\"peek\",\"id\":[]}",
		"{\"verb\":\"send\",\"id\":\"x\"}", "{\"verb\":\"view\",\"id\":\"x\"}",
		"{\"verb\":\"wait\",\"id\":\"\"}", "{\"verb\":\"kill\",\"ids\":7}", "not json",
		"[]"};
	struct buf b = {0};
	char text[512];
	int fd = connect_raw();

	(void)st;
	say_hello(fd);
	assert_true(hears(fd, FT_WELCOME, text, sizeof(text)));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		b.len = 0;
		frame_put(&b, FT_REQUEST, (uint32_t)i + 1, bad[i], strlen(bad[i]));
		assert_int_equal(send(fd, b.data, b.len, 0), (ssize_t)b.len);
		if (!hears(fd, FT_FAIL, text, sizeof(text)))
			fail_msg("no answer to %s", bad[i]);
	}
	/* frames about views that do not exist */
	b.len = 0;
	for (unsigned t = FT_ACK; t <= FT_CLOSE_VIEW; t++)
		if (t != FT_VIEW_EVENT)
			frame_put(&b, t, 99, "\1", 1);
	frame_put(&b, FT_REQUEST, 77, "{\"verb\":\"status\"}", 17);
	assert_int_equal(send(fd, b.data, b.len, 0), (ssize_t)b.len);
	assert_true(hears(fd, FT_REPLY, text, sizeof(text)));
	close(fd);
	buf_free(&b);
	assert_int_equal(muster("ls -a --json"), 0);
	json_t *j = out_json();
	assert_int_equal(json_array_size(json_object_get(j, "sessions")), 0);
	json_decref(j);
}

static void
request(int fd, uint32_t id, json_t *take_args)
{
	struct buf b = {0};

	assert_true(frame_json(&b, FT_REQUEST, id, take_args));
	for (size_t at = 0; at < b.len;) {
		ssize_t n = send(fd, b.data + at, b.len - at, MSG_NOSIGNAL);

		assert_true(n > 0);
		at += (size_t)n;
	}
	buf_free(&b);
	json_decref(take_args);
}

static json_t *
wait_for_end(const char *id, size_t padding)
{
	char *pad = calloc(1, padding + 1);
	json_t *j;

	memset(pad, 'x', padding);
	j = json_pack("{s:s,s:s,s:s,s:s}", "verb", "wait", "id", id, "for", "exit", "pad", pad);
	free(pad);
	return j;
}

static bool
ls_works(void *ctx)
{
	(void)ctx;
	return muster("ls") == 0;
}

/* Who waits for something keeps its place, and the next is refused; who only sits there gives it to
 * one that comes. */
static void
test_more_clients_than_it_takes(void **st)
{
	int fd[64], more;
	char text[512];

	(void)st;
	assert_int_equal(muster("new -d -n stays -- cat"), 0);
	for (size_t i = 0; i < ARRAY_LEN(fd); i++) {
		fd[i] = connect_raw();
		say_hello(fd[i]);
		request(fd[i], 1, wait_for_end("stays", 0));
		assert_true(hears(fd[i], FT_WELCOME, text, sizeof(text)));
	}
	more = connect_raw();
	assert_true(hears(more, FT_BYE, text, sizeof(text)));
	assert_non_null(strstr(text, "too many"));
	close(more);
	for (size_t i = 0; i < ARRAY_LEN(fd); i++)
		close(fd[i]);
	assert_true(until(ls_works, NULL, 10));
	for (size_t i = 0; i < ARRAY_LEN(fd); i++) {
		fd[i] = connect_raw();
		say_hello(fd[i]);
		assert_true(hears(fd[i], FT_WELCOME, text, sizeof(text)));
	}
	assert_true(until(ls_works, NULL, 10));
	for (size_t i = 0; i < ARRAY_LEN(fd); i++)
		close(fd[i]);
	assert_int_equal(muster("kill --now stays"), 0);
}

/* What waits for an answer may be so large and no larger: a few of the largest requests. */
static void
test_requests_have_a_budget(void **st)
{
	int fd = connect_raw();
	char text[512];

	(void)st;
	assert_int_equal(muster("new -d -n stays -- cat"), 0);
	say_hello(fd);
	for (uint32_t i = 1; i <= 4; i++)
		request(fd, i, wait_for_end("stays", 900000));
	assert_true(hears(fd, FT_FAIL, text, sizeof(text)));
	assert_non_null(strstr(text, "too many requests"));
	close(fd);
	assert_int_equal(muster("kill --now stays"), 0);
	assert_int_equal(muster("ls"), 0);
}

/* The server may open so many. */
static void
server_files(pid_t pid, rlim_t most)
{
	struct rlimit l;

	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, NULL, &l), 0);
	l.rlim_cur = most;
	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, &l, NULL), 0);
}

static int
refusals(void)
{
	char line[300];
	FILE *f = fopen(in_home("state/server.log"), "r");
	int n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, "no fd for another client") != NULL;
	fclose(f);
	return n;
}

static bool
refused_again(void *before)
{
	return refusals() > *(int *)before;
}

/* The client for whom no file descriptor is left is told so; where there is none even for that, it
 * waits. The server does not spin meanwhile: its log would show each turn. */
static void
test_no_descriptor_for_a_client(void **st)
{
	pid_t pid = server_pid("pid");
	int fd[60], n = 0, before = 0;
	char text[512];

	(void)st;
	server_files(pid, 50);
	do {
		assert_true(n < (int)ARRAY_LEN(fd) - 1);
		fd[n] = connect_raw();
		say_hello(fd[n]);
	} while (hears(fd[n++], 0, text, sizeof(text)) && !strstr(text, "no file descriptor"));
	assert_non_null(strstr(text, "no file descriptor"));
	assert_true(n > 5);
	assert_true(until(refused_again, &before, 10));
	before = refusals();
	server_files(pid, 1);
	fd[n] = connect_raw();
	say_hello(fd[n]);
	assert_true(until(refused_again, &before, 10));
	server_files(pid, 1000);
	assert_true(hears(fd[n++], FT_WELCOME, text, sizeof(text)));
	assert_true(refusals() < 100);
	while (n)
		close(fd[--n]);
	assert_int_equal(muster("ls"), 0);
}

/* Whoever watches hears of the totals when they are others, and only then. */
static void
test_totals_are_told_when_they_differ(void **st)
{
	int fd = connect_raw(), told = 0;
	char text[512], last[512] = "";
	struct buf b = {0};

	(void)st;
	say_hello(fd);
	frame_put(&b, FT_REQUEST, 1, "{\"verb\":\"watch\"}", 16);
	assert_int_equal(send(fd, b.data, b.len, 0), (ssize_t)b.len);
	buf_free(&b);
	assert_int_equal(muster("new -d -n seen -p shell -- sh -c 'echo; cat'"), 0);
	assert_int_equal(muster("wait seen --for idle --timeout 10"), 0);
	assert_int_equal(muster("kill --now seen"), 0);
	/* after the second one that counts it no more */
	while (!(told > 1 && strstr(last, "\"running\":0"))) {
		assert_true(hears(fd, FT_EVENT, text, sizeof(text)));
		if (!strstr(text, "\"totals\""))
			continue;
		assert_string_not_equal(text, last);
		snprintf(last, sizeof(last), "%s", text);
		told++;
	}
	close(fd);
}

static void
test_input_is_bounded(void **st)
{
	char err[512];

	(void)st;
	/* nobody reads: the pty fills, then the queue; what does not fit is refused as a whole */
	assert_int_equal(muster("new -d -n deaf -p shell -- sh -c 'stty raw; sleep 100'"), 0);
	assert_int_equal(system("head -c 700000 /dev/zero | tr '\\0' x >$MUSTER_HOME/text"), 0);
	assert_int_equal(muster("send deaf --no-enter - <$MUSTER_HOME/text"), 0);
	assert_int_equal(muster("send deaf --no-enter - <$MUSTER_HOME/text"), 1);
	err_text(err, sizeof(err));
	assert_non_null(strstr(err, "is not reading its input"));
	assert_int_equal(muster("ls"), 0);
	assert_int_equal(muster("kill --now deaf"), 0);
}

static size_t
server_fds(void)
{
	char path[64];
	size_t n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)server_pid("pid"));
	if (!(d = opendir(path)))
		return 0; /* another user's eyes: not told */
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static bool
fds_are_back(void *at_most)
{
	return server_fds() <= *(size_t *)at_most;
}

static double
status(const char *group, const char *key)
{
	assert_int_equal(muster("server status --json"), 0);
	json_t *j = out_json();
	double v = json_number_value(json_object_get(group ? json_object_get(j, group) : j, key));

	json_decref(j);
	return v;
}

enum { GOING = 10, WARM_ROUNDS = 3, ROUNDS = 2 };

static void
come_and_go(void)
{
	for (int i = 0; i < GOING; i++) {
		assert_int_equal(muster("new -d -n gone%d -p shell -- seq 1 3000", i), 0);
		assert_int_equal(muster("wait gone%d --for exit --timeout 10", i), 0);
		assert_int_equal(muster("peek gone%d --history --lines 2", i), 0);
		assert_string_equal(out_text, "2999\n3000\n");
		assert_int_equal(muster("forget gone%d", i), 0);
		assert_int_equal(muster("peek gone%d", i), 3);
	}
}

/* No page is kept warm: the server has tidied up since the last one went. The doctor's answer comes
 * by way of the store's thread, so that has too. */
static bool
tidied(void *heap_bytes)
{
	if (status("arena", "cached") > 0)
		return false;
	assert_int_equal(muster("doctor"), 0);
	*(double *)heap_bytes = status(NULL, "heap_bytes");
	return true;
}

/* A chunk more or less of something that lives on; a leak of 64 bytes a session is more. */
#define HEAP_SLACK 1024

static bool
heap_is_back(void *most)
{
	double bytes;

	return tidied(&bytes) && bytes <= *(double *)most + HEAP_SLACK;
}

static void
test_nothing_stays_of_a_forgotten_session(void **st)
{
	double heap = 1e12, bytes, live;
	size_t fds = 0;

	(void)st;
	for (int i = 0; i < WARM_ROUNDS; i++) {
		come_and_go();
		assert_true(until(tidied, &bytes, 10));
		heap = MIN(heap, bytes);
	}
	fds = server_fds();
	live = status("arena", "live");
	for (int i = 0; i < ROUNDS; i++)
		come_and_go();
	/* the socket of the last client closes a moment after it */
	assert_true(until(fds_are_back, &fds, 3));
	assert_true(status("arena", "live") == live);
	assert_true(until(heap_is_back, &heap, 20));
}

static void
test_it_examines_itself(void **st)
{
	(void)st;
	assert_int_equal(muster("new -d -n watched -p shell -- sleep 100"), 0);
	assert_int_equal(muster("debug check"), 0);
	assert_non_null(strstr(out_text, "all checks hold"));
	assert_int_equal(muster("debug dump"), 0);
	assert_non_null(strstr(out_text, " watched: "));
	assert_non_null(strstr(out_text, "run alive: pid "));
	assert_int_equal(muster("debug handles"), 0);
	assert_non_null(strstr(out_text, "poll"));
	assert_int_equal(muster("debug nothing"), 2);
	assert_int_equal(muster("kill --now watched"), 0);
}

static void
test_tags_reach_several(void **st)
{
	(void)st;
	for (int i = 0; i < 3; i++)
		assert_int_equal(muster("new -d -n t%d -t group -p shell -- cat", i), 0);
	assert_int_equal(muster("send --tag group 'to all of you'"), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(muster("wait t%d --for idle --timeout 10", i), 0);
		assert_int_equal(muster("peek t%d", i), 0);
		assert_non_null(strstr(out_text, "to all of you\nto all of you\n"));
	}
	assert_int_equal(muster("send --tag nobody x"), 3);
	assert_int_equal(muster("send t0 --key C-d"), 0);
	assert_int_equal(muster("wait t0 --for exit --timeout 10"), 0);
	assert_int_equal(muster("wait t0 --for idle --timeout 10"), 1);
	assert_int_equal(muster("wait t1 --for exit --timeout 0.2"), 5);
	assert_int_equal(muster("kill t1 t2"), 0);
	assert_int_equal(muster("kill t1"), 1);
	assert_int_equal(muster("forget t0 t1 t2"), 0);
}

static bool
no_canary(void *ctx)
{
	(void)ctx;
	return system("grep -rqa tweet-8271 $MUSTER_HOME/state") != 0;
}

static void
test_secrets_stay_with_the_child(void **st)
{
	(void)st;
	assert_int_equal(muster("new -d -n s -e CANARY=tweet-8271 -p shell -- "
				"sh -c 'echo $CANARY; env | grep -c MUSTER_HOME; read x'"),
		0);
	until_shows("s", "tweet-8271\n0\n");
	assert_int_equal(muster("kill --now s"), 0);
	assert_int_equal(muster("forget s"), 0);
	/* its text goes with it, a moment later; nothing else ever had the word */
	assert_true(until(no_canary, NULL, 10));
}

/* A program that says something else all the time fills neither the events nor the log. */
static void
test_a_flood_of_states_is_told_in_part(void **st)
{
	int lines = 0;

	(void)st;
	put_file(in_home("states.sh"), "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); printf "
				       "'\033]7501;state=working:app=x\007'; "
				       "printf '\033]7501;state=blocked:app=x\007'; done; "
				       "printf 'all%%s' said; exec cat");
	assert_int_equal(muster("new -d -n states -- sh $MUSTER_HOME/states.sh"), 0);
	until_shows("states", "allsaid");
	assert_int_equal(muster("events states"), 0);
	for (const char *p = out_text; (p = strstr(p, "asked")); p++)
		lines++;
	assert_true(lines > 0);
	assert_true(lines <= 100);
	assert_int_equal(muster("kill --now states"), 0);
}

/* That a process has spent: on a busy machine a better clock than the wall's. */
static double
cpu_seconds(pid_t pid)
{
	unsigned long user = 0, system = 0;
	char path[64], stat[1024] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	assert_non_null(f = fopen(path, "r"));
	if (fgets(stat, sizeof(stat), f) && strrchr(stat, ')'))
		sscanf(strrchr(stat, ')') + 1,
			" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
	fclose(f);
	assert_true(user + system > 0);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* Output that costs its screen millions of cells with every few bytes is worked off in turns like
 * any other: who asks meanwhile has an answer at once, and the server is not taken for stuck. */
static void
test_costly_output_waits_for_others(void **st)
{
	static const char *const floods[] = {"\\033#8", "\\033[1;1;999;4095;1;2;2$v", "\\033[65$x",
		"\\033[?1049h\\033[65$x\\033[?1049l"};
	pid_t pid = server_pid("pid");

	(void)st;
	put_file(in_home("flood.sh"),
		"printf '\\033[66$x'; x=$(printf \"$1\"); x=$x$x$x$x; x=$x$x$x$x\n"
		"while :; do printf %%s \"$x$x$x$x\"; done\n");
	for (size_t i = 0; i < ARRAY_LEN(floods); i++) {
		assert_int_equal(muster("new -d -n flood%zu --size 4096x1000 -- sh "
					"$MUSTER_HOME/flood.sh '%s'",
					 i, floods[i]),
			0);
		for (int k = 0; k < 3; k++) {
			double begin = cpu_seconds(pid);

			assert_int_equal(muster("ls --json"), 0);
			if (cpu_seconds(pid) - begin > 1.5)
				fail_msg("%s: %.1f s", floods[i], cpu_seconds(pid) - begin);
		}
		double begin =
			cpu_seconds(pid); /* what is left to be worked off is not waited for */
		assert_int_equal(muster("kill --now flood%zu", i), 0);
		assert_true(cpu_seconds(pid) - begin < 3);
	}
	assert_int_equal(server_pid("pid"), pid);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_another_version_of_the_client),
		cmocka_unit_test(test_noise_is_hung_up_on),
		cmocka_unit_test(test_requests_that_make_no_sense),
		cmocka_unit_test(test_more_clients_than_it_takes),
		cmocka_unit_test(test_requests_have_a_budget),
		cmocka_unit_test(test_no_descriptor_for_a_client),
		cmocka_unit_test(test_totals_are_told_when_they_differ),
		cmocka_unit_test(test_input_is_bounded),
		cmocka_unit_test(test_nothing_stays_of_a_forgotten_session),
		cmocka_unit_test(test_it_examines_itself),
		cmocka_unit_test(test_tags_reach_several),
		cmocka_unit_test(test_secrets_stay_with_the_child),
		cmocka_unit_test(test_a_flood_of_states_is_told_in_part),
		cmocka_unit_test(test_costly_output_waits_for_others),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
