/* Bytes of a checkpoint: varint version, the signals (see put_activity), then term_save's own.
 *
 * Rebuild: checkpoint, then the ring's bytes from its `upto` on, silently as far as their effects
 * were had. Bytes on which servers died twice are left out; they stay in the state folder as a
 * sample for whoever mends the parser. */
#include "sessions/session/checkpoint.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/session/recorder.h"
#include "sessions/pty/ring.h"
#include "sessions/server/server.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
	buf_varint(b, CHECKPOINT_VERSION);
	put_activity(b, &s->act);
	put_text(b, s->last_line);
}

int
checkpoint_save(struct session *s)
{
	static struct buf b; /* one thread; kept, since this runs often */
	int rc;

	if (!s->ring)
		return -EINVAL;
	b.len = 0;
	put_head(&b, s);
	term_save(s->term, &b);
	rc = ring_save(s->ring, b.data, b.len, ring_head(s->ring));
	if (rc == 0) /* what only the checkpoint before it named may go */
		pagelist_saved(term_pagelist(s->term));
	else
		log_warn("session %u: no checkpoint: %s", s->num, strerror(-rc));
	s->saved_ns = os_mono_ns();
	return rc;
}

void
session_park(struct session *s)
{
	/* saving wakes a parked terminal; what sealing frees goes when the save is in place */
	pagelist_seal_all(term_pagelist(s->term));
	if (s->ring && checkpoint_save(s) == 0)
		ring_punch(s->ring);
	term_park(s->term);
}

static struct term *
fresh_term(struct session *s)
{
	const struct config *c = s->server->config;
	struct term_config tc = {.cols = s->cols,
		.rows = s->rows,
		.history = {.lines = c->scrollback_lines, .bytes = c->scrollback_bytes}};

	return term_new(s->server->arena, s->num, &tc);
}

/* From a checkpoint's bytes. The signals count only within one boot. */
static struct term *
restore(struct session *s, bool activity, const void *p, size_t len)
{
	struct activity_state act = s->act;
	char last_line[sizeof(s->last_line)];
	struct term *t = NULL;
	struct rd r = rd_init(p, len);

	if (rd_varint(&r) == CHECKPOINT_VERSION) {
		get_activity(&r, &act);
		get_text(&r, last_line, sizeof(last_line));
		if (!r.bad)
			t = term_restore(s->server->arena, s->num, &r);
	}
	if (t && activity)
		s->act = act;
	if (t)
		memcpy(s->last_line, last_line, sizeof(last_line));
	else
		log_error("session %u: its checkpoint cannot be read", s->num);
	return t;
}

static struct term *
from_ring(struct session *s, bool activity, uint64_t *upto)
{
	size_t n;
	void *p = s->ring ? ring_load(s->ring, &n, upto) : NULL;
	struct term *t = p ? restore(s, activity, p, n) : NULL;

	if (!t)
		*upto = 0;
	free(p);
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

/* [from, head) through the terminal, but [bad, bad + n_bad). */
static void
replay(struct session *s, uint64_t from, uint64_t bad, uint32_t n_bad)
{
	uint64_t head = ring_head(s->ring), effects = MIN(ring_effects(s->ring), head);

	while (from < head) {
		bool skip = n_bad && from >= bad && from < bad + n_bad;
		uint64_t to = skip ? bad + n_bad : head;
		size_t n;
		const uint8_t *p = ring_bytes(s->ring, from, &n);
		if (!p) {
			log_error("session %u: output was overwritten before a checkpoint", s->num);
			break;
		}
		if (!skip && n_bad && from < bad)
			to = MIN(to, bad);
		if (from < effects)
			to = MIN(to, effects);
		to = MIN(MIN(to, head), from + RING_READ);
		if (skip)
			keep_sample(s, p, to - from);
		else {
			term_set_silent(s->term, from < effects);
			ring_feeding(s->ring, from, (uint32_t)(to - from));
			term_feed(s->term, p, to - from);
			ring_fed(s->ring);
		}
		from = to;
	}
	ring_set_effects(s->ring, head);
	term_set_silent(s->term, false);
}

void
checkpoint_load(struct session *s, bool activity)
{
	uint64_t upto = 0, bad = 0;
	uint32_t n_bad = 0;

	s->term = from_ring(s, activity, &upto);
	if (!s->term)
		s->term = from_disk(s);
	if (!s->term)
		s->term = fresh_term(s);
	CHECK(s->term);
	session_term_ops(s);
	recorder_open(s);
	if (!s->ring)
		return;
	if (ring_poison(s->ring, &bad, &n_bad) < 2)
		n_bad = 0;
	else {
		log_error("session %u: %u bytes ended the server twice: skipped", s->num, n_bad);
		snprintf(s->server->banner, sizeof(s->server->banner),
			"some output of session %u could not be shown (see the log)", s->num);
	}
	if (ring_head(s->ring) > upto)
		replay(s, upto, bad, n_bad);
}
