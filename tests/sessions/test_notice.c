/* The command for notices: run for what is to be told of sessions that nobody looks at. */
#include "sessions/closing/care.h"
#include "sessions/lifecycle/notice_run.h"
#include "sessions/display/display.h"
#include "tests/sessions/put_file.h"
#include "tests/sessions/played.h"
#include "tests/sessions/run_muster.h"

static struct played p;

static void
over(void *ctx, struct session *s)
{
	(void)ctx;
	care_free(s);
}

static void
on_activity(void *ctx, struct session *s)
{
	(void)ctx;
	notice_look(s);
}

static int
begin(void **state)
{
	(void)state;
	house_ops.over = over;
	house_ops.activity = on_activity;
	house_begin();
	unlink(in_home("told"));
	snprintf(house.ss.config->notify_command, sizeof(house.ss.config->notify_command),
		"printf '%%s/%%s/%%s;' $MUSTER_NOTICE $MUSTER_ID \"$MUSTER_TEXT\" >>'%s'",
		in_home("told"));
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

static char *
told(void)
{
	static char text[4096];
	FILE *f = fopen(in_home("told"), "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	text[n] = 0;
	if (f)
		fclose(f);
	return text;
}

static int
count(const char *s, char c)
{
	int n = 0;

	while (*s)
		n += *s++ == c;
	return n;
}

static void
each_kind_is_told(void **state)
{
	char want[200];

	(void)state;
	played_says(&p, "working");
	played_says(&p, "blocked:kind=permission:msg=cnVuIG1ha2U="); /* run make */
	UNTIL(count(told(), ';') == 1);
	snprintf(want, sizeof(want), "permission/%s/run make;", p.s->id);
	assert_string_equal(told(), want);
	played_says(&p, "blocked:kind=permission:msg=bWFrZSAy"); /* another one, not another kind */
	played_says(&p, "done");
	UNTIL(count(told(), ';') == 2);
	assert_non_null(strstr(told(), ";done/"));
	notice_grows(p.s);
	UNTIL(count(told(), ';') == 3);
	assert_non_null(strstr(told(), ";growing/"));
}

/* What a predecessor told of is not told again; nor is one told of that somebody is in, that is
 * tagged quiet, or that was just told of three times. */
static void
not_everything_is_told(void **state)
{
	struct err e;

	(void)state;
	assert_true(
		snprintf(house.ss.config->notify_command, sizeof(house.ss.config->notify_command),
			"echo ';' >>'%s'", in_home("told")) > 0);
	p.s->run->act.now = ACT_ERROR;
	notice_found(p.s);
	notice_look(p.s);
	p.s->display->viewers++;
	notice_grows(p.s);
	p.s->display->viewers--;
	assert_int_equal(session_tag(p.s, "quiet", &e), 0);
	notice_grows(p.s);
	assert_int_equal(session_untag(p.s, "quiet", &e), 0);
	assert_true(care_of(p.s)->told.at[NOTICES_MAX - 1] == 0);
	for (int i = 0; i < 20; i++)
		notice_grows(p.s);
	UNTIL(count(told(), ';') == NOTICES_MAX);
	for (int i = 0; i < NOTICES_MAX; i++) /* all in this minute, and no other was begun */
		assert_true(care_of(p.s)->told.at[i] > 0);
	UNTIL(!uv_loop_alive(&house.loop) || count(told(), ';') == NOTICES_MAX);
}

/* In the server. */

static bool
is_told(void *want)
{
	return strstr(told(), want) != NULL;
}

static void
the_server_runs_it(void **state)
{
	(void)state;
	own_home("notice");
	put_file(in_home("config.ini"),
		"[notify]\ncommand = echo \"$MUSTER_NOTICE $MUSTER_NAME\" >>'%s'\n",
		in_home("told"));
	assert_int_equal(
		muster("new -d -n asks -- sh -c 'printf \"\\033]7501;state=working\\033\\\\\"; "
		       "printf \"\\033]7501;state=blocked:kind=question\\033\\\\\"; read x; "
		       "printf \"\\033]7501;state=error\\033\\\\\"; read x'"),
		0);
	assert_true(until(is_told, "question asks\n", 20));
	assert_int_equal(muster("send asks --key Enter"), 0);
	assert_true(until(is_told, "error asks\n", 20));
	/* the next server has nothing more to tell */
	kill(server_pid("pid"), SIGKILL);
	assert_int_equal(muster("new -d -n more -- sh -c 'printf "
				"\"\\033]7501;state=blocked:kind=question\\033\\\\\"; read x'"),
		0);
	assert_true(until(is_told, "question more\n", 20));
	assert_int_equal(count(told(), '\n'), 3);
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_kind_is_told, begin, end),
		cmocka_unit_test_setup_teardown(not_everything_is_told, begin, end),
		cmocka_unit_test(the_server_runs_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
