/* The application: a stack of views over one model, one keymap, one menu of toasts, one frame.
 *
 *   input ─► top view's input, text ─► keymap ─► action ─► ops.request
 *   reply, event ─► model ─► views' changed ─► dirty          frame, view event ─► its pane
 *   app_paint: app_plain ? the pane's screen as it is
 *                        : draw from the lowest view that is not `over` up ─► sheet ─► canvas
 *                          ◄─ the front pane's screen ◄─ layers again, over it
 *
 * Actions never change what the model says of a session: what is seen is what the server said.
 * Always: the stack holds its base view; front is a live pane or NULL; a view in the stack has its
 * state. */
#include "tui/app/app.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARENA_BYTES (512ull << 20)

struct app *
app_new(const struct app_config *c, const struct app_ops *ops)
{
	struct surface *s = surface_new(c->cols, c->rows);
	if (!s)
		return NULL;
	struct app *a = xcalloc(1, sizeof *a);
	a->d.s = s;
	a->ops = *ops;
	a->connected = a->dirty = true;
	if (!key_parse(c->prefix, &a->prefix))
		key_parse("C-\\", &a->prefix);
	a->layout = c->layout;
	a->status = c->status;
	a->attach_mode = VIEW_ATTACH | c->attach_mode;
	memcpy(a->notify_by, c->notify, sizeof a->notify_by);
	a->motion = c->motion;
	key_label(c->prefix, c->ascii, a->prefix_label, sizeof a->prefix_label);
	LIST_INIT(&a->panes);
	theme_init(&a->d.theme, c->color, c->ascii);
	model_init(&a->m);
	const char *home = getenv("HOME");
	snprintf(a->home, sizeof a->home, "%s", home ? home : "");
	if (!getcwd(a->cwd, sizeof a->cwd))
		snprintf(a->cwd, sizeof a->cwd, "/");
	app_push(a, c->base, c->base_arg);
	return a;
}

/* Not before there is a screen to hold: it takes address space. */
struct arena *
app_arena(struct app *a)
{
	if (!a->arena)
		a->arena = arena_new(ARENA_BYTES);
	CHECK(a->arena);
	return a->arena;
}

static void
pop(struct app *a)
{
	const struct view *v = a->stack[--a->depth].v;
	void *st = a->stack[a->depth].st;
	if (v->close)
		v->close(a, st);
	free(st);
	a->front = NULL;
	a->front_hit = NULL;
}

void
app_close(struct app *a)
{
	struct pane *p;
	LIST_FOREACH (p, &a->panes, link)
		pane_close(p);
}

void
app_free(struct app *a)
{
	if (!a)
		return;
	while (a->depth > 0)
		pop(a);
	for (int i = 0; i < TILES_MAX; i++)
		pane_free(a->tiles[i].pane);
	CHECK(LIST_EMPTY(&a->panes));
	canvas_free(a->canvas);
	arena_free(a->arena);
	model_deinit(&a->m);
	surface_free(a->d.s);
	free(a);
}

void
app_pop(struct app *a)
{
	if (a->depth > 1)
		pop(a);
	a->dirty = true;
}

void
app_push(struct app *a, const struct view *v, const char *arg)
{
	while (a->depth == STACK_MAX) /* a deep pile of pages: the last page gives way */
		app_pop(a);
	void *st = xcalloc(1, MAX(v->size, 1));
	a->stack[a->depth].v = v;
	a->stack[a->depth++].st = st;
	a->dirty = true;
	if (v->open)
		v->open(a, st, arg);
}

int
app_lowest(const struct app *a)
{
	int from = a->depth - 1;
	while (from > 0 && a->stack[from].v->over)
		from--;
	return from;
}

void *
app_state(struct app *a, const struct view *v)
{
	for (int i = a->depth; i-- > 0;)
		if (a->stack[i].v == v)
			return a->stack[i].st;
	return NULL;
}

const struct view *
app_top(const struct app *a)
{
	return a->stack[a->depth - 1].v;
}

