/* Views of a session (sessions/view/view.h), with clients and a child that the test plays. */
#include "core/look/doc.h"
#include "core/paint/canvas.h"
#include "core/paint/frame.h"
#include "tests/sessions/fake_peer.h"
#include "tests/sessions/played.h"

#define QUIET_NS (6ull * VIEW_FRAME_NS) /* what is due comes within this */
#define VIEW 5				/* each client's number of its view */

static struct peers *all;
static struct views *views;
static struct played p;
static struct looker {
	struct fake_peer peer;
	struct canvas *canvas;
	unsigned frames;  /* since the last acknowledgement */
	int cols, rows;	  /* as last told */
	char state[20];	  /* as last told */
	char message[60]; /* why its view has gone */
} a, b;

static void
screen(void *ctx, struct session *s, enum screen_news what, const struct screen_note *n)
{
	(void)ctx;
	(void)n;
	if (what == SCREEN_OUTPUT)
		views_output(views, s);
	else if (what == SCREEN_RESIZED)
		views_resized(views, s);
}

static void
changed_state(void *ctx, struct session *s, enum session_state was)
{
	house_state(ctx, s, was);
	views_session_state(views, s);
}

static void
gone(void *ctx, struct session *s)
{
	(void)ctx;
	views_session_gone(views, s);
}

static int
begin(void **state)
{
	static const struct command commands[] = {{"view", cmd_view}};
	static const struct peer_ops ops = {
		.frame = view_frame, .closed = views_peer_closed, .used = views_of_peer};

	(void)state;
	house_ops.screen = screen;
	house_ops.state = changed_state;
	house_ops.gone = gone;
	house_begin();
	views = views_new(&house.loop);
	all = peers_new(&house.loop, commands, ARRAY_LEN(commands));
	all->ops = &ops;
	all->views = views;
	all->sessions = &house.ss;
	played_starts(&p, "shell");
	return 0;
}

static void
goes(struct looker *l)
{
	if (!l->canvas)
		return;
	fake_peer_goes(&l->peer);
	canvas_free(l->canvas);
	l->canvas = NULL;
}

/* After a test that failed, too. */
static int
end(void **state)
{
	int rc;

	(void)state;
	played_forget(&p);
	goes(&a);
	goes(&b);
	uv_close((uv_handle_t *)&views->frames, NULL);
	rc = house_end();
	free(views);
	free(all);
	return rc;
}

static void
take_view_event(struct looker *l, const struct frame *f)
{
	json_t *j = frame_get_json(f), *v;

	if ((v = json_object_get(j, "cols"))) {
		l->cols = (int)json_integer_value(v);
		l->rows = (int)json_integer_value(json_object_get(j, "rows"));
	}
	if ((v = json_object_get(j, "state")))
		snprintf(l->state, sizeof(l->state), "%s", json_string_value(v));
	if ((v = json_object_get(j, "message")))
		snprintf(l->message, sizeof(l->message), "%s", json_string_value(v));
	json_decref(j);
}

/* Takes what the server has sent. */
static void
look(struct looker *l)
{
	struct frame f;

	if (!l->canvas) /* it has gone */
		return;
	while (fake_hears(&l->peer, &f)) {
		if (f.type == FT_VIEW_EVENT)
			take_view_event(l, &f);
		if (f.type != FT_FRAME)
			continue;
		assert_int_equal(f.request, VIEW);
		assert_int_equal(frame_apply(l->canvas, f.payload, f.len), 0);
		l->frames++;
	}
}

static bool
both_look(void)
{
	look(&a);
	look(&b);
	return true;
}

static void
until_quiet(void)
{
	uint64_t begun = os_mono_ns();
	int turns = 0; /* on a busy machine one may take all the time */

	FAKE_UNTIL(all, both_look() && ++turns > 20 && os_mono_ns() - begun > QUIET_NS);
}

static void
painted(struct looker *l)
{
	l->frames = 0;
	fake_say(&l->peer, FT_ACK, VIEW, NULL, 0);
}

