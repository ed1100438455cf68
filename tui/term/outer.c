/* The outer terminal. See outer.h for what callers see.
 *
 * in:   tty ─ uv_poll ─► decoder ─► replies answered here, the rest to ops.input
 * out:  ops.paint ─► render_frame ─► one write(); what the tty does not take waits in o->out, and
 *       no frame is made until it is gone.
 *
 * The tty is opened anew by its name: O_NONBLOCK on the inherited descriptor would be shared with
 * the shell that started muster. */
#include "tui/term/outer.h"

#include "core/base/base64.h"
#include "core/os/os.h"
#include "core/text/width.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define RESIZE_DEBOUNCE_MS 50
#define CLIPBOARD_MAX (100u << 10)
#define MAGIC 0x6f757472u
#define OWNER_RENDER 1
#define ARENA_BYTES (256ull << 20)

/* Modes set while muster has the terminal; leave undoes them in the same breath. */
#define ENTER                                                                                  \
	"\033[?1049h\033[22;2t\033[?7l\033[?2004h\033[?1004h\033[?1006h\033[?2031h\033[m\033[" \
	"H\033[2J\033[?"                                                                       \
	"25l"
#define LEAVE_KEYS "\033[<u\033[>4m"
#define LEAVE                                                                                     \
	"\033[?2026l\033[m\033[r\033]8;;\033\\\033[?2031l\033[?1006l\033[?1003l\033[?1002l\033[?" \
	"1000l\033[?"                                                                             \
	"1004l"                                                                                   \
	"\033[?2004l\033[?7h\033[0 q\033[?25h\033[23;2t\033[?1049l"
/* Ends what a writer that died left half-said. */
#define TORN "\030\033[?2026l"
#define COLORS "\033]10;?\033\\\033]11;?\033\\"
#define QUESTIONS COLORS "\033[?u\033[?2026$p\033[>0q\033[c"

enum { KITTY_STANDING = 1 | 4 };

struct outer {
	uint32_t magic;
	struct outer_ops ops;
	struct arena *arena;
	struct render *render;
	struct render_caps caps;
	struct decoder *decoder;
	int fd;	    /* own descriptor of the tty, non-blocking */
	int shared; /* -1; or fd is that of who started us, and these were its flags */
	int cols, rows;
	struct termios saved;
	struct buf out;
	bool damaged, polling_write, kitty_known, probed, dumb, takes_clipboard;
	bool paused;
	bool lent, asked_back, anew; /* anew: what is painted on loan is void */
	unsigned kitty_flags, kitty_sent;
	int mouse, mouse_sent;
	bool no_mouse, other_keys;
	char name[64];
	uint32_t fg, bg; /* the terminal's own colours, as told */
	bool fg_told;
	uv_poll_t poll;
	uv_timer_t escape, debounce;
	uv_signal_t winch, term, hup, cont;
	unsigned closing;
};

/* For the signal handler of a crash, which has no other way to know. */
static struct {
	volatile sig_atomic_t armed;
	int fd, shared;
	struct termios saved;
} crash;

static void
restore_after_crash(int sig)
{
	if (crash.armed) {
		crash.armed = 0;
		ssize_t n = write(crash.fd, LEAVE_KEYS LEAVE, sizeof(LEAVE_KEYS LEAVE) - 1);
		(void)n;
		tcsetattr(crash.fd, TCSANOW, &crash.saved);
		if (crash.shared >= 0)
			fcntl(crash.fd, F_SETFL, crash.shared);
	}
	signal(sig, SIG_DFL);
	raise(sig);
}

static void
arm_crash(struct outer *o)
{
	static const int sigs[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGQUIT};
	crash.fd = o->fd;
	crash.shared = o->shared;
	crash.saved = o->saved;
	crash.armed = 1;
	for (size_t i = 0; i < ARRAY_LEN(sigs); i++) {
		struct sigaction sa = {.sa_handler = restore_after_crash};
		sigaction(sigs[i], &sa, NULL);
	}
}

/* --- writing ---------------------------------------------------------------------------------- */

static void on_poll(uv_poll_t *h, int status, int events);

static void
poll_for(struct outer *o, bool writable)
{
	if (o->closing || o->lent || o->paused || o->polling_write == writable)
		return;
	o->polling_write = writable;
	uv_poll_start(&o->poll, UV_READABLE | (writable ? UV_WRITABLE : 0), on_poll);
}

