/* Looking back: the server sends frames of the place scrolled to; copying and searching work on
 * what came.
 *
 * A place is (row counted from the oldest row of history, column): stable while output goes on. For
 * a selection that is longer than the screen, the text of every row that was on the screen while
 * selecting is kept; a selection can only grow over rows that were seen. */
#include "tui/attach_priv.h"

#include "core/tab.h"
#include "core/width.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COPY_MAX (100u << 10)
#define WHEEL_ROWS 3

static const struct style dim = {.attrs = ATTR_FAINT};

/* --- rows as text ----------------------------------------------------------------------------- */

static void
row_text(const struct row *r, const struct tab *t, struct kept_row *k)
{
	struct buf b = {0};
	k->cells = r->len;
	k->wrap = r->flags & ROW_WRAP;
	k->off = xmalloc(((size_t)r->len + 1) * sizeof(*k->off));
	for (int x = 0; x < r->len; x++) {
		uint32_t cps[CLUSTER_MAX];
		cell_t c = r->cells[x];
		int n = (c & CELL_KIND_MASK) == CELL_TAIL ? 0 : tab_cps(t, c, cps);
		k->off[x] = (uint16_t)MIN(b.len, (size_t)UINT16_MAX);
		for (int i = 0; i < n; i++)
			buf_utf8(&b, cps[i]);
		if (!n && (c & CELL_KIND_MASK) != CELL_TAIL)
			buf_putc(&b, ' ');
	}
	k->off[r->len] = (uint16_t)MIN(b.len, (size_t)UINT16_MAX);
	k->text = buf_cstr(&b);
}

static void
kept_clear(struct attach *a)
{
	for (size_t i = 0; i < a->n_kept; i++) {
		free(a->kept[i].text);
		free(a->kept[i].off);
	}
	a->n_kept = 0;
}

static struct kept_row *
kept_find(struct attach *a, uint64_t row)
{
	for (size_t i = 0; i < a->n_kept; i++)
		if (a->kept[i].row == row)
			return &a->kept[i];
	return NULL;
}

static uint64_t
top_row(const struct attach *a)
{
	return a->total - MIN(a->back, a->total);
}

static void
keep_seen(struct attach *a)
{
	struct grid g = canvas_grid(a->screen);
	for (int y = 0; y < g.rows; y++) {
		uint64_t row = top_row(a) + (uint64_t)y;
		struct kept_row *k = kept_find(a, row);
		if (k) {
			free(k->text);
			free(k->off);
		} else {
			if (a->n_kept == a->cap_kept) {
				a->cap_kept = a->cap_kept * 2 + 64;
				a->kept = xrealloc(a->kept, a->cap_kept * sizeof(*a->kept));
			}
			k = &a->kept[a->n_kept++];
		}
		k->row = row;
		row_text(g.row[y], g.tab, k);
	}
}

/* --- selection -------------------------------------------------------------------------------- */

static void
ordered(const struct attach *a, struct attach_place *from, struct attach_place *to)
{
	bool forward = a->anchor.row < a->point.row ||
		       (a->anchor.row == a->point.row && a->anchor.col <= a->point.col);
	*from = forward ? a->anchor : a->point;
	*to = forward ? a->point : a->anchor;
}

static void
copy_selection(struct attach *a)
{
	struct attach_place from, to;
	struct buf b = {0};
	keep_seen(a);
	ordered(a, &from, &to);
	for (uint64_t row = from.row; row <= to.row && b.len <= COPY_MAX; row++) {
		const struct kept_row *k = kept_find(a, row);
		if (!k)
			continue;
		int x0 = row == from.row ? MIN(from.col, k->cells) : 0;
		int x1 = row == to.row ? MIN(to.col + 1, k->cells) : k->cells;
		if (x1 > x0)
			buf_put(&b, k->text + k->off[x0], (size_t)(k->off[x1] - k->off[x0]));
		bool joined = k->wrap && x1 == k->cells;
		while (!joined && b.len && b.data[b.len - 1] == ' ')
			b.len--;
		if (row < to.row && !joined)
			buf_putc(&b, '\n');
	}
	if (b.len > COPY_MAX) {
		attach_say(a, "too much to copy (at most 100 KiB)");
	} else if (b.len) {
		int chars = 0;
		for (size_t i = 0; i < b.len; i++)
			chars += (b.data[i] & 0xc0) != 0x80;
		outer_clipboard(a->outer, b.data, b.len);
		attach_say(a, "copied %d character%s", chars, chars == 1 ? "" : "s");
	}
	buf_free(&b);
	a->selecting = false;
	kept_clear(a);
}

static struct attach_place
place(const struct attach *a, int y, int x)
{
	return (struct attach_place){top_row(a) + (uint64_t)MAX(y, 0), MAX(x, 0)};
}

