/* What has to be said to the outer terminal, in as few bytes as it takes.
 *
 * The cursor's place is known only as long as every terminal agrees on it: after a cell in the last
 * column (pending wrap or not) and after a cluster whose width terminals disagree on, the next move
 * is absolute. Such a cluster also gets its cells blanked first (it may be drawn narrower than its
 * cells) and what follows it repainted (it may be drawn wider). */
#include "core/paint/render_priv.h"

#include "core/paint/scroll.h"
#include "core/text/width.h"
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

/* --- cursor moves ----------------------------------------------------------------------------- */

static void
csi(struct buf *out, int n, char final)
{
	char s[16], *p = s + sizeof(s);
	*--p = final;
	if (n != 1)
		for (unsigned v = (unsigned)n; v; v /= 10)
			*--p = (char)('0' + v % 10);
	*--p = '[';
	*--p = '\033';
	buf_put(out, p, (size_t)(s + sizeof(s) - p));
}

static void
move_far(struct buf *out, int y, int x)
{
	if (x)
		buf_printf(out, "\033[%d;%dH", y + 1, x + 1);
	else
		csi(out, y + 1, 'H');
}

static void
move_in_row(struct buf *out, int from, int to)
{
	int d = to - from;
	if (to == 0)
		buf_putc(out, '\r');
	else if (d > 0)
		csi(out, d, 'C');
	else if (d >= -3)
		buf_put(out, "\b\b\b", (size_t)-d);
	else
		csi(out, to + 1, 'G');
}

static void
move_to(struct render *r, int y, int x, struct buf *out)
{
	struct pen *p = &r->pen;
	if (p->y == y && p->x == x)
		return;
	if (p->x < 0 || p->y < 0)
		move_far(out, y, x);
	else if (p->y == y)
		move_in_row(out, p->x, x);
	else if (y == p->y + 1 && x == p->x)
		buf_putc(out, '\n');
	else if (y == p->y + 1 && x == 0)
		buf_put(out, "\r\n", 2);
	else
		move_far(out, y, x);
	p->y = y;
	p->x = x;
}

/* --- styles ----------------------------------------------------------------------------------- */

struct sgr {
	char s[192];
	size_t len, from; /* the last sequence's parameters begin here */
};
#define SGR_BYTES 56 /* tmux drops a sequence with more than 63 bytes of parameters */

static void
sgr_add(struct sgr *g, const char *param)
{
	size_t n = strlen(param);
	if (g->len - g->from + n > SGR_BYTES) {
		memcpy(g->s + g->len, "m\033[", 3);
		g->from = g->len += 3;
	} else if (g->len) {
		g->s[g->len++] = ';';
	}
	memcpy(g->s + g->len, param, n);
	g->len += n;
}

static void
sgr_color(struct sgr *g, uint32_t c, int base)
{
	char s[32];
	unsigned v = c & 0xffffff;
	if (c == COLOR_DEFAULT)
		snprintf(s, sizeof(s), "%d", base + 9);
	else if (c & COLOR_RGB)
		snprintf(s, sizeof(s), base == 50 ? "58:2::%u:%u:%u" : "%d;2;%u;%u;%u",
			base == 50 ? (int)(v >> 16) : base + 8, base == 50 ? v >> 8 & 255 : v >> 16,
			base == 50 ? v & 255 : v >> 8 & 255, v & 255);
	else if (base == 50)
		snprintf(s, sizeof(s), "58:5:%u", v & 255);
	else if (v < 8)
		snprintf(s, sizeof(s), "%u", (unsigned)base + v);
	else if (v < 16)
		snprintf(s, sizeof(s), "%u", (unsigned)base + 52 + v);
	else
		snprintf(s, sizeof(s), "%d;5;%u", base + 8, v & 255);
	sgr_add(g, s);
}

static const struct {
	uint32_t attr;
	const char *on, *off;
} attrs[] = {
	{ATTR_BOLD, "1", "22"},
	{ATTR_FAINT, "2", "22"},
	{ATTR_ITALIC, "3", "23"},
	{ATTR_BLINK, "5", "25"},
	{ATTR_INVERSE, "7", "27"},
	{ATTR_INVISIBLE, "8", "28"},
	{ATTR_STRIKE, "9", "29"},
	{ATTR_OVERLINE, "53", "55"},
};
static const char *const underline[] = {"24", "4", "4:2", "4:3", "4:4", "4:5", "4", "4"};

