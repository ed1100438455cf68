/* Screens by scripted keys, compared with tests/screens (SCREENS=update writes them), and what the
 * keys asked of the server. */
#include "fixture.h"
#include "fixture_replies.h"
#include "core/text/width.h"
#include "tui/view/list.h"

static const int sizes[][2] = {{120, 40}, {100, 30}, {80, 24}, {60, 20}, {40, 10}, {20, 5}};

static void
at_sizes(const char *name, size_t sessions, const char *keys, void (*then)(struct app *a))
{
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char file[64];
		struct app *a = fixture_app(sizes[i][0], sizes[i][1], sessions);
		app_draw(a);
		press(a, keys);
		if (then)
			then(a);
		snprintf(file, sizeof file, "%s.%dx%d", name, sizes[i][0], sizes[i][1]);
		screen_is(a, file, false);
		app_free(a);
	}
}

static void
list_screens(void **state)
{
	(void)state;
	at_sizes("list", 23, "j", NULL);
	at_sizes("few", 3, "", NULL);
	at_sizes("idle-end", 23, "G k k k k", NULL);
	at_sizes("filter", 23, "/ 'docs'", NULL);
	struct app *a = fixture_app(120, 40, 23);
	screen_is(a, "list.styles", true);
	app_free(a);
	a = fixture_app(200, 50, 23);
	screen_is(a, "list.200x50", false);
	app_free(a);
}

static void
answer_first_run(struct app *a)
{
	a->terminal.known = a->terminal.truecolor = a->terminal.sync = true;
	app_draw(a);
	answer(a, "doctor",
		"{\"checks\":[{\"name\":\"server\",\"ok\":true,\"detail\":\"live 3.1 MiB\"},"
		"{\"name\":\"store\",\"ok\":false,\"detail\":\"the disk is full\"}]}");
}

static void
first_run_screens(void **state)
{
	(void)state;
	at_sizes("first-run", 0, "", answer_first_run);
	at_sizes("tour", 23, ": 'tour' Enter", NULL);
	at_sizes("tour-answer", 0, "t Enter 1", NULL);
}

static void
other_screens(void **state)
{
	(void)state;
	at_sizes("reap", 23, "R", answer_reap);
	at_sizes("memory", 23, "j m", answer_history);
	at_sizes("new", 23, "n", NULL);
	at_sizes("palette", 23, ": 're'", NULL);
	at_sizes("stop", 23, "X", NULL);
	at_sizes("help", 23, "?", NULL);
	at_sizes("rename", 23, "r", NULL);
}

static void
ascii_only(void **state)
{
	(void)state;
	static const char *const keys[] = {"", "R", "m", "n", ":", "?", "X"};
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct app *a = fixture_app(100, 30, 23);
		struct buf b = {0};
		theme_init(&a->d.theme, false, true);
		json_t *o = fixture_json(&fixture[1]);
		json_object_set_new(o, "last_line", json_string("which"));
		model_put(&a->m, o, NOW);
		json_decref(o);
		press(a, keys[i]);
		app_draw(a);
		surface_dump(a->d.s, &b, true);
		for (size_t k = 0; k < b.len; k++)
			if (b.data[k] >= 0x80)
				fail_msg(
					"after \"%s\" there is %.20s", keys[i], (char *)b.data + k);
		assert_null(strstr(buf_cstr(&b), "fg=1")); /* no colour either */
		buf_free(&b);
		app_free(a);
	}
}

/* Resizing back and forth shows the very same screen. */
static void
resize_is_reversible(void **state)
{
	(void)state;
	struct app *a = fixture_app(120, 40, 23);
	struct buf before = {0}, after = {0};
	press(a, "j j j j j j j j j j");
	app_draw(a);
	surface_dump(a->d.s, &before, true);
	for (int w = 200; w > 0; w -= 7) {
		app_resize(a, w, MAX(1, w / 3));
		app_draw(a);
	}
	app_resize(a, 120, 40);
	app_draw(a);
	surface_dump(a->d.s, &after, true);
	assert_string_equal(buf_cstr(&before), buf_cstr(&after));
	buf_free(&before);
	buf_free(&after);
	app_free(a);
}

