#ifndef TUI_DRAW_H
#define TUI_DRAW_H
/* What views draw with. Columns used come back. */
#include "tui/app.h"
#include "tui/line_edit.h"

uint16_t draw_style(struct app *a, enum theme_style th);
int draw_text(struct app *a, int y, int x, int max, enum theme_style th, const char *utf8);
int draw_fmt(struct app *a, int y, int x, int max, enum theme_style th, const char *fmt, ...)
	PRINTF_LIKE(6, 7);
/* Cut with an ellipsis when it does not fit. */
int draw_cut(struct app *a, int y, int x, int max, enum theme_style th, const char *utf8);
/* As draw_cut, but the end is what stays ("…/deep/folder"). */
int draw_cut_left(struct app *a, int y, int x, int max, enum theme_style th, const char *utf8);
/* Ends before column x_end, at most max columns. */
int draw_right(struct app *a, int y, int x_end, int max, enum theme_style th, const char *utf8);
int draw_glyph(struct app *a, int y, int x, enum theme_style th, enum theme_glyph g);
void draw_rule(struct app *a, int y, int x, int w);
/* "─ title ── note ───────── right ─" */
void draw_titled_rule(struct app *a, int y, int x, int w, const char *title, const char *note,
	const char *right, bool strong);
void draw_box(struct app *a, int y, int x, int h, int w, enum theme_style th, const char *title);
int draw_button(struct app *a, int y, int x, const char *text, bool on);
/* "⏎ attach  n new …" of a context from column x, as many as fit, clickable. */
void draw_hints(struct app *a, int y, int x, int w, unsigned context);
/* The rule, the hints and the line below them (left, right; a toast takes the left one's place).
 * Returns the row of the rule: what lies above is the view's. */
int draw_footer(struct app *a, unsigned context, const char *left, const char *right);
/* Title line and rule of a full-screen view; returns the first row below. */
int draw_title(struct app *a, const char *name, const char *what, const char *note);
void hit_add(struct app *a, enum hit_kind kind, int y, int x, int h, int w, int index);

/* 0M, 612M, 1.3G, 62G; <1m, 4m, 2h, 2d 4h; +38, +410 (MB/h). buf >= 16. */
const char *fmt_mem(char *buf, double bytes);
const char *fmt_idle(char *buf, double s);
const char *fmt_rate(char *buf, double bytes_per_h);
/* ~/w/api */
const char *fmt_dir(const struct app *a, char *buf, size_t cap, const char *path);

/* Shows the part around the caret and, when focus, puts the caret there. */
void line_draw(struct app *a, const struct line_edit *l, int y, int x, int w, bool focus,
	const char *placeholder);
#endif
