/* ncurses composes and writes nothing. What it does for us: sheets of any size that clip what is drawn
 * on them (windows), laid over one another in order (wnoutrefresh into newscr), with wide characters
 * cut right where one covers half of another. doupdate() is never called: newscr is read back, and
 * core/paint/render.c sends the difference.
 *
 * What ncurses would do to text is avoided by giving it one private-use character per column: each
 * grapheme that is not one ASCII character goes into a table, and its cells hold U+F0000 + 2 * index
 * (+ 1 in the second column of a wide one). So ncurses sees narrow cells only, never drops a joiner,
 * and cannot disagree about widths. The table lives on from frame to frame, and so equal cells mean equal
 * text: rows that stay as they are cost no more than to see that. A cell's colour pair is our style id; it needs no init_pair since
 * nothing asks ncurses to output it. */
#define NCURSES_WIDECHAR 1
#include "tui/draw/surface.h"
#include "core/text/width.h"
#include <locale.h>
#include <ncurses.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define CLUSTER_BASE 0xF0000u
#define CLUSTERS_MAX 32000
#define HASH_SIZE 65536 /* twice as many as clusters: a free place is near */
#define LAYERS_MAX 8
#define STYLES_MAX 4096

struct surface {
	SCREEN *screen;
	FILE *null;
	int cols, rows;
	WINDOW *layer[LAYERS_MAX];
	int n_layers;
	struct style *style;
	int n_styles;
	struct buf text;   /* clusters, NUL after each */
	uint32_t *cluster; /* offset of each in text */
	uint8_t *width;
	int n_clusters, cap_clusters;
	uint16_t hash[HASH_SIZE]; /* index + 1 of a cluster; 0 free */
	int caret_y, caret_x;	  /* -1 none */
	cchar_t *cells,
		*before; /* of the composed frame, and the one before it: rows of cols + 1 */
	bool *same;	 /* rows that are equal in both */
	bool anew;	 /* the one before says nothing */
};
static bool surface_exists;

/* newterm() takes over the signals that stop or end a program; they are the caller's. */
static void
signals_keep(struct sigaction *save, bool restore)
{
	static const int sig[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
	for (size_t i = 0; i < ARRAY_LEN(sig); i++)
		sigaction(sig[i], restore ? &save[i] : NULL, restore ? NULL : &save[i]);
}

struct surface *
surface_new(int cols, int rows)
{
	CHECK(!surface_exists);
	struct sigaction save[4];
	FILE *null = fopen("/dev/null", "r+e");
	if (!null)
		return NULL;
	setlocale(LC_CTYPE, "C.UTF-8");
	signals_keep(save, false);
	SCREEN *screen = newterm("xterm-256color", null, null);
	signals_keep(save, true);
	if (!screen) {
		fclose(null);
		return NULL;
	}
	struct surface *s = xcalloc(1, sizeof *s);
	s->screen = screen;
	s->null = null;
	s->style = xcalloc(STYLES_MAX, sizeof *s->style);
	s->n_styles = 1;
	s->caret_y = -1;
	surface_exists = true;
	surface_resize(s, cols, rows);
	surface_begin(s);
	return s;
}

static void
layers_drop(struct surface *s)
{
	for (int i = 0; i < s->n_layers; i++)
		if (s->layer[i] != stdscr)
			delwin(s->layer[i]);
	s->n_layers = 0;
}

void
surface_free(struct surface *s)
{
	if (!s)
		return;
	layers_drop(s);
	endwin();
	delscreen(s->screen);
	fclose(s->null);
	buf_free(&s->text);
	free(s->cluster);
	free(s->width);
	free(s->style);
	free(s->cells);
	free(s->before);
	free(s->same);
	free(s);
	surface_exists = false;
}

void
surface_resize(struct surface *s, int cols, int rows)
{
	layers_drop(s);
	s->cols = CLAMP(cols, 1, 1000);
	s->rows = CLAMP(rows, 1, 1000);
	CHECK(resize_term(s->rows, s->cols) == OK);
	free(s->cells);
	free(s->before);
	free(s->same);
	s->cells = xcalloc((size_t)s->rows * (size_t)(s->cols + 1), sizeof *s->cells);
	s->before = xcalloc((size_t)s->rows * (size_t)(s->cols + 1), sizeof *s->before);
	s->same = xcalloc((size_t)s->rows, sizeof *s->same);
	s->anew = true;
	surface_begin(s);
}

int
surface_cols(const struct surface *s)
{
	return s->cols;
}

int
surface_rows(const struct surface *s)
{
	return s->rows;
}

uint16_t
surface_style(struct surface *s, const struct style *st)
{
	for (int i = 0; i < s->n_styles; i++) {
		const struct style *o = &s->style[i];
		if (o->fg == st->fg && o->bg == st->bg && o->ul == st->ul && o->attrs == st->attrs)
			return (uint16_t)i;
	}
	if (s->n_styles == STYLES_MAX)
		return 0;
	s->style[s->n_styles] = *st;
	return (uint16_t)s->n_styles++;
}

struct style
surface_style_get(const struct surface *s, uint16_t id)
{
	return s->style[id < s->n_styles ? id : 0];
}

void
surface_begin(struct surface *s)
{
	layers_drop(s);
	s->layer[s->n_layers++] = stdscr;
	werase(stdscr);
	s->caret_y = -1;
	if (s->n_clusters > CLUSTERS_MAX / 2) { /* old names and questions; a frame has few */
		s->text.len = 0;
		s->n_clusters = 0;
		memset(s->hash, 0, sizeof s->hash);
		s->anew = true;
	}
}

void
surface_layer(struct surface *s, int y, int x, int h, int w)
{
	h = MIN(h, s->rows);
	w = MIN(w, s->cols);
	y = CLAMP(y, 0, s->rows - h);
	x = CLAMP(x, 0, s->cols - w);
	WINDOW *win = s->n_layers < LAYERS_MAX && h > 0 && w > 0 ? newwin(h, w, y, x) : NULL;
	if (win)
		s->layer[s->n_layers++] = win;
}

bool
surface_layer_at(const struct surface *s, int i, int *y, int *x, int *h, int *w)
{
	if (i < 0 || i + 1 >= s->n_layers)
		return false;
	const WINDOW *win = s->layer[i + 1];
	*y = getbegy(win);
	*x = getbegx(win);
	*h = getmaxy(win);
	*w = getmaxx(win);
	return true;
}

/* Index of the cluster in the table; -1 when that is full. */
static int
cluster_add(struct surface *s, const char *p, size_t n, int width)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)p[i]) * 16777619u;
	for (h ^= h >> 16; s->hash[h % HASH_SIZE]; h++) {
		int at = s->hash[h % HASH_SIZE] - 1;
		const char *t = (const char *)s->text.data + s->cluster[at];
		if (!strncmp(t, p, n) && !t[n] && s->width[at] == width)
			return at;
	}
	if (s->n_clusters == CLUSTERS_MAX)
		return -1;
	if (s->n_clusters == s->cap_clusters) {
		s->cap_clusters = MAX(256, s->cap_clusters * 2);
		s->cluster = xrealloc(s->cluster, mul_sat(s->cap_clusters, sizeof *s->cluster));
		s->width = xrealloc(s->width, s->cap_clusters);
	}
	s->cluster[s->n_clusters] = (uint32_t)s->text.len;
	s->width[s->n_clusters] = (uint8_t)width;
	buf_put(&s->text, p, n);
	buf_putc(&s->text, 0);
	s->hash[h % HASH_SIZE] = (uint16_t)(s->n_clusters + 1);
	return s->n_clusters++;
}

