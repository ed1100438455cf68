/* Requests about whole sessions: list, start, end, forget, name; and about the server. */
#include "core/log.h"
#include "core/os.h"
#include "core/width.h"
#include "sessions/cmd.h"
#include "sessions/keeper_link.h"
#include "sessions/peer.h"
#include "sessions/server_priv.h"
#include "sessions/store_worker.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *
text_arg(const json_t *a, const char *key)
{
	const char *s = json_string_value(json_object_get(a, key));

	return s && *s ? s : NULL;
}

/* Lists. */

static bool
has_tag(const struct session *s, const char *tag)
{
	for (int i = 0; i < s->n_tags; i++)
		if (!strcmp(s->tags[i], tag))
			return true;
	return false;
}

bool
session_has_tag(const struct session *s, const char *tag)
{
	return has_tag(s, tag);
}

static bool
listed(const struct session *s, const json_t *args)
{
	const char *tag = text_arg(args, "tag"), *state = text_arg(args, "state");

	if (state && strcmp(state, session_state_name(s->state)) &&
		(s->state != SS_RUNNING || strcmp(state, activity_name(s->act.now))))
		return false;
	if (tag && !has_tag(s, tag))
		return false;
	return state || json_is_true(json_object_get(args, "all")) || session_live(s) ||
	       s->state == SS_ASLEEP;
}

static json_t *
list_json(struct server *sv, const json_t *args)
{
	json_t *a = json_array();

	for (struct session *s = sv->sessions; s; s = s->next)
		if (!args || listed(s, args))
			json_array_append_new(a, session_json(s));
	return json_pack("{s:i,s:s,s:o,s:o,s:o,s:s}", "v", 1, "host", sv->host, "sessions", a,
		"totals", server_totals_json(sv), "pressure", server_pressure_json(sv), "banner",
		server_banner(sv));
}

void
cmd_ls(struct request *r)
{
	request_reply(r, list_json(request_server(r), request_args(r)));
}

void
cmd_watch(struct request *r)
{
	request_peer(r)->watching = true;
	request_reply(r, list_json(request_server(r), NULL));
}

/* new */

static char **
words_of(const json_t *a, bool *bad)
{
	size_t n = json_array_size(a), bytes = (n + 1) * sizeof(char *), i;
	char **v, *to;
	json_t *w;

	json_array_foreach(a, i, w)
	{
		*bad |= !json_is_string(w) || strlen(json_string_value(w)) != json_string_length(w);
		bytes += json_string_length(w) + 1;
	}
	if (*bad)
		return NULL;
	v = xcalloc(1, bytes);
	to = (char *)(v + n + 1);
	json_array_foreach(a, i, w)
	{
		v[i] = to;
		to = stpcpy(to, json_string_value(w)) + 1;
	}
	return v;
}

void
request_limits(const json_t *args, struct session_limits *l)
{
	json_t *a = json_object_get(args, "limits"), *one, *mask = json_object_get(args, "umask");
	size_t i;

	l->mask = json_is_integer(mask) ? (unsigned)json_integer_value(mask) & 0777 : 022;
	l->n = 0;
	json_array_foreach(a, i, one)
	{
		json_int_t cur = json_integer_value(json_array_get(one, 1));
		json_int_t max = json_integer_value(json_array_get(one, 2));
		if (l->n == SESSION_LIMITS)
			break;
		l->limit[l->n].resource = (unsigned)json_integer_value(json_array_get(one, 0));
		l->limit[l->n].cur = cur < 0 ? UINT64_MAX : (uint64_t)cur;
		l->limit[l->n++].max = max < 0 ? UINT64_MAX : (uint64_t)max;
	}
}

bool
request_env(const json_t *args, struct session *s)
{
	json_t *a = json_object_get(args, "env");
	bool bad = false;
	char **v;

	if (!json_is_array(a))
		return true;
	if (!(v = words_of(a, &bad)))
		return false;
	free(s->env);
	s->env = v;
	return true;
}

static const struct profile *
pick_profile(struct server *sv, const json_t *args, char *const *argv, struct err *e)
{
	const char *name = text_arg(args, "profile");
	const struct profile *p;

	if (name) {
		if (!(p = profile_find(sv->profiles, name)))
			err_set(e, 2, "no profile %.60s (muster config default lists them)", name);
		return p;
	}
	if (argv && argv[0])
		return profile_of_command(sv->profiles, argv[0]);
	if (!(p = profile_find(sv->profiles, "claude")))
		err_set(e, 1, "no profile claude");
	return p;
}

