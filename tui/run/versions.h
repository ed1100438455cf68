#ifndef TUI_VERSIONS_H
#define TUI_VERSIONS_H
/* What programs say of their version: each is run with --version, all at once, for 5 s at most. */
#include "core/base/base.h"
#include <uv.h>

struct versions;
typedef void (*version_cb)(void *ctx, int which, const char *version); /* "2.1.4"; borrowed */
struct versions *versions_new(uv_loop_t *loop, version_cb cb, void *ctx);
/* Asks program argv0 (found on PATH); cb comes if it answers with something like a version. */
void versions_ask(struct versions *v, int which, const char *argv0);
/* Ends those that still run; memory goes when the loop has run once more. NULL ok. */
void versions_free(struct versions *v);
#endif
