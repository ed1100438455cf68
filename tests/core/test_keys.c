/* Keys: what terminals send is decoded in any chunks, what programs get is what they asked for. */
#include "core/keys/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Events as one line of words, so that tables can be read. */
struct log {
	struct buf b;
};

static void
log_key(struct buf *b, const struct input_event *ev)
{
	buf_printf(b, "key %x", ev->key);
	if (ev->mods)
		buf_printf(b, " mods %u", ev->mods);
	if (ev->action > KEY_PRESS)
		buf_printf(b, " action %u", ev->action);
	if (ev->shifted)
		buf_printf(b, " shifted %x", ev->shifted);
	if (ev->base)
		buf_printf(b, " base %x", ev->base);
	if (ev->key == KEY_OTHER)
		buf_printf(b, " raw %u", ev->raw);
	for (int i = 0; i < 8 && ev->text[i]; i++)
		buf_printf(b, "%s%x", i ? "," : " text ", ev->text[i]);
}

static void
on_event(void *ctx, const struct input_event *ev)
{
	struct buf *b = &((struct log *)ctx)->b;
	switch (ev->type) {
	case INPUT_KEY:
		log_key(b, ev);
		break;
	case INPUT_PASTE:
		buf_puts(b, "paste ");
		buf_put(b, ev->bytes, ev->len);
		break;
	case INPUT_MOUSE:
		buf_printf(b, "mouse %d at %d,%d%s%s mods %u", ev->button, ev->row, ev->col,
			ev->motion ? " moved" : "", ev->release ? " up" : "", ev->mods);
		break;
	case INPUT_FOCUS:
		buf_puts(b, ev->focus_in ? "focus in" : "focus out");
		break;
	case INPUT_REPLY:
		buf_puts(b, "reply ");
		buf_put(b, ev->bytes + 1, ev->len - 1);
		break;
	}
	buf_puts(b, "|");
}

static const struct {
	const char *in, *events;
	size_t len; /* of in, where it holds a NUL */
} decode_table[] = {
	{"a", "key 61 text 61|", 0},
	{"A", "key 61 mods 1 shifted 41 text 41|", 0},
	{"\xc3\xa4", "key e4 text e4|", 0},
	{"\xf0\x9f\x98\x80", "key 1f600 text 1f600|", 0},
	{"\r", "key d|", 0},
	{"\t", "key 9|", 0},
	{"\x7f", "key 7f|", 0},
	{"\x08", "key 68 mods 4|", 0},
	{"\x03", "key 63 mods 4|", 0},
	{"\x1c", "key 5c mods 4|", 0},
	{"\0", "key 20 mods 4|", 1},
	{"\033a", "key 61 mods 2|", 0},
	{"\033\r", "key d mods 2|", 0},
	{"\033\x03", "key 63 mods 6|", 0},
	{"\033\xc3\xa4", "key e4 mods 2|", 0},
	{"\033[A", "key 110001|", 0},
	{"\033OA", "key 110001|", 0},
	{"\033[1;5A", "key 110001 mods 4|", 0},
	{"\033\033[A", "key 110001 mods 2|", 0},
	{"\033[H", "key 110005|", 0},
	{"\033[1~", "key 110005|", 0},
	{"\033[5~", "key 110007|", 0},
	{"\033[3;2~", "key 11000a mods 1|", 0},
	{"\033OP", "key 11000c|", 0},
	{"\033[1;2R", "key 11000e mods 1|", 0},
	{"\033[15~", "key 110010|", 0},
	{"\033[24;6~", "key 110017 mods 5|", 0},
	{"\033[[A", "key 11000c|", 0},
	{"\033[Z", "key 9 mods 1|", 0},
	{"\033OM", "key 11003e|", 0},
	{"\033Oa", "key 110001 mods 4|", 0},
	{"\033[27;2;13~", "key d mods 1|", 0},
	{"\033[27;5;92~", "key 5c mods 4|", 0},
	{"\033[27;6;65~", "key 61 mods 5 shifted 41|", 0},
	{"\033[27u", "key 1b|", 0},
	{"\033[13;2u", "key d mods 1|", 0},
	{"\033[92;5u", "key 5c mods 4|", 0},
	{"\033[97:65;2u", "key 61 mods 1 shifted 41|", 0},
	{"\033[1089::99;5u", "key 441 mods 4 base 63|", 0},
	{"\033[97;1:3u", "key 61 action 3|", 0},
	{"\033[97;2:2;65u", "key 61 mods 1 action 2 text 41|", 0},
	{"\033[0;;97u", "", 0},
	{"\033[57414u", "key 11003e|", 0},
	{"\033[57441;2u", "key 110042 mods 1 raw 57441|", 0},
	{"\033[1;1:3B", "key 110002 action 3|", 0},
	{"\033[I\033[O", "focus in|focus out|", 0},
	{"\033[<0;10;5M", "mouse 0 at 4,9 mods 0|", 0},
	{"\033[<0;10;5m", "mouse 0 at 4,9 up mods 0|", 0},
	{"\033[<65;1;1M", "mouse 65 at 0,0 mods 0|", 0},
	{"\033[<35;3;4M", "mouse 3 at 3,2 moved mods 0|", 0},
	{"\033[<52;3;4M", "mouse 0 at 3,2 moved mods 5|", 0},
	{"\033[M !!", "mouse 0 at 0,0 mods 0|", 0},
	{"\033[200~one\r\ntwo\033[201~x", "paste one\rtwo|key 78 text 78|", 0},
	{"\033[200~a\033[Ab\033[201~", "paste a[Ab|", 0},
	{"\033[?62;22c", "reply [?62;22c|", 0},
	{"\033[?2026;2$y", "reply [?2026;2$y|", 0},
	{"\033[?1u", "reply [?1u|", 0},
	{"\033P>|term 1.0\033\\z", "reply P>|term 1.0\033\\|key 7a text 7a|", 0},
	{"\033]11;rgb:0000/0000/0000\007", "reply ]11;rgb:0000/0000/0000\007|", 0},
	{"\033[?997;1n", "reply [?997;1n|", 0},
};