/* The parameters that lead from one style to another, without the reset. */
static void
sgr_step(struct sgr *g, const struct style *from, const struct style *to)
{
	uint32_t was = from->attrs & 0xff, is = to->attrs & 0xff;
	if (was & ~is & (ATTR_BOLD | ATTR_FAINT)) {
		sgr_add(g, "22");
		was &= ~(uint32_t)(ATTR_BOLD | ATTR_FAINT);
	}
	for (size_t i = 0; i < ARRAY_LEN(attrs); i++) {
		if ((was ^ is) & attrs[i].attr)
			sgr_add(g, is & attrs[i].attr ? attrs[i].on : attrs[i].off);
	}
	if ((from->attrs ^ to->attrs) & ATTR_UL_MASK)
		sgr_add(g, underline[(to->attrs & ATTR_UL_MASK) >> ATTR_UL_SHIFT]);
	if (from->fg != to->fg)
		sgr_color(g, to->fg, 30);
	if (from->bg != to->bg)
		sgr_color(g, to->bg, 40);
	if (from->ul != to->ul)
		sgr_color(g, to->ul, 50);
}

static void
set_style(struct render *r, uint16_t id, struct buf *out)
{
	static const struct style none;
	if (r->pen.style == id)
		return;
	struct style to = tab_style_get(r->tab, id);
	struct sgr anew = {0}, step = {0};
	sgr_step(&anew, &none, &to);
	if (anew.len) { /* "0;" in front, which sgr_add cannot know of */
		memmove(anew.s + 2, anew.s, anew.len);
		memcpy(anew.s, "0;", 2);
		anew.len += 2;
	}
	struct style from = tab_style_get(r->tab, r->pen.style);
	sgr_step(&step, &from, &to);
	const struct sgr *best = step.len && step.len < anew.len ? &step : &anew;
	buf_put(out, "\033[", 2);
	buf_put(out, best->s, best->len);
	buf_putc(out, 'm');
	r->pen.style = id;
}

static void
set_link(struct render *r, uint16_t id, struct buf *out)
{
	if (r->pen.link == id)
		return;
	r->pen.link = id;
	buf_puts(out, "\033]8;");
	if (id) {
		const char *name = tab_link_id(r->tab, id);
		bool ok = *name != '\0';
		for (const char *p = name; *p; p++)
			ok = ok && *p > ' ' && *p < 0x7f && *p != ';' && *p != ':';
		if (ok)
			buf_printf(out, "id=%s", name);
	}
	buf_putc(out, ';');
	if (id)
		buf_puts(out, tab_link_uri(r->tab, id));
	buf_puts(out, "\033\\");
}

/* --- cells ------------------------------------------------------------------------------------ */

static int
cell_width(cell_t c)
{
	return (c & CELL_KIND_MASK) == CELL_WIDE ? 2 : 1;
}

/* Closes a cluster: no terminal then adds what is written to the next cell, at once or later. It
 * has no width anywhere, and moving the cursor is not enough: some look at the cell on the left
 * however the cursor came there. */
#define ZWNJ 0x200c

/* Cells a terminal may take beyond the cluster's own if it draws the parts apart; -1 when all
 * terminals agree on the width. */
static int
cluster_risk(const uint32_t *cps, int n, int width)
{
	if (n == 1) {
		if (cps[0] < 0x300)
			return -1;
		if (cps[0] >= 0x1f000)
			return 0;
		const utf8proc_property_t *p = utf8proc_get_property((utf8proc_int32_t)cps[0]);
		/* what is prepended would take the next cell's character into its own */
		bool odd = p->category == UTF8PROC_CATEGORY_CN ||
			   p->category == UTF8PROC_CATEGORY_CO ||
			   p->boundclass == UTF8PROC_BOUNDCLASS_PREPEND || width_cp(cps[0]) == 0;
		return odd || (cps[0] >= 0x1100 && cps[0] < 0x1200) || width_cp(cps[0]) != width
			       ? 0
			       : -1;
	}
	int sum = 0;
	for (int i = 0; i < n; i++)
		sum += MAX(width_cp(cps[i]), 0);
	return MAX(sum - width, 0);
}

/* Blanks n cells from the cursor on, which ends where it was if `back`. Written, not erased: what
 * is erased may leave the second half of a wide character behind, and some terminals then take what
 * stands before such a half for a part of it. At the edge there is none. */
