#ifndef SESSIONS_GIT_H
#define SESSIONS_GIT_H
/* Worktrees, by the program git. Each of these waits for it: any thread but the loop's. */
#include "core/base/base.h"

struct git_state { /* of a checkout */
	bool known, dirty;
	int unpushed;	  /* commits that no remote and no other branch has */
	char branch[128]; /* "HEAD" when on none */
};
struct git_made {
	char top[4096]; /* of the worktree: MAIN.worktrees/BRANCH, beside the repository MAIN */
	char cwd[4096]; /* in it, the directory that was asked from; else the top */
	bool made;	/* false: it was there */
};
/* A worktree of the repository around cwd with this branch, which is made where there is none. 0, or
 * -1 and *e. */
int git_worktree_make(const char *cwd, const char *branch, struct git_made *out, struct err *e);
struct git_state git_look(const char *top);
/* Never by force: 0 when it is gone, or -1 and in *e what would be lost. Its branch stays. */
int git_worktree_remove(const char *top, struct err *e);
#endif
