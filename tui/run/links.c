#include "tui/run/links.h"
#include "sessions/client/host.h"
#include "sessions/wire/json.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINKS_MAX = HOSTS_MAX, NUM_BITS = 24, ID_PREFIX = 4 }; /* "@01:" */
#define NUM_MASK ((1u << NUM_BITS) - 1)

struct link {
	struct links *of;
	uint32_t index; /* from 1 */
	char name[HOST_NAME_MAX_BYTES];
	struct client *c;
	json_t *rows; /* S by the application's id, as they came last */
	bool up, told_away;
};
struct links {
	struct links_ops ops;
	struct client *here;
	struct link *link[LINKS_MAX];
	size_t n;
};

/* Names of the application's, and back. */

static void
mark_id(const struct link *k, json_t *o, const char *key)
{
	const char *id = obj_text(o, key);

	if (id)
		json_object_set_new(o, key, json_sprintf("@%02x:%s", k->index, id));
}

/* An object that is about a session: its id and name. */
static void
mark(const struct link *k, json_t *o)
{
	const char *name = obj_text(o, "name");

	mark_id(k, o, "id");
	if (name)
		json_object_set_new(o, "name", json_sprintf("%s:%s", k->name, name));
}

static void
mark_reply(const struct link *k, json_t *reply)
{
	json_t *o;
	size_t i;

	mark(k, reply);
	json_array_foreach (json_object_get(reply, "results"), i, o)
		mark(k, o);
}

static uint32_t
index_of(const char *id)
{
	return id && id[0] == '@' && isxdigit((unsigned char)id[1]) &&
			       isxdigit((unsigned char)id[2]) && id[3] == ':'
		       ? (uint32_t)strtoul(id + 1, NULL, 16)
		       : 0;
}

static struct link *
at(const struct links *l, uint32_t index)
{
	return l && index && index <= l->n ? l->link[index - 1] : NULL;
}

struct client *
links_of_id(struct links *l, const char **id, uint32_t *link)
{
	struct link *k = at(l, index_of(*id));

	*link = k ? k->index : 0;
	if (k)
		*id += ID_PREFIX;
	return k && k->up ? k->c : NULL;
}

struct client *
links_of_num(struct links *l, uint32_t *num)
{
	struct link *k = at(l, *num >> NUM_BITS);

	if (k)
		*num &= NUM_MASK;
	return k ? k->c : NULL;
}

uint32_t
links_num(uint32_t link, uint32_t num)
{
	return num ? link << NUM_BITS | num : 0;
}

/* Rows. */

static void
tell_row(struct link *k, json_t *row)
{
	json_t *s = json_copy(row), *ev;

	if (!k->up)
		json_object_set_new(s, "away", json_true());
	ev = json_pack("{s:s,s:o}", "ev", "session", "session", s);
	k->of->ops.event(k->of->ops.ctx, ev);
	json_decref(ev);
}

static void
take_row(struct link *k, json_t *s)
{
	json_t *row = json_copy(s);

	mark(k, row);
	if (obj_text(row, "id")) {
		json_object_set(k->rows, obj_text(row, "id"), row);
		tell_row(k, row);
	}
	json_decref(row);
}

static void
drop_row(struct link *k, const char *id)
{
	json_t *ev = json_pack("{s:s,s:s}", "ev", "gone", "id", id);

	k->of->ops.event(k->of->ops.ctx, ev);
	json_object_del(k->rows, id);
	json_decref(ev);
}

void
links_tell(struct links *l)
{
	const char *id;
	json_t *row;

	for (size_t i = 0; l && i < l->n; i++)
		json_object_foreach (l->link[i]->rows, id, row)
			tell_row(l->link[i], row);
}

/* Connections. */

