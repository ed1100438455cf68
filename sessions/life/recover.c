#include "sessions/life/recover.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "core/page/page.h"
#include "sessions/memory/sampler.h"
#include "sessions/pty/pty.h"
#include "sessions/pty/ring.h"
#include "sessions/pty/shelf.h"
#include "sessions/life/course.h"
#include "sessions/display/display.h"
#include "sessions/life/ended.h"
#include "sessions/display/feed.h"
#include "sessions/life/remains.h"
#include "sessions/session/run.h"
#include "sessions/store_thread/store_worker.h"
#include "sessions/wire/json.h"
#include "sessions/life/sessions.h"
#include "sessions/life/worktree.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
set_tags(struct session *s, const json_t *a)
{
	size_t i;
	json_t *w;

	json_array_foreach (a, i, w)
		if (json_is_string(w) && s->n_tags < SESSION_TAGS_MAX)
			s->tags[s->n_tags++] = xstrdup(json_string_value(w));
}

static const struct profile *
profile_named(struct sessions *ss, const char *name, char *const *argv)
{
	static char *const none[] = {NULL};
	const struct profile *p = profile_find(ss->profiles, name);

	return p ? p : profile_of_command(ss->profiles, argv ? argv : none);
}

static struct session *
from_meta(struct sessions *ss, const struct meta_session *m)
{
	struct session *s = sessions_new(ss, session_state_of(m->state));
	json_t *argv = json_loads(m->argv_json ? m->argv_json : "[]", 0, NULL);
	json_t *tags = json_loads(m->tags_json ? m->tags_json : "[]", 0, NULL);

	s->num = m->num;
	memcpy(s->id, m->id, sizeof(s->id));
	memcpy(s->name, m->name, sizeof(s->name));
	memcpy(s->conversation, m->conversation, sizeof(s->conversation));
	s->cwd = xstrdup(m->cwd ? m->cwd : "/");
	s->argv = json_words(argv);
	set_tags(s, tags);
	s->profile = profile_named(ss, m->profile, s->argv);
	s->note = m->note && *m->note ? xstrdup(m->note) : NULL;
	worktree_set(s, m->worktree);
	s->runner = m->runner && *m->runner ? xstrdup(m->runner) : NULL;
	s->pinned = m->pinned;
	s->archived = m->archived;
	s->no_store = m->no_store;
	s->display->cols = CLAMP(m->cols, 1, 4096);
	s->display->rows = CLAMP(m->rows, 1, 1000);
	s->past.exit_code = m->exit_code;
	s->past.exit_signal = m->exit_signal;
	s->past.created = m->created;
	s->past.started = m->started;
	s->past.ended = m->ended;
	s->past.last_output = m->last_output;
	s->past.last_input = m->last_input;
	s->past.freed_bytes = m->freed_bytes;
	s->limited_until = m->limited_until;
	s->mem_max = m->mem_max;
	json_decref(argv);
	json_decref(tags);
	sessions_link(ss, s);
	return s;
}

static struct session *
from_note(struct sessions *ss, uint32_t num, const json_t *o)
{
	struct session *s = sessions_new(ss, SS_RUNNING);
	const char *profile = obj_text(o, "profile");

	s->num = num;
	snprintf(s->id, sizeof(s->id), "a%07x", num & 0xfffffff);
	snprintf(s->name, sizeof(s->name), "session-%u", num);
	obj_copy_text(o, "id", s->id, sizeof(s->id));
	obj_copy_text(o, "name", s->name, sizeof(s->name));
	obj_copy_text(o, "conversation", s->conversation, sizeof(s->conversation));
	s->argv = json_words(json_object_get(o, "argv"));
	set_tags(s, json_object_get(o, "tags"));
	s->profile = profile_named(ss, profile ? profile : "", s->argv);
	s->note = obj_text(o, "note") ? xstrdup(obj_text(o, "note")) : NULL;
	worktree_set(s, obj_text(o, "worktree"));
	s->runner = obj_text(o, "runner") ? xstrdup(obj_text(o, "runner")) : NULL;
	s->pinned = obj_true(o, "pinned");
	s->no_store = obj_true(o, "no_store");
	s->mem_max = (uint64_t)obj_int(o, "mem_max", 0);
	s->past.created = obj_num(o, "created", 0);
	sessions_link(ss, s);
	s->unsaved = true;
	return s;
}

/* The spec of its last run: what a resume needs of it, and its note. New reference. */
static json_t *
read_spec(int spec, char ***env, char **cwd, struct spawn_limits *limits)
{
	char *note = NULL;
	json_t *o = NULL;

	if (spec >= 0 && spawn_read(spec, env, &note, cwd, limits))
		o = json_loads(note ? note : "{}", 0, NULL);
	free(note);
	return o ? o : json_object();
}

/* The ring says so at once, the store soon. */
static bool
is_bound(const struct session *s, enum ring_bound to)
{
	return s->display->ring && ring_bound(s->display->ring) == to;
}

/* What of a child the keeper tells. The store may be behind, never ahead: a session that it calls
 * live has ended when the keeper says so. */