static int
new_from_args(struct session *s, const json_t *a, struct err *e)
{
	struct server *sv = s->server;
	const char *name = text_arg(a, "name"), *cwd = text_arg(a, "cwd");
	json_t *tag;
	const char *limit;
	bool bad = false;
	size_t i;

	if (name && strlen(name) >= sizeof(s->name))
		return err_set(e, 2, "the name is too long (63 bytes)");
	if (name)
		snprintf(s->name, sizeof(s->name), "%s", name);
	if (!cwd || *cwd != '/')
		return err_set(e, 2, "the directory must be a full path");
	s->cwd = xstrdup(cwd);
	if (json_array_size(json_object_get(a, "argv")))
		s->argv = words_of(json_object_get(a, "argv"), &bad);
	if (bad || !request_env(a, s))
		return err_set(e, 2, "words with NUL bytes");
	if (!(s->profile = pick_profile(sv, a, s->argv, e)))
		return -1;
	if (!s->argv)
		s->argv = profile_start_argv(s->profile, NULL, "");
	json_array_foreach(json_object_get(a, "tags"), i,
		tag) if (text_arg(a, "tags") ||
			 (json_is_string(tag) && s->n_tags < SESSION_TAGS_MAX))
		s->tags[s->n_tags++] = xstrdup(json_string_value(tag));
	request_limits(a, &s->limits);
	if (json_is_integer(json_object_get(a, "cols"))) {
		s->cols = CLAMP((int)json_integer_value(json_object_get(a, "cols")), 1, 4096);
		s->rows = CLAMP((int)json_integer_value(json_object_get(a, "rows")), 1, 1000);
	}
	s->pinned = json_is_true(json_object_get(a, "pin"));
	s->no_store = json_is_true(json_object_get(a, "no_store"));
	s->mem_max = (uint64_t)json_integer_value(json_object_get(a, "mem_max"));
	limit = profile_mem_max(s->profile);
	if (!s->mem_max && *limit && !parse_size(limit, &s->mem_max))
		return err_set(e, 2, "profile %s: mem_max = %.40s is no size such as 2G",
			profile_name(s->profile), limit);
	return server_add(sv, s, e);
}

struct new_job {
	struct request *r; /* NULL: the client left */
	struct server *sv;
};

static void
new_cancelled(void *ctx)
{
	((struct new_job *)ctx)->r = NULL;
}

static void
new_done(void *ctx, struct session *s, const struct err *e)
{
	struct new_job *j = ctx;
	struct request *r = j->r;

	free(j);
	if (!e) {
		if (r)
			request_reply(r,
				json_pack("{s:i,s:s,s:s}", "v", 1, "id", s->id, "name", s->name));
		return;
	}
	if (r)
		request_fail(r, e);
	server_forget(s->server, s); /* it never was */
}

void
cmd_new(struct request *r)
{
	struct server *sv = request_server(r);
	json_t *a = request_args(r);
	struct session *s = session_new(sv, SS_STARTING);
	const char *prompt = text_arg(a, "prompt");
	struct new_job *j;
	struct err e;
	char **argv;

	if (new_from_args(s, a, &e) < 0) {
		session_free(s);
		request_fail(r, &e);
		return;
	}
	profile_pick_conversation(s->profile, s->argv, s->conversation);
	argv = profile_start_argv(s->profile, s->argv, s->conversation);
	j = xcalloc(1, sizeof(*j));
	*j = (struct new_job){.r = r, .sv = sv};
	request_on_cancel(r, new_cancelled, j);
	if (server_spawn_cb(sv, s, argv, new_done, j, &e) < 0) {
		session_set_state(s, SS_EXITED);
		new_done(j, s, &e);
	} else {
		sv->last_used = s;
		if (prompt)
			send_queue(s, prompt, true);
	}
	free(argv);
}

/* kill, forget: over several sessions. */

struct many {
	struct request *r;
	json_t *results;
	int pending;
};

