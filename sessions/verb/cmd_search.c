/* search: a pattern over the text of all sessions, the one with the newest output first, each from
 * its screen back to its oldest line, piece by piece (the screen, a block of history). The work is
 * cut into slices of about SLICE_NS between which the loop serves everyone else; hits leave in
 * batches as the client takes them. A pattern that costs too much ends the search.
 *
 * Lines on the screen are numbered as core/look/doc.h says: on from the history's. */
#include "core/look/doc.h"
#include "core/os/os.h"
#include "core/text/search.h"
#include "sessions/peer/peer.h"
#include "sessions/display/display.h"
#include "sessions/life/sessions.h"
#include "sessions/verb/verb.h"
#include "sessions/wire/json.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLICE_NS 1500000u
#define HITS_MAX 10000 /* for one request: then the reply says "truncated" */
#define BATCH 64
#define TEXT_MAX 4096 /* bytes of a line that are sent, around the match */
#define SPANS_MAX 32  /* further matches in a line that are told */

struct seek {
	struct request *r;
	struct search *pattern;
	uint32_t *nums; /* sessions to look at, best first */
	size_t n, i;
	bool on_screen;	   /* the current one's screen has been looked at */
	uint64_t end_line; /* lines from here on have been looked at */
	int hits, limit;
	int here, limit_here; /* the same of the current session */
	bool truncated;
	json_t *batch;
	uint64_t deadline;
	struct session *s;
	/* of the piece at hand */
	struct buf text;
	uint64_t first_line;
	struct search_place at;
	json_t *piece_hits; /* NULL: no piece */
};

static void
seek_free(void *ctx)
{
	struct seek *k = ctx;

	search_free(k->pattern);
	json_decref(k->batch);
	json_decref(k->piece_hits);
	buf_free(&k->text);
	free(k->nums);
	free(k);
}

static void
flush(struct seek *k)
{
	if (!json_array_size(k->batch))
		return;
	request_part(k->r, json_pack("{s:i,s:o}", "v", 1, "hits", k->batch));
	k->batch = json_array();
}

static bool
wants_more(const struct seek *k)
{
	return k->hits < k->limit && k->here < k->limit_here;
}

/* Newest first: takes the hits of one piece, which were found oldest first. */
static void
take_hits(struct seek *k)
{
	for (size_t i = json_array_size(k->piece_hits); i-- && wants_more(k); k->hits++) {
		k->here++;
		json_array_append(k->batch, json_array_get(k->piece_hits, i));
		if (json_array_size(k->batch) >= BATCH)
			flush(k);
	}
	json_decref(k->piece_hits);
	k->piece_hits = NULL;
}

