/* Text typed for others (sessions/lifecycle/typing.h) and what is kept while a session wakes (wake.h),
 * with a child that the test plays. */
#include "sessions/closing/care.h"
#include "sessions/lifecycle/typing.h"
#include "sessions/lifecycle/wake.h"
#include "tests/sessions/played.h"

#define ENTER_NS 150000000ull
#define LOOK_NS 50000000ull /* between two looks whether it is ready */
#define SEC 1000000000ull

static struct played p;
static struct outcome {
	unsigned calls, failed;
	char why[256];
} o;

static void
on_done(void *ctx, const struct err *e)
{
	struct outcome *out = ctx;

	out->calls++;
	out->failed += e != NULL;
	snprintf(out->why, sizeof(out->why), "%s", e ? e->msg : "");
}

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
	o = (struct outcome){0};
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
send_text(const char *text, bool enter, bool when_idle)
{
	typing_queue(p.s, &(struct typing){.text = text,
				  .enter = enter,
				  .when_idle = when_idle,
				  .done = on_done,
				  .ctx = &o});
	typing_tick(p.s, os_mono_ns());
}

static void
send_key(uint32_t key)
{
	struct input_event ev = {.type = INPUT_KEY, .key = key, .action = KEY_PRESS};
	struct buf keys = {0};

	input_pack(&keys, &ev);
	typing_queue(p.s, &(struct typing){.keys = &keys, .done = on_done, .ctx = &o});
	buf_free(&keys);
	typing_tick(p.s, os_mono_ns());
}

/* A CLI that says that it rests, with its prompt on the screen. */
static void
gets_ready(void)
{
	played_prompt(&p, "");
	played_says(&p, "idle");
	assert_true(typing_is_ready(p.s));
}

static void
text_is_held_until_it_takes_input_and_keys_pass_it(void **state)
{
	(void)state;
	played_starts(&p, "claude");
	send_text("first", false, false);
	send_text("second", false, false);
	played_prints(&p, "Starting");
	assert_string_equal(played_got(&p), "");
	send_key('y');
	played_takes(&p, "y");
	assert_int_equal(o.calls, 1);
	assert_true(typing_waits(p.s));
	gets_ready();
	played_takes(&p, "firstsecond");
	assert_int_equal(o.calls, 3);
	assert_int_equal(o.failed, 0);
	assert_false(typing_waits(p.s));
}

static void
enter_comes_alone_and_later(void **state)
{
	uint64_t at;

	(void)state;
	played_starts(&p, "shell");
	at = os_mono_ns();
	send_text("make", true, false);
	send_text("next", false, false); /* waits behind that Enter */
	played_takes(&p, "make");
	assert_int_equal(o.calls, 0);
	UNTIL(*played_got(&p));
	assert_int_equal(*played_got(&p), '\r');
	assert_true(os_mono_ns() - at >= ENTER_NS);
	UNTIL(!typing_waits(p.s));
	played_takes(&p, "\rnext");
	assert_int_equal(o.calls, 2);
	assert_int_equal(o.failed, 0);
}

/* A CLI that speaks of itself has taken the text when it says that it works. */
static void
a_send_is_through_when_the_turn_begins(void **state)
{
	(void)state;
	played_starts(&p, "claude");
	gets_ready();
	assert_true(typing_at_rest(p.s, os_mono_ns()));
	send_text("fix it", true, false);
	played_takes(&p, "fix it");
	played_prompt(&p, "fix it");
	played_takes(&p, "\r");
	assert_int_equal(o.calls, 0);
	assert_false(typing_answered(p.s, os_mono_ns()));
	assert_false(typing_at_rest(p.s, os_mono_ns())); /* though it still says idle */
	assert_true(activity_at_rest(p.s->run->act.now));
	/* one that never says anything of it had its time */
	assert_true(typing_at_rest(p.s, os_mono_ns() + 9 * SEC));
	played_says(&p, "working");
	UNTIL(o.calls);
	assert_int_equal(o.failed, 0);
	assert_true(typing_answered(p.s, os_mono_ns()));
	assert_false(typing_at_rest(p.s, os_mono_ns()));
	send_text("then", false, true);
	assert_true(typing_waits(p.s));
	assert_string_equal(played_got(&p), "");
	played_says(&p, "idle");
	assert_true(typing_at_rest(p.s, os_mono_ns()));
	played_takes(&p, "then");
}

