/* Resizing.
 *
 * The primary screen is taken apart into rows on the heap (struct flow), newest history included as
 * far as it takes part, re-wrapped if the width changed, and laid out again: blank rows below the
 * text are given up first, then rows leave at the top into history; when there is room again, rows
 * come back from history as long as it still holds them unsealed. Soft-wrapped rows re-join because
 * both sides carry the mark (ROW_WRAP, ROW_WRAPPED); hard ones stay. So a storm of sizes ends with
 * the text that one resize would have given.
 *
 * The alternate screen belongs to a program that repaints: its rows are cut or padded.
 *
 * A place that must stay on its text (cursor, saved cursor) travels as (line, offset). */
#include "core/screen/screen.h"
#include "core/term/term_priv.h"
#include "core/vt/vt_modes.h"

#include <stdlib.h>
#include <string.h>

#define PULL_MAX 512 /* rows of one logical line that come back from history at most */

struct place {
	int32_t *row, *col;
	uint8_t *pending;
	int at_row, at_col; /* in the flow being built */
};

struct flow {
	struct row *row; /* cells on the heap */
	int n, cap;
	struct place place[2];
	int n_places;
};

/* width: of the screen that the row filled, kept in cap. */
static struct row *
flow_add(struct flow *f, const cell_t *cells, int n, uint32_t flags, int width)
{
	if (f->n == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 64;
		f->row = xrealloc(f->row, (size_t)f->cap * sizeof(*f->row));
	}
	struct row *r = &f->row[f->n++];
	*r = (struct row){.len = (uint16_t)n, .cap = (uint16_t)width, .flags = flags};
	r->cells = xmalloc(MAX((size_t)n, 1) * sizeof(cell_t));
	if (n)
		memcpy(r->cells, cells, (size_t)n * sizeof(cell_t));
	return r;
}

static void
flow_free(struct flow *f)
{
	for (int i = 0; i < f->n; i++)
		free(f->row[i].cells);
	free(f->row);
	*f = (struct flow){0};
}

/* Last cell with text, plus one. */
static int
text_len(const struct row *r)
{
	int n = r->len;
	while (n && !cell_content(r->cells[n - 1]) &&
		(r->cells[n - 1] & CELL_KIND_MASK) != CELL_TAIL)
		n--;
	return n;
}

static bool
continues(const struct row *a, const struct row *b)
{
	return a->flags & ROW_WRAP && b->flags & ROW_WRAPPED;
}

/* No wide character fits one column: each becomes two blanks. */
static void
squeeze(cell_t *line, int n)
{
	for (int i = 0; i < n; i++)
		if ((line[i] & CELL_KIND_MASK) != CELL_NARROW)
			line[i] &= CELL_STYLE_MASK;
}

/* Rows [from, to) of the flow, one logical line, as rows of `cols` appended to out. */
static void
wrap_line(const struct flow *in, int from, int to, int cols, struct flow *out)
{
	size_t cap = 1;
	for (int i = from; i < to; i++)
		cap += MAX(in->row[i].len, in->row[i].cap);
	cell_t *line = xcalloc(cap, sizeof(*line));
	int n = 0, text = 0, first = out->n, offset[2] = {-1, -1};
	for (int i = from; i < to; i++) {
		const struct row *r = &in->row[i];
		for (int k = 0; k < in->n_places; k++)
			if (in->place[k].at_row == i)
				offset[k] = n + in->place[k].at_col;
		memcpy(line + n, r->cells, r->len * sizeof(cell_t));
		text = n + text_len(r);
		if (i + 1 < to) {
			bool head = r->len && r->len >= r->cap &&
				    (r->cells[r->len - 1] & CELL_KIND_MASK) == CELL_HEAD;
			n += MAX(r->len, r->cap) - head;
		} else {
			n += r->len;
		}
	}
	uint32_t flags = in->row[from].flags & ~(uint32_t)(ROW_WRAP | ROW_WRAPPED);
	for (int i = from; i < to; i++)
		flags |= in->row[i].flags & (ROW_STYLED | ROW_CLUSTERS | ROW_LINKS | ROW_WIDE |
						    ROW_PROTECTED | ROW_NONASCII);
	if (cols == 1)
		squeeze(line, n);
	int at = 0;
	do {
		int take = MIN(cols, MAX(text - at, 0));
		bool more = at + take < text, head = false;
		if (more && take > 1 && (line[at + take] & CELL_KIND_MASK) == CELL_TAIL) {
			take--;
			head = true;
		}
		if (!more) /* coloured blanks behind the text stay where they fit */
			take = MAX(take, MIN(cols, n - at));
		struct row *r = flow_add(out, line + at, take, flags, cols);
		if (head) {
			r->cells = xrealloc(r->cells, (size_t)(take + 1) * sizeof(cell_t));
			r->cells[take] = CELL_HEAD;
			r->len = (uint16_t)(take + 1);
		}
		for (int k = 0; k < in->n_places; k++)
			if (offset[k] >= at && (offset[k] < at + take || !more)) {
				out->place[k].at_row = out->n - 1;
				out->place[k].at_col = offset[k] - at;
				offset[k] = more ? -1 : offset[k];
			}
		r->flags |= (more ? ROW_WRAP : 0) | (out->n - 1 > first ? ROW_WRAPPED : 0);
		flags &= ~(uint32_t)(ROW_PROMPT_MASK | ROW_DOUBLE_MASK);
		at += take;
		if (!more)
			break;
	} while (at < text);
	if (in->row[from].flags & ROW_WRAPPED && from == 0)
		out->row[first].flags |= ROW_WRAPPED; /* its beginning is sealed in history */
	free(line);
}