static void
select_from(struct attach *a, int y, int x)
{
	kept_clear(a);
	a->anchor = a->point = place(a, y, x);
	a->selecting = true;
	keep_seen(a);
}

/* --- moving ----------------------------------------------------------------------------------- */

void
scroll_enter(struct attach *a, bool copy)
{
	struct grid g = canvas_grid(a->screen);
	a->copying = copy;
	a->cy = g.cursor.row;
	a->cx = g.cursor.col;
	if (!a->back && a->view)
		client_view_scroll(a->client, a->view, 0); /* tells how much there is */
	attach_mode(a, AT_SCROLL);
}

void
scroll_leave(struct attach *a)
{
	a->selecting = a->copying = a->dragging = false;
	kept_clear(a);
	free(a->hits);
	a->hits = NULL;
	a->n_hits = 0;
	if (a->back && a->view)
		client_view_scroll(a->client, a->view, 0);
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
	scroll_to(a, a->total ? MIN(back, a->total) : back);
}

void
scroll_frame(struct attach *a)
{
	if (a->selecting)
		keep_seen(a);
}

void
scroll_free(struct attach *a)
{
	kept_clear(a);
	free(a->kept);
	free(a->hits);
}

/* The copy cursor moves; at an edge the view scrolls under it. */
static void
cursor_by(struct attach *a, int dy, int dx)
{
	struct grid g = canvas_grid(a->screen);
	int last = MIN(g.rows, outer_rows(a->outer)) - 1, y = a->cy + dy;
	a->cx = CLAMP(a->cx + dx, 0, g.cols - 1);
	if (y < 0)
		scroll_by(a, -y);
	else if (y > last)
		scroll_by(a, last - y);
	a->cy = CLAMP(y, 0, last);
	if (a->selecting) {
		struct attach_place p = place(a, a->cy, a->cx);
		a->point = p;
	}
}

static void
move_by(struct attach *a, int rows)
{
	if (a->copying)
		cursor_by(a, -rows, 0);
	else
		scroll_by(a, rows);
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
	scroll_by(a, outer_rows(a->outer) - 1);
	cursor_by(a, 0, 0);
}

