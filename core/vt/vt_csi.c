/* Cursor movement, erasing, inserting and deleting. */
#include "core/vt/vt_csi.h"
#include "core/screen/print.h"
#include "core/vt/vt_priv.h"

void
cursor_to(struct term *t, int row, int col)
{
	t->v.row = CLAMP(row, 0, t->v.rows - 1);
	t->v.col = CLAMP(col, 0, t->v.cols - 1);
	t->v.pending = 0;
}

void
cursor_address(struct term *t, int row, int col)
{
	struct vt *v = &t->v;
	if (mode_on(t, MODE_DECOM))
		cursor_to(t, MIN(row + v->top, v->bottom), MIN(col + v->left, v->right));
	else
		cursor_to(t, row, col);
}

/* The cursor's row and column as programs count them. */
static int
own_row(const struct term *t)
{
	return t->v.row - (mode_on(t, MODE_DECOM) ? t->v.top : 0);
}

static int
own_col(const struct term *t)
{
	return t->v.col - (mode_on(t, MODE_DECOM) ? t->v.left : 0);
}

static bool
in_margins(const struct term *t)
{
	const struct vt *v = &t->v;
	return v->row >= v->top && v->row <= v->bottom && v->col >= v->left && v->col <= v->right;
}

static void
carriage_return(struct term *t)
{
	struct vt *v = &t->v;
	cursor_to(t, v->row, v->col >= v->left || mode_on(t, MODE_DECOM) ? v->left : 0);
}

void
csi_cursor_up(struct term *t)
{
	int stop = t->v.row >= t->v.top ? t->v.top : 0;
	cursor_to(t, MAX(t->v.row - arg(t, 0, 1), stop), t->v.col);
}

void
csi_cursor_down(struct term *t)
{
	int stop = t->v.row <= t->v.bottom ? t->v.bottom : t->v.rows - 1;
	cursor_to(t, MIN(t->v.row + arg(t, 0, 1), stop), t->v.col);
}

void
csi_cursor_forward(struct term *t)
{
	cursor_to(t, t->v.row, MIN(t->v.col + arg(t, 0, 1), right_limit(t) - 1));
}

/* Back over the left edge to the right end of the row above, from the first to the last row. */
static void
back_wrapping(struct term *t, int n)
{
	struct vt *v = &t->v;
	int width = v->right - v->left + 1, height = v->bottom - v->top + 1;
	bool inside = v->row >= v->top && v->row <= v->bottom;
	int top = inside ? v->top : 0;
	if (!inside)
		height = v->rows;
	int64_t size = (int64_t)width * height;
	int64_t at = (int64_t)(v->row - top) * width + (v->col - v->left) - n;
	at %= size;
	if (at < 0)
		at += size;
	cursor_to(t, top + (int)(at / width), v->left + (int)(at % width));
}

void
cursor_back(struct term *t, int n)
{
	struct vt *v = &t->v;
	int stop = v->col >= v->left ? v->left : 0;
	bool wraps = mode_on(t, MODE_REVERSE_WRAP) || mode_on(t, MODE_REVERSE_WRAP_EXT);
	wraps = wraps && mode_on(t, MODE_DECAWM);
	if (wraps && v->pending)
		n--;
	if (wraps && v->col >= v->left && v->col <= v->right && v->col - n < v->left)
		back_wrapping(t, n);
	else
		cursor_to(t, v->row, MAX(v->col - n, stop));
}

void
csi_cursor_back(struct term *t)
{
	cursor_back(t, arg(t, 0, 1));
}

void
csi_next_line(struct term *t)
{
	csi_cursor_down(t);
	carriage_return(t);
}

void
csi_previous_line(struct term *t)
{
	csi_cursor_up(t);
	carriage_return(t);
}

void
csi_column(struct term *t)
{
	cursor_address(t, own_row(t), arg(t, 0, 1) - 1);
}

void
csi_column_relative(struct term *t)
{
	cursor_address(t, own_row(t), own_col(t) + arg(t, 0, 1));
}

void
csi_row(struct term *t)
{
	cursor_address(t, arg(t, 0, 1) - 1, own_col(t));
}

void
csi_row_relative(struct term *t)
{
	cursor_address(t, own_row(t) + arg(t, 0, 1), own_col(t));
}

void
csi_position(struct term *t)
{
	cursor_address(t, arg(t, 0, 1) - 1, arg(t, 1, 1) - 1);
}

/* Tabs */

