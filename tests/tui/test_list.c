/* The list's own ways: sections and folds, tags, notes and the archive, the wall and wide screens. */
#include "fixture.h"
#include "tui/view/list.h"

static void
put(struct app *a, const char *id, const char *key, json_t *take_value)
{
	for (size_t i = 0; i < ARRAY_LEN(fixture); i++) {
		if (strcmp(fixture[i].id, id) != 0)
			continue;
		json_t *o = fixture_json(&fixture[i]);
		json_object_set_new(o, key, take_value);
		json_t *ev = json_pack("{s:s, s:o}", "ev", "session", "session", o);
		app_event(a, ev);
		json_decref(ev);
	}
}

static int
item_at(struct app *a, int from, int to, int *row, int *col)
{
	app_draw(a);
	for (int i = 0; i < a->d.n_hits; i++) {
		const struct hit *h = &a->d.hits[i];
		if (h->kind != HIT_ITEM || h->index < from || h->index >= to)
			continue;
		*row = h->y;
		*col = h->x + h->w / 2;
		return h->index;
	}
	return -1;
}

/* By project, by tag, by state again; whoever needs you stands above all of it. */
static void
groups_by_project_and_tag(void **state)
{
	(void)state;
	struct app *a = fixture_app(120, 60, 23);
	press(a, "b");
	screen_is(a, "projects.120x60", false);
	assert_int_equal(a->m.section[0].group, GR_NEEDS);
	assert_string_equal(a->m.section[1].title, "/srv/u");
	for (size_t k = 2; k < a->m.n_sections; k++)
		assert_true(strcmp(a->m.section[k - 1].title, a->m.section[k].title) < 0);
	put(a, "c1", "tags", json_pack("[s, s]", "review", "late"));
	put(a, "b1", "tags", json_pack("[s]", "ci"));
	press(a, "b");
	assert_true(shows(a, "#ci 1"));
	assert_true(shows(a, "#review 1"));
	assert_true(shows(a, "old-spike #review #late"));
	assert_string_equal(a->m.section[a->m.n_sections - 1].title, ""); /* no tag: last */
	press(a, "/ '#review' Enter");
	assert_int_equal(a->m.n_shown, 1);
	press(a, "Escape b");
	assert_int_equal(a->m.by, BY_STATE);
	assert_true(shows(a, "WORKING 6"));
	app_free(a);
}

/* A folded section is one line for the cursor; its sessions are safe from what keys do. */
static void
sections_fold(void **state)
{
	int row = 0, col = 0;
	(void)state;
	struct app *a = fixture_app(120, 60, 23);
	model_select(&a->m, "b3");
	press(a, "h");
	screen_is(a, "folded.120x60", false);
	assert_false(shows(a, "flaky-ci"));
	press(a, "k");
	assert_int_equal(model_index(&a->m, a->m.sel), 1);
	press(a, "j j"); /* over the head, not through what is under it */
	assert_string_equal(a->m.sel, "c1");
	press(a, "k");
	assert_non_null(model_folded(&a->m));
	n_asked = 0;
	press(a, "z X t");
	assert_int_equal(n_asked, 0);
	assert_string_equal(app_top(a)->name, "list");
	assert_true(shows(a, "6 sessions are folded here (l opens them)"));
	press(a, "l");
	assert_true(shows(a, "flaky-ci"));
	assert_null(model_folded(&a->m));
	int k = item_at(a, PICK_SECTION + 2, PICK_SECTION + 3, &row, &col);
	assert_int_equal(k, PICK_SECTION + 2);
	click(a, row, col);
	assert_false(shows(a, "old-spike"));
	press(a, "/ 'spike'"); /* what one looks for is seen all the same */
	assert_true(shows(a, "old-spike"));
	press(a, "Escape");
	assert_false(shows(a, "old-spike"));
	assert_string_equal(a->preview.id, ""); /* nor is one of them looked at */
	model_select(&a->m, "a1");
	press(a, "h");
	assert_true(shows(a, "never folded away"));
	app_check(a);
	app_free(a);
}

