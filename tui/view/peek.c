/* One session's screen as large as there is room for, without attaching to it. */
#include "tui/app/frame.h"
#include <stdio.h>

static void
peek_draw(struct app *a, void *p)
{
	(void)p;
	struct msess *s = model_selected(&a->m);
	int w = surface_cols(a->d.s);
	char note[96], dir[512];
	if (!s) {
		draw_title(&a->d, "peek", "the session is gone", NULL);
		frame_footer(a, C_PEEK, NULL, NULL);
		return;
	}
	if (a->back)
		snprintf(note, sizeof note, "%llu rows back", (unsigned long long)a->back);
	else
		snprintf(note, sizeof note, "%s   %dx%d", msess_word(s), s->cols, s->rows);
	draw_titled_rule(
		&a->d, 0, 0, w, s->name, note, fmt_dir(a->home, dir, sizeof dir, s->cwd), true);
	int h = surface_rows(a->d.s), foot = h;
	if (h >= 16) {
		foot = h - 1;
		frame_hints(a, foot, 1, w - 2, C_PEEK);
	}
	struct preview_place *pl = app_preview(a, s, 1, 0, foot - 1, w);
	pl->whole = true;
	pl->back = a->back;
}

/* A half screen keeps what one was reading in sight. */
void
act_peek_up(struct app *a)
{
	app_turn(a, -MAX(1, surface_rows(a->d.s) / 2));
}

void
act_peek_down(struct app *a)
{
	app_turn(a, MAX(1, surface_rows(a->d.s) / 2));
}

void
act_peek_top(struct app *a)
{
	app_turn(a, INT32_MIN); /* the server knows how far that is */
}

void
act_peek_bottom(struct app *a)
{
	a->back = 0;
}

static void
peek_wheel(struct app *a, void *p, int by)
{
	(void)p;
	app_turn(a, 3L * by);
}

static void
peek_close(struct app *a, void *p)
{
	(void)p;
	a->back = 0;
}

const struct view view_peek = {
	.name = "peek",
	.context = C_PEEK,
	.draw = peek_draw,
	.wheel = peek_wheel,
	.close = peek_close,
};
