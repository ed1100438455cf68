/* Modes: DEC private ones by modes.def, the four ANSI ones, saving, asking, and what acting modes
 * do. */
#include "core/vt/vt_modes.h"
#include "core/screen/screen.h"
#include "core/vt/vt_csi.h"
#include "core/vt/vt_priv.h"
#include "core/vt/vt_reset.h"

static const struct {
	int number;
	uint8_t initial, kind;
} modes[] = {
#define X(number, name, initial, kind) {number, initial, (uint8_t) #kind[0]},
#include "core/screen/modes.def"
#undef X
};

int
mode_bit(int number)
{
	for (int i = 0; i < N_VT_MODES; i++)
		if (modes[i].number == number)
			return i;
	return -1;
}

int
mode_number(enum vt_mode m)
{
	return modes[m].number;
}

bool
mode_get(const struct term *t, enum vt_mode m)
{
	if (m == MODE_ALT_47 || m == MODE_ALT_1047 || m == MODE_ALT_1049)
		return t->v.alt;
	return mode_on(t, m);
}

uint64_t
modes_initial(void)
{
	uint64_t m = 0;
	for (int i = 0; i < N_VT_MODES; i++)
		m |= (uint64_t)modes[i].initial << i;
	return m;
}

/* Screens */

static void
screen_enter_alt(struct term *t, bool clear)
{
	struct vt *v = &t->v;
	if (!v->alt) {
		if (!t->scr[1].store)
			screen_init(&t->scr[1], v->rows);
		v->alt = 1;
		term_emit(t, &(struct term_event){.type = TERM_SCREEN, .a = 1});
	}
	if (!clear)
		return;
	v->pending = 0;
	for (int y = 0; y < v->rows; y++)
		row_clear(t, term_row(t, y));
}

void
screen_leave_alt(struct term *t, bool drop)
{
	if (!t->v.alt)
		return;
	t->v.alt = 0;
	if (drop)
		screen_free(t, &t->scr[1]);
	term_emit(t, &(struct term_event){.type = TERM_SCREEN, .a = 0});
}

static void
apply_alt_47(struct term *t, bool on)
{
	if (on)
		screen_enter_alt(t, false);
	else
		screen_leave_alt(t, false);
}

static void
apply_alt_1047(struct term *t, bool on)
{
	if (on)
		screen_enter_alt(t, false);
	else
		screen_leave_alt(t, true);
}

static void
apply_save_cursor(struct term *t, bool on)
{
	if (on)
		cursor_save(t);
	else
		cursor_restore(t);
}

static void
apply_alt_1049(struct term *t, bool on)
{
	if (on) {
		cursor_save(t);
		screen_enter_alt(t, true);
	} else {
		screen_leave_alt(t, true);
		cursor_restore(t);
	}
}

/* Others that act */

static void
apply_ansi(struct term *t, bool on)
{
	t->v.vt52 = !on;
	for (int i = 0; !on && i < 4; i++)
		t->v.g[i] = CS_ASCII;
	t->v.gl = 0;
	term_derive(t);
}

/* The size never follows a program: what is left of DECCOLM is that it starts on a fresh page. */
static void
apply_columns(struct term *t, bool on)
{
	struct vt *v = &t->v;
	(void)on;
	v->top = v->left = 0;
	v->bottom = v->rows - 1;
	v->right = v->cols - 1;
	v->modes &= ~(1ull << MODE_DECLRMM);
	term_derive(t);
	if (!mode_on(t, MODE_DECNCSM))
		erase_display(t, 2, false);
	cursor_to(t, 0, 0);
}

static void
apply_origin(struct term *t, bool on)
{
	(void)on;
	cursor_address(t, 0, 0);
}

static void
apply_side_margins(struct term *t, bool on)
{
	if (on) /* set again, it leaves the margins alone */
		return;
	t->v.left = 0;
	t->v.right = t->v.cols - 1;
	term_derive(t);
}

static void
apply_sync(struct term *t, bool on)
{
	(void)on;
	t->v.generation++;
}

