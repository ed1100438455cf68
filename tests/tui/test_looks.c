/* Every view but the list at every size, and in every look: compared with tests/screens. */
#include "fixture.h"
#include "fixture_replies.h"

#define OPENED "{\"ev\":\"open\",\"id\":\"b1\",\"name\":\"flaky-ci\",\"state\":\"running\"}"

static void
memory(struct app *a)
{
	press(a, "j m");
	answer_history(a);
}

static void
memory_roles(struct app *a)
{
	press(a, "j m Tab Tab Tab");
	answer(a, "composition",
		"{\"compositions\":[{\"t\":1,\"total_bytes\":1000,\"roles\":[{\"role\":\"claude\","
		"\"footprint_bytes\":600},{\"role\":\"mcp: "
		"playwright\",\"footprint_bytes\":300}]}]}");
	answer_history(a);
}

static void
reap(struct app *a)
{
	press(a, "R");
	answer_reap(a);
}

static void
form(struct app *a)
{
	press(a, "n Tab Tab Tab 'Find the leak.' S-Enter 'It grows at night.'");
}

static void
palette(struct app *a)
{
	press(a, ": 're'");
}

static void
question(struct app *a)
{
	press(a, "X");
}

static void
line(struct app *a)
{
	press(a, "r");
}

static void
explain(struct app *a)
{
	press(a, "e");
	answer(a, "explain",
		"{\"name\":\"docs-i18n\",\"state\":\"running\",\"activity\":\"question\",\"idle_"
		"s\":680,\"signals\":[{\"source\":\"hook\","
		"\"value\":"
		"\"question\",\"age_s\":680,\"used\":true,\"detail\":\"Which locale first?\"},"
		"{\"source\":\"output\",\"value\":\"idle\",\"age_s\":690,\"used\":false}],"
		"\"growth\":"
		"{\"verdict\":\"flat\",\"numbers\":{\"slope_bytes_per_h\":1048576}},\"reap\":"
		"{\"eligible\":false,\"worth\":true,\"reasons\":[\"activity: question (hook)\"]}}");
}

static void
events(struct app *a)
{
	press(a, "E");
	answer(a, "events",
		"{\"events\":[{\"t\":1763755200,\"id\":\"c2\",\"name\":\"readme-pass\",\"event\":"
		"\"started\",\"detail\":{}},{\"t\":1763761000,\"id\":\"d2\",\"name\":\"css-grid\","
		"\"event\":\"hibernated\",\"detail\":{\"freed_bytes\":851443712}}]}");
}

static void
peek(struct app *a)
{
	press(a, "Space");
}

static void
attached_to(struct app *a)
{
	json_t *ev = json_loads(OPENED, 0, NULL);
	attach_show(a, "b1", NULL);
	app_view_event(a, attached_view, ev);
	json_decref(ev);
	a->now += 5;
}

static void
menu(struct app *a)
{
	attached_to(a);
	press(a, "C-\\");
}

static void
status(struct app *a)
{
	a->status = STATUS_BOTTOM;
	attached_to(a);
}

static const struct {
	const char *name;
	void (*make)(struct app *a);
} shown_as[] = {{"memory", memory}, {"memory-roles", memory_roles}, {"reap", reap}, {"form", form},
	{"palette", palette}, {"stop", question}, {"rename", line}, {"explain", explain},
	{"events", events}, {"peek", peek}, {"menu", menu}, {"status", status}};

static void
sizes(void **state)
{
	static const int at[][2] = {{400, 120}, {200, 60}, {120, 40}, {80, 24}, {40, 10}, {20, 5}};
	(void)state;
	for (size_t v = 0; v < ARRAY_LEN(shown_as); v++)
		for (size_t i = 0; i < ARRAY_LEN(at); i++) {
			char file[64];
			struct app *a = fixture_app(at[i][0], at[i][1], 23);
			app_draw(a);
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
			struct app *a = fixture_app(80, 24, 23);
			theme_init(&a->d.theme, look[i].color, look[i].ascii);
			if (look[i].fg != look[i].bg)
				theme_background(&a->d.theme, look[i].fg, look[i].bg);
			app_draw(a);
			shown_as[v].make(a);
			snprintf(file, sizeof file, "%s.%s", shown_as[v].name, look[i].name);
			screen_is(a, file, true);
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
	(void)last_asked;
	(void)detach;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