static void
opens_as(struct looker *l, const char *mode, int cols, int rows, bool read_only, bool resizes)
{
	*l = (struct looker){.peer = fake_peer(all)};
	l->canvas = canvas_new(house.ss.arena, 1000, cols, rows);
	fake_ask(&l->peer, FT_REQUEST, 1,
		json_pack("{s:s,s:s,s:i,s:s,s:i,s:i,s:b,s:b}", "verb", "view", "id", p.s->id,
			"view", VIEW, "mode", mode, "cols", cols, "rows", rows, "read_only",
			read_only, "resize", resizes));
	FAKE_UNTIL(all, (look(l), l->frames == 1));
}

static void
opens(struct looker *l, const char *mode, int cols, int rows)
{
	opens_as(l, mode, cols, rows, false, true);
}

static const char *
first_row(struct looker *l)
{
	static char text[80];
	struct grid g = canvas_grid(l->canvas);
	struct buf out = {0};

	row_bytes(g.row[0], canvas_tab(l->canvas), &out, NULL);
	snprintf(text, sizeof(text), "%s", buf_cstr(&out));
	buf_free(&out);
	text[strcspn(text, " ")] = 0;
	return text;
}

static void
types(struct looker *l, char key)
{
	struct input_event ev = {.type = INPUT_KEY, .key = (uint32_t)key, .action = KEY_PRESS};
	struct buf out = {0};

	ev.text[0] = ev.key;
	input_pack(&out, &ev);
	fake_say(&l->peer, FT_INPUT, VIEW, out.data, out.len);
	buf_free(&out);
}

static void
focus(struct looker *l, bool in)
{
	struct input_event ev = {.type = INPUT_FOCUS, .focus_in = in};
	struct buf out = {0};

	input_pack(&out, &ev);
	fake_say(&l->peer, FT_INPUT, VIEW, out.data, out.len);
	buf_free(&out);
}

static void
resizes(struct looker *l, uint16_t cols, uint16_t rows)
{
	struct buf out = {0};

	buf_u16(&out, cols);
	buf_u16(&out, rows);
	fake_say(&l->peer, FT_RESIZE, VIEW, out.data, out.len);
	buf_free(&out);
}

static void
assert_size(int cols, int rows)
{
	until_quiet();
	assert_int_equal(p.s->display->cols, cols);
	assert_int_equal(p.s->display->rows, rows);
	assert_int_equal(a.cols, cols);
	assert_int_equal(a.rows, rows);
	assert_int_equal(b.cols, cols);
	assert_int_equal(b.rows, rows);
}

static void
the_size_is_that_of_who_types(void **state)
{
	(void)state;
	opens(&a, "attach", 100, 30);
	assert_int_equal(p.s->display->cols, 100);
	opens(&b, "attach", 60, 20);
	assert_size(60, 20);
	types(&a, 'x');
	assert_size(100, 30);
	played_takes(&p, "x");
	resizes(&b, 70, 25);
	assert_size(70, 25);
	types(&a, 'y');
	assert_size(100, 30);
	types(&b, 'z'); /* its own size is kept meanwhile */
	assert_size(70, 25);
	played_takes(&p, "yz");
}

/* Whose size it is goes, or looks elsewhere: the other one that looks gets its own again. */
static void
the_size_is_given_back(void **state)
{
	(void)state;
	opens(&a, "attach", 100, 30);
	opens(&b, "attach", 60, 20);
	types(&b, 'x');
	assert_size(60, 20);
	focus(&b, false);
	assert_size(100, 30);
	focus(&b, true); /* both look: who typed last */
	assert_size(60, 20);
	focus(&a, false); /* it was not its size: nothing changes */
	assert_size(60, 20);
	focus(&b, false); /* nobody looks: nothing changes */
	assert_size(60, 20);
	resizes(&a, 90, 28); /* a window that is moved about unseen */
	assert_size(60, 20);
	focus(&a, true);
	assert_size(90, 28);
	types(&b, 'y');
	assert_size(60, 20);
	played_takes(&p, "xy");
	goes(&b);
	until_quiet();
	assert_int_equal(p.s->display->cols, 90);
	assert_int_equal(p.s->display->rows, 28);
	goes(&a); /* the last one leaves: it stays as it is */
	until_quiet();
	assert_int_equal(p.s->display->cols, 90);
}

