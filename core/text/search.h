#ifndef CORE_SEARCH_H
#define CORE_SEARCH_H
/* A pattern, plain or regular (PCRE2, JIT where the machine has one), over text.
 *
 * Work is counted in steps of the engine (some nanoseconds each), so that whoever wrote the pattern
 * cannot hold up the thread: one line may cost so much, all lines together may, and a search over
 * many stops when its time is over, to go on later. What runs into a bound is told as too costly.
 * Text is valid UTF-8, unless a rule looks at it. */
#include "core/base/base.h"

struct search;
enum search_kind {
	SEARCH_PLAIN, /* as it stands; smart case: upper case in it makes case count */
	SEARCH_REGEX, /* smart case; a match never crosses a line */
	SEARCH_RULE,  /* as written, any bytes; matches may cross lines (search_rule) */
};
/* NULL and *e when the pattern does not compile (code 2: "bad pattern: … at 7"). */
struct search *search_new(const char *pattern, enum search_kind kind, struct err *e);
void search_free(struct search *s); /* NULL ok */

#define SEARCH_STEPS 1000000u /* about 5 ms */
/* What search_line may cost from here on, all calls together. */
void search_allow(struct search *s, uint64_t steps);
/* The first match in line[from..len): byte offsets of it. An empty match counts as none. 1, 0 none,
 * -E2BIG too costly. */
int search_line(
	struct search *s, const char *line, size_t len, size_t from, size_t *start, size_t *end);
/* The first match of a rule in text, empty ones too: byte offsets of its group (0: of all of it).
 * Returns as search_line does; 0 also when the group took no part. */
int search_rule(
	struct search *s, const char *text, size_t len, int group, size_t *start, size_t *end);

struct search_hit {
	size_t line;	   /* lines before it in the text */
	size_t at, len;	   /* the line's bytes in the text, without its \n */
	size_t start, end; /* of the first match, from the line's first byte */
};
/* Where in the text a search is: at and line begin at 0 and are moved. */
struct search_place {
	size_t at, line;
};
/* Lines of text (each ended by \n, the last perhaps not) that match, first to last; the callback
 * returns false to stop, and may look for more in the hit's line. 0 when all has been looked at or
 * it stopped; -EAGAIN: it is later than until_ns (os_mono_ns; a line at least has been looked at),
 * call again with *from as it is; -E2BIG: the line at *from is too costly, or all together are. */
typedef bool (*search_cb)(void *ctx, const struct search_hit *hit);
int search_text(struct search *s, const char *text, size_t len, struct search_place *from,
	uint64_t until_ns, search_cb cb, void *ctx);
#endif
