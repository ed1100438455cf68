/* Where a view looks, beyond so many rows back: at a line that a search found, at the prompt before
 * or after; and which matches of a pattern are on it.
 *
 * The text of a view is looked at line by line as core/look/doc.h has it, so that a match is found
 * whichever rows its line is broken into, and lines cut by the view's edges are read whole (up to
 * REACH rows of them). */
#include "core/look/doc.h"
#include "core/os/os.h"
#include "core/text/search.h"
#include "sessions/view/view.h"
#include "sessions/wire/json.h"
#include <stdlib.h>
#include <string.h>

#define REACH 1000u
#define MARKS_MAX 2000
#define MARKS_STEPS (2 * SEARCH_STEPS) /* for all lines of a frame */
#define PROMPT_STEPS 10000u	       /* for a row's look */
#define SLICE_ROWS 512u
#define SLICE_NS 1500000u

/* --- one logical line, and where its bytes are ------------------------------------------------ */

struct spot {
	uint32_t at;  /* byte of the line at which the cell's text begins */
	uint64_t row; /* absolute */
	int col;
};
struct gather {
	uint64_t line;
	bool any, wraps; /* wraps: the row read last goes on in the next */
	struct buf text;
	struct spot *spots; /* one a cell that has text, and one behind the last of each row */
	size_t n, cap;
	void (*done)(void *ctx, const struct gather *g); /* called for each line */
	void *ctx;
};

static void
add_spot(struct gather *g, size_t at, uint64_t row, int col)
{
	if (g->n == g->cap) {
		g->cap = g->cap * 2 + 256;
		g->spots = xrealloc(g->spots, g->cap * sizeof(*g->spots));
	}
	g->spots[g->n++] = (struct spot){(uint32_t)at, row, col};
}

static void
gather_end(struct gather *g)
{
	if (g->any)
		g->done(g->ctx, g);
	g->any = false;
	g->text.len = g->n = 0;
}

static void
gather_row(void *ctx, uint64_t row_abs, uint64_t line, const struct row *row, const struct tab *tab)
{
	struct gather *g = ctx;
	uint32_t *at = xmalloc(((size_t)row->len + 1) * sizeof(*at));
	size_t base;

	if (g->any && g->line != line)
		gather_end(g);
	g->any = true;
	g->line = line;
	g->wraps = row->flags & ROW_WRAP;
	base = g->text.len;
	row_bytes(row, tab, &g->text, at);
	for (int x = 0; x < row->len; x++)
		if (at[x + 1] > at[x])
			add_spot(g, base + at[x], row_abs, x);
	add_spot(g, g->text.len, row_abs, row->len);
	free(at);
}

static void
gather_free(struct gather *g)
{
	buf_free(&g->text);
	free(g->spots);
}

/* --- the view's place ------------------------------------------------------------------------- */

static uint64_t
top_of(const struct view *v, const struct doc *d)
{
	return view_top(v, d->pagelist, d->above);
}

static void
place_top(struct view *v, const struct doc *d, uint64_t top)
{
	view_scroll(v, d->above - MIN(top, d->above));
}

struct seek_byte {
	uint64_t byte, row;
	bool found;
};

static void
find_byte(void *ctx, const struct gather *g)
{
	struct seek_byte *k = ctx;

	for (size_t i = 0; i < g->n && !k->found && g->spots[i].at <= k->byte; i++)
		k->row = g->spots[i].row;
	k->found = true;
}

/* The view moves so that byte `start` of the line is on it, unless it is; a third of the screen
 * stays above. False: that line is gone. */
static bool
look_at(struct view *v, uint64_t line, uint64_t start)
{
	struct doc d = doc_of(display_term(v->session));
	uint64_t begin = doc_line_row(&d, line), rows = (uint64_t)d.screen.rows, top;
	struct seek_byte k = {.byte = start, .row = begin};
	struct gather g = {.done = find_byte, .ctx = &k};

	if (begin == UINT64_MAX)
		return false;
	if (start) {
		doc_read(&d, begin, REACH, gather_row, &g);
		gather_end(&g);
		gather_free(&g);
	}
	top = top_of(v, &d);
	if ((k.row < top || k.row >= top + rows) && !pagelist_awaits(d.pagelist))
		place_top(v, &d, k.row - MIN(k.row, rows / 3));
	return true;
}

