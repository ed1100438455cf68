#include "tui/draw.h"
#include "core/text/human.h"
#include "core/text/width.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

uint16_t
draw_style(struct app *a, enum theme_style th)
{
	struct style st = a->drawing_sel ? theme_on_selection(&a->theme, th) : a->theme.style[th];
	return surface_style(a->s, &st);
}

int
draw_text(struct app *a, int y, int x, int max, enum theme_style th, const char *utf8)
{
	return max > 0 ? surface_text(a->s, y, x, max, utf8, draw_style(a, th)) : 0;
}

int
draw_fmt(struct app *a, int y, int x, int max, enum theme_style th, const char *fmt, ...)
{
	char buf[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(buf, sizeof buf, fmt, ap);
	va_end(ap);
	return draw_text(a, y, x, max, th, buf);
}

int
draw_cut(struct app *a, int y, int x, int max, enum theme_style th, const char *utf8)
{
	if (max <= 0)
		return 0;
	if (utf8_width(utf8) <= max)
		return draw_text(a, y, x, max, th, utf8);
	int n = draw_text(a, y, x, max - 1, th, utf8);
	return n + draw_glyph(a, y, x + n, th, GL_ELLIPSIS);
}

int
draw_cut_left(struct app *a, int y, int x, int max, enum theme_style th, const char *utf8)
{
	int width = utf8_width(utf8);
	if (width <= max || max < 2)
		return draw_text(a, y, x, max, th, utf8);
	int n = draw_glyph(a, y, x, th, GL_ELLIPSIS);
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
	return n + draw_text(a, y, x + n, max - n, th, utf8);
}

int
draw_right(struct app *a, int y, int x_end, int max, enum theme_style th, const char *utf8)
{
	int w = MIN(utf8_width(utf8), max);
	return draw_text(a, y, x_end - w, w, th, utf8);
}

int
draw_glyph(struct app *a, int y, int x, enum theme_style th, enum theme_glyph g)
{
	return draw_text(a, y, x, 1, th, a->theme.glyph[g]);
}

void
draw_rule(struct app *a, int y, int x, int w)
{
	surface_fill(a->s, y, x, 1, w, a->theme.glyph[GL_H], draw_style(a, TH_RULE));
}

void
draw_titled_rule(struct app *a, int y, int x, int w, const char *title, const char *note,
	const char *right, bool strong)
{
	draw_rule(a, y, x, w);
	int end = x + w;
	if (right && utf8_width(right) + utf8_width(title) + utf8_width(note ? note : "") + 14 < w)
		end -= 2 + draw_right(a, y, end - 2, w, TH_DIM, right);
	int at = x + 1;
	at += draw_text(a, y, at, 1, TH_RULE, " ");
	at += draw_cut(a, y, at, MIN(40, end - at - 4), strong ? TH_BRAND : TH_STRONG, title);
	at += draw_text(a, y, at, 1, TH_RULE, " ");
	if (note && *note && end - at > utf8_width(note) + 4) {
		at += 2;
		at += draw_text(a, y, at, 1, TH_RULE, " ");
		at += draw_cut(a, y, at, end - at - 2, TH_DIM, note);
		draw_text(a, y, at, 1, TH_RULE, " ");
	}
	if (end < x + w) {
		draw_text(a, y, end - 1, 1, TH_RULE, " ");
		draw_text(a, y, x + w - 2, 1, TH_RULE, " ");
	}
}

void
draw_box(struct app *a, int y, int x, int h, int w, enum theme_style th, const char *title)
{
	const char *const *g = a->theme.glyph;
	uint16_t st = draw_style(a, th);
	surface_fill(a->s, y, x + 1, 1, w - 2, g[GL_H], st);
	surface_fill(a->s, y + h - 1, x + 1, 1, w - 2, g[GL_H], st);
	surface_fill(a->s, y + 1, x, h - 2, 1, g[GL_V], st);
	surface_fill(a->s, y + 1, x + w - 1, h - 2, 1, g[GL_V], st);
	draw_glyph(a, y, x, th, GL_TL);
	draw_glyph(a, y, x + w - 1, th, GL_TR);
	draw_glyph(a, y + h - 1, x, th, GL_BL);
	draw_glyph(a, y + h - 1, x + w - 1, th, GL_BR);
	if (title) {
		int n = draw_text(a, y, x + 2, 1, th, " ");
		n += draw_cut(a, y, x + 2 + n, w - 6, TH_STRONG, title);
		draw_text(a, y, x + 2 + n, 1, th, " ");
	}
}

int
draw_button(struct app *a, int y, int x, const char *text, bool on)
{
	enum theme_style th = on ? TH_BUTTON_ON : TH_BUTTON;
	bool frame = on && !a->theme.color; /* without colours the focus needs a sign */
	int n = draw_text(a, y, x, 2, th, frame ? "[ " : "  ");
	n += draw_text(a, y, x + n, 60, th, text);
	return n + draw_text(a, y, x + n, 2, th, frame ? " ]" : "  ");
}

void
line_draw(struct app *a, const struct line_edit *l, int y, int x, int w, bool focus,
	const char *placeholder)
{
	if (w <= 0)
		return;
	if (l->len == 0 && placeholder && !focus) {
		draw_cut(a, y, x, w, TH_PLACEHOLDER, placeholder);
		return;
	}
	/* the caret stays within the field: graphemes are dropped on the left until it does */
	char head[sizeof l->text];
	memcpy(head, l->text, l->at);
	head[l->at] = 0;
	const char *from = l->text;
	int caret = utf8_width(head);
	for (size_t left = l->len; caret >= w && left > 0;) {
		int gw;
		size_t k = utf8_grapheme(from, left, &gw);
		from += k;
		left -= k;
		caret -= gw;
	}
	bool was = a->drawing_sel;
	a->drawing_sel = focus;
	if (focus && a->theme.color)
		surface_fill(a->s, y, x, 1, w, " ", draw_style(a, TH_TEXT));
	if (l->len == 0 && placeholder)
		draw_cut(a, y, x, w, TH_PLACEHOLDER, placeholder);
	else
		draw_text(a, y, x, w, TH_TEXT, from);
	a->drawing_sel = was;
	if (focus)
		surface_caret(a->s, y, x + caret);
}

static int
hint_width(struct app *a, const struct action *act)
{
	char key[16];
	return utf8_width(keymap_label(act, a->theme.ascii, key)) + 1 + utf8_width(act->hint) + 2;
}

/* The hint shows what to press; a hint that begins with its own sign ("←→ cursor") brings it. */
static int
hint_draw(struct app *a, int y, int x, int max, const struct action *act)
{
	char key[16];
	int n = draw_text(a, y, x, max, TH_KEY, keymap_label(act, a->theme.ascii, key));
	n += draw_text(a, y, x + n, max - n, TH_HINT, " ");
	n += draw_text(a, y, x + n, max - n, TH_HINT, act->hint);
	hit_add(a, HIT_ACTION, y, x, 1, n, (int)(act - actions));
	return n;
}

void
draw_hints(struct app *a, int y, int x, int w, unsigned context)
{
	/* which fit is decided by rank; where they stand, by the order of the list */
	bool show[ACTION_COUNT] = {false};
	int used = 0;
	for (int rank = 1; rank < 16; rank++)
		for (size_t i = 0; i < ACTION_COUNT; i++) {
			const struct action *act = &actions[i];
			if (!(act->contexts & context) || !*act->hint || act->rank != rank)
				continue;
			int need = hint_width(a, act);
			if (used + need <= w + 2) {
				show[i] = true;
				used += need;
			}
		}
	int left = w;
	for (size_t i = 0; i < ACTION_COUNT && left > 0; i++)
		if (show[i]) {
			int n = hint_draw(a, y, x, left, &actions[i]) + 2;
			x += n;
			left -= n;
		}
}

static int
draw_toast(struct app *a, int y, int x, int w)
{
	if (a->n_toasts == 0)
		return 0;
	const struct toast *t = &a->toasts[(a->n_toasts - 1) % TOAST_LOG];
	if (a->now - t->at >= 4)
		return 0;
	enum theme_style th = t->bad ? TH_TOAST_BAD : TH_TOAST;
	int n = draw_glyph(a, y, x, th, t->bad ? GL_FAIL : GL_TICK);
	n += draw_text(a, y, x + n, 1, th, " ");
	n += draw_cut(a, y, x + n, w - n - (t->undo ? 10 : 0), th, t->text);
	if (t->undo) {
		int from = n + 2;
		n = from + draw_text(a, y, x + from, w - from, TH_KEY, "u");
		n += draw_text(a, y, x + n, w - n, TH_HINT, " undo");
		hit_add(a, HIT_ACTION, y, x + from, 1, n - from, ACTION_UNDO);
	}
	return n;
}

int
draw_footer(struct app *a, unsigned context, const char *left, const char *right)
{
	int w = surface_cols(a->s), h = surface_rows(a->s);
	if (h < 6)
		return h;
	if (h < 16) { /* one line: hints, or a message while there is one */
		if (!draw_toast(a, h - 1, 1, w - 2))
			draw_hints(a, h - 1, 1, w - 2, context);
		return h - 1;
	}
	draw_rule(a, h - 3, 0, w);
	draw_hints(a, h - 2, 1, w - 2, context);
	int n = draw_toast(a, h - 1, 1, w - 2);
	if (!n && left)
		n = draw_cut(a, h - 1, 1, w - 2, TH_DIM, left);
	if (right && n + utf8_width(right) + 4 < w)
		draw_right(a, h - 1, w - 1, w, TH_DIM, right);
	return h - 3;
}

int
draw_title(struct app *a, const char *name, const char *what, const char *note)
{
	int w = surface_cols(a->s);
	int end = w - 1;
	if (note && *note && utf8_width(note) + utf8_width(name) + 6 < w)
		end -= draw_right(a, 0, w - 1, w - 2, TH_DIM, note) + 2;
	int x = 1 + draw_cut(a, 0, 1, end - 1, TH_BRAND, name);
	if (what && *what)
		draw_cut(a, 0, x + 2, end - x - 2, TH_STRONG, what);
	if (surface_rows(a->s) < 12)
		return 1;
	draw_rule(a, 1, 0, w);
	return 2;
}

void
hit_add(struct app *a, enum hit_kind kind, int y, int x, int h, int w, int index)
{
	if (a->n_hits < HITS_MAX)
		a->hits[a->n_hits++] = (struct hit){kind, y, x, h, w, index};
}

const char *
fmt_mem(char *buf, double bytes)
{
	return human_bytes(buf, bytes);
}

const char *
fmt_idle(char *buf, double s)
{
	if (s >= 60)
		return human_time(buf, s);
	snprintf(buf, 16, "<1m");
	return buf;
}

const char *
fmt_rate(char *buf, double bytes_per_h)
{
	double m = bytes_per_h / 1048576;
	if (fabs(m) < 0.5)
		snprintf(buf, 16, "0");
	else if (fabs(m) < 9999.5)
		snprintf(buf, 16, "%+.0f", m);
	else
		snprintf(buf, 16, "%+.0fG", m / 1024);
	return buf;
}

const char *
fmt_dir(const struct app *a, char *buf, size_t cap, const char *path)
{
	size_t n = strlen(a->home);
	if (n > 1 && !strncmp(path, a->home, n) && (path[n] == '/' || !path[n]))
		snprintf(buf, cap, "~%s", path + n);
	else
		snprintf(buf, cap, "%s", path);
	return buf;
}
