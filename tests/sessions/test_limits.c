/* What becomes of a session whose account is limited (sessions/lifecycle/limits.h). */
#include "sessions/closing/care.h"
#include "sessions/lifecycle/limits.h"
#include "sessions/lifecycle/typing.h"
#include "sessions/lifecycle/wake.h"
#include "tests/sessions/played.h"

static struct played p;

static void
evaluated(void *ctx, struct session *s)
{
	(void)ctx;
	typing_tick(s, os_mono_ns());
}

static void
over(void *ctx, struct session *s)
{
	(void)ctx;
	typing_drop(s);
	waking_end(s);
	care_free(s);
}

static int
begin(void **state)
{
	(void)state;
	house_ops.evaluated = evaluated;
	house_ops.over = over;
	house_begin();
	house.ss.config->after_limit = AFTER_LIMIT_WAKE;
	played_starts(&p, "claude");
	played_prompt(&p, "");
	played_says(&p, "idle");
	return 0;
}

static int
end(void **state)
{
	(void)state;
	played_forget(&p);
	return house_end();
}

static void
ends_by_a_limit(void)
{
	struct hook_report rep = {0};
	char words[200];

	snprintf(words, sizeof(words), "Claude usage limit reached|%.0f", os_wall_s() + 3600);
	memcpy(rep.limit, words, sizeof(words));
	played_says(&p, "error");
	limits_heard(p.s, &rep);
	run_evaluate(p.s, os_mono_ns());
}

static void
an_error_by_a_limit_is_a_pause(void **state)
{
	json_t *o = json_object();

	(void)state;
	ends_by_a_limit();
	assert_int_equal(p.s->run->act.now, ACT_LIMITED);
	assert_true(p.s->limited_until > os_wall_s() + 3000);
	session_put_usage(o, p.s);
	assert_true(json_is_real(json_object_get(o, "limited_until")));
	json_decref(o);
	p.s->limited_until = os_wall_s() - 1; /* it is over */
	run_evaluate(p.s, os_mono_ns());
	assert_int_equal(p.s->run->act.now, ACT_ERROR);
	ends_by_a_limit();
	played_says(&p, "working");
	assert_int_equal(p.s->run->act.now, ACT_WORKING);
	played_says(&p, "done"); /* a turn went well: no limit any more */
	run_evaluate(p.s, os_mono_ns());
	assert_true(p.s->limited_until == 0);
}

static void
its_screen_says_until_when(void **state)
{
	char text[200];

	(void)state;
	snprintf(text, sizeof(text), "\033[10HClaude usage limit reached|%.0f\033[21;3H",
		os_wall_s() + 3600);
	played_prints(&p, text);
	run_evaluate(p.s, os_mono_ns());
	assert_true(p.s->limited_until == 0); /* it may speak of one */
	played_says(&p, "error");
	run_evaluate(p.s, os_mono_ns());
	run_evaluate(p.s, os_mono_ns());
	assert_int_equal(p.s->run->act.now, ACT_LIMITED);
}

static void
when_it_is_over_it_goes_on(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		ends_by_a_limit();
		limits_go_on(p.s);
		assert_false(typing_waits(p.s));
		p.s->limited_until = os_wall_s() - 60;
		run_evaluate(p.s, os_mono_ns());
		limits_go_on(p.s);
		if (i == 3)
			break;
		played_takes(&p, "continue");
		played_prompt(&p, "continue");
		played_takes(&p, "\r");
		played_prompt(&p, "");
		played_says(&p, "working");
		UNTIL(!typing_waits(p.s));
	}
	assert_false(typing_waits(p.s)); /* three times are enough */
	assert_string_equal(played_got(&p), "");
	house.ss.config->after_limit = AFTER_LIMIT_OFF;
	p.s->limit_tries = 0;
	p.s->limited_until = os_wall_s() - 60;
	limits_go_on(p.s);
	assert_false(typing_waits(p.s));
}

static void
a_sleeper_is_woken(void **state)
{
	struct played z;

	(void)state;
	played_new(&z, "claude", SS_ASLEEP);
	z.s->limited_until = os_wall_s() - 60;
	limits_go_on(z.s);
	UNTIL(z.s->state != SS_ASLEEP);
	assert_int_equal(z.s->state, SS_STARTING);
	assert_true(typing_waits(z.s));
	played_born(&z, 0, 7, -1);
	played_forget(&z);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {T(an_error_by_a_limit_is_a_pause),
		T(its_screen_says_until_when), T(when_it_is_over_it_goes_on),
		T(a_sleeper_is_woken)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
