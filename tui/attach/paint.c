/* The attached session's picture when there is more to show than its screen. */
#include "tui/attach/attach_priv.h"

#include "core/page/tab.h"
#include "core/text/width.h"
#include <stdio.h>
#include <string.h>

static const struct style dim = {.attrs = ATTR_FAINT};
static const struct style banner = {.attrs = ATTR_INVERSE};
static const struct style border = {.fg = COLOR_INDEX | 6};

/* The line is blanked in style s, then holds text. */
void
paint_line(struct attach *a, int y, int x, int w, const char *text, const struct style *s)
{
	if (y < 0 || y >= outer_rows(a->outer))
		return;
	for (int i = 0; i < w; i++)
		canvas_text(a->comp, y, x + i, 1, " ", s);
	canvas_text(a->comp, y, x, w, text, s);
}

static void
horizontal(struct attach *a, int y, int x, int w, const char *first, const char *last)
{
	canvas_text(a->comp, y, x, 1, first, &border);
	for (int i = 1; i < w - 1; i++)
		canvas_text(a->comp, y, x + i, 1, "─", &border);
	canvas_text(a->comp, y, x + w - 1, 1, last, &border);
}

/* A blank box with a border and words in its top line; -1 when there is no room for one. */
int
paint_box(struct attach *a, int y, int x, int h, int w, const char *left, const char *right)
{
	int rows = outer_rows(a->outer), room = w - 4 - utf8_width(left);
	h = MIN(h, rows - y);
	if (h < 3 || w < 10)
		return -1;
	horizontal(a, y, x, w, "┌", "┐");
	for (int i = 1; i < h - 1; i++) {
		paint_line(a, y + i, x, w, "│", NULL);
		canvas_text(a->comp, y + i, x, 1, "│", &border);
		canvas_text(a->comp, y + i, x + w - 1, 1, "│", &border);
	}
	horizontal(a, y + h - 1, x, w, "└", "┘");
	canvas_text(a->comp, y, x + 2, w - 4, left, &border);
	int rw = utf8_width(right);
	if (rw && rw <= room)
		canvas_text(a->comp, y, x + w - 2 - rw, rw, right, NULL);
	return 0;
}

/* Live the cursor's row is kept in sight, looking back the row that one looks at. */
static int
first_row(const struct attach *a, const struct grid *g, int rows)
{
	bool back = a->mode == AT_SCROLL || a->mode == AT_FIND;
	int focus = back ? scroll_focus(a) : g->cursor.row, sy = a->sy;
	if (g->rows <= rows)
		return 0;
	if (!back)
		sy = MAX(focus - rows + 1, 0);
	else if (focus >= 0 && (focus < sy || focus >= sy + rows - 1))
		sy = focus - rows / 3;
	return CLAMP(sy, 0, g->rows - rows);
}

/* The session may have another client's size: show what fits. */
static void
draw_screen(struct attach *a)
{
	struct grid g = canvas_grid(a->screen);
	int cols = outer_cols(a->outer), rows = outer_rows(a->outer);
	int sy = a->sy = first_row(a, &g, rows);
	canvas_resize(a->comp, cols, rows);
	canvas_clear(a->comp);
	canvas_blit(a->comp, 0, 0, &g, sy, 0, MIN(rows, g.rows - sy), MIN(cols, g.cols));
	for (int y = 0; y < MIN(rows, g.rows) && g.cols < cols; y++)
		canvas_text(a->comp, y, g.cols, 1, "│", &dim);
	for (int x = 0; x < MIN(cols, g.cols) && g.rows < rows; x++)
		canvas_text(a->comp, g.rows, x, 1, "─", &dim);
	if (g.rows < rows && g.cols < cols)
		canvas_text(a->comp, g.rows, g.cols, 1, "┘", &dim);
	if (g.rows + 1 < rows) {
		char s[96];
		snprintf(s, sizeof(s), "%dx%d: the size of the terminal typed in last", g.cols,
			g.rows);
		canvas_text(a->comp, g.rows + 1, 0, cols, s, &dim);
	}
	bool seen = g.cursor.visible && g.cursor.col < cols && g.cursor.row - sy < rows;
	canvas_set_cursor(a->comp, MIN(g.cursor.row - sy, rows - 1), MIN(g.cursor.col, cols - 1),
		seen, g.cursor.shape);
}

static void
ended_text(const struct attach *a, char *s, size_t n)
{
	if (!strcmp(a->state, "asleep"))
		snprintf(s, n,
			" asleep, holds no memory      enter wakes it   [ scrollback   d leaves ");
	else if (!strcmp(a->state, "lost"))
		snprintf(s, n, " lost: its processes are gone  enter starts it again   d leaves ");
	else if (a->exit_signal > 0)
		snprintf(s, n,
			" ended by signal %d            enter starts it again   [ scrollback   d "
			"leaves ",
			a->exit_signal);
	else
		snprintf(s, n,
			" ended with exit code %d       enter starts it again   [ scrollback   d "
			"leaves ",
			a->exit_code);
}

static void
draw_banners(struct attach *a)
{
	int rows = outer_rows(a->outer), cols = outer_cols(a->outer), y = rows - 1;
	char s[256];
	if (a->lost) {
		snprintf(s, sizeof(s), " server restarting; the session goes on … ");
		paint_line(a, y--, 0, cols, s, &banner);
	} else if (attach_ended(a) && a->mode != AT_SCROLL && a->mode != AT_FIND) {
		ended_text(a, s, sizeof(s));
		paint_line(a, y--, 0, cols, s, &banner);
	}
	if (a->toast[0]) {
		char clean[220];
		sanitize(clean, sizeof(clean), a->toast, strlen(a->toast));
		snprintf(s, sizeof(s), " %s ", clean);
		int w = MIN(utf8_width(s), cols);
		paint_line(a, y, cols - w, w, s, &banner);
	}
}

void
paint_compose(struct attach *a)
{
	draw_screen(a);
	if (attach_ended(a))
		canvas_set_cursor(a->comp, 0, 0, false, CURSOR_BLOCK);
	scroll_draw(a);
	draw_banners(a);
	if (a->mode == AT_MENU || a->mode == AT_MORE)
		menu_draw(a);
	else if (a->mode == AT_DIALOG)
		dialog_draw(a);
}
