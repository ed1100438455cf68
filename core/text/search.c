/* The whole text is one subject: the engine runs over it without being called for every line, and
 * only a candidate's own line is looked at by itself, so that no match crosses a line end. */
#include "core/text/search.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#define MATCH_LIMIT 1000000u /* backtracking steps a call */
#define HEAP_LIMIT_KB 4096u

struct search {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *ctx;
};

/* Letters of escapes such as \S or \W do not make case count. */
static bool
has_upper(const char *p, bool regex)
{
	for (; *p; p++) {
		if (regex && *p == '\\' && p[1])
			p++;
		else if (*p >= 'A' && *p <= 'Z')
			return true;
	}
	return false;
}

struct search *
search_new(const char *pattern, bool regex, struct err *e)
{
	uint32_t flags = PCRE2_UTF | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C;
	struct search *s;
	pcre2_code *code;
	PCRE2_SIZE at;
	int rc;

	if (!*pattern) {
		err_set(e, 2, "the pattern is empty");
		return NULL;
	}
	if (!regex)
		flags = PCRE2_UTF | PCRE2_LITERAL;
	if (!has_upper(pattern, regex))
		flags |= PCRE2_CASELESS;
	code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, flags, &rc, &at, NULL);
	if (!code) {
		PCRE2_UCHAR why[120];

		pcre2_get_error_message(rc, why, sizeof(why));
		err_set(e, 2, "bad pattern: %s at %zu", (char *)why, (size_t)at);
		return NULL;
	}
	s = xcalloc(1, sizeof(*s));
	s->code = code;
	pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* without it, only slower */
	s->match = pcre2_match_data_create_from_pattern(code, NULL);
	s->ctx = pcre2_match_context_create(NULL);
	CHECK(s->match && s->ctx);
	pcre2_set_match_limit(s->ctx, MATCH_LIMIT);
	pcre2_set_heap_limit(s->ctx, HEAP_LIMIT_KB);
	return s;
}

void
search_free(struct search *s)
{
	if (!s)
		return;
	pcre2_match_context_free(s->ctx);
	pcre2_match_data_free(s->match);
	pcre2_code_free(s->code);
	free(s);
}

enum found { FOUND_NONE, FOUND_MATCH, FOUND_TOO_HARD };

/* The first match at or after `from`, empty ones included. */
static enum found
find(struct search *s, const char *text, size_t len, size_t from, size_t *start, size_t *end)
{
	const PCRE2_SIZE *ov;

	int rc = pcre2_match(
		s->code, (PCRE2_SPTR)text, len, from, PCRE2_NO_UTF_CHECK, s->match, s->ctx);

	if (rc < 0)
		return rc == PCRE2_ERROR_NOMATCH ? FOUND_NONE : FOUND_TOO_HARD;
	ov = pcre2_get_ovector_pointer(s->match);
	*start = ov[0];
	*end = MAX(ov[0], ov[1]);
	return FOUND_MATCH;
}

static size_t
next_char(const char *text, size_t len, size_t at)
{
	do
		at++;
	while (at < len && ((unsigned char)text[at] & 0xc0) == 0x80);
	return at;
}

bool
search_line(struct search *s, const char *line, size_t len, size_t from, size_t *start, size_t *end)
{
	while (from < len && find(s, line, len, from, start, end) == FOUND_MATCH) {
		if (*end > *start)
			return true;
		from = next_char(line, len, MAX(*start, from));
	}
	return false;
}

void
search_text(struct search *s, const char *text, size_t len, search_cb cb, void *ctx)
{
	struct search_hit h = {0};
	size_t at = 0, counted = 0, start, end;
	enum found f;

	while (at < len && (f = find(s, text, len, at, &start, &end)) != FOUND_NONE) {
		const char *nl, *bol;

		if (f == FOUND_TOO_HARD) /* somewhere from here on: this line by itself */
			start = at;
		bol = start ? memrchr(text, '\n', start) : NULL;
		h.at = bol ? (size_t)(bol - text) + 1 : 0;
		nl = memchr(text + start, '\n', len - start);
		h.len = (nl ? (size_t)(nl - text) : len) - h.at;
		for (const char *p = text + counted;
			(p = memchr(p, '\n', (size_t)(text + h.at - p))); p++)
			h.line++;
		counted = h.at;
		if (search_line(s, text + h.at, h.len, 0, &h.start, &h.end) && !cb(ctx, &h))
			return;
		at = h.at + h.len + 1;
	}
}