/* The next dashboard begins as this one was left; a file that someone else wrote does no harm. */
static void
habits_are_kept(void **state)
{
	struct buf kept = {0}, again = {0};
	(void)state;
	struct app *a = fixture_app(120, 60, 23);
	model_select(&a->m, "b3");
	press(a, "h b");
	press(a, "h o");
	model_habits(&a->m, &kept);
	app_free(a);
	a = fixture_app(120, 60, 23);
	model_take_habits(&a->m, buf_cstr(&kept));
	app_changed(a);
	model_habits(&a->m, &again);
	assert_string_equal(buf_cstr(&again), buf_cstr(&kept));
	assert_int_equal(a->m.by, BY_PROJECT);
	assert_int_equal(a->m.n_folds, 2);
	press(a, "b b"); /* over tags to states */
	assert_false(shows(a, "flaky-ci"));
	model_take_habits(&a->m, "group 9\nsort -1\nfold 7 x\nfold\nwhat\n\nfold 0 ");
	for (int i = 0; i < 2 * FOLDS_MAX; i++)
		model_take_habits(&a->m, "fold 1 /x\n");
	assert_int_equal(a->m.by, BY_STATE);
	app_changed(a);
	app_check(a);
	app_free(a);
	buf_free(&kept);
	buf_free(&again);
}

/* However sections are folded and grouped: the plan fits, and the cursor is on one of its lines. */
static void
folds_at_any_size(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 23);
	for (int i = 0; i < 60; i++) {
		static const char *const keys[] = {"h", "j j j", "b", "l", "k", "G h", "g j j h"};
		press(a, keys[i % ARRAY_LEN(keys)]);
		app_resize(a, 20 + i * 3, 4 + i % 40);
		app_draw(a);
		app_check(a);
		assert_true(model_index(&a->m, a->m.sel) >= 0);
	}
	app_free(a);
}

static void
heads_sort(void **state)
{
	int row = 0, col = 0;
	(void)state;
	struct app *a = fixture_app(120, 40, 23);
	assert_true(item_at(a, PICK_HEAD + SORT_MEM, PICK_HEAD + SORT_MEM + 1, &row, &col) > 0);
	click(a, row, col);
	assert_int_equal(a->m.sort, SORT_MEM);
	assert_true(shows(a, "sort: memory"));
	app_draw(a);
	click(a, row, col);
	assert_int_equal(a->m.sort, SORT_DEFAULT);
	app_free(a);
}

/* Archived ones are out of sight until they need their user. */
static void
archive_hides_until_needed(void **state)
{
	(void)state;
	struct app *a = fixture_app(120, 40, 23);
	model_select(&a->m, "c1");
	press(a, "A");
	assert_string_equal(last_asked()->verb, "archive");
	assert_string_equal(last_asked()->args, "{\"archived\":true,\"ids\":[\"c1\"]}");
	a->now += 5;
	put(a, "c1", "archived", json_true());
	assert_false(shows(a, "old-spike"));
	assert_true(shows(a, "1 archived (a)"));
	press(a, "a");
	assert_true(shows(a, "ARCHIVED 1"));
	model_select(&a->m, "c1");
	press(a, "A");
	assert_string_equal(last_asked()->args, "{\"archived\":false,\"ids\":[\"c1\"]}");
	press(a, "a");
	json_t *o = fixture_json(&fixture[8]);
	json_object_set_new(o, "archived", json_true());
	json_object_set_new(o, "activity", json_string("permission"));
	a->now += 5;
	json_t *ev = json_pack("{s:s, s:o}", "ev", "session", "session", o);
	app_event(a, ev);
	json_decref(ev);
	assert_true(shows(a, "NEEDS YOU 3"));
	assert_true(shows(a, "old-spike"));
	app_free(a);
}

