/* The terminal against a real xterm (under Xvfb): random sequences of cursor moves, edits, margins,
 * modes, rectangles and attributes must leave the same characters, attributes, cursor and answers.
 * xterm is asked for every cell by DECRQCRA, which may tell the bare code (XTCHECKSUM). Skipped
 * where xterm or Xvfb is not installed.
 *
 * Not compared, since we differ from xterm on purpose, or it from itself:
 *   tabs beyond the right margin (xterm goes back), reverse wrap in DECBI, DECBI left of the
 * margin; rectangles with omitted corners in origin mode (xterm fills nothing), attributes after
 * DECERA (xterm writes the pen's), what DECSERA takes after a soft reset (xterm forgets
 * protection), DECRARA 0; hidden text (xterm keeps none); protection by SPA against DECSED; the
 * position told in origin mode from outside the margins (xterm: 65535); the alternate screen's text
 * from one visit to the next (ours goes with it); text inserted across a margin (xterm looks once,
 * for all that came in one read); wide characters at the edge (xterm leaves what was there). */
#include "tests/core/grid_kit.h"
#include "tests/core/peer_kit.h"

#include "core/term/term.h"
#include <sys/socket.h>

#define COLS 12
#define ROWS 6
#define LIVES 1000
#define CELLS (COLS * ROWS)
#define SHOWN_ATTRS 0xf0 /* of DECRQCRA: bold, blink, inverse, underline */
#define UNKNOWN 1

struct shown {
	char said[1024]; /* answers, the cursor's position as the last */
	unsigned cell[CELLS], attrs[CELLS];
};

struct peer {
	pid_t display, xterm;
	int fd;
	struct buf in;
};

/* A number as programs write them: often none or 0, seldom far too much. */
static void
number(struct dice *d, struct buf *b, unsigned most)
{
	unsigned k = dice(d, 10);
	if (k == 1)
		buf_puts(b, "0");
	else if (k == 2)
		buf_puts(b, "99");
	else if (k)
		buf_printf(b, "%u", 1 + dice(d, most));
}

static void
rectangle(struct dice *d, struct buf *b)
{
	unsigned top = 1 + dice(d, 4), left = 1 + dice(d, 6);
	buf_printf(b, "%u;%u;%u;%u", top, left, top + dice(d, 4), left + dice(d, 6));
}

static void
rectangular(struct dice *d, struct buf *b)
{
	static const char attrs[] = "1457";
	unsigned kind = dice(d, 5);
	buf_puts(b, "\033[");
	if (kind == 0)
		buf_printf(b, "%u;", 'A' + dice(d, 26));
	rectangle(d, b);
	if (kind == 1)
		buf_printf(b, ";1;%u;%u;1", 1 + dice(d, 4), 1 + dice(d, 6));
	else if (kind > 2)
		buf_printf(b, ";%c", attrs[dice(d, 4)]);
	static const char *const end[] = {"$x", "$v", "${", "$r", "$t"};
	buf_puts(b, end[kind]);
}

static void
one_of(struct dice *d, struct buf *b, const char *const *list, unsigned n)
{
	buf_puts(b, list[dice(d, n)]);
}

static void
step(struct dice *d, struct buf *b)
{
	static const char *const controls[] = {"\n", "\r", "\b", "\r\n", "\v", "\033D", "\033M",
		"\033E", "\0339", "\0337", "\0338", "\033H", "\033[s", "\033[u", "\033[!p\0337",
		"\033#8", "\033[6n", "\033[?6n"};
	static const char *const modes[] = {"?6h", "?6l", "?7h", "?7l", "20h", "20l", "r", "?69h",
		"?69l", "m", "1m", "7m", "4;5m", "0;1m", "22m", "27m", "1\"q", "0\"q", "2*x", "1*x",
		"?1049h", "?1049l", "?1048h", "?1048l"};
	static const char finals[] = "ABCDEFGZ`adde@PLMXSTbJKg@PLMX";
	static const char *const columns[] = {"'}", "'~", " @", " A"};
	unsigned k = dice(d, 100);
	if (k < 22) {
		for (unsigned n = 1 + dice(d, 8); n; n--)
			buf_putc(b, (uint8_t)('a' + dice(d, 10)));
	} else if (k < 34) {
		one_of(d, b, controls, ARRAY_LEN(controls));
	} else if (k < 44) {
		buf_puts(b, "\033[");
		number(d, b, ROWS);
		buf_puts(b, ";");
		number(d, b, COLS);
		buf_puts(b, "H");
	} else if (k < 66) {
		buf_puts(b, "\033[");
		number(d, b, 7);
		buf_putc(b, (uint8_t)finals[dice(d, sizeof(finals) - 1)]);
	} else if (k < 70) {
		buf_printf(b, "\033[%u%s", dice(d, 4), columns[dice(d, 4)]);
	} else if (k < 84) {
		buf_puts(b, "\033[");
		one_of(d, b, modes, ARRAY_LEN(modes));
	} else if (k < 88) {
		buf_printf(b, "\033[%u;%ur", 1 + dice(d, 4), 2 + dice(d, ROWS - 1));
	} else if (k < 91) {
		buf_printf(b, "\033[?69h\033[%u;%us", 1 + dice(d, 6), 4 + dice(d, COLS - 3));
	} else {
		rectangular(d, b);
	}
}

