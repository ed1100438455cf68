#include "tui/view/list.h"
#include <stdio.h>

/* "live 120x40", "asleep, its last screen" … */
static void
preview_note(const struct msess *s, char *buf, size_t cap)
{
	if (msess_live(s))
		snprintf(buf, cap, "live %dx%d", s->cols, s->rows);
	else
		snprintf(buf, cap, "%s, its last screen", msess_word(s));
}

void
preview_draw(struct app *a, const struct list_state *st, int y, int x, int h, int w)
{
	struct msess *s = model_selected(&a->m);
	char note[64], back[64];
	if (h < 2)
		return;
	if (!s || model_folded(&a->m)) {
		draw_rule(&a->d, y, x, w);
		return;
	}
	preview_note(s, note, sizeof note);
	const char *dot = a->d.theme.glyph[GL_DOT], *tab = st->focus_preview ? "tab: list" : "";
	if (a->back)
		snprintf(back, sizeof back, "%llu rows back%s%s", (unsigned long long)a->back,
			*tab ? "  " : "", tab);
	else if (st->focus_preview)
		snprintf(back, sizeof back, "up and down scroll %s %s", dot, tab);
	else
		snprintf(back, sizeof back, "bottom of its screen %s space: all", dot);
	draw_titled_rule(&a->d, y, x, w, s->name, note, back, st->focus_preview);
	app_preview(a, s, y + 1, x + 1, h - 1, w - 2)->back = a->back;
}
