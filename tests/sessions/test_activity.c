/* Activity: ranks, freshness, OSC 7501, drafts, idleness. Times are made up. */
#include "sessions/agent/activity.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define S 1000000000ull
#define T0 (1000 * S)
static struct profiles *ps;
static const struct profile *claude, *shell;
static struct activity_state a;

static int
fresh_state(void **state)
{
	(void)state;
	activity_deinit(&a);
	activity_init(&a, T0);
	return 0;
}

static void
say(const char *payload, uint64_t at)
{
	assert_true(activity_osc7501(&a, payload, strlen(payload), at));
}

static enum activity
verdict(uint64_t at)
{
	activity_evaluate(&a, claude, at);
	return a.now;
}

static void
states_of_osc7501(void **state)
{
	static const struct {
		const char *payload;
		enum activity want;
	} cases[] = {{"state=idle:app=claude-code", ACT_IDLE}, {"state=working", ACT_WORKING},
		{"state=blocked:app=x:kind=permission:msg=YXBwcm92ZSBCYXNoOiBtYWtl",
			ACT_PERMISSION},
		{"state=blocked:kind=question", ACT_QUESTION},
		{"state=blocked:kind=auth", ACT_QUESTION}, {"state=blocked", ACT_PERMISSION},
		{"state=done", ACT_DONE}, {"app=x:state=error:msg=Zm9v", ACT_ERROR}};

	(void)state;
	a.ready_ns = T0;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		say(cases[i].payload, T0 + i);
		assert_int_equal(verdict(T0 + i), cases[i].want);
		assert_int_equal(a.source, SRC_OSC7501);
		if (i == 2)
			assert_string_equal(a.detail, "approve Bash: make");
	}
	say("state=someday", T0 + S);
	assert_int_equal(verdict(T0 + S), ACT_ERROR);
	say("state=clear", T0 + S);
	assert_int_equal(verdict(T0 + S), ACT_UNKNOWN);
	assert_false(activity_osc7501(&a, "?", 1, T0));
}

/* Work that is over before anybody looked: the rest after it is another one. */
static void
rest_begins_again_after_work_unseen(void **state)
{
	(void)state;
	say("state=done", T0);
	assert_int_equal(verdict(T0), ACT_DONE);
	say("state=done", T0 + S); /* said twice: the same rest */
	verdict(T0 + S);
	assert_true(a.now_since_ns == T0);
	say("state=working", T0 + 5 * S);
	say("state=done", T0 + 5 * S);
	assert_int_equal(verdict(T0 + 5 * S), ACT_DONE);
	assert_true(a.now_since_ns == T0 + 5 * S);
	assert_true(activity_idle_s(&a, T0 + 6 * S) == 1);
	say("state=idle", T0 + 7 * S); /* another word for rest: it goes on */
	verdict(T0 + 7 * S);
	assert_true(activity_idle_s(&a, T0 + 8 * S) == 3);
}

static void
hostile_osc7501_is_harmless(void **state)
{
	char big[5000];

	(void)state;
	a.ready_ns = T0;
	memset(big, ':', sizeof big);
	memcpy(big, "state=working", 13);
	assert_true(activity_osc7501(&a, big, sizeof big, T0));
	assert_int_equal(verdict(T0), ACT_UNKNOWN);
	say("state=blocked:kind=permission:msg=G10yOwdo", T0); /* control bytes and text */
	verdict(T0);
	for (const char *s = a.detail; *s; s++)
		assert_true((unsigned char)*s >= ' ');
	say("", T0);
	say("=:=:::state", T0);
	say("state=", T0);
	assert_int_equal(verdict(T0), ACT_PERMISSION);
}

