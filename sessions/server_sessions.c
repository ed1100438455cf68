/* Sessions as the server holds them: found, added, spawned, ended, stored. */
#include "core/buf.h"
#include "core/log.h"
#include "core/os.h"
#include "sessions/memlimit.h"
#include "sessions/recorder.h"
#include "sessions/checkpoint.h"
#include "sessions/lifecycle.h"
#include "sessions/keeper_link.h"
#include "sessions/peer.h"
#include "sessions/pty.h"
#include "sessions/ring.h"
#include "sessions/sampler.h"
#include "sessions/server_priv.h"
#include "sessions/store_worker.h"
#include "sessions/view.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Between two programs on one terminal: out of every mode the first may have left behind. */
#define BETWEEN_RUNS                                                                             \
	"\033[?1049l\033[?1000;1002;1003;1004;1006;2004;2026;2031;2048l\033[<99u\033[>4m\033[!p" \
	"\033[0m\033[?25h\r\n"
#define ROWS_MAX 1000

/* Finding. */

struct session *
server_session(struct server *sv, uint32_t num)
{
	struct session *s = sv->sessions;

	while (s && s->num != num)
		s = s->next;
	return s;
}

static struct session *
find_name(struct server *sv, const char *name)
{
	struct session *s, *found = NULL;

	for (s = sv->sessions; s; s = s->next)
		if (!strcmp(s->name, name) &&
			(!found || session_live(s) || s->state == SS_ASLEEP ||
				!(session_live(found) || found->state == SS_ASLEEP)))
			found = s;
	return found;
}

static struct session *
find_prefix(struct server *sv, const char *prefix, int *n)
{
	struct session *s, *found = NULL;

	*n = 0;
	for (s = sv->sessions; s; s = s->next)
		if (!strncmp(s->id, prefix, strlen(prefix))) {
			found = s;
			++*n;
		}
	return found;
}

struct session *
server_find(struct server *sv, const char *which, struct err *e)
{
	struct session *s;
	char *end;
	unsigned long num;
	int n;

	if (!strcmp(which, "-")) {
		if (!sv->last_used)
			err_set(e, 3, "no session was used yet");
		return sv->last_used;
	}
	if (!*which) {
		err_set(e, 3, "no such session: \"\"");
		return NULL;
	}
	if ((s = find_name(sv, which)))
		return s;
	num = strtoul(which, &end, 10);
	if (!*end && isdigit((unsigned char)*which) && (s = server_session(sv, (uint32_t)num)))
		return s;
	s = find_prefix(sv, which, &n);
	if (n == 1)
		return s;
	err_set(e, 3,
		n ? "%.80s names %d sessions (give more of the id)" : "no such session: %.80s",
		which, n);
	return NULL;
}

bool
session_name_valid(const char *name)
{
	if (!isalpha((unsigned char)*name) && !((unsigned char)*name & 0x80))
		return false;
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f || *p == '/')
			return false;
	return strlen(name) < sizeof(((struct session *)0)->name);
}

/* Adding. */

static bool
name_taken(struct server *sv, const char *name)
{
	struct session *s = find_name(sv, name);

	return s && (session_live(s) || s->state == SS_ASLEEP);
}

static void
make_id(struct server *sv, char id[12])
{
	int n;

	do {
		uint32_t r;
		os_random(&r, sizeof(r));
		snprintf(id, 12, "%08x", r);
		find_prefix(sv, id, &n);
	} while (n || !strpbrk(id, "abcdef"));
}

static void
make_name(struct server *sv, struct session *s)
{
	const char *base = s->profile ? profile_name(s->profile) : "session";

	for (unsigned i = 1;; i++) {
		snprintf(s->name, sizeof(s->name), "%.40s-%u", base, i);
		if (!name_taken(sv, s->name))
			return;
	}
}

void
server_link(struct server *sv, struct session *s)
{
	struct session **at = &sv->sessions;

	while (*at)
		at = &(*at)->next;
	*at = s;
	sv->next_num = MAX(sv->next_num, s->num + 1);
}

int
server_add(struct server *sv, struct session *s, struct err *e)
{
	if (*s->name && !session_name_valid(s->name))
		return err_set(
			e, 2, "a name starts with a letter and has no blanks: %.64s", s->name);
	if (*s->name && name_taken(sv, s->name))
		return err_set(e, 1, "the name %s is taken (rename or end the other one)", s->name);
	if (!*s->name)
		make_name(sv, s);
	if (!*s->id)
		make_id(sv, s->id);
	if (!s->num)
		s->num = sv->next_num;
	server_link(sv, s);
	server_meta_changed(sv, s);
	return 0;
}

