#include "sessions/life/start.h"
#include "sessions/proc/proctree.h"
#include "sessions/pty/keeper_link.h"
#include "sessions/pty/ring.h"
#include "sessions/session/run.h"
#include "sessions/display/display.h"
#include "sessions/session/house.h"
#include "sessions/wire/json.h"
#include "sessions/display/feed.h"
#include "sessions/life/remains.h"
#include "sessions/session/caller_env.h"
#include "sessions/session/runner.h"
#include "sessions/life/worktree.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

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
strv_default(const struct session *s, struct strv *v, const char *kv)
{
	char name[128];

	snprintf(name, sizeof(name), "%.*s", (int)MIN(strcspn(kv, "="), 127), kv);
	if (!session_getenv(s, name))
		strv_add(v, kv);
}

static void
child_env(const struct session *s, struct strv *out)
{
	const char *kv;

	strv_default(s, out, "TERM=xterm-256color");
	strv_default(s, out, "COLORTERM=truecolor");
	strv_default(s, out, "TERM_PROGRAM=muster");
	strv_add(out, out->own[out->n_own++] = xasprintf("MUSTER_SESSION=%s", s->id));
	for (char **e = s->env; e && *e; e++)
		if (!env_is_ours(*e))
			strv_add(out, *e);
	for (size_t i = 0; s->profile && (kv = profile_env(s->profile, i)); i++)
		strv_default(s, out, kv);
}

/* What a successor needs that the store does not have, or may not have yet. */
static char *
spawn_note(const struct session *s)
{
	json_t *o = json_pack("{s:i,s:I,s:s,s:s,s:s,s:s,s:f,s:b,s:b,s:I,s:s}", "v", 1, "num",
		(json_int_t)s->num, "id", s->id, "name", s->name, "profile",
		s->profile ? profile_name(s->profile) : "", "conversation", s->conversation,
		"created", s->past.created, "pinned", s->pinned, "no_store", s->no_store, "mem_max",
		(json_int_t)s->mem_max, "hook_token", s->run->hook_token);

	if (s->note)
		json_object_set_new(o, "note", json_string(s->note));
	if (s->runner)
		json_object_set_new(o, "runner", json_string(s->runner));
	if (s->tree)
		json_object_set_new(o, "worktree", json_string(worktree_top(s)));
	json_object_set_new(o, "from", json_string(session_state_stored(s->run->from)));
	json_object_set_new(o, "argv", words_json(s->argv, -1));
	json_object_set_new(o, "tags", words_json(s->tags, s->n_tags));
	return json_text(o);
}

/* Whose it is can be read off a process even when it has thrown its environment away. */
static void
mark(const struct session *s, struct spawn_limits *l)
{
	uint64_t v = proc_mark(s->id);
	unsigned i = 0;

	while (i < l->n && l->limit[i].resource != RLIMIT_LOCKS)
		i++;
	if (!v || i == SPAWN_LIMITS)
		return;
	if (i == l->n) {
		l->limit[l->n++].resource = RLIMIT_LOCKS;
		l->limit[i].max = UINT64_MAX;
	}
	l->limit[i].cur = MIN(v, l->limit[i].max);
}

/* Sealed argv, environment, directory and limits; -errno. */
static int
seal(struct session *s, char *const *argv)
{
	char *note = spawn_note(s);
	struct strv env = {0};
	struct spawn sp = {.argv = argv, .cwd = s->cwd, .meta = note, .limits = s->limits};
	int fd;

	mark(s, &sp.limits);
	child_env(s, &env);
	sp.env = env.v;
	fd = spawn_seal(&sp);
	for (int i = 0; i < env.n_own; i++)
		free(env.own[i]);
	free(env.v);
	free(note);
	return fd;
}

/* Asks the keeper for words, in a ring and with a spec that are the session's from then on. */
static int
spawn(struct session *s, char *const *words, struct err *e)
{
	int fd, rc;

	if (!s->display->ring && !(s->display->ring = remains_ring(s->of, s->num)))
		return err_set(
			e, 1, "no memory for the output of %s (%s)", s->name, strerror(errno));
	feed_begin_run(s);
	if ((fd = seal(s, words)) < 0)
		return err_set(e, 1, "cannot hand over the environment of %s (%s)", s->name,
			strerror(-fd));
	/* before there is a child that a successor would end */
	ring_set_bound(s->display->ring, RING_STAYS);
	rc = keeper_spawn(s->of->keeper, s->num, s->display->cols, s->display->rows, fd,
		ring_fd(s->display->ring));
	if (rc < 0) {
		close(fd);
		return err_set(e, 1, "the keeper does not answer (%s)", strerror(-rc));
	}
	if (s->spec >= 0)
		close(s->spec);
	s->spec = fd;
	return 0;
}

int
start_child(struct session *s, char *const *argv, struct err *e)
{
	char **words;
	int rc;

	/* with a runner: a settings file of ours is not where it runs */
	if (s->runner && !(words = runner_argv(s, argv, e)))
		return -1;
	if (!s->runner)
		words = s->of->ops->argv(s->of->ctx, s, argv);
	rc = spawn(s, words ? words : argv, e);
	free(words);
	return rc;
}

/* The file is there, and ENOENT was said: of what it is to be run by. */
static int
interpreter_error(const char *path, const char *program, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char line[256] = "";
	ssize_t n = fd >= 0 ? read(fd, line, sizeof(line) - 1) : -1;
	const char *by = line + 2;

	if (fd >= 0)
		close(fd);
	line[MAX(n, 0)] = 0;
	if (strncmp(line, "#!", 2) != 0)
		return err_set(e, 1, "%.100s: what loads it is missing (is it for another system?)",
			program);
	by += strspn(by, " \t");
	return err_set(e, 1, "%.100s: its interpreter %.*s is missing", program,
		(int)MIN(strcspn(by, " \t\r\n"), 100), by);
}

static int
missing_error(const struct session *s, const char *program, struct err *e)
{
	char path[PATH_MAX];
	struct stat st;

	if (!*program)
		return err_set(e, 2, "the name of the program is empty");
	if (!strchr(program, '/'))
		return err_set(e, 1,
			path_finds(session_getenv(s, "PATH"), s->cwd, program)
				? "%.100s: the one on PATH has no interpreter here"
				: "%.100s: not found on PATH",
			program);
	snprintf(path, sizeof(path), "%s%s%s", *program == '/' || !s->cwd ? "" : s->cwd,
		*program == '/' || !s->cwd ? "" : "/", program);
	if (stat(path, &st) < 0)
		return err_set(e, 1, "%.100s: no such file", program);
	return interpreter_error(path, program, e);
}

void
start_error(const struct session *s, int error, struct err *e)
{
	char **words = s->runner ? runner_argv(s, (char *[]){NULL}, e) : NULL;
	const char *program = words		      ? words[0]
			      : s->argv && s->argv[0] ? s->argv[0]
						      : profile_name(s->profile);
	struct stat st;

	if (error != ENOENT)
		err_set(e, 1, "cannot start %.100s: %s", program, strerror(error));
	else if (s->cwd && stat(s->cwd, &st) < 0)
		err_set(e, 1, "its directory %.200s no longer exists", s->cwd);
	else
		missing_error(s, program, e);
	free(words);
}
