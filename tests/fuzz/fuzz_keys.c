/* Input from the outer terminal: the same events for any cut of the bytes; what
 * is sent to the child for them never carries a paste's way out, and survives
 * the wire. */
#include "core/keys/keys.h"
#include "tests/fuzz/fuzz.h"

struct seen {
	struct buf wire, child;
	struct key_modes modes;
};

static void
check_paste(const struct buf *b, size_t from, const struct key_modes *m)
{
	const char *p = (const char *)b->data + from;
	size_t n = b->len - from, skip = m->bracketed_paste ? 6 : 0;

	if (n < 2 * skip)
		return;
	for (size_t i = skip; i < n - skip; i++)
		CHECK(p[i] != 033 && ((unsigned char)p[i] >= 0x20 || p[i] == '\t' || p[i] == '\r'));
}

static void
on_input(void *ctx, const struct input_event *ev)
{
	struct seen *s = ctx;
	size_t from = s->child.len, at = s->wire.len;
	struct input_event back = {0};
	struct buf again = {0};

	input_pack(&s->wire, ev);
	struct rd rd = rd_init(s->wire.data + at, s->wire.len - at);
	CHECK(input_unpack(&rd, &back) == 0);
	CHECK(rd_left(&rd) == 0 && back.type == ev->type && back.len == ev->len);
	input_pack(&again, &back);
	CHECK(again.len == s->wire.len - at &&
		memcmp(again.data, s->wire.data + at, again.len) == 0);
	buf_free(&again);
	encode_input(&s->child, ev, &s->modes);
	if (ev->type == INPUT_PASTE)
		check_paste(&s->child, from, &s->modes);
	if (ev->type == INPUT_REPLY)
		CHECK(s->child.len == from);
}

static struct key_modes
modes_of(struct fuzz_in *in)
{
	static const uint16_t mouse[] = {0, 9, 1000, 1002, 1003},
			      enc[] = {0, 1005, 1006, 1015, 1016};
	uint8_t a = fuzz_u8(in), b = fuzz_u8(in), c = fuzz_u8(in);

	return (struct key_modes){.app_cursor = a & 1,
		.app_keypad = a & 2,
		.backarrow = a & 4,
		.bracketed_paste = a & 8,
		.focus = a & 16,
		.newline = a & 32,
		.alt_screen = a & 64,
		.alt_scroll = a & 128,
		.kitty_flags = b & 31,
		.modify_other = (b >> 5) % 3,
		.mouse = mouse[c % 5],
		.mouse_encoding = enc[c / 5 % 5]};
}

static void
feed(struct seen *s, const uint8_t *p, size_t n, bool bytewise)
{
	struct decoder *d = decoder_new(on_input, s);

	if (bytewise)
		for (size_t i = 0; i < n; i++)
			decoder_feed(d, p + i, 1);
	else
		decoder_feed(d, p, n);
	if (decoder_pending(d))
		decoder_timeout(d);
	decoder_free(d);
}

static void
foreign_event(const uint8_t *p, size_t n)
{
	struct rd rd = rd_init(p, n);
	struct input_event ev = {0};
	struct buf out = {0};
	struct key_modes m = {.bracketed_paste = true, .mouse = 1003, .mouse_encoding = 1006};

	if (input_unpack(&rd, &ev) == 0) {
		encode_input(&out, &ev, &m);
		if (ev.type == INPUT_PASTE)
			check_paste(&out, 0, &m);
	}
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, data + size};
	struct seen one = {.modes = modes_of(&in)}, two = {.modes = one.modes};
	char name[32] = "";
	struct input_event ev;

	foreign_event(in.p, fuzz_left(&in));
	memcpy(name, in.p, MIN(sizeof name - 1, fuzz_left(&in)));
	key_parse(name, &ev);
	feed(&one, in.p, fuzz_left(&in), false);
	feed(&two, in.p, fuzz_left(&in), true);
	CHECK(one.wire.len == two.wire.len);
	CHECK(one.wire.len == 0 || memcmp(one.wire.data, two.wire.data, one.wire.len) == 0);
	buf_free(&one.wire);
	buf_free(&two.wire);
	buf_free(&one.child);
	buf_free(&two.child);
	return 0;
}
