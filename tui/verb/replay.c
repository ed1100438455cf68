/* muster replay: recorded terminal bytes through a terminal of our own, and what it then shows. */
#include "tui/cli/verb.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "core/base/base64.h"
#include "core/base/buf.h"
#include "core/term/term.h"
#include "core/text/width.h"

#define OWNER 1

struct resize {
	size_t at;
	int cols, rows;
};

struct replay {
	const struct verb_ctx *ctx;
	int cols, rows;
	uint64_t scrollback;
	size_t chunk;
	struct resize *resizes;
	size_t n_resizes;
	bool cells, stats, bad;
	struct arena *arena;
	struct term *term;
	struct buf input, reply;
	uint64_t bells;
	double seconds, pack_seconds;
};

/* Options */

static bool
parse_size(const char *s, int *cols, int *rows)
{
	char *end;
	long c = strtol(s, &end, 10);
	if (end == s || *end != 'x' || c < 1 || c > 4096)
		return false;
	s = end + 1;
	long r = strtol(s, &end, 10);
	*cols = (int)c;
	*rows = (int)r;
	return end != s && !*end && r >= 1 && r <= 1000;
}

static void
bad_option(struct replay *r, const char *name, const char *value, const char *form)
{
	if (!r->bad)
		verb_fail(r->ctx, EXIT_USAGE, "%s wants %s, not \"%s\"", name, form, value);
	r->bad = true;
}

static void
set_size(void *ctx, const char *value)
{
	struct replay *r = ctx;
	if (!parse_size(value, &r->cols, &r->rows))
		bad_option(r, "--size", value, "COLSxROWS, like 80x24");
}

static void
set_resize(void *ctx, const char *value)
{
	struct replay *r = ctx;
	struct resize z = {0};
	char *end;
	z.at = strtoull(value, &end, 10);
	if (end == value || *end != ':' || !parse_size(end + 1, &z.cols, &z.rows)) {
		bad_option(r, "--resize", value, "BYTE:COLSxROWS");
		return;
	}
	r->resizes = xrealloc(r->resizes, (r->n_resizes + 1) * sizeof(z));
	r->resizes[r->n_resizes++] = z;
}

static void
set_scrollback(void *ctx, const char *value)
{
	struct replay *r = ctx;
	char *end;
	r->scrollback = strtoull(value, &end, 10);
	if (end == value || *end || *value == '-')
		bad_option(r, "--scrollback", value, "a number of lines");
}

static void
set_chunk(void *ctx, const char *value)
{
	struct replay *r = ctx;
	char *end;
	r->chunk = strtoull(value, &end, 10);
	if (end == value || *end || !r->chunk || *value == '-')
		bad_option(r, "--chunk", value, "a number of bytes");
}

/* Feeding */

static double
now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int
read_input(struct replay *r, const char *path)
{
	bool std = !path || !strcmp(path, "-");
	FILE *f = std ? stdin : fopen(path, "rb");
	if (!f)
		return verb_fail(r->ctx, EXIT_FAIL, "cannot read %s: %s", path, strerror(errno));
	size_t got;
	do {
		buf_reserve(&r->input, 1 << 16);
		got = fread(r->input.data + r->input.len, 1, 1 << 16, f);
		r->input.len += got;
	} while (got);
	bool failed = ferror(f);
	if (!std)
		fclose(f);
	return failed ? verb_fail(r->ctx, EXIT_FAIL, "cannot read %s", std ? "stdin" : path) : 0;
}

static void
feed_to(struct replay *r, size_t from, size_t to)
{
	size_t step = r->chunk ? r->chunk : to - from;
	for (; from < to; from += step)
		term_feed(r->term, r->input.data + from, MIN(step, to - from));
}