static void
k_page_down(struct attach *a)
{
	if (!a->back && !a->copying)
		scroll_leave(a);
	else
		scroll_by(a, -(outer_rows(a->outer) - 1));
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
	cursor_by(a, outer_rows(a->outer), 0);
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

static void
k_select(struct attach *a)
{
	if (!a->copying) {
		a->copying = true;
		a->cy = CLAMP(a->cy, 0, outer_rows(a->outer) - 1);
	} else if (a->selecting) {
		a->selecting = false;
	} else {
		select_from(a, a->cy, a->cx);
	}
}

static void
k_select_line(struct attach *a)
{
	struct grid g = canvas_grid(a->screen);
	a->copying = true;
	select_from(a, a->cy, 0);
	a->cx = g.cols - 1;
	cursor_by(a, 0, 0);
}

static void
k_copy(struct attach *a)
{
	if (!a->selecting)
		return;
	copy_selection(a);
	scroll_leave(a);
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
		a->selecting = false;
	else
		scroll_leave(a);
}

void
scroll_key(struct attach *a, const struct input_event *ev)
{
	static const struct {
		const char *key;
		void (*run)(struct attach *a);
	} keys[] = {
		{"Up", k_up},
		{"k", k_up},
		{"Down", k_down},
		{"j", k_down},
		{"Left", k_left},
		{"h", k_left},
		{"Right", k_right},
		{"l", k_right},
		{"PgUp", k_page_up},
		{"C-b", k_page_up},
		{"b", k_page_up},
		{"PgDn", k_page_down},
		{"C-f", k_page_down},
		{"f", k_page_down},
		{"Home", k_line_start},
		{"0", k_line_start},
		{"End", k_line_end},
		{"$", k_line_end},
		{"g", k_top},
		{"G", k_bottom},
		{"v", k_select},
		{"Space", k_select},
		{"V", k_select_line},
		{"y", k_copy},
		{"c", k_select},
		{"Enter", k_enter},
		{"Escape", k_escape},
		{"q", scroll_leave},
		{"C-c", scroll_leave},
		{"/", find_open},
		{"n", find_next},
		{"N", find_previous},
	};
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
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct input_event binding;
		if (key_parse(keys[i].key, &binding) && key_matches(ev, &binding)) {
			keys[i].run(a);
			break;
		}
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
	if (!up && a->back <= WHEEL_ROWS && !a->selecting) {
		scroll_leave(a);
		return;
	}
	scroll_by(a, up ? WHEEL_ROWS : -WHEEL_ROWS);
}

/* Drag with the left button selects; letting go copies. */
void
scroll_mouse(struct attach *a, const struct input_event *ev)
{
	if (ev->button == 64 || ev->button == 65) {
		wheel(a, ev->button == 64);
	} else if (ev->button == 0 && !ev->motion && !ev->release) {
		a->selecting = false;
		a->dragging = true;
		a->cy = ev->row;
		a->cx = ev->col;
	} else if (ev->button == 0 && ev->motion && a->dragging) {
		if (!a->selecting)
			select_from(a, a->cy, a->cx);
		a->point = place(a, ev->row, ev->col);
	} else if (ev->release && a->dragging) {
		a->dragging = false;
		if (a->selecting)
			copy_selection(a);
	} else {
		return;
	}
	outer_damage(a->outer);
}

/* --- drawing ---------------------------------------------------------------------------------- */

/* Turns cells [x0, x1) of a composed row into the given look. */
static void
mark(struct attach *a, int y, int x0, int x1, uint32_t attrs, uint32_t bg)
{
	struct row *r = canvas_row(a->comp, y);
	int cols = outer_cols(a->outer);
	for (int x = MAX(x0, 0); x < MIN(x1, cols); x++) {
		while (r->len <= x)
			r->cells[r->len++] = 0;
		struct style s = tab_style_get(canvas_tab(a->comp), cell_style(r->cells[x]));
		s.attrs ^= attrs;
		if (bg) {
			s.bg = bg;
			s.fg = COLOR_INDEX | 0;
		}
		cell_t id = tab_style(canvas_tab(a->comp), &s);
		r->cells[x] = (r->cells[x] & ~CELL_STYLE_MASK) | id << CELL_STYLE_SHIFT;
		if (!cell_content(r->cells[x]) && (r->cells[x] & CELL_KIND_MASK) == CELL_NARROW)
			r->cells[x] |= ' ';
	}
	r->flags |= ROW_STYLED;
}

static void
draw_hits(struct attach *a, uint64_t top, int rows)
{
	for (size_t i = 0; i < a->n_hits; i++) {
		const struct attach_hit *h = &a->hits[i];
		if (h->row < top || h->row >= top + (uint64_t)rows)
			continue;
		uint32_t bg = i == a->hit ? COLOR_INDEX | 11 : COLOR_INDEX | 3;
		mark(a, (int)(h->row - top), h->col, h->col + h->cells, 0, bg);
	}
}

static void
draw_selection(struct attach *a, uint64_t top, int rows, int cols)
{
	struct attach_place from, to;
	ordered(a, &from, &to);
	for (int y = 0; y < rows; y++) {
		uint64_t row = top + (uint64_t)y;
		if (row < from.row || row > to.row)
			continue;
		mark(a, y, row == from.row ? from.col : 0, row == to.row ? to.col + 1 : cols,
			ATTR_INVERSE, 0);
	}
}

static void
draw_position(struct attach *a, int rows, int cols)
{
	static const struct style look = {.attrs = ATTR_INVERSE};
	char s[160];
	if (a->mode == AT_FIND) {
		snprintf(s, sizeof(s), " find: %s", a->query);
		paint_line(a, rows - 1, 0, cols, s, &look);
		canvas_set_cursor(
			a->comp, rows - 1, MIN(utf8_width(s), cols - 1), true, CURSOR_BAR);
		return;
	}
	snprintf(s, sizeof(s), " %s %llu/%llu ", a->copying ? "copy" : "back",
		(unsigned long long)a->back, (unsigned long long)a->total);
	int w = utf8_width(s);
	if (w < cols)
		paint_line(a, 0, cols - w, w, s, &look);
	snprintf(s, sizeof(s), "%s",
		a->copying ? " arrows move   v select   y copy   esc leave "
			   : " ↑↓ PgUp PgDn g G   / find   n N hit   v copy   q leave ");
	if (a->toast[0] == '\0' && utf8_width(s) < cols)
		paint_line(a, rows - 1, cols - utf8_width(s), utf8_width(s), s, &dim);
}

void
scroll_draw(struct attach *a)
{
	int rows = outer_rows(a->outer), cols = outer_cols(a->outer);
	bool back = a->mode == AT_SCROLL || a->mode == AT_FIND;
	if (a->n_hits && back)
		draw_hits(a, top_row(a), rows);
	if (a->selecting)
		draw_selection(a, top_row(a), rows, cols);
	if (!back)
		return;
	canvas_set_cursor(
		a->comp, MIN(a->cy, rows - 1), MIN(a->cx, cols - 1), a->copying, CURSOR_BLOCK);
	draw_position(a, rows, cols);
}