/* Every view at every size: nothing breaks, however little room there is. */
static void
any_size(void **state)
{
	static const char *const keys[] = {"", "R", "m", "n", ":", "?", "X", "r", "Space", "/"};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct app *a = fixture_app(80, 24, 23);
		press(a, keys[i]);
		if (!strcmp(keys[i], "R"))
			answer_reap(a);
		if (!strcmp(keys[i], "m"))
			answer_history(a);
		for (int w = 1; w < 220; w = w * 3 / 2 + 1)
			for (int h = 1; h < 70; h = h * 3 / 2 + 1) {
				app_resize(a, w, h);
				app_draw(a);
				assert_true(a->preview.x + a->preview.w <= w);
				assert_true(a->preview.y + a->preview.h <= h);
			}
		app_free(a);
	}
}

static void
asks_what_was_meant(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	press(a, "j 2"); /* the permission prompt, as it was painted */
	assert_string_equal(last_asked()->verb, "answer");
	assert_non_null(strstr(last_asked()->args, "\"prompt\":\"9f31c0de\""));
	assert_non_null(strstr(last_asked()->args, "\"key\":\"2\""));
	assert_non_null(strstr(last_asked()->args, "\"id\":\"a1\""));
	press(a, "Enter");
	assert_string_equal(attached, "a1");
	detach(a);
	int n = n_asked;
	press(a, "j 1"); /* a working one asks nothing */
	assert_int_equal(n_asked, n);
	press(a, "t");
	assert_string_equal(last_asked()->verb, "pin");
	press(a, "r C-u 'blue fox' Enter");
	assert_string_equal(last_asked()->verb, "rename");
	assert_non_null(strstr(last_asked()->args, "\"name\":\"blue fox\""));
	press(a, ": 'rename red-fox' Enter");
	assert_non_null(strstr(last_asked()->args, "\"name\":\"red-fox\""));
	assert_string_equal(app_top(a)->name, "list");
	press(a, "X Right Enter");
	assert_string_equal(last_asked()->verb, "kill");
	press(a, "q");
	assert_true(quit_called);
	app_free(a);
}

static void
sleeps_and_wakes(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	model_select(&a->m, "c1");
	press(a, "z");
	assert_string_equal(last_asked()->verb, "hibernate");
	a->now += 3; /* what takes its time says so, and how long */
	assert_true(shows(a, "putting old-spike to sleep … 3 s"));
	assert_true(app_next_change(a) <= 1.1);
	a->motion = false;
	a->now += 20;
	assert_true(shows(a, "putting old-spike to sleep …"));
	assert_false(shows(a, "23 s"));
	answer(a, "hibernate",
		"{\"results\":[{\"id\":\"c1\",\"name\":\"old-spike\",\"ok\":true,"
		"\"freed_bytes\":2040109465}]}");
	struct buf b = {0};
	app_draw(a);
	surface_dump(a->d.s, &b, false);
	assert_non_null(strstr(buf_cstr(&b), "old-spike is asleep, freed 1.9G  u wakes it"));
	press(a, "u");
	assert_string_equal(last_asked()->verb, "resume");
	assert_string_equal(last_asked()->args, "{\"ids\":[\"c1\"]}");
	press(a, "z"); /* what is refused says why in words; an error stays what it is */
	answer(a, "hibernate",
		"{\"results\":[{\"id\":\"c1\",\"name\":\"old-spike\",\"ok\":false,"
		"\"error\":\"activity: question (osc7501)\"}]}");
	assert_true(shows(a, "old-spike not now: waits for your answer"));
	press(a, "z");
	answer(a, "hibernate",
		"{\"results\":[{\"id\":\"c1\",\"name\":\"old-spike\",\"ok\":false,"
		"\"error\":\"claude: not found on PATH\"}]}");
	assert_true(shows(a, "old-spike: claude: not found on PATH"));
	a->now += 5; /* the message goes by itself */
	b.len = 0;
	app_draw(a);
	surface_dump(a->d.s, &b, false);
	assert_null(strstr(buf_cstr(&b), "is asleep, freed"));
	buf_free(&b);
	model_select(&a->m, "d1");
	press(a, "Enter"); /* asleep: woken first, then attached */
	assert_string_equal(last_asked()->verb, "resume");
	attached[0] = 0;
	answer(a, "resume", "{\"results\":[{\"id\":\"d1\",\"name\":\"auth-spike\",\"ok\":true}]}");
	assert_string_equal(attached, "d1");
	app_free(a);
}

