/* The application in the real world: one loop with the terminal (outer), the connection (client) and
 * the clock around struct app.
 *
 *   keys ─► app_input ─► requests ─► client        terminal takes a frame ─► on_paint ─► app_paint
 *   events, replies, frames ─► app ─► dirty ─► damage
 *
 * Nothing polls: without input, event or a shown time that changes, the process sleeps. Leaving by
 * q, hang-up or SIGTERM only closes the connection.
 *
 * `attach` touches the terminal when the session is there, not before: what goes wrong until then is
 * a line on stderr and an exit code. */
#include "tui/run/front.h"
#include "tui/run/editor.h"
#include "core/os/os.h"
#include "sessions/agent/profile.h"
#include "sessions/config/config.h"
#include "tui/app/preview.h"
#include "tui/attach/attach.h"
#include "tui/run/links.h"
#include "tui/run/output.h"
#include "tui/run/plain.h"
#include "tui/run/versions.h"
#include "tui/term/outer.h"
#include "tui/view/list.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTER 13
#define MAGIC 0x46524f4eu
#define FETCH_MS 1000
#define ASK_MS 5000
#define IMPORT_MS 20000

struct front {
	uint32_t magic;
	const struct front_options *opt;
	uv_loop_t loop;
	uv_timer_t clock;
	struct outer *outer; /* NULL: the terminal is not touched yet */
	struct client *client;
	struct links *links;   /* other machines; NULL: none are asked */
	struct editor *editor; /* it has the terminal; NULL: we have */
	struct app *app;
	struct outputs *outputs; /* of programs that are asked; NULL until then */
	LIST_HEAD(, call) streams;
	bool mouse, gone, quit;
	struct err e;
	uint32_t lent;	/* the view the terminal is lent to */
	unsigned kitty; /* wanted before there is a terminal */
	int mouse_mode;
};

static struct front *
front_check(void *p)
{
	struct front *f = p;
	CHECK(f && f->magic == MAGIC);
	return f;
}

/* quiet: it came by itself; what it changes may lie under a session's screen. */
static void
damage(struct front *f, bool quiet)
{
	if (f->outer && (f->app->dirty || f->app->frame_came) && !(quiet && app_plain(f->app)))
		outer_damage(f->outer);
}

static void
on_clock(uv_timer_t *t)
{
	struct front *f = front_check(t->data);
	f->app->now = os_wall_s();
	app_clock(f->app);
	damage(f, false);
}

/* Wakes when a shown time reads differently, never oftener. */
static void
clock_set(struct front *f)
{
	double s = app_next_change(f->app);
	uv_timer_stop(&f->clock);
	if (isfinite(s))
		uv_timer_start(&f->clock, on_clock, (uint64_t)(s * 1000) + 1, 0);
}

static bool
on_paint(void *ctx, struct grid *g)
{
	struct front *f = front_check(ctx);
	f->app->now = os_wall_s();
	if (f->app->repaint) {
		f->app->repaint = false;
		outer_repaint(f->outer);
	}
	bool shown = app_paint(f->app, g);
	clock_set(f);
	return shown;
}

static void
on_input(void *ctx, const struct input_event *ev)
{
	struct front *f = front_check(ctx);
	f->app->now = os_wall_s();
	if (ev->type == INPUT_KEY && ev->key == ENTER && ev->action != KEY_RELEASE &&
		client_begin_again(f->client))
		return;
	app_input(f->app, ev);
	damage(f, f->app->key_view == app_top(f->app));
}

static void
on_resized(void *ctx, int cols, int rows)
{
	struct front *f = front_check(ctx);
	app_resize(f->app, cols, rows);
	damage(f, false);
}

static void
leave(struct front *f)
{
	f->quit = true;
	uv_stop(&f->loop);
}

static void
on_gone(void *ctx)
{
	struct front *f = front_check(ctx);
	f->gone = true;
	leave(f);
}

static void
on_colors(void *ctx, uint32_t fg, uint32_t bg)
{
	struct front *f = front_check(ctx);
	app_colors(f->app, fg, bg);
	damage(f, true);
}

