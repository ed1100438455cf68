/* The terminal as its owner sees it: life, feeding, reading, checking. */
#include "core/term/term.h"

#include <stdlib.h>
#include <string.h>

#include "core/screen/screen.h"
#include "core/term/term_priv.h"
#include "core/vt/vt_modes.h"
#include "core/vt/vt_parser.h"
#include "core/vt/vt_reset.h"
#include "core/vt/vt_string.h"

#ifdef MUSTER_TORTURE
#define FEED_SLICE 512u
#else
#define FEED_SLICE 65536u
#endif

struct term *
term_alloc(struct arena *a, uint32_t owner, const struct term_config *cfg)
{
	struct term *t = xcalloc(1, sizeof(*t));
	t->arena = a;
	t->owner = owner;
	t->cfg = *cfg;
	t->limits = cfg->history;
	t->v.cols = CLAMP(cfg->cols, 1, TERM_COLS_MAX);
	t->v.rows = CLAMP(cfg->rows, 1, TERM_ROWS_MAX);
	t->v.color_fg = 0xe5e5e5;
	t->v.color_cursor = 0xe5e5e5;
	t->v.dark = 1;
	vt_init(&t->v);
	t->pen_dirty = true;
	return t;
}

void
term_colors(struct term *t, uint32_t fg, uint32_t bg)
{
	/* of a background's brightness green has the most */
	bool dark = (bg >> 16 & 255) * 3 + (bg >> 8 & 255) * 6 + (bg & 255) < 1280;
	bool turned = dark != (t->v.dark != 0);
	t->v.color_fg = t->v.color_cursor = fg & 0xffffff;
	t->v.color_bg = bg & 0xffffff;
	t->v.dark = dark;
	if (turned && term_mode(t, 2031))
		term_reply(t, "\033[?997;%dn", dark ? 1 : 2);
}

struct term *
term_new(struct arena *a, uint32_t owner, const struct term_config *cfg)
{
	struct term *t = term_alloc(a, owner, cfg);
	t->tab = tab_new(a, owner);
	t->pagelist = pagelist_new(a, owner, cfg->history);
	screen_init(&t->scr[0], t->v.rows);
	term_derive(t);
	return t;
}

void
term_free(struct term *t)
{
	if (!t)
		return;
	screen_free(t, &t->scr[0]);
	screen_free(t, &t->scr[1]);
	tab_free(t->tab);
	pagelist_free(t->pagelist);
	for (int i = 0; i < t->n_stack; i++)
		free_title(&t->stack[i]);
	free(t->title);
	free(t->icon);
	free(t->palette);
	buf_free(&t->str);
	buf_free(&t->parked);
	free(t);
}

void
term_set_ops(struct term *t, const struct term_ops *ops)
{
	t->ops = *ops;
}

void
term_set_silent(struct term *t, bool silent)
{
	t->silent = silent;
}

size_t
term_feed_some(struct term *t, const void *bytes, size_t n, int64_t *cells)
{
	const uint8_t *p = bytes, *end = p + n;
	t->left = MAX(*cells, 1);
	term_wake(t);
	/* In slices, so that tables are looked after however much comes at once; cut where they
	 * would be cut in one stream, so that what history does of itself does not depend on who
	 * read how much at a time. */
	while (p < end && t->left > 0) {
		size_t k = MIN((size_t)(end - p), FEED_SLICE - t->fed % FEED_SLICE);
		if (t->fed % FEED_SLICE == 0)
			pagelist_fed(t->pagelist, FEED_SLICE);
		k = vt_parse(t, p, k);
		t->fed += k;
		p += k;
		if (tab_wants_gc(t->tab))
			term_gc(t);
	}
	t->v.generation++;
	*cells = t->left;
	return (size_t)(p - (const uint8_t *)bytes);
}

void
term_feed(struct term *t, const void *bytes, size_t n)
{
	int64_t cells = INT64_MAX;
	term_feed_some(t, bytes, n, &cells);
}

/* Reading */

struct grid
term_grid(const struct term *t)
{
	const struct vt *v = &t->v;
	term_wake(t);
	struct grid g = {
		.cols = v->cols, .rows = v->rows, .row = t->scr[v->alt].row, .tab = t->tab};
	g.reverse = mode_on(t, MODE_DECSCNM);
	g.cursor.row = v->row;
	g.cursor.col = v->col;
	g.cursor.visible = mode_on(t, MODE_DECTCEM);
	g.cursor.blink = mode_on(t, MODE_BLINK);
	g.cursor.pending_wrap = v->pending;
	g.cursor.shape = (enum cursor_shape)v->shape;
	return g;
}