static void
rewrap(struct flow *f, int cols)
{
	struct flow out = {.n_places = f->n_places};
	memcpy(out.place, f->place, sizeof(out.place));
	for (int k = 0; k < 2; k++)
		out.place[k].at_row = -1;
	for (int from = 0; from < f->n;) {
		int to = from + 1;
		while (to < f->n && continues(&f->row[to - 1], &f->row[to]))
			to++;
		wrap_line(f, from, to, cols, &out);
		from = to;
	}
	for (int k = 0; k < f->n_places; k++) /* below all rows, on one that was trimmed */
		if (f->place[k].at_row >= f->n) {
			out.place[k].at_row = out.n + f->place[k].at_row - f->n;
			out.place[k].at_col = f->place[k].at_col;
		}
	flow_free(f);
	*f = out;
}

/* Takes the newest row of history to the front of the flow. */
static bool
flow_pull(struct term *t, struct flow *f, cell_t *cells)
{
	struct row r = {0};
	if (!pagelist_pop(t->pagelist, &r, cells, TERM_COLS_MAX, t->tab))
		return false;
	flow_add(f, cells, r.len, r.flags, r.len);
	struct row last = f->row[f->n - 1];
	memmove(f->row + 1, f->row, (size_t)(f->n - 1) * sizeof(last));
	f->row[0] = last;
	for (int k = 0; k < f->n_places; k++)
		f->place[k].at_row++;
	return true;
}

/* The rest of the line which the screen's first row continues, and `want` rows more. */
static void
pull_history(struct term *t, struct flow *f, int want)
{
	cell_t *cells = xmalloc(TERM_COLS_MAX * sizeof(*cells));
	for (int i = 0; i < PULL_MAX && f->n && (want > 0 || f->row[0].flags & ROW_WRAPPED); i++) {
		if (!flow_pull(t, f, cells))
			break;
		want--;
	}
	free(cells);
}

static void
flow_from(struct flow *f, const struct screen *s, int rows, int cols)
{
	for (int y = 0; y < rows; y++)
		flow_add(f, s->row[y]->cells, row_written(s->row[y]), s->row[y]->flags, cols);
	for (int k = 0; k < f->n_places; k++) {
		f->place[k].at_row = *f->place[k].row;
		f->place[k].at_col = *f->place[k].col + (*f->place[k].pending ? 1 : 0);
	}
}

/* Drops blank rows below the text and the cursor; returns how many there were. */
static int
flow_trim(struct flow *f)
{
	int n = f->n;
	while (n > 1 && !f->row[n - 1].len && f->place[0].at_row < n - 1)
		free(f->row[--n].cells);
	int dropped = f->n - n;
	f->n = n;
	return dropped;
}

/* The screen s, which is empty and of the terminal's size, from rows [from, …) of the flow. */
static void
flow_to(struct term *t, struct screen *s, const struct flow *f, int from)
{
	for (int y = 0; y < t->v.rows; y++) {
		struct row *r = s->row[y];
		r->stamp = ++t->v.stamp;
		if (from + y >= f->n)
			continue;
		const struct row *src = &f->row[from + y];
		int n = MIN((int)src->len, t->v.cols);
		if (n && !row_open(t, s, r, n))
			continue;
		if (n)
			memcpy(r->cells, src->cells, (size_t)n * sizeof(cell_t));
		r->flags = src->flags;
		if (n < src->len && (src->cells[n] & CELL_KIND_MASK) == CELL_TAIL)
			r->cells[n - 1] &= CELL_STYLE_MASK;
	}
}