static void
feed_chunks(const char *in, size_t n, size_t chunk, struct log *l)
{
	struct decoder *d = decoder_new(on_event, l);
	for (size_t i = 0; i < n; i += chunk)
		decoder_feed(d, in + i, MIN(chunk, n - i));
	assert_false(decoder_pending(d));
	decoder_free(d);
}

static void
decodes_in_any_chunks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(decode_table); i++) {
		const char *in = decode_table[i].in;
		size_t n = decode_table[i].len ? decode_table[i].len : strlen(in);
		for (size_t chunk = 1; chunk <= n; chunk++) {
			struct log l = {0};
			feed_chunks(in, n, chunk, &l);
			assert_string_equal(buf_cstr(&l.b), decode_table[i].events);
			buf_free(&l.b);
		}
	}
}

static void
time_decides_a_lone_escape(void **state)
{
	(void)state;
	static const struct {
		const char *in, *events;
		int timeouts;
	} table[] = {
		{"\033", "key 1b|", 1},
		{"\033\033", "key 1b|key 1b|", 1},
		{"\033[", "key 5b mods 2|", 1},
		{"\033O", "key 6f mods 3 shifted 4f|", 1},
		{"\033]", "key 5d mods 2|", 1},
		{"\033]x", "key 5d mods 2|key 78 text 78|", 1},
		{"\033[1;", "key 5b mods 2|key 31 text 31|key 3b text 3b|", 4},
		{"\033]11;", "", 1},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct log l = {0};
		struct decoder *d = decoder_new(on_event, &l);
		decoder_feed(d, table[i].in, strlen(table[i].in));
		assert_int_equal(l.b.len, 0);
		assert_true(decoder_pending(d));
		for (int k = 0; k < table[i].timeouts; k++)
			decoder_timeout(d);
		assert_string_equal(buf_cstr(&l.b), table[i].events);
		decoder_free(d);
		buf_free(&l.b);
	}
}

#define LEGACY    \
	{         \
		0 \
	}
#define KITTY(f)                   \
	{                          \
		.kitty_flags = (f) \
	}
#define OTHER(l)                    \
	{                           \
		.modify_other = (l) \
	}

