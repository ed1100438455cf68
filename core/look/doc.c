#include "core/look/doc.h"

struct doc
doc_of(struct term *t)
{
	struct pagelist *h = term_pagelist(t);
	struct pagelist_stats st = pagelist_stats(h);
	bool joined = st.open_line && !term_alt(t);
	struct doc d = {.pagelist = h, .screen = term_grid(t), .first_line = st.first_line};

	d.above = pagelist_rows(h, d.screen.cols);
	d.rows = d.above + (uint64_t)d.screen.rows;
	d.screen_line = st.next_line - joined;
	return d;
}

/* Does screen row y > 0 begin a line? As the history will see it: by the row above. */
static bool
begins(const struct doc *d, int y)
{
	return !(d->screen.row[y - 1]->flags & ROW_WRAP);
}

struct reading {
	uint64_t row;
	doc_row_cb cb;
	void *ctx;
};

static void
on_hist_row(void *ctx, const struct row *row, const struct tab *t, struct pin at)
{
	struct reading *r = ctx;

	r->cb(r->ctx, r->row++, at.line, row, t);
}

void
doc_read(const struct doc *d, uint64_t from, uint64_t count, doc_row_cb cb, void *ctx)
{
	struct reading r = {from, cb, ctx};
	uint64_t end = MIN(d->rows, from + MIN(count, d->rows)), line = d->screen_line;

	if (from < d->above)
		pagelist_read(d->pagelist, d->screen.cols, from, MIN(end, d->above) - from,
			on_hist_row, &r);
	for (int y = 0; d->above + (uint64_t)y < end; y++) {
		line += y > 0 && begins(d, y);
		if (d->above + (uint64_t)y >= from)
			cb(ctx, d->above + (uint64_t)y, line, d->screen.row[y], d->screen.tab);
	}
}

uint64_t
doc_line_row(const struct doc *d, uint64_t line)
{
	uint64_t at = d->screen_line;
	struct pin pin = {.line = line};

	if (line < pagelist_stats(d->pagelist).next_line)
		return pagelist_pin_row(d->pagelist, d->screen.cols, pin);
	for (int y = 0; y < d->screen.rows; y++) {
		at += y > 0 && begins(d, y);
		if (at == line)
			return d->above + (uint64_t)y;
	}
	return UINT64_MAX;
}

uint64_t
doc_line_begin(const struct doc *d, uint64_t row_abs, uint64_t most)
{
	uint64_t begin = row_abs;
	struct pin pin;

	while (begin > d->above && !begins(d, (int)(begin - d->above)))
		begin--;
	if (begin == d->above && d->screen_line < pagelist_stats(d->pagelist).next_line) {
		pin = (struct pin){.line = d->screen_line};
		begin = MIN(begin, pagelist_pin_row(d->pagelist, d->screen.cols, pin));
	} else if (begin < d->above) {
		pin = pagelist_pin(d->pagelist, d->screen.cols, begin);
		pin.cell = 0;
		begin = MIN(begin, pagelist_pin_row(d->pagelist, d->screen.cols, pin));
	}
	return MAX(begin, row_abs - MIN(row_abs, most));
}

static bool
on_line(void *ctx, uint64_t line, const char *text, size_t len)
{
	(void)line;
	buf_put(ctx, text, len);
	return true;
}

void
doc_screen_text(const struct doc *d, struct buf *out)
{
	if (d->screen_line < pagelist_stats(d->pagelist).next_line)
		pagelist_text(d->pagelist, d->screen_line, 1, on_line, out);
	for (int y = 0; y < d->screen.rows; y++) {
		if (y > 0 && begins(d, y))
			buf_putc(out, '\n');
		row_bytes(d->screen.row[y], d->screen.tab, out, NULL);
	}
	buf_putc(out, '\n');
}

void
row_bytes(const struct row *r, const struct tab *t, struct buf *out, uint32_t *at)
{
	size_t from = out->len;

	for (int x = 0; x < r->len; x++) {
		cell_t kind = r->cells[x] & CELL_KIND_MASK;
		uint32_t cps[CLUSTER_MAX];
		bool none = kind == CELL_TAIL || kind == CELL_HEAD;
		int n = none ? 0 : tab_cps(t, r->cells[x], cps);

		if (at)
			at[x] = (uint32_t)(out->len - from);
		for (int i = 0; i < n; i++)
			buf_utf8(out, cps[i]);
		if (!n && !none)
			buf_putc(out, ' ');
	}
	if (at)
		at[r->len] = (uint32_t)(out->len - from);
}