static void
unlink_session(struct server *sv, struct session *s)
{
	struct session **at = &sv->sessions;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	if (sv->last_used == s)
		sv->last_used = NULL;
}

void
server_forget(struct server *sv, struct session *s)
{
	json_t *ev = json_pack("{s:s,s:s}", "ev", "gone", "id", s->id);

	CHECK(!session_live(s));
	lifecycle_forget(s);
	recorder_forget(s);
	peers_event(sv, ev);
	json_decref(ev);
	keeper_drop(sv->keeper, s->num, KEEPER_ALL_SLOTS);
	if (sv->store)
		store_delete_session(sv->store, s->num);
	unlink_session(sv, s);
	waits_check(sv, s);
	session_free(s);
	sv->untidy = true;
}

/* Storing. */

static char *
json_text(json_t *take)
{
	char *s = json_dumps(take, JSON_COMPACT);

	json_decref(take);
	return s ? s : xstrdup("[]");
}

static void
store_session(struct server *sv, struct session *s)
{
	struct meta_session m = {.num = s->num,
		.cwd = s->cwd,
		.pinned = s->pinned,
		.no_store = s->no_store,
		.cols = s->cols,
		.rows = s->rows,
		.exit_code = s->exit_code,
		.exit_signal = s->exit_signal,
		.created = s->created,
		.started = s->started,
		.ended = s->ended,
		.last_output = s->last_output,
		.last_input = s->last_input,
		.freed_bytes = s->freed_bytes,
		.mem_max = s->mem_max};
	const struct memstat *mem = sv->sampler ? sampler_get(sv->sampler, s->num) : NULL;

	s->meta_changed = false;
	if (!sv->store)
		return;
	memcpy(m.id, s->id, sizeof(m.id));
	memcpy(m.name, s->name, sizeof(m.name));
	snprintf(m.profile, sizeof(m.profile), "%s", s->profile ? profile_name(s->profile) : "");
	memcpy(m.conversation, s->conversation, sizeof(m.conversation));
	snprintf(m.state, sizeof(m.state), "%s", session_state_name(s->state));
	if (mem && mem->known) {
		m.footprint = mem->footprint;
		m.peak = mem->peak;
	}
	m.argv_json = json_text(strings_json(s->argv, -1));
	m.tags_json = json_text(strings_json(s->tags, s->n_tags));
	store_put_session(sv->store, &m);
	free(m.argv_json);
	free(m.tags_json);
}

void
server_store_changed(struct server *sv)
{
	for (struct session *s = sv->sessions; s; s = s->next)
		if (s->meta_changed)
			store_session(sv, s);
}

void
server_meta_changed(struct server *sv, struct session *s)
{
	s->meta_changed = true;
	server_session_changed(sv, s);
}

void
server_session_changed(struct server *sv, struct session *s)
{
	s->changed = true;
	server_wants_settle(sv);
}

void
server_event(struct server *sv, struct session *s, const char *event, json_t *take_detail)
{
	json_t *detail = take_detail ? take_detail : json_object();
	double t = os_wall_s();
	json_t *ev = json_pack("{s:s,s:i,s:f,s:s,s:s,s:s,s:O}", "ev", "event", "v", 1, "t", t, "id",
		s->id, "name", s->name, "event", event, "detail", detail);
	char *text = json_text(detail);

	log_info("session %u: event %s", s->num, event);
	if (sv->store)
		store_put_event(sv->store, t, s->num, s->id, s->name, event, text);
	if (ev)
		peers_event(sv, ev);
	json_decref(ev);
	free(text);
}

/* Spawning. */

/* Variables of the caller that would lie to the child, or show it the way to us. */
static bool
env_hidden(const char *kv)
{
	static const char *const hidden[] = {"MUSTER_HOME", "MUSTER_SESSION", "MUSTER_HOOK", "TERM",
		"COLORTERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "TERMCAP", "LINES", "COLUMNS",
		"TMUX", "TMUX_PANE", "STY", "WINDOW", "VTE_VERSION", "KITTY_WINDOW_ID", "KITTY_PID",
		"WEZTERM_PANE", "ALACRITTY_WINDOW_ID", "ITERM_SESSION_ID", "WT_SESSION"};
	size_t n = strcspn(kv, "=");

	for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
		if (strlen(hidden[i]) == n && !memcmp(hidden[i], kv, n))
			return true;
	return false;
}

struct strv {
	char **v;
	size_t n;
	char *own[8]; /* those to free */
	int n_own;
};