/* `u` is offered while it goes to sleep already, and does it when it can be done; everywhere. */
static void
undo_comes_in_time(void **state)
{
	static const char slept[] =
		"{\"results\":[{\"id\":\"c1\",\"name\":\"old-spike\",\"ok\":true}]}";
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	model_select(&a->m, "c1");
	press(a, "z");
	assert_true(shows(a, "u takes it back"));
	press(a, "u");
	assert_string_equal(last_asked()->verb, "hibernate"); /* not yet */
	assert_true(shows(a, "it wakes as soon as it is asleep"));
	answer(a, "hibernate", slept);
	assert_string_equal(last_asked()->verb, "resume");
	assert_string_equal(last_asked()->args, "{\"ids\":[\"c1\"]}");
	answer(a, "resume", slept);
	a->now += 5;
	press(a, "m z"); /* and in the view of its memory */
	answer(a, "hibernate", slept);
	assert_true(shows(a, "u wakes it"));
	press(a, "u");
	assert_string_equal(last_asked()->verb, "resume");
	/* one that did not sleep after all is not woken */
	press(a, "z u");
	int n = n_asked;
	answer(a, "hibernate",
		"{\"results\":[{\"id\":\"c1\",\"name\":\"old-spike\",\"ok\":false,\"error\":"
		"\"draft: x\"}]}");
	assert_int_equal(n_asked, n);
	app_free(a);
}

static void
reap_chooses(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	press(a, "R");
	answer_reap(a);
	int n = n_asked;
	press(a, "Enter"); /* Cancel has the focus */
	assert_int_equal(n_asked, n);
	assert_string_equal(app_top(a)->name, "list");
	press(a, "R");
	answer_reap(a);
	press(a, "j Space j j j j j Space h"); /* drops readme-pass; a refused one stays refused */
	assert_string_equal(last_asked()->verb, "hibernate");
	assert_string_equal(last_asked()->args, "{\"ids\":[\"c1\",\"c4\",\"c5\",\"c6\"]}");
	press(a, "R +");
	assert_non_null(strstr(last_asked()->args, "\"idle\":21600"));
	app_free(a);
}

/* Only ended ones are left: a way on, not an empty list. */
static void
all_ended(void **state)
{
	(void)state;
	struct app *a = fixture_app(80, 24, 1);
	struct buf b = {0};
	json_t *o = fixture_json(&fixture[0]);
	json_object_set_new(o, "state", json_string("exited"));
	json_object_set_new(o, "exit_code", json_integer(1));
	json_t *ev = json_pack("{s:s, s:o}", "ev", "session", "session", o);
	app_event(a, ev);
	json_decref(ev);
	app_draw(a);
	surface_dump(a->d.s, &b, false);
	assert_non_null(strstr(buf_cstr(&b), "No session is running."));
	press(a, "a");
	app_draw(a);
	b.len = 0;
	surface_dump(a->d.s, &b, false);
	assert_non_null(strstr(buf_cstr(&b), "ENDED 1"));
	assert_non_null(strstr(buf_cstr(&b), "failed"));
	press(a, "Enter"); /* asks before it starts anything again */
	assert_string_equal(app_top(a)->name, "confirm");
	press(a, "Escape a");
	assert_true(shows(a, "1  claude 2.1.4"));
	answer(a, "history",
		"{\"sessions\":[{\"id\":\"a1\",\"max\":640000000},{\"id\":\"zz\",\"max\":1}]}");
	assert_true(shows(a, "usually 610M")); /* by those that have ended */
	press(a, "n");
	assert_string_equal(app_top(a)->name, "new");
	buf_free(&b);
	app_free(a);
}

/* The curve grows while one looks at it, without asking for all of it again. */
static void
memory_goes_on(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	struct buf before = {0}, after = {0};
	press(a, "j m");
	answer_history(a);
	app_draw(a);
	surface_dump(a->d.s, &before, false);
	assert_null(strstr(buf_cstr(&before), "4.0G"));
	int n = n_asked;
	json_t *o = fixture_json(&fixture[0]);
	json_object_set_new(o, "footprint_bytes", json_real(4e9));
	json_t *ev = json_pack("{s:s, s:o}", "ev", "session", "session", o);
	a->now += 5;
	app_event(a, ev);
	json_decref(ev);
	app_draw(a);
	surface_dump(a->d.s, &after, false);
	assert_non_null(strstr(buf_cstr(&after), "MAX 3.7G"));
	assert_int_equal(n_asked, n);
	buf_free(&before);
	buf_free(&after);
	app_free(a);
}

