#include "tui/draw/theme.h"
#include <assert.h>
#include <string.h>

#define DEF COLOR_DEFAULT
#define IDX(n) (COLOR_INDEX | (n))
#define ATTR_UL_SINGLE (UL_SINGLE << ATTR_UL_SHIFT)

static const struct style styles[] = {
#define S(name, fg, bg, attrs) {fg, bg, 0, attrs},
#include "tui/draw/theme.def"
};
static const char *const glyphs[][2] = {
#define S(name, fg, bg, attrs)
#define G(name, utf8, ascii) {utf8, ascii},
#include "tui/draw/theme.def"
};
static_assert(ARRAY_LEN(styles) == TH_COUNT && ARRAY_LEN(glyphs) == GL_COUNT, "theme.def");

static const char *const eighths[2][9] = {
	{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	{" ", "_", "_", ".", ".", "-", "=", "+", "#"},
};

void
theme_init(struct theme *t, bool color, bool ascii)
{
	t->ascii = ascii;
	t->color = color;
	for (int i = 0; i < GL_COUNT; i++)
		t->glyph[i] = glyphs[i][ascii];
	memcpy(t->eighths, eighths[ascii], sizeof t->eighths);
	memcpy(t->style, styles, sizeof t->style);
	if (color) {
		/* a dark grey with its own light text reads on any background */
		t->style[TH_SEL] = (struct style){IDX(15), IDX(237), 0, 0};
		return;
	}
	for (int i = 0; i < TH_COUNT; i++) {
		bool lit = t->style[i].bg != DEF;
		t->style[i].fg = t->style[i].bg = DEF;
		if (lit)
			t->style[i].attrs |= ATTR_INVERSE;
	}
	t->style[TH_SEL].attrs = ATTR_INVERSE;
}

static uint32_t
blend(uint32_t a, uint32_t b, int percent)
{
	uint32_t out = 0;
	for (int shift = 0; shift < 24; shift += 8) {
		int x = (int)(a >> shift & 255), y = (int)(b >> shift & 255);
		out |= (uint32_t)(x + (y - x) * percent / 100) << shift;
	}
	return out;
}

void
theme_background(struct theme *t, uint32_t fg, uint32_t bg)
{
	if (!t->color)
		return;
	t->style[TH_SEL] = (struct style){DEF, COLOR_RGB | blend(bg, fg, 16), 0, 0};
}

struct style
theme_on_selection(const struct theme *t, enum theme_style part)
{
	struct style s = t->style[part];
	const struct style *sel = &t->style[TH_SEL];
	if (s.bg == DEF)
		s.bg = sel->bg;
	if (s.fg == DEF)
		s.fg = sel->fg;
	s.attrs |= sel->attrs;
	/* on a highlight faint text drowns; where it may keep its own colour it is not dimmed */
	if (s.attrs & ATTR_FAINT && sel->bg != DEF) {
		s.attrs &= ~(uint32_t)ATTR_FAINT;
		if (sel->fg != DEF && t->style[part].fg == DEF)
			s.fg = IDX(250);
	}
	return s;
}

void
theme_spark(const struct theme *t, char *out, const uint64_t *v, int n)
{
	uint64_t max = 1, min = UINT64_MAX;
	for (int i = 0; i < n; i++) {
		max = MAX(max, v[i]);
		min = v[i] ? MIN(min, v[i]) : min;
	}
	/* seven steps, so that a gap stays between rows; a steady one is a line at half height, for
	 * a row of full blocks would draw the eye to where nothing happens */
	bool steady = (double)(max - MIN(min, max)) < 0.04 * (double)max;
	for (int i = 0; i < n; i++) {
		int step = steady ? 3 : (int)((double)v[i] / (double)max * 7 + 0.5);
		const char *sign = t->eighths[v[i] ? CLAMP(step, 1, 7) : 0];
		size_t len = strlen(sign);
		memcpy(out, sign, len + 1);
		out += len;
	}
}
