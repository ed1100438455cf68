/* Text on disk, in this process: what a session printed is there once, in memory or in files,
 * whatever the disk does meanwhile, and comes back after a reboot. */
#include "core/os/os.h"
#include "sessions/display/checkpoint.h"
#include "sessions/display/recorder.h"
#include "sessions/pty/ring.h"
#include "sessions/store_thread/store_worker.h"
#include "sessions/server/server.h"
#include "store/age.h"
#include "sessions/pty/shelf.h"
#include "store/db.h"
#include "store/segfile.h"
#include "tests/sessions/house.h"
#include "tests/tools/preload/io_faults.c" /* in this process, too */
#include "sessions/display/feed.h"
#include "sessions/life/course.h"
#include "sessions/life/sessions.h"
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <termios.h>
#include <cmocka.h>

#define LINES 3000

static struct io_faults faults;

static int
begin(void **state)
{
	(void)state;
	io_faults = &faults;
	snprintf(faults.under, sizeof(faults.under), "/text/");
	house_begin();
	return db_space_low(paths()->state) ? -1 : 0;
}

static int
end(void **state)
{
	(void)state;
	io_faults = NULL;
	return house_end();
}

static struct session *
load(uint32_t num, bool no_store)
{
	struct session *s = sessions_new(&house.ss, SS_RUNNING);

	s->run = run_new(SS_STARTING);
	s->num = num;
	s->profile = profile_find(house.ss.profiles, "shell");
	s->past.ended = os_wall_s();
	s->no_store = no_store;
	s->display->ring = ring_new(os_memfd("ring"));
	assert_non_null(s->display->ring);
	feed_load(s, false);
	sessions_link(&house.ss, s);
	return s;
}

static void
lose(struct session *s)
{
	run_free(s->run);
	s->run = NULL;
	session_found(s, SS_LOST);
}

static void
unload(struct session *s)
{
	struct session **at = &house.ss.first;

	house.ss.newest = NULL;
	while (*at != s) {
		house.ss.newest = *at;
		at = &(*at)->next;
	}
	*at = s->next;
	for (struct session *t = s->next; t; t = t->next)
		house.ss.newest = t;
	sessions_free(s);
}

/* Neither server nor keeper is left; the files are. */
static struct session *
reboot(struct session *s)
{
	uint32_t num = s->num;
	bool no_store = s->no_store;

	unload(s);
	return load(num, no_store);
}

static void
put_line(struct buf *b, int i)
{
	buf_printf(b, "%d the quick \xe7\x81\xab fox %x", i, (unsigned)i * 2654435761u);
}

static void
print(struct session *s, int from, int to)
{
	struct buf b = {0};

	for (int i = from; i < to; i++) {
		put_line(&b, i);
		buf_puts(&b, "\r\n");
	}
	term_feed(s->display->term, b.data, b.len);
	buf_free(&b);
}

static void
add_row(void *ctx, const struct row *row, const struct tab *t, struct pin at)
{
	struct buf *b = ctx;

	(void)at;
	for (int i = 0; i < row->len; i++) {
		uint32_t cps[CLUSTER_MAX];
		int n = tab_cps(t, row->cells[i], cps);

		for (int k = 0; k < n; k++)
			buf_utf8(b, cps[k]);
	}
	buf_putc(b, '\n');
}

#define PART 200 /* rows */

/* All that can be scrolled to, and the screen. */
static char *
all_text(struct session *s)
{
	struct pagelist *h = term_pagelist(s->display->term);
	struct buf b = {0};

	/* in parts, as everybody does: few blocks are kept at a time */
	for (uint64_t at = 0; !at || at < pagelist_rows(h, s->display->cols); at += PART) {
		size_t before = b.len;

		do {
			b.len = before;
			pagelist_rows(h, s->display->cols);
			pagelist_read(h, s->display->cols, at, PART, add_row, &b);
		} while (pagelist_awaits(h) && uv_run(house.ss.loop, UV_RUN_ONCE));
	}
	term_text(s->display->term, &b);
	return buf_cstr(&b);
}

