/* forget: all that is stored of a session is deleted, and its worktree, unless something in that would
 * be lost. */
#include "sessions/lifecycle/lifecycle.h"
#include "sessions/server/server.h"
#include "sessions/life/worktree.h"
#include "sessions/verb/verb.h"
#include "sessions/wire/json.h"
#include <stdlib.h>

struct forgets {
	struct request *r; /* NULL: the client left */
	json_t *results;
	size_t waits; /* for git */
};
struct forget_tree {
	struct forgets *of;
	json_t *result; /* borrowed of it */
	char *top;
};

static void
forgets_cancelled(void *ctx)
{
	((struct forgets *)ctx)->r = NULL;
}

static void
forgets_step(struct forgets *f)
{
	if (--f->waits)
		return;
	if (f->r)
		request_reply(f->r, json_pack("{s:i,s:O}", "v", 1, "results", f->results));
	json_decref(f->results);
	free(f);
}

static void
on_tree_removed(void *ctx, const struct err *e)
{
	struct forget_tree *t = ctx;
	json_t *o = json_pack("{s:s,s:b}", "path", t->top, "removed", e == NULL);

	if (e)
		json_object_set_new(o, "why", json_string(e->msg));
	json_object_set_new(t->result, "worktree", o);
	forgets_step(t->of);
	free(t->top);
	free(t);
}

/* What it left behind goes with it. */
static int
forget_one(struct request *r, struct session *s, struct err *e)
{
	if (session_live(s))
		return err_set(
			e, 1, "%s is %s (kill it first)", s->name, session_state_name(s->state));
	if (s->tree)
		json_object_set_new(json_object_get(request_args(r), "trees"), s->id,
			json_string(worktree_top(s)));
	ends_strays(lifecycle_ends(server_lifecycle(request_server(r))), s);
	sessions_forget(s);
	return 0;
}

void
cmd_forget(struct request *r)
{
	struct sessions *ss = request_sessions(r);
	json_t *trees = json_object(), *results, *o;
	struct forgets *f;
	size_t i;

	json_object_set_new(request_args(r), "trees", trees);
	if (!(results = each_session(r, forget_one)))
		return;
	f = xcalloc(1, sizeof(*f));
	*f = (struct forgets){.r = r, .results = results, .waits = 1};
	request_on_cancel(r, forgets_cancelled, f);
	json_array_foreach (results, i, o) {
		const char *top = obj_text(trees, obj_text(o, "id"));
		struct forget_tree *t;

		if (!top || !obj_true(o, "ok"))
			continue;
		t = xcalloc(1, sizeof(*t));
		*t = (struct forget_tree){.of = f, .result = o, .top = xstrdup(top)};
		f->waits++;
		worktree_remove(ss, top, on_tree_removed, t);
	}
	forgets_step(f);
}