static void
feed_all(struct replay *r)
{
	size_t at = 0;
	/* by byte; those at the same byte in the order given */
	for (size_t i = 1; i < r->n_resizes; i++)
		for (size_t k = i; k && r->resizes[k - 1].at > r->resizes[k].at; k--) {
			struct resize tmp = r->resizes[k];
			r->resizes[k] = r->resizes[k - 1];
			r->resizes[k - 1] = tmp;
		}
	double start = now();
	for (size_t i = 0; i < r->n_resizes; i++) {
		size_t stop = MIN(r->resizes[i].at, r->input.len);
		feed_to(r, at, stop);
		at = MAX(at, stop);
		term_resize(r->term, r->resizes[i].cols, r->resizes[i].rows);
	}
	feed_to(r, at, r->input.len);
	r->seconds = now() - start;
}

/* Showing */

static void
row_text(const struct row *row, const struct tab *tab, struct buf *out)
{
	uint32_t cps[CLUSTER_MAX];
	size_t keep = out->len;
	for (int x = 0; x < row->len; x++) {
		uint64_t kind = row->cells[x] & CELL_KIND_MASK;
		if (kind == CELL_TAIL)
			continue;
		int n = tab_cps(tab, row->cells[x], cps);
		for (int i = 0; i < n; i++)
			buf_utf8(out, cps[i]);
		if (!n)
			buf_putc(out, ' ');
		if (n && (n > 1 || cps[0] != ' '))
			keep = out->len;
	}
	out->len = keep;
}

static json_t *
text_json(const struct row *row, const struct tab *tab)
{
	struct buf b = {0};
	row_text(row, tab, &b);
	json_t *s = json_stringn(b.len ? (const char *)b.data : "", b.len);
	buf_free(&b);
	return s;
}

static json_t *
color_json(uint32_t c)
{
	char s[16];
	if (c & COLOR_RGB)
		snprintf(s, sizeof(s), "#%06x", c & 0xffffff);
	else
		snprintf(s, sizeof(s), "idx:%u", c & 0xff);
	return json_string(s);
}

static json_t *
attrs_json(uint32_t attrs)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} list[] = {{ATTR_BOLD, "bold"}, {ATTR_FAINT, "faint"}, {ATTR_ITALIC, "italic"},
		{ATTR_BLINK, "blink"}, {ATTR_INVERSE, "inverse"}, {ATTR_INVISIBLE, "invisible"},
		{ATTR_STRIKE, "strike"}, {ATTR_OVERLINE, "overline"}};
	static const char *const ul[] = {
		NULL, "underline", "double", "curly", "dotted", "dashed", NULL, NULL};
	json_t *a = json_array();
	for (size_t i = 0; i < ARRAY_LEN(list); i++)
		if (attrs & list[i].bit)
			json_array_append_new(a, json_string(list[i].name));
	const char *u = ul[(attrs & ATTR_UL_MASK) >> ATTR_UL_SHIFT];
	if (u)
		json_array_append_new(a, json_string(u));
	return a;
}

static json_t *
cell_json(cell_t c, const struct tab *tab)
{
	json_t *o = json_object();
	uint32_t cps[CLUSTER_MAX];
	struct buf b = {0};
	int n = tab_cps(tab, c, cps);
	for (int i = 0; i < n; i++)
		buf_utf8(&b, cps[i]);
	if (n && (n > 1 || cps[0] != ' '))
		json_object_set_new(o, "t", json_stringn((const char *)b.data, b.len));
	buf_free(&b);
	if ((c & CELL_KIND_MASK) == CELL_WIDE)
		json_object_set_new(o, "w", json_integer(2));
	struct style s = tab_style_get(tab, cell_style(c));
	if (s.fg)
		json_object_set_new(o, "fg", color_json(s.fg));
	if (s.bg)
		json_object_set_new(o, "bg", color_json(s.bg));
	if (s.ul)
		json_object_set_new(o, "ul", color_json(s.ul));
	if (s.attrs)
		json_object_set_new(o, "attrs", attrs_json(s.attrs));
	if (cell_link(c))
		json_object_set_new(o, "link", json_string(tab_link_uri(tab, cell_link(c))));
	return o;
}

