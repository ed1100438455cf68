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
on_shown(void *ctx, json_t *reply, const struct err *e)
{
	struct attach *a = attach_check(ctx);
	if (a->done || e || json_is_true(json_object_get(reply, "found")))
		return;
	attach_say(a, "that line is no longer kept");
}

static void
show(struct attach *a)
{
	const struct hit_at *h = &a->find.hits[a->find.at];
	attach_look(a,
		json_pack("{s:I,s:I}", "line", (json_int_t)h->line, "start", (json_int_t)h->start),
		on_shown);
	outer_damage(a->outer);
}

/* --- hits as they come ------------------------------------------------------------------------ */

static void
add(struct attach *a, uint64_t line, int64_t start)
{
	struct attach_find *f = &a->find;
	if (f->n == f->cap) {
		f->cap = f->cap * 2 + 256;
		f->hits = xrealloc(f->hits, f->cap * sizeof(*f->hits));
	}
	struct hit_at *h = &f->hits[f->n++];
	*h = (struct hit_at){line, start};
	if (f->placed || (f->wants ? !same(h, &f->want) : line > f->from_line))
		return;
	f->placed = true;
	f->at = f->n - 1;
	show(a);
}

/* A line's matches, the last first: upwards is the way. */
static void
add_line(struct attach *a, json_t *hit)
{
	json_t *more = json_object_get(hit, "more");
	uint64_t line = (uint64_t)json_integer_value(json_object_get(hit, "line"));
	json_int_t offset = json_integer_value(json_object_get(hit, "offset"));
	for (size_t i = json_array_size(more); i-- > 0;)
		add(a, line,
			offset + json_integer_value(json_array_get(json_array_get(more, i), 0)));
	add(a, line, offset + json_integer_value(json_object_get(hit, "start")));
}

static void
on_part(void *ctx, json_t *part)
{
	struct attach *a = attach_check(ctx);
	json_t *hit;
	size_t i;
	json_array_foreach (json_object_get(part, "hits"), i, hit)
		add_line(a, hit);
	outer_damage(a->outer);
}

/* The one wanted is not among them, or all are below where one looks. */
static void
place_nearest(struct attach *a)
{
	struct attach_find *f = &a->find;
	f->placed = true;
	for (f->at = 0; f->at + 1 < f->n && f->wants && f->hits[f->at].line > f->want.line;)
		f->at++;
	if (f->wants)
		return; /* that place is shown already */
	f->at = f->n - 1;
	show(a);
}

static void
on_found(void *ctx, json_t *reply, const struct err *e)
{
	struct attach *a = attach_check(ctx);
	struct attach_find *f = &a->find;
	f->request = 0;
	if (a->done)
		return;
	if (e)
		snprintf(f->error, sizeof(f->error), "%s", e->msg);
	f->truncated = json_is_true(json_object_get(reply, "truncated"));
	if (!f->placed && f->n)
		place_nearest(a);
	outer_damage(a->outer);
}

/* --- asking ----------------------------------------------------------------------------------- */

static void
stop(struct attach *a)
{
	struct attach_find *f = &a->find;
	if (f->request)
		client_cancel(a->client, f->request);
	f->request = 0;
	f->n = f->at = 0;
	f->placed = f->truncated = false;
	f->error[0] = '\0';
}

static void
on_pattern(void *ctx, json_t *reply, const struct err *e)
{
	struct attach *a = attach_check(ctx);
	if (a->done || !reply)
		return; /* a bad pattern is told by the search too */
	(void)e;
	if (!a->find.placed && !a->find.n && a->find.from_line == UINT64_MAX)
		a->find.from_line = (uint64_t)json_integer_value(json_object_get(reply, "line"));
}

static void
run(struct attach *a)
{
	struct attach_find *f = &a->find;
	stop(a);
	attach_look(
		a, json_pack("{s:s,s:b}", "pattern", f->line.text, "regex", f->regex), on_pattern);
	if (f->line.len)
		f->request = client_stream(a->client, "search",
			json_pack("{s:s,s:b,s:s}", "pattern", f->line.text, "regex", f->regex, "id",
				a->id),
			on_part, on_found, a);
	outer_damage(a->outer);
}

