/* Blocks in files: the same text as before, through every way of reading; what cannot be read says
 * so and comes back when it can be; limits and checkpoints know them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "core/term/term.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static struct buf disk;
static bool broken, slow;
static struct {
	uint64_t off;
	size_t len;
} asked[64];
static unsigned n_asked;

static int
disk_read(void *ctx, uint64_t off, void *bytes, size_t len)
{
	(void)ctx;
	if (broken || off + len > disk.len)
		return -EIO;
	if (slow) {
		assert_true(n_asked < 64);
		asked[n_asked].off = off;
		asked[n_asked++].len = len;
		return -EAGAIN;
	}
	memcpy(bytes, disk.data + off, len);
	return 0;
}

static const struct pagelist_file_ops ops = {.read = disk_read};

static struct term *
filled(struct arena *a, int lines)
{
	struct term *t = term_new(a, 3,
		&(struct term_config){
			.cols = 60, .rows = 5, .history = {.lines = 5000, .bytes = 1 << 24}});
	char line[200];

	for (int i = 0; i < lines; i++) {
		int n = snprintf(line, sizeof(line),
			"\x1b[3%dmline %d of \u6f22\u5b57 %.*s\x1b[m\r\n", i % 8, i, i % 90,
			"some words that go on and on until the row is full and then wraps to "
			"another one, "
			"or not");

		term_feed(t, line, (size_t)n);
	}
	return t;
}

static unsigned
spill_all(struct pagelist *h)
{
	struct pagelist_spill sp;
	unsigned n = 0;

	while (pagelist_spill_next(h, 0, &sp)) {
		uint64_t off = disk.len;

		buf_put(&disk, sp.bytes, sp.len);
		assert_true(pagelist_spill_done(h, sp.uid, off));
		assert_false(pagelist_spill_done(h, sp.uid, off));
		n++;
	}
	return n;
}

static void
on_row(void *ctx, const struct row *row, const struct tab *t, struct pin at)
{
	struct buf *b = ctx;
	uint32_t cps[CLUSTER_MAX];

	(void)at;
	for (int x = 0; x < row->len; x++) {
		int n = tab_cps(t, row->cells[x], cps);

		for (int i = 0; i < n; i++)
			buf_utf8(b, cps[i]);
	}
	buf_putc(b, '\n');
}

static char *
all_text(struct pagelist *h, int cols)
{
	static struct buf b;

	b.len = 0;
	pagelist_read(h, cols, 0, pagelist_rows(h, cols), on_row, &b);
	return buf_cstr(&b);
}

static void
test_the_same_text_out_of_files(void **state)
{
	struct arena *a = arena_new(0);
	struct term *t = filled(a, 3000);
	struct pagelist *h = term_pagelist(t);
	char *want60 = strdup(all_text(h, 60)), *want37 = strdup(all_text(h, 37));
	uint64_t hash = pagelist_hash(h), live;
	struct pagelist_stats st;

	(void)state;
	pagelist_set_files(h, &ops);
	pagelist_seal_all(h);
	live = arena_stats(a).live;
	assert_true(spill_all(h) > 0);
	pagelist_check(h);
	pagelist_saved(h);
	st = pagelist_stats(h);
	assert_int_equal(st.packed_bytes, 0);
	assert_true(st.spilled_bytes > 0 && st.spilled_bytes == disk.len);
	assert_true(arena_stats(a).live < live);
	pagelist_cache_drop(a);
	assert_true(pagelist_hash(h) == hash);
	assert_string_equal(all_text(h, 60), want60);
	assert_string_equal(all_text(h, 37), want37);
	assert_int_equal(pagelist_file_floor(h), 0);
	/* more lines push the oldest blocks out: the floor rises */
	for (int i = 0; i < 4000; i++)
		term_feed(t, "more\r\n", 6);
	assert_true(pagelist_file_floor(h) > 0);
	term_check(t);
	free(want60);
	free(want37);
	term_free(t);
	arena_check(a);
	assert_int_equal(arena_stats(a).live, 0);
	arena_free(a);
	buf_free(&disk);
}

