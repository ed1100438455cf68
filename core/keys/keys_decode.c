/* What an outer terminal sends, as events.
 *
 * Bytes are kept until they form one whole thing; each parse_* function looks at the kept bytes and
 * returns how many it used, or 0 for "more is needed". Nothing is decided by where a read()
 * happened to end, except a lone ESC (and other introducers that are keys too), which time decides.
 *
 *   ESC [ …      CSI: keys (legacy, modifyOtherKeys, kitty), mouse, focus, replies
 *   ESC O x      SS3: keys
 *   ESC ] P _ ^  strings: replies
 *   ESC x        x with Alt
 *   ESC [200~    paste, up to ESC [201~ wherever the reads end */
#include "core/keys/keys_priv.h"

#include "core/text/width.h"
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define ESC 0x1b
#define STRING_MAX 8192	      /* a longer reply is dropped */
#define PASTE_MAX (512 << 10) /* a longer one arrives in parts */
#define MOUSE_MAX 65536	      /* cells or pixels; what lies beyond cannot go over the wire */
#define PATIENCE_CSI 4	      /* timeouts until a torn sequence is given up */
#define PATIENCE_STRING 40

struct decoder {
	input_cb cb;
	void *ctx;
	struct buf kept, paste;
	bool in_paste, paste_went; /* went: parts of it are sent already */
	unsigned timeouts;
	size_t scanned; /* of kept: no terminator before this */
};

struct decoder *
decoder_new(input_cb cb, void *ctx)
{
	struct decoder *d = xcalloc(1, sizeof(*d));
	d->cb = cb;
	d->ctx = ctx;
	return d;
}