static void
mouse_does_what_keys_do(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	app_draw(a);
	int row = -1;
	for (int i = 0; i < a->d.n_hits; i++)
		if (a->d.hits[i].kind == HIT_SESSION &&
			!strcmp(a->m.shown[a->d.hits[i].index]->id, "b3"))
			row = a->d.hits[i].y;
	assert_true(row > 0);
	click(a, row, 10);
	assert_string_equal(a->m.sel, "b3");
	assert_string_equal(attached, "");
	app_draw(a);
	click(a, row, 10);
	assert_string_equal(attached, "b3");
	detach(a);
	app_draw(a);
	for (int i = 0; i < a->d.n_hits; i++)
		if (a->d.hits[i].kind == HIT_ACTION && a->d.hits[i].index == ACTION_HELP) {
			click(a, a->d.hits[i].y, a->d.hits[i].x);
			break;
		}
	assert_string_equal(app_top(a)->name, "text");
	app_free(a);
}

static void
help_names_every_key(void **state)
{
	(void)state;
	struct app *a = fixture_app(120, 260, 23);
	struct buf b = {0};
	press(a, "?");
	app_draw(a);
	surface_dump(a->d.s, &b, false);
	for (int i = 0; i < ACTION_COUNT; i++)
		if (!strstr(buf_cstr(&b), actions[i].help))
			fail_msg("help does not say: %s", actions[i].help);
	buf_free(&b);
	app_free(a);
}

static void
connection_comes_back(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	struct buf b = {0};
	app_connection(a, false, "the server is replaced by a newer one");
	app_draw(a);
	surface_dump(a->d.s, &b, false);
	assert_non_null(strstr(buf_cstr(&b), "replaced by a newer one"));
	app_connection(a, true, "");
	app_draw(a);
	b.len = 0;
	surface_dump(a->d.s, &b, false);
	assert_null(strstr(buf_cstr(&b), "replaced by"));
	buf_free(&b);
	app_free(a);
}

/* A server's failure is one line on the screen, never the end. */
static void
failures_are_shown(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	static const char *const keys[] = {"R", "m", "e", "E", "z", "t", "1"};
	struct err e = {.code = 1, .msg = "the disk is full"};
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		n_asked = 0;
		press(a, keys[i]);
		for (int k = 0; k < n_asked; k++)
			if (asked[k].cb)
				asked[k].cb(a, NULL, &e, asked[k].id);
		app_draw(a);
		press(a, "Escape");
	}
	/* replies for a view that is gone are dropped */
	press(a, "R");
	struct asked late = *last_asked();
	press(a, "Escape");
	char *text = reap_reply();
	json_t *o = json_loads(text, 0, NULL);
	late.cb(a, o, NULL, late.id);
	json_decref(o);
	free(text);
	app_free(a);
}

/* --- search ----------------------------------------------------------------------------------- */

static void
part(struct app *a, const char *json)
{
	json_t *o = json_loads(json, 0, NULL);
	assert_non_null(o);
	stream_part(a, o);
	json_decref(o);
}

static void
search_hits(struct app *a)
{
	char text[400];
	part(a, "{\"hits\":["
		"{\"id\":\"b1\",\"name\":\"flaky-ci\",\"line\":912,\"t\":1763761200,"
		"\"text\":\"   Error: connect ECONNREFUSED "
		"127.0.0.1:5432\",\"start\":18,\"end\":30},"
		"{\"id\":\"b1\",\"name\":\"flaky-ci\",\"line\":820,\"t\":1763757600,"
		"\"text\":\"\\u6f22\\u5b57 ECONNREFUSED \\u001b[31m\",\"start\":7,\"end\":19}]}");
	/* of another session, newer than the last: it goes between */
	part(a, "{\"hits\":["
		"{\"id\":\"a1\",\"name\":\"api-refactor\",\"line\":77,\"t\":1763760000,"
		"\"text\":\"psycopg: ECONNREFUSED 5432, is the server running?\",\"start\":9,"
		"\"end\":21},"
		"{\"id\":\"d1\",\"name\":\"auth-spike\",\"line\":5,"
		"\"text\":\"retry 3/3 failed: ECONNREFUSED 5432\",\"start\":18,\"end\":30}]}");
	for (int i = 0; i < 12; i++) {
		snprintf(text, sizeof text,
			"{\"hits\":[{\"id\":\"d3\",\"name\":\"lost-one\",\"line\":%d,"
			"\"text\":\"%*s ECONNREFUSED far to the right, number %d\",\"start\":201,"
			"\"end\":213}]}",
			100 - i, 200, "x", i);
		part(a, text);
	}
}

