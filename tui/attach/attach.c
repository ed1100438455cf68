/* States of the view, by its pane and its session:
 *
 *   opening ── "open" ──► shown, live ◄──► ended (asleep, exited, lost): its last screen, a banner,
 *      │                    │    ▲              and keys that wake it or leave
 *      └─ "error" ─► gone   │    └─ server back: opened anew
 *      (the view pops, or   └─ n p 1-9: another one, opening
 *      the program ends)
 *
 * Opening paints nothing, so the picture before stays until the first frame. Live and alone (no
 * view over it, no toast, the terminal's own size) the pane is the frame as it is: app_plain; only
 * then may the terminal be lent. */
#include "tui/attach/attach_priv.h"
#include "sessions/wire/json.h"
#include "core/text/width.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC 0x61747463u

static struct attach *
attach_check(void *p)
{
	struct attach *at = p;
	CHECK(at && at->magic == MAGIC && at->pane);
	return at;
}

struct attach *
attach_of(struct app *a)
{
	void *st = app_state(a, &view_attach);
	return st ? attach_check(st) : NULL;
}

const char *
attach_name(struct app *a)
{
	struct attach *at = attach_of(a);
	return at ? at->name : "";
}

static struct msess *
session_of(struct attach *at)
{
	return model_find(&at->app->m, at->pane->id);
}

/* Asleep, exited or lost. */
static bool
has_ended(struct attach *at)
{
	struct msess *s = session_of(at);
	return s && !msess_live(s);
}

/* --- connection ------------------------------------------------------------------------------- */

static void
want(struct attach *at)
{
	at->app->ops.want(at->app->ops.ctx, at->inner.kitty, at->inner.mouse);
}

/* Its rows may begin below the terminal's first. */
static void
to_session(struct attach *at, const struct input_event *ev)
{
	struct input_event there = *ev;
	if (ev->type == INPUT_MOUSE)
		there.row -= status_room(at->app).y;
	if (at->pane->view)
		at->app->ops.view_input(at->app->ops.ctx, at->pane->view, &there);
}

void
attach_open(struct attach *at, const char *id)
{
	struct window_at room = status_room(at->app);
	pane_open(at->pane, id, at->app->attach_mode, room.w, room.h);
}

/* There is nothing to look at: back to where one was, or out. */
static void
give_up(struct attach *at, int code, const char *why)
{
	struct app *a = at->app;
	if (a->stack[0].v == &view_attach && !at->pane->known) {
		err_set(&a->failed, code, "%s", why);
		a->ops.quit(a->ops.ctx);
		return;
	}
	app_toast(a, true, "%s", why);
	while (app_top(a) != &view_attach)
		app_pop(a);
	if (a->depth > 1)
		app_pop(a);
}

const char *
attach_below(const struct app *a)
{
	int i = a->depth - 1;
	while (a->stack[i].v != &view_attach)
		i--;
	if (i == 0)
		return "leaves";
	return a->stack[i - 1].v == &view_list ? "dashboard" : a->stack[i - 1].v->name;
}

/* Whoever is new here is told the way back, where it leads. */
static void
tell_the_way(struct attach *at)
{
	struct app *a = at->app;
	const char *key = a->prefix_label;
	if (!at->told && a->ops.tell(a->ops.ctx, "attach", 3))
		app_hint(a, "%s menu   %s%s %s", key, key, key, attach_below(a));
	at->told = true;
}

static void
ev_open(struct attach *at, json_t *ev)
{
	struct app *a = at->app;
	char id[16], why[160];
	snprintf(id, sizeof id, "%s", obj_str(ev, "id"));
	if (inside_session(id)) { /* its screen would show its screen, and so on */
		snprintf(why, sizeof why, "%.60s is the session that this runs in",
			obj_str(ev, "name"));
		pane_close(at->pane);
		give_up(at, 1, why);
		return;
	}
	snprintf(at->pane->id, sizeof at->pane->id, "%s", id);
	tell_the_way(at);
	struct msess *s = model_told(&a->m, id, ev, a->now);
	if (s)
		snprintf(at->name, sizeof at->name, "%s", s->name);
	model_select(&a->m, id);
	app_changed(a);
	want(at);
}

static void
ev_state(struct attach *at, json_t *ev)
{
	struct app *a = at->app;
	model_told(&a->m, at->pane->id, ev, a->now);
	app_changed(a);
	if (has_ended(at)) { /* whatever modes it left set */
		memset(&at->inner, 0, sizeof at->inner);
		want(at);
	}
}