static void
put_char(WINDOW *w, int y, int x, uint32_t ch, uint16_t style)
{
	/* as setcchar makes it, which asks for the width of each character anew */
	cchar_t cell = {.attr = A_NORMAL, .chars = {(wchar_t)ch}, .ext_color = style};
	/* fails in the last cell of a window only because the cursor cannot move on */
	(void)mvwadd_wch(w, y, x, &cell);
}

int
surface_text(struct surface *s, int y, int x, int max, const char *utf8, uint16_t style)
{
	WINDOW *w = s->layer[s->n_layers - 1];
	if (y < 0 || y >= getmaxy(w) || x < 0)
		return 0;
	max = MIN(max, getmaxx(w) - x);
	int used = 0;
	for (size_t n = strlen(utf8); n > 0;) {
		int width = 1;
		uint8_t c = (uint8_t)*utf8;
		/* a letter before a letter stands alone; nothing joins it */
		bool plain = c >= 0x20 && c < 0x7f && (uint8_t)utf8[1] < 0x80;
		size_t len = plain ? 1 : utf8_grapheme(utf8, n, &width);
		if (used + MAX(width, 1) > max)
			break;
		if (len == 1 && c >= 0x20 && c < 0x7f) {
			put_char(w, y, x + used++, c, style);
		} else if (width > 0) {
			int i = cluster_add(s, utf8, len, width);
			for (int k = 0; k < width; k++)
				put_char(w, y, x + used++,
					i < 0 ? '?' : CLUSTER_BASE + 2 * (uint32_t)i + (uint32_t)k,
					style);
		}
		utf8 += len;
		n -= len;
	}
	return used;
}

void
surface_fill(struct surface *s, int y, int x, int h, int w, const char *utf8, uint16_t style)
{
	WINDOW *win = s->layer[s->n_layers - 1];
	bool ascii = !utf8[1];
	int i = ascii ? -1 : cluster_add(s, utf8, strlen(utf8), 1);
	uint32_t ch = ascii ? (uint8_t)*utf8 : i < 0 ? '?' : CLUSTER_BASE + 2 * (uint32_t)i;
	for (int r = MAX(y, 0); r < MIN(y + h, getmaxy(win)); r++)
		for (int c = MAX(x, 0); c < MIN(x + w, getmaxx(win)); c++)
			put_char(win, r, c, ch, style);
}

