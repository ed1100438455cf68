/* Bytes of a checkpoint: varint version, the signals (see put_activity), then term_save's own.
 *
 * Rebuild: checkpoint, then the ring's bytes from its `upto` on, silently as far as their effects
 * were had. Bytes on which servers died twice are left out; they stay in the state folder as a
 * sample for whoever mends the parser. */
#include "sessions/display/checkpoint.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/config/config.h"
#include "sessions/pty/ring.h"
#include "sessions/display/recorder.h"
#include "sessions/session/run.h"
#include "sessions/display/display.h"
#include "sessions/session/house.h"
#include "sessions/pty/shelf.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAVE_CELLS (1ll << 29) /* work that a successor may have to do again: half a second */
#define CHECKPOINT_VERSION 1

static void
put_text(struct buf *b, const char *s)
{
	buf_varint(b, strlen(s));
	buf_puts(b, s);
}

static void
get_text(struct rd *r, char *out, size_t cap)
{
	size_t n = rd_varint(r);
	const uint8_t *p = rd_bytes(r, n);

	n = p ? MIN(n, cap - 1) : 0;
	if (n)
		memcpy(out, p, n);
	out[n] = 0;
}

/* Monotonic times stay valid in a successor: it is the same boot. */
static void
put_activity(struct buf *b, const struct activity_state *a)
{
	buf_varint(b, SRC_COUNT);
	for (int i = 0; i < SRC_COUNT; i++) {
		buf_varint(b, a->sig[i].value);
		buf_varint(b, a->sig[i].at_ns);
		put_text(b, a->sig[i].detail);
	}
	buf_varint(b, a->now);
	buf_varint(b, a->source);
	put_text(b, a->detail);
	buf_varint(b, a->now_since_ns);
	buf_varint(b, a->last_output_ns);
	buf_varint(b, a->last_text_ns);
	buf_varint(b, a->last_input_ns);
	buf_varint(b, a->draft_since_ns);
	buf_varint(b, a->prompt_hash);
}

static void
get_activity(struct rd *r, struct activity_state *a)
{
	uint64_t n = rd_varint(r), now, source;
	struct activity_state t = *a;

	for (uint64_t i = 0; i < n && !r->bad; i++) {
		struct activity_signal sig = {.value = (enum activity)rd_varint(r)};
		sig.at_ns = rd_varint(r);
		get_text(r, sig.detail, sizeof(sig.detail));
		if (i < SRC_COUNT && sig.value < ACT_COUNT)
			t.sig[i] = sig;
	}
	now = rd_varint(r);
	source = rd_varint(r);
	t.now = now < ACT_COUNT ? (enum activity)now : ACT_UNKNOWN;
	t.source = source < SRC_COUNT ? (enum activity_source)source : SRC_OUTPUT;
	get_text(r, t.detail, sizeof(t.detail));
	t.now_since_ns = rd_varint(r);
	t.last_output_ns = rd_varint(r);
	t.last_text_ns = rd_varint(r);
	t.last_input_ns = rd_varint(r);
	t.draft_since_ns = rd_varint(r);
	t.prompt_hash = rd_varint(r);
	if (!r->bad)
		*a = t;
}

static void
put_head(struct buf *b, const struct session *s)
{
	static const struct activity_state none; /* of one that has ended */

	buf_varint(b, CHECKPOINT_VERSION);
	put_activity(b, s->run ? &s->run->act : &none);
	put_text(b, s->display->last_line);
}

static bool
on_shelf(const struct session *s)
{
	return shelf_has(s->of->shelf, s->num, SHELF_SCREEN);
}

static int
save(struct session *s, bool shelve, struct buf *copy)
{
	static struct buf b; /* one thread; kept, since this runs often */
	struct display *sc = s->display;
	uint64_t begin = os_mono_ns();
	int rc = 0;

	b.len = 0;
	put_head(&b, s);
	term_save(s->display->term, &b);
	if (s->display->ring)
		rc = ring_save(s->display->ring, b.data, b.len, ring_effects(s->display->ring));
	if (rc == 0 && shelve)
		rc = shelf_put(s->of->shelf, s->num, SHELF_SCREEN, b.data, b.len);
	if (rc == 0) /* what only the checkpoint before it named may go */
		pagelist_saved(term_pagelist(s->display->term));
	else
		log_warn("session %u: no checkpoint: %s", s->num, strerror(-rc));
	if (rc == 0 && copy)
		buf_put(copy, b.data, b.len);
	sc->saved_ns = os_mono_ns();
	sc->save_cost_ns = sc->saved_ns - begin;
	sc->unsaved_cells = SAVE_CELLS;
	return rc;
}

int
checkpoint_save(struct session *s)
{
	return save(s, !s->display->ring || on_shelf(s), NULL);
}

int
checkpoint_copy(struct session *s, struct buf *copy)
{
	return save(s, !s->display->ring || on_shelf(s), copy);
}

int
checkpoint_shelve(struct session *s)
{
	return save(s, true, NULL);
}