/* Marks serve every command; one request for all of them. */
static void
marks_and_notes(void **state)
{
	(void)state;
	struct app *a = fixture_app(120, 40, 23);
	model_select(&a->m, "c1");
	press(a, "v v # 'late' Enter");
	assert_string_equal(last_asked()->verb, "tag");
	assert_string_equal(last_asked()->args, "{\"ids\":[\"c1\",\"c2\"],\"tag\":\"late\"}");
	answer(a, "tag",
		"{\"results\":[{\"id\":\"c1\",\"name\":\"old-spike\",\"ok\":true},"
		"{\"id\":\"c2\",\"name\":\"readme-pass\",\"ok\":false,\"error\":\"too many "
		"tags\"}]}");
	assert_true(shows(a, "readme-pass: too many tags"));
	put(a, "c1", "tags", json_pack("[s]", "late"));
	model_select(&a->m, "c1");
	press(a, ": 'untag late' Enter");
	assert_string_equal(last_asked()->verb, "untag");
	assert_string_equal(last_asked()->args, "{\"ids\":[\"c1\"],\"tag\":\"late\"}");
	press(a, "c 'ask Ann' Enter");
	assert_string_equal(last_asked()->verb, "note");
	assert_string_equal(last_asked()->args, "{\"ids\":[\"c1\"],\"note\":\"ask Ann\"}");
	put(a, "c1", "note", json_string("ask Ann"));
	assert_true(shows(a, "ask Ann"));
	assert_false(shows(a, "Spike finished")); /* the note stands for it */
	put(a, "b1", "note", json_string("until Friday"));
	assert_true(shows(a, "Edit src/queue.c")); /* what works shows its work */
	model_select(&a->m, "c2");
	press(a, ": 'untag' Enter");
	assert_true(shows(a, "readme-pass has no tag"));
	app_free(a);
}

/* What else the server says of a session is in its line. */
static void
lines_say_the_rest(void **state)
{
	(void)state;
	struct app *a = fixture_app(120, 40, 23);
	put(a, "b1", "stopped", json_true());
	assert_true(shows(a, "‖ flaky-ci       ~/w/api    stopped"));
	put(a, "b2", "limited_until", json_real(NOW + 3600));
	assert_true(shows(a, "limited"));
	assert_true(shows(a, "until 23:00  pytest -x"));
	put(a, "c4", "strays", json_integer(2));
	assert_true(shows(a, "2 strays  No more strings"));
	put(a, "c2", "worktree", json_pack("{s:s,s:b}", "branch", "fix/login", "dirty", 1));
	assert_true(shows(a, "[fix/login*] 3 files changed"));
	put(a, "b3", "memory_behind", json_string("docker"));
	assert_true(shows(a, " away "));
	put(a, "b1", "growth_while_working", json_true());
	assert_true(shows(a, "△+410"));
	put(a, "b1", "growth_while_working", json_false());
	assert_true(shows(a, "▲+410"));
	put(a, "c1", "mem_max_bytes", json_integer(2040ll << 20));
	app_draw(a);
	const struct msess *s = model_find(&a->m, "c1");
	assert_int_equal(s->mem_max >> 20, 2040);
	put(a, "a1", "waiting_s", json_real(7200));
	assert_string_equal(a->m.shown[0]->id, "a1"); /* it waits longest by what was said */
	app_free(a);
}

/* --- the wall --------------------------------------------------------------------------------- */

static int
tiles(const struct app *a)
{
	return a->n_beside + (a->preview.id[0] != 0);
}

static void
wall_keys(void **state)
{
	(void)state;
	struct app *a = fixture_app(200, 60, 23);
	press(a, "w");
	app_draw(a);
	assert_string_equal(a->preview.id, "a2"); /* the one that waits longest, in focus */
	int n = tiles(a);
	assert_true(n >= 4);
	press(a, "+");
	app_draw(a);
	assert_int_equal(tiles(a), n + 1);
	press(a, "- - -");
	app_draw(a);
	assert_int_equal(tiles(a), n - 2);
	press(a, "l");
	app_draw(a);
	assert_string_equal(a->preview.id, "a1");
	press(a, "2"); /* digits are for the tile in focus */
	assert_string_equal(last_asked()->verb, "answer");
	assert_non_null(strstr(last_asked()->args, "\"id\":\"a1\""));
	press(a, "h");
	assert_string_equal(a->m.sel, "a2");
	press(a, "l l l l l l l l l l"); /* to the next page, where those after it are */
	app_draw(a);
	assert_true(a->preview.id[0] != 'a');
	press(a, "Enter");
	assert_string_equal(attached, a->m.sel);
	detach(a);
	press(a, "Escape");
	assert_true(shows(a, "NEEDS YOU 2"));
	app_check(a);
	app_free(a);
}