void
report_size(struct term *t)
{
	term_reply(t, "\033[48;%d;%d;0;0t", t->v.rows, t->v.cols);
}

static void
apply_size_report(struct term *t, bool on)
{
	if (on)
		report_size(t);
}

static void (*const apply[N_VT_MODES])(struct term *t, bool on) = {
	[MODE_DECANM] = apply_ansi,
	[MODE_DECCOLM] = apply_columns,
	[MODE_DECOM] = apply_origin,
	[MODE_ALT_47] = apply_alt_47,
	[MODE_DECLRMM] = apply_side_margins,
	[MODE_ALT_1047] = apply_alt_1047,
	[MODE_SAVE_CURSOR] = apply_save_cursor,
	[MODE_ALT_1049] = apply_alt_1049,
	[MODE_SYNC] = apply_sync,
	[MODE_SIZE_REPORT] = apply_size_report,
};

#define BIT(m) (1ull << MODE_##m)
#define MOUSE_MODES (BIT(MOUSE_X10) | BIT(MOUSE_BUTTON) | BIT(MOUSE_DRAG) | BIT(MOUSE_ANY))
#define MOUSE_CODES (BIT(MOUSE_UTF8) | BIT(MOUSE_SGR) | BIT(MOUSE_URXVT) | BIT(MOUSE_PIXEL))

void
mode_set(struct term *t, int number, bool on)
{
	int m = mode_bit(number);
	if (m < 0 || (m == MODE_DECCOLM && !mode_on(t, MODE_ALLOW_DECCOLM)) ||
		(m == MODE_DECLRMM && t->v.level < 4) || (m == MODE_DECNCSM && t->v.level < 5))
		return;
	uint64_t bit = 1ull << m;
	if (bit & MOUSE_MODES) /* one at a time, as xterm has it; resetting any ends tracking */
		t->v.modes &= ~MOUSE_MODES;
	if (bit & MOUSE_CODES && on)
		t->v.modes &= ~MOUSE_CODES;
	t->v.modes = on ? t->v.modes | bit : t->v.modes & ~bit;
	if (apply[m])
		apply[m](t, on);
	if (modes[m].kind == 'M')
		term_emit(t, &(struct term_event){.type = TERM_MODE, .a = number, .b = on});
}

void
csi_private_set(struct term *t)
{
	for (int i = 0; i < t->v.csi.n; i++)
		mode_set(t, t->v.csi.param[i], true);
}

void
csi_private_reset(struct term *t)
{
	for (int i = 0; i < t->v.csi.n; i++)
		mode_set(t, t->v.csi.param[i], false);
}

void
csi_private_save(struct term *t)
{
	for (int i = 0; i < t->v.csi.n; i++) {
		int m = mode_bit(t->v.csi.param[i]);
		if (m < 0)
			continue;
		uint64_t bit = 1ull << m;
		t->v.modes_saved =
			mode_get(t, m) ? t->v.modes_saved | bit : t->v.modes_saved & ~bit;
	}
}

void
csi_private_restore(struct term *t)
{
	for (int i = 0; i < t->v.csi.n; i++) {
		int m = mode_bit(t->v.csi.param[i]);
		if (m >= 0)
			mode_set(t, t->v.csi.param[i], t->v.modes_saved >> m & 1);
	}
}

void
csi_private_query(struct term *t)
{
	int number = arg(t, 0, 0), m = mode_bit(number);
	term_reply(t, "\033[?%d;%d$y", number, m < 0 ? 0 : mode_get(t, m) ? 1 : 2);
}

/* ANSI modes */

static uint8_t *
ansi_mode(struct term *t, int number)
{
	switch (number) {
	case 2:
		return &t->v.kam;
	case 4:
		return &t->v.insert;
	case 12:
		return &t->v.srm;
	case 20:
		return &t->v.newline;
	default:
		return NULL;
	}
}

static void
ansi_modes(struct term *t, bool on)
{
	for (int i = 0; i < t->v.csi.n; i++) {
		uint8_t *m = ansi_mode(t, t->v.csi.param[i]);
		if (m)
			*m = on;
	}
	term_derive(t);
}

