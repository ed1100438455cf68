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

/* The first n bytes of typed in text, whatever their case; NULL. */
static const char *
strcasestr_n(const char *text, const char *typed, size_t n)
{
	for (; *text; text++)
		if (!strncasecmp(text, typed, n))
			return text;
	return NULL;
}

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
	return strcasestr_n(act->help, typed, n) ? 100 : 0;
}

/* Where a command stands: what has to be so for it. */
enum need {
	NEED_NOTHING,
	NEED_LIST,
	NEED_ONE,
	NEED_RUNNING,
	NEED_ENDED,
	NEED_TAG,
	NEED_SLEPT,
	NEED_WAITING
};
static const uint8_t needs[ACTION_COUNT] = {[ACTION_FOCUS] = NEED_LIST,
	[ACTION_FILTER] = NEED_LIST,
	[ACTION_MARK] = NEED_LIST,
	[ACTION_WALL] = NEED_LIST,
	[ACTION_SORT] = NEED_LIST,
	[ACTION_GROUP] = NEED_LIST,
	[ACTION_ENDED] = NEED_LIST,
	[ACTION_ATTACH] = NEED_ONE,
	[ACTION_PEEK] = NEED_ONE,
	[ACTION_MEMORY] = NEED_ONE,
	[ACTION_EXPLAIN] = NEED_ONE,
	[ACTION_PIN] = NEED_ONE,
	[ACTION_RENAME] = NEED_ONE,
	[ACTION_TAG] = NEED_ONE,
	[ACTION_NOTE] = NEED_ONE,
	[ACTION_ARCHIVE] = NEED_ONE,
	[ACTION_FOOTPRINT] = NEED_RUNNING,
	[ACTION_HIBERNATE] = NEED_RUNNING,
	[ACTION_STOP] = NEED_RUNNING,
	[ACTION_SEND] = NEED_RUNNING,
	[ACTION_RESUME] = NEED_ENDED,
	[ACTION_FORGET] = NEED_ENDED,
	[ACTION_UNTAG] = NEED_TAG,
	[ACTION_UNDO] = NEED_SLEPT,
	[ACTION_NEXT_NEED] = NEED_WAITING};

/* Whether a command can do nothing here, and why. Of several marked sessions the server decides. */
static bool
why_not(struct app *a, enum action_id id, char *why, size_t cap)
{
	const struct msess *s = model_selected(&a->m);
	enum need need = needs[id];
	const char *text = NULL;
	bool marked = false;
	for (size_t i = 0; i < a->m.n; i++)
		marked |= a->m.all[i]->marked;
	if (need == NEED_LIST && a->stack[app_lowest(a)].v != &view_list)
		text = "only in the list";
	else if (need == NEED_SLEPT && !a->n_undo)
		text = "nothing was put to sleep";
	else if (need == NEED_WAITING && !model_sums(&a->m).group[GR_NEEDS])
		text = "no session needs you";
	else if (need >= NEED_ONE && need <= NEED_TAG && !s && !marked)
		text = "no session selected";
	snprintf(why, cap, "%s", text ? text : "");
	if (text || !s || marked)
		return text;
	if (need == NEED_RUNNING && !msess_live(s))
		snprintf(why, cap, "%s is not running", s->name);
	else if (need == NEED_ENDED && msess_live(s))
		snprintf(why, cap, id == ACTION_FORGET ? "%s is running" : "%s is already running",
			s->name);
	else if (need == NEED_TAG && !*s->tags)
		snprintf(why, cap, "%s has no tag", s->name);
	return *why;
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

/* Typed letters stand out where they were found. */
static int
draw_matched(struct app *a, int y, int x, int max, enum theme_style th, const char *text,
	const char *typed, size_t n)
{
	const char *whole = n ? strcasestr_n(text, typed, n) : NULL;
	int used = 0;
	size_t k = 0;
	for (const char *p = text; *p && used < max; p++) {
		bool hit = whole ? p >= whole && p < whole + n
				 : k < n && tolower((unsigned char)*p) ==
						    tolower((unsigned char)typed[k]);
		char letter[2] = {*p};
		k += hit;
		used += draw_text(&a->d, y, x + used, max - used, hit ? TH_MATCH : th, letter);
	}
	return used;
}

/* Its name and words, what it does or why it cannot be done, its key. */
static void
command_line(struct app *a, const struct palette_state *st, const struct action *act, int y, int w)
{
	char key[16], name[32], why[96];
	const char *words;
	size_t n = strcspn(st->line.text, " ");
	bool no = why_not(a, (enum action_id)(act - actions), why, sizeof why);
	keymap_name(act, name, &words);
	int x = 3 + draw_matched(a, y, 3, 14, no ? TH_DIM : TH_STRONG, name, st->line.text, n);
	draw_text(&a->d, y, x + 1, 16 - x, TH_DIM, words);
	draw_cut(&a->d, y, 17, w - 17 - 8, no ? TH_DIM : TH_TEXT, no ? why : act->help);
	draw_right(
		&a->d, y, w - 2, 6, no ? TH_DIM : TH_KEY, keymap_label(act, a->d.theme.ascii, key));
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
		a->d.on_sel = from + i == st->sel;
		if (a->d.on_sel)
			surface_fill(a->d.s, 3 + i, 1, 1, w - 2, " ", draw_style(&a->d, TH_SEL));
		if (a->d.on_sel)
			draw_glyph(&a->d, 3 + i, 1, TH_MARK, GL_BAR);
		command_line(a, st, act, 3 + i, w);
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
	char words[sizeof st->line.text], why[96];
	if (why_not(a, (enum action_id)(act - actions), why, sizeof why)) {
		app_toast(a, true, "%s", why);
		return;
	}
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
