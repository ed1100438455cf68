/* What someone without sessions sees: what this is for, how to start, and whether all works here.
 */
#include "tui/view/list.h"
#include "core/text/width.h"
#include <stdio.h>
#include <string.h>

static void
checks_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct list_state *st = app_state(a, &view_list);
	json_t *c;
	size_t i;
	(void)id;
	if (e || !st)
		return;
	st->n_checks = 0;
	/* what fails comes first: there is room for six */
	for (int pass = 0; pass < 2; pass++)
		json_array_foreach (json_object_get(reply, "checks"), i, c) {
			bool ok = json_is_true(json_object_get(c, "ok"));
			const char *name = json_string_value(json_object_get(c, "name"));
			const char *detail = json_string_value(json_object_get(c, "detail"));
			char text[200];
			if (ok != (pass == 1) || st->n_checks == 6)
				continue;
			snprintf(text, sizeof text, "%s: %s", name ? name : "",
				detail ? detail : "");
			st->checks[st->n_checks][0] = ok ? '+' : '!';
			sanitize(st->checks[st->n_checks] + 1, sizeof st->checks[0] - 1, text,
				strlen(text));
			st->n_checks++;
		}
	a->dirty = true;
}

static int
entry(struct app *a, int y, int x, int w, enum action_id id, const char *text)
{
	char key[16];
	draw_right(&a->d, y, x + 3, 3, TH_KEY, keymap_label(&actions[id], a->d.theme.ascii, key));
	draw_cut(&a->d, y, x + 5, w - x - 6, TH_TEXT, text);
	draw_hit(&a->d, HIT_ACTION, y, x, 1, w - x, id);
	return y + 1;
}

void
first_run_draw(struct app *a, struct list_state *st)
{
	int w = surface_cols(a->d.s), h = surface_rows(a->d.s);
	int x = w >= 70 ? 6 : 1, gap = h >= 22 ? 1 : 0;
	char dir[512], text[600];
	if (!st->checked) {
		st->checked = true;
		app_request(a, "doctor", json_object(), checks_cb, NULL);
	}
	list_header(a, w);
	if (h >= 12)
		draw_rule(&a->d, 1, 0, w);
	int foot = frame_footer(a, C_FIRST, "q quits; what you start keeps running", NULL);
	int y = 2 + 2 * gap;
	draw_cut(&a->d, y, x, w - x - 1, TH_STRONG,
		a->m.n ? "No session is running." : "No sessions yet.");
	draw_cut(&a->d, y + 1, x, w - x - 1, TH_DIM,
		w >= 104 ? "Keeps AI coding sessions alive, shows which one needs you, and puts "
			   "idle "
			   "ones to sleep."
			 : "Keeps AI coding sessions alive and shows which one needs you.");
	y += 3 + gap;
	snprintf(text, sizeof text, "  n  Start a session here (%s)  ",
		fmt_dir(a->home, dir, sizeof dir, a->cwd));
	int n = draw_cut(&a->d, y, x, w - x - 1, TH_BUTTON_ON, text);
	draw_hit(&a->d, HIT_ACTION, y, x, 1, n, ACTION_NEW);
	y += 1 + gap;
	y = entry(a, y, x, w, ACTION_HELP, "All keys");
	y = entry(a, y, x, w, ACTION_PALETTE, "All commands");
	if (a->m.n)
		y = entry(a, y, x, w, ACTION_ENDED, "Ended sessions");
	y = entry(a, y, x, w, ACTION_QUIT, "Quit") + gap;
	if (st->n_checks && y + 2 < foot) {
		draw_text(&a->d, y++, x, w - x, TH_DIM, "Checked just now");
		for (int i = 0; i < st->n_checks && y < foot; i++, y++) {
			bool ok = st->checks[i][0] == '+';
			draw_text(&a->d, y, x + 2, 1, ok ? TH_OK : TH_WARN,
				ok ? a->d.theme.glyph[GL_TICK] : "!");
			draw_cut(&a->d, y, x + 4, w - x - 5, ok ? TH_DIM : TH_TEXT,
				st->checks[i] + 1);
		}
		y += gap;
	}
	if (y + 1 < foot)
		draw_cut(&a->d, y + gap, x, w - x - 1, TH_DIM,
			"Inside a session, ^\\ brings you back here.");
}

void
first_run_pick(struct app *a, int program)
{
	(void)a;
	(void)program;
}
