#include "fixture.h"
#include "sessions/proc/proctree.h"
#include "tui/model/list_plan.h"
#include <math.h>
#include <sys/resource.h>

static void
groups_and_order(void **state)
{
	struct app *a = fixture_app(100, 30, 23);
	struct model *m = &a->m;
	(void)state;
	static const size_t sizes[] = {2, 6, 11, 4}; /* lost sleeps too */
	assert_int_equal(m->n_sections, 4);
	for (size_t g = 0; g < 4; g++) {
		assert_int_equal(m->section[g].group, g);
		assert_int_equal(m->section[g].n, sizes[g]);
	}
	assert_int_equal(m->n_needs, 2);
	const struct section *idle = &m->section[GR_IDLE];
	assert_string_equal(m->shown[0]->name, "docs-i18n");	       /* waits longest */
	assert_string_equal(m->shown[idle->first]->name, "old-spike"); /* memory x idle */
	for (size_t i = idle->first + 1; i < idle->first + idle->n; i++) {
		const struct msess *p = m->shown[i - 1], *q = m->shown[i];
		assert_true((double)p->footprint * floor(msess_idle(p, NOW) / 60 + 1) >=
			    (double)q->footprint * floor(msess_idle(q, NOW) / 60 + 1));
	}
	app_free(a);
}

static void
sums(void **state)
{
	struct app *a = fixture_app(100, 30, 23);
	struct model_sums t = model_sums(&a->m);
	(void)state;
	assert_int_equal(t.running, 19);
	assert_int_equal(t.closable, 5);
	assert_int_equal(t.closable_bytes >> 20, 1946 + 803 + 610 + 522 + 398);
	assert_true(t.growing);
	assert_int_equal((long)(t.growth_bytes_per_h / 1048576), 630);
	app_free(a);
}

static void
selection_survives(void **state)
{
	struct app *a = fixture_app(100, 30, 23);
	struct model *m = &a->m;
	(void)state;
	model_select(m, "c2");
	json_t *o = fixture_json(&fixture[9]);
	json_object_set_new(o, "activity", json_string("permission"));
	json_t *ev = json_pack("{s:s, s:o}", "ev", "session", "session", o);
	app_event(a, ev); /* it moves to another group; the selection goes with it */
	json_decref(ev);
	assert_string_equal(m->sel, "c2");
	assert_int_equal(msess_group(model_selected(m)), GR_NEEDS);
	long at = model_index(m, "c2");
	const char *next = m->shown[at + 1]->id;
	char want[16];
	snprintf(want, sizeof want, "%s", next);
	ev = json_pack("{s:s, s:s}", "ev", "gone", "id", "c2");
	app_event(a, ev); /* what goes leaves the selection on its neighbour */
	json_decref(ev);
	assert_string_equal(m->sel, want);
	assert_null(model_find(m, "c2"));
	app_free(a);
}

static void
filters(void **state)
{
	struct app *a = fixture_app(100, 30, 23);
	(void)state;
	snprintf(a->m.filter, sizeof a->m.filter, "docs idle");
	app_changed(a);
	assert_int_equal(a->m.n_shown, 1);
	assert_string_equal(a->m.shown[0]->name, "i18n-try2");
	snprintf(a->m.filter, sizeof a->m.filter, "FLAKY");
	app_changed(a);
	assert_int_equal(a->m.n_shown, 1);
	snprintf(a->m.filter, sizeof a->m.filter, "nothing-like-it");
	app_changed(a);
	assert_int_equal(a->m.n_shown, 0);
	a->m.filter[0] = 0;
	app_changed(a);
	assert_int_equal(a->m.n_shown, 23);
	app_free(a);
}

/* What a program inside prints must not reach the outer terminal through a list. */
static void
foreign_text_is_cleaned(void **state)
{
	struct app *a = fixture_app(100, 30, 1);
	(void)state;
	json_t *o = json_pack("{s:s, s:s, s:s, s:s}", "id", "a1", "name", "x\x1b[31my", "state",
		"running", "last_line",
		"a\xe2\x80\xae"
		"b\x07");
	struct msess *s = model_put(&a->m, o, NOW);
	json_decref(o);
	assert_null(strchr(s->name, 27));
	assert_null(strchr(s->wants, 7));
	assert_null(strstr(s->wants, "\xe2\x80\xae"));
	/* a reply of another shape is no session, and harms nothing */
	o = json_pack("{s:i, s:s}", "id", 4, "name", "n");
	assert_null(model_put(&a->m, o, NOW));
	json_decref(o);
	app_free(a);
}

