/* Themes: every role can be read, files say what is wrong with them, no colour means none. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "tui/draw/theme.h"
#include "tui/draw/theme_file.h"

/* Of two colours (0xrrggbb), as WCAG has it: 1 … 21. */
static double
contrast(uint32_t a, uint32_t b)
{
	static const double weight[] = {0.2126, 0.7152, 0.0722}; /* red, green, blue */
	const uint32_t rgb[] = {a, b};
	double lum[] = {0.05, 0.05};
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < 3; i++) {
			double c = (rgb[k] >> (16 - 8 * i) & 255) / 255.0;
			lum[k] += weight[i] *
				  (c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
		}
	return fmax(lum[0], lum[1]) / fmin(lum[0], lum[1]);
}

/* Roles that carry words, on the backgrounds people have. */
static void
roles_are_readable(void **state)
{
	static const struct {
		const char *theme;
		uint32_t bg;
	} on[] = {{"dark", 0x000000}, {"dark", 0x002b36}, {"dark", 0x1e1e2e}, {"dark", 0x282828},
		{"light", 0xffffff}, {"light", 0xfdf6e3}, {"light", 0xfafafa}};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(on); i++) {
		struct theme_look role[R_COUNT];
		assert_int_equal(theme_read(on[i].theme, role, NULL), 0);
		for (int r = R_ACCENT; r <= R_PLOT; r++) {
			double c = contrast(role[r].color & 0xffffff, on[i].bg);
			if (c < 4.5)
				fail_msg("%s, role %d on %06x: %.2f", on[i].theme, r, on[i].bg, c);
		}
	}
	assert_true(contrast(0, 0xffffff) > 20.9);
	/* and on the row that is selected, as the theme has it and as the terminal's colours make it */
	static const struct {
		const char *theme;
		uint32_t fg, bg;
	} rows[] = {{"dark", 0xd7dae0, 0x16181c}, {"dark", 0x93a1a1, 0x002b36},
		{"light", 0x1f2328, 0xffffff}, {"light", 0x586e75, 0xfdf6e3}};
	for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
		struct theme t;
		theme_init(&t, true, false);
		assert_int_equal(theme_use(&t, rows[i / 2].theme, NULL), 0);
		if (i % 2)
			theme_background(&t, rows[i / 2].fg, rows[i / 2].bg);
		uint32_t sel = t.style[TH_SEL].bg & 0xffffff;
		for (int r = R_ACCENT; r <= R_PLOT; r++) {
			double c = contrast(t.role[r].color & 0xffffff, sel);
			if (c < 4)
				fail_msg("%s, role %d on the selection %06x: %.2f",
					rows[i / 2].theme, r, sel, c);
		}
	}
}

/* The default theme is the palette's until the terminal says what it is, and follows it then. */
static void
the_default_follows_the_terminal(void **state)
{
	struct theme t;
	(void)state;
	theme_init(&t, true, false);
	assert_int_equal(t.style[TH_NEEDS].fg, COLOR_INDEX | 3);
	theme_background(&t, 0x111111, 0xffffff);
	uint32_t light = t.style[TH_NEEDS].fg;
	assert_int_equal(light >> 24, COLOR_RGB >> 24);
	assert_true(contrast(light & 0xffffff, 0xffffff) >= 4.5);
	theme_background(&t, 0xeeeeee, 0x101010); /* it went dark */
	assert_true(contrast(t.style[TH_NEEDS].fg & 0xffffff, 0x101010) >= 4.5);
	/* what a row is highlighted with stays close to the background, its text readable on it */
	uint32_t sel = t.style[TH_SEL].bg & 0xffffff;
	assert_true(contrast(sel, 0x101010) < 2);
	assert_true(contrast(sel, 0xeeeeee) > 7);
	/* one that was chosen does not follow */
	assert_int_equal(theme_use(&t, "light", NULL), 0);
	theme_background(&t, 0xeeeeee, 0x101010);
	assert_int_equal(t.style[TH_NEEDS].fg, light);
}

static void
no_color_is_none(void **state)
{
	struct theme t;
	(void)state;
	theme_init(&t, false, true);
	assert_int_equal(theme_use(&t, "dark", NULL), 0);
	theme_background(&t, 0xeeeeee, 0x101010);
	for (int i = 0; i < TH_COUNT; i++)
		assert_true(t.style[i].fg == COLOR_DEFAULT && t.style[i].bg == COLOR_DEFAULT);
	assert_true(t.style[TH_SEL].attrs & ATTR_INVERSE);
	assert_true(t.style[TH_BADGE].attrs & ATTR_INVERSE);
}

static void
errors_are_told(void **state)
{
	static const struct {
		const char *line, *want;
	} bad[] = {{"needs = purple", "purple is no colour"}, {"needs = #12345", "is no colour"},
		{"needs = 256", "is no colour"}, {"needs = 3 loud", "loud is no attribute"},
		{"neds = 3", "unknown role neds"}};
	char path[] = "/tmp/muster-theme.XXXXXX";
	struct theme_look role[R_COUNT];
	struct err e;
	int fd = mkstemp(path);
	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		char text[64];
		int n = snprintf(text, sizeof text, "[x]\n%s\n", bad[i].line);
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, text, (size_t)n, 0), n);
		assert_int_equal(theme_read(path, role, &e), -1);
		if (!strstr(e.msg, bad[i].want))
			fail_msg("%s is not in: %s", bad[i].want, e.msg);
	}
	close(fd);
	unlink(path);
	assert_int_equal(theme_read(path, role, &e), -1);
	assert_int_equal(theme_read("nosuch", role, &e), -1);
	assert_non_null(strstr(e.msg, "dark, default, high-contrast, light"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles_are_readable),
		cmocka_unit_test(the_default_follows_the_terminal),
		cmocka_unit_test(no_color_is_none),
		cmocka_unit_test(errors_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