static void
a_shell_prompt_ends_working(void **state)
{

	(void)state;
	say("state=working", T0);
	activity_prompt_mark(&a, shell, 'A', T0 + S);
	activity_evaluate(&a, shell, T0 + S);
	assert_int_equal(a.now, ACT_IDLE);
	assert_int_equal(a.source, SRC_TITLE);
	say("state=done", T0 + 2 * S);
	activity_prompt_mark(&a, shell, 'A', T0 + 3 * S);
	activity_evaluate(&a, shell, T0 + 3 * S);
	assert_int_equal(a.now, ACT_DONE);
}

/* Kimi marks the start and end of each message, for terminals that jump between them. */
static void
marks_of_an_ai_cli_tell_of_no_command(void **state)
{
	const struct profile *p = profile_find(ps, "kimi");

	(void)state;
	for (const char *mark = "ABC"; *mark; mark++)
		activity_prompt_mark(&a, p, *mark, T0);
	activity_evaluate(&a, p, T0 + S);
	assert_int_equal(a.now, ACT_UNKNOWN);
}

/* It may wait for its model, or ask what no rule knows. */
static void
silence_of_an_ai_cli_is_no_rest(void **state)
{
	static const char *const names[] = {
		"agy", "crush", "cursor-agent", "droid", "goose", "amp"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct profile *p = profile_find(ps, names[i]);

		activity_output(&a, 9, true, T0);
		activity_screen(&a, p, "Welcome\n", T0);
		activity_evaluate(&a, p, T0 + 60 * S);
		assert_int_equal(a.now, ACT_UNKNOWN);
	}
}

static void
children_do_not_set_the_state(void **state)
{
	char payload[64];

	(void)state;
	say("state=idle", T0);
	say("state=working:id=main/one", T0);
	say("state=working:id=main/two", T0);
	assert_int_equal(verdict(T0), ACT_IDLE);
	assert_int_equal(a.children_working, 2);
	say("state=done:id=main/one", T0);
	say("state=clear:id=main/two", T0);
	assert_int_equal(a.children_working, 0);
	for (int i = 0; i < 400; i++) {
		snprintf(payload, sizeof payload, "state=working:id=m/%d", i);
		say(payload, T0);
	}
	assert_int_equal(a.n_children, ACTIVITY_CHILDREN_MAX);
	assert_true(a.children_working <= ACTIVITY_CHILDREN_MAX);
}

static void
higher_source_wins_while_fresh(void **state)
{
	(void)state;
	a.ready_ns = T0;
	activity_title(&a, claude, "✳ Claude", T0);
	activity_screen(&a, claude, "❯ \n", T0);
	assert_int_equal(verdict(T0), ACT_IDLE);
	assert_int_equal(a.source, SRC_TITLE);
	activity_title(&a, claude, "◐ Claude", T0);
	assert_int_equal(verdict(T0), ACT_WORKING);
	assert_int_equal(verdict(T0 + 6 * S), ACT_UNKNOWN); /* the spinner stopped */
	activity_title(&a, claude, "✳ Claude", T0 + 6 * S);
	assert_int_equal(verdict(T0 + 6 * S), ACT_IDLE);
	activity_report(&a, SRC_HOOK, ACT_PERMISSION, "Bash", T0 + 7 * S);
	assert_int_equal(verdict(T0 + 7 * S), ACT_PERMISSION);
	assert_int_equal(a.source, SRC_HOOK);
	activity_typed(&a, "1", 1, T0 + 8 * S); /* answered; a denial fires no hook */
	assert_int_equal(verdict(T0 + 8 * S), ACT_PERMISSION); /* until it drew what comes of it */
	assert_int_equal(verdict(T0 + 9 * S), ACT_IDLE);
	activity_typed(&a, "x", 1, T0 + 9 * S);
	assert_int_equal(verdict(T0 + 9 * S), ACT_IDLE); /* it is over for good */
	activity_report(&a, SRC_HOOK, ACT_WORKING, "", T0 + 9 * S);
	assert_int_equal(verdict(T0 + 9 * S), ACT_WORKING);
	assert_int_equal(verdict(T0 + 20 * S), ACT_IDLE); /* Escape fires none either */
	activity_report(&a, SRC_REGISTRY, ACT_WORKING, "busy", T0 + 21 * S);
	assert_int_equal(verdict(T0 + 900 * S), ACT_WORKING);
	activity_report(&a, SRC_REGISTRY, ACT_UNKNOWN, "", T0 + 901 * S);
	assert_int_equal(verdict(T0 + 901 * S), ACT_IDLE);
	say("state=error", T0 + 902 * S);
	activity_report(&a, SRC_REGISTRY, ACT_IDLE, "", T0 + 903 * S);
	assert_int_equal(verdict(T0 + 903 * S), ACT_ERROR);
}