void
app_resize(struct app *a, int cols, int rows)
{
	surface_resize(a->d.s, cols, rows);
	for (int i = 0; i < a->depth; i++)
		if (a->stack[i].v->resized)
			a->stack[i].v->resized(a, a->stack[i].st);
	a->dirty = true;
}

void
app_request(struct app *a, const char *verb, json_t *take_args, app_reply_cb cb, const char *id)
{
	a->ops.request(a->ops.ctx, verb, take_args, cb, id ? id : "");
}

static struct toast *
toast(struct app *a, const char *fmt, va_list ap)
{
	struct toast *t;
	for (unsigned i = a->n_toasts; i-- > a->n_toasts - MIN(a->n_toasts, TOAST_DEEP);) {
		t = &a->toasts[i % TOAST_LOG];
		if (t->hint && a->now - t->at < TOAST_S)
			t->at = a->now + TOAST_S;
	}
	t = &a->toasts[a->n_toasts++ % TOAST_LOG];
	*t = (struct toast){.at = a->now};
	vsnprintf(t->text, sizeof t->text, fmt, ap);
	a->dirty = true;
	return t;
}

void
app_toast(struct app *a, bool bad, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	toast(a, fmt, ap)->bad = bad;
	va_end(ap);
}

void
app_hint(struct app *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	toast(a, fmt, ap)->hint = true;
	va_end(ap);
}

void
app_doing(struct app *a, char task[16], const char *fmt, ...)
{
	va_list ap;
	snprintf(task, 16, "%u", a->n_toasts);
	va_start(ap, fmt);
	toast(a, fmt, ap)->busy = true;
	va_end(ap);
}

void
app_done(struct app *a, const char *task)
{
	unsigned n = (unsigned)strtoul(task, NULL, 10);
	if (*task && n < a->n_toasts && a->n_toasts - n <= TOAST_LOG)
		a->toasts[n % TOAST_LOG].busy = false;
	a->dirty = true;
}

void
app_error(struct app *a, const char *verb, const struct err *e)
{
	app_toast(a, true, "%s: %s", verb, e->msg);
}

struct msess *
app_subject(struct app *a)
{
	struct msess *s = model_selected(&a->m);
	const struct section *k = model_folded(&a->m);
	if (!s)
		app_toast(a, true, "no session selected (n starts one)");
	if (!s || !k || app_top(a) != &view_list)
		return s;
	app_toast(a, true, "%zu sessions are folded here (l opens them)", k->n);
	return NULL;
}

json_t *
app_subjects(struct app *a)
{
	json_t *ids = json_array();
	/* on a session's own screen nobody sees marks */
	for (size_t i = 0; i < a->m.n && !a->stack[app_lowest(a)].v->plain; i++)
		if (a->m.all[i]->marked)
			json_array_append_new(ids, json_string(a->m.all[i]->id));
	if (json_array_size(ids) == 0 && model_selected(&a->m))
		json_array_append_new(ids, json_string(a->m.sel));
	return ids;
}

static void
tell_views(struct app *a)
{
	for (int i = 0; i < a->depth; i++)
		if (a->stack[i].v->changed)
			a->stack[i].v->changed(a, a->stack[i].st);
	a->dirty = true;
}

void
app_changed(struct app *a)
{
	model_arrange(&a->m, a->now);
	a->arrange_due = false;
	a->arranged_n = a->m.n;
	tell_views(a);
}

/* Something came by itself: under a cursor that moves, rows stay where they are. */
static void
stirred(struct app *a)
{
	if (a->m.n != a->arranged_n || a->now - a->moved_at >= REST_S) {
		app_changed(a);
		return;
	}
	a->arrange_due = true;
	tell_views(a);
}

/* Started in a session: that one's client takes the prefix key. */
static void
tell_inside(struct app *a)
{
	const char *key = a->prefix_label;
	const struct msess *s = NULL;
	for (size_t i = 0; i < a->m.n && !s; i++)
		s = inside_session(a->m.all[i]->id) ? a->m.all[i] : NULL;
	if (s)
		app_toast(a, false, "inside %s: %s goes there first, %s \\ comes here", s->name,
			key, key);
}

