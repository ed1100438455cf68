/* The dashboard in the real world: one loop with the terminal (outer), the connection (client) and
 * the clock around struct app.
 *
 *   keys ─► app_input ─► requests ─► client        terminal takes a frame ─► on_paint:
 *   events, replies ─► app ─► dirty ─► damage        app_draw ─► canvas ◄─ preview frames
 *
 * Nothing polls: without input, event or a shown time that changes, the process sleeps. Leaving by
 * q, hang-up or SIGTERM only closes the connection. */
#include "core/os.h"
#include "sessions/client.h"
#include "sessions/config.h"
#include "sessions/profile.h"
#include "tui/attach.h"
#include "tui/marks.h"
#include "tui/paint.h"
#include "tui/plain.h"
#include "tui/select.h"
#include "tui/verb.h"
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
#define COPY_MAX (100u << 10)

struct dash {
	uint32_t magic;
	const struct verb_ctx *ctx;
	uv_loop_t loop;
	uv_timer_t clock;
	struct outer *outer;
	struct client *client;
	struct arena *arena;
	struct canvas *canvas, *screen; /* the frame; the previewed session's screen */
	struct app *app;
	uint32_t view; /* 0 none */
	char view_id[16];
	uint64_t view_back, view_total; /* as told */
	struct text_place view_at;	/* as asked for, when view_looks */
	bool view_looks, view_told;
	struct marks marks;
	struct selection sel; /* of the preview, while selecting */
	struct clicks clicks;
	bool selecting, dragging;
	int press_y, press_x;	/* on the session's screen */
	struct window_at shown; /* where that lies in the frame */
	LIST_HEAD(, call) streams;
	bool screen_known, leaving;
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
select_end(struct dash *d)
{
	d->selecting = d->dragging = false;
	select_clear(&d->sel);
}

static void
view_drop(struct dash *d)
{
	if (d->view && d->app->connected)
		client_view_close(d->client, d->view);
	d->view = 0;
	d->view_id[0] = 0;
	d->view_back = 0;
	d->screen_known = d->view_looks = d->view_told = false;
	d->marks.n = 0;
	select_end(d);
}

static void
look(struct dash *d, json_t *take_args)
{
	json_object_set_new(take_args, "view", json_integer(d->view));
	client_request(d->client, "look", take_args, NULL, NULL);
}

static bool
same_place(const struct text_place *a, const struct text_place *b)
{
	return a->at.line == b->at.line && a->at.start == b->at.start && a->regex == b->regex &&
	       !strcmp(a->pattern, b->pattern);
}

/* To the place of a hit, or back to the end. */
static void
view_look(struct dash *d, const struct preview_place *p)
{
	if (!p->looks) {
		if (d->view_looks)
			look(d, json_pack("{s:s,s:b}", "pattern", "", "hold", 0));
		d->view_looks = false;
		return;
	}
	if (d->view_looks && same_place(&d->view_at, &p->at))
		return;
	look(d, json_pack("{s:s,s:b,s:b,s:I,s:I}", "pattern", p->at.pattern, "regex", p->at.regex,
			"hold", 1, "line", (json_int_t)p->at.at.line, "start",
			(json_int_t)p->at.at.start));
	d->view_looks = true;
	d->view_at = p->at;
}

/* Follows the selection: the view of what the frame leaves room for. */
static void
view_follow(struct dash *d)
{
	const struct preview_place *p = &d->app->preview;
	if (strcmp(p->id, d->view_id)) {
		view_drop(d);
		if (!p->id[0] || !d->app->connected)
			return;
		snprintf(d->view_id, sizeof d->view_id, "%s", p->id);
		d->view = client_view_open(d->client, p->id, VIEW_PREVIEW, p->w, p->h);
	}
	if (!d->view)
		return;
	view_look(d, p);
	if (!p->looks && p->back != d->view_back) {
		d->view_back = p->back;
		client_view_scroll(d->client, d->view, p->back);
	}
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

static uint64_t
top_row(const struct dash *d)
{
	return d->view_total - MIN(d->view_total, d->view_back);
}

static void
draw_preview(struct dash *d)
{
	struct grid screen = canvas_grid(d->screen);
	const struct preview_place *p = &d->app->preview;
	const struct hit_at *now = &p->at.at;
	const struct hit_mark *m = p->looks ? marks_find(&d->marks, now) : NULL;
	int x0, x1;
	d->shown = paint_preview(d->canvas, p, &screen, m);
	if (p->looks)
		marks_paint(&d->marks, d->canvas, &d->shown, now, !d->app->theme.color);
	for (int y = 0; d->selecting && y < d->shown.h; y++)
		if (select_cells(&d->sel, top_row(d) + (uint64_t)(y + d->shown.sy), screen.cols,
			    &x0, &x1))
			mark_selected(d->canvas, d->shown.y + y,
				d->shown.x + MAX(x0 - d->shown.sx, 0),
				d->shown.x + CLAMP(x1 - d->shown.sx, 0, d->shown.w));
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
	view_follow(d);
	canvas_resize(d->canvas, surface_cols(d->app->s), surface_rows(d->app->s));
	paint_surface(d->canvas, d->app->s);
	if (d->screen_known && d->app->preview.id[0]) {
		draw_preview(d);
		paint_layers(d->canvas, d->app->s);
	}
	*g = canvas_grid(d->canvas);
	clock_set(d);
	return true;
}

static void
copy_selection(struct dash *d)
{
	struct buf b = {0};
	int chars = 0;
	select_text(&d->sel, &b, COPY_MAX);
	for (size_t i = 0; i < b.len; i++)
		chars += (b.data[i] & 0xc0) != 0x80;
	if (b.len > COPY_MAX) {
		app_toast(d->app, true, "too much to copy (at most 100 KiB)");
	} else if (b.len) {
		outer_clipboard(d->outer, b.data, b.len);
		app_toast(d->app, false, "copied %d character%s", chars, chars == 1 ? "" : "s");
	}
	buf_free(&b);
}

/* Drag over the preview selects, two clicks a word, three a line; letting go copies. The place is
 * held meanwhile. */
static void
preview_mouse(struct dash *d, const struct input_event *ev)
{
	static const enum select_unit units[] = {SELECT_CELLS, SELECT_WORDS, SELECT_LINES};
	const struct window_at *at = &d->shown;
	struct grid g = canvas_grid(d->screen);
	int y = CLAMP(ev->row - at->y, 0, at->h - 1) + at->sy, x = ev->col - at->x + at->sx;
	bool inside = ev->row >= at->y && ev->row < at->y + at->h && ev->col >= at->x &&
		      ev->col < at->x + at->w;
	if (ev->button == 0 && !ev->motion && !ev->release && inside && d->view) {
		int n = (clicks_count(&d->clicks, uv_now(&d->loop), y, x) - 1) % 3;
		d->dragging = true;
		d->press_y = y;
		d->press_x = x;
		look(d, json_pack("{s:b}", "hold", 1));
		if (n)
			select_start(&d->sel, &g, top_row(d), y, x, units[n]);
		d->selecting = n > 0;
	} else if (ev->motion && d->dragging) {
		if (!d->selecting)
			select_start(&d->sel, &g, top_row(d), d->press_y, d->press_x, SELECT_CELLS);
		d->selecting = true;
		select_to(&d->sel, top_row(d), y, x);
	} else if (ev->release && d->dragging) {
		if (d->selecting)
			copy_selection(d);
		if (d->view && !d->view_back && !d->view_looks)
			look(d, json_pack("{s:b}", "hold", 0));
		select_end(d);
	} else {
		return;
	}
	d->app->dirty = true;
}

static void
on_input(void *ctx, const struct input_event *ev)
{
	struct dash *d = dash_check(ctx);
	d->app->now = os_wall_s();
	if (ev->type == INPUT_MOUSE && d->screen_known && d->app->preview.id[0] &&
		!app_top(d->app)->over)
		preview_mouse(d, ev);
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
	json_object_set_new(args, "cols", json_integer(surface_cols(d->app->s)));
	json_object_set_new(args, "rows", json_integer(surface_rows(d->app->s)));
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
	LIST_FOREACH(k, &d->streams, link)
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
	if (view != d->view || frame_apply(d->screen, p, n) < 0)
		return;
	d->screen_known = true;
	struct grid g = canvas_grid(d->screen);
	if (d->selecting)
		select_seen(&d->sel, &g, top_row(d));
	d->app->dirty = true;
	damage(d);
}

static void
told_place(struct dash *d, json_t *ev)
{
	uint64_t was = top_row(d);
	d->view_back = (uint64_t)json_integer_value(json_object_get(ev, "back"));
	d->view_total = (uint64_t)json_integer_value(json_object_get(ev, "rows"));
	if (!d->view_told && d->selecting)
		select_shift(&d->sel, (int64_t)(top_row(d) - was));
	d->view_told = true;
	app_scrolled(d->app, d->view_back);
}

/* What a preview would need of the others comes with the session's own events. */
static void
on_view_event(void *ctx, uint32_t view, json_t *ev)
{
	struct dash *d = dash_check(ctx);
	const char *what = json_string_value(json_object_get(ev, "ev"));
	if (view != d->view || !what)
		return;
	if (!strcmp(what, "scroll"))
		told_place(d, ev);
	else if (!strcmp(what, "marks"))
		marks_take(&d->marks, ev);
	else
		return;
	d->app->dirty = true;
	damage(d);
}

static void
on_lost(void *ctx)
{
	struct dash *d = dash_check(ctx);
	d->view = 0; /* it died with the connection; what it showed stays to be seen */
	d->view_id[0] = 0;
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
	view_drop(d);
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
	canvas_free(d->screen);
	marks_free(&d->marks);
	select_clear(&d->sel);
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
	d->screen = canvas_new(d->arena, OWNER, cols, rows);
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