/* By the names of `send --key`: what each kind of program gets. */
static const struct {
	const char *key;
	struct key_modes modes;
	const char *out;
	size_t len;
} encode_table[] = {
	{"a", LEGACY, "a", 0},
	{"A", LEGACY, "A", 0},
	{"C-c", LEGACY, "\x03", 0},
	{"C-\\", LEGACY, "\x1c", 0},
	{"C-Space", LEGACY, "\0", 1},
	{"C-/", LEGACY, "\x1f", 0},
	{"C-;", LEGACY, ";", 0},
	{"M-a", LEGACY, "\033a", 0},
	{"C-M-a", LEGACY, "\033\x01", 0},
	{"Escape", LEGACY, "\033", 0},
	{"Enter", LEGACY, "\r", 0},
	{"Enter", {.newline = true}, "\r\n", 0},
	{"S-Enter", LEGACY, "\r", 0},
	{"M-Enter", LEGACY, "\033\r", 0},
	{"Tab", LEGACY, "\t", 0},
	{"BTab", LEGACY, "\033[Z", 0},
	{"BSpace", LEGACY, "\x7f", 0},
	{"C-BSpace", LEGACY, "\x08", 0},
	{"BSpace", {.backarrow = true}, "\x08", 0},
	{"Up", LEGACY, "\033[A", 0},
	{"Up", {.app_cursor = true}, "\033OA", 0},
	{"C-Up", {.app_cursor = true}, "\033[1;5A", 0},
	{"Home", LEGACY, "\033[H", 0},
	{"PgUp", LEGACY, "\033[5~", 0},
	{"S-Delete", LEGACY, "\033[3;2~", 0},
	{"F1", LEGACY, "\033OP", 0},
	{"S-F1", LEGACY, "\033[1;2P", 0},
	{"F5", LEGACY, "\033[15~", 0},
	{"F12", LEGACY, "\033[24~", 0},
	{"\xc3\xa9", LEGACY, "\xc3\xa9", 0},

	{"a", KITTY(1), "a", 0},
	{"A", KITTY(1), "A", 0},
	{"S-Enter", KITTY(1), "\033[13;2u", 0},
	{"Enter", KITTY(1), "\r", 0},
	{"C-\\", KITTY(1), "\033[92;5u", 0},
	{"C-c", KITTY(1), "\033[99;5u", 0},
	{"M-a", KITTY(1), "\033[97;3u", 0},
	{"Escape", KITTY(1), "\033[27u", 0},
	{"BTab", KITTY(1), "\033[9;2u", 0},
	{"Up", {.kitty_flags = 1, .app_cursor = true}, "\033[A", 0},
	{"F1", KITTY(1), "\033[P", 0},
	{"F3", KITTY(1), "\033[13~", 0},
	{"C-F3", KITTY(1), "\033[13;5~", 0},
	{"a", KITTY(8), "\033[97u", 0},
	{"A", KITTY(8 | 4), "\033[97:65;2u", 0},
	{"a", KITTY(8 | 16), "\033[97;;97u", 0},
	{"A", KITTY(8 | 16), "\033[97;2;65u", 0},
	{"Enter", KITTY(8), "\033[13u", 0},
	{"Escape", KITTY(4), "\033", 0},
	{"F13", KITTY(1), "\033[57376u", 0},

	{"S-Enter", OTHER(2), "\033[27;2;13~", 0},
	{"C-\\", OTHER(2), "\033[27;5;92~", 0},
	{"C-c", OTHER(2), "\033[27;5;99~", 0},
	{"Escape", OTHER(2), "\033", 0},
	{"M-a", OTHER(2), "\033[27;3;97~", 0},
	{"A", OTHER(2), "A", 0},
	{"BTab", OTHER(2), "\033[Z", 0},
	{"C-Up", OTHER(2), "\033[1;5A", 0},
	{"S-Enter", OTHER(1), "\033[27;2;13~", 0},
	{"C-c", OTHER(1), "\x03", 0},
	{"C-;", OTHER(1), "\033[27;5;59~", 0},
	{"M-a", OTHER(1), "\033a", 0},
};