/* Nothing is known of this one but the mark that it draws: it has the text with its Enter. */
static void
a_bare_prompt_gets_what_was_held(void **state)
{
	(void)state;
	played_starts(&p, "claude");
	send_text("early", true, false);
	played_prints(&p, "\033[2J\033[H\r\n\u276f ");
	assert_string_equal(played_got(&p), "");
	assert_false(typing_is_ready(p.s));
	p.s->run->act.prompt_since_ns -= 5 * SEC; /* it stands for a while */
	run_evaluate(p.s, os_mono_ns());
	assert_true(typing_is_ready(p.s));
	played_takes(&p, "early");
	UNTIL(o.calls);
	assert_int_equal(o.failed, 0);
	played_takes(&p, "\r");
}

/* With a mark in it, like a prompt. */
static void
a_list_on_its_screen_is_no_rest(void **state)
{
	(void)state;
	played_starts(&p, "claude");
	played_prompt(&p, "");
	played_prints(&p, "\033]0;\u2733 Claude\007");
	p.s->run->act.last_text_ns -= 5 * SEC;
	run_evaluate(p.s, os_mono_ns());
	assert_int_equal(p.s->run->act.now, ACT_IDLE);
	played_prints(
		&p, "\033[H\033[2J Settings\r\n \u276f Auto-compact  on\r\n   Theme  dark\r\n");
	p.s->run->act.last_text_ns -= 5 * SEC;
	run_evaluate(p.s, os_mono_ns());
	assert_int_equal(p.s->run->act.now, ACT_UNKNOWN);
}

/* Where the same text still stands in the prompt, Enter was lost. */
static void
a_lost_enter_comes_once_more(void **state)
{
	(void)state;
	played_starts(&p, "claude");
	gets_ready();
	send_text("stuck", true, false);
	played_takes(&p, "stuck");
	played_prompt(&p, "stuck");
	played_takes(&p, "\r");
	played_takes(&p, "\r");
	assert_int_equal(o.calls, 0);
	played_prompt(&p, "");
	UNTIL(o.calls);
	assert_int_equal(o.failed, 0);
	assert_string_equal(played_got(&p), "");
}

/* Who does not wait hears at once, and the text is entered with the same care; what is sent behind
 * it does not become a part of it. */
static void
care_is_taken_though_nobody_waits(void **state)
{
	(void)state;
	played_starts(&p, "claude");
	gets_ready();
	typing_queue(p.s, &(struct typing){.text = "hello",
				  .enter = true,
				  .no_wait = true,
				  .done = on_done,
				  .ctx = &o});
	typing_tick(p.s, os_mono_ns());
	send_text("next", false, false);
	played_takes(&p, "hello");
	played_prompt(&p, "hello");
	UNTIL(*played_got(&p));
	played_takes(&p, "\r");
	assert_int_equal(o.calls, 1);
	UNTIL(*played_got(&p)); /* it still stands there */
	played_takes(&p, "\r");
	assert_int_equal(o.calls, 1);
	played_prompt(&p, "");
	played_says(&p, "working");
	UNTIL(!typing_waits(p.s));
	played_takes(&p, "next");
	assert_int_equal(o.calls, 2);
	assert_int_equal(o.failed, 0);
}

