/* An attached session as its user sees it: the real program on a pty, its output read by a struct
 * term which also answers what a terminal is asked. */
#include "on_pty_sessions.h"

static struct outer *
attach(const char *name, int cols, int rows)
{
	char *argv[] = {muster, "attach", (char *)name, NULL};
	return run_on_pty(argv, cols, rows);
}

static void
keys_reach_the_session_and_its_screen_comes_back(void **state)
{
	(void)state;
	start("echo", "echo ready; exec cat -v");
	struct outer *o = attach("echo", 60, 16);
	wait_shown(o, "ready", true);
	assert_true(term_alt(o->t));
	assert_true(term_mode(o->t, 2004));
	assert_true(term_mode(o->t, 1006));
	type(o, "hello\r");
	wait_shown(o, "hello\nhello", true);
	type(o, "\033[200~pasted\033[201~\r");
	wait_shown(o, "pasted\npasted", true);
	type(o, "\x1c"); /* the prefix opens the menu, */
	wait_shown(o, "scrollback", true);
	type(o, "\033"); /* Esc closes it, */
	wait_shown(o, "scrollback", false);
	type(o, "\x1c\\\r"); /* and it can be sent */
	wait_shown(o, "^\\", true);
	type(o, "\x1c\x1c");
	assert_int_equal(ended(o), 0);
	everything_is_put_back(o);
	outer_free(o);
}

/* The test's terminal speaks the kitty protocol, so attach turns it on: keys come in its form. */
static void
the_richest_keyboard_is_used(void **state)
{
	(void)state;
	start("keys", "stty raw -echo; echo go; exec cat -v");
	struct outer *o = attach("keys", 60, 16);
	wait_shown(o, "go", true);
	long end = now_ms() + DEADLINE_MS;
	while (!term_key_modes(o->t).kitty_flags && now_ms() < end)
		pump(o, 20);
	assert_true(term_key_modes(o->t).kitty_flags & 1);
	type(o, "\033[13;2u\033[97;5u"); /* legacy inside: CR and ^A */
	wait_shown(o, "^M^A", true);
	type(o, "\033[92;5u");
	wait_shown(o, "pressed", true);
	type(o, "\033[92;5u");
	assert_int_equal(ended(o), 0);
	everything_is_put_back(o);
	outer_free(o);
}

/* What a terminal makes of a dropped picture is a paste of its path, and of a pasted one an empty paste
 * or ^V, at which the CLI looks into the clipboard itself. */
static void
pictures_reach_the_program(void **state)
{
	(void)state;
	start("drop", "stty raw -echo; printf '\033[?2004hgo'; exec cat -v");
	struct outer *o = attach("drop", 70, 16);
	wait_shown(o, "go", true);
	type(o, "\033[200~/srv/u/a\\ picture.png \033[201~");
	wait_shown(o, "^[[200~/srv/u/a\\ picture.png ^[[201~", true);
	type(o, "\033[200~\033[201~\026");
	wait_shown(o, "^[[201~^[[200~^[[201~^V", true);
	type(o, "\034\034");
	assert_int_equal(ended(o), 0);
	everything_is_put_back(o);
	outer_free(o);
}

static void
looking_back_finding_and_copying(void **state)
{
	(void)state;
	start("hist", "seq 1 300; echo end; exec cat");
	struct outer *o = attach("hist", 60, 16);
	wait_shown(o, "end", true);
	type(o, "\x1c[");
	wait_shown(o, "back 0/", true);
	type(o, "g");
	wait_shown(o, "\n2\n3\n4\n", true);
	type(o, "/177\r");
	wait_shown(o, "1 of 1", true);
	wait_shown(o, "\n177\n", true);
	type(o, "q");
	wait_shown(o, "end", true);
	/* wheel up scrolls, as cat asked for no mouse; selecting copies */
	type(o, "\033[<64;5;5M");
	wait_shown(o, "back 3/", true);
	wait_shown(o, "\n285\n", true);
	struct grid g = term_grid(o->t);
	char want[32];
	uint32_t cps[CLUSTER_MAX];
	int len = 0;
	for (int x = 0;
		x < g.row[2]->len && tab_cps(g.tab, g.row[2]->cells[x], cps) == 1 && cps[0] > ' ';
		x++)
		want[len++] = (char)cps[0];
	want[len] = '\0';
	assert_true(len >= 3);
	type(o, "\033[<0;1;3M\033[<32;3;3M\033[<0;3;3m");
	wait_shown(o, "copied 3 characters", true);
	want[3] = '\0';
	assert_string_equal(buf_cstr(&o->clipboard), want);
	type(o, "q\x1c"
		"d");
	assert_int_equal(ended(o), 0);
	outer_free(o);
}

