#include "sessions/display/display.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "core/pagelist/pagelist.h"
#include "core/text/width.h"
#include "sessions/pty/pty.h"
#include "sessions/pty/ring.h"
#include "sessions/session/run.h"
#include "sessions/session/house.h"
#include <stdlib.h>
#include <string.h>

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
	CHECK(!sc->recorder);
	term_free(sc->term);
	ring_free(sc->ring);
	free(sc);
}

void
display_check(const struct session *s)
{
	const struct display *sc = s->display;

	CHECK(sc->cols >= 1 && sc->cols <= DISPLAY_COLS_MAX && sc->rows >= 1 &&
		sc->rows <= DISPLAY_ROWS_MAX);
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

void
display_note(struct session *s, enum screen_news what, const struct screen_note *n)
{
	s->of->ops->screen(s->of->ctx, s, what, n);
}

static void
ev_title(struct session *s, const struct term_event *ev, uint64_t now)
{
	sanitize(s->display->title, sizeof(s->display->title), ev->text, ev->len);
	if (s->run)
		activity_title(&s->run->act, s->profile, s->display->title, now);
	display_note(s, SCREEN_TITLE, NULL);
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
		activity_prompt_mark(&s->run->act, s->profile, (int)ev->a, now);
}

static void
ev_bell(struct session *s, const struct term_event *ev, uint64_t now)
{
	(void)ev;
	(void)now;
	display_note(s, SCREEN_BELL, NULL);
}

static void
ev_notify(struct session *s, const struct term_event *ev, uint64_t now)
{
	char title[256], text[256];

	(void)now;
	sanitize(title, sizeof(title), ev->text2 ? ev->text2 : "", ev->text2 ? ev->len2 : 0);
	sanitize(text, sizeof(text), ev->text ? ev->text : "", ev->text ? ev->len : 0);
	display_note(s, SCREEN_NOTIFY,
		&(struct screen_note){.text = text, .text2 = title, .len = strlen(text)});
}

static void
ev_clipboard(struct session *s, const struct term_event *ev, uint64_t now)
{
	(void)now;
	display_note(s, SCREEN_CLIPBOARD, &(struct screen_note){.text = ev->text, .len = ev->len});
}

static void
ev_modes(struct session *s, const struct term_event *ev, uint64_t now)
{
	(void)ev;
	(void)now;
	display_note(s, SCREEN_MODES, NULL);
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
display_watch(struct session *s)
{
	term_set_ops(s->display->term,
		&(struct term_ops){.reply = on_reply, .event = on_event, .ctx = s});
	display_colors(s);
}

void
display_colors(struct session *s)
{
	if (!s->of->colors.known || !s->display->term)
		return;
	term_colors(s->display->term, s->of->colors.fg, s->of->colors.bg);
	run_flush_replies(s);
}
