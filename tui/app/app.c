#include "tui/app/app.h"
#include "tui/app/frame.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct app *
app_new(int cols, int rows, bool color, bool ascii, const struct app_ops *ops)
{
	struct surface *s = surface_new(cols, rows);
	if (!s)
		return NULL;
	struct app *a = xcalloc(1, sizeof *a);
	a->d.s = s;
	a->ops = *ops;
	a->connected = a->dirty = true;
	theme_init(&a->d.theme, color, ascii);
	model_init(&a->m);
	const char *home = getenv("HOME");
	snprintf(a->home, sizeof a->home, "%s", home ? home : "");
	if (!getcwd(a->cwd, sizeof a->cwd))
		snprintf(a->cwd, sizeof a->cwd, "/");
	app_push(a, &view_list, NULL);
	return a;
}

static void
pop(struct app *a)
{
	const struct view *v = a->stack[--a->depth].v;
	void *st = a->stack[a->depth].st;
	if (v->close)
		v->close(a, st);
	free(st);
}

void
app_free(struct app *a)
{
	if (!a)
		return;
	while (a->depth > 0)
		pop(a);
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
	a->dirty = true;
}

void
app_request(struct app *a, const char *verb, json_t *take_args, app_reply_cb cb, const char *id)
{
	a->ops.request(a->ops.ctx, verb, take_args, cb, id ? id : "");
}

void
app_toast(struct app *a, bool bad, const char *fmt, ...)
{
	struct toast *t = &a->toasts[a->n_toasts++ % TOAST_LOG];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(t->text, sizeof t->text, fmt, ap);
	va_end(ap);
	t->at = a->now;
	t->bad = bad;
	t->undo = false;
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
	if (!s)
		app_toast(a, true, "no session selected (n starts one)");
	return s;
}

json_t *
app_subjects(struct app *a)
{
	json_t *ids = json_array();
	for (size_t i = 0; i < a->m.n; i++)
		if (a->m.all[i]->marked)
			json_array_append_new(ids, json_string(a->m.all[i]->id));
	if (json_array_size(ids) == 0 && model_selected(&a->m))
		json_array_append_new(ids, json_string(a->m.sel));
	return ids;
}

void
app_changed(struct app *a)
{
	model_arrange(&a->m, a->now);
	for (int i = 0; i < a->depth; i++)
		if (a->stack[i].v->changed)
			a->stack[i].v->changed(a, a->stack[i].st);
	a->dirty = true;
}

void
app_load(struct app *a, json_t *ls)
{
	model_load(&a->m, ls, a->now);
	app_changed(a);
}

static void
event_session(struct app *a, json_t *ev)
{
	json_t *s = json_object_get(ev, "session");
	if (json_is_object(s))
		model_put(&a->m, s, a->now);
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
			app_changed(a);
		}
}

void
app_connection(struct app *a, bool up)
{
	if (up && !a->connected)
		app_toast(a, false, "connected again");
	a->connected = up;
	a->dirty = true;
}

void
app_scrolled(struct app *a, uint64_t back)
{
	if (a->preview.looks)
		return; /* where that is, is no distance */
	a->back = back;
	a->dirty = true;
}

void
app_run_action(struct app *a, enum action_id id)
{
	a->dirty = true;
	actions[id].run(a);
}

static bool
click_hit(struct app *a, const struct hit *h, bool twice)
{
	const struct view *v = app_top(a);
	switch (h->kind) {
	case HIT_NONE:
		return false;
	case HIT_ACTION:
		app_run_action(a, h->index);
		return true;
	case HIT_SESSION:
		if (h->index < (int)a->m.n_shown)
			model_select(&a->m, a->m.shown[h->index]->id);
		if (twice)
			app_run_action(a, ACTION_ATTACH);
		return true;
	case HIT_ITEM:
		if (v->pick)
			v->pick(a, a->stack[a->depth - 1].st, h->index, twice);
		return true;
	}
	return false;
}

void
app_turn(struct app *a, long rows)
{
	a->back = rows < 0 ? a->back + (uint64_t)-rows : a->back - MIN(a->back, (uint64_t)rows);
	a->dirty = true;
}

