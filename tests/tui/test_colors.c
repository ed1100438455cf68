/* What the terminal looks like reaches the sessions: the real program on a pty. */
#include "on_pty_sessions.h"

/* Prints what it is sent; q asks for the background. */
static const char asks[] =
	"stty raw -echo; printf \"\\033[?2031hup\\r\\n\"; "
	"while c=$(dd bs=1 count=1 2>/dev/null | cat -v); do "
	"if [ \"$c\" = q ]; then printf \"\\033]11;?\\007\"; else printf %s \"$c\"; fi; done";

static void
sessions_know_the_background(void **state)
{
	(void)state;
	start("painter", asks);
	char *const argv[] = {muster, "attach", "painter", NULL};
	struct outer *o = run_on_pty(argv, 80, 24);
	term_colors(o->t, 0x111111, 0xfdf6e3); /* before it is asked */
	wait_shown(o, "997;2n", true);	       /* it was dark until somebody looked */
	type(o, "q");
	wait_shown(o, "rgb:fdfd/f6f6/e3e3", true);
	term_colors(o->t, 0xeeeeee, 0x002b36); /* the user turns the lights out */
	wait_shown(o, "997;1n", true);
	type(o, "q");
	wait_shown(o, "rgb:0000/2b2b/3636", true);
	leave(o, DETACH);
	/* one that begins while nobody looks has them as well */
	start("later", asks);
	struct outer *p = run_on_pty((char *const[]){muster, "attach", "later", NULL}, 80, 24);
	p->mute = true;
	wait_shown(p, "up", true);
	type(p, "q");
	wait_shown(p, "rgb:0000/2b2b/3636", true);
	leave(p, DETACH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_know_the_background),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
