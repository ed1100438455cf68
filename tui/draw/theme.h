#ifndef TUI_THEME_H
#define TUI_THEME_H
/* Looks by name: styles and signs of theme.def, for the colours and characters there are. */
#include "core/base/base.h"
#include "core/page/cell.h"

enum theme_style {
#define S(name, role, attrs) TH_##name,
#include "tui/draw/theme.def"
	TH_COUNT
};
enum theme_glyph {
#define S(name, role, attrs)
#define G(name, utf8, ascii) GL_##name,
#include "tui/draw/theme.def"
	GL_COUNT
};
/* What a part means; R_TEXT is the terminal's own look, the others are named by theme files. */
enum theme_role {
	R_TEXT,
	R_DIM,
	R_ACCENT,
	R_NEEDS,
	R_WORKING,
	R_GROW,
	R_GOOD,
	R_BAD,
	R_WARN,
	R_PLOT,
	R_SELECTION, /* the background of the selected row */
	R_COUNT
};
struct theme_look {
	uint32_t color, attrs; /* as in struct style */
};
struct theme {
	struct style style[TH_COUNT];
	const char *glyph[GL_COUNT];
	bool ascii, color;
	bool follows; /* the default theme: dark or light, by the terminal */
	struct theme_look role[R_COUNT];
};
/* color false (NO_COLOR): attributes only, the selection is inverse. */
void theme_init(struct theme *t, bool color, bool ascii);
/* The theme of this name (share/themes), or of a file if it has a slash. 0, or -1 and *e. */
int theme_use(struct theme *t, const char *name, struct err *e);
/* The outer terminal's own colours, once known (0xrrggbb): the default theme follows them, and the
 * highlight is one close to them. */
void theme_background(struct theme *t, uint32_t fg, uint32_t bg);
/* The style of a part that lies on the selected row. */
struct style theme_on_selection(const struct theme *t, enum theme_style part);
/* n values as a sparkline of n signs, from their least to their most, which count as 10 % apart at
 * least; 0 = no sample, a blank. Where they are flat it is a row of dots. out >= 4 * n + 1 bytes. */
void theme_spark(const struct theme *t, char *out, const uint64_t *v, int n);
#endif