bool
checkpoint_in_memory(const struct session *s)
{
	return s->display->ring || on_shelf(s);
}

void
checkpoint_filed(struct session *s)
{
	if (!s->display->ring)
		shelf_drop(s->of->shelf, s->num, SHELF_SCREEN);
}

struct term *
checkpoint_none(struct session *s)
{
	const struct config *c = s->of->config;
	struct term_config tc = {.cols = s->display->cols,
		.rows = s->display->rows,
		.history = {.lines = c->scrollback_lines, .bytes = c->scrollback_bytes}};

	return term_new(s->of->arena, s->num, &tc);
}

/* From a checkpoint's bytes. The signals count only within one boot. */
static struct term *
restore(struct session *s, bool activity, const void *p, size_t len)
{
	struct activity_state act = s->run ? s->run->act : (struct activity_state){0};
	char last_line[sizeof(s->display->last_line)];
	struct term *t = NULL;
	struct rd r = rd_init(p, len);

	if (rd_varint(&r) == CHECKPOINT_VERSION) {
		get_activity(&r, &act);
		get_text(&r, last_line, sizeof(last_line));
		if (!r.bad)
			t = term_restore(s->of->arena, s->num, &r);
	}
	if (t && activity && s->run)
		s->run->act = act;
	if (t)
		memcpy(s->display->last_line, last_line, sizeof(last_line));
	else
		log_error("session %u: its checkpoint cannot be read", s->num);
	return t;
}

static struct term *
from_ring(struct session *s, bool activity, uint64_t *upto)
{
	size_t n;
	void *p = s->display->ring ? ring_load(s->display->ring, &n, upto) : NULL;
	struct term *t = p ? restore(s, activity, p, n) : NULL;

	if (!t)
		*upto = 0;
	free(p);
	return t;
}

static struct term *
from_shelf(struct session *s)
{
	struct buf b = {0};
	struct term *t = NULL;

	if (shelf_get(s->of->shelf, s->num, SHELF_SCREEN, &b))
		t = restore(s, false, b.data, b.len);
	buf_free(&b);
	return t;
}

static struct term *
from_disk(struct session *s)
{
	size_t n;
	void *p = recorder_load(s, &n);
	struct term *t = p ? restore(s, false, p, n) : NULL;

	free(p);
	return t;
}

static void
keep_sample(struct session *s, const uint8_t *p, size_t n)
{
	char path[600];
	int fd;

	snprintf(path, sizeof(path), "%s/poison-%u.bin", paths()->state, s->num);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	if (write(fd, p, n) < 0)
		log_warn("session %u: %s", s->num, strerror(errno));
	close(fd);
}

/* Feeds [from, to), whose bytes are p, unless they are to be left out. */
static void
feed(struct session *s, const uint8_t *p, uint64_t from, uint64_t to, bool skip, bool silent)
{
	struct display *sc = s->display;

	if (skip) {
		keep_sample(s, p, to - from);
		return;
	}
	term_set_silent(sc->term, silent);
	ring_feeding(sc->ring, from, (uint32_t)(to - from));
	term_feed(sc->term, p, to - from);
	ring_fed(sc->ring);
}

void
checkpoint_replay(struct session *s, const struct checkpoint *c)
{
	struct ring *ring = s->display->ring;
	uint64_t from = c->upto, head = ring_head(ring), effects = MIN(ring_effects(ring), head);

	while (from < head) {
		bool skip = c->n_bad && from >= c->bad && from < c->bad + c->n_bad;
		uint64_t to = skip ? c->bad + c->n_bad : head;
		size_t n;
		const uint8_t *p = ring_bytes(ring, from, &n);
		if (!p) {
			log_error("session %u: output was overwritten before a checkpoint", s->num);
			break;
		}
		if (!skip && c->n_bad && from < c->bad)
			to = MIN(to, c->bad);
		if (from < effects)
			to = MIN(to, effects);
		to = MIN(MIN(to, head), from + RING_READ);
		feed(s, p, from, to, skip, from < effects);
		from = to;
	}
	ring_set_effects(ring, head);
	term_set_silent(s->display->term, false);
}

void
checkpoint_load(struct session *s, bool activity, struct checkpoint *c)
{
	struct display *sc = s->display;

	*c = (struct checkpoint){0};
	sc->term = from_ring(s, activity, &c->upto);
	if (!sc->term)
		sc->term = from_shelf(s);
	if (!sc->term)
		sc->term = from_disk(s);
	if (!checkpoint_in_memory(s))
		sc->sealed_ns = os_mono_ns(); /* as all that is in files */
	if (!sc->term)
		sc->term = checkpoint_none(s);
	CHECK(sc->term);
	if (!sc->ring || ring_poison(sc->ring, &c->bad, &c->n_bad) < 2) {
		c->n_bad = 0;
		return;
	}
	log_error("session %u: %u bytes ended the server twice: skipped", s->num, c->n_bad);
	snprintf(s->of->banner, sizeof(s->of->banner),
		"some output of %s could not be shown (see the log)", s->name);
}
