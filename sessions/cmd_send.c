/* send, answer: text typed into sessions. Each session has a queue; one entry is typed at a time:
 *
 *   queued ─► (at rest, if --when-idle) ─► keys, text as a paste ─► ENTER_MS ─► Enter ─► done
 *
 * CLIs join what comes within a tenth of a second to one paste, so Enter waits to stand alone. */
#include "core/keys.h"
#include "core/os.h"
#include "sessions/cmd.h"
#include "sessions/lifecycle.h"
#include <stdlib.h>
#include <string.h>

#define ENTER_MS 150

/* The request behind one or several jobs (--tag). */
struct send_batch {
	struct request *r; /* NULL: the client left, or none asked */
	int left, typed;
	struct err e;
};
struct send_job {
	struct send_job *next;
	struct session *s;
	struct send_batch *b;
	char *text;	 /* NULL: keys only */
	struct buf keys; /* packed input events, before the text */
	bool enter, when_idle, typing;
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
on_enter(uv_timer_t *t)
{
	struct send_job *j = t->data;
	struct session *s = j->s;
	struct input_event enter = {.type = INPUT_KEY, .key = 13, .action = KEY_PRESS};
	struct err e;

	job_end(j, type_events(s, &enter, 1, &e) < 0 ? &e : NULL);
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
		rc = type_events(s, &ev, 1, &e);
	if (rc == 0 && j->text) {
		ev = (struct input_event){.type = INPUT_PASTE,
			.bytes = (const uint8_t *)j->text,
			.len = strlen(j->text)};
		rc = ev.len ? type_events(s, &ev, 1, &e) : 0;
	}
	if (rc == 0 && j->enter) {
		uv_update_time(&s->server->loop);
		uv_timer_start(&j->timer, on_enter, ENTER_MS, 0);
		return;
	}
	job_end(j, rc < 0 ? &e : NULL);
	job_next(s);
}

void
sends_tick(struct session *s, uint64_t now_ns)
{
	struct send_job *j = s->sends;

	if (!j || j->typing || s->state != SS_RUNNING)
		return;
	if (!j->when_idle || session_at_rest(s, now_ns))
		job_type(j);
}

void
sends_drop(struct session *s, const struct err *e)
{
	struct err gone;

	err_set(&gone, 1, "%s ended before it was typed", s->name);
	while (s->sends)
		job_end(s->sends, e ? e : &gone);
}

static void
job_add(struct session *s, struct send_batch *b, const char *text, const struct buf *keys,
	bool enter, bool when_idle)
{
	struct send_job *j = xcalloc(1, sizeof(*j)), **at = &s->sends;

	*j = (struct send_job){.s = s,
		.b = b,
		.text = text ? xstrdup(text) : NULL,
		.enter = enter,
		.when_idle = when_idle};
	if (keys)
		buf_put(&j->keys, keys->data, keys->len);
	uv_timer_init(&s->server->loop, &j->timer);
	j->timer.data = j;
	b->left++;
	while (*at)
		at = &(*at)->next;
	*at = j;
}

void
send_queue(struct session *s, const char *text, bool when_idle)
{
	struct send_batch *b = xcalloc(1, sizeof(*b));

	job_add(s, b, text, NULL, true, when_idle);
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
				session_state_shown(s->state));
		s->server->last_used = s;
		job_add(s, b, text, keys, with_enter, idle);
		return 0;
	}
	for (s = request_server(r)->sessions; s; s = s->next)
		if (s->pty && session_has_tag(s, tag)) {
			job_add(s, b, text, keys, with_enter, idle);
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
	if (!e.code)
		type_events(s, &ev, 1, &e);
	if (e.code)
		request_fail(r, &e);
	else
		request_reply(r, json_pack("{s:i,s:s}", "v", 1, "id", s->id));
}
