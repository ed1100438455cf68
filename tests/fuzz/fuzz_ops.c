/* A terminal's storage under everything its owner does with it: resizes, floods over the limit,
 * sealing, spilling to files, reading at any width, parking, checkpoints, a crash and restoration
 * from checkpoint and replay, failing allocations. A second terminal gets the same bytes, sizes and
 * sealing, and nothing else; both must show and hold the same.
 *
 * Input: columns, rows, limit of history, then bytes for the terminal; 0xff and a byte below 0xff
 * are an operation (see ops), which takes two bytes more. 0xff 0xff is the byte 0xff. */
#include "core/os/os.h"
#include "core/term/term.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/replies.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OWNER_A = 1, OWNER_B = 2, PIECE_MAX = 4096, OPS_MAX = 10, CRASHES_MAX = 1 };
/* Checks, copies and adoption go over all pages below the watermark: one that a large input has
 * raised is not kept for the small ones. */
enum { MAPPED_MAX = 1 << 20 };

struct machine {
	struct arena *arena;
	struct term *t;
	struct buf reply;
	struct pagelist_limits limits;
};
static struct machine a, b;	/* b.t NULL: allocations of a failed, nothing to compare with */
static struct buf saved, since; /* a's checkpoint, and what it was fed since */
static struct buf file;		/* where a's history spills to */
static bool file_broken;
static int crashes;
static bool sealed, stored; /* something was sealed; a restored or in files, unlike b */
static unsigned inputs;

static void
on_reply(void *ctx, const void *p, size_t n)
{
	buf_put(&((struct machine *)ctx)->reply, p, n);
}

static int
file_read(void *ctx, uint64_t off, void *bytes, size_t len)
{
	(void)ctx;
	if (file_broken || off > file.len || len > file.len - off)
		return -EIO;
	memcpy(bytes, file.data + off, len);
	return 0;
}

static void
attach(struct machine *m)
{
	struct term_ops ops = {.reply = on_reply, .ctx = m};
	struct pagelist_file_ops files = {.read = file_read};

	term_set_ops(m->t, &ops);
	pagelist_set_files(term_pagelist(m->t), &files);
}

static void
checkpoint(void)
{
	saved.len = since.len = 0;
	term_save(a.t, &saved);
	pagelist_saved(term_pagelist(a.t));
}

static void
feed(const void *p, size_t n)
{
	term_feed(a.t, p, n);
	buf_put(&since, p, n);
	if (b.t)
		term_feed(b.t, p, n);
}

/* Growing takes rows back that are not sealed, and what is worth sealing, asked for or not, depends
 * on what is in files or was measured before a crash: then both only shrink. */
static void
op_resize(uint8_t x, uint8_t y)
{
	struct grid g = term_grid(a.t);
	int cols = fuzz_cols(x), rows = fuzz_rows(y);

	if (pagelist_stats(term_pagelist(a.t)).packed_bytes ||
		(b.t && pagelist_stats(term_pagelist(b.t)).packed_bytes))
		sealed = true; /* a flood was sealed at once */
	if (sealed && stored) {
		cols = MIN(cols, g.cols);
		rows = MIN(rows, g.rows);
	}
	term_resize(a.t, cols, rows);
	if (b.t)
		term_resize(b.t, cols, rows);
	checkpoint();
}

/* Many lines from few bytes: the limit is met, blocks close. */
static void
op_flood(uint8_t x, uint8_t y)
{
	static const char *const words[] = {"x", "\033[31mred\033[m ", "\xe6\x97\xa5\xe6\x9c\xac",
		"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", "e\xcc\x81",
		"\033]8;;http://a/\033\\l", "  ", "\033[48;2;1;2;3m \033[K"};
	struct buf line = {0};

	for (int i = 0; i < x % 32; i++) {
		line.len = 0;
		for (int k = 0; k < y % 8; k++)
			buf_puts(&line, words[(y + i * k) % ARRAY_LEN(words)]);
		buf_printf(&line, "%d\r\n", i);
		feed(line.data, line.len);
	}
	buf_free(&line);
}