static void
watch_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	(void)id;
	if (e) {
		app_toast(a, true, "%s", e->msg);
		return;
	}
	bool first = !a->m.loaded;
	model_load(&a->m, reply, a->now);
	app_changed(a);
	if (first)
		tell_inside(a);
}

void
app_watch(struct app *a)
{
	a->watching = true;
	app_request(a, "watch", json_object(), watch_cb, NULL);
}

static void
event_session(struct app *a, json_t *ev)
{
	json_t *o = json_object_get(ev, "session");
	const char *id = json_string_value(json_object_get(o, "id"));
	const struct msess *was = id ? model_find(&a->m, id) : NULL;
	int was_kind = was ? app_notice_kind(was) : -1, kind;
	bool grew = was && was->growth >= GROWTH_FAST;
	struct msess *s = id ? model_put(&a->m, o, a->now) : NULL;
	if (!s || !was)
		return;
	kind = app_notice_kind(s);
	if (kind >= 0 && kind != was_kind)
		app_notice(a, s, (enum notify_kind)kind);
	if (msess_live(s) && s->growth >= GROWTH_FAST && !grew)
		app_notice(a, s, NOTIFY_GROWING);
}

static void
event_gone(struct app *a, json_t *ev)
{
	const char *id = json_string_value(json_object_get(ev, "id"));
	if (id)
		model_remove(&a->m, id);
}

static void
event_totals(struct app *a, json_t *ev)
{
	model_pressure(&a->m, json_object_get(ev, "pressure"));
	model_banner(&a->m, ev);
}

void
app_event(struct app *a, json_t *ev)
{
	static const struct {
		const char *ev;
		void (*take)(struct app *a, json_t *ev);
	} kinds[] = {{"session", event_session}, {"gone", event_gone}, {"totals", event_totals}};
	const char *what = json_string_value(json_object_get(ev, "ev"));
	for (size_t i = 0; what && i < ARRAY_LEN(kinds); i++)
		if (!strcmp(kinds[i].ev, what)) {
			kinds[i].take(a, ev);
			stirred(a);
		}
}

/* Nobody waits for the answer; a server of before does not know it. */
static void
colored_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	(void)a;
	(void)reply;
	(void)e;
	(void)id;
}

static void
tell_colors(struct app *a)
{
	if (a->terminal.colored && a->connected)
		app_request(a, "colors",
			json_pack(
				"{s:i, s:i}", "fg", (int)a->terminal.fg, "bg", (int)a->terminal.bg),
			colored_cb, NULL);
}

void
app_colors(struct app *a, uint32_t fg, uint32_t bg)
{
	a->terminal.colored = true;
	a->terminal.fg = fg;
	a->terminal.bg = bg;
	theme_background(&a->d.theme, fg, bg);
	tell_colors(a);
	a->dirty = true;
}

void
app_connection(struct app *a, bool up, const char *why)
{
	struct pane *p;
	a->dirty = true;
	if (up == a->connected)
		return;
	a->connected = up;
	snprintf(a->lost_why, sizeof a->lost_why, "%s", why);
	if (up)
		app_toast(a, false, "connected again");
	if (up)
		tell_colors(a);
	if (up && a->watching)
		app_watch(a);
	LIST_FOREACH (p, &a->panes, link)
		if (!up)
			pane_lost(p);
		else if (p->ops->back)
			p->ops->back(p->owner);
}

void
app_link(struct app *a, uint32_t first, uint32_t last, bool up, const char *words)
{
	struct pane *p;
	bool shown = false;
	a->dirty = true;
	if (up)
		a->away[0] = 0;
	LIST_FOREACH (p, &a->panes, link)
		if (!up && p->view >= first && p->view <= last) {
			pane_lost(p);
			shown = true;
		} else if (up && !p->view && p->ops->back) {
			p->ops->back(p->owner);
		}
	if (shown)
		snprintf(a->away, sizeof a->away, "%s", words);
	else if (*words)
		app_toast(a, !up, "%s", words);
}