/* Looking back at a place, it stays while the session prints on. */
static void
a_place_stays_while_output_comes(void **state)
{
	(void)state;
	start("flow", "seq 1 100; while read n; do seq 1 $n; done");
	struct outer *o = attach("flow", 60, 16);
	wait_shown(o, "\n100\n", true);
	type(o, "\033[<64;5;5M\033[<64;5;5M");
	wait_shown(o, "back 6/", true);
	wait_shown(o, "\n82\n", true);
	assert_int_equal(shell("%s send flow 50 >/dev/null", muster), 0);
	wait_shown(o, "back 57/", true); /* what was typed, and 50 lines */
	assert_true(shows(o, "\n82\n"));
	type(o, "\033[<64;5;5M"); /* further up from where one is, not from where one was */
	wait_shown(o, "back 60/", true);
	wait_shown(o, "\n79\n", true);
	type(o, "q\x1c"
		"d");
	assert_int_equal(ended(o), 0);
	outer_free(o);
}

/* What stands on marked cells, row by row, top first. */
static char *
marked_text(struct outer *o)
{
	struct grid g = term_grid(o->t);
	struct buf b = {0};
	bool at = false;
	for (int y = 0; y < g.rows - 1; y++)
		for (int x = 0; x < g.row[y]->len; x++) {
			cell_t c = g.row[y]->cells[x];
			struct style s = tab_style_get(g.tab, cell_style(c));
			uint32_t cps[CLUSTER_MAX];
			bool now = s.fg == (COLOR_INDEX | 3);
			if (!(s.attrs & ATTR_INVERSE) || (!now && s.fg != (COLOR_INDEX | 6)))
				continue;
			if (now && !at)
				buf_putc(&b, '<');
			at = now;
			int n = tab_cps(g.tab, c, cps);
			for (int i = 0; i < n; i++)
				buf_utf8(&b, cps[i]);
		}
	return buf_cstr(&b);
}

static void
wait_marked(struct outer *o, const char *text)
{
	for (long end = now_ms() + DEADLINE_MS;;) {
		char *got = marked_text(o);
		bool same = !strcmp(got, text);
		if (!same && now_ms() > end)
			fail_msg("marked is \"%s\", not \"%s\":\n%s", got, text, screen_text(o));
		free(got);
		if (same)
			return;
		pump(o, 20);
	}
}

/* Every match on the screen is marked, with capitals, across a wrap, in colour, wide ones; the one
 * looked at in its own way. */