/* True while it is in another's hands; then it is asked for. */
static bool
away(struct outer *o)
{
	if (o->paused)
		return true;
	if (o->lent && !o->asked_back) {
		o->asked_back = true;
		o->ops.reclaim(o->ops.ctx);
	}
	return o->lent;
}

static void
flush(struct outer *o)
{
	while (o->out.len && !away(o)) {
		ssize_t n = write(o->fd, o->out.data, o->out.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			o->out.len = 0; /* the reader's end says what is wrong */
		if (n <= 0)
			break;
		buf_drop(&o->out, (size_t)n);
	}
	poll_for(o, o->out.len > 0);
}

static void
put_wants(struct outer *o)
{
	int mouse = MAX(o->mouse, o->no_mouse ? 0 : 1002);
	if (mouse != o->mouse_sent) {
		if (o->mouse_sent)
			buf_printf(&o->out, "\033[?%dl", o->mouse_sent);
		if (mouse)
			buf_printf(&o->out, "\033[?%dh", mouse);
		o->mouse_sent = mouse;
	}
	unsigned flags = KITTY_STANDING | o->kitty_flags;
	if (o->kitty_known && flags != o->kitty_sent) {
		buf_printf(&o->out, o->kitty_sent ? "\033[=%uu" : "\033[>%uu", flags);
		o->kitty_sent = flags;
	}
}

/* The one place frames leave from. */
static void
paint(struct outer *o)
{
	struct grid g;
	if (!o->damaged || o->out.len || o->closing || away(o))
		return;
	o->damaged = false;
	if (o->ops.paint(o->ops.ctx, &g))
		render_frame(o->render, &g, &o->out);
	flush(o);
}

void
outer_damage(struct outer *o)
{
	o->damaged = true;
	paint(o);
}

void
outer_repaint(struct outer *o)
{
	render_invalidate(o->render);
	o->anew = true;
	outer_damage(o);
}

/* Small words (bell, title, modes) go between frames, never inside one. */
static void
say(struct outer *o, const void *p, size_t n)
{
	if (o->closing)
		return;
	buf_put(&o->out, p, n);
	flush(o);
}

/* --- what the terminal can -------------------------------------------------------------------- */

static bool
env_has(const char *name, const char *const *words, size_t n)
{
	const char *v = getenv(name);
	for (size_t i = 0; v && i < n; i++)
		if (strcasestr(v, words[i]))
			return true;
	return false;
}

static const char *const good_terms[] = {"kitty", "ghostty", "foot", "alacritty", "wezterm",
	"contour", "direct", "iterm", "tmux", "konsole", "vte", "mintty", "rio", "muster"};

static void
guess_caps(struct outer *o, const struct outer_options *opt)
{
	static const char *const truecolor[] = {"truecolor", "24bit"}, *const poor[] = {
									       "linux", "dumb"};
	const char *no_color = getenv("NO_COLOR");
	bool good = env_has("TERM", good_terms, ARRAY_LEN(good_terms)) ||
		    env_has("TERM_PROGRAM", good_terms, ARRAY_LEN(good_terms)) ||
		    getenv("VTE_VERSION");
	o->dumb = env_has("TERM", poor, ARRAY_LEN(poor));
	o->caps = (struct render_caps){
		.truecolor = good || env_has("COLORTERM", truecolor, ARRAY_LEN(truecolor)),
		.links = !o->dumb,
		.styled_underline = good,
		.overline = good,
		.ascii = opt->ascii,
		.no_color = opt->no_color || (no_color && *no_color),
	};
}

static void
caps_changed(struct outer *o, const struct render_caps *was)
{
	if (was->truecolor == o->caps.truecolor &&
		was->styled_underline == o->caps.styled_underline && was->sync == o->caps.sync)
		return;
	if (was->truecolor == o->caps.truecolor &&
		was->styled_underline == o->caps.styled_underline)
		render_set_sync(o->render, o->caps.sync); /* looks the same: no repaint */
	else
		render_set_caps(o->render, &o->caps);
	outer_damage(o);
}

/* The last answer is here: turn on what the terminal has. */
static void
probing_done(struct outer *o)
{
	if (o->probed)
		return;
	o->probed = true;
	if (!o->kitty_known && !o->other_keys) {
		o->other_keys = true;
		buf_puts(&o->out, "\033[>4;2m");
	}
	put_wants(o);
	flush(o);
	if (o->ops.known && !o->closing)
		o->ops.known(o->ops.ctx);
}

void
outer_can(const struct outer *o, bool *keys, bool *clipboard)
{
	*keys = o->kitty_known || !strncmp(o->name, "XTerm(", 6);
	*clipboard = o->takes_clipboard;
}

static void
reply_xtversion(struct outer *o, const uint8_t *p, size_t n)
{
	/* DCS > | name ST */
	if (n < 6)
		return;
	struct render_caps was = o->caps;
	sanitize(o->name, sizeof(o->name), (const char *)p + 4, n - 6);
	for (size_t i = 0; i < ARRAY_LEN(good_terms); i++) {
		if (strcasestr(o->name, good_terms[i])) {
			o->caps.truecolor = o->caps.styled_underline = o->caps.overline = true;
			break;
		}
	}
	if (!strncmp(o->name, "XTerm(", 6))
		o->caps.truecolor = true;
	caps_changed(o, &was);
}

/* "rgb:1e1e/1e1e/1e1e", 1 to 4 digits each; false: not that. */
static bool
color_of(const char *s, size_t n, uint32_t *rgb)
{
	char text[40];
	unsigned v[3];
	int from[3], to[3];
	snprintf(text, sizeof(text), "%.*s", (int)MIN(n, sizeof(text) - 1), s);
	if (sscanf(text, "rgb:%n%4x%n/%n%4x%n/%n%4x%n", &from[0], &v[0], &to[0], &from[1], &v[1],
		    &to[1], &from[2], &v[2], &to[2]) != 3)
		return false;
	*rgb = 0;
	for (int i = 0; i < 3; i++) {
		unsigned max = (1u << 4 * (unsigned)(to[i] - from[i])) - 1;
		*rgb = *rgb << 8 | (v[i] * 255 + max / 2) / max;
	}
	return true;
}

/* OSC 10 and 11: the foreground comes first, for it was asked first. */
static void
reply_color(struct outer *o, const uint8_t *p, size_t n)
{
	bool bg = p[3] == '1';
	const char *value = (const char *)p + 5;
	size_t end = p[n - 1] == '\a' ? 1 : 2; /* BEL or ST */
	if (n < 5 + end || !color_of(value, n - 5 - end, bg ? &o->bg : &o->fg))
		return;
	o->fg_told |= !bg;
	if (bg && !o->closing) /* who hides the foreground has the one that reads */
		o->ops.colors(o->ops.ctx, o->fg_told ? o->fg : ~o->bg & 0xffffff, o->bg);
}

static bool
is_reply(const uint8_t *p, size_t n, const char *head, const char *tail)
{
	size_t h = strlen(head), t = strlen(tail);
	return n >= h + t && !memcmp(p, head, h) && !memcmp(p + n - t, tail, t);
}

static void
on_reply(struct outer *o, const uint8_t *p, size_t n)
{
	if (is_reply(p, n, "\033[?2026;", "$y")) {
		struct render_caps was = o->caps;
		o->caps.sync = n >= 11 && (p[8] == '1' || p[8] == '2');
		caps_changed(o, &was);
	} else if (is_reply(p, n, "\033[?", "u")) {
		o->kitty_known = true;
		put_wants(o);
		flush(o);
	} else if (is_reply(p, n, "\033P>|", "")) {
		reply_xtversion(o, p, n);
	} else if (is_reply(p, n, "\033]10;", "") || is_reply(p, n, "\033]11;", "")) {
		reply_color(o, p, n);
	} else if (is_reply(p, n, "\033[?997;", "n")) { /* dark or light by now: which colours? */
		say(o, COLORS, sizeof(COLORS) - 1);
	} else if (is_reply(p, n, "\033[?", "c")) {
		o->takes_clipboard = memmem(p, n, ";52", 3); /* of the device's attributes */
		probing_done(o);
	}
}

/* --- reading ---------------------------------------------------------------------------------- */

static void
on_input(void *ctx, const struct input_event *ev)
{
	struct outer *o = ctx;
	if (ev->type == INPUT_REPLY)
		on_reply(o, ev->bytes, ev->len);
	else if (!o->closing)
		o->ops.input(o->ops.ctx, ev);
}

static void
on_escape(uv_timer_t *h)
{
	struct outer *o = h->data;
	CHECK(o->magic == MAGIC);
	decoder_timeout(o->decoder);
	if (decoder_pending(o->decoder) && !o->closing)
		uv_timer_start(&o->escape, on_escape, DECODE_TIMEOUT_MS, 0);
}

static void
lost(struct outer *o)
{
	if (o->closing)
		return;
	uv_poll_stop(&o->poll);
	o->ops.gone(o->ops.ctx);
}

static void
decode(struct outer *o, const void *p, size_t n)
{
	decoder_feed(o->decoder, p, n);
	if (o->closing)
		return;
	if (decoder_pending(o->decoder))
		uv_timer_start(&o->escape, on_escape, DECODE_TIMEOUT_MS, 0);
	else
		uv_timer_stop(&o->escape);
}

static void
read_input(struct outer *o)
{
	uint8_t b[16384];
	ssize_t n = read(o->fd, b, sizeof(b));
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		lost(o);
		return;
	}
	if (n > 0)
		decode(o, b, (size_t)n);
}

