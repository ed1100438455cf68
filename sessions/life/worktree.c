#include "sessions/life/worktree.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/session/house.h"
#include "sessions/life/sessions.h"
#include "sessions/store_thread/aside.h"
#include <stdlib.h>
#include <string.h>

#define GAP_S 3.0     /* between two looks at one that is at work */
#define SELDOM_S 60.0 /* somebody else may have changed something */

struct worktree {
	char *top;
	struct git_state is;
	double looked; /* wall, when it was asked for; 0 never */
	bool looking;
};

const char *
worktree_top(const struct session *s)
{
	return s->tree ? s->tree->top : NULL;
}

void
worktree_set(struct session *s, const char *top)
{
	worktree_free(s->tree);
	s->tree = NULL;
	if (!top || !*top)
		return;
	s->tree = xcalloc(1, sizeof *s->tree);
	s->tree->top = xstrdup(top);
}

void
worktree_free(struct worktree *w)
{
	if (w)
		free(w->top);
	free(w);
}

json_t *
worktree_json(const struct session *s)
{
	const struct git_state *is = &s->tree->is;
	json_t *o = json_pack("{s:s}", "path", s->tree->top);

	if (is->known)
		json_object_update_new(o, json_pack("{s:s,s:b,s:i}", "branch", is->branch, "dirty",
						  is->dirty, "unpushed", is->unpushed));
	return o;
}

/* Looking. */

struct look {
	struct sessions *ss;
	uint32_t num;
	char *top;
	struct git_state is;
};

static void
do_look(void *arg)
{
	struct look *l = arg;

	l->is = git_look(l->top);
}

static bool
differ(const struct git_state *a, const struct git_state *b)
{
	return a->known != b->known || a->dirty != b->dirty || a->unpushed != b->unpushed ||
	       strcmp(a->branch, b->branch) != 0;
}

static void
on_looked(void *arg)
{
	struct look *l = arg;
	struct session *s = sessions_num(l->ss, l->num);
	struct worktree *w = s ? s->tree : NULL;

	if (w && !strcmp(w->top, l->top)) {
		w->looking = false;
		if (differ(&w->is, &l->is))
			session_changed(s);
		w->is = l->is;
	}
	free(l->top);
	free(l);
}

static bool
is_due(const struct session *s, double now)
{
	const struct worktree *w = s->tree;
	double news = MAX(s->past.last_output, s->past.ended), gap = now - w->looked;

	return !w->looking && (!w->looked || gap < 0 || (news > w->looked && gap >= GAP_S) ||
				      (session_live(s) && gap >= SELDOM_S));
}

void
worktrees_tick(struct sessions *ss)
{
	double now = os_wall_s();

	for (struct session *s = ss->first; s; s = s->next) {
		struct look *l;

		if (!s->tree || !is_due(s, now))
			continue;
		s->tree->looking = true;
		s->tree->looked = now;
		l = xcalloc(1, sizeof *l);
		*l = (struct look){.ss = ss, .num = s->num, .top = xstrdup(s->tree->top)};
		aside_run(ss->git, do_look, on_looked, l);
	}
}

/* Making. */

struct making {
	char *cwd, *branch;
	struct git_made made;
	struct err e;
	int rc;
	worktree_made_cb cb;
	void *ctx;
};

static void
do_make(void *arg)
{
	struct making *m = arg;

	m->rc = git_worktree_make(m->cwd, m->branch, &m->made, &m->e);
}

static void
on_made(void *arg)
{
	struct making *m = arg;

	m->cb(m->ctx, &m->made, m->rc < 0 ? &m->e : NULL);
	free(m->cwd);
	free(m->branch);
	free(m);
}

void
worktree_make(
	struct sessions *ss, const char *cwd, const char *branch, worktree_made_cb cb, void *ctx)
{
	struct making *m = xcalloc(1, sizeof *m);

	m->cwd = xstrdup(cwd);
	m->branch = xstrdup(branch);
	m->cb = cb;
	m->ctx = ctx;
	aside_run(ss->git, do_make, on_made, m);
}

/* Removing. */

struct removing {
	char *top;
	struct err e;
	int rc;
	worktree_removed_cb cb;
	void *ctx;
};

static void
do_remove(void *arg)
{
	struct removing *r = arg;

	if (!r->e.code)
		r->rc = git_worktree_remove(r->top, &r->e);
}

static void
on_removed(void *arg)
{
	struct removing *r = arg;

	if (r->rc < 0)
		log_info("worktree %s stays: %s", r->top, r->e.msg);
	else
		log_info("worktree %s removed", r->top);
	if (r->cb)
		r->cb(r->ctx, r->rc < 0 ? &r->e : NULL);
	free(r->top);
	free(r);
}

static bool
works_in(const struct session *s, const char *top)
{
	size_t n = strlen(top);

	return session_kept(s) && s->cwd && !strncmp(s->cwd, top, n) &&
	       (!s->cwd[n] || s->cwd[n] == '/');
}

void
worktree_remove(struct sessions *ss, const char *top, worktree_removed_cb cb, void *ctx)
{
	struct removing *r = xcalloc(1, sizeof *r);

	r->top = xstrdup(top);
	r->cb = cb;
	r->ctx = ctx;
	for (struct session *s = ss->first; s && !r->e.code; s = s->next)
		if (works_in(s, top))
			r->rc = err_set(&r->e, 1, "%s works in it", s->name);
	aside_run(ss->git, do_remove, on_removed, r);
}