static void
test_what_cannot_be_read_says_so(void **state)
{
	struct arena *a = arena_new(0);
	struct term *t = filled(a, 1000);
	struct pagelist *h = term_pagelist(t);
	char *want = strdup(all_text(h, 60));
	uint8_t kept;

	(void)state;
	pagelist_set_files(h, &ops);
	pagelist_seal_all(h);
	spill_all(h);
	pagelist_cache_drop(a);
	broken = true;
	assert_non_null(strstr(all_text(h, 50), "[history unavailable]"));
	broken = false;
	pagelist_file_retry(h);
	assert_string_equal(all_text(h, 60), want);
	/* a flipped bit anywhere is seen */
	for (size_t i = 0; i < disk.len; i += 997) {
		kept = disk.data[i];
		disk.data[i] ^= 0x20;
		pagelist_cache_drop(a);
		pagelist_file_retry(h);
		assert_non_null(strstr(all_text(h, 60), "[history unavailable]"));
		disk.data[i] = kept;
	}
	pagelist_cache_drop(a);
	pagelist_file_retry(h);
	assert_string_equal(all_text(h, 60), want);
	free(want);
	term_free(t);
	arena_free(a);
	buf_free(&disk);
}

static void
test_a_checkpoint_names_files(void **state)
{
	struct arena *a = arena_new(0), *other = arena_new(0);
	struct term *t = filled(a, 2000), *u;
	uint64_t hash;
	struct buf b = {0};
	struct rd r;

	(void)state;
	pagelist_seal_all(term_pagelist(t));
	spill_all(term_pagelist(t));
	pagelist_set_files(term_pagelist(t), &ops);
	term_save(t, &b);
	hash = term_hash(t);
	/* as after a reboot: another arena, nothing in memory */
	r = rd_init(b.data, b.len);
	u = term_restore(other, 3, &r);
	assert_non_null(u);
	pagelist_set_files(term_pagelist(u), &ops);
	assert_true(term_hash(u) == hash);
	term_check(u);
	term_free(u);
	term_free(t);
	arena_free(a);
	arena_free(other);
	buf_free(&b);
	buf_free(&disk);
}

static void
print_lines(struct term *t, int from, int to)
{
	char line[100];

	for (int i = from; i < to; i++) {
		int n = snprintf(line, sizeof(line), "%d: something was done in %d ms\r\n", i,
			i * 37 % 1000);

		term_feed(t, line, (size_t)n);
	}
}

/* What was asked for comes, last asked first; how many. */
static unsigned
let_come(struct pagelist *h, bool readable)
{
	unsigned n = n_asked;

	while (n_asked) {
		n_asked--;
		pagelist_file_came(h, asked[n_asked].off,
			readable ? disk.data + asked[n_asked].off : NULL, asked[n_asked].len);
	}
	return n;
}

/* Looks until nothing is awaited. */
static char *
text_when_it_came(struct pagelist *h, int cols)
{
	char *text;
	int looks = 0;

	while (text = all_text(h, cols), pagelist_awaits(h)) {
		assert_true(let_come(h, true) > 0);
		assert_true(++looks < 100);
	}
	return text;
}

/* Bytes that come later: each block is asked for once, what is shown in between is known not to be
 * the text, and it is the same text when all came; what cannot be read says so, and is asked for
 * again only when it may be there again. */
static void
test_bytes_come_later(void **state)
{
	struct arena *a = arena_new(0);
	struct term *t = filled(a, 400);
	struct pagelist *h = term_pagelist(t);
	unsigned n;
	char *want;

	(void)state;
	disk.len = 0;
	pagelist_set_files(h, &ops);
	pagelist_seal_all(h);
	want = strdup(all_text(h, 37));
	n = spill_all(h);
	assert_true(n > 0);
	slow = true;
	pagelist_rows(h, 38);
	pagelist_rows(h, 38);
	assert_true(pagelist_awaits(h));
	assert_int_equal(n_asked, n);
	assert_string_equal(text_when_it_came(h, 37), want);
	pagelist_cache_drop(a);
	pagelist_rows(h, 36);
	let_come(h, false);
	assert_false(pagelist_awaits(h));
	assert_non_null(strstr(all_text(h, 36), "[history unavailable]"));
	assert_int_equal(n_asked, 0);
	pagelist_file_retry(h);
	assert_string_equal(text_when_it_came(h, 37), want);
	slow = false;
	free(want);
	term_free(t);
	arena_free(a);
}

/* A few lines that are to grow together with as many in a file: merging waits for these, and nothing
 * else is done with either meanwhile. */
