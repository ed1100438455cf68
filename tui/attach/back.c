/* Looking back: the server sends frames of the place scrolled to and keeps that place while output
 * goes on (look {hold}), at the live end too, so that what is read or selected stands still. It lives
 * as long as its view stands over the session's. */
#include "tui/attach/attach_priv.h"
#include "core/text/width.h"
#include <stdio.h>
#include <string.h>

#define WHEEL_ROWS 3

struct back *
back_of(struct app *a)
{
	return app_state(a, &view_back);
}

static struct pane *
pane_of(struct app *a)
{
	return back_of(a)->at->pane;
}

static struct grid
grid_of(const struct pane *p)
{
	return canvas_grid(p->screen);
}

void
back_enter(struct app *a, bool copy)
{
	app_push(a, &view_back, copy ? "copy" : NULL);
}

void
back_leave(struct app *a)
{
	while (app_state(a, &view_back))
		app_pop(a);
}

static void
back_open(struct app *a, void *st, const char *arg)
{
	struct back *b = st;
	b->at = attach_of(a);
	struct pane *p = b->at->pane;
	struct grid g = grid_of(p);
	b->copying = arg != NULL;
	p->y = g.cursor.visible ? g.cursor.row : g.rows - 1;
	p->x = g.cursor.visible ? g.cursor.col : 0;
	pane_hold(p, true);
}

static void
back_close(struct app *a, void *st)
{
	struct back *b = st;
	(void)a;
	pane_select_end(b->at->pane);
	find_drop(b);
	pane_hold(b->at->pane, false);
	b->at->pane->back = 0;
}

void
back_by(struct back *b, int64_t rows)
{
	struct pane *p = b->at->pane;
	if (rows < 0 && (uint64_t)-rows >= p->back) {
		if (p->back)
			pane_scroll(p, 0);
		return;
	}
	uint64_t back = rows < 0 ? p->back - (uint64_t)-rows : p->back + (uint64_t)rows;
	pane_scroll(p, p->told ? MIN(back, p->total) : back);
}

int
back_focus(const struct back *b)
{
	const struct hit_at *h = find_now(b);
	const struct hit_mark *m = h ? marks_find(&b->at->pane->marks, h) : NULL;
	return b->copying ? b->at->pane->y : m ? m->y : -2;
}

/* The copy cursor moves; at an edge the view scrolls under it. */
static void
cursor_by(struct back *b, int dy, int dx)
{
	struct pane *p = b->at->pane;
	struct grid g = grid_of(p);
	int last = g.rows - 1, y = p->y + dy;
	p->x = CLAMP(p->x + dx, 0, g.cols - 1);
	if (y < 0)
		back_by(b, -y);
	else if (y > last)
		back_by(b, last - y);
	p->y = CLAMP(y, 0, last);
	pane_select_to(p, p->y, p->x);
}

static void
move_by(struct back *b, int rows)
{
	if (b->copying)
		cursor_by(b, -rows, 0);
	else
		back_by(b, rows);
}

static int
page(const struct app *a, const struct pane *p)
{
	return MAX(1, MIN(status_room(a).h, grid_of(p).rows) - 2);
}

/* --- prompts ---------------------------------------------------------------------------------- */

static void
prompt_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	(void)id;
	if (!back_of(a))
		return;
	if (e)
		app_toast(a, true, "%s", e->msg);
	else if (!json_is_true(json_object_get(reply, "found")))
		app_toast(a, true, "no more prompts that way");
	else if (json_is_true(json_object_get(reply, "guessed")))
		app_toast(a, false, "guessed: this shell does not mark its prompts");
}

void
act_back_prompt_above(struct app *a)
{
	pane_look(pane_of(a), json_pack("{s:i}", "prompt", -1), prompt_cb);
}

void
act_back_prompt_below(struct app *a)
{
	pane_look(pane_of(a), json_pack("{s:i}", "prompt", 1), prompt_cb);
}

/* --- keys ------------------------------------------------------------------------------------- */

void
act_back_up(struct app *a)
{
	move_by(back_of(a), 1);
}

void
act_back_down(struct app *a)
{
	struct back *b = back_of(a);
	if (!b->copying && pane_of(a)->back == 0)
		back_leave(a);
	else
		move_by(b, -1);
}

void
act_back_left(struct app *a)
{
	cursor_by(back_of(a), 0, -1);
}

void
act_back_right(struct app *a)
{
	cursor_by(back_of(a), 0, 1);
}

