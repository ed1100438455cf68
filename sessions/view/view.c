#include "sessions/view/view.h"
#include "sessions/view/lent.h"
#include "sessions/lifecycle/wake.h"
#include "sessions/session/run.h"
#include "core/keys/keys.h"
#include "core/base/log.h"
#include "core/os/os.h"
#include "sessions/pty/pty.h"
#include "sessions/memory/sampler.h"
#include "sessions/wire/json.h"
#include "sessions/display/feed.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* All of a session, or of a peer. */
#define EACH_OF(v, views, what, it)              \
	LIST_FOREACH (v, &(views)->list, of_all) \
		if ((v)->what == (it))

#define VIEW_MAGIC 0x56494557u
#define VIEWS_MAX 32 /* of one client */
#define NOTIFY_NS 1000000000u
#define CLIPBOARD_MAX (100u << 10)

struct view *
view_find(struct views *all, struct peer *p, uint32_t id)
{
	struct view *v;

	EACH_OF(v, all, peer, p)
	if (v->id == id)
		return v;
	return NULL;
}

static void
tell(struct view *v, json_t *take)
{
	peer_json(v->peer, FT_VIEW_EVENT, v->id, take);
	json_decref(take);
}

static json_t *
modes_json(const struct key_modes *m)
{
	return json_pack("{s:s,s:i,s:i,s:b,s:b,s:b,s:b,s:b,s:i,s:i}", "ev", "modes", "mouse",
		m->mouse, "mouse_encoding", m->mouse_encoding, "bracketed_paste",
		m->bracketed_paste, "focus", m->focus, "alt", m->alt_screen, "alt_scroll",
		m->alt_scroll, "app_cursor", m->app_cursor, "kitty", m->kitty_flags, "modify_other",
		m->modify_other);
}

static json_t *
open_json(const struct session *s)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:i,s:i,s:i,s:i}", "ev", "open", "id", s->id, "name",
		s->name, "state", session_state_name(s->state), "cols", s->display->cols, "rows",
		s->display->rows, "exit_code", s->past.exit_code, "exit_signal",
		s->past.exit_signal);
}

/* The session has the size of who was at work last among those who look; while nobody does, that
 * which it has. */
static void
size_settles(struct views *all, struct session *s)
{
	struct view *v, *best = NULL;

	EACH_OF(v, all, session, s)
	if (v->sizes && !v->away && (!best || v->used_ns > best->used_ns))
		best = v;
	if (best && best->cols > 0 && best->rows > 0 && session_live(s))
		feed_resize(s, best->cols, best->rows);
}

/* This client is the one at work. */
static void
view_used(struct view *v)
{
	v->used_ns = os_mono_ns();
	v->away = false;
	size_settles(v->peer->of->views, v->session);
}

static void
count_lookers(struct views *all, struct session *s)
{
	unsigned lookers = 0, attached = 0;
	struct view *v;

	EACH_OF(v, all, session, s)
	{
		lookers++;
		attached += v->attach;
	}
	display_set_lookers(s, lookers, attached);
}

static void
view_free(struct view *v)
{
	struct views *all = v->peer->of->views;
	struct session *s = v->session;
	bool sizes = v->sizes;

	CHECK(v->magic == VIEW_MAGIC);
	view_give_back(v, NULL, 0);
	lent_free(v->lent);
	buf_free(&v->typed);
	LIST_REMOVE(v, of_all);
	frame_view_free(v->frames);
	canvas_free(v->canvas);
	search_free(v->pattern);
	free(v->marks);
	count_lookers(all, s);
	v->magic = 0;
	free(v);
	if (sizes)
		size_settles(all, s);
}

