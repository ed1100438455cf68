#include "sessions/closing/typing.h"
#include "core/os/os.h"
#include "core/term/term.h"
#include "sessions/closing/care.h"
#include "sessions/closing/wake.h"
#include "sessions/session/display.h"
#include <stdlib.h>
#include <string.h>

#define ENTER_MS 150
/* A CLI takes a moment to say that it works on what was sent. Without word of it for so long, what
 * it said before still stands. */
#define TAKES_NOTE_NS 3000000000ull
#define ANSWERED_NS 1000000000ull
#define TAKES_NOTE_FIRST_HAND_NS 8000000000ull

struct send_job {
	struct send_job *next;
	struct session *s;
	char *text;	 /* NULL: keys only */
	struct buf keys; /* packed input events, before the text */
	bool enter, when_idle, typing;
	typing_cb done;
	void *ctx;
	uv_timer_t timer;
};

static struct send_job *
head(const struct session *s)
{
	const struct care *c = care_seen(s);

	return c ? c->sends : NULL;
}

bool
typing_waits(const struct session *s)
{
	return head(s) != NULL;
}

static void
on_timer_closed(uv_handle_t *h)
{
	struct send_job *j = h->data;

	buf_free(&j->keys);
	free(j->text);
	free(j);
}

/* The head of the session's queue is through. */
static void
job_end(struct send_job *j, const struct err *e)
{
	struct care *c = care_of(j->s);

	CHECK(c->sends == j);
	c->sends = j->next;
	uv_timer_stop(&j->timer);
	uv_close((uv_handle_t *)&j->timer, on_timer_closed);
	if (j->done)
		j->done(j->ctx, e);
}

int
typing_events(struct session *s, const struct input_event *ev, size_t n, struct err *e)
{
	struct key_modes km = term_key_modes(display_term(s));
	struct buf out = {0};
	bool held;
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		encode_input(&out, &ev[i], &km);
	held = out.len && waking_hold(s, out.data, out.len);
	if (out.len && (held || (rc = run_write(s, out.data, out.len, e)) == 0)) {
		if (!held)
			activity_typed(&s->run->act, out.data, out.len, os_mono_ns());
		s->run->last_send = os_wall_s();
		s->run->last_send_ns = os_mono_ns();
		session_changed(s);
	}
	buf_free(&out);
	return rc;
}

static void
job_next(struct session *s)
{
	if (head(s))
		typing_tick(s, os_mono_ns());
	else
		s->of->ops->evaluated(s->of->ctx, s);
}

static void
on_enter(uv_timer_t *t)
{
	struct send_job *j = t->data;
	struct session *s = j->s;
	struct input_event enter = {.type = INPUT_KEY, .key = 13, .action = KEY_PRESS};
	struct err e;

	job_end(j, typing_events(s, &enter, 1, &e) < 0 ? &e : NULL);
	job_next(s);
}

static void
job_type(struct send_job *j)
{
	struct session *s = j->s;
	struct rd in = rd_init(j->keys.data, j->keys.len);
	struct input_event ev;
	struct err e;
	int rc = 0;

	j->typing = true;
	while (rc == 0 && rd_left(&in) && input_unpack(&in, &ev) == 0)
		rc = typing_events(s, &ev, 1, &e);
	if (rc == 0 && j->text) {
		ev = (struct input_event){.type = INPUT_PASTE,
			.bytes = (const uint8_t *)j->text,
			.len = strlen(j->text)};
		rc = ev.len ? typing_events(s, &ev, 1, &e) : 0;
	}
	if (rc == 0 && j->enter) {
		uv_update_time(s->of->loop);
		uv_timer_start(&j->timer, on_enter, ENTER_MS, 0);
		return;
	}
	job_end(j, rc < 0 ? &e : NULL);
	job_next(s);
}

void
typing_tick(struct session *s, uint64_t now_ns)
{
	struct send_job *j = head(s);

	if (!j || j->typing || s->state != SS_RUNNING)
		return;
	if (!j->when_idle || typing_at_rest(s, now_ns))
		job_type(j);
}

void
typing_drop(struct session *s)
{
	struct send_job *j;
	struct err gone;

	err_set(&gone, 1, "%s ended before it was typed", s->name);
	while ((j = head(s)))
		job_end(j, &gone);
}

void
typing_queue(struct session *s, const struct typing *t)
{
	struct send_job *j = xcalloc(1, sizeof(*j)), **at = &care_of(s)->sends;

	*j = (struct send_job){.s = s,
		.text = t->text ? xstrdup(t->text) : NULL,
		.enter = t->enter,
		.when_idle = t->when_idle,
		.done = t->done,
		.ctx = t->ctx};
	if (t->keys)
		buf_put(&j->keys, t->keys->data, t->keys->len);
	uv_timer_init(s->of->loop, &j->timer);
	j->timer.data = j;
	while (*at)
		at = &(*at)->next;
	*at = j;
}

/* Where only output tells, an answer and then quiet count as well: a short answer is over before it
 * is called working. */
bool
typing_answered(const struct session *s, uint64_t now)
{
	const struct run *r = s->run;
	bool first_hand = r->act.source <= SRC_HOOK;
	uint64_t sent = r->last_send_ns, out = s->display->output_ns,
		 limit = first_hand ? TAKES_NOTE_FIRST_HAND_NS : TAKES_NOTE_NS;

	if (!sent || r->act.now_since_ns > sent || now - sent > limit)
		return true;
	return !first_hand && out > sent && now - out > ANSWERED_NS;
}

bool
typing_at_rest(const struct session *s, uint64_t now_ns)
{
	return s->state == SS_RUNNING && activity_at_rest(s->run->act.now) && !waking_is(s) &&
	       typing_answered(s, now_ns);
}
