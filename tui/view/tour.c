/* A tour of two minutes: pages over a list of sessions that do not exist. It has a model of its own, asks
 * the server nothing and changes nothing; what is drawn is what the dashboard would draw. */
#include "tui/view/list.h"
#include <stdio.h>
#include <string.h>

struct tour_state {
	int page;
	bool answered;
	struct model demo;
};

static const struct {
	const char *title, *text, *about; /* about: the session it speaks of */
} pages[] = {
	{"One line is one session",
		"Each line is a program that keeps running, whether you look or not. Those that "
		"wait "
		"for your answer stand on top, with what they ask; then those at work, then those "
		"at "
		"rest. IDLE says for how long nothing has happened, MEM what it costs with all it "
		"started. Move with j and k, the arrows or a click.",
		"docs-i18n"},
	{"Answer without opening",
		"A digit answers the question of the selected session; so does a click on an "
		"option. It "
		"is sent only if the question is still on its screen. N goes to the one that waits "
		"longest. Try it: press 1. Here it is sent nowhere.",
		"api-refactor"},
	{"Open one, and come back",
		"Enter opens a session on the whole terminal, and you are in it as if you had "
		"started "
		"it there. Ctrl+\\ opens a menu; Ctrl+\\ twice brings you back here. Space shows "
		"its "
		"whole screen without opening it, w the screens of many side by side.",
		"parser-fuzz"},
	{"Asleep it costs no memory",
		"A session at rest keeps its memory. z puts one to sleep: the program ends, its "
		"conversation is kept, its line stays, and Enter wakes it where it was. R lists "
		"all "
		"that can sleep and what that frees; u takes it back. What is pinned (t) never "
		"sleeps.",
		"old-spike"},
	{"See who grows",
		"LAST HOUR and MB/H show where memory is going; only real growth gets a colour and "
		"a "
		"sign. m shows one session over hours or weeks, and which of its processes holds "
		"it.",
		"flaky-ci"},
	{"Find what you need",
		"/ narrows the list while you type, b groups it by project or tag, s searches all "
		"that "
		"the sessions ever printed. : has every command by name, ? every key.",
		"readme-pass"},
	{"Leave whenever you like",
		"q leaves the dashboard, and every session keeps running. Close the terminal, log "
		"out, "
		"type muster tomorrow: they are all here. Only X ends one, and it asks first. "
		"n starts a session.",
		"auth-spike"},
};
static const struct view view_tour;
enum { N_PAGES = ARRAY_LEN(pages) };

/* What the pages talk about. MiB, MiB an hour, seconds. */
static const struct {
	const char *name, *cwd, *state, *act, *line, *growth;
	double mib, rate, idle_s;
	int spark[SPARK_N];
} demo[] = {
	{"api-refactor", "~/w/api", "running", "permission", "Bash: npm run migrate", "flat", 612,
		38, 250, {560, 570, 575, 580, 590, 600, 610, 612}},
	{"docs-i18n", "~/w/docs", "running", "question", "Which locale first?", "flat", 540, 0, 680,
		{540, 540, 540, 540, 540, 540, 540, 540}},
	{"flaky-ci", "~/w/api", "running", "working", "Edit src/queue.c", "fast", 1331, 410, 1,
		{330, 420, 610, 700, 820, 900, 1150, 1331}},
	{"parser-fuzz", "~/w/parse", "running", "working", "pytest -x", "flat", 744, 5, 1,
		{740, 741, 742, 743, 743, 744, 744, 744}},
	{"old-spike", "~/w/lab", "running", "done", "Spike finished", "slow", 1946, 220, 187300,
		{1100, 1200, 1400, 1500, 1600, 1700, 1850, 1946}},
	{"readme-pass", "~/w/docs", "running", "done", "3 files changed", "flat", 803, 0, 69000,
		{803, 803, 803, 803, 803, 803, 803, 803}},
	{"auth-spike", "~/w/api", "asleep", "idle", "Login works with passkeys", "unknown", 0, 0,
		260000, {0}},
};

