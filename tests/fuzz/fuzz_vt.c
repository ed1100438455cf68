/* Terminal: any bytes, cut anywhere, with resizes, checkpoints, parking,
 * pruning and failing allocations in between. A second terminal gets the same
 * bytes one at a time and none of the storage work; both must agree. What a
 * child would read back is held to a fixed grammar.
 *
 * Input: columns, rows, scrollback lines, then bytes for the terminal; 0xff
 * starts an operation (see ops). 0xff 0xff is the byte itself. */
#include "core/os.h"
#include "core/term.h"
#include "tests/fuzz/fuzz.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OWNER_A = 1, OWNER_B = 2, REPLY_MAX = 1 << 16 };

struct machine {
	struct arena *arena;
	struct term *t;
	struct buf reply;
	struct buf saved, since; /* checkpoint, and what was fed after it */
	bool pruned;		 /* its limit of lines is met */
	bool failing;		 /* allocations were made to fail: contents may differ from here
				    on */
};
static struct arena *arenas[2];

/* An answer is one of a dozen shapes, all printable between introducer and end.
 */
static void
check_reply(const struct buf *b)
{
	const uint8_t *p = b->data, *end = p + b->len;

	while (p < end) {
		const uint8_t *at = p;

		CHECK(*p++ == 033);
		CHECK(p < end);
		uint8_t kind = *p++;

		if (kind == '[') {
			while (p < end && *p >= 0x20 && *p < 0x40)
				p++;
			CHECK(p < end && *p >= 0x40 && *p < 0x7f);
			p++;
		} else if (kind == 'P' || kind == ']' || kind == '_') {
			while (p < end && *p >= 0x20 && *p < 0x7f)
				p++;
			CHECK(p < end && (*p == 033 || *p == 7));
			if (*p++ == 033) {
				CHECK(p < end && *p == '\\');
				p++;
			}
		} else {
			CHECK(kind == '/' || kind == 'O'); /* VT52 identification */
			CHECK(p < end && *p++ >= 0x20);
		}
		CHECK(p - at <= 4200);
	}
}

static void
on_reply(void *ctx, const void *p, size_t n)
{
	struct machine *m = ctx;

	if (m->reply.len + n < REPLY_MAX)
		buf_put(&m->reply, p, n);
}

static void
on_event(void *ctx, const struct term_event *ev)
{
	(void)ctx;
	if (ev->text)
		CHECK(strlen(ev->text) <= ev->len && ev->len <= 1 << 17);
}

static void
attach_ops(struct machine *m)
{
	struct term_ops ops = {.reply = on_reply, .event = on_event, .ctx = m};

	term_set_ops(m->t, &ops);
}

static void
checkpoint(struct machine *m)
{
	m->saved.len = m->since.len = 0;
	term_save(m->t, &m->saved);
}

static void
op_resize(struct machine *a, struct machine *b, struct fuzz_in *in)
{
	int cols = 1 + fuzz_u8(in) % 140, rows = 1 + fuzz_u8(in) % 60;

	term_resize(a->t, cols, rows);
	if (b->t)
		term_resize(b->t, cols, rows);
	checkpoint(a);
}

static void
op_park(struct machine *a, struct machine *b, struct fuzz_in *in)
{
	term_park(a->t);
	if (fuzz_u8(in) & 1)
		term_check(a->t);
	if (b->t)
		term_park(b->t);
}

/* What a successor finds: the memory as it is at this moment, in a process of its own. */
static struct arena *
arena_copy(struct arena *a)
{
	int from = arena_fd(a), to = os_memfd("copy");
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
op_crash(struct machine *a, struct machine *b, struct fuzz_in *in)
{
	struct arena *next = arena_copy(a->arena);
	struct rd rd = rd_init(a->saved.data, a->saved.len);

	(void)b;
	(void)in;
	CHECK(next);
	term_free(a->t);
	arena_free(a->arena);
	a->arena = arenas[0] = next;
	a->t = term_restore(next, OWNER_A, &rd);
	CHECK(a->t);
	arena_sweep(next);
	arena_check(next);
	attach_ops(a);
	term_set_silent(a->t, true);
	term_feed(a->t, a->since.data, a->since.len);
	term_set_silent(a->t, false);
	term_check(a->t);
}

static void
op_save(struct machine *a, struct machine *b, struct fuzz_in *in)
{
	(void)b;
	(void)in;
	checkpoint(a);
}

static void
op_seal(struct machine *a, struct machine *b, struct fuzz_in *in)
{
	bool all = fuzz_u8(in) & 1;
	struct machine *both[] = {a, b};

	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		if (!both[i]->t)
			continue;
		if (all)
			hist_seal_all(term_hist(both[i]->t));
		else
			hist_seal_step(term_hist(both[i]->t));
	}
	checkpoint(a);
}

