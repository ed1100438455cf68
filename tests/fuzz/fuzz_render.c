/* The emitter: what it writes for a frame, read by another terminal, shows that
 * frame; frames over the wire, applied to a canvas, too. Its output holds
 * nothing but colours, cursor, text, links and modes that are known: a child's
 * bytes never pass through. Input: columns, rows, then bytes for the child; 0xff
 * and a byte are an operation (see ops), which but for the first takes two more,
 * and a frame is drawn. */
#include "core/paint/canvas.h"
#include "core/paint/frame.h"
#include "core/paint/render.h"
#include "core/term/term.h"
#include "core/text/width.h"
#include "tests/fuzz/fuzz.h"

enum { OWNER_CHILD = 5, OWNER_OUTER = 6, OWNER_CANVAS = 7, OWNER_DASH = 8, ZWNJ = 0x200c };
static struct arena *arena;

/* The codepoints of a cell that show: a space that a prepended sign took into its cluster is not
 * sent, since a terminal that does not join them would put it over the neighbour. */
static int
shown_cps(const struct tab *t, cell_t c, uint32_t cps[CLUSTER_MAX])
{
	int n = tab_cps(t, c, cps), k = 0;

	for (int i = 0; i < n; i++)
		if (i == 0 || cps[i] != ' ')
			cps[k++] = cps[i];
	return k;
}

/* As it looks: a reversed screen may be said as inverse cells. */
static struct style
look(const struct grid *g, cell_t c)
{
	struct style s = tab_style_get(g->tab, cell_style(c));

	s.attrs ^= g->reverse ? ATTR_INVERSE : 0;
	return s;
}

/* Where cell x of a row is shown: in double width each character has twice its room, once drawn. */
static int
shown_at(const struct row *r, const struct row *shown, int x)
{
	bool tail = x < r->len && (r->cells[x] & CELL_KIND_MASK) == CELL_TAIL;
	bool drawn_wide = r->flags & ~shown->flags & ROW_DOUBLE_MASK;

	return drawn_wide ? 2 * x - tail : x;
}

static void
same_text(const struct grid *a, const struct grid *b)
{
	uint32_t ca[CLUSTER_MAX], cb[CLUSTER_MAX];

	CHECK(a->cols == b->cols && a->rows == b->rows);
	for (int y = 0; y < a->rows; y++) {
		for (int x = 0; x < a->cols; x++) {
			cell_t p = x < a->row[y]->len ? a->row[y]->cells[x] : 0;
			int at = shown_at(a->row[y], b->row[y], x);
			bool cut = at + ((p & CELL_KIND_MASK) == CELL_WIDE) >= a->cols;
			cell_t q = at < b->row[y]->len ? b->row[y]->cells[at] : 0;

			if (at != x && cut)
				break;
			if (!p && !q && a->reverse == b->reverse)
				continue;
			int n = shown_cps(a->tab, p, ca), m = shown_cps(b->tab, q, cb);

			if (n && m == n + 1 && cb[n] == ZWNJ)
				m--; /* keeps the next cell out of this one */
			if (n && width_cp(ca[0]) == 0)
				continue; /* shown on a blank, in this cell or the next */
			if (n == 0)
				ca[n++] = ' ';
			if (m == 0)
				cb[m++] = ' ';
			CHECK(n == m && memcmp(ca, cb, (size_t)n * sizeof *ca) == 0);
			struct style sp = look(a, p), sq = look(b, q);
			CHECK(sp.bg == sq.bg && !((sp.attrs ^ sq.attrs) & ATTR_INVERSE));
			if (ca[0] != ' ')
				CHECK(sp.fg == sq.fg && sp.attrs == sq.attrs);
		}
	}
}

struct outer {
	struct term *child, *term;
	struct render *render;
	struct canvas *canvas, *dash;
	struct frame_view *view;
	bool pane; /* the child is shown within a frame, as the dashboard does */
};

static const struct render_caps caps = {
	.sync = true, .truecolor = true, .links = true, .styled_underline = true, .overline = true};

/* The child's screen, cut on the right, between two lines. */
static struct grid
in_frame(struct outer *o, const struct grid *g)
{
	static const struct style none;

	canvas_resize(o->dash, g->cols, g->rows);
	canvas_clear(o->dash);
	if (g->cols > 2)
		canvas_blit(o->dash, 0, 1, g, 0, 0, g->rows, g->cols - 2);
	for (int y = 0; y < g->rows; y++) {
		canvas_text(o->dash, y, 0, 1, "|", &none);
		canvas_text(o->dash, y, g->cols - 1, 1, "|", &none);
	}
	return canvas_grid(o->dash);
}