/* Esc and Ctrl-C fire no hook: soon after them the screen tells, which knows when it works. */
static void
a_hook_says_nothing_of_an_interrupt(void **state)
{
	static const char *const keys[] = {"\33", "\3", "\33[27u", "\33[99;5u", "\33[27;5;99~"};

	(void)state;
	a.ready_ns = T0;
	activity_title(&a, claude, "✳ Claude", T0);
	for (uint64_t i = 0; i < ARRAY_LEN(keys); i++) {
		uint64_t t = T0 + i * 10 * S;

		activity_report(&a, SRC_HOOK, ACT_WORKING, "", t);
		activity_screen(&a, claude, "* Thinking\n\n❯ \n  esc to interrupt\n", t);
		activity_typed(&a, "\33[A", 3, t + S); /* another key */
		activity_output(&a, 9, true, t + S);
		assert_int_equal(verdict(t + 2 * S), ACT_WORKING);
		assert_int_equal(a.source, SRC_HOOK);
		activity_typed(&a, keys[i], strlen(keys[i]), t + 2 * S);
		assert_true(activity_waits(&a, t + 2 * S));
		assert_int_equal(verdict(t + 3 * S), ACT_WORKING);
		assert_int_equal(a.source, SRC_SCREEN);
		assert_false(activity_waits(&a, t + 3 * S));
		activity_screen(&a, claude, "❯ \n", t + 3 * S);
		assert_int_equal(verdict(t + 3 * S), ACT_IDLE);
	}
	activity_report(&a, SRC_HOOK, ACT_WORKING, "", T0 + 100 * S); /* a later turn */
	assert_int_equal(verdict(T0 + 100 * S), ACT_WORKING);
}

static void
a_failed_turn_is_read_off_the_screen(void **state)
{
	static const char head[] = "❯ go on\n● API Error: 400 stub error, and\n  more of it\n";
	static const char line[] = "\n────────\n❯ \n────────\n";
	char text[400];

	(void)state;
	a.ready_ns = T0;
	activity_title(&a, claude, "✳ Claude", T0);
	snprintf(text, sizeof text, "%s%s  ? for shortcuts\n", head, line);
	activity_screen(&a, claude, text, T0);
	assert_int_equal(verdict(T0), ACT_ERROR);
	snprintf(text, sizeof text, "%s❯ again\n● ok\n%s  ? for shortcuts\n", head, line);
	activity_screen(&a, claude, text, T0 + S);
	assert_int_equal(verdict(T0 + S), ACT_IDLE);
	snprintf(text, sizeof text,
		"❯ x\n✻ API error · retrying in 1s · attempt 1/10\n%s  esc to interrupt\n", line);
	activity_screen(&a, claude, text, T0 + 2 * S);
	assert_int_equal(verdict(T0 + 2 * S), ACT_WORKING);
}