static void
leaving_changes_nothing_for_the_others(void **state)
{
	(void)state;
	opens(&a, "attach", 100, 30);
	opens(&b, "attach", 60, 20);
	types(&a, 'x');
	assert_size(100, 30);
	focus(&b, false); /* as a client does on its way out */
	assert_size(100, 30);
	goes(&b);
	until_quiet();
	assert_int_equal(p.s->display->cols, 100);
	played_takes(&p, "x");
}

static void
a_reader_and_a_guest_change_nothing(void **state)
{
	(void)state;
	opens(&a, "attach", 100, 30);
	opens_as(&b, "attach", 60, 20, true, true);
	types(&b, 'r');
	resizes(&b, 50, 10);
	assert_size(100, 30);
	assert_string_equal(played_got(&p), "");
	assert_int_equal(p.s->display->viewers, 2);
	goes(&b);
	opens_as(&b, "attach", 60, 20, false, false);
	types(&b, 'g');
	resizes(&b, 50, 10);
	assert_size(100, 30);
	played_takes(&p, "g");
	goes(&a); /* nor does it when it is the only one */
	until_quiet();
	assert_int_equal(p.s->display->cols, 100);
}

static void
a_preview_neither_types_nor_resizes(void **state)
{
	(void)state;
	opens(&a, "attach", 100, 30);
	opens(&b, "preview", 60, 20);
	assert_size(100, 30);
	assert_int_equal(p.s->display->lookers, 2);
	assert_int_equal(p.s->display->viewers, 1);
	resizes(&b, 50, 10);
	types(&b, 'x');
	assert_size(100, 30);
	assert_string_equal(played_got(&p), "");
	goes(&a);
	assert_int_equal(p.s->display->lookers, 1);
	assert_int_equal(p.s->display->viewers, 0);
	goes(&b);
	assert_int_equal(p.s->display->lookers, 0);
	assert_true(LIST_EMPTY(&views->list));
}

/* Who does not paint holds nobody up, and gets the last screen in one frame, not all of them. */
static void
one_frame_at_a_time_for_each_view(void **state)
{
	(void)state;
	opens(&a, "attach", 80, 24);
	opens(&b, "attach", 80, 24);
	painted(&b);
	until_quiet();
	assert_int_equal(a.frames, 1);
	assert_int_equal(b.frames, 0); /* nothing is different */
	played_prints(&p, "\rone");
	until_quiet();
	assert_int_equal(a.frames, 1);
	assert_int_equal(b.frames, 1);
	assert_string_equal(first_row(&a), "");
	assert_string_equal(first_row(&b), "one");
	painted(&b);
	played_prints(&p, "\rtwo");
	until_quiet();
	assert_int_equal(a.frames, 1);
	assert_string_equal(first_row(&b), "two");
	painted(&a);
	until_quiet();
	assert_int_equal(a.frames, 1);
	assert_string_equal(first_row(&a), "two");
}

static void
views_end_when_the_session_is_deleted(void **state)
{
	(void)state;
	opens(&a, "attach", 80, 24);
	opens(&b, "preview", 80, 24);
	painted(&a);
	played_leaves(&p, 3 << 8);
	until_quiet();
	assert_string_equal(a.state, "exited");
	assert_string_equal(b.state, "exited");
	assert_int_equal(p.s->display->lookers, 2); /* its last screen can be looked at */
	played_forget(&p);
	assert_true(LIST_EMPTY(&views->list));
	until_quiet();
	assert_string_equal(a.message, "the session was deleted");
	assert_string_equal(b.message, "the session was deleted");
	types(&a, 'x'); /* sent before it heard: for nobody */
	painted(&b);
	until_quiet();
	assert_int_equal(all->n, 2);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(the_size_is_that_of_who_types),
		T(the_size_is_given_back),
		T(leaving_changes_nothing_for_the_others),
		T(a_reader_and_a_guest_change_nothing),
		T(a_preview_neither_types_nor_resizes),
		T(one_frame_at_a_time_for_each_view),
		T(views_end_when_the_session_is_deleted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
