/* Work beside the loop: in order, together, and to its end even when nobody asks for more. */
#include "sessions/store_thread/aside.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { PIECES = 50 };
static uv_loop_t loop;
static uv_thread_t loop_thread;
static struct aside *a;
static char worked[PIECES + 1], told[PIECES + 1];
static int n_worked, n_told, turns, first_turn, last_turn;

static void
work(void *arg)
{
	uv_thread_t self = uv_thread_self();

	assert_false(uv_thread_equal(&self, &loop_thread));
	worked[n_worked++] = *(char *)arg;
}

static void
told_of(void *arg)
{
	uv_thread_t self = uv_thread_self();

	assert_true(uv_thread_equal(&self, &loop_thread));
	if (!n_told)
		first_turn = turns;
	last_turn = turns;
	told[n_told++] = *(char *)arg;
	free(arg);
}

static void
ask(char c)
{
	char *arg = malloc(1);

	*arg = c;
	aside_run(a, work, told_of, arg);
}

static void
told_and_asks(void *arg)
{
	told_of(arg);
	ask('z');
	aside_close(a);
}

static void
on_prepare(uv_prepare_t *p)
{
	(void)p;
	turns++;
}

static void
test_order_and_end(void **state)
{
	char want[PIECES + 1] = "", *last = malloc(1);
	uv_prepare_t prepare;

	(void)state;
	loop_thread = uv_thread_self();
	uv_loop_init(&loop);
	uv_prepare_init(&loop, &prepare);
	uv_prepare_start(&prepare, on_prepare);
	uv_unref((uv_handle_t *)&prepare);
	a = aside_new(&loop);
	for (int i = 0; i < PIECES - 2; i++) {
		want[i] = (char)('a' + i % 20);
		ask(want[i]);
	}
	*last = 'y';
	strcat(want, "yz");
	aside_run(a, work, told_and_asks, last);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_string_equal(worked, want);
	assert_string_equal(told, want);
	/* the first alone, those behind it together, and the one that was asked for at the end */
	assert_true(last_turn - first_turn <= 4);
	uv_close((uv_handle_t *)&prepare, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_order_and_end)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
