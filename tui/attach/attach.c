#include "tui/attach/attach_priv.h"

#include "core/base/log.h"
#include "core/os/os.h"
#include "core/text/width.h"
#include "sessions/config/config.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC 0x61747463u
#define OWNER_SCREEN 2
#define OWNER_COMPOSE 3
#define ARENA_BYTES (512ull << 20)
#define TOAST_MS 4000
#define FETCH_MS 1000

struct attach *
attach_check(void *p)
{
	struct attach *a = p;
	CHECK(a && a->magic == MAGIC);
	return a;
}

static void
damage(struct attach *a)
{
	if (a->outer && !a->done)
		outer_damage(a->outer);
}

bool
attach_ended(const struct attach *a)
{
	static const char *const ended[] = {"asleep", "exited", "lost"};
	for (size_t i = 0; i < ARRAY_LEN(ended); i++)
		if (!strcmp(a->state, ended[i]))
			return true;
	return false;
}

void
attach_leave(struct attach *a, enum attach_why why)
{
	if (a->done)
		return;
	a->done = true;
	a->res->why = why;
	uv_stop(a->loop);
}

void
attach_mode(struct attach *a, enum attach_mode mode)
{
	a->mode = mode;
	damage(a);
}

static void
on_toast_over(uv_timer_t *t)
{
	struct attach *a = attach_check(t->data);
	a->toast[0] = '\0';
	damage(a);
}

void
attach_say(struct attach *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(a->toast, sizeof(a->toast), fmt, ap);
	va_end(ap);
	uv_timer_start(&a->toast_timer, on_toast_over, TOAST_MS, 0);
	damage(a);
}

/* What is asked of the outer terminal follows what the program inside asked for. */
static void
want(struct attach *a)
{
	if (a->outer)
		outer_want(a->outer, a->inner.kitty, a->inner.mouse);
}

/* --- connection ------------------------------------------------------------------------------- */

/* A program that asked for focus events learns when somebody looks, and when nobody does: agents
 * notify only those who look away. */
static void
tell_focus(struct attach *a, bool in)
{
	struct input_event ev = {.type = INPUT_FOCUS, .focus_in = in};
	if (a->view && !a->lost)
		client_view_input(a->client, a->view, &ev);
}

static void
view_close(struct attach *a)
{
	tell_focus(a, false);
	if (a->view && !a->lost)
		client_view_close(a->client, a->view);
	a->view = 0;
}

void
attach_open(struct attach *a, const char *id)
{
	int cols, rows;
	if (a->outer) {
		cols = outer_cols(a->outer);
		rows = outer_rows(a->outer);
	} else {
		outer_size(STDOUT_FILENO, &cols, &rows);
	}
	view_close(a);
	if (id != a->id)
		snprintf(a->id, sizeof(a->id), "%s", id);
	a->back = a->total = 0;
	a->known = a->placed = a->holding = false;
	a->view = client_view_open(a->client, a->id, VIEW_ATTACH, cols, rows);
	tell_focus(a, true);
}

struct asked {
	struct attach *a;
	char done[64];
};

static void
on_asked(void *ctx, json_t *reply, const struct err *e)
{
	struct asked *q = ctx;
	struct attach *a = attach_check(q->a);
	const json_t *r = reply ? json_array_get(json_object_get(reply, "results"), 0) : NULL;
	const char *why = r ? json_string_value(json_object_get(r, "error")) : NULL;
	bool failed = r && json_object_get(r, "ok") && !json_is_true(json_object_get(r, "ok"));
	if (!a->done) {
		if (e)
			attach_say(a, "%s", e->msg);
		else if (failed)
			attach_say(a, "%s", why ? why : "refused");
		else if (*q->done)
			attach_say(a, "%s", q->done);
	}
	free(q);
}

/* Asks something about this session; says `done`, or what went wrong. */
void
attach_request(struct attach *a, const char *verb, const char *done)
{
	struct asked *q = xcalloc(1, sizeof(*q));
	q->a = a;
	snprintf(q->done, sizeof(q->done), "%s", done);
	client_request(a->client, verb, json_pack("{s:[s]}", "ids", a->id), on_asked, q);
}

void
attach_look(struct attach *a, json_t *take_args, client_reply_cb cb)
{
	json_object_set_new(take_args, "view", json_integer(a->view));
	client_request(a->client, "look", take_args, cb, a);
}

static const char *
text_of(json_t *ev, const char *key)
{
	const char *s = json_string_value(json_object_get(ev, key));
	return s ? s : "";
}

static int
int_of(json_t *ev, const char *key)
{
	return (int)json_integer_value(json_object_get(ev, key));
}

static void take_terminal(struct attach *a);