static void
a_registry_that_is_idle_after_a_failure_is_an_error(void **state)
{
	(void)state;
	activity_report(&a, SRC_REGISTRY, ACT_WORKING, "busy", T0);
	activity_report(&a, SRC_HOOK, ACT_ERROR, "StopFailure", T0 + S);
	assert_int_equal(verdict(T0 + S), ACT_WORKING);
	activity_report(&a, SRC_REGISTRY, ACT_IDLE, "idle", T0 + 2 * S);
	assert_int_equal(verdict(T0 + 2 * S), ACT_ERROR);
	assert_int_equal(a.source, SRC_HOOK);
	activity_report(&a, SRC_REGISTRY, ACT_WORKING, "busy", T0 + 9 * S);
	activity_report(&a, SRC_REGISTRY, ACT_IDLE, "idle", T0 + 10 * S); /* of a later turn */
	assert_int_equal(verdict(T0 + 10 * S), ACT_IDLE);
	activity_screen(&a, claude, "● API Error: 400\n\n────\n❯ \n────\n", T0 + 11 * S);
	assert_int_equal(verdict(T0 + 11 * S), ACT_ERROR); /* without a hook */
	assert_int_equal(a.source, SRC_SCREEN);
}

/* Not each question fires one. */
static void
a_hook_that_rests_yields_to_a_question_on_the_screen(void **state)
{
	(void)state;
	a.ready_ns = T0;
	activity_report(&a, SRC_HOOK, ACT_DONE, "Stop", T0);
	activity_screen(&a, claude, "❯ \n", T0);
	assert_int_equal(verdict(T0), ACT_DONE);
	activity_screen(&a, claude,
		"  Background work is running\n\n  ❯ 1. Exit\n    2. Stay\n\n  Enter to confirm\n",
		T0 + S);
	assert_int_equal(verdict(T0 + S), ACT_QUESTION);
	assert_int_equal(a.source, SRC_SCREEN);
	activity_screen(&a, claude, "❯ \n", T0 + 2 * S);
	assert_int_equal(verdict(T0 + 2 * S), ACT_DONE);
}

/* It is the same while something is asked, and while work goes on in the background. */
static void
an_idle_title_counts_where_the_screen_agrees(void **state)
{
	static const char line[] = "────────\n❯ \n────────\n";
	static const char *const background[][2] = {
		{"✻ Waiting for 1 background agent to finish\n\n",
			"  ? for shortcuts · ↓ to manage\n"},
		{"● ok\n✻ Baked for 1s · 1 shell still running\n\n",
			"  ⏸ manual · 1 shell · ↓ to manage\n"},
		{"● ok\n\n", "  ⏸ · 2 background tasks · ↓\n  ◯ one  5s\n"},
		{"● ok\n\n* Burrowing…\n  ⎿  Tip: plan\n\n", "  ⏸ manual\n"},
	};
	char text[400];

	(void)state;
	a.ready_ns = T0;
	activity_title(&a, claude, "✳ Claude Code", T0);
	assert_int_equal(verdict(T0), ACT_UNKNOWN);
	activity_screen(&a, claude, " Do you want to proceed?\n ❯ 1. Yes\n   2. No\n", T0 + S);
	assert_int_equal(verdict(T0 + S), ACT_PERMISSION);
	assert_int_equal(a.source, SRC_SCREEN);
	for (size_t i = 0; i < ARRAY_LEN(background); i++) {
		snprintf(text, sizeof text, "%s%s%s", background[i][0], line, background[i][1]);
		activity_screen(&a, claude, text, T0 + S);
		assert_int_equal(verdict(T0 + S), ACT_WORKING);
	}
	/* what was above an earlier prompt is over */
	snprintf(text, sizeof text, "%s❯ 2 shells · 1 task\n● ok, · 3 tasks\n%s  ? for shortcuts\n",
		background[0][0], line);
	activity_screen(&a, claude, text, T0 + 2 * S);
	assert_int_equal(verdict(T0 + 2 * S), ACT_IDLE);
	assert_int_equal(a.source, SRC_TITLE);
}

