/* Runs the scripts of tests/vt: bytes in, screen out. Each case runs as written, byte by byte and
 * in threes, and must show the same each time; the terminal's checker runs after every step.
 *
 *   == name          a case begins (20x4 unless size says otherwise)
 *   size 10x3        columns x rows; lines N: history limit
 *   > text           bytes for the terminal; \e \r \n \t \b \a \\ \xHH as in C
 *   resize 12x4
 *   |text|           the next row of the screen, from the top; blanks at its end do not count
 *   ^text|           the next row of history, oldest first
 *   @ row col        the cursor, from 0; "pending" behind it if the next character wraps first
 *   < text           everything answered to the child so far
 *   % row col what…  a cell: bold, underline, fg=idx:1, bg=#102030, link=URI, wide, tail …
 *   mode N on|off    a DEC private mode
 *   title text
 *   colors fg bg     of the terminal outside, as 0xrrggbb
 *   # comment */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/base/buf.h"
#include "core/term/term.h"

struct script {
	const char *file;
	char name[128];
	int line, chunk;
	int cols, rows, next_row, next_history;
	uint64_t limit;
	struct arena *arena;
	struct term *term;
	struct buf reply;
	int failed;
};

static void
script_fail(struct script *s, const char *what, const char *want, const char *got)
{
	fprintf(stderr, "%s:%d: %s (chunk %d): %s: want \"%s\", got \"%s\"\n", s->file, s->line,
		s->name, s->chunk, what, want, got);
	s->failed++;
}

static void
on_reply(void *ctx, const void *p, size_t n)
{
	buf_put(&((struct script *)ctx)->reply, p, n);
}

static struct term *
script_term(struct script *s)
{
	if (s->term)
		return s->term;
	struct term_config cfg = {
		.cols = s->cols, .rows = s->rows, .history = {.lines = s->limit, .bytes = 1 << 20}};
	s->term = term_new(s->arena, 7, &cfg);
	term_set_ops(s->term, &(struct term_ops){.reply = on_reply, .ctx = s});
	return s->term;
}

static void
script_begin(struct script *s, const char *name)
{
	if (s->term)
		term_free(s->term);
	s->term = NULL;
	s->cols = 20;
	s->rows = 4;
	s->limit = 100;
	s->next_row = s->next_history = 0;
	s->reply.len = 0;
	snprintf(s->name, sizeof(s->name), "%s", name);
}

static void
unescape(const char *in, struct buf *out)
{
	static const char from[] = "ernt0ba\\", to[] = "\033\r\n\t\0\b\a\\";
	out->len = 0;
	for (; *in; in++) {
		const char *k = *in == '\\' && in[1] ? strchr(from, in[1]) : NULL;
		if (k) {
			buf_putc(out, (uint8_t)to[k - from]);
			in++;
		} else if (*in == '\\' && in[1] == 'x') {
			char hex[3] = {in[2], in[3], 0};
			buf_putc(out, (uint8_t)strtoul(hex, NULL, 16));
			in += 3;
		} else {
			buf_putc(out, (uint8_t)*in);
		}
	}
}

static void
escape(const struct buf *in, struct buf *out)
{
	out->len = 0;
	for (size_t i = 0; i < in->len; i++)
		if (in->data[i] == 27)
			buf_puts(out, "\\e");
		else if (in->data[i] < 32 || in->data[i] == 127)
			buf_printf(out, "\\x%02x", in->data[i]);
		else
			buf_putc(out, in->data[i]);
}

static void
do_feed(struct script *s, const char *text)
{
	struct buf b = {0};
	unescape(text, &b);
	s->next_row = s->next_history = 0;
	size_t step = s->chunk ? (size_t)s->chunk : b.len;
	for (size_t at = 0; at < b.len; at += step) {
		term_feed(script_term(s), b.data + at, MIN(step, b.len - at));
		term_check(s->term);
	}
	buf_free(&b);
}

static void
do_size(struct script *s, const char *text)
{
	if (sscanf(text, "%dx%d", &s->cols, &s->rows) != 2 || s->term)
		script_fail(s, "size", "COLSxROWS before any bytes", text);
}

static void
do_lines(struct script *s, const char *text)
{
	s->limit = strtoull(text, NULL, 10);
}

