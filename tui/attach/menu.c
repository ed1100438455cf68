/* After the prefix key: what can be done here, who else waits, and the ways out. The keys are those
 * of context C_MENU in actions.def; many are the dashboard's own, about the session one is in. */
#include "tui/attach/attach_priv.h"
#include "core/text/width.h"
#include <stdio.h>
#include <string.h>

/* --- the other sessions ----------------------------------------------------------------------- */

struct msess *
menu_waiting(const struct app *a, int step)
{
	long n = (long)a->m.n_shown, here = MAX(model_index(&a->m, a->m.sel), 0);
	for (long k = 1; k < n; k++) {
		struct msess *s = a->m.shown[((here + step * k) % n + n) % n];
		if (msess_group(s) == GR_NEEDS)
			return s;
	}
	return NULL;
}

static int
others_waiting(struct app *a)
{
	int n = 0;
	for (size_t i = 0; i < a->m.n_shown; i++)
		n += msess_group(a->m.shown[i]) == GR_NEEDS &&
		     strcmp(a->m.shown[i]->id, a->m.sel) != 0;
	return n;
}

static void
go_to(struct app *a, const char *id)
{
	struct attach *at = attach_of(a);
	char to[64];
	snprintf(to, sizeof to, "%s", id); /* may be at->before */
	if (!strcmp(to, at->pane->id))
		return;
	snprintf(at->before, sizeof at->before, "%s", at->pane->id);
	attach_open(at, to);
}

static void
go_waiting(struct app *a, int step)
{
	struct attach *at = attach_of(a);
	const struct msess *s = menu_waiting(a, step);
	if (s)
		go_to(a, s->id);
	else if (step < 0 && *at->before)
		go_to(a, at->before);
	else
		app_toast(a, false, "no other session needs you");
}

static void
go_next(struct app *a)
{
	go_waiting(a, 1);
}

static void
go_previous(struct app *a)
{
	go_waiting(a, -1);
}

/* Waits for the list that the opening of the menu asked for, if it is still on its way. */
static void
with_list(struct app *a, void (*then)(struct app *a))
{
	if (a->m.loaded)
		then(a);
	else
		attach_of(a)->then = then;
}

/* --- actions ---------------------------------------------------------------------------------- */

void
act_menu_leave(struct app *a)
{
	while (app_top(a) != &view_attach)
		app_pop(a);
	if (a->stack[0].v == &view_attach)
		a->ops.quit(a->ops.ctx);
	else
		app_pop(a);
}

void
act_menu_next(struct app *a)
{
	with_list(a, go_next);
}

void
act_menu_previous(struct app *a)
{
	with_list(a, go_previous);
}

void
act_menu_jump(struct app *a)
{
	size_t i = a->key.key - '1';
	if (i < a->m.n_shown)
		go_to(a, a->m.shown[i]->id);
	else
		app_toast(a, true, "no session %zu: there %s %zu", i + 1,
			a->m.n_shown == 1 ? "is" : "are", a->m.n_shown);
}

void
act_menu_back(struct app *a)
{
	back_enter(a, false);
	if (a->key.key == KEY_PGUP)
		back_by(back_of(a), surface_rows(a->d.s) - 1);
}

void
act_menu_find(struct app *a)
{
	find_open(a);
}

void
act_menu_copy(struct app *a)
{
	back_enter(a, true);
}

void
act_menu_prefix(struct app *a)
{
	struct pane *p = attach_of(a)->pane;
	if (p->view && !attach_reads_only(a))
		a->ops.view_input(a->ops.ctx, p->view, &a->prefix);
}

void
act_menu_cancel(struct app *a)
{
	(void)a; /* the menu goes before any action */
}

static bool
menu_input(struct app *a, void *st, const struct input_event *ev)
{
	(void)st;
	if (ev->type != INPUT_KEY || ev->action == KEY_RELEASE)
		return ev->type != INPUT_MOUSE;
	if (key_matches(ev, &a->prefix)) {
		act_menu_leave(a);
	} else if (keymap_find(C_MENU, ev)) {
		return false;
	} else if (ev->key < KEY_NONE) { /* modifier keys on their own decide nothing */
		app_pop(a);
		app_dead_key(a, C_MENU, ev);
	}
	return true;
}

static void
menu_pick(struct app *a, void *st, int index, bool twice)
{
	(void)st;
	(void)twice;
	app_pop(a);
	if (index < (int)a->m.n_shown)
		go_to(a, a->m.shown[index]->id);
}

static void
menu_open(struct app *a, void *st, const char *arg)
{
	(void)st;
	(void)arg;
	if (!a->watching && a->connected)
		app_watch(a);
}

/* --- drawing ---------------------------------------------------------------------------------- */

/* Hints as they flow over the lines of a box; without a box they are only counted. */
struct flow {
	struct app *a;
	int y, x, left, right;
	bool draw;
};

