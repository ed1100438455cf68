/* An attached session as a view of the application, without terminal and server: frames and events go
 * in, keys and requests come out. */
#include "core/paint/frame.h"
#include "fixture.h"
#include "core/page/page.h"

static struct arena *arena;

static void
view_event(struct app *a, const char *json)
{
	json_t *ev = json_loads(json, 0, NULL);
	assert_non_null(ev);
	app_view_event(a, attached_view, ev);
	json_decref(ev);
}

/* A frame of cols x rows with one line of text. */
static void
frame(struct app *a, int cols, int rows, const char *text)
{
	struct canvas *c = canvas_new(arena, 7, cols, rows);
	struct frame_view *v = frame_view_new();
	struct grid g;
	struct buf b = {0};
	canvas_text(c, 0, 0, cols, text, NULL);
	g = canvas_grid(c);
	assert_true(frame_encode(v, &g, &b));
	assert_true(app_frame(a, attached_view, b.data, b.len));
	buf_free(&b);
	frame_view_free(v);
	canvas_free(c);
}

static struct app *
attached_app(const char *id)
{
	struct app *a = fixture_app(100, 30, 23);
	char open[200];
	struct grid g;
	app_draw(a);
	attach_show(a, id, NULL);
	snprintf(open, sizeof open,
		"{\"ev\":\"open\",\"id\":\"%s\",\"name\":\"%s\",\"state\":\"running\",\"cols\":100,"
		"\"rows\":30}",
		id, model_find(&a->m, id)->name);
	view_event(a, open);
	assert_false(app_paint(a, &g)); /* what was there stays until there is a picture */
	frame(a, 100, 30, "hello");
	assert_true(shows(a, "^\\ menu   ^\\^\\ dashboard")); /* the first times */
	a->now += 5;
	return a;
}

/* What is said meanwhile does not take the way back from whoever is new: it has its time after that. */
static void
the_way_back_is_seen(void **state)
{
	(void)state;
	struct app *a = attached_app("a1");
	detach(a);
	attach_show(a, "a1", NULL);
	view_event(a, "{\"ev\":\"open\",\"id\":\"a1\",\"name\":\"a\",\"state\":\"running\","
		      "\"cols\":100,\"rows\":30}");
	frame(a, 100, 30, "hello");
	a->now += 1;
	app_toast(a, false, "a is awake");
	app_toast(a, false, "b needs you");
	assert_true(shows(a, "b needs you"));
	assert_false(shows(a, "menu   "));
	a->now += TOAST_S + 0.1;
	assert_true(shows(a, "^\\ menu   ^\\^\\ dashboard"));
	assert_null(app_plain(a));
	a->now += TOAST_S;
	assert_false(shows(a, "menu   "));
	assert_non_null(app_plain(a));
	app_free(a);
}

/* Alone, its screen is the frame: nothing is drawn, nothing copied. */
static void
the_screen_is_the_frame(void **state)
{
	(void)state;
	struct app *a = attached_app("a1");
	struct grid g;
	assert_non_null(app_plain(a));
	assert_true(app_paint(a, &g));
	assert_int_equal(g.cols, 100);
	assert_ptr_equal(g.row, canvas_grid(app_plain(a)->screen).row);
	press(a, "x y Enter");
	assert_string_equal(typed, "xy\r");
	app_free(a);
}

static void
text_lends_the_terminal(void **state)
{
	(void)state;
	struct app *a = attached_app("a1");
	lent_view = 0;
	press(a, "Up");
	app_acked(a, attached_view);
	assert_int_equal(lent_view, 0);
	press(a, "x");
	app_acked(a, attached_view);
	assert_int_equal(lent_view, attached_view);
	/* not while anything lies over the screen */
	lent_view = 0;
	press(a, "C-\\");
	app_acked(a, attached_view);
	assert_int_equal(lent_view, 0);
	press(a, "Escape");
	view_event(a, "{\"ev\":\"modes\",\"mouse\":0,\"kitty\":8}");
	press(a, "x");
	app_acked(a, attached_view);
	assert_int_equal(lent_view, 0);
	app_free(a);
}

