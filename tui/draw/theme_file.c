#include "tui/draw/theme_file.h"
#include "sessions/config/ini_file.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *file, *ini;
} built_in[] = {
#include "themes.inc"
};

static const char *const roles[R_COUNT] = {[R_DIM] = "dim",
	[R_ACCENT] = "accent",
	[R_NEEDS] = "needs",
	[R_WORKING] = "working",
	[R_GROW] = "grow",
	[R_GOOD] = "good",
	[R_BAD] = "bad",
	[R_WARN] = "warn",
	[R_PLOT] = "plot",
	[R_SELECTION] = "selection"};

static bool
color_of(const char *s, uint32_t *color)
{
	char *end;
	unsigned long v;
	if (!strcmp(s, "none")) {
		*color = COLOR_DEFAULT;
		return true;
	}
	v = strtoul(s + (*s == '#'), &end, *s == '#' ? 16 : 10);
	if (*end || end == s + (*s == '#') || (*s == '#' ? strlen(s) != 7 : v > 255))
		return false;
	*color = (*s == '#' ? COLOR_RGB : COLOR_INDEX) | (uint32_t)v;
	return true;
}

static bool
attr_of(const char *s, uint32_t *attrs)
{
	static const struct {
		const char *name;
		uint32_t attr;
	} names[] = {{"bold", ATTR_BOLD}, {"faint", ATTR_FAINT}, {"italic", ATTR_ITALIC},
		{"inverse", ATTR_INVERSE}, {"underline", UL_SINGLE << ATTR_UL_SHIFT}};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(names[i].name, s)) {
			*attrs |= names[i].attr;
			return true;
		}
	return false;
}

static bool
look_of(const char *value, struct theme_look *look, char *why, size_t cap)
{
	char words[128];
	*look = (struct theme_look){.color = COLOR_DEFAULT};
	snprintf(words, sizeof words, "%s", value);
	bool first = true;
	for (char *save, *w = strtok_r(words, " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
		if (first ? !color_of(w, &look->color) : !attr_of(w, &look->attrs)) {
			snprintf(why, cap, "%.20s is no %s", w,
				first ? "colour (0 to 255, #rrggbb or none)"
				      : "attribute (bold, faint, italic, inverse, underline)");
			return false;
		}
		first = false;
	}
	return true;
}

static bool
on_key(void *ctx, const char *section, const char *key, const char *value, char *why, size_t cap)
{
	struct theme_look *role = ctx;
	(void)section;
	for (int i = R_DIM; i < R_COUNT; i++)
		if (!strcmp(roles[i], key))
			return look_of(value, &role[i], why, cap);
	snprintf(why, cap, "unknown role %.20s", key);
	return false;
}

int
theme_read(const char *name, struct theme_look role[R_COUNT], struct err *e)
{
	char file[64], known[128] = "";
	for (int i = 0; i < R_COUNT; i++)
		role[i] = (struct theme_look){COLOR_DEFAULT, i == R_DIM ? ATTR_FAINT : 0};
	if (strchr(name, '/')) {
		FILE *f = fopen(name, "re");
		if (!f)
			return err_set(e, 1, "theme: cannot read %s", name);
		fclose(f);
		return ini_read_file(name, on_key, role, e);
	}
	snprintf(file, sizeof file, "%.40s.ini", name);
	for (size_t i = 0; i < ARRAY_LEN(built_in); i++) {
		if (!strcmp(built_in[i].file, file))
			return ini_read_text(file, built_in[i].ini, on_key, role, e);
		size_t len = strlen(known), n = strlen(built_in[i].file) - 4;
		snprintf(known + len, sizeof known - len, "%s%.*s", len ? ", " : "", (int)n,
			built_in[i].file);
	}
	return err_set(e, 1, "theme: no %.40s (there are %s, or the path of a file)", name, known);
}
