/* The dashboard in the real world: one loop with the terminal (outer), the connection (client) and
 * the clock around struct app.
 *
 *   keys ─► app_input ─► requests ─► client        terminal takes a frame ─► on_paint:
 *   events, replies ─► app ─► dirty ─► damage        app_draw ─► canvas ◄─ preview frames
 *
 * Nothing polls: without input, event or a shown time that changes, the process sleeps. Leaving by
 * q, hang-up or SIGTERM only closes the connection. */
#include "core/os/os.h"
#include "sessions/client/client.h"
#include "sessions/config/config.h"
#include "sessions/agent/profile.h"
#include "tui/attach/attach.h"
#include "tui/draw/paint.h"
#include "tui/run/plain.h"
#include "tui/run/preview.h"
#include "tui/verb/verb.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARENA_BYTES (256u << 20)
#define OWNER 1
#define MAGIC 0x44415348u

struct dash {
	uint32_t magic;
	const struct verb_ctx *ctx;
	uv_loop_t loop;
	uv_timer_t clock;
	struct outer *outer;
	struct client *client;
	struct arena *arena;
	struct canvas *canvas; /* the frame */
	struct app *app;
	struct preview pv;
	LIST_HEAD(, call) streams;
	bool leaving;
	bool attached;	 /* the terminal is a session's for now */
	char attach[16]; /* session to hand the terminal to; "" none */
	struct text_place attach_at;
	bool attach_there;
};

static struct dash *
dash_check(void *p)
{
	struct dash *d = p;
	CHECK(d && d->magic == MAGIC);
	return d;
}

static void
damage(struct dash *d)
{
	if (d->app->dirty && !d->attached)
		outer_damage(d->outer);
}

static void
on_clock(uv_timer_t *t)
{
	struct dash *d = dash_check(t->data);
	d->app->dirty = true;
	damage(d);
}

/* Wakes when a shown time reads differently, never oftener. */
static void
clock_set(struct dash *d)
{
	double s = app_next_change(d->app);
	uv_timer_stop(&d->clock);
	if (isfinite(s))
		uv_timer_start(&d->clock, on_clock, (uint64_t)(s * 1000) + 1, 0);
}

static bool
on_paint(void *ctx, struct grid *g)
{
	struct dash *d = dash_check(ctx);
	if (!d->app->m.loaded && d->app->connected)
		return false; /* an empty list would only flash up */
	d->app->now = os_wall_s();
	app_draw(d->app);
	if (d->app->repaint) {
		d->app->repaint = false;
		outer_repaint(d->outer);
	}
	preview_follow(&d->pv);
	canvas_resize(d->canvas, surface_cols(d->app->d.s), surface_rows(d->app->d.s));
	paint_surface(d->canvas, d->app->d.s);
	preview_paint(&d->pv, d->canvas);
	if (d->app->preview.id[0])
		paint_layers(d->canvas, d->app->d.s);
	*g = canvas_grid(d->canvas);
	clock_set(d);
	return true;
}

static void
on_input(void *ctx, const struct input_event *ev)
{
	struct dash *d = dash_check(ctx);
	d->app->now = os_wall_s();
	if (ev->type == INPUT_MOUSE)
		preview_mouse(&d->pv, ev, uv_now(&d->loop));
	app_input(d->app, ev);
	damage(d);
}

static void
on_resized(void *ctx, int cols, int rows)
{
	struct dash *d = dash_check(ctx);
	app_resize(d->app, cols, rows);
	damage(d);
}

static void
leave(struct dash *d)
{
	d->leaving = true;
	uv_stop(&d->loop);
}

static void
on_gone(void *ctx)
{
	leave(dash_check(ctx));
}

static const struct outer_ops outer_ops_of = {
	.paint = on_paint, .input = on_input, .resized = on_resized, .gone = on_gone};

/* Replies come with the view that asked perhaps gone; app callbacks look it up by themselves. */
struct call {
	struct dash *d;
	app_part_cb part;
	app_reply_cb cb;
	char id[64];
	uint32_t request; /* of a stream: in d->streams */
	LIST_ENTRY(call) link;
};

static void
on_reply(void *ctx, json_t *reply, const struct err *e)
{
	struct call *k = ctx;
	struct dash *d = dash_check(k->d);
	d->app->now = os_wall_s();
	if (k->cb)
		k->cb(d->app, reply, e, k->id);
	else if (e)
		app_toast(d->app, true, "%s", e->msg);
	if (k->request)
		LIST_REMOVE(k, link);
	free(k);
	d->app->dirty = true;
	damage(d);
}

static void
on_part(void *ctx, json_t *part)
{
	struct call *k = ctx;
	struct dash *d = dash_check(k->d);
	d->app->now = os_wall_s();
	k->part(d->app, part);
	damage(d);
}

extern char **environ;

