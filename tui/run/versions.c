/* One child for each program, its output in a pipe. A child goes when it has ended and the pipe is shut,
 * or when its time is over; its memory when both handles and the timer are closed. */
#include "tui/run/versions.h"
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define LIMIT_MS 5000

struct asked {
	struct versions *of; /* NULL: nobody waits for it any more */
	int which, open;     /* handles to close */
	bool closing;
	uv_process_t process;
	uv_pipe_t pipe;
	uv_timer_t timer;
	char text[256];
	size_t n;
	LIST_ENTRY(asked) link;
};
struct versions {
	uv_loop_t *loop;
	version_cb cb;
	void *ctx;
	LIST_HEAD(, asked) asked;
};

struct versions *
versions_new(uv_loop_t *loop, version_cb cb, void *ctx)
{
	struct versions *v = xcalloc(1, sizeof *v);
	*v = (struct versions){.loop = loop, .cb = cb, .ctx = ctx};
	LIST_INIT(&v->asked);
	return v;
}

/* The first word that has a digit on both sides of a point; "" none. */
static void
version_of(const char *text, char *out, size_t cap)
{
	out[0] = 0;
	for (const char *p = text; *p; p++) {
		if (!isdigit((unsigned char)*p) ||
			(p > text && isalnum((unsigned char)p[-1]) && p[-1] != 'v'))
			continue;
		size_t n = strspn(p, "0123456789.");
		if (n > 2 && memchr(p, '.', n - 1)) {
			snprintf(out, cap, "%.*s", (int)(p[n - 1] == '.' ? n - 1 : n), p);
			return;
		}
	}
}

static void
on_closed(uv_handle_t *h)
{
	struct asked *k = h->data;
	if (--k->open == 0)
		free(k);
}

static void
drop(struct asked *k)
{
	if (k->closing)
		return;
	k->closing = true;
	if (k->of)
		LIST_REMOVE(k, link);
	uv_close((uv_handle_t *)&k->timer, on_closed);
	uv_close((uv_handle_t *)&k->pipe, on_closed);
	uv_close((uv_handle_t *)&k->process, on_closed);
}

static void
on_late(uv_timer_t *t)
{
	struct asked *k = t->data;
	uv_process_kill(&k->process, SIGKILL);
	drop(k);
}

/* It has said all it says. */
static void
told(struct asked *k)
{
	char version[24];
	k->text[k->n] = 0;
	version_of(k->text, version, sizeof version);
	if (k->of && *version)
		k->of->cb(k->of->ctx, k->which, version);
	drop(k);
}

static void
on_ended(uv_process_t *p, int64_t status, int sig)
{
	struct asked *k = p->data;
	(void)status;
	(void)sig;
	if (!uv_is_active((uv_handle_t *)&k->pipe)) /* else its last words are still to be read */
		told(k);
}

static void
on_alloc(uv_handle_t *h, size_t hint, uv_buf_t *b)
{
	struct asked *k = h->data;
	(void)hint;
	*b = uv_buf_init(k->text + k->n, (unsigned)(sizeof k->text - 1 - k->n));
}

static void
on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
	struct asked *k = s->data;
	(void)b;
	if (n > 0)
		k->n += (size_t)n;
	if (n < 0) { /* UV_ENOBUFS: it says more than a version */
		uv_read_stop(s);
		if (!k->closing)
			told(k);
	}
}

void
versions_ask(struct versions *v, int which, const char *argv0)
{
	struct asked *k = xcalloc(1, sizeof *k);
	char *argv[] = {(char *)argv0, (char *)"--version", NULL};
	uv_stdio_container_t io[] = {{.flags = UV_IGNORE},
		{.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
			.data.stream = (uv_stream_t *)&k->pipe},
		{.flags = UV_IGNORE}};
	const uv_process_options_t opt = {
		.exit_cb = on_ended, .file = argv0, .args = argv, .stdio_count = 3, .stdio = io};
	*k = (struct asked){.of = v, .which = which, .open = 3};
	uv_timer_init(v->loop, &k->timer);
	uv_pipe_init(v->loop, &k->pipe, 0);
	k->timer.data = k->pipe.data = k->process.data = k;
	LIST_INSERT_HEAD(&v->asked, k, link);
	if (uv_spawn(v->loop, &k->process, &opt) != 0) {
		drop(k);
		return;
	}
	uv_timer_start(&k->timer, on_late, LIMIT_MS, 0);
	uv_read_start((uv_stream_t *)&k->pipe, on_alloc, on_read);
}

void
versions_free(struct versions *v)
{
	struct asked *k;
	if (!v)
		return;
	while ((k = LIST_FIRST(&v->asked))) {
		LIST_REMOVE(k, link);
		k->of = NULL;
		uv_process_kill(&k->process, SIGKILL);
		drop(k);
	}
	free(v);
}