/* Codex's screen looks the same while it waits for its model: only its title turns. */
static void
a_screen_alone_is_no_rest_of_one_that_says_more(void **state)
{
	static const char rests[] = "› Ask Codex\n\n  model · ~/proj\n";
	const struct profile *codex = profile_find(ps, "codex");

	(void)state;
	a.ready_ns = T0;
	activity_output(&a, 9, true, T0);
	activity_screen(&a, codex, rests, T0);
	activity_evaluate(&a, codex, T0 + 60 * S);
	assert_int_equal(a.now, ACT_UNKNOWN);
	activity_title(&a, codex, "⠏ proj", T0 + 60 * S);
	activity_evaluate(&a, codex, T0 + 60 * S);
	assert_int_equal(a.now, ACT_WORKING);
	activity_title(&a, codex, "proj", T0 + 61 * S);
	activity_evaluate(&a, codex, T0 + 61 * S);
	assert_int_equal(a.now, ACT_IDLE);
	assert_int_equal(a.source, SRC_TITLE);
}

/* Of one of whom nothing else is known: while it prints, if only a title, it does not rest. */
static void
a_screen_that_rests_is_believed_when_it_is_quiet(void **state)
{
	const struct profile *p = profile_find(ps, "opencode");

	(void)state;
	a.ready_ns = T0;
	activity_output(&a, 9, true, T0);
	activity_screen(&a, p, "  ctrl+p commands\n", T0);
	activity_output(&a, 9, false, T0 + 5 * S);
	activity_evaluate(&a, p, T0 + 6 * S);
	assert_int_equal(a.now, ACT_UNKNOWN);
	assert_true(activity_waits(&a, T0 + 6 * S));
	activity_evaluate(&a, p, T0 + 6 * S + S / 2);
	assert_int_equal(a.now, ACT_IDLE);
	assert_false(activity_waits(&a, T0 + 7 * S));
	activity_typed(&a, "x", 1, T0 + 8 * S); /* the echo of typing, or a repaint */
	activity_output(&a, 9, true, T0 + 8 * S + S / 10);
	activity_evaluate(&a, p, T0 + 8 * S + S / 5);
	assert_int_equal(a.now, ACT_IDLE);
	a.last_resize_ns = T0 + 10 * S;
	activity_output(&a, 99, false, T0 + 10 * S + S / 2);
	activity_evaluate(&a, p, T0 + 10 * S + S / 2);
	assert_int_equal(a.now, ACT_IDLE);
	activity_typed(&a, "\r", 1, T0 + 20 * S); /* what follows it is an answer */
	activity_output(&a, 99, true, T0 + 20 * S + S / 10);
	activity_evaluate(&a, p, T0 + 20 * S + S / 5);
	assert_int_not_equal(a.now, ACT_IDLE);
	activity_typed(&a, "\33", 1, T0 + 21 * S); /* nor is what stops it seen to do so at once */
	activity_output(&a, 9, true, T0 + 21 * S + S / 10);
	activity_evaluate(&a, p, T0 + 21 * S + S / 5);
	assert_int_not_equal(a.now, ACT_IDLE);
}

static void
choices_are_hashed_without_their_marker(void **state)
{
	uint64_t h;

	(void)state;
	say("state=blocked:kind=permission", T0);
	activity_screen(&a, claude, " Proceed?\n ❯ 1. Yes\n   2. No\n", T0);
	verdict(T0);
	h = a.prompt_hash;
	assert_int_not_equal(h, 0);
	activity_screen(&a, claude, " Proceed?\n   1. Yes\n ❯ 2. No\n", T0);
	verdict(T0);
	assert_true(a.prompt_hash == h);
	activity_screen(&a, claude, " Proceed?\n   1. Yes\n ❯ 2. Never\n", T0);
	verdict(T0);
	assert_true(a.prompt_hash != h);
	say("state=working", T0);
	verdict(T0);
	assert_true(a.prompt_hash == 0);
}