static void
hits_are_marked(void **state)
{
	(void)state;
	start("marks",
		"seq 1 50; printf \"\\033[31mA fox\\033[m here\\nxxxx xxxx xxxx xxxx xxxx xxxx "
		"xxxx "
		"fox and FOX\\n\\346\\274\\242\\345\\255\\227 fox\\n\"; echo done; exec cat");
	struct outer *o = attach("marks", 37, 12);
	wait_shown(o, "done", true);
	type(o, "\x1c/");
	wait_shown(o, "find", true);
	type(o, "fox");
	wait_shown(o, "1 of 4", true);
	wait_marked(o, "foxfoxFOX<fox"); /* the newest first */
	type(o, "\rn");
	wait_shown(o, "2 of 4", true);
	type(o, "n");
	wait_shown(o, "3 of 4", true);
	type(o, "N");
	wait_shown(o, "2 of 4", true);
	type(o, "nnn"); /* round the end */
	wait_shown(o, "1 of 4", true);
	wait_marked(o, "foxfoxFOX<fox");
	/* printed meanwhile: marked as well once it is looked at, counted with the next search */
	assert_int_equal(shell("%s send marks --no-enter fox >/dev/null", muster), 0);
	for (long end = now_ms() + DEADLINE_MS;
		shell("%s peek marks | tail -n 1 | grep -qx fox", muster) != 0;)
		assert_true(now_ms() < end);
	type(o, "/\022fo[x]$");
	wait_shown(o, "find regex", true);
	wait_shown(o, "of 3", true);
	type(o, "(");
	wait_shown(o, "bad pattern", true);
	assert_true(shows(o, "\n50\n")); /* nothing is lost by it */
	type(o, "\177");
	wait_shown(o, "of 3", true);
	type(o, "\025nowhere");
	wait_shown(o, "not found", true);
	wait_marked(o, "");
	type(o, "\033");
	wait_shown(o, "find regex", false);
	type(o, "q\x1c"
		"d");
	assert_int_equal(ended(o), 0);
	outer_free(o);
}

static void
wait_clipboard(struct outer *o, const char *text)
{
	for (long end = now_ms() + DEADLINE_MS;
		strcmp(o->clipboard.len ? buf_cstr(&o->clipboard) : "", text) != 0;) {
		if (now_ms() > end)
			fail_msg("copied \"%s\", not \"%s\"", buf_cstr(&o->clipboard), text);
		pump(o, 20);
	}
}

static void
words_and_lines_are_selected(void **state)
{
	(void)state;
	start("words",
		"seq 1 40; echo \"see (src/main.c:12) and\"; echo \"\346\274\242\345\255\227 b\"; "
		"printf \"one two three four five six seven\\n\"; echo done; exec cat");
	struct outer *o = attach("words", 20, 12);
	wait_shown(o, "done", true);
	/* rows: … see, (wrapped) , wide, one (two rows), done, cursor */
	char *text = screen_text(o), *at = strstr(text, "see (");
	int y = 1;
	assert_non_null(at);
	for (char *p = text; p < at; p++)
		y += *p == '\n';
	free(text);
	char b[200];
	snprintf(b, sizeof(b), "\033[<0;8;%dM\033[<0;8;%dm\033[<0;8;%dM\033[<0;8;%dm", y, y, y, y);
	type(o, b);
	wait_clipboard(o, "src/main.c:12");
	/* a third click: the line, whole although the screen breaks it */
	snprintf(b, sizeof(b), "\033[<0;8;%dM\033[<0;8;%dm", y, y);
	type(o, b);
	wait_clipboard(o, "see (src/main.c:12) and");
	/* by keys: back to the wide characters */
	type(o, "\x1c[");
	wait_shown(o, "back 0/", true);
	type(o, "ckkkk0wy"); /* cursor row is below done */
	wait_clipboard(o, "\346\274\242\345\255\227");
	wait_shown(o, "copied 2 characters", true);
	while (!term_grid(o->t).cursor.visible) /* live again */
		pump(o, 20);
	type(o, "\x1c[");
	wait_shown(o, "back 0/", true);
	type(o, "ckkkVjjy");
	wait_clipboard(o, "one two three four five six seven\ndone");
	leave(o, DETACH);
}

/* At the live end too: what one looks at stands still, and a selection stays on its text. */
static void
the_end_stands_still(void **state)
{
	(void)state;
	start("still", "seq 1 100; while read n; do seq 1 $n; done");
	struct outer *o = attach("still", 60, 16);
	wait_shown(o, "\n100\n", true);
	type(o, "\x1c[");
	wait_shown(o, "back 0/", true);
	type(o, "c");
	wait_shown(o, "copy 0/", true);
	type(o, "k0v$"); /* the last line printed */
	assert_int_equal(shell("%s send still 50 >/dev/null", muster), 0);
	wait_shown(o, "copy 51/", true);
	assert_true(shows(o, "\n100\n"));
	type(o, "y");
	wait_clipboard(o, "100");
	wait_shown(o, "\n50\n", true); /* live again */
	leave(o, DETACH);
}

