/* A flood: what a program prints faster than anyone can look. Of a thousand lines in one read only
 * the last ones are ever on the screen; those before them go into history as the bytes they are,
 * and no cell is written for them. The terminal is left as if each line had been printed. */
#include "core/screen/flood.h"

#include "core/text/scan.h"

#define LINES 2048 /* at a time; more than a screen has rows */
_Static_assert(LINES >= 2 * TERM_ROWS_MAX, "half of them can go on");

/* The lines from p on, up to max: their number; *stop is where the last one ends. */
static size_t
find_lines(const uint8_t *base, const uint8_t **stop, const uint8_t *end, int cols,
	struct pagelist_line *l, size_t max)
{
	const uint8_t *p = *stop;
	size_t n = 0;
	while (n < max && end - p >= 18) {
		size_t len = scan_ascii16(p);
		if (len == 16)
			len += scan_ascii(p + 16, MIN((size_t)(end - p) - 18, (size_t)cols));
		if (p[len] != '\r' || p[len + 1] != '\n' || len >= (size_t)cols)
			break;
		l[n++] = (struct pagelist_line){(uint32_t)(p - base), (uint32_t)len};
		p += len + 2;
	}
	*stop = p;
	return n;
}

static bool
floodable(struct term *t)
{
	const struct vt *v = &t->v;
	const struct row *r = term_row(t, v->row);
	pen_ready(t);
	return !v->alt && t->plain && t->whole && v->row == v->rows - 1 && v->bottom == v->row &&
	       !v->top && !v->col && !v->pending && !v->hazard && !t->tmpl && !t->blank &&
	       !t->pen_flags && !r->len && !r->flags;
}

static void
show_line(struct term *t, int y, const uint8_t *text, size_t len)
{
	struct row *r = term_row(t, y);
	row_clear(t, r);
	if (!len || !row_open(t, &t->scr[0], r, 0))
		return;
	widen_ascii(r->cells, text, len, 0);
	r->len = (uint16_t)len;
}

/* Where the last character printed left the cursor. */
static void
note_last(struct term *t, const struct pagelist_line *l, size_t n)
{
	while (n && !l[n - 1].len)
		n--;
	if (!n)
		return;
	t->v.chain_row = t->v.row;
	t->v.chain_col = (int32_t)l[n - 1].len;
}

const uint8_t *
term_flood(struct term *t, const uint8_t *p, const uint8_t *end, const uint8_t **again)
{
	struct pagelist_line l[LINES];
	const uint8_t *base = p;
	size_t keep = (size_t)t->v.rows - 1, n = 0;
	bool begun = false;
	*again = end;
	if (end - p > UINT32_MAX || !floodable(t))
		return p;
	for (;;) {
		size_t more = find_lines(base, &p, end, t->v.cols, l + n, LINES - n);
		n += more;
		if (!more || n <= keep)
			break;
		note_last(t, l, n);
		for (size_t y = 0; !begun && y < keep; y++)
			pagelist_push(t->pagelist, term_row(t, (int)y), t->tab);
		begun = true;
		pagelist_push_lines(t->pagelist, base, l, n - keep);
		memmove(l, l + n - keep, keep * sizeof(*l));
		n = keep;
	}
	*again = p;
	if (!begun)
		return base;
	for (size_t y = 0; y < keep; y++)
		show_line(t, (int)y, base + l[y].at, l[y].len);
	row_clear(t, term_row(t, t->v.row));
	return p;
}
