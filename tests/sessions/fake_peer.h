/* A client played by the test: one end of a socket, whose other end is a peer (sessions/peer). */
#ifndef TESTS_FAKE_PEER_H
#define TESTS_FAKE_PEER_H
#include "core/base/buf.h"
#include "core/os/os.h"
#include "sessions/peer/peer.h"
#include "sessions/peer/request.h"
#include "sessions/view/view.h"
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#define FAKE_PEER_NS 20000000000ull

struct fake_peer {
	struct peers *of;
	int fd;
	struct buf in;
	size_t used; /* of in, by the frame that was heard last */
};

/* One turn of the server: what came is handled, what is due goes out. */
static inline void
fake_turn(struct peers *all)
{
	uv_run(all->loop, UV_RUN_NOWAIT);
	if (all->views)
		views_flush(all->views);
	peers_flush(all);
}

/* Turns until cond is true. */
#define FAKE_UNTIL(all, cond)                                      \
	do {                                                       \
		uint64_t end_ = os_mono_ns() + FAKE_PEER_NS;       \
		while (!(cond)) {                                  \
			if (os_mono_ns() > end_)                   \
				fail_msg("never true: %s", #cond); \
			fake_turn(all);                            \
		}                                                  \
	} while (0)

/* payload: as it is on the wire. */
static inline void
fake_say(struct fake_peer *p, unsigned type, uint32_t request, const void *payload, size_t n)
{
	uint64_t end = os_mono_ns() + FAKE_PEER_NS;
	struct buf b = {0};

	frame_put(&b, type, request, payload, n);
	for (size_t at = 0; at < b.len && os_mono_ns() < end;) {
		ssize_t sent = send(p->fd, b.data + at, b.len - at, MSG_DONTWAIT | MSG_NOSIGNAL);

		assert_true(sent >= 0 || errno == EAGAIN);
		at += sent > 0 ? (size_t)sent : 0;
		fake_turn(p->of);
	}
	buf_free(&b);
}

static inline void
fake_ask(struct fake_peer *p, unsigned type, uint32_t request, json_t *take)
{
	char *text = json_dumps(take, JSON_COMPACT);

	fake_say(p, type, request, text, strlen(text));
	free(text);
	json_decref(take);
}

/* Is a frame there? It stays until the next call. */
static inline bool
fake_hears(struct fake_peer *p, struct frame *f)
{
	ssize_t n;

	buf_drop(&p->in, p->used);
	p->used = 0;
	do {
		fake_turn(p->of);
		buf_reserve(&p->in, 65536);
		n = recv(p->fd, p->in.data + p->in.len, 65536, MSG_DONTWAIT);
		p->in.len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	return frame_read(&p->in, SERVER, f, &p->used) == 1;
}

/* The next frame is such a one. */
static inline struct frame
fake_hear(struct fake_peer *p, unsigned type, uint32_t request)
{
	struct frame f = {0};

	FAKE_UNTIL(p->of, fake_hears(p, &f));
	assert_int_equal(f.type, type);
	assert_int_equal(f.request, request);
	return f;
}

/* Connected and greeted. */
static inline struct fake_peer
fake_peer(struct peers *all)
{
	struct fake_peer p = {.of = all};
	int sv[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sv), 0);
	p.fd = sv[1];
	peers_accept(all, sv[0]);
	fake_ask(&p, FT_HELLO, 0,
		json_pack("{s:i,s:[i],s:s}", "v", 1, "versions", PROTO_VERSION, "client", "fake"));
	fake_hear(&p, FT_WELCOME, 0);
	return p;
}

/* It goes; the server has seen it. */
static inline void
fake_peer_goes(struct fake_peer *p)
{
	unsigned n = p->of->n;

	close(p->fd);
	FAKE_UNTIL(p->of, p->of->n == n - 1);
	fake_turn(p->of);
	buf_free(&p->in);
}
#endif
