/* peek: a session's screen and history as text, in parts, as fast as the client takes them. */
#include "core/pagelist/pagelist.h"
#include "core/base/log.h"
#include "core/page/tab.h"
#include "sessions/display/display.h"
#include "sessions/verb/verb.h"
#include "sessions/wire/json.h"
#include "sessions/view/peek_text.h"
#include <stdlib.h>
#include <string.h>

#define ROWS_A_PART 500
#define TIMED_ROWS_A_PART 20

struct peek {
	struct request *r;
	uint32_t num;
	bool ansi, history, started;
	bool times;	 /* parts are small, and say when their first row came */
	double t;	 /* 0: not known */
	uint64_t lines;	 /* so many at the most, the last ones */
	int screen_from; /* first row of the screen wanted */
	struct pin at;	 /* where to go on */
};

static void
part(struct peek *p, struct peek_text *pt)
{
	json_t *o;

	if (!pt->out.len)
		return;
	o = json_pack("{s:s%}", "text", (const char *)pt->out.data, pt->out.len);
	if (!o)
		o = json_pack("{s:s}", "text", "[not text]\n");
	if (p->times && p->t > 0)
		json_object_set_new(o, "t", json_real(p->t));
	request_part(p->r, o);
	pt->out.len = 0;
}

struct reading {
	struct peek *p;
	struct peek_text *pt;
	const struct pagelist *h;
};

static void
on_row(void *ctx, const struct row *row, const struct tab *tab, struct pin at)
{
	struct reading *rd = ctx;

	if (!rd->pt->out.len)
		rd->p->t = pagelist_line_time(rd->h, at.line);
	peek_row(rd->pt, row, tab);
}

static void
screen_rows(struct peek *p, struct peek_text *pt, struct term *t)
{
	struct grid g = term_grid(t);
	int n = g.rows;

	while (n > 0 && peek_row_blank(g.row[n - 1]))
		n--;
	for (int y = p->screen_from; y < n; y++) {
		peek_row(pt, g.row[y], g.tab);
		if ((y & 63) == 63)
			part(p, pt);
	}
}

/* The first row of history that is wanted. */
static uint64_t
first_row(struct peek *p, const struct grid *g, uint64_t total)
{
	uint64_t skip;
	int used = g->rows;

	while (used > 0 && peek_row_blank(g->row[used - 1]))
		used--;
	skip = total + (uint64_t)used - MIN(p->lines, total + (uint64_t)used);
	if (skip > total)
		p->screen_from = (int)(skip - total);
	return MIN(skip, total);
}

static void
on_drain(void *ctx)
{
	struct peek *p = ctx;
	struct session *s = sessions_num(request_sessions(p->r), p->num);
	struct peek_text pt = {.ansi = p->ansi};
	struct request *r = p->r;
	struct term *t;
	struct pagelist *h;
	struct grid g;
	struct pin at = {0};
	uint64_t total, from;
	uint64_t n = p->times ? TIMED_ROWS_A_PART : ROWS_A_PART;
	bool more;
	struct err e;

	if (!s) {
		err_set(&e, 3, "the session was deleted");
		free(p);
		request_fail(r, &e);
		return;
	}
	t = display_term(s);
	h = term_pagelist(t);
	g = term_grid(t);
	total = p->history ? pagelist_rows(h, g.cols) : 0;
	from = p->started ? pagelist_pin_row(h, g.cols, p->at) : first_row(p, &g, total);
	if (from == UINT64_MAX)
		from = 0; /* what came next was dropped meanwhile: on with the oldest left */
	more = total > n && from < total - n;
	if (total && from < total)
		pagelist_read(h, g.cols, from, MIN(total - from, n), on_row,
			&(struct reading){p, &pt, h});
	if (more)
		at = pagelist_pin(h, g.cols, from + n);
	if (total && request_awaits(r, h)) {
		buf_free(&pt.out);
		return;
	}
	p->started = true;
	p->at = at;
	part(p, &pt);
	if (!more) {
		p->t = s->past.last_output;
		screen_rows(p, &pt, t);
		part(p, &pt);
		free(p);
		request_reply(r, json_pack("{s:i,s:s,s:i,s:i}", "v", 1, "id", s->id, "cols",
					 s->display->cols, "rows", s->display->rows));
	}
	buf_free(&pt.out);
}

void
cmd_peek(struct request *r)
{
	json_t *a = request_args(r), *lines = json_object_get(a, "lines");
	struct session *s = request_session(r);
	struct peek *p;

	if (!s)
		return;
	p = xcalloc(1, sizeof(*p));
	*p = (struct peek){.r = r,
		.num = s->num,
		.ansi = obj_true(a, "ansi"),
		.history = obj_true(a, "history"),
		.times = obj_true(a, "times"),
		.lines = UINT64_MAX};
	if (json_is_integer(lines) && json_integer_value(lines) >= 0)
		p->lines = (uint64_t)json_integer_value(lines);
	request_on_cancel(r, free, p);
	request_on_drain(r, on_drain, p);
}
