/* The frame: what the views drew, the session's screen that lies in it, and when it changes next. */
#include "tui/app/app.h"
#include "tui/app/frame.h"
#include "tui/app/preview.h"
#include <math.h>
#include <stdio.h>

#define OWNER_FRAME 1

struct pane *
app_plain(const struct app *a)
{
	const struct view *v = app_top(a);
	bool bare = a->connected && !*a->m.banner && !frame_toast(a);
	return v->plain && bare ? v->plain((struct app *)a, a->stack[a->depth - 1].st) : NULL;
}

/* Nothing is worth showing before the server has told what there is. */
static bool
paint_nothing(const struct app *a)
{
	int i = app_lowest(a);
	const struct view *v = a->stack[i].v;
	if (!a->connected)
		return false;
	return v->empty ? v->empty((struct app *)a, a->stack[i].st) : a->watching && !a->m.loaded;
}

static void
paint_cursor(struct app *a)
{
	int y, x;
	if (a->cursor.set && !surface_caret_at(a->d.s, &y, &x))
		canvas_set_cursor(
			a->canvas, a->cursor.y, a->cursor.x, a->cursor.visible, a->cursor.shape);
}

/* The front pane, and what lies over it. */
static void
paint_front(struct app *a)
{
	if (a->front && a->front->known) {
		pane_paint(a->front, a->canvas, a->front_hit);
		paint_layers(a->canvas, a->d.s);
	}
	paint_cursor(a);
}

/* Nothing but the preview's screen changed: its rectangle is all there is to do. */
static bool
paint_rectangle(struct app *a)
{
	const struct preview_place *p = &a->preview;
	bool only = a->drawn && a->frame_came && !a->dirty && a->front &&
		    a->front == a->preview_pane && !a->arrange_due;
	if (!only)
		return false;
	paint_blank(a->canvas, p->y, p->x, p->h, p->w);
	preview_follow(a);
	paint_front(a);
	return true;
}

static void
paint_all(struct app *a)
{
	int cols = surface_cols(a->d.s), rows = surface_rows(a->d.s);
	if (!a->canvas)
		a->canvas = canvas_new(app_arena(a), OWNER_FRAME, cols, rows);
	app_draw(a);
	preview_follow(a);
	canvas_resize(a->canvas, cols, rows);
	paint_surface(a->canvas, a->d.s);
	paint_front(a);
	a->drawn = true;
}

bool
app_paint(struct app *a, struct grid *g)
{
	struct pane *plain = app_plain(a);
	if (plain) {
		a->preview.id[0] = 0;
		preview_follow(a);
		a->dirty = a->frame_came = a->drawn = false;
		*g = canvas_grid(plain->screen);
		return true;
	}
	if (paint_nothing(a))
		return false;
	if (!paint_rectangle(a))
		paint_all(a);
	a->frame_came = false;
	*g = canvas_grid(a->canvas);
	if (a->stack[app_lowest(a)].v->plain && a->front)
		g->reverse = canvas_grid(a->front->screen).reverse;
	return true;
}

struct preview_place *
app_preview(struct app *a, const struct msess *s, int y, int x, int h, int w)
{
	a->preview = (struct preview_place){.y = y, .x = x, .h = h, .w = w};
	snprintf(a->preview.id, sizeof a->preview.id, "%s", s->id);
	return &a->preview;
}

double
app_next_change(const struct app *a)
{
	const struct toast *t = frame_toast(a);
	bool times = !a->stack[app_lowest(a)].v->plain; /* a session's screen shows none */
	double next = times ? model_next_change(&a->m, a->now) : INFINITY;
	if (a->arrange_due && times)
		next = MIN(next, MAX(a->moved_at + REST_S - a->now, 0) + 0.01);
	if (t && t->busy) /* it counts seconds */
		return a->motion ? MIN(next, 1 - fmod(a->now - t->at, 1) + 0.01) : next;
	return t ? MIN(next, MAX(t->at + TOAST_S - a->now, 0) + 0.01) : next;
}