static void
prompts_are_jumped_to(void **state)
{
	(void)state;
	start("prompts", "for i in 1 2 3 4 5; do printf \"\\033]133;A\\033\\\\go $i\\n\"; seq 1 "
			 "20; done; echo end; exec cat");
	struct outer *o = attach("prompts", 60, 10);
	wait_shown(o, "end", true);
	type(o, "\x1c[[");
	wait_shown(o, "go 5\n1\n2", true);
	type(o, "[");
	wait_shown(o, "go 4\n1\n2", true);
	type(o, "]");
	wait_shown(o, "go 5\n1\n2", true);
	type(o, "]");
	wait_shown(o, "no more prompts", true);
	type(o, "?");
	wait_shown(o, "prompt above", true);
	type(o, "?");
	wait_shown(o, "prompt above", false);
	type(o, "q\x1c"
		"d");
	assert_int_equal(ended(o), 0);
	outer_free(o);
}

/* ui.mouse=off: nothing is asked of the mouse until the program inside wants it. */
static void
the_mouse_can_be_left_alone(void **state)
{
	(void)state;
	assert_int_equal(shell("printf '[ui]\nmouse = off\n' >$MUSTER_HOME/config.ini"), 0);
	start("nomouse", "echo ready; read x; printf \"\\033[?1000h\"; echo asked; exec cat");
	struct outer *o = attach("nomouse", 60, 10);
	wait_shown(o, "ready", true);
	assert_false(term_mode(o->t, 1002));
	assert_false(term_mode(o->t, 1000));
	type(o, "\r");
	wait_shown(o, "asked", true);
	for (long end = now_ms() + DEADLINE_MS; !term_mode(o->t, 1000);) {
		assert_true(now_ms() < end);
		pump(o, 20);
	}
	type(o, DETACH);
	assert_int_equal(ended(o), 0);
	assert_int_equal(shell("rm $MUSTER_HOME/config.ini"), 0);
	everything_is_put_back(o);
	outer_free(o);
}

static void
sizes_follow_who_types(void **state)
{
	(void)state;
	start("size", "trap \"stty size\" WINCH; while :; do read x; stty size; done");
	struct outer *a = attach("size", 60, 16);
	type(a, "\r");
	wait_shown(a, "16 60", true);
	struct outer *b = attach("size", 70, 20);
	wait_shown(b, "20 70", true);
	type(a, "\r"); /* a is at work again: b sees it smaller, with a word about it */
	wait_shown(b, "60x16", true);
	struct winsize ws = {.ws_col = 90, .ws_row = 25};
	ioctl(a->fd, TIOCSWINSZ, &ws);
	term_resize(a->t, 90, 25);
	type(a, "\r");
	wait_shown(a, "25 90", true);
	type(a, "\x1c"
		"d");
	type(b, "\x1c"
		"d");
	assert_int_equal(ended(a), 0);
	assert_int_equal(ended(b), 0);
	outer_free(a);
	outer_free(b);
}

static void
survives_the_server(void **state)
{
	(void)state;
	start("tough", "echo before; exec cat");
	struct outer *o = attach("tough", 60, 16);
	wait_shown(o, "before", true);
	type(o, "typed"); /* the dying server has the terminal */
	wait_shown(o, "typed", true);
	assert_int_equal(shell("kill -9 $(%s server status --json | grep -o '\"pid\":[ ]*[0-9]*' | "
			       "grep -o '[0-9]*')",
				 muster),
		0);
	/* typed while nobody is there it would be lost, so wait for the picture to be alive again
	 */
	long end = now_ms() + DEADLINE_MS;
	while (!shows(o, "after") && now_ms() < end) {
		type(o, "after\r");
		for (int i = 0; i < 10; i++)
			pump(o, 20);
	}
	assert_true(shows(o, "before"));
	assert_true(shows(o, "after"));
	leave(o, DETACH);
}

