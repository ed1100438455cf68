/* Searching and looking over the socket: hits come in parts while others are served, a search that
 * is not wanted ends, a view goes to what was found and is told where the matches are. */
#include "sessions/client/client.h"
#include "core/paint/canvas.h"
#include "core/paint/frame.h"
#include "core/page/page.h"
#include "sessions/wire/proto.h"
#include "tests/sessions/run_muster.h"
#include <sys/socket.h>
#include <sys/un.h>

#define DEADLINE_MS 10000

static uv_loop_t loop;
static uv_timer_t deadline;
static struct client *client;
static struct arena *arena;
static struct canvas *screen;
static json_t *marks, *place;
static bool opened, timed_out;

static void
on_deadline(uv_timer_t *t)
{
	(void)t;
	timed_out = true;
	uv_stop(&loop);
}

/* Turns the loop until *what, at most DEADLINE_MS. */
static void
turn_until(const bool *what)
{
	timed_out = false;
	uv_timer_start(&deadline, on_deadline, DEADLINE_MS, 0);
	while (!*what && !timed_out)
		uv_run(&loop, UV_RUN_ONCE);
	assert_false(timed_out);
	uv_timer_stop(&deadline);
}

struct heard {
	int parts, hits, replies, fails;
	bool done, cancel_first;
	uint32_t id;
	json_t *all;
	char msg[256];
	json_t *reply;
};

static void
on_part(void *ctx, json_t *j)
{
	struct heard *h = ctx;
	json_t *hits = json_object_get(j, "hits");

	h->parts++;
	h->hits += (int)json_array_size(hits);
	if (h->all)
		json_array_extend(h->all, hits);
	if (h->cancel_first) {
		client_cancel(client, h->id);
		h->done = true;
	}
}

static void
on_reply(void *ctx, json_t *reply, const struct err *e)
{
	struct heard *h = ctx;

	h->done = true;
	h->replies += reply != NULL;
	h->fails += e != NULL;
	h->reply = reply ? json_incref(reply) : NULL;
	if (e)
		snprintf(h->msg, sizeof(h->msg), "%s", e->msg);
}

static void
ask(struct heard *h, const char *verb, json_t *take_args)
{
	h->id = client_stream(client, verb, take_args, on_part, on_reply, h);
	turn_until(&h->done);
}

static void
on_frame(void *ctx, uint32_t view, const void *p, size_t n)
{
	(void)ctx;
	(void)view;
	assert_int_equal(frame_apply(screen, p, n), 0);
	opened = true;
}

static void
on_view_event(void *ctx, uint32_t view, json_t *ev)
{
	const char *what = json_string_value(json_object_get(ev, "ev"));
	json_t **keep = !strcmp(what, "marks") ? &marks : !strcmp(what, "scroll") ? &place : NULL;

	(void)ctx;
	(void)view;
	if (keep) {
		json_decref(*keep);
		*keep = json_incref(ev);
	}
}

static int
setup(void **st)
{
	const struct client_ops ops = {.frame = on_frame, .view_event = on_view_event};
	struct err e;

	(void)st;
	own_home("search");
	if (muster("server start"))
		return -1;
	assert_int_equal(
		muster("new -d -n many --size 80x24 -- sh -c 'seq -f \"common %%.0f\" 30000;"
		       " exec cat'"),
		0);
	assert_int_equal(muster("new -d -n wide --size 20x6 -- sh -c 'seq 1 300; printf "
				"\"\\033[31m\u6f22\u5b57 red\\033[m aaaa needle bbbb NEEDLE\\n\";"
				" seq 1 100; echo done; exec cat'"),
		0);
	assert_int_equal(
		muster("new -d -n marked --size 40x8 -- sh -c 'for i in $(seq 1 30); do "
		       "printf \"\\033]133;A\\007prompt-$i: \\033]133;C\\007\\n\"; seq 1 10; "
		       "done; echo done; exec cat'"),
		0);
	assert_int_equal(
		muster("new -d -n plain --size 40x8 -- sh -c 'for i in $(seq 1 30); do "
		       "echo \"u@box:~/w$ make $i\"; seq 1 10; done; echo done; exec cat'"),
		0);
	assert_int_equal(uv_loop_init(&loop), 0);
	uv_timer_init(&loop, &deadline);
	arena = arena_new(64u << 20);
	screen = canvas_new(arena, 3, 80, 24);
	client = client_connect(NULL, true, &e);
	assert_non_null(client);
	client_start(client, &loop, &ops);
	/* all has been printed once the last line can be found */
	for (int i = 0; i < 500; i++) {
		static const char *const each[] = {"wide", "marked", "plain"};
		bool all = true;
		for (size_t k = 0; k < ARRAY_LEN(each); k++)
			all &= muster("search --session %s '^done' --regex", each[k]) == 0 &&
			       *out_text;
		all &= muster("search --session many 'common 30000'") == 0 && *out_text;
		if (all)
			return 0;
		poll(NULL, 0, 10);
	}
	return -1;
}

