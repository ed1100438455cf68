/* Several lines being typed: keys, pastes of any length, where the caret is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "tui/term/key_names.h"
#include "tui/term/lines_edit.h"

static struct lines_edit t;

static bool
key(const char *name)
{
	struct input_event ev = {0};
	assert_true(key_parse(name, &ev));
	return lines_input(&t, &ev);
}

static void
type(const char *s)
{
	for (; *s; s++) {
		struct input_event ev = {.type = INPUT_KEY, .key = (uint8_t)*s};
		assert_true(lines_input(&t, &ev));
	}
}

static void
paste(const char *s, size_t n)
{
	const struct input_event ev = {.type = INPUT_PASTE, .bytes = (const uint8_t *)s, .len = n};
	assert_true(lines_input(&t, &ev));
}

/* The text, its caret as |. */
static void
is(const char *want)
{
	char got[256];
	snprintf(got, sizeof got, "%.*s|%.*s", (int)t.at, t.text.len ? (char *)t.text.data : "",
		(int)(t.text.len - t.at), t.text.len ? (char *)t.text.data + t.at : "");
	assert_string_equal(got, want);
}

static void
keys_edit(void **state)
{
	(void)state;
	assert_false(key("Enter"));
	assert_false(key("Tab"));
	assert_false(key("C-e")); /* the form's */
	type("one");
	assert_true(key("S-Enter"));
	type("two");
	key("M-Enter");
	key("C-j");
	type("x");
	is("one\ntwo\n\nx|");
	key("BSpace");
	key("BSpace");
	is("one\ntwo\n|");
	key("Left");
	is("one\ntwo|\n");
	key("Up");
	is("one|\ntwo\n");
	key("Home");
	key("Right");
	assert_false(key("Up")); /* there is none: the form may go on */
	key("Down");
	is("one\nt|wo\n");
	key("Delete");
	is("one\nt|o\n");
	key("C-k");
	key("C-u");
	is("one\n|\n");
	key("Down");
	assert_false(key("Down"));
	is("one\n\n|");
	type("say it");
	key("C-w");
	is("one\n\nsay |");
	lines_free(&t);
}

/* Wide and joined characters count as one; what is no text is left out. */
static void
graphemes_and_controls(void **state)
{
	static const char mixed[] = "a\033[31m\302\233b\tc\r\nd\re\nf\0g\377";
	(void)state;
	paste("e\314\201\346\274\242", 6);
	key("Left");
	key("Left");
	is("|e\314\201\346\274\242");
	key("Right");
	is("e\314\201|\346\274\242");
	key("BSpace");
	is("|\346\274\242");
	lines_free(&t);
	paste(mixed, sizeof mixed - 1);
	is("a[31mb\tc\nd\ne\nfg\357\277\275|");
	assert_int_equal(t.pasted, 4);
	assert_int_equal(lines_count(&t), 4);
	key("Left");
	assert_int_equal(t.pasted, 0);
	lines_free(&t);
}

static void
lines_and_limits(void **state)
{
	size_t n, before;
	struct buf big = {0};
	(void)state;
	assert_int_equal(lines_count(&t), 1);
	lines_at(&t, 0, &n);
	assert_int_equal(n, 0);
	lines_set(&t, "ab\ncde\n\nf\r\n\n", 12); /* a file's last line end is not a line */
	assert_int_equal(lines_count(&t), 4);
	assert_int_equal(lines_caret(&t, &before), 3);
	assert_int_equal(before, 1);
	assert_memory_equal(lines_at(&t, 1, &n), "cde", 3);
	assert_int_equal(n, 3);
	lines_at(&t, 2, &n);
	assert_int_equal(n, 0);
	lines_free(&t);
	for (size_t i = 0; i < LINES_EDIT_MAX / 2; i++)
		buf_puts(&big, i % 40 ? "x" : "\n");
	paste((char *)big.data, big.len);
	assert_false(t.full);
	assert_int_equal(t.text.len, big.len);
	paste((char *)big.data, big.len);
	paste("y", 1); /* exactly to the limit, and beyond */
	assert_true(t.full);
	assert_int_equal(t.text.len, 2 * big.len);
	buf_free(&big);
	lines_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_edit),
		cmocka_unit_test(graphemes_and_controls),
		cmocka_unit_test(lines_and_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