/* Of both: what is sealed does not come back onto a growing screen. */
static void
op_seal(uint8_t x, uint8_t y)
{
	struct term *both[] = {a.t, b.t};

	(void)y;
	sealed = true;
	for (size_t i = 0; i < ARRAY_LEN(both) && both[i]; i++)
		if (x & 1)
			pagelist_seal_all(term_pagelist(both[i]));
		else
			pagelist_seal_step(term_pagelist(both[i]));
	checkpoint();
}

/* Sealed blocks go to the file; a few in one go, or one of them. */
static void
op_spill(uint8_t x, uint8_t y)
{
	struct pagelist *h = term_pagelist(a.t);
	struct pagelist_spill s;
	uint64_t after = 0;

	(void)y;
	stored = true;
	for (int i = 0; i <= x % 4 && pagelist_spill_next(h, after, &s); i++) {
		uint64_t off = file.len;

		after = s.uid;
		buf_put(&file, s.bytes, s.len);
		if (x & 4)
			CHECK(pagelist_spill_done(h, s.uid, off));
	}
	CHECK(!pagelist_spill_done(h, UINT64_MAX, 0));
	if (x & 8)
		checkpoint();
}

struct sum {
	uint64_t h;
	int cols;
};

static void
saw_row(void *ctx, const struct row *row, const struct tab *t, struct pin at)
{
	uint32_t cps[CLUSTER_MAX];
	struct sum *s = ctx;

	CHECK(row->len <= s->cols);
	s->h = s->h * 31 + at.line * 7 + at.cell;
	for (int i = 0; i < row->len; i++) {
		int n = tab_cps(t, row->cells[i], cps);
		struct style st = tab_style_get(t, cell_style(row->cells[i]));

		CHECK(n <= CLUSTER_MAX);
		for (int k = 0; k < n; k++)
			s->h = s->h * 31 + cps[k];
		s->h = s->h * 31 + st.fg + st.bg * 3 + st.attrs * 5;
		s->h = s->h * 31 + strlen(tab_link_uri(t, cell_link(row->cells[i])));
	}
}

static uint64_t
rows_sum(struct pagelist *h, int cols, uint64_t from, uint64_t n)
{
	struct sum s = {.cols = cols};

	pagelist_read(h, cols, from, n, saw_row, &s);
	return s.h;
}

/* Both histories say the same at any width, wherever their bytes are. */
static void
op_read(uint8_t x, uint8_t y)
{
	struct pagelist *h = term_pagelist(a.t);
	int cols = fuzz_cols(x);
	uint64_t rows = pagelist_rows(h, cols), from = rows ? y * rows / 256 : 0;
	uint64_t n = MIN(24u, rows - from), sum = rows_sum(h, cols, from, n);

	if (!b.t || a.limits.lines < 1000)
		return;
	CHECK(pagelist_rows(term_pagelist(b.t), cols) == rows);
	CHECK(rows_sum(term_pagelist(b.t), cols, from, n) == sum);
}

/* The file cannot be read for a while. */
static void
op_broken_file(uint8_t x, uint8_t y)
{
	struct pagelist *h = term_pagelist(a.t);

	file_broken = true;
	rows_sum(h, fuzz_cols(x), 0, y % 32);
	file_broken = false;
	pagelist_file_retry(h);
}

static void
op_park(uint8_t x, uint8_t y)
{
	(void)y;
	sealed = true;
	term_park(a.t);
	if (b.t)
		term_park(b.t); /* seals too */
	if (x & 1)
		term_check(a.t);
	checkpoint();
}

static void
op_save(uint8_t x, uint8_t y)
{
	(void)x;
	(void)y;
	checkpoint();
}

/* What a successor finds: the memory as it is at this moment, in a process of its own. */
static struct arena *
arena_copy(const struct arena *from_arena)
{
	int from = arena_fd(from_arena), to = os_memfd("copy");
	uint64_t at = 0, first, end;
	static uint8_t page[1 << 16];
	struct stat st;

	CHECK(to >= 0 && fstat(from, &st) == 0 && ftruncate(to, st.st_size) == 0);
	while (os_next_data(from, at, &first, &end)) {
		for (at = first; at < end;) {
			size_t n = MIN(sizeof page, end - at);

			CHECK(pread(from, page, n, (off_t)at) == (ssize_t)n);
			CHECK(pwrite(to, page, n, (off_t)at) == (ssize_t)n);
			at += n;
		}
	}
	return arena_adopt(to);
}