static void
on_poll(uv_poll_t *h, int status, int events)
{
	struct outer *o = h->data;
	CHECK(o->magic == MAGIC);
	if (status < 0) {
		lost(o);
		return;
	}
	if (events & UV_WRITABLE) {
		flush(o);
		paint(o);
	}
	if (events & UV_READABLE)
		read_input(o);
}

/* --- lending ---------------------------------------------------------------------------------- */

int
outer_lend(struct outer *o)
{
	if (o->shared >= 0 || o->lent || o->paused || o->closing || o->damaged || o->out.len ||
		!o->probed || o->dumb || decoder_pending(o->decoder))
		return -1;
	o->lent = true;
	o->asked_back = o->anew = false;
	uv_poll_stop(&o->poll);
	return o->fd;
}

bool
outer_lent(const struct outer *o)
{
	return o->lent;
}

static void
home(struct outer *o)
{
	o->lent = o->polling_write = false;
	if (!o->closing)
		uv_poll_start(&o->poll, UV_READABLE, on_poll);
}

void
outer_keep(struct outer *o)
{
	if (!o->lent)
		return;
	home(o);
	flush(o);
	outer_damage(o);
}

void
outer_take_back(struct outer *o, const struct grid *shown, const void *unsent, size_t n_unsent,
	const void *input, size_t n_input)
{
	struct buf later = o->out; /* said meanwhile */
	if (!o->lent)
		return;
	home(o);
	o->out = (struct buf){0};
	if (shown && !o->anew) {
		buf_put(&o->out, unsent, n_unsent);
		render_adopt(o->render, shown, &o->out);
	} else {
		buf_puts(&o->out, TORN);
		render_invalidate(o->render);
		o->damaged = true;
	}
	buf_put(&o->out, later.data, later.len);
	buf_free(&later);
	flush(o);
	if (n_input)
		decode(o, input, n_input);
	paint(o);
}

