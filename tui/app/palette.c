/* ":": every command by name, narrowed while typing; a command that takes words gets what follows
 * its name ("rename blue-fox"). */
#include "tui/app/frame.h"
#include "core/text/width.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct palette_state {
	struct line_edit line;
	int sel;
	struct found {
		int action, score;
	} found[ACTION_COUNT];
	int n;
};

/* How well typed text names it: whole prefix, then letters in order, then the help's words; 0 =
 * not. */
static int
score(const struct action *act, const char *typed, size_t n)
{
	char name[32];
	if (n == 0)
		return 1;
	int len = (int)strlen(keymap_name(act, name, NULL));
	if (!strncasecmp(name, typed, n))
		return 1000 - len;
	size_t k = 0;
	for (const char *p = name; *p && k < n; p++)
		k += tolower((unsigned char)*p) == tolower((unsigned char)typed[k]);
	if (k == n)
		return 500 - len;
	char word[64];
	snprintf(word, sizeof word, "%.*s", (int)MIN(n, sizeof word - 1), typed);
	return strcasestr(act->help, word) ? 100 : 0;
}

static int
found_cmp(const void *pa, const void *pb)
{
	const struct found *a = pa, *b = pb;
	return a->score != b->score ? b->score - a->score : a->action - b->action;
}

static void
palette_find(struct palette_state *st)
{
	size_t n = strcspn(st->line.text, " ");
	st->n = 0;
	for (int i = 0; i < ACTION_COUNT; i++) {
		int s = *actions[i].palette ? score(&actions[i], st->line.text, n) : 0;
		if (s > 0)
			st->found[st->n++] = (struct found){i, s};
	}
	if (n > 0)
		qsort(st->found, (size_t)st->n, sizeof *st->found, found_cmp);
	st->sel = CLAMP(st->sel, 0, MAX(0, st->n - 1));
}

static void
palette_open(struct app *a, void *p, const char *arg)
{
	struct palette_state *st = p;
	(void)a;
	line_set(&st->line, arg ? arg : "");
	palette_find(st);
}

static void
palette_draw(struct app *a, void *p)
{
	struct palette_state *st = p;
	int cols = surface_cols(a->d.s), rows = surface_rows(a->d.s);
	int w = MIN(76, cols - 2), h = MIN(rows, MIN(st->n, 14) + 4);
	int y = rows < 16 ? 0 : 3, x = (cols - w) / 2, list_h = h - 4;
	h = MIN(h, rows - y);
	surface_layer(a->d.s, y, x, h, w);
	draw_box(&a->d, 0, 0, h, w, TH_BORDER, NULL);
	draw_text(&a->d, 1, 2, 2, TH_KEY, ":");
	draw_line(&a->d, &st->line, 1, 4, w - 6, true, "a command");
	surface_fill(a->d.s, 2, 1, 1, w - 2, a->d.theme.glyph[GL_H], draw_style(&a->d, TH_RULE));
	int from = CLAMP(st->sel - list_h / 2, 0, MAX(0, st->n - list_h));
	for (int i = 0; i < list_h && from + i < st->n; i++) {
		const struct action *act = &actions[st->found[from + i].action];
		char key[16], name[32];
		bool more;
		a->d.on_sel = from + i == st->sel;
		if (a->d.on_sel)
			surface_fill(a->d.s, 3 + i, 1, 1, w - 2, " ", draw_style(&a->d, TH_SEL));
		if (a->d.on_sel)
			draw_glyph(&a->d, 3 + i, 1, TH_MARK, GL_BAR);
		keymap_name(act, name, &more);
		draw_fmt(&a->d, 3 + i, 3, 12, TH_STRONG, "%s%s", name,
			more ? a->d.theme.glyph[GL_ELLIPSIS] : "");
		draw_cut(&a->d, 3 + i, 15, w - 15 - 8, TH_TEXT, act->help);
		draw_right(
			&a->d, 3 + i, w - 2, 6, TH_KEY, keymap_label(act, a->d.theme.ascii, key));
		a->d.on_sel = false;
		draw_hit(&a->d, HIT_ITEM, y + 3 + i, x + 1, 1, w - 2, from + i);
	}
}

/* Commands with words act at once; without any they ask for them. */
static void
run(struct app *a, const struct action *act, const char *words)
{
	app_run_action(a, (enum action_id)(act - actions));
	bool line = app_top(a) == &view_line;
	if (!*words || (!line && app_top(a) != &view_search))
		return;
	struct input_event paste = {
		.type = INPUT_PASTE, .bytes = (const uint8_t *)words, .len = strlen(words)};
	struct input_event clear = {.type = INPUT_KEY, .key = 'u', .mods = MOD_CTRL};
	struct input_event enter = {.type = INPUT_KEY, .key = 13};
	app_input(a, &clear);
	app_input(a, &paste);
	if (line)
		app_input(a, &enter);
}

void
act_line_go(struct app *a)
{
	struct palette_state *st = app_state(a, &view_palette);
	if (!st)
		return;
	if (st->n == 0) {
		app_toast(a, true, "no such command: %s", st->line.text);
		app_pop(a);
		return;
	}
	const struct action *act = &actions[st->found[st->sel].action];
	char words[sizeof st->line.text];
	size_t n = strcspn(st->line.text, " ");
	snprintf(words, sizeof words, "%s", st->line.text + n + strspn(st->line.text + n, " "));
	app_pop(a);
	run(a, act, words);
}

void
act_line_up(struct app *a)
{
	struct palette_state *st = app_state(a, &view_palette);
	if (st)
		st->sel = MAX(0, st->sel - 1);
}

void
act_line_down(struct app *a)
{
	struct palette_state *st = app_state(a, &view_palette);
	if (st)
		st->sel = MIN(st->n - 1, st->sel + 1);
}

static bool
palette_text(struct app *a, void *p, const struct input_event *ev)
{
	struct palette_state *st = p;
	(void)a;
	if (!line_input(&st->line, ev))
		return false;
	st->sel = 0;
	palette_find(st);
	return true;
}

static void
palette_pick(struct app *a, void *p, int index, bool twice)
{
	struct palette_state *st = p;
	(void)twice;
	st->sel = CLAMP(index, 0, MAX(0, st->n - 1));
	act_line_go(a);
}

static void
palette_wheel(struct app *a, void *p, int by)
{
	(void)p;
	if (by < 0)
		act_line_up(a);
	else
		act_line_down(a);
}

const struct view view_palette = {
	.name = "palette",
	.context = C_LINE,
	.over = true,
	.size = sizeof(struct palette_state),
	.open = palette_open,
	.draw = palette_draw,
	.text = palette_text,
	.pick = palette_pick,
	.wheel = palette_wheel,
};