static struct grid
picture(struct outer *o)
{
	struct grid g = term_grid(o->child);

	return o->pane ? in_frame(o, &g) : g;
}

static void
draw(struct outer *o)
{
	struct grid own = term_grid(o->child), g = picture(o), shown, drawn;
	struct buf out = {0}, frame = {0};

	render_frame(o->render, &g, &out);
	for (size_t i = 0; i < out.len; i++)
		CHECK(out.data[i] != 7 && out.data[i] != 0 && out.data[i] != 0x7f);
	term_feed(o->term, out.data, out.len);
	shown = term_grid(o->term);
	same_text(&g, &shown);
	if (frame_encode(o->view, &own, &frame))
		CHECK(frame_apply(o->canvas, frame.data, frame.len) == 0);
	drawn = canvas_grid(o->canvas);
	same_text(&own, &drawn);
	out.len = 0;
	render_frame(o->render, &g, &out);
	CHECK(out.len == 0);
	buf_free(&out);
	buf_free(&frame);
}

/* --- operations, after each of which a frame is drawn ----------------------------------------- */

static void
op_none(struct outer *o, uint8_t x, uint8_t y)
{
	(void)o;
	(void)x;
	(void)y;
}

static void
op_resize(struct outer *o, uint8_t x, uint8_t y)
{
	int cols = 2 + x % 100, rows = 1 + y % 40;

	term_resize(o->child, cols, rows);
	term_resize(o->term, cols, rows);
}

static void
op_pane(struct outer *o, uint8_t x, uint8_t y)
{
	(void)y;
	o->pane = x & 1;
}

/* Another renderer goes on from what this one has shown. */
static void
op_adopt(struct outer *o, uint8_t x, uint8_t y)
{
	struct buf out = {0};

	(void)x;
	(void)y;
	draw(o);
	struct grid g = picture(o);
	render_free(o->render);
	o->render = render_new(arena, 1, &caps);
	render_adopt(o->render, &g, &out);
	term_feed(o->term, out.data, out.len);
	buf_free(&out);
}

/* Somebody else wrote over it, and left the terminal in any state of pen and cursor. */
static void
op_garbage(struct outer *o, uint8_t x, uint8_t y)
{
	struct buf out = {0};

	buf_printf(&out, "\033[%d;%dH\033[7;31;48;5;%dm\xe6\x97\xa5\xf0\x9f\x87\xa9x\xd8\x82",
		y % 40 + 1, x % 100 + 1, y);
	term_feed(o->term, out.data, out.len);
	buf_free(&out);
	render_invalidate(o->render);
}

static void
op_sync(struct outer *o, uint8_t x, uint8_t y)
{
	(void)y;
	render_set_sync(o->render, x & 1);
}

typedef void (*op_fn)(struct outer *o, uint8_t x, uint8_t y);
static const op_fn ops[] = {op_none, op_resize, op_pane, op_adopt, op_garbage, op_sync};

static void
run(struct outer *o, struct fuzz_in *in)
{
	while (fuzz_left(in) > 0) {
		uint8_t c = fuzz_u8(in);

		if (c != 0xff) {
			term_feed(o->child, &c, 1);
			continue;
		}
		op_fn op = ops[fuzz_u8(in) % ARRAY_LEN(ops)];

		if (op == op_none) {
			draw(o);
			continue;
		}
		uint8_t x = fuzz_u8(in), y = fuzz_u8(in);

		op(o, x, y);
		draw(o);
	}
	draw(o);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, data + size};
	struct term_config cfg = {.cols = 2 + fuzz_u8(&in) % 100, .rows = 1 + fuzz_u8(&in) % 40};
	struct outer o = {0};

	if (!arena)
		arena = arena_new(1ull << 30);
	o.child = term_new(arena, OWNER_CHILD, &cfg);
	o.term = term_new(arena, OWNER_OUTER, &cfg);
	term_feed(o.term, "\033[?7l", 5); /* as tui/term/outer.c leaves a terminal */
	o.render = render_new(arena, 1, &caps);
	o.canvas = canvas_new(arena, OWNER_CANVAS, cfg.cols, cfg.rows);
	o.dash = canvas_new(arena, OWNER_DASH, cfg.cols, cfg.rows);
	o.view = frame_view_new();
	run(&o, &in);
	term_free(o.child);
	term_free(o.term);
	render_free(o.render);
	canvas_free(o.canvas);
	canvas_free(o.dash);
	frame_view_free(o.view);
	CHECK(arena_stats(arena).live == 0);
	return 0;
}