static void
encodes_as_asked_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(encode_table); i++) {
		struct input_event ev;
		struct buf b = {0};
		size_t n = encode_table[i].len ? encode_table[i].len : strlen(encode_table[i].out);
		assert_true(key_parse(encode_table[i].key, &ev));
		encode_input(&b, &ev, &encode_table[i].modes);
		buf_cstr(&b);
		if (b.len != n || memcmp(b.data, encode_table[i].out, n))
			fail_msg(
				"%s (row %zu) gave %s", encode_table[i].key, i, (char *)b.data + 1);
		buf_free(&b);
	}
}

static void
releases_only_for_those_who_ask(void **state)
{
	(void)state;
	struct input_event ev = {.type = INPUT_KEY, .key = 'a', .action = KEY_RELEASE};
	struct key_modes legacy = {0}, flags1 = {.kitty_flags = 1}, flags3 = {.kitty_flags = 3};
	struct buf b = {0};
	encode_input(&b, &ev, &legacy);
	encode_input(&b, &ev, &flags1);
	assert_int_equal(b.len, 0);
	encode_input(&b, &ev, &flags3);
	assert_string_equal(buf_cstr(&b), "\033[97;1:3u");
	b.len = 0;
	ev.key = 13; /* Enter keeps its byte, and a byte has no release */
	encode_input(&b, &ev, &flags3);
	assert_int_equal(b.len, 0);
	ev.key = KEY_UP;
	ev.action = KEY_REPEAT;
	encode_input(&b, &ev, &flags3);
	encode_input(&b, &ev, &legacy);
	assert_string_equal(buf_cstr(&b), "\033[1;1:2A\033[A");
	buf_free(&b);
}

static void
encode_to(struct buf *b, const struct input_event *ev, int mode, int encoding)
{
	struct key_modes m = {.mouse = (uint16_t)mode, .mouse_encoding = (uint16_t)encoding};
	b->len = 0;
	encode_input(b, ev, &m);
	buf_cstr(b);
}

static void
mouse_modes_and_encodings(void **state)
{
	(void)state;
	struct input_event press = {.type = INPUT_MOUSE, .button = 0, .row = 4, .col = 9};
	struct input_event up = press, drag = press, move = press, wheel = press;
	struct buf b = {0};
	up.release = true;
	drag.motion = true;
	move.motion = true;
	move.button = 3;
	wheel.button = 65;
	wheel.mods = MOD_CTRL;
	encode_to(&b, &press, 0, 1006);
	assert_int_equal(b.len, 0);
	encode_to(&b, &press, 1000, 0);
	assert_string_equal(b.data, "\033[M *%");
	encode_to(&b, &press, 1000, 1005);
	assert_string_equal(b.data, "\033[M *%");
	encode_to(&b, &press, 1000, 1006);
	assert_string_equal(b.data, "\033[<0;10;5M");
	encode_to(&b, &up, 1000, 1006);
	assert_string_equal(b.data, "\033[<0;10;5m");
	encode_to(&b, &up, 1000, 1015);
	assert_string_equal(b.data, "\033[35;10;5M");
	encode_to(&b, &press, 1000, 1016);
	assert_string_equal(b.data, "\033[<0;77;73M");
	encode_to(&b, &up, 9, 1006);
	assert_int_equal(b.len, 0);
	encode_to(&b, &drag, 1000, 1006);
	assert_int_equal(b.len, 0);
	encode_to(&b, &drag, 1002, 1006);
	assert_string_equal(b.data, "\033[<32;10;5M");
	encode_to(&b, &move, 1002, 1006);
	assert_int_equal(b.len, 0);
	encode_to(&b, &move, 1003, 1006);
	assert_string_equal(b.data, "\033[<35;10;5M");
	encode_to(&b, &wheel, 1000, 1006);
	assert_string_equal(b.data, "\033[<81;10;5M");
	press.col = 300; /* cannot be said in one byte, but in two */
	encode_to(&b, &press, 1000, 0);
	assert_int_equal(b.len, 0);
	encode_to(&b, &press, 1000, 1005);
	assert_string_equal(b.data, "\033[M \xc5\x8d%");
	buf_free(&b);
}