static void
on_watch(void *ctx, json_t *reply, const struct err *e)
{
	struct link *k = ctx;
	json_t *was = k->rows, *s;
	const char *id;
	void *next;
	size_t i;

	if (e)
		return;
	k->rows = json_object();
	json_array_foreach (json_object_get(reply, "sessions"), i, s)
		take_row(k, s);
	json_object_foreach_safe(was, next, id, s) if (!json_object_get(k->rows, id))
		drop_row(k, id);
	json_decref(was);
}

static void
tell_link(struct link *k, const char *words)
{
	k->of->ops.link(k->of->ops.ctx, links_num(k->index, 1), links_num(k->index, NUM_MASK),
		k->up, words);
}

static void
on_back(void *ctx)
{
	struct link *k = ctx;
	char words[80];

	k->up = true;
	client_request(k->c, "watch", json_object(), on_watch, k);
	snprintf(words, sizeof words, k->told_away ? "%s is there again" : "", k->name);
	k->told_away = false;
	tell_link(k, words);
}

static void
on_lost(void *ctx)
{
	struct link *k = ctx;
	const char *bye = client_bye(k->c), *id;
	char words[240];
	json_t *row;

	k->up = false;
	k->told_away = true;
	snprintf(words, sizeof words, "%s is away, trying again%s%s", k->name, *bye ? ": " : "",
		bye);
	tell_link(k, words);
	json_object_foreach (k->rows, id, row)
		tell_row(k, row);
}

static void
on_event(void *ctx, json_t *ev)
{
	struct link *k = ctx;
	const char *what = obj_text(ev, "ev");
	char id[40];

	if (what && !strcmp(what, "session")) {
		take_row(k, json_object_get(ev, "session"));
	} else if (what && !strcmp(what, "gone") && obj_text(ev, "id")) {
		snprintf(id, sizeof id, "@%02x:%.30s", k->index, obj_text(ev, "id"));
		drop_row(k, id);
	}
}

static void
on_frame(void *ctx, uint32_t view, const void *p, size_t n)
{
	struct link *k = ctx;

	k->of->ops.frame(k->of->ops.ctx, links_num(k->index, view), p, n);
}

static void
on_view_event(void *ctx, uint32_t view, json_t *ev)
{
	struct link *k = ctx;

	mark(k, ev);
	k->of->ops.view_event(k->of->ops.ctx, links_num(k->index, view), ev);
}

struct links *
links_new(uv_loop_t *loop, struct client *here, const struct links_ops *ops)
{
	static const struct client_ops link_ops = {.event = on_event,
		.frame = on_frame,
		.view_event = on_view_event,
		.lost = on_lost,
		.back = on_back};
	struct links *l = xcalloc(1, sizeof *l);
	struct client_ops cops = link_ops;
	char names[LINKS_MAX][HOST_NAME_MAX_BYTES];
	size_t n = host_names(names, LINKS_MAX);
	struct err e;

	l->ops = *ops;
	l->here = here;
	for (size_t i = 0; i < n; i++) {
		struct client *c = client_open(names[i], &e);
		struct link *k;

		if (!c)
			continue;
		k = l->link[l->n++] = xcalloc(1, sizeof *k);
		*k = (struct link){.of = l, .index = (uint32_t)l->n, .c = c, .rows = json_object()};
		memcpy(k->name, names[i], sizeof k->name);
		cops.ctx = k;
		client_start(c, loop, &cops);
	}
	return l;
}

void
links_close(struct links *l)
{
	for (size_t i = 0; l && i < l->n; i++) {
		client_free(l->link[i]->c);
		json_decref(l->link[i]->rows);
		free(l->link[i]);
	}
	free(l);
}

/* Requests: the parts of one that is about sessions of several machines are put together again. */

struct join {
	client_reply_cb cb;
	void (*part)(void *ctx, json_t *j);
	void *ctx;
	json_t *reply; /* with all results; NULL none yet */
	struct err e;
	unsigned waits;
};
struct piece {
	struct join *of;
	struct link *link; /* NULL: here */
};

static void
step(struct join *j)
{
	if (--j->waits)
		return;
	if (j->cb)
		j->cb(j->ctx, j->reply, j->reply ? NULL : &j->e);
	json_decref(j->reply);
	free(j);
}

