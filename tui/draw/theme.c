#include "tui/draw/theme.h"
#include "tui/draw/theme_file.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define DEF COLOR_DEFAULT
#define IDX(n) (COLOR_INDEX | (n))
#define ATTR_UL_SINGLE (UL_SINGLE << ATTR_UL_SHIFT)

static const struct {
	enum theme_role role;
	uint32_t attrs;
} styles[] = {
#define S(name, role, attrs) {R_##role, attrs},
#include "tui/draw/theme.def"
};
static const char *const glyphs[][2] = {
#define S(name, role, attrs)
#define G(name, utf8, ascii) {utf8, ascii},
#include "tui/draw/theme.def"
};
static_assert(ARRAY_LEN(styles) == TH_COUNT && ARRAY_LEN(glyphs) == GL_COUNT, "theme.def");

/* From the roles to the parts. */
static void
dress(struct theme *t)
{
	for (int i = 0; i < TH_COUNT; i++) {
		const struct theme_look *l = &t->role[styles[i].role];
		t->style[i] = (struct style){.fg = t->color ? l->color : DEF,
			.bg = DEF,
			.attrs = styles[i].attrs | l->attrs};
	}
	if (!t->color)
		t->style[TH_SEL].attrs = ATTR_INVERSE;
	else if (t->role[R_SELECTION].color != DEF)
		t->style[TH_SEL] = (struct style){.fg = DEF, .bg = t->role[R_SELECTION].color};
	else /* a dark grey with its own light text reads on any background */
		t->style[TH_SEL] = (struct style){.fg = IDX(15), .bg = IDX(237)};
}

void
theme_init(struct theme *t, bool color, bool ascii)
{
	*t = (struct theme){.ascii = ascii, .color = color};
	for (int i = 0; i < GL_COUNT; i++)
		t->glyph[i] = glyphs[i][ascii];
	CHECK(theme_use(t, "default", NULL) == 0);
}

int
theme_use(struct theme *t, const char *name, struct err *e)
{
	struct theme_look role[R_COUNT];
	if (theme_read(name, role, e) < 0)
		return -1;
	memcpy(t->role, role, sizeof role);
	t->follows = !strcmp(name, "default");
	dress(t);
	return 0;
}

static double
luminance(uint32_t rgb)
{
	static const double weight[] = {0.0722, 0.7152, 0.2126}; /* blue first */
	double sum = 0;
	for (int i = 0; i < 3; i++) {
		double c = (rgb >> 8 * i & 255) / 255.0;
		sum += weight[i] * (c <= 0.03928 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
	}
	return sum;
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
	if (t->follows && theme_use(t, luminance(bg) > 0.18 ? "light" : "dark", NULL) == 0)
		t->follows = true;
	t->style[TH_SEL] = (struct style){DEF, COLOR_RGB | blend(bg, fg, 10), 0, 0};
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

/* Braille of two heights, 0 to 3 each; a point in ASCII stands as high as the first. */
static int
spark_sign(const struct theme *t, char *out, int left, int right)
{
	static const char ascii[] = "_.-\"";
	static const unsigned char dots[2][4] = {
		{0x40, 0x04, 0x02, 0x01}, {0x80, 0x20, 0x10, 0x08}};
	unsigned bits = dots[0][left] | dots[1][right];
	if (t->ascii)
		return snprintf(out, 2, "%c", ascii[left]);
	return snprintf(out, 4, "%c%c%c", 0xe2, 0xa0 | bits >> 6, 0x80 | (bits & 0x3f));
}

void
theme_spark(const struct theme *t, char *out, const uint64_t *v, int n)
{
	uint64_t max = 0, min = UINT64_MAX;
	for (int i = 0; i < n; i++) {
		max = MAX(max, v[i]);
		min = v[i] ? MIN(min, v[i]) : min;
	}
	double range = MAX((double)(max - MIN(min, max)), 0.1 * (double)max);
	bool flat = (double)(max - MIN(min, max)) < 0.04 * (double)max;
	for (int i = 0; i < n; i++) {
		if (!v[i] || flat) {
			const char *sign = v[i] ? t->glyph[GL_DOT] : " ";
			size_t len = strlen(sign);
			memcpy(out, sign, len);
			out += len;
			continue;
		}
		/* each sign has two columns: this value, and half the way to the next */
		double next = i + 1 < n && v[i + 1] ? (double)v[i + 1] : (double)v[i];
		double a = ((double)v[i] - (double)min) / range;
		double b = (((double)v[i] + next) / 2 - (double)min) / range;
		out += spark_sign(
			t, out, CLAMP((int)(a * 3 + 0.5), 0, 3), CLAMP((int)(b * 3 + 0.5), 0, 3));
	}
	*out = 0;
}