void
cmd_view(struct request *r)
{
	json_t *a = request_args(r);
	const char *mode = obj_text(a, "mode");
	uint32_t id = (uint32_t)obj_int(a, "view", 0);
	struct views *all = request_views(r);
	struct peer *p = request_peer(r);
	struct session *s = request_session(r);
	struct view *v;
	unsigned n = 0;
	struct err e;

	if (!s)
		return;
	EACH_OF(v, all, peer, p)
	n++;
	if (!id || view_find(all, p, id) || n >= VIEWS_MAX) {
		err_set(&e, 2,
			!id || n < VIEWS_MAX ? "a view needs a number of its own"
					     : "too many views");
		request_fail(r, &e);
		return;
	}
	v = xcalloc(1, sizeof(*v));
	*v = (struct view){.magic = VIEW_MAGIC,
		.id = id,
		.peer = p,
		.session = s,
		.dirty = true,
		.urgent = true,
		.attach = mode && !strcmp(mode, "attach"),
		.read_only = json_is_true(json_object_get(a, "read_only")),
		.cols = (int)obj_int(a, "cols", 0),
		.rows = (int)obj_int(a, "rows", 0),
		.frames = frame_view_new()};
	v->sizes = v->attach && !v->read_only && !json_is_false(json_object_get(a, "resize"));
	LIST_INSERT_HEAD(&all->list, v, of_all);
	count_lookers(all, s);
	if (s->of->sampler)
		sampler_focus(s->of->sampler, s->num);
	if (v->attach) {
		memmove(s->revisit + 1, s->revisit, sizeof(s->revisit) - sizeof(*s->revisit));
		s->revisit[0] = os_wall_s();
		s->of->last_used = s;
		view_used(v);
	}
	request_reply(r, json_pack("{s:i,s:i}", "v", 1, "view", (int)id));
	tell(v, open_json(s));
	struct key_modes km = term_key_modes(s->display->term);
	v->modes = km;
	tell(v, modes_json(&km));
	tell(v, json_pack("{s:s,s:s}", "ev", "title", "title", s->display->title));
}

/* Input. */

void
view_types(struct view *v, const struct buf *bytes, bool keys)
{
	struct session *s = v->session;
	uint64_t now = os_mono_ns();
	bool held = bytes->len && keys && waking_hold(s, bytes->data, bytes->len);

	if (bytes->len && !held && run_write(s, bytes->data, bytes->len, NULL) == 0) {
		if (keys)
			pty_typed(s->run->pty);
		if (keys)
			activity_typed(&s->run->act, bytes->data, bytes->len, now);
		session_changed(s);
		v->urgent = true;
		v->used_ns = now;
	}
	s->of->ops->evaluated(s->of->ctx, s);
}

static void
view_input(struct view *v, const struct frame *f)
{
	struct rd in = rd_init(f->payload, f->len);
	struct buf out = {0};
	bool keys = false, away = v->away;
	struct input_event ev;

	if (!v->attach || v->read_only)
		return;
	struct key_modes km = term_key_modes(display_term(v->session));
	while (rd_left(&in) && input_unpack(&in, &ev) == 0) {
		if (ev.type == INPUT_FOCUS)
			v->away = !ev.focus_in;
		else
			view_used(v);
		keys |= ev.type == INPUT_KEY || ev.type == INPUT_PASTE;
		encode_input(&out, &ev, &km);
	}
	if (v->away != away)
		size_settles(v->peer->of->views, v->session);
	view_types(v, &out, keys);
	buf_free(&out);
}

/* Where the view is, when that is not what the client knows: output moves a place away from the
 * end, and the limit moves it towards the beginning. */
static void
tell_place(struct view *v, uint64_t rows)
{
	if (v->back == v->told_back && rows == v->told_rows)
		return;
	v->told_back = v->back;
	v->told_rows = rows;
	tell(v, json_pack("{s:s,s:I,s:I}", "ev", "scroll", "back", (json_int_t)v->back, "rows",
			(json_int_t)rows));
}