static json_t *
ids_of(struct request *r)
{
	json_t *a = request_args(r), *ids = json_object_get(a, "ids");

	if (json_is_array(ids) && json_array_size(ids))
		return json_incref(ids);
	if (json_is_string(json_object_get(a, "id")))
		return json_pack("[O]", json_object_get(a, "id"));
	return NULL;
}

json_t *
session_result(const char *id, const char *name, const char *error)
{
	json_t *o = json_pack("{s:s,s:s,s:b}", "id", id, "name", name, "ok", error == NULL);

	if (error)
		json_object_set_new(o, "error", json_string(error));
	return o;
}

/* Runs fn over the named sessions; it says what is wrong, or that the end is still to come (1). */
static void
each_session(struct request *r, struct many *m,
	int (*fn)(struct request *r, struct session *s, struct err *e))
{
	json_t *ids = ids_of(r), *id;
	struct err e;
	size_t i;

	json_array_foreach(ids, i, id)
	{
		const char *word = json_is_string(id) ? json_string_value(id) : "";
		struct session *s = server_find(request_server(r), word, &e);
		char sid[12], name[64];
		int rc = -1;
		if (s) {
			memcpy(sid, s->id, sizeof(sid));
			memcpy(name, s->name, sizeof(name));
			rc = fn(r, s, &e);
		}
		json_t *o = session_result(s ? sid : word, s ? name : word, rc < 0 ? e.msg : NULL);
		if (rc < 0)
			json_object_set_new(o, "code", json_integer(e.code));
		json_array_append_new(m->results, o);
		m->pending += rc > 0;
	}
	json_decref(ids);
}

static bool
no_ids(struct request *r)
{
	json_t *ids = ids_of(r);
	struct err e;

	json_decref(ids);
	if (ids)
		return false;
	err_set(&e, 2, "which session? (give an id or a name)");
	request_fail(r, &e);
	return true;
}

static int
kill_one(struct request *r, struct session *s, struct err *e)
{
	if (!session_live(s))
		return err_set(e, 1, "%s is not running (it is %s)", s->name,
			session_state_name(s->state));
	s->hibernating = false;
	session_close(s, json_is_true(json_object_get(request_args(r), "now")));
	return 1;
}

static void
many_free(void *ctx)
{
	struct many *m = ctx;

	json_decref(m->results);
	free(m);
}

/* Done when none of those it ended is live any more. */
static bool
many_ended(struct waiter *w, struct session *changed)
{
	struct many *m = w->ctx;
	struct server *sv = request_server(m->r);
	json_t *o;
	size_t i;

	(void)changed;
	json_array_foreach(m->results, i, o)
	{
		struct session *s;
		const char *id = json_string_value(json_object_get(o, "id"));
		for (s = sv->sessions; s; s = s->next)
			if (!strcmp(s->id, id) && (s->state == SS_CLOSING || s->ending))
				return false;
	}
	request_reply(m->r, json_pack("{s:i,s:O}", "v", 1, "results", m->results));
	return true;
}

static struct many *
many_new(struct request *r)
{
	struct many *m = xcalloc(1, sizeof(*m));

	*m = (struct many){.r = r, .results = json_array()};
	return m;
}

void
cmd_kill(struct request *r)
{
	struct many *m;

	if (no_ids(r))
		return;
	m = many_new(r);
	each_session(r, m, kill_one);
	waiter_add(r, many_ended, many_free, m);
}

static int
forget_one(struct request *r, struct session *s, struct err *e)
{
	if (session_live(s))
		return err_set(
			e, 1, "%s is %s (kill it first)", s->name, session_state_name(s->state));
	server_forget(request_server(r), s);
	return 0;
}

void
cmd_forget(struct request *r)
{
	struct many *m;

	if (no_ids(r))
		return;
	m = many_new(r);
	each_session(r, m, forget_one);
	request_reply(r, json_pack("{s:i,s:O}", "v", 1, "results", m->results));
	many_free(m);
}

/* Small changes. */

void
cmd_pin(struct request *r)
{
	json_t *on = json_object_get(request_args(r), "pinned");
	struct session *s = request_session(r);

	if (!s)
		return;
	s->pinned = on ? json_is_true(on) : true;
	server_meta_changed(s->server, s);
	request_reply(r, json_pack("{s:i,s:s,s:b}", "v", 1, "id", s->id, "pinned", s->pinned));
}