void
csi_mode_set(struct term *t)
{
	ansi_modes(t, true);
}

void
csi_mode_reset(struct term *t)
{
	ansi_modes(t, false);
}

void
csi_mode_query(struct term *t)
{
	/* known from ECMA-48, and always reset */
	static const uint32_t reset = 1u << 1 | 1u << 3 | 1u << 5 | 1u << 7 | 0x3ffu << 10;
	int number = arg(t, 0, 0);
	const uint8_t *m = ansi_mode(t, number);
	int other = number < 32 && reset >> number & 1 ? 4 : 0;
	term_reply(t, "\033[%d;%d$y", number, !m ? other : *m ? 1 : 2);
}

/* Levels, styles, keys */

void
csi_conformance(struct term *t)
{
	int level = arg(t, 0, 0);
	if (level < 61 || level > 65)
		return;
	term_soft_reset(t);
	t->v.level = (uint8_t)(level - 60);
}

void
csi_soft_reset(struct term *t)
{
	term_soft_reset(t);
}

void
csi_cursor_style(struct term *t)
{
	static const uint8_t shapes[] = {CURSOR_BLOCK, CURSOR_UNDERLINE, CURSOR_BAR};
	int s = arg(t, 0, 0);
	if (s > 6)
		return;
	t->v.shape = s ? shapes[(s - 1) / 2] : CURSOR_BLOCK;
	t->v.blink_default = !s || s % 2;
	uint64_t bit = 1ull << MODE_BLINK;
	t->v.modes = t->v.blink_default ? t->v.modes | bit : t->v.modes & ~bit;
}

void
csi_protect(struct term *t)
{
	t->v.pen.protect = arg(t, 0, 0) == 1;
	t->v.protect_iso = 0;
	t->pen_dirty = true;
}

void
csi_key_option(struct term *t)
{
	int value = arg(t, 1, 0);
	if (arg(t, 0, 0) == 4 && value <= 3)
		t->v.modify_other = (uint8_t)value;
	else if (!t->v.csi.n)
		t->v.modify_other = 0;
}

void
csi_key_option_off(struct term *t)
{
	if (arg(t, 0, 0) == 4)
		t->v.modify_other = 0;
}

void
csi_key_option_query(struct term *t)
{
	if (arg(t, 0, 0) == 4)
		term_reply(t, "\033[>4;%dm", t->v.modify_other);
}

/* Kitty keyboard: the flags in force and a stack, per screen. */

void
csi_kitty_query(struct term *t)
{
	term_reply(t, "\033[?%du", t->v.scr[t->v.alt].kitty_flags);
}

void
csi_kitty_push(struct term *t)
{
	struct screen_vt *s = &t->v.scr[t->v.alt];
	if (s->kitty_n == KITTY_STACK) { /* full: the oldest goes */
		for (int i = 1; i < KITTY_STACK; i++)
			s->kitty[i - 1] = s->kitty[i];
		s->kitty_n--;
	}
	s->kitty[s->kitty_n++] = s->kitty_flags;
	s->kitty_flags = (uint8_t)(arg(t, 0, 0) & 31);
}

void
csi_kitty_pop(struct term *t)
{
	struct screen_vt *s = &t->v.scr[t->v.alt];
	for (int n = MIN(arg(t, 0, 1), KITTY_STACK + 1); n > 0; n--)
		s->kitty_flags = s->kitty_n ? s->kitty[--s->kitty_n] : 0;
}

void
csi_kitty_set(struct term *t)
{
	struct screen_vt *s = &t->v.scr[t->v.alt];
	uint8_t flags = (uint8_t)(arg(t, 0, 0) & 31);
	int how = arg(t, 1, 1);
	if (how == 1)
		s->kitty_flags = flags;
	else if (how == 2)
		s->kitty_flags |= flags;
	else if (how == 3)
		s->kitty_flags &= (uint8_t)~flags;
}
