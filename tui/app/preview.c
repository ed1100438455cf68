#include "tui/app/preview.h"
#include <string.h>

static void
on_event(void *owner, const char *what, json_t *ev)
{
	struct app *a = owner;
	(void)ev;
	if (strcmp(what, "scroll") != 0 || a->preview.looks)
		return; /* where a hit is, is no distance */
	a->back = a->preview_pane->back;
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

void
preview_follow(struct app *a)
{
	const struct preview_place *want = &a->preview;
	struct pane *p = a->preview_pane;
	if (!p && !want->id[0])
		return;
	if (!p)
		p = a->preview_pane = pane_new(a, &ops, a);
	if (strcmp(want->id, p->id) || (want->id[0] && !p->view && a->connected)) {
		bool same = !strcmp(want->id, p->id) && p->known; /* its picture stays meanwhile */
		a->looks = false;
		if (want->id[0])
			pane_open(p, want->id, VIEW_PREVIEW, want->w, want->h);
		else
			pane_close(p);
		p->known = same;
	}
	if (!want->id[0])
		return;
	if (p->view) {
		look(a, p);
		if (!want->looks && want->back != p->back)
			pane_scroll(p, want->back);
	}
	struct grid g = canvas_grid(p->screen);
	const struct hit_mark *m = want->looks ? marks_find(&p->marks, &want->at.at) : NULL;
	p->shown = paint_window(want, &g, m);
	a->front = p;
	a->front_hit = want->looks ? &want->at.at : NULL;
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