struct pagelist *
term_pagelist(struct term *t)
{
	return t->pagelist;
}

const char *
term_title(const struct term *t)
{
	return t->title ? t->title : "";
}

bool
term_alt(const struct term *t)
{
	return t->v.alt;
}

bool
term_mode(const struct term *t, int dec_private_mode)
{
	int m = mode_bit(dec_private_mode);
	return m >= 0 && mode_get(t, (enum vt_mode)m);
}

void
term_modes(const struct term *t, void (*cb)(void *ctx, int mode, bool set), void *ctx)
{
	for (int m = 0; m < N_VT_MODES; m++)
		cb(ctx, mode_number((enum vt_mode)m), mode_get(t, (enum vt_mode)m));
}

struct key_modes
term_key_modes(const struct term *t)
{
	static const struct {
		enum vt_mode m;
		uint16_t number;
	} mouse[] = {{MODE_MOUSE_X10, 9}, {MODE_MOUSE_BUTTON, 1000}, {MODE_MOUSE_DRAG, 1002},
		{MODE_MOUSE_ANY, 1003}},
	  code[] = {{MODE_MOUSE_UTF8, 1005}, {MODE_MOUSE_SGR, 1006}, {MODE_MOUSE_URXVT, 1015},
		  {MODE_MOUSE_PIXEL, 1016}};
	struct key_modes k = {.app_cursor = mode_on(t, MODE_DECCKM),
		.app_keypad = mode_on(t, MODE_DECNKM),
		.backarrow = mode_on(t, MODE_DECBKM),
		.bracketed_paste = mode_on(t, MODE_BRACKETED_PASTE),
		.focus = mode_on(t, MODE_FOCUS),
		.newline = t->v.newline,
		.kitty_flags = t->v.scr[t->v.alt].kitty_flags,
		.modify_other = t->v.modify_other,
		.alt_screen = t->v.alt,
		.alt_scroll = mode_on(t, MODE_ALT_SCROLL)};
	for (size_t i = 0; i < ARRAY_LEN(mouse); i++) {
		if (mode_on(t, mouse[i].m))
			k.mouse = mouse[i].number;
		if (mode_on(t, code[i].m))
			k.mouse_encoding = code[i].number;
	}
	return k;
}

/* The line at the cursor has the id that it gets when it leaves the screen, if nothing above it is
 * taken away. The alternate screen's lines never do. */
void
term_stamp(struct term *t, uint32_t wall_s)
{
	uint64_t line;

	term_wake(t);
	if (t->v.alt)
		return;
	line = pagelist_stats(t->pagelist).next_line - pagelist_goes_on(t->pagelist);
	for (int y = 0; y < t->v.row; y++)
		line += !(t->scr[0].row[y]->flags & ROW_WRAP);
	pagelist_stamp(t->pagelist, line, wall_s);
}

uint64_t
term_generation(const struct term *t)
{
	return t->v.generation;
}

bool
term_sync(const struct term *t)
{
	return mode_on(t, MODE_SYNC);
}

/* A row's text in UTF-8, trailing blanks off. */
static void
row_text(const struct row *r, const struct tab *tab, struct buf *out)
{
	uint32_t cps[CLUSTER_MAX];
	size_t keep = out->len;
	for (int x = 0; x < r->len; x++) {
		uint64_t kind = r->cells[x] & CELL_KIND_MASK;
		if (kind == CELL_TAIL || kind == CELL_HEAD)
			continue;
		int n = tab_cps(tab, r->cells[x], cps);
		for (int i = 0; i < n; i++)
			buf_utf8(out, cps[i]);
		if (!n)
			buf_putc(out, ' ');
		if (n && cps[0] != ' ')
			keep = out->len;
	}
	out->len = keep;
}

void
term_text(const struct term *t, struct buf *out)
{
	term_wake(t);
	for (int y = 0; y < t->v.rows; y++) {
		if (y)
			buf_putc(out, '\n');
		row_text(term_row(t, y), t->tab, out);
	}
}

/* Checking */

