#ifndef TUI_EDITOR_H
#define TUI_EDITOR_H
/* The user's editor ($VISUAL, else $EDITOR) on this terminal, over text that it may change. The
 * caller leaves the terminal to it meanwhile. */
#include "core/base/base.h"
#include <uv.h>

struct editor;
/* text: borrowed, what it left; NULL: nothing is to change, e says why. The editor is freed after. */
typedef void (*editor_cb)(void *ctx, const char *text, size_t n, const struct err *e);
/* NULL and *e when there is none, or it cannot be started. */
struct editor *editor_run(
	uv_loop_t *loop, const char *text, size_t n, editor_cb cb, void *ctx, struct err *e);
void editor_free(struct editor *ed); /* before its end: cb is not called. NULL ok */
#endif