static void
take_child(struct session *s, struct keeper_held *h, const json_t *note)
{
	bool coming = h->flags & KEEPER_STARTING;
	const char *from;

	if (!h->pid && !coming)
		return;
	if (!coming)
		shelf_clear(s->of->shelf, s->num);
	from = obj_text(note, "from");
	s->run = run_new(session_state_of(from ? from : "starting"));
	if (is_bound(s, RING_ENDS))
		session_found(s, SS_CLOSING);
	else if (is_bound(s, RING_SLEEPS) && !coming)
		session_found(s, SS_SLEEPING);
	else if (s->state != SS_CLOSING && (s->state != SS_SLEEPING || s->display->ring))
		session_found(s, coming ? SS_STARTING : SS_RUNNING);
	if (coming) /* SPAWNED follows, with all of it */
		return;
	s->run->phase = RUN_ALIVE;
	s->run->pid = h->pid;
	s->run->pid_start = h->start;
	s->run->pidfd = keeper_held_take(h, KEEPER_PIDFD);
	s->run->started_ns = os_mono_ns();
}

/* Its pty, once the screen is there to take what comes. */
static void
go_on_reading(struct session *s, struct keeper_held *h)
{
	if (!s->run || s->run->phase == RUN_COMING)
		return;
	if (h->fd[KEEPER_MASTER] >= 0)
		course_take_pty(s, keeper_held_take(h, KEEPER_MASTER));
	run_flush_replies(s);
	if (h->flags & KEEPER_GONE)
		course_reaped(s, h->status);
	else if (s->of->sampler)
		sampler_add(s->of->sampler, s->num, s->id, s->run->pid);
}

static void
need_ring(struct session *s)
{
	if (s->display->ring || !s->run)
		return;
	/* of a version unknown here: the screen starts empty */
	CHECK((s->display->ring = remains_ring(s->of, s->num)));
	keeper_hold(s->of->keeper, s->num, KEEPER_RING, ring_fd(s->display->ring));
}

static void
from_keeper(struct sessions *ss, struct keeper_held *h)
{
	struct session *s = sessions_num(ss, h->id);
	char *cwd = NULL, **env = NULL;
	struct spawn_limits limits = {0};
	int spec = keeper_held_take(h, KEEPER_SPEC), ring = keeper_held_take(h, KEEPER_RING);
	json_t *note = read_spec(spec, &env, &cwd, &limits);

	if (!s && (env || h->pid || h->flags & KEEPER_STARTING))
		s = from_note(ss, h->id, note);
	if (!s) {
		if (ring >= 0)
			close(ring);
		if (spec >= 0)
			close(spec);
		keeper_drop(ss->keeper, h->id, KEEPER_ALL_SLOTS);
	} else {
		s->spec = spec;
		free(s->env);
		s->env = env;
		s->limits = limits;
		env = NULL;
		if (!s->argv[0]) { /* the store may not have it */
			free(s->argv);
			s->argv = json_words(json_object_get(note, "argv"));
		}
		if (!s->cwd) {
			s->cwd = cwd ? cwd : xstrdup("/");
			cwd = NULL;
		}
		if (ring >= 0 && (s->display->ring = ring_attach(ring)))
			ring_recover(s->display->ring);
		take_child(s, h, note);
		need_ring(s);
		if (s->run)
			obj_copy_text(
				note, "hook_token", s->run->hook_token, sizeof(s->run->hook_token));
		feed_load(s, true);
	}
	json_decref(note);
	free(cwd);
	free(env);
}

static struct session *
from_text(struct sessions *ss, uint32_t num, const char *note)
{
	json_t *o = json_loads(note ? note : "{}", 0, NULL);
	struct session *s = from_note(ss, num, o);

	json_decref(o);
	return s;
}

/* How it ended, and with which environment it is to be woken. s NULL: the store does not know it.
 */
static void
take_down(struct sessions *ss, uint32_t num, struct session *s)
{
	struct spawn_limits limits = {0};
	struct buf end = {0}, spec = {0};
	struct shelf_end e = {0};
	char **env = NULL, *note = NULL, *cwd = NULL;

	if (!shelf_get(ss->shelf, num, SHELF_END, &end) ||
		end.len < offsetof(struct shelf_end, ended_ns) || end.len > sizeof(e)) {
		buf_free(&end); /* the keeper still has all of it */
		return;
	}
	memcpy(&e, end.data, end.len);
	buf_free(&end);
	if (shelf_get(ss->shelf, num, SHELF_SPEC, &spec)) {
		spawn_parse(spec.data, spec.len, &env, &note, &cwd, &limits);
		explicit_bzero(spec.data, spec.cap);
	}
	buf_free(&spec);
	if (!s)
		s = from_text(ss, num, note);
	if (!s->cwd) {
		s->cwd = cwd ? cwd : xstrdup("/");
		cwd = NULL;
	}
	s->env = env;
	s->limits = limits;
	session_found(s, e.state == SHELF_ASLEEP ? SS_ASLEEP
			 : e.state == SHELF_LOST ? SS_LOST
						 : SS_EXITED);
	s->past.exit_code = e.exit_code;
	s->past.exit_signal = e.exit_signal;
	s->past.ended = e.ended;
	s->past.ended_ns = e.ended_ns;
	free(note);
	free(cwd);
}

