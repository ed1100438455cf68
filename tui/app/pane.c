/* States of a pane, by what is known of it:
 *
 *   no view ── pane_open ──► view, unknown ── frame ──► view, known
 *      ▲                                                    │
 *      └───── pane_close, or the connection goes (known stays: the last picture is still true)
 *
 * Places on the screen are cells of what the view shows; a selection names rows from the oldest on
 * (top_row + row), so it stays on its text while the view scrolls. It may begin before the server
 * said how many rows there are: pane_event moves it then. */
#include "tui/app/pane.h"
#include "core/base/log.h"
#include "core/paint/frame.h"
#include "tui/app/app.h"
#include <stdlib.h>
#include <string.h>

#define MAGIC 0x50414e45u
#define OWNER 2

struct pane *
pane_new(struct app *a, const struct pane_ops *ops, void *owner)
{
	struct pane *p = xcalloc(1, sizeof *p);
	*p = (struct pane){.magic = MAGIC, .app = a, .ops = ops, .owner = owner};
	p->screen = canvas_new(app_arena(a), OWNER, 80, 24);
	LIST_INSERT_HEAD(&a->panes, p, link);
	return p;
}

void
pane_free(struct pane *p)
{
	if (!p)
		return;
	pane_close(p);
	LIST_REMOVE(p, link);
	canvas_free(p->screen);
	marks_free(&p->marks);
	p->magic = 0;
	free(p);
}

/* A program that asked for focus events learns when somebody looks, and when nobody does: agents
 * notify only those who look away. */
static void
tell_focus(struct pane *p, bool in)
{
	const struct app_ops *ops = &p->app->ops;
	const struct input_event ev = {.type = INPUT_FOCUS, .focus_in = in};
	if (p->view && p->mode & VIEW_ATTACH)
		ops->view_input(ops->ctx, p->view, &ev);
}

void
pane_close(struct pane *p)
{
	const struct app_ops *ops = &p->app->ops;
	tell_focus(p, false);
	if (p->view)
		ops->view_close(ops->ctx, p->view);
	p->view = 0;
	p->id[0] = 0;
	p->known = p->told = p->holding = false;
	p->back = p->total = 0;
	p->marks.n = 0;
	pane_select_end(p);
}

void
pane_open(struct pane *p, const char *id, unsigned mode, int cols, int rows)
{
	const struct app_ops *ops = &p->app->ops;
	char copy[sizeof p->id];
	snprintf(copy, sizeof copy, "%s", id); /* id may be p->id */
	pane_close(p);
	memcpy(p->id, copy, sizeof p->id);
	if (p->app->connected)
		p->view = ops->view_open(ops->ctx, p->id, mode, cols, rows);
	p->mode = mode;
	tell_focus(p, true);
}

void
pane_look(struct pane *p, json_t *take_args, app_reply_cb cb)
{
	json_object_set_new(take_args, "view", json_integer(p->view));
	app_request(p->app, "look", take_args, cb, NULL);
}

void
pane_hold(struct pane *p, bool on)
{
	if (p->holding == on || !p->view)
		return;
	p->holding = on;
	p->told = false;
	pane_look(p, json_pack("{s:b}", "hold", on), NULL);
}

void
pane_scroll(struct pane *p, uint64_t back)
{
	const struct app_ops *ops = &p->app->ops;
	if (!p->view)
		return;
	p->back = back;
	ops->view_scroll(ops->ctx, p->view, back);
}

/* The first row of the view, counted from the oldest. */
static uint64_t
top_row(const struct pane *p)
{
	return p->total - MIN(p->back, p->total);
}

/* --- selection -------------------------------------------------------------------------------- */

void
pane_select(struct pane *p, int y, int x, enum select_unit unit)
{
	struct grid g = canvas_grid(p->screen);
	select_start(&p->sel, &g, top_row(p), y, x, unit);
	p->selecting = true;
}

void
pane_select_to(struct pane *p, int y, int x)
{
	if (p->selecting)
		select_to(&p->sel, top_row(p), y, x);
}

void
pane_select_end(struct pane *p)
{
	p->selecting = p->dragging = false;
	select_clear(&p->sel);
}

void
pane_copy(struct pane *p)
{
	struct buf text = {0};
	char said[SELECT_SAID];
	bool ok = select_copy(&p->sel, &text, said);
	if (ok && text.len)
		p->app->ops.copy(p->app->ops.ctx, text.data, text.len);
	if (*said)
		app_toast(p->app, !ok, "%s", said);
	buf_free(&text);
	pane_select_end(p);
}

static void
press(struct pane *p, int y, int x)
{
	static const enum select_unit units[] = {SELECT_CELLS, SELECT_WORDS, SELECT_LINES};
	int n = clicks_count(&p->clicks, (uint64_t)(p->app->now * 1000), y, x) - 1;
	pane_select_end(p);
	pane_hold(p, true);
	p->dragging = true;
	p->y = y;
	p->x = x;
	if (n % 3)
		pane_select(p, y, x, units[n % 3]);
}