void
act_back_page_up(struct app *a)
{
	back_by(back_of(a), page(a, pane_of(a)));
	cursor_by(back_of(a), 0, 0);
}

void
act_back_page_down(struct app *a)
{
	struct back *b = back_of(a);
	if (!pane_of(a)->back && !b->copying) {
		back_leave(a);
		return;
	}
	back_by(b, -page(a, pane_of(a)));
	cursor_by(b, 0, 0);
}

void
act_back_top(struct app *a)
{
	pane_scroll(pane_of(a), UINT32_MAX); /* the server knows how far that is */
	pane_of(a)->y = 0;
	cursor_by(back_of(a), 0, 0);
}

void
act_back_bottom(struct app *a)
{
	if (pane_of(a)->back)
		pane_scroll(pane_of(a), 0);
	cursor_by(back_of(a), grid_of(pane_of(a)).rows, 0);
}

void
act_back_line_start(struct app *a)
{
	cursor_by(back_of(a), 0, -pane_of(a)->x);
}

void
act_back_line_end(struct app *a)
{
	struct pane *p = pane_of(a);
	struct grid g = grid_of(p);
	int len = p->y < g.rows ? g.row[p->y]->len : 0;
	cursor_by(back_of(a), 0, MAX(len - 1, 0) - p->x);
}

/* From looking to copying: the cursor comes to where one looks. */
static void
copying(struct back *b)
{
	struct pane *p = b->at->pane;
	struct grid g = grid_of(p);
	const struct hit_at *h = find_now(b);
	const struct hit_mark *m = h ? marks_find(&p->marks, h) : NULL;
	if (b->copying)
		return;
	if (m) {
		p->y = m->y;
		p->x = m->x0;
	}
	p->y = CLAMP(p->y, 0, g.rows - 1);
	p->x = CLAMP(p->x, 0, g.cols - 1);
	b->copying = true;
}

void
act_back_select(struct app *a)
{
	struct back *b = back_of(a);
	struct pane *p = pane_of(a);
	if (!b->copying)
		copying(b);
	else if (p->selecting)
		pane_select_end(p);
	else
		pane_select(p, p->y, p->x, SELECT_CELLS);
}

static void
select_unit(struct app *a, enum select_unit unit)
{
	struct pane *p = pane_of(a);
	copying(back_of(a));
	pane_select(p, p->y, p->x, unit);
}

void
act_back_select_line(struct app *a)
{
	select_unit(a, SELECT_LINES);
}

void
act_back_select_word(struct app *a)
{
	select_unit(a, SELECT_WORDS);
}

void
act_back_copy(struct app *a)
{
	if (!pane_of(a)->selecting) {
		app_toast(a, true, "nothing is selected (v selects)");
		return;
	}
	pane_copy(pane_of(a));
	back_leave(a);
}

void
act_back_enter(struct app *a)
{
	if (pane_of(a)->selecting)
		act_back_copy(a);
	else if (back_of(a)->copying)
		act_back_select(a);
	else
		back_leave(a);
}

void
act_back_escape(struct app *a)
{
	if (pane_of(a)->selecting)
		pane_select_end(pane_of(a));
	else if (back_of(a)->find.line.len)
		find_drop(back_of(a));
	else
		back_leave(a);
}

void
act_back_live(struct app *a)
{
	back_leave(a);
}

/* --- mouse ------------------------------------------------------------------------------------ */

static void
wheel(struct app *a, struct back *b, bool up)
{
	struct pane *p = b->at->pane;
	if (!up && p->back <= WHEEL_ROWS && !p->selecting && !b->find.line.len)
		back_leave(a);
	else
		back_by(b, up ? WHEEL_ROWS : -WHEEL_ROWS);
}

static bool
back_input(struct app *a, void *st, const struct input_event *ev)
{
	struct back *b = st;
	struct pane *p = b->at->pane;
	int rows = surface_rows(a->d.s);
	if (ev->type == INPUT_KEY && ev->action != KEY_RELEASE && key_matches(ev, &a->prefix)) {
		back_leave(a);
		app_push(a, &view_menu, NULL);
		return true;
	}
	if (ev->type != INPUT_MOUSE)
		return false;
	if (ev->button == 64 || ev->button == 65) {
		wheel(a, b, ev->button == 64);
		return true;
	}
	if (ev->motion && p->dragging && (ev->row <= 0 || ev->row >= rows - 1))
		back_by(b, ev->row <= 0 ? 1 : -1); /* the text comes towards the pointer */
	pane_mouse(p, ev, true);
	return true;
}

