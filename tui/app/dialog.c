/* Small questions over the screen: a yes or no, and a line of text. */
#include "tui/app/dialog.h"
#include "tui/app/frame.h"
#include "core/text/width.h"
#include <stdio.h>
#include <string.h>

static const struct view view_confirm;

struct confirm_state {
	char title[96], text[256], yes[32];
	char id[UNDO_MAX * 16];
	void (*cb)(struct app *a, const char *id);
	bool on_yes;
};

void
app_confirm(struct app *a, const char *title, const char *text, const char *yes,
	void (*cb)(struct app *a, const char *id), const char *id)
{
	app_push(a, &view_confirm, NULL);
	struct confirm_state *st = app_state(a, &view_confirm);
	snprintf(st->title, sizeof st->title, "%s", title);
	snprintf(st->text, sizeof st->text, "%s", text);
	snprintf(st->yes, sizeof st->yes, "%s", yes);
	snprintf(st->id, sizeof st->id, "%s", id);
	st->cb = cb;
}

/* Where there is no room for a box: the question, and the keys that answer it: "n Cancel  y End",
 * or "y / N". */
static void
confirm_line(struct app *a, const struct confirm_state *st)
{
	int w = surface_cols(a->d.s), rows = surface_rows(a->d.s), x = 0, cancel;
	bool words = utf8_width(st->yes) + 12 <= w, one = rows < 2;
	int y = one ? 0 : rows - 2, keys = !one;
	surface_layer(a->d.s, y, 0, 1 + keys, w);
	surface_fill(a->d.s, 0, 0, 1 + keys, w, " ", draw_style(&a->d, TH_TEXT));
	x = draw_cut(&a->d, 0, 0, one ? w - 7 : w, TH_DANGER, st->title);
	x = one ? x + 2 : 0;
	if (words && !one) {
		cancel = draw_text(&a->d, 1, 0, w, TH_KEY, "n");
		cancel += draw_text(&a->d, 1, cancel, w, TH_TEXT, " Cancel");
		x = cancel + 2;
		draw_hit(&a->d, HIT_ITEM, y + 1, 0, 1, cancel, 0);
		int n = draw_text(&a->d, 1, x, w, TH_KEY, "y");
		n += draw_fmt(&a->d, 1, x + n, w, TH_TEXT, " %s", st->yes);
		draw_hit(&a->d, HIT_ITEM, y + 1, x, 1, n, 1);
		return;
	}
	draw_text(&a->d, keys, x, w, TH_TEXT, "y / N");
	draw_hit(&a->d, HIT_ITEM, y + keys, x, 1, 1, 1);
	draw_hit(&a->d, HIT_ITEM, y + keys, x + 4, 1, 1, 0);
}

static void
confirm_draw(struct app *a, void *p)
{
	struct confirm_state *st = p;
	int cols = surface_cols(a->d.s), rows = surface_rows(a->d.s);
	int yes_w = utf8_width(st->yes) + 4, w = MIN(64, cols - 2);
	if (w < yes_w + 20 || rows < 7) {
		confirm_line(a, st);
		return;
	}
	int h = MIN(6 + draw_wrapped(NULL, 0, 0, 8, w - 6, TH_TEXT, st->text), rows);
	int y = (rows - h) / 2, x = (cols - w) / 2;
	surface_layer(a->d.s, y, x, h, w);
	draw_box(&a->d, 0, 0, h, w, TH_BORDER, st->title);
	draw_wrapped(&a->d, 2, 3, h - 5, w - 6, TH_TEXT, st->text);
	int at = w - 3 - 10 - 2 - yes_w;
	draw_button(&a->d, h - 2, at, "Cancel", !st->on_yes);
	draw_hit(&a->d, HIT_ITEM, y + h - 2, x + at, 1, 10, 0);
	draw_button(&a->d, h - 2, at + 12, st->yes, st->on_yes);
	draw_hit(&a->d, HIT_ITEM, y + h - 2, x + at + 12, 1, yes_w, 1);
}

void
act_dialog_next(struct app *a)
{
	struct confirm_state *st = app_state(a, &view_confirm);
	st->on_yes = !st->on_yes;
}

void
act_dialog_press(struct app *a)
{
	struct confirm_state st = *(struct confirm_state *)app_state(a, &view_confirm);
	app_pop(a);
	if (st.on_yes)
		st.cb(a, st.id);
}

void
act_dialog_yes(struct app *a)
{
	struct confirm_state *st = app_state(a, &view_confirm);
	st->on_yes = true;
	act_dialog_press(a);
}

static void
confirm_pick(struct app *a, void *p, int index, bool twice)
{
	struct confirm_state *st = p;
	(void)twice;
	st->on_yes = index == 1;
	act_dialog_press(a);
}

static const struct view view_confirm = {
	.name = "confirm",
	.context = C_DIALOG,
	.over = true,
	.size = sizeof(struct confirm_state),
	.draw = confirm_draw,
	.pick = confirm_pick,
};

struct ask_state {
	char title[96], id[16];
	struct line_edit line;
	void (*cb)(struct app *a, const char *id, const char *text);
};

void
app_ask(struct app *a, const char *title, const char *initial,
	void (*cb)(struct app *a, const char *id, const char *text), const char *id)
{
	app_push(a, &view_line, NULL);
	struct ask_state *st = app_state(a, &view_line);
	struct msess *s = model_find(&a->m, id);
	snprintf(st->title, sizeof st->title, "%s: %s", s ? s->name : id, title);
	snprintf(st->id, sizeof st->id, "%s", id);
	line_set(&st->line, initial);
	st->cb = cb;
}

static void
ask_draw(struct app *a, void *p)
{
	struct ask_state *st = p;
	int cols = surface_cols(a->d.s), rows = surface_rows(a->d.s);
	int w = MIN(64, cols - 2), h = MIN(5, rows);
	surface_layer(a->d.s, (rows - h) / 2, (cols - w) / 2, h, w);
	draw_box(&a->d, 0, 0, h, w, TH_BORDER, st->title);
	draw_glyph(&a->d, h / 2, 3, TH_KEY, GL_ARROW);
	draw_line(&a->d, &st->line, h / 2, 5, w - 8, true, NULL);
}

static bool
ask_text(struct app *a, void *p, const struct input_event *ev)
{
	struct ask_state *st = p;
	if (key_is(ev, "Enter")) {
		struct ask_state done = *st;
		app_pop(a);
		done.cb(a, done.id, done.line.text);
		return true;
	}
	return line_input(&st->line, ev);
}

const struct view view_line = {
	.name = "line",
	.context = C_LINE,
	.over = true,
	.size = sizeof(struct ask_state),
	.draw = ask_draw,
	.text = ask_text,
};
