/* send, answer: text typed into sessions. Each session has a queue; one entry is typed at a time:
 *
 *   HELD ─► TYPED ─► ENTERED ─► AGAIN ─► done
 *
 * HELD: text waits until the CLI takes input (at rest, if --when-idle); keys go at once, a digit
 * when the question that it answers is drawn. TYPED: keys, then text as a paste; CLIs join what
 * comes within a tenth of a second to one paste, so Enter waits to stand alone, and for the text to
 * be seen. ENTERED, AGAIN: done is when the CLI says that it works or asks, or when its prompt
 * holds the text no longer. Where the text still stands there, Enter once more. One that neither
 * speaks of itself nor showed the text in its prompt is taken at its Enter. */
#include "core/keys.h"
#include "core/os.h"
#include "sessions/cmd.h"
#include "sessions/lifecycle.h"
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 50
#define ENTER_MS 150
#define SHOW_MS 1000	/* for the text to show in the prompt */
#define AGAIN_MS 2000	/* after Enter: it still stands there */
#define BEGIN_MS 8000	/* after the first Enter: given up */
#define READY_MS 60000	/* held for a CLI that does not get ready */
#define OPTIONS_MS 2000 /* a question is said up to a second before it is drawn */
#define MS 1000000ull

/* The request behind one or several jobs (--tag). */
struct send_batch {
	struct request *r; /* NULL: the client left, or none asked */
	int left, typed;
	struct err e;
};
enum step { HELD, TYPED, ENTERED, AGAIN };
struct send_job {
	struct send_job *next;
	struct session *s;
	struct send_batch *b;
	char *text;	 /* NULL: keys only */
	struct buf keys; /* packed input events, before the text */
	bool enter, when_idle, no_wait;
	enum step step;
	bool verify;		    /* the turn must be seen to begin */
	bool seen;		    /* the text was in the prompt before Enter */
	char shown[200];	    /* as it stood there */
	int gone;		    /* looks in a row that did not find it any more */
	uint64_t since_ns;	    /* of the step */
	uint64_t held_ns, first_ns; /* queued; the first Enter */
	uv_timer_t timer;
};

static void
batch_done(struct send_batch *b, const struct err *e)
{
	if (e)
		b->e = *e;
	else
		b->typed++;
	if (--b->left)
		return;
	if (b->r && b->e.code)
		request_fail(b->r, &b->e);
	else if (b->r)
		request_reply(b->r, json_pack("{s:i,s:i}", "v", 1, "sessions", b->typed));
	free(b);
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
	struct session *s = j->s;

	CHECK(s->sends == j);
	s->sends = j->next;
	batch_done(j->b, e);
	uv_timer_stop(&j->timer);
	uv_close((uv_handle_t *)&j->timer, on_timer_closed);
}

static int
type_events(struct session *s, const struct input_event *ev, size_t n, struct err *e)
{
	struct key_modes km = term_key_modes(session_term(s));
	struct buf out = {0};
	bool held;
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		encode_input(&out, &ev[i], &km);
	held = out.len && lifecycle_hold_input(s, out.data, out.len);
	if (out.len && (held || (rc = session_write(s, out.data, out.len, e)) == 0)) {
		if (!held)
			activity_typed(&s->act, out.data, out.len, os_mono_ns());
		s->last_send = os_wall_s();
		s->last_send_ns = os_mono_ns();
		server_session_changed(s->server, s);
	}
	buf_free(&out);
	return rc;
}