void
surface_caret(struct surface *s, int y, int x)
{
	WINDOW *w = s->layer[s->n_layers - 1];
	s->caret_y = MIN(getbegy(w) + y, s->rows - 1);
	s->caret_x = MIN(getbegx(w) + x, s->cols - 1);
}

void
surface_compose(struct surface *s)
{
	for (int i = 0; i < s->n_layers; i++) {
		touchwin(s->layer[i]);
		wnoutrefresh(s->layer[i]);
	}
	cchar_t *t = s->before;
	s->before = s->cells;
	s->cells = t;
	/* row by row: what a cell holds is asked for thousands of times a frame */
	size_t stride = (size_t)s->cols + 1;
	for (int y = 0; y < s->rows; y++) {
		cchar_t *row = &s->cells[(size_t)y * stride];
		mvwin_wchnstr(newscr, y, 0, row, s->cols);
		s->same[y] = !s->anew && !memcmp(row, &s->before[(size_t)y * stride],
						 (size_t)s->cols * sizeof *row);
	}
	s->anew = false;
}

bool
surface_row_same(const struct surface *s, int y)
{
	return s->same[y];
}

static bool
raw_cell(const struct surface *s, int y, int x, uint32_t *ch, uint16_t *style)
{
	if (y < 0 || x < 0 || y >= s->rows || x >= s->cols)
		return false;
	const cchar_t *cell = &s->cells[(size_t)y * (size_t)(s->cols + 1) + (size_t)x];
	*ch = (uint32_t)cell->chars[0];
	*style = (uint16_t)cell->ext_color;
	return true;
}

void
surface_cell(const struct surface *s, int y, int x, struct surface_cell *out)
{
	static const char ascii[128][2] = {
#define C(n) {(char)(n), 0}
#define C8(n) C(n), C(n + 1), C(n + 2), C(n + 3), C(n + 4), C(n + 5), C(n + 6), C(n + 7)
#define C32(n) C8(n), C8(n + 8), C8(n + 16), C8(n + 24)
		C32(0), C32(32), C32(64), C32(96)
#undef C
#undef C8
#undef C32
	};
	uint32_t ch;
	*out = (struct surface_cell){"", 1, 0};
	if (!raw_cell(s, y, x, &ch, &out->style))
		return;
	if (ch > ' ' && ch < 0x7f) {
		out->text = ascii[ch];
		return;
	}
	uint32_t i = (ch - CLUSTER_BASE) / 2;
	if (ch < CLUSTER_BASE || i >= (uint32_t)s->n_clusters)
		return;
	const char *text = (const char *)s->text.data + s->cluster[i];
	uint16_t other_style;
	uint32_t other;
	bool tail = (ch - CLUSTER_BASE) % 2;
	if (s->width[i] == 1) {
		out->text = text;
	} else if (raw_cell(s, y, tail ? x - 1 : x + 1, &other, &other_style) &&
		   other == (tail ? ch - 1 : ch + 1)) { /* else a layer covers the other half */
		out->text = tail ? "" : text;
		out->width = tail ? 0 : 2;
	}
}

bool
surface_caret_at(const struct surface *s, int *y, int *x)
{
	*y = s->caret_y;
	*x = s->caret_x;
	return s->caret_y >= 0;
}

static void
dump_legend(const struct surface *s, struct buf *out, const uint16_t *ids, int n)
{
	static const char *const attr[] = {
		"bold", "faint", "italic", "blink", "inverse", "invisible", "strike"};
	for (int i = 0; i < n; i++) {
		struct style st = s->style[ids[i]];
		buf_printf(out, "%c fg=%x bg=%x", 'a' + i, st.fg, st.bg);
		for (size_t k = 0; k < ARRAY_LEN(attr); k++)
			if (st.attrs & (1u << k))
				buf_printf(out, " %s", attr[k]);
		buf_puts(out, st.attrs & ATTR_UL_MASK ? " underline\n" : "\n");
	}
}

static void
dump_row(const struct surface *s, int y, struct buf *out, uint16_t *ids, int *n)
{
	size_t end = out->len;
	for (int x = 0; x < s->cols; x++) {
		struct surface_cell c;
		surface_cell(s, y, x, &c);
		if (!ids) {
			if (c.width == 0)
				continue;
			buf_puts(out, *c.text ? c.text : " ");
			if (*c.text)
				end = out->len;
			continue;
		}
		int i = 0;
		while (i < *n && ids[i] != c.style)
			i++;
		if (c.style && i == *n && *n < 26)
			ids[(*n)++] = c.style;
		buf_putc(out, c.style ? (uint8_t)('a' + MIN(i, 25)) : '.');
		if (c.style)
			end = out->len;
	}
	out->len = end;
	buf_putc(out, '\n');
}

void
surface_dump(const struct surface *s, struct buf *out, bool styles)
{
	uint16_t ids[26];
	int n = 0;
	for (int y = 0; y < s->rows; y++)
		dump_row(s, y, out, NULL, NULL);
	if (!styles)
		return;
	buf_puts(out, "--- styles\n");
	for (int y = 0; y < s->rows; y++)
		dump_row(s, y, out, ids, &n);
	dump_legend(s, out, ids, n);
}
