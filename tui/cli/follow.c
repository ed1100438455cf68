#include "tui/cli/follow.h"
#include "sessions/client/host.h"
#include <stdlib.h>
#include <unistd.h>

/* AWAY_MS: a successor is there sooner; later the client would start a server by itself. */
enum { CHANGED_MS = 400, AWAY_MS = 5000 };

struct other {
	struct follow *f;
	char host[HOST_NAME_MAX_BYTES], why[160];
	struct client *c;
	bool up;
};
struct follow {
	struct verb_ctx *verb;
	const struct follow_ops *ops;
	void *ctx;
	struct client *c;
	uv_loop_t loop;
	uv_poll_t out; /* tells that the reader left */
	uv_timer_t changed, away;
	struct other *other; /* n_others */
	size_t n_others;
	int code;
};

struct client *
follow_client(struct follow *f)
{
	return f->c;
}

void
follow_end(struct follow *f, int code)
{
	f->code = code;
	uv_stop(&f->loop);
}

bool
follow_other(struct follow *f, size_t i, struct follow_other *o)
{
	if (i >= f->n_others)
		return false;
	*o = (struct follow_other){
		f->other[i].host, f->other[i].why, f->other[i].up ? f->other[i].c : NULL};
	return true;
}

static void
on_changed(uv_timer_t *t)
{
	struct follow *f = t->data;

	f->ops->changed(f->ctx, f);
}

static void
change(struct follow *f)
{
	if (f->ops->changed && !uv_is_active((uv_handle_t *)&f->changed))
		uv_timer_start(&f->changed, on_changed, CHANGED_MS, 0);
}

static void
on_event(void *ctx, json_t *ev)
{
	struct follow *f = ctx;

	json_clean(f->verb, ev);
	if (f->ops->event)
		f->ops->event(f->ctx, ev);
	change(f);
}

static void
on_back(void *ctx)
{
	struct follow *f = ctx;

	uv_timer_stop(&f->away);
	client_request(f->c, "watch", json_object(), NULL, NULL);
	f->ops->begin(f->ctx, f);
}

static void
on_away(uv_timer_t *t)
{
	struct follow *f = t->data;

	follow_end(f, verb_fail(f->verb, EXIT_NO_SERVER, "the server has gone"));
}

static void
on_lost(void *ctx)
{
	struct follow *f = ctx;

	uv_timer_start(&f->away, on_away, AWAY_MS, 0);
}

static void
on_reader(uv_poll_t *p, int status, int events)
{
	struct follow *f = p->data;

	if (status < 0 || events & UV_DISCONNECT)
		follow_end(f, EXIT_OK);
}

static void
on_other_event(void *ctx, json_t *ev)
{
	(void)ev;
	change(((struct other *)ctx)->f);
}

static void
on_other_back(void *ctx)
{
	struct other *o = ctx;

	o->up = true;
	client_request(o->c, "watch", json_object(), NULL, NULL);
	change(o->f);
}

static void
on_other_lost(void *ctx)
{
	struct other *o = ctx;
	const char *bye = client_bye(o->c);

	o->up = false;
	snprintf(o->why, sizeof o->why, "is away: %.140s", *bye ? bye : "no answer");
	change(o->f);
}

static void
begin_others(struct follow *f)
{
	char names[HOSTS_MAX][HOST_NAME_MAX_BYTES];
	size_t n = f->ops->others && !f->verb->host && !f->verb->here ? host_names(names, HOSTS_MAX)
								      : 0;

	f->other = xcalloc(n + 1, sizeof *f->other);
	for (size_t i = 0; i < n; i++) {
		struct other *o = &f->other[f->n_others++];
		struct client_ops cops = {.event = on_other_event,
			.lost = on_other_lost,
			.back = on_other_back,
			.ctx = o};
		struct err e = {0};

		*o = (struct other){.f = f};
		snprintf(o->host, sizeof o->host, "%s", names[i]);
		if ((o->c = client_open(o->host, &e)))
			client_start(o->c, &f->loop, &cops);
		else
			snprintf(o->why, sizeof o->why, "is away: %.140s", e.msg);
	}
}

static void
end_all(struct follow *f)
{
	client_free(f->c);
	for (size_t i = 0; i < f->n_others; i++)
		client_free(f->other[i].c);
	free(f->other);
	client_loop_end(&f->loop);
}

int
follow(struct verb_ctx *ctx, const struct follow_ops *ops, void *octx)
{
	struct follow f = {.verb = ctx, .ops = ops, .ctx = octx};
	struct client_ops cops = {.event = on_event, .lost = on_lost, .back = on_back, .ctx = &f};
	struct err e = {0};

	if (!(f.c = client_connect(ctx->host, true, &e)))
		return verb_fail(ctx, e.code ? e.code : EXIT_NO_SERVER, "%s", e.msg);
	uv_loop_init(&f.loop);
	uv_timer_init(&f.loop, &f.changed);
	uv_timer_init(&f.loop, &f.away);
	f.changed.data = f.away.data = f.out.data = &f;
	if (uv_poll_init(&f.loop, &f.out, 1) == 0) /* a file has no reader that could leave */
		uv_poll_start(&f.out, UV_DISCONNECT, on_reader);
	client_start(f.c, &f.loop, &cops);
	begin_others(&f);
	on_back(&f);
	uv_run(&f.loop, UV_RUN_DEFAULT);
	end_all(&f);
	return f.code;
}