static void
ev_open(struct attach *a, json_t *ev)
{
	snprintf(a->id, sizeof(a->id), "%s", text_of(ev, "id"));
	snprintf(a->name, sizeof(a->name), "%s", text_of(ev, "name"));
	snprintf(a->state, sizeof(a->state), "%s", text_of(ev, "state"));
	a->exit_code = int_of(ev, "exit_code");
	a->exit_signal = int_of(ev, "exit_signal");
	a->cols = int_of(ev, "cols");
	a->rows = int_of(ev, "rows");
	take_terminal(a);
}

static void
ev_modes(struct attach *a, json_t *ev)
{
	a->inner.mouse = int_of(ev, "mouse");
	a->inner.kitty = (unsigned)int_of(ev, "kitty");
	a->inner.alt = json_is_true(json_object_get(ev, "alt"));
	a->inner.alt_scroll = json_is_true(json_object_get(ev, "alt_scroll"));
	want(a);
}

static void
ev_title(struct attach *a, json_t *ev)
{
	char s[400];
	snprintf(a->title, sizeof(a->title), "%s", text_of(ev, "title"));
	snprintf(s, sizeof(s), "%s%s%s", a->name, *a->title ? " - " : "", a->title);
	if (a->outer)
		outer_title(a->outer, s);
}

static void
ev_bell(struct attach *a, json_t *ev)
{
	(void)ev;
	if (a->outer)
		outer_bell(a->outer);
}

static void
ev_notify(struct attach *a, json_t *ev)
{
	const char *title = text_of(ev, "title");
	if (a->outer)
		outer_notify(a->outer, *title ? title : a->name, text_of(ev, "text"));
}

static void
ev_clipboard(struct attach *a, json_t *ev)
{
	json_t *text = json_object_get(ev, "text");
	if (a->outer && json_is_string(text))
		outer_clipboard(a->outer, json_string_value(text), json_string_length(text));
}

static void
ev_scroll(struct attach *a, json_t *ev)
{
	scroll_told(a, (uint64_t)json_integer_value(json_object_get(ev, "back")),
		(uint64_t)json_integer_value(json_object_get(ev, "rows")));
}

static void
ev_state(struct attach *a, json_t *ev)
{
	snprintf(a->state, sizeof(a->state), "%s", text_of(ev, "state"));
	a->exit_code = int_of(ev, "exit_code");
	a->exit_signal = int_of(ev, "exit_signal");
	if (attach_ended(a)) { /* whatever modes it left set */
		memset(&a->inner, 0, sizeof(a->inner));
		want(a);
	}
	damage(a);
}

static void
ev_error(struct attach *a, json_t *ev)
{
	a->view = 0;
	if (!a->outer || !a->known) {
		a->res->e.code = int_of(ev, "code");
		snprintf(a->res->e.msg, sizeof(a->res->e.msg), "%s", text_of(ev, "message"));
		attach_leave(a, ATTACH_ERROR);
		return;
	}
	snprintf(a->state, sizeof(a->state), "lost");
	attach_say(a, "%s", text_of(ev, "message"));
}

static void
on_view_event(void *ctx, uint32_t view, json_t *ev)
{
	static const struct {
		const char *name;
		void (*fn)(struct attach *a, json_t *ev);
	} events[] = {
		{"open", ev_open},
		{"modes", ev_modes},
		{"title", ev_title},
		{"bell", ev_bell},
		{"notify", ev_notify},
		{"clipboard", ev_clipboard},
		{"scroll", ev_scroll},
		{"marks", find_marks},
		{"state", ev_state},
		{"error", ev_error},
	};
	struct attach *a = attach_check(ctx);
	const char *name = text_of(ev, "ev");
	if (view != a->view || a->done)
		return;
	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		if (!strcmp(events[i].name, name)) {
			events[i].fn(a, ev);
			return;
		}
	}
}

static bool
plain_view(const struct attach *a)
{
	struct grid g = canvas_grid(a->screen);
	return a->mode == AT_LIVE && !a->toast[0] && !a->lost && !a->selecting &&
	       !attach_ended(a) && g.cols == outer_cols(a->outer) && g.rows == outer_rows(a->outer);
}

/* Kitty keyboard flags under which a plain key is an escape sequence too. */
#define KEYS_ARE_SEQUENCES (2 | 8 | 16)

/* Somebody types text at the plain screen: the server may as well read it itself. */
static void
lend(struct attach *a)
{
	if (!client_lends(a->client) || !a->typing || !a->view || a->done || !plain_view(a) ||
		(a->inner.kitty & KEYS_ARE_SEQUENCES))
		return;
	int fd = outer_lend(a->outer);
	unsigned caps = render_caps_bits(outer_caps(a->outer));
	if (fd >= 0 && !client_view_lend(a->client, a->view, fd, caps, &a->prefix))
		outer_keep(a->outer);
}

