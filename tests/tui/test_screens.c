/* Views of the list at every size and in every look, compared with tests/screens (SCREENS=update writes
 * them). */
#include "fixture.h"
#include "tui/view/list.h"

static void
put_away(struct app *a)
{
	for (size_t i = 0; i < a->m.n; i += 4)
		a->m.all[i]->archived = true;
	snprintf(a->m.all[1]->tags, sizeof a->m.all[1]->tags, "review late");
	snprintf(a->m.all[9]->note, sizeof a->m.all[9]->note, "ask Ann");
	a->m.show_ended = true;
	app_changed(a);
}

static void
by_project(struct app *a)
{
	a->m.by = BY_PROJECT;
	app_changed(a);
	press(a, "G h k k");
}

static void
wall(struct app *a)
{
	json_t *o = fixture_json(&fixture[0]);
	json_object_set_new(o, "options", json_pack("[s, s]", "Yes", "No"));
	model_put(&a->m, o, NOW);
	json_decref(o);
	press(a, "w");
}

static void
tour(struct app *a)
{
	press(a, ": 'tour' Enter Enter");
}

static void
nothing(struct app *a)
{
	a->terminal.known = a->terminal.truecolor = a->terminal.keys = true;
}

static const struct {
	const char *name;
	size_t sessions;
	void (*make)(struct app *a);
} shown_as[] = {{"wall", 23, wall}, {"archive", 23, put_away}, {"projects", 23, by_project},
	{"tour-2", 23, tour}, {"first", 0, nothing}};

static void
sizes(void **state)
{
	static const int at[][2] = {{400, 120}, {200, 60}, {120, 40}, {80, 24}, {40, 10}, {20, 5}};
	(void)state;
	for (size_t v = 0; v < ARRAY_LEN(shown_as); v++)
		for (size_t i = 0; i < ARRAY_LEN(at); i++) {
			char file[64];
			struct app *a = fixture_app(at[i][0], at[i][1], shown_as[v].sessions);
			shown_as[v].make(a);
			snprintf(file, sizeof file, "%s.%dx%d", shown_as[v].name, at[i][0],
				at[i][1]);
			screen_is(a, file, false);
			app_check(a);
			app_free(a);
		}
}

/* Letters stand for styles: ASCII alone, no colour at all, on a light terminal, on a dark one. */
static void
looks(void **state)
{
	static const struct {
		const char *name;
		bool color, ascii;
		uint32_t fg, bg;
	} look[] = {{"ascii", true, true, 0, 0}, {"no-color", false, false, 0, 0},
		{"light", true, false, 0x1f2328, 0xffffff},
		{"dark", true, false, 0xd7dae0, 0x16181c}};
	(void)state;
	for (size_t v = 0; v < ARRAY_LEN(shown_as); v++)
		for (size_t i = 0; i < ARRAY_LEN(look); i++) {
			char file[64];
			struct buf b = {0};
			struct app *a = fixture_app(80, 24, shown_as[v].sessions);
			theme_init(&a->d.theme, look[i].color, look[i].ascii);
			if (look[i].fg != look[i].bg)
				theme_background(&a->d.theme, look[i].fg, look[i].bg);
			shown_as[v].make(a);
			snprintf(file, sizeof file, "%s.%s", shown_as[v].name, look[i].name);
			screen_is(a, file, true);
			surface_dump(a->d.s, &b, true);
			if (!look[i].color)
				assert_null(strstr(buf_cstr(&b), "fg=1"));
			buf_free(&b);
			app_free(a);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(looks),
	};
	(void)click;
	(void)answer;
	(void)last_asked;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
