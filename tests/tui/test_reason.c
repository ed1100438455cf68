/* The server's reasons as people read them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "core/base/base.h"
#include "tui/model/reason.h"

static void
reasons_are_plain(void **state)
{
	static const struct {
		const char *raw;
		double idle_s;
		const char *want;
	} cases[] = {
		{"idle: 1.9h of 2h", 6840, "in 6 min"},
		{"idle: 10s of 1m", 10, "in 50 s"},
		{"idle: 1h of 12h", 3600, "in 11 h"},
		{"recent: started or resumed 31s ago, less than 10m", 31, "in 9 min"},
		{"no-conversation: nothing of it is on disk", 0,
			"could not be woken: its conversation is not saved yet"},
		{"no-conversation: its id is not known", 0,
			"could not be woken: its conversation is not known"},
		{"activity: not seen to be at its prompt (no cursor)", 0, "not at its prompt"},
		{"activity: limited (screen)", 0, "goes on when its limit is over"},
		{"small: 116M of 400M, and it does not grow", 0, "little to gain"},
		{"small: its footprint is not known yet", 0, "memory not measured yet"},
		{"activity: idle only by its output, which is a guess", 0,
			"quiet, but muster cannot tell whether it is done"},
		{"activity: permission (osc7501)", 0, "waits for your answer"},
		{"activity: question (screen)", 0, "waits for your answer"},
		{"activity: working (title)", 0, "working"},
		{"activity: it is not running", 0, "not running"},
		{"revisited: attached 3 times within a day, so 1.5h idle is too short for 4h", 0,
			"you came back 3 times today: sleeps after 4h"},
		{"tool: sleep", 0, "runs sleep"},
		{"tool: something runs in it", 0, "something runs in it"},
		{"draft: unsent text in its prompt", 0, "unsent text in its prompt"},
		{"attached: someone is viewing it", 0, "someone is viewing it"},
		{"pinned: never put to sleep", 0, "pinned"},
		{"whatever", 0, "whatever"},
		{"newer: said by a newer server", 0, "said by a newer server"},
		{"", 0, ""},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[120];
		reason_words(cases[i].raw, cases[i].idle_s, out, sizeof out);
		assert_string_equal(out, cases[i].want);
	}
	assert_true(reason_passes("idle: 1h of 2h", 3600) == 3600);
	assert_true(isinf(reason_passes("pinned: never put to sleep", 0)));
	char tiny[4];
	reason_words("attached: someone is viewing it", 0, tiny, sizeof tiny);
	assert_string_equal(tiny, "som");
}

/* What it does, then whether and when it may sleep: one reason, the one that counts. */
static void
explained_in_a_sentence(void **state)
{
	static const struct {
		const char *is, *reap, *want;
	} cases[] = {
		{"'activity':'idle','idle_s':6840",
			"'eligible':false,'worth':true,'reasons':['idle: 1.9h of 2h','recent: "
			"started "
			"or resumed 1m ago, less than 3m']",
			"api has been idle for 1h 54m; muster will offer to put it to sleep in 6 "
			"min"},
		{"'activity':'idle','idle_s':9000", "'eligible':true,'worth':true,'reasons':[]",
			"api has been idle for 2h 30m; muster offers to put it to sleep"},
		{"'activity':'done','idle_s':60",
			"'eligible':false,'worth':false,'reasons':['idle: 1m of 2h','small: 9M of "
			"400M, and it does not grow']",
			"api has been done for 1m; little to gain by its sleep"},
		{"'activity':'idle','idle_s':60",
			"'eligible':false,'worth':true,'reasons':['idle: 1m of 2h','pinned: never "
			"put "
			"to sleep']",
			"api has been idle for 1m; not offered for sleep: pinned"},
		{"'activity':'idle','idle_s':60",
			"'eligible':false,'worth':true,'reasons':['activity: idle only by its "
			"output, "
			"which is a guess']",
			"api has been idle for 1m; not offered for sleep: quiet, but muster cannot "
			"tell whether it is done"},
		{"'activity':'question','idle_s':300,'signals':[{'source':'output','used':false},{"
		 "'source':'hook','used':true,'detail':'Which colour?'}]",
			"'eligible':false,'worth':true,'reasons':['activity: question (hook)']",
			"api has waited 5m for your answer: Which colour?"},
		{"'activity':'working','idle_s':0",
			"'eligible':false,'worth':true,'reasons':['activity: working "
			"(hook)','tool: "
			"make']",
			"api is working; not offered for sleep: runs make"},
		{"'activity':'unknown','idle_s':8",
			"'eligible':false,'worth':false,'reasons':['activity: unknown']",
			"muster cannot tell what api does; it has been quiet for 8s"},
		{"'activity':'idle','idle_s':8,'stopped':true",
			"'eligible':false,'worth':false,'reasons':['activity: not seen to be at "
			"its "
			"prompt (it is stopped)']",
			"api is stopped: the next key, a send or resume continues it; not offered "
			"for "
			"sleep: not at its prompt"},
	};
	char text[1000], out[300];
	json_t *j;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(text, sizeof text, "{'name':'api','state':'running',%s,'reap':{%s}}",
			cases[i].is, cases[i].reap);
		for (char *p = text; *p; p++)
			*p = *p == '\'' ? '"' : *p;
		assert_non_null(j = json_loads(text, 0, NULL));
		explain_words(j, out, sizeof out);
		assert_string_equal(out, cases[i].want);
		json_decref(j);
	}
	assert_non_null(j = json_loads("{\"name\":\"api\",\"state\":\"asleep\"}", 0, NULL));
	explain_words(j, out, sizeof out);
	assert_string_equal(out, "api is asleep");
	json_decref(j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reasons_are_plain), cmocka_unit_test(explained_in_a_sentence)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