static void
search_screens(void **state)
{
	(void)state;
	at_sizes("search-empty", 23, "s", NULL);
	at_sizes("search", 23, "s 'ECONNREFUSED'", search_hits);
	struct app *a = fixture_app(160, 45, 23);
	press(a, "s 'ECONNREFUSED'");
	search_hits(a);
	answer(a, "search", "{\"hits\":16,\"truncated\":true}");
	press(a, "Down Down");
	screen_is(a, "search.160x45", false);
	assert_string_equal(a->preview.id, "b1");
	assert_true(a->preview.looks);
	assert_int_equal(a->preview.at.at.line, 820);
	app_free(a);
}

static void
search_asks_and_calls_off(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	app_draw(a);
	press(a, "s");
	assert_int_equal(n_asked, 0);
	press(a, "'a'");
	assert_string_equal(last_asked()->verb, "search");
	assert_non_null(strstr(last_asked()->args, "\"pattern\":\"a\",\"per_session\":217,"
						   "\"regex\":false"));
	uint32_t first = streamed;
	press(a, "'b'"); /* another pattern: the one before is not wanted */
	assert_int_equal(cancelled, first);
	assert_int_equal(n_asked, 2);
	press(a, "C-r");
	assert_int_equal(cancelled, first + 1);
	assert_non_null(strstr(last_asked()->args, "\"regex\":true"));
	/* a bad pattern is one line, and what was typed stays */
	struct err e;
	err_set(&e, 2, "bad pattern: missing closing parenthesis at 3");
	press(a, "'('");
	uint32_t bad = streamed;
	last_asked()->cb(a, NULL, &e, "");
	screen_is(a, "search-bad", false);
	press(a, "BSpace");
	assert_int_equal(cancelled, bad - 1); /* what has ended is not called off */
	press(a, "C-t");
	assert_non_null(strstr(last_asked()->args, "\"since\":1763758800"));
	press(a, "C-t C-t C-t C-t");
	assert_null(strstr(last_asked()->args, "since"));
	search_hits(a);
	press(a, "Down C-s"); /* the second hit's session alone */
	assert_non_null(strstr(last_asked()->args, "\"id\":\"a1\""));
	press(a, "C-s");
	assert_null(strstr(last_asked()->args, "\"id\""));
	uint32_t last = streamed;
	press(a, "Escape"); /* so does leaving */
	assert_int_equal(cancelled, last);
	assert_string_equal(app_top(a)->name, "list");
	/* what comes late finds nobody */
	search_hits(a);
	app_free(a);
}

static void
search_opens_there(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	app_draw(a);
	press(a, "s 'ECONN'");
	search_hits(a);
	press(a, "Enter");
	assert_string_equal(attached, "b1");
	assert_int_equal(attached_at.at.line, 912);
	assert_int_equal(attached_at.at.start, 18);
	assert_string_equal(attached_at.pattern, "ECONN");
	detach(a);
	press(a, "C-y");
	assert_string_equal(copied, "Error: connect ECONNREFUSED 127.0.0.1:5432");
	/* one that sleeps is shown, not woken */
	press(a, "Down Down Down Enter");
	assert_string_equal(attached, "d1");
	detach(a);
	for (int i = 0; i < n_asked; i++)
		assert_string_not_equal(asked[i].verb, "resume");
	/* one that went meanwhile is not */
	json_t *gone = json_pack("{s:s,s:s}", "ev", "gone", "id", "d1");
	app_event(a, gone);
	json_decref(gone);
	attached[0] = 0;
	press(a, "Enter");
	assert_string_equal(attached, "");
	app_draw(a);
	press(a, "PgDn PgDn PgDn"); /* no further than the last */
	app_draw(a);
	assert_string_equal(a->preview.id, "d3");
	press(a, "PgUp PgUp PgUp");
	app_draw(a);
	assert_string_equal(a->preview.id, "b1");
	app_free(a);
}

