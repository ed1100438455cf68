/* Events for the program inside, as the terminal it believes in would send them.
 *
 * Three dialects, by what the program switched on: the kitty keyboard protocol (any flag set), else
 * xterm's modifyOtherKeys, else what terminals always sent. One deviation from xterm: with
 * modifyOtherKeys 2 a character typed with Shift alone stays that character, since programs that
 * ask for level 2 want Ctrl and Shift+Enter told apart, not capitals spelled out. */
#include "core/keys/keys_priv.h"

#include "core/text/width.h"
#include <string.h>
#include <utf8proc.h>

enum {
	KITTY_DISAMBIGUATE = 1,
	KITTY_EVENTS = 2,
	KITTY_ALTERNATES = 4,
	KITTY_ALL = 8,
	KITTY_TEXT = 16
};

#define NO_TEXT_MODS (MOD_ALT | MOD_CTRL | MOD_SUPER | MOD_HYPER | MOD_META)
#define CODEPOINTS KEY_NONE

static bool
is_char(const struct input_event *ev)
{
	return ev->key < CODEPOINTS && ev->key >= ' ' && ev->key != 127;
}

static const struct key_form *
form_of(uint32_t key)
{
	for (size_t i = 0; i < n_key_forms; i++)
		if (key_forms[i].key == key)
			return &key_forms[i];
	return NULL;
}

static uint32_t
shifted_char(const struct input_event *ev)
{
	if (!(ev->mods & MOD_SHIFT))
		return ev->key;
	return ev->shifted ? ev->shifted : (uint32_t)utf8proc_toupper((utf8proc_int32_t)ev->key);
}

static void
put_text(struct buf *out, const struct input_event *ev)
{
	if (!ev->text[0]) {
		buf_utf8(out, shifted_char(ev));
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(ev->text) && ev->text[i]; i++)
		if (ev->text[i] >= ' ' && ev->text[i] != 127)
			buf_utf8(out, ev->text[i]);
}

/* The C0 code of Ctrl and a character, or -1. */
static int
c0_of(const struct input_event *ev)
{
	static const char from[] = " @`2[3{\\4|]5}^6~_7/?8";
	static const char to[] =
		"\0\0\0\0\033\033\033\034\034\034\035\035\035\036\036\036\037\037\037\177\177";
	uint32_t k = ev->key >= 0x80 && ev->base ? ev->base : ev->key;
	if (k >= 'a' && k <= 'z')
		return (int)(k & 0x1f);
	const char *p = k && k < 0x80 ? strchr(from, (int)k) : NULL;
	return p ? to[p - from] : -1;
}

/* --- legacy ----------------------------------------------------------------------------------- */

static void
legacy_char(struct buf *out, const struct input_event *ev)
{
	int c0 = ev->mods & MOD_CTRL ? c0_of(ev) : -1;
	if (ev->mods & (MOD_SUPER | MOD_HYPER))
		return; /* no terminal types these */
	if (ev->mods & (MOD_ALT | MOD_META))
		buf_putc(out, 0x1b);
	if (c0 >= 0)
		buf_putc(out, (uint8_t)c0);
	else if (ev->mods & (MOD_ALT | MOD_META | MOD_CTRL))
		buf_utf8(out, shifted_char(ev));
	else
		put_text(out, ev);
}

/* Enter, Tab, Backspace, Escape. */
static void
legacy_control(struct buf *out, const struct input_event *ev, const struct key_modes *m)
{
	if (ev->mods & (MOD_ALT | MOD_META))
		buf_putc(out, 0x1b);
	if (ev->key == 9 && (ev->mods & MOD_SHIFT))
		buf_puts(out, "\033[Z");
	else if (ev->key == 127)
		buf_putc(out, m->backarrow != !!(ev->mods & MOD_CTRL) ? 8 : 127);
	else
		buf_putc(out, (uint8_t)ev->key);
	if (ev->key == 13 && m->newline)
		buf_putc(out, '\n');
}

static void
put_form(struct buf *out, const struct key_form *f, const char *params)
{
	if (f->final == '~')
		buf_printf(out, "\033[%u%s~", f->num, params);
	else
		buf_printf(out, "\033[%s%s%c", *params ? "1" : "", params, f->final);
}

