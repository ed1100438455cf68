/* Each line is a subject of its own, so that no match crosses its end and what it costs is known.
 *
 * PCRE2's own limits do not bound time: they count anew at every place where a match may start, and
 * a run through a class of characters counts as nothing. So patterns are compiled with callouts
 * before each item; these count how often the engine comes by and how far it went since. */
#include "core/text/search.h"
#include "core/os/os.h"
#define PCRE2_CODE_UNIT_WIDTH 8
#include <errno.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#define HEAP_LIMIT_KB 4096u
#define JIT_STACK_MIN 32768u
#define JIT_STACK_MAX (1u << 20)
#define BYTES_A_STEP 8u /* that the engine ran through */
/* Between two looks at the clock. */
#define LOOK_LINES 64u
#define LOOK_STEPS 20000u
/* All lines together: so much for each byte, and something to begin with (a second or so). */
#define STEPS_A_BYTE 64u
#define STEPS_FREE 200000000u

struct search {
	enum search_kind kind;
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *ctx;
	bool jit; /* has been tried */
	pcre2_jit_stack *stack;
	uint64_t allowed;      /* steps */
	size_t last;	       /* where the engine was at the last callout */
	uint64_t steps, bytes; /* of all texts */
};

static int
on_callout(pcre2_callout_block *c, void *ctx)
{
	struct search *s = ctx;
	size_t at = c->current_position;
	uint64_t cost = 1 + (at > s->last ? at - s->last : s->last - at) / BYTES_A_STEP;

	s->last = at;
	if (cost > s->allowed)
		return PCRE2_ERROR_CALLOUT;
	s->allowed -= cost;
	return 0;
}

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

static uint32_t
flags_of(const char *pattern, enum search_kind kind)
{
	/* UCP: without it the JIT compiler of PCRE2 10.42 takes no letter beyond ASCII for a \S
	 * where the text may hold any bytes */
	static const uint32_t flags[] = {
		[SEARCH_PLAIN] = PCRE2_LITERAL,
		[SEARCH_REGEX] = PCRE2_NEVER_BACKSLASH_C,
		[SEARCH_RULE] = PCRE2_MATCH_INVALID_UTF | PCRE2_UCP,
	};
	uint32_t f = flags[kind] | PCRE2_UTF | PCRE2_AUTO_CALLOUT;

	if (kind != SEARCH_RULE && !has_upper(pattern, kind == SEARCH_REGEX))
		f |= PCRE2_CASELESS;
	return f;
}

struct search *
search_new(const char *pattern, enum search_kind kind, struct err *e)
{
	struct search *s;
	pcre2_code *code;
	PCRE2_SIZE at;
	int rc;

	if (!*pattern) {
		err_set(e, 2, "the pattern is empty");
		return NULL;
	}
	code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, flags_of(pattern, kind),
		&rc, &at, NULL);
	if (!code) {
		PCRE2_UCHAR why[120];

		pcre2_get_error_message(rc, why, sizeof(why));
		err_set(e, 2, "bad pattern: %s at %zu", (char *)why, (size_t)at);
		return NULL;
	}
	s = xcalloc(1, sizeof(*s));
	s->kind = kind;
	s->code = code;
	s->match = pcre2_match_data_create_from_pattern(code, NULL);
	s->ctx = pcre2_match_context_create(NULL);
	CHECK(s->match && s->ctx);
	pcre2_set_callout(s->ctx, on_callout, s);
	pcre2_set_heap_limit(s->ctx, HEAP_LIMIT_KB);
	return s;
}

void
search_free(struct search *s)
{
	if (!s)
		return;
	pcre2_match_context_free(s->ctx);
	pcre2_jit_stack_free(s->stack);
	pcre2_match_data_free(s->match);
	pcre2_code_free(s->code);
	free(s);
}

void
search_allow(struct search *s, uint64_t steps)
{
	s->allowed = steps;
}

/* On its first use: most rules of most profiles never get one. Without it all is only slower. */
static void
to_machine_code(struct search *s)
{
	s->jit = true;
	if (pcre2_jit_compile(s->code, PCRE2_JIT_COMPLETE) < 0)
		return;
	s->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
	if (s->stack)
		pcre2_jit_stack_assign(s->ctx, NULL, s->stack);
}

/* The first match at or after `from`, empty ones included: where its group is. */
static int
find_group(struct search *s, const char *text, size_t len, size_t from, int group, size_t *start,
	size_t *end)
{
	uint32_t flags = s->kind == SEARCH_RULE ? 0 : PCRE2_NO_UTF_CHECK;
	const PCRE2_SIZE *ov;
	int rc;

	if (!s->jit)
		to_machine_code(s);
	s->last = from;
	rc = pcre2_match(s->code, (PCRE2_SPTR)text, len, from, flags, s->match, s->ctx);
	if (rc < 0)
		return rc == PCRE2_ERROR_NOMATCH ? 0 : -E2BIG;
	if ((uint32_t)group >= pcre2_get_ovector_count(s->match))
		return 0;
	ov = pcre2_get_ovector_pointer(s->match) + 2 * group;
	if (ov[0] == PCRE2_UNSET)
		return 0;
	*start = ov[0];
	*end = MAX(ov[0], ov[1]);
	return 1;
}

static int
find(struct search *s, const char *text, size_t len, size_t from, size_t *start, size_t *end)
{
	return find_group(s, text, len, from, 0, start, end);
}

int
search_rule(struct search *s, const char *text, size_t len, int group, size_t *start, size_t *end)
{
	return find_group(s, text, len, 0, group, start, end);
}

static size_t
next_char(const char *text, size_t len, size_t at)
{
	do
		at++;
	while (at < len && ((unsigned char)text[at] & 0xc0) == 0x80);
	return at;
}

int
search_line(struct search *s, const char *line, size_t len, size_t from, size_t *start, size_t *end)
{
	int rc;

	while (from < len) {
		if ((rc = find(s, line, len, from, start, end)) <= 0)
			return rc;
		if (*end > *start)
			return 1;
		from = next_char(line, len, MAX(*start, from));
	}
	return 0;
}

/* One line: 0 or -E2BIG. */
static int
text_line(struct search *s, const char *text, const struct search_place *at, size_t n, search_cb cb,
	void *ctx, bool *more)
{
	struct search_hit h = {.line = at->line, .at = at->at, .len = n};
	int rc;

	search_allow(s, SEARCH_STEPS);
	rc = search_line(s, text + at->at, n, 0, &h.start, &h.end);
	*more = rc <= 0 || cb(ctx, &h);
	s->steps += SEARCH_STEPS - s->allowed;
	s->bytes += n;
	if (s->steps > STEPS_FREE + STEPS_A_BYTE * s->bytes)
		return -E2BIG;
	return MIN(rc, 0);
}

int
search_text(struct search *s, const char *text, size_t len, struct search_place *from,
	uint64_t until_ns, search_cb cb, void *ctx)
{
	uint64_t looked = s->steps;
	unsigned lines = 0;
	bool more = true;
	int rc;

	while (from->at < len && more) {
		const char *nl = memchr(text + from->at, '\n', len - from->at);
		size_t n = (nl ? (size_t)(nl - text) : len) - from->at;

		if ((rc = text_line(s, text, from, n, cb, ctx, &more)) < 0)
			return rc;
		from->at = MIN(from->at + n + 1, len);
		from->line++;
		if (++lines % LOOK_LINES && s->steps - looked < LOOK_STEPS)
			continue;
		if (from->at < len && more && os_mono_ns() > until_ns)
			return -EAGAIN;
		looked = s->steps;
	}
	return 0;
}
