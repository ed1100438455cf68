#include "fixture.h"
#include "tui/model/list_plan.h"
#include <math.h>

static void
groups_and_order(void **state)
{
	struct app *a = fixture_app(100, 30, 23);
	struct model *m = &a->m;
	(void)state;
	assert_int_equal(m->first[GR_WORKING] - m->first[GR_NEEDS], 2);
	assert_int_equal(m->first[GR_IDLE] - m->first[GR_WORKING], 6);
	assert_int_equal(m->first[GR_ASLEEP] - m->first[GR_IDLE], 11);
	assert_int_equal(m->first[GR_ENDED] - m->first[GR_ASLEEP], 4);	     /* lost sleeps too */
	assert_string_equal(m->shown[0]->name, "docs-i18n");		     /* waits longest */
	assert_string_equal(m->shown[m->first[GR_IDLE]]->name, "old-spike"); /* memory x idle */
	for (size_t i = m->first[GR_IDLE] + 1; i < m->first[GR_ASLEEP]; i++) {
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
		for (size_t h = 1; h < 40; h++) {
			size_t n = list_plan(&a->m, h, line), seen = 0, hidden = 0, shown = 0;
			assert_true(n <= h);
			for (size_t i = 0; i < n; i++) {
				bool row = line[i].kind == LINE_SESSION;
				seen += row && line[i].index == sel;
				shown += row;
				hidden += row ? 0 : line[i].index;
			}
			assert_int_equal(seen, 1);
			if (h >= 27) {
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
	bool wants = true, spark = true, project = true;
	(void)state;
	for (int w = 220; w >= 40; w--) {
		struct plan_columns c = list_columns(w, 14, 12);
		assert_true(c.wants.x + c.wants.w <= w);
		assert_true(c.mem.x + c.mem.w <= w);
		assert_true(c.rate.x + c.rate.w <= w);
		/* once gone, gone for all smaller widths; wants first, then the trend, then project
		 */
		assert_true(wants || !c.wants.w);
		assert_true(spark || !c.spark.w);
		assert_true(project || !c.project.w);
		wants = c.wants.w;
		spark = c.spark.w;
		project = c.project.w;
		assert_true(!wants || spark);
		assert_true(!spark || project);
	}
	assert_false(project);
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
		cmocka_unit_test(time_passes),
	};
	(void)press;
	(void)click;
	(void)answer;
	(void)last_asked;
	(void)screen_is;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
