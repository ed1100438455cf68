/* Names, tables and the wire form of keys. */
#include "core/keys/keys_priv.h"

#include "core/text/width.h"
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

const struct key_form key_forms[] = {
#define X(key, name, num, final) {key, name, num, final},
#include "core/keys/keys.def"
#undef X
};
const size_t n_key_forms = ARRAY_LEN(key_forms);

const char kp_ss3[] = "pqrstuvwxynojmkMXl";
const char kp_plain[] = "0123456789./*-+\r=,";
static_assert(sizeof(kp_ss3) == KEY_KP_SEPARATOR - KEY_KP_0 + 2, "a character a keypad key");
static_assert(sizeof(kp_plain) == sizeof(kp_ss3), "a character a keypad key");

uint32_t
kitty_to_key(uint32_t number)
{
	if (number == KITTY_MENU)
		return KEY_MENU;
	if (number >= KITTY_F13 && number < KITTY_KP_0)
		return KEY_F1 + 12 + (number - KITTY_F13);
	if (number >= KITTY_KP_0 && number < KITTY_KP_LEFT)
		return KEY_KP_0 + (number - KITTY_KP_0);
	return KEY_OTHER;
}

uint32_t
key_to_kitty(const struct input_event *ev)
{
	if (ev->key == KEY_OTHER)
		return ev->raw;
	if (ev->key == KEY_MENU)
		return KITTY_MENU;
	if (ev->key >= KEY_F1 + 12 && ev->key <= KEY_F35)
		return KITTY_F13 + (ev->key - KEY_F1 - 12);
	if (ev->key >= KEY_KP_0 && ev->key <= KEY_KP_SEPARATOR)
		return KITTY_KP_0 + (ev->key - KEY_KP_0);
	return 0;
}

/* --- names ------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	uint32_t key;
	uint8_t mods;
} named[] = {
	{"Enter", 13, 0},
	{"Return", 13, 0},
	{"Escape", 27, 0},
	{"Esc", 27, 0},
	{"Tab", 9, 0},
	{"BTab", 9, MOD_SHIFT},
	{"Space", ' ', 0},
	{"BSpace", 127, 0},
	{"Backspace", 127, 0},
	{"PageUp", KEY_PGUP, 0},
	{"PageDown", KEY_PGDN, 0},
};

static bool
key_named(const char *name, struct input_event *ev)
{
	for (size_t i = 0; i < ARRAY_LEN(named); i++) {
		if (!strcasecmp(name, named[i].name)) {
			ev->key = named[i].key;
			ev->mods |= named[i].mods;
			return true;
		}
	}
	for (size_t i = 0; i < n_key_forms; i++) {
		if (*key_forms[i].name && !strcasecmp(name, key_forms[i].name)) {
			ev->key = key_forms[i].key;
			return true;
		}
	}
	return false;
}

static uint8_t
mod_letter(char c)
{
	return c == 'C' ? MOD_CTRL : c == 'M' || c == 'A' ? MOD_ALT : c == 'S' ? MOD_SHIFT : 0;
}

bool
key_parse(const char *name, struct input_event *ev)
{
	*ev = (struct input_event){.type = INPUT_KEY, .action = KEY_PRESS};
	while (name[0] && name[1] == '-' && name[2] && mod_letter(name[0])) {
		ev->mods |= mod_letter(name[0]);
		name += 2;
	}
	if (key_named(name, ev))
		return true;
	uint32_t cp;
	size_t n = strlen(name);
	if (!n || utf8_next(name, n, &cp) != n || cp < ' ' || cp == 0x7f || cp == 0xfffd)
		return false;
	ev->key = (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp);
	if (ev->key != cp) {
		ev->mods |= MOD_SHIFT;
		ev->shifted = cp;
	}
	if (!(ev->mods & (MOD_CTRL | MOD_ALT)))
		ev->text[0] = ev->mods & MOD_SHIFT
				      ? (uint32_t)utf8proc_toupper((utf8proc_int32_t)ev->key)
				      : cp;
	return true;
}

bool
key_matches(const struct input_event *ev, const struct input_event *binding)
{
	const uint8_t locks = MOD_LOCKS;
	if (ev->type != INPUT_KEY)
		return false;
	uint8_t a = ev->mods & (uint8_t)~locks, b = binding->mods & (uint8_t)~locks;
	if (ev->key == binding->key || (ev->base && ev->base == binding->key))
		return a == b;
	/* a symbol on a shifted key of this layout */
	return ev->shifted && ev->shifted == binding->key && (a & ~MOD_SHIFT) == (b & ~MOD_SHIFT);
}