static void
legacy_form(struct buf *out, const struct key_form *f, unsigned mods, const struct key_modes *m)
{
	char params[16] = "";
	bool f1_to_f4 = f->final >= 'P' && f->final <= 'S';
	if (!mods && f->final != '~' && (f1_to_f4 || m->app_cursor)) {
		buf_printf(out, "\033O%c", f->final);
		return;
	}
	if (mods)
		snprintf(params, sizeof(params), ";%u", mods + 1);
	put_form(out, f, params);
}

static void
legacy_keypad(struct buf *out, const struct input_event *ev, const struct key_modes *m)
{
	uint32_t i = ev->key - KEY_KP_0;
	if (ev->mods & (MOD_ALT | MOD_META))
		buf_putc(out, 0x1b);
	if (m->app_keypad && !(ev->mods & MOD_NUM))
		buf_printf(out, "\033O%c", kp_ss3[i]);
	else
		buf_putc(out, (uint8_t)kp_plain[i]);
}

/* A keypad's arrows and the like, which only the kitty protocol tells from the main ones. */
static uint32_t
main_key(const struct input_event *ev)
{
	static const uint32_t keys[] = {KEY_LEFT, KEY_RIGHT, KEY_UP, KEY_DOWN, KEY_PGUP, KEY_PGDN,
		KEY_HOME, KEY_END, KEY_INSERT, KEY_DELETE, KEY_BEGIN};
	bool pad = ev->key == KEY_OTHER && ev->raw >= KITTY_KP_LEFT && ev->raw <= KITTY_KP_BEGIN;
	return pad ? keys[ev->raw - KITTY_KP_LEFT] : ev->key;
}

static void
encode_legacy(struct buf *out, const struct input_event *ev, const struct key_modes *m)
{
	const struct key_form *f = form_of(main_key(ev));
	if (f)
		legacy_form(out, f, ev->mods & 63, m);
	else if (ev->key >= KEY_KP_0 && ev->key <= KEY_KP_SEPARATOR)
		legacy_keypad(out, ev, m);
	else if (is_char(ev))
		legacy_char(out, ev);
	else if (ev->key == 13 || ev->key == 9 || ev->key == 127 || ev->key == 27)
		legacy_control(out, ev, m);
}

/* --- modifyOtherKeys -------------------------------------------------------------------------- */

static bool
wants_other(const struct input_event *ev, int level)
{
	unsigned mods = ev->mods & (MOD_SHIFT | MOD_ALT | MOD_CTRL);
	bool ctrl_only = mods == MOD_CTRL;
	if (!level || !mods)
		return false;
	switch (ev->key) {
	case 9:
		return mods != MOD_SHIFT;
	case 13:
		return true;
	case 27:
		return level == 2;
	case 127:
		return level == 2 && !ctrl_only;
	default:
		break;
	}
	if (!is_char(ev) || mods == MOD_SHIFT)
		return false;
	if (level == 2)
		return true;
	/* level 1: only what has no code of its own */
	if (mods & MOD_CTRL)
		return c0_of(ev) < 0 || (mods & MOD_SHIFT);
	return false;
}

static void
encode_other(struct buf *out, const struct input_event *ev)
{
	unsigned mods = ev->mods & (MOD_SHIFT | MOD_ALT | MOD_CTRL);
	uint32_t code = is_char(ev) ? shifted_char(ev) : ev->key;
	buf_printf(out, "\033[27;%u;%u~", mods + 1, code);
}

/* --- kitty ------------------------------------------------------------------------------------ */

/* ";mods:action", empty when there is nothing to say. */
static void
kitty_params(char *s, size_t n, unsigned mods, unsigned action)
{
	*s = '\0';
	if (action != KEY_PRESS)
		snprintf(s, n, ";%u:%u", mods + 1, action);
	else if (mods)
		snprintf(s, n, ";%u", mods + 1);
}