static bool
utf8_middle(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The part of a hit's line that is sent: all of it, or so much around the match. */
static void
cut_line(const struct search_hit *h, const char *line, size_t *from, size_t *len)
{
	*from = 0;
	*len = h->len;
	if (h->len <= TEXT_MAX)
		return;
	*from = h->start > TEXT_MAX / 2 ? h->start - TEXT_MAX / 2 : 0;
	while (*from > 0 && utf8_middle(line[*from]))
		--*from;
	*len = MIN(h->len - *from, (size_t)TEXT_MAX);
	while (*len > 0 && *from + *len < h->len && utf8_middle(line[*from + *len]))
		--*len;
}

/* Matches behind the first. */
static void
add_spans(struct seek *k, json_t *j, const struct search_hit *h, size_t from, size_t len)
{
	const char *line = (const char *)k->text.data + h->at;
	size_t start, end = h->end;
	json_t *more = NULL;

	while (search_line(k->pattern, line, h->len, end, &start, &end) > 0 && end <= from + len) {
		more = more ? more : json_array();
		json_array_append_new(more,
			json_pack("[I,I]", (json_int_t)(start - from), (json_int_t)(end - from)));
		if (json_array_size(more) == SPANS_MAX)
			break;
	}
	if (more)
		json_object_set_new(j, "more", more);
}

static bool
on_hit(void *ctx, const struct search_hit *h)
{
	struct seek *k = ctx;
	const char *line = (const char *)k->text.data + h->at;
	size_t from, len;
	uint32_t t;
	json_t *j;

	cut_line(h, line, &from, &len);
	j = json_pack("{s:i,s:s,s:s,s:I,s:s%,s:I,s:I}", "v", 1, "id", k->s->id, "name", k->s->name,
		"line", (json_int_t)k->first_line + h->line, "text", line + from, len, "start",
		(json_int_t)(h->start - from), "end", (json_int_t)MIN(h->end - from, len));
	if (!j)
		return true;
	if (from)
		json_object_set_new(j, "offset", json_integer((json_int_t)from));
	t = pagelist_line_time(term_pagelist(k->s->display->term), k->first_line + h->line);
	if (t)
		json_object_set_new(j, "t", json_integer(t));
	add_spans(k, j, h, from, len);
	json_array_append_new(k->piece_hits, j);
	return true;
}

static void
begin_piece(struct seek *k, uint64_t first_line)
{
	k->first_line = first_line;
	k->at = (struct search_place){0};
	k->piece_hits = json_array();
}

/* One piece is copied: the history cannot be kept open while others are served. */
static bool
on_chunk(void *ctx, const struct pagelist_chunk *c)
{
	struct seek *k = ctx;
	const char *text = c->text, *end = c->text + c->len;

	/* lines at or beyond end_line were seen before */
	if (c->end_line > k->end_line) {
		end = text;
		for (uint64_t n = c->first_line; n < k->end_line && end; n++) {
			end = memchr(end, '\n', c->len - (size_t)(end - text));
			end += end != NULL;
		}
		end = end ? end : text + c->len;
	}
	k->text.len = 0;
	buf_put(&k->text, text, (size_t)(end - text));
	begin_piece(k, c->first_line);
	k->end_line = MIN(k->end_line, c->first_line);
	return false;
}

/* A parked screen is looked at and parked again. */
static void
take_screen(struct seek *k, struct session *s)
{
	bool parked = term_parked(s->display->term);
	struct doc d = doc_of(s->display->term);

	k->text.len = 0;
	doc_screen_text(&d, &k->text);
	if (parked)
		term_park(s->display->term);
	if (pagelist_awaits(d.pagelist)) /* its first line begins in a file */
		return;
	k->end_line = d.screen_line;
	begin_piece(k, d.screen_line);
	k->on_screen = true;
}

/* The next piece of the session; false: there is none, none is wanted, or it is awaited. */
static bool
next_piece(struct seek *k)
{
	struct pagelist *h = term_pagelist(k->s->display->term);

	if (!k->on_screen)
		take_screen(k, k->s);
	else if (wants_more(k))
		pagelist_text_chunks(
			h, pagelist_stats(h).first_line, k->end_line, true, on_chunk, k);
	return k->piece_hits != NULL;
}

/* One session's share of a slice: 0 when it has been looked at whole, else as search_text. */
static int
seek_session(struct seek *k)
{
	int rc;

	while (k->piece_hits || next_piece(k)) {
		rc = search_text(k->pattern, (const char *)k->text.data, k->text.len, &k->at,
			k->deadline, on_hit, k);
		if (rc < 0)
			return rc;
		take_hits(k);
		if (os_mono_ns() > k->deadline)
			return -EAGAIN;
	}
	return wants_more(k) && request_awaits(k->r, term_pagelist(k->s->display->term)) ? -EAGAIN
											 : 0;
}

static void
next_session(struct seek *k)
{
	k->truncated |= k->here >= k->limit_here;
	k->i++;
	k->on_screen = false;
	k->here = 0;
	json_decref(k->piece_hits); /* of one that was forgotten meanwhile */
	k->piece_hits = NULL;
}

/* 0 when done, else as search_text. */
static int
seek_slice(struct seek *k)
{
	int rc = 0;

	k->deadline = os_mono_ns() + SLICE_NS;
	while (k->i < k->n && k->hits < k->limit && !rc) {
		if (peer_waiting(request_peer(k->r)) >= PEER_OUT_MAX / 4)
			return -EAGAIN;
		k->s = sessions_num(request_sessions(k->r), k->nums[k->i]);
		if (!k->s || !k->s->display->term || (rc = seek_session(k)) == 0)
			next_session(k);
	}
	return rc;
}

static void
on_drain(void *ctx)
{
	struct seek *k = ctx;
	struct request *r = k->r;
	json_t *reply = NULL;
	struct err e;
	int rc = seek_slice(k);

	if (rc == -E2BIG)
		take_hits(k);
	flush(k);
	if (rc == -EAGAIN)
		return;
	if (rc < 0)
		err_set(&e, 1, "the pattern is too costly (stopped in %s at line %llu)", k->s->name,
			(unsigned long long)k->first_line + k->at.line);
	else
		reply = json_pack("{s:i,s:i,s:b}", "v", 1, "hits", k->hits, "truncated",
			k->truncated || k->hits >= k->limit);
	seek_free(k);
	if (reply)
		request_reply(r, reply);
	else
		request_fail(r, &e);
}

static int
by_output(const void *a, const void *b)
{
	const struct session *x = *(struct session *const *)a, *y = *(struct session *const *)b;

	return (x->past.last_output < y->past.last_output) -
	       (x->past.last_output > y->past.last_output);
}

static void
choose(struct seek *k, struct sessions *ss, double since)
{
	struct session **all;
	size_t n = 0;

	for (struct session *s = ss->first; s; s = s->next)
		n++;
	all = xcalloc(n, sizeof(struct session *));
	n = 0;
	for (struct session *s = ss->first; s; s = s->next)
		if (s->past.last_output >= since)
			all[n++] = s;
	qsort(all, n, sizeof(struct session *), by_output);
	k->nums = xcalloc(n, sizeof(*k->nums));
	for (k->n = 0; k->n < n; k->n++)
		k->nums[k->n] = all[k->n]->num;
	free(all);
}

static int
limit_of(const json_t *args, const char *key)
{
	json_int_t n = obj_int(args, key, 0);

	return n > 0 && n < HITS_MAX ? (int)n : HITS_MAX;
}

void
cmd_search(struct request *r)
{
	json_t *a = request_args(r);
	const char *pattern = json_string_value(json_object_get(a, "pattern"));
	struct err e = {0};
	struct search *p = search_new(
		pattern ? pattern : "", obj_true(a, "regex") ? SEARCH_REGEX : SEARCH_PLAIN, &e);
	struct session *one = NULL;
	struct seek *k;

	if (!p) {
		request_fail(r, &e);
		return;
	}
	if (json_object_get(a, "id") && !(one = request_session(r))) {
		search_free(p);
		return;
	}
	k = xcalloc(1, sizeof(*k));
	*k = (struct seek){.r = r,
		.pattern = p,
		.batch = json_array(),
		.limit = limit_of(a, "limit"),
		.limit_here = limit_of(a, "per_session")};
	if (one) {
		k->nums = xcalloc(1, sizeof(*k->nums));
		k->nums[0] = one->num;
		k->n = 1;
	} else {
		choose(k, request_sessions(r), obj_num(a, "since", 0));
	}
	request_on_cancel(r, seek_free, k);
	request_on_drain(r, on_drain, k);
}