/* The hit one chose stays chosen while others come above it. */
static void
search_keeps_the_choice(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	press(a, "s 'x'");
	search_hits(a);
	press(a, "Down Down"); /* line 820 of b1, behind that of a1 */
	part(a, "{\"hits\":[{\"id\":\"c1\",\"name\":\"old-spike\",\"line\":1,\"t\":1763762000,"
		"\"text\":\"x\",\"start\":0,\"end\":1}]}");
	app_draw(a);
	assert_string_equal(a->preview.id, "b1");
	assert_int_equal(a->preview.at.at.line, 820);
	app_free(a);
}

/* However small: nothing is drawn outside, nothing fails. */
static void
search_at_any_size(void **state)
{
	(void)state;
	for (int cols = 1; cols <= 60; cols += 7)
		for (int rows = 1; rows <= 26; rows += 5) {
			struct app *a = fixture_app(cols, rows, 23);
			press(a, "s");
			app_draw(a);
			press(a, "'ECONN'");
			search_hits(a);
			press(a, "Down");
			app_draw(a);
			app_free(a);
		}
}

/* What the server says of where the preview is. */
static void
scroll_told(struct app *a, int back)
{
	struct grid g;
	json_t *ev = json_pack("{s:s,s:i,s:i}", "ev", "scroll", "back", back, "rows", back);
	assert_true(app_paint(a, &g));
	app_view_event(a, a->preview_pane->view, ev);
	json_decref(ev);
}

/* The wheel over a session's screen turns that, elsewhere it moves the selection; how far it really
 * is comes from the server. */
static void
previews_scroll(void **state)
{
	(void)state;
	struct app *a = fixture_app(120, 40, 23);
	struct input_event up = {.type = INPUT_MOUSE, .button = 64};
	char was[16];
	app_draw(a);
	snprintf(was, sizeof was, "%s", a->m.sel);
	up.row = a->preview.y + 1;
	up.col = a->preview.x + 1;
	app_input(a, &up);
	app_input(a, &up);
	app_draw(a);
	assert_int_equal(a->preview.back, 6);
	assert_string_equal(a->m.sel, was);
	scroll_told(a, 4); /* there is no more */
	app_draw(a);
	assert_int_equal(a->preview.back, 4);
	up.button = 65;
	app_input(a, &up);
	app_input(a, &up);
	app_draw(a);
	assert_int_equal(a->preview.back, 0);
	up.button = 64;
	app_input(a, &up);
	press(a, "j"); /* another session is seen from its end */
	app_draw(a);
	assert_int_equal(a->preview.back, 0);
	press(a, "Space PgUp");
	app_draw(a);
	assert_true(a->preview.back > 10);
	press(a, "G");
	app_draw(a);
	assert_int_equal(a->preview.back, 0);
	app_free(a);
}

/* Cut off from the server, nobody knows what runs: it is not said. */
static void
cut_off_nothing_is_promised(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	assert_true(shows(a, "sessions keep running"));
	app_connection(a, false, "");
	assert_true(shows(a, "reconnecting to the server"));
	assert_false(shows(a, "keep running"));
	app_free(a);
}

/* What is asked, with what can be answered: by digit and by click; a digit that is none types nothing. */
static void
questions_are_answered(void **state)
{
	(void)state;
	struct app *a = fixture_app(80, 24, 23);
	json_t *o = fixture_json(&fixture[0]);
	json_object_set_new(
		o, "options", json_pack("[s,s,s]", "Yes", "Yes, and don't ask again", "No"));
	json_t *ev = json_pack("{s:s, s:o}", "ev", "session", "session", o);
	app_event(a, ev);
	json_decref(ev);
	screen_is(a, "asks.80x24", false);
	model_select(&a->m, "a1");
	n_asked = 0;
	press(a, "8");
	assert_int_equal(n_asked, 0);
	assert_true(shows(a, "no option 8: 1–3"));
	press(a, "3");
	assert_string_equal(last_asked()->verb, "answer");
	assert_non_null(strstr(last_asked()->args, "\"key\":\"3\""));
	model_select(&a->m, "b1");
	app_draw(a);
	n_asked = 0;
	for (int i = 0; i < a->d.n_hits; i++)
		if (a->d.hits[i].kind == HIT_ITEM && a->d.hits[i].index < PICK_SECTION &&
			a->d.hits[i].index % 16 == 1) {
			click(a, a->d.hits[i].y, a->d.hits[i].x);
			break;
		}
	assert_int_equal(n_asked, 1);
	assert_non_null(strstr(last_asked()->args, "\"id\":\"a1\",\"key\":\"2\""));
	assert_string_equal(a->m.sel, "a1");
	app_free(a);
}

