#ifndef CORE_VT_DISPATCH_H
#define CORE_VT_DISPATCH_H
/* What a parsed function does: tables by csi.def and esc.def. */
#include "core/term/term_priv.h"

void c0_dispatch(struct term *t, uint8_t c);
void csi_dispatch(struct term *t); /* t->v.csi */
void esc_dispatch(struct term *t, uint8_t final);
void string_dispatch(struct term *t); /* t->str, t->v.osc_kind */
void vt52_dispatch(struct term *t, uint8_t final);
void vt52_move(struct term *t, int row, int col);

/* Parameter i, def where it is omitted or 0. */
static inline int
arg(const struct term *t, int i, int def)
{
	int v = i < t->v.csi.n ? t->v.csi.param[i] : -1;
	return v > 0 ? v : def;
}

/* Cursor moves shared by the files below. */
void cursor_to(struct term *t, int row, int col); /* clamped to the screen; ends pending wrap */
void cursor_address(struct term *t, int row, int col); /* honours origin mode; from 0 */
void cursor_back(struct term *t, int n);
void tab_forward(struct term *t, int n);
void cursor_save(struct term *t);
void cursor_restore(struct term *t);
void erase_display(struct term *t, int what, bool selective);

/* term_modes.c */
void mode_set(struct term *t, int number, bool on);
int mode_bit(int number); /* enum vt_mode, or -1 */
uint64_t modes_initial(void);
void screen_leave_alt(struct term *t, bool drop);
void report_size(struct term *t); /* mode 2048 */
/* term_sgr.c */
void sgr_apply(struct style *s, const struct vt_csi *c);
/* SGR sequences and the ASCII between them, from one at p (behind ESC [) on, as far as a memo of
 * sequences and a plain row go: where it ends; NULL: what is at p is no SGR, or long, or cut. */
const uint8_t *sgr_run(struct term *t, const uint8_t *p, const uint8_t *end);
void sgr_describe(struct buf *out, const struct style *s); /* as SGR parameters, "0;1;31" */
/* term_string.c, term_reply.c */
void term_set_title(struct term *t, const char *s);
void term_set_icon(struct term *t, const char *s);
void free_title(struct string_stack *s);
void osc_dispatch(struct term *t, char *s, size_t n);
void dcs_dispatch(struct term *t, const char *s, size_t n);

#define X(cls, final, fn) void fn(struct term *t);
#define Y(cls, final, fn, a)
#include "core/vt/csi.def"
#undef X
#undef Y
#endif
