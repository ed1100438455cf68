#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "core/text/search.h"
#include <stdio.h>
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
	struct search *s = search_new(pattern, regex, &e);

	got[0] = 0;
	if (!s)
		return e.msg[0] ? "bad" : "no message";
	search_text(s, text, strlen(text), note, (void *)text);
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

/* A pattern that would backtrack for ever ends, and lines after it are still looked at. */
static void
test_work_is_bounded(void **state)
{
	char text[2000];
	size_t n = 0;

	(void)state;
	memset(text, 'a', 1500);
	n = 1500;
	snprintf(text + n, sizeof(text) - n, "!\nb aa\n");
	assert_string_equal(hits("(a+)+$", true, text), "1:aa;");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_work_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
