#ifndef CORE_KEYS_H
#define CORE_KEYS_H
/* Keys between terminals: decode what the outer terminal sends, encode for the inner program.
 * A key is a Unicode codepoint or a KEY_* value, with modifiers, as in the kitty keyboard protocol:
 * the key is the unshifted one ('a' with MOD_SHIFT for A) where that is known. */
#include "core/base/buf.h"
#include "core/term/term.h"

enum {
	MOD_SHIFT = 1,
	MOD_ALT = 2,
	MOD_CTRL = 4,
	MOD_SUPER = 8,
	MOD_HYPER = 16,
	MOD_META = 32,
	MOD_CAPS = 64,
	MOD_NUM = 128,
};
#define MOD_LOCKS (MOD_CAPS | MOD_NUM)
enum key_action { KEY_PRESS = 1, KEY_REPEAT = 2, KEY_RELEASE = 3 };
enum key_sym { /* beyond Unicode */
	KEY_NONE = 0x110000,
	KEY_UP,
	KEY_DOWN,
	KEY_LEFT,
	KEY_RIGHT,
	KEY_HOME,
	KEY_END,
	KEY_PGUP,
	KEY_PGDN,
	KEY_INSERT,
	KEY_DELETE,
	KEY_BEGIN,
	KEY_F1,
	KEY_F12 = KEY_F1 + 11,
	KEY_F35 = KEY_F1 + 34,
	KEY_KP_0,
	KEY_KP_9 = KEY_KP_0 + 9,
	KEY_KP_DECIMAL,
	KEY_KP_DIVIDE,
	KEY_KP_MULTIPLY,
	KEY_KP_SUBTRACT,
	KEY_KP_ADD,
	KEY_KP_ENTER,
	KEY_KP_EQUAL,
	KEY_KP_SEPARATOR,
	KEY_MENU,
	KEY_OTHER, /* kitty functional key, number in .raw */
};
/* Escape 27, Enter 13, Tab 9, Backspace 127, Space 32 are codepoints. */
enum input_type { INPUT_KEY, INPUT_PASTE, INPUT_MOUSE, INPUT_FOCUS, INPUT_REPLY };
struct input_event {
	enum input_type type;
	uint32_t key, shifted, base, raw;
	uint8_t mods, action; /* action 0 counts as press */
	uint32_t text[8];     /* INPUT_KEY: associated text, 0-terminated, may be empty */
	const uint8_t
		*bytes; /* INPUT_PASTE: cleaned text; INPUT_REPLY: the whole reply; borrowed */
	size_t len;
	int button, row, col; /* INPUT_MOUSE: 0 left 1 middle 2 right 64 65 wheel 3 none; from 0 */
	bool motion, release, focus_in;
};

/* Decoder of an outer terminal's input. A lone ESC is undecided until decoder_timeout (the caller
 * runs a 25 ms timer while decoder_pending). The decoder may not be fed or freed in a callback. */
struct decoder;
typedef void (*input_cb)(void *ctx, const struct input_event *ev);
#define DECODE_TIMEOUT_MS 25
struct decoder *decoder_new(input_cb cb, void *ctx);
void decoder_free(struct decoder *d);
void decoder_feed(struct decoder *d, const void *p, size_t n);
bool decoder_pending(const struct decoder *d);
void decoder_timeout(struct decoder *d);

/* Appends what the program is to get for ev under modes m (nothing if it did not ask: mouse off,
 * release without kitty flags …). Paste is cleaned by paste_clean. */
void encode_input(struct buf *out, const struct input_event *ev, const struct key_modes *m);
/* Appends text without what could end a bracketed paste or act: no ESC, C0, DEL, C1, no "[201~"
 * that followed an ESC; tab stays, a line's end becomes CR. */
void paste_clean(struct buf *out, const void *p, size_t n);
/* "C-M-Up", "F5", "x" … as in cli.md --key. false when unknown. */
bool key_parse(const char *name, struct input_event *ev);
/* Same key with the same Shift, Alt, Ctrl, Super, however it was sent (a layout's own key in the
 * place of b counts too); for bindings. */
bool key_matches(const struct input_event *ev, const struct input_event *binding);
/* Events over the wire, client to server. unpack: 0 or -EBADMSG; bytes are borrowed from in. */
void input_pack(struct buf *out, const struct input_event *ev);
int input_unpack(struct rd *in, struct input_event *ev);
#endif