static void
check_lines(struct session *s, int to)
{
	char *text = all_text(s), *at = text;
	struct buf want = {0};

	for (int i = 0; i < to; i++) {
		want.len = 0;
		put_line(&want, i);
		buf_putc(&want, '\n');
		if (strncmp(at, buf_cstr(&want), want.len) != 0)
			fail_msg("line %d: %.60s", i, at);
		at += want.len;
	}
	assert_int_equal(strspn(at, "\n"), strlen(at));
	buf_free(&want);
	free(text);
}

static bool leaving; /* the round is that of a server which is told to stop */

/* One round of recording; true when all of it succeeded. */
static bool
record(void)
{
	bool all = true;

	if (leaving) {
		all = recorder_flush(&house.ss);
	} else {
		recorder_tick(&house.ss, os_mono_ns() + 1000000000000ull);
		recorder_wait(&house.ss);
	}
	recorder_tick(&house.ss, os_mono_ns());
	return all && !*house.ss.text_banner;
}

static void
dir_of(char *out, size_t cap, const struct session *s)
{
	snprintf(out, cap, "%s/text/%u", paths()->state, s->num);
}

/* The n-th call of a round fails, or all from it on: the text stays whole, the banner says so, the
 * next round repairs all, and a reboot finds every line once. Returns whether there was an n-th. */
static bool
one_fault(uint32_t num, int n, int err, int count)
{
	struct session *s = load(num, false);
	char dir[600];
	bool hit;

	print(s, 0, LINES);
	faults.from = n;
	faults.count = count;
	faults.calls = 0;
	faults.err = err;
	hit = !record();
	assert_true(hit == (faults.calls >= n));
	if (hit && !leaving)
		assert_non_null(strstr(house.ss.text_banner, "text kept in memory only"));
	check_lines(s, LINES);
	faults.err = 0;
	print(s, LINES, LINES + 500);
	assert_true(record());
	assert_string_equal(house.ss.text_banner, "");
	check_lines(s, LINES + 500);
	assert_true(pagelist_stats(term_pagelist(s->display->term)).spilled_bytes > 0);
	assert_int_equal(pagelist_stats(term_pagelist(s->display->term)).packed_bytes, 0);
	s = reboot(s);
	check_lines(s, LINES + 500);
	dir_of(dir, sizeof(dir), s);
	unload(s);
	assert_int_equal(segfile_delete(dir), 0);
	return hit;
}

static void
test_every_call_fails_once(void **state)
{
	static const int errs[] = {ENOSPC, EIO, EROFS};
	uint32_t num = 100;
	int n;

	(void)state;
	for (size_t e = 0; e < ARRAY_LEN(errs); e++)
		for (int count = 0; count < 2; count++) {
			leaving = !leaving && e == 1;
			for (n = 1; one_fault(num++, n, errs[e], count); n++)
				;
			assert_true(n > 5); /* directory, records, sync, screen, its rename */
		}
}

/* A session that goes on printing has all of its text in files with each round. */
static void
test_a_busy_round_records_all(void **state)
{
	struct session *s = load(5, false);
	uint64_t now = os_mono_ns();

	(void)state;
	s->state = SS_RUNNING;
	print(s, 0, LINES);
	now += 100000000000ull;
	s->display->output_ns = now;
	recorder_tick(&house.ss, now);
	recorder_wait(&house.ss);
	assert_int_equal(pagelist_stats(term_pagelist(s->display->term)).hot_bytes, 0);
	assert_int_equal(pagelist_stats(term_pagelist(s->display->term)).packed_bytes, 0);
	s->state = SS_LOST;
	s = reboot(s);
	check_lines(s, LINES);
	unload(s);
}

static void
test_text_that_cannot_be_read_returns(void **state)
{
	struct session *s = load(1, false);
	char *text;

	(void)state;
	print(s, 0, LINES);
	assert_true(record());
	s = reboot(s);
	faults.calls = 0;
	faults.from = 1;
	faults.count = 0;
	faults.reads = 1;
	faults.err = EIO;
	text = all_text(s);
	assert_non_null(strstr(text, "[history unavailable]"));
	free(text);
	faults.err = faults.reads = 0;
	recorder_tick(&house.ss, os_mono_ns() + 3600000000000ull);
	check_lines(s, LINES);
	unload(s);
}