/* --- size and signals ------------------------------------------------------------------------- */

void
outer_size(int fd, int *cols, int *rows)
{
	struct winsize ws;
	bool ok = ioctl(fd, TIOCGWINSZ, &ws) == 0 && ws.ws_col && ws.ws_row;
	*cols = ok ? MIN((int)ws.ws_col, 4096) : 80;
	*rows = ok ? MIN((int)ws.ws_row, 1000) : 24;
}

static void
on_debounced(uv_timer_t *h)
{
	struct outer *o = h->data;
	int cols = o->cols, rows = o->rows;
	CHECK(o->magic == MAGIC);
	outer_size(o->fd, &o->cols, &o->rows);
	if (cols == o->cols && rows == o->rows)
		return;
	render_invalidate(o->render);
	o->anew = true;
	o->ops.resized(o->ops.ctx, o->cols, o->rows);
}

static void
on_winch(uv_signal_t *h, int sig)
{
	struct outer *o = h->data;
	(void)sig;
	uv_timer_start(&o->debounce, on_debounced, RESIZE_DEBOUNCE_MS, 0);
}

static void
on_leave_signal(uv_signal_t *h, int sig)
{
	struct outer *o = h->data;
	(void)sig;
	if (!o->closing)
		o->ops.gone(o->ops.ctx);
}

