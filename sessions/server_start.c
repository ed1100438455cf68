/* What a server finds when it starts: the sockets and the lock, what the keeper held, what the
 * store remembers. Where they differ, the keeper is right: a process it holds lives, one it does
 * not hold is lost. */
#include "core/log.h"
#include "core/os.h"
#include "sessions/checkpoint.h"
#include "sessions/memlimit.h"
#include "sessions/pty.h"
#include "sessions/ring.h"
#include "sessions/sampler.h"
#include "sessions/server_priv.h"
#include "sessions/store_worker.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

static int
take(struct keeper_held *h, int slot)
{
	int fd = h ? h->fd[slot] : -1;

	if (h)
		h->fd[slot] = -1;
	return fd;
}

static int
take_lock(struct server *sv, struct keeper_held *g, struct err *e)
{
	char path[600];

	if ((sv->lock_fd = take(g, KEEPER_LOCK)) >= 0)
		return 0;
	snprintf(path, sizeof(path), "%s/lock", paths()->runtime);
	sv->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (sv->lock_fd < 0)
		return err_set(e, KEEPER_EXIT_FINAL, "%s: %s", path, strerror(errno));
	if (flock(sv->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, KEEPER_EXIT_FINAL, "another server has %s", path);
	return keeper_hold(sv->keeper, 0, KEEPER_LOCK, sv->lock_fd) < 0 ? err_set(e, 1, "no keeper")
									: 0;
}

static struct keeper_held *
globals_of(struct keeper_held *h, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!h[i].id)
			return &h[i];
	return NULL;
}