static void
paste_cannot_break_out(void **state)
{
	(void)state;
	static const struct {
		const char *in, *plain;
	} table[] = {
		{"a\nb\r\nc\rd\te", "a\rb\rc\rd\te"},
		{"x\033[201~rm -rf\r", "xrm -rf\r"},
		{"x\xc2\x9b"
		 "201~y",
			"xy"},
		{"\033\033[201~[201~z", "[201~z"},
		{"bell\a nul\x01 del\x7f", "bell nul del"},
		{"\xc3\xa9\xf0\x9f\x98\x80", "\xc3\xa9\xf0\x9f\x98\x80"},
	};
	struct key_modes plain = {0}, bracketed = {.bracketed_paste = true};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct buf b = {0}, want = {0};
		struct input_event ev = {.type = INPUT_PASTE,
			.bytes = (const uint8_t *)table[i].in,
			.len = strlen(table[i].in)};
		encode_input(&b, &ev, &plain);
		assert_string_equal(buf_cstr(&b), table[i].plain);
		b.len = 0;
		encode_input(&b, &ev, &bracketed);
		buf_printf(&want, "\033[200~%s\033[201~", table[i].plain);
		assert_string_equal(buf_cstr(&b), buf_cstr(&want));
		buf_free(&b);
		buf_free(&want);
	}
}

static uint32_t
next_random(uint32_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	*s ^= *s << 5;
	return *s;
}

/* Random bytes out of those that matter: after cleaning, nothing but text is left. */
static void
random_pastes_hold_no_control(void **state)
{
	(void)state;
	static const uint8_t pool[] = "\033\033[201~~\xc2\x9b\x9c\r\n\ta\x01\x7f";
	uint32_t seed = 2463534242u;
	for (int round = 0; round < 100000; round++) {
		uint8_t in[24];
		struct buf b = {0};
		for (size_t i = 0; i < sizeof(in); i++)
			in[i] = pool[next_random(&seed) % (sizeof(pool) - 1)];
		paste_clean(&b, in, sizeof(in));
		for (size_t i = 0; i < b.len; i++) {
			assert_true(b.data[i] >= 0x20 || b.data[i] == '\r' || b.data[i] == '\t');
			assert_int_not_equal(b.data[i], 0x7f);
			if (b.data[i] == 0xc2 && i + 1 < b.len)
				assert_false(b.data[i + 1] >= 0x80 && b.data[i + 1] < 0xa0);
		}
		buf_free(&b);
	}
}

static void
big_paste_arrives_in_parts(void **state)
{
	(void)state;
	struct log l = {0};
	struct decoder *d = decoder_new(on_event, &l);
	size_t n = 1200000;
	char *text = xmalloc(n);
	memset(text, 'p', n);
	decoder_feed(d, "\033[200~", 6);
	for (size_t i = 0; i < n; i += 4096)
		decoder_feed(d, text + i, MIN((size_t)4096, n - i));
	decoder_feed(d, "\033[201~", 6);
	size_t letters = 0;
	for (size_t i = 0; i < l.b.len; i++)
		letters += l.b.data[i] == 'p';
	/* "paste " and its own p once a part */
	assert_int_equal(letters, n + 3);
	decoder_free(d);
	buf_free(&l.b);
	free(text);
}

static void
reencode(void *ctx, const struct input_event *ev)
{
	void **both = ctx;
	struct buf wire = {0};
	struct input_event over;
	input_pack(&wire, ev);
	struct rd in = rd_init(wire.data, wire.len);
	assert_int_equal(input_unpack(&in, &over), 0);
	assert_int_equal(rd_left(&in), 0);
	encode_input(both[0], &over, both[1]);
	buf_free(&wire);
}