uint64_t
view_top(const struct view *v, struct pagelist *h, uint64_t total)
{
	uint64_t top;

	if (!v->back && !v->hold)
		return total;
	top = pagelist_pin_row(h, v->session->display->cols, v->at);
	return top == UINT64_MAX ? 0 : MIN(top + v->under, total);
}

bool
view_awaits(struct view *v, const struct pagelist *h)
{
	if (!h || !pagelist_awaits(h))
		return false;
	v->awaits = v->session->of->texts_came + 1;
	return true;
}

void
view_scroll(struct view *v, uint64_t back)
{
	struct session *s = v->session;
	struct pagelist *h = term_pagelist(display_term(s));
	uint64_t total = h ? pagelist_rows(h, s->display->cols) : 0;
	bool under = !MIN(back, total) && total, stays = back || v->hold;
	struct pin at = {0};

	if (stays) /* the end of it all is where the screen is */
		at = pagelist_pin(h, s->display->cols, total - MIN(back, total) - under);
	v->dirty = v->urgent = true;
	v->wants = stays && view_awaits(v, h);
	v->want = back;
	if (v->wants)
		return;
	v->back = MIN(back, total);
	v->under = under;
	v->at = at;
	v->told_rows = UINT64_MAX; /* a request is always answered */
	tell_place(v, total);
}

void
view_frame(struct views *all, struct peer *p, const struct frame *f)
{
	struct view *v = view_find(all, p, f->request);
	struct rd in = rd_init(f->payload, f->len);

	if (!v)
		return; /* it was closed on this side: its session was forgotten */
	switch (f->type) {
	case FT_ACK:
		v->in_flight = false;
		break;
	case FT_INPUT:
		view_input(v, f);
		break;
	case FT_RESIZE:
		v->cols = rd_u16(&in);
		v->rows = rd_u16(&in);
		v->dirty = v->urgent = true;
		if (!v->away)
			view_used(v);
		break;
	case FT_SCROLL:
		view_scroll(v, rd_u64(&in));
		break;
	case FT_LEND:
		view_lend(v, f);
		break;
	case FT_RECLAIM:
		view_give_back(v, NULL, 0);
		break;
	case FT_CLOSE_VIEW:
		view_free(v);
		break;
	}
}

/* Frames. */

struct compose {
	struct canvas *c;
	int y, cols;
};

static void
on_hist_row(void *ctx, const struct row *row, const struct tab *t, struct pin at)
{
	struct compose *co = ctx;
	struct row *const one[] = {(struct row *)row};
	struct grid g = {.cols = co->cols, .rows = 1, .row = one, .tab = t};

	(void)at;
	canvas_blit(co->c, co->y++, 0, &g, 0, 0, 1, co->cols);
}

/* The screen as it is `back` rows up; the cursor is not shown. False: it cannot be told yet. */
static bool
grid_back(struct view *v, struct term *t, struct grid *g)
{
	struct session *s = v->session;
	struct pagelist *h = term_pagelist(t);
	struct grid live = term_grid(t);
	uint64_t total = pagelist_rows(h, s->display->cols), top = view_top(v, h, total);
	struct compose co = {.cols = live.cols};
	uint64_t n;

	if (!v->canvas)
		v->canvas = canvas_new(s->of->arena, s->num, live.cols, live.rows);
	canvas_resize(v->canvas, live.cols, live.rows);
	canvas_clear(v->canvas);
	co.c = v->canvas;
	n = MIN(total - top, (uint64_t)live.rows);
	pagelist_read(h, live.cols, top, n, on_hist_row, &co);
	if (view_awaits(v, h))
		return false;
	v->back = total - top;
	tell_place(v, total);
	if (n < (uint64_t)live.rows)
		canvas_blit(v->canvas, (int)n, 0, &live, 0, 0, live.rows - (int)n, live.cols);
	canvas_set_cursor(v->canvas, 0, 0, false, CURSOR_BLOCK);
	*g = canvas_grid(v->canvas);
	return true;
}

