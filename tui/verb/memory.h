#ifndef TUI_VERB_MEMORY_H
#define TUI_VERB_MEMORY_H
/* Small helpers of the verbs that print figures (memory.c, top.c). */
#include "core/paint/plot.h"
#include "tui/verb/verb.h"

const char *jstr(const json_t *o, const char *key); /* "" when absent */
double jnum(const json_t *o, const char *key);	    /* NAN when absent */
const char *fmt_size(char *buf, double n);	    /* fmt_bytes; "-" for NAN. buf >= 32 */
enum plot_style out_style(const struct verb_ctx *ctx);
void put_cp(uint32_t cp);			  /* below U+10000 */
void put_clean(const char *s, int width);	  /* sanitised, padded */
void put_event(const json_t *ev, bool with_name); /* a line of `events` */
#endif
