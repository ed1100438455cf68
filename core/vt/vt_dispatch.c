/* The dispatch tables, and the functions which are too small to live elsewhere: controls, escape
 * sequences, VT52. */
#include "core/vt/vt_dispatch.h"

#include "core/screen/print.h"
#include "core/vt/vt_csi.h"
#include "core/vt/vt_modes.h"
#include "core/vt/vt_priv.h"
#include "core/vt/vt_reply.h"
#include "core/vt/vt_reset.h"
#include "core/vt/vt_string.h"

typedef void (*vt_fn)(struct term *t);

enum csi_class {
	C_N,
	C_Q,
	C_GT,
	C_EQ,
	C_LT,
	C_SPACE,
	C_BANG,
	C_QUOTE,
	C_DOLLAR,
	C_QDOLLAR,
	C_TICK,
	C_STAR,
	C_HASH,
	N_CSI_CLASSES,
	C_NONE = N_CSI_CLASSES
};

static const vt_fn csi_table[N_CSI_CLASSES][64] = {
#define X(cls, final, fn) [C_##cls][final - '@'] = fn,
#define Y(cls, final, fn, a) X(cls, final, fn)
#include "core/vt/csi.def"
#undef X
#undef Y
};

/* By prefix (0, <, =, >, ?) and the only intermediate. */
static enum csi_class
csi_class(const struct vt_csi *c)
{
	static const uint8_t by_prefix[] = {C_LT, C_EQ, C_GT, C_Q};
	static const uint8_t by_inter[16] = {[0x0] = C_SPACE,
		[0x1] = C_BANG,
		[0x2] = C_QUOTE,
		[0x3] = C_HASH,
		[0x4] = C_DOLLAR,
		[0x7] = C_TICK,
		[0xa] = C_STAR};
	if (c->n_inter == 0)
		return c->prefix ? (enum csi_class)by_prefix[c->prefix - '<'] : C_N;
	if (c->n_inter > 1)
		return C_NONE;
	if (c->prefix)
		return c->prefix == '?' && c->inter[0] == '$' ? C_QDOLLAR : C_NONE;
	uint8_t k = by_inter[c->inter[0] & 15];
	return k ? (enum csi_class)k : C_NONE;
}

void
csi_dispatch(struct term *t)
{
	enum csi_class k = csi_class(&t->v.csi);
	if (t->v.csi.sub && t->v.csi.final != 'm') /* only colours and underlines have parts */
		return;
	vt_fn fn = k == C_NONE ? NULL : csi_table[k][t->v.csi.final - '@'];
	if (fn)
		fn(t);
	t->v.last_cp = 0;
}

/* Controls */

static void
c0_bell(struct term *t)
{
	t->v.bells++;
	term_emit(t, &(struct term_event){.type = TERM_BELL});
}

static void
c0_backspace(struct term *t)
{
	cursor_back(t, 1);
}

static void
c0_tab(struct term *t)
{
	tab_forward(t, 1);
}

static void
carriage_return(struct term *t)
{
	struct vt *v = &t->v;
	v->pending = 0;
	v->col = v->col >= v->left || mode_on(t, MODE_DECOM) ? v->left : 0;
}

static void
c0_linefeed(struct term *t)
{
	term_linefeed(t);
	if (t->v.newline)
		carriage_return(t);
}

static void
c0_shift_out(struct term *t)
{
	t->v.gl = 1;
	term_derive(t);
}

static void
c0_shift_in(struct term *t)
{
	t->v.gl = 0;
	term_derive(t);
}

void
c0_dispatch(struct term *t, uint8_t c)
{
	static const vt_fn fns[32] = {[0x07] = c0_bell,
		[0x08] = c0_backspace,
		[0x09] = c0_tab,
		[0x0a] = c0_linefeed,
		[0x0b] = c0_linefeed,
		[0x0c] = c0_linefeed,
		[0x0d] = carriage_return,
		[0x0e] = c0_shift_out,
		[0x0f] = c0_shift_in};
	t->v.last_cp = 0;
	if (c < 32 && fns[c])
		fns[c](t);
}