enum view_put
view_put_frame(struct view *v, const struct grid *g, uint64_t now)
{
	struct buf *out = &v->peer->out;
	size_t mark = frame_begin(out, FT_FRAME, v->id);

	if (!frame_encode(v->frames, g, out)) {
		out->len = mark;
		return PUT_NOTHING;
	}
	if (out->len - mark - PROTO_HEADER > PROTO_MAX) {
		log_warn("session %u: a frame too large was dropped", v->session->num);
		out->len = mark;
		frame_view_reset(v->frames);
		return PUT_TOO_LARGE;
	}
	if (mark == v->peer->out_off)
		v->peer->progress_ns = now;
	frame_end(out, mark);
	v->in_flight = true;
	return PUT_FRAME;
}

void
view_tell(struct view *v)
{
	struct key_modes km = term_key_modes(display_term(v->session));

	if (memcmp(&km, &v->modes, sizeof(km))) {
		v->modes = km;
		tell(v, modes_json(&km));
	}
	if (v->retitled) {
		v->retitled = false;
		tell(v, json_pack("{s:s,s:s}", "ev", "title", "title", v->session->display->title));
	}
	if (v->marked)
		view_marks(v);
}

static void
view_send(struct view *v, uint64_t now)
{
	struct term *t = display_term(v->session);
	struct grid g = term_grid(t);

	v->awaits = 0;
	if (v->wants)
		view_scroll(v, v->want);
	view_tell(v);
	if (v->wants || ((v->back || v->hold) && !grid_back(v, t, &g)))
		return;
	v->dirty = v->awaits != 0; /* marks are still to come */
	v->sync_ns = 0;
	if (lent_held(v->lent) ? !lent_paint(v->lent, &g) : view_put_frame(v, &g, now) != PUT_FRAME)
		return;
	v->urgent = false;
	v->sent_ns = now;
}

/* Nanoseconds until its frame is due; 0 now, UINT64_MAX not before something happens. */
static uint64_t
view_due(struct view *v, uint64_t now)
{
	struct term *t = v->session->display->term;

	if (lent_held(v->lent) ? lent_busy(v->lent) : peer_waiting(v->peer) > PEER_OUT_MAX)
		return UINT64_MAX;
	if (t && term_sync(t)) {
		if (!v->sync_ns)
			v->sync_ns = now;
		if (now - v->sync_ns < VIEW_SYNC_NS)
			return v->sync_ns + VIEW_SYNC_NS - now;
	} else
		v->sync_ns = 0;
	if (v->urgent || now - v->sent_ns >= VIEW_FRAME_NS)
		return 0;
	return v->sent_ns + VIEW_FRAME_NS - now;
}

static void
on_frames(uv_timer_t *t)
{
	((struct views *)t->data)->frames_due = false; /* uv_prepare does the rest */
}

/* What it is to show has not come from a file yet. */
static bool
stands_still(const struct view *v)
{
	return (v->wants || v->back || v->hold) && v->awaits == v->session->of->texts_came + 1;
}

void
views_flush(struct views *all)
{
	uint64_t now = 0, next = UINT64_MAX;
	struct view *v;

	LIST_FOREACH (v, &all->list, of_all) {
		if (!v->dirty || v->in_flight || stands_still(v))
			continue;
		now = now ? now : os_mono_ns();
		uint64_t due = view_due(v, now);
		if (!due)
			view_send(v, now);
		else
			next = MIN(next, due);
	}
	if (next != UINT64_MAX && !all->frames_due) {
		all->frames_due = true;
		uv_update_time(all->loop);
		uv_timer_start(&all->frames, on_frames, next / 1000000 + 1, 0);
	}
}

void
views_peer_closed(struct views *all, struct peer *p)
{
	struct view *v, *next;

	for (v = LIST_FIRST(&all->list); v; v = next) {
		next = LIST_NEXT(v, of_all);
		if (v->peer == p)
			view_free(v);
	}
}

