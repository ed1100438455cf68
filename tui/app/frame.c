#include "tui/app/frame.h"
#include "core/text/width.h"
#include <stdio.h>

static int
hint_width(struct app *a, const struct action *act)
{
	char key[16];
	return utf8_width(keymap_label(act, a->d.theme.ascii, key)) + 1 + utf8_width(act->hint) + 2;
}

/* The hint shows what to press; a hint that begins with its own sign ("←→ cursor") brings it. */
static int
hint_draw(struct app *a, int y, int x, int max, const struct action *act)
{
	char key[16];
	int n = draw_text(&a->d, y, x, max, TH_KEY, keymap_label(act, a->d.theme.ascii, key));
	n += draw_text(&a->d, y, x + n, max - n, TH_HINT, " ");
	n += draw_text(&a->d, y, x + n, max - n, TH_HINT, act->hint);
	draw_hit(&a->d, HIT_ACTION, y, x, 1, n, (int)(act - actions));
	return n;
}

void
frame_hints(struct app *a, int y, int x, int w, unsigned context)
{
	/* which fit is decided by rank; where they stand, by the order of the list */
	bool show[ACTION_COUNT] = {false};
	int used = 0;
	for (int rank = 1; rank < 16; rank++)
		for (size_t i = 0; i < ACTION_COUNT; i++) {
			const struct action *act = &actions[i];
			if (!(act->contexts & context) || !*act->hint || act->rank != rank)
				continue;
			int need = hint_width(a, act);
			if (used + need <= w + 2) {
				show[i] = true;
				used += need;
			}
		}
	int left = w;
	for (size_t i = 0; i < ACTION_COUNT && left > 0; i++)
		if (show[i]) {
			int n = hint_draw(a, y, x, left, &actions[i]) + 2;
			x += n;
			left -= n;
		}
}

static int
draw_toast(struct app *a, int y, int x, int w)
{
	if (a->n_toasts == 0)
		return 0;
	const struct toast *t = &a->toasts[(a->n_toasts - 1) % TOAST_LOG];
	if (a->now - t->at >= 4)
		return 0;
	enum theme_style th = t->bad ? TH_TOAST_BAD : TH_TOAST;
	int n = draw_glyph(&a->d, y, x, th, t->bad ? GL_FAIL : GL_TICK);
	n += draw_text(&a->d, y, x + n, 1, th, " ");
	n += draw_cut(&a->d, y, x + n, w - n - (t->undo ? 10 : 0), th, t->text);
	if (t->undo) {
		int from = n + 2;
		n = from + draw_text(&a->d, y, x + from, w - from, TH_KEY, "u");
		n += draw_text(&a->d, y, x + n, w - n, TH_HINT, " undo");
		draw_hit(&a->d, HIT_ACTION, y, x + from, 1, n - from, ACTION_UNDO);
	}
	return n;
}

int
frame_footer(struct app *a, unsigned context, const char *left, const char *right)
{
	int w = surface_cols(a->d.s), h = surface_rows(a->d.s);
	if (h < 6)
		return h;
	if (h < 16) { /* one line: hints, or a message while there is one */
		if (!draw_toast(a, h - 1, 1, w - 2))
			frame_hints(a, h - 1, 1, w - 2, context);
		return h - 1;
	}
	draw_rule(&a->d, h - 3, 0, w);
	frame_hints(a, h - 2, 1, w - 2, context);
	int n = draw_toast(a, h - 1, 1, w - 2);
	if (!n && left)
		n = draw_cut(&a->d, h - 1, 1, w - 2, TH_DIM, left);
	if (right && n + utf8_width(right) + 4 < w)
		draw_right(&a->d, h - 1, w - 1, w, TH_DIM, right);
	return h - 3;
}
