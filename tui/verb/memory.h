#ifndef TUI_VERB_MEMORY_H
#define TUI_VERB_MEMORY_H
/* Small helpers of the verbs that print figures (memory.c, top.c). */
#include "core/paint/plot.h"
#include "tui/verb/verb.h"

const char *jstr(const json_t *o, const char *key); /* "" when absent */
double jnum(const json_t *o, const char *key);	    /* NAN when absent */
const char *fmt_size(char *buf, double n);	    /* fmt_bytes; "-" for NAN. buf >= 32 */
enum plot_style out_style(const struct verb_ctx *ctx);
void put_cp(uint32_t cp);      /* below U+10000 */
void put_clean(const char *s); /* sanitised */
/* The same, padded to a width, or cut with a mark; negative: not padded. */
void put_cell(const struct verb_ctx *ctx, const char *s, int cells);
/* A line of `events`. */
void put_event(const struct verb_ctx *ctx, const json_t *ev, bool with_name);
int out_width(void); /* columns of standard output; 80 when it is no terminal */

/* Draws anew every two seconds until q, Escape or a signal. picture: an exit code, not EXIT_OK ends
 * it; key (NULL ok) gets every other key. */
int refresh_loop(struct verb_ctx *ctx, int (*picture)(struct verb_ctx *ctx, void *arg, int rows),
	void (*key)(void *arg, char c), void *arg);
/* Says on stderr that memory is short for what was started, and what would help; nothing if it is
 * not. guard: of a reply. */
void guard_warn(const struct verb_ctx *ctx, const json_t *guard);
/* What a session's cgroup tells of its memory, in words; false: it has none. */
bool memgroup_words(const json_t *o, char *out, size_t cap);
/* history --ages, --categories, --roles. Exit codes. since: seconds back, 0 all. */
int history_ages(struct verb_ctx *ctx);
int history_parts(struct verb_ctx *ctx, const char *id, double since, bool roles);
#endif