/* What comes before each life and behind it, to both. xterm's RIS leaves the alternate screen as it
 * was. */
static const char fresh[] = "\033c\033[?47h\033[2J\0337\033[?47l\033c",
		  end_of_life[] = "\030\033[6n";

static void
on_reply(void *ctx, const void *p, size_t n)
{
	buf_put(ctx, p, n);
}

static void
show_ours(const struct buf *life, struct shown *s)
{
	static const struct {
		uint16_t attr;
		uint8_t bit;
	} list[] = {
		{ATTR_BOLD, 0x80}, {ATTR_BLINK, 0x40}, {ATTR_INVERSE, 0x20}, {ATTR_UL_MASK, 0x10}};
	struct term *t = term_new(arena, 3, &(struct term_config){.cols = COLS, .rows = ROWS});
	struct buf said = {0};
	term_set_ops(t, &(struct term_ops){.reply = on_reply, .ctx = &said});
	term_feed(t, fresh, sizeof(fresh) - 1);
	term_feed(t, life->data, life->len);
	term_feed(t, end_of_life, sizeof(end_of_life) - 1);
	term_check(t);
	struct grid g = term_grid(t);
	for (int i = 0; i < CELLS; i++) {
		const struct row *r = g.row[i / COLS];
		cell_t c = i % COLS < r->len ? r->cells[i % COLS] : 0;
		uint16_t attrs = (uint16_t)tab_style_get(g.tab, cell_style(c)).attrs;
		s->cell[i] = cell_content(c) ? (unsigned)cell_content(c) : ' ';
		s->attrs[i] = 0;
		for (size_t k = 0; k < ARRAY_LEN(list); k++)
			s->attrs[i] |= attrs & list[k].attr ? list[k].bit : 0;
	}
	snprintf(s->said, sizeof(s->said), "%s", buf_cstr(&said));
	buf_free(&said);
	term_free(t);
}

/* Reads until n answers to DECRQCRA are there; the first one's place, NULL where they do not come.
 */
static char *
read_sums(struct peer *p, int n)
{
	static const char sum[] = "\033P1!~";
	p->in.len = 0;
	for (long end = now_ms() + DEADLINE_MS;;) {
		int have = 0;
		for (char *s = buf_cstr(&p->in); (s = strstr(s, sum)); s += sizeof(sum) - 1)
			have += strstr(s, "\033\\") != NULL;
		if (have == n)
			return strstr(buf_cstr(&p->in), sum);
		struct pollfd f = {.fd = p->fd, .events = POLLIN};
		uint8_t bytes[4096];
		if (now_ms() > end || poll(&f, 1, (int)(end - now_ms())) != 1)
			return NULL;
		ssize_t got = read(p->fd, bytes, sizeof(bytes));
		if (got <= 0)
			return NULL;
		buf_put(&p->in, bytes, (size_t)got);
	}
}

static void
tell(struct peer *p, const void *bytes, size_t n)
{
	assert_int_equal(write(p->fd, bytes, n), (ssize_t)n);
}

/* Bits of XTCHECKSUM: 1 not negated, 2 without attributes, 4 blanks too, 16 all of the code. */
static bool
ask_cells(struct peer *p, int how, unsigned *cell, char *said, size_t max)
{
	struct buf b = {0};
	buf_printf(&b, "\033[?6l\033[%d#y", how);
	for (int i = 0; i < CELLS; i++) {
		int y = i / COLS + 1, x = i % COLS + 1;
		buf_printf(&b, "\033[1;1;%d;%d;%d;%d*y", y, x, y, x);
	}
	tell(p, b.data, b.len);
	buf_free(&b);
	char *at = read_sums(p, CELLS);
	if (at && said)
		snprintf(said, max, "%.*s", (int)(at - (char *)p->in.data), buf_cstr(&p->in));
	for (int i = 0; at && i < CELLS; i++) {
		cell[i] = (unsigned)strtoul(at + 5, NULL, 16);
		at = strstr(at + 5, "\033P");
		assert_true(at || i == CELLS - 1);
	}
	return p->in.len > 0;
}