static void
app_mouse(struct app *a, const struct input_event *ev)
{
	const struct view *v = app_top(a);
	if (ev->button == 64 || ev->button == 65) {
		int by = ev->button == 64 ? -1 : 1;
		const struct preview_place *p = &a->preview;
		bool over = p->id[0] && ev->row >= p->y && ev->row < p->y + p->h &&
			    ev->col >= p->x && ev->col < p->x + p->w && !v->over;
		if (over && !p->looks) /* over a session's screen it turns that */
			app_turn(a, 3L * by);
		else if (v->wheel)
			v->wheel(a, a->stack[a->depth - 1].st, by);
		a->dirty = true;
		return;
	}
	if (ev->button != 0 || ev->release || ev->motion)
		return;
	bool twice = a->now - a->click_at < 0.4 && ev->row == a->click_y &&
		     abs(ev->col - a->click_x) < 2;
	a->click_at = twice ? 0 : a->now;
	a->click_y = ev->row;
	a->click_x = ev->col;
	for (int i = a->d.n_hits; i-- > 0;) { /* what was drawn last lies on top */
		const struct hit h = a->d.hits[i];
		if (ev->row >= h.y && ev->row < h.y + h.h && ev->col >= h.x &&
			ev->col < h.x + h.w && click_hit(a, &h, twice))
			break;
	}
	a->dirty = true;
}

void
app_input(struct app *a, const struct input_event *ev)
{
	const struct view *v = app_top(a);
	void *st = a->stack[a->depth - 1].st;
	if (ev->type == INPUT_MOUSE) {
		app_mouse(a, ev);
		return;
	}
	if (ev->type != INPUT_KEY && ev->type != INPUT_PASTE)
		return;
	if (ev->type == INPUT_KEY && ev->action == KEY_RELEASE)
		return;
	if (v->text && v->text(a, st, ev)) {
		a->dirty = true;
		return;
	}
	const struct action *act = keymap_find(v->context, ev);
	if (!act)
		return;
	a->key = *ev;
	app_run_action(a, (enum action_id)(act - actions));
}

static void
draw_banner(struct app *a)
{
	const char *text = a->m.banner;
	if (!a->connected)
		text = "reconnecting to the server; all sessions run on";
	if (!*text)
		return;
	/* in place of the rule below the title; where there is none, over the title */
	int w = surface_cols(a->d.s), y = surface_rows(a->d.s) >= 20;
	surface_layer(a->d.s, y, 0, 1, w);
	surface_fill(a->d.s, 0, 0, 1, w, " ", draw_style(&a->d, TH_BANNER));
	draw_cut(&a->d, 0, 1, w - 2, TH_BANNER, text);
}

void
app_draw(struct app *a)
{
	int from = a->depth - 1;
	while (from > 0 && a->stack[from].v->over)
		from--;
	if (strcmp(a->back_of, a->m.sel)) {
		snprintf(a->back_of, sizeof a->back_of, "%s", a->m.sel);
		a->back = 0;
	}
	surface_begin(a->d.s);
	a->preview = (struct preview_place){0};
	a->dirty = a->d.on_sel = false;
	for (int i = from; i < a->depth; i++) {
		a->d.n_hits = 0; /* only what is on top can be clicked */
		a->stack[i].v->draw(a, a->stack[i].st);
	}
	draw_banner(a);
	surface_compose(a->d.s);
}

struct preview_place *
app_preview(struct app *a, const struct msess *s, int y, int x, int h, int w)
{
	a->preview = (struct preview_place){.y = y, .x = x, .h = h, .w = w};
	snprintf(a->preview.id, sizeof a->preview.id, "%s", s->id);
	return &a->preview;
}

double
app_next_change(const struct app *a)
{
	double next = model_next_change(&a->m, a->now);
	if (a->n_toasts > 0) {
		double left = a->toasts[(a->n_toasts - 1) % TOAST_LOG].at + 4 - a->now;
		if (left > 0)
			next = MIN(next, left + 0.01);
	}
	return next;
}