/* A child starts in the caller's environment, wherever the server came from. */
static void
add_caller(struct dash *d, json_t *args)
{
	json_t *env = json_array();
	for (char **e = environ; *e; e++) {
		json_t *s = json_string(*e);
		if (s)
			json_array_append_new(env, s);
	}
	mode_t mask = umask(0);
	umask(mask);
	json_object_set_new(args, "env", env);
	json_object_set_new(args, "umask", json_integer((json_int_t)mask));
	json_object_set_new(args, "cols", json_integer(surface_cols(d->app->d.s)));
	json_object_set_new(args, "rows", json_integer(surface_rows(d->app->d.s)));
}

static void
do_request(void *ctx, const char *verb, json_t *take_args, app_reply_cb cb, const char *id)
{
	struct dash *d = dash_check(ctx);
	struct call *k = xcalloc(1, sizeof *k);
	k->d = d;
	k->cb = cb;
	snprintf(k->id, sizeof k->id, "%s", id);
	if (!strcmp(verb, "new"))
		add_caller(d, take_args);
	client_request(d->client, verb, take_args, on_reply, k);
}

static uint32_t
do_stream(void *ctx, const char *verb, json_t *take_args, app_part_cb part, app_reply_cb cb)
{
	struct dash *d = dash_check(ctx);
	struct call *k = xcalloc(1, sizeof *k);
	k->d = d;
	k->part = part;
	k->cb = cb;
	uint32_t request = client_stream(d->client, verb, take_args, on_part, on_reply, k);
	if (request) { /* else it has failed, and k is gone */
		k->request = request;
		LIST_INSERT_HEAD(&d->streams, k, link);
	}
	return request;
}

static void
do_cancel(void *ctx, uint32_t request)
{
	struct dash *d = dash_check(ctx);
	struct call *k;
	LIST_FOREACH (k, &d->streams, link)
		if (k->request == request)
			break;
	if (!k)
		return;
	client_cancel(d->client, request);
	LIST_REMOVE(k, link);
	free(k);
}

static void
do_attach(void *ctx, const char *id, const struct text_place *at)
{
	struct dash *d = dash_check(ctx);
	snprintf(d->attach, sizeof d->attach, "%s", id);
	d->attach_there = at != NULL;
	if (at)
		d->attach_at = *at;
	uv_stop(&d->loop);
}

static void
do_quit(void *ctx)
{
	leave(dash_check(ctx));
}

static void
do_copy(void *ctx, const char *text)
{
	struct dash *d = dash_check(ctx);
	outer_clipboard(d->outer, text, strlen(text));
}

static void
on_watch(void *ctx, json_t *reply, const struct err *e)
{
	struct dash *d = dash_check(ctx);
	d->app->now = os_wall_s();
	if (e)
		app_toast(d->app, true, "%s", e->msg);
	else
		app_load(d->app, reply);
	d->app->dirty = true;
	damage(d);
}

static void
on_event(void *ctx, json_t *ev)
{
	struct dash *d = dash_check(ctx);
	d->app->now = os_wall_s();
	app_event(d->app, ev);
	damage(d);
}

static void
on_frame(void *ctx, uint32_t view, const void *p, size_t n)
{
	struct dash *d = dash_check(ctx);
	d->app->dirty |= preview_frame(&d->pv, view, p, n);
	damage(d);
}

static void
on_view_event(void *ctx, uint32_t view, json_t *ev)
{
	struct dash *d = dash_check(ctx);
	d->app->now = os_wall_s();
	d->app->dirty |= preview_event(&d->pv, view, ev);
	damage(d);
}

static void
on_lost(void *ctx)
{
	struct dash *d = dash_check(ctx);
	preview_lost(&d->pv);
	d->app->now = os_wall_s();
	app_connection(d->app, false);
	damage(d);
}

static void
on_back(void *ctx)
{
	struct dash *d = dash_check(ctx);
	d->app->now = os_wall_s();
	app_connection(d->app, true);
	client_request(d->client, "watch", json_object(), on_watch, d);
	damage(d);
}

static bool
on_path(const char *cmd)
{
	const char *path = getenv("PATH");
	char file[600];
	for (const char *p = path ? path : ""; *p; p += *p == ':') {
		size_t n = strcspn(p, ":");
		snprintf(file, sizeof file, "%.*s/%s", (int)n, p, cmd);
		if (access(file, X_OK) == 0)
			return true;
		p += n;
	}
	return false;
}

/* The programs the form of a new session offers; not at the start, for PATH may be slow. */
static void
do_programs(void *ctx, struct app *a)
{
	(void)ctx;
	struct err e;
	struct profiles *ps = profiles_load(paths()->config, &e);
	const struct profile *p;
	if (!ps)
		return;
	for (size_t i = 0; (p = profile_at(ps, i)) && a->n_programs < 16; i++) {
		char **argv = profile_start_argv(p, NULL, "");
		snprintf(a->programs[a->n_programs], sizeof a->programs[0], "%s", profile_name(p));
		a->program_found[a->n_programs++] =
			argv && argv[0] && (strchr(argv[0], '/') || on_path(argv[0]));
		free(argv);
	}
	profiles_free(ps);
}