/* Escape sequences */

static void
esc_back_index(struct term *t)
{
	struct vt *v = &t->v;
	bool inside = v->row >= v->top && v->row <= v->bottom;
	v->pending = 0;
	if (v->col != v->left)
		v->col = MAX(v->col - 1, 0);
	else if (inside)
		for (int y = v->top; y <= v->bottom; y++)
			row_insert(t, term_row(t, y), v->left, v->right, 1);
}

static void
esc_forward_index(struct term *t)
{
	struct vt *v = &t->v;
	bool inside = v->row >= v->top && v->row <= v->bottom;
	if (v->col != v->right)
		cursor_to(t, v->row, v->col + 1);
	else if (inside)
		for (int y = v->top; y <= v->bottom; y++)
			row_delete(t, term_row(t, y), v->left, v->right, 1);
}

static void
esc_ansi(struct term *t)
{
	t->v.vt52 = 0;
	t->v.modes |= 1ull << MODE_DECANM;
}

static void
esc_keypad_application(struct term *t)
{
	mode_set(t, 66, true);
}

static void
esc_keypad_numeric(struct term *t)
{
	mode_set(t, 66, false);
}

static void
esc_index(struct term *t)
{
	t->v.pending = 0;
	term_index(t);
}

static void
esc_next_line(struct term *t)
{
	esc_index(t);
	carriage_return(t);
}

static void
esc_tab_set(struct term *t)
{
	t->v.tabs[t->v.col / 64] |= 1ull << t->v.col % 64;
}

static void
esc_reverse_index(struct term *t)
{
	struct vt *v = &t->v;
	v->pending = 0;
	if (v->row != v->top)
		v->row = MAX(v->row - 1, 0);
	else if (v->col >= v->left && v->col <= v->right)
		region_scroll(t, v->top, v->bottom, -1, false);
}

static void
shift(struct term *t, uint8_t *what, uint8_t value)
{
	*what = value;
	term_derive(t);
}

static void
esc_single_shift_2(struct term *t)
{
	shift(t, &t->v.single, 2);
}

static void
esc_single_shift_3(struct term *t)
{
	shift(t, &t->v.single, 3);
}

static void
esc_lock_g2(struct term *t)
{
	shift(t, &t->v.gl, 2);
}

static void
esc_lock_g3(struct term *t)
{
	shift(t, &t->v.gl, 3);
}

static void
esc_lock_g1_right(struct term *t)
{
	shift(t, &t->v.gr, 1);
}

static void
esc_lock_g2_right(struct term *t)
{
	shift(t, &t->v.gr, 2);
}

static void
esc_lock_g3_right(struct term *t)
{
	shift(t, &t->v.gr, 3);
}

static void
esc_protect_start(struct term *t)
{
	t->v.pen.protect = t->v.protect_iso = 1;
	t->pen_dirty = true;
}

static void
esc_protect_end(struct term *t)
{
	t->v.pen.protect = 0;
	t->pen_dirty = true;
}

static void
double_row(struct term *t, uint32_t kind)
{
	struct row *r = term_row(t, t->v.row);
	r->flags = (r->flags & ~(uint32_t)ROW_DOUBLE_MASK) | kind << ROW_DOUBLE_SHIFT;
	r->stamp = ++t->v.stamp;
	t->v.doubled |= kind != 0;
}

static void
esc_single_width(struct term *t)
{
	double_row(t, 0);
}

static void
esc_double_width(struct term *t)
{
	double_row(t, 1);
}

static void
esc_double_top(struct term *t)
{
	double_row(t, 2);
}

static void
esc_double_bottom(struct term *t)
{
	double_row(t, 3);
}

