#ifndef SESSIONS_RELOAD_H
#define SESSIONS_RELOAD_H
/* config.ini, read again when it changes: limits of reaping, scrollback and profiles apply at once.
 * A file with an error changes nothing; the banner says which line. */
#include "sessions/session/sessions.h"
#include <sys/stat.h>

struct reload {
	struct sessions *ss;
	struct stat seen; /* the file as last read */
	uv_fs_event_t watch;
	void (*touched)(void *ctx);
	void *ctx;
};
/* touched: the file changed, or is being written: look a moment later. Where nothing can be
 * watched it is never called. */
void reload_init(struct reload *r, struct sessions *ss, void (*touched)(void *ctx), void *ctx);
/* Looks whether it changed; cheap (one stat). true when something new was taken. */
bool reload_check(struct reload *r);
#endif
