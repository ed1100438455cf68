#include "sessions/lifecycle/typing.h"
#include "core/os/os.h"
#include "core/term/term.h"
#include "sessions/closing/care.h"
#include "sessions/agent/prompt.h"
#include "sessions/lifecycle/wake.h"
#include "sessions/display/display.h"
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 50
#define ENTER_MS 150
#define SHOW_MS 1000	/* for the text to show in the prompt */
#define AGAIN_MS 2000	/* after Enter: it still stands there */
#define BEGIN_MS 8000	/* after the first Enter: given up */
#define ANSWER_MS 3000	/* for a question to go when it was answered */
#define READY_MS 60000	/* held for a CLI that does not get ready */
#define AWAY_MS 5000	/* held for a list, a pager or a dialog in the prompt's place */
#define DRAFT_MS 1500	/* held for text that stands in the prompt */
#define OPTIONS_MS 2000 /* a question is said up to a second before it is drawn */
#define MS 1000000ull

/* A CLI takes a moment to say that it works on what was sent. Without word of it for so long, what
 * it said before still stands: a command of its own begins no turn. */
#define TAKES_NOTE_NS 3000000000ull
#define ANSWERED_NS 1000000000ull
#define TAKES_NOTE_FIRST_HAND_NS 8000000000ull
/* What was sent while it worked begins a moment after the turn before it ends. */
#define QUEUED_NS 1000000000ull