static void
op_fail(struct machine *a, struct machine *b, struct fuzz_in *in)
{
	a->failing = true;
	if (b->t)
		term_free(b->t);
	b->t = NULL;
	arena_fail_at(a->arena, 1 + fuzz_u8(in) % 16);
}

static void
op_check(struct machine *a, struct machine *b, struct fuzz_in *in)
{
	(void)b;
	(void)in;
	term_check(a->t);
	arena_check(a->arena);
}

static void
op_focus(struct machine *a, struct machine *b, struct fuzz_in *in)
{
	uint8_t v = fuzz_u8(in);
	struct machine *both[] = {a, b};

	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		if (!both[i]->t)
			continue;
		term_focus(both[i]->t, v & 1);
		term_set_dark(both[i]->t, v & 2);
	}
	checkpoint(a);
}

static void
saw_row(void *ctx, const struct row *row, const struct tab *t, struct pin at)
{
	uint32_t cps[CLUSTER_MAX];

	(void)at;
	for (int i = 0; i < row->len; i++) {
		CHECK(tab_cps(t, row->cells[i], cps) <= CLUSTER_MAX);
		tab_style_get(t, cell_style(row->cells[i]));
		*(size_t *)ctx += strlen(tab_link_uri(t, cell_link(row->cells[i])));
	}
}

static void
op_read(struct machine *a, struct machine *b, struct fuzz_in *in)
{
	struct hist *h = term_hist(a->t);
	int cols = 1 + fuzz_u8(in) % 140;
	uint64_t rows = hist_rows(h, cols), from = rows ? fuzz_u8(in) * rows / 256 : 0;
	size_t sum = 0;

	(void)b;
	hist_read(h, cols, from, MIN(40u, rows - from), saw_row, &sum);
}

typedef void (*op_fn)(struct machine *a, struct machine *b, struct fuzz_in *in);
static const op_fn ops[] = {
	op_resize, op_crash, op_seal, op_fail, op_check, op_focus, op_read, op_park, op_save};

static void
feed_both(struct machine *a, struct machine *b, const uint8_t *p, size_t n)
{
	term_feed(a->t, p, n);
	buf_put(&a->since, p, n);
	for (size_t i = 0; b->t && i < n; i++)
		term_feed(b->t, p + i, 1);
}

static void
run(struct machine *a, struct machine *b, struct fuzz_in *in)
{
	uint8_t chunk[4096];
	size_t n = 0;

	while (fuzz_left(in) > 0) {
		uint8_t c = fuzz_u8(in);

		if (c == 0xff && fuzz_left(in) > 0) {
			uint8_t op = fuzz_u8(in);

			if (op != 0xff) {
				feed_both(a, b, chunk, n);
				n = 0;
				ops[op % ARRAY_LEN(ops)](a, b, in);
				continue;
			}
		}
		chunk[n++] = c;
		if (n == sizeof chunk) {
			feed_both(a, b, chunk, n);
			n = 0;
		}
	}
	feed_both(a, b, chunk, n);
}

static void
compare(struct machine *a, struct machine *b)
{
	if (!b->t)
		return;
	CHECK(a->reply.len == b->reply.len);
	CHECK(a->reply.len == 0 || memcmp(a->reply.data, b->reply.data, a->reply.len) == 0);
	/* how much is kept over the limit depends on where blocks end */
	if (a->pruned) {
		hist_clear(term_hist(a->t));
		hist_clear(term_hist(b->t));
	}
	if (term_hash(a->t) != term_hash(b->t)) {
		term_dump(a->t, stderr);
		term_dump(b->t, stderr);
		CHECK(!"the same bytes gave two states");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, data + size};
	struct machine a = {0}, b = {0};
	struct term_config cfg = {.cols = 1 + fuzz_u8(&in) % 140, .rows = 1 + fuzz_u8(&in) % 50};

	uint8_t lines = fuzz_u8(&in);

	a.pruned = lines & 1;
	cfg.hist = (struct hist_limits){lines & 1 ? lines : 1u << 20, 4 << 20};
	for (size_t i = 0; i < ARRAY_LEN(arenas); i++)
		if (!arenas[i])
			arenas[i] = arena_new(1ull << 26);
	a.arena = arenas[0];
	b.arena = arenas[1];
	a.t = term_new(a.arena, OWNER_A, &cfg);
	b.t = term_new(b.arena, OWNER_B, &cfg);
	CHECK(a.t && b.t);
	attach_ops(&a);
	attach_ops(&b);
	checkpoint(&a);
	run(&a, &b, &in);
	arena_fail_at(a.arena, 0);
	check_reply(&a.reply);
	term_check(a.t);
	compare(&a, &b);
	term_free(a.t);
	if (b.t)
		term_free(b.t);
	buf_free(&a.reply);
	buf_free(&b.reply);
	buf_free(&a.saved);
	buf_free(&a.since);
	CHECK(arena_stats(arenas[0]).live == 0 && arena_stats(arenas[1]).live == 0);
	return 0;
}