static int
teardown(void **st)
{
	(void)st;
	client_free(client);
	uv_close((uv_handle_t *)&deadline, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	canvas_free(screen);
	arena_free(arena);
	json_decref(marks);
	json_decref(place);
	return muster("server stop --kill-sessions");
}

static void
test_hits_stream_newest_first(void **st)
{
	struct heard h = {.all = json_array()};
	json_int_t before = INT64_MAX;
	json_t *hit;
	size_t i;

	(void)st;
	ask(&h, "search", json_pack("{s:s,s:s}", "pattern", "common", "id", "many"));
	assert_int_equal(h.replies, 1);
	assert_int_equal(h.hits, 10000); /* as many as one request gives */
	assert_true(h.parts > 10);
	assert_true(json_is_true(json_object_get(h.reply, "truncated")));
	json_array_foreach (h.all, i, hit) {
		json_int_t line = json_integer_value(json_object_get(hit, "line"));
		assert_true(line < before);
		before = line;
	}
	assert_string_equal(json_string_value(json_object_get(json_array_get(h.all, 0), "text")),
		"common 30000");
	json_decref(h.all);
	json_decref(h.reply);
}

static void
test_limits(void **st)
{
	struct heard h = {0}, g = {0};

	(void)st;
	ask(&h, "search", json_pack("{s:s,s:i}", "pattern", "common", "limit", 70));
	assert_int_equal(h.hits, 70);
	assert_true(json_is_true(json_object_get(h.reply, "truncated")));
	json_decref(h.reply);
	ask(&g, "search", json_pack("{s:s,s:i}", "pattern", "1", "per_session", 5));
	assert_int_equal(g.hits, 4 * 5);
	json_decref(g.reply);
}

static void
test_cancel_ends_it(void **st)
{
	struct heard h = {.cancel_first = true}, after = {0};

	(void)st;
	ask(&h, "search", json_pack("{s:s,s:s}", "pattern", "common", "id", "many"));
	assert_int_equal(h.parts, 1);
	ask(&after, "search", json_pack("{s:s,s:s}", "pattern", "no such words", "id", "many"));
	assert_int_equal(after.replies, 1);
	assert_int_equal(after.hits, 0);
	json_decref(after.reply);
	/* what was on its way is dropped, and the server has no more of it */
	assert_int_equal(h.parts, 1);
	assert_int_equal(h.replies + h.fails, 0);
	client_cancel(client, h.id); /* again is harmless */
}

/* The server itself: asked and called off in one breath, it answers with nothing, and goes on. */
static void
test_server_stops(void **st)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct buf out = {0}, in = {0};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), parts = 0;
	struct frame f = {0};
	size_t used;

	(void)st;
	snprintf(a.sun_path, sizeof(a.sun_path), "%s/run/sock", getenv("MUSTER_HOME"));
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	json_t *hello = json_pack("{s:[i]}", "versions", PROTO_VERSION);
	json_t *search = json_pack("{s:s,s:s}", "verb", "search", "pattern", "common");
	json_t *status = json_pack("{s:s}", "verb", "status");
	frame_json(&out, FT_HELLO, 0, hello);
	frame_json(&out, FT_REQUEST, 7, search);
	frame_put(&out, FT_CANCEL, 7, NULL, 0);
	frame_json(&out, FT_REQUEST, 8, status);
	assert_int_equal(send(fd, out.data, out.len, 0), out.len);
	/* the second question is asked when the first is answered: what the search would say is
	 * said in between */
	for (uint32_t asked = 8; asked < 10;) {
		struct pollfd p = {fd, POLLIN, 0};
		if (frame_read(&in, SERVER, &f, &used) > 0) {
			parts += f.request == 7;
			buf_drop(&in, used);
			if (f.type != FT_REPLY)
				continue;
			assert_int_equal(f.request, asked++);
			out.len = 0;
			frame_json(&out, FT_REQUEST, asked, status);
			assert_int_equal(send(fd, out.data, out.len, 0), out.len);
			continue;
		}
		assert_true(poll(&p, 1, DEADLINE_MS) > 0);
		buf_reserve(&in, 65536);
		ssize_t n = recv(fd, in.data + in.len, 65536, 0);
		assert_true(n > 0);
		in.len += (size_t)n;
	}
	assert_int_equal(parts, 0);
	json_decref(hello);
	json_decref(search);
	json_decref(status);
	buf_free(&in);
	buf_free(&out);
	close(fd);
}