enum step { HELD, TYPED, ENTERED, AGAIN, ANSWERED };
struct send_job {
	struct send_job *next;
	struct session *s;
	typing_cb done;
	void *ctx;
	char *text;	 /* NULL: keys only */
	struct buf keys; /* packed input events, before the text */
	bool enter, when_idle, no_wait;
	uint64_t prompt; /* the question that it answers; 0 none */
	enum step step;
	bool verify;		    /* the turn must be seen to begin */
	bool seen;		    /* the text was in the prompt before Enter */
	char shown[200];	    /* as it stood there */
	int gone;		    /* looks in a row that did not find it any more */
	uint64_t since_ns;	    /* of the step */
	uint64_t typed_ns;	    /* the last input when it was typed */
	uint64_t way_ns;	    /* something is in its way since; 0 nothing */
	uint64_t held_ns, first_ns; /* queued; the first Enter */
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

/* At once: 0, or -1 and *e. What comes while its CLI wakes is kept for it. */
static int
type_events(struct session *s, const struct input_event *ev, size_t n, struct err *e)
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
step_to(struct send_job *j, enum step step)
{
	j->step = step;
	j->since_ns = os_mono_ns();
}

static void
give_up(struct send_job *j, const char *why)
{
	struct session *s = j->s;
	struct err e;

	err_set(&e, 1, "%s %s", s->name, why);
	job_end(j, &e);
	job_next(s);
}

/* The text in its prompt; false: none is there, or the screen is half drawn. */
static bool
text_in_prompt(struct session *s, struct prompt *p)
{
	struct grid g = term_grid(display_term(s));

	prompt_read(s->profile, &g, p);
	return p->state == PROMPT_TEXT && !term_sync(s->display->term);
}

/* The same text as before Enter: a list or a dialog in its place must get no Enter. */
static bool
still_stands(struct send_job *j)
{
	struct prompt p;

	return j->seen && text_in_prompt(j->s, &p) && strcmp(p.text, j->shown) == 0;
}

static void
press_enter(struct send_job *j)
{
	struct input_event enter = {.type = INPUT_KEY, .key = 13, .action = KEY_PRESS};
	struct session *s = j->s;
	uint64_t now = os_mono_ns();
	struct err e;

	if (j->step == TYPED && j->text && !activity_blocked(s->run->act.now)) {
		j->first_ns = s->run->last_turn_ns = now;
		s->run->turn_queued = s->run->act.now == ACT_WORKING;
	}
	if (j->no_wait && j->done) {
		j->done(j->ctx, NULL);
		j->done = NULL;
	}
	j->verify &= j->seen || activity_said(&s->run->act);
	if (type_events(s, &enter, 1, &e) < 0 || !j->verify) {
		job_end(j, s->run->pty ? NULL : &e);
		job_next(s);
		return;
	}
	step_to(j, j->step == TYPED ? ENTERED : AGAIN);
}

static void
look_typed(struct send_job *j, uint64_t waited_ms)
{
	struct prompt p;

	if (waited_ms < ENTER_MS)
		return;
	if (j->s->run->act.last_input_ns != j->typed_ns &&
		profile_needs_conversation(j->s->profile)) {
		give_up(j, "was typed into meanwhile: the text stands in its prompt, not sent");
		return;
	}
	if (j->verify && !j->seen && waited_ms < SHOW_MS) {
		j->seen = text_in_prompt(j->s, &p);
		if (!j->seen)
			return;
		memcpy(j->shown, p.text, sizeof j->shown);
	}
	press_enter(j);
}

static void
look_entered(struct send_job *j, uint64_t waited_ms)
{
	struct session *s = j->s;
	bool stands = still_stands(j);

	j->gone = stands || term_sync(s->display->term) ? 0 : j->gone + 1;
	if (s->run->act.begun_ns > j->first_ns || (j->seen && j->gone > 1)) {
		job_end(j, NULL);
		job_next(s);
	} else if (j->step == ENTERED && waited_ms > AGAIN_MS && stands) {
		press_enter(j);
	} else if (os_mono_ns() - j->first_ns > BEGIN_MS * MS) {
		give_up(j, stands ? "did not take the text: it stands in its prompt"
				  : "was not seen to begin a turn");
	}
}

/* Another question with the same choices is another one. */
static void
look_answered(struct send_job *j, uint64_t waited_ms)
{
	struct session *s = j->s;
	const struct activity_state *a = &s->run->act;

	if (a->prompt_hash != j->prompt || a->now_since_ns > j->since_ns) {
		job_end(j, NULL);
		job_next(s);
	} else if (waited_ms > ANSWER_MS) {
		give_up(j, "still shows its question");
	}
}

static void
on_look(uv_timer_t *t)
{
	struct send_job *j = t->data;
	uint64_t waited_ms = (os_mono_ns() - j->since_ns) / MS;

	if (j->step == ANSWERED)
		look_answered(j, waited_ms);
	else if (j->step == TYPED)
		look_typed(j, waited_ms);
	else
		look_entered(j, waited_ms);
}

/* Does it answer by number? The digit, else 0. */
static int
digit_of(const struct send_job *j)
{
	struct rd in = rd_init(j->keys.data, j->keys.len);
	struct input_event ev;

	while (rd_left(&in) && input_unpack(&in, &ev) == 0)
		if (ev.type == INPUT_KEY && ev.key >= '0' && ev.key <= '9' && !ev.mods)
			return (int)ev.key;
	return j->text && *j->text >= '0' && *j->text <= '9' && !j->text[1] ? *j->text : 0;
}

/* 0, or -1 and *e: the digit names none of the choices that stand there. */
static int
check_option(const struct session *s, int digit, struct err *e)
{
	int n = s->run->act.options.n;

	if (!digit || !activity_blocked(s->run->act.now) || !n ||
		(digit >= '1' && digit <= '0' + n))
		return 0;
	return err_set(e, 1, "no option %c: 1-%d", digit, n);
}

/* Text would go into what stands in the prompt's place, and its Enter choose there. What a shell runs is
 * meant by whoever sends to it. */
static bool
is_away(const struct send_job *j)
{
	const struct activity_state *a = &j->s->run->act;

	return j->text && j->enter && a->ready_ns && a->prompt_fits && !a->prompt.bare &&
	       a->prompt.state == PROMPT_UNSEEN && profile_needs_conversation(j->s->profile);
}

/* Text would go behind what somebody has not sent, and its Enter send that as well. */
static bool
has_draft(const struct send_job *j)
{
	const struct session *s = j->s;
	const struct activity_state *a = &s->run->act;
	struct prompt p;

	if (!j->text || !*j->text || !j->enter || !a->ready_ns || activity_blocked(a->now) ||
		!profile_needs_conversation(s->profile))
		return false;
	if (!profile_has_prompt(s->profile))
		return a->draft_since_ns != 0;
	return text_in_prompt(j->s, &p);
}

/* What it would be typed into the wrong place for; NULL nothing. */
static const struct obstacle {
	bool (*is_there)(const struct send_job *j);
	unsigned ms; /* waited for it to go */
	const char *why;
} obstacles[] = {
	{is_away, AWAY_MS, "is not at its prompt (muster peek shows its screen)"},
	{has_draft, DRAFT_MS,
		"has text in its prompt that was not sent: send it or empty it first (muster "
		"attach)"},
};

static const struct obstacle *
in_its_way(struct send_job *j, uint64_t now_ns)
{
	for (size_t i = 0; i < ARRAY_LEN(obstacles); i++) {
		if (!obstacles[i].is_there(j))
			continue;
		j->way_ns = j->way_ns ? j->way_ns : now_ns;
		return &obstacles[i];
	}
	j->way_ns = 0;
	return NULL;
}

/* What it is sent for still holds. A digit is pressed as an answer's key: an Enter behind it would
 * answer the next question unseen. */
static int
check_answer(struct send_job *j, struct err *e)
{
	struct input_event ev = {.type = INPUT_KEY, .action = KEY_PRESS};
	uint64_t stands = j->s->run->act.prompt_hash;
	int digit = digit_of(j);

	if (j->prompt && j->prompt != stands)
		return err_set(
			e, 1, "the prompt of %s is not the same any more (look again)", j->s->name);
	if (check_option(j->s, digit, e) < 0)
		return -1;
	/* Enter would take the choice that is marked */
	if (j->text && j->enter && !digit &&
		(stands || (activity_blocked(j->s->run->act.now) && is_away(j))))
		return err_set(e, 1, "%s asks something (muster send %s --key 1 answers it)",
			j->s->name, j->s->name);
	if (!digit || !stands)
		return 0;
	j->prompt = stands;
	if (j->text) {
		ev.key = ev.text[0] = (uint32_t)digit;
		input_pack(&j->keys, &ev);
		free(j->text);
		j->text = NULL;
		j->enter = false;
	}
	return 0;
}

static int
type_all(struct send_job *j, struct err *e)
{
	struct rd in = rd_init(j->keys.data, j->keys.len);
	struct input_event ev;
	int rc = 0;

	while (rc == 0 && rd_left(&in) && input_unpack(&in, &ev) == 0)
		rc = type_events(j->s, &ev, 1, e);
	if (rc == 0 && j->text && *j->text) {
		ev = (struct input_event){.type = INPUT_PASTE,
			.bytes = (const uint8_t *)j->text,
			.len = strlen(j->text)};
		rc = type_events(j->s, &ev, 1, e);
	}
	return rc;
}

static void
job_type(struct send_job *j)
{
	struct session *s = j->s;
	struct err e;
	int rc = check_answer(j, &e);

	j->verify = j->enter && j->text && *j->text && profile_needs_conversation(s->profile) &&
		    profile_has_prompt(s->profile) && s->run->act.ready_ns &&
		    !activity_blocked(s->run->act.now);
	if (rc == 0) {
		s->run->last_turn_ns = 0;
		rc = type_all(j, &e);
	}
	step_to(j, j->prompt ? ANSWERED : TYPED);
	j->typed_ns = s->run->act.last_input_ns;
	if (rc == 0 && (j->enter || (j->prompt && !j->no_wait))) {
		uv_update_time(s->of->loop);
		uv_timer_start(&j->timer, on_look, LOOK_MS, LOOK_MS);
		return;
	}
	job_end(j, rc < 0 ? &e : NULL);
	job_next(s);
}

/* Does it have to wait? Keys alone never do: they may be the answer that it waits for. */
static bool
is_held(const struct send_job *j, uint64_t now_ns)
{
	const struct session *s = j->s;
	const struct activity_state *a = &s->run->act;

	if (j->when_idle)
		return !typing_at_rest(s, now_ns) || j->way_ns;
	if (j->way_ns && !activity_blocked(a->now))
		return true;
	if (activity_blocked(a->now) && !a->options.n && now_ns - a->now_since_ns < OPTIONS_MS * MS)
		return true;
	/* what it asks before it begins (trust, login) is answered by keys or a digit, not by text
	 */
	return j->text && !a->ready_ns && profile_needs_conversation(s->profile) &&
	       !(digit_of(j) && activity_blocked(a->now));
}

void
typing_tick(struct session *s, uint64_t now_ns)
{
	struct send_job *j = head(s);
	const struct obstacle *o;

	if (!j || j->step != HELD || s->state != SS_RUNNING)
		return;
	o = in_its_way(j, now_ns);
	if (!is_held(j, now_ns))
		job_type(j);
	else if (!j->when_idle && o && now_ns - j->way_ns > o->ms * MS)
		give_up(j, o->why);
	else if (!j->when_idle && now_ns - MAX(j->held_ns, s->run->started_ns) > READY_MS * MS)
		give_up(j, activity_blocked(s->run->act.now)
				   ? "asks something before it takes text (muster attach answers)"
				   : "does not get ready for input (muster peek shows its screen)");
}

void
typing_drop(struct session *s)
{
	struct send_job *j;
	struct err gone;

	err_set(&gone, 1, "%s ended before it was typed", s->name);
	while ((j = head(s)))
		job_end(j, j->step >= ENTERED ? NULL : &gone);
}

void
typing_queue(struct session *s, const struct typing *t)
{
	struct send_job *j = xcalloc(1, sizeof(*j)), **at = &care_of(s)->sends;

	*j = (struct send_job){.s = s,
		.text = t->text ? xstrdup(t->text) : NULL,
		.enter = t->enter,
		.when_idle = t->when_idle,
		.no_wait = t->no_wait,
		.prompt = t->prompt,
		.held_ns = os_mono_ns(),
		.done = t->done,
		.ctx = t->ctx};
	if (t->keys)
		buf_put(&j->keys, t->keys->data, t->keys->len);
	uv_timer_init(s->of->loop, &j->timer);
	j->timer.data = j;
	/* keys pass text that is held: they may be what it waits for */
	while (*at && (t->text || (*at)->step != HELD || !(*at)->text))
		at = &(*at)->next;
	j->next = *at;
	*at = j;
}

/* Of an AI CLI: did the turn that was sent begin? Keys alone may end one (Esc),
 * or answer. */
static bool
begun(const struct session *s, uint64_t now)
{
	const struct activity_state *a = &s->run->act;
	uint64_t sent = s->run->last_turn_ns ? s->run->last_turn_ns : s->run->last_send_ns;

	if (now - MAX(sent, a->ready_ns) > TAKES_NOTE_FIRST_HAND_NS)
		return true;
	if (!s->run->last_turn_ns)
		return a->now_since_ns > sent;
	return a->begun_ns > sent && (!s->run->turn_queued || now - a->now_since_ns > QUEUED_NS);
}

/* Did its verdict come after what was last sent? Where only output tells, an answer and then quiet
 * count as well: a short answer is over before it is called working. */
bool
typing_answered(const struct session *s, uint64_t now)
{
	uint64_t sent = s->run->last_send_ns;

	if (!sent)
		return true;
	if (profile_needs_conversation(s->profile))
		return begun(s, now);
	return s->run->act.now_since_ns > sent || now - sent > TAKES_NOTE_NS ||
	       (s->display->output_ns > sent && now - s->display->output_ns > ANSWERED_NS);
}

bool
typing_is_ready(const struct session *s)
{
	return s->state == SS_RUNNING && s->run->act.ready_ns && !waking_is(s);
}

bool
typing_at_rest(const struct session *s, uint64_t now_ns)
{
	return typing_is_ready(s) && activity_at_rest(s->run->act.now) &&
	       typing_answered(s, now_ns);
}