static json_t *
cells_json(const struct row *row, const struct tab *tab)
{
	json_t *a = json_array();
	int keep = 0;
	for (int x = 0; x < row->len; x++)
		if ((row->cells[x] & CELL_KIND_MASK) != CELL_TAIL) {
			json_t *o = cell_json(row->cells[x], tab);
			json_array_append_new(a, o);
			if (json_object_size(o))
				keep = (int)json_array_size(a);
		}
	while ((int)json_array_size(a) > keep)
		json_array_remove(a, json_array_size(a) - 1);
	return a;
}

static void
history_row(void *ctx, const struct row *row, const struct tab *tab, struct pin at)
{
	(void)at;
	json_array_append_new(ctx, text_json(row, tab));
}

static void
mode_json(void *ctx, int mode, bool set)
{
	char key[16];
	snprintf(key, sizeof(key), "%d", mode);
	json_object_set_new(ctx, key, json_boolean(set));
}

static json_t *
base64_json(const struct buf *b)
{
	struct buf out = {0};
	base64_put(&out, b->data, b->len);
	json_t *s = json_string(buf_cstr(&out));
	buf_free(&out);
	return s;
}

static json_t *
cursor_json(const struct grid *g)
{
	static const char *const shapes[] = {
		[CURSOR_BLOCK] = "block", [CURSOR_UNDERLINE] = "underline", [CURSOR_BAR] = "bar"};
	return json_pack("{s:i,s:i,s:b,s:s,s:b}", "row", g->cursor.row, "col", g->cursor.col,
		"visible", g->cursor.visible, "shape", shapes[g->cursor.shape], "pending_wrap",
		g->cursor.pending_wrap);
}

static void
print_as_json(struct replay *r)
{
	struct grid g = term_grid(r->term);
	struct pagelist *h = term_pagelist(r->term);
	json_t *screen = json_array(), *wrapped = json_array(), *history = json_array();
	json_t *modes = json_object(), *cells = json_array();
	for (int y = 0; y < g.rows; y++) {
		json_array_append_new(screen, text_json(g.row[y], g.tab));
		json_array_append_new(wrapped, json_boolean(g.row[y]->flags & ROW_WRAP));
		if (r->cells)
			json_array_append_new(cells, cells_json(g.row[y], g.tab));
	}
	pagelist_read(h, g.cols, 0, pagelist_rows(h, g.cols), history_row, history);
	term_modes(r->term, mode_json, modes);
	json_t *o = json_pack("{s:i,s:i,s:i,s:b,s:o,s:s,s:o,s:o,s:o,s:o,s:I,s:o}", "v", 1, "cols",
		g.cols, "rows", g.rows, "alt", term_alt(r->term), "cursor", cursor_json(&g),
		"title", "", "screen", screen, "history", history, "wrapped", wrapped, "reply",
		base64_json(&r->reply), "bells", (json_int_t)r->bells, "modes", modes);
	char hash[20];
	snprintf(hash, sizeof(hash), "%016" PRIx64, term_hash(r->term));
	json_object_set_new(o, "hash", json_string(hash));
	const char *title = term_title(r->term);
	json_t *clean = json_string(title);
	if (!clean) { /* not UTF-8 */
		char *safe = xmalloc(strlen(title) * 3 + 1);
		sanitize(safe, strlen(title) * 3 + 1, title, strlen(title));
		clean = json_string(safe);
		free(safe);
	}
	json_object_set_new(o, "title", clean);
	if (r->cells)
		json_object_set_new(o, "cells", cells);
	else
		json_decref(cells);
	print_json(o);
}

static void
print_line(const struct row *row, const struct tab *tab)
{
	struct buf b = {0};
	row_text(row, tab, &b);
	buf_putc(&b, '\n');
	fwrite(b.data, 1, b.len, stdout);
	buf_free(&b);
}