static void
strv_add(struct strv *v, const char *s)
{
	v->v = xrealloc(v->v, (v->n + 2) * sizeof(char *));
	v->v[v->n++] = (char *)s;
	v->v[v->n] = NULL;
}

static void
child_env(struct session *s, struct strv *out)
{
	const char *kv;
	char name[128];

	strv_add(out, "TERM=xterm-256color");
	strv_add(out, "COLORTERM=truecolor");
	strv_add(out, "TERM_PROGRAM=muster");
	strv_add(out, out->own[out->n_own++] = xasprintf("MUSTER_SESSION=%s", s->id));
	for (char **e = s->env; e && *e; e++)
		if (!env_hidden(*e))
			strv_add(out, *e);
	for (size_t i = 0; s->profile && (kv = profile_env(s->profile, i)); i++) {
		snprintf(name, sizeof(name), "%.*s", (int)MIN(strcspn(kv, "="), 127), kv);
		if (!session_getenv(s, name))
			strv_add(out, kv);
	}
}

/* What a successor needs that the store does not have, or may not have yet. */
static char *
spawn_note(const struct session *s)
{
	json_t *o = json_pack("{s:i,s:I,s:s,s:s,s:s,s:s,s:f,s:b,s:b,s:I,s:s}", "v", 1, "num",
		(json_int_t)s->num, "id", s->id, "name", s->name, "profile",
		s->profile ? profile_name(s->profile) : "", "conversation", s->conversation,
		"created", s->created, "pinned", s->pinned, "no_store", s->no_store, "mem_max",
		(json_int_t)s->mem_max, "hook_token", s->hook_token);

	json_object_set_new(o, "argv", strings_json(s->argv, -1));
	json_object_set_new(o, "tags", strings_json(s->tags, s->n_tags));
	return json_text(o);
}

/* What the last program left goes up into history, so that nobody takes it for the next one's. */
static void
scroll_away(struct term *t, int rows)
{
	struct buf text = {0}, out = {0};
	size_t len;
	int used = 0;

	term_text(t, &text);
	for (len = text.len; len && strchr(" \n", text.data[len - 1]); len--)
		;
	for (size_t i = 0; i < len; i++)
		used += text.data[i] == '\n';
	buf_printf(&out, "\033[%d;1H", rows);
	for (int i = 0; len && i <= used && i < ROWS_MAX; i++)
		buf_putc(&out, '\n');
	buf_puts(&out, "\033[H");
	term_feed(t, out.data, out.len);
	buf_free(&text);
	buf_free(&out);
}

/* The terminal for a run: a fresh one, or the last one, out of its modes. */
static int
prepare_term(struct session *s, struct err *e)
{
	struct term *t;

	if (!s->ring) {
		if (!(s->ring = ring_new()))
			return err_set(e, 1, "no memory for its output (%s)", strerror(errno));
		if (!s->term)
			checkpoint_load(s, false);
	}
	t = session_term(s);
	if (s->started > 0) {
		term_set_silent(t, true);
		term_feed(t, BETWEEN_RUNS, strlen(BETWEEN_RUNS));
		scroll_away(t, s->rows);
		term_set_silent(t, false);
	}
	term_resize(t, s->cols, s->rows);
	checkpoint_save(s);
	return 0;
}

int
server_spawn_cb(struct server *sv, struct session *s, char *const *argv, session_cb cb, void *ctx,
	struct err *e)
{
	struct strv env = {0};
	struct spawn sp = {.argv = argv,
		.cwd = s->cwd,
		.mask = s->limits.mask,
		.n_limits = MIN(s->limits.n, SPAWN_LIMITS)};
	char *note, **words = NULL;
	int fd, rc;

	if (prepare_term(s, e) < 0)
		return -1;
	for (unsigned i = 0; i < sp.n_limits; i++) {
		sp.limit[i].resource = s->limits.limit[i].resource;
		sp.limit[i].cur = s->limits.limit[i].cur;
		sp.limit[i].max = s->limits.limit[i].max;
	}
	if ((words = lifecycle_argv(s, argv)))
		sp.argv = words;
	child_env(s, &env);
	sp.env = env.v;
	sp.meta = note = spawn_note(s);
	fd = spawn_seal(&sp);
	free(note);
	free(words);
	for (int i = 0; i < env.n_own; i++)
		free(env.own[i]);
	free(env.v);
	if (fd < 0)
		return err_set(e, 1, "its environment cannot be handed over (%s)", strerror(-fd));
	if ((rc = keeper_spawn(sv->keeper, s->num, s->cols, s->rows, fd, ring_fd(s->ring))) < 0) {
		close(fd);
		return err_set(e, 1, "the keeper does not answer (%s)", strerror(-rc));
	}
	if (s->spec >= 0)
		close(s->spec);
	s->spec = fd;
	s->on_spawned = cb;
	s->on_spawned_ctx = ctx;
	s->child_gone = false;
	s->exit_code = s->exit_signal = -1;
	s->ended = 0;
	if (s->state != SS_STARTING)
		session_set_state(s, SS_STARTING);
	return 0;
}

