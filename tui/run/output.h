#ifndef TUI_OUTPUT_H
#define TUI_OUTPUT_H
/* What programs print: each runs for itself, all at once, for a limited time. */
#include "core/base/base.h"
#include <uv.h>

enum { OUTPUT_MAX = 256 << 10 };
struct outputs;
/* text: all it wrote to standard output, OUTPUT_MAX bytes at most; borrowed. which: as asked. */
typedef void (*output_cb)(void *ctx, int which, const char *text);
struct outputs *outputs_new(uv_loop_t *loop, output_cb cb, void *ctx);
/* Runs argv (argv[0] found on PATH); cb comes if it ends, or shuts its output, within limit_ms. */
void outputs_ask(struct outputs *o, int which, char *const *argv, unsigned limit_ms);
/* Ends those that still run; memory goes when the loop has run once more. NULL ok. */
void outputs_free(struct outputs *o);
#endif