static void
demo_put(struct app *a, struct tour_state *st, size_t i, const char *act)
{
	json_t *spark = json_array();
	double bytes = demo[i].mib * 1048576;
	bool sleeps = !strcmp(demo[i].act, "done");
	for (int k = 0; k < SPARK_N; k++)
		json_array_append_new(spark, json_integer((json_int_t)demo[i].spark[k] << 20));
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:f, s:o, s:{s:b, s:b}}", "id",
		demo[i].name, "name", demo[i].name, "cwd", demo[i].cwd, "state", demo[i].state,
		"activity", act, "last_line", demo[i].line, "growth", demo[i].growth, "idle_s",
		demo[i].idle_s, "spark", spark, "reap", "eligible", sleeps, "worth", sleeps);
	if (bytes > 0)
		json_object_update_new(o, json_pack("{s:f, s:f}", "footprint_bytes", bytes,
						  "growth_bytes_per_h", demo[i].rate * 1048576));
	if (!strcmp(act, "permission"))
		json_object_set_new(o, "options",
			json_pack("[s, s, s]", "Yes", "Yes, always", "No, say what to do"));
	else if (!strcmp(act, "question"))
		json_object_set_new(o, "options", json_pack("[s, s]", "German", "French"));
	model_put(&st->demo, o, a->now);
	json_decref(o);
}

static void
tour_open(struct app *a, void *p, const char *arg)
{
	struct tour_state *st = p;
	(void)arg;
	model_init(&st->demo);
	for (size_t i = 0; i < ARRAY_LEN(demo); i++)
		demo_put(a, st, i, demo[i].act);
	model_arrange(&st->demo, a->now);
}

static void
tour_close(struct app *a, void *p)
{
	struct tour_state *st = p;
	(void)a;
	model_deinit(&st->demo);
}

/* The list as it would be, of sessions that are not. */
static void
demo_draw(struct app *a, struct tour_state *st, int y, int h, int w)
{
	struct model real = a->m;
	int hits = a->d.n_hits;
	model_select(&st->demo, pages[st->page].about);
	a->m = st->demo;
	list_forget(a);
	rows_draw(a, y, h, w, false);
	st->demo = a->m;
	a->m = real;
	list_forget(a);
	a->d.n_hits = hits; /* nothing in it can be clicked */
}

static void
tour_draw(struct app *a, void *p)
{
	struct tour_state *st = p;
	int w = surface_cols(a->d.s), h = surface_rows(a->d.s), x = w >= 70 ? 3 : 1;
	char note[32];
	snprintf(note, sizeof note, "%d of %d", st->page + 1, N_PAGES);
	int y = draw_title(&a->d, "Tour", pages[st->page].title, note);
	int foot = frame_footer(
		a, C_TOUR, "Nothing here is real, and nothing you press changes anything", NULL);
	y += h >= 20;
	y += draw_wrapped(&a->d, y, x, foot - y, w - 2 * x, TH_TEXT, pages[st->page].text);
	if (st->page == 1 && st->answered && y < foot)
		draw_cut(&a->d, y++, x, w - 2 * x, TH_TOAST, "Answered: api-refactor works again.");
	y += h >= 20;
	if (foot - y >= 4)
		demo_draw(a, st, y, foot - y, w);
}

static struct tour_state *
tour(struct app *a)
{
	return app_state(a, &view_tour);
}

void
act_tour(struct app *a)
{
	app_push(a, &view_tour, NULL);
}

void
act_tour_next(struct app *a)
{
	if (tour(a)->page + 1 < (int)N_PAGES)
		tour(a)->page++;
	else
		app_pop(a);
}

void
act_tour_back(struct app *a)
{
	tour(a)->page = MAX(tour(a)->page - 1, 0);
}

void
act_tour_answer(struct app *a)
{
	struct tour_state *st = tour(a);
	if (st->page != 1 || st->answered)
		return;
	st->answered = true;
	demo_put(a, st, 0, "working");
	model_arrange(&st->demo, a->now);
}

static const struct view view_tour = {
	.name = "tour",
	.context = C_TOUR,
	.size = sizeof(struct tour_state),
	.open = tour_open,
	.close = tour_close,
	.draw = tour_draw,
};
