/* What someone without sessions sees: what this is for, the programs that are here, each to be started
 * by one key, what is outside muster, and what this terminal can. */
#include "tui/view/list.h"
#include "core/text/width.h"
#include "tui/attach/attach.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct list_state *
list(struct app *a)
{
	return app_state(a, &view_list);
}

/* Counters are for `doctor -v`; here is told what is wrong. */
static void
checks_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct list_state *st = list(a);
	json_t *c;
	size_t i;
	(void)id;
	if (e || !st)
		return;
	st->first.wrong[0] = 0;
	json_array_foreach (json_object_get(reply, "checks"), i, c) {
		const char *name = json_string_value(json_object_get(c, "name"));
		const char *detail = json_string_value(json_object_get(c, "detail"));
		char text[200];
		if (json_is_true(json_object_get(c, "ok")) || st->first.wrong[0])
			continue;
		snprintf(text, sizeof text, "%s: %s", name ? name : "", detail ? detail : "");
		sanitize(st->first.wrong, sizeof st->first.wrong, text, strlen(text));
	}
	a->dirty = true;
}

static int
double_cmp(const void *pa, const void *pb)
{
	const double *a = pa, *b = pb;
	return *a < *b ? -1 : *a > *b;
}

/* What sessions of each program came to take: the median of their peaks. */
static void
costs_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	struct list_state *st = list(a);
	json_t *all = json_object_get(reply, "sessions"), *o;
	size_t i, n;
	(void)id;
	if (e || !st)
		return;
	double *v = xcalloc(json_array_size(all) + 1, sizeof *v);
	for (int p = 0; p < a->n_programs; p++) {
		n = 0;
		json_array_foreach (all, i, o) {
			const char *of = json_string_value(json_object_get(o, "id"));
			const struct msess *s = of ? model_find(&a->m, of) : NULL;
			double max = json_number_value(json_object_get(o, "max"));
			if (s && max > 0 && !strcmp(s->profile, a->programs[p]))
				v[n++] = max;
		}
		qsort(v, n, sizeof *v, double_cmp);
		st->first.cost[p] = n ? (uint64_t)v[n / 2] : 0;
	}
	free(v);
	a->dirty = true;
}