static void
the_end_is_told(void **state)
{
	(void)state;
	start("short", "echo bye; read x; exit 7");
	struct outer *o = attach("short", 60, 16);
	wait_shown(o, "bye", true);
	type(o, "\r");
	wait_shown(o, "ended with exit code 7", true);
	assert_true(shows(o, "bye"));
	type(o, "d");
	assert_int_equal(ended(o), 0);
	outer_free(o);
	o = attach("nosuch", 60, 16);
	assert_int_equal(ended(o), 3);
	assert_false(term_alt(o->t));
	assert_true(shows(o, "muster: attach: "));
	outer_free(o);
}

static void
stop_asks_first(void **state)
{
	(void)state;
	start("stopme", "echo here; exec cat");
	struct outer *o = attach("stopme", 60, 16);
	wait_shown(o, "here", true);
	type(o, "\x1cX");
	wait_shown(o, "End stopme?", true);
	type(o, "\r"); /* the focus is on Cancel */
	wait_shown(o, "End stopme?", false);
	type(o, "still\r");
	wait_shown(o, "still\nstill", true);
	type(o, "\x1cX\t\r");
	wait_shown(o, "Enter starts it again", true);
	leave(o, "q");
}

/* What a session prints may not act on the outer terminal. */
static void
no_sequence_passes_through(void **state)
{
	(void)state;
	start("evil",
		"printf "
		"\"\\033]0;a\\033]2;b\\007\\033[8;5;5t\\033[?1003h\\033P\\044qm\\033\\\\\\033]4;"
		"1;red\\007"
		"\\033[5n\\033[c\\033[>0q\"; echo; echo shown; exec cat -v");
	struct outer *o = attach("evil", 60, 16);
	wait_shown(o, "shown", true);
	struct grid g = term_grid(o->t);
	assert_int_equal(g.cols, 60);
	assert_int_equal(g.rows, 16);
	type(o, "\rword\r");
	wait_shown(o, "\nword", true);
	leave(o, DETACH);
}

static struct outer *
attach_as(const char *name, const char *how, int cols, int rows)
{
	char *argv[] = {muster, "attach", (char *)how, (char *)name, NULL};
	return run_on_pty(argv, cols, rows);
}

/* Who only reads types nothing; neither that one nor a guest gives the session its size. */
static void
readers_and_guests(void **state)
{
	static const char *const how[] = {"--read-only", "--no-resize"};
	(void)state;
	start("kept", "echo go; while read x; do stty size; echo got-$x; done");
	for (size_t i = 0; i < ARRAY_LEN(how); i++) {
		struct outer *o = attach_as("kept", how[i], 60, 16);
		wait_shown(o, "go", true);
		type(o, "one\r");
		if (i == 0)
			wait_shown(o, "attached read-only: nothing is typed", true);
		else
			wait_shown(o, "24 80\ngot-one", true);
		leave(o, DETACH);
		assert_int_equal(shell("%s peek kept | grep -q got-one", muster), i == 0);
	}
}

/* A terminal that loses the focus gives the size back to the one that has it. */
static void
the_focus_takes_the_size_along(void **state)
{
	(void)state;
	start("focus", "echo go; while read x; do stty size; done");
	struct outer *a = attach("focus", 90, 28), *b;
	wait_shown(a, "go", true);
	b = attach("focus", 60, 16);
	wait_shown(b, "go", true);
	type(b, "\r");
	wait_shown(b, "16 60", true);
	type(b, "\033[O");
	wait_shown(a, "sized 60x16", false);
	assert_int_equal(
		shell("%s ls --json | grep -q \"\\\"cols\\\":90,\\\"rows\\\":28\"", muster), 0);
	leave(a, DETACH);
	leave(b, DETACH);
}

/* Text of up to 100 KiB that the program inside puts into the clipboard. */
static void
the_clipboard_holds_100_kib(void **state)
{
	(void)state;
	start("clip",
		"echo go; read x; "
		"printf \"\\033]52;c;%s\\033\\\\\" \"$(head -c 102400 /dev/zero | tr \"\\0\" y | "
		"base64 -w0)\"; echo done; exec cat");
	struct outer *o = attach("clip", 60, 16);
	wait_shown(o, "go", true);
	type(o, "\r");
	wait_shown(o, "done", true);
	for (long end = now_ms() + DEADLINE_MS; o->clipboard.len != 102400 && now_ms() < end;)
		pump(o, 20);
	assert_int_equal(o->clipboard.len, 102400);
	leave(o, DETACH);
}

