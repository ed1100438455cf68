#include "tui/app/frame.h"
#include "core/text/width.h"
#include <stdio.h>
#include <string.h>

/* "": it would do nothing to the selected session. */
static const char *
hint_of(const struct app *a, unsigned context, const struct action *act)
{
	const struct msess *s = context & (C_LIST | C_PEEK | C_MEM) ? model_selected(&a->m) : NULL;
	if (s && act == &actions[ACTION_ANSWER] && msess_group(s) != GR_NEEDS)
		return "";
	if (s && act == &actions[ACTION_HIBERNATE] && s->state != MS_RUNNING)
		return "";
	if (s && act == &actions[ACTION_ATTACH] && s->state == MS_ASLEEP)
		return "wake";
	return act->hint;
}

static int
hint_width(struct app *a, const struct action *act, const char *hint)
{
	char key[16];
	return utf8_width(keymap_label(act, a->d.theme.ascii, key)) + 1 + utf8_width(hint) + 2;
}

/* Which of a context's hints fit into w columns, by rank; returns the columns they take. */
static int
hints_fit(struct app *a, unsigned context, int w, bool show[ACTION_COUNT])
{
	int used = 0;
	memset(show, 0, ACTION_COUNT * sizeof *show);
	for (int rank = 1; rank < 16; rank++)
		for (size_t i = 0; i < ACTION_COUNT; i++) {
			const struct action *act = &actions[i];
			const char *hint;
			if (!(act->contexts & context) || act->rank != rank)
				continue;
			if (!*(hint = hint_of(a, context, act)))
				continue;
			int need = hint_width(a, act, hint);
			if (used + need > w + 2)
				continue;
			show[i] = true;
			used += need;
		}
	return MAX(used - 2, 0);
}

/* Those, in the order of the list. */
static void
hints_draw(struct app *a, int y, int x, unsigned context, const bool *show, enum theme_style th_key,
	enum theme_style th)
{
	for (size_t i = 0; i < ACTION_COUNT; i++) {
		char key[16];
		int n = 0;
		if (!show[i])
			continue;
		n += draw_text(
			&a->d, y, x, 60, th_key, keymap_label(&actions[i], a->d.theme.ascii, key));
		n += draw_text(&a->d, y, x + n, 60, th, " ");
		n += draw_text(&a->d, y, x + n, 60, th, hint_of(a, context, &actions[i]));
		draw_hit(&a->d, HIT_ACTION, y, x, 1, n, (int)i);
		x += n + 2;
	}
}

void
frame_hints(struct app *a, int y, int x, int w, unsigned context)
{
	bool show[ACTION_COUNT];
	hints_fit(a, context, w, show);
	hints_draw(a, y, x, context, show, TH_KEY, TH_HINT);
}

void
frame_hints_bar(struct app *a, int y, int x_end, int w, unsigned context)
{
	bool show[ACTION_COUNT];
	int used = hints_fit(a, context, w, show);
	hints_draw(a, y, x_end - used, context, show, TH_BAR_STRONG, TH_BAR);
}

/* The latest that is not over; what is under way comes back when a later one has gone. */
const struct toast *
frame_toast(const struct app *a)
{
	unsigned oldest = a->n_toasts > TOAST_LOG ? a->n_toasts - TOAST_LOG : 0;
	for (unsigned i = a->n_toasts; i-- > oldest;) {
		const struct toast *t = &a->toasts[i % TOAST_LOG];
		if (t->busy || a->now - t->at < TOAST_S)
			return t;
		if (i + TOAST_DEEP < a->n_toasts)
			break;
	}
	return NULL;
}

/* "putting agent-1 to sleep … 3 s": how long it has taken, once that is worth a word. */
static const char *
toast_text(const struct app *a, const struct toast *t, char *out, size_t cap)
{
	int s = (int)(a->now - t->at);
	if (!t->busy)
		snprintf(out, cap, "%s", t->text);
	else if (a->motion && s > 0)
		snprintf(out, cap, "%s %s %d s", t->text, a->d.theme.glyph[GL_ELLIPSIS], s);
	else
		snprintf(out, cap, "%s %s", t->text, a->d.theme.glyph[GL_ELLIPSIS]);
	return out;
}

void
frame_toast_over(struct app *a, int y)
{
	const struct toast *t = frame_toast(a);
	int cols = surface_cols(a->d.s);
	char text[240];
	if (!t)
		return;
	toast_text(a, t, text, sizeof text);
	int need = utf8_width(text), pad = need + 2 <= cols, w = MIN(need + 2 * pad, cols);
	surface_layer(a->d.s, y, cols - w, 1, w);
	surface_fill(a->d.s, 0, 0, 1, w, " ", draw_style(&a->d, TH_BAR));
	draw_cut(&a->d, 0, pad, w - 2 * pad, TH_BAR, text);
}

static int
draw_toast(struct app *a, int y, int x, int w)
{
	const struct toast *t = frame_toast(a);
	if (!t)
		return 0;
	char text[240];
	enum theme_style th = t->bad ? TH_TOAST_BAD : t->busy ? TH_WORKING : TH_TOAST;
	int n = draw_glyph(&a->d, y, x, th, t->bad ? GL_FAIL : t->busy ? GL_BUSY : GL_TICK);
	n += draw_text(&a->d, y, x + n, 1, th, " ");
	n += draw_cut(&a->d, y, x + n, w - n - (t->undo ? 18 : 0), th,
		toast_text(a, t, text, sizeof text));
	if (t->undo) {
		int from = n + 2;
		n = from + draw_text(&a->d, y, x + from, w - from, TH_KEY, "u");
		n += draw_text(&a->d, y, x + n, w - n, TH_HINT,
			t->busy		 ? " takes it back"
			: a->n_undo == 1 ? " wakes it"
					 : " wakes them");
		draw_hit(&a->d, HIT_ACTION, y, x + from, 1, n - from, ACTION_UNDO);
	}
	return n;
}

int
frame_foot(const struct app *a)
{
	int h = surface_rows(a->d.s);
	return h < 6 ? h : h < 16 ? h - 1 : h - 3;
}

int
frame_footer(struct app *a, unsigned context, const char *left, const char *right)
{
	int w = surface_cols(a->d.s), h = surface_rows(a->d.s), foot = frame_foot(a);
	if (foot == h)
		return foot;
	if (foot == h - 1) { /* one line: hints, or a message while there is one */
		if (!draw_toast(a, h - 1, 1, w - 2))
			frame_hints(a, h - 1, 1, w - 2, context);
		return foot;
	}
	draw_rule(&a->d, h - 3, 0, w);
	frame_hints(a, h - 2, 1, w - 2, context);
	int n = draw_toast(a, h - 1, 1, w - 2);
	if (!n && left)
		n = draw_cut(&a->d, h - 1, 1, w - 2, TH_DIM, left);
	if (right && n + utf8_width(right) + 4 < w)
		draw_right(&a->d, h - 1, w - 1, w, TH_DIM, right);
	return foot;
}
