/* Looking back: the server sends frames of the place scrolled to and keeps that place while output
 * goes on (look {hold}), at the live end too, so that what is read or selected stands still. */
#include "tui/attach/attach_priv.h"

#include "core/page/tab.h"
#include "core/text/width.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHEEL_ROWS 3

static uint64_t
top_row(const struct attach *a)
{
	return a->total - MIN(a->back, a->total);
}

/* --- selection -------------------------------------------------------------------------------- */

static void
select_end(struct attach *a)
{
	a->selecting = false;
	select_clear(&a->sel);
}

static void
copy_selection(struct attach *a)
{
	char said[SELECT_SAID];
	select_copy(&a->sel, a->outer, said);
	if (*said)
		attach_say(a, "%s", said);
	select_end(a);
}

static void
select_from(struct attach *a, int y, int x, enum select_unit unit)
{
	struct grid g = canvas_grid(a->screen);
	select_start(&a->sel, &g, top_row(a), y, x, unit);
	a->selecting = true;
}

/* --- moving ----------------------------------------------------------------------------------- */

static void
hold(struct attach *a, bool on)
{
	if (a->holding == on || !a->view || a->lost)
		return;
	a->holding = on;
	a->placed = false;
	attach_look(a, json_pack("{s:b}", "hold", on), NULL);
}

void
scroll_enter(struct attach *a, bool copy)
{
	struct grid g = canvas_grid(a->screen);
	a->copying = copy;
	a->cy = g.cursor.visible ? g.cursor.row : g.rows - 1;
	a->cx = g.cursor.visible ? g.cursor.col : 0;
	hold(a, true);
	attach_mode(a, AT_SCROLL);
}

void
scroll_leave(struct attach *a)
{
	a->copying = a->dragging = a->help = false;
	select_end(a);
	find_drop(a);
	hold(a, false);
	a->back = 0;
	a->toast[0] = '\0';
	attach_mode(a, AT_LIVE);
}

void
scroll_to(struct attach *a, uint64_t back)
{
	if (!a->view || a->lost)
		return;
	a->back = back;
	client_view_scroll(a->client, a->view, back);
}

void
scroll_by(struct attach *a, int64_t rows)
{
	if (rows < 0 && (uint64_t)-rows >= a->back) {
		if (a->back)
			scroll_to(a, 0);
		return;
	}
	uint64_t back = rows < 0 ? a->back - (uint64_t)-rows : a->back + (uint64_t)rows;
	scroll_to(a, a->placed ? MIN(back, a->total) : back);
}

void
scroll_frame(struct attach *a)
{
	struct grid g = canvas_grid(a->screen);
	if (a->selecting)
		select_seen(&a->sel, &g, top_row(a));
}

/* A selection may have begun before anyone said how many rows there are above. */
void
scroll_told(struct attach *a, uint64_t back, uint64_t total)
{
	uint64_t was = top_row(a);
	a->back = back;
	a->total = total;
	if (!a->placed && a->selecting)
		select_shift(&a->sel, (int64_t)(top_row(a) - was));
	a->placed = true;
	outer_damage(a->outer);
}

void
scroll_free(struct attach *a)
{
	select_end(a);
	a->done = true;
	find_drop(a);
}

int
scroll_focus(const struct attach *a)
{
	const struct hit_mark *m = find_current(a);
	return a->copying ? a->cy : m ? m->y : -1;
}

/* The copy cursor moves; at an edge the view scrolls under it. */
static void
cursor_by(struct attach *a, int dy, int dx)
{
	struct grid g = canvas_grid(a->screen);
	int last = g.rows - 1, y = a->cy + dy;
	a->cx = CLAMP(a->cx + dx, 0, g.cols - 1);
	if (y < 0)
		scroll_by(a, -y);
	else if (y > last)
		scroll_by(a, last - y);
	a->cy = CLAMP(y, 0, last);
	if (a->selecting)
		select_to(&a->sel, top_row(a), a->cy, a->cx);
}

static void
move_by(struct attach *a, int rows)
{
	if (a->copying)
		cursor_by(a, -rows, 0);
	else
		scroll_by(a, rows);
}

static int
page(const struct attach *a)
{
	struct grid g = canvas_grid(a->screen);
	return MAX(1, MIN(outer_rows(a->outer), g.rows) - 2);
}

/* --- prompts ---------------------------------------------------------------------------------- */