static void
do_resize(struct script *s, const char *text)
{
	int c = 0, r = 0;
	s->next_row = s->next_history = 0;
	if (sscanf(text, "%dx%d", &c, &r) != 2)
		script_fail(s, "resize", "COLSxROWS", text);
	term_resize(script_term(s), c, r);
	term_check(s->term);
}

static void
strip(char *text)
{
	char *bar = strrchr(text, '|');
	if (bar)
		*bar = 0;
	size_t n = strlen(text);
	while (n && text[n - 1] == ' ')
		text[--n] = 0;
}

static void
do_row(struct script *s, const char *text)
{
	char want[8192];
	snprintf(want, sizeof(want), "%s", text);
	strip(want);
	struct buf all = {0};
	term_text(script_term(s), &all);
	char *line = buf_cstr(&all), *end;
	for (int y = 0; y < s->next_row && line; y++)
		line = (line = strchr(line, '\n')) ? line + 1 : NULL;
	if (line && (end = strchr(line, '\n')))
		*end = 0;
	char what[32];
	snprintf(what, sizeof(what), "row %d", s->next_row++);
	if (!line || strcmp(line, want))
		script_fail(s, what, want, line ? line : "(no such row)");
	buf_free(&all);
}

static void
take_row(void *ctx, const struct row *row, const struct tab *tab, struct pin at)
{
	struct buf *out = ctx;
	uint32_t cps[CLUSTER_MAX];
	(void)at;
	for (int x = 0; x < row->len; x++) {
		int n = tab_cps(tab, row->cells[x], cps);
		for (int i = 0; i < n; i++)
			buf_utf8(out, cps[i]);
		if (!n && (row->cells[x] & CELL_KIND_MASK) != CELL_TAIL)
			buf_putc(out, ' ');
	}
}

static void
do_history(struct script *s, const char *text)
{
	char want[8192], what[32];
	snprintf(want, sizeof(want), "%s", text);
	strip(want);
	struct pagelist *h = term_pagelist(script_term(s));
	int cols = term_grid(s->term).cols;
	struct buf b = {0};
	snprintf(what, sizeof(what), "history %d", s->next_history);
	if ((uint64_t)s->next_history >= pagelist_rows(h, cols)) {
		script_fail(s, what, want, "(no such row)");
	} else {
		pagelist_read(h, cols, (uint64_t)s->next_history, 1, take_row, &b);
		strip(buf_cstr(&b));
		if (strcmp(b.data ? (char *)b.data : "", want))
			script_fail(s, what, want, (char *)b.data);
	}
	s->next_history++;
	buf_free(&b);
}

static void
do_history_count(struct script *s, const char *text)
{
	char got[24];
	snprintf(got, sizeof(got), "%d",
		(int)pagelist_rows(term_pagelist(script_term(s)), term_grid(s->term).cols));
	if (strcmp(got, text))
		script_fail(s, "rows of history", text, got);
}

static void
do_cursor(struct script *s, const char *text)
{
	char got[64];
	struct grid g = term_grid(script_term(s));
	snprintf(got, sizeof(got), "%d %d%s", g.cursor.row, g.cursor.col,
		g.cursor.pending_wrap ? " pending" : "");
	if (strcmp(got, text))
		script_fail(s, "cursor", text, got);
}

static void
do_answer(struct script *s, const char *text)
{
	text += *text == ' ';
	struct buf got = {0};
	escape(&s->reply, &got);
	if (strcmp(buf_cstr(&got), text))
		script_fail(s, "reply", text, (char *)got.data);
	buf_free(&got);
}

static void
do_mode(struct script *s, const char *text)
{
	int number = atoi(text);
	const char *got = term_mode(script_term(s), number) ? "on" : "off";
	if (!strstr(text, got) || (got[1] == 'n' && strstr(text, "off")))
		script_fail(s, "mode", text, got);
}

static void
do_colors(struct script *s, const char *text)
{
	unsigned fg, bg;
	if (sscanf(text, "%x %x", &fg, &bg) != 2)
		script_fail(s, "colors", "FG BG", text);
	term_colors(script_term(s), fg, bg);
}

static void
do_title(struct script *s, const char *text)
{
	if (strcmp(term_title(script_term(s)), text))
		script_fail(s, "title", text, term_title(s->term));
}