struct pane *
app_pane(struct app *a, uint32_t view)
{
	struct pane *p;
	LIST_FOREACH (p, &a->panes, link)
		if (view && p->view == view)
			return p;
	return NULL;
}

bool
app_view_event(struct app *a, uint32_t view, json_t *ev)
{
	struct pane *p = app_pane(a, view);
	if (!p || !pane_event(p, ev))
		return false;
	a->dirty = true;
	return true;
}

void
app_acked(struct app *a, uint32_t view)
{
	struct pane *p = app_plain(a);
	const struct view *v = app_top(a);
	if (p && p->view == view && v->lends && v->lends(a, a->stack[a->depth - 1].st))
		a->ops.lend(a->ops.ctx, view);
}

static void
draw_banner(struct app *a)
{
	char lost[160];
	const char *text = *a->away ? a->away : a->m.banner;
	if (!a->connected) {
		snprintf(lost, sizeof lost, "%s",
			*a->lost_why ? a->lost_why : "reconnecting to the server");
		text = lost;
	}
	if (!*text)
		return;
	/* in place of the rule below the title; where there is none, over the title; a session's
	 * screen has neither */
	int w = surface_cols(a->d.s), h = surface_rows(a->d.s);
	int y = a->stack[app_lowest(a)].v->plain ? h - 1 : h >= 20;
	surface_layer(a->d.s, y, 0, 1, w);
	surface_fill(a->d.s, 0, 0, 1, w, " ", draw_style(&a->d, TH_BANNER));
	draw_cut(&a->d, 0, 1, w - 2, TH_BANNER, text);
}

void
app_draw(struct app *a)
{
	if (strcmp(a->back_of, a->m.sel)) {
		snprintf(a->back_of, sizeof a->back_of, "%s", a->m.sel);
		a->back = 0;
	}
	a->arrange_due |= model_settle(&a->m, a->now);
	if (a->arrange_due && a->now - a->moved_at >= REST_S)
		app_changed(a);
	surface_begin(a->d.s);
	a->preview = (struct preview_place){0};
	a->n_beside = 0;
	a->front = NULL;
	a->front_hit = NULL;
	a->cursor.set = a->dirty = a->d.on_sel = false;
	for (int i = app_lowest(a); i < a->depth; i++) {
		a->d.n_hits = 0; /* only what is on top can be clicked */
		a->stack[i].v->draw(a, a->stack[i].st);
	}
	draw_banner(a);
	surface_compose(a->d.s);
}

void
app_check(const struct app *a)
{
	const struct pane *p;
	bool front = !a->front;
	CHECK(a->depth >= 1 && a->depth <= STACK_MAX && !a->stack[0].v->over);
	for (int i = 0; i < a->depth; i++) {
		CHECK(a->stack[i].v && a->stack[i].st && a->stack[i].v->draw);
		if (a->stack[i].v->check)
			a->stack[i].v->check(a, a->stack[i].st);
	}
	LIST_FOREACH (p, &a->panes, link) {
		pane_check(p);
		CHECK(p->app == a && (a->connected || !p->view));
		front |= p == a->front;
	}
	CHECK(front);
	CHECK(a->d.n_hits >= 0 && a->d.n_hits <= HITS_MAX && a->n_undo <= UNDO_MAX);
	model_check(&a->m);
}

void
app_dump(const struct app *a, struct buf *out)
{
	const struct pane *p;
	buf_printf(out, "app: %dx%d, %s, %s, views", surface_cols(a->d.s), surface_rows(a->d.s),
		a->connected ? "connected" : "cut off", a->dirty ? "dirty" : "clean");
	for (int i = 0; i < a->depth; i++)
		buf_printf(out, " %s", a->stack[i].v->name);
	buf_printf(out, "\n");
	for (int i = 0; i < a->depth; i++)
		if (a->stack[i].v->dump)
			a->stack[i].v->dump(a->stack[i].st, out);
	LIST_FOREACH (p, &a->panes, link)
		pane_dump(p, out);
	model_dump(&a->m, out);
}
