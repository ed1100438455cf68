#include "sessions/client/client_priv.h"
#include "core/os/os.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENT_MAGIC 0x434c4945u
#define READ_BYTES 65536u
#define GREET_MS 10000 /* a server that starts again answers late, not never */
#define TELL_MS 2000   /* without an answer: then it is time for words */
#define STOPPED_NS \
	30000000000ull /* and so long after them nobody is waited for who stands still \
			*/
#define RETRY_FIRST_MS 20
#define RETRY_MAX_MS 500
#define HOST_GREET_MS 30000 /* a machine that wakes, or a password that is typed */
#define HOST_RETRY_MS 500
#define HOST_RETRY_MAX_MS 15000
#define TRIES_ALONE 20

static struct client *
client_check(void *p)
{
	CHECK(p && ((struct client *)p)->magic == CLIENT_MAGIC);
	return p;
}

static void
put_hello(struct client *c)
{
	json_t *j = json_pack(
		"{s:i,s:[i],s:s}", "v", 1, "versions", PROTO_VERSION, "client", MUSTER_VERSION);

	frame_json(&c->out, FT_HELLO, 0, j);
	json_decref(j);
}

static void
nonblocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* A connection on its way: the socket, or -1 and *e. */
static int
reach(struct client *c, bool start_server, struct err *e)
{
	if (!*c->host)
		return client_socket(start_server, e);
	if (c->said >= 0)
		close(c->said);
	c->said = -1;
	return host_socket(c->host, !c->started && isatty(0), &c->said, e);
}

/* Blocking use. */

static int
gone(const struct client *c, struct err *e)
{
	if (*c->host)
		return err_set(e, 4, "the connection to %s broke (try again)", c->host);
	return err_set(e, 4, "the server went away (try again)");
}

/* Why a host is none, by what its program said. */
static int
host_away(struct client *c, struct err *e)
{
	char why[160];

	host_said(c->said, why, sizeof why);
	c->said = -1;
	return err_set(e, 4, "%s cannot be reached%s%s", c->host, *why ? ": " : "", why);
}

static int
left_ms(uint64_t end)
{
	uint64_t now = os_mono_ns();

	return !end ? -1 : now >= end ? 0 : (int)((end - now) / 1000000 + 1);
}

/* Says once why there is no answer; -1 and *e when that has not changed for too long. */
static int
tell_why(struct client *c, struct err *e)
{
	uint64_t now = os_mono_ns();
	char why[160];
	bool stopped = !*c->host && client_stopped(why, sizeof(why));

	if (*c->host)
		snprintf(why, sizeof(why), "%s does not answer", c->host);
	if (!stopped && c->greeted)
		return 0;
	if (stopped && c->told_ns && now - c->told_ns > STOPPED_NS)
		return err_set(e, 4, "no answer: %s", why);
	if (!c->told_ns)
		fprintf(stderr, "muster: no answer yet: %s\n", why);
	c->told_ns = c->told_ns ? c->told_ns : now;
	return 0;
}

/* Until the socket is ready: 0, or -1 and *e, with `late` as what it is when the time is over. */
static int
await(struct client *c, short events, uint64_t end, const char *late, struct err *e)
{
	struct pollfd p = {c->fd, events, 0};

	for (;;) {
		int left = left_ms(end);
		bool last = left >= 0 && left <= TELL_MS;

		if (poll(&p, 1, last ? left : TELL_MS) != 0)
			return 0;
		if (last)
			return err_set(e, 5, "%s", late);
		if (tell_why(c, e) < 0)
			return -1;
	}
}

static int
send_all(struct client *c, uint64_t end, struct err *e)
{
	while (c->out_off < c->out.len) {
		ssize_t n = send(c->fd, c->out.data + c->out_off, c->out.len - c->out_off,
			MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0)
			c->out_off += (size_t)n;
		else if (n < 0 && errno == EAGAIN) {
			if (await(c, POLLOUT, end, "the server does not answer in time", e) < 0)
				return -1;
		} else if (n == 0 || errno != EINTR)
			return gone(c, e);
	}
	c->out.len = c->out_off = 0;
	return 0;
}

