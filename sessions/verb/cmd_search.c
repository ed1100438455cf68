/* search: a pattern over the text of all sessions, the one with the newest output first, each from
 * its screen back to its oldest line. The work is cut into slices of at most SLICE_NS between which
 * the loop serves everyone else; hits leave in batches as the client takes them.
 *
 * Lines on the screen are numbered as core/look/doc.h says: on from the history's. */
#include "core/look/doc.h"
#include "sessions/peer/peer.h"
#include "sessions/session/display.h"
#include "sessions/verb/verb.h"
#include "sessions/wire/json.h"
#include "core/os/os.h"
#include "core/text/search.h"
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
	/* of the chunk at hand */
	struct session *s;
	json_t *chunk_hits;
	const char *text;
	uint64_t first_line;
};

static void
seek_free(void *ctx)
{
	struct seek *k = ctx;

	search_free(k->pattern);
	json_decref(k->batch);
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

/* Newest first: takes the hits of one chunk, which were found oldest first. */
static void
take_hits(struct seek *k)
{
	for (size_t i = json_array_size(k->chunk_hits); i-- && wants_more(k); k->hits++) {
		k->here++;
		json_array_append(k->batch, json_array_get(k->chunk_hits, i));
		if (json_array_size(k->batch) >= BATCH)
			flush(k);
	}
	json_decref(k->chunk_hits);
	k->chunk_hits = NULL;
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
	const char *line = k->text + h->at;
	size_t start, end = h->end;
	json_t *more = NULL;

	while (search_line(k->pattern, line, h->len, end, &start, &end) && end <= from + len) {
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
	const char *line = k->text + h->at;
	size_t from, len;
	uint32_t t;
	json_t *j;

	cut_line(h, line, &from, &len);
	j = json_pack("{s:i,s:s,s:s,s:I,s:s%,s:I,s:I}", "v", 1, "id", k->s->id, "name", k->s->name,
		"line", (json_int_t)(k->first_line + h->line), "text", line + from, len, "start",
		(json_int_t)(h->start - from), "end", (json_int_t)MIN(h->end - from, len));
	if (!j)
		return true;
	if (from)
		json_object_set_new(j, "offset", json_integer((json_int_t)from));
	t = pagelist_line_time(term_pagelist(k->s->display->term), k->first_line + h->line);
	if (t)
		json_object_set_new(j, "t", json_integer(t));
	add_spans(k, j, h, from, len);
	json_array_append_new(k->chunk_hits, j);
	return true;
}

static void
seek_text(struct seek *k, const char *text, size_t len, uint64_t first_line)
{
	k->text = text;
	k->first_line = first_line;
	k->chunk_hits = json_array();
	search_text(k->pattern, text, len, on_hit, k);
	take_hits(k);
}

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
	seek_text(k, text, (size_t)(end - text), c->first_line);
	k->end_line = MIN(k->end_line, c->first_line);
	return wants_more(k) && os_mono_ns() < k->deadline &&
	       peer_waiting(request_peer(k->r)) < PEER_OUT_MAX / 4;
}

/* A parked screen is looked at and parked again. */
static void
seek_screen(struct seek *k, struct session *s)
{
	bool parked = term_parked(s->display->term);
	struct doc d = doc_of(s->display->term);
	struct buf b = {0};

	doc_screen_text(&d, &b);
	if (parked)
		term_park(s->display->term);
	k->end_line = d.screen_line;
	seek_text(k, buf_cstr(&b), b.len, d.screen_line);
	buf_free(&b);
}

/* One session's share of a slice; true when it has been looked at whole. */
static bool
seek_session(struct seek *k, struct session *s)
{
	struct pagelist *h = term_pagelist(s->display->term);
	uint64_t first;

	k->s = s;
	if (!k->on_screen) {
		seek_screen(k, s);
		k->on_screen = true;
		return false;
	}
	first = pagelist_stats(h).first_line;
	if (k->end_line > first) {
		uint64_t before = k->end_line;

		pagelist_text_chunks(h, first, k->end_line, true, on_chunk, k);
		if (k->end_line == before) /* what is left cannot be read */
			k->end_line = first;
	}
	return k->end_line <= first || !wants_more(k);
}

static void
on_drain(void *ctx)
{
	struct seek *k = ctx;
	struct sessions *ss = request_sessions(k->r);
	struct request *r = k->r;
	bool truncated;
	int hits;

	k->deadline = os_mono_ns() + SLICE_NS;
	while (k->i < k->n && k->hits < k->limit && os_mono_ns() < k->deadline &&
		peer_waiting(request_peer(r)) < PEER_OUT_MAX / 4) {
		struct session *s = sessions_num(ss, k->nums[k->i]);

		if (!s || !s->display->term || seek_session(k, s)) {
			k->truncated |= k->here >= k->limit_here;
			k->i++;
			k->on_screen = false;
			k->here = 0;
		}
	}
	flush(k);
	if (k->i < k->n && k->hits < k->limit)
		return;
	hits = k->hits;
	truncated = k->truncated || hits >= k->limit;
	seek_free(k);
	request_reply(r, json_pack("{s:i,s:i,s:b}", "v", 1, "hits", hits, "truncated", truncated));
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
	struct search *p = search_new(pattern ? pattern : "", obj_true(a, "regex"), &e);
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