static void
on_piece(void *ctx, json_t *reply, const struct err *e)
{
	struct piece *p = ctx;
	struct join *j = p->of;

	if (reply && p->link)
		mark_reply(p->link, reply);
	if (reply && j->reply)
		json_array_extend(
			json_object_get(j->reply, "results"), json_object_get(reply, "results"));
	else if (reply)
		j->reply = json_incref(reply);
	else
		j->e = *e;
	free(p);
	step(j);
}

static void
on_part(void *ctx, json_t *part)
{
	struct piece *p = ctx;

	if (p->link)
		mark_reply(p->link, part);
	if (p->of->part)
		p->of->part(p->of->ctx, part);
}

/* What is the application's of args becomes the machine's. */
static void
strip(const struct link *k, json_t *args)
{
	const char *id = obj_text(args, "id"), *name = obj_text(args, "name");
	json_int_t view = obj_int(args, "view", 0);
	size_t n = strlen(k->name);

	if (index_of(id))
		json_object_set_new(args, "id", json_string(id + ID_PREFIX));
	if (view)
		json_object_set_new(args, "view", json_integer(view & NUM_MASK));
	if (name && !strncmp(name, k->name, n) && name[n] == ':')
		json_object_set_new(args, "name", json_string(name + n + 1));
}

static uint32_t
send_piece(struct links *l, struct join *j, struct link *k, const char *verb, json_t *take_args)
{
	struct piece *p = xcalloc(1, sizeof *p);

	*p = (struct piece){.of = j, .link = k};
	j->waits++;
	if (k)
		strip(k, take_args);
	return client_stream(
		k ? k->c : l->here, verb, take_args, j->part ? on_part : NULL, on_piece, p);
}

/* Those of args' ids that are of one machine, stripped; NULL none. */
static json_t *
ids_of(const json_t *ids, uint32_t index)
{
	json_t *a = json_array(), *v;
	size_t i;

	json_array_foreach (ids, i, v) {
		const char *id = json_string_value(v);

		if (id && index_of(id) == index)
			json_array_append_new(a, json_string(index ? id + ID_PREFIX : id));
	}
	if (json_array_size(a))
		return a;
	json_decref(a);
	return NULL;
}

static bool
is_ours(const struct links *l, const json_t *args)
{
	json_t *ids = json_object_get(args, "ids"), *v;
	size_t i;

	json_array_foreach (ids, i, v)
		if (at(l, index_of(json_string_value(v))))
			return true;
	return at(l, index_of(obj_text(args, "id"))) ||
	       at(l, (uint32_t)obj_int(args, "view", 0) >> NUM_BITS);
}

bool
links_request(struct links *l, const char *verb, json_t *take_args,
	void (*part)(void *ctx, json_t *j), client_reply_cb cb, void *ctx, uint32_t *request)
{
	json_t *ids = json_object_get(take_args, "ids"), *some;
	struct link *k;
	struct join *j;

	if (!l || !is_ours(l, take_args))
		return false;
	j = xcalloc(1, sizeof *j);
	*j = (struct join){.cb = cb, .part = part, .ctx = ctx, .waits = 1};
	*request = 0;
	k = at(l, index_of(obj_text(take_args, "id")));
	k = k ? k : at(l, (uint32_t)obj_int(take_args, "view", 0) >> NUM_BITS);
	if (k) {
		*request = links_num(k->index, send_piece(l, j, k, verb, json_incref(take_args)));
	} else {
		for (uint32_t i = 0; i <= l->n; i++) {
			json_t *args;

			if (!(some = ids_of(ids, i)))
				continue;
			args = json_copy(take_args);
			json_object_set_new(args, "ids", some);
			send_piece(l, j, at(l, i), verb, args);
		}
	}
	json_decref(take_args);
	step(j); /* its own: pieces may have failed at once */
	return true;
}
