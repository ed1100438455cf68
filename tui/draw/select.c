#include "tui/draw/select.h"

#include "core/look/doc.h"
#include "core/page/tab.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLICK_MS 400
#define COPY_MAX (100u << 10)

struct kept_row {
	uint64_t row;
	char *text;
	uint32_t *at; /* cell x is text[at[x]..at[x + 1]) */
	int cells;
	bool wrap; /* continues in the next row */
};

static struct kept_row *
find(const struct selection *s, uint64_t row)
{
	size_t lo = 0, hi = s->n_kept;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (s->kept[mid].row < row)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->n_kept && s->kept[lo].row == row ? &s->kept[lo] : NULL;
}

static struct kept_row *
insert(struct selection *s, uint64_t row)
{
	size_t i = s->n_kept;
	if (s->n_kept == s->cap_kept) {
		s->cap_kept = s->cap_kept * 2 + 64;
		s->kept = xrealloc(s->kept, s->cap_kept * sizeof(*s->kept));
	}
	for (; i > 0 && s->kept[i - 1].row > row; i--)
		s->kept[i] = s->kept[i - 1];
	s->n_kept++;
	s->kept[i] = (struct kept_row){.row = row};
	return &s->kept[i];
}

void
select_seen(struct selection *s, const struct grid *g, uint64_t top)
{
	for (int y = 0; y < g->rows; y++) {
		const struct row *r = g->row[y];
		struct kept_row *k = find(s, top + (uint64_t)y);
		struct buf b = {0};
		k = k ? k : insert(s, top + (uint64_t)y);
		free(k->text);
		k->at = xrealloc(k->at, ((size_t)r->len + 1) * sizeof(*k->at));
		row_bytes(r, g->tab, &b, k->at);
		k->cells = r->len;
		k->wrap = r->flags & ROW_WRAP;
		k->text = buf_cstr(&b);
	}
}

void
select_clear(struct selection *s)
{
	for (size_t i = 0; i < s->n_kept; i++) {
		free(s->kept[i].text);
		free(s->kept[i].at);
	}
	free(s->kept);
	*s = (struct selection){0};
}

void
select_shift(struct selection *s, int64_t rows)
{
	s->anchor.row += (uint64_t)rows;
	s->point.row += (uint64_t)rows;
	for (size_t i = 0; i < s->n_kept; i++)
		s->kept[i].row += (uint64_t)rows;
}

void
select_start(struct selection *s, const struct grid *g, uint64_t top, int y, int x,
	enum select_unit unit)
{
	select_clear(s);
	s->unit = unit;
	s->anchor = s->point = (struct select_place){top + (uint64_t)MAX(y, 0), MAX(x, 0)};
	select_seen(s, g, top);
}

void
select_to(struct selection *s, uint64_t top, int y, int x)
{
	s->point = (struct select_place){top + (uint64_t)MAX(y, 0), MAX(x, 0)};
}

/* --- units ------------------------------------------------------------------------------------ */

enum sort { BLANK, WORD, SIGN };

/* Paths, addresses and options are words as a whole. */
static enum sort
sort_of(const struct kept_row *k, int x)
{
	if (!k || x >= k->cells)
		return BLANK;
	while (x > 0 && k->at[x] == k->at[x + 1]) /* second half of a wide one */
		x--;
	if (k->at[x] == k->at[x + 1])
		return BLANK;
	unsigned char c = (unsigned char)k->text[k->at[x]];
	if (c == ' ')
		return BLANK;
	if (c < 0x80 && strchr("()[]{}<>\"'`|;,!*", c))
		return SIGN;
	return WORD;
}

static struct select_place
word_edge(const struct selection *s, struct select_place p, int step)
{
	const struct kept_row *k = find(s, p.row);
	enum sort sort = sort_of(k, p.col);
	if (sort == SIGN || !k)
		return p;
	while (p.col + step >= 0 && p.col + step < k->cells && sort_of(k, p.col + step) == sort)
		p.col += step;
	return p;
}

static struct select_place
line_edge(const struct selection *s, struct select_place p, int step)
{
	if (step < 0) {
		for (const struct kept_row *k; (k = p.row ? find(s, p.row - 1) : NULL) && k->wrap;)
			p.row--;
		p.col = 0;
		return p;
	}
	for (const struct kept_row *k; (k = find(s, p.row)) && k->wrap && find(s, p.row + 1);)
		p.row++;
	p.col = INT32_MAX - 1;
	return p;
}

static struct select_place
edge(const struct selection *s, struct select_place p, int step)
{
	static struct select_place (*const edges[])(const struct selection *, struct select_place,
		int) = {[SELECT_WORDS] = word_edge, [SELECT_LINES] = line_edge};
	return edges[s->unit] ? edges[s->unit](s, p, step) : p;
}

static void
ends(const struct selection *s, struct select_place *from, struct select_place *to)
{
	bool forward = s->anchor.row < s->point.row ||
		       (s->anchor.row == s->point.row && s->anchor.col <= s->point.col);
	*from = edge(s, forward ? s->anchor : s->point, -1);
	*to = edge(s, forward ? s->point : s->anchor, 1);
}

bool
select_cells(const struct selection *s, uint64_t row, int cols, int *x0, int *x1)
{
	struct select_place from, to;
	ends(s, &from, &to);
	if (row < from.row || row > to.row)
		return false;
	*x0 = row == from.row ? MIN(from.col, cols) : 0;
	*x1 = row == to.row ? MIN(to.col + 1, cols) : cols;
	return *x1 > *x0;
}

/* Rows that wrap are joined, blanks at a line's end cut. At most `most` bytes and a row more. */
static void
put_text(const struct selection *s, struct buf *out, size_t most)
{
	struct select_place from, to;
	ends(s, &from, &to);
	for (uint64_t row = from.row; row <= to.row && out->len <= most; row++) {
		const struct kept_row *k = find(s, row);
		if (!k)
			continue;
		int x0 = row == from.row ? MIN(from.col, k->cells) : 0;
		int x1 = row == to.row ? MIN(to.col + 1, k->cells) : k->cells;
		while (x0 > 0 && x0 < k->cells && k->at[x0] == k->at[x0 + 1])
			x0--; /* a wide character whole, if its second half was hit */
		size_t line = out->len;
		if (x1 > x0)
			buf_put(out, k->text + k->at[x0], k->at[x1] - k->at[x0]);
		bool joined = k->wrap && x1 == k->cells;
		while (!joined && out->len > line && out->data[out->len - 1] == ' ')
			out->len--;
		if (row < to.row && !joined)
			buf_putc(out, '\n');
	}
}

bool
select_copy(const struct selection *s, struct buf *out, char said[SELECT_SAID])
{
	int chars = 0;
	put_text(s, out, COPY_MAX);
	bool ok = out->len <= COPY_MAX;
	for (size_t i = 0; i < out->len; i++)
		chars += (out->data[i] & 0xc0) != 0x80;
	said[0] = '\0';
	if (!ok)
		snprintf(said, SELECT_SAID, "too much to copy (at most 100 KiB)");
	else if (out->len)
		snprintf(said, SELECT_SAID, "copied %d character%s", chars, chars == 1 ? "" : "s");
	return ok;
}

int
clicks_count(struct clicks *c, uint64_t now_ms, int y, int x)
{
	bool again = c->n && now_ms - c->at_ms < CLICK_MS && y == c->y && abs(x - c->x) < 2;
	*c = (struct clicks){now_ms, y, x, again ? c->n + 1 : 1};
	return c->n;
}
