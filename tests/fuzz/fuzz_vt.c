/* Terminal: any bytes, cut anywhere, at any sizes. One terminal takes the bytes in the pieces that
 * the input asks for, another takes them one at a time: both must end in the same state, having
 * answered the same. Answers are held to their grammar, the terminal is checked at the end.
 *
 * Input: columns, rows, kind of terminal, then bytes for it; 0xff and a byte below 0xff cut the
 * piece and, by that byte, do something to the terminal (see ops). 0xff 0xff is the byte 0xff. */
#include "core/term/term.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/replies.h"

enum { OWNER = 1, PIECE_MAX = 4096, REPLY_MAX = 1 << 16, OPS_MAX = 16 };

struct machine {
	struct arena *arena;
	struct term *t;
	struct buf reply;
	uint64_t events; /* their sum */
};
static struct machine whole, bytewise;

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
	struct machine *m = ctx;

	CHECK(strlen(ev->text) <= ev->len && ev->len <= 1 << 17);
	m->events = m->events * 31 + (uint64_t)ev->type * 7 + ev->len + (uint64_t)ev->a;
}

static void
begin(struct machine *m, const struct term_config *cfg)
{
	struct term_ops ops = {.reply = on_reply, .event = on_event, .ctx = m};

	if (!m->arena)
		m->arena = arena_new(1ull << 28);
	m->t = term_new(m->arena, OWNER, cfg);
	CHECK(m->t);
	term_set_ops(m->t, &ops);
	m->reply.len = 0;
	m->events = 0;
}

static void
end(struct machine *m)
{
	term_free(m->t);
	CHECK(arena_stats(m->arena).live == 0);
}

static void
feed(const uint8_t *p, size_t n)
{
	term_feed(whole.t, p, n);
	for (size_t i = 0; i < n; i++)
		term_feed(bytewise.t, p + i, 1);
}

static void
op_resize(struct term *t, uint8_t a, uint8_t b)
{
	term_resize(t, fuzz_cols(a), fuzz_rows(b));
}

static void
op_park(struct term *t, uint8_t a, uint8_t b)
{
	(void)b;
	if (a & 1)
		term_park(t);
}

typedef void (*op_fn)(struct term *t, uint8_t a, uint8_t b);
static const op_fn ops[] = {NULL, op_resize, op_park}; /* NULL: a cut and nothing else */

static void
operate(uint8_t op, struct fuzz_in *in, int *left)
{
	op_fn fn = ops[op % ARRAY_LEN(ops)];

	if (!fn)
		return;
	uint8_t a = fuzz_u8(in), b = fuzz_u8(in);

	if (--*left < 0)
		return; /* an input of resizes alone costs much and says little */
	fn(whole.t, a, b);
	fn(bytewise.t, a, b);
}

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
		if (op != 0xff)
			operate(op, in, &left);
	}
	feed(piece, n);
}

static void
compare(bool pruned)
{
	const struct buf *a = &whole.reply, *b = &bytewise.reply;

	CHECK(a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0));
	CHECK(whole.events == bytewise.events);
	/* how much is kept over the limit depends on where blocks end */
	if (pruned) {
		pagelist_clear(term_pagelist(whole.t));
		pagelist_clear(term_pagelist(bytewise.t));
	}
	if (term_hash(whole.t) != term_hash(bytewise.t)) {
		term_dump(whole.t, stderr);
		term_dump(bytewise.t, stderr);
		CHECK(!"the same bytes gave two states");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, data + size};
	struct term_config cfg = {.cols = fuzz_cols(fuzz_u8(&in)), .rows = fuzz_rows(fuzz_u8(&in))};
	uint8_t kind = fuzz_u8(&in);
	bool pruned = kind & 1;

	cfg.history = (struct pagelist_limits){pruned ? kind : 1u << 20, 4 << 20};
	cfg.ambiguous_wide = kind & 2;
	cfg.narrow_emoji = kind & 4;
	begin(&whole, &cfg);
	begin(&bytewise, &cfg);
	run(&in);
	term_check(whole.t);
	check_replies(&whole.reply);
	compare(pruned);
	end(&whole);
	end(&bytewise);
	return 0;
}