static void
test_bad_pattern(void **st)
{
	struct heard h = {0};

	(void)st;
	ask(&h, "search", json_pack("{s:s,s:b}", "pattern", "a(b", "regex", 1));
	assert_int_equal(h.fails, 1);
	assert_null(strchr(h.msg, '\n'));
	assert_non_null(strstr(h.msg, "bad pattern"));
}

/* A regular expression that would take hours is told to be one; meanwhile others are served. */
static void
test_costly_pattern(void **st)
{
	struct heard h = {0}, status = {0};
	char msg[512];

	(void)st;
	h.id = client_stream(client, "search",
		json_pack("{s:s,s:b,s:s}", "pattern", "(([a-z0-9 ]+)+)+[!-.]$", "regex", 1, "id",
			"many"),
		on_part, on_reply, &h);
	ask(&status, "status", json_object());
	assert_int_equal(status.replies, 1);
	json_decref(status.reply);
	turn_until(&h.done);
	assert_int_equal(h.fails, 1);
	assert_non_null(strstr(h.msg, "the pattern is too costly (stopped in many at line "));
	assert_int_equal(muster("search --session many --regex '(([a-z0-9 ]+)+)+[!-.]$'"), 1);
	err_text(msg, sizeof(msg));
	assert_non_null(strstr(msg, "muster: search: the pattern is too costly (stopped in many"));
}

static uint32_t
open_view(const char *id)
{
	opened = false;
	uint32_t v = client_view_open(client, id, VIEW_PREVIEW, 80, 24);
	turn_until(&opened);
	return v;
}

static json_int_t
number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* The text of a mark's cells on the screen as it came. */
static void
mark_text(const json_t *mark, char *out)
{
	struct grid g = canvas_grid(screen);
	const struct row *r = g.row[json_integer_value(json_array_get(mark, 0))];
	int n = 0;

	for (json_int_t x = json_integer_value(json_array_get(mark, 1));
		x < json_integer_value(json_array_get(mark, 2)); x++)
		out[n++] = x < r->len && cell_content(r->cells[x]) < 0x7f
				   ? (char)cell_content(r->cells[x])
				   : '?';
	out[n] = 0;
}