static void
blank_cells(struct render *r, int n, bool back, struct buf *out)
{
	if (r->pen.x + n >= r->cols) {
		csi(out, n, 'X');
		return;
	}
	for (int i = 0; i < n; i++)
		buf_putc(out, ' ');
	for (int i = 0; i < n && back; i++)
		buf_putc(out, '\b');
	r->pen.x += back ? 0 : n;
}

/* Writes the cell at the cursor; returns how many cells after it must be written again. */
static int
put_cell(struct render *r, cell_t c, struct buf *out)
{
	int w = cell_width(c), risk = -1;
	set_style(r, cell_style(c), out);
	set_link(r, cell_link(c), out);
	if (!(c & CELL_CLUSTER) && cell_content(c) < 0x80) {
		buf_putc(out, cell_content(c) ? (uint8_t)cell_content(c) : ' ');
	} else {
		uint32_t cps[CLUSTER_MAX];
		int n = tab_cps(r->tab, c, cps);
		risk = cluster_risk(cps, n, w);
		if (risk >= 0)
			blank_cells(r, w, true, out);
		if (n && width_cp(cps[0]) == 0) { /* some give such a one a cell of its own */
			buf_putc(out, ' ');
			risk = MAX(risk, 1);
		}
		for (int i = 0; i < n; i++)
			buf_utf8(out, cps[i]);
		if (n && cluster_open(cps, n))
			buf_utf8(out, ZWNJ);
	}
	int x = r->pen.x + w;
	r->pen.x = risk >= 0 || x >= r->cols ? -1 : x;
	if (risk > 0 && x < r->cols) { /* no half of what was drawn too wide may stay */
		move_to(r, r->pen.y, x, out);
		blank_cells(r, MIN(risk, r->cols - x), false, out);
	}
	return MAX(risk, 0);
}

/* Is jumping over [from, to) dearer than writing it once more? */
static bool
cheap_gap(const struct render *r, const struct row *row, int y, int from, int to)
{
	if (r->pen.y != y || r->pen.x != from || to - from > 4)
		return false;
	for (int x = from; x < to; x++) {
		cell_t c = x < row->len ? row->cells[x] : 0;
		if (cell_style(c) != r->pen.style || cell_link(c) != r->pen.link ||
			(c & (CELL_KIND_MASK | CELL_CLUSTER)) || cell_content(c) >= 0x80)
			return false;
	}
	return true;
}

static cell_t
cell_at(const struct row *row, int x)
{
	return x < row->len ? row->cells[x] : 0;
}

/* Blanks from x on, up to `end`; erased in one go when that is shorter. Returns where it ended. */
static int
put_blanks(struct render *r, const struct row *next, int x, int end, struct buf *out)
{
	int stop = x;
	while (stop < end && !cell_at(next, stop))
		stop++;
	set_style(r, 0, out);
	set_link(r, 0, out);
	if (stop - x > 8) {
		csi(out, stop - x, 'X');
		return stop;
	}
	for (; x < stop; x++)
		put_cell(r, 0, out);
	return stop;
}

/* Would a terminal add the cell at x to the cluster before it, were it written right after? */
static bool
sticks(const struct render *r, const struct row *row, int x)
{
	uint32_t prev[CLUSTER_MAX], cps[CLUSTER_MAX];
	cell_t c = cell_at(row, x);
	if (!x || (!(c & CELL_CLUSTER) && cell_content(c) < 0xa9)) /* the first picture there is */
		return false;
	int back = (cell_at(row, x - 1) & CELL_KIND_MASK) == CELL_TAIL && x > 1 ? 2 : 1;
	int m = tab_cps(r->tab, cell_at(row, x - back), prev), n = tab_cps(r->tab, c, cps);
	if (!m) /* a blank may have been written as a space */
		prev[m++] = ' ';
	return n && cluster_joins(prev, m, cps[0]);
}

/* Writes cells [x, end) of the row; returns the end of the stretch that has to follow because of a
 * cluster that may have been drawn over it. */
static int
put_cells(struct render *r, int y, const struct row *next, int x, int end, struct buf *out)
{
	int again = 0;
	while (x < end) {
		cell_t c = cell_at(next, x);
		move_to(r, y, x, out);
		if (sticks(r, next, x)) { /* a blank written and moved back over keeps them apart */
			buf_putc(out, ' ');
			r->pen.x = -1;
			move_to(r, y, x, out);
		}
		if (!c) {
			x = put_blanks(r, next, x, end, out);
			continue;
		}
		int w = cell_width(c), risk = put_cell(r, c, out);
		x += w;
		again = MAX(again, risk ? x + risk : 0);
	}
	return again;
}