/* A place right behind a row that is full rests on its last column, the next character wraps. */
static void
place_set(const struct term *t, const struct flow *f, int k, int from, bool reflowed)
{
	const struct place *p = &f->place[k];
	int cols = t->v.cols;
	bool full = p->at_row >= 0 && p->at_row < f->n && f->row[p->at_row].len >= cols;
	*p->pending = p->at_col == cols && (*p->pending || (reflowed && full));
	*p->row = CLAMP(p->at_row - from, 0, t->v.rows - 1);
	*p->col = CLAMP(p->at_col, 0, cols - 1);
}

static void
fresh_screen(struct term *t, struct screen *s)
{
	screen_free(t, s);
	screen_init(s, t->v.rows);
}

static void
resize_primary(struct term *t, int cols, int rows, struct place *places)
{
	struct vt *v = &t->v;
	int was = v->cols, was_rows = v->rows;
	struct flow f = {.n_places = 2};
	memcpy(f.place, places, sizeof(f.place));
	flow_from(&f, &t->scr[0], was_rows, was);
	int blank = flow_trim(&f);
	if (cols != was) {
		pull_history(t, &f, 0);
		rewrap(&f, cols);
	}
	int want = rows - f.n - blank;
	if (want > 0) {
		int before = f.n;
		pull_history(t, &f, want);
		if (f.n != before) /* they may be of any width */
			rewrap(&f, cols);
	}
	int out = MAX(f.n - rows, 0);
	v->cols = cols;
	v->rows = rows;
	for (int y = 0; y < out; y++)
		pagelist_push(t->pagelist, &f.row[y], t->tab);
	fresh_screen(t, &t->scr[0]);
	flow_to(t, &t->scr[0], &f, out);
	for (int k = 0; k < f.n_places; k++)
		place_set(t, &f, k, out, cols != was);
	flow_free(&f);
}

static void
resize_alt(struct term *t, int was_rows, int was, struct place *places)
{
	struct flow f = {.n_places = 2};
	memcpy(f.place, places, sizeof(f.place));
	flow_from(&f, &t->scr[1], was_rows, was);
	flow_trim(&f);
	int out = MAX(f.place[0].at_row - (t->v.rows - 1), 0);
	fresh_screen(t, &t->scr[1]);
	flow_to(t, &t->scr[1], &f, out);
	for (int k = 0; k < f.n_places; k++)
		place_set(t, &f, k, out, false);
	for (int y = 0; y < t->v.rows; y++)
		t->scr[1].row[y]->flags &= ~(uint32_t)(ROW_WRAP | ROW_WRAPPED);
	flow_free(&f);
}

void
term_resize(struct term *t, int cols, int rows)
{
	struct vt *v = &t->v;
	cols = CLAMP(cols, 1, TERM_COLS_MAX);
	rows = CLAMP(rows, 1, TERM_ROWS_MAX);
	if (cols == v->cols && rows == v->rows)
		return;
	term_wake(t);
	int was_rows = v->rows, was = v->cols;
	struct saved_cursor *s0 = &v->scr[0].saved, *s1 = &v->scr[1].saved;
	struct place live = {.row = &v->row, .col = &v->col, .pending = &v->pending};
	struct place saved0 = {.row = &s0->row, .col = &s0->col, .pending = &s0->pending};
	struct place saved1 = {.row = &s1->row, .col = &s1->col, .pending = &s1->pending};
	int32_t dummy[2] = {saved0.row[0], saved0.col[0]};
	uint8_t none = 0;
	struct place unused = {.row = &dummy[0], .col = &dummy[1], .pending = &none};
	/* the primary's first place decides which rows are kept */
	struct place primary[2] = {v->alt ? saved0 : live, v->alt ? unused : saved0};
	struct place alternate[2] = {live, saved1};
	resize_primary(t, cols, rows, primary);
	if (v->alt)
		resize_alt(t, was_rows, was, alternate);
	else
		screen_free(t, &t->scr[1]);
	v->top = v->left = 0;
	v->bottom = rows - 1;
	v->right = cols - 1;
	v->chain_col = -1;
	v->generation++;
	term_derive(t);
	if (mode_on(t, MODE_SIZE_REPORT))
		report_size(t);
}