/* Is text shown within ms? */
static bool
comes(struct outer *o, const char *text, int ms)
{
	for (long end = now_ms() + ms; !shows(o, text) && now_ms() < end;)
		pump(o, 10);
	return shows(o, text);
}

/* Who types text has lent the terminal to the server: the client may even stand still. But not for
 * long, since then the terminal is its shell's; and when it goes on, no key was lost or overtaken.
 */
static void
typed_text_passes_the_client_by(void **state)
{
	(void)state;
	char text[64] = "";
	bool by_server = false;
	start("lent", "stty raw -echo; echo go; exec cat -v");
	struct outer *o = attach("lent", 60, 16);
	wait_shown(o, "go", true);
	for (int i = 0; i < 8 && !by_server; i++) {
		strcat(text, "a"); /* by the client, which lends with the echo; */
		type(o, "a");
		wait_shown(o, text, true);
		strcat(text, "b"); /* by whoever has it */
		type(o, "b");
		wait_shown(o, text, true);
		kill(o->pid, SIGSTOP);
		strcat(text, "c");
		type(o, "c");
		by_server = comes(o, text, 600);
		if (!by_server)
			kill(o->pid, SIGCONT);
		wait_shown(o, text, true);
	}
	assert_true(by_server);
	bool given_back = false;
	for (int i = 0; i < 30 && !given_back; i++) {
		pump(o, 100);
		strcat(text, "d");
		type(o, "d");
		given_back = !comes(o, text, 1500);
	}
	assert_true(given_back);
	kill(o->pid, SIGCONT);
	wait_shown(o, text, true);
	leave(o, DETACH);
}

/* Text, sequences and the menu by turns: each takes the terminal from one to the other, and the
 * order of the keys does not suffer. */
static void
keys_keep_their_order_whoever_reads_them(void **state)
{
	static const char *const keys[] = {"x", "yz", "\033[A", "q\033[B", "\303\251\033[Cw"};
	static const char *const seen[] = {"x", "yz", "^[[A", "q^[[B", "M-CM-)^[[Cw"};
	char want[256] = "";
	(void)state;
	start("order", "stty raw -echo; echo go; exec cat -v");
	struct outer *o = attach("order", 200, 16);
	wait_shown(o, "go", true);
	for (size_t i = 0; i < 40; i++) {
		type(o, keys[i * 3 % 5]);
		strcat(want, seen[i * 3 % 5]);
		if (i % 4 == 3)
			wait_shown(o, want, true);
		if (i % 10 == 9) {
			type(o, "\x1c");
			wait_shown(o, "scrollback", true);
			type(o, "\033");
			wait_shown(o, "scrollback", false);
		}
	}
	wait_shown(o, want, true);
	leave(o, DETACH);
}

/* What the client has to say or to show while the terminal is lent. */
static void
the_client_gets_its_terminal_when_it_needs_it(void **state)
{
	(void)state;
	start("needs", "echo go; while read x; do stty size; "
		       "printf \"\\a\\033]2;t-$x\\007got-$x\\n\"; done");
	struct outer *o = attach("needs", 60, 16);
	wait_shown(o, "go", true);
	for (int i = 0; i < 6; i++) {
		char word[8], want[16];
		snprintf(word, sizeof(word), "w%d", i);
		for (const char *p = word; *p; p++) {
			char key[2] = {*p};
			type(o, key);
			snprintf(want, sizeof(want), "%.*s", (int)(p - word + 1), word);
			wait_shown(o, want, true);
		}
		type(o, "\r");
		snprintf(want, sizeof(want), "got-w%d", i);
		wait_shown(o, want, true);
		snprintf(want, sizeof(want), "t-w%d", i);
		for (long end = now_ms() + DEADLINE_MS;
			!strstr(buf_cstr(&o->title), want) && now_ms() < end;)
			pump(o, 20);
		assert_non_null(strstr(buf_cstr(&o->title), want));
	}
	assert_true(o->bells > 0);
	type(o, "z");
	wait_shown(o, "z", true);
	struct winsize ws = {.ws_col = 70, .ws_row = 18};
	ioctl(o->fd, TIOCSWINSZ, &ws);
	term_resize(o->t, 70, 18);
	for (long end = now_ms() + DEADLINE_MS; !comes(o, "18 70", 100) && now_ms() < end;)
		type(o, "\r");
	assert_true(shows(o, "18 70"));
	leave(o, DETACH);
}