/* Once: programs, what they say of themselves, what they cost, and what is wrong. */
static void
ask(struct app *a, struct list_state *st)
{
	if (st->first.asked)
		return;
	st->first.asked = true;
	if (a->n_programs == 0)
		a->ops.programs(a->ops.ctx, a);
	a->ops.versions(a->ops.ctx, a);
	a->ops.outside(a->ops.ctx, false);
	for (st->first.program = a->n_programs; st->first.program-- > 0;)
		if (a->program_found[st->first.program])
			break;
	for (int i = a->n_programs; i-- > 0;) /* the first there is */
		if (a->program_found[i])
			st->first.program = i;
	app_request(a, "doctor", json_object(), checks_cb, NULL);
	if (a->m.n)
		app_request(a, "history", json_object(), costs_cb, NULL);
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

/* The i-th program that is here, from 1; -1: there are fewer. */
static int
nth_program(const struct app *a, int nth)
{
	for (int i = 0; i < a->n_programs; i++)
		if (a->program_found[i] && --nth == 0)
			return i;
	return -1;
}

/* "1  claude 2.1.4    usually 610M" */
static int
programs_draw(struct app *a, const struct list_state *st, int y, int x, int w, int bottom)
{
	char text[80], mem[16];
	int p;
	for (int nth = 1; (p = nth_program(a, nth)) >= 0 && y < bottom; nth++, y++) {
		bool on = p == st->first.program;
		const char *version = a->program_version[p];
		snprintf(text, sizeof text, " %d  %s%s%s ", nth, a->programs[p],
			*version ? " " : "", version);
		int n = draw_button(&a->d, y, x, text, on);
		draw_hit(&a->d, HIT_ITEM, y, x, 1, w - x, PICK_START + p);
		if (st->first.cost[p])
			draw_fmt(&a->d, y, MAX(x + 30, x + n + 2), w - x - n - 3, TH_DIM,
				"usually %s", fmt_mem(mem, (double)st->first.cost[p]));
	}
	return y;
}

/* Which there are not: one line. */
static int
missing_draw(struct app *a, int y, int x, int w)
{
	char text[200] = "";
	for (int i = 0; i < a->n_programs; i++)
		if (!a->program_found[i]) {
			size_t len = strlen(text);
			snprintf(text + len, sizeof text - len, "%s%s", len ? ", " : "",
				a->programs[i]);
		}
	if (!*text)
		return y;
	draw_fmt(&a->d, y, x + 5, w - x - 6, TH_DIM, "not here: %s", text);
	return y + 1;
}

static int
tick(struct app *a, int y, int x, int w, bool ok, const char *yes, const char *no)
{
	const char *text = ok ? yes : no;
	if (!*text || utf8_width(text) + 5 > w)
		return 0;
	draw_text(&a->d, y, x, 1, ok ? TH_OK : TH_WARN, ok ? a->d.theme.glyph[GL_TICK] : "!");
	return 2 + draw_text(&a->d, y, x + 2, w - 2, ok ? TH_DIM : TH_TEXT, text) + 3;
}

static int
terminal_draw(struct app *a, const struct list_state *st, int y, int x, int w, int bottom)
{
	const struct {
		bool ok;
		const char *yes, *no;
	} can[] = {
		{a->d.theme.color, a->terminal.truecolor ? "all colours" : "colours", "no colours"},
		{!a->d.theme.ascii, "UTF-8", "ASCII only"},
		{a->terminal.keys, "Shift+Enter arrives", "Shift+Enter looks like Enter here"},
		{a->terminal.sync, "paints without flicker", ""},
		{a->terminal.clipboard, "clipboard", ""}};
	int at = x;
	if (y + 1 >= bottom || !a->terminal.known)
		return y;
	draw_text(&a->d, y++, x, w - x, TH_DIM, "This terminal");
	for (size_t i = 0; i < ARRAY_LEN(can) && y < bottom; i++) {
		int need = 5 + utf8_width(can[i].ok ? can[i].yes : can[i].no);
		if (at > x && at + need > w) {
			at = x;
			y++;
		}
		at += tick(a, y, at + 2, w - at - 2, can[i].ok, can[i].yes, can[i].no);
	}
	if (st->first.wrong[0] && ++y < bottom)
		tick(a, y, x + 2, w - x - 2, false, "", st->first.wrong);
	return y + 1;
}

/* The ways beside starting one here. */
static int
ways_draw(struct app *a, int y, int x, int w, int foot)
{
	char import[80], mem[16];
	const struct {
		enum action_id id;
		bool there;
		const char *text;
	} ways[] = {{ACTION_FIRST_IMPORT, a->n_outside > 0, import},
		{ACTION_NEW, true, "Elsewhere, or with a prompt and a name"},
		{ACTION_FIRST_TOUR, true, "A tour of two minutes; it changes nothing"},
		{ACTION_HELP, true, "All keys"}, {ACTION_PALETTE, true, "All commands"},
		{ACTION_ENDED, a->m.n > 0, "Ended sessions"}};

	snprintf(import, sizeof import, "Bring in %s outside muster (%s)",
		a->n_outside == 1 ? "the one that runs" : "those that run",
		fmt_mem(mem, (double)a->outside_bytes));
	if (a->n_outside > 1)
		snprintf(import, sizeof import, "Bring in the %d that run outside muster (%s)",
			a->n_outside, mem);
	for (size_t i = 0; i < ARRAY_LEN(ways) && y < foot; i++)
		if (ways[i].there)
			y = entry(a, y, x, w, ways[i].id, ways[i].text);
	return y;
}

void
first_run_draw(struct app *a, struct list_state *st)
{
	int w = surface_cols(a->d.s), h = surface_rows(a->d.s);
	int x = w >= 70 ? 6 : 1, gap = h >= 26 ? 1 : 0;
	char dir[512];
	ask(a, st);
	list_header(a, w);
	if (h >= 12)
		draw_rule(&a->d, 1, 0, w);
	int foot = frame_footer(a, C_FIRST, "q quits; what you start keeps running", NULL);
	int y = (h >= 12 ? 2 : 1) + (h >= 16 ? 1 : 0) + gap;
	draw_cut(&a->d, y++, x, w - x - 1, TH_STRONG,
		a->m.n ? "No session is running." : "No sessions yet.");
	if (h >= 12)
		draw_cut(&a->d, y++, x, w - x - 1, TH_DIM,
			w >= 104 ? "Keeps AI coding sessions alive, shows which one needs you, and "
				   "puts "
				   "idle ones to sleep."
				 : "Keeps AI coding sessions alive and shows which one needs you.");
	y += (h >= 16 ? 1 : 0) + gap;
	draw_fmt(&a->d, y++, x, w - x - 1, TH_TEXT,
		"Start one here, in %s:", fmt_dir(a->home, dir, sizeof dir, a->cwd));
	y = programs_draw(a, st, y, x + 1, w, MIN(foot, y + MAX(1, foot - y - 3)));
	if (h >= 20)
		y = missing_draw(a, y, x, w);
	y += gap;
	y = ways_draw(a, y, x, w, foot);
	y = terminal_draw(a, st, y + gap + (h >= 20), x, w, foot);
	if (y + 1 + gap < foot)
		draw_fmt(&a->d, y + gap, x, w - x - 1, TH_DIM,
			"Inside a session, %s twice brings you back here.", a->prefix_label);
}

static void
started_cb(struct app *a, json_t *reply, const struct err *e, const char *id)
{
	const char *of = json_string_value(json_object_get(reply, "id"));
	(void)id;
	if (e)
		app_error(a, "new", e);
	else if (of)
		attach_show(a, of, NULL);
}

void
first_run_pick(struct app *a, int program)
{
	if (program < 0 || program >= a->n_programs || !a->program_found[program]) {
		app_toast(a, true, "no such program here (n: another)");
		return;
	}
	list(a)->first.program = program;
	app_request(a, "new",
		json_pack("{s:s, s:s, s:i, s:i}", "profile", a->programs[program], "cwd", a->cwd,
			"cols", surface_cols(a->d.s), "rows", surface_rows(a->d.s)),
		started_cb, NULL);
}

void
act_first_go(struct app *a)
{
	if (list(a)->first.asked && list(a)->first.program >= 0)
		first_run_pick(a, list(a)->first.program);
	else
		act_new(a);
}

void
act_first_digit(struct app *a)
{
	first_run_pick(a, nth_program(a, (int)a->key.key - '0'));
}

void
act_first_import(struct app *a)
{
	if (!a->n_outside) {
		app_toast(a, true, "no AI CLI runs outside muster");
		return;
	}
	app_toast(a, false, "bringing in %d …", a->n_outside);
	a->ops.outside(a->ops.ctx, true);
}

void
first_run_outside(struct app *a, const char *text, bool brought_in)
{
	json_t *reply = json_loads(text, 0, NULL), *p;
	size_t i;

	a->n_outside = 0;
	a->outside_bytes = 0;
	json_array_foreach (json_object_get(reply, "processes"), i, p) {
		if (!json_object_get(p, "conversation"))
			continue;
		a->n_outside++;
		a->outside_bytes +=
			(uint64_t)json_number_value(json_object_get(p, "footprint_bytes"));
	}
	json_decref(reply);
	if (brought_in && a->n_outside)
		app_toast(a, false, "%d asleep here: leave %s there, then Enter wakes %s here",
			a->n_outside, a->n_outside == 1 ? "it" : "them",
			a->n_outside == 1 ? "it" : "them");
	else if (brought_in)
		app_toast(a, true, "nothing was brought in (muster import says why)");
}

static void
turn(struct app *a, int by)
{
	struct list_state *st = list(a);
	for (int i = 0; i < a->n_programs; i++) {
		st->first.program = (st->first.program + by + a->n_programs) % a->n_programs;
		if (a->program_found[st->first.program])
			return;
	}
}

void
act_first_next(struct app *a)
{
	turn(a, 1);
}

void
act_first_back(struct app *a)
{
	turn(a, -1);
}
