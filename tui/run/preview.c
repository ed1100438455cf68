#include "tui/run/preview.h"
#include "tui/draw/paint.h"
#include <stdio.h>
#include <string.h>

static void
select_end(struct preview *p)
{
	p->selecting = p->dragging = false;
	select_clear(&p->sel);
}

void
preview_drop(struct preview *p)
{
	if (p->view && p->app->connected)
		client_view_close(p->client, p->view);
	p->view = 0;
	p->id[0] = 0;
	p->back = 0;
	p->known = p->looks = p->told = false;
	p->marks.n = 0;
	select_end(p);
}

static void
look(struct preview *p, json_t *take_args)
{
	json_object_set_new(take_args, "view", json_integer(p->view));
	client_request(p->client, "look", take_args, NULL, NULL);
}

static bool
same_place(const struct text_place *a, const struct text_place *b)
{
	return a->at.line == b->at.line && a->at.start == b->at.start && a->regex == b->regex &&
	       !strcmp(a->pattern, b->pattern);
}

/* To the place of a hit, or back to the end. */
static void
view_look(struct preview *p, const struct preview_place *want)
{
	if (!want->looks) {
		if (p->looks)
			look(p, json_pack("{s:s,s:b}", "pattern", "", "hold", 0));
		p->looks = false;
		return;
	}
	if (p->looks && same_place(&p->at, &want->at))
		return;
	look(p, json_pack("{s:s,s:b,s:b,s:I,s:I}", "pattern", want->at.pattern, "regex",
			want->at.regex, "hold", 1, "line", (json_int_t)want->at.at.line, "start",
			(json_int_t)want->at.at.start));
	p->looks = true;
	p->at = want->at;
}

/* Follows the selection: the view of what the frame leaves room for. */
void
preview_follow(struct preview *p)
{
	const struct preview_place *want = &p->app->preview;
	if (strcmp(want->id, p->id)) {
		preview_drop(p);
		if (!want->id[0] || !p->app->connected)
			return;
		snprintf(p->id, sizeof p->id, "%s", want->id);
		p->view = client_view_open(p->client, want->id, VIEW_PREVIEW, want->w, want->h);
	}
	if (!p->view)
		return;
	view_look(p, want);
	if (!want->looks && want->back != p->back) {
		p->back = want->back;
		client_view_scroll(p->client, p->view, want->back);
	}
}

static uint64_t
top_row(const struct preview *p)
{
	return p->total - MIN(p->total, p->back);
}

void
preview_paint(struct preview *p, struct canvas *c)
{
	struct grid screen = canvas_grid(p->screen);
	const struct preview_place *want = &p->app->preview;
	if (!p->known || !want->id[0])
		return;
	const struct hit_at *now = &want->at.at;
	const struct hit_mark *m = want->looks ? marks_find(&p->marks, now) : NULL;
	int x0, x1;
	p->shown = paint_preview(c, want, &screen, m);
	if (want->looks)
		marks_paint(&p->marks, c, &p->shown, now, !p->app->d.theme.color);
	for (int y = 0; p->selecting && y < p->shown.h; y++)
		if (select_cells(&p->sel, top_row(p) + (uint64_t)(y + p->shown.sy), screen.cols,
			    &x0, &x1))
			mark_selected(c, p->shown.y + y, p->shown.x + MAX(x0 - p->shown.sx, 0),
				p->shown.x + CLAMP(x1 - p->shown.sx, 0, p->shown.w));
}

static void
told_place(struct preview *p, json_t *ev)
{
	uint64_t was = top_row(p);
	p->back = (uint64_t)json_integer_value(json_object_get(ev, "back"));
	p->total = (uint64_t)json_integer_value(json_object_get(ev, "rows"));
	if (!p->told && p->selecting)
		select_shift(&p->sel, (int64_t)(top_row(p) - was));
	p->told = true;
	app_scrolled(p->app, p->back);
}

static void
copy(struct preview *p)
{
	char said[SELECT_SAID];
	bool ok = select_copy(&p->sel, p->outer, said);
	if (*said)
		app_toast(p->app, !ok, "%s", said);
}

/* Drag over the preview selects, two clicks a word, three a line; letting go copies. The place is
 * held meanwhile. */
void
preview_mouse(struct preview *p, const struct input_event *ev, uint64_t now_ms)
{
	if (!p->known || !p->app->preview.id[0] || app_top(p->app)->over)
		return;
	static const enum select_unit units[] = {SELECT_CELLS, SELECT_WORDS, SELECT_LINES};
	const struct window_at *at = &p->shown;
	struct grid g = canvas_grid(p->screen);
	int y = CLAMP(ev->row - at->y, 0, at->h - 1) + at->sy, x = ev->col - at->x + at->sx;
	bool inside = ev->row >= at->y && ev->row < at->y + at->h && ev->col >= at->x &&
		      ev->col < at->x + at->w;
	if (ev->button == 0 && !ev->motion && !ev->release && inside && p->view) {
		int n = (clicks_count(&p->clicks, now_ms, y, x) - 1) % 3;
		p->dragging = true;
		p->press_y = y;
		p->press_x = x;
		look(p, json_pack("{s:b}", "hold", 1));
		if (n)
			select_start(&p->sel, &g, top_row(p), y, x, units[n]);
		p->selecting = n > 0;
	} else if (ev->motion && p->dragging) {
		if (!p->selecting)
			select_start(&p->sel, &g, top_row(p), p->press_y, p->press_x, SELECT_CELLS);
		p->selecting = true;
		select_to(&p->sel, top_row(p), y, x);
	} else if (ev->release && p->dragging) {
		if (p->selecting)
			copy(p);
		if (p->view && !p->back && !p->looks)
			look(p, json_pack("{s:b}", "hold", 0));
		select_end(p);
	} else {
		return;
	}
	p->app->dirty = true;
}

bool
preview_frame(struct preview *p, uint32_t view, const void *bytes, size_t n)
{
	if (view != p->view || frame_apply(p->screen, bytes, n) < 0)
		return false;
	struct grid g = canvas_grid(p->screen);
	p->known = true;
	if (p->selecting)
		select_seen(&p->sel, &g, top_row(p));
	return true;
}

bool
preview_event(struct preview *p, uint32_t view, json_t *ev)
{
	const char *what = json_string_value(json_object_get(ev, "ev"));
	if (view != p->view || !what)
		return false;
	if (!strcmp(what, "scroll"))
		told_place(p, ev);
	else if (!strcmp(what, "marks"))
		marks_take(&p->marks, ev);
	else
		return false; /* what else is needed comes with the session's own events */
	return true;
}

void
preview_lost(struct preview *p)
{
	p->view = 0;
	p->id[0] = 0;
	p->looks = false;
	select_end(p);
}

void
preview_deinit(struct preview *p)
{
	canvas_free(p->screen);
	marks_free(&p->marks);
	select_clear(&p->sel);
}
