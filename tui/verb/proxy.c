/* proxy: the protocol on standard input and output, for a client on another machine. */
#include "core/base/buf.h"
#include "tui/cli/verb.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 65536, HELD_MAX = 1 << 20 };

/* One way: what was read and is still to be written. */
struct way {
	int from, to;
	struct buf held;
	bool over; /* nothing more comes */
};

static void
fill(struct way *w)
{
	ssize_t n;

	buf_reserve(&w->held, CHUNK);
	n = read(w->from, w->held.data + w->held.len, CHUNK);
	if (n > 0)
		w->held.len += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		w->over = true;
}

static void
drain(struct way *w)
{
	ssize_t n = write(w->to, w->held.data, w->held.len);

	if (n > 0)
		buf_drop(&w->held, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		w->over = true, w->held.len = 0;
}

static short
wants(const struct way *read, const struct way *write, int fd)
{
	short events = 0;

	if (read->from == fd && !read->over && read->held.len < HELD_MAX)
		events |= POLLIN;
	if (write->to == fd && write->held.len)
		events |= POLLOUT;
	return events;
}

/* Until one side has gone, and what it said has been passed on. */
static void
pump(int server)
{
	struct way in = {.from = 0, .to = server}, out = {.from = server, .to = 1};

	while (!(in.over && !in.held.len) && !(out.over && !out.held.len)) {
		struct pollfd p[] = {{0, wants(&in, &out, 0), 0},
			{server, wants(&out, &in, server), 0}, {1, wants(&in, &out, 1), 0}};

		/* of one that nothing is wanted from, the end would be told again and again */
		for (size_t i = 0; i < ARRAY_LEN(p); i++)
			if (!p[i].events)
				p[i].fd = -1;
		if (poll(p, ARRAY_LEN(p), -1) < 0)
			continue;
		if (p[0].revents & (POLLIN | POLLHUP | POLLERR))
			fill(&in);
		if (p[1].revents & (POLLIN | POLLHUP | POLLERR) && !out.over &&
			out.held.len < HELD_MAX)
			fill(&out);
		if (in.held.len)
			drain(&in);
		if (out.held.len)
			drain(&out);
	}
	buf_free(&in.held);
	buf_free(&out.held);
}

int
verb_proxy(struct verb_ctx *ctx, int argc, char **argv)
{
	static const struct opt none[] = {{0}};
	struct err e = {0};
	int first, fd;

	if (opts_parse(ctx, none, NULL, argc, argv, &first) < 0)
		return EXIT_USAGE;
	if (argc > first)
		return verb_fail(ctx, EXIT_USAGE, "takes no arguments");
	if ((fd = client_socket(true, &e)) < 0)
		return verb_fail(ctx, EXIT_NO_SERVER, "%s", e.msg);
	for (int i = 0; i < 2; i++)
		fcntl(i, F_SETFL, fcntl(i, F_GETFL) | O_NONBLOCK);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	pump(fd);
	close(fd);
	return EXIT_OK;
}