/* Tiles lie apart, in the frame, and never where the others are; at any size and number. */
static void
wall_at_any_size(void **state)
{
	(void)state;
	struct app *a = fixture_app(80, 24, 23);
	press(a, "w");
	for (int i = 0; i < 400; i++) {
		struct preview_place p[TILES_MAX];
		int n = 0;
		app_resize(a, 1 + i * 37 % 420, 1 + i * 13 % 130);
		press(a, i % 7 ? "+" : "- - - - - - - - -");
		press(a, i % 5 ? "l" : "h j");
		app_draw(a);
		app_check(a);
		if (a->preview.id[0])
			p[n++] = a->preview;
		for (int k = 0; k < a->n_beside; k++)
			p[n++] = a->beside[k];
		for (int k = 0; k < n; k++) {
			assert_true(p[k].x >= 0 && p[k].x + p[k].w <= surface_cols(a->d.s));
			assert_true(p[k].y >= 0 && p[k].y + p[k].h <= surface_rows(a->d.s));
			for (int j = 0; j < k; j++)
				assert_true(
					strcmp(p[k].id, p[j].id) != 0 &&
					(p[k].x >= p[j].x + p[j].w || p[j].x >= p[k].x + p[k].w ||
						p[k].y >= p[j].y + p[j].h ||
						p[j].y >= p[k].y + p[k].h));
		}
	}
	app_free(a);
}

/* From 140 columns a preview, from 200 several, from 260 what is known of the selected one. */
static void
wide_screens(void **state)
{
	static const int sizes[][2] = {{140, 40}, {160, 45}, {200, 60}, {260, 60}, {400, 120}};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char file[64];
		struct app *a = fixture_app(sizes[i][0], sizes[i][1], 23);
		app_draw(a);
		if (sizes[i][0] >= 260) {
			answer(a, "footprint",
				"{\"processes\":[{\"pid\":4711,\"role\":\"claude\","
				"\"footprint_bytes\":1036000000},{\"pid\":4733,\"comm\":\"node\","
				"\"footprint_bytes\":252000000}]}");
			answer(a, "events",
				"{\"events\":[{\"t\":1763760000,\"event\":\"started\"},"
				"{\"t\":1763761000,\"event\":\"asked\"}]}");
			answer(a, "history",
				"{\"points\":[{\"t\":1763752000,\"max\":200000000},"
				"{\"t\":1763757000,\"max\":900000000},{\"t\":1763762000,\"max\":"
				"600000000}]}");
		}
		snprintf(file, sizeof file, "wide.%dx%d", sizes[i][0], sizes[i][1]);
		screen_is(a, file, false);
		assert_int_equal(tiles(a) > 1, sizes[i][0] >= 200);
		n_asked = 0;
		app_draw(a); /* nothing is asked twice */
		assert_int_equal(n_asked, 0);
		app_free(a);
	}
}

/* --- nobody has a session yet ----------------------------------------------------------------- */