/* --- wire ------------------------------------------------------------------------------------- */

static void
pack_key(struct buf *out, const struct input_event *ev)
{
	unsigned n = 0;
	while (n < ARRAY_LEN(ev->text) && ev->text[n])
		n++;
	buf_varint(out, ev->key);
	buf_varint(out, ev->shifted);
	buf_varint(out, ev->base);
	buf_varint(out, ev->raw);
	buf_putc(out, ev->action);
	buf_varint(out, n);
	for (unsigned i = 0; i < n; i++)
		buf_varint(out, ev->text[i]);
}

void
input_pack(struct buf *out, const struct input_event *ev)
{
	buf_putc(out, (uint8_t)ev->type);
	buf_putc(out, ev->mods);
	switch (ev->type) {
	case INPUT_KEY:
		pack_key(out, ev);
		break;
	case INPUT_MOUSE:
		buf_varint(out, (uint64_t)ev->button);
		buf_varint(out, (uint64_t)ev->row);
		buf_varint(out, (uint64_t)ev->col);
		buf_putc(out, (uint8_t)(ev->motion | ev->release << 1));
		break;
	case INPUT_FOCUS:
		buf_putc(out, ev->focus_in);
		break;
	case INPUT_PASTE:
	case INPUT_REPLY:
		buf_varint(out, ev->len);
		buf_put(out, ev->bytes, ev->len);
		break;
	}
}

static uint32_t
rd_cp(struct rd *in)
{
	uint64_t v = rd_varint(in);
	if (v > KEY_OTHER)
		in->bad = true;
	return (uint32_t)v;
}

static void
unpack_key(struct rd *in, struct input_event *ev)
{
	ev->key = rd_cp(in);
	ev->shifted = rd_cp(in);
	ev->base = rd_cp(in);
	ev->raw = rd_cp(in);
	ev->action = rd_u8(in);
	uint64_t n = rd_varint(in);
	if (n > ARRAY_LEN(ev->text) || ev->action > KEY_RELEASE)
		in->bad = true;
	for (uint64_t i = 0; i < n && !in->bad; i++)
		ev->text[i] = rd_cp(in);
}

static int
rd_coord(struct rd *in, uint64_t max)
{
	uint64_t v = rd_varint(in);
	if (v > max)
		in->bad = true;
	return (int)v;
}

static void
unpack_mouse(struct rd *in, struct input_event *ev)
{
	ev->button = rd_coord(in, 255);
	ev->row = rd_coord(in, 65535);
	ev->col = rd_coord(in, 65535);
	uint8_t bits = rd_u8(in);
	ev->motion = bits & 1;
	ev->release = bits & 2;
}

int
input_unpack(struct rd *in, struct input_event *ev)
{
	*ev = (struct input_event){0};
	uint8_t type = rd_u8(in);
	ev->mods = rd_u8(in);
	ev->type = (enum input_type)type;
	switch (type) {
	case INPUT_KEY:
		unpack_key(in, ev);
		break;
	case INPUT_MOUSE:
		unpack_mouse(in, ev);
		break;
	case INPUT_FOCUS:
		ev->focus_in = rd_u8(in);
		break;
	case INPUT_PASTE:
	case INPUT_REPLY:
		ev->len = rd_varint(in);
		ev->bytes = rd_bytes(in, ev->len);
		break;
	default:
		in->bad = true;
	}
	return in->bad ? -EBADMSG : 0;
}
