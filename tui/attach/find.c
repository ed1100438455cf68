/* Finding text in an attached session: the server's own search over this one session, asked anew
 * with every letter, newest hits first as they come; and its marks, which name the cells of every
 * match on the screen as it is, scrolled back or live.
 *
 *   typing ─► look {pattern} ─► marks with each frame       hits name lines, not rows: they stay
 *          └► search {id} ─► hits, newest first ─► look {line, start} of the one looked at */
#include "tui/attach/attach_priv.h"
#include "core/text/width.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
same(const struct hit_at *a, const struct hit_at *b)
{
	return a->line == b->line && a->start == b->start;
}

static void
shown_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	(void)id;
	if (back_of(a) && !e && !json_is_true(json_object_get(reply, "found")))
		app_toast(a, true, "that line is no longer kept");
}

static void
show(struct back *b)
{
	const struct hit_at *h = &b->find.hits[b->find.at];
	pane_look(b->at->pane,
		json_pack("{s:I,s:I}", "line", (json_int_t)h->line, "start", (json_int_t)h->start),
		shown_cb);
}

/* --- hits as they come ------------------------------------------------------------------------ */

static void
add(struct back *b, uint64_t line, int64_t start)
{
	struct find *f = &b->find;
	if (f->n == f->cap) {
		f->cap = f->cap * 2 + 256;
		f->hits = xrealloc(f->hits, f->cap * sizeof *f->hits);
	}
	struct hit_at *h = &f->hits[f->n++];
	*h = (struct hit_at){line, start};
	if (f->placed || (f->wants ? !same(h, &f->want) : line > f->from_line))
		return;
	f->placed = true;
	f->at = f->n - 1;
	show(b);
}

/* A line's matches, the last first: upwards is the way. */
static void
add_line(struct back *b, json_t *hit)
{
	json_t *more = json_object_get(hit, "more");
	uint64_t line = (uint64_t)json_integer_value(json_object_get(hit, "line"));
	json_int_t offset = json_integer_value(json_object_get(hit, "offset"));
	for (size_t i = json_array_size(more); i-- > 0;)
		add(b, line,
			offset + json_integer_value(json_array_get(json_array_get(more, i), 0)));
	add(b, line, offset + json_integer_value(json_object_get(hit, "start")));
}

static void
on_part(struct app *a, json_t *part)
{
	struct back *b = back_of(a);
	json_t *hit;
	size_t i;
	json_array_foreach (json_object_get(part, "hits"), i, hit)
		add_line(b, hit);
	a->dirty = true;
}

/* The one wanted is not among them, or all are below where one looks. */
static void
place_nearest(struct back *b)
{
	struct find *f = &b->find;
	f->placed = true;
	for (f->at = 0; f->at + 1 < f->n && f->wants && f->hits[f->at].line > f->want.line;)
		f->at++;
	if (f->wants)
		return; /* that place is shown already */
	f->at = f->n - 1;
	show(b);
}

static void
found_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct back *b = back_of(a);
	(void)id;
	if (!b)
		return;
	struct find *f = &b->find;
	f->request = 0;
	if (e)
		snprintf(f->error, sizeof f->error, "%s", e->msg);
	f->truncated = json_is_true(json_object_get(reply, "truncated"));
	if (!f->placed && f->n)
		place_nearest(b);
	a->dirty = true;
}

/* --- asking ----------------------------------------------------------------------------------- */

static void
stop(struct back *b)
{
	struct app *a = b->at->app;
	struct find *f = &b->find;
	if (f->request)
		a->ops.cancel(a->ops.ctx, f->request);
	f->request = 0;
	f->n = f->at = 0;
	f->placed = f->truncated = false;
	f->error[0] = '\0';
}

static void
pattern_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct back *b = back_of(a);
	(void)id;
	(void)e; /* a bad pattern is told by the search too */
	if (b && reply && !b->find.placed && !b->find.n && b->find.from_line == UINT64_MAX)
		b->find.from_line = (uint64_t)json_integer_value(json_object_get(reply, "line"));
}

static void
run(struct back *b)
{
	struct app *a = b->at->app;
	struct find *f = &b->find;
	stop(b);
	pane_look(b->at->pane, json_pack("{s:s,s:b}", "pattern", f->line.text, "regex", f->regex),
		pattern_cb);
	if (f->line.len)
		f->request = a->ops.stream(a->ops.ctx, "search",
			json_pack("{s:s,s:b,s:s}", "pattern", f->line.text, "regex", f->regex, "id",
				b->at->pane->id),
			on_part, found_cb);
}

