/* send, answer: text typed into sessions. */
#include "core/keys/keys.h"
#include "core/os/os.h"
#include "sessions/lifecycle/typing.h"
#include "sessions/lifecycle/wake.h"
#include "sessions/session/run.h"
#include "sessions/display/display.h"
#include "sessions/verb/verb.h"
#include "sessions/wire/json.h"
#include "sessions/display/feed.h"
#include <stdlib.h>
#include <string.h>

/* The request behind one or several jobs (--tag). */
struct send_batch {
	struct request *r; /* NULL: the client left */
	int left, typed;
	struct err e;
};

static void
on_typed(void *ctx, const struct err *e)
{
	struct send_batch *b = ctx;

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
on_cancel(void *ctx)
{
	((struct send_batch *)ctx)->r = NULL;
}

static int
pack_keys(const json_t *a, struct buf *out, struct err *e)
{
	json_t *k;
	size_t i;

	json_array_foreach (a, i, k) {
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
queue_all(struct request *r, struct send_batch *b, const struct buf *keys, struct err *e)
{
	struct sessions *ss = request_sessions(r);
	json_t *a = request_args(r);
	const char *tag = obj_text(a, "tag"), *id = obj_text(a, "id");
	const char *text = json_string_value(json_object_get(a, "text"));
	json_t *enter = json_object_get(a, "enter");
	struct typing t = {.text = text,
		.keys = keys,
		.enter = enter ? json_is_true(enter) : text != NULL,
		.when_idle = obj_true(a, "when_idle"),
		.no_wait = obj_true(a, "no_wait"),
		.done = on_typed,
		.ctx = b};
	struct session *s;

	if (!text && !keys->len)
		return err_set(e, 2, "nothing to send (give a text or --key)");
	if (!tag && !id)
		return err_set(e, 2, "to which session? (give an id, a name or --tag)");
	if (!tag) {
		if (!(s = sessions_find(ss, id, e)))
			return -1;
		if (!s->run || (s->run->phase == RUN_COMING && !waking_is(s)))
			return err_set(e, 1, "%s is not running (it is %s)", s->name,
				session_state_name(s->state));
		ss->last_used = s;
		b->left++;
		typing_queue(s, &t);
		return 0;
	}
	for (s = ss->first; s; s = s->next)
		if (s->run && s->run->phase == RUN_ALIVE && session_has_tag(s, tag)) {
			b->left++;
			typing_queue(s, &t);
		}
	return b->left ? 0 : err_set(e, 3, "no running session has the tag %.60s", tag);
}

void
cmd_send(struct request *r)
{
	struct send_batch *b = xcalloc(1, sizeof(*b));
	struct sessions *ss = request_sessions(r);
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
	for (struct session *s = ss->first; s; s = s->next)
		typing_tick(s, os_mono_ns());
}

/* A key for the prompt on the screen, typed only if that prompt still stands. */
void
cmd_answer(struct request *r)
{
	json_t *a = request_args(r);
	const char *prompt = obj_text(a, "prompt"), *key = obj_text(a, "key");
	struct session *s = request_session(r);
	struct buf keys = {0};
	struct typing t = {.keys = &keys, .done = on_typed};
	struct input_event ev = {0};
	struct send_batch *b;
	struct err e = {0};

	if (!s)
		return;
	if (!key || !key_parse(key, &ev))
		err_set(&e, 2, "which key?");
	else if (!s->run || !prompt || !(t.prompt = strtoull(prompt, NULL, 16)))
		err_set(&e, 1, "%s has no question", s->name);
	if (e.code) {
		request_fail(r, &e);
		return;
	}
	feed_settle(s, os_mono_ns());
	t.ctx = b = xcalloc(1, sizeof(*b));
	*b = (struct send_batch){.r = r, .left = 1};
	request_on_cancel(r, on_cancel, b);
	input_pack(&keys, &ev);
	typing_queue(s, &t);
	buf_free(&keys);
	typing_tick(s, os_mono_ns());
}