static void
take_line(void *ctx, uint64_t row_abs, uint64_t line, const struct row *row, const struct tab *tab)
{
	(void)row_abs;
	(void)row;
	(void)tab;
	*(uint64_t *)ctx = line;
}

/* Where the view is, in answer to any request about it; line: that of its last row. */
static json_t *
place_json(const struct view *v, bool found)
{
	struct doc d = doc_of(display_term(v->session));
	uint64_t line = 0;

	doc_read(&d, top_of(v, &d) + (uint64_t)d.screen.rows - 1, 1, take_line, &line);
	return json_pack("{s:i,s:b,s:I,s:I,s:I}", "v", 1, "found", found, "back",
		(json_int_t)v->back, "rows", (json_int_t)d.above, "line", (json_int_t)line);
}

/* --- marks ------------------------------------------------------------------------------------ */

struct marking {
	struct view *v;
	uint64_t top, end; /* rows on the view */
	json_t *at;
	bool costly;
};

static void
put_mark(struct marking *m, uint64_t row, int x0, int x1, uint64_t line, size_t start)
{
	if (row >= m->top && row < m->end && json_array_size(m->at) < MARKS_MAX)
		json_array_append_new(m->at, json_pack("[i,i,i,I,I]", (int)(row - m->top), x0, x1,
						     (json_int_t)line, (json_int_t)start));
}

/* One match may go over several rows: a stretch of cells for each. */
static void
mark_match(struct marking *m, const struct gather *g, size_t start, size_t end)
{
	const struct spot *from = NULL, *s = g->spots;

	for (; s + 1 < g->spots + g->n && s->at < end; s++) {
		if (s[1].row != s->row || s[1].at <= start)
			continue; /* a row's end, or before the match */
		from = from ? from : s;
		if (s[1].at >= end || s + 2 == g->spots + g->n || s[2].row != s->row) {
			put_mark(m, s->row, from->col, s[1].col, g->line, start);
			from = NULL;
		}
	}
}

static void
mark_line(void *ctx, const struct gather *g)
{
	struct marking *m = ctx;
	size_t start, end = 0;
	const char *text = (const char *)g->text.data;
	int rc = 0;

	while (!m->costly &&
		(rc = search_line(m->v->pattern, text, g->text.len, end, &start, &end)) > 0)
		mark_match(m, g, start, end);
	m->costly |= rc < 0;
}

/* The lines on the view, the first and the last whole. */
static void
gather_view(struct gather *g, const struct doc *d, uint64_t top, uint64_t end)
{
	uint64_t begin = doc_line_begin(d, top, REACH), line;

	doc_read(d, begin, end - begin, gather_row, g);
	line = g->line;
	for (uint64_t n = 0; g->wraps && g->line == line && n < REACH && end + n < d->rows; n += 8)
		doc_read(d, end + n, 8, gather_row, g);
	gather_end(g);
}

void
view_marks(struct view *v)
{
	struct doc d = doc_of(display_term(v->session));
	struct marking m = {.v = v, .top = top_of(v, &d), .at = json_array()};
	struct gather g = {.done = mark_line, .ctx = &m};
	json_t *ev;
	char *told;

	m.end = m.top + (uint64_t)d.screen.rows;
	if (v->pattern) {
		search_allow(v->pattern, MARKS_STEPS);
		gather_view(&g, &d, m.top, m.end);
	}
	gather_free(&g);
	if (v->pattern && view_awaits(v, d.pagelist)) {
		json_decref(m.at);
		return; /* with a frame that has all of it */
	}
	if (m.costly) { /* the search says so; with each frame it would be paid for again */
		search_free(v->pattern);
		v->pattern = NULL;
		json_array_clear(m.at);
	}
	told = json_dumps(m.at, JSON_COMPACT);
	if (!v->marks || strcmp(told, v->marks)) {
		ev = json_pack("{s:s,s:O}", "ev", "marks", "at", m.at);
		peer_json(v->peer, FT_VIEW_EVENT, v->id, ev);
		json_decref(ev);
		free(v->marks);
		v->marks = told;
	} else {
		free(told);
	}
	json_decref(m.at);
	v->marked = v->pattern != NULL;
}