static void
flow_put(struct flow *f, struct hit hit, const char *key, enum theme_style th, const char *text)
{
	int w = utf8_width(key) + 1 + utf8_width(text), from;
	if (f->x > f->left && f->x + w > f->right) {
		f->y++;
		f->x = f->left;
	}
	from = f->x;
	if (f->draw) {
		f->x += draw_text(&f->a->d, f->y, f->x, f->right - f->x, TH_KEY, key) + 1;
		draw_cut(&f->a->d, f->y, f->x, f->right - f->x, th, text);
		draw_hit(&f->a->d, hit.kind, f->y, from, 1, w, hit.index);
	}
	f->x = from + w + 4;
}

static const struct {
	enum action_id id;
	const char *text;
} items[] = {
	{ACTION_MENU_LEAVE, ""}, /* where it leads */
	{ACTION_MENU_NEXT, "next that needs you"},
	{ACTION_MENU_PREVIOUS, "previous"},
	{ACTION_MENU_BACK, "scrollback"},
	{ACTION_MENU_FIND, "find"},
	{ACTION_MENU_COPY, "copy"},
	{ACTION_MEMORY, "memory"},
	{ACTION_HIBERNATE, "sleep"},
	{ACTION_STOP, "end…"},
	{ACTION_MENU_PREFIX, "send "},
	{ACTION_PALETTE, "command"},
	{ACTION_HELP, "all keys"},
	{ACTION_MENU_CANCEL, "cancel"},
};

static void
flow_hints(struct flow *f)
{
	struct app *a = f->a;
	const struct msess *next = menu_waiting(a, 1);
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		enum action_id id = items[i].id;
		char key[48], text[96];
		keymap_label(&actions[id], a->d.theme.ascii, key);
		snprintf(text, sizeof text, "%s",
			id == ACTION_MENU_LEAVE ? attach_below(a) : items[i].text);
		if (id == ACTION_MENU_LEAVE)
			snprintf(key, sizeof key, "d or %s", a->prefix_label);
		if (id == ACTION_MENU_NEXT && next)
			snprintf(text, sizeof text, "%s (%.20s)", items[i].text, next->name);
		if (id == ACTION_MENU_PREFIX)
			snprintf(text, sizeof text, "send %s", a->prefix_label);
		flow_put(f, (struct hit){.kind = HIT_ACTION, .index = id}, key, TH_TEXT, text);
	}
}

/* "1 api-refactor needs you  2 docs-i18n": what the digits lead to. */
static void
flow_sessions(struct flow *f)
{
	struct app *a = f->a;
	f->y += 2;
	f->x = f->left;
	for (size_t i = 0; i < a->m.n_shown && i < 9; i++) {
		const struct msess *s = a->m.shown[i];
		bool waits = msess_group(s) == GR_NEEDS, here = !strcmp(s->id, a->m.sel);
		char key[2] = {(char)('1' + i), 0}, text[96];
		snprintf(text, sizeof text, "%s%s", s->name, waits ? " needs you" : "");
		flow_put(f, (struct hit){.kind = HIT_ITEM, .index = (int)i}, key,
			waits  ? TH_NEEDS
			: here ? TH_DIM
			       : TH_TEXT,
			text);
	}
}

static void
menu_header(struct app *a, char *s, size_t n)
{
	const struct msess *me = model_selected(&a->m);
	char b[16];
	int others = others_waiting(a);
	size_t k = 0;
	if (me)
		k += (size_t)snprintf(s, n, " %s ", me->name);
	if (me && me->footprint)
		k += (size_t)snprintf(s + k, n - k, " %s ", fmt_mem(b, (double)me->footprint));
	if (me && me->growth >= GROWTH_FAST)
		k += (size_t)snprintf(s + k, n - k, " +%s/h ", fmt_mem(b, me->growth_bytes_per_h));
	if (others)
		snprintf(s + k, n - k, "  %d other%s need%s you ", others, others > 1 ? "s" : "",
			others > 1 ? "" : "s");
}

static void
menu_draw(struct app *a, void *st)
{
	int w = surface_cols(a->d.s), rows = surface_rows(a->d.s);
	char head[160] = "", title[48];
	struct flow f = {.a = a, .y = 1, .x = 2, .left = 2, .right = w - 2};
	(void)st;
	flow_hints(&f);
	int hints = f.y;
	flow_sessions(&f);
	bool sessions = a->m.n_shown > 1 && f.y + 2 < rows;
	int h = MIN((sessions ? f.y : hints) + 2, rows);
	surface_layer(a->d.s, 0, 0, h, w);
	snprintf(title, sizeof title, "%s pressed", a->prefix_label);
	draw_box(&a->d, 0, 0, h, w, TH_BORDER, title);
	menu_header(a, head, sizeof head);
	if (utf8_width(head) + utf8_width(title) + 8 < w)
		draw_right(&a->d, 0, w - 2, w, TH_TEXT, head);
	f = (struct flow){.a = a, .y = 1, .x = 2, .left = 2, .right = w - 2, .draw = true};
	flow_hints(&f);
	if (sessions)
		flow_sessions(&f);
}

const struct view view_menu = {
	.name = "menu",
	.context = C_MENU,
	.over = true,
	.passing = true,
	.open = menu_open,
	.draw = menu_draw,
	.input = menu_input,
	.pick = menu_pick,
};