static void
options_are_the_last_list_that_counts_from_one(void **state)
{
	static const struct {
		const char *screen;
		int n;
		const char *last;
	} cases[] = {{" Proceed?\n ❯ 1. Yes\n   2. Yes, and allow\n      it always\n   3. No\n", 3,
			     "No"},
		{"1. an item\n2. of an answer\n\n ❯ 1. Yes\n   2. No\n Esc to cancel\n", 2, "No"},
		{"│ ● 1. Allow once      │\n│   2. Allow always    │\n", 2, "Allow always"},
		{"3. three\n7. seven\n", 0, ""}, {"1. alone\n", 0, ""}, {"", 0, ""},
		{"1.\n2.\n", 2, ""}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		activity_screen(&a, claude, cases[i].screen, T0);
		assert_int_equal(a.options.n, cases[i].n);
		if (a.options.n)
			assert_string_equal(a.options.text[a.options.n - 1], cases[i].last);
	}
}

static void
its_own_word_and_its_prompt_make_it_ready(void **state)
{
	(void)state;
	activity_title(&a, claude, "✳ Claude Code", T0);
	activity_screen(&a, claude, "❯ \n", T0);
	activity_output(&a, 10, true, T0);
	assert_int_equal(verdict(T0 + S), ACT_IDLE);
	assert_int_equal(a.ready_ns, 0); /* a title is a guess */
	say("state=idle", T0 + S);
	verdict(T0 + S);
	assert_int_equal(a.ready_ns, 0); /* nowhere to type yet */
	a.prompt.state = PROMPT_EMPTY;
	say("state=blocked:kind=permission", T0 + S);
	assert_int_equal(verdict(T0 + S), ACT_QUESTION); /* it asks first: to trust, to log in */
	assert_int_equal(a.ready_ns, 0);
	say("state=idle", T0 + 2 * S);
	verdict(T0 + 2 * S);
	assert_true(a.ready_ns == T0 + 2 * S);
	a.prompt.state = PROMPT_UNSEEN;
	verdict(T0 + 4 * S);
	assert_true(a.ready_ns == T0 + 2 * S);
}

static void
with_its_reports_off_a_quiet_prompt_makes_it_ready(void **state)
{
	(void)state;
	activity_output(&a, 10, true, T0);
	a.prompt.state = PROMPT_EMPTY;
	verdict(T0 + 3 * S);
	assert_int_equal(a.ready_ns, 0);
	activity_output(&a, 10, true, T0 + 6 * S); /* a clock in its corner is no start */
	verdict(T0 + 8 * S);
	assert_int_not_equal(a.ready_ns, 0);
}

/* One that is drawn in another way than its profile knows. */
static void
a_bare_prompt_that_stands_makes_it_ready(void **state)
{
	(void)state;
	activity_output(&a, 10, true, T0);
	a.prompt.bare = true;
	verdict(T0 + S);
	a.prompt.bare = false; /* a list flew by */
	verdict(T0 + 2 * S);
	a.prompt.bare = true;
	verdict(T0 + 3 * S);
	verdict(T0 + 6 * S);
	assert_int_equal(a.ready_ns, 0);
	verdict(T0 + 8 * S);
	assert_true(a.ready_ns == T0 + 8 * S);
	assert_false(activity_said(&a));
}

static void
a_turn_begins_by_its_own_highest_word(void **state)
{
	(void)state;
	say("state=idle", T0);
	activity_title(&a, claude, "◐ thinking", T0 + S);
	assert_int_equal(a.begun_ns, 0);
	activity_report(
		&a, SRC_REGISTRY, ACT_WORKING, "busy", T0 + S); /* late, of the turn before */
	assert_int_equal(a.begun_ns, 0);
	say("state=working", T0 + 2 * S);
	assert_true(a.begun_ns == T0 + 2 * S);
	say("state=done", T0 + 3 * S);
	assert_true(a.begun_ns == T0 + 2 * S);
	say("state=blocked:kind=permission", T0 + 4 * S);
	assert_true(a.begun_ns == T0 + 4 * S);
}

static void
silence_in_front_of_a_shell_is_no_rest(void **state)
{
	(void)state;
	activity_output(&a, 10, true, T0);
	activity_screen(&a, shell, "$ make > log\nname> ", T0);
	activity_foreground(&a, "make");
	activity_evaluate(&a, shell, T0 + 600 * S);
	assert_int_equal(a.now, ACT_WORKING);
	assert_true(activity_idle_s(&a, T0 + 601 * S) == 0);
	activity_foreground(&a, "");
	activity_evaluate(&a, shell, T0 + 602 * S);
	assert_int_equal(a.now, ACT_IDLE);
}

