/* The renderer against terminals made by others: what it writes for random screens is shown by tmux
 * and by a real xterm (under Xvfb), read back, and must be what was drawn. Skipped where they are
 * not installed. */
#include "tests/core/grid_kit.h"
#include "tests/core/peer_kit.h"

#include "core/paint/canvas.h"
#include "core/paint/render.h"
#include "core/term/term.h"
#include <sys/stat.h>

#define COLS 60
#define ROWS 20
#define SCREENS 24
#define STEPS 10

static char dir[64];
/* as tui/term/outer.c takes them to be: xterm would misread 58 */
static const struct render_caps xterm_caps = {.sync = true, .truecolor = true, .links = true},
				tmux_caps = {.sync = true,
					.truecolor = true,
					.links = true,
					.styled_underline = true,
					.overline = true};

/* What sh says on its standard output. */
static char *
shell(const char *fmt, ...)
{
	char cmd[512];
	struct buf b = {0};
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	FILE *f = popen(cmd, "r");
	assert_non_null(f);
	for (int c; (c = getc(f)) != EOF;)
		buf_putc(&b, (uint8_t)c);
	pclose(f);
	char *s = xstrdup(buf_cstr(&b));
	buf_free(&b);
	return s;
}

static int
peers_setup(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/muster-peers.XXXXXX");
	return mkdtemp(dir) ? setup(state) : -1;
}

static int
peers_teardown(void **state)
{
	free(shell("rm -rf %s", dir));
	return teardown(state);
}

/* A screen's life as bytes in DIR/n; returns what it shows at the end. */
static struct canvas *
write_life(int n, const struct render_caps *caps)
{
	struct dice d = {(uint32_t)(n + 1) * 2654435761u};
	struct canvas *c = canvas_new(arena, 1, COLS, ROWS);
	struct render *r = render_new(arena, 1, caps);
	struct buf b = {0};
	char path[96];
	buf_puts(&b, "\033[?7l");
	for (int step = 0; step < STEPS; step++) {
		dice_step(&d, c);
		struct grid g = canvas_grid(c);
		render_frame(r, &g, &b);
	}
	snprintf(path, sizeof(path), "%s/%d", dir, n);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(b.data, 1, b.len, f), b.len);
	fclose(f);
	buf_free(&b);
	render_free(r);
	return c;
}

/* Is this one of a cluster's parts of which terminals disagree how wide they are together? */
static bool
doubtful(uint32_t cp)
{
	static const uint32_t parts[] = {'1', 0x200d, 0x20e3, 0x2764, 0xfe0f, 0x1f3fd, 0x1f44d,
		0x1f469, 0x1f4bb, 0x602, 0x1f1e9};
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (cp == parts[i])
			return true;
	return false;
}

/* A row in words: by column as long as all agree on widths, else only what stands in it, in order.
 */
static void
say_row(struct buf *b, const struct row *r, const struct tab *t, bool styles, bool by_column)
{
	uint32_t cps[CLUSTER_MAX];
	const uint32_t seen_on_blank = ATTR_INVERSE | ATTR_STRIKE | ATTR_UL_MASK;
	for (int x = 0; x < r->len; x++) {
		cell_t c = r->cells[x], kind = c & CELL_KIND_MASK;
		int n = kind == CELL_TAIL || kind == CELL_HEAD ? 0 : tab_cps(t, c, cps);
		struct style s = tab_style_get(t, cell_style(c));
		s.attrs &= ~(uint32_t)ATTR_OVERLINE; /* not every tmux tells it */
		bool blank = !n || cps[0] == ' ';
		if (kind == CELL_TAIL || (!by_column && (blank || doubtful(cps[0]))))
			continue;
		if (blank)
			buf_putc(b, ' ');
		if (!blank) /* without marks: xterm composes, tmux loses them at the edge */
			buf_printf(b, "%x,", cps[0] == 0xe9 ? 'e' : cps[0]);
		if (styles && (!blank || s.bg || s.attrs & seen_on_blank))
			buf_printf(b, "(%x %x %x)", blank && !(s.attrs & ATTR_INVERSE) ? 0 : s.fg,
				s.bg, blank ? s.attrs & seen_on_blank : s.attrs);
	}
	while (b->len && b->data[b->len - 1] == ' ')
		b->len--;
}

