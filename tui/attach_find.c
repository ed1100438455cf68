/* Finding text in an attached session: all of its text is asked for once, hits are kept as places,
 * the newest shown first; n and N go on from there. */
#include "tui/attach_priv.h"

#include "core/width.h"
#include <stdlib.h>
#include <string.h>

#define HITS_MAX 20000

static void
show_hit(struct attach *a)
{
	if (a->hit >= a->n_hits)
		return;
	uint64_t row = a->hits[a->hit].row, want = row > 2 ? row - 2 : 0;
	scroll_to(a, want < a->total ? a->total - want : 0);
	attach_say(a, "%zu of %zu: %s", a->n_hits - a->hit, a->n_hits, a->query);
}

void
find_next(struct attach *a)
{
	if (!a->n_hits) {
		find_open(a);
		return;
	}
	a->hit = (a->hit + a->n_hits - 1) % a->n_hits;
	show_hit(a);
}

void
find_previous(struct attach *a)
{
	if (!a->n_hits)
		return;
	a->hit = (a->hit + 1) % a->n_hits;
	show_hit(a);
}

void
find_open(struct attach *a)
{
	a->query[0] = '\0';
	if (a->mode != AT_SCROLL)
		scroll_enter(a, false);
	attach_mode(a, AT_FIND);
}

static void
add_hit(struct attach *a, uint64_t row, const char *line, const char *at, const char *query)
{
	char before[512];
	size_t n = MIN((size_t)(at - line), sizeof(before) - 1);
	memcpy(before, line, n);
	before[n] = '\0';
	if (a->n_hits % 256 == 0)
		a->hits = xrealloc(a->hits, (a->n_hits + 256) * sizeof(*a->hits));
	a->hits[a->n_hits++] = (struct attach_hit){row, utf8_width(before), utf8_width(query)};
}

struct found {
	struct attach *a;
	struct buf line;
	uint64_t row;
	bool fold; /* a query without capitals finds any case */
};

static void
search_line(struct found *f)
{
	const char *line = buf_cstr(&f->line), *p = line, *q = f->a->query;
	while (f->a->n_hits < HITS_MAX && (p = f->fold ? strcasestr(p, q) : strstr(p, q))) {
		add_hit(f->a, f->row, line, p, q);
		p += strlen(q);
	}
}

static void
on_part(void *ctx, json_t *j)
{
	struct found *f = ctx;
	const char *t = json_string_value(json_object_get(j, "text"));
	for (; t && *t; t++) {
		if (*t != '\n') {
			buf_putc(&f->line, (uint8_t)*t);
			continue;
		}
		search_line(f);
		f->line.len = 0;
		f->row++;
	}
}

/* All of the session's text comes over a connection of its own; parts of it are not kept. */
static void
find_run(struct attach *a)
{
	struct found f = {.a = a, .fold = true};
	struct err e = {0};
	for (const char *p = a->query; *p; p++)
		f.fold &= !(*p >= 'A' && *p <= 'Z');
	free(a->hits);
	a->hits = NULL;
	a->n_hits = a->hit = 0;
	struct client *c = client_connect(a->ctx->host, false, &e);
	json_t *r = c ? client_call(c, "peek", json_pack("{s:s,s:b}", "id", a->id, "history", 1),
				on_part, &f, 5, &e)
		      : NULL;
	json_decref(r);
	client_free(c);
	buf_free(&f.line);
	if (!r)
		attach_say(a, "%s", e.msg);
	else if (!a->n_hits)
		attach_say(a, "not found: %s", a->query);
	if (!a->n_hits)
		return;
	a->hit = a->n_hits - 1; /* the newest first */
	show_hit(a);
}

static void
query_drop(struct attach *a)
{
	size_t n = strlen(a->query);
	while (n && (a->query[n - 1] & 0xc0) == 0x80)
		n--;
	a->query[n ? n - 1 : 0] = '\0';
}

static void
query_add(struct attach *a, const void *p, size_t n)
{
	char clean[sizeof(a->query)];
	size_t have = strlen(a->query);
	sanitize(clean, sizeof(a->query) - have, p, n);
	snprintf(a->query + have, sizeof(a->query) - have, "%s", clean);
}

void
find_key(struct attach *a, const struct input_event *ev)
{
	struct buf b = {0};
	if (ev->type == INPUT_PASTE) {
		query_add(a, ev->bytes, ev->len);
	} else if (ev->type != INPUT_KEY) {
		return;
	} else if (ev->key == 27 || (ev->key == 'c' && ev->mods == MOD_CTRL)) {
		a->mode = AT_SCROLL;
	} else if (ev->key == 13) {
		a->mode = AT_SCROLL;
		if (*a->query)
			find_run(a);
	} else if (ev->key == 127) {
		query_drop(a);
	} else {
		static const struct key_modes plain = {0};
		encode_input(&b, ev, &plain);
		if (b.len && b.data[0] >= ' ' && b.data[0] != 127)
			query_add(a, b.data, b.len);
		buf_free(&b);
	}
	outer_damage(a->outer);
}