static enum activity
shell_verdict(uint64_t at)
{
	activity_evaluate(&a, shell, at);
	return a.now;
}

static void
output_tells_working_from_quiet(void **state)
{
	(void)state;
	activity_output(&a, 100, true, T0);
	assert_int_equal(verdict(T0 + S), ACT_WORKING);
	/* its model may be silent, or it starts: one whose prompt is known rests when that is seen */
	assert_int_equal(verdict(T0 + 4 * S), ACT_UNKNOWN);
	fresh_state(NULL);
	assert_int_equal(shell_verdict(T0), ACT_UNKNOWN);
	activity_output(&a, 100, true, T0 + S);
	assert_int_equal(shell_verdict(T0 + S), ACT_WORKING);
	assert_int_equal(a.source, SRC_OUTPUT);
	assert_int_equal(shell_verdict(T0 + 4 * S), ACT_IDLE);
	activity_output(&a, 100, false, T0 + 5 * S); /* only a title */
	assert_int_equal(shell_verdict(T0 + 5 * S), ACT_IDLE);
	activity_typed(&a, "x", 1, T0 + 6 * S);
	activity_output(&a, 1, true, T0 + 6 * S + S / 100); /* its echo */
	assert_int_equal(shell_verdict(T0 + 6 * S + S / 50), ACT_IDLE);
	activity_progress(&a, 1, T0 + 7 * S);
	assert_int_equal(shell_verdict(T0 + 60 * S), ACT_WORKING);
	activity_progress(&a, 0, T0 + 61 * S);
	assert_int_equal(shell_verdict(T0 + 61 * S), ACT_IDLE);
}

static void
idle_counts_from_rest_or_touch(void **state)
{
	(void)state;
	say("state=working", T0);
	activity_output(&a, 10, true, T0);
	verdict(T0);
	assert_true(activity_idle_s(&a, T0 + 5 * S) == 0);
	say("state=done", T0 + 10 * S);
	verdict(T0 + 10 * S);
	assert_true(activity_idle_s(&a, T0 + 70 * S) == 60);
	activity_output(&a, 10, true, T0 + 80 * S); /* a hint repaints itself */
	say("state=idle", T0 + 80 * S);
	verdict(T0 + 80 * S);
	assert_true(activity_idle_s(&a, T0 + 90 * S) == 80);
	activity_typed(&a, "\x1b[A", 3, T0 + 95 * S);
	assert_true(activity_idle_s(&a, T0 + 100 * S) == 5);
}

static void
without_a_word_of_its_own_text_counts(void **state)
{
	(void)state;
	activity_output(&a, 10, true, T0);
	activity_screen(&a, shell, "$ ", T0);
	activity_evaluate(&a, shell, T0 + 5 * S);
	assert_true(activity_idle_s(&a, T0 + 10 * S) == 10);
	activity_output(&a, 10, false, T0 + 20 * S);
	assert_true(activity_idle_s(&a, T0 + 30 * S) == 30);
}

static bool
draft_after(const char *first, const char *then)
{
	fresh_state(NULL);
	if (*first)
		activity_typed(&a, first, strlen(first), T0);
	if (*then)
		activity_typed(&a, then, strlen(then), T0 + S);
	return a.draft_since_ns != 0;
}