/* The menu's keys are about the session one is in, whatever is marked in the list behind it. */
static void
the_menu_acts_on_this_session(void **state)
{
	(void)state;
	struct app *a = attached_app("b1");
	model_find(&a->m, "c1")->marked = true;
	press(a, "C-\\");
	assert_true(shows(a, "scrollback"));
	assert_true(shows(a, "flaky-ci"));
	assert_true(shows(a, "2 others need you"));
	press(a, "z");
	assert_string_equal(app_top(a)->name, "attach");
	assert_string_equal(last_asked()->verb, "hibernate");
	assert_string_equal(last_asked()->args, "{\"ids\":[\"b1\"]}");
	press(a, "C-\\ X");
	assert_string_equal(app_top(a)->name, "confirm");
	press(a, "Tab Enter");
	assert_string_equal(last_asked()->verb, "kill");
	assert_string_equal(last_asked()->args, "{\"ids\":[\"b1\"]}");
	/* its memory lies over it, and one comes back to it */
	press(a, "C-\\ m");
	assert_string_equal(app_top(a)->name, "history");
	press(a, "Escape");
	assert_string_equal(app_top(a)->name, "attach");
	/* the next that waits, the one before, the third */
	press(a, "C-\\ n");
	assert_string_equal(attached, "a2");
	view_event(
		a, "{\"ev\":\"open\",\"id\":\"a2\",\"name\":\"docs-i18n\",\"state\":\"running\"}");
	press(a, "C-\\ 2");
	assert_string_equal(attached, "a1");
	n_typed = 0;
	press(a, "C-\\ k q"); /* no such key: it says so, and puts the menu away */
	assert_true(shows(a, "k does nothing here"));
	assert_string_equal(typed, "q");
	press(a, "C-\\ C-\\");
	assert_string_equal(app_top(a)->name, "list");
	assert_int_equal(attached_view, 0);
	app_check(a);
	app_free(a);
}

/* A session shown in itself would show itself, and so on. */
static void
not_in_itself(void **state)
{
	(void)state;
	struct app *a = attached_app("b1");
	setenv("MUSTER_SESSION", "c1", 1);
	press(a, "C-\\ d");
	attach_show(a, "c1", NULL);
	view_event(
		a, "{\"ev\":\"open\",\"id\":\"c1\",\"name\":\"old-spike\",\"state\":\"running\"}");
	unsetenv("MUSTER_SESSION");
	assert_string_equal(app_top(a)->name, "list");
	assert_true(shows(a, "old-spike is the session that this runs in"));
}

/* Where the program itself runs in a session, whose prefix key is taken before this one's. */
static void
inside_another_says_where(void **state)
{
	(void)state;
	setenv("MUSTER_SESSION", "b1", 1);
	struct app *a = fixture_app(100, 30, 23);
	unsetenv("MUSTER_SESSION");
	assert_true(shows(a, "inside flaky-ci: ^\\ goes there first, ^\\ \\ comes here"));
	app_free(a);
}

/* Twice the prefix key goes where one came from, and the menu says where that is. */
static void
the_way_out_is_named(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	press(a, "s");
	attach_show(a, "b1", NULL);
	view_event(
		a, "{\"ev\":\"open\",\"id\":\"b1\",\"name\":\"flaky-ci\",\"state\":\"running\"}");
	assert_true(shows(a, "^\\ menu   ^\\^\\ search"));
	press(a, "C-\\");
	assert_true(shows(a, "d or ^\\ search"));
	press(a, "C-\\");
	assert_string_equal(app_top(a)->name, "search");
	app_free(a);
}