static void
row_check(const struct term *t, const struct screen *s, const struct row *r)
{
	CHECK(r->len <= r->cap);
	CHECK(!r->cells || r->cap == t->v.cols);
	CHECK(r->stamp <= t->v.stamp);
	bool home = !r->cells;
	for (int i = 0; i < s->n_pages && !home; i++) {
		const char *base = page_base(t->arena, s->pages[i]);
		const char *p = (const char *)r->cells;
		home = p >= base && p + (size_t)r->cap * sizeof(cell_t) <= base + PAGE_BYTES;
	}
	CHECK(home);
	uint32_t cps[CLUSTER_MAX];
	for (int x = 0; x < r->len; x++) {
		cell_t c = r->cells[x], kind = c & CELL_KIND_MASK;
		cell_t next = x + 1 < r->len ? r->cells[x + 1] & CELL_KIND_MASK : 0;
		cell_t prev = x ? r->cells[x - 1] & CELL_KIND_MASK : 0;
		CHECK((kind == CELL_WIDE) == (next == CELL_TAIL));
		CHECK(kind != CELL_TAIL || prev == CELL_WIDE);
		CHECK(kind == CELL_NARROW || r->flags & ROW_WIDE);
		CHECK(!(c & CELL_CLUSTER) ||
			(tab_cps(t->tab, c, cps) >= 2 && r->flags & ROW_CLUSTERS));
		CHECK(!(c & (CELL_STYLE_MASK | CELL_LINK_MASK)) || r->flags & ROW_STYLED);
		CHECK(!cell_link(c) ||
			(r->flags & ROW_LINKS && *tab_link_uri(t->tab, cell_link(c))));
		CHECK(!(c & CELL_PROTECTED) || r->flags & ROW_PROTECTED);
		CHECK(cell_content(c) < 0x80 || r->flags & (ROW_NONASCII | ROW_CLUSTERS));
	}
}

static void
screen_check(const struct term *t, const struct screen *s)
{
	int rows = t->v.rows;
	CHECK(s->row >= s->ptrs && s->row + rows <= s->ptrs + s->n_ptrs);
	bool *seen = xcalloc((size_t)rows, sizeof(*seen));
	for (int y = 0; y < rows; y++) {
		long i = s->row[y] - s->store;
		CHECK(i >= 0 && i < rows && !seen[i]);
		seen[i] = true;
		row_check(t, s, s->row[y]);
	}
	free(seen);
}

void
term_check(const struct term *t)
{
	const struct vt *v = &t->v;
	CHECK(v->cols >= 1 && v->cols <= TERM_COLS_MAX && v->rows >= 1 && v->rows <= TERM_ROWS_MAX);
	CHECK(v->row >= 0 && v->row < v->rows && v->col >= 0 && v->col < v->cols);
	CHECK(v->top >= 0 && v->top <= v->bottom && v->bottom < v->rows);
	CHECK(v->left >= 0 && v->left <= v->right && v->right < v->cols);
	CHECK(v->alt <= 1 && (t->parked.len || t->scr[v->alt].store));
	CHECK(v->gl < 4 && v->gr < 4 && v->single < 4 && v->n_pens <= PEN_STACK);
	CHECK(v->scr[0].kitty_n <= KITTY_STACK && v->scr[1].kitty_n <= KITTY_STACK);
	CHECK(t->str.len <= STRING_MAX && t->n_stack <= TITLE_STACK);
	CHECK(vt_parser_valid(v));
	for (int k = 0; k < 2; k++)
		if (t->scr[k].store)
			screen_check(t, &t->scr[k]);
	tab_check(t->tab);
	pagelist_check(t->pagelist);
}

void
term_dump(const struct term *t, FILE *out)
{
	const struct vt *v = &t->v;
	fprintf(out,
		"term %dx%d cursor %d,%d%s alt %d margins %d..%d %d..%d state %d modes %llx "
		"generation %llu\n",
		v->cols, v->rows, v->row, v->col, v->pending ? " pending" : "", v->alt, v->top,
		v->bottom, v->left, v->right, v->state, (unsigned long long)v->modes,
		(unsigned long long)v->generation);
	for (int y = 0; !t->parked.len && y < v->rows; y++) {
		const struct row *r = term_row(t, y);
		struct buf b = {0};
		row_text(r, t->tab, &b);
		fprintf(out, "%3d len %u flags %x stamp %llu |%s|\n", y, r->len, r->flags,
			(unsigned long long)r->stamp, buf_cstr(&b));
		buf_free(&b);
	}
	pagelist_dump(t->pagelist, out);
}