bool
pane_mouse(struct pane *p, const struct input_event *ev, bool keep)
{
	const struct window_at *at = &p->shown;
	int y = CLAMP(ev->row - at->y, 0, MAX(at->h - 1, 0)) + at->sy;
	int x = MAX(ev->col - at->x, 0) + at->sx;
	bool inside = ev->row >= at->y && ev->row < at->y + at->h && ev->col >= at->x &&
		      ev->col < at->x + at->w;
	if (!p->known || ev->button != 0)
		return false;
	if (!ev->motion && !ev->release && inside && p->view) {
		press(p, y, x);
	} else if (ev->motion && p->dragging) {
		if (!p->selecting)
			pane_select(p, p->y, p->x, SELECT_CELLS);
		pane_select_to(p, y, x);
	} else if (ev->release && p->dragging) {
		p->dragging = false;
		if (p->selecting)
			pane_copy(p);
		if (!keep)
			pane_hold(p, false);
	} else {
		return false;
	}
	p->app->dirty = true;
	return true;
}

/* --- painting --------------------------------------------------------------------------------- */

void
pane_paint(const struct pane *p, struct canvas *c, const struct hit_at *now)
{
	struct grid g = canvas_grid(p->screen);
	const struct window_at *at = &p->shown;
	int x0, x1;
	canvas_blit(c, at->y, at->x, &g, at->sy, at->sx, at->h, at->w);
	marks_paint(&p->marks, c, at, now, !p->app->d.theme.color);
	for (int y = 0; p->selecting && y < at->h; y++)
		if (select_cells(&p->sel, top_row(p) + (uint64_t)(y + at->sy), g.cols, &x0, &x1))
			mark_selected(c, at->y + y, at->x + MAX(x0 - at->sx, 0),
				at->x + CLAMP(x1 - at->sx, 0, at->w));
}

/* --- from the connection ---------------------------------------------------------------------- */

bool
pane_frame(struct pane *p, const void *bytes, size_t n)
{
	CHECK(p->magic == MAGIC);
	if (frame_apply(p->screen, bytes, n) < 0) { /* anew rather than show what is wrong */
		log_warn("view of session %s: a frame that cannot be read", p->id);
		p->app->ops.view_close(p->app->ops.ctx, p->view);
		p->view = 0;
		if (p->ops->back)
			p->ops->back(p->owner);
		return false;
	}
	struct grid g = canvas_grid(p->screen);
	p->known = true;
	if (p->selecting)
		select_seen(&p->sel, &g, top_row(p));
	if (p->ops->frame)
		p->ops->frame(p->owner);
	return true;
}

static void
told(struct pane *p, json_t *ev)
{
	uint64_t was = top_row(p);
	p->back = (uint64_t)json_integer_value(json_object_get(ev, "back"));
	p->total = (uint64_t)json_integer_value(json_object_get(ev, "rows"));
	if (!p->told && p->selecting)
		select_shift(&p->sel, (int64_t)(top_row(p) - was));
	p->told = true;
}

bool
pane_event(struct pane *p, json_t *ev)
{
	const char *what = json_string_value(json_object_get(ev, "ev"));
	CHECK(p->magic == MAGIC);
	if (!what)
		return false;
	if (!strcmp(what, "scroll"))
		told(p, ev);
	else if (!strcmp(what, "marks"))
		marks_take(&p->marks, ev);
	if (p->ops->event)
		p->ops->event(p->owner, what, ev);
	return true;
}

void
pane_lost(struct pane *p)
{
	p->view = 0;
	p->holding = p->told = false;
	pane_select_end(p);
}

void
pane_check(const struct pane *p)
{
	CHECK(p->magic == MAGIC && p->app && p->screen);
	CHECK(!p->holding || p->view);
	CHECK(p->selecting || !p->sel.n_kept);
	struct grid g = canvas_grid(p->screen);
	CHECK(p->shown.sy >= 0 && p->shown.sx >= 0);
	CHECK(!p->known || (g.cols > 0 && g.rows > 0));
}

void
pane_dump(const struct pane *p, struct buf *out)
{
	struct grid g = canvas_grid(p->screen);
	buf_printf(out, "pane of %s: view %u, %s, %dx%d, back %llu of %llu%s%s%s\n",
		*p->id ? p->id : "nothing", p->view, p->known ? "known" : "unknown", g.cols, g.rows,
		(unsigned long long)p->back, (unsigned long long)p->total,
		p->holding ? ", held" : "", p->selecting ? ", selecting" : "",
		p->dragging ? ", dragging" : "");
}