void
decoder_free(struct decoder *d)
{
	if (!d)
		return;
	buf_free(&d->kept);
	buf_free(&d->paste);
	free(d);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void
send_key(struct decoder *d, uint32_t key, unsigned mods)
{
	struct input_event ev = {.type = INPUT_KEY, .key = key, .action = KEY_PRESS};
	ev.mods = (uint8_t)mods;
	d->cb(d->ctx, &ev);
}

/* A character that arrived as itself: text, with Alt if ESC stood before it. */
static void
send_char(struct decoder *d, uint32_t cp, unsigned mods)
{
	struct input_event ev = {.type = INPUT_KEY, .key = cp, .action = KEY_PRESS};
	uint32_t lower = (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp);
	ev.mods = (uint8_t)mods;
	if (lower != cp) {
		ev.key = lower;
		ev.shifted = cp;
		ev.mods |= MOD_SHIFT;
	}
	if (!(mods & ~(unsigned)MOD_SHIFT))
		ev.text[0] = cp;
	d->cb(d->ctx, &ev);
}

static void
send_c0(struct decoder *d, uint8_t c, unsigned mods)
{
	if (c == 13 || c == 9 || c == ESC || c == 127)
		send_key(d, c, mods);
	else if (c == 0)
		send_key(d, ' ', mods | MOD_CTRL);
	else
		send_key(d, c < 0x1b ? c + 'a' - 1u : c + 0x40u, mods | MOD_CTRL);
}

/* One character with modifiers. */
static size_t
parse_char(struct decoder *d, const uint8_t *p, size_t n, unsigned mods)
{
	uint32_t cp;
	if (p[0] < 0x20 || p[0] == 0x7f) {
		send_c0(d, p[0], mods);
		return 1;
	}
	size_t need = p[0] < 0xc2 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 1;
	for (size_t i = 1; i < need && i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			need = 1;
	if (n < need)
		return 0;
	size_t used = utf8_next((const char *)p, need, &cp);
	if (cp >= 0xa0 || cp < 0x80)
		send_char(d, cp, mods);
	return used;
}

/* --- CSI -------------------------------------------------------------------------------------- */

#define FIELDS 4
#define SUBS 8
struct csi {
	char prefix, final; /* prefix: one of < = > ?, or 0 */
	bool intermediate;
	int n;		     /* fields seen, at least 1 */
	int v[FIELDS][SUBS]; /* -1 where nothing stands */
	const uint8_t *whole;
	size_t len;
};

static unsigned
csi_mods(const struct csi *c, int field)
{
	int m = c->v[field][0];
	return m > 1 && m <= 256 ? (unsigned)m - 1 : 0;
}

static uint8_t
csi_action(const struct csi *c, int field)
{
	int a = c->v[field][1];
	return a >= KEY_PRESS && a <= KEY_RELEASE ? (uint8_t)a : KEY_PRESS;
}

static void
send_reply(struct decoder *d, const uint8_t *p, size_t n)
{
	struct input_event ev = {.type = INPUT_REPLY, .bytes = p, .len = n};
	d->cb(d->ctx, &ev);
}

static void
send_csi_key(struct decoder *d, uint32_t key, const struct csi *c, unsigned more_mods)
{
	struct input_event ev = {.type = INPUT_KEY, .key = key};
	ev.mods = (uint8_t)(csi_mods(c, 1) | more_mods);
	ev.action = csi_action(c, 1);
	d->cb(d->ctx, &ev);
}

static uint32_t
cp_or_0(int v)
{
	return v > 0 && v <= 0x10ffff ? (uint32_t)v : 0;
}

/* CSI key:shifted:base ; mods:action ; text u */
static void
csi_kitty(struct decoder *d, const struct csi *c, unsigned more_mods)
{
	struct input_event ev = {.type = INPUT_KEY};
	uint32_t k = cp_or_0(c->v[0][0]);
	int n = 0;
	if (!k)
		return;
	ev.key = k;
	if (k >= KITTY_FIRST && k <= KITTY_LAST) {
		ev.key = kitty_to_key(k);
		ev.raw = k;
	}
	ev.shifted = cp_or_0(c->v[0][1]);
	ev.base = cp_or_0(c->v[0][2]);
	ev.mods = (uint8_t)(csi_mods(c, 1) | more_mods);
	ev.action = csi_action(c, 1);
	for (int i = 0; i < SUBS - 1; i++)
		if (cp_or_0(c->v[2][i]) >= ' ')
			ev.text[n++] = (uint32_t)c->v[2][i];
	d->cb(d->ctx, &ev);
}

/* CSI 27 ; mods ; code ~ */
static void
csi_other_key(struct decoder *d, const struct csi *c)
{
	struct input_event ev = {.type = INPUT_KEY, .action = KEY_PRESS};
	uint32_t cp = cp_or_0(c->v[2][0]);
	if (!cp)
		return;
	ev.key = (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp);
	ev.mods = (uint8_t)csi_mods(c, 1);
	if (ev.key != cp)
		ev.shifted = cp;
	d->cb(d->ctx, &ev);
}

static void
csi_tilde(struct decoder *d, const struct csi *c, unsigned more_mods)
{
	int num = c->v[0][0];
	if (num == 27 && c->n == 3) {
		csi_other_key(d, c);
		return;
	}
	if (num == 200) {
		d->in_paste = true;
		d->paste_went = false;
		return;
	}
	if (num == (int)KITTY_KP_BEGIN) {
		send_csi_key(d, KEY_BEGIN, c, more_mods);
		return;
	}
	for (size_t i = 0; i < n_key_forms; i++) {
		if (key_forms[i].final == '~' && key_forms[i].num == num) {
			send_csi_key(d, key_forms[i].key, c, more_mods);
			return;
		}
	}
}

static void
send_mouse(struct decoder *d, int b, int x, int y, bool release)
{
	struct input_event ev = {.type = INPUT_MOUSE, .release = release};
	if (x < 1 || y < 1 || x > MOUSE_MAX || y > MOUSE_MAX || b < 0 || b > 255)
		return;
	ev.col = x - 1;
	ev.row = y - 1;
	ev.button = (b & 3) | (b & 192);
	ev.motion = b & 32;
	ev.mods = (uint8_t)((b & 4 ? MOD_SHIFT : 0) | (b & 8 ? MOD_ALT : 0) |
			    (b & 16 ? MOD_CTRL : 0));
	d->cb(d->ctx, &ev);
}

static void
send_focus(struct decoder *d, bool in)
{
	struct input_event ev = {.type = INPUT_FOCUS, .focus_in = in};
	d->cb(d->ctx, &ev);
}

static uint32_t
key_of_final(char final)
{
	for (size_t i = 0; i < n_key_forms; i++)
		if (key_forms[i].final == final && final != '~')
			return key_forms[i].key;
	return KEY_NONE;
}

/* A cursor position report and F3 with modifiers look alike; nobody asks for the former. */
static bool
csi_is_key(const struct csi *c)
{
	bool first = c->v[0][0] <= 1, second = c->n < 2 || (c->v[1][0] >= 1 && c->v[1][0] <= 256);
	return !c->prefix && !c->intermediate && first && second && c->n <= 2;
}

static void
dispatch_csi(struct decoder *d, const struct csi *c, unsigned mods)
{
	uint32_t key = key_of_final(c->final);
	bool plain = !c->prefix && !c->intermediate;
	if (plain && c->final == 'u')
		csi_kitty(d, c, mods);
	else if (plain && c->final == '~')
		csi_tilde(d, c, mods);
	else if (c->prefix == '<' && (c->final == 'M' || c->final == 'm'))
		send_mouse(d, c->v[0][0], c->v[1][0], c->v[2][0], c->final == 'm');
	else if (plain && c->final == 'M' && c->n == 3)
		send_mouse(d, c->v[0][0] - 32, c->v[1][0], c->v[2][0], (c->v[0][0] & 3) == 3);
	else if (plain && (c->final == 'I' || c->final == 'O') && c->len == 3)
		send_focus(d, c->final == 'I');
	else if (plain && c->final == 'Z')
		send_csi_key(d, 9, c, mods | MOD_SHIFT);
	else if (key != KEY_NONE && csi_is_key(c))
		send_csi_key(d, key, c, mods);
	else if (plain && c->final >= 'a' && c->final <= 'd' && c->len == 3)
		send_key(d, key_of_final((char)(c->final - 32)), mods | MOD_SHIFT);
	else
		send_reply(d, c->whole, c->len);
}

/* Parameters of the CSI at p (after "ESC ["), ended by a final byte at p + n - 1. */
static void
csi_params(struct csi *c, const uint8_t *p, size_t n)
{
	int field = 0, sub = 0;
	memset(c->v, -1, sizeof(c->v));
	for (size_t i = 0; i + 1 < n; i++) {
		uint8_t b = p[i];
		if (b >= '0' && b <= '9') {
			int *v = &c->v[field][sub];
			*v = MIN((*v < 0 ? 0 : *v) * 10 + (b - '0'), 0x1fffff);
		} else if (b == ':') {
			sub = MIN(sub + 1, SUBS - 1);
		} else if (b == ';') {
			field = MIN(field + 1, FIELDS - 1);
			sub = 0;
		} else if (b >= '<' && b <= '?') {
			c->prefix = (char)b;
		} else {
			c->intermediate = true;
		}
	}
	c->n = field + 1;
	c->final = (char)p[n - 1];
}

static size_t
parse_x10_mouse(struct decoder *d, const uint8_t *p, size_t n)
{
	if (n < 6)
		return 0;
	int b = p[3] - 32;
	send_mouse(d, b, p[4] - 32, p[5] - 32, (b & 3) == 3 && !(b & 96));
	return 6;
}

static size_t
parse_csi(struct decoder *d, const uint8_t *p, size_t n, unsigned mods)
{
	struct csi c = {.whole = p};
	if (n >= 3 && p[2] == 'M')
		return parse_x10_mouse(d, p, n);
	if (n >= 3 && p[2] == '[') { /* F1 to F5 of a Linux console: ESC [ [ A */
		if (n < 4)
			return 0;
		if (p[3] >= 'A' && p[3] <= 'E')
			send_key(d, KEY_F1 + (p[3] - 'A'), mods);
		return 4;
	}
	for (size_t i = 2; i < n; i++) {
		if (p[i] >= 0x40 && p[i] <= 0x7e) {
			c.len = i + 1;
			csi_params(&c, p + 2, i - 1);
			dispatch_csi(d, &c, mods);
			return i + 1;
		}
		if (p[i] < 0x20 || p[i] > 0x7e || i > STRING_MAX)
			return i; /* not a sequence after all: it is gone */
	}
	return 0;
}

static size_t
parse_ss3(struct decoder *d, const uint8_t *p, size_t n, unsigned mods)
{
	size_t i = 2;
	unsigned m = 0;
	for (; i < n && ((p[i] >= '0' && p[i] <= '9') || p[i] == ';'); i++)
		m = p[i] == ';' ? 0 : MIN(m * 10 + (p[i] - '0'), 999u);
	if (i == n)
		return 0;
	if (m > 1 && m <= 256)
		mods |= m - 1;
	const char *kp = strchr(kp_ss3, p[i]);
	uint32_t key = key_of_final((char)p[i]);
	if (key != KEY_NONE)
		send_key(d, key, mods);
	else if (kp && *kp)
		send_key(d, KEY_KP_0 + (uint32_t)(kp - kp_ss3), mods);
	else if (p[i] >= 'a' && p[i] <= 'd')
		send_key(d, key_of_final((char)(p[i] - 32)), mods | MOD_CTRL);
	return i + 1;
}

/* --- strings and paste ------------------------------------------------------------------------ */

static size_t
parse_string(struct decoder *d, const uint8_t *p, size_t n)
{
	for (size_t i = MAX(d->scanned, (size_t)2); i < n; i++) {
		size_t end = p[i] == 7 ? i + 1 : p[i] == '\\' && p[i - 1] == ESC ? i + 1 : 0;
		if (end) {
			d->scanned = 0;
			if (end <= STRING_MAX)
				send_reply(d, p, end);
			return end;
		}
	}
	d->scanned = n;
	return 0;
}

/* An empty one is sent, too: so terminals paste a picture, which the program then looks for itself. */
static void
send_paste(struct decoder *d)
{
	struct buf clean = {0};
	bool empty = d->paste.len == 0 && !d->paste_went;
	struct input_event ev = {.type = INPUT_PASTE};
	paste_clean(&clean, d->paste.data, d->paste.len);
	ev.bytes = empty ? (const uint8_t *)"" : clean.data;
	ev.len = clean.len;
	d->paste.len = 0;
	d->paste_went = true;
	if (clean.len || empty)
		d->cb(d->ctx, &ev);
	buf_free(&clean);
}

/* Where text may be cut: not inside a character. */
static size_t
whole_chars(const uint8_t *p, size_t n)
{
	size_t i = n;
	while (i > 0 && n - i < 4 && (p[i - 1] & 0xc0) == 0x80)
		i--;
	return i > 0 && p[i - 1] >= 0xc0 ? i - 1 : n;
}

static size_t
parse_paste(struct decoder *d, const uint8_t *p, size_t n)
{
	static const char end[] = "\033[201~";
	const size_t end_len = sizeof(end) - 1;
	const uint8_t *e = memmem(p, n, end, end_len);
	size_t take = e ? (size_t)(e - p) : n - MIN(n, end_len - 1);
	take = MIN(take, PASTE_MAX - d->paste.len);
	buf_put(&d->paste, p, take);
	if (e && p + take == e) {
		d->in_paste = false;
		send_paste(d);
		return take + end_len;
	}
	if (d->paste.len == PASTE_MAX) {
		size_t keep = take < 4 ? 0 : PASTE_MAX - whole_chars(d->paste.data, PASTE_MAX);
		d->paste.len -= keep;
		take -= keep;
		send_paste(d);
	}
	return take;
}

/* --- the stream ------------------------------------------------------------------------------- */

static size_t parse_one(struct decoder *d, const uint8_t *p, size_t n, unsigned mods);

static size_t
parse_escape(struct decoder *d, const uint8_t *p, size_t n, unsigned mods)
{
	if (n < 2)
		return 0;
	switch (p[1]) {
	case '[':
		return parse_csi(d, p, n, mods);
	case 'O':
		return parse_ss3(d, p, n, mods);
	case ']':
	case 'P':
	case '_':
	case '^':
		return parse_string(d, p, n);
	case ESC:
		if (n < 3)
			return 0;
		if (p[2] != '[' && p[2] != 'O') { /* Esc, and what follows on its own */
			send_key(d, ESC, mods);
			return 1;
		}
		size_t used = parse_one(d, p + 1, n - 1, mods | MOD_ALT);
		return used ? used + 1 : 0;
	default: {
		size_t k = parse_char(d, p + 1, n - 1, mods | MOD_ALT);
		return k ? k + 1 : 0;
	}
	}
}

static size_t
parse_one(struct decoder *d, const uint8_t *p, size_t n, unsigned mods)
{
	if (d->in_paste)
		return parse_paste(d, p, n);
	return p[0] == ESC ? parse_escape(d, p, n, mods) : parse_char(d, p, n, mods);
}

static void
run(struct decoder *d)
{
	size_t at = 0, used = 1;
	while (at < d->kept.len && used) {
		used = parse_one(d, d->kept.data + at, d->kept.len - at, 0);
		at += used;
	}
	buf_drop(&d->kept, at);
}

void
decoder_feed(struct decoder *d, const void *p, size_t n)
{
	buf_put(&d->kept, p, n);
	d->timeouts = 0;
	run(d);
}

bool
decoder_pending(const struct decoder *d)
{
	return d->kept.len > 0 && !d->in_paste;
}

/* Could these be the beginning of a terminal's answer, rather than Alt and a key and typing? */
static bool
like_a_reply(const uint8_t *p, size_t n)
{
	if (n < 3)
		return false;
	return p[1] == ']'   ? p[2] >= '0' && p[2] <= '9'
	       : p[1] == 'P' ? (p[2] >= '0' && p[2] <= '9') || (p[2] && strchr(">!$+|", p[2]))
			     : p[1] == '_' && p[2] == 'G';
}

void
decoder_timeout(struct decoder *d)
{
	const uint8_t *p = d->kept.data;
	size_t n = d->kept.len;
	if (!decoder_pending(d))
		return;
	d->timeouts++;
	if (p[0] != ESC) { /* a torn character */
		buf_drop(&d->kept, 1);
	} else if (n == 1 || p[1] == ESC) {
		send_key(d, ESC, 0);
		buf_drop(&d->kept, 1);
	} else if ((n > 2 && p[1] == '[' && d->timeouts < PATIENCE_CSI) ||
		   (like_a_reply(p, n) && d->timeouts < PATIENCE_STRING)) {
		return;
	} else {
		if (p[1] < 0x80)
			send_char(d, p[1], MOD_ALT);
		buf_drop(&d->kept, 2);
	}
	d->scanned = 0;
	run(d);
	if (d->kept.len)
		decoder_timeout(d);
}
