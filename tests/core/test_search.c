#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "core/text/search.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char got[1024];

static bool
note(void *ctx, const struct search_hit *h)
{
	const char *text = ctx;
	size_t n = strlen(got);

	snprintf(got + n, sizeof(got) - n, "%zu:%.*s;", h->line, (int)(h->end - h->start),
		text + h->at + h->start);
	return true;
}

static const char *
hits(const char *pattern, bool regex, const char *text)
{
	struct err e = {0};
	struct search *s = search_new(pattern, regex ? SEARCH_REGEX : SEARCH_PLAIN, &e);
	struct search_place from = {0};

	got[0] = 0;
	if (!s)
		return e.msg[0] ? "bad" : "no message";
	assert_int_equal(
		search_text(s, text, strlen(text), &from, UINT64_MAX, note, (void *)text), 0);
	search_free(s);
	return got;
}

static void
test_lines(void **state)
{
	static const struct {
		const char *pattern;
		bool regex;
		const char *text, *want;
	} t[] = {
		{"err", false, "an error\nnone\nERR 5\n", "0:err;2:ERR;"},
		{"Err", false, "an error\nErr\n", "1:Err;"},
		{"a.c", false, "abc\na.c\n", "1:a.c;"},
		{"a.c", true, "abc\nxa.c", "0:abc;1:a.c;"},
		{"^b", true, "ab\nba\n\nb", "1:b;3:b;"},
		{"x\\s+y", true, "x\ny\nx  y\n", "2:x  y;"},
		{"a[^z]*z", true, "a\nz\naz\n", "2:az;"},
		{"q*", true, "\n\nqq\n", "2:qq;"},
		{"\u6f22", false, "x\u6f22\u5b57\n", "0:\u6f22;"},
		{"o", false, "foo\n", "0:o;"},
		{"nothing", false, "", ""},
		{"(", true, "x", "bad"},
		{"", false, "x", "bad"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		assert_string_equal(hits(t[i].pattern, t[i].regex, t[i].text), t[i].want);
}

static bool
count(void *ctx, const struct search_hit *h)
{
	++*(size_t *)ctx;
	assert_true(h->end > h->start);
	return true;
}

/* So many lines of n times `what` and a last character. */
static char *
lines_of(size_t lines, const char *what, size_t n, const char *last)
{
	char *text = calloc(lines, n * strlen(what) + strlen(last) + 2), *to = text;

	assert_non_null(text);
	while (lines--) {
		for (size_t i = 0; i < n; i++)
			to = stpcpy(to, what);
		to = stpcpy(stpcpy(to, last), "\n");
	}
	return text;
}

/* What would go on for ever ends at the line that is too much, with the hits before it told. */
static void
test_a_costly_line_is_told(void **state)
{
	static const struct {
		const char *pattern, *what;
		size_t n;
	} t[] = {
		{"(a+)+$", "a", 60},
		{"(a|aa)+$", "a", 60},
		{"(.*)*(.*)*[0-9]$", "ab", 200},
		{"[^z]*[^y]*[yz]", "abc", 60000}, /* no backtracking counts here, but running */
		{"[^z]*(?=[y-z])", "a", 200000},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		char *bad = lines_of(1, t[i].what, t[i].n, "!"), *text;
		struct search_place from = {0};
		struct search *s;
		size_t hits = 0;
		struct err e;

		assert_true(asprintf(&text, "b aaz1\n%s", bad) > 0);
		assert_non_null(s = search_new(t[i].pattern, SEARCH_REGEX, &e));
		assert_int_equal(
			search_text(s, text, strlen(text), &from, UINT64_MAX, count, &hits),
			-E2BIG);
		assert_int_equal(from.line, 1);
		assert_int_equal(from.at, 7);
		search_free(s);
		free(text);
		free(bad);
	}
}

/* No line is too much, but all of them are. */
static void
test_all_lines_together_are_bounded(void **state)
{
	char *text = lines_of(20000, "a", 100, "!");
	struct search_place from = {0};
	struct search *s;
	size_t hits = 0;
	struct err e;

	(void)state;
	assert_non_null(s = search_new("a+a+[b-d]$", SEARCH_REGEX, &e));
	assert_int_equal(
		search_text(s, text, strlen(text), &from, UINT64_MAX, count, &hits), -E2BIG);
	assert_true(from.line > 100 && from.line < 20000);
	search_free(s);
	free(text);
}

/* A slice looks at a line at least; what slices find is what one call finds. */
static void
test_it_goes_on_in_slices(void **state)
{
	char *text = lines_of(1000, "word ", 20, "x"), *hard = lines_of(3, "a", 100, "!");
	struct search_place from = {0};
	size_t hits = 0, slices = 1;
	struct search *s;
	struct err e;

	(void)state;
	assert_non_null(s = search_new("d x$", SEARCH_REGEX, &e));
	for (int rc; (rc = search_text(s, text, strlen(text), &from, 0, count, &hits)); slices++)
		assert_int_equal(rc, -EAGAIN);
	assert_int_equal(hits, 1000);
	assert_true(slices > 10);
	search_free(s);
	from = (struct search_place){0};
	assert_non_null(s = search_new("a+a+[b-d]$", SEARCH_REGEX, &e));
	assert_int_equal(search_text(s, hard, strlen(hard), &from, 0, count, &hits), -EAGAIN);
	assert_int_equal(from.line, 1);
	search_free(s);
	free(hard);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_a_costly_line_is_told),
		cmocka_unit_test(test_all_lines_together_are_bounded),
		cmocka_unit_test(test_it_goes_on_in_slices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
