/* Context and allowances as the CLIs write them, and times in words. */
#include "sessions/agent/usage.h"
#include "tests/sessions/put_file.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOW 1795951672.0 /* 2026-11-29 11:27:52 UTC, a Sunday */

static struct usage
of_text(const char *name, const char *text)
{
	struct usage u = {0};
	char path[200];

	snprintf(path, sizeof path, "%s/%s", getenv("MUSTER_HOME"), name);
	put_file(path, text);
	usage_read(path, &u);
	return u;
}

static void
the_last_answer_tells_the_context(void **state)
{
	struct usage u = of_text("t.jsonl",
		"{\"type\":\"assistant\",\"message\":{\"usage\":{\"input_tokens\":1,"
		"\"cache_creation_input_tokens\":1,\"cache_read_input_tokens\":1}}}\n"
		"{\"type\":\"assistant\",\"message\":{\"usage\":{\"input_tokens\":10,"
		"\"cache_creation_input_tokens\":200,\"cache_read_input_tokens\":3000,"
		"\"output_tokens\":7}}}\n"
		"{\"type\":\"assistant\",\"isSidechain\":true,\"message\":{\"usage\":{"
		"\"input_tokens\":99}}}\n"
		"{\"type\":\"assistant\",\"isApiErrorMessage\":true,\"message\":{\"usage\":{"
		"\"input_tokens\":98}}}\n"
		"{\"type\":\"user\",\"message\":{\"content\":\"the \\\"input_tokens\\\": 5\"}}\n"
		"{\"type\":\"assistant\",\"mess");

	(void)state;
	assert_int_equal(u.context_tokens, 3210);
	assert_int_equal(u.n, 0);
	u = of_text("u.jsonl", "{\"type\":\"user\"}\n");
	assert_int_equal(u.context_tokens, 0);
	assert_false(usage_read("/no/such", &u));
}

static void
a_rollout_tells_context_and_allowances(void **state)
{
	struct usage u = of_text("rollout-x.jsonl",
		"{\"timestamp\":\"2026-11-29T11:27:52.1Z\",\"type\":\"event_msg\",\"payload\":{"
		"\"type\":\"token_count\",\"info\":{\"total_token_usage\":{\"input_tokens\":9999},"
		"\"last_token_usage\":{\"input_tokens\":4321,\"cached_input_tokens\":4000}},"
		"\"rate_limits\":{\"primary\":{\"used_percent\":12.5,\"window_minutes\":300,"
		"\"resets_in_seconds\":60},\"secondary\":{\"used_percent\":100,"
		"\"window_minutes\":10080,\"resets_at\":1796000000},\"credits\":null}}}\n"
		"{\"payload\":{\"type\":\"token_count\",\"info\":null,\"rate_limits\":null}}\n");

	(void)state;
	assert_int_equal(u.context_tokens, 4321);
	assert_int_equal(u.n, 2);
	assert_string_equal(u.limit[0].name, "5h");
	assert_true(u.limit[0].used_pct == 12.5);
	assert_true(u.limit[0].resets_at == NOW + 60);
	assert_string_equal(u.limit[1].name, "7d");
	assert_true(usage_limited_until(&u, NOW) == 1796000000);
	assert_true(usage_limited_until(&u, 1796000001) == 0);
}

static void
the_status_line_tells_allowances(void **state)
{
	json_t *j = json_loads("{\"five_hour\":{\"used_percentage\":7,\"resets_at\":1796000000},"
			       "\"seven_day\":{\"utilization\":41.2,"
			       "\"resets_at\":\"2026-12-01T00:00:00Z\"},\"spend\":{\"x\":1}}",
		0, NULL);
	struct usage u = {0};

	(void)state;
	usage_take_limits(&u, j, NOW);
	assert_int_equal(u.n, 2);
	assert_string_equal(u.limit[1].name, "7d");
	assert_true(u.limit[1].resets_at == 1796083200);
	assert_true(usage_limited_until(&u, NOW) == 0);
	usage_take_limits(&u, NULL, NOW); /* nothing is said: it stays */
	assert_int_equal(u.n, 2);
	json_decref(j);
}

static void
times_in_words(void **state)
{
	static const struct {
		const char *text;
		double after; /* 0: none */
	} cases[] = {
		{"You've hit your session limit \u00b7 resets 3pm (UTC)", 12728},
		{"You've hit your weekly limit \u00b7 resets Dec 2, 3:30pm", 273728},
		{"usage limit resets at 14:00 for you", 9128},
		{"You've hit your usage limit. Try again at 11:45 AM.", 1028},
		{"Try again at Dec 1st, 2026 12:05 AM", 131828},
		{"Please try again in 2 hours 5 minutes.", 7500},
		{"quota resets in 1h 3m 5s", 3785},
		{"Claude AI usage limit reached|1795955272", 3600},
		{"resets 10am", 0}, /* it was over */
		{"resets Jan 2, 2020", 0},
		{"resets soon", 0},
		{"again at the end", 0},
		{"the cache resets 99:99", 0},
		{"", 0},
	};

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		double t = usage_time(cases[i].text, NOW);

		if (t != (cases[i].after > 0 ? NOW + cases[i].after : 0))
			fail_msg("%s: %f", cases[i].text, t > 0 ? t - NOW : 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_last_answer_tells_the_context),
		cmocka_unit_test(a_rollout_tells_context_and_allowances),
		cmocka_unit_test(the_status_line_tells_allowances),
		cmocka_unit_test(times_in_words)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
