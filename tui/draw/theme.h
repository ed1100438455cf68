#ifndef TUI_THEME_H
#define TUI_THEME_H
/* Looks by name: styles and signs of theme.def, for the colours and characters there are. */
#include "core/page/cell.h"

enum theme_style {
#define S(name, fg, bg, attrs) TH_##name,
#include "tui/draw/theme.def"
	TH_COUNT
};
enum theme_glyph {
#define S(name, fg, bg, attrs)
#define G(name, utf8, ascii) GL_##name,
#include "tui/draw/theme.def"
	GL_COUNT
};
enum theme_background { BG_UNKNOWN, BG_DARK, BG_LIGHT };
struct theme {
	struct style style[TH_COUNT];
	const char *glyph[GL_COUNT];
	const char
		*eighths[9]; /* of a bar that grows upwards, blank first; ASCII steps otherwise */
	bool ascii, color;
};
/* color false (NO_COLOR): attributes only, the selection is inverse. */
void theme_init(struct theme *t, bool color, bool ascii);
/* The outer terminal's own colours, once known (0xrrggbb): a highlight close to them. */
void theme_background(struct theme *t, uint32_t fg, uint32_t bg);
/* The style of a part that lies on the selected row. */
struct style theme_on_selection(const struct theme *t, enum theme_style part);
/* n values as a sparkline of n signs, scaled to their own maximum; 0 = no sample, a blank;
 * a steady one is a level line.
 * out >= 4 * n + 1 bytes. */
void theme_spark(const struct theme *t, char *out, const uint64_t *v, int n);
#endif