/* A list in the prompt's place would lose the text, and take the Enter. */
static void
text_is_not_typed_into_a_list(void **state)
{
	static const char list[] =
		"\033[H\033[2J Rewind\r\n \u276f (current)\r\n   first question\r\n";

	(void)state;
	played_starts(&p, "claude");
	gets_ready();
	played_prints(&p, list);
	run_evaluate(p.s, os_mono_ns());
	send_text("hello", true, false);
	assert_string_equal(played_got(&p), "");
	played_prompt(&p, "");
	run_evaluate(p.s, os_mono_ns());
	played_takes(&p, "hello"); /* it went */
	played_prompt(&p, "hello");
	played_takes(&p, "\r");
	played_prompt(&p, "");
	UNTIL(o.calls);
	assert_int_equal(o.failed, 0);
	played_prints(&p, list);
	run_evaluate(p.s, os_mono_ns());
	send_text("again", true, false);
	typing_tick(p.s, os_mono_ns() + 6 * SEC);
	assert_int_equal(o.failed, 1);
	assert_non_null(strstr(o.why, "is not at its prompt"));
	played_says(&p, "blocked:kind=question"); /* nor where it calls that a question */
	send_text("again", true, false);
	typing_tick(p.s, os_mono_ns() + 3 * SEC);
	assert_int_equal(o.failed, 2);
	assert_non_null(strstr(o.why, "asks something"));
	assert_string_equal(played_got(&p), "");
}

/* A program that a shell runs reads what is sent: there is no list that it could be mistaken for. */
static void
what_a_shell_runs_takes_text(void **state)
{
	(void)state;
	played_starts(&p, "shell");
	played_prints(&p, "user$ ");
	run_evaluate(p.s, os_mono_ns());
	played_prints(&p, "cat\r\n");
	for (int i = 0; i < 3; i++) {
		run_evaluate(p.s, os_mono_ns());
		send_text("more", true, false);
		UNTIL(o.calls > i);
		assert_int_equal(o.failed, 0);
		played_takes(&p, "more\r");
		played_prints(&p, "more\r\nmore\r\n");
	}
}

/* Behind a draft it would become a part of that, and both be sent. */
static void
text_is_not_typed_behind_a_draft(void **state)
{
	(void)state;
	played_starts(&p, "claude");
	gets_ready();
	played_prompt(&p, "rm the old");
	send_text("hello", true, false);
	assert_string_equal(played_got(&p), "");
	typing_tick(p.s, os_mono_ns() + 3 * SEC);
	assert_int_equal(o.failed, 1);
	assert_non_null(strstr(o.why, "text in its prompt"));
	send_text("hello", true, true);
	typing_tick(p.s, os_mono_ns() + 90 * SEC);
	assert_int_equal(o.failed, 1); /* until it is empty, however long */
	assert_string_equal(played_got(&p), "");
	send_text(" logs", false, false); /* waits behind that */
	played_prompt(&p, "");
	played_takes(&p, "hello");
	played_prompt(&p, "hello");
	played_takes(&p, "\r");
	played_prompt(&p, "");
	UNTIL(!typing_waits(p.s));
	played_takes(&p, " logs"); /* without Enter it may join what stands there */
	assert_int_equal(o.failed, 1);
}

/* Nothing tells what stands in the prompt of this one but what was typed. */
static void
nor_behind_one_that_was_only_seen_typed(void **state)
{
	(void)state;
	played_starts(&p, "amp");
	played_prints(&p, "Ready\r\n");
	p.s->run->act.last_text_ns -= 5 * SEC;
	run_evaluate(p.s, os_mono_ns());
	assert_true(typing_is_ready(p.s));
	activity_typed(&p.s->run->act, "half", 4, os_mono_ns());
	send_text("hello", true, false);
	typing_tick(p.s, os_mono_ns() + 3 * SEC);
	assert_int_equal(o.failed, 1);
	assert_string_equal(played_got(&p), "");
	activity_typed(&p.s->run->act, "\r", 1, os_mono_ns());
	send_text("hello", true, false);
	played_takes(&p, "hello");
}