static int
set_pattern(struct view *v, const json_t *args, struct err *e)
{
	const char *text = obj_text(args, "pattern");
	struct search *p = NULL;

	if (text) {
		p = search_new(text, obj_true(args, "regex") ? SEARCH_REGEX : SEARCH_PLAIN, e);
		if (!p)
			return -1;
	}
	search_free(v->pattern);
	v->pattern = p;
	v->marked = true; /* also when there was one: its marks go */
	v->dirty = v->urgent = true;
	return 0;
}

/* --- prompts ---------------------------------------------------------------------------------- */

/* Shells that mark their prompts (OSC 133 A) say where they are. In a session without any mark the
 * lines that look like one are taken: a user's turn in an agent, a shell's usual prompt. */
static const char prompt_look[] = "^(?: ?[>\u276f\u203a] \\S|\\$ |[^\\s@:~/]*[@:~/]\\S{0,80}(?: "
				  "\\S{1,40})?[$#\u276f](?: |$)|(?:ba)?sh-\\d\\S{0,8}[$#](?: |$))";

struct prompts {
	struct request *r;
	uint32_t view;
	int step;		/* -1 above the view's top row, 1 below it */
	bool begun;		/* line is where to go on */
	bool back;		/* no mark that way: is there any the other way? */
	uint64_t line;		/* lines from here on (step 1: up to here) have been looked at */
	uint64_t marked, looks; /* the nearest line; UINT64_MAX none */
	uint64_t slice_first, slice_last, slice_looks; /* lines of the slice at hand */
	struct search *look;
};

static void
prompts_free(void *ctx)
{
	struct prompts *k = ctx;

	search_free(k->look);
	free(k);
}

static bool
looks_like_prompt(struct prompts *k, const struct row *row, const struct tab *tab)
{
	struct buf text = {0};
	size_t start, end;
	bool yes;

	row_bytes(row, tab, &text, NULL);
	search_allow(k->look, PROMPT_STEPS);
	yes = search_line(k->look, (const char *)text.data, text.len, 0, &start, &end) > 0;
	buf_free(&text);
	return yes;
}

static void
prompt_row(void *ctx, uint64_t row_abs, uint64_t line, const struct row *row, const struct tab *tab)
{
	struct prompts *k = ctx;
	bool up = k->step < 0;

	(void)row_abs;
	k->slice_first = MIN(k->slice_first, line);
	k->slice_last = line;
	/* rows come from the top: upwards the last is the nearest, downwards the first */
	if ((row->flags & ROW_PROMPT_MASK) >> ROW_PROMPT_SHIFT == 1 &&
		(up || k->marked == UINT64_MAX))
		k->marked = line;
	if (k->marked == UINT64_MAX && !k->back && !(row->flags & ROW_WRAPPED) &&
		(up || k->slice_looks == UINT64_MAX) && looks_like_prompt(k, row, tab))
		k->slice_looks = line;
}

/* Looks at the next SLICE_ROWS or so; false when there are none left that way. */
static bool
prompt_slice(struct prompts *k, const struct doc *d, uint64_t top)
{
	uint64_t at = k->begun ? doc_line_row(d, k->line) : top, from, n;

	if (at == UINT64_MAX || (k->step < 0 && at == 0))
		return false;
	from = k->step < 0 ? at - MIN(at, SLICE_ROWS) : at + !k->begun;
	from = k->step < 0 ? doc_line_begin(d, from, REACH) : from;
	n = k->step < 0 ? at - from : SLICE_ROWS;
	k->slice_first = k->slice_looks = UINT64_MAX;
	doc_read(d, from, n, prompt_row, k);
	if (k->slice_first == UINT64_MAX)
		return false;
	k->begun = true;
	k->line = k->step < 0 ? k->slice_first : k->slice_last + 1;
	k->looks = k->looks == UINT64_MAX ? k->slice_looks : k->looks;
	return true;
}