static void
raw_mode(struct outer *o)
{
	struct termios t = o->saved;
	cfmakeraw(&t);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	tcsetattr(o->fd, TCSADRAIN, &t);
	if (o->shared >= 0)
		fcntl(o->fd, F_SETFL, o->shared | O_NONBLOCK);
}

static void
put_enter(struct outer *o)
{
	if (o->dumb)
		buf_puts(&o->out, "\033[m\033[H\033[2J");
	else
		buf_puts(&o->out, ENTER);
	o->mouse_sent = 0;
	o->kitty_sent = 0;
	if (o->probed && o->other_keys)
		buf_puts(&o->out, "\033[>4;2m");
	put_wants(o);
}

/* Stopped (kill -STOP) and continued: the shell had the terminal meanwhile. */
static void
on_cont(uv_signal_t *h, int sig)
{
	struct outer *o = h->data;
	(void)sig;
	if (o->closing || o->paused)
		return;
	raw_mode(o);
	put_enter(o);
	flush(o);
	uv_timer_start(&o->debounce, on_debounced, RESIZE_DEBOUNCE_MS, 0);
	outer_repaint(o);
}

/* --- life ------------------------------------------------------------------------------------- */

static int
open_tty(const struct outer_options *opt, int *shared, struct err *e)
{
	int in = opt->in_fd, out = opt->in_fd || opt->out_fd ? opt->out_fd : STDOUT_FILENO;
	char name[64];
	if (!isatty(in) || !isatty(out))
		return err_set(e, 1, "needs a terminal (standard input and output)");
	int fd = -1;
	if (ttyname_r(out, name, sizeof(name)) == 0)
		fd = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && (fcntl(in, F_GETFL) & O_ACCMODE) == O_RDWR) {
		*shared = fcntl(in, F_GETFL); /* another user's, as after su: it is open already */
		fd = fcntl(in, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	}
	if (fd < 0)
		return err_set(e, 1, "cannot open the terminal (%s)", strerror(errno));
	return fd;
}

static void
start_handles(struct outer *o, uv_loop_t *loop)
{
	uv_poll_init(loop, &o->poll, o->fd);
	uv_timer_init(loop, &o->escape);
	uv_timer_init(loop, &o->debounce);
	uv_signal_init(loop, &o->winch);
	uv_signal_init(loop, &o->term);
	uv_signal_init(loop, &o->hup);
	uv_signal_init(loop, &o->cont);
	o->poll.data = o->escape.data = o->debounce.data = o;
	o->winch.data = o->term.data = o->hup.data = o->cont.data = o;
	uv_poll_start(&o->poll, UV_READABLE, on_poll);
	uv_signal_start(&o->winch, on_winch, SIGWINCH);
	uv_signal_start(&o->term, on_leave_signal, SIGTERM);
	uv_signal_start(&o->hup, on_leave_signal, SIGHUP);
	uv_signal_start(&o->cont, on_cont, SIGCONT);
}

struct outer *
outer_open(uv_loop_t *loop, const struct outer_options *opt, const struct outer_ops *ops,
	struct err *e)
{
	int shared = -1, fd = open_tty(opt, &shared, e);
	if (fd < 0)
		return NULL;
	struct outer *o = xcalloc(1, sizeof(*o));
	o->magic = MAGIC;
	o->ops = *ops;
	o->fd = fd;
	o->shared = shared;
	o->no_mouse = opt->no_mouse;
	o->arena = arena_new(ARENA_BYTES);
	if (!o->arena || tcgetattr(fd, &o->saved) < 0) {
		err_set(e, 1, "cannot use the terminal (%s)", strerror(errno));
		arena_free(o->arena);
		close(fd);
		free(o);
		return NULL;
	}
	guess_caps(o, opt);
	o->render = render_new(o->arena, OWNER_RENDER, &o->caps);
	o->decoder = decoder_new(on_input, o);
	outer_size(fd, &o->cols, &o->rows);
	raw_mode(o);
	arm_crash(o);
	os_thread_prompt();
	start_handles(o, loop);
	put_enter(o);
	if (!o->dumb)
		buf_puts(&o->out, QUESTIONS);
	flush(o);
	return o;
}