static void
test_a_damaged_block_is_a_hole_and_no_more(void **state)
{
	struct session *s = load(2, false);
	char path[700], *text, *hole, *end;
	int before = 0, after;
	FILE *f;

	(void)state;
	print(s, 0, LINES);
	print(s, LINES, 2 * LINES);
	assert_true(record());
	dir_of(path, sizeof(path), s);
	strcat(path, "/00000000.seg");
	f = fopen(path, "r+");
	assert_non_null(f);
	assert_int_equal(fseek(f, 20000, SEEK_SET), 0);
	assert_int_equal(fwrite("\xff\0\xff\0", 1, 4, f), 4);
	fclose(f);
	s = reboot(s);
	text = all_text(s);
	hole = strstr(text, "[history unavailable]\n");
	assert_non_null(hole);
	assert_null(strstr(hole + 1, "[history unavailable]"));
	for (char *at = text; at < hole; at = strchr(at, '\n') + 1)
		assert_int_equal(atoi(at), before++);
	end = strchr(hole, '\n') + 1;
	after = atoi(end);
	assert_true(after > before && after - before < 2 * LINES);
	for (; *end && *end != '\n'; end = strchr(end, '\n') + 1)
		assert_int_equal(atoi(end), after++);
	assert_int_equal(after, 2 * LINES);
	free(text);
	unload(s);
}

static bool
exists(const struct session *s)
{
	char dir[600];

	dir_of(dir, sizeof(dir), s);
	return segfile_usage(dir) > 0;
}

/* All that the store's thread was given is done. */
static void
nothing(void *arg, struct history_db *h, struct meta_db *m)
{
	(void)arg;
	(void)h;
	(void)m;
}

static void
set(void *arg)
{
	*(bool *)arg = true;
}

static void
drain(void)
{
	bool done = false;

	store_run(house.ss.store, nothing, set, &done);
	while (!done)
		uv_run(&house.loop, UV_RUN_ONCE);
}

static void
test_forget_and_no_store(void **state)
{
	struct session *s = load(3, false), *quiet = load(4, true);
	struct stat st;
	char dir[600];

	(void)state;
	print(s, 0, LINES);
	print(quiet, 0, LINES);
	assert_true(record());
	assert_true(exists(s));
	assert_false(exists(quiet));
	dir_of(dir, sizeof(dir), s);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	recorder_close(s->display);
	store_delete_session(house.ss.store, s->num);
	drain();
	assert_false(exists(s));
	quiet = reboot(quiet);
	assert_int_equal(pagelist_stats(term_pagelist(quiet->display->term)).lines, 0);
	unload(s);
	unload(quiet);
}

/* Upkeep runs once an hour of the clock it is given. */
static void
upkeep(unsigned hours)
{
	recorder_tick(&house.ss, os_mono_ns() + hours * 3600000000000ull);
	drain();
}

static void
test_oldest_goes_by_age_and_quota(void **state)
{
	struct session *s[4];
	uint64_t kept;
	char dir[600];

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		s[i] = load(10 + i, false);
		print(s[i], 0, LINES);
		s[i]->past.ended = os_wall_s() - 86400 * (4 - (int)i);
	}
	assert_true(record());
	for (int i = 0; i < 4; i++)
		lose(s[i]);
	/* the first ended when no server had lived yet, the others a day after another */
	for (uint32_t i = 0; i < 4; i++) {
		dir_of(dir, sizeof(dir), s[i]);
		assert_true(age_of_text(dir, true, i * 86400.0) == 0);
	}
	age_add_lived(paths()->state, 4 * 86400.0);
	upkeep(10);
	for (int i = 0; i < 4; i++)
		assert_true(exists(s[i]));
	house.ss.config->store_days = 3.5;
	upkeep(20);
	assert_false(exists(s[0]));
	assert_true(exists(s[1]));
	/* room for one and a half: the newest stays */
	dir_of(dir, sizeof(dir), s[3]);
	kept = segfile_usage(dir);
	house.ss.config->store_total = kept * 3 / 2;
	upkeep(30);
	assert_false(exists(s[1]) || exists(s[2]));
	assert_true(exists(s[3]));
	/* one that lives is never touched */
	house.ss.config->store_total = 1;
	session_found(s[3], SS_RUNNING);
	upkeep(40);
	assert_true(exists(s[3]));
	session_found(s[3], SS_LOST);
	for (int i = 0; i < 4; i++)
		unload(s[i]);
}

