#ifndef SESSIONS_RELOAD_H
#define SESSIONS_RELOAD_H
/* config.ini, read again when it changes: limits of reaping, scrollback and profiles apply at once.
 * A file with an error changes nothing; the banner says which line. */
#include "sessions/life/sessions.h"
#include <sys/stat.h>

struct reload {
	struct sessions *ss;
	struct stat seen; /* the file as last read */
	uv_fs_event_t watch;
	bool looking;
	void (*touched)(void *ctx);
	void (*taken)(void *ctx);
	void *ctx;
};
/* touched: the file changed, or is being written: look a moment later. Where nothing can be
 * watched it is never called. */
void reload_init(struct reload *r, struct sessions *ss, void (*touched)(void *ctx),
	void (*taken)(void *ctx), void *ctx);
/* Is `touched` called when the file changes? */
bool reload_is_told(const struct reload *r);
/* Looks, beside the loop, whether it changed; then `taken` is called when something new is in place. */
void reload_check(struct reload *r);
#endif