static void
on_frame(void *ctx, uint32_t view, const void *p, size_t n)
{
	struct attach *a = attach_check(ctx);
	if (view != a->view || a->done)
		return;
	if (frame_apply(a->screen, p, n) < 0) { /* start anew rather than show what is wrong */
		log_warn("attach: a frame that cannot be read");
		attach_open(a, a->id);
		return;
	}
	a->known = true;
	if (a->outer && outer_lent(a->outer))
		return; /* its owner has painted that */
	scroll_frame(a);
	damage(a);
}

static void
on_acked(void *ctx, uint32_t view)
{
	struct attach *a = attach_check(ctx);
	if (view == a->view && a->outer)
		lend(a);
}

static void
on_returned(void *ctx, uint32_t view, const struct client_return *r)
{
	struct attach *a = attach_check(ctx);
	struct grid g = canvas_grid(a->screen);
	bool known = r->how == RETURNED_SHOWN && view == a->view && !a->done;
	if (r->how == RETURNED_UNTOUCHED)
		outer_keep(a->outer);
	else
		outer_take_back(
			a->outer, known ? &g : NULL, r->unsent, r->n_unsent, r->input, r->n_input);
}

static void
on_lost(void *ctx)
{
	struct attach *a = attach_check(ctx);
	if (a->outer)
		outer_take_back(a->outer, NULL, NULL, 0, NULL, 0);
	a->lost = true;
	a->view = 0;
	damage(a);
}

static void
on_back(void *ctx)
{
	struct attach *a = attach_check(ctx);
	if (a->done)
		return;
	a->lost = false;
	scroll_leave(a);
	attach_open(a, a->id);
	damage(a);
}

/* --- terminal --------------------------------------------------------------------------------- */

static bool
on_paint(void *ctx, struct grid *g)
{
	struct attach *a = attach_check(ctx);
	if (!a->known && !a->lost)
		return false;
	if (plain_view(a)) {
		*g = canvas_grid(a->screen);
		return true;
	}
	paint_compose(a);
	*g = canvas_grid(a->comp);
	g->reverse = canvas_grid(a->screen).reverse;
	return true;
}

static void
to_session(struct attach *a, const struct input_event *ev)
{
	if (a->view && !a->lost)
		client_view_input(a->client, a->view, ev);
}

/* Keys while there is nobody to take them. */
static void
ended_key(struct attach *a, const struct input_event *ev)
{
	if (ev->type != INPUT_KEY || ev->action == KEY_RELEASE)
		return;
	if (ev->key == 13)
		attach_request(a, "resume", "waking it");
	else if (ev->key == 'q' || ev->key == 'd' || ev->key == 27 ||
		 (ev->key == 'c' && ev->mods == MOD_CTRL))
		attach_leave(a, ATTACH_LEFT);
	else if (ev->key == '[' || ev->key == KEY_PGUP)
		scroll_enter(a, false);
}

static void
live_input(struct attach *a, const struct input_event *ev)
{
	bool release = ev->type == INPUT_KEY && ev->action == KEY_RELEASE;
	bool wheel = ev->type == INPUT_MOUSE && ev->button >= 64 && ev->button <= 65;
	if (release && ev->key == a->swallow) {
		a->swallow = 0;
		return;
	}
	if (key_matches(ev, &a->prefix) && !release) {
		a->swallow = ev->key;
		menu_open(a);
	} else if (ev->type == INPUT_MOUSE && !a->inner.mouse &&
		   !(wheel && a->inner.alt && a->inner.alt_scroll)) {
		scroll_mouse(a, ev);
	} else if (attach_ended(a)) {
		ended_key(a, ev);
	} else {
		if (a->selecting && ev->type == INPUT_KEY)
			a->selecting = false;
		a->typing = ev->type == INPUT_KEY && ev->key < KEY_NONE &&
			    !(ev->mods & ~(MOD_SHIFT | MOD_LOCKS));
		to_session(a, ev);
	}
}

static void
on_input(void *ctx, const struct input_event *ev)
{
	static void (*const by_mode[])(struct attach *, const struct input_event *) = {
		[AT_LIVE] = live_input,
		[AT_MENU] = menu_key,
		[AT_MORE] = menu_key,
		[AT_DIALOG] = dialog_key,
		[AT_SCROLL] = scroll_key,
		[AT_FIND] = find_key,
	};
	struct attach *a = attach_check(ctx);
	if (a->done)
		return;
	if (a->mode != AT_LIVE) {
		if (ev->type == INPUT_FOCUS)
			to_session(a, ev);
		if (ev->type == INPUT_KEY && ev->action == KEY_RELEASE)
			return;
		if (ev->type == INPUT_KEY)
			a->swallow = ev->key;
	}
	by_mode[a->mode](a, ev);
}

static void
on_resized(void *ctx, int cols, int rows)
{
	struct attach *a = attach_check(ctx);
	if (a->view)
		client_view_resize(a->client, a->view, cols, rows);
	damage(a);
}