int
server_spawn(struct server *sv, struct session *s, char *const *argv, struct err *e)
{
	return server_spawn_cb(sv, s, argv, NULL, NULL, e);
}

static void
spawned_tell(struct session *s, const struct err *e)
{
	session_cb cb = s->on_spawned;

	s->on_spawned = NULL;
	if (cb)
		cb(s->on_spawned_ctx, s, e);
}

static void
on_pty_output(void *ctx, size_t n)
{
	session_output(ctx, n);
}

static void
on_pty_ended(void *ctx)
{
	server_session_ended(ctx);
}

void
server_take_pty(struct session *s, int take_master)
{
	struct pty_ops ops = {.output = on_pty_output, .ended = on_pty_ended, .ctx = s};

	s->pty = pty_new(s->server->ptys, take_master, s->ring, &ops);
}

void
server_on_spawned(void *ctx, uint32_t id, pid_t pid, uint64_t start, int error, int take_master,
	int take_pidfd)
{
	struct server *sv = ctx;
	struct session *s = server_session(sv, id);
	struct err e;

	if (!s || error || take_master < 0) {
		if (take_master >= 0)
			close(take_master);
		if (take_pidfd >= 0)
			close(take_pidfd);
		if (!s)
			return;
		s->exit_code = error == ENOENT ? 127 : 126;
		s->ended = os_wall_s();
		session_set_state(s, SS_EXITED);
		err_set(&e, 1, "cannot start it in %.100s: %s", s->cwd ? s->cwd : "/",
			strerror(error));
		spawned_tell(s, &e);
		return;
	}
	s->pid = pid;
	s->pid_start = start;
	if (s->pidfd >= 0)
		close(s->pidfd);
	s->pidfd = take_pidfd;
	s->started = os_wall_s();
	s->started_ns = os_mono_ns();
	server_take_pty(s, take_master);
	if (s->state == SS_STARTING)
		session_set_state(s, SS_RUNNING);
	else if (s->state == SS_CLOSING && !s->hibernating)
		session_close(s, sv->stopping);
	memlimit_apply(s);
	if (sv->sampler)
		sampler_add(sv->sampler, s->num, s->id, s->pid);
	server_event(
		sv, s, s->resumed ? "resumed" : "started", json_pack("{s:i}", "pid", (int)pid));
	view_resized(s);
	spawned_tell(s, NULL);
}

void
server_child_status(struct session *s, int status)
{
	s->child_gone = true;
	if (status == KEEPER_NO_STATUS)
		return;
	if (WIFEXITED(status))
		s->exit_code = WEXITSTATUS(status);
	else if (WIFSIGNALED(status))
		s->exit_signal = WTERMSIG(status);
}

void
server_on_exited(void *ctx, uint32_t id, pid_t pid, int status)
{
	struct session *s = server_session(ctx, id);

	if (!s || s->pid != pid)
		return;
	server_child_status(s, status);
	if (s->pty)
		pty_child_gone(s->pty);
	else
		server_session_ended(s);
}

void
server_session_ended(struct session *s)
{
	struct server *sv = s->server;
	json_t *how = json_object();

	pty_free(s->pty);
	s->pty = NULL;
	if (s->pidfd >= 0)
		close(s->pidfd);
	s->pidfd = -1;
	keeper_drop(sv->keeper, s->num, KEEPER_MASTER);
	keeper_drop(sv->keeper, s->num, KEEPER_PIDFD);
	if (s->exit_code >= 0)
		json_object_set_new(how, "code", json_integer(s->exit_code));
	if (s->exit_signal > 0)
		json_object_set_new(how, "signal", json_integer(s->exit_signal));
	s->ended = os_wall_s();
	session_settle(s, os_mono_ns());
	checkpoint_save(s);
	memlimit_end(s);
	if (sv->sampler)
		sampler_remove(sv->sampler, s->num);
	sends_drop(s, NULL);
	if (s->state == SS_CLOSING && s->hibernating)
		session_set_state(s, SS_ASLEEP);
	else
		session_set_state(s, SS_EXITED);
	server_event(sv, s, s->state == SS_ASLEEP ? "slept" : "exited", how);
	s->hibernating = false;
	s->pid = 0;
	server_try_stop(sv);
}