static void
test_merging_waits(void **state)
{
	struct arena *a = arena_new(0);
	struct term *t = filled(a, 8);
	struct pagelist *h = term_pagelist(t);

	(void)state;
	disk.len = 0;
	pagelist_set_files(h, &ops);
	pagelist_seal_all(h);
	assert_int_equal(spill_all(h), 1);
	pagelist_cache_drop(a);
	slow = true;
	for (int i = 0; i < 4; i++)
		term_feed(t, "and more\r\n", 10);
	pagelist_seal_all(h);
	assert_true(pagelist_awaits(h));
	assert_int_equal(spill_all(h), 0);
	assert_true(pagelist_stats(h).hot_bytes > 0);
	assert_int_equal(let_come(h, true), 1);
	pagelist_seal_all(h);
	assert_false(pagelist_awaits(h));
	pagelist_check(h);
	assert_int_equal(spill_all(h), 1);
	assert_int_equal(pagelist_stats(h).hot_bytes + pagelist_stats(h).packed_bytes, 0);
	assert_non_null(strstr(text_when_it_came(h, 37), "line 0 of"));
	slow = false;
	term_free(t);
	arena_free(a);
}

/* A session that says a few lines now and then, each time written to files: its blocks grow
 * together again, so that in the end they are few, and cost what those of a flood cost. */
static void
test_small_pieces_grow_together(void **state)
{
	struct arena *a = arena_new(0);
	struct term_config c = {
		.cols = 60, .rows = 5, .history = {.lines = 5000, .bytes = 1 << 24}};
	struct term *trickle = term_new(a, 3, &c), *flood = term_new(a, 4, &c);
	struct pagelist *h = term_pagelist(trickle);
	struct buf none = {0};
	char *want;

	(void)state;
	disk.len = 0;
	pagelist_set_files(h, &ops);
	for (int i = 0; i < 3000; i += 3) {
		print_lines(trickle, i, i + 3);
		pagelist_seal_all(h);
		spill_all(h);
		/* every line is in a file, however few they are */
		assert_int_equal(pagelist_stats(h).hot_bytes + pagelist_stats(h).packed_bytes, 0);
		pagelist_save(h, &none);
		pagelist_saved(h);
		none.len = 0;
	}
	pagelist_check(h);
	print_lines(flood, 0, 3000);
	pagelist_seal_all(term_pagelist(flood));
	assert_true(pagelist_stats(h).spilled_bytes <
		    pagelist_stats(term_pagelist(flood)).packed_bytes * 5 / 4 + 2000);
	assert_true(disk.len < 20 * pagelist_stats(h).spilled_bytes);
	want = strdup(all_text(term_pagelist(flood), 60));
	assert_string_equal(all_text(h, 60), want);
	/* a piece that cannot be read is left alone, and the new lines stay readable */
	broken = true;
	print_lines(trickle, 3000, 3003);
	pagelist_seal_all(h);
	pagelist_check(h);
	broken = false;
	pagelist_file_retry(h);
	print_lines(flood, 3000, 3003);
	free(want);
	want = strdup(all_text(term_pagelist(flood), 60));
	assert_string_equal(all_text(h, 60), want);
	free(want);
	buf_free(&none);
	term_free(trickle);
	term_free(flood);
	arena_free(a);
}

/* Out of memory for a moment, whatever is being read: the text is there again afterwards. */
static void
test_no_memory_is_no_damage(void **state)
{
	struct arena *a = arena_new(0);
	struct term *t = filled(a, 1000);
	struct pagelist *h = term_pagelist(t);
	char *want = strdup(all_text(h, 60));
	struct rlimit was, none;

	(void)state;
	pagelist_set_files(h, &ops);
	getrlimit(RLIMIT_NOFILE, &was);
	none = (struct rlimit){0, was.rlim_max};
	for (int i = 0; i < 3; i++) {
		pagelist_cache_drop(a);
		setrlimit(RLIMIT_NOFILE, &none); /* nothing can be had to decode with */
		if (i == 0)
			pagelist_rows(h, 37);
		else if (i == 1)
			assert_string_not_equal(all_text(h, 60), want);
		else
			pagelist_seal_all(h);
		setrlimit(RLIMIT_NOFILE, &was);
		assert_string_equal(all_text(h, 60), want);
	}
	pagelist_seal_all(h);
	assert_true(spill_all(h) > 0);
	assert_int_equal(pagelist_stats(h).packed_bytes, 0);
	assert_string_equal(all_text(h, 60), want);
	free(want);
	term_free(t);
	arena_free(a);
	buf_free(&disk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_same_text_out_of_files),
		cmocka_unit_test(test_what_cannot_be_read_says_so),
		cmocka_unit_test(test_a_checkpoint_names_files),
		cmocka_unit_test(test_bytes_come_later),
		cmocka_unit_test(test_merging_waits),
		cmocka_unit_test(test_small_pieces_grow_together),
		cmocka_unit_test(test_no_memory_is_no_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
