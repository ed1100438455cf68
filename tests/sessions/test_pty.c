/* Whose turn it is: two ptys on one loop, one on screen. The order of what happens is written down
 * as letters: v and b for a turn of the visible one and of the one in the background, . for the
 * place in a turn of the loop where frames are made. */
#include "core/os/os.h"
#include "sessions/pty/pty.h"
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <cmocka.h>

#define DEADLINE_NS 20000000000ull
#define BEHIND 6 /* bytes that the background prints, each written when the one before was read */

struct one {
	struct pty *pty;
	struct ring *ring;
	int slave;
	char letter;
	unsigned more; /* bytes to be printed on */
};
static struct {
	uv_loop_t loop;
	uv_prepare_t prepare;
	struct pty_hub *hub;
	struct one v, b;
	char order[64];
	unsigned turns;
} t;

static void
note(char c)
{
	size_t n = strlen(t.order);

	if (n + 1 < sizeof(t.order))
		t.order[n] = c;
}

static void
print(struct one *o)
{
	assert_int_equal(write(o->slave, "x", 1), 1);
}

static bool
on_output(void *ctx, size_t n)
{
	struct one *o = ctx;

	note(o->letter);
	for (t.turns++; n && o->more; n--, o->more--)
		print(o);
	return true;
}

static void
on_ended(void *ctx)
{
	(void)ctx;
}

static void
on_prepare(uv_prepare_t *p)
{
	size_t n = strlen(t.order);

	(void)p;
	if (n && t.order[n - 1] != '.')
		note('.');
}

static void
open_one(struct one *o, char letter)
{
	struct pty_ops ops = {.output = on_output, .ended = on_ended, .ctx = o};
	struct termios raw;
	int master;

	o->letter = letter;
	assert_non_null(o->ring = ring_new(os_memfd("ring")));
	assert_int_equal(openpty(&master, &o->slave, NULL, NULL, NULL), 0);
	tcgetattr(o->slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(o->slave, TCSANOW, &raw);
	fcntl(master, F_SETFL, fcntl(master, F_GETFL) | O_NONBLOCK);
	assert_non_null(o->pty = pty_new(t.hub, master, o->ring, &ops));
}

static void
close_one(struct one *o)
{
	pty_free(o->pty);
	ring_free(o->ring);
	close(o->slave);
}

/* Until there were n turns more; the loop has nothing left to do then. */
static void
run_turns(unsigned n)
{
	uint64_t end = os_mono_ns() + DEADLINE_NS;
	unsigned upto = t.turns + n;

	while (t.turns < upto) {
		assert_true(os_mono_ns() < end);
		uv_run(&t.loop, UV_RUN_NOWAIT);
	}
	assert_int_equal(t.turns, upto);
}

static int
begin(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	assert_int_equal(uv_loop_init(&t.loop), 0);
	uv_prepare_init(&t.loop, &t.prepare);
	uv_prepare_start(&t.prepare, on_prepare);
	assert_non_null(t.hub = pty_hub_new(&t.loop));
	open_one(&t.v, 'v');
	open_one(&t.b, 'b');
	pty_set_visible(t.v.pty, true);
	for (int i = 0; i < 4; i++) /* both were new, and nothing was there */
		uv_run(&t.loop, UV_RUN_NOWAIT);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	close_one(&t.v);
	close_one(&t.b);
	pty_hub_close(t.hub);
	uv_close((uv_handle_t *)&t.prepare, NULL);
	uv_run(&t.loop, UV_RUN_DEFAULT);
	return uv_loop_close(&t.loop);
}

/* Both printed. What happened until both were read, in letters; NULL: it took longer than an echo
 * has precedence. */
static const char *
key_and_noise(unsigned skew)
{
	uint64_t now;

	t.b.more = skew; /* whose turn comes next differs */
	print(&t.b);
	run_turns(1 + skew);
	memset(t.order, 0, sizeof(t.order));
	print(&t.b);
	now = os_mono_ns();
	pty_typed(t.v.pty);
	for (int i = 0; i < 3; i++)
		uv_run(&t.loop, UV_RUN_NOWAIT);
	print(&t.v);
	while (!strchr(t.order, 'v') && os_mono_ns() - now < PTY_ECHO_NS)
		uv_run(&t.loop, UV_RUN_NOWAIT);
	bool in_time = os_mono_ns() - now < PTY_ECHO_NS;
	run_turns(2 - (strchr(t.order, 'v') != NULL) - (strchr(t.order, 'b') != NULL));
	return in_time ? t.order : NULL;
}

static void
test_an_echo_comes_before_other_output(void **state)
{
	uint64_t limit = os_mono_ns() + DEADLINE_NS;

	(void)state;
	for (unsigned skew = 0, seen = 0; seen < 4; skew ^= 1) {
		const char *order = key_and_noise(skew);
		assert_true(os_mono_ns() < limit);
		if (!order)
			continue;
		assert_true(strchr(order, 'v') < strchr(order, 'b'));
		seen++;
	}
}

static void
test_what_does_not_echo_holds_up_no_one_for_long(void **state)
{
	(void)state;
	pty_typed(t.v.pty);
	print(&t.b);
	run_turns(1);
}

static void
test_a_session_that_ends_is_not_waited_for(void **state)
{
	uint64_t limit = os_mono_ns() + DEADLINE_NS, now;

	(void)state;
	do {
		assert_true(os_mono_ns() < limit);
		now = os_mono_ns();
		pty_typed(t.v.pty);
		close_one(&t.v);
		print(&t.b);
		run_turns(1);
		now = os_mono_ns() - now;
		open_one(&t.v, 'v');
		pty_set_visible(t.v.pty, true);
	} while (now >= PTY_ECHO_NS);
}

static void
test_what_is_seen_is_painted_before_the_next_turn(void **state)
{
	(void)state;
	t.b.more = t.v.more = BEHIND;
	print(&t.b);
	print(&t.v);
	run_turns(2 * (BEHIND + 1));
	for (const char *v = t.order; (v = strchr(v, 'v')); v++)
		assert_true(v[1] == '.' || !v[1]);
}

static void
test_keys_are_looked_for_after_each_turn(void **state)
{
	uint64_t limit = os_mono_ns() + DEADLINE_NS, now;

	(void)state;
	do {
		assert_true(os_mono_ns() < limit);
		now = os_mono_ns();
		pty_typed(t.v.pty);
		print(&t.v);
		run_turns(1);
		memset(t.order, 0, sizeof(t.order));
		t.b.more = BEHIND;
		print(&t.b);
		run_turns(BEHIND + 1);
	} while (os_mono_ns() - now > 500000000);
	for (const char *b = t.order; (b = strchr(b, 'b')); b++)
		assert_true(b[1] == '.' || !b[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_an_echo_comes_before_other_output, begin, end),
		cmocka_unit_test_setup_teardown(
			test_what_does_not_echo_holds_up_no_one_for_long, begin, end),
		cmocka_unit_test_setup_teardown(
			test_a_session_that_ends_is_not_waited_for, begin, end),
		cmocka_unit_test_setup_teardown(
			test_what_is_seen_is_painted_before_the_next_turn, begin, end),
		cmocka_unit_test_setup_teardown(
			test_keys_are_looked_for_after_each_turn, begin, end)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
