#ifndef TUI_PRINT_H
#define TUI_PRINT_H
/* What verbs print on standard output: figures, names, events. */
#include "core/paint/plot.h"
#include "sessions/wire/json.h"
#include "tui/cli/verb.h"

double jnum(const json_t *o, const char *key); /* NAN when absent */
const char *fmt_size(char *buf, double n);     /* fmt_bytes; "-" for NAN. buf >= 32 */
enum plot_style out_style(const struct verb_ctx *ctx);
enum { OUT_WIDTH_MAX = 200 };
int out_width(void);	       /* columns of standard output; 80 when it is no terminal */
void put_cp(uint32_t cp);      /* below U+10000 */
void put_clean(const char *s); /* sanitised */
/* The same, padded to a width, or cut with a mark; negative: not padded. */
void put_cell(const struct verb_ctx *ctx, const char *s, int cells);
/* A line of `events`. */
void put_event(const struct verb_ctx *ctx, const json_t *ev, bool with_name);
/* What a session's cgroup tells of its memory, in words; false: it has none. */
bool memgroup_words(const json_t *o, char *out, size_t cap);
#endif
