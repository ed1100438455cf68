#include "fixture.h"
#include "core/text/width.h"

static struct input_event
key(uint32_t cp, unsigned mods, uint32_t shifted)
{
	return (struct input_event){
		.type = INPUT_KEY, .key = cp, .mods = (uint8_t)mods, .shifted = shifted};
}

/* Another action of the same context that this key, a name of actions.def, would be; NULL none. */
static const struct action *
rival(const struct action *act, const char *name)
{
	char word[16];
	for (const struct action *o = act + 1; o < actions + ACTION_COUNT; o++) {
		const char *p = o->keys;
		while (act->contexts & o->contexts && keys_next(&p, word, sizeof word))
			if (!strcmp(word, name))
				return o;
	}
	return NULL;
}

/* Every key is one that can be read, and means one thing wherever it means something. */
static void
no_clash(void **state)
{
	(void)state;
	for (const struct action *act = actions; act < actions + ACTION_COUNT; act++) {
		const char *p = act->keys;
		char name[16];
		struct input_event ev;
		while (keys_next(&p, name, sizeof name)) {
			if (strcmp(name, "1-9") && !key_parse(name, &ev))
				fail_msg("%s: no key \"%s\"", act->name, name);
			const struct action *o = rival(act, name);
			if (o)
				fail_msg("%s and %s: %s", act->name, o->name, name);
		}
	}
}

/* A key means the same however the terminal spells it. */
static void
every_spelling(void **state)
{
	(void)state;
	static const struct {
		uint32_t cp;
		unsigned mods;
		uint32_t shifted;
		enum action_id want;
	} keys[] = {
		{'j', 0, 0, ACTION_DOWN},
		{'j', MOD_NUM, 0, ACTION_DOWN},
		{'g', MOD_SHIFT, 'G', ACTION_BOTTOM}, /* kitty */
		{'?', 0, 0, ACTION_HELP},	      /* legacy */
		{'/', MOD_SHIFT, '?', ACTION_HELP},   /* kitty, US layout */
		{';', MOD_SHIFT, ':', ACTION_PALETTE},
		{'.', MOD_SHIFT, ':', ACTION_PALETTE}, /* another layout */
		{'c', MOD_CTRL, 0, ACTION_QUIT},
		{'7', 0, 0, ACTION_ANSWER},
		{13, 0, 0, ACTION_ATTACH},
		{' ', 0, 0, ACTION_PEEK},
	};
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct input_event ev = key(keys[i].cp, keys[i].mods, keys[i].shifted);
		const struct action *act = keymap_find(C_LIST, &ev);
		assert_non_null(act);
		assert_string_equal(act->name, actions[keys[i].want].name);
	}
	struct input_event ev = key('j', MOD_CTRL, 0);
	assert_null(keymap_find(C_LIST, &ev));
	ev = key('0', 0, 0);
	assert_null(keymap_find(C_LIST, &ev));
}

/* What the list cannot do without, where it stands. */
static void
every_action_is_reachable(void **state)
{
	char label[16], labels[64];
	(void)state;
	for (int i = 0; i < ACTION_COUNT; i++) {
		const struct action *act = &actions[i];
		assert_true(*act->keys || *act->palette);
		assert_true(*act->help && *act->group && act->contexts);
		assert_true(!*act->hint || (act->rank > 0 && *act->keys));
		keymap_label(act, true, label);
		for (const char *p = label; *p; p++)
			assert_true((uint8_t)*p < 0x80); /* --ascii shows no other */
		assert_non_null(keys_labels(act->keys, false, labels));
	}
}

static void
ends_only_by_name(void **state)
{
	(void)state;
	/* no plain key or hang-up ends a session: each action that does asks or is undone */
	static const char *const harmful[] = {"STOP", "FORGET"};
	for (size_t i = 0; i < ARRAY_LEN(harmful); i++) {
		struct app *a = fixture_app(100, 30, 23);
		for (int k = 0; k < ACTION_COUNT; k++)
			if (!strcmp(actions[k].name, harmful[i]))
				app_run_action(a, (enum action_id)k);
		assert_int_equal(n_asked, 0);
		assert_string_equal(app_top(a)->name, "confirm");
		press(a, "Enter"); /* Cancel has the focus */
		assert_int_equal(n_asked, 0);
		assert_string_equal(app_top(a)->name, "list");
		app_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_clash),
		cmocka_unit_test(every_spelling),
		cmocka_unit_test(every_action_is_reachable),
		cmocka_unit_test(ends_only_by_name),
	};
	(void)click;
	(void)answer;
	(void)last_asked;
	(void)screen_is;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