static void
on_prompt(void *ctx, json_t *reply, const struct err *e)
{
	struct attach *a = attach_check(ctx);
	if (a->done)
		return;
	if (e)
		attach_say(a, "%s", e->msg);
	else if (!json_is_true(json_object_get(reply, "found")))
		attach_say(a, "no more prompts that way");
	else if (json_is_true(json_object_get(reply, "guessed")))
		attach_say(a, "by its look: this shell does not mark its prompts");
}

static void
k_prompt_above(struct attach *a)
{
	attach_look(a, json_pack("{s:i}", "prompt", -1), on_prompt);
}

static void
k_prompt_below(struct attach *a)
{
	attach_look(a, json_pack("{s:i}", "prompt", 1), on_prompt);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void
k_up(struct attach *a)
{
	move_by(a, 1);
}

static void
k_down(struct attach *a)
{
	if (!a->copying && a->back == 0)
		scroll_leave(a);
	else
		move_by(a, -1);
}

static void
k_left(struct attach *a)
{
	cursor_by(a, 0, -1);
}

static void
k_right(struct attach *a)
{
	cursor_by(a, 0, 1);
}

static void
k_page_up(struct attach *a)
{
	scroll_by(a, page(a));
	cursor_by(a, 0, 0);
}

static void
k_page_down(struct attach *a)
{
	if (!a->back && !a->copying)
		scroll_leave(a);
	else
		scroll_by(a, -page(a));
	cursor_by(a, 0, 0);
}

static void
k_top(struct attach *a)
{
	scroll_to(a, UINT32_MAX); /* the server knows how far that is */
	a->cy = 0;
	cursor_by(a, 0, 0);
}

static void
k_bottom(struct attach *a)
{
	if (a->back)
		scroll_to(a, 0);
	cursor_by(a, canvas_grid(a->screen).rows, 0);
}

static void
k_line_start(struct attach *a)
{
	cursor_by(a, 0, -a->cx);
}

static void
k_line_end(struct attach *a)
{
	struct grid g = canvas_grid(a->screen);
	int len = a->cy < g.rows ? g.row[a->cy]->len : 0;
	cursor_by(a, 0, MAX(len - 1, 0) - a->cx);
}

/* From looking to copying: the cursor comes to where one looks. */
static void
copying(struct attach *a)
{
	struct grid g = canvas_grid(a->screen);
	const struct hit_mark *m = find_current(a);
	if (a->copying)
		return;
	if (m) {
		a->cy = m->y;
		a->cx = m->x0;
	}
	a->cy = CLAMP(a->cy, 0, g.rows - 1);
	a->cx = CLAMP(a->cx, 0, g.cols - 1);
	a->copying = true;
}

static void
k_select(struct attach *a)
{
	if (!a->copying)
		copying(a);
	else if (a->selecting)
		select_end(a);
	else
		select_from(a, a->cy, a->cx, SELECT_CELLS);
}

static void
k_select_line(struct attach *a)
{
	copying(a);
	select_from(a, a->cy, a->cx, SELECT_LINES);
}

static void
k_select_word(struct attach *a)
{
	copying(a);
	select_from(a, a->cy, a->cx, SELECT_WORDS);
}

static void
k_copy(struct attach *a)
{
	if (!a->selecting)
		return;
	copy_selection(a);
	char said[sizeof(a->toast)];
	memcpy(said, a->toast, sizeof(said));
	scroll_leave(a);
	attach_say(a, "%s", said);
}

static void
k_enter(struct attach *a)
{
	if (a->selecting)
		k_copy(a);
	else if (a->copying)
		k_select(a);
	else
		scroll_leave(a);
}

static void
k_escape(struct attach *a)
{
	if (a->selecting)
		select_end(a);
	else if (a->find.line.len)
		find_drop(a);
	else
		scroll_leave(a);
}

static void
k_help(struct attach *a)
{
	a->help = true;
}

static const struct {
	const char *keys, *help;
	void (*run)(struct attach *a);
} actions[] = {
#define X(keys, help, fn) {keys, help, fn},
#include "tui/attach/scroll_actions.def"
#undef X
};

const char *
attach_scroll_help(size_t i, const char **keys)
{
	if (i >= ARRAY_LEN(actions))
		return NULL;
	*keys = actions[i].keys;
	return actions[i].help;
}

void
scroll_key(struct attach *a, const struct input_event *ev)
{
	if (ev->type == INPUT_MOUSE) {
		scroll_mouse(a, ev);
		return;
	}
	if (ev->type != INPUT_KEY)
		return;
	if (key_matches(ev, &a->prefix)) {
		scroll_leave(a);
		menu_open(a);
		return;
	}
	bool help = a->help;
	a->help = help && ev->key >= KEY_NONE; /* any key puts it away */
	for (size_t i = 0; i < ARRAY_LEN(actions) && !help; i++)
		if (keys_match(actions[i].keys, ev)) {
			actions[i].run(a);
			break;
		}
	outer_damage(a->outer);
}

/* --- mouse ------------------------------------------------------------------------------------ */

static void
wheel(struct attach *a, bool up)
{
	if (a->mode == AT_LIVE) {
		if (!up)
			return;
		scroll_enter(a, false);
	}
	if (!up && a->back <= WHEEL_ROWS && !a->selecting && !a->find.line.len) {
		scroll_leave(a);
		return;
	}
	scroll_by(a, up ? WHEEL_ROWS : -WHEEL_ROWS);
}

static void
press(struct attach *a, int y, int x)
{
	static const enum select_unit units[] = {SELECT_CELLS, SELECT_WORDS, SELECT_LINES};
	int n = (clicks_count(&a->clicks, uv_now(a->loop), y, x) - 1) % 3;
	select_end(a);
	hold(a, true);
	a->dragging = true;
	a->cy = y;
	a->cx = x;
	if (n)
		select_from(a, y, x, units[n]);
}

static void
drag(struct attach *a, int y, int x)
{
	struct grid g = canvas_grid(a->screen);
	if (!a->selecting)
		select_from(a, a->cy, a->cx, SELECT_CELLS);
	/* at an edge the text comes towards the pointer */
	if (a->mode == AT_SCROLL && y <= 0)
		scroll_by(a, 1);
	else if (a->mode == AT_SCROLL && y >= g.rows - 1)
		scroll_by(a, -1);
	select_to(&a->sel, top_row(a), y, x);
}

/* Drag with the left button selects, a double click a word, a triple one a line; letting go copies.
 */
void
scroll_mouse(struct attach *a, const struct input_event *ev)
{
	int y = ev->row + a->sy, x = ev->col;
	if (ev->button == 64 || ev->button == 65) {
		wheel(a, ev->button == 64);
	} else if (ev->button == 0 && !ev->motion && !ev->release) {
		press(a, y, x);
	} else if (ev->button == 0 && ev->motion && a->dragging) {
		drag(a, y, x);
	} else if (ev->release && a->dragging) {
		a->dragging = false;
		if (a->selecting)
			copy_selection(a);
		if (a->mode == AT_LIVE)
			hold(a, false);
	} else {
		return;
	}
	outer_damage(a->outer);
}

/* --- drawing ---------------------------------------------------------------------------------- */

static void
draw_selection(struct attach *a)
{
	int rows = outer_rows(a->outer), cols = outer_cols(a->outer), x0, x1;
	for (int y = 0; y < rows; y++)
		if (select_cells(&a->sel, top_row(a) + (uint64_t)(y + a->sy), cols, &x0, &x1))
			mark_selected(a->comp, y, x0, x1);
}

/* 9,832: figures that long are read in threes. */
static const char *
thousands(char *buf, size_t cap, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	size_t k = 0;
	for (int i = 0; i < len && k + 2 < cap; i++) {
		if (i && (len - i) % 3 == 0)
			buf[k++] = ',';
		buf[k++] = digits[i];
	}
	buf[k] = '\0';
	return buf;
}

/* The hints that fit, the first ones first. */
static void
hints(const struct attach *a, char *s, size_t n, int room)
{
	static const char *const copy[] = {"v select", "y copy", "w word", "V line", "esc back"},
				 *const find[] = {"enter keeps it", "↑↓ hit", "^R regex",
					 "esc back"},
				 *const back[] = {"? keys", "/ find", "n N hit", "[ ] prompt",
					 "v copy", "q live"};
	const char *const *list = a->mode == AT_FIND ? find : a->copying ? copy : back;
	size_t count = a->mode == AT_FIND ? ARRAY_LEN(find)
		       : a->copying	  ? ARRAY_LEN(copy)
					  : ARRAY_LEN(back),
	       len = 0;
	s[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		int w = utf8_width(list[i]) + 2;
		if (w > room || len + strlen(list[i]) + 3 > n)
			break;
		room -= w;
		len += (size_t)snprintf(s + len, n - len, "%s  ", list[i]);
	}
}

/* One line says where one is: at the bottom, or at the top while what is looked at is below it. */
static void
draw_bar(struct attach *a)
{
	static const struct style look = {.attrs = ATTR_INVERSE},
				  strong = {.attrs = ATTR_INVERSE | ATTR_BOLD};
	int rows = outer_rows(a->outer), cols = outer_cols(a->outer), focus = scroll_focus(a);
	int y = focus >= 0 && focus - a->sy == rows - 1 && rows > 1 ? 0 : rows - 1;
	char s[700], back[32], total[32], status[300], right[160];
	int x = 0;
	find_status(a, status, sizeof(status));
	paint_line(a, y, 0, cols, "", &look);
	if (a->mode == AT_FIND) {
		snprintf(s, sizeof(s), " %s ", a->find.regex ? "find regex" : "find");
		x += canvas_text(a->comp, y, x, cols, s, &strong);
		x += canvas_text(a->comp, y, x, cols - x, "> ", &look);
		int from = x;
		x += canvas_text(a->comp, y, x, cols - x, a->find.line.text, &look);
		char head[sizeof(a->find.line.text)];
		snprintf(head, sizeof(head), "%.*s", (int)a->find.line.at, a->find.line.text);
		canvas_set_cursor(
			a->comp, y, MIN(from + utf8_width(head), cols - 1), true, CURSOR_BAR);
	} else {
		snprintf(s, sizeof(s), " %s ", a->copying ? "copy" : "back");
		x += canvas_text(a->comp, y, x, cols, s, &strong);
		snprintf(s, sizeof(s), "%s/%s  ", thousands(back, sizeof(back), a->back),
			thousands(total, sizeof(total), a->total));
		x += canvas_text(a->comp, y, x, cols - x, s, &look);
		if (a->find.line.len) {
			snprintf(s, sizeof(s), "/%s", a->find.line.text);
			x += canvas_text(a->comp, y, x, MIN(cols - x, cols / 3), s, &strong);
		}
	}
	x += canvas_text(a->comp, y, x, cols - x, "   ", &look);
	x += canvas_text(a->comp, y, x, cols - x, status, &strong);
	hints(a, right, sizeof(right), cols - x - 2);
	int w = utf8_width(right);
	if (w && !a->toast[0])
		canvas_text(a->comp, y, cols - w, w, right, &look);
}

static void
draw_help(struct attach *a)
{
	static const struct style key = {.attrs = ATTR_BOLD};
	int rows = outer_rows(a->outer), cols = outer_cols(a->outer);
	int n = (int)ARRAY_LEN(actions), columns = rows < n + 4 && cols >= 76 ? 2 : 1;
	int per = (n + columns - 1) / columns, w = MIN(cols, columns == 2 ? 96 : 54);
	int h = MIN(per + 2, rows), y = MAX((rows - h) / 2, 0), x = (cols - w) / 2;
	if (paint_box(a, y, x, h, w, " Looking back ", "") < 0)
		return;
	for (int i = 0; i < n; i++) {
		int row = i % per, left = x + 2 + i / per * ((w - 2) / columns);
		char labels[64];
		if (row >= h - 2)
			continue;
		keys_labels(actions[i].keys, outer_caps(a->outer)->ascii, labels);
		canvas_text(a->comp, y + 1 + row, left, 14, labels, &key);
		canvas_text(a->comp, y + 1 + row, left + 14, (w - 2) / columns - 15,
			actions[i].help, NULL);
	}
}

void
scroll_draw(struct attach *a)
{
	int rows = outer_rows(a->outer), cols = outer_cols(a->outer);
	bool back = a->mode == AT_SCROLL || a->mode == AT_FIND;
	if (back)
		find_draw(a);
	if (a->selecting)
		draw_selection(a);
	if (!back)
		return;
	canvas_set_cursor(a->comp, CLAMP(a->cy - a->sy, 0, rows - 1), MIN(a->cx, cols - 1),
		a->copying, CURSOR_BLOCK);
	draw_bar(a);
	if (a->help)
		draw_help(a);
}
