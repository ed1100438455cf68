#include "sessions/peer/peer.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/config/config.h"
#include "sessions/peer/request_priv.h"
#include "sessions/life/origin.h"
#include "sessions/life/sessions.h"
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PEER_MAGIC 0x50454552u
#define READ_BYTES 65536u
#define PEER_IDLE_NS 200000000u /* so long silent before its place may be taken */

static void on_poll(uv_poll_t *h, int status, int events);
static void hang_up(struct peer *p, const char *why);
static void flush(struct peer *p);

static void
peer_events(struct peer *p, bool writing)
{
	if (p->dead || p->writing == writing)
		return;
	p->writing = writing;
	uv_poll_start(&p->poll, UV_READABLE | (writing ? UV_WRITABLE : 0), on_poll);
}

void
peer_refuse(int fd, const char *why)
{
	struct buf b = {0};
	json_t *j = json_pack("{s:i,s:s}", "v", 1, "message", why);

	frame_json(&b, FT_BYE, 0, j);
	if (send(fd, b.data, b.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("could not say why: %s", why);
	json_decref(j);
	buf_free(&b);
	close(fd);
}

/* Of those that only sit there the one that was silent longest gives way; false: all have a use for
 * their place. */
static bool
make_place(struct peers *all)
{
	struct peer *idle = NULL;

	for (struct peer *p = all->first; p; p = p->next)
		if (!p->watching && !all->ops->used(all->views, p) && LIST_EMPTY(&p->requests) &&
			!peer_waiting(p) && (!idle || p->heard_ns < idle->heard_ns))
			idle = p;
	if (!idle || os_mono_ns() - idle->heard_ns < PEER_IDLE_NS)
		return false;
	hang_up(idle, "another client needed the place");
	return true;
}

void
peers_accept(struct peers *all, int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	const struct session *s;
	struct peer *p;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0 || cred.uid != geteuid()) {
		log_warn("a client of another user was refused");
		close(fd);
		return;
	}
	if (all->n >= PEERS_MAX && !make_place(all)) {
		peer_refuse(fd, "too many clients");
		return;
	}
	p = xcalloc(1, sizeof(*p));
	p->magic = PEER_MAGIC;
	p->of = all;
	p->fd = fd;
	p->passed = -1;
	p->pid = cred.pid;
	p->from_session = all->sessions && origin_of(all->sessions, cred.pid, &s) != ORIGIN_OUTSIDE;
	p->born_ns = p->progress_ns = p->heard_ns = os_mono_ns();
	LIST_INIT(&p->requests);
	CHECK(uv_poll_init(all->loop, &p->poll, fd) == 0);
	p->poll.data = p;
	uv_poll_start(&p->poll, UV_READABLE, on_poll);
	p->next = all->first;
	all->first = p;
	all->n++;
	all->came_ns = os_mono_ns();
}

static void
on_closed(uv_handle_t *h)
{
	struct peer *p = h->data;

	close(p->fd);
	if (p->passed >= 0)
		close(p->passed);
	buf_free(&p->in);
	buf_free(&p->out);
	p->magic = 0;
	free(p);
}

static void
requests_cancel(struct peer *p)
{
	struct request *r;

	while ((r = LIST_FIRST(&p->requests))) {
		if (r->cancel)
			r->cancel(r->cancel_ctx);
		request_end(r);
	}
}

/* After what can be said of why (NULL: nothing). The struct lives until the loop's next turn. */
static void
hang_up(struct peer *p, const char *why)
{
	struct peer **at = &p->of->first;

	if (p->dead)
		return;
	if (why) {
		json_t *j = json_pack(
			"{s:i,s:s,s:b}", "v", 1, "message", why, "stopped", p->of->stopped);
		log_info("client disconnected: %s", why);
		if (frame_json(&p->out, FT_BYE, 0, j))
			flush(p);
		json_decref(j);
		if (p->dead)
			return;
	}
	p->dead = true;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	p->of->n--;
	p->of->ops->closed(p->of->views, p);
	requests_cancel(p);
	uv_poll_stop(&p->poll);
	uv_close((uv_handle_t *)&p->poll, on_closed);
}

size_t
peer_waiting(const struct peer *p)
{
	return p->out.len - p->out_off;
}

/* Tries to send now. */
static void
flush(struct peer *p)
{
	while (!p->dead && peer_waiting(p)) {
		ssize_t n = send(p->fd, p->out.data + p->out_off, peer_waiting(p),
			MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			hang_up(p, NULL);
			return;
		}
		p->out_off += (size_t)n;
		p->progress_ns = os_mono_ns();
	}
	if (!peer_waiting(p)) {
		p->out.len = p->out_off = 0;
		if (p->out.cap > 4 * READ_BYTES)
			buf_free(&p->out);
	} else if (p->out_off > READ_BYTES) {
		buf_drop(&p->out, p->out_off);
		p->out_off = 0;
	}
	peer_events(p, peer_waiting(p) > 0);
}

static bool
may_drain(const struct request *r)
{
	return r->drain && r->awaits != r->peer->of->sessions->texts_came + 1;
}

/* Long answers are made piece by piece, as the client takes them. True when one is not through. */
static bool
drain_requests(struct peer *p)
{
	struct request *r, *next;

	for (r = LIST_FIRST(&p->requests); r && peer_waiting(p) < READ_BYTES; r = next) {
		next = LIST_NEXT(r, link);
		if (!may_drain(r))
			continue;
		r->awaits = 0;
		r->drain(r->drain_ctx);
	}
	LIST_FOREACH (r, &p->requests, link)
		if (may_drain(r))
			return true;
	return false;
}

void
peers_flush(struct peers *all)
{
	for (struct peer *p = all->first, *next; p; p = next) {
		bool more = drain_requests(p);
		next = p->next;
		if (peer_waiting(p) > PEER_FLOOD_MAX) {
			hang_up(p, "client does not read its answers");
			continue;
		}
		if (peer_waiting(p) && !p->writing)
			flush(p);
		if (more) /* so that the loop comes back for the rest */
			peer_events(p, true);
	}
}

void
peers_check(struct peers *all, uint64_t now_ns)
{
	for (struct peer *p = all->first, *next; p; p = next) {
		next = p->next;
		if (!p->greeted && now_ns - p->born_ns > PROTO_HANDSHAKE_MS * 1000000ull)
			hang_up(p, "no handshake");
		else if (peer_waiting(p) && now_ns - p->progress_ns > PEER_STUCK_MS * 1000000ull)
			hang_up(p, "client stopped reading (10 s)");
	}
}

void
peer_json(struct peer *p, unsigned type, uint32_t request, const json_t *j)
{
	if (p->dead)
		return;
	if (!peer_waiting(p))
		p->progress_ns = os_mono_ns();
	if (!frame_json(&p->out, type, request, j)) {
		json_t *f = json_pack(
			"{s:i,s:i,s:s}", "v", 1, "code", 1, "message", "the answer is too large");
		frame_json(&p->out, FT_FAIL, request, f);
		json_decref(f);
	}
}

void
peers_event(struct peers *all, const json_t *ev)
{
	for (struct peer *p = all->first; p; p = p->next)
		if (p->watching)
			peer_json(p, FT_EVENT, 0, ev);
}

void
peers_bye(struct peers *all, const char *why, bool stopped)
{
	all->stopped = stopped;
	while (all->first)
		hang_up(all->first, why);
}

bool
peers_watching(const struct peers *all)
{
	for (struct peer *p = all->first; p; p = p->next)
		if (p->watching)
			return true;
	return false;
}

/* Frames. */

static size_t
asked_by_all(const struct peers *all)
{
	size_t sum = 0;

	for (const struct peer *p = all->first; p; p = p->next)
		sum += p->asked;
	return sum;
}

/* What changes nothing, and shows no more than a session's owner lets it see. */
static bool
only_reads(const char *verb)
{
	static const char *const verbs[] = {"ls", "peek", "status", "wait", "explain", "history",
		"events", "footprint", "search"};

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (!strcmp(verbs[i], verb))
			return true;
	return false;
}

/* A program in a session is not its user: what it reads may have told it to. */
static bool
refused(const struct peer *p, const char *verb)
{
	enum from_sessions may =
		p->from_session ? p->of->sessions->config->from_sessions : FROM_SESSIONS_ALLOW;

	return may == FROM_SESSIONS_REFUSE || (may == FROM_SESSIONS_READ && !only_reads(verb));
}

static void
on_request(struct peer *p, const struct frame *f)
{
	struct request *r = xcalloc(1, sizeof(*r));
	const char *verb;
	struct err e;

	*r = (struct request){
		.magic = REQUEST_MAGIC, .peer = p, .id = f->request, .bytes = sizeof(*r) + f->len};
	LIST_INSERT_HEAD(&p->requests, r, link);
	p->asked += r->bytes;
	if (p->asked > PEER_ASKED_MAX || asked_by_all(p->of) > ASKED_MAX) {
		err_set(&e, 1, "too many requests wait for their answers");
		request_fail(r, &e);
		return;
	}
	r->args = frame_get_json(f);
	verb = json_string_value(json_object_get(r->args, "verb"));
	if (verb && refused(p, verb)) {
		err_set(&e, 1,
			"refused: it is asked for in a session, whose programs may not do "
			"that ([server] from_sessions)");
		request_fail(r, &e);
		return;
	}
	for (size_t i = 0; verb && i < p->of->n_commands; i++)
		if (!strcmp(p->of->commands[i].verb, verb)) {
			p->of->commands[i].fn(r);
			return;
		}
	err_set(&e, 1, verb ? "this server cannot do that" : "a request without a verb");
	request_fail(r, &e);
}

static void
on_cancel(struct peer *p, const struct frame *f)
{
	struct request *r;

	LIST_FOREACH (r, &p->requests, link) {
		if (r->id != f->request)
			continue;
		if (r->cancel)
			r->cancel(r->cancel_ctx);
		request_end(r);
		return;
	}
}

static void
on_hello(struct peer *p, const struct frame *f)
{
	json_t *j = frame_get_json(f), *v, *w;
	bool ok = false;
	size_t i;

	json_array_foreach (json_object_get(j, "versions"), i, v)
		ok |= json_integer_value(v) == PROTO_VERSION;
	json_decref(j);
	if (!ok) {
		hang_up(p, "no protocol version in common (update muster)");
		return;
	}
	p->greeted = true;
	w = json_pack("{s:i,s:i,s:i,s:s,s:b}", "v", 1, "version", PROTO_VERSION, "pid",
		(int)getpid(), "server", MUSTER_VERSION, "lend", true);
	peer_json(p, FT_WELCOME, 0, w);
	json_decref(w);
}

static void
on_frame(struct peer *p, const struct frame *f)
{
	if (!p->greeted && f->type != FT_HELLO) {
		hang_up(p, "the first frame must be HELLO");
		return;
	}
	switch (f->type) {
	case FT_HELLO:
		on_hello(p, f);
		break;
	case FT_REQUEST:
		on_request(p, f);
		break;
	case FT_CANCEL:
		on_cancel(p, f);
		break;
	default:
		p->of->ops->frame(p->of->views, p, f);
	}
}

static void
read_frames(struct peer *p)
{
	struct frame f;
	size_t used;
	int rc = 0;

	while (!p->dead && (rc = frame_parse(p->in.data + p->in_off, p->in.len - p->in_off, CLIENT,
				    &f, &used)) > 0) {
		p->in_off += used;
		on_frame(p, &f);
	}
	if (p->dead)
		return;
	if (rc < 0) {
		hang_up(p, "protocol error");
		return;
	}
	buf_drop(&p->in, p->in_off);
	p->in_off = 0;
	if (!p->in.len && p->in.cap > READ_BYTES)
		buf_free(&p->in);
}

int
peer_take_fd(struct peer *p)
{
	int fd = p->passed;

	p->passed = -1;
	return fd;
}

/* One descriptor is kept until the frame that it belongs to; any other is closed. */
static void
keep_passed(struct peer *p, struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (p->passed >= 0)
				close(p->passed);
			p->passed = fd;
		}
	}
}

static ssize_t
receive(struct peer *p)
{
	alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(4 * sizeof(int))];
	struct iovec v = {p->in.data + p->in.len, READ_BYTES};
	struct msghdr m = {.msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(p->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n >= 0)
		keep_passed(p, &m);
	return n;
}

static void
on_poll(uv_poll_t *h, int status, int events)
{
	struct peer *p = h->data;
	ssize_t n;

	CHECK(p->magic == PEER_MAGIC);
	if (status < 0) {
		hang_up(p, NULL);
		return;
	}
	if (events & UV_WRITABLE)
		flush(p);
	if (p->dead || !(events & UV_READABLE))
		return;
	buf_reserve(&p->in, READ_BYTES);
	n = receive(p);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		hang_up(p, NULL);
		return;
	}
	if (n > 0) {
		p->heard_ns = os_mono_ns();
		p->in.len += (size_t)n;
		read_frames(p);
	}
}

struct peers *
peers_new(uv_loop_t *loop, const struct command *commands, size_t n)
{
	struct peers *all = xcalloc(1, sizeof(*all));

	all->loop = loop;
	all->commands = commands;
	all->n_commands = n;
	return all;
}
