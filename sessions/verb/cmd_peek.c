/* peek: a session's screen and history as text, in parts, as fast as the client takes them. */
#include "core/pagelist/pagelist.h"
#include "core/base/log.h"
#include "core/page/tab.h"
#include "sessions/session/display.h"
#include "sessions/verb/verb.h"
#include "sessions/wire/json.h"
#include "sessions/view/peek_text.h"
#include <stdlib.h>
#include <string.h>

#define ROWS_A_PART 500

struct peek {
	struct request *r;
	uint32_t num;
	bool ansi, started;
	uint64_t skip;	 /* rows of history not wanted at its start */
	int screen_from; /* first row of the screen wanted */
	struct pin at;	 /* where to go on */
};

static void
on_row(void *ctx, const struct row *row, const struct tab *t, struct pin at)
{
	struct peek_text *pt = ctx;

	(void)at;
	peek_row(pt, row, t);
}

static void
part(struct peek *p, struct peek_text *pt)
{
	json_t *o;

	if (!pt->out.len)
		return;
	o = json_pack("{s:s%}", "text", (const char *)pt->out.data, pt->out.len);
	request_part(p->r, o ? o : json_pack("{s:s}", "text", "[not text]\n"));
	pt->out.len = 0;
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

static void
on_drain(void *ctx)
{
	struct peek *p = ctx;
	struct session *s = sessions_num(request_sessions(p->r), p->num);
	struct peek_text pt = {.ansi = p->ansi};
	struct request *r = p->r;
	struct term *t;
	struct pagelist *h;
	uint64_t total, from;
	struct err e;

	if (!s) {
		err_set(&e, 3, "the session was deleted");
		free(p);
		request_fail(r, &e);
		return;
	}
	t = display_term(s);
	h = term_pagelist(t);
	total = p->skip == UINT64_MAX ? 0 : pagelist_rows(h, s->display->cols);
	from = !p->started ? MIN(p->skip, total) : pagelist_pin_row(h, s->display->cols, p->at);
	if (from == UINT64_MAX)
		from = 0; /* what came next was dropped meanwhile: on with the oldest left */
	p->started = true;
	if (total && from < total)
		pagelist_read(
			h, s->display->cols, from, MIN(total - from, ROWS_A_PART), on_row, &pt);
	if (total > ROWS_A_PART && from < total - ROWS_A_PART) {
		p->at = pagelist_pin(h, s->display->cols, from + ROWS_A_PART);
		part(p, &pt);
	} else {
		part(p, &pt);
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
	bool history = obj_true(a, "history");
	struct grid g;
	uint64_t n, want, total;
	struct peek *p;
	int used;

	if (!s)
		return;
	g = term_grid(display_term(s));
	for (used = g.rows; used > 0 && peek_row_blank(g.row[used - 1]); used--)
		;
	p = xcalloc(1, sizeof(*p));
	*p = (struct peek){.r = r,
		.num = s->num,
		.ansi = obj_true(a, "ansi"),
		.skip = history ? 0 : UINT64_MAX};
	if (json_is_integer(lines) && json_integer_value(lines) >= 0) {
		want = (uint64_t)json_integer_value(lines);
		total = history ? pagelist_rows(term_pagelist(s->display->term), s->display->cols)
				: 0;
		n = total + (uint64_t)used;
		if (want < n && n - want > total) {
			p->skip = UINT64_MAX;
			p->screen_from = (int)(n - want - total);
		} else if (want < n && history)
			p->skip = n - want;
	}
	request_on_cancel(r, free, p);
	request_on_drain(r, on_drain, p);
}