static bool
show_theirs(struct peer *p, const struct buf *life, struct shown *s)
{
	tell(p, fresh, sizeof(fresh) - 1);
	tell(p, "\033[0#y", 5);
	tell(p, life->data, life->len);
	tell(p, end_of_life, sizeof(end_of_life) - 1);
	if (!ask_cells(p, 23, s->cell, s->said, sizeof(s->said)) ||
		!ask_cells(p, 21, s->attrs, NULL, 0))
		return false;
	for (int i = 0; i < CELLS; i++) {
		s->attrs[i] = (s->attrs[i] - s->cell[i]) & SHOWN_ATTRS;
		if (!s->cell[i]) { /* the copy of a cell never written */
			s->cell[i] = ' ';
			s->attrs[i] = UNKNOWN;
		}
	}
	return true;
}

static bool
start_peer(struct peer *p, const char *display)
{
	int fd[2];
	char at[16], size[16];
	uint8_t c = 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	fcntl(fd[0], F_SETFD, FD_CLOEXEC);
	snprintf(at, sizeof(at), "-Sx/%d", fd[1]); /* a slave of that descriptor */
	snprintf(size, sizeof(size), "%dx%d", COLS, ROWS);
	char *argv[] = {"xterm", "-display", (char *)display, "-u8", "-fn", "fixed", "-geometry",
		size, "-xrm", "*vt100.allowWindowOps: true", "-xrm", "*vt100.decTerminalID: 525",
		at, NULL};
	p->xterm = start(argv);
	close(fd[1]);
	p->fd = fd[0];
	/* its window's number, and a line's end */
	struct pollfd f = {.fd = p->fd, .events = POLLIN};
	while (c != '\n' && poll(&f, 1, DEADLINE_MS) == 1)
		if (read(p->fd, &c, 1) != 1)
			break;
	return c == '\n';
}

static void
stop_peer(struct peer *p)
{
	close(p->fd);
	kill(p->xterm, SIGTERM);
	waitpid(p->xterm, NULL, 0);
	buf_free(&p->in);
}

static void
say_cells(struct buf *b, const struct shown *s)
{
	buf_puts(b, s->said);
	for (int i = 0; i < CELLS; i++) {
		if (i % COLS == 0)
			buf_puts(b, "\n  |");
		buf_utf8(b, s->cell[i]);
		if (s->attrs[i])
			buf_printf(b, "(%x)", s->attrs[i]);
	}
}

static void
escaped(const struct buf *life, struct buf *out)
{
	for (size_t i = 0; i < life->len; i++)
		if (life->data[i] < 32)
			buf_printf(out, "\\x%02x", life->data[i]);
		else
			buf_putc(out, life->data[i]);
}

static void
xterm_does_the_same(void **state)
{
	(void)state;
	struct peer p = {0};
	char display[16];
	if (!installed("xterm") || !installed("Xvfb"))
		skip();
	pid_t x = start_display(display, sizeof(display));
	if (x < 0)
		skip();
	setenv("LC_ALL", "C.UTF-8", 1);
	assert_true(start_peer(&p, display));
	int bad = 0;
	for (unsigned n = 0; n < LIVES && !bad; n++) {
		struct dice d = {(n + 1) * 2654435761u};
		struct buf life = {0}, ours = {0}, theirs = {0};
		struct shown a, b;
		for (unsigned k = 6 + dice(&d, 24); k; k--)
			step(&d, &life);
		show_ours(&life, &a);
		bad += !show_theirs(&p, &life, &b);
		for (int i = 0; i < CELLS; i++)
			b.attrs[i] = b.attrs[i] == UNKNOWN ? a.attrs[i] : b.attrs[i];
		say_cells(&ours, &a);
		say_cells(&theirs, &b);
		if (strcmp(buf_cstr(&ours), buf_cstr(&theirs))) {
			struct buf e = {0};
			escaped(&life, &e);
			fprintf(stderr, "life %u: %s\nours %s\nxterm %s\n", n, buf_cstr(&e),
				buf_cstr(&ours), buf_cstr(&theirs));
			buf_free(&e);
			bad++;
		}
		buf_free(&ours);
		buf_free(&theirs);
		buf_free(&life);
	}
	stop_peer(&p);
	kill(x, SIGTERM);
	waitpid(x, NULL, 0);
	assert_int_equal(bad, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(xterm_does_the_same)};
	return cmocka_run_group_tests(tests, setup, teardown);
}
