#include "tui/app/preview.h"
#include <math.h>
#include <string.h>

static void
on_event(void *owner, const char *what, json_t *ev)
{
	struct tile *t = owner;
	struct app *a = t->app;
	(void)ev;
	if (strcmp(what, "scroll") != 0 || a->preview.looks || t->pane != a->preview_pane)
		return; /* where a hit is, is no distance */
	a->back = t->pane->back;
}

static const struct pane_ops ops = {.event = on_event};

static bool
same_place(const struct text_place *a, const struct text_place *b)
{
	return a->at.line == b->at.line && a->at.start == b->at.start && a->regex == b->regex &&
	       !strcmp(a->pattern, b->pattern);
}

/* To the place of a hit, or back to the end. */
static void
look(struct app *a, struct pane *p)
{
	const struct preview_place *want = &a->preview;
	if (!want->looks) {
		if (a->looks)
			pane_look(p, json_pack("{s:s,s:b}", "pattern", "", "hold", 0), NULL);
		a->looks = false;
		return;
	}
	if (a->looks && same_place(&a->looks_at, &want->at))
		return;
	pane_look(p,
		json_pack("{s:s,s:b,s:b,s:I,s:I}", "pattern", want->at.pattern, "regex",
			want->at.regex, "hold", 1, "line", (json_int_t)want->at.at.line, "start",
			(json_int_t)want->at.at.start),
		NULL);
	a->looks = true;
	a->looks_at = want->at;
}

static struct tile *
tile_of(struct app *a, const char *id)
{
	for (int i = 0; i < TILES_MAX; i++)
		if (a->tiles[i].pane && !strcmp(a->tiles[i].pane->id, id))
			return &a->tiles[i];
	return NULL;
}

/* A tile for what has none, with a pane of its own. */
static struct tile *
tile_new(struct app *a)
{
	for (int i = 0; i < TILES_MAX; i++) {
		struct tile *t = &a->tiles[i];
		if (t->place.id[0])
			continue;
		t->app = a;
		if (!t->pane)
			t->pane = pane_new(a, &ops, t);
		return t;
	}
	return NULL;
}

/* Opens the view of what the tile is to show, unless it is open. */
static void
tile_open(struct app *a, struct tile *t)
{
	struct pane *p = t->pane;
	const struct preview_place *at = &t->place;
	if (!strcmp(at->id, p->id) && (p->view || !a->connected))
		return;
	bool same = !strcmp(at->id, p->id) && p->known; /* its picture stays meanwhile */
	pane_open(p, at->id, VIEW_PREVIEW, at->w, at->h);
	p->known = same;
	if (p == a->preview_pane)
		a->looks = false;
}

/* Gives each place the tile that shows its session already, else one that is free. True: one lies
 * elsewhere than before. */
static bool
tiles_assign(struct app *a)
{
	const struct preview_place *want[TILES_MAX];
	struct preview_place was[TILES_MAX];
	bool moved = false;
	int n = 0;
	if (a->preview.id[0])
		want[n++] = &a->preview;
	for (int i = 0; i < a->n_beside; i++)
		want[n++] = &a->beside[i];
	for (int i = 0; i < TILES_MAX; i++) {
		was[i] = a->tiles[i].place;
		a->tiles[i].place.id[0] = 0;
	}
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < n; i++) {
			struct tile *t = tile_of(a, want[i]->id);
			if (pass == 1 && !(t && t->place.id[0]))
				t = tile_new(a);
			if (t && !t->place.id[0])
				t->place = *want[i];
		}
	for (int i = 0; i < TILES_MAX; i++) {
		struct tile *t = &a->tiles[i];
		const struct preview_place *p = &t->place, *q = &was[i];
		if (t->pane && !p->id[0] && t->pane->id[0])
			pane_close(t->pane);
		moved |= strcmp(p->id, q->id) ||
			 (p->id[0] &&
				 (p->y != q->y || p->x != q->x || p->h != q->h || p->w != q->w));
	}
	return moved;
}

/* Which part of its screen lies where. */
static void
tile_window(struct app *a, struct tile *t)
{
	struct grid g = canvas_grid(t->pane->screen);
	bool looks = t->pane == a->preview_pane && t->place.looks;
	const struct hit_mark *m = looks ? marks_find(&t->pane->marks, &t->place.at.at) : NULL;
	t->pane->shown = paint_window(&t->place, &g, m);
}

/* The tile one looks at: how far back it is, or at which hit. */
static void
focus(struct app *a, struct tile *t)
{
	const struct preview_place *want = &a->preview;
	if (t->pane != a->preview_pane)
		a->looks = false;
	a->preview_pane = t->pane;
	tile_open(a, t);
	if (t->pane->view) {
		look(a, t->pane);
		if (!want->looks && want->back != t->pane->back)
			pane_scroll(t->pane, want->back);
	}
	tile_window(a, t);
	a->front = t->pane;
	a->front_hit = want->looks ? &want->at.at : NULL;
}

bool
preview_follow(struct app *a)
{
	bool moved = tiles_assign(a);
	for (int i = 0; i < TILES_MAX; i++) {
		struct tile *t = &a->tiles[i];
		if (!t->place.id[0])
			continue;
		if (!strcmp(t->place.id, a->preview.id)) {
			focus(a, t);
			continue;
		}
		tile_open(a, t);
		if (t->pane->view && t->pane->back)
			pane_scroll(t->pane, 0);
		tile_window(a, t);
	}
	return moved;
}

static void
tile_paint(struct app *a, struct tile *t)
{
	const struct preview_place *p = &t->place;
	t->came = false;
	t->painted_at = a->now;
	paint_blank(a->canvas, p->y, p->x, p->h, p->w);
	if (t->pane->known)
		pane_paint(t->pane, a->canvas, t->pane == a->front ? a->front_hit : NULL);
}

void
preview_paint(struct app *a)
{
	for (int i = 0; i < TILES_MAX; i++)
		if (a->tiles[i].place.id[0])
			tile_paint(a, &a->tiles[i]);
}

/* Seconds until a frame that came may be seen. */
static double
tile_due(const struct app *a, const struct tile *t)
{
	if (!t->place.id[0] || !t->came)
		return INFINITY;
	return t->pane == a->front ? 0 : MAX(t->painted_at + TILE_S - a->now, 0);
}

void
preview_came(struct app *a, struct pane *p)
{
	for (int i = 0; i < TILES_MAX; i++)
		if (a->tiles[i].pane == p && a->tiles[i].place.id[0]) {
			a->tiles[i].came = true;
			a->frame_came |= tile_due(a, &a->tiles[i]) <= 0;
		}
}

double
preview_due(const struct app *a)
{
	double next = INFINITY;
	for (int i = 0; i < TILES_MAX; i++)
		next = MIN(next, tile_due(a, &a->tiles[i]));
	return next;
}

bool
preview_rectangles(struct app *a)
{
	bool any = false;
	for (int i = 0; i < TILES_MAX; i++) {
		struct tile *t = &a->tiles[i];
		if (tile_due(a, t) > 0)
			continue;
		any = true;
		tile_window(a, t);
		tile_paint(a, t);
	}
	return any;
}

bool
preview_mouse(struct app *a, const struct input_event *ev)
{
	struct pane *p = a->preview_pane;
	if (!p || !a->preview.id[0] || app_top(a)->over)
		return false;
	/* a press selects the row or the field it hits as well */
	return pane_mouse(p, ev, p->back || a->looks) && ev->motion;
}