static void
ev_modes(struct attach *at, json_t *ev)
{
	at->inner.mouse = (int)json_integer_value(json_object_get(ev, "mouse"));
	at->inner.kitty = (unsigned)json_integer_value(json_object_get(ev, "kitty"));
	at->inner.alt = json_is_true(json_object_get(ev, "alt"));
	at->inner.alt_scroll = json_is_true(json_object_get(ev, "alt_scroll"));
	want(at);
}

static void
ev_title(struct attach *at, json_t *ev)
{
	char s[400];
	const char *title = obj_str(ev, "title");
	snprintf(s, sizeof s, "%s%s%s", at->name, *title ? " - " : "", title);
	at->app->ops.title(at->app->ops.ctx, s);
}

static void
ev_bell(struct attach *at, json_t *ev)
{
	(void)ev;
	at->app->ops.bell(at->app->ops.ctx);
}

static void
ev_notify(struct attach *at, json_t *ev)
{
	const char *title = obj_str(ev, "title");
	at->app->ops.notify(at->app->ops.ctx, *title ? title : at->name, obj_str(ev, "text"));
}

static void
ev_clipboard(struct attach *at, json_t *ev)
{
	json_t *text = json_object_get(ev, "text");
	if (json_is_string(text))
		at->app->ops.copy(
			at->app->ops.ctx, json_string_value(text), json_string_length(text));
}

/* Its view could not be opened, or is no more. */
static void
ev_error(struct attach *at, json_t *ev)
{
	at->pane->view = 0;
	give_up(at, (int)json_integer_value(json_object_get(ev, "code")), obj_str(ev, "message"));
}

static void
on_event(void *owner, const char *what, json_t *ev)
{
	static const struct {
		const char *name;
		void (*fn)(struct attach *at, json_t *ev);
	} events[] = {
		{"open", ev_open},
		{"modes", ev_modes},
		{"title", ev_title},
		{"bell", ev_bell},
		{"notify", ev_notify},
		{"clipboard", ev_clipboard},
		{"state", ev_state},
		{"error", ev_error},
	};
	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		if (!strcmp(events[i].name, what)) {
			events[i].fn(attach_check(owner), ev);
			return;
		}
}

/* The server is there again: what stood over the screen was about a view that is no more. */
static void
on_back(void *owner)
{
	struct attach *at = attach_check(owner);
	while (app_state(at->app, &view_back) || app_top(at->app) == &view_menu)
		app_pop(at->app);
	attach_open(at, at->pane->id);
}

/* --- its place on the terminal ---------------------------------------------------------------- */

/* Its first row on the terminal; live the cursor's row is kept in sight. */
static int
first_row(const struct attach *at, const struct grid *g, int rows, int focus)
{
	int sy = at->sy;
	if (g->rows <= rows)
		return 0;
	if (focus == -1)
		sy = MAX(g->cursor.row - rows + 1, 0);
	else if (focus >= 0 && (focus < sy || focus >= sy + rows - 1))
		sy = focus - rows / 3;
	return CLAMP(sy, 0, g->rows - rows);
}

/* focus: the row that is to be seen; -1 the cursor's, -2 any. */
static void
place(struct attach *at, int focus)
{
	struct grid g = canvas_grid(at->pane->screen);
	struct window_at room = status_room(at->app);
	at->sy = first_row(at, &g, room.h, focus);
	at->pane->shown = (struct window_at){.y = room.y,
		.h = MIN(room.h, g.rows - at->sy),
		.w = MIN(room.w, g.cols),
		.sy = at->sy};
}

/* --- input ------------------------------------------------------------------------------------ */

/* Turned up, the screen is looked back in; what is dragged over is copied. */
static bool
mouse(struct attach *at, const struct input_event *ev)
{
	if (ev->button == 64) {
		back_enter(at->app, false);
		back_by(back_of(at->app), 3);
		return true;
	}
	place(at, -1); /* a picture shown as it is was not drawn */
	pane_mouse(at->pane, ev, false);
	return true;
}

/* Without a program keys are for what is left of it. */
static bool
ended_key(struct app *a, const struct input_event *ev)
{
	const struct action *act = keymap_find(C_GONE, ev);
	if (act)
		app_run_action(a, (enum action_id)(act - actions));
	else
		app_dead_key(a, C_GONE, ev);
	return true;
}

bool
attach_reads_only(const struct app *a)
{
	return a->attach_mode & VIEW_READ_ONLY;
}

