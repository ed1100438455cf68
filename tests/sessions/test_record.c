/* Records between keeper and server, and what else may come over such a socket. */
#include "sessions/keeper/record.h"
#include "sessions/pty/keeper_link.h"
#include "core/base/base.h"
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static unsigned
open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static int
setup(void **st)
{
	static int sv[2];

	*st = sv;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv);
}

static int
teardown(void **st)
{
	int *sv = *st;

	close(sv[0]);
	close(sv[1]);
	return 0;
}

static bool
same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_ino == y.st_ino &&
	       x.st_dev == y.st_dev;
}

static void
test_fields_and_fds_arrive(void **st)
{
	int *sv = *st, p[2], fd[KEEPER_REC_FDS];
	struct keeper_rec r = {.type = KEEPER_CHILD, .id = 7, .pid = 42, .status = -1}, got;

	assert_int_equal(pipe(p), 0);
	for (int n = 0; n <= 2; n++) {
		unsigned before = open_fds();

		assert_int_equal(record_send(sv[0], r, n > 0 ? p[0] : -1, n > 1 ? p[1] : -1), 0);
		assert_int_equal(record_receive(sv[1], &got, fd), 1);
		assert_int_equal(got.magic, KEEPER_MAGIC);
		assert_int_equal(got.type, KEEPER_CHILD);
		assert_true(got.id == 7 && got.pid == 42 && got.status == -1);
		assert_int_equal(fd[0] >= 0, n > 0);
		assert_int_equal(fd[1] >= 0, n > 1);
		assert_true(fd[2] == -1 && fd[3] == -1);
		assert_true(n < 1 || same_file(fd[0], p[0]));
		assert_true(n < 2 || same_file(fd[1], p[1]));
		record_close(fd);
		assert_int_equal(fd[0], -1);
		assert_int_equal(open_fds(), before);
	}
	close(p[0]);
	close(p[1]);
}

static void
test_full_and_empty(void **st)
{
	int *sv = *st, fd[KEEPER_REC_FDS], n = 0, rc;
	struct keeper_rec got;

	assert_int_equal(record_receive(sv[1], &got, fd), -EAGAIN);
	while ((rc = record_send(sv[0], (struct keeper_rec){.id = (uint32_t)n}, -1, -1)) == 0)
		n++;
	assert_int_equal(rc, -EAGAIN);
	assert_true(n > 4);
	/* what was refused was not half said: there are n, in their order */
	for (int i = 0; i < n; i++) {
		assert_int_equal(record_receive(sv[1], &got, fd), 1);
		assert_int_equal(got.id, i);
	}
	assert_int_equal(record_receive(sv[1], &got, fd), -EAGAIN);
	assert_int_equal(record_send(sv[0], got, -1, -1), 0);
}

/* A peer that died: what it had said comes, then the end; although it had not read all of ours. */
static void
test_last_words(void **st)
{
	int *sv = *st, fd[KEEPER_REC_FDS], rc;
	struct keeper_rec got;

	assert_int_equal(record_send(sv[1], (struct keeper_rec){.id = 1}, -1, -1), 0);
	for (uint32_t id = 5; id < 8; id++)
		assert_int_equal(record_send(sv[0], (struct keeper_rec){.id = id}, -1, -1), 0);
	close(sv[0]);
	for (uint32_t id = 5; id < 8; id++) {
		assert_int_equal(record_receive(sv[1], &got, fd), 1);
		assert_int_equal(got.id, id);
	}
	assert_int_equal(record_receive(sv[1], &got, fd), 0);
	assert_int_equal(record_receive(sv[1], &got, fd), 0);
	rc = record_send(sv[1], got, -1, -1);
	assert_true(rc == -EPIPE || rc == -ECONNRESET);
	sv[0] = dup(sv[1]);
}

static void
send_fds(int sock, const void *p, size_t n, int fd, int copies)
{
	_Alignas(struct cmsghdr) char ctl[CMSG_SPACE(8 * sizeof(int))] = {0};
	struct iovec iov = {(void *)p, n};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = ctl,
		.msg_controllen = CMSG_SPACE((size_t)copies * sizeof(int))};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN((size_t)copies * sizeof(int));
	for (int i = 0; i < copies; i++)
		memcpy(CMSG_DATA(c) + (size_t)i * sizeof(int), &fd, sizeof(int));
	assert_int_equal(sendmsg(sock, &m, 0), n);
}

