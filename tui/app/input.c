/* Keys, pastes and the mouse: to the top view, else to what the keymap says. */
#include "tui/app/app.h"
#include "tui/app/preview.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
app_run_action(struct app *a, enum action_id id)
{
	const struct view *v = app_top(a);
	a->dirty = true;
	a->ran_in = v->context;
	if (v->passing)
		app_pop(a);
	actions[id].run(a);
}

/* A key that means nothing here says what is near: an action whose name begins with it. */
void
app_dead_key(struct app *a, unsigned context, const struct input_event *ev)
{
	char typed[8], key[16], name[32];
	if (ev->type != INPUT_KEY || ev->mods & ~(MOD_SHIFT | MOD_LOCKS) || ev->key <= ' ' ||
		ev->key >= 0x7f)
		return;
	snprintf(typed, sizeof typed, "%c", (char)(ev->shifted ? ev->shifted : ev->key));
	for (size_t i = 0; i < ACTION_COUNT; i++) {
		const struct action *act = &actions[i];
		const char *what = *act->hint ? act->hint : keymap_name(act, name, NULL);
		if (!(act->contexts & context) || strncasecmp(what, typed, 1) != 0)
			continue;
		keymap_label(act, a->d.theme.ascii, key);
		app_toast(a, true, "%s does nothing here; %s: %s%s", typed, what, *key ? key : ":",
			*key ? "" : what);
		return;
	}
	app_toast(a, true, "%s does nothing here%s", typed,
		actions[ACTION_HELP].contexts & context ? "; ? shows all keys" : "");
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

static void
input(struct app *a, const struct input_event *ev)
{
	const struct view *v = app_top(a);
	void *st = a->stack[a->depth - 1].st;
	bool press = ev->type == INPUT_KEY && ev->action != KEY_RELEASE;
	if (ev->type == INPUT_FOCUS) { /* to whom it concerns, whatever lies over it */
		for (int i = 0; i < a->depth; i++)
			if (a->stack[i].v->input)
				a->stack[i].v->input(a, a->stack[i].st, ev);
		return;
	}
	if (press)
		a->key = *ev;
	const struct view *pressed_in = a->key_view;
	if (press)
		a->key_view = v;
	/* a key is let go where it was pressed, or nowhere */
	if (ev->type == INPUT_KEY && !press && pressed_in != v && ev->key == a->key.key)
		return;
	if (v->input && v->input(a, st, ev)) {
		a->dirty = true;
		return;
	}
	if (ev->type == INPUT_MOUSE && preview_mouse(a, ev))
		return;
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
	unsigned first = v->before ? v->before(a, st) : 0;
	const struct action *act = first ? keymap_find(first, ev) : NULL;
	if (!act)
		act = keymap_find(v->context, ev);
	if (!act) {
		app_dead_key(a, v->context, ev);
		return;
	}
	app_run_action(a, (enum action_id)(act - actions));
}

void
app_edited(struct app *a, const char *text, size_t n)
{
	const struct view *v = app_top(a);
	if (v->edited)
		v->edited(a, a->stack[a->depth - 1].st, text, n);
	a->dirty = true;
}

void
app_input(struct app *a, const struct input_event *ev)
{
	char was[sizeof a->m.sel];
	memcpy(was, a->m.sel, sizeof was);
	input(a, ev);
	if (strcmp(was, a->m.sel) != 0)
		a->moved_at = a->now;
}
