#ifndef SESSIONS_WORKTREE_H
#define SESSIONS_WORKTREE_H
/* The git worktree that was made for a session: what branch it is on, and whether something in it
 * would be lost with it. git is asked beside the loop (session/git.h), after output and at rest. */
#include "sessions/life/git.h"
#include "sessions/session/session.h"

const char *worktree_top(const struct session *s);     /* its directory; NULL none */
void worktree_set(struct session *s, const char *top); /* NULL or "": none */
void worktree_free(struct worktree *w);		       /* NULL ok */
/* {"path"[,"branch","dirty","unpushed"]}: what is not known yet is left out. */
json_t *worktree_json(const struct session *s);
void worktrees_tick(struct sessions *ss); /* asks git where something may have changed */

/* Done on the loop; e NULL: well. made is only there while it is called. */
typedef void (*worktree_made_cb)(void *ctx, const struct git_made *made, const struct err *e);
void worktree_make(
	struct sessions *ss, const char *cwd, const char *branch, worktree_made_cb cb, void *ctx);
typedef void (*worktree_removed_cb)(void *ctx, const struct err *e); /* e: why it stays */
/* Unless another session that is kept works in it. cb NULL ok. */
void worktree_remove(struct sessions *ss, const char *top, worktree_removed_cb cb, void *ctx);
#endif