static void
op_crash(uint8_t x, uint8_t y)
{
	struct arena *next;
	struct rd rd = rd_init(saved.data, saved.len);

	if (++crashes > CRASHES_MAX)
		return;
	stored = true;
	next = arena_copy(a.arena);
	CHECK(next);
	term_free(a.t);
	arena_free(a.arena);
	a.arena = next;
	a.t = term_restore(next, OWNER_A, &rd);
	CHECK(a.t);
	arena_sweep(next);
	if (y & 1)
		arena_check(next);
	attach(&a);
	term_set_silent(a.t, true);
	term_feed(a.t, since.data, since.len);
	term_set_silent(a.t, false);
	if (x & 1)
		checkpoint();
}

static void
op_fail(uint8_t x, uint8_t y)
{
	(void)y;
	if (b.t)
		term_free(b.t);
	b.t = NULL;
	arena_fail_at(a.arena, 1 + x % 16);
}

static void
op_check(uint8_t x, uint8_t y)
{
	term_check(a.t);
	if (y & 1)
		arena_trim(a.arena);
	if (x & 1)
		arena_check(a.arena);
}

typedef void (*op_fn)(uint8_t x, uint8_t y);
static const op_fn ops[] = {op_resize, op_flood, op_seal, op_spill, op_read, op_broken_file,
	op_park, op_save, op_crash, op_fail, op_check};

static void
run(struct fuzz_in *in)
{
	uint8_t piece[PIECE_MAX];
	size_t n = 0;
	int left = OPS_MAX;

	while (fuzz_left(in) > 0) {
		uint8_t c = fuzz_u8(in), op = 0xff;

		if (c == 0xff && fuzz_left(in) > 0)
			op = fuzz_u8(in);
		if (op == 0xff)
			piece[n++] = c;
		if (op == 0xff && n < sizeof piece)
			continue;
		feed(piece, n);
		n = 0;
		if (op == 0xff)
			continue;
		uint8_t x = fuzz_u8(in), y = fuzz_u8(in);

		if (--left >= 0)
			ops[op % ARRAY_LEN(ops)](x, y);
	}
	feed(piece, n);
}

static void
compare(void)
{
	if (!b.t)
		return;
	/* how much is kept over the limit depends on where blocks end */
	if (a.limits.lines < 1000) {
		pagelist_clear(term_pagelist(a.t));
		pagelist_clear(term_pagelist(b.t));
	}
	CHECK(a.reply.len == b.reply.len);
	CHECK(a.reply.len == 0 || memcmp(a.reply.data, b.reply.data, a.reply.len) == 0);
	if (term_hash(a.t) != term_hash(b.t)) {
		term_dump(a.t, stderr);
		term_dump(b.t, stderr);
		CHECK(!"storage work has changed the contents");
	}
}

static void
begin(struct machine *m, uint32_t owner, const struct term_config *cfg)
{
	if (!m->arena)
		m->arena = arena_new(1ull << 26);
	m->limits = cfg->history;
	m->reply.len = 0;
	m->t = term_new(m->arena, owner, cfg);
	CHECK(m->t);
	attach(m);
}

static void
end(struct machine *m, bool whole)
{
	term_free(m->t); /* NULL ok */
	m->t = NULL;
	CHECK(arena_stats(m->arena).live == 0);
	if (whole)
		arena_check(m->arena);
	if (arena_stats(m->arena).mapped <= MAPPED_MAX)
		return;
	arena_trim(m->arena);
	arena_check(m->arena);
	CHECK(arena_stats(m->arena).mapped == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, data + size};
	struct term_config cfg = {.cols = fuzz_cols(fuzz_u8(&in)), .rows = fuzz_rows(fuzz_u8(&in))};
	uint8_t lines = fuzz_u8(&in);

	cfg.history = (struct pagelist_limits){lines & 1 ? lines : 1u << 20, 4 << 20};
	begin(&a, OWNER_A, &cfg);
	begin(&b, OWNER_B, &cfg);
	file.len = 0;
	crashes = 0;
	sealed = stored = false;
	checkpoint();
	run(&in);
	arena_fail_at(a.arena, 0);
	check_replies(&a.reply);
	term_check(a.t);
	compare();
	/* residency asks the system for every page: not after each input */
	end(&a, inputs++ % 64 == 0);
	end(&b, false);
	return 0;
}