static void
plain_row(void *ctx, const struct row *row, const struct tab *tab, struct pin at)
{
	(void)ctx;
	(void)at;
	print_line(row, tab);
}

static void
print_plain(struct replay *r)
{
	struct grid g = term_grid(r->term);
	struct pagelist *h = term_pagelist(r->term);
	pagelist_read(h, g.cols, 0, pagelist_rows(h, g.cols), plain_row, NULL);
	for (int y = 0; y < g.rows; y++)
		print_line(g.row[y], g.tab);
}

static void
print_stats(struct replay *r)
{
	double start = now();
	pagelist_seal_all(term_pagelist(r->term));
	while (pagelist_seal_step(term_pagelist(r->term)))
		;
	r->pack_seconds = now() - start;
	struct pagelist_stats s = pagelist_stats(term_pagelist(r->term));
	uint64_t store = s.hot_bytes + s.packed_bytes + s.spilled_bytes;
	struct rusage ru;
	getrusage(RUSAGE_SELF, &ru);
	fprintf(stderr,
		"{\"bytes\":%zu,\"seconds\":%.6f,\"mb_per_s\":%.2f,\"history_lines\":%" PRIu64
		",\"store_bytes\":%" PRIu64
		",\"bytes_per_line\":%.2f,\"peak_rss_bytes\":%llu,\"pack_seconds\":%.6f}\n",
		r->input.len, r->seconds,
		r->seconds > 0 ? (double)r->input.len / r->seconds / 1e6 : 0.0, s.lines, store,
		s.lines ? (double)store / (double)s.lines : 0.0,
		(unsigned long long)ru.ru_maxrss * 1024, r->pack_seconds);
}

static void
on_reply(void *ctx, const void *p, size_t n)
{
	buf_put(&((struct replay *)ctx)->reply, p, n);
}

static void
on_event(void *ctx, const struct term_event *ev)
{
	if (ev->type == TERM_BELL)
		((struct replay *)ctx)->bells++;
}

static int
run(struct replay *r, const char *path)
{
	if (read_input(r, path))
		return EXIT_FAIL;
	struct term_config cfg = {.cols = r->cols, .rows = r->rows};
	cfg.history.lines = r->scrollback;
	cfg.history.bytes = UINT64_MAX;
	r->arena = arena_new(0);
	if (!r->arena)
		return verb_fail(r->ctx, EXIT_FAIL, "no memory: %s", strerror(errno));
	r->term = term_new(r->arena, OWNER, &cfg);
	struct term_ops ops = {.reply = on_reply, .event = on_event, .ctx = r};
	term_set_ops(r->term, &ops);
	feed_all(r);
	if (r->ctx->json)
		print_as_json(r);
	else if (!r->stats)
		print_plain(r);
	if (r->stats)
		print_stats(r);
	term_free(r->term);
	arena_free(r->arena);
	return EXIT_OK;
}

int
verb_replay(struct verb_ctx *ctx, int argc, char **argv)
{
	struct replay r = {.ctx = ctx, .cols = 80, .rows = 24, .scrollback = 10000};
	int first;
	const struct opt opts[] = {{0, "size", true, set_size, NULL, NULL},
		{0, "resize", true, set_resize, NULL, NULL},
		{0, "scrollback", true, set_scrollback, NULL, NULL},
		{0, "chunk", true, set_chunk, NULL, NULL},
		{0, "cells", false, NULL, NULL, &r.cells},
		{0, "stats", false, NULL, NULL, &r.stats}, {0}};
	int code = EXIT_USAGE;
	if (opts_parse(ctx, opts, &r, argc, argv, &first) == 0 && !r.bad) {
		if (argc - first > 1)
			verb_fail(ctx, EXIT_USAGE, "one file at a time");
		else
			code = run(&r, first < argc ? argv[first] : NULL);
	}
	buf_free(&r.input);
	buf_free(&r.reply);
	free(r.resizes);
	return code;
}
