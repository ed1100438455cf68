#include "sessions/display/feed.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "core/pagelist/pagelist.h"
#include "core/text/width.h"
#include "sessions/agent/last_line.h"
#include "sessions/pty/pty.h"
#include "sessions/pty/ring.h"
#include "sessions/display/checkpoint.h"
#include "sessions/display/display.h"
#include "sessions/display/recorder.h"
#include "sessions/session/run.h"
#include "sessions/session/house.h"
#include <stdlib.h>
#include <string.h>

#define STAMP_S 10		       /* how exactly it is known when a line was printed */
#define TURN_CELLS (1 << 20)	       /* that output may fill or move in a turn: a millisecond */
#define RESIZE_REPAINT_NS 700000000ull /* output this soon after a resize is a repaint */
/* Between two programs on one terminal: out of every mode the first may have left behind. */
#define BETWEEN_RUNS                                                                             \
	"\033[?1049l\033[?1000;1002;1003;1004;1006;2004;2026;2031;2048l\033[<99u\033[>4m\033[!p" \
	"\033[0m\033[?25h\r\n"

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
feed_load(struct session *s, bool activity)
{
	struct display *sc = s->display;
	struct checkpoint c;

	CHECK(!sc->term);
	checkpoint_load(s, activity, &c);
	display_watch(s);
	recorder_open(s);
	if (!sc->ring)
		return;
	checkpoint_replay(s, &c);
	if (activity)
		restored(s);
}

/* Of a session that never was: no disk has anything of it. */
static void
begin_fresh(struct session *s)
{
	s->display->term = checkpoint_none(s);
	display_watch(s);
	recorder_open(s);
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
	for (int i = 0; len && i <= used && i < DISPLAY_ROWS_MAX; i++)
		buf_putc(&out, '\n');
	buf_puts(&out, "\033[H");
	term_feed(t, out.data, out.len);
	buf_free(&text);
	buf_free(&out);
}

void
feed_begin_run(struct session *s)
{
	struct display *sc = s->display;
	int cols = sc->cols, rows = sc->rows;
	struct term *t;

	if (!sc->term)
		begin_fresh(s);
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
feed_turn(struct session *s)
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
feed_output(struct session *s, size_t n)
{
	struct display *sc = s->display;
	struct run *r = s->run;
	uint64_t gen = term_generation(sc->term), now = os_mono_ns();
	bool text;

	if (os_wall_s() - sc->stamped > STAMP_S) {
		sc->stamped = os_wall_s();
		term_stamp(sc->term, (uint32_t)sc->stamped);
	}
	feed_turn(s);
	text = term_generation(sc->term) != gen && now - r->act.last_resize_ns > RESIZE_REPAINT_NS;
	activity_output(&r->act, n, text, now);
	if (text)
		s->past.last_output = os_wall_s();
	sc->output_ns = now;
	sc->unsettled = true;
	display_note(s, SCREEN_OUTPUT, NULL);
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
feed_settle(struct session *s, uint64_t now_ns)
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

/* A read() may end between the two bytes that end a line. On the way from one width to another a
 * cursor between them would leave the line where another one begins: what follows is read first. */
static void
end_line(struct session *s)
{
	struct ring *ring = s->display->ring;
	size_t n;
	const uint8_t *last;

	if (!s->run || !s->run->pty || !ring_head(ring) || term_parked(s->display->term))
		return;
	last = ring_bytes(ring, ring_head(ring) - 1, &n);
	if (last && *last == '\r')
		pty_read_on(s->run->pty);
}

void
feed_resize(struct session *s, int cols, int rows)
{
	struct display *sc = s->display;

	cols = CLAMP(cols, 1, DISPLAY_COLS_MAX);
	rows = CLAMP(rows, 1, DISPLAY_ROWS_MAX);
	if (cols == sc->cols && rows == sc->rows)
		return;
	end_line(s);
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
	display_note(s, SCREEN_RESIZED, NULL);
	session_unsaved(s);
}

void
feed_park(struct session *s)
{
	struct display *sc = s->display;

	if (checkpoint_in_memory(s)) { /* else its files have all */
		/* saving wakes a parked terminal; what sealing frees goes when the save is in place */
		pagelist_seal_all(term_pagelist(sc->term));
		if (pagelist_awaits(term_pagelist(sc->term)))
			return; /* another time: what is to be merged is being read */
		if (checkpoint_save(s) == 0 && sc->ring)
			ring_punch(sc->ring);
	}
	term_park(sc->term);
}
