/* Finding a line from the dashboard: typed, seen, opened where it stands, in what runs, sleeps or
 * has ended. */
#include "on_pty_sessions.h"
#include "sessions/client/client.h"

static struct outer *
dashboard(int cols, int rows)
{
	char *argv[] = {muster, NULL};
	return run_on_pty(argv, cols, rows);
}

static void
wait_text(const char *name, const char *text)
{
	for (long end = now_ms() + DEADLINE_MS;
		shell("%s peek %s --history | grep -q '%s'", muster, name, text) != 0;) {
		assert_true(now_ms() < end);
		poll(NULL, 0, 20);
	}
}

static void
a_line_is_found_and_opened(void **state)
{
	(void)state;
	start("alpha", "seq 1 200; echo the needle is here; seq 201 400; echo end; exec cat");
	start("beta", "echo another Needle lies here; echo end; exec cat");
	start("gone", "seq 1 30; echo needle in what ended; seq 31 90; exit 3");
	wait_text("alpha", "^end");
	wait_text("beta", "^end");
	wait_text("gone", "^90");
	struct outer *o = dashboard(100, 30);
	wait_shown(o, "alpha", true);
	type(o, "s");
	wait_shown(o, "running, asleep and ended", true);
	type(o, "need");
	wait_shown(o, "3 hits in 3 sessions", true);
	type(o, "le is"); /* narrowed: the search before is called off */
	wait_shown(o, "1 hit in 1 session", true);
	wait_shown(o, "\n 199\n 200\n the needle is here\n 201\n", true); /* its place below */
	type(o, "\r");
	wait_shown(o, "\n200\nthe needle is here\n201\n", true);
	wait_shown(o, "1 of 1", true);
	assert_false(shows(o, "hits in"));
	type(o, "q");
	wait_shown(o, "\n400\nend", true);
	type(o, DETACH);
	wait_shown(o, "1 hit in 1 session", true); /* back where one was */
	/* a bad pattern says so and nothing is lost */
	type(o, "\022");
	wait_shown(o, "regex", true);
	type(o, "(");
	wait_shown(o, "bad pattern", true);
	type(o, "\025what ended$");
	wait_shown(o, "1 hit in 1 session", true);
	/* what has ended is read, not started */
	type(o, "\r");
	wait_shown(o, "\nneedle in what ended  ", true);
	wait_shown(o, "1 of 1", true);
	assert_int_equal(shell("%s ls -a | grep gone | grep -q exited", muster), 0);
	type(o, "q");
	wait_shown(o, "ended with exit code 3", true);
	type(o, DETACH);
	wait_shown(o, "what ended$", true);
	type(o, "\033");
	wait_shown(o, "all 2 sessions keep running", true);
	leave(o, "q");
}

/* A session that goes on printing, and one that goes away while its hits are shown. */
static void
sessions_go_on_meanwhile(void **state)
{
	(void)state;
	start("busy", "seq -f \"word %.0f\" 500; while read n; do seq -f \"word %.0f\" $n; done");
	start("brief", "echo word of the brief one; echo end; exec cat");
	wait_text("busy", "^word 500");
	wait_text("brief", "^end");
	struct outer *o = dashboard(100, 30);
	wait_shown(o, "busy", true);
	type(o, "sword 250");
	wait_shown(o, "1 hit in 1 session", true);
	wait_shown(o, "\n word 249\n word 250\n word 251\n", true);
	assert_int_equal(shell("%s send busy 300 >/dev/null", muster), 0);
	wait_text("busy", "^word 300");
	type(o, "\r"); /* the line moved up by 301 rows: it is found all the same */
	wait_shown(o, "\nword 249\nword 250\nword 251\n", true);
	type(o, DETACH);
	wait_shown(o, "1 hit in 1 session", true);
	type(o, "\025of the brief");
	wait_shown(o, "1 hit in 1 session", true);
	wait_shown(o, "\n word of the brief one\n", true);
	assert_int_equal(shell("%s kill brief --now >/dev/null && %s forget brief >/dev/null",
				 muster, muster),
		0);
	wait_shown(o, "\n word of the brief one\n", false);
	type(o, "\r");
	wait_shown(o, "brief was deleted", true);
	type(o, "\033");
	wait_shown(o, "keep running", true);
	leave(o, "q");
}

