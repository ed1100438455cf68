#include "tui/draw/draw.h"
#include "core/text/width.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* utf8_width, quick where there is nothing to think about. */
static int
cells(const char *s)
{
	const char *p = s;
	while (*p >= 0x20 && *p < 0x7f)
		p++;
	return *p ? utf8_width(s) : (int)(p - s);
}

uint16_t
draw_style(struct draw *d, enum theme_style th)
{
	struct style st = d->on_sel ? theme_on_selection(&d->theme, th) : d->theme.style[th];
	return surface_style(d->s, &st);
}

int
draw_text(struct draw *d, int y, int x, int max, enum theme_style th, const char *utf8)
{
	return max > 0 ? surface_text(d->s, y, x, max, utf8, draw_style(d, th)) : 0;
}

int
draw_fmt(struct draw *d, int y, int x, int max, enum theme_style th, const char *fmt, ...)
{
	char buf[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(buf, sizeof buf, fmt, ap);
	va_end(ap);
	return draw_text(d, y, x, max, th, buf);
}

int
draw_cut(struct draw *d, int y, int x, int max, enum theme_style th, const char *utf8)
{
	if (max <= 0)
		return 0;
	if (cells(utf8) <= max)
		return draw_text(d, y, x, max, th, utf8);
	int n = draw_text(d, y, x, max - 1, th, utf8);
	return n + draw_glyph(d, y, x + n, th, GL_ELLIPSIS);
}

int
draw_cut_left(struct draw *d, int y, int x, int max, enum theme_style th, const char *utf8)
{
	int width = cells(utf8);
	if (width <= max || max < 2)
		return draw_text(d, y, x, max, th, utf8);
	int n = draw_glyph(d, y, x, th, GL_ELLIPSIS);
	for (size_t left = strlen(utf8); left > 0 && width > max - 1;) {
		int w;
		size_t k = utf8_grapheme(utf8, left, &w);
		utf8 += k;
		left -= k;
		width -= w;
	}
	/* of a path whole parts are shown where that costs little */
	const char *slash = strchr(utf8, '/');
	if (slash && slash - utf8 < 6 && slash[1])
		utf8 = slash;
	return n + draw_text(d, y, x + n, max - n, th, utf8);
}

int
draw_right(struct draw *d, int y, int x_end, int max, enum theme_style th, const char *utf8)
{
	int w = MIN(cells(utf8), max);
	return draw_text(d, y, x_end - w, w, th, utf8);
}

int
draw_wrapped(struct draw *d, int y, int x, int h, int w, enum theme_style th, const char *utf8)
{
	int lines = 0;
	while (*utf8 && lines < h) {
		size_t line = strcspn(utf8, "\n"), take = 0;
		for (size_t i = 0; i <= line; i++) {
			char buf[256];
			if (i != line && utf8[i] != ' ')
				continue;
			snprintf(buf, sizeof buf, "%.*s", (int)MIN(i, sizeof buf - 1), utf8);
			if (take && cells(buf) > w)
				break;
			take = i;
		}
		if (d)
			draw_fmt(d, y + lines, x, w, th, "%.*s", (int)take, utf8);
		lines++;
		utf8 += take;
		utf8 += *utf8 == ' ' || *utf8 == '\n';
	}
	return lines;
}

int
draw_glyph(struct draw *d, int y, int x, enum theme_style th, enum theme_glyph g)
{
	return draw_text(d, y, x, 1, th, d->theme.glyph[g]);
}

void
draw_rule(struct draw *d, int y, int x, int w)
{
	surface_fill(d->s, y, x, 1, w, d->theme.glyph[GL_H], draw_style(d, TH_RULE));
}

void
draw_titled_rule(struct draw *d, int y, int x, int w, const char *title, const char *note,
	const char *right, bool strong)
{
	draw_rule(d, y, x, w);
	int end = x + w;
	if (right && cells(right) + cells(title) + cells(note ? note : "") + 14 < w)
		end -= 2 + draw_right(d, y, end - 2, w, TH_DIM, right);
	int at = x + 1;
	at += draw_text(d, y, at, 1, TH_RULE, " ");
	at += draw_cut(d, y, at, MIN(40, end - at - 4), strong ? TH_BRAND : TH_STRONG, title);
	at += draw_text(d, y, at, 1, TH_RULE, " ");
	if (note && *note && end - at > cells(note) + 4) {
		at += 2;
		at += draw_text(d, y, at, 1, TH_RULE, " ");
		at += draw_cut(d, y, at, end - at - 2, TH_DIM, note);
		draw_text(d, y, at, 1, TH_RULE, " ");
	}
	if (end < x + w) {
		draw_text(d, y, end - 1, 1, TH_RULE, " ");
		draw_text(d, y, x + w - 2, 1, TH_RULE, " ");
	}
}

void
draw_box(struct draw *d, int y, int x, int h, int w, enum theme_style th, const char *title)
{
	const char *const *g = d->theme.glyph;
	uint16_t st = draw_style(d, th);
	surface_fill(d->s, y, x + 1, 1, w - 2, g[GL_H], st);
	surface_fill(d->s, y + h - 1, x + 1, 1, w - 2, g[GL_H], st);
	surface_fill(d->s, y + 1, x, h - 2, 1, g[GL_V], st);
	surface_fill(d->s, y + 1, x + w - 1, h - 2, 1, g[GL_V], st);
	draw_glyph(d, y, x, th, GL_TL);
	draw_glyph(d, y, x + w - 1, th, GL_TR);
	draw_glyph(d, y + h - 1, x, th, GL_BL);
	draw_glyph(d, y + h - 1, x + w - 1, th, GL_BR);
	if (title) {
		int n = draw_text(d, y, x + 2, 1, th, " ");
		n += draw_cut(d, y, x + 2 + n, w - 6, TH_STRONG, title);
		draw_text(d, y, x + 2 + n, 1, th, " ");
	}
}

int
draw_button(struct draw *d, int y, int x, const char *text, bool on)
{
	enum theme_style th = on ? TH_BUTTON_ON : TH_BUTTON;
	bool frame = on && !d->theme.color; /* without colours the focus needs a sign */
	int n = draw_text(d, y, x, 2, th, frame ? "[ " : "  ");
	n += draw_text(d, y, x + n, 60, th, text);
	return n + draw_text(d, y, x + n, 2, th, frame ? " ]" : "  ");
}

/* Text with the caret at byte `at`, which stays within the field: graphemes are dropped on the left
 * until it does. */
static void
put_field(struct draw *d, const char *text, size_t at, int y, int x, int w, bool focus)
{
	char head[512];
	snprintf(head, sizeof head, "%.*s", (int)at, text);
	int caret = cells(head);
	for (size_t left = strlen(text); caret >= w && left > 0;) {
		int gw;
		size_t k = utf8_grapheme(text, left, &gw);
		text += k;
		left -= k;
		caret -= gw;
	}
	draw_text(d, y, x, w, TH_TEXT, text);
	if (focus)
		surface_caret(d->s, y, x + caret);
}

void
draw_line(struct draw *d, const struct line_edit *l, int y, int x, int w, bool focus,
	const char *placeholder)
{
	if (w <= 0)
		return;
	bool was = d->on_sel;
	d->on_sel = focus;
	if (focus && d->theme.color)
		surface_fill(d->s, y, x, 1, w, " ", draw_style(d, TH_TEXT));
	if (l->len == 0 && placeholder)
		draw_cut(d, y, x, w, TH_PLACEHOLDER, placeholder);
	put_field(d, l->text, l->at, y, x, w, focus);
	d->on_sel = was;
}

/* A part of a line that may be shown, with what lies before byte `at`; returns how much of it does. */
static size_t
line_part(const char *p, size_t n, size_t at, char out[512])
{
	char raw[480], head[480];
	size_t from = at > 240 ? at - 240 : 0;
	while (from > 0 && from < n && ((uint8_t)p[from] & 0xc0) == 0x80)
		from--;
	size_t len = MIN(n - from, sizeof raw - 1);
	memcpy(raw, p + from, len);
	for (size_t i = 0; i < len; i++)
		raw[i] = raw[i] == '\t' ? ' ' : raw[i];
	sanitize(out, 512, raw, len);
	return sanitize(head, sizeof head, raw, at - from);
}

void
draw_lines(struct draw *d, const struct lines_edit *t, int y, int x, int h, int w, bool focus,
	const char *placeholder)
{
	size_t at, caret = lines_caret(t, &at), lines = lines_count(t), top;
	char note[48] = "";
	if (w <= 0 || h <= 0)
		return;
	top = caret < (size_t)h ? 0 : caret - (size_t)h + 1;
	if (t->pasted > 1)
		snprintf(note, sizeof note, "[%zu lines pasted]", t->pasted);
	else if (lines > (size_t)h)
		snprintf(note, sizeof note, "line %zu of %zu", caret + 1, lines);
	if (w < 3 * cells(note))
		note[0] = 0;
	d->on_sel = focus;
	for (int i = 0; i < h; i++) {
		char part[512];
		size_t n, line = top + (size_t)i;
		if (focus && d->theme.color)
			surface_fill(d->s, y + i, x, 1, w, " ", draw_style(d, TH_TEXT));
		if (line >= lines)
			continue;
		const char *p = lines_at(t, line, &n);
		size_t before = line_part(p, n, line == caret ? at : 0, part);
		put_field(d, part, before, y + i, x, i ? w : w - cells(note) - (*note != 0),
			focus && line == caret);
	}
	if (!t->text.len && placeholder)
		draw_cut(d, y, x, w, TH_PLACEHOLDER, placeholder);
	draw_right(d, y, x + w, w, TH_DIM, note);
	d->on_sel = false;
}

int
draw_title(struct draw *d, const char *name, const char *what, const char *note)
{
	int w = surface_cols(d->s);
	int end = w - 1;
	if (note && *note && cells(note) + cells(name) + 6 < w)
		end -= draw_right(d, 0, w - 1, w - 2, TH_DIM, note) + 2;
	int x = 1 + draw_cut(d, 0, 1, end - 1, TH_BRAND, name);
	if (what && *what)
		draw_cut(d, 0, x + 2, end - x - 2, TH_STRONG, what);
	if (surface_rows(d->s) < 12)
		return 1;
	draw_rule(d, 1, 0, w);
	return 2;
}

void
draw_hit(struct draw *d, enum hit_kind kind, int y, int x, int h, int w, int index)
{
	if (d->n_hits < HITS_MAX)
		d->hits[d->n_hits++] = (struct hit){kind, y, x, h, w, index};
}