/* The line takes a row of the session's, tells who waits, and leads there. */
static void
a_status_line(void **state)
{
	static const enum ui_status at[] = {STATUS_TOP, STATUS_BOTTOM};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		struct app *a = fixture_app(100, 30, 23);
		int row = at[i] == STATUS_TOP ? 0 : 29;
		a->status = at[i];
		attach_show(a, "b1", NULL);
		assert_int_equal(view_rows, 29);
		view_event(a, "{\"ev\":\"open\",\"id\":\"b1\",\"name\":\"flaky-ci\",\"state\":"
			      "\"running\"}");
		frame(a, 100, 29, "hello");
		a->now += 5;
		assert_null(app_plain(a));
		assert_true(shows(a, " flaky-ci  1.3G"));
		assert_true(shows(a, " docs-i18n waits (^\\ n)"));
		assert_true(shows(a, "^\\ menu"));
		assert_int_equal(a->cursor.y, at[i] == STATUS_TOP);
		app_resize(a, 100, 20);
		assert_int_equal(view_rows, 19);
		app_resize(a, 100, 30);
		view_event(a, "{\"ev\":\"modes\",\"mouse\":1000}");
		clicked_row = -1;
		click(a, 5, 7); /* the session's, in its own rows */
		assert_int_equal(clicked_row, at[i] == STATUS_TOP ? 4 : 5);
		app_draw(a);
		click(a, row, 98);
		assert_string_equal(app_top(a)->name, "menu");
		press(a, "Escape");
		app_draw(a);
		click(a, row, 30);
		assert_string_equal(attached, "a2");
		app_resize(a, 100, 3); /* too low for it */
		assert_int_equal(view_rows, 3);
		app_free(a);
	}
}

/* Nothing is typed, by key, paste or mouse, nor is the terminal lent. */
static void
read_only(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	a->attach_mode |= VIEW_READ_ONLY;
	attach_show(a, "b1", NULL);
	assert_int_equal(view_modes, VIEW_ATTACH | VIEW_READ_ONLY);
	view_event(
		a, "{\"ev\":\"open\",\"id\":\"b1\",\"name\":\"flaky-ci\",\"state\":\"running\"}");
	frame(a, 100, 30, "hello");
	a->now += 5;
	n_typed = 0;
	lent_view = 0;
	press(a, "x Enter");
	assert_int_equal(n_typed, 0);
	assert_true(shows(a, "attached read-only: nothing is typed (^\\ menu)"));
	a->now += 5;
	press(a, "C-\\ \\");
	assert_int_equal(n_typed, 0);
	app_acked(a, attached_view);
	assert_int_equal(lent_view, 0);
	view_event(a, "{\"ev\":\"modes\",\"mouse\":1000}");
	clicked_row = -1;
	click(a, 5, 5);
	assert_int_equal(clicked_row, -1);
	frame(a, 60, 15, "small");
	a->now += 5;
	assert_true(shows(a, "keeps its size of 60x15"));
	app_free(a);
}

static void
tell_activity(struct app *a, size_t which, const char *activity, const char *tag)
{
	json_t *o = fixture_json(&fixture[which]);
	json_object_set_new(o, "activity", json_string(activity));
	if (tag)
		json_object_set_new(o, "tags", json_pack("[s, s]", "x", tag));
	json_t *ev = json_pack("{s:s, s:o}", "ev", "session", "session", o);
	app_event(a, ev);
	json_decref(ev);
}

/* What begins elsewhere is told over the screen one is in: by kind, and never of a quiet one. */
static void
others_are_heard(void **state)
{
	(void)state;
	struct app *a = attached_app("a1");
	const char *name = fixture[2].name;
	char want[100];
	a->notify_by[NOTIFY_PERMISSION] = NOTIFY_BELL;
	a->notify_by[NOTIFY_DONE] = NOTIFY_OSC;
	tell_activity(a, 2, "working", NULL);
	bells = 0;
	notified[0] = 0;
	tell_activity(a, 2, "permission", NULL);
	snprintf(want, sizeof want, "%s needs you: ", name);
	assert_true(shows(a, want));
	assert_int_equal(bells, 1);
	a->now += 5;
	tell_activity(a, 2, "done", NULL);
	assert_string_equal(notified, name);
	assert_int_equal(bells, 1);
	a->now += 5;
	tell_activity(a, 2, "error", NULL); /* no sound is wanted for it, but it needs one */
	assert_true(shows(a, want));
	assert_int_equal(bells, 1);
	a->now += 5;
	tell_activity(a, 2, "working", "quiet");
	tell_activity(a, 2, "permission", "quiet");
	assert_int_equal(bells, 1);
	snprintf(want, sizeof want, "%s needs you: ", name);
	assert_false(shows(a, want));
	tell_activity(a, 2, "working", "quieter"); /* another tag */
	tell_activity(a, 2, "permission", "quieter");
	assert_int_equal(bells, 2);
	app_free(a);
}