/* Too short, of another magic: no record, and its fds do not stay. Another version of
 * the same protocol is one. */
static void
test_what_is_no_record(void **st)
{
	int *sv = *st, fd[KEEPER_REC_FDS];
	struct keeper_rec long_one[2] = {{.magic = KEEPER_MAGIC, .type = KEEPER_STOP}}, got;
	static const struct {
		uint32_t magic;
		size_t n;
		int type;
	} t[] = {
		{KEEPER_MAGIC, 1, 0},
		{KEEPER_MAGIC, sizeof(got) - 1, 0},
		{KEEPER_MAGIC, sizeof(got), KEEPER_STOP},
		{KEEPER_MAGIC + 1, sizeof(got), KEEPER_STOP},
		{KEEPER_MAGIC ^ 0x10000, sizeof(got), 0},
		{0, sizeof(got), 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		unsigned before = open_fds();

		long_one[0].magic = t[i].magic;
		send_fds(sv[0], long_one, t[i].n, 0, 1);
		assert_int_equal(record_receive(sv[1], &got, fd), 1);
		assert_int_equal(got.type, t[i].type);
		record_close(fd);
		assert_int_equal(open_fds(), before);
	}
}

/* More fds than a record has: those that are given can be closed, the rest never came. */
static void
test_too_many_fds(void **st)
{
	int *sv = *st, fd[KEEPER_REC_FDS];
	struct keeper_rec r = {.magic = KEEPER_MAGIC, .type = KEEPER_HOLD}, got;
	unsigned before = open_fds();

	send_fds(sv[0], &r, sizeof(r), 0, 8);
	assert_int_equal(record_receive(sv[1], &got, fd), 1);
	assert_int_equal(got.type, KEEPER_HOLD);
	for (int i = 0; i < KEEPER_REC_FDS; i++)
		assert_true(fd[i] >= 0);
	record_close(fd);
	assert_int_equal(open_fds(), before);
}

/* The peer is one version on: its records are read as far as they are known. */
static void
test_a_version_on(void **st)
{
	struct keeper_rec r = {.magic = KEEPER_MAGIC + 1, .type = KEEPER_EXITED, .id = 7}, got;
	int *sv = *st, fd[KEEPER_REC_FDS];

	memset(r.zero, 0x55, sizeof(r.zero)); /* fields to come */
	assert_int_equal(send(sv[0], &r, sizeof(r), 0), sizeof(r));
	assert_int_equal(record_receive(sv[1], &got, fd), 1);
	assert_int_equal(got.type, KEEPER_EXITED);
	assert_int_equal(got.id, 7);
}

/* A keeper that dies in the middle of its replay: what it had handed over is closed. */
static void
test_a_replay_that_ends_early(void **st)
{
	struct keeper_held *held;
	unsigned before = open_fds();
	struct err e;
	int sv[2];
	size_t n;

	(void)st;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv), 0);
	record_send(sv[1], (struct keeper_rec){.type = KEEPER_HELLO, .pid = 1}, -1, -1);
	record_send(sv[1], (struct keeper_rec){.type = KEEPER_HELD, .id = 4, .slot = KEEPER_RING},
		sv[1], -1);
	close(sv[1]);
	assert_null(keeper_link_open(sv[0], &held, &n, &e));
	assert_int_equal(e.code, 4);
	assert_int_equal(open_fds(), before);
}

/* More descriptors are under way than this user may have: the peer is not gone for that. */
static void
test_what_the_kernel_is_short_of_is_waited_for(void **st)
{
	int *sv = *st, status;
	pid_t pid = fork();

	if (!pid) {
		struct rlimit few = {24, 24};
		int rc = 0, n = 0;

		if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
			_exit(2);
		setrlimit(RLIMIT_NOFILE, &few);
		while (rc == 0 && n++ < 100)
			rc = record_send(
				sv[0], (struct keeper_rec){.type = KEEPER_HELD}, sv[0], sv[1]);
		_exit(rc == -EAGAIN && n < 100 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fields_and_fds_arrive, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_and_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_last_words, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_no_record, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_version_on, setup, teardown),
		cmocka_unit_test(test_a_replay_that_ends_early),
		cmocka_unit_test_setup_teardown(test_too_many_fds, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_what_the_kernel_is_short_of_is_waited_for, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