void
find_drop(struct attach *a)
{
	struct attach_find *f = &a->find;
	stop(a);
	if (f->line.len && !a->done)
		attach_look(a, json_pack("{s:s}", "pattern", ""), NULL);
	free(f->hits);
	marks_free(&f->marks);
	bool regex = f->regex;
	*f = (struct attach_find){.regex = regex};
}

void
find_open(struct attach *a)
{
	bool live = a->mode != AT_SCROLL;
	if (live)
		scroll_enter(a, false);
	find_drop(a);
	a->find.from_live = live;
	a->find.origin = a->back;
	a->find.from_line = UINT64_MAX; /* told by the server */
	attach_mode(a, AT_FIND);
}

void
find_at(struct attach *a, const struct text_place *at)
{
	struct attach_find *f = &a->find;
	scroll_enter(a, false);
	f->want = at->at;
	f->wants = at->pattern[0];
	f->regex = at->regex;
	line_set(&f->line, at->pattern);
	attach_look(a,
		json_pack("{s:I,s:I}", "line", (json_int_t)at->at.line, "start",
			(json_int_t)at->at.start),
		on_shown);
	if (f->wants)
		run(a);
}

/* --- moving ----------------------------------------------------------------------------------- */

static void
step(struct attach *a, int by)
{
	struct attach_find *f = &a->find;
	if (!f->line.len) {
		find_open(a);
		return;
	}
	if (!f->n) {
		attach_say(a, "%s: %s", f->request ? "still looking" : "not found", f->line.text);
		return;
	}
	size_t last = f->n - 1;
	bool wraps = by > 0 ? f->at == last : f->at == 0;
	if (wraps && f->request) {
		attach_say(a, "still looking …");
		return;
	}
	if (wraps && last)
		attach_say(a, by > 0 ? "from the newest again" : "from the oldest again");
	f->at = wraps ? (by > 0 ? 0 : last) : f->at + (size_t)by;
	show(a);
}

void
find_next(struct attach *a)
{
	step(a, 1);
}

void
find_previous(struct attach *a)
{
	step(a, -1);
}

/* --- typing ----------------------------------------------------------------------------------- */

static void
give_up(struct attach *a)
{
	uint64_t origin = a->find.origin;
	if (a->find.from_live) {
		scroll_leave(a);
		return;
	}
	find_drop(a);
	scroll_to(a, origin);
	attach_mode(a, AT_SCROLL);
}

void
find_key(struct attach *a, const struct input_event *ev)
{
	struct attach_find *f = &a->find;
	char was[sizeof(f->line.text)];
	memcpy(was, f->line.text, sizeof(was));
	if (ev->type == INPUT_MOUSE) {
		scroll_mouse(a, ev);
	} else if (key_is(ev, "Escape") || key_is(ev, "C-c")) {
		give_up(a);
	} else if (key_is(ev, "Enter")) {
		if (f->line.len)
			attach_mode(a, AT_SCROLL);
		else
			give_up(a);
	} else if (key_is(ev, "C-r")) {
		f->regex = !f->regex;
		run(a);
	} else if (key_is(ev, "Up")) {
		step(a, 1);
	} else if (key_is(ev, "Down")) {
		step(a, -1);
	} else if (line_input(&f->line, ev) && strcmp(was, f->line.text)) {
		run(a);
	}
	outer_damage(a->outer);
}

/* --- marks ------------------------------------------------------------------------------------ */

void
find_marks(struct attach *a, json_t *ev)
{
	marks_take(&a->find.marks, ev);
	outer_damage(a->outer);
}

static const struct hit_at *
now(const struct attach *a)
{
	return a->find.placed && a->find.n ? &a->find.hits[a->find.at] : NULL;
}

const struct hit_mark *
find_current(const struct attach *a)
{
	const struct hit_at *h = now(a);
	return h ? marks_find(&a->find.marks, h) : NULL;
}

void
find_draw(struct attach *a)
{
	struct window_at at = {.h = outer_rows(a->outer), .w = outer_cols(a->outer), .sy = a->sy};
	marks_paint(&a->find.marks, a->comp, &at, now(a), outer_caps(a->outer)->no_color);
}

void
find_status(const struct attach *a, char *s, size_t n)
{
	const struct attach_find *f = &a->find;
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