static void
job_next(struct session *s)
{
	if (s->sends)
		sends_tick(s, os_mono_ns());
	else
		waits_check(s->server, s);
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
	struct grid g = term_grid(session_term(s));

	prompt_read(s->profile, &g, p);
	return p->state == PROMPT_TEXT && !term_sync(s->term);
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

	if (j->step == TYPED && j->text && !activity_blocked(s->act.now)) {
		j->first_ns = s->last_turn_ns = now;
		s->turn_queued = s->act.now == ACT_WORKING;
	}
	j->verify &= j->seen || profile_says_status(s->profile);
	if (type_events(s, &enter, 1, &e) < 0 || !j->verify) {
		job_end(j, s->pty ? NULL : &e);
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

	j->gone = stands || term_sync(s->term) ? 0 : j->gone + 1;
	if (s->act.begun_ns > j->first_ns || (j->seen && j->gone > 1)) {
		job_end(j, NULL);
		job_next(s);
	} else if (j->step == ENTERED && waited_ms > AGAIN_MS && stands) {
		press_enter(j);
	} else if (os_mono_ns() - j->first_ns > BEGIN_MS * MS) {
		give_up(j, stands ? "did not take the text: it stands in its prompt"
				  : "was not seen to begin a turn");
	}
}

static void
on_look(uv_timer_t *t)
{
	struct send_job *j = t->data;
	uint64_t waited_ms = (os_mono_ns() - j->since_ns) / MS;

	if (j->step == TYPED)
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
	int n = s->act.options.n;

	if (!digit || !activity_blocked(s->act.now) || !n || (digit >= '1' && digit <= '0' + n))
		return 0;
	return err_set(e, 1, "no option %c: 1-%d", digit, n);
}

static void
job_type(struct send_job *j)
{
	struct session *s = j->s;
	struct rd in = rd_init(j->keys.data, j->keys.len);
	struct input_event ev;
	struct err e;
	int rc = check_option(s, digit_of(j), &e);

	step_to(j, TYPED);
	j->verify = j->enter && j->text && *j->text && !j->no_wait &&
		    profile_needs_conversation(s->profile) && profile_has_prompt(s->profile) &&
		    s->act.ready_ns && !activity_blocked(s->act.now);
	if (rc == 0)
		s->last_turn_ns = 0;
	while (rc == 0 && rd_left(&in) && input_unpack(&in, &ev) == 0)
		rc = type_events(s, &ev, 1, &e);
	if (rc == 0 && j->text) {
		ev = (struct input_event){.type = INPUT_PASTE,
			.bytes = (const uint8_t *)j->text,
			.len = strlen(j->text)};
		rc = ev.len ? type_events(s, &ev, 1, &e) : 0;
	}
	if (rc == 0 && j->enter) {
		uv_update_time(&s->server->loop);
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
	const struct activity_state *a = &s->act;

	if (j->when_idle)
		return !session_at_rest(s, now_ns);
	if (activity_blocked(a->now) && !a->options.n && now_ns - a->now_since_ns < OPTIONS_MS * MS)
		return true;
	/* what it asks before it begins (trust, login) is answered by keys or a digit, not by text
	 */
	return j->text && !a->ready_ns && profile_needs_conversation(s->profile) &&
	       !(digit_of(j) && activity_blocked(a->now));
}

void
sends_tick(struct session *s, uint64_t now_ns)
{
	struct send_job *j = s->sends;

	if (!j || j->step != HELD || s->state != SS_RUNNING)
		return;
	if (!is_held(j, now_ns))
		job_type(j);
	else if (!j->when_idle && now_ns - MAX(j->held_ns, s->started_ns) > READY_MS * MS)
		give_up(j, activity_blocked(s->act.now)
				   ? "asks something before it takes text (muster attach answers)"
				   : "does not get ready for input (muster peek shows its screen)");
}

void
sends_drop(struct session *s, const struct err *e)
{
	struct err gone;

	err_set(&gone, 1, "%s ended before it was typed", s->name);
	while (s->sends)
		job_end(s->sends, s->sends->step >= ENTERED ? NULL : e ? e : &gone);
}

static void
job_add(struct session *s, struct send_batch *b, const char *text, const struct buf *keys,
	bool enter, bool when_idle, bool no_wait)
{
	struct send_job *j = xcalloc(1, sizeof(*j)), **at = &s->sends;

	*j = (struct send_job){.s = s,
		.b = b,
		.text = text ? xstrdup(text) : NULL,
		.enter = enter,
		.when_idle = when_idle,
		.no_wait = no_wait,
		.held_ns = os_mono_ns()};
	if (keys)
		buf_put(&j->keys, keys->data, keys->len);
	uv_timer_init(&s->server->loop, &j->timer);
	j->timer.data = j;
	b->left++;
	/* keys pass text that is held: they may be what it waits for */
	while (*at && (text || (*at)->step != HELD || !(*at)->text))
		at = &(*at)->next;
	j->next = *at;
	*at = j;
}

void
send_queue(struct session *s, const char *text, bool when_idle)
{
	struct send_batch *b = xcalloc(1, sizeof(*b));

	job_add(s, b, text, NULL, true, when_idle, false);
	sends_tick(s, os_mono_ns());
}

static void
on_cancel(void *ctx)
{
	((struct send_batch *)ctx)->r = NULL;
}

static int
pack_keys(const json_t *a, struct buf *out, struct err *e)
{
	json_t *k;
	size_t i;

	json_array_foreach(a, i, k)
	{
		const char *name = json_is_string(k) ? json_string_value(k) : "";
		struct input_event ev = {0};
		if (!key_parse(name, &ev))
			return err_set(
				e, 2, "no key is called %.40s (Enter, C-c, M-Up, F5 …)", name);
		input_pack(out, &ev);
	}
	return 0;
}

/* The sessions meant: one by id, or the running ones with a tag. Queued at once, typed after, since
 * typing may end the batch. */
static int
queue_all(struct request *r, struct send_batch *b, struct buf *keys, struct err *e)
{
	json_t *a = request_args(r);
	const char *tag = json_string_value(json_object_get(a, "tag"));
	const char *id = json_string_value(json_object_get(a, "id"));
	const char *text = json_string_value(json_object_get(a, "text"));
	json_t *enter = json_object_get(a, "enter");
	bool idle = json_is_true(json_object_get(a, "when_idle")), n = 0;
	bool no_wait = json_is_true(json_object_get(a, "no_wait"));
	bool with_enter = enter ? json_is_true(enter) : text != NULL;
	struct session *s;

	if (!text && !keys->len)
		return err_set(e, 2, "nothing to send (give a text or --key)");
	if (!tag) {
		if (!id)
			return err_set(e, 2, "to which session? (give an id, a name or --tag)");
		if (!(s = server_find(request_server(r), id, e)))
			return -1;
		if (!s->pty && !lifecycle_waking(s))
			return err_set(e, 1, "%s is not running (it is %s)", s->name,
				session_state_name(s->state));
		s->server->last_used = s;
		job_add(s, b, text, keys, with_enter, idle, no_wait);
		return 0;
	}
	for (s = request_server(r)->sessions; s; s = s->next)
		if (s->pty && session_has_tag(s, tag)) {
			job_add(s, b, text, keys, with_enter, idle, no_wait);
			n = true;
		}
	return n ? 0 : err_set(e, 3, "no running session has the tag %.60s", tag);
}

void
cmd_send(struct request *r)
{
	struct send_batch *b = xcalloc(1, sizeof(*b));
	struct server *sv = request_server(r);
	struct buf keys = {0};
	struct err e;
	int rc;

	rc = pack_keys(json_object_get(request_args(r), "keys"), &keys, &e);
	if (rc == 0)
		rc = queue_all(r, b, &keys, &e);
	buf_free(&keys);
	if (rc < 0) {
		free(b);
		request_fail(r, &e);
		return;
	}
	b->r = r;
	request_on_cancel(r, on_cancel, b);
	for (struct session *s = sv->sessions; s; s = s->next)
		sends_tick(s, os_mono_ns());
}

/* A key for the prompt on the screen, typed only if that prompt still stands. */
void
cmd_answer(struct request *r)
{
	json_t *a = request_args(r);
	const char *prompt = json_string_value(json_object_get(a, "prompt"));
	const char *key = json_string_value(json_object_get(a, "key"));
	struct session *s = request_session(r);
	struct input_event ev = {0};
	struct err e = {0};

	if (!s)
		return;
	if (!key || !key_parse(key, &ev))
		err_set(&e, 2, "which key?");
	if (!e.code)
		session_settle(s, os_mono_ns());
	if (!e.code && (!s->act.prompt_hash || !prompt ||
			       strtoull(prompt, NULL, 16) != s->act.prompt_hash))
		err_set(&e, 1, "the prompt is not the same any more (look again)");
	if (!e.code && *key >= '0' && *key <= '9' && !key[1])
		check_option(s, *key, &e);
	if (!e.code)
		type_events(s, &ev, 1, &e);
	if (e.code)
		request_fail(r, &e);
	else
		request_reply(r, json_pack("{s:i,s:s}", "v", 1, "id", s->id));
}
