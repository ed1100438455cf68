/* Text in runs against its twin: the same bytes one at a time, which go character by character.
 * Both must leave the same screen, history and state, whatever the text is made of and wherever it
 * is cut. In debug builds the core itself compares each row's packed text with its cells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "core/text/scan.h"
#include "core/term/term.h"
#include "core/text/cp_class.h"
#include <stdlib.h>
#include <string.h>

#define OWNER 5
#ifdef MUSTER_TORTURE
#define ROUNDS(n) ((n) / 10)
#else
#define ROUNDS(n) (n)
#endif

static uint32_t seed = 1;

static uint32_t
rnd(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

/* What a line of text may be made of: each kind is taken in a way of its own. */
static const char *const words[] = {"lorem", " ", "ipsum dolor sit amet consectetur", "x", "7",
	"終端", "漢", "かなカナ", "한국어", "각ᆨ", "ᄀ", "ᅡ", "ᆨ", "─",
	"────────────────────────────", "░░▒▒▓▓██", "→", "…", "é", "ß", "λόγος", "Ω", "e\u0301",
	"o\u0302\u0323", "\u0301", "ก", "กำ", "ที่", "क्ष", "क्षि", "द", "\u093f", "☃", "❤", "❤\ufe0f",
	"☺\ufe0e", "\ufe0e", "\ufe0f", "✅", "🛠", "🛠\ufe0f", "😀", "👍🏾", "🏾",
	"👩\u200d🔬", "👩🏾\u200d🔬", "👨\u200d👩\u200d👧\u200d👦", "🏳\ufe0f\u200d🌈",
	"\u200d", "🇫🇷", "🇫", "1\ufe0f\u20e3", "\u20e3", "\u0600", "\u0600a", "，", "ｆｕｌｌ",
	"\U00020000", "\u00ad", "\u200b", "\ufffd", "\xc2\x85x", "\xff", "\xe2\x80", "\xf0\x9f\x98",
	"\xc0\xaf", "\xed\xa0\x80", "\xe0\x9f\xbf", "\xf4\x90\x80\x80", "\t"};
static const char *const controls[] = {"\r\n", "\r\n", "\r\n", "\r\n", "\r", "\n", "\b", "\033[K",
	"\033[1m", "\033[m", "\033[44m", "\033[5G", "\033[A", "\033[4h", "\033[4l", "\033[?7l",
	"\033[?7h", "\033[3P", "\033[2@", "\033[3b", "\033[1\"q", "\033[0\"q",
	"\033]8;;http://a.example\a", "\033]8;;\a", "\033[2J", "\033[1K", "\033[S", "\033(0",
	"\033(B"};

static void
put_text(struct buf *b, unsigned n, unsigned per_control)
{
	while (n--) {
		if (!rnd(per_control))
			buf_puts(b, controls[rnd(ARRAY_LEN(controls))]);
		else
			buf_puts(b, words[rnd(ARRAY_LEN(words))]);
	}
}

static struct term *
feed(struct arena *a, const struct buf *in, int cols, int rows, bool ambiguous, unsigned piece)
{
	struct term_config cfg = {
		.cols = cols, .rows = rows, .history = {.lines = 400}, .ambiguous_wide = ambiguous};
	struct term *t = term_new(a, OWNER, &cfg);
	for (size_t at = 0, n; at < in->len; at += n) {
		n = piece ? 1 + rnd(piece) : in->len;
		n = MIN(n, in->len - at);
		term_feed(t, in->data + at, n);
	}
	term_check(t);
	return t;
}

static void
dump_both(struct term *a, struct term *b)
{
	term_dump(a, stderr);
	term_dump(b, stderr);
}

static void
same(const struct buf *in, int cols, int rows, bool ambiguous, unsigned piece)
{
	struct arena *a = arena_new(0);
	struct term *whole = feed(a, in, cols, rows, ambiguous, piece);
	struct term *bytes = feed(a, in, cols, rows, ambiguous, 1);
	struct pagelist_stats x = pagelist_stats(term_pagelist(whole)),
			      y = pagelist_stats(term_pagelist(bytes));
	if (term_hash(whole) != term_hash(bytes)) {
		dump_both(whole, bytes);
		fail();
	}
	assert_int_equal(x.rows_written, y.rows_written);
	assert_int_equal(x.next_line, y.next_line);
	term_free(whole);
	term_free(bytes);
	assert_int_equal(arena_stats(a).live, 0);
	arena_free(a);
}

static void
test_mixed_text(void **state)
{
	(void)state;
	struct buf in = {0};
	for (int round = 0; round < ROUNDS(700); round++) {
		in.len = 0;
		put_text(&in, 1 + rnd(400), 3 + rnd(40));
		same(&in, 1 + (int)rnd(rnd(2) ? 90 : 24), 1 + (int)rnd(12), !rnd(5),
			rnd(2) ? 0 : 1 + rnd(300));
	}
	buf_free(&in);
}

/* Lines that leave the screen as they were printed, wider than any entry of packed text too. */
static void
test_lines(void **state)
{
	(void)state;
	struct buf in = {0};
	for (int round = 0; round < ROUNDS(60); round++) {
		in.len = 0;
		for (int line = 0; line < 120; line++) {
			for (unsigned n = rnd(30); n; n--)
				buf_puts(&in, words[rnd(ARRAY_LEN(words))]);
			buf_puts(&in, "\r\n");
		}
		same(&in, round % 8 ? 60 + (int)rnd(200) : 4000, 4 + (int)rnd(20), false,
			rnd(2) ? 0 : 2000);
	}
	buf_free(&in);
}

