#ifndef SESSIONS_PROMPT_H
#define SESSIONS_PROMPT_H
/* What stands in a CLI's prompt, read off its screen by the rules of its profile. Text gets there
 * by many keys (recall, search, undo, paste, a restored draft), so what was typed tells too little.
 * A prompt that is not recognised is never taken for an empty one.
 *
 *   prompt              over the whole screen; group 1 is what stands in the prompt, mark left out
 *   prompt.placeholder  what it shows while empty, where that is not drawn faint
 *   prompt.away         the screen says that keys go elsewhere (a search, a pager, a stash)
 *
 * A bare prompt is one that no rule is needed for: the caret behind a mark (❯ › > »), with nothing
 * else in its row. It tells that a CLI is up, not that its prompt is empty. */
#include "core/page/cell.h"
#include "sessions/agent/profile.h"

enum prompt_state {
	PROMPT_UNSEEN, /* not on the screen, or the caret is elsewhere; text: why */
	PROMPT_EMPTY,  /* its mark, blanks and a placeholder, with the caret in it */
	PROMPT_TEXT,   /* text stands in it */
};
struct prompt {
	enum prompt_state state;
	bool bare;	/* one stands, seen by the profile's rule or not */
	char text[200]; /* sanitised, blanks at both ends off; cut if longer */
};
void prompt_read(const struct profile *p, const struct grid *g, struct prompt *out);
const char *prompt_state_name(enum prompt_state s); /* "unseen" "empty" "text" */
#endif
