#include "sessions/session/display.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "core/pagelist/pagelist.h"
#include "core/text/width.h"
#include "sessions/agent/last_line.h"
#include "sessions/pty/keeper_link.h"
#include "sessions/pty/pty.h"
#include "sessions/pty/ring.h"
#include "sessions/session/checkpoint.h"
#include "sessions/session/recorder.h"
#include "sessions/session/run.h"
#include "sessions/session/sessions.h"
#include <stdlib.h>
#include <string.h>

#define TURN_CELLS (1 << 20) /* that output may fill or move in a turn: a millisecond */
#define COLS_MAX 4096
#define ROWS_MAX 1000
#define STAMP_S 10		       /* how exactly it is known when a line was printed */
#define RESIZE_REPAINT_NS 700000000ull /* output this soon after a resize is a repaint */
/* Between two programs on one terminal: out of every mode the first may have left behind. */
#define BETWEEN_RUNS                                                                             \
	"\033[?1049l\033[?1000;1002;1003;1004;1006;2004;2026;2031;2048l\033[<99u\033[>4m\033[!p" \
	"\033[0m\033[?25h\r\n"

struct display *
display_new(void)
{
	struct display *sc = xcalloc(1, sizeof(*sc));

	sc->cols = 80;
	sc->rows = 24;
	return sc;
}

void
display_free(struct display *sc)
{
	if (!sc)
		return;
	recorder_close(sc);
	term_free(sc->term);
	ring_free(sc->ring);
	free(sc);
}

void
display_check(const struct session *s)
{
	const struct display *sc = s->display;

	CHECK(sc->cols >= 1 && sc->cols <= COLS_MAX && sc->rows >= 1 && sc->rows <= ROWS_MAX);
	CHECK(sc->viewers <= sc->lookers);
	CHECK(!session_live(s) || !sc->term || sc->ring);
	if (sc->term)
		pagelist_check(term_pagelist(sc->term));
}

void
display_dump(const struct session *s, FILE *out)
{
	const struct display *sc = s->display;

	fprintf(out, "  screen %dx%d%s, ring %d, %u look, %u attached%s\n", sc->cols, sc->rows,
		!sc->term		? " (not loaded)"
		: term_parked(sc->term) ? " (parked)"
					: "",
		sc->ring ? ring_fd(sc->ring) : -1, sc->lookers, sc->viewers,
		sc->unsettled ? ", unsettled" : "");
}

struct term *
display_term(struct session *s)
{
	s->display->looked_ns = os_mono_ns();
	return s->display->term;
}

/* What the terminal says. */

static void
on_reply(void *ctx, const void *p, size_t n)
{
	struct session *s = session_check(ctx);

	if (s->run)
		buf_put(&s->run->replies, p, n);
}

static void
note(struct session *s, enum screen_news what, const struct screen_note *n)
{
	s->of->ops->screen(s->of->ctx, s, what, n);
}

static void
ev_title(struct session *s, const struct term_event *ev, uint64_t now)
{
	sanitize(s->display->title, sizeof(s->display->title), ev->text, ev->len);
	if (s->run)
		activity_title(&s->run->act, s->profile, s->display->title, now);
	note(s, SCREEN_TITLE, NULL);
	session_changed(s);
}

static void
ev_status(struct session *s, const struct term_event *ev, uint64_t now)
{
	if (!s->run)
		return;
	activity_osc7501(&s->run->act, ev->text, ev->len, now);
	s->run->status_said = true;
}

static void
ev_progress(struct session *s, const struct term_event *ev, uint64_t now)
{
	if (s->run)
		activity_progress(&s->run->act, (int)ev->a, now);
}

static void
ev_prompt(struct session *s, const struct term_event *ev, uint64_t now)
{
	if (s->run)
		activity_prompt_mark(&s->run->act, (int)ev->a, now);
}

static void
ev_bell(struct session *s, const struct term_event *ev, uint64_t now)
{
	(void)ev;
	(void)now;
	note(s, SCREEN_BELL, NULL);
}

static void
ev_notify(struct session *s, const struct term_event *ev, uint64_t now)
{
	char title[256], text[256];

	(void)now;
	sanitize(title, sizeof(title), ev->text2 ? ev->text2 : "", ev->text2 ? ev->len2 : 0);
	sanitize(text, sizeof(text), ev->text ? ev->text : "", ev->text ? ev->len : 0);
	note(s, SCREEN_NOTIFY,
		&(struct screen_note){.text = text, .text2 = title, .len = strlen(text)});
}