static void
first_run_starts(void **state)
{
	(void)state;
	struct app *a = fixture_app(100, 30, 0);
	assert_true(shows(a, "1  claude 2.1.4"));
	assert_true(shows(a, "2  codex"));
	assert_true(shows(a, "4  shell"));
	assert_true(shows(a, "not here: opencode, aider"));
	assert_false(shows(a, "MiB")); /* counters are the doctor's */
	press(a, "Enter");
	assert_string_equal(last_asked()->verb, "new");
	assert_string_equal(last_asked()->args,
		"{\"cols\":100,\"cwd\":\"/srv/u/w/api\",\"profile\":\"claude\",\"rows\":30}");
	press(a, "4");
	assert_non_null(strstr(last_asked()->args, "\"profile\":\"shell\""));
	press(a, "Left Left Enter"); /* over what is not here */
	assert_non_null(strstr(last_asked()->args, "\"profile\":\"codex\""));
	int n = n_asked;
	press(a, "9");
	assert_int_equal(n_asked, n);
	answer(a, "new", "{\"id\":\"f1\",\"name\":\"fox\"}");
	assert_string_equal(attached, "f1");
	app_free(a);
}

/* What runs outside is offered only if there is any; one whose conversation is not known cannot come. */
static void
first_run_brings_in(void **state)
{
	static const char none[] = "{\"v\":1,\"processes\":[]}";
	static const char two[] =
		"{\"v\":1,\"processes\":["
		"{\"pid\":7,\"footprint_bytes\":1073741824,\"conversation\":\"c-1\"},"
		"{\"pid\":8,\"footprint_bytes\":1073741824,\"conversation\":\"c-2\"},"
		"{\"pid\":9,\"footprint_bytes\":1073741824}]}";
	(void)state;
	struct app *a = fixture_app(100, 30, 0);
	brought_in = 0;
	first_run_outside(a, none, false);
	assert_false(shows(a, "outside muster"));
	press(a, "i");
	assert_true(shows(a, "no AI CLI runs outside muster"));
	first_run_outside(a, "no json", false);
	first_run_outside(a, two, false);
	assert_true(shows(a, "i  Bring in the 2 that run outside muster (2.0G)"));
	press(a, "i");
	assert_int_equal(brought_in, 1);
	first_run_outside(a, two, true);
	assert_true(shows(a, "2 asleep here: leave them there, then Enter wakes them here"));
	app_free(a);
}

/* It asks nothing of the server, and leaves all as it was. */
static void
the_tour_changes_nothing(void **state)
{
	struct buf before = {0}, after = {0};
	(void)state;
	struct app *a = fixture_app(120, 40, 23);
	model_select(&a->m, "c2");
	app_draw(a);
	surface_dump(a->d.s, &before, true);
	n_asked = 0;
	press(a, ": 'tour' Enter");
	assert_true(shows(a, "One line is one session"));
	assert_true(shows(a, "api-refactor"));
	assert_false(shows(a, "bench-arena"));
	press(a, "Enter 1");
	assert_true(shows(a, "Answered: api-refactor works again."));
	assert_true(shows(a, "WORKING 3"));
	click(a, 12, 10); /* nothing in it is there */
	press(a, "z X R Left");
	assert_true(shows(a, "One line is one session"));
	press(a, "Enter Enter Enter Enter Enter Enter");
	assert_true(shows(a, "Leave whenever you like"));
	press(a, "Enter");
	assert_string_equal(app_top(a)->name, "list");
	assert_int_equal(n_asked, 0);
	assert_string_equal(a->m.sel, "c2");
	a->now += 5; /* what was said of keys has gone */
	app_draw(a);
	surface_dump(a->d.s, &after, true);
	assert_string_equal(buf_cstr(&before), buf_cstr(&after));
	buf_free(&before);
	buf_free(&after);
	app_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_by_project_and_tag),
		cmocka_unit_test(sections_fold),
		cmocka_unit_test(habits_are_kept),
		cmocka_unit_test(folds_at_any_size),
		cmocka_unit_test(heads_sort),
		cmocka_unit_test(archive_hides_until_needed),
		cmocka_unit_test(marks_and_notes),
		cmocka_unit_test(lines_say_the_rest),
		cmocka_unit_test(wall_keys),
		cmocka_unit_test(wall_at_any_size),
		cmocka_unit_test(wide_screens),
		cmocka_unit_test(first_run_starts),
		cmocka_unit_test(first_run_brings_in),
		cmocka_unit_test(the_tour_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