/* What somebody types between the text and its Enter is not sent along. */
static void
enter_is_not_pressed_behind_other_keys(void **state)
{
	(void)state;
	played_starts(&p, "claude");
	gets_ready();
	send_text("hello", true, false);
	played_takes(&p, "hello");
	activity_typed(&p.s->run->act, "x", 1, os_mono_ns());
	played_prompt(&p, "hellox");
	UNTIL(o.calls);
	assert_int_equal(o.failed, 1);
	assert_non_null(strstr(o.why, "meanwhile"));
	assert_string_equal(played_got(&p), "");
}

static void
only_a_choice_that_stands_there_is_an_answer(void **state)
{
	(void)state;
	played_starts(&p, "claude");
	gets_ready();
	played_prints(&p, "\033[H\033[2JDo you want to proceed?\r\n\u276f 1. Yes\r\n  2. No\r\n");
	played_says(&p, "blocked:kind=permission");
	assert_int_equal(p.s->run->act.options.n, 2);
	send_key('3');
	assert_int_equal(o.failed, 1);
	assert_string_equal(o.why, "no option 3: 1-2");
	send_text("0", false, false);
	assert_int_equal(o.failed, 2);
	assert_string_equal(played_got(&p), "");
	assert_int_equal(o.calls, 2);
}

static void
asks(const char *first)
{
	char screen[200];

	snprintf(screen, sizeof(screen),
		"\033[H\033[2JDo you want to proceed?\r\n\u276f 1. %s\r\n  2. No\r\n", first);
	played_prints(&p, screen);
	played_says(&p, "blocked:kind=permission");
}

/* An answer is through when its question is gone; no Enter reaches the next one. */
static void
an_answer_is_followed_until_its_question_is_gone(void **state)
{
	(void)state;
	played_starts(&p, "claude");
	gets_ready();
	asks("Yes");
	send_key('2');
	played_takes(&p, "2");
	assert_int_equal(o.calls, 0);
	played_says(&p, "working");
	UNTIL(o.calls);
	assert_int_equal(o.failed, 0);
	asks("Yes, and more");
	send_text("go on", true, false); /* its Enter would say Yes */
	assert_int_equal(o.failed, 1);
	assert_string_equal(played_got(&p), "");
	o = (struct outcome){.calls = 1};
	send_text("1", true, false);
	played_takes(&p, "1");
	played_says(&p, "working"); /* and at once the same again */
	asks("Yes, and more");
	UNTIL(o.calls == 2);
	assert_int_equal(o.failed, 0);
	assert_string_equal(played_got(&p), "");
	send_key('1'); /* it does not listen */
	played_takes(&p, "1");
	UNTIL(o.calls == 3);
	assert_int_equal(o.failed, 1);
	assert_non_null(strstr(o.why, "still shows its question"));
}

/* What was said to another question is not typed. */
static void
an_answer_to_another_question_is_not_typed(void **state)
{
	struct input_event ev = {.type = INPUT_KEY, .key = '1', .action = KEY_PRESS};
	struct buf keys = {0};
	uint64_t was;

	(void)state;
	played_starts(&p, "claude");
	gets_ready();
	asks("Yes");
	was = p.s->run->act.prompt_hash;
	assert_int_not_equal(was, 0);
	asks("Delete all");
	input_pack(&keys, &ev);
	typing_queue(
		p.s, &(struct typing){.keys = &keys, .prompt = was, .done = on_done, .ctx = &o});
	buf_free(&keys);
	typing_tick(p.s, os_mono_ns());
	assert_int_equal(o.failed, 1);
	assert_non_null(strstr(o.why, "not the same any more"));
	assert_string_equal(played_got(&p), "");
}

static void
what_waits_is_refused_when_it_ends(void **state)
{
	(void)state;
	played_starts(&p, "claude");
	send_text("one", true, false);
	send_text("two", true, false);
	played_leaves(&p, 0);
	assert_int_equal(o.calls, 2);
	assert_int_equal(o.failed, 2);
	assert_non_null(strstr(o.why, "ended before it was typed"));
}