/* The end of the differing stretch that starts at x; cells below `again` count as differing. */
static int
stretch_end(const struct row *old, const struct row *next, int x, int end, int again)
{
	while (x < end && (x < again || cell_at(old, x) != cell_at(next, x)))
		x++;
	while (x < next->len && (next->cells[x] & CELL_KIND_MASK) == CELL_TAIL)
		x++;
	return x;
}

/* The first cell from x on that has to be written; `stop` when there is none. */
static int
next_difference(const struct row *old, const struct row *next, int x, int stop, int again)
{
	while (x < stop && x >= again && cell_at(old, x) == cell_at(next, x))
		x++;
	return x;
}

void
emit_row(struct render *r, int y, const struct line *old, const struct line *next, struct buf *out)
{
	const struct row *a = &old->row, *b = &next->row;
	int again = 0; /* cells below this are written whatever they were */
	for (int x = 0;;) {
		int stop = MIN(MAX((int)b->len, again), r->cols), gap = x;
		x = next_difference(a, b, x, stop, again);
		if (x >= stop)
			break;
		int to = stretch_end(a, b, x, stop, again);
		while (x > gap && (cell_at(b, x) & CELL_KIND_MASK) == CELL_TAIL)
			x--;
		if (x > gap && cheap_gap(r, b, y, gap, x))
			x = gap;
		int spill = put_cells(r, y, b, x, to, out);
		again = MAX(again, spill);
		x = to;
	}
	int end = MIN(MAX((int)b->len, again), r->cols);
	if (a->len <= end)
		return;
	move_to(r, y, end, out);
	set_style(r, 0, out);
	set_link(r, 0, out);
	buf_puts(out, "\033[K");
}

/* --- the screen ------------------------------------------------------------------------------- */

static void
put_pen(const struct render *r, struct buf *out)
{
	buf_puts(out, "\033[m");
	if (r->caps.links)
		buf_puts(out, "\033]8;;\033\\");
}

void
emit_pen(struct render *r, struct buf *out)
{
	r->pen = (struct pen){.y = -1, .x = -1, .visible = -1, .shape = -1};
	put_pen(r, out);
}

void
emit_reset(struct render *r, struct buf *out)
{
	r->pen = (struct pen){.visible = r->pen.visible, .shape = r->pen.shape};
	if (!r->caps.sync && r->pen.visible)
		emit_hide(r, out);
	put_pen(r, out);
	buf_puts(out, "\033[r\033[H\033[2J");
}

void
emit_scroll(struct render *r, const struct scroll *s, struct buf *out)
{
	bool part = s->top != 0 || s->bottom != r->rows;
	set_style(r, 0, out); /* rows come free in the current background */
	if (part)
		buf_printf(out, "\033[%d;%dr", s->top + 1, s->bottom);
	csi(out, abs(s->n), s->n > 0 ? 'S' : 'T');
	if (!part)
		return;
	buf_puts(out, "\033[r");
	r->pen.y = r->pen.x = 0;
}

void
emit_hide(struct render *r, struct buf *out)
{
	buf_puts(out, "\033[?25l");
	r->pen.visible = 0;
}

void
emit_cursor(struct render *r, const struct grid *g, struct buf *out)
{
	static const int steady[] = {2, 4, 6};
	int shape = steady[g->cursor.shape] - (g->cursor.blink ? 1 : 0);
	if (shape == 1)
		shape = 0; /* a blinking block: what the terminal itself would show */
	int y = CLAMP(g->cursor.row, 0, r->rows - 1);
	int x = g->row[y]->flags & ROW_DOUBLE_MASK ? 2 * g->cursor.col : g->cursor.col;
	if (!g->cursor.visible && r->pen.visible)
		emit_hide(r, out);
	/* a hidden one is placed too: input methods open their window there */
	move_to(r, y, CLAMP(x, 0, r->cols - 1), out);
	if (!g->cursor.visible)
		return;
	if (shape != r->pen.shape)
		buf_printf(out, "\033[%d q", shape);
	if (r->pen.visible != 1)
		buf_puts(out, "\033[?25h");
	r->pen.shape = shape;
	r->pen.visible = 1;
}
