/* Random sequences of everything the parser knows, cut at random places: the checker holds after
 * each piece, the same bytes in other pieces give the same terminal, answers stay within their
 * grammar, and no input costs much. The seed is fixed; MUSTER_SEED chooses another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "core/base/buf.h"
#include "core/text/scan.h"
#include "core/term/term.h"

static uint64_t seed = 88172645463325252ull;

static unsigned
rnd(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % n;
}

/* One random piece of terminal language. */
static void
put_token(struct buf *b)
{
	static const char *const finals = "@ABCDEFGHIJKLMPSTXZ^`abcdefghlmnrstux";
	static const char *const texts[] = {"hello ", "日本語", "é", "👨‍👩‍👧", "🇩🇪",
		"❤️", "\xcc\x81", "\xff\xfe", "\xe2\x82", "क्षि", "1️⃣", "☔︎", "a\tb",
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "\r\n",
		"\n\n\n", "\b\b", "\x0e", "\x0f", "\x18", "\x7f"};
	static const char *const odd[] = {"\0337", "\0338", "\033D", "\033M", "\033E", "\033H",
		"\033c", "\033(0", "\033(B", "\033#8", "\033#6", "\033V", "\033W", "\0336", "\0339",
		"\033N", "\033n", "\033]0;title\a", "\033]8;;http://x/\033\\", "\033]8;;\a",
		"\033]4;1;?\a", "\033P$qm\033\\", "\033P+q544e\033\\", "\033[!p", "\033[1\"q",
		"\033[?2J", "\033[2;2;4;9$z", "\033[1;1;3;5;1;2;3;1$v", "\033[88;2;2;9;9$x",
		"\033[2;1;5;9;1;7$r", "\033[3'}", "\033[2'~", "\033[4 q", "\033[2 @", "\033[3 A",
		"\033[1;1;1;9;9*y", "\033[>1u", "\033[<u", "\033]133;A\a", "\033_junk",
		"\033[?69h\033[3;9s", "\033[2;5r", "\033]52;c;aGk=\a", "\033[#{", "\033[#}"};
	static const int modes[] = {1, 2, 3, 5, 6, 7, 9, 12, 25, 40, 45, 47, 66, 69, 95, 1000, 1003,
		1006, 1045, 1047, 1048, 1049, 2004, 2026, 2027, 2048};
	switch (rnd(6)) {
	case 0:
	case 1:
		buf_puts(b, texts[rnd(ARRAY_LEN(texts))]);
		break;
	case 2:
		buf_printf(b, "\033[%u%s%u%c", rnd(30), rnd(3) ? ";" : ":", rnd(300),
			finals[rnd((unsigned)strlen(finals))]);
		break;
	case 3:
		buf_printf(b, "\033[%u;%u;%um", rnd(110), rnd(60), rnd(60));
		break;
	case 4:
		buf_puts(b, odd[rnd(ARRAY_LEN(odd))]);
		break;
	default:
		if (rnd(2))
			buf_printf(b, "\033[?%d%c", modes[rnd(ARRAY_LEN(modes))], "hlsr"[rnd(4)]);
		else
			buf_putc(b, (uint8_t)rnd(256));
	}
}

struct sink {
	struct buf reply;
};

static void
on_reply(void *ctx, const void *p, size_t n)
{
	buf_put(&((struct sink *)ctx)->reply, p, n);
}

/* Everything visible, as text: for comparing two terminals. */
static void
picture(struct term *t, struct buf *out)
{
	struct grid g = term_grid(t);
	buf_printf(out, "%dx%d %d,%d %d %d\n", g.cols, g.rows, g.cursor.row, g.cursor.col,
		g.cursor.pending_wrap, term_alt(t));
	for (int y = 0; y < g.rows; y++) {
		for (int x = 0; x < g.row[y]->len; x++) {
			uint32_t cps[CLUSTER_MAX];
			cell_t c = g.row[y]->cells[x];
			struct style s = tab_style_get(g.tab, cell_style(c));
			int n = tab_cps(g.tab, c, cps);
			for (int i = 0; i < n; i++)
				buf_printf(out, "%x,", cps[i]);
			buf_printf(out, "%x/%x/%x/%x%s;", s.fg, s.bg, s.ul, s.attrs,
				tab_link_uri(g.tab, cell_link(c)));
		}
		buf_printf(out, "|%x\n", g.row[y]->flags & (ROW_WRAP | ROW_WRAPPED));
	}
	buf_printf(out, "%llu\n", (unsigned long long)pagelist_rows(term_pagelist(t), g.cols));
}

static void
check_reply(const struct buf *r)
{
	for (size_t i = 0; i < r->len; i++)
		assert_true(r->data[i] != '\r' && r->data[i] != '\n' && r->data[i] < 0x80);
}