static void
kitty_u(struct buf *out, const struct input_event *ev, unsigned mods, unsigned action,
	unsigned flags)
{
	char params[32];
	uint32_t number = key_to_kitty(ev), key = number ? number : ev->key;
	bool text = (flags & KITTY_TEXT) && (flags & KITTY_ALL) && action != KEY_RELEASE &&
		    is_char(ev) && !(mods & NO_TEXT_MODS);
	buf_printf(out, "\033[%u", key);
	if ((flags & KITTY_ALTERNATES) && is_char(ev)) {
		uint32_t shifted = mods & MOD_SHIFT ? shifted_char(ev) : 0;
		bool base = ev->base && ev->base != ev->key;
		if (shifted && shifted != ev->key)
			buf_printf(out, ":%u", shifted);
		else if (base)
			buf_putc(out, ':');
		if (base)
			buf_printf(out, ":%u", ev->base);
	}
	kitty_params(params, sizeof(params), mods, action);
	buf_puts(out, params);
	if (text) {
		uint32_t one[2] = {shifted_char(ev), 0};
		const uint32_t *t = ev->text[0] ? ev->text : one;
		buf_puts(out, *params ? ";" : ";;");
		for (size_t i = 0; i < ARRAY_LEN(ev->text) && t[i]; i++)
			buf_printf(out, "%s%u", i ? ":" : "", t[i]);
	}
	buf_putc(out, 'u');
}

static void
kitty_form(struct buf *out, const struct key_form *f, unsigned mods, unsigned action)
{
	static const struct key_form f3 = {KEY_F1 + 2, "F3", 13, '~'};
	char params[32];
	kitty_params(params, sizeof(params), mods, action);
	/* CSI R would be taken for a cursor position report */
	put_form(out, f->final == 'R' ? &f3 : f, params);
}

/* Does the key keep its old bytes although some flag is set? */
static bool
kitty_keeps_legacy(const struct input_event *ev, unsigned flags, unsigned mods, unsigned action)
{
	if (flags & KITTY_ALL)
		return false;
	if (ev->key == 13 || ev->key == 9 || ev->key == 127)
		return !mods || !(flags & KITTY_DISAMBIGUATE);
	if (action == KEY_RELEASE)
		return false;
	if (is_char(ev))
		return !(mods & NO_TEXT_MODS) || !(flags & KITTY_DISAMBIGUATE);
	if (ev->key >= KEY_KP_0 && ev->key <= KEY_KP_SEPARATOR && ev->key != KEY_KP_ENTER)
		return !(mods & NO_TEXT_MODS);
	return ev->key == 27 && !(flags & KITTY_DISAMBIGUATE) && action == KEY_PRESS;
}

static bool
is_modifier_key(const struct input_event *ev)
{
	return ev->key == KEY_OTHER && (ev->raw < KITTY_KP_LEFT || ev->raw > KITTY_KP_BEGIN) &&
	       ((ev->raw >= 57358 && ev->raw <= 57360) || ev->raw >= 57441);
}

static void
encode_kitty(struct buf *out, const struct input_event *ev, const struct key_modes *m)
{
	unsigned flags = m->kitty_flags, mods = ev->mods,
		 action = ev->action ? ev->action : KEY_PRESS;
	const struct key_form *f = form_of(ev->key);
	bool control = ev->key == 13 || ev->key == 9 || ev->key == 127;
	if (!(flags & KITTY_ALL)) {
		mods &= ~(unsigned)MOD_LOCKS;
		if (is_modifier_key(ev) || (control && action == KEY_RELEASE))
			return;
	}
	if (kitty_keeps_legacy(ev, flags, mods, action)) {
		encode_legacy(out, ev, m);
		return;
	}
	if (!(flags & KITTY_EVENTS))
		action = KEY_PRESS;
	if (f && ev->key != KEY_MENU && !(ev->key > KEY_F12 && ev->key <= KEY_F35))
		kitty_form(out, f, mods, action);
	else
		kitty_u(out, ev, mods, action, flags);
}

static void
encode_key(struct buf *out, const struct input_event *ev, const struct key_modes *m)
{
	if (ev->action == KEY_RELEASE && !(m->kitty_flags & KITTY_EVENTS))
		return;
	if (m->kitty_flags)
		encode_kitty(out, ev, m);
	else if (wants_other(ev, m->modify_other))
		encode_other(out, ev);
	else
		encode_legacy(out, ev, m);
}

/* --- paste, mouse, focus ---------------------------------------------------------------------- */

