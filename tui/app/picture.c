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
	bool bare = a->connected && !*a->away && !*a->m.banner && !frame_toast(a);
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

/* Sessions' screens, and what lies over them. */
static void
paint_screens(struct app *a)
{
	preview_paint(a);
	if (a->front && a->front->known && !a->preview.id[0])
		pane_paint(a->front, a->canvas, a->front_hit);
	if (a->front || a->n_beside)
		paint_layers(a->canvas, a->d.s);
	paint_cursor(a);
}

/* Nothing but a tile's screen changed: its rectangle is all there is to do. */
static bool
paint_rectangles(struct app *a)
{
	bool only = a->drawn && a->frame_came && !a->dirty && !a->arrange_due &&
		    (!a->front || a->front == a->preview_pane);
	if (!only || !preview_rectangles(a))
		return false;
	paint_layers(a->canvas, a->d.s);
	paint_cursor(a);
	return true;
}

static void
paint_all(struct app *a)
{
	int cols = surface_cols(a->d.s), rows = surface_rows(a->d.s);
	if (!a->canvas)
		a->canvas = canvas_new(app_arena(a), OWNER_FRAME, cols, rows);
	app_draw(a);
	bool moved = preview_follow(a), whole = a->front && !a->preview.id[0];
	canvas_resize(a->canvas, cols, rows);
	paint_surface(a->canvas, a->d.s, !a->drawn || moved || whole);
	paint_screens(a);
	a->drawn = true;
}

bool
app_paint(struct app *a, struct grid *g)
{
	struct pane *plain = app_plain(a);
	if (plain) {
		a->preview.id[0] = 0;
		a->n_beside = 0;
		preview_follow(a);
		a->dirty = a->frame_came = a->drawn = false;
		*g = canvas_grid(plain->screen);
		return true;
	}
	if (paint_nothing(a))
		return false;
	if (!paint_rectangles(a))
		paint_all(a);
	a->frame_came = false;
	*g = canvas_grid(a->canvas);
	if (a->stack[app_lowest(a)].v->plain && a->front)
		g->reverse = canvas_grid(a->front->screen).reverse;
	return true;
}

bool
app_frame(struct app *a, uint32_t view, const void *bytes, size_t n)
{
	struct pane *p = app_pane(a, view);
	if (!p || !pane_frame(p, bytes, n))
		return false;
	preview_came(a, p);
	a->frame_came |= (p == a->front && p != a->preview_pane) || p == app_plain(a);
	return a->dirty || a->frame_came;
}

struct preview_place *
app_preview(struct app *a, const struct msess *s, int y, int x, int h, int w)
{
	a->preview = (struct preview_place){.y = y, .x = x, .h = h, .w = w};
	snprintf(a->preview.id, sizeof a->preview.id, "%s", s->id);
	return &a->preview;
}

void
app_beside(struct app *a, const struct msess *s, int y, int x, int h, int w)
{
	if (a->n_beside == TILES_MAX - 1)
		return;
	struct preview_place *p = &a->beside[a->n_beside++];
	*p = (struct preview_place){.y = y, .x = x, .h = h, .w = w};
	snprintf(p->id, sizeof p->id, "%s", s->id);
}

/* Seconds until something reads differently. */
static double
text_change(const struct app *a)
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

double
app_next_change(struct app *a)
{
	double next = text_change(a);
	a->text_due = a->now + next;
	return MIN(next, preview_due(a));
}

void
app_clock(struct app *a)
{
	a->frame_came |= preview_due(a) <= 0;
	a->dirty |= !a->frame_came || a->now >= a->text_due;
}