/* Rows do not hop under a cursor that moves: they follow when it has rested. */
static void
rows_wait_for_the_cursor(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	app_draw(a);
	press(a, "j j j");
	long was = model_index(&a->m, "b1");
	json_t *o = fixture_json(&fixture[2]);
	json_object_set_new(o, "activity", json_string("question"));
	json_t *ev = json_pack("{s:s, s:o}", "ev", "session", "session", o);
	app_event(a, ev);
	assert_int_equal(model_index(&a->m, "b1"), was);
	assert_true(app_next_change(a) <= 2.02);
	assert_true(shows(a, "3 need you")); /* the count is told at once */
	a->now += 2.1;
	app_draw(a);
	assert_true(model_index(&a->m, "b1") < 3);
	json_object_set_new(o, "activity", json_string("working"));
	app_event(a, ev); /* the cursor rests: at once */
	assert_true(model_index(&a->m, "b1") >= 2);
	press(a, "k");
	json_object_set_new(o, "id", json_string("new1"));
	app_event(a, ev); /* one more is seen at once */
	assert_true(model_index(&a->m, "new1") >= 0);
	json_decref(ev);
	app_check(a);
	app_free(a);
}

/* However small: the question, and both answers. */
static void
small_questions(void **state)
{
	static const int tiny[][2] = {{20, 5}, {40, 10}, {36, 6}, {20, 3}, {21, 1}};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tiny); i++) {
		struct app *a = fixture_app(tiny[i][0], tiny[i][1], 23);
		press(a, "X");
		assert_true(shows(a, "End docs-i18n?"));
		bool words = shows(a, "Cancel  y End") || shows(a, "Cancel      End");
		assert_true(words || (tiny[i][1] == 1 && shows(a, "End docs-i18n?  y / N")));
		press(a, "Enter"); /* is Cancel everywhere */
		assert_int_equal(n_asked, 0);
		press(a, "X y");
		assert_string_equal(last_asked()->verb, "kill");
		app_free(a);
	}
}

/* Sleep is offered in place of the end where there is a conversation to keep. */
static void
the_end_names_sleep_where_it_helps(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	model_select(&a->m, "c1");
	press(a, "X");
	assert_true(shows(a, "keeps its conversation"));
	press(a, "Escape");
	model_select(&a->m, "ca");
	press(a, "X");
	assert_true(shows(a, "End shell?"));
	assert_true(shows(a, "What it printed stays readable."));
	assert_false(shows(a, "conversation"));
	app_free(a);
}

/* Help shows what one looks for, while typing. */
static void
help_filters(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	press(a, "? / 'sleep'");
	assert_true(shows(a, "put to sleep: ends it, keeps its conversation"));
	assert_true(shows(a, "Memory\n"));
	assert_false(shows(a, "ten sessions down"));
	press(a, "'zzz'");
	assert_true(shows(a, "nothing says \"sleepzzz\" (esc shows all)"));
	press(a, "Escape");
	assert_true(shows(a, "ten sessions down"));
	press(a, "/ 'pin' Enter");
	assert_true(shows(a, "never put to sleep (again unpins)"));
	press(a, "Escape");
	assert_string_equal(app_top(a)->name, "text");
	press(a, "Escape");
	assert_string_equal(app_top(a)->name, "list");
	app_free(a);
}

/* The palette says why a command does nothing here, and stays; what words a command takes is shown. */
static void
commands_that_cannot_run(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	model_select(&a->m, "c1");
	press(a, ": 'wake'");
	assert_true(shows(a, "old-spike is already running"));
	int n = n_asked;
	press(a, "Enter");
	assert_int_equal(n_asked, n);
	assert_string_equal(app_top(a)->name, "palette");
	press(a, "C-u 'undo'");
	assert_true(shows(a, "nothing was put to sleep"));
	press(a, "C-u 'dele'");
	assert_true(shows(a, "old-spike is running"));
	press(a, "C-u 'rename'");
	assert_true(shows(a, "rename NAME"));
	press(a, "Escape m :");
	press(a, "'filter'");
	assert_true(shows(a, "only in the list"));
	app_free(a);
}

