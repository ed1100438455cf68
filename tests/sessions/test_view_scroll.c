/* Scrolling through a server: at three widths, from the newest row to the oldest and back, each
 * frame shows the rows of the text that was printed, while more is printed and blocks go to files.
 */
#include "tests/sessions/put_file.h"
#include "tests/sessions/run_muster.h"
#include "core/paint/canvas.h"
#include "core/paint/frame.h"
#include "core/page/tab.h"
#include "sessions/client/client.h"
#include "sessions/config/config.h"

#define LINES 2000
#define MORE 50
#define ROWS 24

static uv_loop_t loop;
static struct client *client;
static struct canvas *canvas;
static uint64_t back, rows; /* as the server last said */
static uint32_t shown;
static bool opened, scrolled;
static char **want; /* visual rows of all lines at the width under test */
static size_t n_want;

static void
on_frame(void *ctx, uint32_t view, const void *p, size_t n)
{
	(void)ctx;
	if (view != shown)
		return;
	assert_int_equal(frame_apply(canvas, p, n), 0);
}

static void
on_view(void *ctx, uint32_t view, json_t *ev)
{
	const char *kind = json_string_value(json_object_get(ev, "ev"));

	(void)ctx;
	if (view != shown)
		return;
	opened |= !strcmp(kind, "open");
	if (strcmp(kind, "scroll") != 0)
		return;
	back = (uint64_t)json_integer_value(json_object_get(ev, "back"));
	rows = (uint64_t)json_integer_value(json_object_get(ev, "rows"));
	scrolled = true;
}

static void
on_tick(uv_timer_t *t)
{
	(void)t;
}

/* What the child prints for line i: its number, over and over, more than a row of 33. */
static void
line_text(struct buf *b, int i)
{
	for (int k = 0; k <= i % 13; k++)
		buf_printf(b, "%d\xe6\xbc\xa2", i);
}

static void
wrap_all(int cols)
{
	struct buf b = {0};

	for (size_t i = 0; i < n_want; i++)
		free(want[i]);
	n_want = 0;
	want = xrealloc(want, 40000 * sizeof(*want));
	for (int i = 0; i < LINES + 400 * MORE; i++) {
		const char *p;
		int used = 0;

		b.len = 0;
		line_text(&b, i);
		p = buf_cstr(&b);
		for (const char *row = p;; p += *p < 0 ? 3 : 1) {
			int w = *p < 0 ? 2 : 1;

			if (*p && used + w <= cols) {
				used += w;
				continue;
			}
			if (n_want == 40000)
				goto out;
			want[n_want++] = xasprintf("%.*s", (int)(p - row), row);
			if (!*p)
				break;
			row = p;
			used = w;
		}
	}
out:
	buf_free(&b);
}

static bool
frame_right(void *ctx)
{
	struct grid g = canvas_grid(canvas);
	struct buf b = {0};
	bool right = true;

	(void)ctx;
	for (int y = 0; y < ROWS && right; y++) {
		uint32_t cps[CLUSTER_MAX];

		b.len = 0;
		for (int x = 0; x < g.row[y]->len; x++) {
			int n = tab_cps(canvas_tab(canvas), g.row[y]->cells[x], cps);

			for (int k = 0; k < n; k++)
				buf_utf8(&b, cps[k]);
		}
		while (b.len && b.data[b.len - 1] == ' ')
			b.len--;
		right = rows - back + (uint64_t)y < n_want &&
			!strcmp(buf_cstr(&b), want[rows - back + (uint64_t)y]);
	}
	buf_free(&b);
	return right;
}

static bool
turn_until(bool (*cond)(void *), void *ctx)
{
	uint64_t end = os_mono_ns() + 10000000000ull;

	while (!cond(ctx) && os_mono_ns() < end)
		uv_run(&loop, UV_RUN_ONCE);
	return cond(ctx);
}

static bool
is_set(void *flag)
{
	return *(bool *)flag;
}

static bool
at_place(void *place)
{
	/* what was printed meanwhile lies below: the view is that much further back */
	return back >= MIN(*(uint64_t *)place, rows) && scrolled;
}

static void
scroll_at(int cols)
{
	uint64_t place = ROWS;
	struct input_event enter;

	assert_true(key_parse("Enter", &enter));
	wrap_all(cols);
	canvas_resize(canvas, cols, ROWS);
	opened = false;
	shown = client_view_open(client, "p", VIEW_ATTACH, cols, ROWS);
	assert_true(turn_until(is_set, &opened));
	for (bool up = true; place >= ROWS; place = up ? place + 97 : place - 131) {
		scrolled = false;
		client_view_scroll(client, shown, place);
		if (!turn_until(at_place, &place))
			fail_msg("at %d columns, %d rows back of %d, not %d", cols, (int)back,
				(int)rows, (int)place);
		if (!turn_until(frame_right, NULL))
			fail_msg("at %d columns, %d rows back of %d", cols, (int)back, (int)rows);
		if (back == rows)
			up = false;
		if (place % 7 == 0) /* the view stays on its text */
			client_view_input(client, shown, &enter);
		place = back;
		if (!up && place < 131 + ROWS)
			break;
	}
	client_view_close(client, shown);
}

static bool
in_files(void *ctx)
{
	(void)ctx;
	assert_int_equal(muster("ls --json"), 0);
	json_t *j = out_json();
	json_t *p = json_array_get(json_object_get(j, "sessions"), 0);
	bool yes = json_integer_value(
			   json_object_get(json_object_get(p, "store"), "spilled_bytes")) > 0;

	json_decref(j);
	return yes;
}

static void
test_every_frame_is_right(void **state)
{
	static const int widths[] = {80, 200, 33};
	struct client_ops ops = {.frame = on_frame, .view_event = on_view};
	uv_timer_t tick;
	struct paths p;
	struct arena *a;
	struct err e;
	char last[16];

	(void)state;
	own_home("scroll");
	put_file(in_home("config.ini"), "[server]\nstore_after=50ms\nscrollback_lines=50000\n");
	assert_int_equal(muster("new -d -n p -p shell --size 80x24 -- awk 'function out(n) { for "
				"(; n; n--) { "
				"for (k = 0; k <= i %% 13; k++) printf(\"%%d\xe6\xbc\xa2\", i); "
				"print \"\"; i++ } "
				"fflush() } BEGIN { system(\"stty -echo\"); out(%d) } { out(%d) }'",
				 LINES, MORE),
		0);
	snprintf(last, sizeof(last), "%d\xe6\xbc\xa2", LINES - 1);
	until_shows("p", last); /* with nothing above the screen there is nothing to scroll */
	assert_int_equal(uv_loop_init(&loop), 0);
	uv_timer_init(&loop, &tick);
	uv_timer_start(&tick, on_tick, 20, 20);
	assert_int_equal(paths_init(&p, &e), 0);
	assert_non_null(client = client_connect(NULL, true, &e));
	client_start(client, &loop, &ops);
	a = arena_new(0);
	canvas = canvas_new(a, 1, 80, ROWS);
	for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
		scroll_at(widths[i]);
		assert_true(until(in_files, NULL, 10));
	}
	client_free(client);
	uv_close((uv_handle_t *)&tick, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	canvas_free(canvas);
	arena_free(a);
	for (size_t i = 0; i < n_want; i++)
		free(want[i]);
	free(want);
	assert_int_equal(muster("server stop --kill-sessions"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_frame_is_right)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