/* Whatever the height: no line too many, and the selected session is always there. */
static void
plan_holds_selection(void **state)
{
	struct app *a = fixture_app(100, 30, 23);
	struct plan_line line[64];
	(void)state;
	a->m.show_ended = true;
	for (size_t sel = 0; sel < a->m.n_shown; sel++) {
		model_select(&a->m, a->m.shown[sel]->id);
		for (size_t k = 2; k < 80; k++) {
			size_t h = k / 2, seen = 0, hidden = 0, shown = 0;
			bool asks = k % 2;
			size_t n = list_plan(&a->m, h, asks, line);
			assert_true(n <= h);
			for (size_t i = 0; i < n; i++) {
				bool row = line[i].kind == LINE_SESSION;
				bool needs = row && line[i].section == 0;
				if (asks && needs &&
					i + 1 < h) { /* what it asks is never left out */
					assert_int_equal(line[i + 1].kind, LINE_ASKS);
					assert_int_equal(line[i + 1].index, line[i].index);
				}
				if (line[i].kind == LINE_ASKS)
					continue;
				seen += row && line[i].index == sel;
				shown += row;
				hidden += row ? 0 : line[i].index;
			}
			assert_int_equal(seen, 1);
			if (h >= 29) {
				assert_int_equal(shown, 23);
				assert_int_equal(hidden, 0);
			}
		}
	}
	app_free(a);
}

static void
columns_drop_in_order(void **state)
{
	bool rate = true, spark = true, project = true;
	(void)state;
	for (int w = 220; w >= 40; w--) {
		struct plan_columns c = list_columns(w, 14, 12, false);
		assert_true(c.wants.x + c.wants.w <= w);
		assert_true(c.mem.x + c.mem.w <= w);
		assert_true(c.rate.x + c.rate.w <= w);
		/* below 100 columns what is wanted has a line of its own; above it, and below, the
		 * rate goes first, then the trend, then the project */
		assert_int_equal(c.wants.w > 0, w >= 100);
		if (w == 99)
			rate = spark = project = true;
		assert_true(rate || !c.rate.w);
		assert_true(spark || !c.spark.w);
		assert_true(project || !c.project.w);
		rate = c.rate.w;
		spark = c.spark.w;
		project = c.project.w;
		assert_true(!rate || spark);
		assert_true(!spark || project);
	}
	assert_false(project);
}

/* Beside a preview what is wanted comes first: it is dropped last. */
static void
columns_beside_a_preview(void **state)
{
	(void)state;
	for (int w = 130; w >= 77; w--) {
		struct plan_columns c = list_columns(w, 14, 12, true);
		assert_true(c.wants.w >= W_WANTS_SIDE);
		assert_true(c.wants.x + c.wants.w < w);
		assert_int_equal(c.asks, w < 100);
	}
	assert_int_equal(list_columns(77, 14, 12, true).project.w, 0);
	assert_true(list_columns(130, 14, 12, true).rate.w > 0);
}

/* What a line of a screen says, without the box around it and the sign that turns. */
static void
wants_is_content(void **state)
{
	static const struct {
		const char *line, *want;
	} cases[] = {
		{"│ Do you want to proceed? │", "Do you want to proceed?"},
		{"✻ Verifying… (42s · esc to interrupt)", "Verifying…"},
		{"⏵⏵ accept edits on (shift+tab to cycle)", "before"},
		{"(3s · esc to interrupt)", "before"},
		{"╰──────────────╯", "before"},
		{"⠋", "before"},
		{"  ", "before"},
		{"> fix the", "> fix the"},
		{"漢字", "漢字"},
		{"u@box:~$", "u@box:~$"},
	};
	struct app *a = fixture_app(100, 30, 3);
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		static const char *const lines[] = {"before", NULL};
		for (int k = 0; k < 2; k++) {
			json_t *o = fixture_json(&fixture[2]);
			json_object_set_new(
				o, "last_line", json_string(lines[k] ? lines[k] : cases[i].line));
			model_put(&a->m, o, NOW + 10 * (double)i + 2 * k);
			json_decref(o);
		}
		assert_string_equal(model_find(&a->m, "b1")->wants, cases[i].want);
	}
	app_free(a);
}

/* It changes once a second at most, and never stays behind; a question is shown at once. */
static void
wants_is_calm(void **state)
{
	struct app *a = fixture_app(100, 30, 3);
	struct msess *s = model_find(&a->m, "b1");
	char line[32];
	int changes = 0;
	(void)state;
	char was[64];
	snprintf(was, sizeof was, "%s", s->wants);
	for (int i = 0; i < 100; i++) { /* ten a second for ten seconds */
		json_t *o = fixture_json(&fixture[2]);
		snprintf(line, sizeof line, "step %d", i);
		json_object_set_new(o, "last_line", json_string(line));
		model_put(&a->m, o, NOW + 5 + i * 0.1);
		model_settle(&a->m, NOW + 5 + i * 0.1);
		json_decref(o);
		changes += strcmp(was, s->wants) != 0;
		snprintf(was, sizeof was, "%s", s->wants);
	}
	assert_in_range(changes, 9, 11);
	assert_true(model_next_change(&a->m, NOW + 15) < 1.1);
	model_settle(&a->m, NOW + 17);
	assert_string_equal(s->wants, "step 99");
	json_t *o = fixture_json(&fixture[2]);
	json_object_set_new(o, "last_line", json_string("one"));
	model_put(&a->m, o, NOW + 20);
	json_object_set_new(o, "activity", json_string("question"));
	json_object_set_new(o, "last_line", json_string("Which?"));
	model_put(&a->m, o, NOW + 20.1);
	json_decref(o);
	assert_string_equal(s->wants, "Which?");
	app_free(a);
}

