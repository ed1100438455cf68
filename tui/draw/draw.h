#ifndef TUI_DRAW_H
#define TUI_DRAW_H
/* What views draw with: a sheet, a theme, and where clicks mean what. Text functions return the
 * columns used; coordinates are those of the sheet's top layer, of hits the screen's. */
#include "tui/draw/fmt.h"
#include "tui/draw/surface.h"
#include "tui/draw/theme.h"
#include "tui/term/line_edit.h"
#include "tui/term/lines_edit.h"

#define HITS_MAX 256
enum hit_kind { HIT_NONE, HIT_ACTION, HIT_SESSION, HIT_ITEM };
struct hit {
	enum hit_kind kind;
	int y, x, h, w, index; /* action, place in model.shown, or the view's own number */
};
struct draw {
	struct surface *s;
	struct theme theme;
	bool on_sel; /* styles are those of the selected row */
	struct hit hits[HITS_MAX];
	int n_hits;
};

uint16_t draw_style(struct draw *d, enum theme_style th);
int draw_text(struct draw *d, int y, int x, int max, enum theme_style th, const char *utf8);
int draw_fmt(struct draw *d, int y, int x, int max, enum theme_style th, const char *fmt, ...)
	PRINTF_LIKE(6, 7);
/* Cut with an ellipsis when it does not fit. */
int draw_cut(struct draw *d, int y, int x, int max, enum theme_style th, const char *utf8);
/* As draw_cut, but the end is what stays ("…/deep/directory"). */
int draw_cut_left(struct draw *d, int y, int x, int max, enum theme_style th, const char *utf8);
/* Ends before column x_end, at most max columns. */
int draw_right(struct draw *d, int y, int x_end, int max, enum theme_style th, const char *utf8);
/* In at most h lines of w columns, broken at blanks and at line ends; returns how many. d NULL: only
 * counts them. */
int draw_wrapped(struct draw *d, int y, int x, int h, int w, enum theme_style th, const char *utf8);
int draw_glyph(struct draw *d, int y, int x, enum theme_style th, enum theme_glyph g);
void draw_rule(struct draw *d, int y, int x, int w);
/* "─ title ── note ───────── right ─" */
void draw_titled_rule(struct draw *d, int y, int x, int w, const char *title, const char *note,
	const char *right, bool strong);
void draw_box(struct draw *d, int y, int x, int h, int w, enum theme_style th, const char *title);
int draw_button(struct draw *d, int y, int x, const char *text, bool on);
/* Title line and rule of a full-screen view; returns the first row below. */
int draw_title(struct draw *d, const char *name, const char *what, const char *note);
void draw_hit(struct draw *d, enum hit_kind kind, int y, int x, int h, int w, int index);

/* Shows the part around the caret and, when focus, puts the caret there. */
void draw_line(struct draw *d, const struct line_edit *l, int y, int x, int w, bool focus,
	const char *placeholder);
/* The h lines around the caret, and what there is beside them. */
void draw_lines(struct draw *d, const struct lines_edit *t, int y, int x, int h, int w, bool focus,
	const char *placeholder);
#endif
