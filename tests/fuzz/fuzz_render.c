/* The emitter: what it writes for a frame, read by another terminal, shows that
 * frame; frames over the wire, applied to a canvas, too. Its output holds
 * nothing but colours, cursor, text, links and modes that are known: a child's
 * bytes never pass through. Input as for vt, without operations other than
 * resize; a frame is drawn at each 0xff. */
#include "core/render.h"
#include "core/term.h"
#include "core/width.h"
#include "tests/fuzz/fuzz.h"

enum { OWNER_CHILD = 5, OWNER_OUTER = 6, OWNER_CANVAS = 7, ZWNJ = 0x200c };
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

static void
same_text(const struct grid *a, const struct grid *b)
{
	uint32_t ca[CLUSTER_MAX], cb[CLUSTER_MAX];

	CHECK(a->cols == b->cols && a->rows == b->rows);
	for (int y = 0; y < a->rows; y++) {
		for (int x = 0; x < a->cols; x++) {
			cell_t p = x < a->row[y]->len ? a->row[y]->cells[x] : 0;
			cell_t q = x < b->row[y]->len ? b->row[y]->cells[x] : 0;
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
	struct canvas *canvas;
	struct frame_view *view;
};

static void
draw(struct outer *o)
{
	struct grid g = term_grid(o->child), shown, drawn;
	struct buf out = {0}, frame = {0};

	render_frame(o->render, &g, &out);
	for (size_t i = 0; i < out.len; i++)
		CHECK(out.data[i] != 7 && out.data[i] != 0 && out.data[i] != 0x7f);
	term_feed(o->term, out.data, out.len);
	shown = term_grid(o->term);
	same_text(&g, &shown);
	if (frame_encode(o->view, &g, &frame))
		CHECK(frame_apply(o->canvas, frame.data, frame.len) == 0);
	drawn = canvas_grid(o->canvas);
	same_text(&g, &drawn);
	out.len = 0;
	render_frame(o->render, &g, &out);
	CHECK(out.len == 0);
	buf_free(&out);
	buf_free(&frame);
}

static void
run(struct outer *o, struct fuzz_in *in)
{
	while (fuzz_left(in) > 0) {
		uint8_t c = fuzz_u8(in);

		if (c != 0xff) {
			term_feed(o->child, &c, 1);
			continue;
		}
		c = fuzz_u8(in);
		if (c & 1) {
			int cols = 2 + fuzz_u8(in) % 100, rows = 1 + fuzz_u8(in) % 40;

			term_resize(o->child, cols, rows);
			term_resize(o->term, cols, rows);
		}
		draw(o);
	}
	draw(o);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, data + size};
	struct term_config cfg = {.cols = 2 + fuzz_u8(&in) % 100, .rows = 1 + fuzz_u8(&in) % 40};
	struct render_caps caps = {.sync = true,
		.truecolor = true,
		.links = true,
		.styled_underline = true,
		.overline = true};
	struct outer o;

	if (!arena)
		arena = arena_new(1ull << 30);
	o.child = term_new(arena, OWNER_CHILD, &cfg);
	o.term = term_new(arena, OWNER_OUTER, &cfg);
	term_feed(o.term, "\033[?7l", 5); /* as tui/outer.c leaves a terminal */
	o.render = render_new(arena, 1, &caps);
	o.canvas = canvas_new(arena, OWNER_CANVAS, cfg.cols, cfg.rows);
	o.view = frame_view_new();
	run(&o, &in);
	term_free(o.child);
	term_free(o.term);
	render_free(o.render);
	canvas_free(o.canvas);
	frame_view_free(o.view);
	CHECK(arena_stats(arena).live == 0);
	return 0;
}