/* A line of two rows with wide characters and colour: both matches marked, in any case. */
static void
test_a_view_goes_to_a_hit(void **st)
{
	struct heard h = {.all = json_array()}, g = {0}, none = {0};
	uint32_t v = open_view("wide");
	char text[64];
	bool there = false;

	(void)st;
	ask(&h, "search", json_pack("{s:s,s:s}", "pattern", "needle", "id", "wide"));
	assert_int_equal(h.hits, 1);
	json_t *hit = json_array_get(h.all, 0), *more = json_object_get(hit, "more");
	assert_int_equal(json_array_size(more), 1);
	ask(&g, "look",
		json_pack("{s:i,s:s,s:I,s:I}", "view", (int)v, "pattern", "needle", "line",
			number(hit, "line"), "start", number(hit, "start")));
	assert_int_equal(g.replies, 1);
	assert_true(json_is_true(json_object_get(g.reply, "found")));
	assert_true(number(g.reply, "back") > 90);
	/* the frame follows its marks */
	for (int i = 0; i < 1000 && !there; i++) {
		json_t *at = json_object_get(marks, "at");
		uv_run(&loop, UV_RUN_NOWAIT);
		if (json_array_size(at) >= 2) {
			mark_text(json_array_get(at, 0), text);
			there = !strcmp(text, "needle") || !strncmp(text, "need", 4);
		}
		poll(NULL, 0, 5);
	}
	assert_true(there);
	json_t *at = json_object_get(marks, "at");
	char joined[64] = "";
	for (size_t i = 0; i < json_array_size(at); i++) {
		assert_true(json_integer_value(json_array_get(json_array_get(at, i), 3)) ==
			    number(hit, "line"));
		mark_text(json_array_get(at, i), text);
		strcat(joined, text);
	}
	assert_string_equal(joined, "needleNEEDLE");
	/* a pattern that does not compile changes nothing; an empty one takes the marks off */
	ask(&none, "look", json_pack("{s:i,s:s,s:b}", "view", (int)v, "pattern", "(", "regex", 1));
	assert_int_equal(none.fails, 1);
	json_decref(g.reply);
	g = (struct heard){0};
	ask(&g, "look", json_pack("{s:i,s:s}", "view", (int)v, "pattern", ""));
	for (int i = 0; i < 1000 && json_array_size(json_object_get(marks, "at")); i++) {
		uv_run(&loop, UV_RUN_NOWAIT);
		poll(NULL, 0, 5);
	}
	assert_int_equal(json_array_size(json_object_get(marks, "at")), 0);
	client_view_close(client, v);
	json_decref(g.reply);
	json_decref(h.reply);
	json_decref(h.all);
}

static void
jump(uint32_t v, int step, bool found, bool guessed, json_int_t *back)
{
	struct heard h = {0};

	ask(&h, "look", json_pack("{s:i,s:i}", "view", (int)v, "prompt", step));
	assert_int_equal(h.replies, 1);
	assert_int_equal(json_is_true(json_object_get(h.reply, "found")), found);
	assert_int_equal(json_is_true(json_object_get(h.reply, "guessed")), guessed);
	*back = number(h.reply, "back");
	json_decref(h.reply);
}

static void
test_prompts(void **st)
{
	static const struct {
		const char *id;
		bool guessed;
	} each[] = {{"marked", false}, {"plain", true}};

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(each); i++) {
		uint32_t v = open_view(each[i].id);
		json_int_t back, first, rows;
		bool g = each[i].guessed;

		jump(v, -1, true, g, &first);
		for (int n = 1; n < 5; n++) {
			jump(v, -1, true, g, &back);
			assert_int_equal(back, first + n * 11);
		}
		jump(v, 1, true, g, &back);
		assert_int_equal(back, first + 3 * 11);
		rows = number(place, "rows");
		client_view_scroll(
			client, v, (uint64_t)rows); /* the first prompt is the first row */
		jump(v, -1, false, false, &back);
		assert_int_equal(back, rows);
		jump(v, 1, true, g, &back);
		assert_int_equal(back, rows - 11);
		client_view_close(client, v);
	}
	/* no prompt at all */
	uint32_t v = open_view("many");
	json_int_t back;
	jump(v, -1, false, false, &back);
	assert_int_equal(back, 0);
	client_view_close(client, v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_hits_stream_newest_first),
		cmocka_unit_test(test_limits), cmocka_unit_test(test_cancel_ends_it),
		cmocka_unit_test(test_server_stops), cmocka_unit_test(test_bad_pattern),
		cmocka_unit_test(test_costly_pattern), cmocka_unit_test(test_a_view_goes_to_a_hit),
		cmocka_unit_test(test_prompts)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