void
paste_clean(struct buf *out, const void *text, size_t n)
{
	const uint8_t *p = text;
	size_t start = out->len;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = p[i];
		bool joined = c >= 0x80 && c < 0xa0 && out->len > start &&
			      out->data[out->len - 1] == 0xc2;
		bool c1 = c == 0xc2 && i + 1 < n && p[i + 1] >= 0x80 && p[i + 1] < 0xa0;
		if (c == '\r' && i + 1 < n && p[i + 1] == '\n')
			continue; /* the LF stands for both */
		if (c == 0x1b || c1) {
			static const char tail[] = "[201~";
			size_t from = c1 && p[i + 1] == 0x9b; /* CSI as one character */
			size_t at = i + 1 + c1;
			i = at - 1;
			if (n - at >= 5 - from && !memcmp(p + at, tail + from, 5 - from))
				i += 5 - from;
		} else if (joined) {
			out->len--; /* what was taken out stood between the halves of a C1 */
		} else if (c == '\n' || c == '\r') {
			buf_putc(out, '\r');
		} else if (c == '\t' || (c >= 0x20 && c != 0x7f)) {
			buf_putc(out, c);
		}
	}
}

static void
encode_paste(struct buf *out, const struct input_event *ev, const struct key_modes *m)
{
	if (m->bracketed_paste)
		buf_puts(out, "\033[200~");
	paste_clean(out, ev->bytes, ev->len);
	if (m->bracketed_paste)
		buf_puts(out, "\033[201~");
}

static bool
mouse_wanted(const struct input_event *ev, unsigned mode)
{
	bool wheel = ev->button >= 64 && ev->button < 128;
	switch (mode) {
	case 9:
		return !ev->motion && !ev->release && !wheel;
	case 1000:
		return !ev->motion;
	case 1002:
		return !ev->motion || ev->button != 3;
	case 1003:
		return true;
	default:
		return false;
	}
}

/* A pixel position in the middle of the cell; cells are reported as 8 by 16 pixels. */
enum { CELL_PX = 8, CELL_PY = 16 };

static void
put_x10(struct buf *out, int b, int x, int y, bool utf8)
{
	int v[3] = {b + 32, x + 32, y + 32};
	for (int i = 0; i < 3; i++)
		if (v[i] > (utf8 ? 2047 : 255))
			return; /* too far to the right or below to be said */
	buf_puts(out, "\033[M");
	for (int i = 0; i < 3; i++) {
		if (utf8)
			buf_utf8(out, (uint32_t)v[i]);
		else
			buf_putc(out, (uint8_t)v[i]);
	}
}

static void
encode_mouse(struct buf *out, const struct input_event *ev, const struct key_modes *m)
{
	int x = ev->col + 1, y = ev->row + 1, b = ev->button;
	if (ev->button >= 64 && ev->button <= 65 && !m->mouse && m->alt_screen && m->alt_scroll) {
		const struct key_form *f = form_of(ev->button == 64 ? KEY_UP : KEY_DOWN);
		for (int i = 0; f && i < 3; i++)
			legacy_form(out, f, 0, m);
		return;
	}
	if (!mouse_wanted(ev, m->mouse))
		return;
	if (m->mouse != 9)
		b |= (ev->mods & MOD_SHIFT ? 4 : 0) | (ev->mods & MOD_ALT ? 8 : 0) |
		     (ev->mods & MOD_CTRL ? 16 : 0) | (ev->motion ? 32 : 0);
	/* only SGR says which button was let go */
	int old = ev->release ? (b & ~3) | 3 : b;
	switch (m->mouse_encoding) {
	case 1016:
		x = ev->col * CELL_PX + CELL_PX / 2 + 1;
		y = ev->row * CELL_PY + CELL_PY / 2 + 1;
		/* fall through */
	case 1006:
		buf_printf(out, "\033[<%d;%d;%d%c", b, x, y, ev->release ? 'm' : 'M');
		break;
	case 1015:
		buf_printf(out, "\033[%d;%d;%dM", old + 32, x, y);
		break;
	default:
		put_x10(out, old, x, y, m->mouse_encoding == 1005);
		break;
	}
}

static void
encode_focus(struct buf *out, const struct input_event *ev, const struct key_modes *m)
{
	if (m->focus)
		buf_puts(out, ev->focus_in ? "\033[I" : "\033[O");
}

void
encode_input(struct buf *out, const struct input_event *ev, const struct key_modes *m)
{
	static void (*const encode[])(
		struct buf *, const struct input_event *, const struct key_modes *) = {
		[INPUT_KEY] = encode_key,
		[INPUT_PASTE] = encode_paste,
		[INPUT_MOUSE] = encode_mouse,
		[INPUT_FOCUS] = encode_focus,
	};
	if ((size_t)ev->type < ARRAY_LEN(encode) && encode[ev->type])
		encode[ev->type](out, ev, m);
}