int
server_listen(struct server *sv, struct keeper_held *h, size_t n, struct err *e)
{
	struct keeper_held *g = globals_of(h, n);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const char *path = paths()->socket;
	struct stat st;

	if (take_lock(sv, g, e) < 0)
		return -1;
	sv->listen_fd = take(g, KEEPER_LISTEN);
	if (sv->listen_fd >= 0 && lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		return 0;
	if (sv->listen_fd >= 0)
		close(sv->listen_fd); /* its name was deleted: nobody finds it any more */
	if (strlen(path) >= sizeof(a.sun_path))
		return err_set(e, KEEPER_EXIT_FINAL, "the path is too long for a socket: %s", path);
	memcpy(a.sun_path, path, strlen(path) + 1);
	unlink(path); /* we hold the lock: whoever made it is gone */
	sv->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sv->listen_fd < 0 || bind(sv->listen_fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
		chmod(path, 0600) < 0 || listen(sv->listen_fd, BACKLOG) < 0)
		return err_set(e, KEEPER_EXIT_FINAL, "%s: %s", path, strerror(errno));
	return keeper_hold(sv->keeper, 0, KEEPER_LISTEN, sv->listen_fd) < 0
		       ? err_set(e, 1, "no keeper")
		       : 0;
}

static void
take_arena(struct server *sv, struct keeper_held *g)
{
	int fd = take(g, KEEPER_ARENA);

	if (fd >= 0 && !(sv->arena = arena_adopt(fd)))
		log_error("the history of the server before this one cannot be read");
	if (sv->arena)
		return;
	sv->arena = arena_new(0);
	CHECK(sv->arena);
	keeper_hold(sv->keeper, 0, KEEPER_ARENA, arena_fd(sv->arena));
}

/* A JSON array of strings as a vector in one block. */
static char **
json_words(const json_t *a)
{
	size_t n = json_array_size(a), bytes = (n + 1) * sizeof(char *), i;
	char **v, *to;
	json_t *w;

	json_array_foreach(a, i, w) bytes += json_string_length(w) + 1;
	v = xcalloc(1, bytes);
	to = (char *)(v + n + 1);
	json_array_foreach(a, i, w)
	{
		v[i] = to;
		if (json_is_string(w))
			memcpy(to, json_string_value(w), json_string_length(w));
		to += strlen(to) + 1;
	}
	return v;
}

static void
set_tags(struct session *s, const json_t *a)
{
	size_t i;
	json_t *w;

	json_array_foreach(a, i, w) if (json_is_string(w) && s->n_tags < SESSION_TAGS_MAX)
		s->tags[s->n_tags++] = xstrdup(json_string_value(w));
}

static enum session_state
state_of(const char *name)
{
	for (int i = 0; i < SS_COUNT; i++)
		if (!strcmp(session_state_name((enum session_state)i), name))
			return (enum session_state)i;
	return SS_LOST;
}

static const struct profile *
profile_named(struct server *sv, const char *name, char *const *argv)
{
	const struct profile *p = profile_find(sv->profiles, name);

	return p ? p : profile_of_command(sv->profiles, argv && argv[0] ? argv[0] : "sh");
}

static void
from_meta(struct server *sv, const struct meta_session *m)
{
	struct session *s = session_new(sv, state_of(m->state));
	json_t *argv = json_loads(m->argv_json ? m->argv_json : "[]", 0, NULL);
	json_t *tags = json_loads(m->tags_json ? m->tags_json : "[]", 0, NULL);

	s->num = m->num;
	memcpy(s->id, m->id, sizeof(s->id));
	memcpy(s->name, m->name, sizeof(s->name));
	memcpy(s->conversation, m->conversation, sizeof(s->conversation));
	s->cwd = xstrdup(m->cwd ? m->cwd : "/");
	s->argv = json_words(argv);
	set_tags(s, tags);
	s->profile = profile_named(sv, m->profile, s->argv);
	s->pinned = m->pinned;
	s->no_store = m->no_store;
	s->cols = CLAMP(m->cols, 1, 4096);
	s->rows = CLAMP(m->rows, 1, 1000);
	s->exit_code = m->exit_code;
	s->exit_signal = m->exit_signal;
	s->created = m->created;
	s->started = m->started;
	s->ended = m->ended;
	s->last_output = m->last_output;
	s->last_input = m->last_input;
	s->freed_bytes = m->freed_bytes;
	s->mem_max = m->mem_max;
	json_decref(argv);
	json_decref(tags);
	server_link(sv, s);
}

static void
copy_text(char *out, size_t cap, const json_t *o, const char *key)
{
	const char *v = json_string_value(json_object_get(o, key));

	if (v)
		snprintf(out, cap, "%s", v);
}

/* The store does not know what the keeper holds: the server died before it was written. */
static struct session *
from_note(struct server *sv, uint32_t num, const json_t *o)
{
	struct session *s = session_new(sv, SS_RUNNING);
	const char *profile = json_string_value(json_object_get(o, "profile"));

	s->num = num;
	snprintf(s->id, sizeof(s->id), "a%07x", num & 0xfffffff);
	snprintf(s->name, sizeof(s->name), "session-%u", num);
	copy_text(s->id, sizeof(s->id), o, "id");
	copy_text(s->name, sizeof(s->name), o, "name");
	copy_text(s->conversation, sizeof(s->conversation), o, "conversation");
	s->argv = json_words(json_object_get(o, "argv"));
	set_tags(s, json_object_get(o, "tags"));
	s->profile = profile_named(sv, profile ? profile : "", s->argv);
	s->pinned = json_is_true(json_object_get(o, "pinned"));
	s->no_store = json_is_true(json_object_get(o, "no_store"));
	s->mem_max = (uint64_t)json_integer_value(json_object_get(o, "mem_max"));
	s->created = json_number_value(json_object_get(o, "created"));
	server_link(sv, s);
	server_meta_changed(sv, s);
	return s;
}

static void
attach_child(struct session *s, struct keeper_held *h)
{
	int master = take(h, KEEPER_MASTER);

	s->pid = h->pid;
	s->pid_start = h->start;
	s->pidfd = take(h, KEEPER_PIDFD);
	s->started_ns = os_mono_ns();
	s->state = h->flags & KEEPER_STARTING ? SS_STARTING
		   : s->state == SS_CLOSING   ? SS_CLOSING
					      : SS_RUNNING;
	if (master < 0)
		return;
	if (!s->ring) { /* a ring of a version unknown here: the screen starts empty */
		CHECK((s->ring = ring_new()));
		keeper_hold(s->server->keeper, s->num, KEEPER_RING, ring_fd(s->ring));
		checkpoint_load(s, true);
	}
	server_take_pty(s, master);
	if (!s->pty)
		return;
	session_flush_replies(s);
	if (h->flags & KEEPER_GONE) {
		server_child_status(s, h->status);
		pty_child_gone(s->pty);
		return;
	}
	memlimit_apply(s);
	if (s->server->sampler)
		sampler_add(s->server->sampler, s->num, s->id, s->pid);
}

static void
from_keeper(struct server *sv, struct keeper_held *h)
{
	struct session *s = server_session(sv, h->id);
	char *note = NULL, *cwd = NULL, **env = NULL;
	int spec = take(h, KEEPER_SPEC), ring = take(h, KEEPER_RING);
	json_t *o;

	if (spec >= 0 && !spawn_read(spec, &env, &note, &cwd, NULL)) {
		close(spec);
		spec = -1;
	}
	o = json_loads(note ? note : "{}", 0, NULL);
	if (!s && (spec >= 0 || h->pid))
		s = from_note(sv, h->id, o);
	if (!s) {
		if (ring >= 0)
			close(ring);
		keeper_drop(sv->keeper, h->id, KEEPER_ALL_SLOTS);
	} else {
		s->spec = spec;
		s->env = env;
		env = NULL;
		if (spec >= 0)
			spawn_read(spec, NULL, NULL, NULL, &s->limits);
		copy_text(s->hook_token, sizeof(s->hook_token), o, "hook_token");
		if (!s->cwd) {
			s->cwd = cwd ? cwd : xstrdup("/");
			cwd = NULL;
		}
		if (ring >= 0 && (s->ring = ring_attach(ring))) {
			ring_recover(s->ring);
			checkpoint_load(s, true);
			session_restored(s);
		}
		if (h->pid && (h->fd[KEEPER_MASTER] >= 0 || h->flags & KEEPER_STARTING))
			attach_child(s, h);
	}
	json_decref(o);
	free(note);
	free(cwd);
	free(env);
}

static bool
held(const struct keeper_held *h, size_t n, uint32_t num)
{
	for (size_t i = 0; i < n; i++)
		if (h[i].id == num && h[i].pid)
			return true;
	return false;
}

static void
mark_lost(struct server *sv, const struct keeper_held *h, size_t n)
{
	for (struct session *s = sv->sessions; s; s = s->next) {
		if (!session_live(s) || held(h, n, s->num))
			continue;
		if (s->state == SS_CLOSING && s->hibernating)
			continue;
		s->pid = 0;
		s->ended = os_wall_s(); /* at the latest: its text is kept from here on */
		session_set_state(s, SS_LOST);
		server_event(sv, s, "lost", NULL);
	}
}

void
server_recover(struct server *sv, struct keeper_held *h, size_t n)
{
	struct meta_session *m;
	size_t n_meta = 0, live = 0;

	take_arena(sv, globals_of(h, n));
	m = store_load_sessions(sv->store, &n_meta);
	for (size_t i = 0; i < n_meta; i++)
		from_meta(sv, &m[i]);
	meta_sessions_free(m, n_meta);
	for (size_t i = 0; i < n; i++)
		if (h[i].id)
			from_keeper(sv, &h[i]);
	for (struct session *s = sv->sessions; s; s = s->next)
		if (!s->term)
			checkpoint_load(s, false); /* nothing is left of it: an empty screen */
	mark_lost(sv, h, n);
	for (struct session *s = sv->sessions; s; s = s->next)
		if (s->state == SS_CLOSING && !s->hibernating && s->pid > 0)
			session_close(s, false); /* go on with what the predecessor began */
	unsigned swept = arena_sweep(sv->arena);
	for (struct session *s = sv->sessions; s; s = s->next)
		live += session_live(s);
	for (size_t i = 0; i < n; i++)
		for (int slot = 0; slot < KEEPER_SLOTS; slot++)
			if (h[i].fd[slot] >= 0)
				close(h[i].fd[slot]);
	log_info("server %d: %zu sessions live, %zu known, %u slabs swept", (int)getpid(), live,
		n_meta, swept);
	free(h);
}
