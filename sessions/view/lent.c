/* Why a client lends its terminal: a key and its echo pass
 *
 *   tty ─► client ─► socket ─► server ─► pty ─► child ─► pty ─► server ─► socket ─► client ─► tty
 *
 * and on an idle machine nearly all of the time goes into waking those who sleep along the way.
 * With the terminal in the server's hands two of them sleep on:
 *
 *   tty ─► server ─► pty ─► child ─► pty ─► server ─► tty
 *
 * One owner at a time, for both directions. The client lends (LEND, with the descriptor) when its
 * picture is just the session's screen and a plain key was typed; the server hands back (RETURN)
 * as soon as it reads a byte that is not a plain key (an escape sequence, the prefix), or the
 * client asks (RECLAIM). With it go the bytes which the terminal did not take, so that no frame is
 * torn, and those that were read, so that no key is lost or overtaken. A client whose server dies
 * takes its terminal back by itself and repaints.
 *
 * What the server may do here is what the client does: cells through the renderer, no bytes of a
 * child. The terminal is non-blocking (of the client's own making: the user's shell has another
 * open file): one that takes nothing holds up its own frames and no one else's. */
#include "sessions/view/lent.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LENT_MAGIC 0x4c454e54u
#define READ_BYTES 4096
#define ESC 0x1b

struct lent {
	uint32_t magic;
	uv_loop_t *loop;
	struct lent_ops ops;
	struct arena *arena;
	uint32_t owner;
	int fd; /* -1: not held */
	uv_poll_t *poll;
	bool writing, is_prefix, freed;
	unsigned closing; /* polls */
	struct render *render;
	struct decoder *decoder;
	struct input_event prefix;
	struct buf out;
	size_t off;
};

static struct lent *
lent_check(void *p)
{
	CHECK(p && ((struct lent *)p)->magic == LENT_MAGIC);
	return p;
}

static void
on_key(void *ctx, const struct input_event *ev)
{
	struct lent *l = lent_check(ctx);

	l->is_prefix = ev->type != INPUT_KEY || key_matches(ev, &l->prefix);
	if (!l->is_prefix)
		l->ops.key(l->ops.ctx, ev);
}

struct lent *
lent_new(uv_loop_t *loop, struct arena *a, uint32_t owner, const struct lent_ops *ops)
{
	struct lent *l = xcalloc(1, sizeof(*l));

	*l = (struct lent){.magic = LENT_MAGIC,
		.loop = loop,
		.ops = *ops,
		.arena = a,
		.owner = owner,
		.fd = -1};
	l->decoder = decoder_new(on_key, l);
	return l;
}

static void on_poll(uv_poll_t *h, int status, int events);

static void
free_now(struct lent *l)
{
	render_free(l->render);
	decoder_free(l->decoder);
	l->magic = 0;
	free(l);
}

static void
on_poll_closed(uv_handle_t *h)
{
	struct lent *l = lent_check(h->data);

	free(h);
	if (!--l->closing && l->freed)
		free_now(l);
}

static void
let_go(struct lent *l)
{
	if (l->fd < 0)
		return;
	uv_poll_stop(l->poll);
	uv_close((uv_handle_t *)l->poll, on_poll_closed);
	l->closing++;
	l->poll = NULL;
	close(l->fd);
	l->fd = -1;
	buf_free(&l->out);
	l->off = 0;
}

void
lent_free(struct lent *l)
{
	if (!l)
		return;
	let_go(lent_check(l));
	l->freed = true; /* a callback of its own may be what ends it */
	if (!l->closing)
		free_now(l);
}

bool
lent_held(const struct lent *l)
{
	return l && l->fd >= 0;
}

bool
lent_busy(const struct lent *l)
{
	return l->writing;
}

static void
poll_for(struct lent *l, bool writing)
{
	if (l->writing == writing)
		return;
	l->writing = writing;
	uv_poll_start(l->poll, UV_READABLE | (writing ? UV_WRITABLE : 0), on_poll);
}

static void
flush(struct lent *l)
{
	while (l->off < l->out.len) {
		ssize_t n = write(l->fd, l->out.data + l->off, l->out.len - l->off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			l->off = l->out.len; /* reading says what is wrong */
		if (n <= 0)
			break;
		l->off += (size_t)n;
	}
	if (l->off == l->out.len)
		l->out.len = l->off = 0;
	poll_for(l, l->out.len > 0);
}

int
lent_take(struct lent *l, int take_fd, const struct lent_terms *terms)
{
	int flags = fcntl(take_fd, F_GETFL), rc = 0;

	if (lent_held(l) || !isatty(take_fd) || flags < 0 || !(flags & O_NONBLOCK)) {
		close(take_fd);
		return -EINVAL;
	}
	l->poll = xcalloc(1, sizeof(*l->poll));
	if ((rc = uv_poll_init(l->loop, l->poll, take_fd)) < 0) {
		free(l->poll);
		l->poll = NULL;
		close(take_fd);
		return rc;
	}
	l->fd = take_fd;
	l->poll->data = l;
	l->writing = false;
	l->prefix = terms->prefix;
	if (!l->render)
		l->render = render_new(l->arena, l->owner, &terms->caps);
	else
		render_set_caps(l->render, &terms->caps);
	if (terms->shown)
		render_adopt(l->render, terms->shown, &l->out);
	else
		render_invalidate(l->render);
	uv_poll_start(l->poll, UV_READABLE, on_poll);
	return 0;
}

bool
lent_paint(struct lent *l, const struct grid *g)
{
	size_t was = l->out.len;

	render_frame(l->render, g, &l->out);
	if (l->out.len == was)
		return false;
	flush(l);
	return true;
}

void
lent_end(struct lent *l, const struct grid *g, struct buf *unsent)
{
	if (g)
		render_frame(l->render, g, &l->out);
	buf_put(unsent, l->out.data + l->off, l->out.len - l->off);
	let_go(l);
}

/* Length of the key at p: one byte of ASCII, one character of UTF-8; 0: it is not a plain one. */
static size_t
plain_key(const uint8_t *p, size_t n)
{
	size_t len = *p < 0x80	 ? 1
		     : *p < 0xc2 ? 0
		     : *p < 0xe0 ? 2
		     : *p < 0xf0 ? 3
		     : *p < 0xf5 ? 4
				 : 0;

	if (*p == ESC || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

static void
read_keys(struct lent *l)
{
	uint8_t b[READ_BYTES];
	size_t i = 0, len, end;
	ssize_t n = read(l->fd, b, sizeof(b));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	end = n > 0 ? (size_t)n : 0;
	l->is_prefix = false;
	while (i < end && (len = plain_key(b + i, end - i))) {
		decoder_feed(l->decoder, b + i, len);
		if (l->is_prefix)
			break;
		i += len;
	}
	if (i)
		l->ops.typed(l->ops.ctx);
	if (lent_held(l) && (i < end || !end))
		l->ops.not_ours(l->ops.ctx, b + i, end - i);
}

static void
on_poll(uv_poll_t *h, int status, int events)
{
	struct lent *l = lent_check(h->data);

	if (status < 0) {
		l->ops.not_ours(l->ops.ctx, NULL, 0);
		return;
	}
	if (events & UV_WRITABLE)
		flush(l);
	if (events & UV_READABLE)
		read_keys(l);
}