bool
views_of_peer(struct views *all, struct peer *p)
{
	struct view *v;

	EACH_OF(v, all, peer, p)
	return true;
	return false;
}

struct views *
views_new(uv_loop_t *loop)
{
	struct views *all = xcalloc(1, sizeof(*all));

	all->loop = loop;
	LIST_INIT(&all->list);
	uv_timer_init(loop, &all->frames);
	all->frames.data = all;
	return all;
}

/* What the session tells. */

void
views_output(struct views *all, struct session *s)
{
	struct view *v;

	if (!s->display->lookers)
		return;
	EACH_OF(v, all, session, s)
	v->dirty = true;
}

void
views_modes(struct views *all, struct session *s)
{
	views_output(all, s); /* modes are compared with each frame */
}

static void
tell_all(struct views *all, struct session *s, json_t *take, bool attached_only)
{
	struct view *v;

	EACH_OF(v, all, session, s)
	if (v->attach || !attached_only)
		peer_json(v->peer, FT_VIEW_EVENT, v->id, take);
	json_decref(take);
}

void
views_resized(struct views *all, struct session *s)
{
	struct view *v;

	EACH_OF(v, all, session, s)
	{
		v->dirty = v->urgent = true;
		if (v->cols != s->display->cols || v->rows != s->display->rows)
			view_give_back(v, NULL, 0); /* the client knows how to show that */
		tell(v, open_json(s));
	}
}

void
views_title(struct views *all, struct session *s)
{
	struct view *v;

	/* told with the next frame: a program may change it faster than anyone reads */
	EACH_OF(v, all, session, s)
	v->dirty = v->retitled = true;
}

void
views_bell(struct views *all, struct session *s)
{
	struct view *v;
	uint64_t now = os_mono_ns();

	EACH_OF(v, all, session, s)
	{
		if (!v->attach || now - v->notified_ns < NOTIFY_NS / 10)
			continue;
		v->notified_ns = now;
		tell(v, json_pack("{s:s}", "ev", "bell"));
	}
}

void
views_notify(struct views *all, struct session *s, const char *title, const char *text)
{
	uint64_t now = os_mono_ns();

	if (!s->display->lookers || now - all->notified_ns < NOTIFY_NS)
		return;
	all->notified_ns = now;
	tell_all(all, s, json_pack("{s:s,s:s,s:s}", "ev", "notify", "title", title, "text", text),
		true);
}

void
views_clipboard(struct views *all, struct session *s, const char *text, size_t n)
{
	struct view *v, *active = NULL;
	uint64_t now = os_mono_ns();
	json_t *j;

	/* only the client that typed last, and only while it looks */
	EACH_OF(v, all, session, s)
	if (v->attach && (!active || v->used_ns > active->used_ns))
		active = v;
	if (!active || n > CLIPBOARD_MAX || now - active->copied_ns < NOTIFY_NS / 10)
		return;
	active->copied_ns = now;
	if ((j = json_pack("{s:s,s:s%}", "ev", "clipboard", "text", text, n)))
		tell(active, j);
}

void
views_session_state(struct views *all, struct session *s)
{
	if (!s->display->lookers)
		return;
	tell_all(all, s,
		json_pack("{s:s,s:s,s:i,s:i}", "ev", "state", "state", session_state_name(s->state),
			"exit_code", s->past.exit_code, "exit_signal", s->past.exit_signal),
		false);
}

void
views_session_gone(struct views *all, struct session *s)
{
	struct view *v, *next;

	for (v = LIST_FIRST(&all->list); v; v = next) {
		next = LIST_NEXT(v, of_all);
		if (v->session != s)
			continue;
		tell(v, json_pack("{s:s,s:i,s:s}", "ev", "error", "code", 3, "message",
				"the session was deleted"));
		view_free(v);
	}
}