static bool
tab_at(const struct term *t, int x)
{
	return t->v.tabs[x / 64] >> x % 64 & 1;
}

void
tab_forward(struct term *t, int n)
{
	struct vt *v = &t->v;
	int stop = right_limit(t) - 1, x = v->col;
	for (; n > 0 && x < stop; n--)
		do
			x++;
		while (x < stop && !tab_at(t, x));
	if (x != v->col)
		cursor_to(t, v->row, x);
}

void
csi_tab_forward(struct term *t)
{
	tab_forward(t, arg(t, 0, 1));
}

void
csi_tab_back(struct term *t)
{
	struct vt *v = &t->v;
	int stop = mode_on(t, MODE_DECOM) ? v->left : 0, x = v->col;
	for (int n = arg(t, 0, 1); n > 0 && x > stop; n--)
		do
			x--;
		while (x > stop && !tab_at(t, x));
	v->col = x; /* a pending wrap stays pending, as in xterm */
}

void
csi_tab_clear(struct term *t)
{
	struct vt *v = &t->v;
	int what = arg(t, 0, 0);
	if (what == 0)
		v->tabs[v->col / 64] &= ~(1ull << v->col % 64);
	else if (what == 3)
		for (size_t i = 0; i < ARRAY_LEN(v->tabs); i++)
			v->tabs[i] = 0;
}

void
csi_tab_every_eight(struct term *t)
{
	if (arg(t, 0, 0) == 5)
		for (size_t i = 0; i < ARRAY_LEN(t->v.tabs); i++)
			t->v.tabs[i] = 0x0101010101010101ull;
}

/* Erasing. ISO protection (SPA) holds against the plain erases, DEC's (DECSCA) against selective
 * ones; each only while it was the last kind used. */

static bool
keep_protected(const struct term *t, bool selective)
{
	return selective ? !t->v.protect_iso : t->v.protect_iso;
}

static void
erase_row(struct term *t, int y, bool keep)
{
	struct row *r = term_row(t, y);
	if (keep && row_protected(r))
		row_erase(t, r, 0, t->v.cols, true);
	else
		row_clear(t, r);
}

void
erase_display(struct term *t, int what, bool selective)
{
	struct vt *v = &t->v;
	bool keep = keep_protected(t, selective);
	int from = what == 0 ? v->row + 1 : 0, to = what == 1 ? v->row : v->rows;
	if (what == 0) {
		row_erase(t, term_row(t, v->row), v->col, v->cols, keep);
	}
	if (what <= 2)
		v->pending = 0;
	if (what <= 2)
		for (int y = from; y < to; y++)
			erase_row(t, y, keep);
	if (what == 1)
		row_erase(t, term_row(t, v->row), 0, v->col + 1, keep);
	if (what == 3 && !selective)
		pagelist_clear(t->pagelist);
}

static void
erase_line(struct term *t, bool selective)
{
	struct vt *v = &t->v;
	int what = arg(t, 0, 0);
	bool keep = keep_protected(t, selective);
	if (what > 2)
		return;
	int x0 = what == 0 ? v->col : 0, x1 = what == 1 ? v->col + 1 : v->cols;
	row_erase(t, term_row(t, v->row), x0, x1, keep);
	v->pending = 0;
}

void
csi_erase_display(struct term *t)
{
	erase_display(t, arg(t, 0, 0), false);
}

void
csi_erase_display_selective(struct term *t)
{
	erase_display(t, arg(t, 0, 0), true);
}

void
csi_erase_line(struct term *t)
{
	erase_line(t, false);
}

void
csi_erase_line_selective(struct term *t)
{
	erase_line(t, true);
}

void
csi_erase_chars(struct term *t)
{
	struct vt *v = &t->v;
	int x1 = MIN(v->col + arg(t, 0, 1), v->cols);
	row_erase(t, term_row(t, v->row), v->col, x1, keep_protected(t, false));
	v->pending = 0;
}

/* Inserting and deleting */

void
csi_insert_chars(struct term *t)
{
	struct vt *v = &t->v;
	if (v->col < v->left || v->col > v->right)
		return;
	v->pending = 0;
	row_insert(t, term_row(t, v->row), v->col, v->right, arg(t, 0, 1));
}

void
csi_delete_chars(struct term *t)
{
	struct vt *v = &t->v;
	if (v->col < v->left || v->col > v->right)
		return;
	v->pending = 0;
	row_delete(t, term_row(t, v->row), v->col, v->right, arg(t, 0, 1));
}