static int
open_terminal(struct dash *d, struct err *e)
{
	struct outer_ops ops = outer_ops_of;
	struct outer_options opt = {.ascii = d->ctx->ascii, .no_color = getenv("NO_COLOR") != NULL};
	struct config cfg;
	if (config_load(&cfg, paths()->config, NULL) == 0)
		opt.no_mouse = !cfg.mouse;
	ops.ctx = d;
	d->outer = outer_open(&d->loop, &opt, &ops, e);
	return d->outer ? 0 : -1;
}

/* Hands the terminal over and takes it back; events go on being taken meanwhile. */
static void
attach(struct dash *d)
{
	struct attach_result res = {0};
	struct outer_ops ops = outer_ops_of;
	char id[16];
	snprintf(id, sizeof id, "%s", d->attach);
	d->attach[0] = 0;
	d->attached = true;
	preview_drop(&d->pv);
	uv_timer_stop(&d->clock);
	attach_on(d->ctx, id, &d->loop, d->outer, d->attach_there ? &d->attach_at : NULL, &res);
	d->attached = false;
	if (res.why == ATTACH_GONE) {
		d->leaving = true;
		return;
	}
	ops.ctx = d;
	outer_set_ops(d->outer, &ops);
	outer_want(d->outer, 0, 0);
	d->app->now = os_wall_s();
	app_resize(d->app, outer_cols(d->outer), outer_rows(d->outer));
	if (res.why == ATTACH_ERROR)
		app_toast(d->app, true, "%s", res.e.msg);
	else if (model_find(&d->app->m, res.id))
		model_select(&d->app->m, res.id);
	if (res.why == ATTACH_MEMORY)
		app_push(d->app, &view_history, res.id);
	outer_damage(d->outer);
}

static void
on_walk(uv_handle_t *h, void *arg)
{
	(void)arg;
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

static void
close_all(struct dash *d)
{
	outer_close(d->outer);
	client_free(d->client);
	uv_run(&d->loop, UV_RUN_NOWAIT);
	uv_walk(&d->loop, on_walk, NULL);
	uv_run(&d->loop, UV_RUN_DEFAULT);
	uv_loop_close(&d->loop);
	app_free(d->app);
	canvas_free(d->canvas);
	preview_deinit(&d->pv);
	arena_free(d->arena);
}

static int
dash_open(struct dash *d, struct err *e)
{
	static const struct client_ops client_ops_of = {.event = on_event,
		.frame = on_frame,
		.view_event = on_view_event,
		.lost = on_lost,
		.back = on_back};
	struct app_ops ops = {.request = do_request,
		.stream = do_stream,
		.cancel = do_cancel,
		.attach = do_attach,
		.quit = do_quit,
		.copy = do_copy,
		.programs = do_programs,
		.ctx = d};
	struct client_ops cops = client_ops_of;
	d->client = client_connect(d->ctx->host, true, e);
	if (!d->client)
		return -1;
	d->arena = arena_new(ARENA_BYTES);
	if (!d->arena)
		return err_set(e, EXIT_FAIL, "no memory for the screen");
	if (open_terminal(d, e) < 0)
		return -1;
	const struct render_caps *caps = outer_caps(d->outer);
	int cols = outer_cols(d->outer), rows = outer_rows(d->outer);
	d->app = app_new(cols, rows, !caps->no_color, caps->ascii, &ops);
	if (!d->app)
		return err_set(e, EXIT_FAIL, "no terminal descriptions (install ncurses-base)");
	d->canvas = canvas_new(d->arena, OWNER, cols, rows);
	d->pv = (struct preview){.client = d->client,
		.app = d->app,
		.outer = d->outer,
		.screen = canvas_new(d->arena, OWNER, cols, rows)};
	d->app->now = os_wall_s();
	cops.ctx = d;
	client_start(d->client, &d->loop, &cops);
	client_request(d->client, "watch", json_object(), on_watch, d);
	return 0;
}

int
dashboard_run(const struct verb_ctx *ctx)
{
	struct dash d = {.magic = MAGIC, .ctx = ctx};
	struct err e = {.code = EXIT_FAIL};
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return verb_fail(ctx, EXIT_USAGE,
			"the dashboard needs a terminal (muster ls lists sessions, muster help all "
			"verbs)");
	if (ctx->plain)
		return plain_run(ctx);
	uv_loop_init(&d.loop);
	uv_timer_init(&d.loop, &d.clock);
	d.clock.data = &d;
	if (dash_open(&d, &e) < 0) {
		close_all(&d);
		return verb_fail(ctx, e.code ? e.code : EXIT_FAIL, "%s", e.msg);
	}
	while (!d.leaving) {
		uv_run(&d.loop, UV_RUN_DEFAULT);
		if (d.attach[0] && !d.leaving)
			attach(&d);
	}
	close_all(&d);
	return EXIT_OK;
}