void
cmd_rename(struct request *r)
{
	const char *name = text_arg(request_args(r), "name");
	struct session *s = request_session(r), *other;
	struct err e;

	if (!s)
		return;
	e.code = 0;
	if (!name || !session_name_valid(name))
		err_set(&e, 2, "a name starts with a letter and has no blanks");
	for (other = s->server->sessions; other && !e.code; other = other->next)
		if (other != s && !strcmp(other->name, name) &&
			(session_live(other) || other->state == SS_ASLEEP))
			err_set(&e, 1, "the name %s is taken", name);
	if (e.code) {
		request_fail(r, &e);
		return;
	}
	snprintf(s->name, sizeof(s->name), "%s", name);
	server_meta_changed(s->server, s);
	request_reply(r, json_pack("{s:i,s:s,s:s}", "v", 1, "id", s->id, "name", s->name));
}

static void
tag_remove(struct session *s, const char *tag)
{
	for (int i = 0; i < s->n_tags; i++)
		if (!strcmp(s->tags[i], tag)) {
			free(s->tags[i]);
			s->tags[i] = s->tags[--s->n_tags];
			return;
		}
}

void
cmd_tag(struct request *r)
{
	const char *tag = text_arg(request_args(r), "tag");
	struct session *s = request_session(r);
	struct err e;

	if (!s)
		return;
	if (!tag || strlen(tag) > 60 || (*tag != '-' && s->n_tags == SESSION_TAGS_MAX)) {
		err_set(&e, 2, tag ? "too long, or too many tags" : "which tag?");
		request_fail(r, &e);
		return;
	}
	if (*tag == '-')
		tag_remove(s, tag + 1);
	else if (!has_tag(s, tag))
		s->tags[s->n_tags++] = xstrdup(tag);
	server_meta_changed(s->server, s);
	request_reply(r, json_pack("{s:i,s:s}", "v", 1, "id", s->id));
}

/* The server. */

void
cmd_status(struct request *r)
{
	struct server *sv = request_server(r);
	struct arena_stats a = arena_stats(sv->arena);
	int n[SS_COUNT] = {0};
	json_t *count = json_object();
	uint64_t bytes = 0;

	for (struct session *s = sv->sessions; s; s = s->next) {
		n[s->state]++;
		struct hist_stats h = hist_stats(term_hist(s->term));
		bytes += h.hot_bytes + h.packed_bytes + h.spilled_bytes;
	}
	for (int i = 0; i < SS_COUNT; i++)
		json_object_set_new(
			count, session_state_name((enum session_state)i), json_integer(n[i]));
	request_reply(
		r, json_pack("{s:i,s:i,s:i,s:s,s:f,s:f,s:o,s:i,s:{s:I,s:I,s:I,s:I},s:I,s:I,s:s}",
			   "v", 1, "pid", (int)getpid(), "keeper_pid",
			   (int)keeper_link_pid(sv->keeper), "version", MUSTER_VERSION, "started",
			   sv->started, "up_s", os_wall_s() - sv->started, "sessions", count,
			   "clients", (int)sv->n_peers, "arena", "mapped", (json_int_t)a.mapped,
			   "live", (json_int_t)a.live, "cached", (json_int_t)a.cached, "free",
			   (json_int_t)a.free, "store_bytes", (json_int_t)bytes, "heap_bytes",
			   (json_int_t)os_heap_bytes(), "banner", server_banner(sv)));
}

void
cmd_stop(struct request *r)
{
	struct server *sv = request_server(r);
	bool force = json_is_true(json_object_get(request_args(r), "kill_sessions"));
	unsigned live = 0;
	struct err e;

	for (struct session *s = sv->sessions; s; s = s->next)
		live += session_live(s);
	if (live && !force) {
		err_set(&e, 1, "%u session%s run%s (add --kill-sessions to end them)", live,
			live > 1 ? "s" : "", live > 1 ? "" : "s");
		request_fail(r, &e);
		return;
	}
	sv->stopping = true;
	for (struct session *s = sv->sessions; s; s = s->next)
		if (session_live(s))
			session_close(s, true);
	request_reply(r, json_pack("{s:i,s:i,s:i}", "v", 1, "pid", (int)getpid(), "keeper_pid",
				 (int)keeper_link_pid(sv->keeper)));
	server_try_stop(sv);
}