static void
ev_clipboard(struct session *s, const struct term_event *ev, uint64_t now)
{
	(void)now;
	note(s, SCREEN_CLIPBOARD, &(struct screen_note){.text = ev->text, .len = ev->len});
}

static void
ev_modes(struct session *s, const struct term_event *ev, uint64_t now)
{
	(void)ev;
	(void)now;
	note(s, SCREEN_MODES, NULL);
}

static void
on_event(void *ctx, const struct term_event *ev)
{
	static void (*const handle[])(struct session *, const struct term_event *, uint64_t) = {
		[TERM_BELL] = ev_bell,
		[TERM_TITLE] = ev_title,
		[TERM_NOTIFY] = ev_notify,
		[TERM_CLIPBOARD] = ev_clipboard,
		[TERM_PROGRESS] = ev_progress,
		[TERM_PROMPT] = ev_prompt,
		[TERM_STATUS] = ev_status,
		[TERM_MODE] = ev_modes,
		[TERM_SCREEN] = ev_modes,
		[TERM_RESET] = ev_modes};
	struct session *s = session_check(ctx);

	if (ev->type < ARRAY_LEN(handle) && handle[ev->type])
		handle[ev->type](s, ev, os_mono_ns());
}

/* Loading. */

static void
restored(struct session *s)
{
	struct display *sc = s->display;
	const char *title = term_title(sc->term);
	struct grid g = term_grid(sc->term);

	sanitize(sc->title, sizeof(sc->title), title, strlen(title));
	sc->cols = g.cols;
	sc->rows = g.rows;
	sc->output_ns = sc->looked_ns = os_mono_ns();
	sc->gen_settled = UINT64_MAX; /* its screen was never looked at here */
	if (s->run)
		s->run->act.ready_ns = 1; /* it took input before */
	sc->unsettled = true;
	s->of->ops->unsettled(s->of->ctx, s);
}

void
display_load(struct session *s, bool activity)
{
	struct display *sc = s->display;
	struct checkpoint c;

	CHECK(!sc->term);
	checkpoint_load(s, activity, &c);
	term_set_ops(sc->term, &(struct term_ops){.reply = on_reply, .event = on_event, .ctx = s});
	recorder_open(s);
	if (!sc->ring)
		return;
	checkpoint_replay(s, &c);
	if (activity)
		restored(s);
}

/* What the last program left goes up into history, so that nobody takes it for the next one's. */
static void
scroll_away(struct term *t, int rows)
{
	struct buf text = {0}, out = {0};
	size_t len;
	int used = 0;

	term_text(t, &text);
	for (len = text.len; len && strchr(" \n", text.data[len - 1]); len--)
		;
	for (size_t i = 0; i < len; i++)
		used += text.data[i] == '\n';
	buf_printf(&out, "\033[%d;1H", rows);
	for (int i = 0; len && i <= used && i < ROWS_MAX; i++)
		buf_putc(&out, '\n');
	buf_puts(&out, "\033[H");
	term_feed(t, out.data, out.len);
	buf_free(&text);
	buf_free(&out);
}

void
display_begin_run(struct session *s)
{
	struct display *sc = s->display;
	int cols = sc->cols, rows = sc->rows;
	struct term *t;

	if (!sc->term)
		display_load(s, false);
	t = display_term(s);
	if (s->past.started > 0) {
		term_set_silent(t, true);
		term_feed(t, BETWEEN_RUNS, strlen(BETWEEN_RUNS));
		scroll_away(t, sc->rows);
		term_set_silent(t, false);
	}
	sc->cols = cols;
	sc->rows = rows;
	term_resize(t, cols, rows);
	checkpoint_save(s);
}

/* Output. */

/* A turn's worth through the terminal. */
static void
feed(struct session *s)
{
	struct display *sc = s->display;
	uint64_t from = ring_effects(sc->ring);
	int64_t cells = TURN_CELLS;
	size_t n;
	const uint8_t *p = ring_bytes(sc->ring, from, &n);

	CHECK(p);
	ring_feeding(sc->ring, from, (uint32_t)n);
	n = term_feed_some(sc->term, p, n, &cells);
	ring_fed(sc->ring);
	ring_set_effects(sc->ring, from + n);
	sc->unsaved_cells -= TURN_CELLS - cells;
	run_flush_replies(s);
}