/* Without its ring the last screen is on the shelf, until it is in a file; then nowhere else. */
static void
test_screen_leaves_the_shelf(void **state)
{
	struct session *s = load(40, false), *kept = load(41, true);
	struct session *both[] = {s, kept};

	(void)state;
	for (int i = 0; i < 2; i++) {
		print(both[i], 0, LINES);
		assert_int_equal(checkpoint_shelve(both[i]), 0);
		ring_free(both[i]->display->ring);
		both[i]->display->ring = NULL;
		assert_true(checkpoint_in_memory(both[i]));
	}
	faults.calls = faults.count = 0;
	faults.from = 1;
	faults.err = ENOSPC;
	record();
	assert_true(checkpoint_in_memory(s));
	faults.err = 0;
	while (!record())
		uv_run(&house.loop, UV_RUN_ONCE);
	assert_false(checkpoint_in_memory(s));
	/* saved once more, with nothing in it that the file does not have */
	assert_int_equal(checkpoint_save(s), 0);
	assert_true(record());
	assert_false(checkpoint_in_memory(s));
	print(s, LINES, LINES + 1);
	assert_int_equal(checkpoint_save(s), 0);
	assert_true(checkpoint_in_memory(s));
	while (checkpoint_in_memory(s))
		record();
	s = reboot(s);
	check_lines(s, LINES + 1);
	/* one that is not stored has it there for good */
	assert_true(checkpoint_in_memory(kept));
	unload(s);
	unload(kept);
}

static void
type_out(int slave, const char *text)
{
	assert_int_equal(write(slave, text, strlen(text)), strlen(text));
}

/* What was read ends amid the bytes that end a line, and then the width changes: the next line does
 * not begin in the middle of this one. */
static void
test_resized_amid_a_line_end(void **st)
{
	struct session *s = load(77, true);
	struct buf text = {0};
	struct termios raw;
	int master, slave;

	(void)st;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	tcgetattr(slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	fcntl(master, F_SETFL, fcntl(master, F_GETFL) | O_NONBLOCK);
	s->run->phase = RUN_ALIVE;
	s->run->pidfd = -1;
	course_take_pty(s, master);
	type_out(slave, "thirty letters and a few more.\r");
	for (int i = 0; i < 2000 && ring_effects(s->display->ring) < 31; i++)
		uv_run(house.ss.loop, UV_RUN_NOWAIT);
	assert_int_equal(ring_effects(s->display->ring), 31);
	type_out(slave, "\nnext");
	feed_resize(s, 20, 24);
	feed_resize(s, 80, 24);
	term_text(s->display->term, &text);
	assert_non_null(strstr(buf_cstr(&text), "thirty letters and a few more.\nnext"));
	buf_free(&text);
	pty_free(s->run->pty);
	s->run->pty = NULL;
	close(slave);
	lose(s);
	unload(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_call_fails_once),
		cmocka_unit_test(test_a_busy_round_records_all),
		cmocka_unit_test(test_text_that_cannot_be_read_returns),
		cmocka_unit_test(test_a_damaged_block_is_a_hole_and_no_more),
		cmocka_unit_test(test_forget_and_no_store),
		cmocka_unit_test(test_oldest_goes_by_age_and_quota),
		cmocka_unit_test(test_screen_leaves_the_shelf),
		cmocka_unit_test(test_resized_amid_a_line_end),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
