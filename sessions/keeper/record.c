#include "sessions/keeper/record.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel is short of something for a moment: that is no end of the connection. */
static int
failed(int e)
{
	return e == ENOBUFS || e == ENOMEM || e == ETOOMANYREFS ? -EAGAIN : -e;
}

int
record_send(int sock, struct keeper_rec r, int fd0, int fd1)
{
	char ctl[CMSG_SPACE(2 * sizeof(int))] = {0};
	struct iovec iov = {&r, sizeof(r)};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	int fds[2] = {fd0, fd1};
	size_t n = fd0 < 0 ? 0 : fd1 < 0 ? 1 : 2;
	ssize_t rc;

	r.magic = KEEPER_MAGIC;
	if (n) {
		m.msg_control = ctl;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	do
		rc = sendmsg(sock, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (rc < 0 && errno == EINTR);
	return rc < 0 ? failed(errno) : 0;
}

int
record_receive(int sock, struct keeper_rec *r, int fd[KEEPER_REC_FDS])
{
	char ctl[CMSG_SPACE(KEEPER_REC_FDS * sizeof(int))];
	struct iovec iov = {r, sizeof(*r)};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = ctl,
		.msg_controllen = sizeof(ctl)};
	ssize_t n;

	for (int i = 0; i < KEEPER_REC_FDS; i++)
		fd[i] = -1;
	/* a peer that died without having read all of ours: said once, then comes what it had sent
	 */
	do
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n <= 0)
		return n < 0 ? failed(errno) : 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			memcpy(fd, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	if (n != (ssize_t)sizeof(*r) || (r->magic & 0xffff0000u) != (KEEPER_MAGIC & 0xffff0000u))
		r->type = 0;
	return 1;
}

void
record_close(int fd[KEEPER_REC_FDS])
{
	for (int i = 0; i < KEEPER_REC_FDS; i++) {
		if (fd[i] >= 0)
			close(fd[i]);
		fd[i] = -1;
	}
}