static void
prompts_end(struct prompts *k, struct view *v, const struct doc *d)
{
	struct request *r = k->r;
	struct pagelist *h = d->pagelist;
	bool guessed = k->marked == UINT64_MAX;
	uint64_t line = guessed ? k->looks : k->back ? UINT64_MAX : k->marked;
	uint64_t row = line == UINT64_MAX ? line : doc_line_row(d, line);
	json_t *reply;

	if (row != UINT64_MAX && !request_awaits(r, h))
		place_top(v, d, row);
	reply = place_json(v, row != UINT64_MAX);
	if (request_awaits(r, h)) {
		json_decref(reply);
		return;
	}
	prompts_free(k);
	json_object_set_new(reply, "guessed", json_boolean(guessed && row != UINT64_MAX));
	request_reply(r, reply);
	views_flush(v->peer->of->views); /* this turn's frames had gone already */
}

static void
prompts_drain(void *ctx)
{
	struct prompts *k = ctx;
	struct view *v = view_find(request_views(k->r), request_peer(k->r), k->view);
	uint64_t end = os_mono_ns() + SLICE_NS;
	struct err e;
	struct doc d;
	bool more = true;

	if (!v) {
		struct request *r = k->r;
		prompts_free(k);
		err_set(&e, 1, "the view was closed");
		request_fail(r, &e);
		return;
	}
	d = doc_of(display_term(v->session));
	while (more && k->marked == UINT64_MAX && os_mono_ns() < end) {
		struct prompts was = *k;

		more = prompt_slice(k, &d, top_of(v, &d));
		if (request_awaits(k->r, d.pagelist)) {
			*k = was;
			return;
		}
	}
	if (k->marked != UINT64_MAX || (!more && (k->back || k->looks == UINT64_MAX))) {
		prompts_end(k, v, &d);
	} else if (!more) {
		k->step = -k->step;
		k->begun = false;
		k->back = true;
	}
}

static void
prompts_begin(struct request *r, const struct view *v, int step)
{
	struct prompts *k = xcalloc(1, sizeof(*k));
	struct err e;

	*k = (struct prompts){.r = r,
		.view = v->id,
		.step = step,
		.marked = UINT64_MAX,
		.looks = UINT64_MAX,
		.look = search_new(prompt_look, SEARCH_REGEX, &e)};
	CHECK(k->look);
	request_on_cancel(r, prompts_free, k);
	request_on_drain(r, prompts_drain, k);
}

/* --- the request ------------------------------------------------------------------------------ */

struct look {
	struct request *r;
	uint32_t view;
	json_int_t line, start; /* line < 0: none is asked for */
};

static void
look_drain(void *ctx)
{
	struct look *k = ctx;
	struct request *r = k->r;
	struct view *v = view_find(request_views(r), request_peer(r), k->view);
	json_t *reply;
	struct err e;

	if (!v) {
		free(k);
		err_set(&e, 1, "the view was closed");
		request_fail(r, &e);
		return;
	}
	if (v->wants)
		view_scroll(v, v->want);
	reply = place_json(
		v, k->line < 0 || look_at(v, (uint64_t)k->line, (uint64_t)MAX(k->start, 0)));
	if (request_awaits(r, term_pagelist(display_term(v->session)))) {
		json_decref(reply);
		return;
	}
	free(k);
	request_reply(r, reply);
}

void
cmd_look(struct request *r)
{
	json_t *a = request_args(r), *line = json_object_get(a, "line"),
	       *hold = json_object_get(a, "hold");
	uint32_t id = (uint32_t)obj_int(a, "view", 0);
	json_int_t prompt = obj_int(a, "prompt", 0);
	struct view *v = view_find(request_views(r), request_peer(r), id);
	struct look *k;
	struct err e;

	if (!v) {
		err_set(&e, 2, "no such view");
		request_fail(r, &e);
		return;
	}
	if (json_object_get(a, "pattern") && set_pattern(v, a, &e) < 0) {
		request_fail(r, &e);
		return;
	}
	if (hold) {
		v->hold = json_is_true(hold);
		view_scroll(v, v->hold ? v->back : 0);
	}
	if (prompt) {
		prompts_begin(r, v, prompt < 0 ? -1 : 1);
		return;
	}
	k = xcalloc(1, sizeof(*k));
	*k = (struct look){r, id, json_is_integer(line) ? json_integer_value(line) : -1,
		obj_int(a, "start", 0)};
	request_on_cancel(r, free, k);
	request_on_drain(r, look_drain, k);
	look_drain(k); /* the answer before the frame, if it is there */
}