static void
run_pieces(struct arena *a, const struct buf *in, int cols, int rows, unsigned piece, bool resizes,
	struct buf *out)
{
	struct sink sink = {0};
	struct term_config cfg = {
		.cols = cols, .rows = rows, .history = {.lines = 50, .bytes = 1 << 20}};
	struct term *t = term_new(a, 3, &cfg);
	term_set_ops(t, &(struct term_ops){.reply = on_reply, .ctx = &sink});
	for (size_t at = 0; at < in->len;) {
		size_t n = piece ? 1 + rnd(piece) : in->len;
		n = MIN(n, in->len - at);
		term_feed(t, in->data + at, n);
		term_check(t);
		at += n;
		if (resizes && !rnd(4)) {
			term_resize(t, 1 + (int)rnd(30), 1 + (int)rnd(12));
			term_check(t);
		}
	}
	check_reply(&sink.reply);
	picture(t, out);
	buf_put(out, sink.reply.data, sink.reply.len);
	buf_free(&sink.reply);
	term_free(t);
}

static void
test_pieces(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	for (int round = 0; round < 1500; round++) {
		struct buf in = {0}, whole = {0}, cut = {0};
		int cols = 1 + (int)rnd(24), rows = 1 + (int)rnd(8);
		for (unsigned k = 1 + rnd(60); k; k--)
			put_token(&in);
		run_pieces(a, &in, cols, rows, 0, false, &whole);
		run_pieces(a, &in, cols, rows, 5, false, &cut);
		if (whole.len != cut.len || memcmp(whole.data, cut.data, whole.len)) {
			fprintf(stderr, "round %d, %dx%d:\n%s\n--\n%s\n", round, cols, rows,
				buf_cstr(&whole), buf_cstr(&cut));
			fail();
		}
		buf_free(&in);
		buf_free(&whole);
		buf_free(&cut);
	}
	arena_check(a);
	arena_free(a);
}

static void
test_resizes(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	for (int round = 0; round < 1500; round++) {
		struct buf in = {0}, out = {0};
		for (unsigned k = 1 + rnd(80); k; k--)
			put_token(&in);
		run_pieces(a, &in, 1 + (int)rnd(40), 1 + (int)rnd(12), 30, true, &out);
		buf_free(&in);
		buf_free(&out);
	}
	assert_int_equal(arena_stats(a).live, 0);
	arena_free(a);
}

static double
cpu_ms(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* 64 KiB of what is dearest, at 80x24. */
static void
test_cost(void **state)
{
	(void)state;
	static const char *const dear[] = {"\033[65535b", "a\033[9999b", "e\xcc\x81\xcc\x82",
		"\033[2J", "\033[9999S", "\033[9999L", "\033[9999@", "\033#8",
		"\033[1;1;24;80;1;2;2;1$v", "\033[1;1;24;80;1$t", "\033[1;1;1;1;24;80*y",
		"\033[?1049h\033[?1049l", "\n", "日", "\033[9999I", "\033[9999Z",
		"\033]8;;http://x/%u\a", "\033[38;5;%um", "\033c", "\033[38;2;%u;7;9mx",
		"👨‍👩‍👧", "\033[9999'}", "\0338", "\033[?3h"};
	double worst = 0;
	const char *what = "";
	for (size_t i = 0; i < ARRAY_LEN(dear); i++) {
		struct arena *a = arena_new(0);
		struct term_config cfg = {
			.cols = 80, .rows = 24, .history = {.lines = 10000, .bytes = 64 << 20}};
		struct term *t = term_new(a, 3, &cfg);
		struct buf in = {0};
		while (in.len < 65536) {
			buf_printf(&in, dear[i], (unsigned)in.len);
		}
		double start = cpu_ms();
		term_feed(t, in.data, 65536);
		double ms = cpu_ms() - start;
		if (ms > worst) {
			worst = ms;
			what = dear[i];
		}
#if !defined(MUSTER_TORTURE) /* its blocks are small, so history takes more of them */
		assert_true(arena_stats(a).resident_counted <= (1 << 20));
#endif
#if !defined(MUSTER_DEBUG)
		assert_true(ms <= 100);
#endif
		term_check(t);
		buf_free(&in);
		term_free(t);
		arena_free(a);
	}
	printf("dearest 64 KiB: %.1f ms, of %s\n", worst, what + 1);
}

static void
test_scan_twins(void **state)
{
	(void)state;
	uint8_t text[200];
	cell_t a[200], b[200];
	for (int round = 0; round < 20000; round++) {
		size_t n = rnd(190), off = rnd(8);
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = (uint8_t)(rnd(40) ? 0x20 + rnd(0x5f) : rnd(256));
		assert_int_equal(scan_ascii(text + off, n), scan_ascii_scalar(text + off, n));
		memset(a, 0, sizeof(a));
		memset(b, 0, sizeof(b));
		cell_t tmpl =
			(cell_t)rnd(65536) << CELL_STYLE_SHIFT | (rnd(2) ? CELL_PROTECTED : 0);
		widen_ascii(a + off, text + off, n, tmpl);
		widen_ascii_scalar(b + off, text + off, n, tmpl);
		assert_memory_equal(a, b, sizeof(a));
		for (size_t i = 0; i < 40; i++)
			text[i] = (uint8_t)(rnd(30) ? 0x30 + rnd(12) : rnd(256));
		assert_int_equal(scan_params(text + off), scan_params_scalar(text + off));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_resizes), cmocka_unit_test(test_cost),
		cmocka_unit_test(test_scan_twins)};
	const char *s = getenv("MUSTER_SEED");
	if (s)
		seed = strtoull(s, NULL, 10) * 2 + 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
