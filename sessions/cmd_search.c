/* search: a pattern over the text of all sessions, the one with the newest output first, each from
 * its screen back to its oldest line. The work is cut into slices of at most SLICE_NS between which
 * the loop serves everyone else; hits leave in batches as the client takes them.
 *
 * Lines on the screen have no logical id of their own: they are numbered on from the history's next
 * line, which is what they will be called if nothing is inserted above them. */
#include "core/os.h"
#include "core/search.h"
#include "sessions/cmd.h"
#include "sessions/peer.h"
#include <stdlib.h>
#include <string.h>

#define SLICE_NS 1500000u
#define HITS_MAX 10000 /* for one request: then the reply says "truncated" */
#define BATCH 64
#define TEXT_MAX 4096 /* bytes of a line that are sent, around the match */

struct seek {
	struct request *r;
	struct search *pattern;
	uint32_t *nums; /* sessions to look at, best first */
	size_t n, i;
	bool on_screen;	   /* the current one's screen has been looked at */
	uint64_t end_line; /* lines from here on have been looked at */
	int hits;
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

/* Newest first: takes the hits of one chunk, which were found oldest first. */
static void
take_hits(struct seek *k)
{
	for (size_t i = json_array_size(k->chunk_hits); i-- && k->hits < HITS_MAX; k->hits++) {
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

static bool
on_hit(void *ctx, const struct search_hit *h)
{
	struct seek *k = ctx;
	const char *line = k->text + h->at;
	size_t from = 0, len = h->len;
	json_t *j;

	if (len > TEXT_MAX) {
		from = h->start > TEXT_MAX / 2 ? h->start - TEXT_MAX / 2 : 0;
		while (from > 0 && utf8_middle(line[from]))
			from--;
		len = MIN(len - from, (size_t)TEXT_MAX);
		while (len > 0 && from + len < h->len && utf8_middle(line[from + len]))
			len--;
	}
	j = json_pack("{s:i,s:s,s:s,s:I,s:s%,s:I,s:I}", "v", 1, "id", k->s->id, "name", k->s->name,
		"line", (json_int_t)(k->first_line + h->line), "text", line + from, len, "start",
		(json_int_t)(h->start - from), "end", (json_int_t)MIN(h->end - from, len));
	if (!j)
		return true;
	if (k->s->last_output > 0 && k->first_line == k->end_line)
		json_object_set_new(j, "t", json_real(k->s->last_output));
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
on_chunk(void *ctx, const struct hist_chunk *c)
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
	return k->hits < HITS_MAX && os_mono_ns() < k->deadline &&
	       peer_waiting(request_peer(k->r)) < PEER_OUT_MAX / 4;
}

/* A parked screen is looked at and parked again. */
static void
seek_screen(struct seek *k, struct session *s)
{
	bool parked = term_parked(s->term);
	struct hist_stats st = hist_stats(term_hist(s->term));
	struct buf b = {0};

	term_text(s->term, &b);
	if (parked)
		term_park(s->term);
	buf_cstr(&b);
	k->end_line = st.next_line;
	seek_text(k, (const char *)b.data, b.len, st.next_line);
	buf_free(&b);
}

/* One session's share of a slice; true when it has been looked at whole. */
static bool
seek_session(struct seek *k, struct session *s)
{
	struct hist *h = term_hist(s->term);
	uint64_t first;

	k->s = s;
	if (!k->on_screen) {
		seek_screen(k, s);
		k->on_screen = true;
		return false;
	}
	first = hist_stats(h).first_line;
	if (k->end_line > first) {
		uint64_t before = k->end_line;

		hist_text_chunks(h, first, k->end_line, true, on_chunk, k);
		if (k->end_line == before) /* what is left cannot be read */
			k->end_line = first;
	}
	return k->end_line <= first;
}

static void
on_drain(void *ctx)
{
	struct seek *k = ctx;
	struct server *sv = request_server(k->r);
	struct request *r = k->r;
	int hits;

	k->deadline = os_mono_ns() + SLICE_NS;
	while (k->i < k->n && k->hits < HITS_MAX && os_mono_ns() < k->deadline &&
		peer_waiting(request_peer(r)) < PEER_OUT_MAX / 4) {
		struct session *s = server_session(sv, k->nums[k->i]);

		if (!s || !s->term || seek_session(k, s)) {
			k->i++;
			k->on_screen = false;
		}
	}
	flush(k);
	if (k->i < k->n && k->hits < HITS_MAX)
		return;
	hits = k->hits;
	seek_free(k);
	request_reply(
		r, json_pack("{s:i,s:i,s:b}", "v", 1, "hits", hits, "truncated", hits >= HITS_MAX));
}

static int
by_output(const void *a, const void *b)
{
	const struct session *x = *(struct session *const *)a, *y = *(struct session *const *)b;

	return (x->last_output < y->last_output) - (x->last_output > y->last_output);
}

static void
choose(struct seek *k, struct server *sv, double since)
{
	struct session **all;
	size_t n = 0;

	for (struct session *s = sv->sessions; s; s = s->next)
		n++;
	all = xcalloc(n, sizeof(struct session *));
	n = 0;
	for (struct session *s = sv->sessions; s; s = s->next)
		if (s->last_output >= since)
			all[n++] = s;
	qsort(all, n, sizeof(struct session *), by_output);
	k->nums = xcalloc(n, sizeof(*k->nums));
	for (k->n = 0; k->n < n; k->n++)
		k->nums[k->n] = all[k->n]->num;
	free(all);
}

void
cmd_search(struct request *r)
{
	json_t *a = request_args(r);
	const char *pattern = json_string_value(json_object_get(a, "pattern"));
	struct err e = {0};
	struct search *p =
		search_new(pattern ? pattern : "", json_is_true(json_object_get(a, "regex")), &e);
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
	*k = (struct seek){.r = r, .pattern = p, .batch = json_array()};
	if (one) {
		k->nums = xcalloc(1, sizeof(*k->nums));
		k->nums[0] = one->num;
		k->n = 1;
	} else {
		choose(k, request_server(r), json_number_value(json_object_get(a, "since")));
	}
	request_on_cancel(r, seek_free, k);
	request_on_drain(r, on_drain, k);
}