static void
on_known(void *ctx)
{
	struct front *f = front_check(ctx);
	const struct render_caps *caps = outer_caps(f->outer);
	struct app *a = f->app;
	a->terminal.known = true;
	a->terminal.truecolor = caps->truecolor;
	a->terminal.sync = caps->sync;
	outer_can(f->outer, &a->terminal.keys, &a->terminal.clipboard);
	a->dirty |= a->m.loaded && a->m.n_shown == 0;
	damage(f, true);
}

static void
on_reclaim(void *ctx)
{
	struct front *f = front_check(ctx);
	client_view_reclaim(f->client, f->lent);
}

/* --- what the application asks for ------------------------------------------------------------ */

/* Replies come with the view that asked perhaps gone; app callbacks look it up by themselves. */
struct call {
	struct front *f;
	app_part_cb part;
	app_reply_cb cb;
	char id[64];
	bool all;	  /* it asks for all sessions */
	uint32_t request; /* of a stream: in f->streams */
	LIST_ENTRY(call) link;
};

static void
on_reply(void *ctx, json_t *reply, const struct err *e)
{
	struct call *k = ctx;
	struct front *f = front_check(k->f);
	if (k->request)
		LIST_REMOVE(k, link);
	if (f->app) { /* else all is being closed */
		f->app->now = os_wall_s();
		if (k->cb)
			k->cb(f->app, reply, e, k->id);
		else if (e)
			app_toast(f->app, true, "%s", e->msg);
		if (k->all)
			links_tell(f->links);
		f->app->dirty = true;
		damage(f, true);
	}
	free(k);
}

static void
on_part(void *ctx, json_t *part)
{
	struct call *k = ctx;
	struct front *f = front_check(k->f);
	f->app->now = os_wall_s();
	k->part(f->app, part);
	damage(f, true);
}

static void
do_request(void *ctx, const char *verb, json_t *take_args, app_reply_cb cb, const char *id)
{
	struct front *f = front_check(ctx);
	struct call *k = xcalloc(1, sizeof *k);
	k->f = f;
	k->cb = cb;
	k->all = !strcmp(verb, "watch");
	snprintf(k->id, sizeof k->id, "%s", id);
	uint32_t request;
	if (links_request(f->links, verb, take_args, NULL, on_reply, k, &request))
		return;
	client_request(f->client, verb, take_args, on_reply, k);
}

static const char *
do_machine(void *ctx, size_t i)
{
	return links_machine(front_check(ctx)->links, i);
}

static uint32_t
do_stream(void *ctx, const char *verb, json_t *take_args, app_part_cb part, app_reply_cb cb)
{
	struct front *f = front_check(ctx);
	struct call *k = xcalloc(1, sizeof *k);
	k->f = f;
	k->part = part;
	k->cb = cb;
	uint32_t request;
	if (!links_request(f->links, verb, take_args, on_part, on_reply, k, &request))
		request = client_stream(f->client, verb, take_args, on_part, on_reply, k);
	if (request) { /* else it has failed, and k is gone */
		k->request = request;
		LIST_INSERT_HEAD(&f->streams, k, link);
	}
	return request;
}

static void
do_cancel(void *ctx, uint32_t request)
{
	struct front *f = front_check(ctx);
	struct call *k;
	LIST_FOREACH (k, &f->streams, link)
		if (k->request == request)
			break;
	if (!k)
		return;
	if (!links_cancel(f->links, request))
		client_cancel(f->client, request);
	LIST_REMOVE(k, link);
	free(k);
}

static void
do_quit(void *ctx)
{
	leave(front_check(ctx));
}

static uint32_t
do_view_open(void *ctx, const char *id, unsigned mode, int cols, int rows)
{
	struct front *f = front_check(ctx);
	uint32_t link;
	struct client *c = links_of_id(f->links, &id, &link);
	if (link && !c)
		return 0;
	return links_num(link, client_view_open(c ? c : f->client, id, mode, cols, rows));
}

/* Whose view it is; *view is the number there then. */
static struct client *
client_of(void *ctx, uint32_t *view)
{
	struct front *f = front_check(ctx);
	struct client *c = links_of_num(f->links, view);
	return c ? c : f->client;
}