static void
esc_alignment(struct term *t)
{
	struct vt *v = &t->v;
	v->top = v->left = 0;
	v->bottom = v->rows - 1;
	v->right = v->cols - 1;
	v->modes &= ~(1ull << MODE_DECOM);
	term_derive(t);
	struct pen keep = v->pen;
	v->pen = (struct pen){0};
	t->pen_dirty = true;
	for (int y = 0; y < v->rows; y++) {
		struct row *r = term_row(t, y);
		row_clear(t, r);
		if (!row_open(t, &t->scr[v->alt], r, v->cols))
			continue;
		term_spend(t, v->cols);
		for (int x = 0; x < v->cols; x++)
			r->cells[x] = 'E';
	}
	v->pen = keep;
	v->pen.style.attrs = 0; /* colours stay */
	t->pen_dirty = true;
	cursor_to(t, 0, 0);
}

static void
esc_seven_bit(struct term *t)
{
	t->v.bits8 = 0;
}

static void
esc_eight_bit(struct term *t)
{
	t->v.bits8 = 1;
}

static void
designate(struct term *t, int g, enum charset set)
{
	t->v.g[g] = (uint8_t)set;
	term_derive(t);
}

/* SCS: ( ) * + take sets of 94 characters for G0 to G3, - . / sets of 96 for G1 to G3. */
static void
esc_charset(struct term *t, uint8_t final)
{
	const struct vt_csi *c = &t->v.csi;
	int wide = c->inter[0] >= '-', inter = c->n_inter > 1 ? c->inter[1] : 0;
	int set = charset_find(wide ? 96 : 94, (uint8_t)inter, final, mode_on(t, MODE_DECNRCM));
	if (set >= 0)
		designate(t, c->inter[0] - (wide ? '-' - 1 : '('), (enum charset)set);
}

/* The intermediates stand in t->v.csi. */
void
esc_dispatch(struct term *t, uint8_t final)
{
	const struct vt_csi *c = &t->v.csi;
	uint8_t inter = c->n_inter ? c->inter[0] : 0;
	static const struct {
		uint8_t inter, final;
		vt_fn fn;
	} table[] = {
#define X(inter, final, fn) {inter, final, fn},
#include "core/vt/esc.def"
#undef X
	};
	t->v.last_cp = 0;
	if (c->n_inter <= 2 && inter >= '(' && inter <= '/' && inter != ',') {
		esc_charset(t, final);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(table) && c->n_inter < 2; i++)
		if (table[i].inter == inter && table[i].final == final) {
			table[i].fn(t);
			return;
		}
}

void
string_dispatch(struct term *t)
{
	char *s = buf_cstr(&t->str);
	t->v.last_cp = 0;
	if (t->v.osc_kind == ']')
		osc_dispatch(t, s, t->str.len);
	else if (t->v.osc_kind == 'P')
		dcs_dispatch(t, s, t->str.len);
}

/* VT52 */

static void
vt52_identify(struct term *t)
{
	term_reply(t, "\033/Z");
}

static void
vt52_graphics(struct term *t)
{
	designate(t, 0, CS_DEC_GRAPHIC);
}

static void
vt52_ascii(struct term *t)
{
	designate(t, 0, CS_ASCII);
}

static void
vt52_home(struct term *t)
{
	cursor_to(t, 0, 0);
}

void
vt52_move(struct term *t, int row, int col)
{
	cursor_to(t, row, col);
}

void
vt52_dispatch(struct term *t, uint8_t final)
{
	static const vt_fn fns[128] = {['<'] = esc_ansi,
		['='] = esc_keypad_application,
		['>'] = esc_keypad_numeric,
		['A'] = csi_cursor_up,
		['B'] = csi_cursor_down,
		['C'] = csi_cursor_forward,
		['D'] = csi_cursor_back,
		['F'] = vt52_graphics,
		['G'] = vt52_ascii,
		['H'] = vt52_home,
		['I'] = esc_reverse_index,
		['J'] = csi_erase_display,
		['K'] = csi_erase_line,
		['Z'] = vt52_identify};
	t->v.csi.n = 0;
	t->v.last_cp = 0;
	if (final < 128 && fns[final])
		fns[final](t);
}