static void
on_reclaim(void *ctx)
{
	struct attach *a = attach_check(ctx);
	client_view_reclaim(a->client, a->view);
}

static void
on_gone(void *ctx)
{
	attach_leave(attach_check(ctx), ATTACH_GONE);
}

/* The session is there: only from here on is the terminal touched. */
static void
take_terminal(struct attach *a)
{
	const struct outer_ops ops = {on_paint, on_input, on_resized, on_reclaim, on_gone, a};
	struct outer_options opt = {.ascii = a->ctx->ascii, .no_mouse = !a->own_mouse};
	if (a->outer && a->own_outer)
		return;
	if (!a->outer) {
		a->outer = outer_open(a->loop, &opt, &ops, &a->res->e);
		a->own_outer = true;
		if (!a->outer) {
			attach_leave(a, ATTACH_ERROR);
			return;
		}
	}
	want(a);
}

/* --- life ------------------------------------------------------------------------------------- */

static void
read_config(struct attach *a)
{
	struct config cfg;
	if (config_load(&cfg, paths()->config, NULL) < 0 || !key_parse(cfg.prefix, &a->prefix)) {
		snprintf(cfg.prefix, sizeof(cfg.prefix), "C-\\");
		key_parse(cfg.prefix, &a->prefix);
	}
	a->own_mouse = cfg.mouse;
	if (a->prefix.mods == MOD_CTRL && a->prefix.key < 0x7f)
		snprintf(a->prefix_label, sizeof(a->prefix_label), "^%c",
			a->prefix.key >= 'a' ? (int)a->prefix.key - 32 : (int)a->prefix.key);
	else
		snprintf(a->prefix_label, sizeof(a->prefix_label), "%s", cfg.prefix);
}

static void
on_timer_closed(uv_handle_t *h)
{
	*(bool *)h->data = true;
}

static void
on_late(uv_timer_t *t)
{
	attach_check(t->data)->lost = true;
}

/* A view that was closed gives its terminal back; a server that hangs does not. */
static void
fetch_terminal(struct attach *a)
{
	uv_timer_start(&a->toast_timer, on_late, FETCH_MS, 0);
	while (a->outer && outer_lent(a->outer) && !a->lost)
		uv_run(a->loop, UV_RUN_ONCE);
	uv_timer_stop(&a->toast_timer);
	if (a->outer)
		outer_take_back(a->outer, NULL, NULL, 0, NULL, 0);
}

static void
finish(struct attach *a)
{
	bool closed = false;
	snprintf(a->res->id, sizeof(a->res->id), "%s", a->id);
	snprintf(a->res->name, sizeof(a->res->name), "%s", a->name);
	view_close(a);
	fetch_terminal(a);
	if (a->own_outer)
		outer_close(a->outer);
	client_free(a->client);
	a->toast_timer.data = &closed;
	uv_close((uv_handle_t *)&a->toast_timer, on_timer_closed);
	while (!closed)
		uv_run(a->loop, UV_RUN_NOWAIT);
	scroll_free(a);
	json_decref(a->ls);
	canvas_free(a->screen);
	canvas_free(a->comp);
	arena_free(a->arena);
	a->magic = 0;
}

void
attach_on(const struct verb_ctx *ctx, const char *id, uv_loop_t *loop, struct outer *outer,
	const struct text_place *at, struct attach_result *res)
{
	static const struct client_ops ops_of = {.frame = on_frame,
		.acked = on_acked,
		.returned = on_returned,
		.view_event = on_view_event,
		.lost = on_lost,
		.back = on_back};
	struct client_ops ops = ops_of;
	struct attach a = {.magic = MAGIC, .ctx = ctx, .res = res, .loop = loop, .outer = outer};
	*res = (struct attach_result){.why = ATTACH_ERROR};
	ops.ctx = &a;
	a.client = client_connect(ctx->host, true, &res->e);
	if (!a.client)
		return;
	a.arena = arena_new(ARENA_BYTES);
	if (!a.arena) {
		err_set(&res->e, EXIT_FAIL, "no memory for a screen");
		client_free(a.client);
		return;
	}
	a.screen = canvas_new(a.arena, OWNER_SCREEN, 80, 24);
	a.comp = canvas_new(a.arena, OWNER_COMPOSE, 80, 24);
	uv_timer_init(loop, &a.toast_timer);
	a.toast_timer.data = &a;
	read_config(&a);
	client_start(a.client, loop, &ops);
	if (outer) {
		const struct outer_ops oops = {
			on_paint, on_input, on_resized, on_reclaim, on_gone, &a};
		outer_set_ops(outer, &oops);
	}
	attach_open(&a, id);
	if (at)
		find_at(&a, at);
	while (!a.done)
		uv_run(loop, UV_RUN_DEFAULT);
	finish(&a);
}