static bool
row_doubtful(const struct row *r, const struct tab *t)
{
	uint32_t cps[CLUSTER_MAX];
	for (int x = 0; x < r->len; x++)
		if (tab_cps(t, r->cells[x], cps) && doubtful(cps[0]))
			return true;
	return false;
}

/* xterm keeps no text that is not to be seen. */
static bool
row_hides(const struct row *r, const struct tab *t)
{
	for (int x = 0; x < r->len; x++)
		if (tab_style_get(t, cell_style(r->cells[x])).attrs & ATTR_INVISIBLE)
			return true;
	return false;
}

/* A line as a peer gave it. What takes in the sign behind it is closed, as the
 * renderer had it: xterm does not keep what closed it. */
static void
feed_line(struct term *t, const char *line, size_t len)
{
	static const char *const open[] = {"\xd8\x82", "\xe1\x84\x80", "\xe0\xa5\x8d"};
	for (size_t i = 1; i <= len; i++) {
		term_feed(t, line + i - 1, 1);
		for (size_t k = 0; k < ARRAY_LEN(open); k++) {
			size_t n = strlen(open[k]);
			if (i >= n && !memcmp(line + i - n, open[k], n))
				term_feed(t, "\xe2\x80\x8c", 3);
		}
	}
}

/* Lines as a peer gave them, read into a grid by a terminal of our own, against the canvas. */
static void
assert_same(const struct canvas *c, char *lines, bool styles, const char *peer, int n)
{
	struct grid want = canvas_grid(c), got;
	struct term_config cfg = {.cols = 2 * COLS, .rows = ROWS};
	struct term *t = term_new(arena, 9, &cfg);
	for (int y = 0; y < ROWS; y++) {
		size_t len = strcspn(lines, "\n");
		term_feed(t, y ? "\r\n" : "", y ? 2 : 0);
		feed_line(t, lines, len);
		lines += len + (lines[len] == '\n');
	}
	got = term_grid(t);
	for (int y = 0; y < ROWS; y++) {
		struct buf a = {0}, b = {0};
		bool by_column = !row_doubtful(want.row[y], want.tab);
		say_row(&a, want.row[y], want.tab, styles, by_column);
		say_row(&b, got.row[y], got.tab, styles, by_column);
		size_t i = 0;
		while (i < a.len && i < b.len && a.data[i] == b.data[i])
			i++;
		i = i > 40 ? i - 40 : 0;
		bool hidden = !styles && row_hides(want.row[y], want.tab);
		if (strcmp(buf_cstr(&a), buf_cstr(&b)) && !hidden)
			fail_msg("%s, screen %d, row %d:\nwant …%.200s\n got …%.200s", peer, n, y,
				(char *)a.data + i, (char *)b.data + i);
		buf_free(&a);
		buf_free(&b);
	}
	term_free(t);
}

static void
tmux_shows_the_same(void **state)
{
	(void)state;
	if (!installed("tmux"))
		skip();
	char tmux[128];
	snprintf(tmux, sizeof(tmux), "tmux -S %s/tmux -f /dev/null", dir);
	free(shell("LC_ALL=C.UTF-8 SHELL=/bin/sh %s -u new-session -d -s v -x %d -y %d 'exec cat' "
		   "2>&1",
		tmux, COLS, ROWS + 1));
	for (int n = 0; n < SCREENS; n++) {
		struct canvas *c = write_life(n, &tmux_caps);
		char want[16];
		snprintf(want, sizeof(want), "shown-%d\n", n);
		free(shell("%s respawn-pane -k -t v \"cat %s/%d; printf '\\033]2;shown-%d\\007'; "
			   "exec cat\"",
			tmux, dir, n, n));
		long end = now_ms() + DEADLINE_MS;
		bool shown = false;
		while (!shown && now_ms() < end) {
			char *title = shell("%s display -p -t v '#{pane_title}'", tmux);
			shown = !strcmp(title, want);
			free(title);
		}
		char *lines = shell("%s capture-pane -p -e -N -t v", tmux);
		free(shell("[ -n '%s' ] || %s kill-server", shown ? "shown" : "", tmux));
		assert_true(shown);
		assert_same(c, lines, true, "tmux", n);
		free(lines);
		canvas_free(c);
	}
	free(shell("%s kill-server", tmux));
}