static void
do_view_close(void *ctx, uint32_t view)
{
	struct client *c = client_of(ctx, &view);
	client_view_close(c, view);
}

static void
do_view_resize(void *ctx, uint32_t view, int cols, int rows)
{
	struct client *c = client_of(ctx, &view);
	client_view_resize(c, view, cols, rows);
}

static void
do_view_scroll(void *ctx, uint32_t view, uint64_t back)
{
	struct client *c = client_of(ctx, &view);
	client_view_scroll(c, view, back);
}

static void
do_view_input(void *ctx, uint32_t view, const struct input_event *ev)
{
	struct client *c = client_of(ctx, &view);
	client_view_input(c, view, ev);
}

static void
do_want(void *ctx, unsigned kitty, int mouse)
{
	struct front *f = front_check(ctx);
	f->kitty = kitty;
	f->mouse_mode = mouse;
	if (f->outer)
		outer_want(f->outer, kitty, mouse);
}

/* Somebody types text at the plain screen: the server may as well read it itself. */
static void
do_lend(void *ctx, uint32_t view)
{
	struct front *f = front_check(ctx);
	uint32_t num = view;
	if (!f->outer || f->quit || client_of(f, &num) != f->client || !client_lends(f->client))
		return;
	int fd = outer_lend(f->outer);
	unsigned caps = render_caps_bits(outer_caps(f->outer));
	f->lent = view;
	if (fd >= 0 && !client_view_lend(f->client, view, fd, caps, &f->app->prefix))
		outer_keep(f->outer);
}

static void
do_copy(void *ctx, const void *text, size_t n)
{
	struct front *f = front_check(ctx);
	if (f->outer)
		outer_clipboard(f->outer, text, n);
}

static void
do_title(void *ctx, const char *title)
{
	struct front *f = front_check(ctx);
	if (f->outer)
		outer_title(f->outer, title);
}

static void
do_bell(void *ctx)
{
	struct front *f = front_check(ctx);
	if (f->outer)
		outer_bell(f->outer);
}

static void
do_notify(void *ctx, const char *title, const char *text)
{
	struct front *f = front_check(ctx);
	if (f->outer)
		outer_notify(f->outer, title, text);
}

static bool
is_here(const struct profile *p)
{
	char **argv = profile_start_argv(p, NULL, "");
	bool yes = argv && argv[0] && path_finds(getenv("PATH"), NULL, argv[0]);

	free(argv);
	return yes;
}

/* The programs the form of a new session offers, those that are here first; not at the start, for
 * PATH may be slow. */
static void
do_programs(void *ctx, struct app *a)
{
	(void)ctx;
	struct err e;
	struct profiles *ps = profiles_load(paths()->config, &e);
	const struct profile *p;

	if (!ps)
		return;
	for (int here = 1; here >= 0; here--)
		for (size_t i = 0; (p = profile_at(ps, i)); i++) {
			if (a->n_programs >= (int)ARRAY_LEN(a->programs) || is_here(p) != here)
				continue;
			snprintf(a->programs[a->n_programs], sizeof a->programs[0], "%s",
				profile_name(p));
			a->program_found[a->n_programs++] = here;
		}
	profiles_free(ps);
}

static void
on_edited(void *ctx, const char *text, size_t n, const struct err *e)
{
	struct front *f = front_check(ctx);
	f->editor = NULL;
	f->app->now = os_wall_s();
	if (text)
		app_edited(f->app, text, n);
	else
		app_toast(f->app, true, "%s", e->msg);
	outer_resume(f->outer);
}

static void
do_edit(void *ctx, const char *text, size_t n)
{
	struct front *f = front_check(ctx);
	struct err e = {0};
	if (!f->outer || f->editor || outer_lent(f->outer))
		return;
	outer_pause(f->outer);
	f->editor = editor_run(&f->loop, text, n, on_edited, f, &e);
	if (f->editor)
		return;
	app_toast(f->app, true, "%s", e.msg);
	outer_resume(f->outer);
}