void
find_drop(struct back *b)
{
	struct find *f = &b->find;
	stop(b);
	if (f->line.len && b->at->pane->view)
		pane_look(b->at->pane, json_pack("{s:s}", "pattern", ""), NULL);
	free(f->hits);
	b->at->pane->marks.n = 0;
	*f = (struct find){.regex = f->regex};
}

void
find_open(struct app *a)
{
	bool live = !back_of(a);
	if (live)
		back_enter(a, false);
	struct back *b = back_of(a);
	find_drop(b);
	b->find.from_live = live;
	b->find.origin = b->at->pane->back;
	b->find.from_line = UINT64_MAX; /* told by the server */
	app_push(a, &view_finding, NULL);
}

void
attach_look(struct app *a, const struct text_place *at)
{
	back_enter(a, false);
	struct back *b = back_of(a);
	struct find *f = &b->find;
	f->want = at->at;
	f->wants = at->pattern[0];
	f->regex = at->regex;
	line_set(&f->line, at->pattern);
	pane_look(b->at->pane,
		json_pack("{s:I,s:I}", "line", (json_int_t)at->at.line, "start",
			(json_int_t)at->at.start),
		shown_cb);
	if (f->wants)
		run(b);
}

/* --- moving ----------------------------------------------------------------------------------- */

static void
step(struct app *a, int by)
{
	struct back *b = back_of(a);
	struct find *f = &b->find;
	if (!f->line.len) {
		if (app_top(a) != &view_finding)
			find_open(a);
		return;
	}
	if (!f->n) {
		app_toast(a, !f->request, "%s: %s", f->request ? "still looking" : "not found",
			f->line.text);
		return;
	}
	size_t last = f->n - 1;
	bool wraps = by > 0 ? f->at == last : f->at == 0;
	if (wraps && f->request) {
		app_toast(a, false, "still looking …");
		return;
	}
	if (wraps && last)
		app_toast(a, false, by > 0 ? "from the newest again" : "from the oldest again");
	f->at = wraps ? (by > 0 ? 0 : last) : f->at + (size_t)by;
	show(b);
}

void
act_back_find(struct app *a)
{
	find_open(a);
}

void
act_back_next(struct app *a)
{
	step(a, 1);
}

void
act_back_previous(struct app *a)
{
	step(a, -1);
}

/* --- typing ----------------------------------------------------------------------------------- */

void
act_find_give_up(struct app *a)
{
	struct back *b = back_of(a);
	uint64_t origin = b->find.origin;
	if (b->find.from_live) {
		back_leave(a);
		return;
	}
	find_drop(b);
	pane_scroll(b->at->pane, origin);
	app_pop(a);
}

void
act_find_keep(struct app *a)
{
	if (back_of(a)->find.line.len)
		app_pop(a);
	else
		act_find_give_up(a);
}

void
act_find_regex(struct app *a)
{
	struct back *b = back_of(a);
	b->find.regex = !b->find.regex;
	run(b);
}

static bool
find_input(struct app *a, void *st, const struct input_event *ev)
{
	(void)st;
	return ev->type == INPUT_MOUSE && view_back.input(a, back_of(a), ev);
}

static bool
find_text(struct app *a, void *st, const struct input_event *ev)
{
	struct back *b = back_of(a);
	char was[sizeof b->find.line.text];
	(void)st;
	memcpy(was, b->find.line.text, sizeof was);
	if (ev->type == INPUT_KEY && keymap_find(C_FIND, ev))
		return false;
	if (!line_input(&b->find.line, ev))
		return false;
	if (strcmp(was, b->find.line.text) != 0)
		run(b);
	return true;
}

/* What is typed stands in the bar of what is below. */
static void
find_draw(struct app *a, void *st)
{
	(void)a;
	(void)st;
}

const struct view view_finding = {
	.name = "find",
	.context = C_FIND,
	.over = true,
	.draw = find_draw,
	.input = find_input,
	.text = find_text,
};

/* --- what is seen of it ----------------------------------------------------------------------- */

const struct hit_at *
find_now(const struct back *b)
{
	const struct find *f = &b->find;
	return f->placed && f->n ? &f->hits[f->at] : NULL;
}

void
find_status(const struct back *b, char *s, size_t n)
{
	const struct find *f = &b->find;
	const char *more = f->truncated ? "+" : f->request ? "…" : "";
	s[0] = '\0';
	if (f->error[0])
		snprintf(s, n, "%s", f->error);
	else if (!f->line.len)
		return;
	else if (!f->n)
		snprintf(s, n, "%s", f->request ? "looking …" : "not found");
	else if (f->placed)
		snprintf(s, n, "%zu of %zu%s", f->at + 1, f->n, more);
	else
		snprintf(s, n, "%zu hits%s", f->n, more);
}