bool
display_output(struct session *s, size_t n)
{
	struct display *sc = s->display;
	struct run *r = s->run;
	uint64_t gen = term_generation(sc->term), now = os_mono_ns();
	bool text;

	if (os_wall_s() - sc->stamped > STAMP_S) {
		sc->stamped = os_wall_s();
		term_stamp(sc->term, (uint32_t)sc->stamped);
	}
	feed(s);
	text = term_generation(sc->term) != gen && now - r->act.last_resize_ns > RESIZE_REPAINT_NS;
	activity_output(&r->act, n, text, now);
	if (text)
		s->past.last_output = os_wall_s();
	sc->output_ns = now;
	sc->unsettled = true;
	note(s, SCREEN_OUTPUT, NULL);
	if (r->status_said) { /* first-hand: no need to wait for the screen to settle */
		r->status_said = false;
		run_evaluate(s, now);
	}
	if (sc->unsaved_cells < 0 ||
		ring_head(sc->ring) - ring_saved_upto(sc->ring) >= RING_CHECKPOINT)
		checkpoint_save(s); /* the tick does it for those that print less */
	s->of->ops->unsettled(s->of->ctx, s);
	return ring_effects(sc->ring) == ring_head(sc->ring);
}

static void
take_last_line(struct session *s, const char *text)
{
	struct display *sc = s->display;
	char clean[sizeof(sc->last_line)];

	last_line(text, clean, sizeof(clean));
	if (strcmp(clean, sc->last_line)) {
		snprintf(sc->last_line, sizeof(sc->last_line), "%s", clean);
		session_changed(s);
	}
}

void
display_settle(struct session *s, uint64_t now_ns)
{
	struct display *sc = s->display;
	struct buf text = {0};

	sc->unsettled = false;
	if (term_generation(sc->term) != sc->gen_settled) {
		sc->gen_settled = term_generation(sc->term);
		term_text(sc->term, &text);
		take_last_line(s, buf_cstr(&text));
		if (s->run) {
			struct grid g = term_grid(sc->term);
			activity_screen(&s->run->act, s->profile, buf_cstr(&text), now_ns);
			activity_prompt(&s->run->act, s->profile, &g);
		}
		buf_free(&text);
	}
	run_evaluate(s, now_ns);
	sc->settled_ns = os_mono_ns();
	sc->settle_cost_ns = sc->settled_ns - MIN(now_ns, sc->settled_ns);
}

void
display_resize(struct session *s, int cols, int rows)
{
	struct display *sc = s->display;

	cols = CLAMP(cols, 1, COLS_MAX);
	rows = CLAMP(rows, 1, ROWS_MAX);
	if (cols == sc->cols && rows == sc->rows)
		return;
	sc->cols = cols;
	sc->rows = rows;
	term_resize(display_term(s), cols, rows);
	if (s->run)
		s->run->act.last_resize_ns = os_mono_ns();
	run_flush_replies(s);
	/* a successor must not replay output of the old width at the new one */
	checkpoint_save(s);
	if (s->run && s->run->pty)
		pty_resize(s->run->pty, cols, rows);
	note(s, SCREEN_RESIZED, NULL);
	session_unsaved(s);
}

void
display_set_lookers(struct session *s, unsigned lookers, unsigned attached)
{
	struct display *sc = s->display;

	sc->lookers = lookers;
	if (sc->viewers != attached)
		session_changed(s);
	sc->viewers = attached;
	sc->looked_ns = os_mono_ns();
	if (s->run && s->run->pty)
		pty_set_visible(s->run->pty, lookers > 0);
}

bool
display_rests(const struct session *s)
{
	const struct display *sc = s->display;
	uint64_t now = os_mono_ns(), rest = (uint64_t)(s->of->config->rest_after_s * 1e9);

	if (sc->ring && ring_effects(sc->ring) != ring_head(sc->ring))
		return false;
	return sc->term && !term_parked(sc->term) && !sc->lookers && !sc->unsettled &&
	       now - sc->output_ns > rest && now - sc->looked_ns > rest;
}

void
display_park(struct session *s)
{
	struct display *sc = s->display;

	if (checkpoint_in_memory(s)) { /* else its files have all */
		/* saving wakes a parked terminal; what sealing frees goes when the save is in place */
		pagelist_seal_all(term_pagelist(sc->term));
		if (checkpoint_save(s) == 0 && sc->ring)
			ring_punch(sc->ring);
	}
	term_park(sc->term);
}
