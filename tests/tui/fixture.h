#ifndef TESTS_TUI_FIXTURE_H
#define TESTS_TUI_FIXTURE_H
/* A dashboard without terminal and server: a fixed model and clock, keys by name, and a record of
 * what it asked for. Each test program includes this once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "fixture_asked.h"
#include "fixture_data.h"

#define NOW 1763762400.0 /* 2025-11-21 22:00 UTC */

static struct app *fixture_live; /* that of a test that failed half way */

static void
fixture_free(struct app *a)
{
	fixture_live = NULL;
	app_free(a);
}
#define app_free fixture_free

static struct app *
fixture_app(int cols, int rows, size_t sessions)
{
	static const char *const programs[] = {
		"claude", "codex", "gemini", "opencode", "aider", "shell"};
	const struct app_config c = {.cols = cols,
		.rows = rows,
		.color = true,
		.prefix = "C-\\",
		.motion = true,
		.base = &view_list};
	setenv("HOME", "/srv/u", 1);
	setenv("TZ", "UTC", 1);
	if (fixture_live)
		fixture_free(fixture_live);
	struct app *a = fixture_live = app_new(&c, &fake_ops);
	assert_non_null(a);
	a->now = NOW;
	snprintf(a->cwd, sizeof a->cwd, "/srv/u/w/api");
	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		snprintf(a->programs[i], sizeof a->programs[0], "%s", programs[i]);
		a->program_found[i] = i < 3 || i == 5;
	}
	a->n_programs = ARRAY_LEN(programs);
	attached[0] = copied[0] = 0;
	quit_called = false;
	told_times = 0;
	json_t *ls = fixture_ls(sessions);
	app_watch(a);
	asked[(n_asked - 1) % 32].cb(a, ls, NULL, "");
	json_decref(ls);
	n_asked = n_typed = 0;
	return a;
}

/* Leaves the session on the whole terminal. */
static void press(struct app *a, const char *keys);
static inline void
detach(struct app *a)
{
	assert_non_null(app_state(a, &view_attach));
	press(a, "C-\\ d");
	assert_null(app_state(a, &view_attach));
}

/* Keys by name, blanks between; a word in quotes is typed letter by letter. */
static void
press(struct app *a, const char *keys)
{
	while (*(keys += strspn(keys, " "))) {
		struct input_event ev = {0};
		char name[32];
		if (*keys == '\'') {
			for (keys++; *keys && *keys != '\''; keys++) {
				ev = (struct input_event){.type = INPUT_KEY, .key = (uint8_t)*keys};
				app_input(a, &ev);
			}
			keys += *keys == '\'';
			continue;
		}
		size_t n = strcspn(keys, " ");
		snprintf(name, sizeof name, "%.*s", (int)n, keys);
		keys += n;
		assert_true(key_parse(name, &ev));
		app_input(a, &ev);
	}
}

static void
click(struct app *a, int row, int col)
{
	struct input_event ev = {.type = INPUT_MOUSE, .button = 0, .row = row, .col = col};
	app_input(a, &ev);
	ev.release = true;
	app_input(a, &ev);
}

/* Answers the last request for verb. */
static void
answer(struct app *a, const char *verb, const char *json)
{
	json_t *o = json_loads(json, 0, NULL);
	assert_non_null(o);
	for (int i = MIN(n_asked, 32); i-- > 0;)
		if (!strcmp(asked[i].verb, verb)) {
			asked[i].cb(a, o, NULL, asked[i].id);
			json_decref(o);
			return;
		}
	fail_msg("nobody asked for %s", verb);
}

static const struct asked *
last_asked(void)
{
	assert_true(n_asked > 0);
	return &asked[(n_asked - 1) % 32];
}

/* Draws and compares with tests/screens/NAME; SCREENS=update writes it instead. */
static void
screen_is(struct app *a, const char *name, bool styles)
{
	char path[512];
	const char *src = getenv("MUSTER_SRC"), *mode = getenv("SCREENS");
	struct buf got = {0}, want = {0};
	app_draw(a);
	surface_dump(a->d.s, &got, styles);
	snprintf(path, sizeof path, "%s/tests/screens/%s.txt", src ? src : ".", name);
	if (mode && !strcmp(mode, "update")) {
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		fwrite(got.data, 1, got.len, f);
		fclose(f);
	}
	FILE *f = fopen(path, "r");
	if (!f)
		fail_msg("no %s (SCREENS=update writes it)", path);
	char part[4096];
	for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
		buf_put(&want, part, n);
	fclose(f);
	if (got.len != want.len || memcmp(got.data, want.data, got.len))
		fail_msg("%s differs; it is\n%s", name, buf_cstr(&got));
	buf_free(&got);
	buf_free(&want);
}

/* Draws, checks, and looks for the text. */
__attribute__((unused)) static bool
shows(struct app *a, const char *text)
{
	struct buf b = {0};
	app_draw(a);
	app_check(a);
	surface_dump(a->d.s, &b, false);
	bool yes = strstr(buf_cstr(&b), text);
	buf_free(&b);
	return yes;
}
#endif
