/* The line about the session one is in, and the first of the others that waits (ui.status). It takes
 * a row from the session, and the frame is drawn instead of shown as it is. */
#include "tui/attach/attach_priv.h"
#include "core/text/width.h"
#include <stdio.h>

#define ROWS_MIN 4

int
status_row(const struct app *a)
{
	int rows = surface_rows(a->d.s);
	if (a->status == STATUS_OFF || rows < ROWS_MIN)
		return -1;
	return a->status == STATUS_TOP ? 0 : rows - 1;
}

struct window_at
status_room(const struct app *a)
{
	int row = status_row(a);
	return (struct window_at){
		.y = row == 0, .h = surface_rows(a->d.s) - (row >= 0), .w = surface_cols(a->d.s)};
}

/* " ! docs-i18n waits (^\\ n)" */
static int
draw_waiting(struct app *a, int y, int x, int w, const struct msess *s)
{
	int n = draw_text(&a->d, 0, x, w, TH_BADGE,
		s->act == ACT_PERMISSION ? " ! "
		: s->act == ACT_QUESTION ? " ? "
					 : " x ");
	n += draw_fmt(&a->d, 0, x + n, w - n, TH_BAR_STRONG, " %s waits", s->name);
	n += draw_fmt(&a->d, 0, x + n, w - n, TH_BAR, " (%s n)", a->prefix_label);
	draw_hit(&a->d, HIT_ITEM, y, x, 1, n, STATUS_NEXT);
	return n;
}

void
status_draw(struct app *a, const struct msess *s)
{
	int w = surface_cols(a->d.s), y = status_row(a), x = 1, end = w - 1;
	const struct msess *next = menu_waiting(a, 1);
	char mem[16], menu[32];
	surface_layer(a->d.s, y, 0, 1, w);
	surface_fill(a->d.s, 0, 0, 1, w, " ", draw_style(&a->d, TH_BAR));
	snprintf(menu, sizeof menu, "%s menu", a->prefix_label);
	if (w > 3 * utf8_width(menu)) {
		end -= draw_right(&a->d, 0, end, w, TH_BAR, menu);
		draw_hit(&a->d, HIT_ITEM, y, end, 1, w - end, STATUS_MENU);
	}
	x += draw_cut(&a->d, 0, x, MIN(end - x, w / 2), TH_BAR_STRONG, s ? s->name : "");
	if (attach_reads_only(a))
		x += draw_text(&a->d, 0, x, end - x, TH_BAR, " (read-only)");
	if (s && s->footprint)
		x += draw_fmt(
			&a->d, 0, x, end - x, TH_BAR, "  %s", fmt_mem(mem, (double)s->footprint));
	if (s && s->growth >= GROWTH_FAST)
		x += draw_fmt(
			&a->d, 0, x, end - x, TH_BAR_STRONG, "  %s", a->d.theme.glyph[GL_GROWTH]);
	if (next && end - x > 12)
		draw_waiting(a, y, x + 3, end - x - 5, next);
}