/* Every character of three bytes in a group, behind and before others. */
static void
test_every_group(void **state)
{
	(void)state;
	struct buf in = {0};
	for (uint32_t base = 0x800; base < 0x10000; base += 0x100) {
		in.len = 0;
		for (uint32_t cp = base; cp < base + 0x100; cp++) {
			uint32_t near = rnd(3) ? cp : 0x4e00 + rnd(0x5000);
			if (cp >= 0xd800 && cp < 0xe000)
				continue;
			buf_utf8(&in, near);
			for (unsigned n = 1 + rnd(6); n; n--)
				buf_utf8(&in, cp);
			buf_utf8(&in, near);
			if (!rnd(3))
				buf_puts(&in, "\r\n");
		}
		same(&in, 78, 6, false, 0);
		same(&in, 78, 6, false, 0); /* with the class tables made */
	}
	buf_free(&in);
}

/* Lines by the thousand, most of which never reach the screen; and what ends such a flood. */
static void
test_flood(void **state)
{
	(void)state;
	static const char *const odd[] = {"\033[1mbold\033[m\r\n", "no return\n", "bell\a\r\n",
		"é\r\n", "\r\r\n", "half", "\033[7m", "\033[m", "\033[2;5r", "\033[r\033[99;1H",
		"\033[?1049h\r\n", "\033[?1049l\r\n", "\033[20h", "\033[20l", "\033]133;A\a",
		"\033(0q\r\n\033(B"};
	struct buf in = {0};
	for (int round = 0; round < ROUNDS(150); round++) {
		int cols = 1 + (int)rnd(120), rows = 1 + (int)rnd(40);
		unsigned longest = 1 + rnd(rnd(4) ? (uint32_t)cols : 3 * (uint32_t)cols);
		in.len = 0;
		for (unsigned line = rnd(3000); line; line--) {
			if (!rnd(300))
				buf_puts(&in, odd[rnd(ARRAY_LEN(odd))]);
			for (unsigned n = rnd(longest); n; n--)
				buf_putc(&in, (uint8_t)(rnd(6) ? 0x21 + rnd(0x5e) : ' '));
			buf_puts(&in, "\r\n");
		}
		same(&in, cols, rows, false, rnd(2) ? 0 : 9000);
	}
	buf_free(&in);
}

/* The vector forms against the plain meaning of what they do. */
static void
test_group_twins(void **state)
{
	(void)state;
	cell_t cells[8], over[40], want[40];
	for (int round = 0; round < ROUNDS(50000); round++) {
		uint8_t text[64];
		cell_t tmpl = (cell_t)rnd(65536) << CELL_STYLE_SHIFT;
		uint32_t want_cp[4];
		for (int i = 0; i < 4; i++) {
			uint8_t *p = text + 3 * i;
			p[0] = (uint8_t)(rnd(9) ? 0xe0 + rnd(16) : rnd(256));
			p[1] = (uint8_t)(rnd(9) ? 0x80 + rnd(64) : rnd(256));
			p[2] = (uint8_t)(rnd(9) ? 0x80 + rnd(64) : rnd(256));
			uint32_t cp = (p[0] & 15u) << 12 | (p[1] & 63u) << 6 | (p[2] & 63u);
			bool well = p[0] >> 4 == 14 && p[1] >> 6 == 2 && p[2] >> 6 == 2;
			want_cp[i] = well && cp >= 0x800 ? cp : 0;
		}
		text[12] = (uint8_t)rnd(256);
		u32x4 cp = quad_decode(text);
		quad_narrow(cells, cp, tmpl);
		for (int i = 0; i < 4; i++)
			assert_true(cp[i] == want_cp[i] && cells[i] == (tmpl | want_cp[i]));
		quad_wide(cells, cp, tmpl);
		for (int i = 0; i < 4; i++)
			assert_true(cells[2 * i] == (tmpl | want_cp[i] | CELL_WIDE) &&
				    cells[2 * i + 1] == (tmpl | CELL_TAIL));
		size_t n = rnd(16);
		for (int i = 0; i < 40; i++)
			over[i] = want[i] = rnd(1 << 20);
		for (size_t i = 0; i < n; i++)
			want[i] = tmpl | text[i];
		widen_ascii16_over(over, text, n, tmpl);
		assert_memory_equal(over, want, 16 * sizeof(cell_t));
		assert_memory_equal(over + 32, want + 32, 8 * sizeof(cell_t));
	}
}

/* quick_class says of the basic plane what the classes say. */
static void
test_quick_classes(void **state)
{
	(void)state;
	for (uint32_t cp = 0; cp < 0x10000; cp++) {
		unsigned cls = cp_class(cp), quick = quick_class[cp];
		assert_true(!(cls & CP_QUICK) == !quick);
		if (!quick)
			continue;
		assert_true((cls & CP_PLAIN) && !(cls & CP_CONTROL) && !(cls >> CP_FLIP_SHIFT));
		assert_int_equal((cls & CP_WIDTH) == 2, (quick & QUICK_WIDE) != 0);
		assert_int_equal(
			cls & CP_HAZARD ? cls >> CP_GB_SHIFT & CP_GB_MASK : 0, quick & QUICK_GB);
		assert_true(GB_QUICK >> (cls >> CP_GB_SHIFT & CP_GB_MASK) & 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_group_twins),
		cmocka_unit_test(test_every_group), cmocka_unit_test(test_quick_classes),
		cmocka_unit_test(test_mixed_text), cmocka_unit_test(test_lines),
		cmocka_unit_test(test_flood)};
	const char *s = getenv("MUSTER_SEED");
	if (s)
		seed = (uint32_t)strtoul(s, NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