static bool
attach_input(struct app *a, void *st, const struct input_event *ev)
{
	struct attach *at = attach_check(st);
	bool release = ev->type == INPUT_KEY && ev->action == KEY_RELEASE;
	bool turn = ev->type == INPUT_MOUSE && ev->button >= 64 && ev->button <= 65;
	if (release && ev->key == at->swallow) {
		at->swallow = 0;
		return true;
	}
	if (key_matches(ev, &a->prefix) && !release) {
		at->swallow = ev->key;
		app_push(a, &view_menu, NULL);
		return true;
	}
	if (ev->type == INPUT_MOUSE && ev->row == status_row(a))
		return false; /* what is drawn there can be clicked */
	if (ev->type == INPUT_MOUSE &&
		(attach_reads_only(a) ||
			(!at->inner.mouse && !(turn && at->inner.alt && at->inner.alt_scroll))))
		return mouse(at, ev);
	if (has_ended(at))
		return ev->type != INPUT_KEY || release || ended_key(a, ev);
	if (attach_reads_only(a)) {
		if (ev->type == INPUT_PASTE || (ev->type == INPUT_KEY && ev->key < KEY_NONE))
			app_toast(a, true, "attached read-only: nothing is typed (%s menu)",
				a->prefix_label);
		return true;
	}
	if (at->pane->selecting && ev->type == INPUT_KEY)
		pane_select_end(at->pane);
	at->typing = ev->type == INPUT_KEY && ev->key < KEY_NONE &&
		     !(ev->mods & ~(MOD_SHIFT | MOD_LOCKS));
	to_session(at, ev);
	return true;
}

/* --- picture ---------------------------------------------------------------------------------- */

/* Kitty keyboard flags under which a plain key is an escape sequence too. */
#define KEYS_ARE_SEQUENCES (2 | 8 | 16)

static struct pane *
attach_plain(struct app *a, void *st)
{
	struct attach *at = attach_check(st);
	struct grid g = canvas_grid(at->pane->screen);
	bool whole = at->pane->known && !at->pane->selecting && !has_ended(at) &&
		     status_row(a) < 0 && g.cols == surface_cols(a->d.s) &&
		     g.rows == surface_rows(a->d.s);
	return whole ? at->pane : NULL;
}

static bool
attach_lends(struct app *a, void *st)
{
	struct attach *at = attach_check(st);
	return at->typing && !attach_reads_only(a) && !(at->inner.kitty & KEYS_ARE_SEQUENCES);
}

static bool
attach_empty(struct app *a, void *st)
{
	(void)a;
	return !attach_check(st)->pane->known;
}

/* Where a session smaller than the terminal ends, and why it is. */
static void
draw_edges(struct app *a, const struct grid *g, struct window_at room)
{
	char s[160];
	const char *const *sign = a->d.theme.glyph;
	uint16_t st = draw_style(&a->d, TH_RULE);
	int end = room.y + g->rows;
	if (g->cols < room.w)
		surface_fill(a->d.s, room.y, g->cols, MIN(room.h, g->rows), 1, sign[GL_V], st);
	if (g->rows < room.h)
		surface_fill(a->d.s, end, 0, 1, MIN(room.w, g->cols), sign[GL_H], st);
	if (g->rows < room.h && g->cols < room.w)
		draw_glyph(&a->d, end, g->cols, TH_RULE, GL_BR);
	if (a->attach_mode & (VIEW_READ_ONLY | VIEW_NO_RESIZE))
		snprintf(s, sizeof s, "keeps its size of %dx%d", g->cols, g->rows);
	else
		snprintf(s, sizeof s, "sized %dx%d by another terminal; type to take over", g->cols,
			g->rows);
	if (g->rows + 1 < room.h)
		draw_cut(&a->d, end + 1, 0, room.w, TH_DIM, s);
}

/* Base sheet, front pane; focus: the row that is to be seen, -1 the cursor's. */
static void
picture(struct attach *at, int focus)
{
	struct app *a = at->app;
	struct pane *p = at->pane;
	struct grid g = canvas_grid(p->screen);
	struct window_at room = status_room(a);
	place(at, focus);
	draw_edges(a, &g, room);
	a->front = p;
	a->cursor.set = true;
	a->cursor.visible = g.cursor.visible && g.cursor.col < room.w && !has_ended(at);
	a->cursor.y = room.y + CLAMP(g.cursor.row - at->sy, 0, room.h - 1);
	a->cursor.x = MIN(g.cursor.col, room.w - 1);
	a->cursor.shape = g.cursor.shape;
}