void
csi_insert_lines(struct term *t)
{
	if (!in_margins(t))
		return;
	region_scroll(t, t->v.row, t->v.bottom, -MIN(arg(t, 0, 1), t->v.rows), false);
	cursor_to(t, t->v.row, t->v.left);
}

void
csi_delete_lines(struct term *t)
{
	if (!in_margins(t))
		return;
	region_scroll(t, t->v.row, t->v.bottom, MIN(arg(t, 0, 1), t->v.rows), false);
	cursor_to(t, t->v.row, t->v.left);
}

void
csi_scroll_up(struct term *t)
{
	region_scroll(t, t->v.top, t->v.bottom, MIN(arg(t, 0, 1), t->v.rows), true);
}

/* Unlike SU it takes an explicit 0 as none, as xterm does. */
void
csi_scroll_down(struct term *t)
{
	int n = t->v.csi.n ? t->v.csi.param[0] : 1;
	if (t->v.csi.n > 1) /* highlight mouse tracking */
		return;
	region_scroll(t, t->v.top, t->v.bottom, -MIN(n < 0 ? 1 : n, t->v.rows), false);
}

/* Every row of the region loses or gains n columns at x. */
static void
shift_columns(struct term *t, int x, int n)
{
	struct vt *v = &t->v;
	if (!in_margins(t))
		return;
	for (int y = v->top; y <= v->bottom; y++) {
		if (n > 0)
			row_insert(t, term_row(t, y), x, v->right, n);
		else
			row_delete(t, term_row(t, y), x, v->right, -n);
	}
}

void
csi_shift_left(struct term *t)
{
	shift_columns(t, t->v.left, -arg(t, 0, 1));
}

void
csi_shift_right(struct term *t)
{
	shift_columns(t, t->v.left, arg(t, 0, 1));
}

void
csi_insert_columns(struct term *t)
{
	shift_columns(t, t->v.col, arg(t, 0, 1));
}

void
csi_delete_columns(struct term *t)
{
	shift_columns(t, t->v.col, -arg(t, 0, 1));
}

void
csi_repeat(struct term *t)
{
	print_repeat(t, arg(t, 0, 1));
}

/* Margins */

void
csi_margins(struct term *t)
{
	struct vt *v = &t->v;
	int top = arg(t, 0, 1) - 1, bottom = MIN(arg(t, 1, v->rows), v->rows) - 1;
	if (top >= bottom)
		return;
	v->top = top;
	v->bottom = bottom;
	term_derive(t);
	cursor_address(t, 0, 0);
}

void
csi_save_or_side_margins(struct term *t)
{
	struct vt *v = &t->v;
	if (!mode_on(t, MODE_DECLRMM)) {
		cursor_save(t);
		return;
	}
	int left = arg(t, 0, 1) - 1, right = MIN(arg(t, 1, v->cols), v->cols) - 1;
	if (left >= right)
		return;
	v->left = left;
	v->right = right;
	term_derive(t);
	cursor_address(t, 0, 0);
}

void
csi_restore(struct term *t)
{
	cursor_restore(t);
}

void
cursor_save(struct term *t)
{
	struct vt *v = &t->v;
	struct saved_cursor *s = &v->scr[v->alt].saved;
	*s = (struct saved_cursor){.row = v->row,
		.col = v->col,
		.pen = v->pen,
		.gl = v->gl,
		.gr = v->gr,
		.origin = mode_on(t, MODE_DECOM),
		.pending = v->pending,
		.valid = 1,
		.protect_iso = v->protect_iso};
	for (int i = 0; i < 4; i++)
		s->g[i] = v->g[i];
}

void
cursor_restore(struct term *t)
{
	struct vt *v = &t->v;
	struct saved_cursor s = v->scr[v->alt].saved; /* all zero where nothing was saved */
	v->pen = s.pen;
	v->gl = s.gl;
	v->gr = s.valid ? s.gr : 2;
	v->protect_iso = s.protect_iso;
	for (int i = 0; i < 4; i++)
		v->g[i] = s.g[i];
	v->modes = (v->modes & ~(1ull << MODE_DECOM)) | (uint64_t)s.origin << MODE_DECOM;
	t->pen_dirty = true;
	term_derive(t);
	cursor_to(t, s.origin ? MIN(s.row, v->bottom) : s.row,
		s.origin ? MIN(s.col, v->right) : s.col);
	v->pending = s.pending && v->col == s.col;
}
