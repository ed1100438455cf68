/* Reap policy: every condition alone must be able to keep a session open. */
#include "sessions/agent/policy.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <string.h>

static const struct reap_config limits = {.mode = REAP_OFFER,
	.idle_s = 7200,
	.min_age_s = 600,
	.min_bytes = 400u << 20,
	.revisits = 3,
	.auto_growing_only = true};

static struct reap_facts
good(void)
{
	return (struct reap_facts){.live = true,
		.conversation_known = true,
		.conversation_on_disk = true,
		.needs_conversation = true,
		.footprint_known = true,
		.activity = ACT_IDLE,
		.at_prompt = true,
		.source = SRC_OSC7501,
		.idle_s = 8000,
		.age_s = 9000,
		.footprint_bytes = 500u << 20};
}

static void
all_good_is_eligible_and_worth_it(void **state)
{
	struct reap_facts f = good();
	struct reap_verdict v;

	(void)state;
	policy_judge(&f, &limits, &v);
	assert_true(v.eligible);
	assert_true(v.worth);
	assert_int_equal(v.n, 0);
	f.activity = ACT_DONE;
	f.source = SRC_HOOK;
	policy_judge(&f, &limits, &v);
	assert_true(v.eligible);
}

#define ONE(name, change, prefix)                                                  \
	static void name(void **state)                                             \
	{                                                                          \
		struct reap_facts f = good();                                      \
		struct reap_verdict v;                                             \
		(void)state;                                                       \
		change;                                                            \
		policy_judge(&f, &limits, &v);                                     \
		assert_false(v.eligible);                                          \
		assert_int_equal(v.n, 1);                                          \
		assert_int_equal(strncmp(v.reason[0], prefix, strlen(prefix)), 0); \
	}
ONE(draft, f.draft = true, "draft:")
ONE(elsewhere, (f.at_prompt = false, strcpy(f.prompt_why, "a search")),
	"activity: not seen to be at its prompt (a search)")
ONE(pinned, f.pinned = true, "pinned:")
ONE(attached, f.attached = true, "attached:")
ONE(tool, (f.tool_running = true, strcpy(f.tool_name, "make soak")), "tool: make soak")
ONE(unknown_conversation, f.conversation_known = false, "no-conversation:")
ONE(no_transcript, f.conversation_on_disk = false, "no-conversation:")
ONE(young, f.age_s = 500, "recent:")
ONE(revisited, f.revisits_day = 3, "revisited:")
ONE(working, f.activity = ACT_WORKING, "activity: working")
ONE(permission, f.activity = ACT_PERMISSION, "activity: permission")
ONE(question, f.activity = ACT_QUESTION, "activity: question")
ONE(failed, f.activity = ACT_ERROR, "activity: error")
ONE(unknown, f.activity = ACT_UNKNOWN, "activity: unknown")
ONE(by_title_only, f.source = SRC_TITLE, "activity:")
ONE(by_output_only, f.source = SRC_OUTPUT, "activity:")
ONE(short_idle, f.idle_s = 7199, "idle:")
ONE(dead, f.live = false, "activity:")

static void
screen_and_output_together_suffice(void **state)
{
	struct reap_facts f = good();
	struct reap_verdict v;

	(void)state;
	f.source = SRC_SCREEN;
	f.screen_and_output_agree = true;
	policy_judge(&f, &limits, &v);
	assert_true(v.eligible);
}

static void
nothing_known_is_not_eligible(void **state)
{
	struct reap_facts f = {0};
	struct reap_verdict v;

	(void)state;
	policy_judge(&f, &limits, &v);
	assert_false(v.eligible);
	assert_false(v.worth);
}

static void
every_reason_at_once_fits(void **state)
{
	struct reap_facts f = {.live = true,
		.pinned = true,
		.attached = true,
		.draft = true,
		.tool_running = true,
		.needs_conversation = true,
		.activity = ACT_WORKING};
	struct reap_verdict v;

	(void)state;
	policy_judge(&f, &limits, &v);
	assert_int_equal(v.n, 9);
	assert_int_equal(strncmp(v.reason[8], "small:", 6), 0);
}

static void
small_is_eligible_but_not_worth_it(void **state)
{
	struct reap_facts f = good();
	struct reap_verdict v;

	(void)state;
	f.footprint_bytes = 100u << 20;
	policy_judge(&f, &limits, &v);
	assert_true(v.eligible);
	assert_false(v.worth);
	assert_int_equal(strncmp(v.reason[0], "small:", 6), 0);
	f.grows = true;
	policy_judge(&f, &limits, &v);
	assert_true(v.worth);
	f.grows = false;
	f.pressure = true;
	policy_judge(&f, &limits, &v);
	assert_true(v.worth);
}

static void
pressure_shortens_and_revisits_double_the_limit(void **state)
{
	struct reap_facts f = good();
	struct reap_config c = limits;

	(void)state;
	assert_true(policy_idle_limit(&f, &c) == 7200);
	f.revisits_day = 3;
	assert_true(policy_idle_limit(&f, &c) == 14400);
	f.pressure = true;
	assert_true(policy_idle_limit(&f, &c) == 3600);
	f.revisits_day = 0;
	c.idle_s = 60;
	assert_true(policy_idle_limit(&f, &c) == 60);
}

static void
min_age_is_never_above_idle(void **state)
{
	struct reap_facts f = good();
	struct reap_config c = limits;
	struct reap_verdict v;

	(void)state;
	c.idle_s = 2;
	f.idle_s = f.age_s = 3;
	policy_judge(&f, &c, &v);
	assert_true(v.eligible);
}

static void
auto_closes_only_what_grows(void **state)
{
	struct reap_facts f = good();
	struct reap_config c = limits;
	struct reap_verdict v;

	(void)state;
	policy_judge(&f, &c, &v);
	assert_false(policy_auto(&f, &c, &v)); /* mode=offer */
	c.mode = REAP_AUTO;
	assert_false(policy_auto(&f, &c, &v));
	f.grows = true;
	assert_true(policy_auto(&f, &c, &v));
	f.grows = false;
	c.auto_growing_only = false;
	assert_true(policy_auto(&f, &c, &v));
	f.draft = true;
	policy_judge(&f, &c, &v);
	assert_false(policy_auto(&f, &c, &v));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_good_is_eligible_and_worth_it),
		cmocka_unit_test(draft),
		cmocka_unit_test(elsewhere),
		cmocka_unit_test(pinned),
		cmocka_unit_test(attached),
		cmocka_unit_test(tool),
		cmocka_unit_test(unknown_conversation),
		cmocka_unit_test(no_transcript),
		cmocka_unit_test(young),
		cmocka_unit_test(revisited),
		cmocka_unit_test(working),
		cmocka_unit_test(permission),
		cmocka_unit_test(question),
		cmocka_unit_test(failed),
		cmocka_unit_test(unknown),
		cmocka_unit_test(by_title_only),
		cmocka_unit_test(by_output_only),
		cmocka_unit_test(short_idle),
		cmocka_unit_test(dead),
		cmocka_unit_test(screen_and_output_together_suffice),
		cmocka_unit_test(nothing_known_is_not_eligible),
		cmocka_unit_test(every_reason_at_once_fits),
		cmocka_unit_test(small_is_eligible_but_not_worth_it),
		cmocka_unit_test(pressure_shortens_and_revisits_double_the_limit),
		cmocka_unit_test(min_age_is_never_above_idle),
		cmocka_unit_test(auto_closes_only_what_grows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