static void
put_color(struct buf *out, const char *name, uint32_t c)
{
	if (c & COLOR_RGB)
		buf_printf(out, " %s=#%06x", name, c & 0xffffff);
	else if (c & COLOR_INDEX)
		buf_printf(out, " %s=idx:%u", name, c & 255);
}

/* Everything a cell has, in the script's words and order. */
static void
describe(const struct grid *g, int y, int x, struct buf *out)
{
	static const char *const attr[] = {
		"bold", "faint", "italic", "blink", "inverse", "invisible", "strike", "overline"};
	static const char *const ul[] = {
		"", " underline", " double", " curly", " dotted", " dashed", "", ""};
	static const char *const kind[] = {"", " wide", " tail", " head"};
	const struct row *r = g->row[y];
	cell_t c = x < r->len ? r->cells[x] : 0;
	struct style s = tab_style_get(g->tab, cell_style(c));
	for (size_t i = 0; i < ARRAY_LEN(attr); i++)
		if (s.attrs >> i & 1)
			buf_printf(out, " %s", attr[i]);
	buf_puts(out, ul[(s.attrs & ATTR_UL_MASK) >> ATTR_UL_SHIFT]);
	put_color(out, "fg", s.fg);
	put_color(out, "bg", s.bg);
	put_color(out, "ul", s.ul);
	buf_puts(out, kind[(c & CELL_KIND_MASK) >> 21]);
	if (c & CELL_PROTECTED)
		buf_puts(out, " protected");
	if (cell_link(c))
		buf_printf(out, " link=%s", tab_link_uri(g->tab, cell_link(c)));
}

static void
do_cell(struct script *s, const char *text)
{
	struct grid g = term_grid(script_term(s));
	struct buf got = {0};
	int y = 0, x = 0, used = 0;
	if (sscanf(text, "%d %d%n", &y, &x, &used) != 2 || y >= g.rows || x >= g.cols) {
		script_fail(s, "cell", "row col", text);
		return;
	}
	describe(&g, y, x, &got);
	if (strcmp(buf_cstr(&got), text + used))
		script_fail(s, "cell", text, (char *)got.data);
	buf_free(&got);
}

static const struct {
	const char *word;
	void (*fn)(struct script *s, const char *text);
} words[] = {{"> ", do_feed}, {"|", do_row}, {"^", do_history}, {"@ ", do_cursor}, {"<", do_answer},
	{"% ", do_cell}, {"== ", script_begin}, {"size ", do_size}, {"lines ", do_lines},
	{"resize ", do_resize}, {"mode ", do_mode}, {"title ", do_title}, {"colors ", do_colors},
	{"history ", do_history_count}};

static void
script_line(struct script *s, char *line)
{
	line[strcspn(line, "\n")] = 0;
	if (!*line || *line == '#')
		return;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i].word);
		if (!strncmp(line, words[i].word, n)) {
			words[i].fn(s, line + n);
			return;
		}
	}
	script_fail(s, "line", "a word of the script language", line);
}

/* Failed expectations, or -1 when the file cannot be read. */
static int
script_run(const char *path, int chunk, int *cases)
{
	struct script s = {.file = path, .chunk = chunk, .arena = arena_new(0)};
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t cap = 0;
	if (!f || !s.arena)
		return -1;
	script_begin(&s, "(none)");
	while (getline(&line, &cap, f) > 0) {
		s.line++;
		*cases += !strncmp(line, "== ", 3);
		script_line(&s, line);
	}
	term_free(s.term);
	arena_free(s.arena);
	buf_free(&s.reply);
	free(line);
	fclose(f);
	return s.failed;
}

static void
test_scripts(void **state)
{
	static const int chunks[] = {0, 1, 3};
	const char *src = getenv("MUSTER_SRC");
	char dir[4096], path[8192];
	int files = 0, cases = 0, failed = 0;
	(void)state;
	snprintf(dir, sizeof(dir), "%s/tests/vt", src ? src : ".");
	DIR *d = opendir(dir);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));) {
		const char *dot = strrchr(e->d_name, '.');
		if (!dot || strcmp(dot, ".vt"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		for (size_t i = 0; i < ARRAY_LEN(chunks); i++)
			failed += abs(script_run(path, chunks[i], &cases));
		files++;
	}
	closedir(d);
	printf("%d files, %d runs of cases\n", files, cases);
	assert_true(files > 0 && cases > 0);
	assert_int_equal(failed, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_scripts)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