/* Memory that grows is told once; and a session that asks again and again is not heard each time. */
static void
no_session_is_heard_all_the_time(void **state)
{
	(void)state;
	struct app *a = attached_app("a1");
	static const char *const growth[] = {"flat", "fast", "fast", "burst"};
	notified[0] = 0;
	bells = 0;
	a->notify_by[NOTIFY_GROWING] = NOTIFY_OSC;
	a->notify_by[NOTIFY_PERMISSION] = NOTIFY_BELL;
	a->notify_by[NOTIFY_LIMITED] = NOTIFY_BELL;
	for (size_t i = 0; i < ARRAY_LEN(growth); i++) {
		json_t *o = fixture_json(&fixture[2]);
		json_object_set_new(o, "growth", json_string(growth[i]));
		json_t *ev = json_pack("{s:s, s:o}", "ev", "session", "session", o);
		assert_string_equal(notified, "");
		app_event(a, ev);
		json_decref(ev);
		if (i == 1) {
			assert_string_equal(notified, fixture[2].name);
			assert_true(shows(a, "its memory grows"));
			notified[0] = 0;
		}
	}
	for (int i = 0; i < 20; i++) {
		tell_activity(a, 2, "working", NULL);
		tell_activity(a, 2, i % 2 ? "limited" : "permission", NULL);
	}
	assert_int_equal(bells, NOTICES_MAX - 1);
	tell_activity(a, 3, "working", NULL);
	tell_activity(a, 3, "permission", NULL); /* another one */
	assert_int_equal(bells, NOTICES_MAX);
	a->now += NOTICES_S;
	tell_activity(a, 2, "working", NULL);
	tell_activity(a, 2, "limited", NULL);
	assert_int_equal(bells, NOTICES_MAX + 1);
	tell_activity(a, 0, "working", NULL); /* the one that one is in */
	tell_activity(a, 0, "permission", NULL);
	assert_int_equal(bells, NOTICES_MAX + 1);
	app_free(a);
}

/* All keys, asked for in the menu, begin with the menu's; over a session that ended, with its own. */
static void
help_begins_where_one_is(void **state)
{
	(void)state;
	struct app *a = attached_app("b1");
	press(a, "C-\\ ?");
	assert_string_equal(app_top(a)->name, "text");
	assert_true(shows(a, "\n  Inside a session, after its prefix key"));
	assert_false(shows(a, "A session that sleeps or has ended"));
	press(a, "Escape");
	assert_string_equal(app_top(a)->name, "attach");
	press(a, "C-\\ : 'help' Enter"); /* by name too */
	assert_true(shows(a, "\n  Inside a session, after its prefix key"));
	assert_false(shows(a, "A session that sleeps or has ended"));
	app_free(a);
}

static void
the_end_leaves_ways_on(void **state)
{
	(void)state;
	struct app *a = attached_app("b1");
	view_event(a, "{\"ev\":\"state\",\"state\":\"exited\",\"exit_code\":7,\"exit_signal\":0}");
	assert_true(shows(a, "flaky-ci ended with exit code 7   Enter starts it again   d back"));
	assert_null(app_plain(a));
	n_typed = 0;
	press(a, "Enter");
	assert_int_equal(n_typed, 0);
	assert_string_equal(last_asked()->verb, "resume");
	view_event(a, "{\"ev\":\"state\",\"state\":\"running\"}");
	assert_false(shows(a, "ended"));
	view_event(a, "{\"ev\":\"state\",\"state\":\"asleep\"}");
	assert_true(shows(a, "flaky-ci is asleep and holds no memory   Enter wakes it"));
	press(a, "d");
	assert_string_equal(app_top(a)->name, "list");
	app_free(a);
}

