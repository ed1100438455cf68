/* The form of a new session: keys, long prompts, and what stays in sight at any size. */
#include "fixture.h"
#include <sys/stat.h>
#include <unistd.h>

static void
new_session_form(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	press(a, "n C-u '/tmp/' Tab Right Tab 'say \"a b\" c' Tab 'hello there' Tab 'fox' Enter");
	assert_string_equal(last_asked()->verb, "new");
	json_t *o = json_loads(last_asked()->args, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(o, "cwd")), "/tmp/");
	assert_string_equal(json_string_value(json_object_get(o, "profile")), "codex");
	assert_string_equal(json_string_value(json_object_get(o, "name")), "fox");
	assert_string_equal(json_string_value(json_object_get(o, "prompt")), "hello there");
	json_t *argv = json_object_get(o, "argv");
	assert_int_equal(json_array_size(argv), 4);
	assert_string_equal(json_string_value(json_array_get(argv, 2)), "a b");
	json_decref(o);
	answer(a, "new", "{\"id\":\"ff\",\"name\":\"fox\"}");
	assert_string_equal(attached, "ff");
	detach(a);
	assert_string_equal(app_top(a)->name, "list");
	app_free(a);
}

/* A directory may be another machine's, as sessions are: box:/srv/x. */
static void
a_session_elsewhere(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	fake_machines = true;
	press(a, "n");
	assert_true(shows(a, "your home on far"));
	press(a, "C-u 'far:/srv/x'");
	assert_true(shows(a, "on far: cd /srv/x && "));
	press(a, "Right");
	assert_true(shows(a, "directories of far are not known here"));
	press(a, "C-b");
	fake_machines = false;
	assert_non_null(strstr(last_asked()->args, "\"host\":\"far\""));
	assert_non_null(strstr(last_asked()->args, "\"cwd\":\"/srv/x\""));
	/* a name that is of no machine is a directory of here */
	press(a, "Escape n C-u 'far:/srv/x' C-b");
	assert_null(strstr(last_asked()->args, "\"host\""));
	app_free(a);
}

static char edited[64];

static void
fake_edit(void *ctx, const char *text, size_t n)
{
	(void)ctx;
	snprintf(edited, sizeof edited, "%.*s", (int)n, text);
}

/* Tab moves wherever one is, Right completes, and a prompt has as many lines as it needs. */
static void
the_form_takes_long_prompts(void **state)
{
	static const char lines[] = "one\r\ntwo\r\tthree\nfour";
	char dir[] = "/tmp/muster-form-XXXXXX", sub[64];
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(sub, sizeof sub, "%s/only-one", dir);
	assert_int_equal(mkdir(sub, 0700), 0);
	struct app *a = fixture_app(100, 30, 23);
	a->ops.edit = fake_edit;
	press(a, "n C-u");
	struct input_event ev = {
		.type = INPUT_PASTE, .bytes = (const uint8_t *)sub, .len = strlen(dir) + 3};
	app_input(a, &ev);
	press(a, "Tab"); /* not before the directory is whole: it moves */
	press(a, "BTab Right");
	snprintf(sub, sizeof sub, "%s/only-one/", dir);
	assert_true(shows(a, sub));
	press(a, "Right");
	assert_true(shows(a, sub));
	press(a, "Tab Tab Tab 'do: '");
	ev = (struct input_event){
		.type = INPUT_PASTE, .bytes = (const uint8_t *)lines, .len = sizeof lines - 1};
	app_input(a, &ev);
	assert_true(shows(a, "do: one"));
	assert_true(shows(a, "[4 lines pasted]"));
	assert_true(shows(a, " four"));
	press(a, "S-Enter 'five' Up Up Up Up Up"); /* up and out at the first line */
	assert_false(shows(a, "lines pasted"));
	assert_true(shows(a, "line 1 of 5")); /* of which three are seen from another field */
	press(a, "Down C-e");
	assert_string_equal(edited, "do: one\ntwo\n\tthree\nfour\nfive");
	app_edited(a, "a\nb\n", 4);
	press(a, "Enter");
	json_t *o = json_loads(last_asked()->args, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(o, "prompt")), "a\nb");
	assert_string_equal(json_string_value(json_object_get(o, "cwd")), sub);
	json_decref(o);
	rmdir(sub);
	rmdir(dir);
	app_free(a);
}

/* Both ways to go on, and the field one is in, are in sight at any size. */
static void
the_form_keeps_its_buttons(void **state)
{
	static const int odd[][2] = {{20, 5}, {24, 6}, {40, 10}, {60, 12}, {100, 30}, {400, 120}};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		struct app *a = fixture_app(odd[i][0], odd[i][1], 23);
		press(a, "n Tab Tab Tab 'prompt' S-Enter 'more' Tab 'nom'");
		assert_true(shows(a, "nom"));
		assert_true(shows(a, "^B"));
		assert_true(shows(a, "Go") || shows(a, "Create"));
		press(a, "BTab");
		assert_true(shows(a, "more"));
		app_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_session_form),
		cmocka_unit_test(a_session_elsewhere),
		cmocka_unit_test(the_form_takes_long_prompts),
		cmocka_unit_test(the_form_keeps_its_buttons),
	};
	(void)click;
	(void)screen_is;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