/* The next frame; *used to drop once it was looked at. */
static int
next_frame(struct client *c, struct frame *f, size_t *used, uint64_t end, struct err *e)
{
	for (;;) {
		int rc = frame_read(&c->in, SERVER, f, used);
		if (rc > 0)
			return 0;
		if (rc < 0)
			return err_set(e, 4, "the server speaks another protocol");
		if (await(c, POLLIN, end, "timeout", e) < 0)
			return -1;
		buf_reserve(&c->in, READ_BYTES);
		ssize_t n = recv(c->fd, c->in.data + c->in.len, READ_BYTES, MSG_DONTWAIT);
		if (n > 0)
			c->in.len += (size_t)n;
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			return gone(c, e);
	}
}

static int
said_bye(const struct frame *f, struct err *e)
{
	json_t *j = frame_get_json(f);
	const char *why = json_string_value(json_object_get(j, "message"));

	err_set(e, 4, "the server hung up: %.200s", why ? why : "no reason given");
	json_decref(j);
	return -1;
}

static void
on_welcome(struct client *c, const struct frame *f)
{
	json_t *j = frame_get_json(f);

	c->lends = json_is_true(json_object_get(j, "lend")) && !*c->host;
	c->greeted = true;
	json_decref(j);
}

static int
greet(struct client *c, struct err *e)
{
	uint64_t end = os_mono_ns() + (*c->host ? HOST_GREET_MS : GREET_MS) * 1000000ull;
	struct frame f;
	size_t used;
	int rc = 0;

	put_hello(c);
	if (send_all(c, end, e) < 0 || next_frame(c, &f, &used, end, e) < 0) {
		if (*c->host)
			return host_away(c, e);
		if (e && e->code == 5)
			err_set(e, 4, "the server does not answer");
		return -1;
	}
	if (f.type == FT_BYE)
		rc = said_bye(&f, e);
	else
		on_welcome(c, &f);
	buf_drop(&c->in, used);
	return rc;
}

static struct client *
client_new(const char *host)
{
	struct client *c = xcalloc(1, sizeof(*c));

	c->magic = CLIENT_MAGIC;
	c->said = c->fd = -1;
	snprintf(c->host, sizeof(c->host), "%s", host ? host : "");
	LIST_INIT(&c->pending);
	return c;
}

struct client *
client_open(const char *host, struct err *e)
{
	struct client *c = client_new(host);

	c->started = true; /* nobody is there to be asked for a password */
	c->fd = reach(c, false, e);
	c->started = false;
	if (c->fd >= 0) {
		put_hello(c);
		return c;
	}
	client_free(c);
	return NULL;
}

struct client *
client_connect(const char *host, bool start_server, struct err *e)
{
	struct client *c = client_new(host);
	struct err mine;

	e = e ? e : &mine;
	c->fd = reach(c, start_server, e);
	if (c->fd >= 0 && greet(c, e) < 0 && *c->host) {
		close(c->fd);
		c->fd = -1;
	} else if (c->fd >= 0 && !c->greeted) {
		/* it died under our hands: its keeper starts another */
		close(c->fd);
		c->in.len = c->out.len = c->out_off = 0;
		c->fd = client_socket(start_server, e);
		if (c->fd >= 0 && greet(c, e) < 0) {
			close(c->fd);
			c->fd = -1;
		}
	}
	if (c->fd >= 0)
		return c;
	client_free(c);
	return NULL;
}

static json_t *
request_json(const struct client *c, const char *verb, json_t *take_args)
{
	json_t *a = take_args ? take_args : json_object();

	json_object_set_new(a, "verb", json_string(verb));
	if (!*c->host && (!strcmp(verb, "new") || !strcmp(verb, "resume")))
		client_add_caller(a);
	return a;
}

static void
err_from(const struct frame *f, struct err *e)
{
	json_t *j = frame_get_json(f);
	const char *m = json_string_value(json_object_get(j, "message"));
	int code = (int)json_integer_value(json_object_get(j, "code"));

	err_set(e, code ? code : 1, "%.250s", m ? m : "failed");
	json_decref(j);
}

/* One round: the answer, or NULL and *e; *again: the server died and nothing was seen of the
 * answer. */