static void
draw_ended(struct attach *at)
{
	struct app *a = at->app;
	const struct msess *s = session_of(at);
	int w = surface_cols(a->d.s), h = surface_rows(a->d.s);
	char what[128];
	const char *const hints[] = {
		s->state == MS_ASLEEP ? "Enter wakes it" : "Enter starts it again", "d back",
		"[ scrollback"};
	if (s->state == MS_ASLEEP)
		snprintf(what, sizeof what, "%s is asleep and holds no memory", s->name);
	else if (s->state == MS_LOST)
		snprintf(what, sizeof what, "%s was lost: its processes are gone", s->name);
	else if (s->exit_signal > 0)
		snprintf(what, sizeof what, "%s was ended by signal %d", s->name, s->exit_signal);
	else if (s->exit_code > 0)
		snprintf(what, sizeof what, "%s ended with exit code %d", s->name, s->exit_code);
	else
		snprintf(what, sizeof what, "%s ended normally", s->name);
	surface_layer(a->d.s, h - 1, 0, 1, w);
	surface_fill(a->d.s, 0, 0, 1, w, " ", draw_style(&a->d, TH_BAR));
	int x = 1 + draw_cut(&a->d, 0, 1, w - utf8_width(hints[0]) - 5, TH_BAR, what);
	for (size_t i = 0; i < ARRAY_LEN(hints) && x + 4 + utf8_width(hints[i]) <= w; i++)
		x += 3 + draw_text(&a->d, 0, x + 3, w - x - 3, TH_BAR_STRONG, hints[i]);
}

static void
attach_draw(struct app *a, void *st)
{
	struct attach *at = attach_check(st);
	bool top = app_top(a) == &view_attach, ended = has_ended(at);
	struct back *b = back_of(a);
	int row = status_row(a);
	picture(at, b ? back_focus(b) : -1);
	if (row >= 0)
		status_draw(a, session_of(at));
	if (ended && !b)
		draw_ended(at);
	if (top)
		frame_toast_over(a, row >= 0 ? row : surface_rows(a->d.s) - 1 - ended);
}

/* --- life ------------------------------------------------------------------------------------- */

static const struct pane_ops pane_ops_of = {.event = on_event, .back = on_back};

static void
view_open(struct app *a, void *st, const char *arg)
{
	struct attach *at = st;
	*at = (struct attach){.magic = MAGIC, .app = a};
	at->pane = pane_new(a, &pane_ops_of, at);
	attach_open(at, arg);
}

static void
view_close(struct app *a, void *st)
{
	struct attach *at = attach_check(st);
	pane_free(at->pane);
	at->magic = 0;
	a->ops.want(a->ops.ctx, 0, 0);
}

static void
view_resized(struct app *a, void *st)
{
	struct attach *at = attach_check(st);
	struct window_at room = status_room(a);
	if (at->pane->view)
		a->ops.view_resize(a->ops.ctx, at->pane->view, room.w, room.h);
}

static void
attach_pick(struct app *a, void *st, int index, bool twice)
{
	(void)st;
	(void)twice;
	app_push(a, &view_menu, NULL);
	if (index == STATUS_NEXT)
		app_run_action(a, ACTION_MENU_NEXT);
}

/* The list that an action waited for is there. */
static void
view_changed(struct app *a, void *st)
{
	struct attach *at = attach_check(st);
	void (*then)(struct app *) = at->then;
	if (!then || !a->m.loaded)
		return;
	at->then = NULL;
	then(a);
}

void
attach_show(struct app *a, const char *id, const struct text_place *at)
{
	struct attach *there = attach_of(a);
	if (there) { /* from a view over it: the same place */
		while (app_top(a) != &view_attach)
			app_pop(a);
		attach_open(there, id);
	} else {
		app_push(a, &view_attach, id);
	}
	if (at)
		attach_look(a, at);
}

static void
view_check(const struct app *a, const void *st)
{
	const struct attach *at = st;
	CHECK(at->magic == MAGIC && at->app == a && at->pane->app == a);
	CHECK(at->sy >= 0);
	CHECK(at->pane->mode & VIEW_ATTACH || !at->pane->view);
	CHECK(!at->then || !a->m.loaded); /* what waits for the list goes with it */
}

static void
view_dump(const void *st, struct buf *out)
{
	const struct attach *at = st;
	buf_printf(out, "attach: %s, mouse %d, kitty %u%s%s%s, first row %d, before it %s\n",
		at->name, at->inner.mouse, at->inner.kitty,
		at->inner.alt ? ", alternate screen" : "", at->typing ? ", typing" : "",
		at->then ? ", waits for the list" : "", at->sy, *at->before ? at->before : "none");
}

const struct view view_attach = {
	.name = "attach",
	.context = C_MENU,
	.size = sizeof(struct attach),
	.open = view_open,
	.close = view_close,
	.draw = attach_draw,
	.input = attach_input,
	.pick = attach_pick,
	.changed = view_changed,
	.resized = view_resized,
	.plain = attach_plain,
	.lends = attach_lends,
	.empty = attach_empty,
	.check = view_check,
	.dump = view_dump,
};