/* Shows each life with its number below, prints the page and asks for an answer, which comes when
 * all before it is done. */
static const char show_all[] =
	"stty raw -echo; i=0; while [ $i -lt %d ]; do printf '\\033c'; cat %s/$i; "
	"printf '\\033[r\\033[m\\033]8;;\\007\\033[%d;1H\\033[2Kpage "
	"%%d.\\033[?19h\\033[0i\\033[5n' $i; "
	"dd bs=1 count=4 >/dev/null 2>&1; i=$((i+1)); done";

/* The first of the lines printed for screen n; NULL: not there. Pages come in any order. */
static char *
page(char *pages, int n)
{
	char mark[24];
	snprintf(mark, sizeof(mark), "\npage %d.", n);
	char *at = strstr(pages, mark);
	for (int y = 0; at && y < ROWS; y++)
		for (at--; at > pages && *at != '\n';)
			at--;
	return at ? at + (*at == '\n') : NULL;
}

/* What xterm has printed, once it is all. */
static char *
all_pages(void)
{
	for (long end = now_ms() + DEADLINE_MS;;) {
		char *pages = shell("tr -d '\\r\\014' < %s/pages | sed 's/\xef\xbf\xbf//g'", dir);
		int n = 0;
		while (n < SCREENS && page(pages, n))
			n++;
		if (n == SCREENS || now_ms() > end)
			return pages;
		free(pages);
		poll(NULL, 0, 20);
	}
}

/* xterm may lose the end of a process it prints through, once in a long while, and then stands
 * still: false. */
static bool
run_xterm(char *const argv[])
{
	free(shell("rm -f %s/pages", dir));
	pid_t pid = start(argv);
	for (long end = now_ms() + DEADLINE_MS; now_ms() < end; poll(NULL, 0, 20))
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return true;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return false;
}

static void
xterm_shows_the_same(void **state)
{
	(void)state;
	if (!installed("xterm") || !installed("Xvfb"))
		skip();
	struct canvas *c[SCREENS];
	char display[16], show[512], print[128], size[16];
	for (int n = 0; n < SCREENS; n++)
		c[n] = write_life(n, &xterm_caps);
	pid_t x = start_display(display, sizeof(display));
	if (x < 0)
		skip();
	snprintf(show, sizeof(show), show_all, SCREENS, dir, ROWS + 1);
	snprintf(print, sizeof(print), "XTerm*printerCommand: cat >> %s/pages", dir);
	snprintf(size, sizeof(size), "%dx%d", COLS, ROWS + 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	char *argv[] = {"xterm", "-display", display, "-u8", "-geometry", size, "-xrm", print,
		"-xrm", "XTerm*printerAutoClose: true", "-xrm", "XTerm*printAttributes: 0", "-xrm",
		"XTerm*printerFormFeed: false", "-xrm", "XTerm*printerNewLine: true", "-e", "sh",
		"-c", show, NULL};
	bool done = run_xterm(argv);
	for (int again = 0; again < 3 && !done; again++)
		done = run_xterm(argv);
	kill(x, SIGTERM);
	waitpid(x, NULL, 0);
	assert_true(done);
	char *pages = all_pages();
	for (int n = 0; n < SCREENS; n++) {
		char *at = page(pages, n);
		assert_non_null(at);
		assert_same(c[n], at, false, "xterm", n);
		canvas_free(c[n]);
	}
	free(pages);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tmux_shows_the_same),
		cmocka_unit_test(xterm_shows_the_same),
	};
	return cmocka_run_group_tests(tests, peers_setup, peers_teardown);
}