/* --- drawing ---------------------------------------------------------------------------------- */

/* 9,832: figures that long are read in threes. */
static const char *
thousands(char *buf, size_t cap, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
	size_t k = 0;
	for (int i = 0; i < len && k + 2 < cap; i++) {
		if (i && (len - i) % 3 == 0)
			buf[k++] = ',';
		buf[k++] = digits[i];
	}
	buf[k] = '\0';
	return buf;
}

/* What is typed, or where one is. Returns the columns used. */
static int
bar_left(struct app *a, struct back *b, int w)
{
	struct pane *p = b->at->pane;
	char s[700], back[32], total[32];
	bool finding = app_top(a) == &view_finding;
	int x = 0;
	if (finding) {
		snprintf(s, sizeof s, " %s > ", b->find.regex ? "find regex" : "find");
		x += draw_text(&a->d, 0, x, w, TH_BAR_STRONG, s);
		char head[sizeof b->find.line.text];
		snprintf(head, sizeof head, "%.*s", (int)b->find.line.at, b->find.line.text);
		surface_caret(a->d.s, 0, MIN(x + utf8_width(head), w - 1));
		return x + draw_text(&a->d, 0, x, w - x, TH_BAR, b->find.line.text);
	}
	snprintf(s, sizeof s, " %s %s/%s  ", b->copying ? "copy" : "back",
		thousands(back, sizeof back, p->back), thousands(total, sizeof total, p->total));
	x += draw_text(&a->d, 0, x, w, TH_BAR_STRONG, s);
	if (b->find.line.len) {
		snprintf(s, sizeof s, "/%s", b->find.line.text);
		x += draw_text(&a->d, 0, x, MIN(w - x, w / 3), TH_BAR_STRONG, s);
	}
	return x;
}

/* One line says where one is: at the bottom, or at the top while what is looked at is below it. */
static void
draw_bar(struct app *a, struct back *b)
{
	int rows = surface_rows(a->d.s), cols = surface_cols(a->d.s), focus = back_focus(b);
	int at = b->at->pane->shown.y + focus - b->at->sy;
	int y = focus >= 0 && at == rows - 1 && rows > 1 ? 0 : rows - 1;
	unsigned context = app_top(a) == &view_finding ? C_FIND : b->copying ? C_COPY : C_BACK;
	char status[300];
	surface_layer(a->d.s, y, 0, 1, cols);
	surface_fill(a->d.s, 0, 0, 1, cols, " ", draw_style(&a->d, TH_BAR));
	int x = bar_left(a, b, cols);
	find_status(b, status, sizeof status);
	x += 3 + draw_text(&a->d, 0, x + 3, cols - x - 3, TH_BAR_STRONG, status);
	if (!frame_toast(a) && cols - x > 12)
		frame_hints_bar(a, 0, cols - 1, cols - x - 3, context);
	frame_toast_over(a, y == 0 ? rows - 1 : y);
}

static void
back_draw(struct app *a, void *st)
{
	struct back *b = st;
	struct pane *p = b->at->pane;
	struct window_at room = status_room(a);
	a->front_hit = find_now(b);
	a->cursor.visible = b->copying;
	a->cursor.y = room.y + CLAMP(p->y - b->at->sy, 0, room.h - 1);
	a->cursor.x = MIN(p->x, room.w - 1);
	a->cursor.shape = CURSOR_BLOCK;
	draw_bar(a, b);
}

static void
back_check(const struct app *a, const void *st)
{
	const struct back *b = st;
	const struct find *f = &b->find;
	CHECK(b->at && b->at->app == a);
	CHECK(f->n <= f->cap && (!f->placed || f->at < MAX(f->n, 1)));
	CHECK(f->line.len || (!f->n && !f->request)); /* nothing is looked for */
}

static void
back_dump(const void *st, struct buf *out)
{
	const struct back *b = st;
	const struct find *f = &b->find;
	buf_printf(out, "back: %s, %s \"%s\", %zu hits%s%s\n", b->copying ? "copying" : "looking",
		f->regex ? "pattern" : "text", f->line.text, f->n, f->request ? ", looking" : "",
		f->placed ? ", placed" : "");
}

const struct view view_back = {
	.name = "back",
	.context = C_BACK,
	.over = true,
	.size = sizeof(struct back),
	.open = back_open,
	.close = back_close,
	.draw = back_draw,
	.input = back_input,
	.check = back_check,
	.dump = back_dump,
};