static void
told_activity(struct app *a, const char *act, const char *source, double at)
{
	json_t *o = fixture_json(&fixture[5]);
	json_object_set_new(o, "activity", json_string(act));
	json_object_set_new(o, "activity_source", json_string(source));
	model_put(&a->m, o, NOW + at);
	model_settle(&a->m, NOW + at);
	json_decref(o);
}

/* A state that is only guessed is left after half a minute; what is known counts at once. */
static void
guesses_are_calm(void **state)
{
	struct app *a = fixture_app(100, 30, 6);
	const struct msess *s = model_find(&a->m, "b4");
	int hops = 0;
	(void)state;
	told_activity(a, "idle", "output", 0);
	assert_int_equal(s->act, ACT_IDLE);
	enum activity was = s->act;
	for (int i = 0; i < 100; i++) { /* prints for two seconds, every five */
		told_activity(a, i % 2 ? "idle" : "working", "output", 100 + i * 2.5);
		hops += s->act != was;
		was = s->act;
	}
	assert_in_range(hops, 1, 9);
	told_activity(a, "working", "output", 500);
	assert_int_equal(s->act, ACT_WORKING);
	told_activity(a, "idle", "output", 501);
	assert_int_equal(s->act, ACT_WORKING);
	assert_true(model_next_change(&a->m, NOW + 501) < 30);
	assert_true(model_settle(&a->m, NOW + 530.1)); /* it did stop */
	assert_int_equal(s->act, ACT_IDLE);
	told_activity(a, "permission", "osc7501", 531);
	assert_int_equal(s->act, ACT_PERMISSION);
	told_activity(a, "working", "osc7501", 531.5);
	assert_int_equal(s->act, ACT_WORKING);
	told_activity(a, "idle", "output", 532); /* said no more: a guess takes its place */
	assert_int_equal(s->act, ACT_IDLE);
	app_free(a);
}

static void
time_passes(void **state)
{
	struct app *a = fixture_app(100, 30, 2);
	(void)state;
	/* idle 250 s and 680 s: the next minute is full after 40 s (11m 20s -> 12m) */
	assert_float_equal(model_next_change(&a->m, NOW), 40.01, 0.02);
	app_free(a);
	a = fixture_app(100, 30, 0);
	assert_true(isinf(model_next_change(&a->m, NOW)));
	assert_true(isinf(app_next_change(a))); /* nothing changes: nothing wakes */
	app_free(a);
}

/* By its environment or, where that was thrown away, by the limit it was started with. */
static void
knows_where_it_is(void **state)
{
	struct rlimit was, l;
	(void)state;
	unsetenv("MUSTER_SESSION");
	assert_false(inside_session("0badcafe"));
	setenv("MUSTER_SESSION", "0badcafe", 1);
	assert_true(inside_session("0badcafe"));
	assert_false(inside_session("0badcaff"));
	unsetenv("MUSTER_SESSION");
	assert_int_equal(getrlimit(RLIMIT_LOCKS, &was), 0);
	l = was;
	l.rlim_cur = proc_mark("0badcafe");
	if (setrlimit(RLIMIT_LOCKS, &l) < 0)
		skip(); /* a lower limit than any mark is set */
	assert_true(inside_session("0badcafe"));
	assert_false(inside_session("0badcaff"));
	assert_false(inside_session("b1"));
	setrlimit(RLIMIT_LOCKS, &was);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_and_order),
		cmocka_unit_test(sums),
		cmocka_unit_test(selection_survives),
		cmocka_unit_test(filters),
		cmocka_unit_test(foreign_text_is_cleaned),
		cmocka_unit_test(plan_holds_selection),
		cmocka_unit_test(columns_drop_in_order),
		cmocka_unit_test(columns_beside_a_preview),
		cmocka_unit_test(wants_is_content),
		cmocka_unit_test(wants_is_calm),
		cmocka_unit_test(guesses_are_calm),
		cmocka_unit_test(time_passes),
		cmocka_unit_test(knows_where_it_is),
	};
	(void)press;
	(void)click;
	(void)answer;
	(void)last_asked;
	(void)screen_is;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