static json_t *
call_once(struct client *c, const json_t *req, void (*part)(void *ctx, json_t *j), void *ctx,
	uint64_t end, bool *again, struct err *e)
{
	uint32_t id = ++c->next_id;
	bool parts = false;

	*again = false;
	if (!frame_json(&c->out, FT_REQUEST, id, req)) {
		err_set(e, 1, "the request is too large (1 MiB)");
		return NULL;
	}
	if (send_all(c, end, e) < 0) {
		*again = e->code == 4;
		return NULL;
	}
	for (;;) {
		json_t *j = NULL;
		struct frame f;
		size_t used;
		bool done = false;
		if (next_frame(c, &f, &used, end, e) < 0) {
			*again = e->code == 4 && !parts;
			return NULL;
		}
		if (f.type == FT_BYE) {
			said_bye(&f, e);
			done = true;
		} else if (f.request == id && f.type == FT_FAIL) {
			err_from(&f, e);
			done = true;
		} else if (f.request == id && (f.type == FT_REPLY || f.type == FT_PART)) {
			j = frame_get_json(&f);
			done = f.type == FT_REPLY;
			if (!j)
				err_set(e, 1, "an answer that is not JSON");
		}
		buf_drop(&c->in, used);
		if (done)
			return j;
		if (j && part)
			part(ctx, j);
		parts |= j != NULL;
		json_decref(j);
	}
}

static bool
repeatable(const char *verb)
{
	static const char *const verbs[] = {"ls", "peek", "wait", "status", "explain", "history",
		"events", "footprint", "doctor", "search", "kill"};

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (!strcmp(verbs[i], verb))
			return true;
	return false;
}

json_t *
client_call(struct client *c, const char *verb, json_t *take_args,
	void (*part)(void *ctx, json_t *j), void *ctx, double timeout_s, struct err *e)
{
	uint64_t end = timeout_s > 0 ? os_mono_ns() + (uint64_t)(timeout_s * 1e9) : 0;
	json_t *req = request_json(c, verb, take_args), *reply;
	struct err mine;
	bool again;

	e = e ? e : &mine;
	CHECK(client_check(c) && !c->started);
	reply = call_once(c, req, part, ctx, end, &again, e);
	while (!reply && again && repeatable(verb)) {
		close(c->fd);
		c->in.len = c->out.len = c->out_off = 0;
		c->fd = reach(c, false, e);
		if (c->fd < 0 || greet(c, e) < 0)
			break;
		json_object_set_new(req, "again", json_true());
		reply = call_once(c, req, part, ctx, end, &again, e);
	}
	json_decref(req);
	return reply;
}

/* Asynchronous use. */

static void on_poll(uv_poll_t *h, int status, int events);
static void lose(struct client *c);

static void
flush(struct client *c)
{
	bool writing;

	while (c->fd >= 0 && c->out_off < c->out.len) {
		ssize_t n = send(c->fd, c->out.data + c->out_off, c->out.len - c->out_off,
			MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0)
			c->out_off += (size_t)n;
		else if (n < 0 && errno == EINTR)
			continue;
		else
			break; /* a lost server is noticed by reading */
	}
	if (c->out_off == c->out.len)
		c->out.len = c->out_off = 0;
	writing = c->out.len > 0;
	if (c->poll && writing != c->writing) {
		c->writing = writing;
		uv_poll_start(c->poll, UV_READABLE | (writing ? UV_WRITABLE : 0), on_poll);
	}
}

static void
fail_pending(struct client *c)
{
	struct err e;
	struct pending *p;

	gone(c, &e);
	while ((p = LIST_FIRST(&c->pending))) {
		LIST_REMOVE(p, link);
		if (p->cb)
			p->cb(p->ctx, NULL, &e);
		free(p);
	}
}

static void
on_poll_closed(uv_handle_t *h)
{
	free(h);
}

static void
watch_fd(struct client *c)
{
	nonblocking(c->fd);
	c->poll = xcalloc(1, sizeof(*c->poll));
	CHECK(uv_poll_init(c->loop, c->poll, c->fd) == 0);
	c->poll->data = c;
	c->writing = false;
	uv_poll_start(c->poll, UV_READABLE, on_poll);
}