static void
on_closed(uv_handle_t *h)
{
	struct outer *o = h->data;
	if (--o->closing)
		return;
	render_free(o->render);
	arena_free(o->arena);
	decoder_free(o->decoder);
	buf_free(&o->out);
	close(o->fd);
	o->magic = 0;
	free(o);
}

/* What is left to say must be said before the program goes: blocking, but not for ever. */
static void
write_last(struct outer *o)
{
	for (int i = 0; i < 50 && o->out.len; i++) {
		struct timespec ms20 = {.tv_nsec = 20000000};
		ssize_t n = write(o->fd, o->out.data, o->out.len);
		if (n > 0)
			buf_drop(&o->out, (size_t)n);
		else if (n < 0 && errno == EAGAIN)
			nanosleep(&ms20, NULL);
		else if (n < 0 && errno != EINTR)
			break;
	}
}

/* The terminal as it was found. */
static void
put_back(struct outer *o)
{
	if (o->kitty_sent)
		buf_puts(&o->out, "\033[<u");
	if (o->other_keys)
		buf_puts(&o->out, "\033[>4m");
	buf_puts(&o->out, o->dumb ? "\033[m\r\n" : LEAVE);
	uv_poll_stop(&o->poll);
	write_last(o);
	/* answers still under way must not be typed into the shell */
	tcsetattr(o->fd, TCSAFLUSH, &o->saved);
	if (o->shared >= 0)
		fcntl(o->fd, F_SETFL, o->shared);
	crash.armed = 0;
}

void
outer_pause(struct outer *o)
{
	CHECK(!o->paused && !o->lent);
	put_back(o);
	o->paused = true;
}

void
outer_resume(struct outer *o)
{
	if (!o->paused || o->closing)
		return;
	o->paused = false;
	crash.armed = 1;
	raw_mode(o);
	put_enter(o);
	home(o);
	flush(o);
	uv_timer_start(&o->debounce, on_debounced, RESIZE_DEBOUNCE_MS, 0);
	outer_repaint(o);
}

void
outer_close(struct outer *o)
{
	if (!o)
		return;
	uv_handle_t *h[] = {(uv_handle_t *)&o->poll, (uv_handle_t *)&o->escape,
		(uv_handle_t *)&o->debounce, (uv_handle_t *)&o->winch, (uv_handle_t *)&o->term,
		(uv_handle_t *)&o->hup, (uv_handle_t *)&o->cont};
	CHECK(o->magic == MAGIC && !o->closing);
	if (!o->paused)
		put_back(o);
	o->closing = ARRAY_LEN(h);
	for (size_t i = 0; i < ARRAY_LEN(h); i++)
		uv_close(h[i], on_closed);
}

void
outer_want(struct outer *o, unsigned kitty_flags, int mouse)
{
	o->kitty_flags = kitty_flags & (2 | 8 | 16);
	o->mouse = mouse == 9 ? 1000 : mouse;
	put_wants(o);
	flush(o);
}

const struct render_caps *
outer_caps(const struct outer *o)
{
	return &o->caps;
}

/* --- words ------------------------------------------------------------------------------------ */

void
outer_title(struct outer *o, const char *title)
{
	char clean[256], s[300];
	sanitize(clean, sizeof(clean), title, strlen(title));
	int n = snprintf(s, sizeof(s), "\033]2;%s\033\\", clean);
	if (!o->dumb)
		say(o, s, (size_t)n);
}

void
outer_bell(struct outer *o)
{
	say(o, "\a", 1);
}

void
outer_notify(struct outer *o, const char *title, const char *body)
{
	char t[128], b[256], s[448];
	sanitize(t, sizeof(t), title, strlen(title));
	sanitize(b, sizeof(b), body, strlen(body));
	int n = snprintf(s, sizeof(s), "\033]9;%s%s%s\033\\", t, *t && *b ? ": " : "", b);
	if (!o->dumb)
		say(o, s, (size_t)n);
}

void
outer_clipboard(struct outer *o, const void *text, size_t n)
{
	struct buf b = {0};
	if (n > CLIPBOARD_MAX || o->dumb)
		return;
	buf_puts(&b, "\033]52;c;");
	base64_put(&b, text, n);
	buf_puts(&b, "\033\\");
	say(o, b.data, b.len);
	buf_free(&b);
}
