#include "tui/run/links.h"
#include "sessions/client/host.h"
#include "sessions/wire/json.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* JOINS: in place of a machine, in the numbers of requests. ID_PREFIX: of "@01:". */
enum { LINKS_MAX = HOSTS_MAX, NUM_BITS = 24, ID_PREFIX = 4, JOINS = 0xff };
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
	LIST_HEAD(, join) joins;
	uint32_t last_join;
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

/* Where answers have objects about sessions. */
static const char *const lists[] = {"results", "candidates", "sessions", "hits", "done"};

static void
mark_reply(const struct link *k, json_t *reply)
{
	json_t *o;
	size_t i, n;

	mark(k, reply);
	for (n = 0; n < ARRAY_LEN(lists); n++)
		json_array_foreach (json_object_get(reply, lists[n]), i, o)
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

const char *
links_machine(const struct links *l, size_t i)
{
	return l && i < l->n ? l->link[i]->name : NULL;
}

static struct link *
named(const struct links *l, const char *name)
{
	for (size_t i = 0; name && i < l->n; i++)
		if (!strcmp(l->link[i]->name, name))
			return l->link[i];
	return NULL;
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

/* Requests: one goes to the machine it is about, or in pieces to several; what they answer is one answer. */

struct piece {
	LIST_ENTRY(piece) entry;
	struct join *of;
	struct link *link; /* NULL: here */
	uint32_t request;
};
struct join {
	LIST_ENTRY(join) entry;
	struct links *links;
	uint32_t request; /* the application's number of it */
	client_reply_cb cb;
	void (*part)(void *ctx, json_t *j);
	void *ctx;
	json_t *reply; /* of all that have answered; NULL none yet */
	struct err e;
	unsigned waits;
	LIST_HEAD(, piece) pieces;
};

static void
join_free(struct join *j)
{
	struct piece *p;

	while ((p = LIST_FIRST(&j->pieces))) {
		LIST_REMOVE(p, entry);
		client_cancel(p->link ? p->link->c : j->links->here, p->request);
		free(p);
	}
	LIST_REMOVE(j, entry);
	json_decref(j->reply);
	free(j);
}

static void
step(struct join *j)
{
	if (--j->waits)
		return;
	if (j->cb)
		j->cb(j->ctx, j->reply, j->reply ? NULL : &j->e);
	join_free(j);
}

/* To the answers so far: more in each list, sums, and what is true of one. */
static void
merge(json_t *all, const json_t *reply)
{
	static const char *const sums[] = {"would_free_bytes", "hits"};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (json_object_get(reply, lists[i]))
			json_array_extend(
				json_object_get(all, lists[i]), json_object_get(reply, lists[i]));
	for (size_t i = 0; i < ARRAY_LEN(sums); i++)
		if (json_is_integer(json_object_get(reply, sums[i])))
			json_object_set_new(all, sums[i],
				json_integer(
					obj_int(all, sums[i], 0) + obj_int(reply, sums[i], 0)));
	if (obj_true(reply, "truncated"))
		json_object_set_new(all, "truncated", json_true());
}

static void
on_piece(void *ctx, json_t *reply, const struct err *e)
{
	struct piece *p = ctx;
	struct join *j = p->of;

	if (reply && p->link)
		mark_reply(p->link, reply);
	if (reply && j->reply)
		merge(j->reply, reply);
	else if (reply)
		j->reply = json_incref(reply);
	else
		j->e = *e;
	LIST_REMOVE(p, entry);
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

	json_object_del(args, "host");
	if (index_of(id))
		json_object_set_new(args, "id", json_string(id + ID_PREFIX));
	if (view)
		json_object_set_new(args, "view", json_integer(view & NUM_MASK));
	if (name && !strncmp(name, k->name, n) && name[n] == ':')
		json_object_set_new(args, "name", json_string(name + n + 1));
}

static void
send_piece(struct join *j, struct link *k, const char *verb, json_t *take_args)
{
	struct piece *p = xcalloc(1, sizeof *p);
	uint32_t request;

	*p = (struct piece){.of = j, .link = k};
	LIST_INSERT_HEAD(&j->pieces, p, entry);
	j->waits++;
	if (k)
		strip(k, take_args);
	request = client_stream(
		k ? k->c : j->links->here, verb, take_args, j->part ? on_part : NULL, on_piece, p);
	if (request) /* else it has failed already, and p is gone */
		p->request = request;
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
	return named(l, obj_text(args, "host")) || at(l, index_of(obj_text(args, "id"))) ||
	       at(l, (uint32_t)obj_int(args, "view", 0) >> NUM_BITS);
}

/* Without a session it is about all that there are. */
static bool
is_of_all(const char *verb, const json_t *args)
{
	static const char *const verbs[] = {"search", "reap", "history"};

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (!strcmp(verb, verbs[i]))
			return !json_object_get(args, "id");
	return false;
}

/* To each machine that has some of args' ids. */
static void
send_ids(struct join *j, const char *verb, const json_t *args)
{
	json_t *ids = json_object_get(args, "ids"), *some, *own;

	for (uint32_t i = 0; i <= j->links->n; i++) {
		if (!(some = ids_of(ids, i)))
			continue;
		own = json_copy((json_t *)args);
		json_object_set_new(own, "ids", some);
		send_piece(j, at(j->links, i), verb, own);
	}
}

/* Here, and wherever there is an answer to be had. */
static void
send_all(struct join *j, const char *verb, const json_t *args)
{
	send_piece(j, NULL, verb, json_deep_copy(args));
	for (size_t i = 0; i < j->links->n; i++)
		if (j->links->link[i]->up)
			send_piece(j, j->links->link[i], verb, json_deep_copy(args));
}

/* The machine that a request is about; NULL: none, or several. */
static struct link *
about(const struct links *l, const json_t *args)
{
	struct link *k = at(l, index_of(obj_text(args, "id")));

	k = k ? k : named(l, obj_text(args, "host"));
	return k ? k : at(l, (uint32_t)obj_int(args, "view", 0) >> NUM_BITS);
}

bool
links_request(struct links *l, const char *verb, json_t *take_args,
	void (*part)(void *ctx, json_t *j), client_reply_cb cb, void *ctx, uint32_t *request)
{
	bool all = l && l->n && is_of_all(verb, take_args);
	struct link *k;
	struct join *j;

	if (!l || (!all && !is_ours(l, take_args)))
		return false;
	j = xcalloc(1, sizeof *j);
	*j = (struct join){.links = l,
		.request = links_num(JOINS, ++l->last_join & NUM_MASK),
		.cb = cb,
		.part = part,
		.ctx = ctx,
		.waits = 1};
	LIST_INIT(&j->pieces);
	LIST_INSERT_HEAD(&l->joins, j, entry);
	if (all)
		send_all(j, verb, take_args);
	else if ((k = about(l, take_args)))
		send_piece(j, k, verb, json_incref(take_args));
	else
		send_ids(j, verb, take_args);
	json_decref(take_args);
	*request = LIST_EMPTY(&j->pieces) ? 0 : j->request;
	step(j); /* its own: pieces may have failed at once */
	return true;
}

bool
links_cancel(struct links *l, uint32_t request)
{
	struct join *j;

	if (request >> NUM_BITS != JOINS)
		return false;
	LIST_FOREACH (j, &l->joins, entry)
		if (j->request == request)
			break;
	if (j)
		join_free(j);
	return true;
}

void
links_close(struct links *l)
{
	struct join *j;

	while (l && (j = LIST_FIRST(&l->joins))) {
		struct err e = {0};

		err_set(&e, 4, "closed");
		if (j->cb)
			j->cb(j->ctx, NULL, &e);
		join_free(j);
	}
	for (size_t i = 0; l && i < l->n; i++) {
		client_free(l->link[i]->c);
		json_decref(l->link[i]->rows);
		free(l->link[i]);
	}
	free(l);
}