/* Everything a terminal can send in a dialect comes out the same in that dialect. */
static void
round_trips(void **state)
{
	(void)state;
	static const struct {
		struct key_modes modes;
		const char *in[16];
	} table[] = {
		{LEGACY, {"a", "A", "\x03", "\x1c", "\r", "\t", "\x7f", "\033[Z", "\033x", "\033OP",
				 "\033[15~", "\033[1;5C", "\033[3~", "\xc3\xa4", "\033\033[1;2D"}},
		{KITTY(1), {"a", "\033[27u", "\033[13;2u", "\033[97;5u", "\033[1;3A", "\033[13;5~",
				   "\033[57414u", "\033[5;9~", "\033[97;7u"}},
		{KITTY(31),
			{"\033[97;;97u", "\033[97:65;2;65u", "\033[97;1:3u", "\033[1;1:3A",
				"\033[57441;2u", "\033[13;1:3u", "\033[9;65u", "\033[1089::99;5u"}},
		{OTHER(2), {"\033[27;2;13~", "\033[27;5;99~", "\033[27;6;65~", "\033", "\t", "q"}},
	};
	for (size_t t = 0; t < ARRAY_LEN(table); t++) {
		for (int i = 0; i < 16 && table[t].in[i]; i++) {
			struct key_modes m = table[t].modes;
			const char *in = table[t].in[i];
			struct buf b = {0};
			void *both[2] = {&b, &m};
			struct decoder *d = decoder_new(reencode, both);
			decoder_feed(d, in, strlen(in));
			decoder_timeout(d);
			if (strcmp(in, "\033\033[1;2D")) /* Alt told by ESC becomes a modifier */
				assert_string_equal(buf_cstr(&b), in);
			else
				assert_string_equal(buf_cstr(&b), "\033[1;4D");
			decoder_free(d);
			buf_free(&b);
		}
	}
}

static void
wire_refuses_nonsense(void **state)
{
	(void)state;
	uint32_t seed = 77;
	for (int round = 0; round < 20000; round++) {
		uint8_t junk[32];
		struct input_event ev;
		for (size_t i = 0; i < sizeof(junk); i++)
			junk[i] = (uint8_t)(next_random(&seed) >> 8);
		junk[0] %= 7;
		struct rd in = rd_init(junk, next_random(&seed) % sizeof(junk));
		if (input_unpack(&in, &ev) == 0) {
			struct key_modes m = {
				.kitty_flags = 31, .mouse = 1003, .mouse_encoding = 1006};
			struct buf b = {0};
			assert_true(ev.type <= INPUT_REPLY);
			encode_input(&b, &ev, &m);
			buf_free(&b);
		}
	}
	uint8_t mouse_far[] = {INPUT_MOUSE, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0};
	struct input_event ev;
	struct rd in = rd_init(mouse_far, sizeof(mouse_far));
	assert_true(input_unpack(&in, &ev) < 0);
}

static void
match(void *ctx, const struct input_event *ev)
{
	void **both = ctx;
	*(bool *)both[1] = key_matches(ev, both[0]);
}

static void
prefix_matches_in_every_dialect(void **state)
{
	(void)state;
	static const char *const yes[] = {
		"\x1c", "\033[92;5u", "\033[27;5;92~", "\033[92;69u", "\033[1096::92;5u"};
	static const char *const no[] = {"\\", "\x1d", "\033\x1c", "\033[92;6u"};
	struct input_event prefix;
	bool hit = false;
	void *both[2] = {&prefix, &hit};
	assert_true(key_parse("C-\\", &prefix));
	for (size_t i = 0; i < ARRAY_LEN(yes) + ARRAY_LEN(no); i++) {
		const char *in = i < ARRAY_LEN(yes) ? yes[i] : no[i - ARRAY_LEN(yes)];
		struct decoder *d = decoder_new(match, both);
		hit = false;
		decoder_feed(d, in, strlen(in));
		assert_int_equal(hit, i < ARRAY_LEN(yes));
		decoder_free(d);
	}
	assert_false(key_parse("C-", &prefix) && prefix.key != '-');
	assert_false(key_parse("Nope", &prefix));
	assert_false(key_parse("", &prefix));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_in_any_chunks),
		cmocka_unit_test(time_decides_a_lone_escape),
		cmocka_unit_test(encodes_as_asked_for),
		cmocka_unit_test(releases_only_for_those_who_ask),
		cmocka_unit_test(mouse_modes_and_encodings),
		cmocka_unit_test(paste_cannot_break_out),
		cmocka_unit_test(random_pastes_hold_no_control),
		cmocka_unit_test(big_paste_arrives_in_parts),
		cmocka_unit_test(round_trips),
		cmocka_unit_test(wire_refuses_nonsense),
		cmocka_unit_test(prefix_matches_in_every_dialect),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
