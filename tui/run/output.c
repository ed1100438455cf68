/* One child for each program, its output in a pipe. A child goes when it has ended and the pipe is shut,
 * or when its time is over; its memory when both handles and the timer are closed. */
#include "tui/run/output.h"
#include "core/base/buf.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct asked {
	struct outputs *of; /* NULL: nobody waits for it any more */
	int which, open;    /* handles to close */
	bool closing;
	uv_process_t process;
	uv_pipe_t pipe;
	uv_timer_t timer;
	struct buf text;
	LIST_ENTRY(asked) link;
};
struct outputs {
	uv_loop_t *loop;
	output_cb cb;
	void *ctx;
	LIST_HEAD(, asked) asked;
};

struct outputs *
outputs_new(uv_loop_t *loop, output_cb cb, void *ctx)
{
	struct outputs *o = xcalloc(1, sizeof *o);
	*o = (struct outputs){.loop = loop, .cb = cb, .ctx = ctx};
	LIST_INIT(&o->asked);
	return o;
}

static void
on_closed(uv_handle_t *h)
{
	struct asked *k = h->data;
	if (--k->open > 0)
		return;
	buf_free(&k->text);
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
	if (k->of)
		k->of->cb(k->of->ctx, k->which, buf_cstr(&k->text));
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
	size_t room = MIN(hint, OUTPUT_MAX - k->text.len);
	buf_reserve(&k->text, room);
	*b = uv_buf_init((char *)k->text.data + k->text.len, (unsigned)room);
}

static void
on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
	struct asked *k = s->data;
	(void)b;
	if (n > 0)
		k->text.len += (size_t)n;
	if (n < 0) { /* UV_ENOBUFS: it says too much */
		uv_read_stop(s);
		if (!k->closing)
			told(k);
	}
}

void
outputs_ask(struct outputs *o, int which, char *const *argv, unsigned limit_ms)
{
	struct asked *k = xcalloc(1, sizeof *k);
	uv_stdio_container_t io[] = {{.flags = UV_IGNORE},
		{.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
			.data.stream = (uv_stream_t *)&k->pipe},
		{.flags = UV_IGNORE}};
	const uv_process_options_t opt = {.exit_cb = on_ended,
		.file = argv[0],
		.args = (char **)argv,
		.stdio_count = 3,
		.stdio = io};
	*k = (struct asked){.of = o, .which = which, .open = 3};
	uv_timer_init(o->loop, &k->timer);
	uv_pipe_init(o->loop, &k->pipe, 0);
	k->timer.data = k->pipe.data = k->process.data = k;
	LIST_INSERT_HEAD(&o->asked, k, link);
	if (uv_spawn(o->loop, &k->process, &opt) != 0) {
		drop(k);
		return;
	}
	uv_timer_start(&k->timer, on_late, limit_ms, 0);
	uv_read_start((uv_stream_t *)&k->pipe, on_alloc, on_read);
}

void
outputs_free(struct outputs *o)
{
	struct asked *k;
	if (!o)
		return;
	while ((k = LIST_FIRST(&o->asked))) {
		LIST_REMOVE(k, link);
		k->of = NULL;
		uv_process_kill(&k->process, SIGKILL);
		drop(k);
	}
	free(o);
}