static void
drop_fd(struct client *c)
{
	if (c->poll) {
		uv_poll_stop(c->poll);
		uv_close((uv_handle_t *)c->poll, on_poll_closed);
	}
	c->poll = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->greeted = false;
	c->in.len = c->out.len = c->out_off = 0;
}

static uint64_t
retry_ms(const struct client *c)
{
	unsigned shift = MIN(c->tries, 5u);

	return *c->host ? MIN(HOST_RETRY_MS << shift, HOST_RETRY_MAX_MS)
			: MIN(RETRY_FIRST_MS << shift, RETRY_MAX_MS);
}

static void
on_retry(uv_timer_t *t)
{
	struct client *c = client_check(t->data);
	struct err e;

	/* after a while nobody can be coming back by itself: start them, unless somebody wants none */
	c->fd = reach(c, ++c->tries > TRIES_ALONE && !c->stopped, &e);
	if (c->fd < 0) {
		uv_timer_start(t, on_retry, retry_ms(c), 0);
		return;
	}
	watch_fd(c);
	put_hello(c);
	flush(c);
}

static void
lose(struct client *c)
{
	bool was = c->greeted;

	drop_fd(c);
	fail_pending(c);
	if (*c->host && !*c->bye) {
		host_said(c->said, c->bye, sizeof(c->bye));
		c->said = -1;
	}
	if ((was || (*c->host && !c->tries)) && c->ops.lost)
		c->ops.lost(c->ops.ctx);
	c->tries = was ? 0 : c->tries;
	if (!c->freed && !(*c->host && c->stopped)) /* to ask again would start its server */
		uv_timer_start(&c->retry, on_retry, *c->host ? retry_ms(c) : RETRY_FIRST_MS, 0);
}

bool
client_was_stopped(const struct client *c)
{
	return c->stopped;
}

bool
client_begin_again(struct client *c)
{
	if (!c->stopped || c->fd >= 0)
		return false;
	c->stopped = false;
	c->tries = TRIES_ALONE;
	uv_timer_start(&c->retry, on_retry, 0, 0);
	return true;
}