static void
shelf_recover(struct sessions *ss)
{
	struct session *s = ss->first;

	/* both are in order of their numbers, as a rule */
	for (uint32_t num = 0; (num = shelf_next(ss->shelf, num));) {
		while (s && s->num < num)
			s = s->next;
		take_down(ss, num, s && s->num == num ? s : sessions_num(ss, num));
	}
}

static void
bury(struct sessions *ss)
{
	for (uint32_t num = 0; (num = shelf_next(ss->shelf, num));) {
		struct session *s;

		if (!shelf_has(ss->shelf, num, SHELF_GONE))
			continue;
		s = sessions_num(ss, num);
		if (!s)
			ended_delete(ss, num);
		else if (!session_live(s))
			sessions_forget(s);
	}
}

/* The store calls it live, the keeper knows nothing of it. */
static void
mark_lost(struct session *s)
{
	bool sleeps = s->state == SS_SLEEPING || is_bound(s, RING_SLEEPS);

	s->past.ended = os_wall_s(); /* at the latest: its text is kept from here on */
	s->past.ended_ns = os_mono_ns();
	if (sleeps)
		session_found(s, SS_SLEEPING);
	session_set_state(s, s->state == SS_SLEEPING  ? SS_ASLEEP
			     : s->state == SS_CLOSING ? SS_EXITED
						      : SS_LOST);
	if (s->state == SS_LOST)
		session_event(s, "lost", NULL);
}

/* The list could be read only later. None of these lives: what does is here already. */
static void
on_found(void *ctx, const struct meta_session *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct session *s;

		if (sessions_num(ctx, m[i].num))
			continue;
		s = from_meta(ctx, &m[i]);
		feed_load(s, false);
		if (session_live(s))
			mark_lost(s);
		session_changed(s);
	}
}

/* Of one without a ring: the last screen that is kept, or an empty one. It may be one of ten
 * thousand, so it costs nothing until somebody looks. */
static void
load_screen(struct session *s)
{
	feed_load(s, false);
	if (!s->run)
		term_park(s->display->term);
}

unsigned
recover(struct sessions *ss, struct keeper_held *h, size_t n)
{
	struct meta_session *m;
	size_t n_meta = 0;
	unsigned taken = 0;

	remains_open(ss, h, n);
	m = store_load_sessions(ss->store, &n_meta);
	for (size_t i = 0; i < n_meta; i++)
		from_meta(ss, &m[i]);
	meta_sessions_free(m, n_meta);
	store_worker_on_found(ss->store, on_found, ss);
	shelf_recover(ss);
	for (size_t i = 0; i < n; i++)
		if (h[i].id)
			from_keeper(ss, &h[i]);
	remains_rings(ss);
	for (struct session *s = ss->first; s; s = s->next) {
		if (!s->display->term)
			load_screen(s);
		if (session_live(s) && !s->run)
			mark_lost(s);
	}
	bury(ss);
	unsigned swept = arena_sweep(ss->arena);
	for (size_t i = 0; i < n; i++) {
		struct session *s = h[i].id ? sessions_num(ss, h[i].id) : NULL;
		if (!s)
			continue;
		taken += s->run && !(h[i].flags & KEEPER_GONE);
		go_on_reading(s, &h[i]);
	}
	sessions_store(ss);
	log_info("server %d: %u sessions live, %zu known, %u pages swept", (int)getpid(),
		sessions_live(ss), n_meta, swept);
	return taken;
}

/* It died with the answer to what was coming: that is tried no further. */
static void
hand_over_one(struct session *s, bool going_on)
{
	struct run *r = s->run;

	if (r && r->phase == RUN_COMING) {
		if (going_on) /* s may be gone after this */
			course_spawned(s->of, s->num, 0, 0, EPIPE, -1, -1);
		return;
	}
	if (s->display->ring)
		keeper_hold(s->of->keeper, s->num, KEEPER_RING, ring_fd(s->display->ring));
	if (s->spec >= 0)
		keeper_hold(s->of->keeper, s->num, KEEPER_SPEC, s->spec);
	if (!r)
		return;
	if (r->pty)
		keeper_hold(s->of->keeper, s->num, KEEPER_MASTER, pty_fd(r->pty));
	keeper_adopt(s->of->keeper, s->num, r->pid, r->pid_start, r->phase == RUN_DRAINING,
		KEEPER_NO_STATUS, r->pidfd);
}

void
recover_hand_over(struct sessions *ss, bool going_on)
{
	keeper_hold(ss->keeper, 0, KEEPER_ARENA, arena_fd(ss->arena));
	keeper_hold(ss->keeper, 0, KEEPER_SHELF, shelf_fd(ss->shelf));
	for (struct session *s = ss->first, *next; s; s = next) {
		next = s->next;
		hand_over_one(s, going_on);
	}
}