/* The server goes and comes back: its reason is shown, the view is opened anew. */
static void
the_connection_comes_back(void **state)
{
	(void)state;
	struct app *a = attached_app("b1");
	uint32_t before = attached_view;
	press(a, "C-\\ [");
	assert_string_equal(app_top(a)->name, "back");
	app_connection(a, false, "the server is replaced by a newer one");
	assert_true(shows(a, "the server is replaced by a newer one"));
	app_connection(a, true, "");
	assert_string_equal(app_top(a)->name, "attach");
	assert_true(attached_view > before);
	struct grid g;
	assert_false(app_paint(a, &g));
	frame(a, 100, 30, "again");
	assert_true(shows(a, "connected again"));
	app_free(a);
}

static void
looking_back_holds_the_place(void **state)
{
	(void)state;
	struct app *a = attached_app("b1");
	view_event(a, "{\"ev\":\"scroll\",\"back\":0,\"rows\":500}");
	struct input_event up = {.type = INPUT_MOUSE, .button = 64};
	app_input(a, &up);
	assert_string_equal(app_top(a)->name, "back");
	assert_int_equal(scrolled, 3);
	view_event(a, "{\"ev\":\"scroll\",\"back\":3,\"rows\":1500}");
	assert_true(shows(a, "back 3/1,500"));
	press(a, "PgUp");
	assert_int_equal(scrolled, 31);
	press(a, "/ 'fox'");
	assert_string_equal(last_asked()->verb, "search");
	assert_non_null(strstr(last_asked()->args, "\"id\":\"b1\""));
	struct buf b = {0};
	app_dump(a, &b);
	assert_non_null(strstr(buf_cstr(&b), "views list attach back find"));
	assert_non_null(strstr(buf_cstr(&b), "back: looking, text \"fox\", 0 hits, looking"));
	assert_non_null(strstr(buf_cstr(&b), "attach: flaky-ci, mouse 0"));
	buf_free(&b);
	press(a, "Escape q");
	assert_string_equal(app_top(a)->name, "attach");
	assert_int_equal(cancelled, streamed);
	app_check(a);
	app_free(a);
}

/* A session of another size: what fits, where it ends, and why. */
static void
another_size(void **state)
{
	(void)state;
	struct app *a = attached_app("b1");
	frame(a, 60, 15, "small");
	assert_null(app_plain(a));
	assert_true(shows(a, "sized 60x15 by another terminal; type to take over"));
	frame(a, 300, 90, "large");
	assert_null(app_plain(a));
	struct grid g;
	assert_true(app_paint(a, &g));
	assert_int_equal(g.cols, 100);
	assert_int_equal(g.rows, 30);
	app_free(a);
}

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(1 << 26);
	return arena ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_way_back_is_seen),
		cmocka_unit_test(the_screen_is_the_frame),
		cmocka_unit_test(text_lends_the_terminal),
		cmocka_unit_test(the_menu_acts_on_this_session),
		cmocka_unit_test(not_in_itself),
		cmocka_unit_test(inside_another_says_where),
		cmocka_unit_test(the_way_out_is_named),
		cmocka_unit_test(a_status_line),
		cmocka_unit_test(read_only),
		cmocka_unit_test(others_are_heard),
		cmocka_unit_test(no_session_is_heard_all_the_time),
		cmocka_unit_test(help_begins_where_one_is),
		cmocka_unit_test(the_end_leaves_ways_on),
		cmocka_unit_test(the_connection_comes_back),
		cmocka_unit_test(looking_back_holds_the_place),
		cmocka_unit_test(another_size),
	};
	(void)click;
	(void)answer;
	(void)screen_is;
	(void)detach;
	return cmocka_run_group_tests(tests, setup, teardown);
}