/* A terminal that takes nothing, while it is lent and its session floods it: the server serves
 * everybody else, and when it takes again the picture is right. */
static void
a_stuck_lent_terminal_holds_up_nobody(void **state)
{
	(void)state;
	start("stuck", "echo go; read x; seq 1 200000; echo done; exec cat");
	struct outer *o = attach("stuck", 60, 16);
	wait_shown(o, "go", true);
	type(o, "a");
	wait_shown(o, "a", true);
	type(o, "b");
	wait_shown(o, "ab", true);
	type(o, "\r");
	assert_int_equal(
		shell("timeout 8 %s wait stuck --for idle >/dev/null && timeout 8 %s peek stuck | "
		      "grep -q done",
			muster, muster),
		0);
	wait_shown(o, "200000\ndone", true);
	type(o, "word\r");
	wait_shown(o, "word\nword", true);
	leave(o, DETACH);
}

/* As `su -c` leaves it: the terminal is another user's, and not the controlling one, so that it cannot be
 * opened. The one that was inherited serves, and whose it is finds it blocking again. */
static void
a_terminal_that_cannot_be_opened(void **state)
{
	char line[900];
	char *argv[] = {"/bin/sh", "-c", line, NULL};
	const char *as = geteuid() ? "" : "setpriv --bounding-set -dac_override,-dac_read_search";

	(void)state;
	if (!*as || shell("%s true 2>/dev/null", as) == 0)
		snprintf(line, sizeof line,
			"chmod 0 \"$(tty)\"; setsid -w %s %s attach inherited; "
			"echo flag $(grep -c '^flags:.*[4-7]...$' /proc/self/fdinfo/0); cat",
			as, muster);
	else
		skip();
	start("inherited", "echo ready; exec cat");
	struct outer *o = run_on_pty(argv, 80, 24);
	wait_shown(o, "ready", true);
	type(o, "typed\r");
	wait_shown(o, "typed\ntyped", true);
	type(o, DETACH);
	wait_shown(o, "flag 0", true);
	everything_is_put_back(o);
	type(o, "\4");
	assert_int_equal(ended(o), 0);
	outer_free(o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_reach_the_session_and_its_screen_comes_back),
		cmocka_unit_test(the_richest_keyboard_is_used),
		cmocka_unit_test(pictures_reach_the_program),
		cmocka_unit_test(looking_back_finding_and_copying),
		cmocka_unit_test(a_place_stays_while_output_comes),
		cmocka_unit_test(hits_are_marked),
		cmocka_unit_test(words_and_lines_are_selected),
		cmocka_unit_test(the_end_stands_still),
		cmocka_unit_test(prompts_are_jumped_to),
		cmocka_unit_test(the_mouse_can_be_left_alone),
		cmocka_unit_test(sizes_follow_who_types),
		cmocka_unit_test(readers_and_guests),
		cmocka_unit_test(the_focus_takes_the_size_along),
		cmocka_unit_test(the_clipboard_holds_100_kib),
		cmocka_unit_test(typed_text_passes_the_client_by),
		cmocka_unit_test(keys_keep_their_order_whoever_reads_them),
		cmocka_unit_test(the_client_gets_its_terminal_when_it_needs_it),
		cmocka_unit_test(a_stuck_lent_terminal_holds_up_nobody),
		cmocka_unit_test(survives_the_server),
		cmocka_unit_test(the_end_is_told),
		cmocka_unit_test(stop_asks_first),
		cmocka_unit_test(no_sequence_passes_through),
		cmocka_unit_test(a_terminal_that_cannot_be_opened),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
