#ifndef CORE_SEARCH_H
#define CORE_SEARCH_H
/* A pattern, plain or regular (PCRE2, JIT where the machine has one), over text in lines. Smart
 * case: upper case in the pattern makes case count. A match never crosses a line. Work a match may
 * cost is bounded; a line that exceeds it does not match. Text is valid UTF-8. */
#include "core/base/base.h"

struct search;
/* NULL and *e when the pattern does not compile (code 2: "… at 7"). */
struct search *search_new(const char *pattern, bool regex, struct err *e);
void search_free(struct search *s); /* NULL ok */

/* The first match in line[from..len): byte offsets of it. An empty match counts as none. */
bool search_line(
	struct search *s, const char *line, size_t len, size_t from, size_t *start, size_t *end);

struct search_hit {
	size_t line;	   /* lines before it in the text */
	size_t at, len;	   /* the line's bytes in the text, without its \n */
	size_t start, end; /* of the first match, from the line's first byte */
};
/* Lines of text (each ended by \n, the last perhaps not) that match, first to last; the callback
 * returns false to stop. */
typedef bool (*search_cb)(void *ctx, const struct search_hit *hit);
void search_text(struct search *s, const char *text, size_t len, search_cb cb, void *ctx);
#endif