/* N: the one that waits longest, then the next longest, whatever the order of the list is. */
static void
who_waits_longest(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	a->m.sort = SORT_MEM;
	app_changed(a);
	model_select(&a->m, "b1");
	press(a, "N");
	assert_string_equal(a->m.sel, "a2");
	press(a, "N");
	assert_string_equal(a->m.sel, "a1");
	press(a, "N");
	assert_string_equal(a->m.sel, "a2");
	app_free(a);
}

/* ui.layout and ui.notify do what they say. */
static void
the_configuration_is_heard(void **state)
{
	(void)state;
	struct app *a = fixture_app(120, 40, 23);
	app_draw(a);
	int stacked = a->preview.y;
	assert_true(stacked > 5);
	a->layout = LAYOUT_SIDE;
	app_draw(a);
	assert_true(a->preview.y < 5 && a->preview.x > 40);
	a->layout = LAYOUT_LIST;
	app_draw(a);
	assert_string_equal(a->preview.id, "");
	a->layout = LAYOUT_WALL; /* it is how one begins; w still changes it */
	view_list.open(a, app_state(a, &view_list), NULL);
	app_draw(a);
	assert_true(a->n_beside > 0);
	press(a, "w");
	assert_true(shows(a, "NEEDS YOU 2"));
	static const enum ui_notify by[] = {NOTIFY_OFF, NOTIFY_BELL, NOTIFY_OSC};
	for (size_t i = 0; i < ARRAY_LEN(by); i++) {
		static const char *const acts[] = {"working", "permission", "permission"};
		bells = 0;
		notified[0] = 0;
		a->notify_by[NOTIFY_PERMISSION] = by[i];
		for (size_t k = 0; k < ARRAY_LEN(acts); k++) { /* told once, as it begins */
			json_t *o = fixture_json(&fixture[2]);
			json_object_set_new(o, "activity", json_string(acts[k]));
			json_t *ev = json_pack("{s:s, s:o}", "ev", "session", "session", o);
			app_event(a, ev);
			json_decref(ev);
		}
		assert_int_equal(bells, by[i] == NOTIFY_BELL);
		assert_string_equal(notified, by[i] == NOTIFY_OSC ? "flaky-ci" : "");
	}
	app_free(a);
}

/* A key that does nothing here says what is near. */
static void
dead_keys_speak(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	struct buf b = {0};
	press(a, "f");
	app_draw(a);
	surface_dump(a->d.s, &b, false);
	assert_non_null(strstr(buf_cstr(&b), "f does nothing here; focus: "));
	press(a, "Y");
	b.len = 0;
	app_draw(a);
	surface_dump(a->d.s, &b, false);
	assert_non_null(strstr(buf_cstr(&b), "Y does nothing here; ? shows all keys"));
	buf_free(&b);
	app_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_screens),
		cmocka_unit_test(first_run_screens),
		cmocka_unit_test(other_screens),
		cmocka_unit_test(ascii_only),
		cmocka_unit_test(resize_is_reversible),
		cmocka_unit_test(any_size),
		cmocka_unit_test(asks_what_was_meant),
		cmocka_unit_test(sleeps_and_wakes),
		cmocka_unit_test(undo_comes_in_time),
		cmocka_unit_test(reap_chooses),
		cmocka_unit_test(all_ended),
		cmocka_unit_test(memory_goes_on),
		cmocka_unit_test(mouse_does_what_keys_do),
		cmocka_unit_test(help_names_every_key),
		cmocka_unit_test(connection_comes_back),
		cmocka_unit_test(failures_are_shown),
		cmocka_unit_test(search_screens),
		cmocka_unit_test(search_asks_and_calls_off),
		cmocka_unit_test(search_opens_there),
		cmocka_unit_test(search_keeps_the_choice),
		cmocka_unit_test(search_at_any_size),
		cmocka_unit_test(previews_scroll),
		cmocka_unit_test(cut_off_nothing_is_promised),
		cmocka_unit_test(questions_are_answered),
		cmocka_unit_test(rows_wait_for_the_cursor),
		cmocka_unit_test(small_questions),
		cmocka_unit_test(the_end_names_sleep_where_it_helps),
		cmocka_unit_test(help_filters),
		cmocka_unit_test(commands_that_cannot_run),
		cmocka_unit_test(who_waits_longest),
		cmocka_unit_test(the_configuration_is_heard),
		cmocka_unit_test(dead_keys_speak),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