static void
drafts(void **state)
{
	static const struct {
		const char *first, *then;
		bool want;
	} cases[] = {
		{"hello", "", true},
		{"hello", "\r", false},
		{"\x1b[A", "\x1b[B", false},	   /* arrows */
		{"\x1bOP", "\t", false},	   /* F1, Tab */
		{"\x1b[<0;3;4M", "\x1b[I", false}, /* mouse, focus */
		{"ab", "\x7f", true},
		{"ab", "\x7f\x7f", false},
		{"ab", "\x03", false},
		{"ab", "\x15", false},
		{"é", "\x7f", false},			    /* one key, two bytes */
		{"\x1b[200~two\rlines\x1b[201~", "", true}, /* Enter in a paste sends nothing */
		{"\x1b[200~two\rlines\x1b[201~", "\x15", true},
		{"\x1b[200~two\rlines\x1b[201~", "\r", false},
		{"ab", "\x1b\r", true},	    /* Alt-Enter */
		{"ab", "\x1b[13;2u", true}, /* Shift-Enter */
		{"ab", "\x1b[13u", false},  /* Enter in kitty's form */
		{"ab", "\x1b[13;1:1u", false},
		{"ab", "\x1b[13;1:3u", true}, /* its release */
		{"\x1b[97u", "", true},
		{"\x1b[97u", "\x1b[127u", false},
		{"\x1b[97u", "\x1b[99;5u", false}, /* Ctrl-C */
		{"\x1b[57441u", "", false},	   /* a Shift alone */
		{"\x1b[27;2;13~", "", false},
		{"a\x1b[27;2;13~b", "", true},
		{"\x1b", "", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (draft_after(cases[i].first, cases[i].then) != cases[i].want)
			fail_msg("case %zu: draft %d", i, !cases[i].want);
}

static void
an_answer_is_no_draft_and_interrupt_keeps_one(void **state)
{
	(void)state;
	say("state=blocked:kind=permission", T0);
	verdict(T0);
	activity_typed(&a, "1", 1, T0);
	assert_true(a.draft_since_ns == 0);
	say("state=working", T0);
	verdict(T0);
	activity_typed(&a, "next", 4, T0);
	activity_typed(&a, "\x03", 1, T0);
	assert_true(a.draft_since_ns != 0);
}

static int
load(void **state)
{
	struct err e;

	(void)state;
	ps = profiles_load(NULL, &e);
	if (!ps)
		return -1;
	claude = profile_find(ps, "claude");
	shell = profile_find(ps, "shell");
	return 0;
}

static int
unload(void **state)
{
	(void)state;
	activity_deinit(&a);
	profiles_free(ps);
	return 0;
}

#define T(f) cmocka_unit_test_setup(f, fresh_state)
int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(states_of_osc7501),
		T(rest_begins_again_after_work_unseen),
		T(hostile_osc7501_is_harmless),
		T(a_shell_prompt_ends_working),
		T(marks_of_an_ai_cli_tell_of_no_command),
		T(silence_of_an_ai_cli_is_no_rest),
		T(children_do_not_set_the_state),
		T(higher_source_wins_while_fresh),
		T(a_hook_says_nothing_of_an_interrupt),
		T(a_failed_turn_is_read_off_the_screen),
		T(a_registry_that_is_idle_after_a_failure_is_an_error),
		T(an_idle_title_counts_where_the_screen_agrees),
		T(a_hook_that_rests_yields_to_a_question_on_the_screen),
		T(a_screen_alone_is_no_rest_of_one_that_says_more),
		T(a_screen_that_rests_is_believed_when_it_is_quiet),
		T(choices_are_hashed_without_their_marker),
		T(options_are_the_last_list_that_counts_from_one),
		T(its_own_word_and_its_prompt_make_it_ready),
		T(with_its_reports_off_a_quiet_prompt_makes_it_ready),
		T(a_bare_prompt_that_stands_makes_it_ready),
		T(a_turn_begins_by_its_own_highest_word),
		T(silence_in_front_of_a_shell_is_no_rest),
		T(output_tells_working_from_quiet),
		T(idle_counts_from_rest_or_touch),
		T(without_a_word_of_its_own_text_counts),
		T(drafts),
		T(an_answer_is_no_draft_and_interrupt_keeps_one),
	};
	return cmocka_run_group_tests(tests, load, unload);
}