/* One that ends by what was sent ("exit") has taken it. */
static void
what_was_entered_is_taken_when_it_ends(void **state)
{
	(void)state;
	played_starts(&p, "claude");
	gets_ready();
	send_text("/exit", true, false);
	played_takes(&p, "/exit");
	played_prompt(&p, "/exit");
	played_takes(&p, "\r");
	assert_int_equal(o.calls, 0);
	played_leaves(&p, 0);
	assert_int_equal(o.calls, 1);
	assert_int_equal(o.failed, 0);
}

static void
what_is_typed_while_it_wakes_is_kept(void **state)
{
	const struct wake_facts f = {.directory = true, .program = true};
	const char *how;
	uint64_t at;
	struct err e;

	(void)state;
	played_new(&p, "claude", SS_ASLEEP);
	assert_int_equal(wake_session(p.s, &f, &how, &e), 0);
	assert_string_equal(how, "start"); /* it never had a conversation */
	assert_int_equal(wake_session(p.s, &f, &how, &e), -1);
	assert_true(waking_is(p.s));
	assert_true(waking_hold(p.s, "hi\r", 3));
	played_born(&p, 0, 7, -1);
	send_key('!');
	played_prints(&p, "Starting");
	at = os_mono_ns();
	UNTIL(os_mono_ns() - at > 2 * LOOK_NS);
	assert_string_equal(played_got(&p), "");
	played_prompt(&p, "");
	at = os_mono_ns();
	played_says(&p, "idle");
	assert_false(typing_is_ready(p.s)); /* not before it has what was kept */
	played_takes(&p, "hi");
	UNTIL(strlen(played_got(&p)) == 1);
	assert_true(os_mono_ns() - at >= ENTER_NS);
	played_takes(&p, "\r");
	played_takes(&p, "!");
	UNTIL(!waking_is(p.s));
	assert_true(typing_is_ready(p.s));
	send_key('x');
	played_takes(&p, "x");
}

/* It came back with what was not sent before it slept: Enter would send that. */
static void
no_enter_is_kept_for_a_draft_that_came_back(void **state)
{
	const struct wake_facts f = {.directory = true, .program = true};
	const char *how;
	struct err e;

	(void)state;
	played_new(&p, "claude", SS_ASLEEP);
	assert_int_equal(wake_session(p.s, &f, &how, &e), 0);
	assert_true(waking_hold(p.s, "hi\r", 3));
	played_born(&p, 0, 7, -1);
	played_prompt(&p, "old words");
	played_says(&p, "idle");
	played_takes(&p, "hi");
	UNTIL(!waking_is(p.s));
	assert_string_equal(played_got(&p), "");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(text_is_held_until_it_takes_input_and_keys_pass_it),
		T(enter_comes_alone_and_later),
		T(a_send_is_through_when_the_turn_begins),
		T(a_bare_prompt_gets_what_was_held),
		T(a_list_on_its_screen_is_no_rest),
		T(a_lost_enter_comes_once_more),
		T(care_is_taken_though_nobody_waits),
		T(text_is_not_typed_into_a_list),
		T(what_a_shell_runs_takes_text),
		T(text_is_not_typed_behind_a_draft),
		T(nor_behind_one_that_was_only_seen_typed),
		T(enter_is_not_pressed_behind_other_keys),
		T(only_a_choice_that_stands_there_is_an_answer),
		T(an_answer_is_followed_until_its_question_is_gone),
		T(an_answer_to_another_question_is_not_typed),
		T(what_waits_is_refused_when_it_ends),
		T(what_was_entered_is_taken_when_it_ends),
		T(what_is_typed_while_it_wakes_is_kept),
		T(no_enter_is_kept_for_a_draft_that_came_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