static void
close_it(uv_handle_t *h, void *ctx)
{
	(void)ctx;
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

void
client_loop_end(uv_loop_t *loop)
{
	uv_walk(loop, close_it, NULL);
	uv_run(loop, UV_RUN_DEFAULT);
	uv_loop_close(loop);
}

const char *
client_bye(const struct client *c)
{
	return c->bye;
}

static struct pending *
pending_find(struct client *c, uint32_t id)
{
	struct pending *p;

	LIST_FOREACH (p, &c->pending, link)
		if (p->id == id)
			return p;
	return NULL;
}

static void
on_part(struct client *c, const struct frame *f)
{
	struct pending *p = pending_find(c, f->request);
	json_t *j = p && p->part ? frame_get_json(f) : NULL;

	if (j)
		p->part(p->ctx, j); /* may cancel it */
	json_decref(j);
}

static void
on_reply(struct client *c, const struct frame *f)
{
	struct pending *p = pending_find(c, f->request);
	struct err e;
	json_t *j = NULL;

	if (!p)
		return;
	LIST_REMOVE(p, link);
	if (f->type == FT_FAIL)
		err_from(f, &e);
	else if (!(j = frame_get_json(f)))
		err_set(&e, 1, "an answer that is not JSON");
	if (p->cb)
		p->cb(p->ctx, j, j ? NULL : &e);
	json_decref(j);
	free(p);
}

static void
on_return(struct client *c, const struct frame *f)
{
	struct rd in = rd_init(f->payload, f->len);
	struct client_return r = {.how = (enum returned)rd_u8(&in)};

	r.n_unsent = rd_u32(&in);
	r.unsent = rd_bytes(&in, r.n_unsent);
	r.input = in.p;
	r.n_input = rd_left(&in);
	if (in.bad)
		r = (struct client_return){0};
	if (c->ops.returned)
		c->ops.returned(c->ops.ctx, f->request, &r);
}

static void
on_frame(struct client *c, const struct frame *f)
{
	json_t *j;

	switch (f->type) {
	case FT_WELCOME:
		on_welcome(c, f);
		c->tries = 0;
		c->bye[0] = '\0';
		c->stopped = false;
		if (c->ops.back)
			c->ops.back(c->ops.ctx);
		break;
	case FT_BYE:
		if ((j = frame_get_json(f))) {
			const char *why = json_string_value(json_object_get(j, "message"));

			snprintf(c->bye, sizeof(c->bye), "%s", why ? why : "");
			c->stopped = json_is_true(json_object_get(j, "stopped"));
		}
		json_decref(j);
		break;
	case FT_PART:
		on_part(c, f);
		break;
	case FT_REPLY:
	case FT_FAIL:
		on_reply(c, f);
		break;
	case FT_EVENT:
		if ((j = frame_get_json(f)) && c->ops.event)
			c->ops.event(c->ops.ctx, j);
		json_decref(j);
		break;
	case FT_FRAME:
		if (c->ops.frame)
			c->ops.frame(c->ops.ctx, f->request, f->payload, f->len);
		frame_put(&c->out, FT_ACK, f->request, NULL, 0);
		if (c->ops.acked)
			c->ops.acked(c->ops.ctx, f->request);
		break;
	case FT_RETURN:
		on_return(c, f);
		break;
	case FT_VIEW_EVENT:
		if ((j = frame_get_json(f)) && c->ops.view_event)
			c->ops.view_event(c->ops.ctx, f->request, j);
		json_decref(j);
		break;
	}
}

static void
on_poll(uv_poll_t *h, int status, int events)
{
	struct client *c = client_check(h->data);
	struct frame f;
	size_t used, off = 0;
	ssize_t n;
	int rc = 0;

	(void)status;
	if (events & UV_WRITABLE)
		flush(c);
	if (!(events & UV_READABLE) && status >= 0)
		return;
	buf_reserve(&c->in, READ_BYTES);
	n = recv(c->fd, c->in.data + c->in.len, READ_BYTES, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		lose(c);
		return;
	}
	c->in.len += (size_t)n;
	while (c->poll == h &&
		(rc = frame_parse(c->in.data + off, c->in.len - off, SERVER, &f, &used)) > 0) {
		off += used;
		on_frame(c, &f);
	}
	if (c->freed || c->poll != h)
		return;
	buf_drop(&c->in, off);
	if (rc < 0)
		lose(c);
	else
		flush(c);
}

void
client_start(struct client *c, uv_loop_t *loop, const struct client_ops *ops)
{
	client_check(c);
	CHECK(!c->started && c->fd >= 0);
	c->started = true;
	c->loop = loop;
	c->ops = *ops;
	uv_timer_init(loop, &c->retry);
	c->retry.data = c;
	watch_fd(c);
	flush(c); /* of client_open: the greeting */
}

uint32_t
client_stream(struct client *c, const char *verb, json_t *take_args,
	void (*part)(void *ctx, json_t *j), client_reply_cb cb, void *ctx)
{
	json_t *req = request_json(c, verb, take_args);
	struct pending *p = xcalloc(1, sizeof(*p));
	uint32_t id = ++c->next_id;
	struct err e;

	*p = (struct pending){.id = id, .part = part, .cb = cb, .ctx = ctx};
	if (c->fd < 0 || !frame_json(&c->out, FT_REQUEST, id, req)) {
		err_set(&e, c->fd < 0 ? 4 : 1,
			c->fd < 0 ? "the server is away" : "the request is too large (1 MiB)");
		if (cb)
			cb(ctx, NULL, &e);
		free(p);
		id = 0;
	} else {
		LIST_INSERT_HEAD(&c->pending, p, link);
		flush(c);
	}
	json_decref(req);
	return id;
}

void
client_request(struct client *c, const char *verb, json_t *take_args, client_reply_cb cb, void *ctx)
{
	client_stream(c, verb, take_args, NULL, cb, ctx);
}

void
client_cancel(struct client *c, uint32_t request)
{
	struct pending *p = pending_find(c, request);

	if (!p)
		return;
	LIST_REMOVE(p, link);
	free(p);
	frame_put(&c->out, FT_CANCEL, request, NULL, 0);
	flush(c);
}

/* Views. */

struct opening {
	struct client *c;
	uint32_t view;
};

static void
on_opened(void *ctx, json_t *reply, const struct err *e)
{
	struct opening *o = ctx;
	struct client *c = o->c;
	json_t *ev;

	if (!reply && e->code != 4 && c->ops.view_event) {
		ev = json_pack("{s:s,s:i,s:s}", "ev", "error", "code", e->code, "message", e->msg);
		c->ops.view_event(c->ops.ctx, o->view, ev);
		json_decref(ev);
	}
	free(o);
}

uint32_t
client_view_open(struct client *c, const char *id, unsigned mode, int cols, int rows)
{
	struct opening *o = xcalloc(1, sizeof(*o));
	uint32_t view = ++c->next_id;

	*o = (struct opening){.c = c, .view = view};
	client_request(c, "view",
		json_pack("{s:i,s:s,s:s,s:i,s:i,s:b,s:b}", "view", (int)view, "id", id, "mode",
			mode & VIEW_ATTACH ? "attach" : "preview", "cols", cols, "rows", rows,
			"read_only", mode & VIEW_READ_ONLY, "resize", !(mode & VIEW_NO_RESIZE)),
		on_opened, o);
	return view;
}

static void
view_frame(struct client *c, unsigned type, uint32_t view, const void *p, size_t n)
{
	if (c->fd < 0)
		return;
	frame_put(&c->out, type, view, p, n);
	flush(c);
}

void
client_view_resize(struct client *c, uint32_t view, int cols, int rows)
{
	uint8_t p[4] = {(uint8_t)cols, (uint8_t)(cols >> 8), (uint8_t)rows, (uint8_t)(rows >> 8)};

	view_frame(c, FT_RESIZE, view, p, sizeof(p));
}

void
client_view_close(struct client *c, uint32_t view)
{
	view_frame(c, FT_CLOSE_VIEW, view, NULL, 0);
}

void
client_view_input(struct client *c, uint32_t view, const struct input_event *ev)
{
	struct buf b = {0};

	input_pack(&b, ev);
	if (b.len <= PROTO_MAX)
		view_frame(c, FT_INPUT, view, b.data, b.len);
	buf_free(&b);
}

bool
client_lends(const struct client *c)
{
	return c->lends;
}

bool
client_view_lend(
	struct client *c, uint32_t view, int fd, unsigned caps, const struct input_event *prefix)
{
	alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(int))] = {0};
	struct buf b = {0}, payload = {0};
	struct iovec v;
	struct msghdr m = {.msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	ssize_t n;

	flush(c);
	if (c->fd < 0 || c->out_off < c->out.len)
		return false;
	buf_putc(&payload, (uint8_t)caps);
	input_pack(&payload, prefix);
	frame_put(&b, FT_LEND, view, payload.data, payload.len);
	buf_free(&payload);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(h), &fd, sizeof(int));
	v = (struct iovec){b.data, b.len};
	do
		n = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n > 0) { /* the descriptor went with the first byte */
		buf_put(&c->out, b.data + n, b.len - (size_t)n);
		flush(c);
	}
	buf_free(&b);
	return n > 0;
}

void
client_view_reclaim(struct client *c, uint32_t view)
{
	view_frame(c, FT_RECLAIM, view, NULL, 0);
}

void
client_view_scroll(struct client *c, uint32_t view, uint64_t rows_back)
{
	struct buf b = {0};

	buf_u64(&b, rows_back);
	view_frame(c, FT_SCROLL, view, b.data, b.len);
	buf_free(&b);
}

static void
on_freed(uv_handle_t *h)
{
	struct client *c = h->data;

	buf_free(&c->in);
	buf_free(&c->out);
	if (c->said >= 0)
		close(c->said);
	c->magic = 0;
	free(c);
}

void
client_free(struct client *c)
{
	if (!c)
		return;
	client_check(c);
	c->freed = true;
	if (c->started) {
		flush(c);
		drop_fd(c);
		fail_pending(c);
		uv_timer_stop(&c->retry);
		uv_close((uv_handle_t *)&c->retry, on_freed);
		return;
	}
	if (c->fd >= 0)
		close(c->fd);
	c->retry.data = c;
	on_freed((uv_handle_t *)&c->retry);
}

int
client_fd(const struct client *c)
{
	return c->fd;
}