/* The number that a search on the command line gives leads to the line as well. */
static void
a_line_is_attached_to_by_number(void **state)
{
	(void)state;
	char line[32] = "";
	start("byline", "seq 1 250; echo the 251st; seq 252 400; echo end; exec cat");
	wait_text("byline", "^end");
	char cmd[700];
	snprintf(cmd, sizeof(cmd), "%s search --session byline 251st | cut -d: -f2", muster);
	FILE *f = popen(cmd, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	pclose(f);
	line[strcspn(line, "\n")] = '\0';
	assert_string_equal(line, "250");
	char *argv[] = {muster, "attach", "byline", "--line", line, NULL};
	struct outer *o = run_on_pty(argv, 80, 24);
	wait_shown(o, "\n250\nthe 251st\n252\n", true);
	type(o, "q\x1c"
		"d");
	assert_int_equal(ended(o), 0);
	outer_free(o);
	assert_int_equal(shell("%s attach byline --line 2x 2>/dev/null", muster), 2);
}

/* A preview is scrolled, and copied from, without attaching. */
static void
a_preview_is_read_and_copied(void **state)
{
	(void)state;
	start("prev", "seq 1 300; echo the end of it; exec cat");
	wait_text("prev", "^the end");
	struct outer *o = dashboard(100, 40);
	wait_shown(o, "prev", true);
	type(o, "/prev\r");
	wait_shown(o, "\n the end of it\n", true);
	char *text = screen_text(o), b[200];
	int y = 2;
	for (char *p = text; p < strstr(text, "\n the end of it"); p++)
		y += *p == '\n';
	free(text);
	snprintf(b, sizeof(b), "\033[<0;7;%dM\033[<0;7;%dm\033[<0;7;%dM\033[<0;7;%dm", y, y, y, y);
	type(o, b); /* a double click on its second word */
	for (long end = now_ms() + DEADLINE_MS; !o->clipboard.len;) {
		assert_true(now_ms() < end);
		pump(o, 20);
	}
	assert_string_equal(buf_cstr(&o->clipboard), "end");
	snprintf(b, sizeof(b), "\033[<64;7;%dM\033[<64;7;%dM\033[<64;7;%dM", y, y, y);
	type(o, b);
	wait_shown(o, "9 rows back", true);
	wait_shown(o, "\n the end of it\n", false);
	type(o, "\033"); /* the filter */
	wait_shown(o, "alpha", true);
	leave(o, "q");
}

/* `n` starts what `new` would: the same limits, umask, environment and directory. */
static void
new_inherits_as_the_verb_does(void **state)
{
	static const char say[] = "echo $(ulimit -Sn) $(umask) $MARK .; exec cat";
	char run[2048];
	(void)state;
	snprintf(run, sizeof(run),
		"ulimit -Sn 123; umask 027; export MARK=here; mkdir -p $MUSTER_HOME/real; "
		"ln -sfn real $MUSTER_HOME/link; cd $MUSTER_HOME/link; "
		"%s new -d -n byverb -- sh -c '%s'; exec %s",
		muster, say, muster);
	char *argv[] = {"/bin/sh", "-c", run, NULL};
	struct outer *o = run_on_pty(argv, 100, 30);
	wait_shown(o, "byverb", true);
	wait_text("byverb", "^123 0027 here .");
	type(o, "/byverb\r");
	wait_shown(o, "123 0027 here .", true);
	type(o, "n");
	wait_shown(o, "New session", true);
	type(o, "\025");
	type(o, getenv("MUSTER_HOME"));
	type(o, "/link/\t\t");
	type(o, say);
	type(o, "\t\tbyn\002");
	wait_shown(o, "started byn", true);
	wait_text("byn", "^123 0027 here .");
	assert_int_equal(shell("test 2 = $(%s ls --json | grep -o '/real\"' | wc -l)", muster), 0);
	leave(o, "q");
}

/* The terminal is asked for its colours, and the theme follows its answer; leaving puts all back. */
static void
the_terminal_says_its_colours(void **state)
{
	(void)state;
	start("tint", "echo end; exec cat");
	struct outer *o = dashboard(100, 30);
	wait_shown(o, "tint", true);
	for (long end = now_ms() + DEADLINE_MS;;) { /* its name stands in the accent colour */
		struct grid g = term_grid(o->t);
		struct style st = tab_style_get(g.tab, cell_style(g.row[0]->cells[1]));
		if ((st.fg & 0xff000000u) == COLOR_RGB)
			break;
		assert_true(now_ms() < end);
		pump(o, 20);
	}
	assert_true(term_mode(o->t, 2031));
	type(o, ":inspect\r");
	wait_shown(o, "model: ", true);
	wait_shown(o, "connected", true);
	type(o, "q");
	wait_shown(o, "keep", true);
	type(o, "q");
	assert_int_equal(ended(o), 0);
	assert_false(term_mode(o->t, 2031));
	everything_is_put_back(o);
	outer_free(o);
}

/* A locale without UTF-8, TERM=dumb and NO_COLOR do what they say, by themselves. */
static void
poor_terminals_are_known(void **state)
{
	static const char *const env[] = {"LC_ALL=C", "TERM=linux", "NO_COLOR=1", "LANG=C.UTF-8"};
	(void)state;
	start("plain", "echo end; exec cat");
	for (size_t i = 0; i < ARRAY_LEN(env); i++) {
		char *argv[] = {"/usr/bin/env", "-u", "LC_ALL", "-u", "LC_CTYPE", (char *)env[i],
			muster, NULL};
		struct outer *o = run_on_pty(argv, 100, 30);
		wait_shown(o, "plain", true);
		wait_shown(o, "q quits", true);
		char *text = screen_text(o);
		bool ascii = true, color = false;
		for (const char *p = text; *p; p++)
			ascii &= !(*p & 0x80);
		free(text);
		struct grid g = term_grid(o->t);
		for (int y = 0; y < g.rows; y++)
			for (int x = 0; x < g.row[y]->len; x++) {
				struct style st =
					tab_style_get(g.tab, cell_style(g.row[y]->cells[x]));
				color |= st.fg != COLOR_DEFAULT || st.bg != COLOR_DEFAULT;
			}
		assert_int_equal(ascii, i < 2);
		assert_int_equal(color, i != 2);
		type(o, "q");
		assert_int_equal(ended(o), 0);
		outer_free(o);
	}
}

struct hears {
	struct client *c;
	char bye[160];
	bool back;
};

static void
on_lost_client(void *ctx)
{
	struct hears *h = ctx;
	snprintf(h->bye, sizeof h->bye, "%s", client_bye(h->c));
}

static void
on_back_client(void *ctx)
{
	struct hears *h = ctx;
	h->back = true;
}

static void
on_deadline(uv_timer_t *t)
{
	(void)t;
	fail_msg("the server said nothing");
}

/* Why the server hung up is heard, and the connection comes back by itself. */
static void
its_goodbye_is_heard(void **state)
{
	struct client_ops ops = {.lost = on_lost_client, .back = on_back_client};
	struct hears h = {0};
	struct err e;
	uv_loop_t loop;
	uv_timer_t deadline;
	(void)state;
	start("any", "exec cat");
	h.c = client_connect(NULL, false, &e);
	assert_non_null(h.c);
	assert_string_equal(client_bye(h.c), "");
	ops.ctx = &h;
	uv_loop_init(&loop);
	uv_timer_init(&loop, &deadline);
	uv_timer_start(&deadline, on_deadline, DEADLINE_MS, 0);
	client_start(h.c, &loop, &ops);
	assert_int_equal(write(client_fd(h.c), "this is no frame of it", 22), 22);
	while (!h.back)
		uv_run(&loop, UV_RUN_ONCE);
	assert_true(strlen(h.bye) > 5);
	assert_string_equal(client_bye(h.c), ""); /* all is well again */
	client_free(h.c);
	uv_close((uv_handle_t *)&deadline, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static bool
server_runs(void)
{
	return shell("%s server status >/dev/null 2>&1", muster) == 0;
}

/* A server that was stopped stays so until it is asked for. */
static void
a_stopped_server_is_not_started_by_itself(void **state)
{
	(void)state;
	start("halted", "exec cat");
	struct outer *o = dashboard(100, 30);
	wait_shown(o, "halted", true);
	assert_int_equal(shell("%s server stop --kill-sessions", muster), 0);
	wait_shown(o, "Enter starts it again", true);
	/* longer than the client takes to start one where nobody wanted that none runs */
	for (long end = now_ms() + 12000; now_ms() < end;) {
		pump(o, 200);
		assert_false(server_runs());
	}
	type(o, "\r");
	wait_shown(o, "Enter starts it again", false);
	assert_true(server_runs());
	leave(o, "q");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stopped_server_is_not_started_by_itself),
		cmocka_unit_test(a_line_is_found_and_opened),
		cmocka_unit_test(new_inherits_as_the_verb_does),
		cmocka_unit_test(sessions_go_on_meanwhile),
		cmocka_unit_test(a_line_is_attached_to_by_number),
		cmocka_unit_test(its_goodbye_is_heard),
		cmocka_unit_test(the_terminal_says_its_colours),
		cmocka_unit_test(poor_terminals_are_known),
		cmocka_unit_test(a_preview_is_read_and_copied),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