/* A small file counts; where it cannot be kept, there is one hint too many. */
static bool
do_tell(void *ctx, const char *what, int times)
{
	char path[600];
	int n = 0;
	(void)ctx;
	snprintf(path, sizeof path, "%s/told-%s", paths()->state, what);
	FILE *f = fopen(path, "re");
	if (f && fscanf(f, "%d", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	if (n < 0 || n >= times)
		return false;
	if ((f = fopen(path, "we"))) {
		fprintf(f, "%d\n", n + 1);
		fclose(f);
	}
	return true;
}

/* Beside the number of a program: */
enum { ASKED_OUTSIDE = -1, ASKED_IMPORT = -2 };

static void
on_output(void *ctx, int which, const char *text)
{
	struct front *f = front_check(ctx);
	struct app *a = f->app;
	if (which < 0)
		first_run_outside(a, text, which == ASKED_IMPORT);
	else
		version_in(text, a->program_version[which], sizeof a->program_version[0]);
	a->dirty = true;
	damage(f, true);
}

static struct outputs *
outputs(struct front *f)
{
	if (!f->outputs)
		f->outputs = outputs_new(&f->loop, on_output, f);
	return f->outputs;
}

static void
do_outside(void *ctx, bool bring_in)
{
	char self[] = "/proc/self/exe";
	char *argv[] = {self, "import", "--json", bring_in ? NULL : "--dry-run", NULL};
	outputs_ask(outputs(front_check(ctx)), bring_in ? ASKED_IMPORT : ASKED_OUTSIDE, argv,
		IMPORT_MS);
}

/* A shell's version is nobody's question. */
static void
do_versions(void *ctx, struct app *a)
{
	struct front *f = front_check(ctx);
	struct err e;
	struct profiles *ps = profiles_load(paths()->config, &e);
	for (int i = 0; ps && i < a->n_programs; i++) {
		const struct profile *p = profile_find(ps, a->programs[i]);
		char **argv = p && a->program_found[i] ? profile_start_argv(p, NULL, "") : NULL;
		char *asks[] = {argv ? argv[0] : NULL, "--version", NULL};
		if (asks[0] && strcmp(a->programs[i], "shell") != 0)
			outputs_ask(outputs(f), i, asks, ASK_MS);
		free(argv);
	}
	profiles_free(ps);
}

static const struct app_ops app_ops_of = {
	.request = do_request,
	.stream = do_stream,
	.cancel = do_cancel,
	.quit = do_quit,
	.programs = do_programs,
	.versions = do_versions,
	.outside = do_outside,
	.edit = do_edit,
	.tell = do_tell,
	.machine = do_machine,
	.view_open = do_view_open,
	.view_close = do_view_close,
	.view_resize = do_view_resize,
	.view_scroll = do_view_scroll,
	.view_input = do_view_input,
	.want = do_want,
	.lend = do_lend,
	.copy = do_copy,
	.title = do_title,
	.bell = do_bell,
	.notify = do_notify,
};

/* --- what the connection says ----------------------------------------------------------------- */

static void
on_event(void *ctx, json_t *ev)
{
	struct front *f = front_check(ctx);
	f->app->now = os_wall_s();
	app_event(f->app, ev);
	damage(f, true);
}

static void
on_frame(void *ctx, uint32_t view, const void *p, size_t n)
{
	struct front *f = front_check(ctx);
	f->app->now = os_wall_s();
	bool shown = app_frame(f->app, view, p, n);
	if (shown && f->outer && !outer_lent(f->outer)) /* else its owner has painted that */
		damage(f, false);
	else if (isfinite(preview_due(f->app)))
		clock_set(f);
}

static int open_terminal(struct front *f);

static void
on_view_event(void *ctx, uint32_t view, json_t *ev)
{
	struct front *f = front_check(ctx);
	f->app->now = os_wall_s();
	if (!app_view_event(f->app, view, ev) || f->quit)
		return;
	if (!f->outer && open_terminal(f) < 0)
		leave(f);
	damage(f, true);
}

static void
on_acked(void *ctx, uint32_t view)
{
	struct front *f = front_check(ctx);
	app_acked(f->app, view);
}

static void
on_returned(void *ctx, uint32_t view, const struct client_return *r)
{
	struct front *f = front_check(ctx);
	const struct pane *p = app_plain(f->app);
	bool known = r->how == RETURNED_SHOWN && p && p->view == view && !f->quit;
	struct grid g = {0};
	if (known)
		g = canvas_grid(p->screen);
	if (r->how == RETURNED_UNTOUCHED)
		outer_keep(f->outer);
	else
		outer_take_back(
			f->outer, known ? &g : NULL, r->unsent, r->n_unsent, r->input, r->n_input);
}

/* Why there is no connection; "" unknown. */
static const char *
lost_words(const struct front *f, char *buf, size_t cap)
{
	const char *bye = client_was_stopped(f->client) ? "it was stopped (Enter starts it again)"
							: client_bye(f->client),
		   *host = f->opt->host;

	if (host)
		snprintf(buf, cap, "%.31s is away, trying again%s%.100s", host, *bye ? ": " : "",
			bye);
	else
		snprintf(buf, cap, "%s%.120s", *bye ? "the server hung up: " : "", bye);
	return buf;
}

static void
on_lost(void *ctx)
{
	struct front *f = front_check(ctx);
	char why[200];
	if (f->outer)
		outer_take_back(f->outer, NULL, NULL, 0, NULL, 0);
	f->app->now = os_wall_s();
	app_connection(f->app, false, lost_words(f, why, sizeof why));
	damage(f, false);
}

static void
on_back(void *ctx)
{
	struct front *f = front_check(ctx);
	f->app->now = os_wall_s();
	app_connection(f->app, true, "");
	damage(f, false);
}

static const struct client_ops client_ops_of = {.event = on_event,
	.frame = on_frame,
	.view_event = on_view_event,
	.acked = on_acked,
	.returned = on_returned,
	.lost = on_lost,
	.back = on_back};

/* Another machine: its sessions are still to be seen, and what shows one is told. */
static void
on_link(void *ctx, uint32_t first_view, uint32_t last_view, bool up, const char *words)
{
	struct front *f = front_check(ctx);
	if (!f->app)
		return;
	f->app->now = os_wall_s();
	app_link(f->app, first_view, last_view, up, words);
	damage(f, false);
}

/* --- life ------------------------------------------------------------------------------------- */

static int
open_terminal(struct front *f)
{
	const struct outer_ops ops = {.paint = on_paint,
		.input = on_input,
		.resized = on_resized,
		.reclaim = on_reclaim,
		.colors = on_colors,
		.known = on_known,
		.gone = on_gone,
		.ctx = f};
	struct outer_options opt = {
		.ascii = f->opt->ascii, .no_color = f->opt->no_color, .no_mouse = !f->mouse};
	f->outer = outer_open(&f->loop, &opt, &ops, &f->e);
	if (!f->outer)
		return -1;
	outer_want(f->outer, f->kitty, f->mouse_mode);
	outer_damage(f->outer);
	return 0;
}

static void
on_late(uv_timer_t *t)
{
	front_check(t->data)->gone = true;
}

/* A view that was closed gives its terminal back; a server that hangs does not. */
static void
fetch_terminal(struct front *f)
{
	if (!f->outer || !outer_lent(f->outer))
		return;
	bool was = f->gone;
	f->gone = false;
	uv_timer_start(&f->clock, on_late, FETCH_MS, 0);
	while (outer_lent(f->outer) && !f->gone && f->app->connected)
		uv_run(&f->loop, UV_RUN_ONCE);
	f->gone = was;
	outer_take_back(f->outer, NULL, NULL, 0, NULL, 0);
}

static void
close_all(struct front *f)
{
	f->quit = true;
	if (f->app)
		app_close(f->app);
	fetch_terminal(f);
	editor_free(f->editor);
	f->editor = NULL;
	/* what views give back as they go, they give to what is still there */
	outputs_free(f->outputs);
	f->outputs = NULL;
	app_free(f->app);
	f->app = NULL;
	links_close(f->links);
	outer_close(f->outer);
	client_free(f->client);
	uv_run(&f->loop, UV_RUN_NOWAIT);
	client_loop_end(&f->loop);
}

static int
front_open(struct front *f, const struct view *base, const char *id)
{
	struct config cfg;
	struct app_ops ops = app_ops_of;
	struct client_ops cops = client_ops_of;
	struct app_config c = {.color = !f->opt->no_color,
		.ascii = f->opt->ascii,
		.prefix = cfg.prefix,
		.base = base,
		.base_arg = id};
	f->client = client_connect(f->opt->host, true, &f->e);
	if (!f->client)
		return -1;
	config_load(&cfg, paths()->config, NULL); /* a bad one is `config check`'s to tell */
	f->mouse = cfg.mouse;
	c.layout = cfg.layout;
	c.status = cfg.status;
	memcpy(c.notify, cfg.notify, sizeof c.notify);
	c.attach_mode =
		(f->opt->read_only ? VIEW_READ_ONLY : 0) | (f->opt->no_resize ? VIEW_NO_RESIZE : 0);
	c.motion = cfg.motion;
	outer_size(STDOUT_FILENO, &c.cols, &c.rows);
	ops.ctx = cops.ctx = f;
	client_start(f->client, &f->loop, &cops);
	f->app = app_new(&c, &ops);
	if (!f->app)
		return err_set(&f->e, 1, "no terminal descriptions (install ncurses-base)");
	f->app->now = os_wall_s();
	theme_use(&f->app->d.theme, cfg.theme, NULL);
	if (!f->opt->host && base == &view_list)
		f->links = links_new(&f->loop, f->client,
			&(struct links_ops){.event = on_event,
				.frame = on_frame,
				.view_event = on_view_event,
				.link = on_link,
				.ctx = f});
	return 0;
}

static const char *
habits_path(char *out, size_t cap)
{
	snprintf(out, cap, "%s/dashboard", paths()->state);
	return out;
}

static void
take_habits(struct model *m)
{
	char path[600], text[FOLDS_MAX * 256] = "";
	FILE *f = fopen(habits_path(path, sizeof path), "re");
	if (!f)
		return;
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	model_take_habits(m, text);
}

/* Where it cannot be kept, the next dashboard is as the first one was. */
static void
keep_habits(const struct model *m)
{
	char path[600];
	struct buf text = {0};
	FILE *f;
	model_habits(m, &text);
	f = fopen(habits_path(path, sizeof path), "we");
	if (f) {
		fwrite(text.data, 1, text.len, f);
		fclose(f);
	}
	buf_free(&text);
}

static void
front_init(struct front *f, const struct front_options *opt)
{
	*f = (struct front){.magic = MAGIC, .opt = opt};
	uv_loop_init(&f->loop);
	uv_timer_init(&f->loop, &f->clock);
	f->clock.data = f;
	LIST_INIT(&f->streams);
}

int
front_dashboard(const struct front_options *opt, struct err *e)
{
	struct front f;
	front_init(&f, opt);
	int r = front_open(&f, &view_list, NULL);
	if (r == 0)
		r = open_terminal(&f);
	if (r == 0) {
		take_habits(&f.app->m);
		app_watch(f.app);
		uv_run(&f.loop, UV_RUN_DEFAULT);
		keep_habits(&f.app->m);
	}
	close_all(&f);
	*e = f.e;
	return r;
}

int
front_attach(const struct front_options *opt, const char *id, const struct text_place *at,
	char name[64], struct err *e)
{
	struct front f;
	front_init(&f, opt);
	int r = front_open(&f, &view_attach, id);
	if (r == 0 && at)
		attach_look(f.app, at);
	if (r == 0)
		app_watch(f.app); /* after the view: its first frame waits for nothing */
	if (r == 0)
		uv_run(&f.loop, UV_RUN_DEFAULT);
	if (r == 0 && (f.app->failed.code || f.e.code)) {
		f.e = f.app->failed.code ? f.app->failed : f.e;
		r = -1;
	}
	snprintf(name, 64, "%s", r == 0 ? attach_name(f.app) : "");
	if (f.gone)
		r = err_set(&f.e, 1, "the terminal went away");
	close_all(&f);
	*e = f.e;
	return r;
}
